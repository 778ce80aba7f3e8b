// SPDX-License-Identifier: GPL-2.0-only
// vm: --icount
// build: -Wno-sign-compare -Wno-clobbered
/*
 * Deadlines are met within a millisecond of guest time, also by tasks that
 * never enter the kernel. The machine's clock counts instructions, so a busy
 * host makes no difference.
 *
 * When a task ends is read off a word that it keeps writing the time into.
 */
#include <pthread.h>

#include "agentns-test.h"

#define MS		1000000ULL

struct plan {
	volatile int ready;
	volatile __u64 born, last[8], signalled;
	char id[HEX_ID + 1];
};

static struct plan *plan;

/* In user space alone: the vdso reads the time stamp counter. */
static __u64 clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void __attribute__((noreturn)) spin(volatile __u64 *last)
{
	for (;;)
		*last = clock_ns();
}

FIXTURE(deadline) {
	pid_t pid;
};

FIXTURE_SETUP(deadline)
{
	plan = shared(4096);
}

FIXTURE_TEARDOWN(deadline)
{
	EXPECT_EQ(0, sysctl_set("max_lifetime", "86400"));
}

/* When the session was made: its age is exact, the call's end is later. */
static int enter_and_note(void)
{
	struct agent_ns_counters_uapi c;

	if (enter_session() || counters_of(&c))
		return 1;
	plan->born = clock_ns() - c.elapsed_ns;
	own_id(plan->id);
	return 0;
}

/* @late: by how much, in nanoseconds, @tasks outlived the deadline @ns. */
static __s64 late(int tasks, __u64 ns)
{
	__u64 last = 0;

	for (int i = 0; i < tasks; i++)
		if (plan->last[i] > last)
			last = plan->last[i];
	return last - plan->born - ns;
}

#define EXPECT_IN_TIME(tasks, ns) do {					\
	__s64 _late = late(tasks, ns);					\
									\
	ksft_print_msg("%lld ns after the deadline\n", (long long)_late); \
	EXPECT_LT(-200000 * SLOWNESS, _late);				\
	EXPECT_LT(_late, (__s64)(MS * SLOWNESS));			\
} while (0)

/* 7 ms is between two ticks of any frequency, 29 also; a slow kernel takes 7 to begin. */
TEST_F(deadline, kill_one_that_spins)
{
	for (int ms = SLOWNESS > 1 ? 29 : 7; ms < 100; ms += 22) {
		memset(plan, 0, sizeof(*plan));
		self->pid = fork();
		if (!self->pid) {
			if (enter_and_note() || set_ex((struct agent_ns_budget_ex) {
					.max_elapsed_ns = ms * MS,
					.action = AGENT_NS_ACTION_KILL }))
				_exit(1);
			spin(&plan->last[0]);
		}
		EXPECT_EQ(KILLED, reap(self->pid));
		EXPECT_IN_TIME(1, ms * MS);
	}
}

static void *spin_in_thread(void *arg)
{
	spin(arg);
}

/* Several that take turns: none of them goes on for its turn. */
TEST_F(deadline, kill_several_that_spin)
{
	pthread_t thread;

	self->pid = fork();
	if (!self->pid) {
		if (enter_and_note() || set_ex((struct agent_ns_budget_ex) {
				.max_elapsed_ns = 50 * MS * SLOWNESS,
				.action = AGENT_NS_ACTION_KILL }))
			_exit(1);
		for (int i = 1; i < 4; i++)
			if (!fork())
				spin(&plan->last[i]);
		for (int i = 4; i < 6; i++)
			pthread_create(&thread, NULL, spin_in_thread, (void *)&plan->last[i]);
		spin(&plan->last[0]);
	}
	EXPECT_EQ(KILLED, reap(self->pid));
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
	EXPECT_IN_TIME(6, 50 * MS * SLOWNESS);
}

static void on_term(int sig)
{
	if (!plan->signalled)
		plan->signalled = clock_ns();
}

static void *handle_term(void *arg)
{
	spin(arg);
}

TEST_F(deadline, term)
{
	self->pid = fork();
	if (!self->pid) {
		signal(SIGTERM, on_term);
		if (enter_and_note() || set_ex((struct agent_ns_budget_ex) {
				.max_elapsed_ns = 41 * MS, .grace_ns = 23 * MS,
				.action = AGENT_NS_ACTION_TERM }))
			_exit(1);
		handle_term((void *)&plan->last[0]);
	}
	EXPECT_EQ(KILLED, reap(self->pid));
	ASSERT_NE(0, plan->signalled);
	ksft_print_msg("SIGTERM %lld ns after the deadline\n",
		       (long long)(plan->signalled - plan->born - 41 * MS));
	EXPECT_LT(plan->signalled - plan->born - 41 * MS, MS * SLOWNESS);
	/* The grace begins when the limit is found reached. */
	EXPECT_LT(late(1, 64 * MS), (__s64)(2 * MS * SLOWNESS));
	EXPECT_GT(late(1, 64 * MS), -(__s64)MS);
}

TEST_F(deadline, stop)
{
	int status;

	self->pid = fork();
	if (!self->pid) {
		if (enter_and_note() || set_ex((struct agent_ns_budget_ex) {
				.max_elapsed_ns = 37 * MS,
				.action = AGENT_NS_ACTION_STOP }))
			_exit(1);
		spin(&plan->last[0]);
	}
	ASSERT_EQ(self->pid, waitpid(self->pid, &status, WUNTRACED));
	EXPECT_TRUE(WIFSTOPPED(status));
	EXPECT_IN_TIME(1, 37 * MS);
	EXPECT_EQ(0, session_set(plan->id, "kill", "1"));
	EXPECT_EQ(KILLED, reap(self->pid));
}

