// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
// timeout: 240
// leaks: check-all
/*
 * Places to hide in from a kill, and from the reaper, tried by an ordinary user
 * and by root in containers. docs/hostility.md is the list; kill.c has what does
 * not depend on who it is.
 */
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>

#include "agentns-hostile.h"
#include "agentns-ring.h"

#define PROGRAM	"./program"

/* With everything blocked that can be. */
static void __attribute__((noreturn)) never_end(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (;;)
		pause();
}

static void __attribute__((noreturn)) ready_and_never_end(void)
{
	raise_flag(&trial->ready);
	never_end();
}

/* A pipe to a program that does not read, and waits to be let go. */
static void __attribute__((constructor)) be_the_program(int argc, char **argv)
{
	if (argc < 2)
		return;
	if (!strcmp(argv[1], "pause")) {
		setresuid(geteuid(), geteuid(), geteuid());
		write(1, "r", 1);
		never_end();
	}
	if (!strcmp(argv[1], "collect") && argc == 4) {
		close(open(argv[2], O_WRONLY | O_CREAT, 0666));
		for (int i = 0; i < 3000 && access(argv[3], F_OK); i++)
			sleep_ms(10);
		_exit(0);
	}
}

/*
 * Each way: what is done before in the test, in the agent, and how it is seen
 * that it is where it wants to be. At the end some task is in a place that it
 * does not leave by itself.
 */
static int in_blocked_signals(void)
{
	for (int sig = 1; sig < 65; sig++)
		signal(sig, SIG_IGN);
	ready_and_never_end();
}

static int in_a_stop(void)
{
	pid_t pid = fork();

	if (!pid)
		for (;;)
			raise(SIGSTOP);
	waitpid(pid, NULL, WUNTRACED);
	ready_and_never_end();
}

/* Stopped by its tracer, which is not going to look after it, also at its end. */
static int in_a_trace(void)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		for (;;)
			pause();
	}
	waitpid(pid, &status, 0);
	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXIT);
	ready_and_never_end();
}

static int in_a_vfork(void)
{
	/* The parent waits in the kernel for what does not come. */
	vfork();
	ready_and_never_end();
}

static int sibling(void *unused)
{
	ready_and_never_end();
}

/* Children that are not its own any more, and never were. */
static int in_other_families(void)
{
	static char stack[65536];

	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (!fork()) {
		setsid();
		clone(sibling, stack + sizeof(stack), CLONE_PARENT | SIGCHLD,
		      NULL);
		if (!fork()) {
			setsid();
			if (!fork())
				ready_and_never_end();
			_exit(0);
		}
		_exit(0);
	}
	ready_and_never_end();
}

/* In a system call that ends when somebody else wants it to; by workers, too. */
static int in_io_uring(void)
{
	struct ring ring = { }, polled = { };
	struct io_uring_sqe sqe = { .opcode = IORING_OP_READ,
		.flags = IOSQE_ASYNC, .addr = (long)trial->path, .len = 1 };
	int p[2];

	if (pipe(p) || ring_setup(&ring, 0) ||
	    ring_setup(&polled, IORING_SETUP_SQPOLL))
		return 1;
	sqe.fd = p[0];
	ring_queue(&ring, &sqe);
	ring_enter(&ring, 1, 0);
	ring_queue(&polled, &sqe);
	syscall(SYS_io_uring_enter, polled.fd, 0, 0, IORING_ENTER_SQ_WAKEUP,
		NULL, 0);
	ready_and_never_end();
}

/* Of root's: its caller cannot send it a signal. */
static int in_a_set_user_id_program(void)
{
	int ends[2];
	pid_t pid;
	char r;

	if (pipe(ends))
		return 1;
	pid = fork();
	if (!pid) {
		dup2(ends[1], 1);
		execl(PROGRAM, PROGRAM, "pause", NULL);
		_exit(1);
	}
	if (read(ends[0], &r, 1) != 1)
		return 2;
	trial->value[0] = ERR(kill(pid, 0));
	ready_and_never_end();
}

static int in_a_core_dump(void)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	pid_t pid = fork();

	if (!pid) {
		/* More than the pipe takes. */
		memset(mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, 1 << 20);
		setrlimit(RLIMIT_CORE, &all);
		abort();
	}
	ready_and_never_end();
}

