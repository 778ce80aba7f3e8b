// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/*
 * Action stop: every process of the session stops, and goes on where it was
 * when the budget is raised. Action term with a grace period. And what a
 * crossing leaves behind for those who watch.
 */
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>

#include "agentns-plan.h"
#include "agentns-ring.h"

/* What has to be done within a grace may have to wait for a busy host. */
#define SECOND		1000000000ULL

static void calls(int n)
{
	for (int i = 0; i < n; i++) {
		if (syscall(SYS_getppid) >= 0)
			raise_flag(&plan->done);
		else
			raise_flag(&plan->wrong);
	}
}

static char state_of(pid_t pid)
{
	char text[512], *p;

	if (read_file(text, sizeof(text), "/proc/%d/stat", pid))
		return 0;
	p = strrchr(text, ')');
	return p ? p[2] : 0;
}

FIXTURE(stop) {
	pid_t pid;
	int log;
};

FIXTURE_SETUP(stop)
{
	plan_new();
	self->log = kmsg_open();
}

FIXTURE_TEARDOWN(stop)
{
	if (*plan->id)
		session_set(plan->id, "kill", "1");
}

/* Sets a limit and goes over it: stopped until somebody changes that. */
static void stop_at_unlink(void)
{
	if (set_ex((struct agent_ns_budget_ex) {
			.max_unlinks = 1, .action = AGENT_NS_ACTION_STOP }))
		_exit(1);
	unlink("nonexistent");
	unlink("nonexistent");
}

/* Exactly so many calls, a stop, and the rest without one that failed. */
TEST_F(stop, and_go_on)
{
	int status;

	for (int allowance = 1; allowance < 600; allowance += 254) {
		char limit[32];

		memset(plan, 0, sizeof(*plan));
		IN_SESSION(self->pid, {
			if (set_ex((struct agent_ns_budget_ex) {
					.max_syscalls = 2 + allowance,
					.action = AGENT_NS_ACTION_STOP }))
				_exit(1);
			calls(2000);
		});
		ASSERT_EQ(self->pid, waitpid(self->pid, &status, WUNTRACED));
		ASSERT_TRUE(WIFSTOPPED(status));
		EXPECT_EQ(SIGSTOP, WSTOPSIG(status));
		EXPECT_EQ(allowance, plan->done);
		EXPECT_EQ(2 + allowance,
			  session_get(plan->id, "counters/total_syscalls"));

		/* Whoever continues it by hand does not get it any further. */
		for (int i = 0; i < 5; i++) {
			kill(self->pid, SIGCONT);
			ASSERT_EQ(self->pid, waitpid(self->pid, &status, WUNTRACED));
			ASSERT_TRUE(WIFSTOPPED(status));
		}
		EXPECT_EQ(allowance, plan->done);

		snprintf(limit, sizeof(limit), "%d", 2 + allowance + 100);
		ASSERT_EQ(0, session_set(plan->id, "max_syscalls", limit));
		ASSERT_EQ(self->pid, waitpid(self->pid, &status, WUNTRACED));
		ASSERT_TRUE(WIFSTOPPED(status));
		EXPECT_EQ(allowance + 100, plan->done);
		ASSERT_EQ(0, session_set(plan->id, "max_syscalls", "max"));
		EXPECT_EQ(0, reap(self->pid));
		EXPECT_EQ(2000, plan->done);
		EXPECT_EQ(0, plan->wrong);
		EXPECT_EQ(2, kmsg_count(self->log, plan->id, "action stop"));
	}
}

static void *spin(void *arg)
{
	volatile int *count = arg;

	raise_flag(&plan->ready);
	while (!plan->go)
		(*count)++;
	return NULL;
}

