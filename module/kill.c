// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals to every process of a session, above all to end.
 *
 * Nobody escapes a kill by forking. The generation number is raised first.
 * A fork reads it in its fallible step and compares in its last one, when the
 * child can be found by a walk: either the walk below finds the child, or the
 * fork finds the number raised and kills the child itself. A fork that begins
 * after the raising belongs to a task that the walk finds, and links its child
 * either before that task's signal, so that the walk finds the child behind
 * it, or not at all. This is cgroup_kill()'s method (kernel/cgroup/cgroup.c).
 * Who forks into a session that was made for the child is not in it; there the
 * number that counts is that of a new session.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/kthread.h>
#include <linux/llist.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/workqueue.h>

#include "compat/hrtimer.h"
#include "gate.h"
#include "kill.h"
#include "session.h"
#include "trace.h"

static void agentns_kill_condemned(struct kthread_work *work);
static void agentns_term_asked(struct kthread_work *work);
static void agentns_kill_over(struct work_struct *work);

/*
 * One worker of the real-time class for the kills of all limits, as whoever
 * crosses one can be kept from its processor, by its scheduling class or by a
 * control group, and all the others would live for as long. It is none of those
 * that keep time: a walk over all processes takes as long as there are many.
 */
static struct kthread_worker *agentns_kill_worker;
static LLIST_HEAD(agentns_condemned);
static DEFINE_KTHREAD_WORK(agentns_kill_work, agentns_kill_condemned);

/* By the same worker, of which a batch at a time is marked. */
static LLIST_HEAD(agentns_terms);
static DEFINE_KTHREAD_WORK(agentns_term_work, agentns_term_asked);

/*
 * Behind it, those whose processes have all been signalled: that worker never
 * waits for a tree's lock, which a tree's members can make much of, nor drops
 * what may be the last reference.
 */
static struct workqueue_struct *agentns_kill_wq;
static LLIST_HEAD(agentns_killed);
static LLIST_HEAD(agentns_termed);
static DECLARE_WORK(agentns_kill_over_work, agentns_kill_over);

/*
 * Is @s, if any, in @top or below it, or where that is NULL, in the worker's
 * batch?
 */
static bool agentns_meant(struct agentns_session *s,
			  struct agentns_session *top)
{
	if (top)
		return agentns_session_within(s, top);
	for (; s; s = s->parent)
		if (s->in_batch)
			return true;
	return false;
}

/* Is this task's session? */
static bool agentns_task_meant(struct task_struct *task,
			       struct agentns_session *top)
{
	bool meant;

	task_lock(task);
	meant = agentns_meant(agentns_task_session(task), top);
	task_unlock(task);
	return meant;
}

/**
 * agentns_signal_process - send a signal to a task's process
 * @task: pinned by the caller, or by RCU
 * @sig: signal number
 *
 * To the process: membership is a thread's, signals are a process's. With
 * privilege, so that the init of a pid namespace cannot ignore a SIGKILL; a
 * SIGTERM for which it has no handler is lost on it, as from anybody.
 *
 * Context: Any that allows spinlocks.
 */
void agentns_signal_process(struct task_struct *task, int sig)
{
	/* The machine's init is spared, as kill(-1) spares it: its end is a panic. */
	if (is_global_init(task))
		return;
	kill_pid(task_tgid(task), sig, 1);
}

/**
 * agentns_kill_process - SIGKILL to a task's process
 * @task: pinned by the caller, or by RCU
 *
 * Context: Process context.
 */
void agentns_kill_process(struct task_struct *task)
{
	agentns_signal_process(task, SIGKILL);
}

/**
 * agentns_dying - can this thread fork no more?
 * @task: pinned by the caller, or by RCU
 *
 * When SIGKILL has been taken to heart, or when it exits of itself, which may
 * take it long with its namespaces on.
 *
 * Context: Any.
 * Return: whether that is so.
 */
bool agentns_dying(struct task_struct *task)
{
	/*
	 * A race by intent: signal code writes the one under its lock and each
	 * task its own flags without any, plainly. Neither bit goes away again,
	 * and one that is seen late costs another walk.
	 */
	return data_race(READ_ONCE(task->signal->flags) & SIGNAL_GROUP_EXIT ||
			 READ_ONCE(task->flags) & PF_EXITING);
}

