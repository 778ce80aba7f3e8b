// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals to every process of a session: to end, to stop and to go on.
 *
 * Nobody escapes a kill by forking. The generation number is raised first.
 * A fork reads it in its fallible step and compares in its last one, when the
 * child can be found by a walk: either the walk below finds the child, or the
 * fork finds the number raised and kills the child itself. A fork that begins
 * after the raising belongs to a task that the walk finds, and links its child
 * either before that task's signal, so that the walk finds the child behind
 * it, or not at all. This is cgroup_kill()'s method (kernel/cgroup/cgroup.c).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/workqueue.h>

#include "gate.h"
#include "kill.h"
#include "session.h"
#include "sysctl.h"
#include "trace.h"

static struct workqueue_struct *agentns_kill_wq;

/* Is this task in @top or below it? */
static bool agentns_task_within(struct task_struct *task,
				struct agentns_session *top)
{
	bool within = false;

	task_lock(task);
	if (task->nsproxy && task->nsproxy->agent_ns)
		within = agentns_session_within(to_session(task->nsproxy->agent_ns),
						top);
	task_unlock(task);
	return within;
}

/*
 * To the process: membership is a thread's, signals are a process's. With
 * privilege, so that the init of a pid namespace cannot ignore a SIGKILL; a
 * SIGTERM for which it has no handler is lost on it, as from anybody.
 */
static void agentns_signal_process(struct task_struct *task, int sig)
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

/*
 * Can this thread still fork? Not when SIGKILL has been taken to heart, and not
 * when it exits of itself, which may take it long with its namespaces on.
 */
static bool agentns_dying(struct task_struct *task)
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
 * One walk over all processes.
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
			if (!agentns_task_within(task, top))
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

/**
 * agentns_kill_begin - condemn a session
 * @top: the session; its descendants are meant, too; its tree lock is held
 *
 * From the raising of the generation number until everybody in it has been
 * signalled none of its tasks passes system call entry, and who wants to join
 * waits. Tasks that join afterwards live; the credit that they draw is a CPU's,
 * and a task that was interrupted there at the very entry makes its last call
 * with it.
 *
 * Context: Process context with interrupts on; waits for IPIs.
 *
 * Model: kill.pml, condemn
 */
void agentns_kill_begin(struct agentns_session *top)
{
	struct agentns_session *s;

	lockdep_assert_held(&top->root->tree_lock);

	agentns_for_each_descendant(s, top)
		WRITE_ONCE(s->kill_seq, s->kill_seq + 1);
	agentns_gate_close(top, AGENTNS_GATE_CONDEMNED);
}

/*
 * Signal everybody in a session that has been condemned.
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
		pr_warn_ratelimited("session %*phN: some process does not take SIGKILL\n",
				    AGENT_NS_ID_BYTES, top->id);
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
 * agentns_kill_finish - the rest of a kill at a limit
 * @top: the session, pinned; agentns_kill_begin() was called and @killing set
 *
 * Context: Process context, may sleep; takes the tree lock.
 *
 * Model: kill.pml, finish
 */
void agentns_kill_finish(struct agentns_session *top)
{
	agentns_kill_all(top);

	spin_lock(&top->root->tree_lock);
	agentns_gate_open(top, AGENTNS_GATE_CONDEMNED);
	top->killing = false;
	spin_unlock(&top->root->tree_lock);
}

/* Model: session.pml, kill worker */
static void agentns_kill_work(struct work_struct *work)
{
	struct agentns_session *s =
		container_of(work, struct agentns_session, kill_work);

	agentns_kill_finish(s);
	agentns_session_put(s);
}

/**
 * agentns_kill_later - have a worker call agentns_kill_finish()
 * @top: the session, pinned; only who has set @killing calls this
 *
 * Who crosses a limit can be kept from its processor, by its scheduling class
 * or by a control group, and all the others would live for as long.
 *
 * Context: Any.
 *
 * Model: session.pml, kill later
 */
void agentns_kill_later(struct agentns_session *top)
{
	refcount_inc(agentns_refcount(&top->ns));
	queue_work(agentns_kill_wq, &top->kill_work);
}

/**
 * agentns_kill_init - prepare a new session
 * @s: the session
 */
void agentns_kill_init(struct agentns_session *s)
{
	INIT_WORK(&s->kill_work, agentns_kill_work);
}

/*
 * A second walk finds whom an execve hid from the first, as in agentns_kill_all().
 * More than a few find only who gets SIGCONTs all the time: no number of them
 * holds that one, system call entry and agentns_stop_current() do.
 */
#define AGENTNS_STOP_WALKS	5

/* Does a process stop, or has it stopped, or is it to stop as soon as it can? */
static bool agentns_stopping(struct task_struct *process)
{
	struct signal_struct *sig = process->signal;

	/*
	 * A race by intent: all three are written under the lock of signals,
	 * which is not worth its price here. Where the answer is an old "no",
	 * another SIGSTOP does no harm; an old "yes" is of a process that
	 * somebody has just sent a SIGCONT, which system call entry and
	 * agentns_stop_current() hold.
	 */
	return data_race(READ_ONCE(sig->flags) & SIGNAL_STOP_STOPPED ||
			 READ_ONCE(process->jobctl) & JOBCTL_STOP_PENDING ||
			 sigismember(&sig->shared_pending.signal, SIGSTOP));
}