static int in_a_frozen_cgroup(void)
{
	if (!fork())
		ready_and_never_end();
	ready_and_never_end();
}

/* One child of each goes on, or two: a crowd of some size. */
static int fork_all_the_time(int crowd, bool nested)
{
	signal(SIGCHLD, SIG_IGN);
	if (fork())
		ready_and_never_end();
	for (;;) {
		__atomic_fetch_add(&trial->done, 1, __ATOMIC_RELAXED);
		/* At the last depth that there is it stays where it was. */
		if (nested)
			enter_session();
		if (syscall(SYS_fork) == 0)
			continue;
		if (trial->done < crowd && syscall(SYS_fork) == 0)
			continue;
		__atomic_fetch_sub(&trial->done, 1, __ATOMIC_RELAXED);
		syscall(SYS_exit, 0);
	}
	return 0;
}

static int in_a_fork_bomb(void)
{
	return fork_all_the_time(80, false);
}

/* Each in a session below the one before, and those die out meanwhile. */
static int in_sessions_below(void)
{
	return fork_all_the_time(40, true);
}

static bool sessions_below_hide(void)
{
	return WAIT_FOR(sessions_live() > 5);
}

static const char core_pattern[] = "/proc/sys/kernel/core_pattern";
static char core_pattern_was[128];

static int begin_core_dump(void)
{
	char folder[64], mine[256];

	if (!getcwd(folder, sizeof(folder)) ||
	    read_file(core_pattern_was, 128, "%s", core_pattern))
		return EIO;
	unlink("started");
	unlink("over");
	snprintf(mine, sizeof(mine), "|%s/program collect %s/started %s/over",
		 folder, folder, folder);
	if (strlen(mine) > 127)
		return ENAMETOOLONG;
	return write_file(core_pattern, mine);
}

static bool core_dump_hides(void)
{
	bool hides = WAIT_FOR(!access("started", F_OK));

	/* The pipe is full by then. */
	sleep_ms(100);
	return hides;
}

static void end_core_dump(void)
{
	close(open("over", O_WRONLY | O_CREAT, 0666));
	write_file(core_pattern, core_pattern_was);
}

#define CGROUP	"/sys/fs/cgroup/agentns-hide"

static int begin_frozen(void)
{
	return ERR(mkdir(CGROUP, 0755));
}

static int join_cgroup(void)
{
	return write_file(CGROUP "/cgroup.procs", "0");
}

static bool frozen_hides(void)
{
	char text[64];

	return !write_file(CGROUP "/cgroup.freeze", "1") &&
	       WAIT_FOR(!read_file(text, sizeof(text), CGROUP "/cgroup.events") &&
			strstr(text, "frozen 1"));
}

static void end_frozen(void)
{
	/* Nobody is in it any more, frozen or not. */
	WAIT_FOR(!rmdir(CGROUP));
}

static const struct way {
	const char *name;
	int (*begin)(void);
	int (*prepare)(void);
	int (*hide)(void);
	int ready;
	bool (*hides)(void);
	void (*end)(void);
} ways[] = {
	{ "blocked signals", NULL, NULL, in_blocked_signals, 1 },
	{ "a stop", NULL, NULL, in_a_stop, 1 },
	{ "a trace", NULL, NULL, in_a_trace, 1 },
	{ "a vfork", NULL, NULL, in_a_vfork, 1 },
	{ "other families", NULL, NULL, in_other_families, 3 },
	{ "io_uring", NULL, NULL, in_io_uring, 1 },
	{ "a set-user-ID program", NULL, NULL, in_a_set_user_id_program, 1 },
	{ "a core dump", begin_core_dump, NULL, in_a_core_dump, 1,
	  core_dump_hides, end_core_dump },
	{ "a frozen control group", begin_frozen, join_cgroup,
	  in_a_frozen_cgroup, 2, frozen_hides, end_frozen },
	{ "a fork bomb", NULL, NULL, in_a_fork_bomb, 1 },
	{ "sessions below", NULL, NULL, in_sessions_below, 1,
	  sessions_below_hide },
};

