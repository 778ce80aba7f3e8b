// SPDX-License-Identifier: GPL-2.0-only
// timeout: 400
// build: -Wno-sign-compare -Wno-clobbered
/*
 * Limits on what lives at one time: tasks, and sessions below a session. And
 * the budget that a new session starts with.
 */
#include <linux/sched.h>
#include <pthread.h>

#include "agentns-plan.h"

/* A child that lives until it is told to end. */
static long make_child(void)
{
	long pid = syscall(SYS_fork);

	if (!pid) {
		while (!plan->go)
			sleep_ms(1);
		syscall(SYS_exit_group, 0);
	}
	return pid < 0 ? -errno : pid;
}

FIXTURE(tasks) {
	pid_t pid;
	int log;
};

FIXTURE_SETUP(tasks)
{
	plan_new();
	self->log = kmsg_open();
}

FIXTURE_TEARDOWN(tasks)
{
	if (*plan->id)
		session_set(plan->id, "kill", "1");
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

static __u64 tasks_now(const char *id)
{
	return session_get(id, "counters/tasks");
}

TEST_F(tasks, are_counted)
{
	IN_SESSION(self->pid, {
		for (int i = 0; i < 5; i++)
			if (make_child() < 0)
				_exit(2);
		raise_flag(&plan->ready);
		while (wait(NULL) > 0)
			;
		raise_flag(&plan->ready);
		spin_until(&plan->go, 2);
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready == 1));
	EXPECT_EQ(6, tasks_now(plan->id));
	EXPECT_EQ(6, count_members(plan->id));
	plan->go = 1;
	ASSERT_TRUE(WAIT_FOR(plan->ready == 2));
	EXPECT_EQ(1, tasks_now(plan->id));
	plan->go = 2;
	EXPECT_EQ(0, reap(self->pid));
}

/* So many at one time and not one more, however often one ends and another begins. */
TEST_F_TIMEOUT(tasks, exact, 120)
{
	/* All but one spin meanwhile, and the fork waits for its turn. */
	for (int limit = 2; limit <= 66 / SLOWNESS; limit *= 3) {
		memset(plan, 0, sizeof(*plan));
		IN_SESSION(self->pid, {
			if (set_ex((struct agent_ns_budget_ex) {
					.max_tasks = limit, .action = AGENT_NS_ACTION_DENY }))
				_exit(1);
			for (int i = 0; i < limit - 1; i++)
				if (make_child() < 0)
					_exit(2);
			for (int i = 0; i < 20; i++) {
				long pid = make_child();

				if (pid != -EDQUOT)
					_exit(3);
			}
			raise_flag(&plan->ready);
			plan->go = 1;
			while (wait(NULL) > 0)
				;
			for (int i = 0; i < 200 / SLOWNESS; i++) {
				long pid = syscall(SYS_fork);

				if (!pid)
					syscall(SYS_exit_group, 0);
				/* It has left when it can be waited for. */
				if (pid < 0 || wait(NULL) != pid)
					_exit(4);
			}
		});
		EXPECT_EQ(0, reap(self->pid)) TH_LOG("limit %d", limit);
		EXPECT_EQ(1, kmsg_count(self->log, plan->id, "max_tasks"));
	}
}

/*
 * Places that tasks gave back lie on CPUs. Those of tasks that are made while
 * nothing is counted come from elsewhere, and that is no limit reached.
 */
TEST_F(tasks, made_while_off)
{
	IN_SESSION(self->pid, {
		if (set_ex((struct agent_ns_budget_ex) {
				.max_tasks = 8, .action = AGENT_NS_ACTION_KILL }))
			_exit(1);
		for (int i = 0; i < 7; i++)
			if (make_child() < 0)
				_exit(2);
		plan->go = 1;
		while (wait(NULL) > 0)
			;
		plan->go = 0;
		raise_flag(&plan->ready);
		while (plan->go != 1)
			sleep_ms(1);
		plan->go = 0;
		for (int i = 0; i < 3; i++)
			if (make_child() < 0)
				_exit(3);
		raise_flag(&plan->ready);
		while (plan->go != 2)
			sleep_ms(1);
		while (wait(NULL) > 0)
			;
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready == 1));
	ASSERT_EQ(0, sysctl_set("enabled", "0"));
	plan->go = 1;
	EXPECT_TRUE(WAIT_FOR(plan->ready == 2));
	/* All sessions are looked at now. */
	ASSERT_EQ(0, sysctl_set("enabled", "1"));
	sleep_ms(200);
	EXPECT_EQ(4, tasks_now(plan->id));
	EXPECT_EQ(0, session_get(plan->id, "crossings"));
	plan->go = 2;
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_EQ(0, kmsg_count(self->log, plan->id, "max_tasks"));
}

#define CGROUP	"/sys/fs/cgroup/agentns-tasks"

/* What was paid for a task comes back where something else refuses it. */
TEST_F(tasks, refused_by_another)
{
	int err;

	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+pids");
	ASSERT_EQ(0, ERR(mkdir(CGROUP, 0755)));
	err = write_file(CGROUP "/pids.max", "1");
	if (err) {
		rmdir(CGROUP);
		SKIP(return, "this kernel's control groups do not count processes");
	}
	IN_SESSION(self->pid, {
		if (write_file(CGROUP "/cgroup.procs", "0") ||
		    set_ex((struct agent_ns_budget_ex) {
			    .max_tasks = 2, .max_forks = 3,
			    .action = AGENT_NS_ACTION_DENY }))
			_exit(1);
		for (int i = 0; i < 100; i++)
			if (syscall(SYS_fork) != -1 || errno != EAGAIN)
				_exit(2);
		raise_flag(&plan->ready);
		spin_until(&plan->go, 1);
		for (int i = 0; i < 3; i++) {
			long pid = make_child();

			if (pid < 0)
				_exit(3);
			kill(pid, SIGKILL);
			wait(NULL);
		}
		if (make_child() != -EDQUOT)
			_exit(4);
		raise_flag(&plan->ready);
		spin_until(&plan->go, 2);
	});
	EXPECT_TRUE(WAIT_FOR(plan->ready == 1));
	EXPECT_EQ(1, tasks_now(plan->id));
	EXPECT_EQ(0, session_get(plan->id, "counters/fork_count"));
	EXPECT_EQ(0, session_get(plan->id, "crossings"));
	EXPECT_EQ(0, write_file(CGROUP "/pids.max", "max"));
	plan->go = 1;
	EXPECT_TRUE(WAIT_FOR(plan->ready == 2));
	EXPECT_EQ(3, session_get(plan->id, "counters/fork_count"));
	plan->go = 2;
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_TRUE(WAIT_FOR(!rmdir(CGROUP)));
}

static void *be(void *arg)
{
	while (!plan->go)
		sleep_ms(1);
	return NULL;
}

TEST_F(tasks, threads_are_tasks)
{
	IN_SESSION(self->pid, {
		pthread_t thread[10];
		int made = 0;

		if (set_ex((struct agent_ns_budget_ex) {
				.max_tasks = 6, .action = AGENT_NS_ACTION_DENY }))
			_exit(1);
		for (int i = 0; i < 10; i++)
			if (!pthread_create(&thread[made], NULL, be, NULL))
				made++;
		plan->made = made;
		plan->go = 1;
		for (int i = 0; i < made; i++)
			pthread_join(thread[i], NULL);
	});
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_EQ(5, plan->made);
}

static void *give_way(void *arg)
{
	static const struct sched_param none;

	sched_setscheduler(0, SCHED_IDLE, &none);
	return NULL;
}

/*
 * Whoever waits for a thread's end is woken before it has left its session, and
 * here runs at once and alone.
 */
TEST_F_TIMEOUT(tasks, threads_that_were_joined, 60)
{
	IN_SESSION(self->pid, {
		pthread_t thread;
		cpu_set_t one;

		CPU_ZERO(&one);
		CPU_SET(0, &one);
		if (sched_setaffinity(0, sizeof(one), &one) ||
		    set_ex((struct agent_ns_budget_ex) {
				.max_tasks = 2, .action = AGENT_NS_ACTION_KILL }))
			_exit(1);
		for (int i = 0; i < 500 / SLOWNESS; i++)
			if (pthread_create(&thread, NULL, give_way, NULL) ||
			    pthread_join(thread, NULL))
				_exit(2);
	});
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_EQ(0, kmsg_count(self->log, plan->id, "max_tasks"));
}

/* Tasks that come and go as fast as they can, and somebody who counts. */
TEST_F_TIMEOUT(tasks, never_more, 60)
{
	__u64 end, most = 0, now;

	IN_SESSION(self->pid, {
		signal(SIGCHLD, SIG_IGN);
		if (set_ex((struct agent_ns_budget_ex) {
				.max_tasks = 8, .action = AGENT_NS_ACTION_DENY }))
			_exit(1);
		for (int i = 0; i < 3; i++)
			if (!fork())
				break;
		/* All four are there before the first fills the session. */
		raise_flag(&plan->ready);
		spin_until(&plan->ready, 4);
		while (!plan->go) {
			long pid = syscall(SYS_fork);

			if (pid > 0)
				raise_flag(&plan->made);
			if (pid < 0)
				raise_flag(&plan->refused);
			if (!pid) {
				/* So long that others are made meanwhile. */
				sleep_ms(SLOWNESS > 1 ? 500 : 20);
				syscall(SYS_exit_group, 0);
			}
		}
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready == 4));
	end = now_ns() + 2000000000;
	/* For longer, where the host gave them no time. */
	EXPECT_TRUE(WAIT_FOR(({
		do {
			now = tasks_now(plan->id);
			if (now > most)
				most = now;
		} while (now_ns() < end);
		most >= 6 && plan->made > 20 && plan->refused > 5; })));
	plan->go = 1;
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_LE(most, 8);
}

TEST_F(tasks, of_descendants_count)
{
	IN_SESSION(self->pid, {
		if (set_ex((struct agent_ns_budget_ex) {
				.max_tasks = 4, .action = AGENT_NS_ACTION_DENY }))
			_exit(1);
		/* At the limit: to nest takes nobody's place. */
		for (int i = 0; i < 3; i++)
			if (make_child() < 0)
				_exit(2);
		if (enter_session() || make_child() != -EDQUOT || enter_session() ||
		    make_child() != -EDQUOT)
			_exit(3);
		plan->go = 1;
		while (wait(NULL) > 0)
			;
		plan->go = 0;
		for (int i = 0; i < 3; i++)
			if (make_child() < 0)
				_exit(4);
		if (make_child() != -EDQUOT)
			_exit(5);
		raise_flag(&plan->ready);
		spin_until(&plan->go, 1);
		while (wait(NULL) > 0)
			;
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready));
	EXPECT_EQ(4, tasks_now(plan->id));
	plan->go = 1;
	EXPECT_EQ(0, reap(self->pid));
}

static long clone3_into_session(void)
{
	struct clone_args args = {
		.flags = CLONE_NEWAGENT, .exit_signal = SIGCHLD,
	};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (!pid) {
		while (!plan->go)
			sleep_ms(1);
		syscall(SYS_exit_group, 0);
	}
	return pid < 0 ? -errno : pid;
}

TEST_F(tasks, born_in_a_session_of_their_own)
{
	IN_SESSION(self->pid, {
		if (set_ex((struct agent_ns_budget_ex) {
				.max_tasks = 3, .action = AGENT_NS_ACTION_DENY }))
			_exit(1);
		if (clone3_into_session() < 0 || clone3_into_session() < 0 ||
		    clone3_into_session() != -EDQUOT || make_child() != -EDQUOT)
			_exit(2);
		raise_flag(&plan->ready);
		spin_until(&plan->go, 1);
		while (wait(NULL) > 0)
			;
		plan->go = 0;
		raise_flag(&plan->ready);
		spin_until(&plan->go, 1);
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready == 1));
	EXPECT_EQ(3, tasks_now(plan->id));
	plan->go = 1;
	ASSERT_TRUE(WAIT_FOR(plan->ready == 2));
	EXPECT_EQ(1, tasks_now(plan->id));
	plan->go = 1;
	EXPECT_EQ(0, reap(self->pid));
}

/* Who comes from outside needs a place, and gives it back when he goes. */
TEST_F(tasks, that_join)
{
	int outside = open("/proc/self/ns/agent", O_RDONLY | O_CLOEXEC), fd;
	static const char *const refuse[] = { "deny", "stop", "kill" };
	__u64 crossings;

	IN_SESSION(self->pid, {
		if (set_ex((struct agent_ns_budget_ex) {
				.max_tasks = 2, .action = AGENT_NS_ACTION_DENY }))
			_exit(1);
		raise_flag(&plan->ready);
		spin_until(&plan->made, 1);
		if (make_child() < 0 || make_child() != -EDQUOT)
			_exit(2);
		raise_flag(&plan->ready);
		spin_until(&plan->go, 2);
		kill(-1, 0);
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready));
	fd = agent_fd(self->pid);
	ASSERT_EQ(0, ERR(setns(fd, 0)));
	EXPECT_EQ(2, tasks_now(plan->id));
	ASSERT_EQ(0, ERR(setns(outside, 0)));
	EXPECT_EQ(1, tasks_now(plan->id));
	plan->made = 1;
	ASSERT_TRUE(WAIT_FOR(plan->ready == 2));
	EXPECT_EQ(2, tasks_now(plan->id));
	plan->go = 1;
	ASSERT_TRUE(WAIT_FOR(tasks_now(plan->id) == 1));
	EXPECT_EQ(0, session_set(plan->id, "max_tasks", "1"));
	/* Refused, and no harm comes of it to who is inside. */
	crossings = session_get(plan->id, "crossings");
	for (size_t i = 0; i < ARRAY_SIZE(refuse); i++) {
		EXPECT_EQ(0, session_set(plan->id, "action", refuse[i]));
		EXPECT_EQ(EDQUOT, ERR(setns(fd, 0)));
		EXPECT_EQ(1, tasks_now(plan->id));
		EXPECT_EQ(crossings, session_get(plan->id, "crossings"));
		EXPECT_EQ(0, waitpid(self->pid, NULL, WNOHANG | WUNTRACED));
	}
	/* Where work goes on it is a crossing like any other. */
	EXPECT_EQ(0, session_set(plan->id, "action", "log"));
	EXPECT_EQ(0, ERR(setns(fd, 0)));
	EXPECT_EQ(2, tasks_now(plan->id));
	EXPECT_EQ(crossings + 1, session_get(plan->id, "crossings"));
	EXPECT_EQ(0, ERR(setns(outside, 0)));
	EXPECT_EQ(0, session_set(plan->id, "max_tasks", "max"));
	for (int i = 0; i < 100; i++) {
		ASSERT_EQ(0, ERR(setns(fd, 0)));
		ASSERT_EQ(0, ERR(setns(outside, 0)));
	}
	EXPECT_EQ(1, tasks_now(plan->id));
	plan->go = 2;
	EXPECT_EQ(0, reap(self->pid));
	close(fd);
}

/* A session around it that would let one in has crossed nothing, either. */
TEST_F(tasks, that_are_refused_further_in)
{
	int fd;

	IN_SESSION(self->pid, {
		struct agent_ns_budget_ex ex = {
			.max_tasks = 1, .action = AGENT_NS_ACTION_TERM,
		};

		if (set_ex(ex) || enter_session())
			_exit(1);
		ex.action = AGENT_NS_ACTION_DENY;
		if (set_ex(ex))
			_exit(2);
		raise_flag(&plan->ready);
		spin_until(&plan->go, 1);
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready));
	fd = agent_fd(self->pid);
	EXPECT_EQ(EDQUOT, ERR(setns(fd, 0)));
	EXPECT_EQ(0, session_get(plan->id, "crossings"));
	EXPECT_EQ(1, tasks_now(plan->id));
	EXPECT_EQ(0, waitpid(self->pid, NULL, WNOHANG));
	plan->go = 1;
	EXPECT_EQ(0, reap(self->pid));
	close(fd);
}

#define ROUNDS	500

/* What the two who want the same place have come to. */
struct contest {
	volatile int round, over;	/* the number of the one that began, ended */
	volatile long forked;		/* by the one inside: 0 while it tries */
};

static void __attribute__((noreturn)) fork_each_round(struct contest *c)
{
	for (int round = 1; ; round++) {
		long pid;

		spin_until(&c->round, round);
		pid = syscall(SYS_fork);
		if (!pid) {
			spin_until(&c->over, round);
			syscall(SYS_exit_group, 0);
		}
		__atomic_store_n(&c->forked, pid < 0 ? -errno : pid,
				 __ATOMIC_RELEASE);
		if (pid > 0)
			waitpid(pid, NULL, 0);
		else
			spin_until(&c->over, round);
		raise_flag(&plan->made);
	}
}

/*
 * A fork inside and an entry from outside, and one place: one of them gets it.
 * Whoever comes from outside begins a little later when he was first, and a
 * little earlier when he was not, so they meet.
 */
TEST_F_TIMEOUT(tasks, one_place_for_two, 240)
{
	int outside = open("/proc/self/ns/agent", O_RDONLY | O_CLOEXEC);
	int both = 0, none = 0, inside = 0, entered = 0, fd, pidfd;
	struct contest *c = shared(4096);
	__s64 delay = 0;

	IN_SESSION(self->pid, {
		if (set_ex((struct agent_ns_budget_ex) {
				.max_tasks = 2, .action = AGENT_NS_ACTION_DENY }))
			_exit(1);
		raise_flag(&plan->ready);
		fork_each_round(c);
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready));
	fd = agent_fd(self->pid);
	pidfd = syscall(SYS_pidfd_open, self->pid, 0);
	ASSERT_LE(0, fd);
	ASSERT_LE(0, pidfd);
	for (int round = 1; round <= ROUNDS; round++) {
		__u64 begin;
		int err;

		c->forked = 0;
		begin = now_ns();
		c->round = round;
		while ((__s64)(now_ns() - begin) < delay)
			;
		err = ERR(round % 2 ? setns(fd, 0) : setns(pidfd, AGENT_NS));
		while (!c->forked)
			;
		both += !err && c->forked > 0;
		none += err == EDQUOT && c->forked == -EDQUOT;
		entered += !err && c->forked == -EDQUOT;
		inside += err == EDQUOT && c->forked > 0;
		if (err)
			delay -= delay / 64 + 100;
		else
			delay += inside ? delay / 64 + 200 : delay / 4 + 1000;
		if (delay < 0)
			delay = 0;
		ASSERT_EQ(0, ERR(setns(outside, 0)));
		c->over = round;
		while (plan->made < round)
			;
	}
	ksft_print_msg("%d forks, %d entries; both %d, none %d; delay %lld ns\n",
		       inside, entered, both, none, (long long)delay);
	EXPECT_EQ(0, both);
	EXPECT_EQ(0, none);
	EXPECT_EQ(ROUNDS, inside + entered);
	/* They have met: it was now the one, now the other. */
	EXPECT_GT(inside, ROUNDS / 20);
	EXPECT_GT(entered, ROUNDS / 20);
	EXPECT_EQ(1, tasks_now(plan->id));
	close(fd);
}

TEST_F(tasks, below_what_lives)
{
	IN_SESSION(self->pid, {
		for (int i = 0; i < 3; i++)
			make_child();
		raise_flag(&plan->ready);
		spin_until(&plan->go, 1);
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready));
	EXPECT_EQ(0, session_set(plan->id, "action", "kill"));
	EXPECT_EQ(0, session_set(plan->id, "max_tasks", "4"));
	sleep_ms(50);
	EXPECT_EQ(0, waitpid(self->pid, NULL, WNOHANG));
	EXPECT_EQ(0, session_set(plan->id, "max_tasks", "3"));
	EXPECT_EQ(KILLED, reap(self->pid));
}

/* Born while nothing is counted, they are there all the same. */
TEST_F(tasks, while_disabled)
{
	IN_SESSION(self->pid, {
		raise_flag(&plan->ready);
		spin_until(&plan->made, 1);
		for (int i = 0; i < 3; i++)
			make_child();
		raise_flag(&plan->ready);
		while (wait(NULL) > 0)
			;
		raise_flag(&plan->ready);
		spin_until(&plan->go, 2);
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready == 1));
	EXPECT_EQ(0, sysctl_set("enabled", "0"));
	plan->made = 1;
	ASSERT_TRUE(WAIT_FOR(plan->ready == 2));
	EXPECT_EQ(0, sysctl_set("enabled", "1"));
	EXPECT_EQ(4, tasks_now(plan->id));
	EXPECT_EQ(0, session_get(plan->id, "counters/fork_count"));
	plan->go = 1;
	ASSERT_TRUE(WAIT_FOR(plan->ready == 3));
	EXPECT_EQ(1, tasks_now(plan->id));
	plan->go = 2;
	EXPECT_EQ(0, reap(self->pid));
}

FIXTURE(descendants) {
	pid_t pid;
};

FIXTURE_SETUP(descendants)
{
	plan_new();
}

FIXTURE_TEARDOWN(descendants)
{
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

static int enter_and_wait(void *unused)
{
	int err = enter_session();

	if (err)
		return err;
	raise_flag(&plan->ready);
	while (!plan->go)
		sleep_ms(1);
	return 0;
}

TEST_F(descendants, live_at_one_time)
{
	pid_t pid[3];

	IN_SESSION(self->pid, {
		if (set_ex((struct agent_ns_budget_ex) { .max_descendants = 3 }))
			_exit(1);
		for (int i = 0; i < 3; i++) {
			pid[i] = fork();
			if (!pid[i])
				_exit(enter_and_wait(NULL));
		}
		spin_until(&plan->ready, 3);
		if (in_child(enter_and_wait, NULL) != ENOSPC ||
		    clone3_into_session() != -ENOSPC ||
		    session_get(plan->id, "descendants") != 3)
			_exit(2);
		/* One that was refused may do all else. */
		if (enter_session() != ENOSPC || syscall(SYS_getppid) < 0)
			_exit(3);
		plan->go = 1;
		for (int i = 0; i < 3; i++)
			if (reap(pid[i]))
				_exit(4);
		/* Nested ones are each one. */
		if (enter_session() || enter_session() || enter_session() ||
		    enter_session() != ENOSPC)
			_exit(5);
		if (session_get(plan->id, "descendants") != 3)
			_exit(6);
	});
	EXPECT_EQ(0, reap(self->pid));
}

FIXTURE(defaults) {
};

FIXTURE_SETUP(defaults)
{
}

static const struct {
	const char *file, *value;
} defaults[] = {
	{ "max_syscalls", "1000001" }, { "max_write_bytes", "1000002" },
	{ "max_elapsed_ns", "3600000000000" }, { "max_forks", "1000003" },
	{ "max_opens", "1000004" }, { "max_connects", "1000005" },
	{ "max_unlinks", "7" }, { "max_tasks", "1000007" },
	{ "max_cpu_ns", "1000000000008" }, { "max_descendants", "9" },
	{ "grace_ns", "10" }, { "action", "deny" },
};

/* Enter any session: 0 or why the last of them refused, ENOENT where there is none. */
static int join_any(void)
{
	DIR *dir = opendir(SYSFS "sessions");
	int err = ENOENT;
	struct dirent *d;

	while (dir && err && (d = readdir(dir))) {
		int fd = open_session(d->d_name);

		if (fd < 0)
			continue;
		err = ERR(setns(fd, 0));
		close(fd);
	}
	if (dir)
		closedir(dir);
	return err;
}

/* In each round, from before the session is made until it refuses. */
static void __attribute__((noreturn)) join_each_round(void)
{
	for (int round = 1; ; round++) {
		int err;

		spin_until(&plan->made, round);
		do
			err = join_any();
		while (err == ENOENT);
		if (err != EDQUOT)
			break;
		raise_flag(&plan->refused);
	}
	raise_flag(&plan->wrong);
	for (;;)
		pause();
}

FIXTURE_TEARDOWN(defaults)
{
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		sprintf(path, SYSFS "defaults/%s", defaults[i].file);
		EXPECT_EQ(0, write_file(path, i == 11 ? "log" : "max"));
	}
}

TEST_F(defaults, of_new_sessions)
{
	char path[256], text[64], id[HEX_ID + 1];
	int denied = 0;

	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		sprintf(path, SYSFS "defaults/%s", defaults[i].file);
		EXPECT_EQ(0, read_file(text, sizeof(text), "%s", path));
		EXPECT_STREQ(i == 11 ? "log" : "max", text);
		ASSERT_EQ(0, write_file(path, defaults[i].value));
		EXPECT_EQ(0, read_file(text, sizeof(text), "%s", path));
		EXPECT_STREQ(defaults[i].value, text);
	}
	for (int depth = 0; depth < 2; depth++) {
		ASSERT_EQ(0, enter_session());
		own_id(id);
		for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
			EXPECT_EQ(0, read_file(text, sizeof(text), "%s",
					       session_path(path, id, defaults[i].file)));
			EXPECT_STREQ(defaults[i].value, text);
		}
	}
	for (int i = 0; i < 10; i++)
		denied += ERR(unlink("nonexistent")) == EDQUOT;
	EXPECT_EQ(3, denied);
}

