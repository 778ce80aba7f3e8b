// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals to every process of a session.
 *
 * Nobody escapes a kill by forking. The generation number is raised first.
 * A fork reads it in its fallible step and compares in its last one, when the
 * child can be found by a walk: either the walk below finds the child, or the
 * fork finds the number raised and kills the child itself. A fork that begins
 * after the raising belongs to a task that the walk finds, and links its child
 * either before that task's signal, so that the walk finds the child behind
 * it, or not at all. This is cgroup_kill()'s method (kernel/cgroup/cgroup.c).
 */
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "kill.h"
#include "session.h"

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
 * privilege, so that the init of a pid namespace cannot ignore it.
 */
static void agentns_signal_process(struct task_struct *task, int sig)
{
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
	struct task_struct *process, *task;

	rcu_read_lock();
	for_each_process(process) {
		for_each_thread(process, task) {
			if (!agentns_task_within(task, top))
				continue;
			agentns_signal_process(process, sig);
			break;
		}
	}
	rcu_read_unlock();
}

/**
 * agentns_kill - end every process with a thread in a session
 * @top: the session; its descendants are meant, too
 *
 * Tasks that join afterwards live.
 *
 * Context: Process context; takes the tree lock.
 */
void agentns_kill(struct agentns_session *top)
{
	struct agentns_session *s;

	spin_lock(&top->root->tree_lock);
	agentns_for_each_descendant(s, top)
		WRITE_ONCE(s->kill_seq, s->kill_seq + 1);
	spin_unlock(&top->root->tree_lock);

	/* Pairs with the barrier in agentns_post_fork_hook(). */
	smp_mb();
	agentns_signal(top, SIGKILL);
}
