// SPDX-License-Identifier: GPL-2.0-only
/* kernel.agent_ns.enabled, .max_lifetime and .unprivileged. */
#include <linux/lockdep.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>

#include "authority.h"
#include "compat/sysctl.h"
#include "deadline.h"
#include "reaper.h"
#include "session.h"
#include "stamp.h"
#include "sysctl.h"

unsigned int agentns_enabled = 1;
unsigned int agentns_max_lifetime = 86400;
unsigned int agentns_unprivileged;

/* Two writers, and each marks all tasks by what it wrote. */
static DEFINE_MUTEX(agentns_enabled_lock);

/*
 * Stamps go on meanwhile: they are told before the first task is unmarked. Only
 * a write may be missed that had looked at its task's flag before it was marked
 * again, and is slower than all of this.
 */
static void agentns_set_enabled(unsigned int new)
{
	lockdep_assert_held(&agentns_enabled_lock);
	if (!new)
		agentns_stamp_set_unmarked(true);
	WRITE_ONCE(agentns_enabled, new);
	agentns_mark_all();
	if (!new)
		return;
	agentns_stamp_set_unmarked(false);
	/* Deadlines that came meanwhile were let pass. */
	agentns_lifetime_changed();
	agentns_reaper_sweep();
}

static int agentns_enabled_handler(AGENTNS_CTL_CONST struct ctl_table *table,
				   int write, void *buffer, size_t *lenp,
				   loff_t *ppos)
{
	struct ctl_table copy = *table;
	unsigned int new;
	int ret = write ? agentns_may_turn_knobs() : 0;

	if (ret)
		return ret;
	mutex_lock(&agentns_enabled_lock);
	new = agentns_enabled;
	copy.data = &new;
	ret = proc_douintvec_minmax(&copy, write, buffer, lenp, ppos);
	if (!ret && new != agentns_enabled)
		agentns_set_enabled(new);
	mutex_unlock(&agentns_enabled_lock);
	return ret;
}

static int agentns_lifetime_handler(AGENTNS_CTL_CONST struct ctl_table *table,
				    int write, void *buffer, size_t *lenp,
				    loff_t *ppos)
{
	int ret = write ? agentns_may_turn_knobs() : 0;

	if (!ret)
		ret = proc_douintvec(table, write, buffer, lenp, ppos);
	if (!ret && write) {
		agentns_lifetime_changed();
		agentns_reaper_sweep();
	}
	return ret;
}

static int agentns_unprivileged_handler(AGENTNS_CTL_CONST struct ctl_table *table,
					int write, void *buffer, size_t *lenp,
					loff_t *ppos)
{
	int ret = write ? agentns_may_turn_knobs() : 0;

	return ret ?: proc_douintvec_minmax(table, write, buffer, lenp, ppos);
}

/* For a machine that is to come up without: agentns.enabled=0 at the kernel. */
static int agentns_enabled_param(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 0, 1);
}

static const struct kernel_param_ops agentns_enabled_param_ops = {
	.set = agentns_enabled_param,
};

/* Not in sysfs: once it is loaded the sysctl is what counts. */
module_param_cb(enabled, &agentns_enabled_param_ops, &agentns_enabled, 0);
MODULE_PARM_DESC(enabled, "0: loaded with kernel.agent_ns.enabled at 0 (default 1)");

static struct ctl_table agentns_sysctls[] = {
	{
		.procname	= "enabled",
		.data		= &agentns_enabled,
		.maxlen		= sizeof(agentns_enabled),
		.mode		= 0644,
		.proc_handler	= agentns_enabled_handler,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE,
	},
	{
		.procname	= "max_lifetime",
		.data		= &agentns_max_lifetime,
		.maxlen		= sizeof(agentns_max_lifetime),
		.mode		= 0644,
		.proc_handler	= agentns_lifetime_handler,
	},
	{
		.procname	= "unprivileged",
		.data		= &agentns_unprivileged,
		.maxlen		= sizeof(agentns_unprivileged),
		.mode		= 0644,
		.proc_handler	= agentns_unprivileged_handler,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE,
	},
	AGENTNS_CTL_END
};

static struct ctl_table_header *agentns_sysctl_header;

int __init agentns_sysctl_init(void)
{
	agentns_sysctl_header = register_sysctl("kernel/agent_ns",
						agentns_sysctls);
	return agentns_sysctl_header ? 0 : -ENOMEM;
}

void agentns_sysctl_exit(void)
{
	unregister_sysctl_table(agentns_sysctl_header);
}
