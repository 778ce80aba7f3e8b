// SPDX-License-Identifier: GPL-2.0-only
/* Setting budgets, and acting when one is used up. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/array_size.h>
#include <linux/capability.h>
#include <linux/ratelimit.h>
#include <linux/sched/signal.h>

#include "budget.h"
#include "counters.h"
#include "kill.h"
#include "reaper.h"

const char *const agentns_action_names[] = {
	[AGENT_NS_ACTION_LOG]	= "log",
	[AGENT_NS_ACTION_TERM]	= "term",
	[AGENT_NS_ACTION_KILL]	= "kill",
};

const unsigned int agentns_nr_actions = ARRAY_SIZE(agentns_action_names);

static const char *const agentns_limit_names[AGENTNS_NR_RESOURCES] = {
	[AGENTNS_SYSCALLS]	= "max_syscalls",
	[AGENTNS_BYTES]		= "max_write_bytes",
	[AGENTNS_FORKS]		= "max_forks",
	[AGENTNS_OPENS]		= "max_opens",
	[AGENTNS_CONNECTS]	= "max_connects",
	[AGENTNS_UNLINKS]	= "max_unlinks",
};

/*
 * One line a crossing. A session whose agents make new sessions or change
 * their limits only to cross them silences none but its own tree.
 */
static void agentns_log_crossing(struct agentns_session *s, const char *name,
				 u64 limit, u64 value, u32 action)
{
	if (__ratelimit(&s->root->log_rate))
		pr_notice("session %*phN: %s %llu reached, value %llu, action %s\n",
			  AGENT_NS_ID_BYTES, s->id, name, limit, value,
			  agentns_action_names[action]);
}

/* A limit of 0 is none: the loosest of all. */
static bool agentns_loosens(u64 old, u64 new)
{
	return old && (!new || new > old);
}

static bool agentns_has_limit(const struct agentns_budget *budget)
{
	enum agentns_resource res;

	for (res = 0; res < AGENTNS_NR_RESOURCES; res++)
		if (budget->limit[res])
			return true;
	return budget->max_elapsed_ns;
}

/* Does @new allow anything that @old does not? */
static bool agentns_budget_loosens(const struct agentns_budget *old,
				   const struct agentns_budget *new)
{
	enum agentns_resource res;

	for (res = 0; res < AGENTNS_NR_RESOURCES; res++)
		if (agentns_loosens(old->limit[res], new->limit[res]))
			return true;
	if (agentns_loosens(old->max_elapsed_ns, new->max_elapsed_ns))
		return true;
	/* The actions so far are numbered by their severity. */
	return agentns_has_limit(old) && new->action < old->action;
}

static void agentns_budget_read(const struct agentns_session *s,
				struct agentns_budget *budget)
{
	enum agentns_resource res;

	lockdep_assert_held(&s->root->tree_lock);

	for (res = 0; res < AGENTNS_NR_RESOURCES; res++)
		budget->limit[res] = s->pool[res].limit;
	budget->max_elapsed_ns = s->max_elapsed_ns;
	budget->action = s->action;
}

static void agentns_elapsed_write(struct agentns_session *s, u64 max_elapsed_ns)
{
	WRITE_ONCE(s->max_elapsed_ns, max_elapsed_ns);
	s->elapsed_crossed = false;
}

/*
 * A limit that stays the same stays as it is, crossed or not, unless another
 * action is to take effect.
 */
static void agentns_limit_change(struct agentns_session *s,
				 enum agentns_resource res, u64 limit,
				 bool action_changes)
{
	const struct agentns_pool *pool = &s->pool[res];

	if (limit != pool->limit || (action_changes && pool->crossed))
		agentns_limit_set(s, res, limit);
}

/**
 * agentns_budget_set - replace a session's budget on behalf of current
 * @s: the session, pinned
 * @budget: all of its limits
 *
 * Context: Process context.
 * Return: 0, -EINVAL for an unknown action, -EPERM where current may only
 * tighten and this would loosen.
 */
int agentns_budget_set(struct agentns_session *s,
		       const struct agentns_budget *budget)
{
	enum agentns_resource res;
	struct agentns_budget old;
	bool action_changes;

	if (budget->action >= agentns_nr_actions)
		return -EINVAL;

	spin_lock(&s->root->tree_lock);
	agentns_budget_read(s, &old);
	if (agentns_budget_loosens(&old, budget) && !capable(CAP_SYS_ADMIN)) {
		spin_unlock(&s->root->tree_lock);
		return -EPERM;
	}
	action_changes = budget->action != old.action;
	s->action = budget->action;
	for (res = 0; res < AGENTNS_NR_RESOURCES; res++)
		agentns_limit_change(s, res, budget->limit[res],
				     action_changes);
	if (action_changes || budget->max_elapsed_ns != old.max_elapsed_ns)
		agentns_elapsed_write(s, budget->max_elapsed_ns);
	spin_unlock(&s->root->tree_lock);
	agentns_reaper_hurry(s);
	return 0;
}

/**
 * agentns_budget_get - read a session's budget
 * @s: the session, pinned
 * @budget: where it goes
 *
 * Context: Process context.
 */
void agentns_budget_get(struct agentns_session *s,
			struct agentns_budget *budget)
{
	spin_lock(&s->root->tree_lock);
	agentns_budget_read(s, budget);
	spin_unlock(&s->root->tree_lock);
}

/**
 * agentns_budget_set_limit - set one limit, with an administrator's authority
 * @s: the session, pinned
 * @res: of what
 * @limit: calls or bytes; 0 is none
 *
 * Context: Process context.
 */
