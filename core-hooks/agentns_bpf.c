// SPDX-License-Identifier: GPL-2.0-only
/*
 * What BPF programs may ask. It is built in because a module that dkms compiles
 * has no BTF, by which the kernel knows such functions.
 */
#include <linux/agentns_hooks.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/init.h>
#include <linux/string.h>

__bpf_kfunc_start_defs();

/**
 * bpf_agent_session_id - which session is current in?
 * @id: where its id goes; zeros for a task in none
 * @id__sz: room there, in bytes
 *
 * Current's own nsproxy stays as it is while an interrupt of it runs, and pins
 * the session.
 *
 * Context: Any, NMI included.
 * Return: 0, -EINVAL when @id is NULL or @id__sz is not AGENT_NS_ID_BYTES.
 */
__bpf_kfunc int bpf_agent_session_id(void *id, u32 id__sz)
{
	const struct nsproxy *nsproxy = current->nsproxy;

	/* The verifier of 6.12 lets pass what a map lookup did not find. */
	if (!id || id__sz != AGENT_NS_ID_BYTES)
		return -EINVAL;
	if (nsproxy && nsproxy->agent_ns)
		agentns_ops_pinned()->session_id(nsproxy->agent_ns, id);
	else
		memset(id, 0, AGENT_NS_ID_BYTES);
	return 0;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(agentns_kfunc_ids)
BTF_ID_FLAGS(func, bpf_agent_session_id)
BTF_KFUNCS_END(agentns_kfunc_ids)

static const struct btf_kfunc_id_set agentns_kfuncs = {
	.owner	= THIS_MODULE,
	.set	= &agentns_kfunc_ids,
};

static int __init agentns_bpf_init(void)
{
	int ret;

	ret = register_btf_kfunc_id_set(BPF_PROG_TYPE_TRACING, &agentns_kfuncs);
	return ret ?: register_btf_kfunc_id_set(BPF_PROG_TYPE_KPROBE,
						&agentns_kfuncs);
}
late_initcall(agentns_bpf_init);
