// SPDX-License-Identifier: GPL-2.0-only
/* Reporting that a limit was reached, and doing what its session says. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bits.h>
#include <linux/ktime.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>

#include "budget.h"
#include "crossing.h"
#include "deadline.h"
#include "gate.h"
#include "kill.h"
#include "recall.h"
#include "stop.h"
#include "sysctl.h"
#include "sysfs.h"
#include "trace.h"

/**
 * struct agentns_crossing - a limit that was reached, as it was then
 * @limit: AGENTNS_* of which limit
 * @max: the limit
 * @value: the counter
 * @action: AGENT_NS_ACTION_*
 * @first: since the limit or the action was changed
 */
struct agentns_crossing {
	unsigned int limit;
	u64 max;
	u64 value;
	u32 action;
	bool first;
};

/* Of the log lines of all trees that anybody may have made, in any number. */
static DEFINE_RATELIMIT_STATE(agentns_anybodys_rate, AGENTNS_LOG_INTERVAL,
			      AGENTNS_LOG_BURST);

/**
 * agentns_may_log - is another line about a session's limits one too many?
 * @s: the session, pinned
 *
 * A session whose agents make new sessions or change their limits only to cross
 * them silences none but its own tree. Who may make trees without CAP_SYS_ADMIN
 * silences others of that kind, and fills no log.
 *
 * Context: Any that allows spinlocks.
 * Return: whether it may be written.
 */
bool agentns_may_log(struct agentns_session *s)
{
	return __ratelimit(s->trusted ? &s->root->log_rate :
					&agentns_anybodys_rate);
}

/* One line, one event and one change of a file a crossing. */
static void agentns_report(struct agentns_session *s,
			   const struct agentns_crossing *c)
{
	const char *name = agentns_limit_names[c->limit];
	const char *action = agentns_action_names[c->action];

	if (agentns_may_log(s))
		pr_notice("session %*phN: %s %llu reached, value %llu, action %s\n",
			  AGENT_NS_ID_BYTES, s->id, name, c->max, c->value,
			  action);
	agentns_trace_budget_exceeded(s, name, c->value, c->max, action);
	agentns_dir_notify_crossings(s);
}

/*
 * Under the tree lock: the part of the action that others have to see.
 *
 * Model: kill.pml, cross
 * Model: session.pml, cross
 */
static void agentns_act_begin(struct agentns_session *s,
			      struct agentns_crossing *c)
{
	bool time = c->limit == AGENTNS_CPU || c->limit == AGENTNS_ELAPSED;

	lockdep_assert_held(&s->root->tree_lock);

	if (c->first)
		s->crossings++;
	switch (c->action) {
	case AGENT_NS_ACTION_TERM:
		/* The first SIGTERM counts, whatever is crossed after it. */
		if (c->first && !s->term_at_ns) {
			s->term_at_ns = ktime_get_boottime_ns();
			agentns_deadline_update(s);
		}
		break;
	case AGENT_NS_ACTION_KILL:
		/* Again for whoever came into a session whose limit is used up. */
		agentns_kill_later(s, agentns_limit_names[c->limit]);
		break;
	case AGENT_NS_ACTION_STOP:
		if (s->stopped)
			break;
		s->stopped = true;
		agentns_gate_close(s, AGENTNS_GATE_STOP);
		agentns_stop_or_go(s);
		break;
	case AGENT_NS_ACTION_DENY:
		/* Time cannot be refused; what takes time can. */
		if (!time || s->time_up)
			break;
		s->time_up = true;
		agentns_gate_close(s, AGENTNS_GATE_TIME_UP);
		break;
	}
}

/* Outside all locks: the rest of it. */
static void agentns_act(struct agentns_session *s,
			const struct agentns_crossing *c)
{
	if (c->first)
		agentns_report(s, c);
	/* The workers serve all trees. */
	if (c->action == AGENT_NS_ACTION_KILL && !(current->flags & PF_KTHREAD))
		agentns_gate_wait(s);
	if (c->action != AGENT_NS_ACTION_TERM || !c->first)
		return;
	if (current->flags & PF_KTHREAD)
		agentns_term_later(s);
	else
		agentns_signal(s, SIGTERM);
}

/**
 * agentns_crossed - a limit of a session was found to leave no room
 * @s: the session, pinned
 * @res: of what
 * @n: for how much
 * @portion: whether less would have done
 * @spare: mask of refusing actions, BIT(AGENT_NS_ACTION_*), that are not to be
 *	taken: what is asked for is not done, so nothing has been crossed
 * @action: where the answer is true, what the session does to who crosses
 *
 * Logging and SIGTERM let the work go on, so the limit stops to bind; the
 * other actions do not.
 *
 * Context: Process context, may sleep.
 * Return: whether the work is refused; else it may be tried again.
 */
