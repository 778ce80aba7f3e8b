// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entering a session: a new one by prctl(2) or clone3(2), one that is there by
 * setns(2).
 *
 * As everywhere, setns(2) asks for CAP_SYS_ADMIN over the namespace entered and
 * in the user namespace that the caller is in then. Leaving a session, for
 * anything but one below it, takes the caller out of reach of its budget, which
 * only CAP_SYS_ADMIN in the initial user namespace may do.
 */
#include <linux/agentns_hooks.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/error-injection.h>
#include <linux/sched/task.h>
#include <linux/user_namespace.h>
#include <uapi/linux/sched.h>

#include "authority.h"
#include "budget.h"
#include "compat/sched.h"
#include "enter.h"
#include "gate.h"
#include "kill.h"
#include "session.h"
#include "stop.h"
#include "sysctl.h"
#include "trace.h"

#define AGENTNS_NO_OVERLAP(flag)					\
	static_assert(!((u64)(flag) & CLONE_NEWAGENT),			\
		      #flag " of this kernel overlaps with CLONE_NEWAGENT")
#include "clone_flags.h"
#undef AGENTNS_NO_OVERLAP

/**
 * agentns_session_entered - a task is in a session; if it is the first, tell
 * @s: the session, pinned by that task
 * @task: the task, which is current or does not run yet
 *
 * Context: May sleep.
 * Return: was it the first?
 */
bool agentns_session_entered(struct agentns_session *s,
			     struct task_struct *task)
{
	if (READ_ONCE(s->entered) || xchg(&s->entered, true))
		return false;
	agentns_trace_session_start(s, task);
	return true;
}

/**
 * agentns_enter_new - make a session and move current into it
 *
 * Context: May sleep.
 * Return: 0 or a negative errno, see agentns_session_create().
 *
 * Model: session.pml, enter
 */
int agentns_enter_new(void)
{
	struct agentns_session *s = agentns_session_create(current_user_ns());
	struct agentns_session *from = current_session();
	int err;

	if (IS_ERR(s))
		return PTR_ERR(s);

	/* The nsproxy takes our reference; it is current's own to drop. */
	err = agentns_enter(&s->ns);
	if (err) {
		agentns_spent_elsewhere(s, from, AGENTNS_TASKS);
		agentns_session_put(s);
	}
	return err;
}

/**
 * agentns_create_hook - make a session that clone3(2) puts a child into
 * @user_ns: the child's user namespace
 *
 * Return: a reference, or an ERR_PTR: see agentns_session_create().
 */
struct ns_common *agentns_create_hook(struct user_namespace *user_ns)
{
	struct agentns_session *s = agentns_session_create(user_ns);

	return IS_ERR(s) ? ERR_CAST(s) : &s->ns;
}
ALLOW_ERROR_INJECTION(agentns_create_hook, ERRNO);

/**
 * agentns_may_enter_hook - may current go there?
 * @to: the namespace that setns(2) is to install; NULL is the initial one
 * @cred: the credentials that current will have then
 *
 * setns(2) asks this last, when nothing else can refuse any more. So where the
 * answer is yes, current has its place there from now on, and a fork inside
 * cannot take it meanwhile.
 *
 * Return: 0, -EPERM, or what agentns_budget_admit() says.
 */
int agentns_may_enter_hook(struct ns_common *to, const struct cred *cred)
{
	struct agentns_session *from = current_session();
	struct agentns_session *s = to ? to_session(to) : NULL;
	int err;

	if (!ns_capable(s ? s->user_ns : &init_user_ns, CAP_SYS_ADMIN) ||
	    !ns_capable(cred->user_ns, CAP_SYS_ADMIN))
		return -EPERM;
	err = agentns_may_leave(from, s);
	if (err)
		return err;
	if (s && READ_ONCE(agentns_enabled))
		return agentns_budget_admit(s, from);
	agentns_spent_elsewhere(from, s, AGENTNS_TASKS);
	return 0;
}
ALLOW_ERROR_INJECTION(agentns_may_enter_hook, ERRNO);

/**
 * agentns_move_begin_hook - current is about to enter or leave a session
 * @move: from where to where
 *
 * Its place is where it goes already.
 *
 * Model: kill.pml, move begin
 */
void agentns_move_begin_hook(struct agentns_move *move)
{
	struct agentns_session *to;
	bool dying, condemned;

	if (!move->to)
		return;
	to = to_session(move->to);
	do {
		/* It may go on: it makes no more system calls. */
		dying = agentns_gate_wait(to);
		/* The number is not that of a kill that is under way. */
		spin_lock(&to->root->tree_lock);
		condemned = to->gate.condemned;
		move->kill_seq = to->kill_seq;
		spin_unlock(&to->root->tree_lock);
	} while (condemned && !dying);
}

/**
 * agentns_move_end_hook - it has
 * @move: as agentns_move_begin_hook() left it
 *
 * A kill that began meanwhile may have missed current, which was nowhere then:
 * as a fork does, it looks at the generation number again, see kill.c.
 *
 * Model: kill.pml, move end
 */
void agentns_move_end_hook(struct agentns_move *move)
{
	struct agentns_session *to;

	task_lock(current);
	agentns_mark(current);
	task_unlock(current);

	if (!move->to)
		return;
	to = to_session(move->to);
	if (!agentns_session_entered(to, current))
		agentns_trace_task_join(to, move->from ?
					to_session(move->from) : NULL);
	/* Pairs with the one in agentns_kill_all(). */
	smp_mb();
	if (READ_ONCE(to->kill_seq) != move->kill_seq)
		agentns_kill_process(current);
	if (READ_ONCE(to->gate.stops))
		agentns_stop_process(to, current);
}

/**
 * agentns_exit_hook - current is ending
 * @ns: the session that it leaves
 *
 * Model: session.pml, exit
 */
void agentns_exit_hook(struct ns_common *ns)
{
	/* Workers of the kernel are not counted, see agentns_can_fork_hook(). */
	if (!(current->flags & AGENTNS_PF_WORKER))
		agentns_give_back(to_session(ns), AGENTNS_TASKS, 1);
}
