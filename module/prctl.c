// SPDX-License-Identifier: GPL-2.0-only
/*
 * The prctl operations of the PR_AGENT range, each on the caller's session.
 * The uapi header is their documentation.
 */
#include <linux/agentns_hooks.h>
#include <linux/sched/task.h>
#include <linux/uaccess.h>

#include "authority.h"
#include "budget.h"
#include "counters.h"
#include "enter.h"
#include "intent.h"
#include "list.h"
#include "prctl.h"
#include "session.h"

static long agentns_get_id(const struct agentns_session *s, void __user *to)
{
	static const u8 none[AGENT_NS_ID_BYTES];

	if (copy_to_user(to, s ? s->id : none, AGENT_NS_ID_BYTES))
		return -EFAULT;
	return 0;
}

static long agentns_set_intent_tag(struct agentns_session *s,
				   const void __user *from)
{
	/* One more than is kept: a longer string is cut, not refused. */
	char tag[AGENT_NS_INTENT_MAX + 1];
	long len = strncpy_from_user(tag, from, sizeof(tag));

	if (len < 0)
		return len;
	if (!s)
		return -EINVAL;
	return agentns_intent_set(s, tag, agentns_intent_clip(tag, len), true);
}

static long agentns_get_intent_tag(struct agentns_session *s, void __user *to)
{
	char tag[AGENT_NS_INTENT_MAX + 1] = { };

	if (s)
		agentns_intent_copy(s, tag);
	return copy_to_user(to, tag, sizeof(tag)) ? -EFAULT : 0;
}

static long agentns_set_budget_limits(struct agentns_session *s,
				      const void __user *from)
{
	struct agent_ns_budget_uapi uapi;
	struct agentns_budget budget = { };

	if (copy_from_user(&uapi, from, sizeof(uapi)))
		return -EFAULT;
	if (!s || uapi._reserved)
		return -EINVAL;
	budget.limit[AGENTNS_SYSCALLS] = uapi.max_syscalls;
	budget.limit[AGENTNS_BYTES] = uapi.max_write_bytes;
	budget.limit[AGENTNS_ELAPSED] = uapi.max_elapsed_ns;
	budget.action = uapi.action;
	return agentns_budget_set(s, &budget);
}

static long agentns_get_counters(struct agentns_session *s, void __user *to)
{
	struct agent_ns_counters_uapi counters = { };

	if (s)
		agentns_counters_read(s, &counters);
	return copy_to_user(to, &counters, sizeof(counters)) ? -EFAULT : 0;
}

static long agentns_set_budget_ex(struct agentns_session *s,
				  const void __user *from, size_t size)
{
	struct agent_ns_budget_ex ex = { };
	struct agentns_budget budget;
	int err;

	if (size < AGENT_NS_BUDGET_EX_SIZE_VER0)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(&ex, sizeof(ex), from, size);
	if (err)
		return err;
	if (!s || ex.flags)
		return -EINVAL;
	budget = (struct agentns_budget) {
		.limit = {
			[AGENTNS_SYSCALLS]	= ex.max_syscalls,
			[AGENTNS_BYTES]		= ex.max_write_bytes,
			[AGENTNS_FORKS]		= ex.max_forks,
			[AGENTNS_OPENS]		= ex.max_opens,
			[AGENTNS_CONNECTS]	= ex.max_connects,
			[AGENTNS_UNLINKS]	= ex.max_unlinks,
			[AGENTNS_TASKS]		= ex.max_tasks,
			[AGENTNS_CPU]		= ex.max_cpu_ns,
			[AGENTNS_ELAPSED]	= ex.max_elapsed_ns,
			[AGENTNS_DESCENDANTS]	= ex.max_descendants,
		},
		.grace_ns	= ex.grace_ns,
		.action		= ex.action,
	};
	return agentns_budget_set(s, &budget);
}

/*
 * A structure for a caller who has room for @size bytes, and knows @least of
 * it: zeros behind ours where that is more, the beginning where it is less.
 */
static long agentns_copy_struct(void __user *to, size_t size, size_t least,
				const void *from, size_t ours)
{
	size_t n = min(size, ours);

	if (size < least)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (copy_to_user(to, from, n) || clear_user(to + n, size - n))
		return -EFAULT;
	return 0;
}

