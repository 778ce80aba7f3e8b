// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drawing credit, and setting limits to it.
 *
 * A limit's remainder is handed out to CPUs in batches. When a pool runs dry,
 * every CPU that has some is asked by IPI to give it up, see recall.c, and from
 * then on the pool grants one by one, so the last unit of a limit is found
 * wherever it lies and none is granted twice. lib/percpu_counter.c's limited
 * add has the same aim; it cannot be used here, because it takes a lock once it
 * comes near its limit and knows nothing of limits above limits.
 */
#include <linux/bits.h>
#include <linux/cpumask.h>
#include <linux/minmax.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/smp.h>

#include "gate.h"
#include "recall.h"
#include "session.h"

/* The most that a CPU gets ahead of need: calls, and bytes. */
#define AGENTNS_BATCH		256
#define AGENTNS_BATCH_BYTES	SZ_1M

/* A CPU's credit where no limit binds; two of them still fit in an s64. */
#define AGENTNS_UNLIMITED	BIT_ULL(61)

static bool agentns_binds(const struct agentns_pool *pool)
{
	return pool->limit && !pool->open;
}

/* Used up is used up, by however much more than another one. */
static s64 agentns_left(const struct agentns_pool *pool)
{
	return max_t(s64, pool->left, 0);
}

/*
 * The pool that is nearest to its end among those that bind @s, NULL where
 * none does. Of equals the outermost, which then decides what happens.
 *
 * Model: credit.pml, tightest
 */
static struct agentns_session *agentns_tightest(struct agentns_session *s,
						enum agentns_resource res)
{
	struct agentns_session *tightest = NULL;

	for (; s; s = s->parent) {
		if (!agentns_binds(&s->pool[res]))
			continue;
		if (!tightest || agentns_left(&s->pool[res]) <=
				 agentns_left(&tightest->pool[res]))
			tightest = s;
	}
	return tightest;
}

/**
 * agentns_grant - enter in the books that a session was granted something
 * @s: the session; its tree lock is held
 * @res: of what
 * @n: so many units more, by each pool that binds it; a negative number comes
 *	back
 *
 * Model: credit.pml, grant
 */
void agentns_grant(struct agentns_session *s, enum agentns_resource res, s64 n)
{
	lockdep_assert_held(&s->root->tree_lock);

	s->granted[res] += n;
	for (; s; s = s->parent)
		if (agentns_binds(&s->pool[res]))
			s->pool[res].left -= n;
}

/* From this remainder down a pool grants nothing ahead once it ran dry. */
static s64 agentns_scarce(enum agentns_resource res)
{
	return res == AGENTNS_BYTES ? SZ_64K : 4 * num_online_cpus();
}

/*
 * How much to grant where @n is needed and at least that is left.
 *
 * Model: credit.pml, batch
 */
static u64 agentns_batch(struct agentns_session *s,
			 const struct agentns_pool *tightest,
			 enum agentns_resource res, u64 n)
{
	u64 share, most;

	/* What is granted ahead for one pool would be lost to the others. */
	for (; s; s = s->parent)
		if (agentns_binds(&s->pool[res]) && s->pool[res].exact)
			return n;
	most = res == AGENTNS_BYTES ? AGENTNS_BATCH_BYTES : AGENTNS_BATCH;
	share = tightest->left / (4 * num_online_cpus());
	return min_t(u64, max(n, min(share, most)), tightest->left);
}

/*
 * Can credit that a pool granted still lie on some CPU?
 *
 * Model: credit.pml, recallable
 */
static bool agentns_recallable(struct agentns_session *tightest,
			       enum agentns_resource res)
{
	struct agentns_session *s;

	if (!tightest->pool[res].exact)
		return true;
	agentns_for_each_descendant(s, tightest)
		if (READ_ONCE(s->refunded[res]))
			return true;
	return false;
}

/**
 * agentns_portion - how much can be had from a pool
 * @tightest: the session whose pool it is; its tree lock is held
 * @res: of what
 * @n: how much is asked for
 * @portion: whether less will do; a part will only where the rest is refused
 *
 * Return: at most @n; 0 where the limit is reached.
 */