enum {
	BLOCKED, STOP, TRACE, VFORK, FAMILIES, URING, SETUID, CORE, FROZEN, BOMB,
	BELOW
};

FIXTURE(hide) {
	pid_t pid;
	const struct way *way;
};

FIXTURE_VARIANT(hide) {
	WHO;
};

EACH_WHO(hide);

FIXTURE_SETUP(hide)
{
	trial_new();
	copy_self(PROGRAM, 04755);
}

FIXTURE_TEARDOWN(hide)
{
	if (self->way && self->way->end)
		self->way->end();
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

/* It hides, and is killed all the same, with all that it brought into being. */
#define HIDES_AND_DIES(n) do {						\
	const struct way *_way = &ways[n];				\
									\
	self->way = _way;						\
	if (_way->begin) {						\
		ASSERT_EQ(0, _way->begin());				\
	}								\
	self->pid = agent_begin(variant->become, _way->prepare,		\
				_way->hide);				\
	EXPECT_TRUE(WAIT_FOR(trial->ready >= _way->ready));	\
	if (_way->hides) {						\
		EXPECT_TRUE(_way->hides());				\
	} else {							\
		sleep_ms(50);						\
	}								\
	EXPECT_LT(0, count_members(trial->id));				\
	EXPECT_EQ(0, session_set(trial->id, "kill", "1"));		\
	EXPECT_EQ(KILLED, reap(self->pid));				\
	EXPECT_TRUE(WAIT_FOR(!sessions_live())) {		\
		TH_LOG("%d in it", count_members(trial->id));		\
	}								\
} while (0)

TEST_F(hide, in_blocked_signals)
{
	HIDES_AND_DIES(BLOCKED);
}

TEST_F(hide, in_a_stop)
{
	HIDES_AND_DIES(STOP);
}

TEST_F(hide, in_a_trace)
{
	HIDES_AND_DIES(TRACE);
}

TEST_F(hide, in_a_vfork)
{
	HIDES_AND_DIES(VFORK);
}

TEST_F(hide, in_other_families)
{
	HIDES_AND_DIES(FAMILIES);
}

TEST_F(hide, in_io_uring)
{
	HIDES_AND_DIES(URING);
}

TEST_F(hide, in_a_set_user_id_program)
{
	HIDES_AND_DIES(SETUID);
	/* To the others it gives nothing that they have not got. */
	EXPECT_EQ(variant->become == as_user ? EPERM : 0, trial->value[0]);
}

TEST_F(hide, in_a_core_dump)
{
	HIDES_AND_DIES(CORE);
}

TEST_F(hide, in_a_frozen_cgroup)
{
	HIDES_AND_DIES(FROZEN);
}

TEST_F(hide, in_a_fork_bomb)
{
	HIDES_AND_DIES(BOMB);
}

TEST_F(hide, in_sessions_below)
{
	HIDES_AND_DIES(BELOW);
}

/* In a sleep that no signal ends: a write to a file system that is frozen. */
static int in_a_sleep(void)
{
	if (!fork())
		ready_and_never_end();
	raise_flag(&trial->ready);
	while (!trial->go)
		sleep_ms(5);
	for (;;) {
		close(open("frozen", O_WRONLY | O_CREAT | O_TRUNC, 0600));
		/* It comes out of it, and forks at once. */
		if (!syscall(SYS_fork)) {
			raise_flag(&trial->done);
			syscall(SYS_exit, 0);
		}
	}
}

TEST_F(hide, in_a_sleep)
{
	int disk = open(".", O_RDONLY | O_CLOEXEC);

	self->pid = agent_begin(variant->become, NULL, in_a_sleep);
	ASSERT_TRUE(WAIT_FOR(trial->ready == 2));
	ASSERT_EQ(0, ioctl(disk, FIFREEZE, 0));
	trial->go = 1;
	EXPECT_TRUE(WAIT_FOR(member_in_state(trial->id, 'D')));
	EXPECT_EQ(0, session_set(trial->id, "kill", "1"));
	EXPECT_TRUE(WAIT_FOR(count_members(trial->id) == 1));
	ASSERT_EQ(0, ioctl(disk, FITHAW, 0));
	EXPECT_EQ(KILLED, reap(self->pid));
	/* A container's first process is not waited for by that. */
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
	EXPECT_EQ(0, trial->done);
	unlink("frozen");
}

