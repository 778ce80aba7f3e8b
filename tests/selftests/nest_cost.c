// SPDX-License-Identifier: GPL-2.0-only
// vm: --icount
// plain: yes
// build: -Wno-sign-compare -Wno-clobbered
// leaks: no
/*
 * What a counted call costs, by nesting and by limits, averaged over all that
 * happens: drawing credit, too. The time stamp counter counts instructions.
 */
#include "agentns-cost.h"

#define CALLS	200000

struct plan {
	double cost[AGENT_NS_DEPTH_MAX + 1];
};

static int set_calls(__u64 max)
{
	struct agent_ns_budget_uapi budget = {
		.max_syscalls = max, .action = AGENT_NS_ACTION_KILL,
	};

	return agent(PR_SET_AGENT_BUDGET_LIMITS, &budget);
}

/* Down to the deepest, with a limit on every level or on none. */
static void measure(struct plan *plan, __u64 limit)
{
	if (fork()) {
		wait(NULL);
		return;
	}
	for (int depth = 1; depth <= AGENT_NS_DEPTH_MAX; depth++) {
		if (enter_session() || (limit && set_calls(limit)))
			_exit(1);
		plan->cost[depth] = mean_getppid(CALLS);
	}
	_exit(0);
}

FIXTURE(nest) {
	struct plan *without, *with;
	double outside;
};

FIXTURE_SETUP(nest)
{
	self->without = shared(4096);
	self->with = shared(4096);
}

FIXTURE_TEARDOWN(nest)
{
}

TEST_F_TIMEOUT(nest, a_level_costs_next_to_nothing, 100)
{
	static const int shown[] = { 1, 2, 4, 8, 16, 32 };
	const int deepest = AGENT_NS_DEPTH_MAX;
	double slope;

	self->outside = mean_getppid(CALLS);
	measure(self->without, 0);
	measure(self->with, 1UL << 40);
	ksft_print_msg("instructions a getppid outside of sessions: %.1f\n",
		       self->outside);
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
		ksft_print_msg("depth %2d: %.2f without limits, %.2f with one on each level\n",
			       shown[i], self->without->cost[shown[i]],
			       self->with->cost[shown[i]]);
	ASSERT_GT(self->without->cost[deepest], self->outside);
	ASSERT_GT(self->with->cost[deepest], self->outside);
	/* From the second on: the first finds caches and credit cold. */
	slope = (self->without->cost[deepest] - self->without->cost[2]) / (deepest - 2);
	ksft_print_msg("a level adds %.3f instructions without limits\n", slope);
	EXPECT_LT(slope, 0.5);
	slope = (self->with->cost[deepest] - self->with->cost[2]) / (deepest - 2);
	ksft_print_msg("a level adds %.3f instructions with limits\n", slope);
	EXPECT_LT(slope, 10);
	EXPECT_LT(self->with->cost[2], self->without->cost[2] + 10);
}

TEST_HARNESS_MAIN
