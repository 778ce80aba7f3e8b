// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
// leaks: check-all
/* kernel.agent_ns.enabled: 0 stops all counting, 1 resumes it. */
#include <pthread.h>

#include "agentns-test.h"

static void act(void)
{
	int fd = syscall(SYS_openat, AT_FDCWD, "/dev/null", O_WRONLY);
	pid_t pid;

	syscall(SYS_write, fd, "12345", 5);
	syscall(SYS_close, fd);
	syscall(SYS_unlink, "/nonexistent");
	syscall(SYS_connect, -1, NULL, 0);
	pid = syscall(SYS_fork);
	if (!pid)
		syscall(SYS_exit_group, 0);
	syscall(SYS_wait4, pid, NULL, 0, NULL);
}

#define CALLS_OF_ACT	8

FIXTURE(enabled) {
	struct agent_ns_counters_uapi a, b;
};

FIXTURE_SETUP(enabled)
{
	ASSERT_EQ(0, enter_session());
}

FIXTURE_TEARDOWN(enabled)
{
	EXPECT_EQ(0, sysctl_set("enabled", "1"));
}

TEST_F(enabled, off_and_on)
{
	ASSERT_EQ(0, counters_of(&self->a));
	/* Its open and write; from there on nothing counts, not its close. */
	ASSERT_EQ(0, sysctl_set("enabled", "0"));
	for (int i = 0; i < 3; i++)
		act();
	ASSERT_EQ(0, counters_of(&self->b));
	EXPECT_EQ(2, self->b.total_syscalls - self->a.total_syscalls);
	EXPECT_EQ(1, self->b.openat_count - self->a.openat_count);
	EXPECT_EQ(0, self->b.unlink_count - self->a.unlink_count);
	EXPECT_EQ(0, self->b.connect_count - self->a.connect_count);
	EXPECT_EQ(0, self->b.fork_count - self->a.fork_count);
	/* The write that disabled was charged before. */
	EXPECT_EQ(1, self->b.write_bytes - self->a.write_bytes);

	self->a = self->b;
	ASSERT_EQ(0, sysctl_set("enabled", "1"));
	act();
	ASSERT_EQ(0, counters_of(&self->b));
	/* The close of the sysctl, what was done, the reading. */
	EXPECT_EQ(1 + CALLS_OF_ACT + 1,
		  self->b.total_syscalls - self->a.total_syscalls);
	EXPECT_EQ(1, self->b.openat_count - self->a.openat_count);
	EXPECT_EQ(1, self->b.fork_count - self->a.fork_count);
	EXPECT_EQ(5, self->b.write_bytes - self->a.write_bytes);
}

/* It is still the session, and its time goes on. */
TEST_F(enabled, identity_stays)
{
	char a[HEX_ID + 1], b[HEX_ID + 1];

	own_id(a);
	ASSERT_EQ(0, counters_of(&self->a));
	ASSERT_EQ(0, sysctl_set("enabled", "0"));
	EXPECT_STREQ(a, own_id(b));
	EXPECT_EQ(0, read_file(b, sizeof(b), "/proc/self/agent_session"));
	EXPECT_STREQ(a, b);
	sleep_ms(10);
	ASSERT_EQ(0, counters_of(&self->b));
	EXPECT_GT(self->b.elapsed_ns, self->a.elapsed_ns);
}

/* Other tasks of the session: running, asleep, and born meanwhile. */
static void *call_on(void *arg)
{
	volatile int *stop = arg;

	while (!*stop)
		syscall(SYS_getppid);
	return NULL;
}

TEST_F(enabled, all_tasks)
{
	char id[HEX_ID + 1];
	volatile int stop = 0, *go = shared(4096);
	pthread_t thread;
	__u64 before;
	pid_t pid;

	own_id(id);
	ASSERT_EQ(0, pthread_create(&thread, NULL, call_on, (void *)&stop));
	ASSERT_EQ(0, sysctl_set("enabled", "0"));
	pid = fork();			/* born while it is off */
	if (!pid) {
		spin_until(go, 1);
		for (int i = 0; i < 100; i++)
			syscall(SYS_unlink, "/nonexistent");
		_exit(0);
	}
	/* Calls that were under way when it went off are over. */
	sleep_ms(20);
	before = session_get(id, "counters/total_syscalls");
	sleep_ms(50);
	EXPECT_EQ(before, session_get(id, "counters/total_syscalls"));
	ASSERT_EQ(0, sysctl_set("enabled", "1"));
	EXPECT_TRUE(WAIT_FOR(session_get(id, "counters/total_syscalls") >
			     before + 5));
	*go = 1;
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(100, session_get(id, "counters/unlink_count"));
	stop = 1;
	pthread_join(thread, NULL);
}

/* Unlinks by this task: how many were not denied. */
static int unlinks(int n)
{
	int done = 0;

	for (int i = 0; i < n; i++)
		done += syscall(SYS_unlink, "/nonexistent") != -1 || errno != EDQUOT;
	return done;
}

