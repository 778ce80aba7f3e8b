// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/*
 * Ways to loosen a session's limits, or to get by them, tried by an ordinary
 * user and by root in containers. docs/hostility.md is the list.
 */
#include <sys/ptrace.h>
#include <sys/user.h>

#include "agentns-hostile.h"
#include "agentns-limits.h"

/* An agent in a session with limits, and a session beside. */
static const struct agent_ns_budget_ex budget = {
	.max_syscalls = 1000000, .max_write_bytes = 1000000,
	.max_forks = 1000, .max_opens = 1000000, .max_connects = 1000000,
	.max_unlinks = 5, .max_tasks = 1000, .max_cpu_ns = 3600000000000,
	.max_elapsed_ns = 3600000000000, .max_descendants = 100,
	.action = AGENT_NS_ACTION_DENY,
};

FIXTURE(raise) {
	pid_t beside;
};

FIXTURE_VARIANT(raise) {
	WHO;
};

EACH_WHO(raise);

static int set_limits(void)
{
	return set_ex(budget);
}

FIXTURE_SETUP(raise)
{
	trial_new();
	self->beside = fork();
	if (!self->beside) {
		if (enter_session())
			_exit(1);
		own_id(trial->path);
		raise_flag(&trial->ready);
		for (;;)
			pause();
	}
	ASSERT_TRUE(WAIT_FOR(trial->ready));
}

FIXTURE_TEARDOWN(raise)
{
	kill(self->beside, SIGKILL);
	EXPECT_EQ(KILLED, reap(self->beside));
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

static bool unchanged(void)
{
	struct agent_ns_budget_ex now;

	memset(&now, 0xff, sizeof(now));
	return !agent5(PR_GET_AGENT_BUDGET_EX, (long)&now, sizeof(now), 0, 0) &&
	       !memcmp(&now, &budget, sizeof(now));
}

static int by_prctl(void)
{
	struct agent_ns_budget_uapi old = { .action = AGENT_NS_ACTION_DENY };
	struct agent_ns_budget_ex ex;

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		__u64 *limit = limit_of(&ex, limits[i]);

		ex = budget;
		*limit += 1;
		tried(set_ex(ex));
		*limit = 0;
		tried(set_ex(ex));
	}
	ex = budget;
	ex.action = AGENT_NS_ACTION_LOG;
	tried(set_ex(ex));
	tried(agent(PR_SET_AGENT_BUDGET_LIMITS, &old));
	return !unchanged();
}

TEST_F(raise, by_prctl)
{
	ASSERT_EQ(0, agent_does(variant->become, set_limits, by_prctl));
	EXPECT_TRIES(22, EPERM);
}

/* Files that are root's: a number is not what counts in a session. */
static int refusal_of(int (*become)(int (*fn)(void)))
{
	return become == as_bare_root ? EPERM : EACCES;
}

static int by_files(void)
{
	const char *beside = (const char *)trial->path;

	tried(session_set(trial->id, "max_unlinks", "max"));
	tried(session_set(trial->id, "max_unlinks", "6"));
	tried(session_set(trial->id, "max_elapsed_ns", "max"));
	tried(session_set(trial->id, "max_descendants", "max"));
	tried(session_set(trial->id, "action", "log"));
	tried(session_set(trial->id, "intent", "mine"));
	tried(session_set(beside, "max_opens", "1"));
	tried(session_set(beside, "sealed", "1"));
	tried(session_set(beside, "intent", "mine"));
	tried(session_set(beside, "kill", "1"));
	return !unchanged();
}

TEST_F(raise, by_files)
{
	ASSERT_EQ(0, agent_does(variant->become, set_limits, by_files));
	EXPECT_TRIES(10, refusal_of(variant->become));
	EXPECT_EQ(0, waitpid(self->beside, NULL, WNOHANG));
}

/* What it may do to its own session by prctl it may do by a file. */
static int tightens_by_files(void)
{
	tried(session_set(trial->id, "max_unlinks", "4"));
	tried(session_set(trial->id, "action", "kill"));
	tried(session_set(trial->id, "sealed", "1"));
	return 0;
}

TEST_F(raise, not_by_tightening)
{
	int wanted = variant->become == as_bare_root ? 0 : EACCES;

	ASSERT_EQ(0, agent_does(variant->become, set_limits,
				tightens_by_files));
	EXPECT_TRIES(3, wanted);
}