/*
 * One walk over all processes, for those of @top, or of the worker's batch
 * where that is NULL.
 *
 * Return: whether one was signalled. With @skip_dying those are left out that
 * cannot fork any more.
 *
 * Model: kill.pml, walk
 */
static bool agentns_signal_once(struct agentns_session *top, int sig,
				bool skip_dying)
{
	struct task_struct *process, *task;
	bool any = false;

	rcu_read_lock();
	for_each_process(process) {
		/* Not to be waited for, as it is not signalled. */
		if (is_global_init(process))
			continue;
		for_each_thread(process, task) {
			if (skip_dying && agentns_dying(task))
				continue;
			if (!agentns_task_meant(task, top))
				continue;
			agentns_signal_process(process, sig);
			any = true;
			break;
		}
	}
	rcu_read_unlock();
	return any;
}

/**
 * agentns_signal - signal every process with a thread in a session
 * @top: the session; its descendants are meant, too
 * @sig: signal number
 *
 * A process that is being forked meanwhile may be missed: see agentns_kill().
 *
 * Context: Process context.
 */
void agentns_signal(struct agentns_session *top, int sig)
{
	agentns_signal_once(top, sig, false);
}

/*
 * Condemn a session: from the raising of the generation number until everybody
 * in it has been signalled none of its tasks passes system call entry, and who
 * wants to join waits. Tasks that join afterwards live; the credit that they
 * draw is a CPU's, and a task that was interrupted there at the very entry makes
 * its last call with it. Waits for IPIs.
 *
 * Model: kill.pml, condemn
 */
static void agentns_kill_begin(struct agentns_session *top)
{
	struct agentns_session *s;

	lockdep_assert_held(&top->root->tree_lock);

	agentns_for_each_descendant(s, top)
		WRITE_ONCE(s->kill_seq, s->kill_seq + 1);
	agentns_gate_close(top, AGENTNS_GATE_CONDEMNED);
}

/*
 * Signal everybody in a session that has been condemned, or in a batch of them.
 *
 * Model: kill.pml, signal
 */
static void agentns_kill_all(struct agentns_session *top)
{
	int walks = 1000;

	/* Pairs with the barrier in agentns_post_fork_hook(). */
	smp_mb();
	agentns_signal_once(top, SIGKILL, false);
	/*
	 * Until a walk finds nobody: an execve by a thread that is not the
	 * leader puts itself in the leader's place in the task list, and a
	 * walk that stands on the leader misses what was linked behind it.
	 */
	while (agentns_signal_once(top, SIGKILL, true) && --walks)
		cond_resched();
	if (!walks)
		pr_warn_ratelimited("some process of a session does not take SIGKILL\n");
}

/**
 * agentns_kill - end every process with a thread in a session
 * @top: the session, pinned; its descendants are meant, too
 * @cause: for the trace
 *
 * Context: Process context, may sleep; takes the tree lock.
 *
 * Model: kill.pml, kill
 */
void agentns_kill(struct agentns_session *top, const char *cause)
{
	agentns_trace_session_kill(top, cause);
	spin_lock(&top->root->tree_lock);
	agentns_kill_begin(top);
	spin_unlock(&top->root->tree_lock);

	agentns_kill_all(top);

	spin_lock(&top->root->tree_lock);
	agentns_gate_open(top, AGENTNS_GATE_CONDEMNED);
	spin_unlock(&top->root->tree_lock);
}

/**
 * agentns_kill_later - condemn a session, whose processes the worker ends
 * @top: the session, pinned; its descendants are meant, too; its tree lock is
 *	held
 * @cause: for the trace
 *
 * Where that is under way already it finds whoever has come in meanwhile.
 *
 * Context: Process context with interrupts on; waits for IPIs.
 *
 * Model: session.pml, kill later
 */
void agentns_kill_later(struct agentns_session *top, const char *cause)
{
	lockdep_assert_held(&top->root->tree_lock);

	if (top->killing)
		return;
	top->killing = true;
	agentns_trace_session_kill(top, cause);
	agentns_kill_begin(top);
	refcount_inc(agentns_refcount(&top->ns));
	llist_add(&top->condemned, &agentns_condemned);
	kthread_queue_work(agentns_kill_worker, &agentns_kill_work);
}

/*
 * It may be condemned again from here on, and be in a batch once more.
 *
 * Model: kill.pml, finish
 */
