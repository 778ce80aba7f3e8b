// SPDX-License-Identifier: GPL-2.0-only
// vm: --icount
// vm: --smp 2
// build: -Wno-sign-compare -Wno-clobbered
/*
 * CPU time of all tasks together: counted as the kernel counts it, and limited
 * to within a tick a running thread.
 */
#include <pthread.h>
#include <sys/resource.h>

#include "agentns-plan.h"

#define MS		1000000ULL
#define TICK		MS		/* CONFIG_HZ_1000 */

/*
 * How late a tick may be, and a task that is interrupted by its host. With
 * --icount, which has no local APIC timer, never. Otherwise a processor of the
 * guest is a thread of a machine that may be busy, and a tick comes when that
 * thread runs.
 */
static __u64 lateness(void)
{
	static char text[4096];

	read_file(text, sizeof(text), "/proc/cmdline");
	return strstr(text, "nolapic_timer") ? 0 : 1000 * MS;
}

/*
 * A spinner whose calls are denied takes the time by a clock that goes on while
 * others run, such as whoever sets its limits.
 */
#define OTHERS		((SLOWNESS > 1 ? 400 : 20) * MS)

/* A fork and an exit, which take half a second on a kernel that looks. */
#define WORK		(SLOWNESS > 1 ? 40 : 1)

#define MANY		8

static __u64 clock_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void burn(__u64 ns)
{
	__u64 end = clock_of(CLOCK_THREAD_CPUTIME_ID) + ns;

	while (clock_of(CLOCK_THREAD_CPUTIME_ID) < end)
		;
}

/* For ever; what it used before it began does not count. */
static void __attribute__((noreturn)) spin(volatile __u64 *used, __u64 before)
{
	for (;;)
		*used = clock_of(CLOCK_THREAD_CPUTIME_ID) - before;
}

/* The number of processors, each of which may run one thread for a tick. */
static int cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

FIXTURE(cpu) {
	pid_t pid;
	int log;
};

FIXTURE_SETUP(cpu)
{
	plan_new();
	self->log = kmsg_open();
}

