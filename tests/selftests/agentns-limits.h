/* SPDX-License-Identifier: GPL-2.0-only */
/* All limits of a budget, for tests that try one after the other. */
#ifndef AGENTNS_LIMITS_H
#define AGENTNS_LIMITS_H

#include "agentns-test.h"

static const size_t limits[] = {
	offsetof(struct agent_ns_budget_ex, max_syscalls),
	offsetof(struct agent_ns_budget_ex, max_write_bytes),
	offsetof(struct agent_ns_budget_ex, max_elapsed_ns),
	offsetof(struct agent_ns_budget_ex, max_forks),
	offsetof(struct agent_ns_budget_ex, max_opens),
	offsetof(struct agent_ns_budget_ex, max_connects),
	offsetof(struct agent_ns_budget_ex, max_unlinks),
	offsetof(struct agent_ns_budget_ex, max_tasks),
	offsetof(struct agent_ns_budget_ex, max_cpu_ns),
	offsetof(struct agent_ns_budget_ex, max_descendants),
};

static inline __u64 *limit_of(struct agent_ns_budget_ex *ex, size_t offset)
{
	return (void *)ex + offset;
}

#endif /* AGENTNS_LIMITS_H */