void agentns_budget_set_limit(struct agentns_session *s,
			      enum agentns_resource res, u64 limit)
{
	spin_lock(&s->root->tree_lock);
	agentns_limit_change(s, res, limit, false);
	spin_unlock(&s->root->tree_lock);
}

/**
 * agentns_budget_set_elapsed - limit a session's age, likewise
 * @s: the session, pinned
 * @max_elapsed_ns: nanoseconds since creation; 0 is none
 *
 * Context: Process context.
 */
void agentns_budget_set_elapsed(struct agentns_session *s, u64 max_elapsed_ns)
{
	spin_lock(&s->root->tree_lock);
	agentns_elapsed_write(s, max_elapsed_ns);
	spin_unlock(&s->root->tree_lock);
	agentns_reaper_hurry(s);
}

/**
 * agentns_budget_set_action - choose what a crossing does, likewise
 * @s: the session, pinned
 * @action: AGENT_NS_ACTION_*
 *
 * Limits that were crossed under another action bind again.
 *
 * Context: Process context.
 * Return: 0 or -EINVAL.
 */
int agentns_budget_set_action(struct agentns_session *s, u32 action)
{
	enum agentns_resource res;

	if (action >= agentns_nr_actions)
		return -EINVAL;
	spin_lock(&s->root->tree_lock);
	s->action = action;
	for (res = 0; res < AGENTNS_NR_RESOURCES; res++)
		agentns_limit_change(s, res, s->pool[res].limit, true);
	s->elapsed_crossed = false;
	spin_unlock(&s->root->tree_lock);
	agentns_reaper_hurry(s);
	return 0;
}

/* Outside all locks: do to a session what its action says. */
static void agentns_act(struct agentns_session *s, u32 action)
{
	switch (action) {
	case AGENT_NS_ACTION_TERM:
		agentns_signal(s, SIGTERM);
		break;
	case AGENT_NS_ACTION_KILL:
		agentns_kill(s);
		break;
	}
}

/*
 * A limit of @s was found to leave no room for @n. Logging and SIGTERM let the
 * work go on, so the limit stops to bind; a kill does not.
 *
 * Return: 0 to try again, -EDQUOT to refuse.
 */
static int agentns_crossed(struct agentns_session *s, enum agentns_resource res,
			   u64 n, enum agentns_portion portion)
{
	struct agentns_pool *pool = &s->pool[res];
	bool first, goes_on, kill;
	u64 limit, value;
	u32 action;

	spin_lock(&s->root->tree_lock);
	if (!pool->limit || pool->open ||
	    agentns_portion(s, res, n, portion)) {
		/* Changed meanwhile, or reported by another CPU. */
		spin_unlock(&s->root->tree_lock);
		return 0;
	}
	first = !pool->crossed;
	action = s->action;
	limit = pool->limit;
	value = limit - pool->left;
	goes_on = !agentns_action_refuses(action);
	/*
	 * Again for whoever came into a session whose limit is used up, but
	 * by one task at a time: a walk finds them all.
	 */
	kill = !goes_on && !s->killing;
	if (kill)
		s->killing = true;
	pool->crossed = true;
	pool->open = goes_on;
	spin_unlock(&s->root->tree_lock);

	if (first)
		agentns_log_crossing(s, agentns_limit_names[res], limit, value,
				     action);
	if (kill) {
		agentns_kill(s);
		spin_lock(&s->root->tree_lock);
		s->killing = false;
		spin_unlock(&s->root->tree_lock);
	} else if (first) {
		agentns_act(s, action);
	}
	return goes_on ? 0 : -EDQUOT;
}

/* How often a limit is looked at again while charges may still come back. */
#define AGENTNS_SETTLE_TRIES	100

/**
 * agentns_budget_charge - spend, acting on every limit that is reached
 * @s: session that the caller has pinned
 * @res: what is spent
 * @n: how much; less may be granted where @portion allows it
 * @portion: whether less will do
 *
 * For where agentns_take() found too little credit on this CPU. A limit that
 * is reached only by writes or forks under way, which may yet give something
 * back, is waited for, for a tenth of a second: most are over by then, and one
 * that blocks on what its own session should read must not block it for ever.
 *
 * Context: Process context, may sleep.
 * Return: 0, or -EDQUOT where the work is not to be done.
 */
int agentns_budget_charge(struct agentns_session *s, enum agentns_resource res,
			  u64 *n, enum agentns_portion portion)
{
	struct agentns_session *exhausted;
	int ret, tries = 0;
	u64 drawn;

	while (!(drawn = agentns_draw(s, res, *n, portion, &exhausted))) {
		if (fatal_signal_pending(current))
			return -EDQUOT;
		if (agentns_in_flight(exhausted, res) &&
		    tries++ < AGENTNS_SETTLE_TRIES) {
			schedule_timeout_killable(msecs_to_jiffies(1));
			continue;
		}
		ret = agentns_crossed(exhausted, res, *n, portion);
		if (ret)
			return ret;
	}
	*n = drawn;
	return 0;
}

/**
 * agentns_budget_expired - act on a session that is too old
 * @s: the session, pinned
 * @elapsed_ns: its age
 *
 * Context: Process context.
 */
void agentns_budget_expired(struct agentns_session *s, u64 elapsed_ns)
{
	u64 limit;
	u32 action;

	spin_lock(&s->root->tree_lock);
	limit = s->max_elapsed_ns;
	action = s->action;
	if (!limit || elapsed_ns < limit || s->elapsed_crossed) {
		spin_unlock(&s->root->tree_lock);
		return;
	}
	s->elapsed_crossed = true;
	spin_unlock(&s->root->tree_lock);

	agentns_log_crossing(s, "max_elapsed_ns", limit, elapsed_ns, action);
	agentns_act(s, action);
}
