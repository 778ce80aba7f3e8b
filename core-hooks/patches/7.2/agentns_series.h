/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the unchanged hook files need to know of the 7.2 series. They test
 * these, never a version.
 */
#ifndef _LINUX_AGENTNS_SERIES_H
#define _LINUX_AGENTNS_SERIES_H

/* The type of the flags of create_new_namespaces(). */
#define AGENTNS_CLONE_FLAGS_T	u64

/* Where struct ns_common keeps the references of its holders. */
#define agentns_refcount(ns)	(&(ns)->__ns_ref)

/* The fields of a static struct ns_common that only some series have. */
#define AGENTNS_NS_COMMON_INIT			\
	.ns_type	 = AGENT_NS,		\
	.__ns_ref	 = REFCOUNT_INIT(1),	\
	.__ns_ref_active = ATOMIC_INIT(1)

/* The type of a namespace is in the namespace. */
#define AGENTNS_OPS_TYPE

/* Namespaces have ids, active references and a tree: listns(2). */
#define AGENTNS_HAVE_NSTREE

#endif /* _LINUX_AGENTNS_SERIES_H */
