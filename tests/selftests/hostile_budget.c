// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/*
 * Ways round a session's counters and limits, tried by an ordinary user and by
 * root in containers. docs/hostility.md is the list.
 */
#include <pthread.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#include "agentns-hostile.h"
#include "agentns-limits.h"
#include "agentns-ring.h"

/* What is counted while the agent does something. */
static struct agent_ns_counters_uapi before, after;

FIXTURE(shed) {
};

FIXTURE_VARIANT(shed) {
	WHO;
};

EACH_WHO(shed);

FIXTURE_SETUP(shed)
{
	trial_new();
}

FIXTURE_TEARDOWN(shed)
{
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

/* Its calls are others by the time that they are made. */
#define CALLS	10

static int tracee(void)
{
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	kill(getpid(), SIGSTOP);
	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
	return 0;
}

static int by_rewriting_calls(void)
{
	struct user_regs_struct regs;
	int status, rewritten = 0;
	pid_t pid;

	counters_of(&before);
	pid = fork();
	if (!pid)
		_exit(tracee());
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		ptrace(PTRACE_GETREGS, pid, 0, &regs);
		/* At its entry; at its end it is the other one. */
		if (regs.orig_rax == SYS_getppid) {
			regs.orig_rax = SYS_unlink;
			regs.rdi = 0;
			ptrace(PTRACE_SETREGS, pid, 0, &regs);
			rewritten++;
		}
		ptrace(PTRACE_SYSCALL, pid, 0, 0);
	}
	counters_of(&after);
	return rewritten == CALLS &&
	       after.unlink_count - before.unlink_count == CALLS ? 0 : 1;
}

TEST_F(shed, by_rewriting_calls)
{
	EXPECT_EQ(0, agent_does(variant->become, NULL, by_rewriting_calls));
}

/* The gate of 32-bit programs, from one of 64 bits. */
static long call_by_int80(long nr, long a, long b)
{
	long ret;

	asm volatile("int $0x80" : "=a" (ret) : "a" (nr), "b" (a), "c" (b) :
		     "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static int by_int80(void)
{
	/* socketcall(SYS_CONNECT, { -1, NULL, 0 }) */
	unsigned int *args = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (args == MAP_FAILED)
		return 1;
	args[0] = -1;
	counters_of(&before);
	for (int i = 0; i < CALLS; i++) {
		call_by_int80(10, 0, 0);		/* unlink */
		call_by_int80(5, 0, 0);			/* open */
		call_by_int80(102, 3, (long)args);	/* connect */
		/* The same, as only half of a register counts. */
		call_by_int80(102, 1L << 32 | 3, (long)args);
		call_by_int80(362, -1, 0);		/* connect, directly */
	}
	counters_of(&after);
	return after.unlink_count - before.unlink_count != CALLS ? 2 :
	       after.openat_count - before.openat_count != CALLS ? 3 :
	       after.connect_count - before.connect_count != 3 * CALLS ? 4 :
	       /* Of a container's outer process there may be another one. */
	       after.total_syscalls - before.total_syscalls - (5 * CALLS + 1) > 1 ?
	       5 : 0;
}

TEST_F(shed, by_int80)
{
	EXPECT_EQ(0, agent_does(variant->become, NULL, by_int80));
}

static char block[1000];

/* As a worker or as the kernel's thread that polls does them. */
static int ring_work(unsigned int setup, unsigned int flags)
{
	struct ring ring = { };
	struct io_uring_sqe sqes[] = {
		{ .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .flags = flags,
		  .addr = (long)"/nonexistent" },
		{ .opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .flags = flags,
		  .addr = (long)"/nonexistent" },
		{ .opcode = IORING_OP_WRITE, .flags = flags,
		  .addr = (long)block, .len = sizeof(block) },
	};
	int p[2], res, err;

	err = pipe(p) ? errno : ring_setup(&ring, setup);
	if (err)
		return err;
	sqes[2].fd = p[1];
	for (int i = 0; i < 3; i++) {
		if (!(setup & IORING_SETUP_SQPOLL)) {
			ring_do(&ring, &sqes[i]);
			continue;
		}
		ring_queue(&ring, &sqes[i]);
		while (!ring_done(&ring, &res))
			syscall(SYS_io_uring_enter, ring.fd, 0, 0,
				IORING_ENTER_SQ_WAKEUP, NULL, 0);
	}
	close(ring.fd);
	return 0;
}

static int by_io_uring(void)
{
	counters_of(&before);
	if (ring_work(0, IOSQE_ASYNC) || ring_work(IORING_SETUP_SQPOLL, 0) ||
	    ring_work(IORING_SETUP_SQPOLL, IOSQE_ASYNC))
		return 1;
	counters_of(&after);
	return after.openat_count - before.openat_count != 3 ? 2 :
	       after.unlink_count - before.unlink_count != 3 ? 3 :
	       after.write_bytes - before.write_bytes != 3 * sizeof(block) ?
	       4 : 0;
}

TEST_F(shed, by_io_uring)
{
	EXPECT_EQ(0, agent_does(variant->become, NULL, by_io_uring));
}

static void some_work(void)
{
	for (int i = 0; i < CALLS; i++)
		syscall(SYS_unlink, "/nonexistent");
}

static void *work_in_thread(void *unused)
{
	some_work();
	return NULL;
}

/* In children of each kind, and in sessions that end before anybody looks. */
static int work_of_children(void *unused)
{
	pthread_t thread;
	pid_t pid;

	some_work();
	pid = vfork();
	if (!pid) {
		some_work();
		_exit(0);
	}
	if (pthread_create(&thread, NULL, work_in_thread, NULL) ||
	    pthread_join(thread, NULL))
		return 1;
	for (int depth = 0; depth < 3; depth++) {
		if (enter_session())
			return 2;
		some_work();
	}
	return 0;
}

static int by_children_and_nesting(void)
{
	counters_of(&before);
	if (in_child(work_of_children, NULL))
		return 1;
	counters_of(&after);
	return after.unlink_count - before.unlink_count == 6 * CALLS ? 0 : 2;
}

TEST_F(shed, by_children_and_nesting)
{
	EXPECT_EQ(0, agent_does(variant->become, NULL,
				by_children_and_nesting));
}

/* Younger by a clock of one's own: a session's age is the machine's. */
static int by_a_clock(void)
{
	static const char later[] = "boottime 1000000 0";
	struct timespec t = { 2000000, 0 };
	struct timespec now;
	pid_t pid;

	trial->value[0] = ERR(unshare(CLONE_NEWTIME));
	trial->value[1] = write_file("/proc/self/timens_offsets", later);
	tried(ERR(clock_settime(CLOCK_BOOTTIME, &t)) ? 0 : 1);
	tried(ERR(clock_settime(CLOCK_REALTIME, &t)) == EPERM ? 0 : 1);
	pid = fork();
	if (pid)
		return reap(pid);
	clock_gettime(CLOCK_BOOTTIME, &now);
	trial->value[2] = now.tv_sec > 1000000;
	counters_of(&after);
	_exit(after.elapsed_ns < 60000000000ULL ? 0 : 1);
}

TEST_F(shed, by_a_clock)
{
	bool own = variant->become == as_container;

	EXPECT_EQ(0, agent_does(variant->become, NULL, by_a_clock));
	EXPECT_TRIES(2, 0);
	EXPECT_EQ(own ? 0 : EPERM, trial->value[0]);
	EXPECT_EQ(own, trial->value[2]);
}

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

TEST_HARNESS_MAIN
