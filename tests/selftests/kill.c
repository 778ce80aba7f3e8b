// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
// timeout: 240
/* A kill ends a session whole, however fast its tasks multiply. */
#include <linux/sched.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <linux/fs.h>

#include "agentns-test.h"

/* In the nightly form 200, see run. */
static int rounds(void)
{
	return getenv("AGENTNS_NIGHTLY") ? 200 : 5;
}

/* Enough to be busy on, too few to starve the test of processes. */
#define CROWD	120

struct plan {
	volatile int ready, tasks;
	char id[HEX_ID + 1];
};

static struct plan *plan;

/*
 * Bombs: a task makes two more of its kind and ends, for ever. @tasks keeps
 * the crowd at a size; a task over it makes but one.
 */
static bool crowded(void)
{
	return __atomic_load_n(&plan->tasks, __ATOMIC_RELAXED) > CROWD;
}

static void enlist(void)
{
	__atomic_fetch_add(&plan->tasks, 1, __ATOMIC_RELAXED);
}

static void __attribute__((noreturn)) leave(void)
{
	__atomic_fetch_sub(&plan->tasks, 1, __ATOMIC_RELAXED);
	for (;;)
		syscall(SYS_exit, 0);
}

static long make_fork(void)
{
	return syscall(SYS_fork);
}

static long make_clone(void)
{
	return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static long make_clone3(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	return syscall(SYS_clone3, &args, sizeof(args));
}

/* Out of its parent's sight: its own session and process group, no parent. */
static long make_daemon(void)
{
	long pid = syscall(SYS_fork);

	if (pid)
		return pid;
	syscall(SYS_setsid);
	if (syscall(SYS_fork))
		syscall(SYS_exit_group, 0);
	return 0;
}

/* In a new agent session each, while depth lasts. */
static long make_nested(void)
{
	long pid = syscall(SYS_fork);

	if (!pid)
		enter_session();
	return pid;
}

static void bomb(long (*make)(void))
{
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		enlist();
		if (make() == 0)
			continue;
		if (crowded() || make() != 0)
			leave();
	}
}

static void bomb_of_forks(void)
{
	bomb(make_fork);
}

static void bomb_of_clones(void)
{
	bomb(make_clone);
}

static void bomb_of_clone3s(void)
{
	bomb(make_clone3);
}

static void bomb_of_daemons(void)
{
	bomb(make_daemon);
}

static void bomb_of_sessions(void)
{
	bomb(make_nested);
}

static void bomb_of_vforks(void)
{
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		pid_t pid;

		enlist();
		if (fork())
			leave();
		for (int i = 0; i < 3; i++) {
			pid = vfork();
			if (!pid)
				_exit(0);
		}
	}
}

static void *thread_of_bomb(void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 32768);
	for (int i = 0; i < 2; i++) {
		if (i && crowded())
			break;
		enlist();
		while (pthread_create(&thread, &attr, thread_of_bomb, NULL))
			sched_yield();
	}
	pthread_attr_destroy(&attr);
	__atomic_fetch_sub(&plan->tasks, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void bomb_of_threads(void)
{
	thread_of_bomb(NULL);
	for (;;)
		pause();
}

/*
 * Each traced by its parent, which lets it go on, and stopped anew at each
 * SIGCHLD until that parent has ended. Without PTRACE_O_TRACEFORK: who is
 * attached by it and whose tracer ends stays stopped by a SIGSTOP that nobody
 * ordered, and the bomb dies down.
 */
static long make_tracee(void)
{
	long pid = syscall(SYS_fork);
	int status;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		syscall(SYS_kill, syscall(SYS_getpid), SIGSTOP);
		return 0;
	}
	if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFSTOPPED(status))
		ptrace(PTRACE_CONT, pid, 0, 0);
	return pid;
}

static void bomb_of_tracees(void)
{
	bomb(make_tracee);
}

/*
 * In pid and user namespaces of their own, as deep as they go; who ended there
 * would take all below along, so nobody does.
 */