static void agentns_kill_finish(struct agentns_session *s)
{
	spin_lock(&s->root->tree_lock);
	agentns_gate_open(s, AGENTNS_GATE_CONDEMNED);
	s->killing = false;
	spin_unlock(&s->root->tree_lock);
}

/* All of it has been sent a SIGTERM, for as often as that was asked for then. */
static void agentns_term_finish(struct agentns_session *s)
{
	if (!atomic_sub_return(s->terms_in_batch, &s->terms)) {
		agentns_session_put(s);
		return;
	}
	/* It was asked for again meanwhile. */
	llist_add(&s->term, &agentns_terms);
	kthread_queue_work(agentns_kill_worker, &agentns_term_work);
}

/*
 * What is left to do for those whose processes have been signalled.
 *
 * Model: session.pml, kill over
 */
static void agentns_kill_over(struct work_struct *work)
{
	struct agentns_session *s, *next;

	llist_for_each_entry_safe(s, next, llist_del_all(&agentns_termed), term)
		agentns_term_finish(s);
	llist_for_each_entry_safe(s, next, llist_del_all(&agentns_killed),
				  condemned) {
		agentns_kill_finish(s);
		agentns_session_put(s);
		cond_resched();
	}
}

/*
 * All that have been condemned by now are ended by the same walks: nobody makes
 * them more by many sessions that cross their limits one after the other.
 *
 * Model: session.pml, kill worker
 */
static void agentns_kill_condemned(struct kthread_work *work)
{
	struct llist_node *batch = llist_del_all(&agentns_condemned);
	struct llist_node *last = batch;
	struct agentns_session *s;

	if (!batch)
		return;
	llist_for_each_entry(s, batch, condemned)
		s->in_batch = true;
	agentns_kill_all(NULL);
	llist_for_each_entry(s, batch, condemned) {
		s->in_batch = false;
		last = &s->condemned;
	}
	llist_add_batch(batch, last, &agentns_killed);
	queue_work(agentns_kill_wq, &agentns_kill_over_work);
}

/**
 * agentns_term_later - have the worker send SIGTERM to a session's processes
 * @top: the session, pinned; its descendants are meant, too
 *
 * For the worker that keeps time, which walks over all processes for nobody.
 *
 * Context: Any that allows spinlocks.
 */
void agentns_term_later(struct agentns_session *top)
{
	if (atomic_inc_return(&top->terms) > 1)
		return;
	refcount_inc(agentns_refcount(&top->ns));
	llist_add(&top->term, &agentns_terms);
	kthread_queue_work(agentns_kill_worker, &agentns_term_work);
}

/*
 * One walk for all of which that was asked by now. What is asked for while it
 * walks is done by another one.
 */
static void agentns_term_asked(struct kthread_work *work)
{
	struct llist_node *batch = llist_del_all(&agentns_terms);
	struct llist_node *last = batch;
	struct agentns_session *s;

	if (!batch)
		return;
	llist_for_each_entry(s, batch, term) {
		s->terms_in_batch = atomic_read(&s->terms);
		s->in_batch = true;
	}
	agentns_signal_once(NULL, SIGTERM, false);
	llist_for_each_entry(s, batch, term) {
		s->in_batch = false;
		last = &s->term;
	}
	llist_add_batch(batch, last, &agentns_termed);
	queue_work(agentns_kill_wq, &agentns_kill_over_work);
}

int __init agentns_kills_start(void)
{
	agentns_kill_wq = alloc_workqueue("agentns_killed", WQ_UNBOUND |
					  WQ_HIGHPRI | WQ_MEM_RECLAIM, 0);
	if (!agentns_kill_wq)
		return -ENOMEM;
	agentns_kill_worker = agentns_run_worker("agentns_kill");
	if (IS_ERR(agentns_kill_worker)) {
		destroy_workqueue(agentns_kill_wq);
		return PTR_ERR(agentns_kill_worker);
	}
	sched_set_fifo_low(agentns_kill_worker->task);
	return 0;
}

/*
 * No session lives.
 *
 * Model: session.pml, kills stop
 */
void agentns_kills_stop(void)
{
	/* In this order: the one gives the other its work. */
	kthread_destroy_worker(agentns_kill_worker);
	destroy_workqueue(agentns_kill_wq);
}
