// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stopping every process of a session, and letting them go on.
 *
 * Whether a task is to stop is said by its session's gate. A worker walks over
 * all processes and has them follow, once for all sessions of a tree that have
 * been turned since it walked last. Tasks never do: one that walks can be kept
 * from its processor, by the limits of a control group say, and others would
 * wait for it.
 */
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/workqueue.h>

#include "kill.h"
#include "session.h"
#include "stop.h"
#include "sysctl.h"

static struct workqueue_struct *agentns_stop_wq;

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

/* What a change in its tree means for a task. */
enum agentns_turn {
	AGENTNS_NOT_MEANT,
	AGENTNS_GOES_ON,
	AGENTNS_STOPS,
};

/* Model: stop.pml, turn */
static enum agentns_turn agentns_turn_of(struct task_struct *task,
					 struct agentns_session *root,
					 u64 since)
{
	enum agentns_turn turn = AGENTNS_NOT_MEANT;
	struct agentns_session *s, *a;

	task_lock(task);
	s = agentns_task_session(task);
	if (s && s->root == root)
		for (a = s; a && turn == AGENTNS_NOT_MEANT; a = a->parent)
			if (READ_ONCE(a->turned) > since)
				turn = READ_ONCE(s->gate.stops) ?
				       AGENTNS_STOPS : AGENTNS_GOES_ON;
	task_unlock(task);
	/* Who ends does not stop, but its process may have to go on. */
	return turn == AGENTNS_STOPS && agentns_dying(task) ?
	       AGENTNS_NOT_MEANT : turn;
}

/* A process stops where one of its threads is in a session that does. */
static enum agentns_turn
agentns_turn_of_process(struct task_struct *process,
			struct agentns_session *root, u64 since)
{
	enum agentns_turn turn = AGENTNS_NOT_MEANT;
	struct task_struct *task;

	for_each_thread(process, task) {
		turn = max(turn, agentns_turn_of(task, root, since));
		if (turn == AGENTNS_STOPS)
			break;
	}
	return turn;
}

/*
 * One walk over all processes, of those sessions in the tree of @root that were
 * turned after @since. @go_on: let those go on that may.
 *
 * Return: whether one was sent a SIGSTOP.
 *
 * Model: stop.pml, follow
 */
static bool agentns_follow_once(struct agentns_session *root, u64 since,
				bool go_on)
{
	struct task_struct *process;
	bool any = false;

	rcu_read_lock();
	for_each_process(process) {
		switch (agentns_turn_of_process(process, root, since)) {
		case AGENTNS_STOPS:
			if (is_global_init(process) || agentns_stopping(process))
				break;
			agentns_signal_process(process, SIGSTOP);
			any = true;
			break;
		case AGENTNS_GOES_ON:
			if (go_on)
				agentns_signal_process(process, SIGCONT);
			break;
		case AGENTNS_NOT_MEANT:
			break;
		}
	}
	rcu_read_unlock();
	return any;
}

/* Model: stop.pml, work */
static void agentns_stop_work(struct work_struct *work)
{
	struct agentns_session *root =
		container_of(work, struct agentns_session, stop_work);
	int walks = AGENTNS_STOP_WALKS;
	u64 since = root->followed;

	/* Who is turned after this has this work queued once more. */
	root->followed = smp_load_acquire(&root->turns);
	/* Pairs with the barrier in agentns_post_fork_hook(). */
	smp_mb();
	while (agentns_follow_once(root, since, walks == AGENTNS_STOP_WALKS) &&
	       --walks)
		cond_resched();
	agentns_session_put(root);
}

/**
 * agentns_stop_or_go - make a session's processes follow its @stopped, soon
 * @top: the session, pinned; @stopped and the gate have just been changed; its
 *	tree lock is held
 *
 * Those that are stopped pass no system call entry in the meantime.
 *
 * Context: Process context.
 *
 * Model: stop.pml, stop or go
 */
void agentns_stop_or_go(struct agentns_session *top)
{
	struct agentns_session *root = top->root;
	u64 turn = root->turns + 1;

	lockdep_assert_held(&root->tree_lock);

	WRITE_ONCE(top->turned, turn);
	/*
	 * Pairs with the one in agentns_stop_work(): who has followed this turn
	 * has seen whose it is, and the gate.
	 */
	smp_store_release(&root->turns, turn);
	refcount_inc(agentns_refcount(&root->ns));
	/* Its own reference is not the last one: @top holds @root. */
	if (!queue_work(agentns_stop_wq, &root->stop_work))
		agentns_session_put(root);
}

/**
 * agentns_stop_or_go_wait - until those that may go on have been let go on
 * @s: a session of the tree, pinned
 *
 * For whoever has let them: the worker undoes no SIGSTOP that it sends then.
 * One that is in agentns_stop_and_look() at that time may.
 *
 * Context: Process context, may sleep.
 */
void agentns_stop_or_go_wait(struct agentns_session *s)
{
	flush_work(&s->root->stop_work);
}

/**
 * agentns_stop_init - prepare a new session
 * @s: the session
 */
void agentns_stop_init(struct agentns_session *s)
{
	INIT_WORK(&s->stop_work, agentns_stop_work);
}

/*
 * The worker may be at it meanwhile, so there is a look behind each signal:
 * either it shows that the gate has been turned, or the worker finds @task
 * behind that signal. As often in a row as nobody can turn it.
 *
 * Model: stop.pml, look again
 */
static void agentns_stop_and_look(struct agentns_session *s,
				  struct task_struct *task)
{
	int looks = AGENTNS_STOP_WALKS;

	do {
		agentns_signal_process(task, SIGSTOP);
		/* Pairs with the one in agentns_stop_work(). */
		smp_mb();
		if (READ_ONCE(s->gate.stops))
			break;
		agentns_signal_process(task, SIGCONT);
		/* Likewise. */
		smp_mb();
	} while (READ_ONCE(s->gate.stops) && --looks);
}

/**
 * agentns_stop_current - stop current where it runs in a stopped session
 *
 * Somebody has sent it a SIGCONT.
 *
 * Context: Hard interrupt.
 */
void agentns_stop_current(void)
{
	struct agentns_session *s = current_session();

	/* Signals are sent with locks that sleep there. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT) || !s || !READ_ONCE(s->gate.stops))
		return;
	agentns_stop_and_look(s, current);
}

/**
 * agentns_stop_process - stop one process as long as a session is stopped
 * @s: the session, pinned, or one below the one that is stopped
 * @task: of the process; in @s, and pinned by the caller
 *
 * Context: Any that allows spinlocks.
 *
 * Model: stop.pml, one process
 */
void agentns_stop_process(struct agentns_session *s, struct task_struct *task)
{
	/* While disabled nothing else holds it up: it may have been continued. */
	if (READ_ONCE(s->gate.stops) && READ_ONCE(agentns_enabled))
		agentns_stop_and_look(s, task);
}

int __init agentns_stops_start(void)
{
	agentns_stop_wq = alloc_workqueue("agentns_stop", WQ_UNBOUND |
					  WQ_HIGHPRI | WQ_MEM_RECLAIM, 0);
	return agentns_stop_wq ? 0 : -ENOMEM;
}

/* No session lives. */
void agentns_stops_stop(void)
{
	destroy_workqueue(agentns_stop_wq);
}