static void bomb_of_namespaces(void)
{
	struct clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_NEWPID, .exit_signal = SIGCHLD,
	};

	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		long pid = -1;

		enlist();
		while (pid) {
			if (!crowded())
				pid = syscall(SYS_clone3, &args, sizeof(args));
			if (pid < 0 && !crowded())
				pid = syscall(SYS_fork);
		}
	}
}

/* Threads of processes that fork, and of which the first thread ends. */
static void *thread_that_forks(void *arg)
{
	bomb(make_fork);
	return NULL;
}

static void bomb_of_leaderless_processes(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, thread_that_forks, NULL);
	for (;;)
		syscall(SYS_exit, 0);
}

FIXTURE(bombs) {
};

FIXTURE_VARIANT(bombs) {
	void (*start)(void);
	bool in_user_namespace;
};

#define BOMB(_name, ...)						\
	FIXTURE_VARIANT_ADD(bombs, _name) {				\
		.start = bomb_of_##_name, __VA_ARGS__			\
	}

BOMB(forks);
BOMB(vforks);
BOMB(clones);
BOMB(clone3s);
BOMB(threads);
BOMB(daemons);
BOMB(sessions);
BOMB(tracees);
BOMB(namespaces);
BOMB(leaderless_processes);

FIXTURE_VARIANT_ADD(bombs, forks_in_user_namespace) {
	.start = bomb_of_forks,
	.in_user_namespace = true,
};

FIXTURE_SETUP(bombs)
{
	plan = shared(4096);
}

FIXTURE_TEARDOWN(bombs)
{
}

/* The whole tree goes with its top: nested sessions, too. */
static bool all_gone(void)
{
	return !sessions_live();
}

/* Not by the clock alone: a slow machine's bombs grow slowly. */
static bool grown_by(__u64 forks)
{
	return session_get(plan->id, "counters/fork_count") >= forks;
}

TEST_F_TIMEOUT(bombs, killed_whole, 2400)
{
	pid_t pid;

	ASSERT_TRUE(WAIT_FOR(!sessions_live()));
	for (int round = 0; round < rounds(); round++) {
		memset(plan, 0, sizeof(*plan));
		pid = fork();
		if (!pid) {
			if (enter_session())
				_exit(1);
			own_id(plan->id);
			if (variant->in_user_namespace &&
			    unshare(CLONE_NEWUSER))
				_exit(1);
			raise_flag(&plan->ready);
			variant->start();
		}
		ASSERT_TRUE(WAIT_FOR(plan->ready));
		/* At another point of its growth each time. */
		sleep_ms(5 + 25 * (round % 8));
		EXPECT_TRUE(WAIT_FOR(grown_by(1 + 3 * (round % 8))));
		EXPECT_EQ(0, session_set(plan->id, "kill", "1\n"));
		/* No task, no zombie's session, no reference left. */
		EXPECT_TRUE(WAIT_FOR(all_gone()));
		EXPECT_EQ(0, count_members(plan->id));
		waitpid(pid, NULL, 0);
	}
}

/* Waits in a session until it is killed. */
static int wait_to_be_killed(void *arg)
{
	if (enter_session())
		return 1;
	own_id(plan->id);
	raise_flag(&plan->ready);
	for (;;)
		pause();
}

FIXTURE(kill) {
	pid_t pid;
};

FIXTURE_SETUP(kill)
{
	plan = shared(4096);
	self->pid = fork();
	if (!self->pid)
		_exit(wait_to_be_killed(NULL));
	ASSERT_TRUE(WAIT_FOR(plan->ready == 1));
}

FIXTURE_TEARDOWN(kill)
{
	kill(self->pid, SIGKILL);
	waitpid(self->pid, NULL, 0);
}

