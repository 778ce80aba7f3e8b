// SPDX-License-Identifier: GPL-2.0-only
/*
 * One work item sweeps over all sessions once in an interval. Deadlines have
 * timers (deadline.c); this is their backstop.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/ratelimit.h>
#include <linux/rculist.h>

#include "counters.h"
#include "crossing.h"
#include "deadline.h"
#include "kill.h"
#include "reaper.h"
#include "registry.h"
#include "sysctl.h"

/* Seconds; a knob in sysfs. */
unsigned int agentns_sweep_interval = 60;

static void agentns_reaper_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(agentns_reaper, agentns_reaper_work);

/**
 * agentns_max_lifetime_ns - kernel.agent_ns.max_lifetime in nanoseconds
 *
 * Return: 0 for none.
 */
u64 agentns_max_lifetime_ns(void)
{
	return (u64)READ_ONCE(agentns_max_lifetime) * NSEC_PER_SEC;
}

static bool agentns_live_tasks(struct agentns_session *s)
{
	bool live;

	spin_lock(&s->root->tree_lock);
	live = agentns_used(s, AGENTNS_TASKS) > 0;
	spin_unlock(&s->root->tree_lock);
	return live;
}

/* A session older than that is killed. */
static void agentns_reap_old(struct agentns_session *s, u64 elapsed_ns)
{
	u64 max = agentns_max_lifetime_ns();
	bool first;

	if (!max || elapsed_ns < max) {
		/* Its end has been put off; the timer has passed it over. */
		if (READ_ONCE(s->lifetime_crossed)) {
			WRITE_ONCE(s->lifetime_crossed, false);
			agentns_lifetime_changed();
		}
		return;
	}
	/* Whoever holds a dead session's descriptor keeps it here. */
	if (READ_ONCE(s->lifetime_crossed) && !agentns_live_tasks(s))
		return;
	/* The sweep and the deadline's worker may both be here. */
	first = !xchg(&s->lifetime_crossed, true);
	if (first && agentns_may_log(s))
		pr_notice("session %*phN: max_lifetime %u s reached, action kill\n",
			  AGENT_NS_ID_BYTES, s->id,
			  READ_ONCE(agentns_max_lifetime));
	/* Each time: someone may have joined. */
	spin_lock(&s->root->tree_lock);
	agentns_kill_later(s, "max_lifetime");
	spin_unlock(&s->root->tree_lock);
}

/**
 * agentns_reap - do what a session's age calls for
 * @s: the session, pinned
 *
 * Nothing while disabled; somebody sweeps when that ends.
 *
 * Context: Process context, may sleep.
 */
void agentns_reap(struct agentns_session *s)
{
	u64 elapsed = agentns_elapsed_ns(s);

	if (!READ_ONCE(agentns_enabled))
		return;
	agentns_expired(s, elapsed);
	agentns_grace_over(s);
	agentns_reap_old(s, elapsed);
}

/* Model: session.pml, sweep */
static void agentns_reaper_work(struct work_struct *work)
{
	struct agentns_session *s;

	rcu_read_lock();
	list_for_each_entry_rcu(s, &agentns_sessions, node) {
		if (!agentns_session_tryget(s))
			continue;
		rcu_read_unlock();
		agentns_reap(s);
		agentns_crossed_already(s);
		cond_resched();
		/*
		 * Our reference has kept it in the list; if the put takes it
		 * out, its place in it stays good until RCU's lock is dropped.
		 */
		rcu_read_lock();
		agentns_session_put(s);
	}
	rcu_read_unlock();
	agentns_reaper_start();
}

/**
 * agentns_reaper_sweep - look at all sessions now, and from then on
 *
 * Context: Any.
 */
void agentns_reaper_sweep(void)
{
	mod_delayed_work(agentns_wq, &agentns_reaper, 0);
}

/* Look at all sessions when the interval is over. */
void agentns_reaper_start(void)
{
	queue_delayed_work(agentns_wq, &agentns_reaper,
			   READ_ONCE(agentns_sweep_interval) * HZ);
}

void agentns_reaper_stop(void)
{
	cancel_delayed_work_sync(&agentns_reaper);
}