static long agentns_get_counters_ex(struct agentns_session *s, void __user *to,
				    size_t size)
{
	struct agent_ns_counters_ex ex = { };

	if (s)
		agentns_counters_read_ex(s, &ex);
	return agentns_copy_struct(to, size, AGENT_NS_COUNTERS_EX_SIZE_VER0,
				   &ex, sizeof(ex));
}

static long agentns_get_budget_ex(struct agentns_session *s, void __user *to,
				  size_t size)
{
	struct agent_ns_budget_ex ex = { };
	struct agentns_budget budget;

	if (s) {
		agentns_budget_get(s, &budget);
		ex.action = budget.action;
		ex.max_syscalls = budget.limit[AGENTNS_SYSCALLS];
		ex.max_write_bytes = budget.limit[AGENTNS_BYTES];
		ex.max_elapsed_ns = budget.limit[AGENTNS_ELAPSED];
		ex.max_forks = budget.limit[AGENTNS_FORKS];
		ex.max_opens = budget.limit[AGENTNS_OPENS];
		ex.max_connects = budget.limit[AGENTNS_CONNECTS];
		ex.max_unlinks = budget.limit[AGENTNS_UNLINKS];
		ex.max_tasks = budget.limit[AGENTNS_TASKS];
		ex.max_cpu_ns = budget.limit[AGENTNS_CPU];
		ex.max_descendants = budget.limit[AGENTNS_DESCENDANTS];
		ex.grace_ns = budget.grace_ns;
	}
	return agentns_copy_struct(to, size, AGENT_NS_BUDGET_EX_SIZE_VER0,
				   &ex, sizeof(ex));
}

static long agentns_seal_own(struct agentns_session *s)
{
	if (!s)
		return -EINVAL;
	agentns_seal(s);
	return 0;
}

/* From PR_AGENT_BASE + 8 up, arguments that are not used are zero. */
static long agentns_prctl_strict(int option, unsigned long arg2,
				 unsigned long arg3, unsigned long arg4,
				 unsigned long arg5)
{
	struct agentns_session *s = current_session();
	void __user *user = (void __user *)arg2;

	if (arg5 || (arg4 && option != PR_LIST_AGENT_NS))
		return -EINVAL;
	switch (option) {
	case PR_SET_AGENT_BUDGET_EX:
		return agentns_set_budget_ex(s, user, arg3);
	case PR_GET_AGENT_BUDGET_EX:
		return agentns_get_budget_ex(s, user, arg3);
	case PR_GET_AGENT_COUNTERS_EX:
		return agentns_get_counters_ex(s, user, arg3);
	case PR_SEAL_AGENT_NS:
		return arg2 || arg3 || arg4 ? -EINVAL : agentns_seal_own(s);
	case PR_LIST_AGENT_NS:
		return agentns_list(user, (void __user *)arg3, arg4);
	case PR_OPEN_AGENT_NS:
		return arg3 ? -EINVAL : agentns_open_id(user);
	}
	return -EINVAL;
}

/**
 * agentns_prctl_hook - an operation of the PR_AGENT range
 * @option: which
 * @arg2: see the uapi header
 * @arg3: likewise
 * @arg4: likewise
 * @arg5: likewise
 *
 * Return: the operation's result; -EINVAL for an unknown one.
 */
long agentns_prctl_hook(int option, unsigned long arg2, unsigned long arg3,
			unsigned long arg4, unsigned long arg5)
{
	struct agentns_session *s = current_session();
	void __user *user = (void __user *)arg2;

	switch (option) {
	case PR_GET_AGENT_SESSION_ID:
		return agentns_get_id(s, user);
	case PR_SET_AGENT_INTENT_TAG:
		return agentns_set_intent_tag(s, user);
	case PR_GET_AGENT_INTENT_TAG:
		return agentns_get_intent_tag(s, user);
	case PR_SET_AGENT_BUDGET_LIMITS:
		return agentns_set_budget_limits(s, user);
	case PR_GET_AGENT_COUNTERS:
		return agentns_get_counters(s, user);
	case PR_GET_AGENT_PARENT_ID:
		return agentns_get_id(s ? s->parent : NULL, user);
	case PR_SET_AGENT_NS:
		return agentns_enter_new();
	}
	return agentns_prctl_strict(option, arg2, arg3, arg4, arg5);
}