TEST_F(kill, takes_a_one_alone)
{
	static const char *const bad[] = {
		"2", "0", "", "\n", "-1", "1 ", " 1", "11", "1\n\n", "+1",
		"0x1", "01", "x", "99999999999999999999",
	};
	char path[256];

	session_path(path, plan->id, "kill");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (*bad[i]) {
			EXPECT_EQ(EINVAL, write_file(path, bad[i]));
		}
	}
	EXPECT_EQ(EINVAL, write_bytes(path, "1\0", 2));
	EXPECT_EQ(EINVAL, write_bytes(path, "1\0\n", 3));
	EXPECT_EQ(EINVAL, write_bytes(path, "\0", 1));
	EXPECT_EQ(0, waitpid(self->pid, NULL, WNOHANG));
	EXPECT_EQ(EACCES, ERR(open(path, O_RDONLY)));
	EXPECT_EQ(0, write_file(path, "1"));
	EXPECT_EQ(KILLED, reap(self->pid));
	EXPECT_TRUE(WAIT_FOR(access(path, F_OK)));
	EXPECT_EQ(ENOENT, write_file(path, "1"));
}

TEST_F(kill, spares_the_others)
{
	char first[HEX_ID + 1];
	pid_t pid;

	strcpy(first, plan->id);
	pid = fork();
	if (!pid)
		_exit(wait_to_be_killed(NULL));
	ASSERT_TRUE(WAIT_FOR(plan->ready == 2));
	EXPECT_EQ(0, session_set(first, "kill", "1"));
	EXPECT_EQ(KILLED, reap(self->pid));
	sleep_ms(20);
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	EXPECT_EQ(1, count_members(plan->id));
	EXPECT_EQ(0, session_set(plan->id, "kill", "1"));
	EXPECT_EQ(KILLED, reap(pid));
}

/* A nested session's end is not its parent's. */
TEST(only_downwards)
{
	char outer[HEX_ID + 1];
	pid_t pid;

	plan = shared(4096);
	ASSERT_EQ(0, enter_session());
	own_id(outer);
	pid = fork();
	if (!pid)
		_exit(wait_to_be_killed(NULL));
	ASSERT_TRUE(WAIT_FOR(plan->ready == 1));
	EXPECT_EQ(0, session_set(plan->id, "kill", "1"));
	EXPECT_EQ(KILLED, reap(pid));
	EXPECT_EQ(1, count_members(outer));
}

/* One thread in the session, and the whole process ends. */
static void *enter_and_wait(void *arg)
{
	wait_to_be_killed(NULL);
	return NULL;
}

TEST(process_with_one_thread_inside)
{
	pthread_t thread;
	pid_t pid;

	plan = shared(4096);
	pid = fork();
	if (!pid) {
		pthread_create(&thread, NULL, enter_and_wait, NULL);
		for (;;)
			pause();
	}
	ASSERT_TRUE(WAIT_FOR(plan->ready == 1));
	EXPECT_EQ(1, count_members(plan->id));
	EXPECT_EQ(0, session_set(plan->id, "kill", "1"));
	EXPECT_EQ(KILLED, reap(pid));
}

/* Its first thread has ended: the others are found all the same. */
TEST(process_without_its_leader)
{
	pthread_t thread;
	pid_t pid;

	plan = shared(4096);
	pid = fork();
	if (!pid) {
		pthread_create(&thread, NULL, enter_and_wait, NULL);
		syscall(SYS_exit, 0);
	}
	ASSERT_TRUE(WAIT_FOR(plan->ready == 1));
	sleep_ms(20);
	EXPECT_EQ(0, session_set(plan->id, "kill", "1"));
	EXPECT_EQ(KILLED, reap(pid));
}

