// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an interrupt finds due of a session is done by a worker of the real-time
 * class, which no ordinary task keeps waiting.
 *
 * It takes the lock of the session's tree, and a big tree is looked through
 * under that: for its counters, by anybody and at any time. So sessions of big
 * trees have a lane of their own, with a worker of its own, and keep those of
 * small trees waiting only where both workers have but one processor to share.
 * How long a small tree may is what the bound between them is for: it has that
 * many sessions to queue, each of which may look through that many.
 */
#include <linux/kthread.h>
#include <linux/sched.h>
#include <uapi/linux/sched/types.h>

#include "compat/hrtimer.h"
#include "cputime.h"
#include "deadline.h"
#include "due.h"
#include "session.h"

/**
 * struct agentns_lane - sessions that one worker does things for
 * @sessions: by their struct agentns_due, the latest first
 * @work: takes all that are in there
 * @worker: does that
 */
struct agentns_lane {
	struct llist_head sessions;
	struct kthread_work work;
	struct kthread_worker *worker;
};

static struct agentns_lane agentns_small_trees, agentns_big_trees;

/* So many sessions below its first level make a tree a big one. */
#define AGENTNS_BIG_TREE	64

static struct agentns_lane *agentns_lane_of(const struct agentns_session *s)
{
	return READ_ONCE(s->root->descendants) < AGENTNS_BIG_TREE ?
		&agentns_small_trees : &agentns_big_trees;
}

static void agentns_lane_add(struct agentns_lane *lane,
			     struct agentns_session *s)
{
	if (llist_add(&s->due.node, &lane->sessions))
		kthread_queue_work(lane->worker, &lane->work);
}

/**
 * agentns_due - have a worker do something for a session
 * @s: the session, in memory; nothing happens where it has ended
 * @what: AGENTNS_DUE_*
 *
 * Context: Any that allows spinlocks, hard interrupts included.
 */
void agentns_due(struct agentns_session *s, int what)
{
	/* A full barrier: what was done before is seen by who takes these. */
	if (atomic_fetch_or(what, &s->due.what))
		return;
	/* What ends is not looked at any more, whatever is due. */
	if (agentns_session_tryget(s))
		agentns_lane_add(agentns_lane_of(s), s);
}

static void agentns_due_do(struct agentns_session *s)
{
	/* From here on it may be in a list again. */
	int what = atomic_xchg(&s->due.what, 0);

	if (what & AGENTNS_DUE_AGE)
		agentns_deadline_look(s);
	if (what & AGENTNS_DUE_CPUTIME)
		agentns_cputime_settle(s);
	agentns_session_put(s);
}

static void agentns_lane_work(struct kthread_work *work)
{
	struct agentns_lane *lane = container_of(work, struct agentns_lane, work);
	struct llist_node *list = llist_del_all(&lane->sessions);
	struct agentns_session *s, *next;

	list = llist_reverse_order(list);
	llist_for_each_entry_safe(s, next, list, due.node) {
		struct agentns_lane *now = agentns_lane_of(s);

		/* It may have grown meanwhile. */
		if (now != lane && now == &agentns_big_trees)
			agentns_lane_add(now, s);
		else
			agentns_due_do(s);
		cond_resched();
	}
}

static int agentns_lane_start(struct agentns_lane *lane, const char *name)
{
	init_llist_head(&lane->sessions);
	kthread_init_work(&lane->work, agentns_lane_work);
	lane->worker = agentns_run_worker(name);
	if (IS_ERR(lane->worker))
		return PTR_ERR(lane->worker);
	sched_set_fifo_low(lane->worker->task);
	return 0;
}

int __init agentns_due_start(void)
{
	int err;

	err = agentns_lane_start(&agentns_small_trees, "agentns");
	if (err)
		return err;
	err = agentns_lane_start(&agentns_big_trees, "agentns_big");
	if (err)
		kthread_destroy_worker(agentns_small_trees.worker);
	return err;
}

/*
 * No session lives, and no timer fires. In this order: the one gives the other
 * work.
 */
void agentns_due_stop(void)
{
	kthread_destroy_worker(agentns_small_trees.worker);
	kthread_destroy_worker(agentns_big_trees.worker);
}
