// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
// leaks: check-all
/*
 * Action deny: a call beyond a limit fails with EDQUOT, is not charged, and
 * nothing that a task needs to end or to clean up is ever refused.
 */
#include <linux/futex.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sys/socket.h>

#include "agentns-plan.h"
#include "agentns-ring.h"

/* A call that is counted and has no other effect. */
static int call(void)
{
	return syscall(SYS_getppid) < 0 ? errno : 0;
}

static void calls(int n)
{
	for (int i = 0; i < n; i++) {
		int err = call();

		if (!err)
			raise_flag(&plan->done);
		else if (err == EDQUOT)
			raise_flag(&plan->denied);
	}
}

FIXTURE(deny) {
	pid_t pid;
	int log, ns;
	char path[64];
};

FIXTURE_SETUP(deny)
{
	plan_new();
	self->log = kmsg_open();
	ASSERT_GE(self->log, 0);
}

FIXTURE_TEARDOWN(deny)
{
}

/* A descriptor that keeps the session for a look at its counters. */
#define PIN(t) ({							\
	snprintf((t)->path, sizeof((t)->path), "/proc/%d/ns/agent", (t)->pid); \
	open((t)->path, O_RDONLY | O_CLOEXEC); })

FIXTURE(exact) {
	pid_t pid;
	int log, ns;
	char path[64];
};

FIXTURE_VARIANT(exact) {
	int allowance;
};

#define ALLOWANCE(n)							\
	FIXTURE_VARIANT_ADD(exact, n) {					\
		.allowance = n,						\
	}

ALLOWANCE(1);
ALLOWANCE(2);
ALLOWANCE(7);
ALLOWANCE(255);
ALLOWANCE(256);
ALLOWANCE(257);
ALLOWANCE(2000);
/* Where a batch of two processors is no longer full. */
ALLOWANCE(2047);
ALLOWANCE(2048);
ALLOWANCE(2049);

FIXTURE_SETUP(exact)
{
	plan_new();
	self->log = kmsg_open();
}

FIXTURE_TEARDOWN(exact)
{
}

/* Exactly so many succeed, and neither the denied nor the exempt are charged. */
TEST_F(exact, one_task)
{
	IN_SESSION(self->pid, {
		raise_flag(&plan->ready);
		spin_until(&plan->go, 1);
		calls(variant->allowance + 1000);
		for (int i = 0; i < 1000; i++)
			if (syscall(SYS_close, -1) != -1 || errno != EBADF)
				syscall(SYS_exit_group, 2);
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready));
	self->ns = PIN(self);
	char limit[32];

	snprintf(limit, sizeof(limit), "%d", variant->allowance + 1);
	ASSERT_EQ(0, session_set(plan->id, "max_syscalls", limit));
	ASSERT_EQ(0, session_set(plan->id, "action", "deny"));
	plan->go = 1;
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_EQ(variant->allowance, plan->done);
	EXPECT_EQ(1000, plan->denied);
	EXPECT_EQ(variant->allowance + 1,
		  session_get(plan->id, "counters/total_syscalls"));
	EXPECT_EQ(1, session_get(plan->id, "crossings"));
	EXPECT_EQ(1, kmsg_count(self->log, plan->id, "action deny"));
	close(self->ns);
}

#define THREADS	64

static void *spend(void *arg)
{
	raise_flag(&plan->ready);
	spin_until(&plan->go, 1);
	calls(200);
	/* A thread's end makes calls, too. */
	raise_flag(&plan->signals);
	spin_until(&plan->signals, THREADS);
	return NULL;
}

TEST_F(exact, many_threads)
{
	pthread_t thread[THREADS];

	IN_SESSION(self->pid, {
		for (int i = 0; i < THREADS; i++)
			pthread_create(&thread[i], NULL, spend, NULL);
		spin_until(&plan->ready, THREADS);
		struct agent_ns_counters_uapi c;

		counters_of(&c);
		if (set_ex((struct agent_ns_budget_ex) {
				.action = AGENT_NS_ACTION_DENY,
				.max_syscalls = c.total_syscalls + 1 +
						variant->allowance }))
			_exit(1);
		plan->go = 1;
		spin_until(&plan->signals, THREADS);
		/* And they all can end: they are joined without a word. */
		for (int i = 0; i < THREADS; i++)
			pthread_join(thread[i], NULL);
	});
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_EQ(variant->allowance, plan->done);
	EXPECT_EQ(THREADS * 200 - variant->allowance, plan->denied);
}

