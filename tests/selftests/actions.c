// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/* What happens when a limit is reached, and when limits change. */
#include "agentns-plan.h"

static void on_term(int sig)
{
	raise_flag(&plan->signals);
}

static int set_calls(__u64 max, __u32 action)
{
	struct agent_ns_budget_uapi budget = {
		.max_syscalls = max, .action = action,
	};

	return agent(PR_SET_AGENT_BUDGET_LIMITS, &budget);
}

static void calls(int n)
{
	for (int i = 0; i < n; i++) {
		if (syscall(SYS_getppid) > 0)
			raise_flag(&plan->done);
	}
}

FIXTURE(action) {
	int log;
	pid_t pid;
};

FIXTURE_SETUP(action)
{
	plan_new();
	self->log = kmsg_open();
	ASSERT_GE(self->log, 0);
}

FIXTURE_TEARDOWN(action)
{
}

TEST_F(action, log_lets_the_work_go_on)
{
	IN_SESSION(self->pid, {
		if (set_calls(10, AGENT_NS_ACTION_LOG))
			_exit(1);
		calls(1000);
	});
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_EQ(1000, plan->done);
	EXPECT_EQ(1, kmsg_count(self->log, plan->id,
				"max_syscalls 10 reached, value 10, action log"));
}

TEST_F(action, each_crossing_is_logged_once)
{
	IN_SESSION(self->pid, {
		/* own_id was 1; this is 2, so 8 more. */
		if (set_calls(10, AGENT_NS_ACTION_LOG))
			_exit(1);
		calls(100);
		if (set_calls(200, AGENT_NS_ACTION_LOG))
			_exit(1);
		calls(1000);
		if (set_calls(5, AGENT_NS_ACTION_LOG))
			_exit(1);
		calls(1000);
	});
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_EQ(2100, plan->done);
	EXPECT_EQ(3, kmsg_count(self->log, plan->id, "max_syscalls"));
}

/* The same budget once more is no change, so there is no other crossing. */
TEST_F(action, the_same_budget_again)
{
	IN_SESSION(self->pid, {
		signal(SIGTERM, on_term);
		for (int i = 0; i < 3; i++) {
			if (set_calls(10, AGENT_NS_ACTION_TERM))
				_exit(1);
			calls(100);
		}
	});
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_EQ(300, plan->done);
	EXPECT_EQ(1, plan->signals);
	EXPECT_EQ(1, kmsg_count(self->log, plan->id, "max_syscalls"));
}

TEST_F(action, each_limit_is_logged_by_name)
{
	struct agent_ns_budget_ex ex = {
		.max_opens = 1, .max_unlinks = 2, .max_forks = 1,
		.max_connects = 1, .max_write_bytes = 5,
	};
	static const char *const names[] = {
		"max_opens 1 ", "max_unlinks 2 ", "max_forks 1 ",
		"max_connects 1 ", "max_write_bytes 5 ",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		IN_SESSION(self->pid, {
			int fd = open("/dev/null", O_WRONLY);

			if (agent5(PR_SET_AGENT_BUDGET_EX, (long)&ex,
				   sizeof(ex), 0, 0))
				_exit(1);
			for (int k = 0; k < 4; k++) {
				close(open("/dev/null", O_RDONLY));
				unlink("/nonexistent");
				syscall(SYS_connect, -1, NULL, 0);
				(void)!write(fd, "12", 2);
				if (!fork())
					_exit(0);
				wait(NULL);
			}
		});
		EXPECT_EQ(0, reap(self->pid));
		EXPECT_EQ(1, kmsg_count(self->log, plan->id, names[i]));
	}
}

/* Not even the one that crosses it. */
TEST_F(action, a_logged_limit_cuts_no_write)
{
	IN_SESSION(self->pid, {
		int fd = open("/dev/null", O_WRONLY);
		struct agent_ns_budget_uapi budget = { .max_write_bytes = 5 };

		if (agent(PR_SET_AGENT_BUDGET_LIMITS, &budget))
			_exit(1);
		for (int i = 0; i < 4; i++)
			if (write(fd, "123", 3) != 3)
				_exit(2);
	});
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_EQ(1, kmsg_count(self->log, plan->id, "max_write_bytes 5 "));
}

TEST_F(action, term_once)
{
	IN_SESSION(self->pid, {
		signal(SIGTERM, on_term);
		if (set_calls(50, AGENT_NS_ACTION_TERM))
			_exit(1);
		calls(2000);
	});
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_EQ(2000, plan->done);
	EXPECT_EQ(1, plan->signals);
	EXPECT_EQ(1, kmsg_count(self->log, plan->id, "action term"));
}

