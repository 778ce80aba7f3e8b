/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the unchanged hook files need to know of the 6.12 series. They test
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
#define AGENTNS_IDMAP_ARG	struct mnt_idmap *idmap,
#define AGENTNS_SETATTR_ARG	struct mnt_idmap *idmap,
#define AGENTNS_COPY_UP_ARG	struct dentry *src,

/* Mappings of files of an overlay are told to security modules. */
#define AGENTNS_HAVE_BACKING_MMAP

/* What keeps an attribute from being copied up. */
#define AGENTNS_COPY_UP_DISCARD	(-ECANCELED)

/* How a security module says what it is, and the section of its hooks. */
#define AGENTNS_HAVE_LSM_ID
#define AGENTNS_LSM		(&agentns_lsmid)
#define AGENTNS_LSM_INFO	.name = "agentns"
#define AGENTNS_LSM_RO		__ro_after_init

/* Is an inode on its way into the cache? */
#define agentns_inode_is_new(inode)	((inode)->i_state & I_NEW)

#endif /* _LINUX_AGENTNS_SERIES_H */
