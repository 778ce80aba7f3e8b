// SPDX-License-Identifier: GPL-2.0-only
/*
 * One work item sweeps over all sessions, when the next deadline is due and
 * at the latest after the sweep interval.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/ratelimit.h>
#include <linux/rculist.h>

#include "budget.h"
#include "counters.h"
#include "kill.h"
#include "reaper.h"
#include "registry.h"
#include "sysctl.h"

/* Seconds; a knob in sysfs. */
unsigned int agentns_sweep_interval = 60;

static void agentns_reaper_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(agentns_reaper, agentns_reaper_work);

/* When the pending sweep is due, in jiffies; agentns_reaper_lock. */
static unsigned long agentns_reaper_when;
static DEFINE_SPINLOCK(agentns_reaper_lock);

static u64 agentns_max_lifetime_ns(void)
{
	return (u64)READ_ONCE(agentns_max_lifetime) * NSEC_PER_SEC;
}

/* A session older than kernel.agent_ns.max_lifetime is killed. */
static void agentns_reap_old(struct agentns_session *s, u64 elapsed_ns)
{
	u64 max = agentns_max_lifetime_ns();

	if (!max || elapsed_ns < max) {
		s->lifetime_crossed = false;
		return;
	}
	if (!s->lifetime_crossed)
		pr_notice_ratelimited("session %*phN: max_lifetime %u s reached, action kill\n",
				      AGENT_NS_ID_BYTES, s->id,
				      READ_ONCE(agentns_max_lifetime));
	s->lifetime_crossed = true;
	/* Each time: someone may have joined. */
	agentns_kill(s);
}

/* Nanoseconds from @elapsed_ns until something is due, or U64_MAX. */
static u64 agentns_due_in(const struct agentns_session *s, u64 elapsed_ns)
{
	u64 max_elapsed = READ_ONCE(s->max_elapsed_ns);
	u64 max_life = agentns_max_lifetime_ns();
	u64 due = U64_MAX;

	if (max_elapsed > elapsed_ns)
		due = max_elapsed;
	if (max_life > elapsed_ns)
		due = min(due, max_life);
	return due == U64_MAX ? due : due - elapsed_ns;
}

static unsigned long agentns_delay(u64 due_ns)
{
	u64 interval = (u64)READ_ONCE(agentns_sweep_interval) * NSEC_PER_SEC;

	/* Rounded up: a moment too late rather than once more. */
	return nsecs_to_jiffies(min(due_ns, interval)) + 1;
}

/* Sweep in @delay jiffies, unless one is due before. */
static void agentns_reaper_arm(unsigned long delay)
{
	unsigned long when = jiffies + delay, flags;

	spin_lock_irqsave(&agentns_reaper_lock, flags);
	if (!delayed_work_pending(&agentns_reaper) ||
	    time_before(when, agentns_reaper_when)) {
		agentns_reaper_when = when;
		mod_delayed_work(system_unbound_wq, &agentns_reaper, delay);
	}
	spin_unlock_irqrestore(&agentns_reaper_lock, flags);
}

static void agentns_reaper_work(struct work_struct *work)
{
	struct agentns_session *s;
	u64 due = U64_MAX;

	rcu_read_lock();
	list_for_each_entry_rcu(s, &agentns_sessions, node) {
		u64 elapsed;

		if (!agentns_session_tryget(s))
			continue;
		rcu_read_unlock();

		elapsed = agentns_elapsed_ns(s);
		agentns_budget_expired(s, elapsed);
		agentns_reap_old(s, elapsed);
		due = min(due, agentns_due_in(s, elapsed));

		/*
		 * Our reference has kept it in the list; if the put takes it
		 * out, its place in it stays good until RCU's lock is dropped.
		 */
		rcu_read_lock();
		agentns_session_put(s);
	}
	rcu_read_unlock();

	agentns_reaper_arm(agentns_delay(due));
}

/**
 * agentns_reaper_hurry - a session is new, or its deadline has changed
 * @s: that session, pinned
 *
 * Context: Any.
 */
void agentns_reaper_hurry(const struct agentns_session *s)
{
	u64 max_elapsed = READ_ONCE(s->max_elapsed_ns);
	u64 elapsed = agentns_elapsed_ns(s);

	if (max_elapsed && max_elapsed <= elapsed)
		agentns_reaper_sweep();
	else
		agentns_reaper_arm(agentns_delay(agentns_due_in(s, elapsed)));
}

/**
 * agentns_reaper_sweep - look at all sessions now
 *
 * Context: Any.
 */
void agentns_reaper_sweep(void)
{
	agentns_reaper_arm(0);
}

void agentns_reaper_start(void)
{
	agentns_reaper_arm(agentns_delay(U64_MAX));
}

void agentns_reaper_stop(void)
{
	cancel_delayed_work_sync(&agentns_reaper);
}
