// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deadlines, kept to the millisecond.
 *
 * A timer marks the session that is over and asks every CPU, by IPI, to deal
 * with the task that it runs, as from an interrupt nobody may look at another
 * task's nsproxy. That reaches a task that spins in user space at once. The
 * rest is done by a worker, see due.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/irq_work.h>
#include <linux/overflow.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/smp.h>

#include "compat/hrtimer.h"
#include "counters.h"
#include "crossing.h"
#include "deadline.h"
#include "due.h"
#include "kill.h"
#include "reaper.h"
#include "registry.h"
#include "session.h"
#include "sysctl.h"

/**
 * struct agentns_ask - the way to ask one CPU
 * @csd: the IPI; belongs to whoever set @asked until the CPU has cleared it
 * @look: what the IPI asks for, at once and where signals may be sent
 * @asked: the CPU has been asked and has not been told yet
 * @all: asks all of them, once for all timers that this CPU's interrupt has
 *	found due: there may be as many as there are sessions
 */
struct agentns_ask {
	call_single_data_t csd;
	struct irq_work look;
	atomic_t asked;
	struct irq_work all;
};

static DEFINE_PER_CPU(struct agentns_ask, agentns_ask);

/*
 * Kill current where its session is over. With PREEMPT_RT current is a thread
 * of the kernel's, which is in none: there the worker does all.
 */
static void agentns_deal_with_current(struct irq_work *look)
{
	struct agentns_session *s = current_session();

	/* When it is 1 again a sweep finds whose deadline has come meanwhile. */
	if (!READ_ONCE(agentns_enabled))
		return;
	for (; s; s = s->parent) {
		if (!READ_ONCE(s->deadline.over))
			continue;
		if (!is_global_init(current))
			agentns_kill_process(current);
		return;
	}
}

/*
 * In hard interrupt context, where no spinlock_t may be taken, as the one that
 * signals are sent under: PREEMPT_RT makes a lock of it that sleeps, and lockdep
 * reports it without that, too (PROVE_RAW_LOCK_NESTING). An irq_work may, and
 * begins as soon as this returns.
 */
static void agentns_asked(void *info)
{
	struct agentns_ask *ask = this_cpu_ptr(&agentns_ask);

	/* Before the look: whoever asks from here on asks anew. */
	atomic_xchg(&ask->asked, 0);
	irq_work_queue(&ask->look);
}

/* From hard interrupts, of any number of CPUs at once. */
static void agentns_ask_cpus(void)
{
	int cpu;

	for_each_online_cpu(cpu) {
		struct agentns_ask *ask = per_cpu_ptr(&agentns_ask, cpu);

		/* A CPU that has yet to look will see what this one has set. */
		if (atomic_xchg(&ask->asked, 1))
			continue;
		if (smp_call_function_single_async(cpu, &ask->csd))
			atomic_set(&ask->asked, 0);
	}
}

static void agentns_ask_all(struct irq_work *all)
{
	agentns_ask_cpus();
}

static enum hrtimer_restart agentns_deadline_timer(struct hrtimer *timer)
{
	struct agentns_session *s = container_of(timer, struct agentns_session,
						 deadline.timer);

	if (ktime_get_boottime_ns() >= READ_ONCE(s->deadline.kill_ns)) {
		WRITE_ONCE(s->deadline.over, true);
		irq_work_queue(&this_cpu_ptr(&agentns_ask)->all);
	}
	agentns_due(s, AGENTNS_DUE_AGE);
	return HRTIMER_NORESTART;
}

/**
 * agentns_deadline_look - do what a session's age calls for
 * @s: the session, pinned
 *
 * Context: Process context, may sleep.
 */
void agentns_deadline_look(struct agentns_session *s)
{
	agentns_reap(s);
	/* Who joins from here on, when the gate is open, lives. */
	WRITE_ONCE(s->deadline.over, false);
}

/**
 * agentns_deadline_init - prepare a new session
 * @s: the session
 */
void agentns_deadline_init(struct agentns_session *s)
{
	agentns_hrtimer_setup(&s->deadline.timer, agentns_deadline_timer,
			      CLOCK_BOOTTIME, HRTIMER_MODE_ABS);
	s->deadline.kill_ns = U64_MAX;
}

static u64 agentns_add_or_never(u64 since, u64 ns)
{
	u64 sum;

	return check_add_overflow(since, ns, &sum) ? U64_MAX : sum;
}

/**
 * agentns_deadline_update - set a session's timer to what is due next
 * @s: the session; its tree lock is held
 *
 * Context: Process context.
 */
void agentns_deadline_update(struct agentns_session *s)
{
	u64 elapsed = U64_MAX, grace = U64_MAX, due;

	lockdep_assert_held(&s->root->tree_lock);

	if (s->max_elapsed_ns && !s->elapsed_crossed)
		elapsed = agentns_add_or_never(s->created_ns, s->max_elapsed_ns);
	if (s->term_at_ns && s->grace_ns)
		grace = agentns_add_or_never(s->term_at_ns, s->grace_ns);
	due = min(elapsed, grace);
	/* In one word: the timer must not see half of a change. */
	WRITE_ONCE(s->deadline.kill_ns,
		   s->action == AGENT_NS_ACTION_KILL ? due : grace);
	/* Beyond what the clock can reach is never. */
	if (due >= KTIME_MAX)
		hrtimer_try_to_cancel(&s->deadline.timer);
	else
		hrtimer_start(&s->deadline.timer, ns_to_ktime(due),
			      HRTIMER_MODE_ABS);
}