static const char *const knobs[][2] = {
	{ SYSCTL "enabled", "0" }, { SYSCTL "unprivileged", "1" },
	{ SYSCTL "max_lifetime", "0" }, { SYSFS "defaults/max_opens", "7" },
	{ SYSFS "defaults/action", "term" }, { SYSFS "max_session_dirs", "7" },
	{ SYSFS "sweep_interval", "7" }, { SYSFS "stamp_outside", "1" },
	{ SYSFS "stamp_hints", "0" }, { SYSFS "skip_fstypes", "ext4" },
	{ SYSFS "skip_paths", "/scratch" },
};

static char knob_was[ARRAY_SIZE(knobs)][64];

static int by_knobs(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(knobs); i++)
		tried(write_file(knobs[i][0], knobs[i][1]));
	return !unchanged();
}

TEST_F(raise, by_knobs)
{
	char text[64];

	for (size_t i = 0; i < ARRAY_SIZE(knobs); i++)
		ASSERT_EQ(0, read_file(knob_was[i], 64, "%s", knobs[i][0]));
	EXPECT_EQ(0, agent_does(variant->become, set_limits, by_knobs));
	EXPECT_TRIES(ARRAY_SIZE(knobs), refusal_of(variant->become));
	for (size_t i = 0; i < ARRAY_SIZE(knobs); i++) {
		EXPECT_EQ(0, read_file(text, sizeof(text), "%s", knobs[i][0]));
		EXPECT_STREQ(knob_was[i], text) {
			write_file(knobs[i][0], knob_was[i]);
		}
	}
}

/* Descriptors that somebody with more rights left open. */
static int open_files[6];

static int leave_open(void)
{
	char path[256];

	open_files[0] = open(session_path(path, trial->id, "max_unlinks"),
			     O_WRONLY);
	open_files[1] = open(session_path(path, trial->id, "action"), O_WRONLY);
	open_files[2] = open(session_path(path, (const char *)trial->path,
					  "kill"), O_WRONLY);
	open_files[3] = open(SYSCTL "enabled", O_WRONLY);
	open_files[4] = open(SYSFS "defaults/max_opens", O_WRONLY);
	open_files[5] = open(SYSFS "max_session_dirs", O_WRONLY);
	for (int i = 0; i < 6; i++)
		if (open_files[i] < 0)
			return errno;
	return set_limits();
}

static int by_open_files(void)
{
	static const char *const what[] = { "max", "log", "1", "0", "7", "7" };

	for (int i = 0; i < 6; i++)
		tried(ERR(write(open_files[i], what[i], strlen(what[i]))));
	return !unchanged();
}

TEST_F(raise, by_open_files)
{
	char text[16];

	ASSERT_EQ(0, agent_does(variant->become, leave_open, by_open_files));
	EXPECT_TRIES(6, EPERM);
	EXPECT_EQ(0, waitpid(self->beside, NULL, WNOHANG));
	EXPECT_EQ(0, read_file(text, sizeof(text), SYSCTL "enabled"));
	EXPECT_STREQ("1", text) {
		sysctl_set("enabled", "1");
	}
}

#define CALLS	10

/* A session inside that has no limits of its own. */
static int by_nesting(void)
{
	int done = 0;

	for (int depth = 0; depth < 3; depth++) {
		if (enter_session())
			return 1;
		for (int i = 0; i < CALLS; i++)
			done += ERR(syscall(SYS_unlink, "nonexistent")) ==
				ENOENT;
	}
	return done == budget.max_unlinks ? 0 : 100 + done;
}

TEST_F(raise, by_nesting)
{
	EXPECT_EQ(0, agent_does(variant->become, set_limits, by_nesting));
}

/* Many who tighten at the same time: what is in force is the tightest of all. */
#define SETTERS	4

static int tightens_at_random(void *n)
{
	unsigned int seed = (long)n + 1;
	struct agent_ns_budget_ex ex = { .action = AGENT_NS_ACTION_LOG };
	__u64 least = ~0ULL;

	for (int i = 0; i < 400; i++) {
		ex.max_unlinks = 1000000 - i * 2000 + rand_r(&seed) % 100000;
		switch (set_ex(ex)) {
		case 0:
			if (ex.max_unlinks < least)
				least = ex.max_unlinks;
			break;
		case EPERM:
			trial->go++;
			break;
		default:
			return 1;
		}
	}
	trial->value[(long)n] = least;
	return 0;
}

