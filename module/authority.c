// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may create, leave, limit, kill. Only current is ever asked about.
 *
 * Capabilities are those of the initial user namespace: root in a user
 * namespace that an agent made for itself is nobody here. A seal stands above
 * capabilities: a task inside of a sealed session has power over what is below
 * that session, and over nothing else.
 */
#include <linux/auxvec.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/mm_types.h>
#include <linux/sched.h>
#include <linux/user_namespace.h>

#include "authority.h"
#include "budget.h"
#include "session.h"
#include "sysctl.h"

/* The innermost sealed session that @s is in; NULL for none. */
static const struct agentns_session *
agentns_seal_around(const struct agentns_session *s)
{
	while (s && !READ_ONCE(s->sealed))
		s = s->parent;
	return s;
}

/**
 * agentns_may_create - may current make a session?
 * @parent: the one that it is in, or NULL
 *
 * Inside of a session anybody may, as nesting only narrows.
 *
 * Return: 0, -ENOSYS while disabled, -EPERM, -ENOSPC below
 * AGENT_NS_DEPTH_MAX.
 */
int agentns_may_create(const struct agentns_session *parent)
{
	if (!READ_ONCE(agentns_enabled))
		return -ENOSYS;
	if (!parent && !READ_ONCE(agentns_unprivileged) &&
	    !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (parent && parent->depth >= AGENT_NS_DEPTH_MAX)
		return -ENOSPC;
	return 0;
}

/**
 * agentns_may_leave - may current go from one session into another?
 * @from: the one that it is in, or NULL for the initial agent namespace
 * @to: the one that it is to be in, likewise
 *
 * To go down is not to leave. What else it takes to enter @to is for the
 * caller to ask.
 *
 * Return: 0 or -EPERM.
 */
int agentns_may_leave(const struct agentns_session *from,
		      const struct agentns_session *to)
{
	const struct agentns_session *a;

	if (!from || agentns_session_within(to, from))
		return 0;
	for (a = from; a; a = a->parent)
		if (READ_ONCE(a->sealed) && !agentns_session_within(to, a))
			return -EPERM;
	return capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
}

/*
 * In a session the mode of a file is not enough. A task there may be the
 * machine's user 0 without any of its powers, as in a container that has no user
 * namespace, and it may have got a file that somebody else has opened.
 */
static int agentns_more_than_a_mode(void)
{
	return capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
}

/**
 * agentns_may_manage - may current loosen or tag a session, as root does?
 * @s: the session
 *
 * For who may write the session's files in the first place.
 *
 * Return: 0, or -EPERM inside of a sealed session that @s is not below, and
 * without CAP_SYS_ADMIN in any that @s is not below.
 */
int agentns_may_manage(const struct agentns_session *s)
{
	const struct agentns_session *own = current_session();
	const struct agentns_session *seal = agentns_seal_around(own);

	if (seal && (s == seal || !agentns_session_within(s, seal)))
		return -EPERM;
	if (own && (s == own || !agentns_session_within(s, own)))
		return agentns_more_than_a_mode();
	return 0;
}

/**
 * agentns_may_narrow - may current kill, seal or tighten, as root does?
 * @s: the session
 *
 * For who may write the session's files in the first place.
 *
 * Return: 0, or -EPERM inside of a sealed session when @s is neither that nor
 * below it, and without CAP_SYS_ADMIN in any of which that is so.
 */
int agentns_may_narrow(const struct agentns_session *s)
{
	const struct agentns_session *own = current_session();
	const struct agentns_session *seal = agentns_seal_around(own);

	if (seal && !agentns_session_within(s, seal))
		return -EPERM;
	if (own && !agentns_session_within(s, own))
		return agentns_more_than_a_mode();
	return 0;
}

/**
 * agentns_may_turn_knobs - may current change what holds for all sessions?
 *
 * For who may write the knobs in the first place.
 *
 * Return: 0, or -EPERM inside of a sealed session, and without CAP_SYS_ADMIN
 * in any.
 */
int agentns_may_turn_knobs(void)
{
	const struct agentns_session *own = current_session();

	if (agentns_seal_around(own))
		return -EPERM;
	return own ? agentns_more_than_a_mode() : 0;
}

/**
 * agentns_may_turn_stamp_knobs - the same for those of stamps on files
 *
 * From no session at all, sealed or not: they would be a way to take stamps
 * away, which nobody in a session can do otherwise.
 *
 * Context: Process context; current's.
 * Return: 0 or -EPERM.
 */
int agentns_may_turn_stamp_knobs(void)
{
	return current_session() ? -EPERM : 0;
}

/**
 * agentns_may_set_budget - may current replace a session's budget?
 * @s: the session that current is in
 * @old: its budget
 * @new: what is to replace it
 *
 * Return: 0, or -EPERM when this would loosen it, and current has no
 * CAP_SYS_ADMIN or the session is sealed.
 */
int agentns_may_set_budget(const struct agentns_session *s,
			   const struct agentns_budget *old,
			   const struct agentns_budget *new)
{
	if (!agentns_budget_loosens(old, new))
		return 0;
	if (agentns_may_manage(s))
		return -EPERM;
	return capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
}

/* A word of what the kernel told current's program: 32 bits in one of 32 bits. */
static unsigned long agentns_auxv(int i)
{
	const unsigned long *auxv = current->mm->saved_auxv;

#if defined(TIF_ADDR32)
	if (test_thread_flag(TIF_ADDR32))
		return ((const u32 *)auxv)[i];
#elif defined(TIF_32BIT)
	if (test_thread_flag(TIF_32BIT))
		return ((const u32 *)auxv)[i];
#endif
	return auxv[i];
}

/* Did an execve give this program more rights than it was called with? */
static bool agentns_secure_exec(void)
{
	int i;

	if (!current->mm)
		return false;
	for (i = 0; i + 1 < AT_VECTOR_SIZE && agentns_auxv(i) != AT_NULL; i += 2)
		if (agentns_auxv(i) == AT_SECURE)
			return agentns_auxv(i + 1);
	return false;
}

/**
 * agentns_trusted - does current make sessions as the machine's root does?
 *
 * Who may execute a program that has the capability in its file may make
 * sessions, in any number, and is not root for that.
 *
 * Context: Process context.
 */
bool agentns_trusted(void)
{
	return ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN) &&
	       !agentns_secure_exec();
}

/**
 * agentns_outranks - has current more rights than whoever set a limit?
 * @limiter: the credentials of that one
 *
 * A set-user-ID program or one with file capabilities does, whoever that was,
 * because its caller chose the moment; it is known by what the kernel told it
 * (AT_SECURE), which outlives setuid(2). So does what such a program executed
 * in turn, where its capabilities or its user go beyond the limiter's.
 *
 * Context: Process context.
 */
bool agentns_outranks(const struct cred *limiter)
{
	const struct cred *cred = current_cred();

	if (agentns_secure_exec())
		return true;
	/* In a user namespace of its own a task has no power over others. */
	if (cred->user_ns != limiter->user_ns)
		return !current_in_userns(limiter->user_ns);
	if (!cap_issubset(cred->cap_permitted, limiter->cap_permitted))
		return true;
	return !uid_eq(cred->euid, limiter->euid) &&
	       !cap_raised(limiter->cap_permitted, CAP_SETUID);
}

/**
 * agentns_seal - let no task inside of a session leave it or loosen its budget
 * @s: the session, pinned
 *
 * There is no way back but for the session to end.
 */
void agentns_seal(struct agentns_session *s)
{
	WRITE_ONCE(s->sealed, true);
}
