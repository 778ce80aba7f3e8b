// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPU time is spent first and paid afterwards: whoever accounts it holds the
 * lock of a run queue and can neither wait nor refuse. A CPU whose credit has
 * become negative has the worker draw more, as long as the session or an
 * ancestor has a limit on it; what is spent meanwhile is at the most a tick a
 * running thread.
 */
#include <linux/jiffies.h>

#include "budget.h"
#include "cputime.h"
#include "crossing.h"
#include "due.h"
#include "kill.h"
#include "session.h"
#include "stop.h"
#include "sysctl.h"

/* This CPU has no credit left, and somebody wants to know. */
static noinline void agentns_cputime_ask(struct agentns_session *s)
{
	if (READ_ONCE(s->cputime.kicked))
		return;
	/*
	 * Who has been killed for it may need long to end, and can do no less.
	 * What a task runs up at its end others find, or the sweep.
	 */
	if (agentns_dying(current))
		return;
	/* To look once a tick is enough where none is to be had. */
	if (!READ_ONCE(s->gate.stops) &&
	    time_is_after_eq_jiffies(READ_ONCE(s->cputime.refused_at)))
		return;
	if (!agentns_session_tryget(s))
		return;
	WRITE_ONCE(s->cputime.kicked, true);
	/* Where two CPUs come this far, one has nothing to queue. */
	if (!irq_work_queue(&s->cputime.kick))
		refcount_dec(agentns_refcount(&s->ns));
}

/**
 * agentns_account_cpu_hook - a task of a session has used a CPU
 * @ns: the session, pinned by the task
 * @delta_ns: for so long since the last time
 *
 * Context: Any, with interrupts off; the lock of this CPU's run queue is held.
 */
void agentns_account_cpu_hook(struct ns_common *ns, u64 delta_ns)
{
	struct agentns_session *s = to_session(ns);
	s64 left = this_cpu_sub_return(s->cpu->credit[AGENTNS_CPU], delta_ns);

	/* A stopped task that runs was sent a SIGCONT by somebody. */
	if (unlikely((left < 0 && READ_ONCE(s->cpu_limited)) ||
		     READ_ONCE(s->gate.stops)))
		agentns_cputime_ask(s);
}

static void agentns_cputime_kick(struct irq_work *work)
{
	struct agentns_session *s = container_of(work, struct agentns_session,
						 cputime.kick);

	agentns_stop_current();
	agentns_due(s, AGENTNS_DUE_CPUTIME);
	agentns_session_put(s);
}

/*
 * @top denies, and time is spent on all the same. Sessions between it and @s
 * may be over limits of their own, at which more is done than to deny; who
 * drew found @top in their way first.
 */
static void agentns_cputime_further_in(struct agentns_session *s,
				       struct agentns_session *top)
{
	struct agentns_session *a;
	u32 action;

	for (; top != s; top = a) {
		for (a = s; a->parent != top; a = a->parent)
			;
		if (agentns_crossed(a, AGENTNS_CPU, 1, AGENTNS_ALL, 0,
				    &action) &&
		    action != AGENT_NS_ACTION_DENY)
			return;
	}
}

/**
 * agentns_cputime_settle - have a session's CPU time paid, or act on its limits
 * @s: the session, pinned
 *
 * Context: Process context, may sleep.
 */
void agentns_cputime_settle(struct agentns_session *s)
{
	struct agentns_obstacle obstacle;
	u32 action;

	/*
	 * Before the look at what was spent: who spends later kicks again, if
	 * not at once then the next time. A ration's IPI reaches everybody.
	 */
	WRITE_ONCE(s->cputime.kicked, false);
	while (READ_ONCE(agentns_enabled) && !agentns_draw_cpu(s, &obstacle)) {
		if (!agentns_crossed(obstacle.session, AGENTNS_CPU, 1,
				     AGENTNS_ALL, 0, &action))
			continue;
		WRITE_ONCE(s->cputime.refused_at, jiffies);
		if (action == AGENT_NS_ACTION_DENY)
			agentns_cputime_further_in(s, obstacle.session);
		break;
	}
}

/**
 * agentns_cputime_init - prepare a new session
 * @s: the session
 */
void agentns_cputime_init(struct agentns_session *s)
{
	init_irq_work(&s->cputime.kick, agentns_cputime_kick);
	s->cputime.refused_at = jiffies - 1;
}
