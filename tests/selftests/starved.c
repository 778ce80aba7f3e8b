// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/*
 * Who crosses a limit does not get to run on: its scheduling class is one that
 * waits for all others, and another task begins to spin on its processor as
 * soon as the limit is reported. The others of its session are killed without
 * it.
 */
#include "agentns-plan.h"

/* For so long its processor is taken from who crosses. */
#define SPIN_NS		(4000000000ULL * SLOWNESS)

FIXTURE(starved) {
	pid_t pid, spinner;
	int log;
};

FIXTURE_SETUP(starved)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP_FIXTURE("there is one processor");
	plan_new();
	self->log = open("/dev/kmsg", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->log);
	ASSERT_LE(0, lseek(self->log, 0, SEEK_END));
}

FIXTURE_TEARDOWN(starved)
{
	plan->go = 1;
	if (*plan->id)
		session_set(plan->id, "kill", "1");
	kill(self->spinner, SIGKILL);
	reap(self->spinner);
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

/* On processor 0, from the report on. */
static void __attribute__((noreturn)) spin_when_reported(int log)
{
	char record[8192];
	__u64 end;
	ssize_t n;

	run_on(0);
	raise_flag(&plan->ready);
	do {
		n = read(log, record, sizeof(record) - 1);
		record[n < 0 ? 0 : n] = 0;
	} while (!strstr(record, plan->id) || !strstr(record, "max_unlinks"));
	plan->used[0] = now_ns();
	end = plan->used[0] + SPIN_NS;
	raise_flag(&plan->signals);
	while (now_ns() < end && !plan->go)
		;
	raise_flag(&plan->finished);
	_exit(0);
}

static void __attribute__((noreturn)) cross(void)
{
	struct sched_param none = {};

	if (run_on(0) || sched_setscheduler(0, SCHED_IDLE, &none))
		_exit(1);
	raise_flag(&plan->ready);
	for (;;)
		unlink("nonexistent");
}

static void __attribute__((noreturn)) spin_on(int cpu, bool calls)
{
	run_on(cpu);
	raise_flag(&plan->ready);
	for (;;) {
		if (calls)
			syscall(SYS_getppid);
		plan->used[1] = now_ns();
	}
}

FIXTURE_VARIANT(starved) {
	bool calls;
};

FIXTURE_VARIANT_ADD(starved, spinning) {};
FIXTURE_VARIANT_ADD(starved, calling) { .calls = true };

TEST_F(starved, the_others_are_killed)
{
	__s64 late;

	self->spinner = fork();
	if (!self->spinner) {
		while (!*plan->id)
			sleep_ms(1);
		spin_when_reported(self->log);
	}
	IN_SESSION(self->pid, {
		if (set_ex((struct agent_ns_budget_ex) {
				.max_unlinks = 1, .action = AGENT_NS_ACTION_KILL }))
			_exit(1);
		if (!syscall(SYS_fork))
			spin_on(1, variant->calls);
		while (plan->ready < 2 || !plan->used[1])
			;
		cross();
	});
	ASSERT_TRUE(WAIT_FOR(plan->signals));
	/* But for the one that crossed, which is not done with it. */
	EXPECT_TRUE(WAIT_FOR(count_members(plan->id) <= 1));
	EXPECT_EQ(0, plan->finished);
	late = plan->used[1] - plan->used[0];
	ksft_print_msg("%lld us late\n", (long long)late / 1000);
	EXPECT_LT(late, 2000000000);
	plan->go = 1;
	EXPECT_EQ(KILLED, reap(self->pid));
}

TEST_HARNESS_MAIN