/* Who makes no call, who sleeps, who is in a session below. */
TEST_F(stop, everybody)
{
	pthread_t thread;
	int before[4];

	IN_SESSION(self->pid, {
		for (int i = 0; i < 3; i++) {
			pid_t pid = fork();

			if (pid) {
				plan->pid[i] = pid;
				continue;
			}
			if (i == 1 && enter_session())
				_exit(1);
			if (i == 2) {
				raise_flag(&plan->ready);
				while (!plan->go)
					sleep_ms(1);
			} else {
				spin((void *)&plan->spins[i]);
			}
			_exit(0);
		}
		pthread_create(&thread, NULL, spin, (void *)&plan->spins[3]);
		spin_until(&plan->ready, 4);
		stop_at_unlink();
		for (int i = 0; i < 3; i++)
			plan->wrong += !!reap(plan->pid[i]);
		pthread_join(thread, NULL);
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready == 4 && state_of(self->pid) == 'T'));
	for (int i = 0; i < 3; i++)
		EXPECT_TRUE(WAIT_FOR(state_of(plan->pid[i]) == 'T'));
	memcpy(before, (void *)plan->spins, sizeof(before));
	sleep_ms(50);
	EXPECT_EQ(0, memcmp(before, (void *)plan->spins, sizeof(before)));
	plan->go = 1;
	sleep_ms(50);
	EXPECT_EQ('T', state_of(self->pid));
	EXPECT_EQ(0, session_set(plan->id, "max_unlinks", "10"));
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_EQ(0, plan->wrong);
}

/* Who is continued by hand makes no call, also none that is not limited. */
TEST_F(stop, no_other_call)
{
	int before;

	IN_SESSION(self->pid, {
		pid_t pid = fork();

		if (!pid) {
			raise_flag(&plan->ready);
			for (;;)
				calls(1);
		}
		plan->pid[0] = pid;
		spin_until(&plan->ready, 1);
		stop_at_unlink();
	});
	ASSERT_TRUE(WAIT_FOR(state_of(self->pid) == 'T' &&
			     state_of(plan->pid[0]) == 'T'));
	before = plan->done;
	for (int i = 0; i < 10; i++) {
		kill(plan->pid[0], SIGCONT);
		EXPECT_TRUE(WAIT_FOR(state_of(plan->pid[0]) == 'T'));
	}
	/* One may have been under way. */
	EXPECT_LE(plan->done, before + 1);
	EXPECT_EQ(0, plan->wrong);
}

/* Raised and reached over and over while 4 tasks spend: nobody is left behind. */
TEST_F(stop, raised_many_times)
{
	char limit[32];
	pid_t child[3];

	IN_SESSION(self->pid, {
		if (set_ex((struct agent_ns_budget_ex) {
				.max_unlinks = 1, .action = AGENT_NS_ACTION_STOP }))
			_exit(1);
		for (int i = 0; i < 3; i++) {
			child[i] = fork();
			if (!child[i])
				break;
		}
		for (int i = 0; i < 100; i++) {
			if (syscall(SYS_unlink, "nonexistent") == -1 && errno == ENOENT)
				raise_flag(&plan->done);
			else
				raise_flag(&plan->wrong);
		}
	});
	for (int i = 2; i <= 50; i++) {
		EXPECT_TRUE(WAIT_FOR(session_get(plan->id, "counters/unlink_count") == i - 1));
		snprintf(limit, sizeof(limit), "%d", i);
		ASSERT_EQ(0, session_set(plan->id, "max_unlinks", limit));
		if (i % 3 == 0)
			sleep_ms(i % 7);
	}
	/* Not what is done: who did the last may be stopped before it says so. */
	EXPECT_TRUE(WAIT_FOR(session_get(plan->id, "counters/unlink_count") == 50));
	ASSERT_EQ(0, session_set(plan->id, "max_unlinks", "max"));
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
	EXPECT_EQ(400, plan->done);
	EXPECT_EQ(0, plan->wrong);
}

