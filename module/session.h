/* SPDX-License-Identifier: GPL-2.0-only */
/* The session object: identity, place in its tree, lifetime. */
#ifndef _AGENTNS_SESSION_H
#define _AGENTNS_SESSION_H

#include <linux/container_of.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/ns_common.h>
#include <linux/nsproxy.h>
#include <linux/ratelimit_types.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <uapi/linux/agent_namespaces.h>

#include "cputime.h"
#include "credit.h"
#include "deadline.h"
#include "due.h"
#include "gate.h"

struct agentns_dir;
struct agentns_writer;

/* Log lines of crossings: so many at the most in so long. */
#define AGENTNS_LOG_INTERVAL	(5 * HZ)
#define AGENTNS_LOG_BURST	50

/**
 * struct agentns_session - one agent session
 *
 * "Tree lock" is @root->tree_lock. Constant means: from before the session is
 * published until it is freed.
 */
struct agentns_session {
	/* First: the only part that the kernel side knows. */
	struct ns_common ns;

	/* Constant. @parent is referenced; NULL for a first-level session. */
	u8 id[AGENT_NS_ID_BYTES];
	struct agentns_session *parent;
	struct agentns_session *root;
	struct user_namespace *user_ns;
	u64 user_ns_id;		/* 0 where the kernel gives it none */
	struct agentns_cpu __percpu *cpu;
	u64 created_ns;		/* boot-time clock */
	u64 ns_id;		/* what it is listed by, see registry.c */
	unsigned int depth;	/* 1 for a first-level session */
	bool trusted;		/* of its root's maker: agentns_trusted() */

	/* A task has been in it, and been told of; set once, by the first. */
	bool entered;

	/* Raised under the tree lock before a kill, read by forks without. */
	u64 kill_seq;

	/*
	 * The first-level session's guards the whole tree: its shape, its
	 * pools and budgets. Taken in process context with interrupts on,
	 * because its holder may wait for other CPUs to answer an IPI.
	 */
	spinlock_t tree_lock;
	unsigned int nr_children;	/* tree lock; read without for listing */
	struct list_head children;	/* tree lock */
	struct list_head sibling;	/* tree lock */

	/*
	 * agentns_kill_later(); has a reference while it is in a list.
	 * @in_batch is the worker's alone.
	 */
	struct llist_node condemned;
	bool in_batch;

	/*
	 * agentns_term_later(): how often it was asked for and not yet done,
	 * with a reference while it is not 0; @terms_in_batch is the worker's
	 * and then that of the work behind it.
	 */
	struct llist_node term;
	atomic_t terms;
	int terms_in_batch;

	/*
	 * Stops, see stop.c. @turned: by which of its tree's @turns @stopped
	 * was changed last. First level: how many there have been (both: tree
	 * lock; read without by the worker), and how many of them the worker
	 * has followed (its alone).
	 */
	u64 turned;
	u64 turns;
	u64 followed;

	union {
		/* First level, for its tree; likewise, so none is queued... */
		struct work_struct stop_work;
		/* ...by the time of the last put, in an interrupt... */
		struct work_struct release_work;
		/* ...and of what comes after that. */
		struct rcu_head rcu;
	};

	/*
	 * First level, where trusted: of the log lines of the whole tree. Has
	 * its own lock.
	 */
	struct ratelimit_state log_rate;

	/* Tree lock. */
	struct agentns_pool pool[AGENTNS_NR_RESOURCES];
	/* To its CPUs, in all, and to ended descendants, who used it up. */
	u64 granted[AGENTNS_NR_RESOURCES];
	u64 past_written;		/* bytes written by them */
	u64 past_forked;		/* tasks created by them */
	struct agentns_gate gate;
	u64 max_elapsed_ns;		/* 0: none */
	u64 term_at_ns;			/* boot-time clock; 0: no SIGTERM sent */
	u64 grace_ns;			/* from a SIGTERM to SIGKILL; 0: never */
	u64 max_descendants;		/* 0: none */
	u64 descendants;		/* live ones; read without by due.c */
	u64 crossings;			/* of its limits, ever */
	const struct cred *limiter;	/* whose budget it is; referenced */
	u32 action;
	bool elapsed_crossed;
	bool killing;	/* condemned, and in one of kill.c's lists */
	bool stopped;
	bool time_up;	/* a limit on time denies all calls */
	bool cpu_limited;	/* it or an ancestor; read by the scheduler */

	/* Set once and never cleared; @published as the last of its creation. */
	bool sealed;
	bool published;

	/* With what guards them inside. */
	struct agentns_deadline deadline;
	struct agentns_cputime cputime;
	struct agentns_due due;

	/* Credit came back to some CPU since the last recall. No lock. */
	bool refunded[AGENTNS_NR_RESOURCES];

	/* Reaper and deadline only, of which two may look at once. No lock. */
	bool lifetime_crossed;

	/* @intent_lock. */
	spinlock_t intent_lock;
	u64 intent_set_ns;	/* boot-time clock; 0: never */
	char intent[AGENT_NS_INTENT_MAX + 1];

	/*
	 * The latest record of who writes, for stamps; NULL for none. Replaced
	 * under @intent_lock, read under RCU's; has a reference.
	 */
	struct agentns_writer __rcu *writer;

	/* Of registry.c: its lock; readers of @node use RCU. */
	struct list_head node;
	struct rb_node by_ns_id;
	struct rb_node by_id;

	/* Set before the creating call returns, used by the last put. */
	struct agentns_dir *dir;
};

static inline struct agentns_session *to_session(struct ns_common *ns)
{
	return container_of(ns, struct agentns_session, ns);
}

/*
 * A task's session; NULL in the initial one and in a task past
 * exit_task_namespaces(). Of another task under its alloc_lock, which keeps it
 * there.
 */
static inline struct agentns_session *agentns_task_session(struct task_struct *task)
{
	struct nsproxy *nsproxy = task->nsproxy;

	if (unlikely(!nsproxy || !nsproxy->agent_ns))
		return NULL;
	return to_session(nsproxy->agent_ns);
}

/*
 * The caller's own session, pinned for as long as current does not change its
 * namespaces.
 */
static inline struct agentns_session *current_session(void)
{
	return agentns_task_session(current);
}

/* Is the work that would cross a limit refused, or done all the same? */
static inline bool agentns_action_refuses(u32 action)
{
	return action != AGENT_NS_ACTION_LOG && action != AGENT_NS_ACTION_TERM;
}

extern struct workqueue_struct *agentns_wq;

struct agentns_session *agentns_session_create(struct user_namespace *user_ns);
void agentns_session_release(struct ns_common *ns);
void agentns_session_free(struct agentns_session *s);
void agentns_session_put(struct agentns_session *s);
bool agentns_session_tryget(struct agentns_session *s);
struct agentns_session *agentns_session_of(struct task_struct *task);
void agentns_session_id_hook(const struct ns_common *ns,
			     u8 id[AGENT_NS_ID_BYTES]);
bool agentns_session_within(const struct agentns_session *s,
			    const struct agentns_session *top);
struct agentns_session *
agentns_next_descendant(struct agentns_session *pos,
			struct agentns_session *top);

#define agentns_for_each_descendant(pos, top) \
	for (pos = (top); pos; pos = agentns_next_descendant(pos, top))

void agentns_mark(struct task_struct *task);
void agentns_mark_all(void);

int agentns_sessions_init(void);
void agentns_sessions_exit(void);

#endif /* _AGENTNS_SESSION_H */
