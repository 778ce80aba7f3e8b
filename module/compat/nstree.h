/* SPDX-License-Identifier: GPL-2.0-only */
/* Namespace ids and activity, where the kernel keeps them and where not. */
#ifndef _AGENTNS_COMPAT_NSTREE_H
#define _AGENTNS_COMPAT_NSTREE_H

#include <linux/agentns_hooks.h>
#include <linux/atomic.h>
#include <linux/ns_common.h>
#include <linux/nsproxy.h>
#include <linux/refcount.h>
#include <linux/user_namespace.h>

#ifdef AGENTNS_HAVE_NSTREE

/* The id of a namespace that has been published. */
static inline u64 agentns_ns_id(const struct ns_common *ns)
{
	return ns->ns_id;
}

/* Is it used by a task, a descriptor or a bind mount? */
static inline bool agentns_ns_active(const struct ns_common *ns,
				     unsigned int nr_children)
{
	return __ns_ref_active_read(ns);
}

/* The id of a user namespace, 0 where it has none. */
static inline u64 agentns_user_ns_id(const struct user_namespace *ns)
{
	return ns->ns.ns_id;
}

#else

/* Ids of our own, as newer kernels hand them out. For one caller alone. */
static inline u64 agentns_ns_id(const struct ns_common *ns)
{
	static atomic64_t last = ATOMIC64_INIT(AGENT_NS_INIT_ID);

	return atomic64_inc_return(&last);
}

/*
 * Each child holds one reference for as long as it lives. Any other is a task,
 * a descriptor, a bind mount, or somebody who looks at it just now.
 */
static inline bool agentns_ns_active(struct ns_common *ns,
				     unsigned int nr_children)
{
	return refcount_read(agentns_refcount(ns)) > nr_children;
}

static inline u64 agentns_user_ns_id(const struct user_namespace *ns)
{
	return 0;
}

#endif

#endif /* _AGENTNS_COMPAT_NSTREE_H */