/* What is made anew: a write, a fork; and a request, which fails. */
TEST_F(stop, writes_forks_and_requests)
{
	int file = open("file", O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
	static const char *const names[] = { "max_write_bytes", "max_forks", "max_opens" };
	struct stat st;
	int status;

	for (int i = 0; i < 3; i++) {
		memset(plan, 0, sizeof(*plan));
		IN_SESSION(self->pid, {
			struct ring ring = { };
			struct io_uring_sqe sqe = {
				.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD,
				.addr = (long)"nonexistent",
			};

			if (ring_setup(&ring, 0) ||
			    set_ex((struct agent_ns_budget_ex) {
					.max_write_bytes = 15, .max_forks = 1,
					.max_opens = 1, .action = AGENT_NS_ACTION_STOP }))
				_exit(1);
			for (int k = 0; k < 3; k++) {
				if (i == 0)
					plan->signals += write(file, "1234567890", 10);
				if (i == 1) {
					pid_t pid = fork();

					if (!pid)
						_exit(0);
					plan->signals += pid > 0 && !reap(pid);
				}
				if (i == 2) {
					int res;

					do
						res = ring_do(&ring, &sqe);
					while (res == -EINTR);
					plan->signals += res == -ENOENT;
				}
			}
		});
		ASSERT_EQ(self->pid, waitpid(self->pid, &status, WUNTRACED));
		ASSERT_TRUE(WIFSTOPPED(status));
		EXPECT_EQ(i == 0 ? 15 : 1, plan->signals);
		ASSERT_EQ(0, session_set(plan->id, names[i], "max"));
		EXPECT_EQ(0, reap(self->pid));
		EXPECT_EQ(i == 0 ? 25 : 3, plan->signals);
	}
	ASSERT_EQ(0, fstat(file, &st));
	EXPECT_EQ(25, st.st_size);
}

/* Has a SIGCONT sent to itself every five milliseconds. */
static void order_sigconts(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGCONT };
	struct itimerspec often = { { 0, 5000000 }, { 0, 5000000 } };
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &often, NULL))
		_exit(1);
}

/* Both kinds of limit on time are found reached by other means. */
FIXTURE(continued) {
	pid_t pid;
};

FIXTURE_VARIANT(continued) {
	struct agent_ns_budget_ex ex;
	int processes;
};

FIXTURE_VARIANT_ADD(continued, elapsed_time) {
	.ex = { .max_elapsed_ns = 300000000, .action = AGENT_NS_ACTION_STOP },
	.processes = 1,
};

FIXTURE_VARIANT_ADD(continued, cpu_time) {
	.ex = { .max_cpu_ns = 600000000, .action = AGENT_NS_ACTION_STOP },
	.processes = 2,
};

FIXTURE_SETUP(continued)
{
	plan_new();
}