static int by_a_race(void)
{
	struct agent_ns_budget_ex now = { };
	__u64 least = ~0ULL;
	pid_t pids[SETTERS];
	int bad = 0;

	for (long i = 0; i < SETTERS; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(tightens_at_random((void *)i));
	}
	for (int i = 0; i < SETTERS; i++) {
		bad |= reap(pids[i]);
		if (trial->value[i] < least)
			least = trial->value[i];
	}
	agent5(PR_GET_AGENT_BUDGET_EX, (long)&now, sizeof(now), 0, 0);
	return bad ? 1 : now.max_unlinks != least ? 2 : 0;
}

TEST_F(raise, by_a_race)
{
	EXPECT_EQ(0, agent_does(variant->become, NULL, by_a_race));
	EXPECT_LT(0, trial->go);
}

/* By another one's hand: in a task that is traced, with that one's rights. */
static int waits_for_orders(void)
{
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	kill(getpid(), SIGSTOP);
	return syscall(SYS_getppid) == -EPERM ? 1 : 0;
}

static int by_an_injected_prctl(void)
{
	static struct agent_ns_budget_ex none;
	struct user_regs_struct regs;
	int status, stops = 0;
	pid_t pid = fork();
	long ret = 0;

	if (!pid)
		_exit(waits_for_orders());
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		ptrace(PTRACE_GETREGS, pid, 0, &regs);
		if (regs.orig_rax == SYS_getppid) {
			regs.orig_rax = SYS_prctl;
			regs.rdi = PR_SET_AGENT_BUDGET_EX;
			regs.rsi = (long)&none;
			regs.rdx = sizeof(none);
			regs.r10 = 0;
			regs.r8 = 0;
			ptrace(PTRACE_SETREGS, pid, 0, &regs);
		} else if (regs.orig_rax == SYS_prctl && stops++ == 0) {
			ret = regs.rax;
		}
		ptrace(PTRACE_SYSCALL, pid, 0, 0);
	}
	tried(-ret);
	return !unchanged();
}

TEST_F(raise, by_an_injected_prctl)
{
	ASSERT_EQ(0, agent_does(variant->become, set_limits,
				by_an_injected_prctl));
	EXPECT_TRIES(1, EPERM);
}

/* Many that spend what is left, at one time and on all levels. */
#define SPENDERS	4

static const struct agent_ns_budget_ex some = {
	.max_unlinks = 1000, .action = AGENT_NS_ACTION_DENY,
};

static int set_some(void)
{
	return set_ex(some);
}

static int spend_all(int n)
{
	int done = 0;

	/* In sessions of their own, one in another one's. */
	for (int i = 0; i < n; i++)
		if (enter_session())
			return 1;
	raise_flag(&trial->done);
	spin_until(&trial->done, SPENDERS);
	while (ERR(syscall(SYS_unlink, "nonexistent")) == ENOENT &&
	       done <= some.max_unlinks)
		done++;
	trial->value[n] = done;
	return 0;
}

static int by_spending_together(void)
{
	pid_t pids[SPENDERS];
	int bad = 0, done = 0;

	for (int i = 0; i < SPENDERS; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(spend_all(i));
	}
	for (int i = 0; i < SPENDERS; i++) {
		bad |= reap(pids[i]);
		done += trial->value[i];
	}
	return bad ? 1 : done != some.max_unlinks ? 2 : 0;
}

TEST_F(raise, by_spending_together)
{
	EXPECT_EQ(0, agent_does(variant->become, set_some,
				by_spending_together));
}

/* Not counted is not allowed: @some goes on where it was. */
static int spend_while_disabled(void)
{
	int done = 0;

	for (int i = 0; i < 10; i++)
		syscall(SYS_unlink, "nonexistent");
	raise_flag(&trial->done);
	while (!trial->go)
		sleep_ms(5);
	for (int i = 0; i < 2 * some.max_unlinks; i++)
		if (ERR(syscall(SYS_unlink, "nonexistent")) != ENOENT)
			return 1;
	tried(enter_session());
	tried(set_ex((struct agent_ns_budget_ex) { }));
	raise_flag(&trial->done);
	while (trial->go < 2)
		sleep_ms(5);
	while (ERR(syscall(SYS_unlink, "nonexistent")) == ENOENT)
		done++;
	return done == some.max_unlinks - 10 ? 0 : 2;
}

