/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Credit: what a CPU may spend for a session without asking anybody.
 *
 * A session knows what its CPUs were granted of each resource, and each of them
 * what it has left of that. What has been granted and is not left was used: one
 * number that goes down both limits and counts. Unlimited is credit that does
 * not run out.
 */
#ifndef _AGENTNS_CREDIT_H
#define _AGENTNS_CREDIT_H

#include <linux/irqflags.h>
#include <linux/percpu.h>
#include <linux/types.h>

#include "compat/percpu.h"

struct agentns_session;

enum agentns_resource {
	AGENTNS_SYSCALLS,
	AGENTNS_BYTES,
	AGENTNS_FORKS,
	AGENTNS_OPENS,
	AGENTNS_CONNECTS,
	AGENTNS_UNLINKS,
	AGENTNS_TASKS,		/* live ones: given back when they end */
	AGENTNS_CPU,		/* nanoseconds, spent before they are drawn */
	AGENTNS_NR_RESOURCES,
};

/**
 * struct agentns_cpu - one CPU's share of one session
 * @credit: left to spend. Its own CPU subtracts and adds with one instruction
 *	in any context, and does anything else to it with interrupts off; for
 *	a CPU that is gone, or a session that nobody spends for any more,
 *	whoever holds the tree lock does. Negative only for CPU time, which is
 *	spent before it is drawn; the next recall that sees it settles that with
 *	the pools.
 * @written: bytes that writes reported done on this CPU
 * @forked: tasks created on this CPU
 *
 * @written and @forked are counted apart because a charge for a write or a
 * fork may be given back, and a counter never goes backwards.
 */
struct agentns_cpu {
	s64 credit[AGENTNS_NR_RESOURCES];
	u64 written;
	u64 forked;
};

/**
 * struct agentns_pool - what is left of a session's limit for one resource
 * @limit: 0 is none
 * @left: not yet granted to any CPU of the session or its descendants;
 *	negative by what was used beyond a limit before that was set
 * @exact: nothing is granted ahead any more, so no credit is left behind on
 *	another CPU; set when the pool ran dry, until the limit is changed
 * @open: the limit was crossed and does not bind any longer
 * @crossed: the crossing has been reported
 *
 * All guarded by the tree lock. While @limit is set and @open is not, @left
 * plus what the session and its descendants were granted is @limit.
 */
struct agentns_pool {
	u64 limit;
	s64 left;
	bool exact;
	bool open;
	bool crossed;
};

/*
 * Take @n from this CPU's credit, all or nothing.
 *
 * The compare-and-exchange is this CPU's own (no LOCK prefix). It may find
 * itself on another CPU than the read before it: then it either fails or
 * finds the same amount there, and the outcome is right for that CPU.
 *
 * Context: any.
 *
 * Model: credit.pml, take
 */
static __always_inline bool agentns_take(struct agentns_cpu __percpu *cpu,
					 enum agentns_resource res, s64 n)
{
	s64 credit = this_cpu_read(cpu->credit[res]);

	do {
		if (unlikely(credit < n))
			return false;
	} while (!agentns_cpu_try_cmpxchg(cpu->credit[res], &credit, credit - n));
	return true;
}

/* How much of what is asked for will do, see agentns_draw(). */
enum agentns_portion {
	AGENTNS_ALL,	/* all or nothing */
	AGENTNS_PART,	/* less, where a limit leaves less */
	AGENTNS_SLICE,	/* a part of what is left, where a limit binds */
};

/* Why a draw came to nothing. */
enum agentns_why {
	AGENTNS_LIMIT,		/* a limit is reached */
	AGENTNS_CONDEMNED,	/* a kill is under way */
	AGENTNS_STOPPED,	/* until the budget is raised */
	AGENTNS_TIME_UP,	/* and nothing but ending is allowed */
};

/**
 * struct agentns_obstacle - what stands in the way of a draw
 * @why: what kind it is
 * @session: whose; the session that draws or an ancestor, so pinned as it is
 * @res: where a limit is reached, the resource
 * @may_come_back: likewise: some of what was charged may not be used in the end
 */
struct agentns_obstacle {
	enum agentns_why why;
	struct agentns_session *session;
	enum agentns_resource res;
	bool may_come_back;
};

/*
 * Take one of each of two resources from this CPU's credit, both or none.
 *
 * Context: any but non-maskable interrupts.
 */
static __always_inline bool agentns_take_both(struct agentns_cpu __percpu *cpu,
					      enum agentns_resource a,
					      enum agentns_resource b)
{
	unsigned long flags;
	bool enough;

	local_irq_save(flags);
	enough = __this_cpu_read(cpu->credit[a]) > 0 &&
		 __this_cpu_read(cpu->credit[b]) > 0;
	if (likely(enough)) {
		__this_cpu_dec(cpu->credit[a]);
		__this_cpu_dec(cpu->credit[b]);
	}
	local_irq_restore(flags);
	return enough;
}

void agentns_grant(struct agentns_session *s, enum agentns_resource res, s64 n);
u64 agentns_portion(const struct agentns_session *tightest,
		    enum agentns_resource res, u64 n,
		    enum agentns_portion portion);
u64 agentns_draw(struct agentns_session *s, enum agentns_resource res, u64 n,
		 enum agentns_portion portion,
		 struct agentns_obstacle *obstacle);
bool agentns_draw_call(struct agentns_session *s, enum agentns_resource class,
		       struct agentns_obstacle *obstacle);
bool agentns_draw_cpu(struct agentns_session *s,
		      struct agentns_obstacle *obstacle);
void agentns_spend_anyway(struct agentns_session *s, enum agentns_resource res,
			  u64 n);
void agentns_spent_elsewhere(struct agentns_session *from,
			     struct agentns_session *to,
			     enum agentns_resource res);
bool agentns_spend_elsewhere(struct agentns_session *from,
			     struct agentns_session *to,
			     enum agentns_resource res,
			     struct agentns_obstacle *obstacle);
void agentns_give_back(struct agentns_session *s, enum agentns_resource res,
		       u64 n);
s64 agentns_used(struct agentns_session *top, enum agentns_resource res);
void agentns_limit_set(struct agentns_session *s, enum agentns_resource res,
		       u64 limit);

#endif /* _AGENTNS_CREDIT_H */