/* Whoever comes in later is found by the sweep, and told of no more than once. */
TEST_F(deadline, kill_who_comes_behind_it)
{
	int fd, log = kmsg_open();

	self->pid = fork();
	if (!self->pid) {
		if (enter_and_note())
			_exit(1);
		raise_flag(&plan->ready);
		spin(&plan->last[0]);
	}
	ASSERT_TRUE(WAIT_FOR(plan->ready));
	fd = agent_fd(self->pid);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, session_set(plan->id, "action", "kill"));
	EXPECT_EQ(0, session_set(plan->id, "max_elapsed_ns", "1"));
	EXPECT_EQ(KILLED, reap(self->pid));
	self->pid = fork();
	if (!self->pid) {
		if (setns(fd, AGENT_NS))
			_exit(1);
		spin(&plan->last[1]);
	}
	ASSERT_TRUE(WAIT_FOR(plan->last[1]));
	EXPECT_EQ(0, write_file(SYSFS "sweep_interval", "1"));
	EXPECT_EQ(KILLED, reap(self->pid));
	EXPECT_EQ(0, write_file(SYSFS "sweep_interval", "60"));
	EXPECT_EQ(1, kmsg_count(log, plan->id, "max_elapsed_ns"));
	close(fd);
	close(log);
}

TEST_F(deadline, that_is_set_from_outside)
{
	self->pid = fork();
	if (!self->pid) {
		if (enter_and_note())
			_exit(1);
		raise_flag(&plan->ready);
		spin(&plan->last[0]);
	}
	__u64 calls;

	ASSERT_TRUE(WAIT_FOR(plan->ready));
	calls = session_get(plan->id, "counters/total_syscalls");
	sleep_ms(5);
	/* It does not enter the kernel. */
	EXPECT_EQ(calls, session_get(plan->id, "counters/total_syscalls"));
	EXPECT_EQ(0, session_set(plan->id, "action", "kill"));
	EXPECT_EQ(0, session_set(plan->id, "max_elapsed_ns", "90000000"));
	EXPECT_EQ(KILLED, reap(self->pid));
	EXPECT_IN_TIME(1, 90 * MS);
}

/* A nested session's tasks go with the outer one's time. */
TEST_F(deadline, of_an_ancestor)
{
	self->pid = fork();
	if (!self->pid) {
		if (enter_and_note() || set_ex((struct agent_ns_budget_ex) {
				.max_elapsed_ns = 31 * MS,
				.action = AGENT_NS_ACTION_KILL }) ||
		    enter_session() || enter_session())
			_exit(1);
		spin(&plan->last[0]);
	}
	EXPECT_EQ(KILLED, reap(self->pid));
	EXPECT_IN_TIME(1, 31 * MS);
}

TEST_F(deadline, of_all_sessions)
{
	ASSERT_EQ(0, sysctl_set("max_lifetime", "1"));
	for (int round = 0; round < 2; round++) {
		memset(plan, 0, sizeof(*plan));
		self->pid = fork();
		if (!self->pid) {
			if (enter_and_note())
				_exit(1);
			for (int i = 1; i < 3; i++)
				if (!fork())
					spin(&plan->last[i]);
			spin(&plan->last[0]);
		}
		EXPECT_EQ(KILLED, reap(self->pid));
		EXPECT_TRUE(WAIT_FOR(!sessions_live()));
		EXPECT_IN_TIME(3, 1000 * MS);
	}
}

/* The knob is turned while sessions of different ages live. */
TEST_F(deadline, of_all_sessions_that_is_changed)
{
	pid_t older;

	older = fork();
	if (!older) {
		if (enter_session())
			_exit(1);
		for (;;)
			pause();
	}
	sleep_ms(700);
	self->pid = fork();
	if (!self->pid) {
		if (enter_and_note())
			_exit(1);
		spin(&plan->last[0]);
	}
	sleep_ms(10);
	ASSERT_EQ(0, sysctl_set("max_lifetime", "1"));
	EXPECT_EQ(KILLED, reap(older));
	EXPECT_EQ(0, waitpid(self->pid, NULL, WNOHANG));
	EXPECT_EQ(KILLED, reap(self->pid));
	EXPECT_IN_TIME(1, 1000 * MS);
}

/* Dead ones that somebody holds, more than the timer looks past. */
TEST_F(deadline, of_all_sessions_behind_many_that_are_held)
{
	int home = agent_fd(getpid()), held[150];

	ASSERT_EQ(0, sysctl_set("max_lifetime", "1"));
	for (size_t i = 0; i < ARRAY_SIZE(held); i++) {
		ASSERT_EQ(0, enter_session());
		held[i] = agent_fd(getpid());
		ASSERT_LE(0, held[i]);
		ASSERT_EQ(0, setns(home, AGENT_NS));
	}
	sleep_ms(1200);
	self->pid = fork();
	if (!self->pid) {
		if (enter_session())
			_exit(1);
		for (;;)
			pause();
	}
	/* Long before the sweep that comes by itself. */
	EXPECT_TRUE(WAIT_FOR(waitpid(self->pid, NULL, WNOHANG) == self->pid));
	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		close(held[i]);
	close(home);
}

TEST_F(deadline, that_never_comes)
{
	static const char *const far[] = {
		"18446744073709551615", "9223372036854775807",
		"9223372036854775808", "18446744073709551614",
	};

	ASSERT_EQ(0, enter_session());
	own_id(plan->id);
	for (size_t i = 0; i < ARRAY_SIZE(far); i++) {
		EXPECT_EQ(0, session_set(plan->id, "max_elapsed_ns", far[i]));
		sleep_ms(5);
	}
	EXPECT_EQ(0, session_get(plan->id, "crossings"));
}

TEST_HARNESS_MAIN
