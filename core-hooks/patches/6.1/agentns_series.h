/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the unchanged hook files need to know of the 6.1 series. They test
 * these, never a version.
 */
#ifndef _LINUX_AGENTNS_SERIES_H
#define _LINUX_AGENTNS_SERIES_H

/* The type of the flags of create_new_namespaces(). */
#define AGENTNS_CLONE_FLAGS_T	unsigned long

/* Where struct ns_common keeps the references of its holders. */
#define agentns_refcount(ns)	(&(ns)->count)

/* The fields of a static struct ns_common that only some series have. */
#define AGENTNS_NS_COMMON_INIT	.count = REFCOUNT_INIT(1)

/* The type of a namespace is in its operations. */
#define AGENTNS_OPS_TYPE	.type = AGENT_NS,

/* The arguments of the security module's hooks that not all series have. */
#define AGENTNS_IDMAP_ARG	struct user_namespace *mnt_userns,
#define AGENTNS_IDMAP		mnt_userns
#define AGENTNS_SETATTR_ARG
#define AGENTNS_COPY_UP_ARG

/* What keeps an attribute from being copied up. */
#define AGENTNS_COPY_UP_DISCARD	1

/* How a security module says what it is, and the section of its hooks. */
#define AGENTNS_LSM		"agentns"
#define AGENTNS_LSM_INFO	.name = "agentns"
#define AGENTNS_LSM_RO		__lsm_ro_after_init

/*
 * Hooks on extended attributes that answer 0 switch off the kernel's own check
 * of capabilities: ours has to make it.
 */
#define AGENTNS_LSM_CAPS

/* Is an inode on its way into the cache? */
#define agentns_inode_is_new(inode)	((inode)->i_state & I_NEW)

#endif /* _LINUX_AGENTNS_SERIES_H */