u64 agentns_portion(const struct agentns_session *tightest,
		    enum agentns_resource res, u64 n,
		    enum agentns_portion portion)
{
	s64 left = tightest->pool[res].left;

	if (left >= (s64)n)
		return n;
	if (left <= 0)
		return 0;
	if (portion == AGENTNS_SLICE ||
	    (portion == AGENTNS_PART && agentns_action_refuses(tightest->action)))
		return left;
	return 0;
}

/* What @s itself spent, and its ended descendants. */
static u64 agentns_spent(const struct agentns_session *s,
			 enum agentns_resource res)
{
	u64 spent = s->granted[res];
	int cpu;

	for_each_possible_cpu(cpu)
		spent -= READ_ONCE(per_cpu_ptr(s->cpu, cpu)->credit[res]);
	return spent;
}

/*
 * What @top and its descendants were charged, and what of it is done.
 *
 * Model: credit.pml, in flight
 */
static bool agentns_in_flight(struct agentns_session *top,
			      enum agentns_resource res)
{
	bool bytes = res == AGENTNS_BYTES;
	u64 charged = 0, done = 0;
	struct agentns_session *s;
	int cpu;

	if (!bytes && res != AGENTNS_FORKS)
		return false;

	agentns_for_each_descendant(s, top) {
		done += bytes ? s->past_written : s->past_forked;
		for_each_possible_cpu(cpu) {
			const struct agentns_cpu *share = per_cpu_ptr(s->cpu, cpu);

			done += bytes ? READ_ONCE(share->written) :
					READ_ONCE(share->forked);
		}
		/* After it: what is charged and done meanwhile looks undone. */
		charged += agentns_spent(s, res);
	}
	return charged != done;
}

/*
 * Was something charged that has come back just now, or may do so yet? What
 * agentns_give_back() does in one order is looked at in the other.
 *
 * Model: credit.pml, come back
 */
static bool agentns_may_come_back(struct agentns_session *top,
				  enum agentns_resource res)
{
	struct agentns_session *s;

	if (agentns_in_flight(top, res))
		return true;
	/* Pairs with the one in agentns_give_back(). */
	smp_rmb();
	agentns_for_each_descendant(s, top)
		if (READ_ONCE(s->refunded[res]))
			return true;
	return false;
}

/*
 * As agentns_draw(), with the tree lock held.
 *
 * Model: credit.pml, draw
 */
static u64 agentns_draw_locked(struct agentns_session *s,
			       enum agentns_resource res, u64 n,
			       enum agentns_portion portion,
			       struct agentns_obstacle *obstacle)
{
	struct agentns_session *tightest, *recalled = NULL;
	u64 granted;

again:
	tightest = agentns_tightest(s, res);
	if (!tightest) {
		granted = n + AGENTNS_UNLIMITED;
		goto grant;
	}
	/* What a copy would take at most is not what it will write. */
	if (portion == AGENTNS_SLICE)
		n = min_t(u64, n, max_t(s64, tightest->pool[res].left / 8, SZ_64K));
	if (tightest->pool[res].left < (s64)n && tightest != recalled &&
	    agentns_recallable(tightest, res)) {
		agentns_recall(tightest, res);
		tightest->pool[res].exact =
			tightest->pool[res].left < agentns_scarce(res);
		recalled = tightest;
		goto again;
	}

	n = agentns_portion(tightest, res, n, portion);
	if (!n) {
		*obstacle = (struct agentns_obstacle) {
			.why = AGENTNS_LIMIT, .session = tightest, .res = res,
			.may_come_back = agentns_may_come_back(tightest, res),
		};
		return 0;
	}
	granted = agentns_batch(s, &tightest->pool[res], res, n);
grant:
	agentns_grant(s, res, granted);
	this_cpu_add(s->cpu->credit[res], granted - n);
	return n;
}

/**
 * agentns_draw - spend when this CPU's credit does not suffice
 * @s: session that the caller has pinned
 * @res: what is spent
 * @n: how much, at least 1
 * @portion: whether less will do, where a limit binds
 * @obstacle: where 0 is returned, why
 *
 * Context: Process context with interrupts on; takes the tree lock.
 * Return: how much was spent; 0 when a limit is reached.
 */