TEST_F(raise, while_disabled)
{
	pid_t pid = agent_begin(variant->become, set_some,
				spend_while_disabled);

	EXPECT_TRUE(WAIT_FOR(trial->done));
	EXPECT_EQ(0, sysctl_set("enabled", "0"));
	trial->go = 1;
	EXPECT_TRUE(WAIT_FOR(trial->done == 2));
	EXPECT_EQ(0, sysctl_set("enabled", "1"));
	trial->go = 2;
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(2, trial->tried);
	EXPECT_EQ(ENOSYS, trial->err[0]);
	EXPECT_EQ(EPERM, trial->err[1]);
}

/* Stopped at a limit, with somebody outside who lets it go on at once. */
static int stop_at_two(void)
{
	return set_ex((struct agent_ns_budget_ex) {
			.max_unlinks = 2, .action = AGENT_NS_ACTION_STOP });
}

/* One that crosses, and one that has nothing to do with it. */
static int cross_beside_another(void)
{
	pid_t pid = fork();

	if (!pid)
		for (;;) {
			syscall(SYS_getppid);
			trial->value[0]++;
		}
	/* Else it could be stopped before it has begun. */
	while (!trial->value[0])
		sched_yield();
	for (int i = 0; i < 6; i++) {
		syscall(SYS_unlink, "nonexistent");
		raise_flag(&trial->done);
	}
	kill(pid, SIGKILL);
	return reap(pid) == KILLED ? 0 : 1;
}

static bool stands_still(void)
{
	__u64 calls = trial->value[0];

	sleep_ms(100);
	return calls && calls == trial->value[0];
}

TEST_F(raise, by_going_on)
{
	pid_t pids[8], pid;
	__u64 calls;
	int n;

	pid = agent_begin(variant->become, stop_at_two, cross_beside_another);
	EXPECT_TRUE(WAIT_FOR(trial->done == 2 && stands_still()));
	calls = trial->value[0];
	for (int i = 0; i < 200; i++) {
		n = members_of(trial->id, pids, 8);
		EXPECT_LT(1, n);
		while (n)
			kill(pids[--n], SIGCONT);
		sleep_ms(2);
	}
	/* The call that it was stopped in is not one more. */
	EXPECT_GE(calls + 1, trial->value[0]);
	EXPECT_EQ(2, trial->done);
	EXPECT_EQ(2, session_get(trial->id, "counters/unlink_count"));
	EXPECT_EQ(0, session_set(trial->id, "max_unlinks", "max"));
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(6, trial->done);
}

/* A grace that runs is put off by nothing that it may do. */
static int grace_of_a_second(void)
{
	/* And so do all that come of it. */
	signal(SIGTERM, SIG_IGN);
	return set_ex((struct agent_ns_budget_ex) {
			.max_unlinks = 1000, .grace_ns = 1000000000,
			.action = AGENT_NS_ACTION_TERM });
}

static int __attribute__((noreturn)) put_off_the_grace(void)
{
	struct agent_ns_budget_ex ex = {
		.max_unlinks = 1000, .grace_ns = 1000000000,
		.action = AGENT_NS_ACTION_TERM,
	};

	for (int i = 0; i < 1002; i++)
		syscall(SYS_unlink, "nonexistent");
	raise_flag(&trial->done);
	for (;;) {
		if (ex.max_unlinks > 1)
			ex.max_unlinks--;
		set_ex(ex);
		ex.grace_ns = ~0ULL;
		trial->value[0] |= !set_ex(ex);
		ex.grace_ns = 1000000000;
		sleep_ms(20);
	}
}

TEST_F(raise, by_putting_off_the_grace)
{
	pid_t pid = agent_begin(variant->become, grace_of_a_second,
				put_off_the_grace);

	EXPECT_TRUE(WAIT_FOR(trial->done));
	EXPECT_TRUE(WAIT_FOR(!count_members(trial->id)));
	kill(pid, SIGKILL);
	EXPECT_EQ(KILLED, reap(pid));
	EXPECT_EQ(0, trial->value[0]);
}

TEST_HARNESS_MAIN