TEST_F(action, term_ends_who_does_not_handle_it)
{
	IN_SESSION(self->pid, {
		if (set_calls(50, AGENT_NS_ACTION_TERM))
			_exit(1);
		calls(2000);
	});
	EXPECT_EQ(1000 + SIGTERM, reap(self->pid));
}

/* Every process of the session and of those below, and nobody else. */
TEST_F(action, term_reaches_all)
{
	pid_t child[3];

	signal(SIGTERM, on_term);	/* this process has no part in it */
	IN_SESSION(self->pid, {
		for (int i = 0; i < 3; i++) {
			child[i] = fork();
			if (!child[i]) {
				if (i == 1 && enter_session())
					_exit(1);
				raise_flag(&plan->ready);
				while (!plan->go)
					sleep_ms(2);
				_exit(0);
			}
		}
		spin_until(&plan->ready, 3);
		if (set_calls(1, AGENT_NS_ACTION_TERM))
			_exit(1);
		calls(1);
		/* Who reached it may be a child, which is still at it. */
		WAIT_FOR(plan->signals == 4);
		plan->go = 1;
		for (int i = 0; i < 3; i++)
			reap(child[i]);
	});
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_EQ(4, plan->signals);
}

TEST_F(action, kill_is_logged_once)
{
	IN_SESSION(self->pid, {
		for (int i = 0; i < 3; i++)
			if (!fork())
				for (;;)
					calls(1);
		if (set_calls(500, AGENT_NS_ACTION_KILL))
			_exit(1);
		for (;;)
			calls(1);
	});
	EXPECT_EQ(KILLED, reap(self->pid));
	EXPECT_TRUE(WAIT_FOR(!count_members(plan->id)));
	EXPECT_EQ(1, kmsg_count(self->log, plan->id, "action kill"));
}

TEST_F(action, a_refused_call_does_nothing)
{
	struct agent_ns_budget_ex ex = {
		.max_unlinks = 1, .action = AGENT_NS_ACTION_KILL,
	};

	close(open("first", O_WRONLY | O_CREAT, 0600));
	close(open("second", O_WRONLY | O_CREAT, 0600));
	IN_SESSION(self->pid, {
		if (set_ex(ex))
			_exit(1);
		unlink("first");
		unlink("second");
	});
	EXPECT_EQ(KILLED, reap(self->pid));
	EXPECT_EQ(ENOENT, ERR(access("first", F_OK)));
	EXPECT_EQ(0, access("second", F_OK));
	unlink("second");
}

TEST_F(action, a_limit_below_the_use_acts_at_the_next_call)
{
	for (int limit = 1; limit <= 103; limit += 51) {
		plan->done = 0;
		IN_SESSION(self->pid, {
			calls(100);	/* after these the counter is 101 */
			if (set_calls(limit, AGENT_NS_ACTION_KILL))
				_exit(1);
			calls(10);
		});
		EXPECT_EQ(KILLED, reap(self->pid));
		/* 103 leaves one, as setting it was number 102. */
		EXPECT_EQ(limit == 103 ? 101 : 100, plan->done);
	}
}

static void wait_in_user_space(int step)
{
	raise_flag(&plan->ready);
	spin_until(&plan->go, step);
}

TEST_F(action, limits_are_raised_and_lowered_from_outside)
{
	IN_SESSION(self->pid, {
		if (set_calls(50, AGENT_NS_ACTION_KILL))
			_exit(1);
		calls(40);		/* of 48 */
		wait_in_user_space(1);
		calls(40);		/* of 200 in all: 82 by now */
		wait_in_user_space(2);
		for (;;)
			calls(1);
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready == 1));
	EXPECT_EQ(42, session_get(plan->id, "counters/total_syscalls"));
	EXPECT_EQ(0, session_set(plan->id, "max_syscalls", "200\n"));
	plan->go = 1;
	ASSERT_TRUE(WAIT_FOR(plan->ready == 2));
	EXPECT_EQ(80, plan->done);
	EXPECT_EQ(0, session_set(plan->id, "max_syscalls", "90\n"));
	plan->go = 2;
	EXPECT_EQ(KILLED, reap(self->pid));
	EXPECT_EQ(88, plan->done);
}

TEST_F(action, log_becomes_kill)
{
	IN_SESSION(self->pid, {
		if (set_calls(50, AGENT_NS_ACTION_LOG))
			_exit(1);
		calls(100);
		wait_in_user_space(1);
		calls(10);
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready == 1));
	EXPECT_EQ(100, plan->done);
	EXPECT_EQ(0, session_set(plan->id, "action", "kill"));
	plan->go = 1;
	EXPECT_EQ(KILLED, reap(self->pid));
	EXPECT_EQ(100, plan->done);
}