u64 agentns_draw(struct agentns_session *s, enum agentns_resource res, u64 n,
		 enum agentns_portion portion,
		 struct agentns_obstacle *obstacle)
{
	spin_lock(&s->root->tree_lock);
	n = agentns_draw_locked(s, res, n, portion, obstacle);
	spin_unlock(&s->root->tree_lock);
	return n;
}

/**
 * agentns_draw_call - spend a call, and what it is besides, both or none
 * @s: session that the caller has pinned
 * @class: what the call is besides; AGENTNS_SYSCALLS for nothing
 * @obstacle: where false is returned, why: besides a limit also a gate of the
 *	session, see gate.h
 *
 * Counters are read under the tree lock, so nobody sees one without the other.
 * Whoever has been sent a SIGKILL draws nothing.
 *
 * Context: Process context with interrupts on; takes the tree lock.
 *
 * Model: kill.pml, draw call
 */
bool agentns_draw_call(struct agentns_session *s, enum agentns_resource class,
		       struct agentns_obstacle *obstacle)
{
	bool drawn = false, local;

	spin_lock(&s->root->tree_lock);
	if (agentns_gate_shut(s, obstacle))
		goto out;
	/*
	 * Who was kept on the way here until everybody had been signalled, and
	 * the gate was open again, does not pass it: the lock orders the two.
	 */
	if (fatal_signal_pending(current)) {
		obstacle->why = AGENTNS_CONDEMNED;
		obstacle->session = s;
		goto out;
	}
	/* No grant while there is credit: unlimited would come to overflow. */
	local = agentns_take(s->cpu, AGENTNS_SYSCALLS, 1);
	if (!local && !agentns_draw_locked(s, AGENTNS_SYSCALLS, 1, AGENTNS_ALL,
					   obstacle))
		goto out;
	if (class == AGENTNS_SYSCALLS || agentns_take(s->cpu, class, 1) ||
	    agentns_draw_locked(s, class, 1, AGENTNS_ALL, obstacle)) {
		drawn = true;
		goto out;
	}
	/* Back to where it came from, so that none is left on this CPU. */
	if (local)
		this_cpu_inc(s->cpu->credit[AGENTNS_SYSCALLS]);
	else
		agentns_grant(s, AGENTNS_SYSCALLS, -1);
out:
	spin_unlock(&s->root->tree_lock);
	return drawn;
}

/* How much CPU time is worth an interrupt to a CPU. */
#define AGENTNS_CPU_LEAST	(250 * NSEC_PER_USEC)

struct agentns_ration {
	struct agentns_session *s;
	s64 n;
	atomic_t shares;	/* not yet given out */
};

/* On each CPU, by IPI, while the sender holds the tree lock. */
static void agentns_ration_cpu(void *data)
{
	struct agentns_ration *ration = data;

	/* A CPU that has come online meanwhile answers, too. */
	if (atomic_dec_if_positive(&ration->shares) >= 0)
		this_cpu_add(ration->s->cpu->credit[AGENTNS_CPU], ration->n);
}

/*
 * Who is refused comes again with each tick, and must not have the whole tree
 * looked through for that: everything was called in when it was reported, and
 * nothing has been granted since.
 */
static bool agentns_cpu_used_up(const struct agentns_session *s)
{
	const struct agentns_pool *pool = &s->pool[AGENTNS_CPU];

	return pool->crossed && pool->left <= 0;
}

/**
 * agentns_draw_cpu - settle CPU time that was spent with the limits on it
 * @s: session of which some CPU has no credit left; the caller has pinned it
 * @obstacle: where false is returned, whose limit is reached
 *
 * Each CPU gets an equal share of half of what is left, so that the number of
 * times that this is done grows as the logarithm of the limit.
 *
 * Context: Process context with interrupts on; takes the tree lock.
 *
 * Model: credit.pml, ration
 */
