// SPDX-License-Identifier: GPL-2.0-only
/* Setting budgets, and spending under them. */
#include <linux/array_size.h>
#include <linux/bits.h>
#include <linux/cred.h>
#include <linux/sched/signal.h>
#include <linux/thread_info.h>

#include "authority.h"
#include "budget.h"
#include "compat/sched.h"
#include "crossing.h"
#include "deadline.h"
#include "gate.h"
#include "kill.h"
#include "stop.h"

const char *const agentns_action_names[] = {
	[AGENT_NS_ACTION_LOG]	= "log",
	[AGENT_NS_ACTION_TERM]	= "term",
	[AGENT_NS_ACTION_KILL]	= "kill",
	[AGENT_NS_ACTION_STOP]	= "stop",
	[AGENT_NS_ACTION_DENY]	= "deny",
};

const unsigned int agentns_nr_actions = ARRAY_SIZE(agentns_action_names);

const char *const agentns_limit_names[AGENTNS_NR_LIMITS] = {
	[AGENTNS_SYSCALLS]	= "max_syscalls",
	[AGENTNS_BYTES]		= "max_write_bytes",
	[AGENTNS_FORKS]		= "max_forks",
	[AGENTNS_OPENS]		= "max_opens",
	[AGENTNS_CONNECTS]	= "max_connects",
	[AGENTNS_UNLINKS]	= "max_unlinks",
	[AGENTNS_TASKS]		= "max_tasks",
	[AGENTNS_CPU]		= "max_cpu_ns",
	[AGENTNS_ELAPSED]	= "max_elapsed_ns",
	[AGENTNS_DESCENDANTS]	= "max_descendants",
};

/* What a new session starts with; its lock guards it. */
struct agentns_budget agentns_budget_default;
static DEFINE_SPINLOCK(agentns_default_lock);

/* A limit of 0 is none: the loosest of all. */
static bool agentns_loosens(u64 old, u64 new)
{
	return old && (!new || new > old);
}

/*
 * How much an action leaves to who is bound by it: all, all until the end
 * that follows a SIGTERM, what costs nothing, nothing, not even to exist.
 */
static unsigned int agentns_severity(u32 action)
{
	static const u8 severity[] = {
		[AGENT_NS_ACTION_LOG]	= 0,
		[AGENT_NS_ACTION_TERM]	= 1,
		[AGENT_NS_ACTION_DENY]	= 2,
		[AGENT_NS_ACTION_STOP]	= 3,
		[AGENT_NS_ACTION_KILL]	= 4,
	};

	return severity[action];
}

/*
 * A SIGTERM that SIGKILL follows is not looser than to be denied or stopped,
 * and not tighter: it lets more be used, and it ends. From there only a kill
 * tightens. Whether there is a limit now makes no difference: somebody may set
 * one later and rely on what is to happen at it.
 */
static bool agentns_action_loosens(const struct agentns_budget *old,
				   const struct agentns_budget *new)
{
	if (agentns_severity(new->action) < agentns_severity(old->action))
		return true;
	if (new->action == AGENT_NS_ACTION_KILL)
		return false;
	if (agentns_loosens(old->grace_ns, new->grace_ns))
		return true;
	return old->action == AGENT_NS_ACTION_TERM && old->grace_ns &&
	       new->action != AGENT_NS_ACTION_TERM;
}

/**
 * agentns_budget_loosens - does a budget allow anything that another does not?
 * @old: the one that binds now
 * @new: the one that is to replace it
 */
bool agentns_budget_loosens(const struct agentns_budget *old,
			    const struct agentns_budget *new)
{
	unsigned int i;

	for (i = 0; i < AGENTNS_NR_LIMITS; i++)
		if (agentns_loosens(old->limit[i], new->limit[i]))
			return true;
	return agentns_action_loosens(old, new);
}

static void agentns_budget_read(const struct agentns_session *s,
				struct agentns_budget *budget)
{
	enum agentns_resource res;

	lockdep_assert_held(&s->root->tree_lock);