TEST_F(action, a_limit_is_taken_away)
{
	IN_SESSION(self->pid, {
		if (set_calls(50, AGENT_NS_ACTION_KILL))
			_exit(1);
		wait_in_user_space(1);
		calls(1000);
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready == 1));
	EXPECT_EQ(0, session_set(plan->id, "max_syscalls", "max"));
	plan->go = 1;
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_EQ(1000, plan->done);
}

/* What an ended child session used stays used. */
TEST_F(action, ended_sessions_stay_charged)
{
	IN_SESSION(self->pid, {
		if (set_calls(1000, AGENT_NS_ACTION_KILL))
			_exit(1);
		for (;;) {
			pid_t pid = fork();

			if (!pid) {
				enter_session();
				calls(46);
				_exit(0);
			}
			reap(pid);	/* 50 calls a round */
			raise_flag(&plan->finished);
		}
	});
	EXPECT_EQ(KILLED, reap(self->pid));
	/* 2 calls were made before, so the 20th round misses two. */
	EXPECT_EQ(19, plan->finished);
}

#define SPIN_FOREVER for (;;)

TEST_F(action, max_elapsed_kills_who_makes_no_calls)
{
	struct agent_ns_budget_uapi budget = {
		.max_elapsed_ns = 200000000, .action = AGENT_NS_ACTION_KILL,
	};
	__u64 start = now_ns();

	IN_SESSION(self->pid, {
		if (agent(PR_SET_AGENT_BUDGET_LIMITS, &budget))
			_exit(1);
		SPIN_FOREVER;
	});
	EXPECT_EQ(KILLED, reap(self->pid));
	EXPECT_GE(now_ns() - start, 200000000);
	EXPECT_LT(now_ns() - start, 20000000000);
	EXPECT_TRUE(kmsg_comes(self->log, plan->id,
			       "max_elapsed_ns 200000000 reached"));
}

TEST_F(action, max_elapsed_logs_once)
{
	struct agent_ns_budget_uapi budget = { .max_elapsed_ns = 30000000 };

	IN_SESSION(self->pid, {
		if (agent(PR_SET_AGENT_BUDGET_LIMITS, &budget))
			_exit(1);
		sleep_ms(200);
	});
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_TRUE(kmsg_comes(self->log, plan->id, "max_elapsed_ns"));
}

TEST_F(action, max_elapsed_that_is_over_already)
{
	IN_SESSION(self->pid, {
		raise_flag(&plan->ready);
		SPIN_FOREVER;
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready == 1));
	EXPECT_EQ(0, session_set(plan->id, "action", "kill"));
	EXPECT_EQ(0, session_set(plan->id, "max_elapsed_ns", "1"));
	EXPECT_EQ(KILLED, reap(self->pid));
}

FIXTURE(lifetime) {
	pid_t pid;
};

FIXTURE_SETUP(lifetime)
{
	plan_new();
}

FIXTURE_TEARDOWN(lifetime)
{
	EXPECT_EQ(0, sysctl_set("max_lifetime", "86400"));
	EXPECT_EQ(0, write_file(SYSFS "sweep_interval", "60"));
}

TEST_F(lifetime, of_a_session_that_is_there)
{
	__u64 start = now_ns();

	IN_SESSION(self->pid, {
		raise_flag(&plan->ready);
		SPIN_FOREVER;
	});
	ASSERT_TRUE(WAIT_FOR(plan->ready == 1));
	ASSERT_EQ(0, sysctl_set("max_lifetime", "1"));
	EXPECT_EQ(KILLED, reap(self->pid));
	EXPECT_GE(now_ns() - start, 1000000000);
	EXPECT_LT(now_ns() - start, 20000000000);
}

TEST_F(lifetime, of_a_session_that_comes)
{
	__u64 start;

	ASSERT_EQ(0, sysctl_set("max_lifetime", "1"));
	sleep_ms(50);		/* the sweep that this starts is over */
	start = now_ns();
	IN_SESSION(self->pid, {
		SPIN_FOREVER;
	});
	if (!WAIT_FOR(waitpid(self->pid, NULL, WNOHANG) == self->pid)) {
		kill(self->pid, SIGKILL);
		reap(self->pid);
	}
	EXPECT_LT(now_ns() - start, 20000000000);
}

TEST_F(lifetime, none)
{
	ASSERT_EQ(0, sysctl_set("max_lifetime", "0"));
	IN_SESSION(self->pid, {
		sleep_ms(50);
	});
	EXPECT_EQ(0, reap(self->pid));
}

TEST_HARNESS_MAIN