bool agentns_draw_cpu(struct agentns_session *s,
		      struct agentns_obstacle *obstacle)
{
	struct agentns_ration ration = { .s = s };
	struct agentns_session *tightest, *recalled = NULL;
	bool drawn = true;
	s64 left;
	int cpus;

	spin_lock(&s->root->tree_lock);
	/* Its debts. Those of others come in when they draw. */
	agentns_recall_one(s, AGENTNS_CPU);
	tightest = agentns_tightest(s, AGENTNS_CPU);
	cpus = num_online_cpus();
	/* Debts come in, too, and one further out may be the tightest then. */
	while (tightest && !agentns_cpu_used_up(tightest) &&
	       tightest->pool[AGENTNS_CPU].left <
			2 * cpus * (s64)AGENTNS_CPU_LEAST &&
	       !(recalled && agentns_session_within(tightest, recalled))) {
		recalled = tightest;
		agentns_recall(recalled, AGENTNS_CPU);
		tightest = agentns_tightest(s, AGENTNS_CPU);
	}
	left = tightest ? tightest->pool[AGENTNS_CPU].left : S64_MAX;
	if (left <= 0) {
		*obstacle = (struct agentns_obstacle) {
			.why = AGENTNS_LIMIT, .session = tightest,
			.res = AGENTNS_CPU,
		};
		drawn = false;
		goto out;
	}
	ration.n = max_t(s64, left / (2 * cpus),
			 min_t(s64, left / cpus, AGENTNS_CPU_LEAST));
	ration.n = clamp_t(s64, ration.n, 1, AGENTNS_UNLIMITED);
	atomic_set(&ration.shares, cpus);
	on_each_cpu(agentns_ration_cpu, &ration, true);
	cpus -= atomic_read(&ration.shares);
	agentns_grant(s, AGENTNS_CPU, ration.n * cpus);
out:
	spin_unlock(&s->root->tree_lock);
	return drawn;
}

/**
 * agentns_spend_anyway - spend what cannot be refused
 * @s: session that pays, pinned by the caller
 * @res: what is spent
 * @n: how much
 *
 * A grant of which nothing becomes credit is spent.
 *
 * Context: Process context with interrupts on; takes the tree lock.
 *
 * Model: credit.pml, anyway
 */
void agentns_spend_anyway(struct agentns_session *s, enum agentns_resource res,
			  u64 n)
{
	spin_lock(&s->root->tree_lock);
	agentns_grant(s, res, n);
	spin_unlock(&s->root->tree_lock);
}

/**
 * agentns_spent_elsewhere - what one session spent is another's from now on
 * @from: the one that paid; NULL for none
 * @to: the one that pays; NULL for none
 * @res: what was spent
 *
 * One unit. What both are below of does not notice.
 *
 * Context: Process context with interrupts on; takes tree locks.
 */
void agentns_spent_elsewhere(struct agentns_session *from,
			     struct agentns_session *to,
			     enum agentns_resource res)
{
	if (from && to && from->root == to->root) {
		spin_lock(&from->root->tree_lock);
		agentns_grant(from, res, -1);
		agentns_grant(to, res, 1);
		spin_unlock(&from->root->tree_lock);
		return;
	}
	if (to)
		agentns_spend_anyway(to, res, 1);
	if (from)
		agentns_give_back(from, res, 1);
}

/*
 * Is there one unit left for @to and all that @from is not in as well?
 *
 * Model: credit.pml, room
 */
static bool agentns_room(struct agentns_session *from,
			 struct agentns_session *to, enum agentns_resource res,
			 struct agentns_obstacle *obstacle)
{
	struct agentns_session *a;
	bool room = true;

	lockdep_assert_held(&to->root->tree_lock);

	for (a = to; a; a = a->parent) {
		if (from && agentns_session_within(from, a))
			break;
		if (!agentns_binds(&a->pool[res]) || a->pool[res].left > 0)
			continue;
		agentns_recall(a, res);
		if (a->pool[res].left > 0)
			continue;
		/* The outermost decides, but of those that let in none may refuse. */
		if (room || agentns_action_refuses(a->action) ||
		    !agentns_action_refuses(obstacle->session->action))
			*obstacle = (struct agentns_obstacle) {
				.why = AGENTNS_LIMIT, .session = a, .res = res,
			};
		room = false;
	}
	return room;
}