/* Its first task has its place before anybody else can come in. */
TEST_F(defaults, first_place_is_the_first_tasks)
{
	pid_t joiner;

	plan_new();
	ASSERT_EQ(0, write_file(SYSFS "defaults/max_tasks", "1"));
	ASSERT_EQ(0, write_file(SYSFS "defaults/action", "deny"));
	joiner = fork();
	if (!joiner)
		join_each_round();
	for (int round = 1; round <= 500 / SLOWNESS && !plan->wrong; round++) {
		long pid;

		plan->go = 0;
		plan->made = round;
		pid = clone3_into_session();
		ASSERT_LT(0, pid);
		ASSERT_TRUE(WAIT_FOR(plan->refused == round || plan->wrong));
		plan->go = 1;
		EXPECT_EQ(0, reap(pid));
	}
	EXPECT_EQ(0, kill(joiner, SIGKILL));
	EXPECT_EQ(KILLED, reap(joiner));
	EXPECT_EQ(0, plan->wrong);
}

static int write_as_nobody(void *unused)
{
	if (setresuid(NOBODY, NOBODY, NOBODY))
		return 1;
	return write_file(SYSFS "defaults/max_opens", "5");
}

TEST_F(defaults, malformed)
{
	static const char *const bad[] = {
		"-1", "x", "1 2", "18446744073709551616", "1\n\n", "+1", " 1",
		"kill ", "\n", "111111111111111111111111111111111111111111",
	};
	char path[128], text[64];

	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		sprintf(path, SYSFS "defaults/%s", defaults[i].file);
		for (size_t k = 0; k < ARRAY_SIZE(bad); k++)
			EXPECT_EQ(EINVAL, write_file(path, bad[k]));
		EXPECT_EQ(EINVAL, write_bytes(path, "5\0", 2));
		EXPECT_EQ(0, read_file(text, sizeof(text), "%s", path));
		EXPECT_STREQ(i == 11 ? "log" : "max", text);
	}
	EXPECT_EQ(EACCES, in_child(write_as_nobody, NULL));
}

TEST_HARNESS_MAIN