/* What is done besides a call is denied with it, and the call not charged. */
TEST_F(deny, each_resource)
{
	static const struct {
		const char *name;
		size_t limit;
		const char *counter;
	} what[] = {
#define WHAT(n, c) { #n, offsetof(struct agent_ns_budget_ex, n), "counters/" c }
		WHAT(max_opens, "openat_count"),
		WHAT(max_connects, "connect_count"),
		WHAT(max_unlinks, "unlink_count"),
		WHAT(max_forks, "fork_count"),
		WHAT(max_write_bytes, "write_bytes"),
	};
	int null = open("/dev/null", O_WRONLY);

	for (int i = 0; i < ARRAY_SIZE(what); i++) {
		int status[2];

		ASSERT_EQ(0, pipe(status));
		memset(plan, 0, sizeof(*plan));
		IN_SESSION(self->pid, {
			struct agent_ns_budget_ex ex = {
				.action = AGENT_NS_ACTION_DENY,
			};

			*(__u64 *)((void *)&ex + what[i].limit) = 5;
			if (set_ex(ex))
				_exit(1);
			for (int k = 0; k < 20; k++) {
				long ret;

				errno = 0;
				if (i == 0)
					ret = syscall(SYS_openat, AT_FDCWD, "/nonexistent", 0);
				else if (i == 1)
					ret = syscall(SYS_connect, -1, NULL, 0);
				else if (i == 2)
					ret = syscall(SYS_unlink, "/nonexistent");
				else if (i == 3)
					ret = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) ?:
					      syscall(SYS_exit_group, 0);
				else
					ret = syscall(SYS_write, null, "x", 1);
				if (ret >= 0 || errno != EDQUOT)
					raise_flag(&plan->done);
				else
					raise_flag(&plan->denied);
			}
			raise_flag(&plan->ready);
			spin_until(&plan->go, 1);
		});
		ASSERT_TRUE(WAIT_FOR(plan->ready));
		EXPECT_EQ(5, plan->done) TH_LOG("%s", what[i].name);
		EXPECT_EQ(15, plan->denied);
		EXPECT_EQ(5, session_get(plan->id, what[i].counter));
		/* Only where a call is refused at its entry it is not one. */
		EXPECT_EQ(2 + (i < 3 ? 5 : i == 3 ? 20 + 5 : 20),
			  session_get(plan->id, "counters/total_syscalls"));
		/* And goes on when somebody raises it. */
		EXPECT_EQ(0, session_set(plan->id, what[i].name, "max"));
		plan->go = 1;
		EXPECT_EQ(0, reap(self->pid));
		EXPECT_EQ(1, kmsg_count(self->log, plan->id, what[i].name));
	}
}

static void *lock_forever(void *arg)
{
	raise_flag(&plan->ready);
	pthread_mutex_lock(arg);
	pthread_mutex_unlock(arg);
	return NULL;
}

static volatile int handled;

static void on_signal(int sig)
{
	handled++;
}

/* At the limit: signals are handled, locks taken, memory and files given back. */
TEST_F(deny, a_task_can_clean_up_and_end)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_t thread;

	IN_SESSION(self->pid, {
		void *m = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		int fd = open("/dev/null", O_RDONLY), word = 0;
		timer_t timer;
		struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
		struct itimerspec t = { .it_value.tv_nsec = 50000000 };

		signal(SIGALRM, on_signal);
		pthread_mutex_lock(&mutex);
		pthread_create(&thread, NULL, lock_forever, &mutex);
		/* To begin takes a thread calls that are not exempt. */
		spin_until(&plan->ready, 1);
		timer_create(CLOCK_MONOTONIC, &e, &timer);
		timer_settime(timer, 0, &t, NULL);
		if (set_ex((struct agent_ns_budget_ex) {
				.max_syscalls = 1, .action = AGENT_NS_ACTION_DENY }))
			_exit(1);
		if (call() != EDQUOT)
			_exit(2);
		if (syscall(SYS_munmap, m, 4096))
			_exit(3);
		if (syscall(SYS_close, fd))
			_exit(4);
		if (syscall(SYS_futex, &word, FUTEX_WAKE, 1, NULL, NULL, 0) != 0)
			_exit(5);
		while (!handled)
			;
		/* The handler returned by a call, and a second one works. */
		pthread_mutex_unlock(&mutex);
		if (pthread_join(thread, NULL))
			_exit(6);
		if (call() != EDQUOT)
			_exit(7);
		syscall(SYS_exit_group, 42);
	});
	EXPECT_EQ(42, reap(self->pid));
}