#define LIMIT	30000
#define BATCHES	20

/*
 * Switched many times while several tasks work: nothing is counted that was not
 * done, and what was not counted is all there afterwards. A batch of each task
 * to a switch at the most, and a switch to a batch of any.
 */
TEST(switched_under_load)
{
	struct {
		volatile int done, ready, go, left, switches;
		char id[HEX_ID + 1];
	} *told = shared(sizeof(*told));
	struct agent_ns_budget_ex ex = {
		.max_unlinks = LIMIT, .action = AGENT_NS_ACTION_DENY,
	};
	__u64 counted;
	pid_t pid;

	pid = fork();
	if (!pid) {
		if (enter_session() || set_ex(ex))
			_exit(1);
		own_id(told->id);
		for (int i = 0; i < 4; i++)
			if (!fork()) {
				for (int k = 0; k < BATCHES; k++) {
					while (told->switches <= k)
						;
					__atomic_fetch_add(&told->done,
							   unlinks(5000 / BATCHES),
							   __ATOMIC_RELAXED);
				}
				_exit(0);
			}
		for (int i = 0; i < 4; i++)
			wait(NULL);
		raise_flag(&told->ready);
		spin_until(&told->go, 1);
		told->left = unlinks(LIMIT + 100);
		_exit(0);
	}
	for (int i = 0; !told->ready; i++) {
		int done = told->done;

		EXPECT_EQ(0, sysctl_set("enabled", i % 2 ? "1" : "0"));
		raise_flag(&told->switches);
		sleep_ms(5 + i % 20);
		ASSERT_TRUE(WAIT_FOR(told->done > done || told->ready));
	}
	EXPECT_EQ(0, sysctl_set("enabled", "1"));
	counted = session_get(told->id, "counters/unlink_count");
	ksft_print_msg("%llu of %d were counted\n",
		       (unsigned long long)counted, told->done);
	EXPECT_EQ(20000, told->done);
	EXPECT_LT(counted, 20000);
	EXPECT_GT(counted, 0);
	told->go = 1;
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(LIMIT - counted, told->left);
}

/* A limit that is reached does not bind while it is off. */
TEST_F(enabled, budgets)
{
	struct agent_ns_budget_ex ex = {
		.max_unlinks = 3, .action = AGENT_NS_ACTION_KILL,
	};
	pid_t pid = fork();

	if (!pid) {
		if (enter_session() || set_ex(ex))
			_exit(1);
		for (int i = 0; i < 3; i++)
			unlink("/nonexistent");
		if (sysctl_set("enabled", "0"))
			_exit(1);
		for (int i = 0; i < 10; i++)
			unlink("/nonexistent");
		if (sysctl_set("enabled", "1"))
			_exit(1);
		unlink("/nonexistent");
		_exit(2);
	}
	EXPECT_EQ(KILLED, reap(pid));
}

/* One that is set below what is used acts at once, but not while it is off. */
TEST_F(enabled, budgets_set_meanwhile)
{
	volatile int *set = shared(sizeof(*set));
	pid_t pid = fork();

	if (!pid) {
		if (enter_session())
			_exit(1);
		for (int i = 0; i < 10; i++)
			unlink("/nonexistent");
		if (sysctl_set("enabled", "0") ||
		    set_ex((struct agent_ns_budget_ex) {
				.max_unlinks = 3,
				.action = AGENT_NS_ACTION_KILL }))
			_exit(2);
		*set = 1;
		/* No call that would find it. */
		for (;;)
			;
	}
	EXPECT_TRUE(WAIT_FOR(*set));
	sleep_ms(50);
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	ASSERT_EQ(0, sysctl_set("enabled", "1"));
	EXPECT_TRUE(WAIT_FOR(waitpid(pid, NULL, WNOHANG) == pid));
	kill(pid, SIGKILL);
}

/* What a session's age brings about waits until it is on again. */
FIXTURE(deadline) {
	volatile int *flags;
	pid_t pid;
};

FIXTURE_VARIANT(deadline) {
	struct agent_ns_budget_ex ex;
	const char *lifetime;
};

FIXTURE_VARIANT_ADD(deadline, of_its_own) {
	.ex = { .max_elapsed_ns = 1000000000, .action = AGENT_NS_ACTION_KILL },
};

FIXTURE_VARIANT_ADD(deadline, grace) {
	.ex = { .max_unlinks = 1, .grace_ns = 1000000000,
		.action = AGENT_NS_ACTION_TERM },
};

FIXTURE_VARIANT_ADD(deadline, lifetime) {
	.lifetime = "1",
};

FIXTURE_SETUP(deadline)
{
	struct agent_ns_budget_ex ex = variant->ex;

	self->flags = shared(4096);
	self->pid = fork();
	if (self->pid)
		return;
	signal(SIGTERM, SIG_IGN);
	if (enter_session() || set_ex(ex))
		_exit(1);
	unlink("/nonexistent");
	unlink("/nonexistent");
	raise_flag(self->flags);
	/* A timer finds it running. */
	for (;;)
		;
}