/* SIGSTOP to every process that has not stopped; whether there was one. */
static bool agentns_stop_once(struct agentns_session *top)
{
	struct task_struct *process, *task;
	bool any = false;

	rcu_read_lock();
	for_each_process(process) {
		if (is_global_init(process) || agentns_stopping(process))
			continue;
		for_each_thread(process, task) {
			if (agentns_dying(task) ||
			    !agentns_task_within(task, top))
				continue;
			agentns_signal_process(process, SIGSTOP);
			any = true;
			break;
		}
	}
	rcu_read_unlock();
	return any;
}

/* Is this task in @top or below it, and nothing there stopped? */
static bool agentns_task_may_go(struct task_struct *task,
				struct agentns_session *top)
{
	struct agentns_session *s;
	bool may = false;

	task_lock(task);
	if (task->nsproxy && task->nsproxy->agent_ns) {
		s = to_session(task->nsproxy->agent_ns);
		may = agentns_session_within(s, top) &&
		      !READ_ONCE(s->gate.stops);
	}
	task_unlock(task);
	return may;
}

static void agentns_continue(struct agentns_session *top)
{
	struct task_struct *process, *task;

	rcu_read_lock();
	for_each_process(process) {
		for_each_thread(process, task) {
			if (!agentns_task_may_go(task, top))
				continue;
			agentns_signal_process(process, SIGCONT);
			break;
		}
	}
	rcu_read_unlock();
}

/**
 * agentns_stop_or_go - make a session's processes follow its @stopped
 * @top: the session, pinned; @stopped has just been changed
 *
 * Context: Process context, may sleep.
 */
void agentns_stop_or_go(struct agentns_session *top)
{
	struct mutex *one_at_a_time = &top->root->stop_mutex;
	int walks = AGENTNS_STOP_WALKS;

	/*
	 * Each walk does what is wanted when it begins, so the last one leaves
	 * what is wanted last.
	 */
	mutex_lock(one_at_a_time);
	/* Pairs with the barrier in agentns_post_fork_hook(). */
	smp_mb();
	if (!READ_ONCE(top->stopped))
		agentns_continue(top);
	else
		while (agentns_stop_once(top) && --walks)
			cond_resched();
	mutex_unlock(one_at_a_time);
}

static void agentns_stop_work(struct work_struct *work)
{
	struct agentns_session *s =
		container_of(work, struct agentns_session, stop_work);

	agentns_stop_or_go(s);
	agentns_session_put(s);
}

/**
 * agentns_stop_or_go_later - the same for who has others waiting
 * @top: the session, pinned; @stopped has just been changed
 *
 * A task that walks can be kept from its processor with the mutex in its hands,
 * by the limits of a control group say: its own tree waits, and nobody else.
 *
 * Context: Any.
 */
void agentns_stop_or_go_later(struct agentns_session *top)
{
	if (!agentns_session_tryget(top))
		return;
	/* One that is queued already does what is wanted when it begins. */
	if (!queue_work(agentns_wq, &top->stop_work))
		agentns_session_put(top);
}

/**
 * agentns_stop_init - prepare a new session
 * @s: the session
 */
void agentns_stop_init(struct agentns_session *s)
{
	mutex_init(&s->stop_mutex);
	INIT_WORK(&s->stop_work, agentns_stop_work);
}

/**
 * agentns_stop_current - stop current where it runs in a stopped session
 *
 * Somebody has sent it a SIGCONT. It does not take the mutex of those who stop
 * and let go on, so it looks again: either it sees that they may go on, or who
 * lets them go on sends its SIGCONT behind this SIGSTOP.
 *
 * Context: Hard interrupt.
 */
void agentns_stop_current(void)
{
	struct agentns_session *s = current_session();

	/* Signals are sent with locks that sleep there. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT) || !s || !READ_ONCE(s->gate.stops))
		return;
	agentns_signal_process(current, SIGSTOP);
	/* Pairs with the one in agentns_stop_or_go(). */
	smp_mb();
	if (!READ_ONCE(s->gate.stops))
		agentns_signal_process(current, SIGCONT);
}

/**
 * agentns_stop_process - stop one process as long as a session is stopped
 * @s: the session, pinned, or one below the one that is stopped
 * @task: of the process; pinned by the caller
 *
 * Context: Process context, may sleep.
 */
void agentns_stop_process(struct agentns_session *s, struct task_struct *task)
{
	mutex_lock(&s->root->stop_mutex);
	/* While disabled nothing else holds it up: it may have been continued. */
	if (READ_ONCE(s->gate.stops) && READ_ONCE(agentns_enabled))
		agentns_signal_process(task, SIGSTOP);
	mutex_unlock(&s->root->stop_mutex);
}

int __init agentns_kills_start(void)
{
	/* A kill may be what frees the memory that others wait for. */
	agentns_kill_wq = alloc_workqueue("agentns_kill", WQ_UNBOUND |
					  WQ_HIGHPRI | WQ_MEM_RECLAIM, 0);
	return agentns_kill_wq ? 0 : -ENOMEM;
}

/*
 * No session lives.
 *
 * Model: session.pml, kills stop
 */
void agentns_kills_stop(void)
{
	destroy_workqueue(agentns_kill_wq);
}