/*
 * An accomplice outside that traces it, and lets it stand at its very end:
 * the kill is over at once all the same, and takes the others.
 */
static int traced_at_its_end(void)
{
	pid_t pid = fork();

	if (pid < 0)
		return 1;
	ready_and_never_end();
}

static int accomplice(pid_t pid)
{
	int status;

	/* As whoever may: what matters is that it is in no session. */
	if (ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXIT))
		return errno;
	raise_flag(&trial->ready);
	waitpid(pid, &status, __WALL);
	raise_flag(&trial->done);
	for (;;)
		pause();
}

TEST_F(hide, behind_a_tracer_outside)
{
	pid_t pids[8], tracer;
	__u64 begin;
	int n;

	self->pid = agent_begin(variant->become, NULL, traced_at_its_end);
	ASSERT_TRUE(WAIT_FOR(trial->ready == 2));
	n = members_of(trial->id, pids, 8);
	ASSERT_LE(2, n);
	tracer = fork();
	if (!tracer)
		_exit(accomplice(pids[n - 1]));
	ASSERT_TRUE(WAIT_FOR(trial->ready == 3));
	begin = now_ns();
	EXPECT_EQ(0, session_set(trial->id, "kill", "1"));
	EXPECT_GT(5000000000ULL, now_ns() - begin);
	EXPECT_TRUE(WAIT_FOR(members_of(trial->id, pids, 8) < n));
	kill(tracer, SIGKILL);
	EXPECT_EQ(KILLED, reap(tracer));
	EXPECT_EQ(KILLED, reap(self->pid));
}

/*
 * The reaper and its timers serve all sessions: whatever the tasks of some do,
 * the next one is over in time.
 */
FIXTURE(reaper) {
	pid_t pid, other;
};

FIXTURE_VARIANT(reaper) {
	WHO;
};

EACH_WHO(reaper);

FIXTURE_SETUP(reaper)
{
	trial_new();
	copy_self(PROGRAM, 04755);
	ASSERT_EQ(0, begin_frozen());
	ASSERT_EQ(0, begin_core_dump());
}

FIXTURE_TEARDOWN(reaper)
{
	end_core_dump();
	end_frozen();
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

static int in_each_place(void)
{
	for (int i = 0; i < FROZEN; i++)
		if (!fork())
			_exit(ways[i].hide());
	ready_and_never_end();
}

/*
 * Blocked signals, stop, trace, vfork, three families, rings, a program, a core
 * dump, itself.
 */
#define HIDDEN	11

TEST_F(reaper, others_in_time)
{
	char id[HEX_ID + 1];
	__u64 begin, end;

	self->pid = agent_begin(variant->become, join_cgroup, in_each_place);
	EXPECT_TRUE(WAIT_FOR(trial->ready == HIDDEN));
	EXPECT_TRUE(core_dump_hides());
	EXPECT_TRUE(frozen_hides());
	strcpy(id, trial->id);

	self->other = fork();
	if (!self->other) {
		if (enter_session())
			_exit(1);
		own_id(trial->id);
		raise_flag(&trial->ready);
		for (;;)
			;
	}
	ASSERT_TRUE(WAIT_FOR(trial->ready == HIDDEN + 1));
	EXPECT_EQ(0, session_set(id, "action", "kill"));
	EXPECT_EQ(0, session_set(trial->id, "action", "kill"));
	begin = now_ns();
	/* Over already, and over in a moment. */
	EXPECT_EQ(0, session_set(id, "max_elapsed_ns", "1"));
	end = session_get(trial->id, "counters/elapsed_ns") + 300000000;
	snprintf((char *)trial->path, sizeof(trial->path), "%llu",
		 (unsigned long long)end);
	EXPECT_EQ(0, session_set(trial->id, "max_elapsed_ns",
				 (const char *)trial->path));
	EXPECT_EQ(KILLED, reap(self->other));
	EXPECT_GT(3000000000ULL, now_ns() - begin);
	EXPECT_EQ(KILLED, reap(self->pid));
}

TEST_HARNESS_MAIN