FIXTURE_TEARDOWN(deadline)
{
	EXPECT_EQ(0, sysctl_set("max_lifetime", "86400"));
	EXPECT_EQ(0, sysctl_set("enabled", "1"));
	kill(self->pid, SIGKILL);
	waitpid(self->pid, NULL, 0);
}

TEST_F(deadline, waits)
{
	ASSERT_TRUE(WAIT_FOR(*self->flags));
	ASSERT_EQ(0, sysctl_set("enabled", "0"));
	if (variant->lifetime)
		ASSERT_EQ(0, sysctl_set("max_lifetime", variant->lifetime));
	sleep_ms(1500);
	EXPECT_EQ(0, waitpid(self->pid, NULL, WNOHANG));
	ASSERT_EQ(0, sysctl_set("enabled", "1"));
	/* Not at the next of the sweeps, which are a minute apart. */
	EXPECT_TRUE(WAIT_FOR(waitpid(self->pid, NULL, WNOHANG) == self->pid));
}

/* A deadline that is still to come comes in its time. */
TEST(deadline_behind_a_pause)
{
	struct agent_ns_budget_ex ex = {
		.max_elapsed_ns = 4000000000, .action = AGENT_NS_ACTION_KILL,
	};
	volatile int *ready = shared(4096);
	pid_t pid = fork();

	if (!pid) {
		if (enter_session() || set_ex(ex))
			_exit(1);
		raise_flag(ready);
		for (;;)
			pause();
	}
	ASSERT_TRUE(WAIT_FOR(*ready));
	EXPECT_EQ(0, sysctl_set("enabled", "0"));
	EXPECT_EQ(0, sysctl_set("enabled", "1"));
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	EXPECT_TRUE(WAIT_FOR(waitpid(pid, NULL, WNOHANG) == pid));
}

static pid_t wait_in_session(volatile int *ready)
{
	pid_t pid = fork();

	if (!pid) {
		if (enter_session())
			_exit(1);
		raise_flag(ready);
		for (;;)
			pause();
	}
	return pid;
}

/* One reaches its lifetime while it is off, and a younger one afterwards. */
TEST(lifetimes_before_and_behind)
{
	volatile int *ready = shared(4096);
	pid_t older, younger;

	older = wait_in_session(ready);
	ASSERT_TRUE(WAIT_FOR(*ready == 1));
	sleep_ms(1500);
	younger = wait_in_session(ready);
	ASSERT_TRUE(WAIT_FOR(*ready == 2));
	EXPECT_EQ(0, sysctl_set("max_lifetime", "5"));
	EXPECT_EQ(0, sysctl_set("enabled", "0"));
	sleep_ms(4000);
	EXPECT_EQ(0, waitpid(older, NULL, WNOHANG));
	EXPECT_EQ(0, sysctl_set("enabled", "1"));
	EXPECT_TRUE(WAIT_FOR(waitpid(older, NULL, WNOHANG) == older));
	EXPECT_TRUE(WAIT_FOR(waitpid(younger, NULL, WNOHANG) == younger));
	EXPECT_EQ(0, sysctl_set("max_lifetime", "86400"));
	kill(older, SIGKILL);
	kill(younger, SIGKILL);
}

/* Nor does a limit keep anybody out, or a stop hold who was continued. */
TEST(joins_and_stops)
{
	int outside = open("/proc/self/ns/agent", O_RDONLY | O_CLOEXEC), fd;
	struct agent_ns_budget_ex ex = {
		.max_tasks = 1, .max_unlinks = 1, .action = AGENT_NS_ACTION_STOP,
	};
	volatile int *flags = shared(4096);
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (enter_session() || set_ex(ex))
			_exit(1);
		unlink("/nonexistent");
		unlink("/nonexistent");
		pid = fork();
		if (!pid) {
			raise_flag(flags);
			_exit(0);
		}
		_exit(reap(pid));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	fd = agent_fd(pid);
	EXPECT_EQ(EDQUOT, ERR(setns(fd, 0)));
	/* The worker may be at its walks still, with another SIGSTOP. */
	sleep_ms(100 * SLOWNESS);
	ASSERT_EQ(0, sysctl_set("enabled", "0"));
	EXPECT_EQ(0, ERR(setns(fd, 0)));
	EXPECT_EQ(0, ERR(setns(outside, 0)));
	kill(pid, SIGCONT);
	/* And so its child. */
	EXPECT_TRUE(WAIT_FOR(waitpid(pid, &status, WNOHANG) == pid));
	EXPECT_EQ(1, *flags);
	EXPECT_EQ(0, sysctl_set("enabled", "1"));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fd);
}

TEST_HARNESS_MAIN
