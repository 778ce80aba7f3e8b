// SPDX-License-Identifier: LGPL-2.1-or-later
/* The calling thread's own session. */
#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>

#include "internal.h"

/*
 * All five arguments are passed and those not used are zero, as the kernel
 * demands of the operations from PR_AGENT_BASE + 8 up.
 */
static int agent_prctl(int operation, const void *arg, size_t size)
{
	if (prctl(operation, (unsigned long)arg, (unsigned long)size, 0UL, 0UL))
		return -errno;
	return 0;
}

bool agentns_supported(void)
{
	struct agent_session_id_uapi id;

	/* With a good pointer nothing but a missing module makes this fail. */
	return !agent_prctl(PR_GET_AGENT_SESSION_ID, &id, 0);
}

/* EINVAL is a bad value, or the answer of a kernel that knows none of this. */
static int agent_op(int operation, const void *arg, size_t size)
{
	int ret = agent_prctl(operation, arg, size);

	if (ret == -EINVAL && !agentns_supported())
		return -ENOSYS;
	return ret;
}

int agentns_create(void)
{
	return agent_op(PR_SET_AGENT_NS, NULL, 0);
}

int agentns_get_id(struct agent_session_id_uapi *id)
{
	return agent_op(PR_GET_AGENT_SESSION_ID, id, 0);
}

int agentns_get_parent_id(struct agent_session_id_uapi *id)
{
	return agent_op(PR_GET_AGENT_PARENT_ID, id, 0);
}

int agentns_set_intent(const char *tag)
{
	return agent_op(PR_SET_AGENT_INTENT_TAG, tag, 0);
}

int agentns_get_intent(char tag[AGENTNS_INTENT_BUFSIZE])
{
	return agent_op(PR_GET_AGENT_INTENT_TAG, tag, 0);
}

int agentns_get_counters(struct agent_ns_counters_uapi *counters)
{
	return agent_op(PR_GET_AGENT_COUNTERS, counters, 0);
}

int agentns_set_budget_limits(const struct agent_ns_budget_uapi *budget)
{
	return agent_op(PR_SET_AGENT_BUDGET_LIMITS, budget, 0);
}

int agentns_set_budget(const struct agent_ns_budget_ex *budget)
{
	return agent_op(PR_SET_AGENT_BUDGET_EX, budget, sizeof(*budget));
}

int agentns_get_budget(struct agent_ns_budget_ex *budget)
{
	return agent_op(PR_GET_AGENT_BUDGET_EX, budget, sizeof(*budget));
}

/* Newer than the first modules, which take it for an unknown operation. */
static int agent_op_newer(int operation, const void *arg, size_t size)
{
	int ret = prctl(operation, (unsigned long)arg, size, 0UL, 0UL);

	return ret < 0 ? -errno : ret;
}

int agentns_seal(void)
{
	struct agent_session_id_uapi id;
	int ret = agent_op_newer(PR_SEAL_AGENT_NS, NULL, 0);

	if (ret != -EINVAL)
		return ret;
	if (agentns_get_id(&id))
		return -ENOSYS;
	return agentns_id_is_zero(&id) ? -EINVAL : -EOPNOTSUPP;
}

int agentns_get_counters_ex(struct agent_ns_counters_ex *counters)
{
	int ret = agent_op_newer(PR_GET_AGENT_COUNTERS_EX, counters,
				 sizeof(*counters));

	if (ret == -EINVAL)
		return agentns_supported() ? -EOPNOTSUPP : -ENOSYS;
	return ret;
}

int agentns_open_session(const struct agent_session_id_uapi *id)
{
	int ret = agent_op_newer(PR_OPEN_AGENT_NS, id, 0);

	if (ret == -EINVAL)
		return agentns_supported() ? -EOPNOTSUPP : -ENOSYS;
	return ret;
}

int agentns_list(const struct agent_ns_id_req *req, __u64 *ids, size_t max)
{
	static const struct agent_ns_id_req all = { .size = sizeof(all) };
	int ret;

	if (!req)
		req = &all;
	ret = prctl(PR_LIST_AGENT_NS, (unsigned long)req, (unsigned long)ids,
		    (unsigned long)max, 0UL);
	if (ret >= 0)
		return ret;
	if (errno != EINVAL)
		return -errno;
	if (!agentns_supported())
		return -ENOSYS;
	/* Of a request with nothing wrong in it: an unknown operation. */
	if (req->size < AGENT_NS_ID_REQ_SIZE_VER0 || req->spare || req->spare2)
		return -EINVAL;
	return -EOPNOTSUPP;
}

int agentns_enter(int fd)
{
	return setns(fd, AGENT_NS) ? -errno : 0;
}