bool agentns_crossed(struct agentns_session *s, enum agentns_resource res,
		     u64 n, enum agentns_portion portion, u32 spare,
		     u32 *action)
{
	struct agentns_crossing c = { .limit = res };
	struct agentns_pool *pool = &s->pool[res];
	bool refuses;

	spin_lock(&s->root->tree_lock);
	if (!pool->limit || pool->open ||
	    agentns_portion(s, res, n, portion)) {
		/* Changed meanwhile, or reported by another CPU. */
		spin_unlock(&s->root->tree_lock);
		return false;
	}
	*action = s->action;
	if (spare & BIT(s->action)) {
		spin_unlock(&s->root->tree_lock);
		return true;
	}
	refuses = agentns_action_refuses(s->action);
	c.action = s->action;
	c.max = pool->limit;
	c.value = pool->limit - pool->left;
	c.first = !pool->crossed;
	pool->crossed = true;
	pool->open = !refuses;
	agentns_act_begin(s, &c);
	spin_unlock(&s->root->tree_lock);

	agentns_act(s, &c);
	return refuses;
}

/**
 * agentns_crossed_already - act on limits that are below what is used
 * @s: the session, pinned
 *
 * They were set so, or it was used while nothing was enforced. Nothing while
 * disabled; somebody sweeps when that ends.
 *
 * Context: Process context, may sleep.
 *
 * Model: credit.pml, already
 */
void agentns_crossed_already(struct agentns_session *s)
{
	enum agentns_resource res;
	bool over;
	u32 action;

	for (res = 0; res < AGENTNS_NR_RESOURCES; res++) {
		const struct agentns_pool *pool = &s->pool[res];

		if (!READ_ONCE(agentns_enabled))
			return;
		spin_lock(&s->root->tree_lock);
		over = pool->limit && !pool->crossed &&
		       (pool->left < 0 || res == AGENTNS_CPU);
		if (over) {
			/*
			 * What was spent is the rest, when all credit is in;
			 * of CPU time all debts, too.
			 */
			agentns_recall(s, res);
			over = pool->left < 0;
		}
		spin_unlock(&s->root->tree_lock);
		if (over)
			agentns_crossed(s, res, 1, AGENTNS_ALL, 0, &action);
	}
}

/**
 * agentns_expired - act on a session that is too old
 * @s: the session, pinned
 * @elapsed_ns: its age
 *
 * Context: Process context, may sleep.
 */
void agentns_expired(struct agentns_session *s, u64 elapsed_ns)
{
	struct agentns_crossing c = {
		.limit = AGENTNS_ELAPSED, .value = elapsed_ns,
	};
	bool again;

	spin_lock(&s->root->tree_lock);
	c.max = s->max_elapsed_ns;
	c.action = s->action;
	/* Someone may have come in since, or is not gone yet. */
	again = s->elapsed_crossed && c.action == AGENT_NS_ACTION_KILL &&
		agentns_used(s, AGENTNS_TASKS) > 0;
	if (!c.max || elapsed_ns < c.max || (s->elapsed_crossed && !again)) {
		spin_unlock(&s->root->tree_lock);
		return;
	}
	c.first = !again;
	s->elapsed_crossed = true;
	agentns_act_begin(s, &c);
	/* The timer has fired for this; there may be an end of grace as well. */
	agentns_deadline_update(s);
	spin_unlock(&s->root->tree_lock);

	agentns_act(s, &c);
}

/**
 * agentns_grace_over - kill a session whose time after SIGTERM is over
 * @s: the session, pinned
 *
 * Context: Process context, may sleep.
 */
void agentns_grace_over(struct agentns_session *s)
{
	bool over;

	spin_lock(&s->root->tree_lock);
	over = s->term_at_ns && s->grace_ns &&
	       ktime_get_boottime_ns() - s->term_at_ns >= s->grace_ns;
	if (over) {
		s->term_at_ns = 0;
		/* The timer has fired for this; max_elapsed_ns may be to come. */
		agentns_deadline_update(s);
		agentns_kill_later(s, "grace_ns");
	}
	spin_unlock(&s->root->tree_lock);
	if (over && agentns_may_log(s))
		pr_notice("session %*phN: grace_ns over, action kill\n",
			  AGENT_NS_ID_BYTES, s->id);
}

/**
 * agentns_crossings_reconsider - a session's budget has been changed
 * @s: the session; its tree lock is held
 * @loosened: it allows something that it did not allow before
 *
 * What a crossing brought about ends when no limit is crossed any more. Who can
 * only tighten a budget does not put off by it the end of its own grace.
 *
 * Context: Process context with interrupts on.
 * Return: whether tasks that were stopped go on: agentns_stop_or_go_wait().
 */
bool agentns_crossings_reconsider(struct agentns_session *s, bool loosened)
{
	bool time = s->elapsed_crossed || s->pool[AGENTNS_CPU].crossed;
	bool any = time, go_on = false;
	enum agentns_resource res;

	lockdep_assert_held(&s->root->tree_lock);

	for (res = 0; res < AGENTNS_NR_RESOURCES; res++)
		any |= s->pool[res].crossed;
	if (!any && loosened)
		s->term_at_ns = 0;
	if (s->time_up && !time) {
		s->time_up = false;
		agentns_gate_open(s, AGENTNS_GATE_TIME_UP);
	}
	if (s->stopped && !any) {
		s->stopped = false;
		agentns_gate_open(s, AGENTNS_GATE_STOP);
		agentns_stop_or_go(s);
		go_on = true;
	}
	agentns_deadline_update(s);
	return go_on;
}