	for (res = 0; res < AGENTNS_NR_RESOURCES; res++)
		budget->limit[res] = s->pool[res].limit;
	budget->limit[AGENTNS_ELAPSED] = s->max_elapsed_ns;
	budget->limit[AGENTNS_DESCENDANTS] = s->max_descendants;
	budget->grace_ns = s->grace_ns;
	budget->action = s->action;
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

/* Return: whether tasks that were stopped are to go on. */
static bool agentns_budget_apply(struct agentns_session *s,
				 const struct agentns_budget *old,
				 const struct agentns_budget *new)
{
	bool action_changes = new->action != old->action;
	bool loosens = agentns_budget_loosens(old, new);
	enum agentns_resource res;

	s->action = new->action;
	/* A grace that runs is not lifted together with a change to kill. */
	if (!s->term_at_ns || loosens ||
	    !agentns_loosens(old->grace_ns, new->grace_ns))
		s->grace_ns = new->grace_ns;
	WRITE_ONCE(s->max_descendants, new->limit[AGENTNS_DESCENDANTS]);
	for (res = 0; res < AGENTNS_NR_RESOURCES; res++)
		agentns_limit_change(s, res, new->limit[res], action_changes);
	if (action_changes ||
	    new->limit[AGENTNS_ELAPSED] != old->limit[AGENTNS_ELAPSED]) {
		s->max_elapsed_ns = new->limit[AGENTNS_ELAPSED];
		s->elapsed_crossed = false;
	}
	/* Where no grace was running, none is put off. */
	return agentns_crossings_reconsider(s, loosens || !old->grace_ns);
}

/* Outside the tree lock: what a change brings about at once. */
static void agentns_budget_changed(struct agentns_session *s, bool go_on)
{
	if (go_on)
		agentns_stop_or_go_wait(s);
	agentns_crossed_already(s);
}

/**
 * agentns_budget_set - replace a session's budget on behalf of current
 * @s: the session, pinned
 * @budget: all of its limits
 *
 * Context: Process context, may sleep.
 * Return: 0, -EINVAL for an unknown action, -EPERM where current may only
 * tighten and this would loosen.
 */
int agentns_budget_set(struct agentns_session *s,
		       const struct agentns_budget *budget)
{
	const struct cred *cred, *was = NULL;
	struct agentns_budget old;
	bool go_on;
	int err;

	if (budget->action >= agentns_nr_actions)
		return -EINVAL;

	cred = get_current_cred();
	spin_lock(&s->root->tree_lock);
	agentns_budget_read(s, &old);
	err = agentns_may_set_budget(s, &old, budget);
	if (err) {
		spin_unlock(&s->root->tree_lock);
		put_cred(cred);
		return err;
	}
	was = s->limiter;
	s->limiter = cred;
	go_on = agentns_budget_apply(s, &old, budget);
	spin_unlock(&s->root->tree_lock);
	put_cred(was);
	agentns_budget_changed(s, go_on);
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

/* For agentns_budget_change(). */
void agentns_budget_field_limit(struct agentns_budget *budget,
				unsigned int which, u64 value)
{
	budget->limit[which] = value;
}

void agentns_budget_field_grace(struct agentns_budget *budget,
				unsigned int which, u64 value)
{
	budget->grace_ns = value;
}

void agentns_budget_field_action(struct agentns_budget *budget,
				 unsigned int which, u64 value)
{
	budget->action = value;
}

/**
 * agentns_budget_change - change one field of a budget, as sysfs does
 * @s: the session, pinned
 * @field: which kind of field
 * @which: which limit
 * @value: the new value, in range
 *
 * Limits that were crossed under another action bind again. Who does it from
 * inside the session, or from one around it, is who set the budget from then on,
 * unless that would be somebody with more rights: other limits are not his.
 *
 * Context: Process context, may sleep.
 * Return: 0, or -EPERM: see agentns_may_manage() and agentns_may_narrow().
 */
int agentns_budget_change(struct agentns_session *s,
			  agentns_budget_field_fn *field, unsigned int which,
			  u64 value)
{
	const struct agentns_session *own = current_session();
	const struct cred *cred = get_current_cred();
	struct agentns_budget old, new;
	bool go_on = false;
	int err;

	spin_lock(&s->root->tree_lock);
	agentns_budget_read(s, &old);
	new = old;
	field(&new, which, value);
	err = agentns_budget_loosens(&old, &new) ? agentns_may_manage(s) :
						   agentns_may_narrow(s);
	if (!err) {
		if (own && agentns_session_within(s, own) &&
		    !agentns_outranks(s->limiter))
			swap(s->limiter, cred);
		go_on = agentns_budget_apply(s, &old, &new);
	}
	spin_unlock(&s->root->tree_lock);
	put_cred(cred);
	if (!err)
		agentns_budget_changed(s, go_on);
	return err;
}

/**
 * agentns_budget_change_default - change what new sessions start with
 * @field: which kind of field
 * @which: which limit
 * @value: the new value, in range
 *
 * Context: Process context.
 * Return: 0, or -EPERM: see agentns_may_turn_knobs().
 */
int agentns_budget_change_default(agentns_budget_field_fn *field,
				  unsigned int which, u64 value)
{
	int err = agentns_may_turn_knobs();

	if (err)
		return err;
	spin_lock(&agentns_default_lock);
	field(&agentns_budget_default, which, value);
	spin_unlock(&agentns_default_lock);
	return 0;
}

/**
 * agentns_budget_get_default - read what new sessions start with
 * @budget: where it goes
 *
 * Context: Process context.
 */
void agentns_budget_get_default(struct agentns_budget *budget)
{
	spin_lock(&agentns_default_lock);
	*budget = agentns_budget_default;
	spin_unlock(&agentns_default_lock);
}

/**
 * agentns_budget_begin - give a new session its first budget
 * @s: the session; nobody is in it and nothing is charged to it yet; it is in
 *	its tree, whose lock is held
 *
 * Its deadline starts with agentns_deadline_begin().
 */
void agentns_budget_begin(struct agentns_session *s)
{
	struct agentns_budget budget;
	enum agentns_resource res;

	lockdep_assert_held(&s->root->tree_lock);

	agentns_budget_get_default(&budget);
	s->action = budget.action;
	s->grace_ns = budget.grace_ns;
	s->max_elapsed_ns = budget.limit[AGENTNS_ELAPSED];
	s->max_descendants = budget.limit[AGENTNS_DESCENDANTS];
	s->cpu_limited = (s->parent && s->parent->cpu_limited) ||
			 budget.limit[AGENTNS_CPU];
	for (res = 0; res < AGENTNS_NR_RESOURCES; res++) {
		s->pool[res].limit = budget.limit[res];
		s->pool[res].left = min_t(u64, budget.limit[res], S64_MAX);
	}
}

/*
 * The task is refused. Where its program has more rights than whoever set the
 * limit, an error in the middle of its work could be turned against it, so it
 * ends instead, which whoever started it could have had without us.
 */
static int agentns_deny(struct agentns_session *s)
{
	bool privileged;

	spin_lock(&s->root->tree_lock);
	privileged = agentns_outranks(s->limiter);
	spin_unlock(&s->root->tree_lock);
	if (privileged)
		agentns_kill_process(current);
	return -EDQUOT;
}

/*
 * The task is to stop until the budget is raised, and to do then what it is
 * about to do now. It can only stop on its way back to user space; from a
 * system call it goes there, to make it anew. A request of another kind fails:
 * it must not wait under locks that others need, as a ring's.
 *
 * Return: the error to fail with.
 */
static int agentns_stop_here(struct agentns_session *s, bool restart)
{
	agentns_stop_process(s, current);
	if (!restart)
		return -EINTR;
	/*
	 * Whatever thread of the process takes the signal: this one has to
	 * pass by the signal code, which restarts the call.
	 */
	set_thread_flag(TIF_NOTIFY_SIGNAL);
	return -ERESTARTNOINTR;
}

/*
 * Do what @obstacle means for current.
 *
 * Return: 0 to try again, 1 to go on without paying, or the error to fail
 * with.
 */
static int agentns_obstructed(const struct agentns_obstacle *obstacle, u64 n,
			      enum agentns_portion portion, bool exempt,
			      bool restart)
{
	/* It goes on without being charged. */
	u32 spare = exempt ? BIT(AGENT_NS_ACTION_DENY) : 0;
	struct agentns_session *s = obstacle->session;
	u32 action;

	switch (obstacle->why) {
	case AGENTNS_CONDEMNED:
		agentns_gate_wait(s);
		return 0;
	case AGENTNS_STOPPED:
		/* No signal reaches the machine's init: it can be refused. */
		if (is_global_init(current))
			return exempt ? 1 : -EDQUOT;
		return agentns_stop_here(s, restart);
	case AGENTNS_TIME_UP:
		return exempt ? 1 : agentns_deny(s);
	case AGENTNS_LIMIT:
		break;
	}
	if (!agentns_crossed(s, obstacle->res, n, portion, spare, &action))
		return 0;
	if (is_global_init(current))
		return exempt ? 1 : -EDQUOT;
	switch (action) {
	case AGENT_NS_ACTION_STOP:
		return agentns_stop_here(s, restart);
	case AGENT_NS_ACTION_DENY:
		return exempt ? 1 : agentns_deny(s);
	}
	return -EDQUOT;
}

/*
 * Does a thread of current's process end that has its place yet? Whoever waits
 * for it in pthread_join() is woken before it gives that back.
 */
static bool agentns_thread_ends(void)
{
	struct task_struct *t;
	bool ends = false;

	rcu_read_lock();
	for_each_thread(current, t) {
		/* As in agentns_dying(): each task writes its own, plainly. */
		unsigned int flags = data_race(READ_ONCE(t->flags));
		/* Likewise. It has no place any more when it has none. */
		bool namespaces = data_race(READ_ONCE(t->nsproxy));

		ends = namespaces && flags & PF_EXITING &&
		       !(flags & AGENTNS_PF_WORKER);
		if (ends)
			break;
	}
	rcu_read_unlock();
	/* Who sees that it has gone sees what it gave back. */
	smp_rmb();
	return ends;
}

/* How often a limit is looked at again while charges may still come back. */
#define AGENTNS_SETTLE_TRIES	100

/**
 * agentns_budget_charge - spend, acting on every limit that is reached
 * @s: session that the caller has pinned
 * @res: what is spent
 * @n: how much; less may be granted where @portion allows it
 * @portion: whether less will do
 * @restart: the caller is a system call that can be made anew
 *
 * For where agentns_take() found too little credit on this CPU. A limit that
 * is reached only by writes or forks under way, which may yet give something
 * back, or by threads of this process that end, is waited for, for a hundred
 * naps of a jiffy, each of which ends at the second tick from when it began:
 * most are over by then, and one that blocks on what its own session should
 * read must not block it for ever.
 *
 * Context: Process context, may sleep.
 * Return: 0, or the error with which the work is not to be done.
 *
 * Model: credit.pml, charge
 */
int agentns_budget_charge(struct agentns_session *s, enum agentns_resource res,
			  u64 *n, enum agentns_portion portion, bool restart)
{
	struct agentns_obstacle obstacle;
	/* Not known yet; what was seen before a draw holds for that draw. */
	bool ends = res == AGENTNS_TASKS;
	int ret, tries = 0;
	u64 drawn;

	while (!(drawn = agentns_draw(s, res, *n, portion, &obstacle))) {
		if (fatal_signal_pending(current))
			return -EDQUOT;
		if ((obstacle.may_come_back || ends) &&
		    tries++ < AGENTNS_SETTLE_TRIES) {
			ends = ends && agentns_thread_ends();
			if (obstacle.may_come_back || ends)
				schedule_timeout_killable(msecs_to_jiffies(1));
			continue;
		}
		ret = agentns_obstructed(&obstacle, *n, portion, false,
					 restart);
		if (ret)
			return ret;
	}
	*n = drawn;
	return 0;
}

/**
 * agentns_budget_charge_call - the same for a call and what it is besides
 * @s: session that the caller has pinned
 * @class: what it is besides being a call; AGENTNS_SYSCALLS for nothing
 * @exempt: a task needs it to end or to clean up: it is never denied
 * @restart: the caller is a system call that can be made anew
 *
 * Context: Process context, may sleep.
 * Return: 0, or the error with which the call is not to be done.
 */
int agentns_budget_charge_call(struct agentns_session *s,
			       enum agentns_resource class, bool exempt,
			       bool restart)
{
	struct agentns_obstacle obstacle;
	int ret;

	while (!agentns_draw_call(s, class, &obstacle)) {
		if (fatal_signal_pending(current))
			return -EDQUOT;
		ret = agentns_obstructed(&obstacle, 1, AGENTNS_ALL, exempt,
					 restart);
		if (ret)
			return min(ret, 0);
	}
	return 0;
}

/**
 * agentns_budget_admit - take a place in a session for current, which comes
 * @s: the session, pinned by the caller
 * @from: the one that current is in and gives up its place of, NULL for none
 *
 * For a move that nothing else stops: there is no way back. Where there is no
 * place, those inside do not pay for that with what the action does to them:
 * they have crossed nothing. An action that lets work go on lets current in,
 * and is taken.
 *
 * Context: Process context, may sleep.
 * Return: 0, or -EDQUOT where there is no place.
 */
int agentns_budget_admit(struct agentns_session *s,
			 struct agentns_session *from)
{
	const u32 spare = BIT(AGENT_NS_ACTION_KILL) |
			  BIT(AGENT_NS_ACTION_STOP) | BIT(AGENT_NS_ACTION_DENY);
	struct agentns_obstacle obstacle;
	u32 action;

	while (!agentns_spend_elsewhere(from, s, AGENTNS_TASKS, &obstacle))
		if (agentns_crossed(obstacle.session, AGENTNS_TASKS, 1,
				    AGENTNS_ALL, spare, &action))
			return -EDQUOT;
	return 0;
}