/**
 * agentns_deadline_end - no timer fires for a session any more
 * @s: the session, without references
 *
 * Context: Process context.
 */
void agentns_deadline_end(struct agentns_session *s)
{
	hrtimer_cancel(&s->deadline.timer);
}

/*
 * The lifetime is the same for all, so the sessions' list, oldest first, is
 * the order in which they reach it, and one timer does.
 */
static struct hrtimer agentns_lifetime;
static bool agentns_lifetime_armed;		/* agentns_lifetime_lock */
static DEFINE_RAW_SPINLOCK(agentns_lifetime_lock);	/* irqs off */

/* How many sessions the timer itself marks; the worker finds the others. */
#define AGENTNS_LIFETIME_BATCH	128

static u64 agentns_lifetime_due(const struct agentns_session *s)
{
	return s->created_ns + agentns_max_lifetime_ns();
}

/* Mark who is over at @now; return when the next one will be, or KTIME_MAX. */
static u64 agentns_lifetime_mark(u64 now)
{
	int marked = 0, passed = 0;
	struct agentns_session *s;
	u64 next = KTIME_MAX;

	if (!agentns_max_lifetime_ns() || !READ_ONCE(agentns_enabled))
		return KTIME_MAX;
	rcu_read_lock();
	list_for_each_entry_rcu(s, &agentns_sessions, node) {
		if (READ_ONCE(s->lifetime_crossed)) {
			/* Killed and still there: the sweep looks after it. */
			if (++passed < AGENTNS_LIFETIME_BATCH)
				continue;
			/* And after whoever is behind so many of them. */
			agentns_reaper_sweep();
			next = now + NSEC_PER_SEC;
			break;
		}
		if (agentns_lifetime_due(s) > now) {
			next = agentns_lifetime_due(s);
			break;
		}
		if (marked++ >= AGENTNS_LIFETIME_BATCH) {
			next = now + NSEC_PER_MSEC;
			break;
		}
		WRITE_ONCE(s->deadline.over, true);
		agentns_due(s, AGENTNS_DUE_AGE);
	}
	rcu_read_unlock();
	if (marked)
		agentns_ask_cpus();
	return next;
}

/* Set the timer, or leave it alone for KTIME_MAX. */
static void agentns_lifetime_arm(u64 when)
{
	lockdep_assert_held(&agentns_lifetime_lock);

	agentns_lifetime_armed = when < KTIME_MAX;
	if (agentns_lifetime_armed)
		hrtimer_start(&agentns_lifetime, ns_to_ktime(when),
			      HRTIMER_MODE_ABS);
}

/* Starts itself again under the lock, as others may start it meanwhile. */
static enum hrtimer_restart agentns_lifetime_timer(struct hrtimer *timer)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&agentns_lifetime_lock, flags);
	agentns_lifetime_arm(agentns_lifetime_mark(ktime_get_boottime_ns()));
	raw_spin_unlock_irqrestore(&agentns_lifetime_lock, flags);
	return HRTIMER_NORESTART;
}

/**
 * agentns_lifetime_changed - kernel.agent_ns.max_lifetime or .enabled was
 *	written
 *
 * Context: Any.
 */
void agentns_lifetime_changed(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&agentns_lifetime_lock, flags);
	agentns_lifetime_arm(ktime_get_boottime_ns());
	raw_spin_unlock_irqrestore(&agentns_lifetime_lock, flags);
}

/**
 * agentns_deadline_begin - a new session can be found by everybody
 * @s: the session, pinned
 *
 * Context: Process context.
 */
void agentns_deadline_begin(struct agentns_session *s)
{
	u64 due = agentns_lifetime_due(s);
	unsigned long flags;

	spin_lock(&s->root->tree_lock);
	if (s->max_elapsed_ns)
		agentns_deadline_update(s);
	spin_unlock(&s->root->tree_lock);

	if (!agentns_max_lifetime_ns())
		return;
	/* Who came before is due before. */
	raw_spin_lock_irqsave(&agentns_lifetime_lock, flags);
	if (!agentns_lifetime_armed)
		agentns_lifetime_arm(due);
	raw_spin_unlock_irqrestore(&agentns_lifetime_lock, flags);
}

void __init agentns_deadlines_start(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct agentns_ask *ask = per_cpu_ptr(&agentns_ask, cpu);

		INIT_CSD(&ask->csd, agentns_asked, NULL);
		init_irq_work(&ask->look, agentns_deal_with_current);
		ask->all = IRQ_WORK_INIT_HARD(agentns_ask_all);
	}
	agentns_hrtimer_setup(&agentns_lifetime, agentns_lifetime_timer,
			      CLOCK_BOOTTIME, HRTIMER_MODE_ABS);
}

/* No session lives, and nobody turns a knob any more. */
void agentns_deadlines_stop(void)
{
	int cpu;

	hrtimer_cancel(&agentns_lifetime);
	for_each_possible_cpu(cpu)
		irq_work_sync(&per_cpu_ptr(&agentns_ask, cpu)->all);
	/* IPIs are taken in one interrupt with the one that this waits for. */
	kick_all_cpus_sync();
	synchronize_rcu();
	for_each_possible_cpu(cpu)
		irq_work_sync(&per_cpu_ptr(&agentns_ask, cpu)->look);
}
