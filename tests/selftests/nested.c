// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/* What a nested session does shows in its ancestors, at once and for good. */
#include <pthread.h>

#include "agentns-test.h"

struct plan {
	volatile int step, reached, stop;
	char id[3][HEX_ID + 1];
};

static struct agent_ns_counters_uapi read_counters(const char *id)
{
	struct agent_ns_counters_uapi c = {
		.total_syscalls = session_get(id, "counters/total_syscalls"),
		.openat_count = session_get(id, "counters/openat_count"),
		.write_bytes = session_get(id, "counters/write_bytes"),
		.connect_count = session_get(id, "counters/connect_count"),
		.unlink_count = session_get(id, "counters/unlink_count"),
		.fork_count = session_get(id, "counters/fork_count"),
	};

	return c;
}

/* One of everything: 5 calls, and the child's. */
static void act(int null)
{
	pid_t pid;

	syscall(SYS_unlink, "/nonexistent");
	syscall(SYS_connect, -1, NULL, 0);
	syscall(SYS_openat, AT_FDCWD, "/nonexistent", O_RDONLY);
	syscall(SYS_write, null, "12345", 5);
	pid = syscall(SYS_fork);
	if (!pid)
		syscall(SYS_exit_group, 0);
	syscall(SYS_wait4, pid, NULL, 0, NULL);
}

#define CALLS_OF_ACT	7

/* Three levels; at each step the innermost acts once more. */
static int three_levels(struct plan *plan)
{
	int null = open("/dev/null", O_WRONLY);

	for (int i = 0; i < 3; i++) {
		if (enter_session())
			return 1;
		own_id(plan->id[i]);
	}
	for (int step = 1; step <= 3; step++) {
		act(null);
		raise_flag(&plan->reached);
		spin_until(&plan->step, step);
	}
	return 0;
}

TEST(live)
{
	struct plan *plan = shared(4096);
	struct agent_ns_counters_uapi c;
	pid_t pid = fork();

	if (!pid)
		_exit(three_levels(plan));
	for (int step = 1; step <= 3; step++) {
		ASSERT_TRUE(WAIT_FOR(plan->reached == step));
		for (int i = 0; i < 3; i++) {
			c = read_counters(plan->id[i]);
			/* An own_id each, and a PR_SET_AGENT_NS but the last. */
			EXPECT_EQ(step * CALLS_OF_ACT + 2 * (3 - i) - 1,
				  c.total_syscalls);
			EXPECT_EQ(step, c.openat_count);
			EXPECT_EQ(step, c.connect_count);
			EXPECT_EQ(step, c.unlink_count);
			EXPECT_EQ(step, c.fork_count);
			EXPECT_EQ(5 * step, c.write_bytes);
		}
		plan->step = step;
	}
	EXPECT_EQ(0, reap(pid));
}

/* The sums of sessions that have ended are their parent's. */
TEST(ended)
{
	struct agent_ns_counters_uapi a, b;
	int null = open("/dev/null", O_WRONLY);
	pid_t pid;

	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, counters_of(&a));
	for (int i = 0; i < 5; i++) {
		pid = syscall(SYS_fork);
		if (!pid) {
			enter_session();
			act(null);
			enter_session();
			act(null);
			syscall(SYS_exit_group, 0);
		}
		syscall(SYS_wait4, pid, NULL, 0, NULL);
	}
	ASSERT_EQ(0, counters_of(&b));
	EXPECT_EQ(5 * (5 + 2 * CALLS_OF_ACT) + 1,
		  b.total_syscalls - a.total_syscalls);
	EXPECT_EQ(10, b.openat_count - a.openat_count);
	EXPECT_EQ(10, b.connect_count - a.connect_count);
	EXPECT_EQ(10, b.unlink_count - a.unlink_count);
	EXPECT_EQ(15, b.fork_count - a.fork_count);
	EXPECT_EQ(50, b.write_bytes - a.write_bytes);
}

/* A child's own counters begin at nothing and leave the siblings out. */
TEST(own)
{
	struct agent_ns_counters_uapi c;

	ASSERT_EQ(0, enter_session());
	act(-1);
	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, counters_of(&c));
	EXPECT_EQ(1, c.total_syscalls);
	EXPECT_EQ(0, c.openat_count);
	EXPECT_EQ(0, c.fork_count);
}

static bool never_less(const struct agent_ns_counters_uapi *a,
		       const struct agent_ns_counters_uapi *b)
{
	return a->total_syscalls <= b->total_syscalls &&
	       a->openat_count <= b->openat_count &&
	       a->write_bytes <= b->write_bytes &&
	       a->connect_count <= b->connect_count &&
	       a->unlink_count <= b->unlink_count &&
	       a->fork_count <= b->fork_count && a->elapsed_ns <= b->elapsed_ns;
}

struct reader {
	volatile int stop;
	volatile long readings;
	long backwards;
};

static void *watch(void *arg)
{
	struct agent_ns_counters_uapi last = { }, now;
	struct reader *r = arg;

	while (!r->stop) {
		if (counters_of(&now))
			return NULL;
		r->readings++;
		r->backwards += !never_less(&last, &now);
		last = now;
	}
	return NULL;
}

/* While children come, spend, are limited, and go. */
TEST(never_backwards)
{
	struct agent_ns_budget_uapi budget = {
		.max_write_bytes = 1000, .action = AGENT_NS_ACTION_KILL,
	};
	struct agent_ns_counters_uapi a, b;
	int null = open("/dev/null", O_WRONLY), full[2];
	struct reader reader = { };
	pthread_t thread;
	int rounds = 20;
	pid_t pid;

	ASSERT_EQ(0, pipe2(full, O_NONBLOCK));
	ASSERT_EQ(65536, write(full[1], malloc(65536), 65536));
	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, counters_of(&a));
	ASSERT_EQ(0, pthread_create(&thread, NULL, watch, &reader));
	for (int i = 0; i < rounds; i++) {
		pid = fork();
		if (!pid) {
			enter_session();
			agent(PR_SET_AGENT_BUDGET_LIMITS, &budget);
			for (int k = 0; k < 10; k++) {
				/* Charged, and given back. */
				if (write(full[1], "1234567", 7) != -1)
					_exit(1);
				act(null);
			}
			_exit(0);
		}
		EXPECT_EQ(0, reap(pid));
	}
	EXPECT_TRUE(WAIT_FOR(reader.readings > 100));
	reader.stop = 1;
	pthread_join(thread, NULL);
	ASSERT_EQ(0, counters_of(&b));
	EXPECT_EQ(0, reader.backwards);
	EXPECT_EQ(rounds * 10, b.unlink_count - a.unlink_count);
	EXPECT_EQ(rounds * 50, b.write_bytes - a.write_bytes);
	/* The reader is a task, too. */
	EXPECT_EQ(rounds * 11 + 1, b.fork_count - a.fork_count);
}

TEST_HARNESS_MAIN