FIXTURE_TEARDOWN(continued)
{
	session_set(plan->id, "kill", "1");
	reap(self->pid);
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

/* What a process has used of the processors. */
static __u64 cpu_ns(pid_t pid)
{
	struct timespec ts = { };
	clockid_t clock;

	if (!clock_getcpuclockid(pid, &clock))
		clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* A SIGCONT that was ordered before is no way on, for one that makes no call. */
TEST_F(continued, from_inside)
{
	__u64 least[2] = { 100, 100 }, before[2], since, percent;

	IN_SESSION(self->pid, {
		if (set_ex(variant->ex))
			_exit(1);
		for (int i = variant->processes - 1; i >= 0; i--)
			if (!i || !syscall(SYS_fork)) {
				plan->pid[i] = syscall(SYS_getpid);
				order_sigconts();
				raise_flag(&plan->ready);
				for (;;)
					;
			}
	});
	ASSERT_TRUE(WAIT_FOR(session_get(plan->id, "crossings") == 1));
	/* A processor that the host leaves out goes on with its clock. */
	for (int look = 0; look < 4; look++) {
		since = now_ns();
		for (int i = 0; i < variant->processes; i++)
			before[i] = cpu_ns(plan->pid[i]);
		sleep_ms(1000);
		since = now_ns() - since;
		for (int i = 0; i < variant->processes; i++) {
			percent = 100 * (cpu_ns(plan->pid[i]) - before[i]) /
				  since;
			if (percent < least[i])
				least[i] = percent;
		}
	}
	/* It runs for a tick or two of every five milliseconds. */
	for (int i = 0; i < variant->processes; i++) {
		ksft_print_msg("runs for %llu %% of the time\n", least[i]);
		EXPECT_LT(least[i], 75);
		EXPECT_TRUE(WAIT_FOR(state_of(plan->pid[i]) == 'T'));
	}
}

/* Nor is a limit that is tightened a way to put off the end of the grace. */
TEST_F(stop, grace_is_not_renewed)
{
	IN_SESSION(self->pid, {
		struct agent_ns_budget_ex ex = {
			.max_unlinks = 1000, .grace_ns = 2 * SECOND,
			.action = AGENT_NS_ACTION_TERM,
		};

		signal(SIGTERM, SIG_IGN);
		if (set_ex(ex))
			_exit(1);
		for (int i = 0; i < 1001; i++)
			unlink("nonexistent");
		raise_flag(&plan->ready);
		/* For longer than the test waits. */
		for (;;) {
			if (ex.max_unlinks > 1)
				ex.max_unlinks--;
			set_ex(ex);
			sleep_ms(20);
		}
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready));
	EXPECT_TRUE(WAIT_FOR(waitpid(self->pid, NULL, WNOHANG) == self->pid));
	kill(self->pid, SIGKILL);
	waitpid(self->pid, NULL, 0);
}

/* Forking as fast as it can when it is stopped: no child runs on. */
TEST_F_TIMEOUT(stop, a_fork_bomb, 120)
{
	__u64 before;

	IN_SESSION(self->pid, {
		signal(SIGCHLD, SIG_IGN);
		if (set_ex((struct agent_ns_budget_ex) {
				.max_forks = 200, .action = AGENT_NS_ACTION_STOP }))
			_exit(1);
		for (;;) {
			raise_flag(&plan->done);
			if (syscall(SYS_fork))
				syscall(SYS_fork);
			for (int i = 0; i < 100; i++)
				plan->spins[0]++;
		}
	});
	ASSERT_TRUE(WAIT_FOR(session_get(plan->id, "crossings") == 1));
	/* One that got no time has not stopped yet. */
	EXPECT_TRUE(WAIT_FOR(({ before = plan->spins[0];
				sleep_ms(300);
				before == plan->spins[0]; })));
	EXPECT_EQ(200, session_get(plan->id, "counters/fork_count"));
	EXPECT_EQ(0, session_set(plan->id, "kill", "1"));
	EXPECT_EQ(KILLED, reap(self->pid));
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

/* Who joins stops before it does anything there, and goes on with the others. */
TEST_F(stop, who_joins)
{
	pid_t joiner;
	int fd;

	IN_SESSION(self->pid, {
		stop_at_unlink();
	});
	ASSERT_TRUE(WAIT_FOR(state_of(self->pid) == 'T'));
	fd = agent_fd(self->pid);
	ASSERT_LE(0, fd);
	joiner = fork();
	if (!joiner) {
		if (setns(fd, 0))
			_exit(1);
		/* No call: it would be stopped at that. */
		while (!plan->go)
			plan->spins[0]++;
		syscall(SYS_exit_group, 0);
	}
	EXPECT_TRUE(WAIT_FOR(state_of(joiner) == 'T'));
	sleep_ms(50);
	EXPECT_EQ(0, plan->spins[0]);
	EXPECT_EQ('T', state_of(joiner));
	EXPECT_EQ(0, session_set(plan->id, "max_unlinks", "10"));
	EXPECT_TRUE(WAIT_FOR(plan->spins[0] > 0));
	plan->go = 1;
	EXPECT_EQ(0, reap(joiner));
	EXPECT_EQ(0, reap(self->pid));
	close(fd);
}

TEST_F(stop, ends_by_another_action)
{
	int status;

	IN_SESSION(self->pid, {
		stop_at_unlink();
	});
	ASSERT_EQ(self->pid, waitpid(self->pid, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(0, session_set(plan->id, "action", "kill"));
	EXPECT_EQ(KILLED, reap(self->pid));
}

static void on_term(int sig)
{
	raise_flag(&plan->signals);
}

/* With a limit of one unlink crossed, and a handler of the SIGTERM: until it may end. */
static void cross_and_be_told(__u64 grace_ns)
{
	signal(SIGTERM, on_term);
	if (set_ex((struct agent_ns_budget_ex) {
			.max_unlinks = 1, .grace_ns = grace_ns,
			.action = AGENT_NS_ACTION_TERM }))
		_exit(1);
	unlink("nonexistent");
	plan->used[0] = now_ns();
	unlink("nonexistent");
	while (!plan->go)
		raise_flag(&plan->done);
}

/* SIGTERM, and when the grace is over SIGKILL: not before, not much later. */
TEST_F(stop, grace)
{
	__u64 took;

	IN_SESSION(self->pid, {
		cross_and_be_told(200000000);
	});
	EXPECT_EQ(KILLED, reap(self->pid));
	took = now_ns() - plan->used[0];
	EXPECT_GE(took, 200000000);
	EXPECT_LT(took, 10000000000);
	EXPECT_EQ(1, plan->signals);
	EXPECT_TRUE(kmsg_comes(self->log, plan->id, "grace_ns over"));
}

TEST_F(stop, grace_is_lifted)
{
	IN_SESSION(self->pid, {
		cross_and_be_told(SECOND);
	});
	ASSERT_TRUE(WAIT_FOR(plan->signals == 1));
	EXPECT_EQ(0, session_set(plan->id, "max_unlinks", "100"));
	sleep_ms(1300);
	plan->go = 1;
	EXPECT_EQ(0, reap(self->pid));
}

FIXTURE(grace) {
	pid_t pid;
};

FIXTURE_VARIANT(grace) {
	__u64 at_first;
	const char *later;
	bool lives;
};

FIXTURE_VARIANT_ADD(grace, lifted) {
	.at_first = SECOND, .later = "max", .lives = true,
};

FIXTURE_VARIANT_ADD(grace, lengthened) {
	.at_first = SECOND, .later = "3600000000000", .lives = true,
};

FIXTURE_VARIANT_ADD(grace, shortened) {
	.at_first = 3600 * SECOND, .later = "1000000000",
};

FIXTURE_VARIANT_ADD(grace, none_at_first) {
	.at_first = 0, .later = "1000000000",
};

FIXTURE_SETUP(grace)
{
	plan_new();
}

FIXTURE_TEARDOWN(grace)
{
	if (*plan->id)
		session_set(plan->id, "kill", "1");
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

/* It counts from the SIGTERM, whenever it was set. */
TEST_F(grace, changed_after_the_signal)
{
	__u64 begin = 0;

	IN_SESSION(self->pid, {
		cross_and_be_told(variant->at_first);
	});
	ASSERT_TRUE(WAIT_FOR(plan->signals == 1));
	begin = now_ns();
	EXPECT_EQ(0, session_set(plan->id, "grace_ns", variant->later));
	if (variant->lives) {
		sleep_ms(1300);
		plan->go = 1;
		EXPECT_EQ(0, reap(self->pid));
		return;
	}
	EXPECT_EQ(KILLED, reap(self->pid));
	EXPECT_GE(now_ns() - plan->used[0], SECOND);
	EXPECT_LT(now_ns() - begin, 10000000000);
	EXPECT_EQ(1, plan->signals);
}

/* Who may only tighten lifts no grace that runs: not by a kill that nothing calls for. */
TEST_F(stop, grace_is_not_lifted_from_inside)
{
	IN_SESSION(self->pid, {
		struct agent_ns_budget_ex ex = {
			.max_tasks = 2, .grace_ns = 2 * SECOND,
			.action = AGENT_NS_ACTION_TERM,
		};
		pid_t pid[2];

		signal(SIGTERM, on_term);
		if (set_ex(ex) || setresuid(NOBODY, NOBODY, NOBODY))
			_exit(1);
		for (int i = 0; i < 2; i++) {
			pid[i] = fork();
			if (!pid[i])
				for (;;)
					pause();
		}
		for (int i = 0; i < 2; i++) {
			kill(pid[i], SIGKILL);
			waitpid(pid[i], NULL, 0);
		}
		ex.action = AGENT_NS_ACTION_KILL;
		ex.grace_ns = 0;
		if (set_ex(ex))
			_exit(2);
		raise_flag(&plan->ready);
		for (;;)
			;
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready));
	EXPECT_LE(1, plan->signals);
	EXPECT_TRUE(WAIT_FOR(waitpid(self->pid, NULL, WNOHANG) == self->pid));
	kill(self->pid, SIGKILL);
	waitpid(self->pid, NULL, 0);
}

/* A signal that no grace followed is not the beginning of a later one's. */
TEST_F(stop, grace_of_another_action)
{
	IN_SESSION(self->pid, {
		cross_and_be_told(0);
	});
	ASSERT_TRUE(WAIT_FOR(plan->signals == 1));
	EXPECT_EQ(0, session_set(plan->id, "action", "deny"));
	EXPECT_EQ(0, session_set(plan->id, "grace_ns", "1000000"));
	sleep_ms(200);
	plan->go = 1;
	EXPECT_EQ(0, reap(self->pid));
}

/* A million crossings of a log action are one, until the limit is changed. */
FIXTURE(crossing) {
	pid_t pid;
	int log;
};

FIXTURE_SETUP(crossing)
{
	plan_new();
	self->log = kmsg_open();
}

FIXTURE_TEARDOWN(crossing)
{
}

TEST_F(crossing, logged_once_in_a_million)
{
	IN_SESSION(self->pid, {
		if (set_ex((struct agent_ns_budget_ex) { .max_syscalls = 10 }))
			_exit(1);
		for (int i = 0; i < 1000000; i++)
			syscall(SYS_getppid);
		raise_flag(&plan->ready);
		spin_until(&plan->go, 1);
		for (int i = 0; i < 1000; i++)
			syscall(SYS_getppid);
		raise_flag(&plan->ready);
		spin_until(&plan->go, 2);
	});
	ASSERT_TRUE(WAIT_FOR_MS(plan->ready == 1, 60000));
	EXPECT_EQ(1, session_get(plan->id, "crossings"));
	ASSERT_EQ(0, session_set(plan->id, "max_syscalls", "1000500"));
	plan->go = 1;
	ASSERT_TRUE(WAIT_FOR(plan->ready == 2));
	EXPECT_EQ(2, session_get(plan->id, "crossings"));
	plan->go = 2;
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_EQ(2, kmsg_count(self->log, plan->id, "max_syscalls"));
}

/* A limit that is set below what is used acts at once. */
TEST_F(crossing, at_once)
{
	IN_SESSION(self->pid, {
		for (int i = 0; i < 10; i++)
			unlink("nonexistent");
		raise_flag(&plan->ready);
		for (;;)
			raise_flag(&plan->done);
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready));
	EXPECT_EQ(0, session_set(plan->id, "action", "kill"));
	/* At the limit, nothing beyond: nothing happens. */
	EXPECT_EQ(0, session_set(plan->id, "max_unlinks", "10"));
	sleep_ms(50);
	EXPECT_EQ(0, waitpid(self->pid, NULL, WNOHANG));
	EXPECT_EQ(0, session_set(plan->id, "max_unlinks", "9"));
	EXPECT_EQ(KILLED, reap(self->pid));
	EXPECT_EQ(1, kmsg_count(self->log, plan->id, "max_unlinks 9 reached, value 10"));
}

TEST_F(crossing, wakes_who_polls)
{
	char path[256], text[64];
	struct pollfd p = { .events = POLLPRI };

	IN_SESSION(self->pid, {
		if (set_ex((struct agent_ns_budget_ex) { .max_unlinks = 1 }))
			_exit(1);
		raise_flag(&plan->ready);
		spin_until(&plan->go, 1);
		for (int i = 0; i < 10; i++)
			unlink("nonexistent");
		spin_until(&plan->go, 2);
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready));
	p.fd = open(session_path(path, plan->id, "crossings"), O_RDONLY);
	ASSERT_GE(p.fd, 0);
	ASSERT_EQ(2, read(p.fd, text, sizeof(text)));
	EXPECT_EQ(0, poll(&p, 1, 50));
	plan->go = 1;
	EXPECT_EQ(1, poll(&p, 1, 20000));
	EXPECT_TRUE(p.revents & POLLPRI);
	ASSERT_EQ(2, pread(p.fd, text, sizeof(text), 0));
	EXPECT_EQ('1', text[0]);
	EXPECT_EQ(0, poll(&p, 1, 50));
	EXPECT_EQ(0, read_file(text, sizeof(text), "%s",
			       session_path(path, plan->id, "exceeded")));
	EXPECT_STREQ("max_unlinks", text);
	plan->go = 2;
	EXPECT_EQ(0, reap(self->pid));
}

TEST_HARNESS_MAIN