/* A pid namespace's init ignores signals from within; not this one. */
TEST(init_of_a_pid_namespace)
{
	pid_t pid, init;

	plan = shared(4096);
	pid = fork();
	if (!pid) {
		if (enter_session() || unshare(CLONE_NEWPID))
			_exit(1);
		own_id(plan->id);
		init = fork();
		if (!init) {
			for (int sig = 1; sig < 32; sig++)
				signal(sig, SIG_IGN);
			for (int i = 0; i < 3; i++)
				if (!fork())
					for (;;)
						pause();
			raise_flag(&plan->ready);
			for (;;)
				pause();
		}
		_exit(reap(init) == KILLED ? 0 : 2);
	}
	ASSERT_TRUE(WAIT_FOR(plan->ready == 1));
	EXPECT_EQ(5, count_members(plan->id));
	EXPECT_EQ(0, session_set(plan->id, "kill", "1"));
	EXPECT_EQ(KILLED, reap(pid));
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

/* Killed by the init itself, from inside: it does not survive that. */
TEST(init_of_a_pid_namespace_kills_itself)
{
	pid_t pid;

	plan = shared(4096);
	pid = fork();
	if (!pid) {
		if (unshare(CLONE_NEWPID))
			_exit(1);
		if (!fork()) {
			if (enter_session())
				_exit(1);
			own_id(plan->id);
			session_set(plan->id, "kill", "1");
			for (;;) {
				raise_flag(&plan->tasks);
				sleep_ms(1);
			}
		}
		_exit(reap(-1));
	}
	waitpid(pid, NULL, 0);
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
	/* It was signalled before the write returned. */
	EXPECT_EQ(0, plan->tasks);
}

TEST(stopped)
{
	pid_t pid;

	plan = shared(4096);
	pid = fork();
	if (!pid)
		_exit(wait_to_be_killed(NULL));
	ASSERT_TRUE(WAIT_FOR(plan->ready == 1));
	kill(pid, SIGSTOP);
	ASSERT_EQ(pid, waitpid(pid, NULL, WUNTRACED));
	EXPECT_EQ(0, session_set(plan->id, "kill", "1"));
	EXPECT_EQ(KILLED, reap(pid));
}

TEST(in_a_user_namespace)
{
	pid_t pid;

	plan = shared(4096);
	pid = fork();
	if (!pid) {
		if (enter_session() || unshare(CLONE_NEWUSER | CLONE_NEWPID))
			_exit(1);
		_exit(in_child(wait_to_be_killed, NULL) == KILLED ? 0 : 2);
	}
	ASSERT_TRUE(WAIT_FOR(plan->ready == 1));
	/* Created inside of the user namespace, named by its own id. */
	EXPECT_EQ(1, count_members(plan->id));
	EXPECT_EQ(0, session_set(plan->id, "kill", "1"));
	EXPECT_EQ(0, reap(pid));
}

TEST(empty_session)
{
	char id[HEX_ID + 1], path[64];
	pid_t pid;
	int fd;

	plan = shared(4096);
	pid = fork();
	if (!pid)
		_exit(wait_to_be_killed(NULL));
	ASSERT_TRUE(WAIT_FOR(plan->ready == 1));
	strcpy(id, plan->id);
	snprintf(path, sizeof(path), "/proc/%d/ns/agent", pid);
	fd = open(path, O_RDONLY);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(0, session_set(id, "kill", "1"));
	EXPECT_EQ(KILLED, reap(pid));
	close(fd);
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

/* Of many rounds in the nightly form. */
FIXTURE(rounds) {
};

FIXTURE_SETUP(rounds)
{
}

FIXTURE_TEARDOWN(rounds)
{
}

/*
 * Until nobody has a writing end any more: who waits by looking again and again
 * leaves a slow machine no time for making those who are to wait, too.
 */
static void wait_for_go(const int go[2])
{
	char c;

	if (read(go[0], &c, 1))
		_exit(1);
}

/*
 * Condemned: from the moment that a session is to be killed none of its tasks
 * passes system call entry. Many tasks call as fast as they can; when the
 * first is seen dead the count of calls is what it is at the end.
 */
#define CALLERS	60

TEST_F_TIMEOUT(rounds, none_passes_while_it_is_condemned, 900)
{
	__u64 seen, end;
	char path[64];
	int ns;

	for (int round = 0; round < rounds(); round++) {
		siginfo_t info = { };
		pid_t first;
		int go[2];

		plan = shared(4096);
		ASSERT_EQ(0, pipe2(go, O_CLOEXEC));
		first = fork();
		if (!first) {
			close(go[1]);
			if (enter_session())
				_exit(1);
			own_id(plan->id);
			/* It has the lowest number, and is signalled first. */
			for (int i = 0; i < CALLERS; i++)
				if (!fork()) {
					raise_flag(&plan->ready);
					wait_for_go(go);
					for (;;)
						syscall(SYS_getppid);
				}
			raise_flag(&plan->ready);
			for (;;)
				pause();
		}
		close(go[0]);
		ASSERT_TRUE(WAIT_FOR_MS(plan->ready == CALLERS + 1, 30000));
		snprintf(path, sizeof(path), "/proc/%d/ns/agent", first);
		ns = open(path, O_RDONLY | O_CLOEXEC);
		ASSERT_GE(ns, 0);
		close(go[1]);
		sleep_ms(20 + round % 7);
		if (!fork()) {
			session_set(plan->id, "kill", "1");
			_exit(0);
		}
		while (waitid(P_PID, first, &info, WEXITED | WNOWAIT | WNOHANG) ||
		       info.si_pid != first)
			;
		seen = session_get(plan->id, "counters/total_syscalls");
		EXPECT_EQ(KILLED, reap(first));
		EXPECT_TRUE(WAIT_FOR(!count_members(plan->id)));
		end = session_get(plan->id, "counters/total_syscalls");
		EXPECT_EQ(seen, end);
		close(ns);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		EXPECT_TRUE(WAIT_FOR(!sessions_live()));
	}
}

/* Whoever sets something meanwhile gets an answer, and none of them lives. */
TEST_F_TIMEOUT(rounds, set_meanwhile, 900)
{
	for (int round = 0; round < rounds(); round++) {
		pid_t first, setter;
		int go[2];

		plan = shared(4096);
		ASSERT_EQ(0, pipe2(go, O_CLOEXEC));
		first = fork();
		if (!first) {
			close(go[1]);
			if (enter_session())
				_exit(1);
			own_id(plan->id);
			for (int i = 0; i < 20; i++)
				if (!fork())
					break;
			raise_flag(&plan->ready);
			wait_for_go(go);
			for (;;) {
				set_ex((struct agent_ns_budget_ex) {
						.max_unlinks = 1000 });
				agent(PR_SET_AGENT_INTENT_TAG, "from inside");
				/* So that what is set is reached, too. */
				syscall(SYS_unlink, "/nonexistent");
			}
		}
		close(go[0]);
		ASSERT_TRUE(WAIT_FOR(plan->ready == 21));
		close(go[1]);
		setter = fork();
		if (!setter) {
			static const char *const set[][2] = {
				{ "intent", "from outside" },
				{ "max_unlinks", "77" }, { "max_tasks", "1000" },
				{ "action", "stop" }, { "max_unlinks", "max" },
				{ "action", "kill" }, { "kill", "1" },
			};

			for (int i = 0; ; i++) {
				int err = session_set(plan->id, set[i % 7][0],
						      set[i % 7][1]);

				if (err == ENOENT || err == ENODEV)
					_exit(0);
				if (err)
					_exit(err);
			}
		}
		sleep_ms(round % 3);
		session_set(plan->id, "kill", "1");
		EXPECT_EQ(KILLED, reap(first));
		EXPECT_TRUE(WAIT_FOR(!sessions_live()));
		EXPECT_EQ(0, reap(setter));
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

/*
 * Who joins a session that is being killed waits until everybody in it has
 * been signalled, and lives. Many sleep in it, so that a walk takes long; the
 * one that joins begins when it sees the first of them signalled.
 */
#define SLEEPERS	200

struct join {
	volatile __u64 began;
	volatile int err, spared;
	pid_t sleeper[SLEEPERS];	/* in the order in which they are found */
};

/* Is SIGKILL on its way to a task that has been asleep, or beyond that? */
static bool signalled(pid_t pid)
{
	char text[4096], *state, *pending;

	if (read_file(text, sizeof(text), "/proc/%d/status", pid))
		return true;
	state = strstr(text, "State:\t");
	pending = strstr(text, "SigPnd:\t");
	if (!state || !pending || state[7] != 'S')
		return true;
	return strtoull(pending + 8, NULL, 16) & 1ULL << (SIGKILL - 1);
}

static int join_a_dying_one(struct join *join, int ns, int outside)
{
	while (!signalled(join->sleeper[0]))
		;
	join->began = now_ns();
	join->err = ERR(setns(ns, 0));
	/* The last ones first: in a moment there is nothing left to see. */
	for (int i = SLEEPERS - 1; i >= SLEEPERS - 5; i--)
		if (!signalled(join->sleeper[i]))
			join->spared++;
	return ERR(setns(outside, 0));
}

TEST_F_TIMEOUT(rounds, who_joins_waits_and_lives, 900)
{
	int outside = open("/proc/self/ns/agent", O_RDONLY | O_CLOEXEC);
	struct join *join = shared(4096);
	int met = 0, round;

	/* It may come too late; not each time. */
	for (round = 0; round < rounds() || (met < 2 && round < 50); round++) {
		pid_t first, joiner;
		__u64 end;
		int ns;

		plan = shared(4096);
		memset(join, 0, sizeof(*join));
		first = fork();
		if (!first) {
			if (enter_session())
				_exit(1);
			own_id(plan->id);
			join->sleeper[0] = getpid();
			for (int i = 1; i < SLEEPERS; i++) {
				join->sleeper[i] = fork();
				if (!join->sleeper[i])
					break;
			}
			raise_flag(&plan->ready);
			for (;;)
				pause();
		}
		ASSERT_TRUE(WAIT_FOR_MS(plan->ready == SLEEPERS, 30000));
		/* The joiner takes one that is awake for one that is dying. */
		ASSERT_TRUE(WAIT_FOR_MS(!signalled(join->sleeper[0]), 30000));
		ns = agent_fd(first);
		ASSERT_LE(0, ns);
		joiner = fork();
		if (!joiner)
			_exit(join_a_dying_one(join, ns, outside));
		sleep_ms(10);
		EXPECT_EQ(0, session_set(plan->id, "kill", "1"));
		end = now_ns();
		EXPECT_EQ(0, reap(joiner));
		EXPECT_EQ(0, join->err);
		EXPECT_EQ(0, join->spared);
		met += join->began && join->began < end;
		EXPECT_EQ(KILLED, reap(first));
		close(ns);
		EXPECT_TRUE(WAIT_FOR(!sessions_live()));
	}
	ksft_print_msg("%d of %d joined while it was killed\n", met, round);
	EXPECT_GT(met, 1);
}

/* Where a write waits for a file system that is frozen, nothing can end it. */
TEST_F_TIMEOUT(rounds, who_cannot_be_killed_yet, 900)
{
	int disk = open(".", O_RDONLY | O_CLOEXEC);
	pid_t pid;

	for (int round = 0; round < rounds(); round++) {
		plan = shared(4096);
		pid = fork();
		if (!pid) {
			if (enter_session())
				_exit(1);
			own_id(plan->id);
			signal(SIGCHLD, SIG_IGN);
			for (int i = 0; i < 8; i++)
				if (!fork())
					break;
			raise_flag(&plan->ready);
			for (;;) {
				/* Comes out of it, and forks at once. */
				close(open("frozen", O_WRONLY | O_CREAT | O_TRUNC, 0600));
				if (!syscall(SYS_fork)) {
					raise_flag(&plan->tasks);
					syscall(SYS_exit, 0);
				}
			}
		}
		ASSERT_TRUE(WAIT_FOR(plan->ready == 9));
		ASSERT_EQ(0, ioctl(disk, FIFREEZE, 0));
		EXPECT_TRUE(WAIT_FOR(member_in_state(plan->id, 'D')));
		EXPECT_EQ(0, session_set(plan->id, "kill", "1"));
		EXPECT_GT(count_members(plan->id), 0);
		plan->tasks = 0;
		ASSERT_EQ(0, ioctl(disk, FITHAW, 0));
		EXPECT_TRUE(WAIT_FOR(!sessions_live()));
		EXPECT_EQ(0, plan->tasks);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

TEST_HARNESS_MAIN