/* The 32-bit calls by their own numbers. */
static long ia32(long nr, long a, long b)
{
	long ret;

	asm volatile("int $0x80" : "=a"(ret) : "a"(nr), "b"(a), "c"(b)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}

TEST_F(deny, a_32_bit_task_can_clean_up_and_end)
{
	IN_SESSION(self->pid, {
		int fd = open("/dev/null", O_RDONLY);
		void *m = mmap(NULL, 4096, PROT_READ,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

		if (set_ex((struct agent_ns_budget_ex) {
				.max_syscalls = 1, .action = AGENT_NS_ACTION_DENY }))
			_exit(1);
		if (ia32(64, 0, 0) != -EDQUOT)		/* getppid */
			_exit(2);
		/* 3 is read there and close here, 11 execve and munmap. */
		if (ia32(3, 0, 0) != -EDQUOT || ia32(11, 0, 0) != -EDQUOT)
			_exit(3);
		if (ia32(6, fd, 0))			/* close */
			_exit(4);
		if (ia32(91, (long)m, 4096))		/* munmap */
			_exit(5);
		ia32(252, 42, 0);			/* exit_group */
	});
	EXPECT_EQ(42, reap(self->pid));
}

TEST_F(deny, io_uring)
{
	struct ring ring = { };

	IN_SESSION(self->pid, {
		struct io_uring_sqe nop = { .opcode = IORING_OP_NOP };
		struct io_uring_sqe close = { .opcode = IORING_OP_CLOSE };
		struct agent_ns_counters_uapi c;
		int res[8] = { };

		plan->signals = -1;

		close.fd = open("/dev/null", O_RDONLY);
		if (ring_setup(&ring, IORING_SETUP_SUBMIT_ALL) || counters_of(&c))
			_exit(1);
		/* This, the enter and three requests. */
		if (set_ex((struct agent_ns_budget_ex) {
				.max_syscalls = c.total_syscalls + 1 + 1 + 3,
				.action = AGENT_NS_ACTION_DENY }))
			_exit(2);
		for (int i = 0; i < 6; i++)
			ring_queue(&ring, &nop);
		ring_queue(&ring, &close);
		ring_enter(&ring, 7, 0);
		for (int i = 0; i < 7; i++) {
			if (!ring_done(&ring, &res[i]))
				break;
			if (i < 6)
				plan->done += !res[i];
			plan->denied += res[i] == -EDQUOT;
		}
		plan->signals = res[6];
		syscall(SYS_exit_group, 0);
	});
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_EQ(3, plan->done);
	EXPECT_EQ(3, plan->denied);
	EXPECT_EQ(0, plan->signals);
}

#define RINGS	3

/* Until 50 of them were refused; the name is of nothing. */
static void __attribute__((noreturn)) unlink_by_ring(int allowance)
{
	struct io_uring_sqe request = {
		.opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD,
		.addr = (unsigned long)"/nonexistent",
	};
	struct ring ring = { };
	int refused = 0;

	if (ring_setup(&ring, IORING_SETUP_SUBMIT_ALL))
		syscall(SYS_exit_group, 1);
	raise_flag(&plan->made);
	spin_until(&plan->made, RINGS);
	for (int i = 0; i < allowance + 50 && refused < 50; i += 8) {
		int res;

		for (int k = 0; k < 8; k++)
			ring_queue(&ring, &request);
		ring_enter(&ring, 8, 8);
		while (ring_done(&ring, &res)) {
			refused += res == -EDQUOT;
			raise_flag(res == -EDQUOT ? &plan->denied : &plan->done);
		}
	}
	for (;;)
		syscall(SYS_exit_group, 0);
}

/* The same limit for several rings, on its edges. */
TEST_F(exact, by_io_uring)
{
	IN_SESSION(self->pid, {
		if (set_ex((struct agent_ns_budget_ex) {
				.max_unlinks = variant->allowance,
				.action = AGENT_NS_ACTION_DENY }))
			_exit(1);
		for (int i = 0; i < RINGS; i++)
			if (!syscall(SYS_fork))
				unlink_by_ring(variant->allowance);
		for (int i = 0; i < RINGS; i++) {
			int status;

			if (wait(&status) < 0 || status)
				_exit(2);
		}
	});
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_EQ(variant->allowance, plan->done);
	EXPECT_LE(RINGS * 50, plan->denied);
}

/* Limits so large that a signed number or a sum of two would not hold them. */
TEST_F(deny, large_limits)
{
	IN_SESSION(self->pid, {
		struct agent_ns_budget_ex ex = {
			.max_unlinks = ~0ULL, .max_write_bytes = ~0ULL,
			.max_syscalls = 1ULL << 63,
			.max_elapsed_ns = ~0ULL, .max_cpu_ns = ~0ULL,
			.max_tasks = ~0ULL, .grace_ns = ~0ULL,
			.action = AGENT_NS_ACTION_DENY,
		};
		struct agent_ns_counters_uapi c;
		char block[1000] = { };
		int null = open("/dev/null", O_WRONLY);

		if (set_ex(ex) || enter_session())
			_exit(1);
		ex.max_unlinks = 1ULL << 63;
		ex.max_write_bytes = (1ULL << 63) - 1;
		if (set_ex(ex))
			_exit(2);
		for (int i = 0; i < 1000; i++)
			if (write(null, block, sizeof(block)) != sizeof(block) ||
			    (syscall(SYS_unlink, "/nonexistent") == -1 && errno == EDQUOT))
				_exit(3);
		if (counters_of(&c) || c.unlink_count != 1000 ||
		    c.write_bytes != 1000 * sizeof(block))
			_exit(4);
		ex.max_unlinks = 1002;
		if (set_ex(ex))
			_exit(5);
		for (int i = 0; i < 10; i++)
			if (syscall(SYS_unlink, "/nonexistent") == -1 && errno == EDQUOT)
				raise_flag(&plan->denied);
	});
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_EQ(8, plan->denied);
}

/* A denied one above a killing one that is reached at the same call. */
TEST_F(deny, the_outermost_limit_decides)
{
	IN_SESSION(self->pid, {
		if (set_ex((struct agent_ns_budget_ex) {
				.max_unlinks = 3, .action = AGENT_NS_ACTION_DENY }) ||
		    enter_session() ||
		    set_ex((struct agent_ns_budget_ex) {
				.max_unlinks = 3, .action = AGENT_NS_ACTION_KILL }))
			_exit(1);
		for (int i = 0; i < 10; i++)
			if (syscall(SYS_unlink, "/nonexistent") == -1 && errno == EDQUOT)
				raise_flag(&plan->denied);
	});
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_EQ(7, plan->denied);
}

/* Also where the inner one was set below what was used by then. */
TEST_F(deny, the_outermost_decides_below_what_was_used)
{
	IN_SESSION(self->pid, {
		if (set_ex((struct agent_ns_budget_ex) {
				.max_unlinks = 8, .action = AGENT_NS_ACTION_KILL }) ||
		    enter_session())
			_exit(1);
		for (int i = 0; i < 8; i++)
			if (syscall(SYS_unlink, "/nonexistent") == -1 && errno == EDQUOT)
				_exit(2);
		if (set_ex((struct agent_ns_budget_ex) {
				.max_unlinks = 2, .action = AGENT_NS_ACTION_DENY }))
			_exit(3);
		syscall(SYS_unlink, "/nonexistent");
	});
	EXPECT_EQ(KILLED, reap(self->pid));
}

/* A write is cut at the limit, and the next one is denied. */
TEST_F(deny, bytes)
{
	int file = open("bytes", O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct stat st;

	IN_SESSION(self->pid, {
		static char block[4096];

		if (set_ex((struct agent_ns_budget_ex) {
				.max_write_bytes = 10000, .action = AGENT_NS_ACTION_DENY }))
			_exit(1);
		if (write(file, block, 4096) != 4096 || write(file, block, 4096) != 4096 ||
		    write(file, block, 4096) != 10000 - 8192)
			_exit(2);
		for (int i = 0; i < 100; i++)
			if (write(file, block, 1) != -1 || errno != EDQUOT)
				_exit(3);
	});
	EXPECT_EQ(0, reap(self->pid));
	ASSERT_EQ(0, fstat(file, &st));
	EXPECT_EQ(10000, st.st_size);
}

/*
 * Two write limits and actions over and over while four tasks spend; then one
 * is set, and from there on it is exact.
 */
TEST_F(deny, two_writers_at_once)
{
	static const char *const actions[] = { "log", "term", "deny" };
	pid_t writer[2];
	char limit[32];
	__u64 base;

	IN_SESSION(self->pid, {
		signal(SIGTERM, SIG_IGN);
		for (int i = 0; i < 3; i++)
			if (!fork())
				break;
		raise_flag(&plan->ready);
		while (plan->go < 2)
			syscall(SYS_unlink, "nonexistent");
		spin_until(&plan->go, 3);
		for (int i = 0; i < 1000; i++) {
			if (syscall(SYS_unlink, "nonexistent") == -1 && errno == EDQUOT)
				raise_flag(&plan->denied);
			else
				raise_flag(&plan->done);
		}
		raise_flag(&plan->signals);
		spin_until(&plan->go, 4);
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready == 4));
	for (int w = 0; w < 2; w++) {
		writer[w] = fork();
		if (writer[w])
			continue;
		for (int i = 0; i < 150; i++) {
			char text[32];

			sprintf(text, "%d", 1 + 37 * i % 997);
			if (session_set(plan->id, "max_unlinks", text) ||
			    session_set(plan->id, "action", actions[(i + w) % 3]))
				_exit(1);
		}
		_exit(0);
	}
	for (int w = 0; w < 2; w++)
		EXPECT_EQ(0, reap(writer[w]));
	plan->go = 2;
	sleep_ms(50);
	EXPECT_EQ(0, session_set(plan->id, "action", "deny"));
	base = session_get(plan->id, "counters/unlink_count");
	sprintf(limit, "%llu", (unsigned long long)base + 777);
	EXPECT_EQ(0, session_set(plan->id, "max_unlinks", limit));
	plan->go = 3;
	EXPECT_TRUE(WAIT_FOR(plan->signals == 4));
	EXPECT_EQ(777, plan->done);
	EXPECT_EQ(4000 - 777, plan->denied);
	EXPECT_EQ(base + 777, session_get(plan->id, "counters/unlink_count"));
	plan->go = 4;
	EXPECT_EQ(0, reap(self->pid));
}

/* Time cannot be denied; what takes time can. */
TEST_F(deny, time_that_is_up)
{
	IN_SESSION(self->pid, {
		if (set_ex((struct agent_ns_budget_ex) {
				.max_elapsed_ns = 500000000, .action = AGENT_NS_ACTION_DENY }))
			_exit(1);
		while (call() != EDQUOT)
			raise_flag(&plan->done);
		for (int i = 0; i < 100; i++)
			if (call() != EDQUOT || syscall(SYS_close, -1) != -1 || errno != EBADF)
				_exit(2);
		raise_flag(&plan->ready);
		spin_until(&plan->go, 1);
		if (call())
			_exit(3);
	});
	if (!WAIT_FOR(plan->ready))
		kill(self->pid, SIGKILL);
	EXPECT_GT(plan->done, 0);
	EXPECT_EQ(0, session_set(plan->id, "max_elapsed_ns", "max"));
	plan->go = 1;
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_TRUE(kmsg_comes(self->log, plan->id, "max_elapsed_ns"));
}

TEST_HARNESS_MAIN
