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

#endif /* _LINUX_AGENTNS_SERIES_H */
