// SPDX-License-Identifier: GPL-2.0-only
// vm: --icount
// plain: yes
// build: -Wno-sign-compare -Wno-clobbered
/*
 * What sessions cost tasks outside: not one instruction at system call entry.
 * The machine's time stamp counter counts instructions here, so figures are
 * exact and can be compared for equality.
 */
#include "agentns-cost.h"

#define SESSIONS	100
#define BATCH		100

/* Of BATCH getppid calls with their loop. */
static unsigned long cost(void)
{
	return LEAST(300, mean_getppid(BATCH));
}

struct plan {
	volatile int ready;
	unsigned long inside, nested;
};

/* The first test of its boot: no session has been there. */
TEST(getppid_outside_costs_the_same)
{
	struct plan *plan = shared(4096);
	unsigned long before, beside, after;
	pid_t pid[SESSIONS];

	ASSERT_EQ(0, sessions_live());
	before = cost();
	EXPECT_EQ(before, cost());
	for (int i = 0; i < SESSIONS; i++) {
		pid[i] = fork();
		if (!pid[i]) {
			if (enter_session())
				_exit(1);
			raise_flag(&plan->ready);
			for (;;)
				pause();
		}
	}
	ASSERT_TRUE(WAIT_FOR(plan->ready == SESSIONS));
	ASSERT_EQ(SESSIONS, sessions_live());
	beside = cost();
	for (int i = 0; i < SESSIONS; i++) {
		kill(pid[i], SIGKILL);
		reap(pid[i]);
	}
	ASSERT_TRUE(WAIT_FOR(!sessions_live()));
	after = cost();

	/* What costs more inside is seen inside: the measure measures. */
	if (!fork()) {
		enter_session();
		plan->inside = cost();
		enter_session();
		plan->nested = cost();
		_exit(0);
	}
	wait(NULL);
	ksft_print_msg("instructions a getppid: %lu outside before any session, %lu beside %d, %lu afterwards; %lu in a session, %lu in a nested one\n",
		       before / BATCH, beside / BATCH, SESSIONS, after / BATCH,
		       plan->inside / BATCH, plan->nested / BATCH);
	EXPECT_EQ(before, beside);
	EXPECT_EQ(before, after);
	EXPECT_GT(plan->inside, before + 10 * BATCH);
	/* Depth costs nothing while credit lasts. */
	EXPECT_EQ(plan->inside, plan->nested);
}

TEST_HARNESS_MAIN
