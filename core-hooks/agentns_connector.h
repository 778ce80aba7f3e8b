/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Namespace events on the process connector: PROC_EVENT_NM of
 * <linux/agent_namespaces.h>.
 */
#ifndef _LINUX_AGENTNS_CONNECTOR_H
#define _LINUX_AGENTNS_CONNECTOR_H

#include <linux/atomic.h>
#include <linux/types.h>
#include <uapi/linux/agent_namespaces.h>

struct cn_msg;
struct task_struct;

/* Of cn_proc.c: how many ask for events. */
extern atomic_t proc_event_num_listeners;

#if defined(CONFIG_AGENTNS_HOOKS) && defined(CONFIG_PROC_EVENTS)

/* The namespaces of a task; the last two are for its children. */
enum agentns_nm_type {
	AGENTNS_NM_USER,
	AGENTNS_NM_MNT,
	AGENTNS_NM_UTS,
	AGENTNS_NM_IPC,
	AGENTNS_NM_PID,
	AGENTNS_NM_CGROUP,
	AGENTNS_NM_NET,
	AGENTNS_NM_TIME,
	AGENTNS_NM_AGENT,
	AGENTNS_NM_TYPES,
	AGENTNS_NM_PID_CHILDREN = AGENTNS_NM_TYPES,
	AGENTNS_NM_TIME_CHILDREN,
	AGENTNS_NM_ENTRIES,
};

/**
 * struct agentns_nm - the namespaces that a task is in
 * @listening: somebody listened when it was taken; else @inum is not set
 * @inum: inode numbers, by enum agentns_nm_type
 *
 * Numbers and no references: between begin and end both the old and the new
 * namespace are alive, so two that differ have different numbers.
 */
struct agentns_nm {
	bool listening;
	u32 inum[AGENTNS_NM_ENTRIES];
};

void __agentns_nm_begin(struct agentns_nm *nm);
void __agentns_nm_end(const struct agentns_nm *nm, u32 reason);

/* Of cn_proc.c, which numbers and sends it. */
void agentns_nm_send(struct cn_msg *msg);

/* In proc_fork_connector(), which has found that somebody listens. */
void agentns_nm_fork(struct task_struct *child);

/* Before current changes a namespace; pairs with agentns_nm_end(). */
static inline void agentns_nm_begin(struct agentns_nm *nm)
{
	nm->listening = atomic_read(&proc_event_num_listeners) > 0;
	if (unlikely(nm->listening))
		__agentns_nm_begin(nm);
}

/*
 * After it: one event for each type that changed. @reason is a mask of
 * PROC_NM_REASON_*. May be left out where the change failed.
 */
static inline void agentns_nm_end(const struct agentns_nm *nm, u32 reason)
{
	if (unlikely(nm->listening))
		__agentns_nm_end(nm, reason);
}

#else

struct agentns_nm { };

static inline void agentns_nm_fork(struct task_struct *child) { }
static inline void agentns_nm_begin(struct agentns_nm *nm) { }
static inline void agentns_nm_end(const struct agentns_nm *nm, u32 reason) { }

#endif
#endif /* _LINUX_AGENTNS_CONNECTOR_H */
