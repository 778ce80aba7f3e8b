// SPDX-License-Identifier: GPL-2.0-only
// vm: --icount
// plain: yes
// build: -Wno-sign-compare -Wno-clobbered
// timeout: 240
/*
 * What listing costs, in instructions, which the machine's time stamp counter
 * counts: by session and not by task, and no more than for other types.
 */
#include <linux/nsfs.h>

#include "agentns-cost.h"

#define FEW	100
#define MANY	500

static __u64 ids[4096];

/* Instructions of one list of everything of @type; *@n: how many there were. */
static unsigned long cost(long (*list)(struct agent_ns_id_req *), __u32 type,
			  long *n)
{
	struct agent_ns_id_req req = { .size = sizeof(req), .ns_type = type };

	return LEAST(50, *n = list(&req));
}

static long by_prctl(struct agent_ns_id_req *req)
{
	return syscall(SYS_prctl, PR_LIST_AGENT_NS, req, ids, 4096, 0);
}

static long by_listns(struct agent_ns_id_req *req)
{
	return syscall(SYS_listns, req, ids, 4096, 0);
}

/* One that starts behind all but the last. */
static unsigned long restart_cost(void)
{
	struct agent_ns_id_req req = { .size = sizeof(req) };
	long n = by_prctl(&req);

	req.ns_id = ids[n - 2];
	return LEAST(50, by_prctl(&req));
}

static int started;
static pid_t pids[MANY];
static volatile int *ready;

/* So many sessions, each with a uts namespace beside it, of one task each. */
static void start(int many)
{
	for (; started < many; started++) {
		pids[started] = fork();
		if (pids[started])
			continue;
		if (enter_session() || unshare(CLONE_NEWUTS))
			_exit(1);
		raise_flag(ready);
		for (;;)
			pause();
	}
	WAIT_FOR_MS(*ready == many, 60000);
}

FIXTURE(listing) {
};

FIXTURE_SETUP(listing)
{
}

FIXTURE_TEARDOWN(listing)
{
	for (int i = 0; i < started; i++) {
		kill(pids[i], SIGKILL);
		reap(pids[i]);
	}
}

TEST_F_TIMEOUT(listing, instructions_a_session, 200)
{
	unsigned long few, many, native, other, restart_few, restart_many;
	long n, m, o;

	ready = shared(4096);
	start(FEW);
	few = cost(by_prctl, AGENT_NS, &n);
	ASSERT_EQ(FEW + 1, n);
	restart_few = restart_cost();
	start(MANY);
	many = cost(by_prctl, AGENT_NS, &m);
	ASSERT_EQ(MANY + 1, m);
	restart_many = restart_cost();
	ksft_print_msg("PR_LIST_AGENT_NS: %.1f instructions a session; restart near the end of %d: %lu, of %d: %lu\n",
		       (double)(many - few) / (MANY - FEW), FEW, restart_few,
		       MANY, restart_many);
	EXPECT_LE(many - few, 150 * (MANY - FEW));
	/* Some steps of a tree, not hundreds of a list. */
	EXPECT_LE(restart_many, restart_few + 300);

	native = cost(by_listns, AGENT_NS, &n);
	if (n < 0) {
		ksft_print_msg("no listns(2) here\n");
	} else {
		ASSERT_EQ(MANY + 1, n);
		other = cost(by_listns, CLONE_NEWUTS, &o);
		ASSERT_EQ(MANY + 1, o);
		ksft_print_msg("listns: %.1f instructions a session, %.1f a uts namespace\n",
			       (double)native / n, (double)other / o);
		EXPECT_LE(native, other + 10 * n);
	}
}

TEST_HARNESS_MAIN