/**
 * agentns_spend_elsewhere - agentns_spent_elsewhere(), where there is room
 * @from: the one that paid; NULL for none
 * @to: the one that is to pay; the caller has pinned it
 * @res: what was spent
 * @obstacle: where false is returned, whose limit is reached
 *
 * In one step: nobody gets between the look and the charge. In a tree of its
 * own @from pays until @to does.
 *
 * Context: Process context with interrupts on; takes the tree lock of @to.
 * Return: whether it is done; if not, nothing is.
 *
 * Model: credit.pml, elsewhere
 */
bool agentns_spend_elsewhere(struct agentns_session *from,
			     struct agentns_session *to,
			     enum agentns_resource res,
			     struct agentns_obstacle *obstacle)
{
	bool room, same = from && from->root == to->root;

	spin_lock(&to->root->tree_lock);
	room = agentns_room(from, to, res, obstacle);
	if (room) {
		agentns_grant(to, res, 1);
		if (same)
			agentns_grant(from, res, -1);
	}
	spin_unlock(&to->root->tree_lock);
	if (room && from && !same)
		agentns_give_back(from, res, 1);
	return room;
}

/**
 * agentns_give_back - return what was spent and not used
 * @s: session that paid, pinned by the caller
 * @res: what was spent
 * @n: how much
 *
 * To the CPU that happens to run: the sums are what counts. With interrupts
 * off, so that a recall gets both the credit and the word of it or neither.
 *
 * Context: Any, hard interrupts included.
 *
 * Model: credit.pml, give back
 */
void agentns_give_back(struct agentns_session *s, enum agentns_resource res,
		       u64 n)
{
	unsigned long flags;

	local_irq_save(flags);
	if (!READ_ONCE(s->refunded[res]))
		WRITE_ONCE(s->refunded[res], true);
	/* Who sees the credit sees the word, see agentns_may_come_back(). */
	smp_wmb();
	this_cpu_add(s->cpu->credit[res], n);
	local_irq_restore(flags);
}

/**
 * agentns_used - what a session and its descendants spent, live and ended
 * @top: the session; its tree lock is held
 * @res: of what
 *
 * Negative only for tasks, and only by those that are on their way.
 */
s64 agentns_used(struct agentns_session *top, enum agentns_resource res)
{
	struct agentns_session *s;
	s64 used = 0;

	lockdep_assert_held(&top->root->tree_lock);

	agentns_for_each_descendant(s, top)
		used += agentns_spent(s, res);
	return used;
}

/* What @top and its descendants, live and ended, were granted. */
static u64 agentns_granted(struct agentns_session *top,
			   enum agentns_resource res)
{
	struct agentns_session *s;
	u64 granted = 0;

	agentns_for_each_descendant(s, top)
		granted += s->granted[res];
	return granted;
}

/* Let the accounting of CPU time know whether anybody wants to hear of it. */
static void agentns_mark_limited(struct agentns_session *top)
{
	struct agentns_session *s;

	/* Parents come before their children. */
	agentns_for_each_descendant(s, top)
		WRITE_ONCE(s->cpu_limited, s->pool[AGENTNS_CPU].limit ||
			   (s->parent && s->parent->cpu_limited));
}

/**
 * agentns_limit_set - set one limit of a session
 * @s: the session; its tree lock is held
 * @res: of what
 * @limit: 0 is none
 *
 * A limit is on the absolute value of the counter: what was used before
 * counts.
 *
 * Context: Process context with interrupts on; waits for IPIs.
 *
 * Model: credit.pml, limit set
 */
void agentns_limit_set(struct agentns_session *s, enum agentns_resource res,
		       u64 limit)
{
	/* All credit in: what was granted is then what was used. */
	agentns_recall(s, res);
	s->pool[res] = (struct agentns_pool) {
		.limit = limit,
		.left = (s64)min_t(u64, limit, S64_MAX) -
			(s64)agentns_granted(s, res),
	};
	if (res == AGENTNS_CPU)
		agentns_mark_limited(s);
}