FIXTURE_TEARDOWN(cpu)
{
	if (*plan->id)
		session_set(plan->id, "kill", "1");
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

TEST_F(cpu, is_counted)
{
	struct rusage used;
	__u64 counted, own;

	IN_SESSION(self->pid, {
		for (int i = 0; i < 3; i++)
			if (!fork()) {
				if (i == 1)
					enter_session();
				burn(30 * MS);
				_exit(0);
			}
		burn(30 * MS);
		while (wait(NULL) > 0)
			;
		getrusage(RUSAGE_CHILDREN, &used);
		plan->used[0] = clock_of(CLOCK_PROCESS_CPUTIME_ID);
		plan->used[1] = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 * MS +
				(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000;
		raise_flag(&plan->ready);
		while (!plan->go)
			sleep_ms(5);
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready));
	counted = session_get(plan->id, "counters/cpu_ns");
	own = plan->used[0] + plan->used[1];
	ksft_print_msg("counted %llu ns, by the clocks of its processes %llu\n",
		       (unsigned long long)counted, (unsigned long long)own);
	EXPECT_GT(counted, 120 * MS);
	/* Its entry was before it was in, and its children's ends are theirs. */
	EXPECT_LT(counted, own + 2 * MS);
	EXPECT_GT(counted + 20 * MS * WORK + lateness(), own);
	/* Asleep it uses next to nothing. */
	sleep_ms(100);
	EXPECT_LT(session_get(plan->id, "counters/cpu_ns"),
		  counted + (SLOWNESS > 1 ? 80 : 20) * MS);
	EXPECT_GE(session_get(plan->id, "counters/cpu_ns"), counted);
	plan->go = 1;
	EXPECT_EQ(0, reap(self->pid));
}

static void *spin_in_thread(void *arg)
{
	spin(arg, 0);
}

FIXTURE(limit) {
	pid_t pid;
	int log;
};

FIXTURE_VARIANT(limit) {
	int processes, threads;
	bool nested;
	__u64 ns;
};

#define LIMIT(_name, ...) FIXTURE_VARIANT_ADD(limit, _name) { __VA_ARGS__ }

LIMIT(one, .ns = 100 * MS);
LIMIT(short_one, .ns = 20 * MS);
LIMIT(processes, .processes = 3, .ns = 200 * MS);
LIMIT(threads, .threads = 4, .ns = 150 * MS);
LIMIT(both, .processes = 3, .threads = 4, .ns = 300 * MS);
LIMIT(nested, .processes = 3, .threads = 2, .nested = true, .ns = 200 * MS);

FIXTURE_SETUP(limit)
{
	plan_new();
	self->log = kmsg_open();
}

FIXTURE_TEARDOWN(limit)
{
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

TEST_F(limit, kill)
{
	__u64 used = 0;
	pthread_t thread;
	__s64 over;

	IN_SESSION(self->pid, {
		__u64 before;

		if (set_ex((struct agent_ns_budget_ex) {
				.max_cpu_ns = variant->ns, .action = AGENT_NS_ACTION_KILL }))
			_exit(1);
		before = clock_of(CLOCK_THREAD_CPUTIME_ID);
		for (int i = 0; i < variant->processes; i++)
			if (!fork()) {
				if (variant->nested && enter_session())
					_exit(1);
				spin(&plan->used[1 + i], 0);
			}
		for (int i = 0; i < variant->threads; i++)
			pthread_create(&thread, NULL, spin_in_thread,
				       (void *)&plan->used[4 + i]);
		spin(&plan->used[0], before);
	});
	EXPECT_EQ(KILLED, reap(self->pid));
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
	for (int i = 0; i < MANY; i++)
		used += plan->used[i];
	over = used - variant->ns;
	ksft_print_msg("%lld us over\n", (long long)over / 1000);
	/*
	 * By what was used before the clocks began less, by a tick more; a host
	 * may take all of it.
	 */
	EXPECT_LT(over, (__s64)(cpus() * TICK + lateness()));
	if (!lateness())
		EXPECT_GT(over, -(__s64)(10 * MS));
	EXPECT_TRUE(kmsg_comes(self->log, plan->id, "max_cpu_ns"));
}

/* One after the other, each gone before a tick could find it. */
TEST_F(cpu, a_chain_of_short_ones)
{
	__u64 counted;

	IN_SESSION(self->pid, {
		for (int i = 0; i < 200; i++) {
			pid_t pid = fork();

			if (!pid) {
				__u64 end = now_ns() + 500000;

				/* By a clock that takes no call, which would account. */
				while (now_ns() < end)
					;
				_exit(0);
			}
			waitpid(pid, NULL, 0);
		}
		raise_flag(&plan->ready);
		spin_until(&plan->go, 1);
	});
	ASSERT_TRUE(WAIT_FOR_MS(plan->ready, 30000));
	counted = session_get(plan->id, "counters/cpu_ns");
	ksft_print_msg("%llu us counted of 200 times 500\n", (unsigned long long)counted / 1000);
	EXPECT_GT(counted, 100 * MS);
	plan->go = 1;
	EXPECT_EQ(0, reap(self->pid));
}

TEST_F(cpu, log_once)
{
	IN_SESSION(self->pid, {
		if (set_ex((struct agent_ns_budget_ex) { .max_cpu_ns = 20 * MS }))
			_exit(1);
		burn(100 * MS);
	});
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_TRUE(kmsg_comes(self->log, plan->id, "max_cpu_ns 20000000 reached"));
}

TEST_F(cpu, deny)
{
	IN_SESSION(self->pid, {
		struct timespec t;

		if (set_ex((struct agent_ns_budget_ex) {
				.max_cpu_ns = 50 * MS, .action = AGENT_NS_ACTION_DENY }))
			_exit(1);
		while (!syscall(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, &t))
			plan->used[0] = t.tv_nsec;
		if (errno != EDQUOT || syscall(SYS_close, -1) != -1 || errno != EBADF)
			_exit(2);
		raise_flag(&plan->ready);
		spin_until(&plan->go, 1);
		if (syscall(SYS_getppid) < 0)
			_exit(3);
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready));
	EXPECT_EQ(0, session_set(plan->id, "max_cpu_ns", "max"));
	plan->go = 1;
	EXPECT_EQ(0, reap(self->pid));
}

/* What the bound party sets itself does not stand before what binds it. */
TEST_F_TIMEOUT(cpu, denied_further_in, 60)
{
	__s64 over;

	IN_SESSION(self->pid, {
		__u64 before;

		if (set_ex((struct agent_ns_budget_ex) {
				.max_cpu_ns = 100 * MS, .action = AGENT_NS_ACTION_KILL }))
			_exit(1);
		before = clock_of(CLOCK_THREAD_CPUTIME_ID);
		if (enter_session() ||
		    set_ex((struct agent_ns_budget_ex) {
				.max_cpu_ns = 1, .action = AGENT_NS_ACTION_DENY }))
			_exit(2);
		/* No call, as it would be denied. */
		for (__u64 begin = now_ns(); ; )
			plan->used[0] = now_ns() - begin + before;
	});
	EXPECT_EQ(KILLED, reap(self->pid));
	over = plan->used[0] - 100 * MS;
	ksft_print_msg("%lld us over\n", (long long)over / 1000);
	EXPECT_LT(over, (__s64)(cpus() * TICK + lateness() + OTHERS));
}

/* And who denies does not stand before what is to be done further in. */
TEST_F_TIMEOUT(cpu, denied_further_out, 60)
{
	__s64 over;

	IN_SESSION(self->pid, {
		__u64 before;

		if (enter_session() ||
		    set_ex((struct agent_ns_budget_ex) {
				.max_cpu_ns = 1000 * MS, .action = AGENT_NS_ACTION_KILL }))
			_exit(1);
		before = clock_of(CLOCK_THREAD_CPUTIME_ID);
		for (__u64 begin = now_ns(); ; ) {
			plan->used[0] = now_ns() - begin + before;
			plan->ready = 1;
		}
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready));
	EXPECT_EQ(0, session_set(plan->id, "action", "deny"));
	EXPECT_EQ(0, session_set(plan->id, "max_cpu_ns", "1"));
	EXPECT_EQ(1, session_get(plan->id, "crossings"));
	EXPECT_EQ(KILLED, reap(self->pid));
	over = plan->used[0] - 1000 * MS;
	ksft_print_msg("%lld us over\n", (long long)over / 1000);
	EXPECT_LT(over, (__s64)(cpus() * TICK + lateness() + OTHERS));
}

static void __attribute__((noreturn)) spin_in_session(void)
{
	if (enter_session())
		_exit(1);
	raise_flag(&plan->made);
	for (;;)
		;
}

/*
 * Nor does it end what is around it too soon: what a sibling was granted and
 * did not use is there, however the spinning ones below the inner limit come
 * in with their debts.
 */
TEST_F_TIMEOUT(cpu, a_siblings_rest_is_used, 60)
{
	__u64 limit = 300 * MS * WORK;
	int ns;

	IN_SESSION(self->pid, {
		if (set_ex((struct agent_ns_budget_ex) {
				.max_cpu_ns = limit, .action = AGENT_NS_ACTION_KILL }))
			_exit(1);
		/* Nothing is used before it is held: it may be gone at any time then. */
		plan->ready = 1;
		while (!plan->go)
			sleep_ms(1);
		if (!syscall(SYS_fork)) {
			if (enter_session())
				_exit(1);
			burn(5 * MS);
			raise_flag(&plan->made);
			for (;;)
				pause();
		}
		while (!plan->made)
			sleep_ms(1);
		if (enter_session() ||
		    set_ex((struct agent_ns_budget_ex) {
				.max_cpu_ns = 1000 * MS * WORK,
				.action = AGENT_NS_ACTION_DENY }))
			_exit(2);
		for (int i = 0; i < 2; i++)
			if (!syscall(SYS_fork))
				spin_in_session();
		while (plan->made < 3)
			sleep_ms(1);
		/* Below what was used: crossed from here on. */
		if (set_ex((struct agent_ns_budget_ex) {
				.max_cpu_ns = 1, .action = AGENT_NS_ACTION_DENY }))
			_exit(3);
		for (;;)
			;
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready));
	ns = agent_fd(self->pid);
	ASSERT_LE(0, ns);
	plan->go = 1;
	EXPECT_EQ(KILLED, reap(self->pid));
	EXPECT_LE(limit, session_get(plan->id, "counters/cpu_ns"));
	close(ns);
}

TEST_F(cpu, stop_and_go_on)
{
	int status;

	IN_SESSION(self->pid, {
		if (set_ex((struct agent_ns_budget_ex) {
				.max_cpu_ns = 300 * MS, .action = AGENT_NS_ACTION_STOP }))
			_exit(1);
		burn(1500 * MS);
	});
	ASSERT_EQ(self->pid, waitpid(self->pid, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	EXPECT_LT(session_get(plan->id, "counters/cpu_ns"),
		  300 * MS + cpus() * TICK + MS + lateness());
	EXPECT_EQ(0, session_set(plan->id, "max_cpu_ns", "900000000"));
	ASSERT_EQ(self->pid, waitpid(self->pid, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(0, session_set(plan->id, "max_cpu_ns", "max"));
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_TRUE(WAIT_FOR(kmsg_count(self->log, plan->id, "max_cpu_ns") == 2));
}

/* Below what was used already: it acts at once. */
TEST_F(cpu, below_what_was_used)
{
	IN_SESSION(self->pid, {
		burn(30 * MS);
		raise_flag(&plan->ready);
		for (;;)
			pause();
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready));
	EXPECT_EQ(0, session_set(plan->id, "action", "kill"));
	EXPECT_EQ(0, session_set(plan->id, "max_cpu_ns", "10000000"));
	EXPECT_EQ(KILLED, reap(self->pid));
}

TEST_HARNESS_MAIN
