// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/*
 * Limits are exact. What was done is measured from outside, not by the
 * counters alone: for calls, each one moves the position of a file that the
 * test has open, too, and lseek(2) does that whole or not at all.
 */
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "agentns-test.h"

/* What a session's processes and the test share. */
struct plan {
	volatile int ready, go, done, signals;
	__u64 allowance;	/* calls, from the one after the limit on */
	char id[HEX_ID + 1];
};

static int position = -1;	/* of this file's description */

static long calls_done(void)
{
	return lseek(position, 0, SEEK_CUR);
}

static void one_call(void)
{
	syscall(SYS_lseek, position, 1, SEEK_CUR);
}

/* Limit the caller's session to @more calls from here on. */
static int allow_calls(__u64 more, __u32 action)
{
	struct agent_ns_budget_uapi budget = { .action = action };
	struct agent_ns_counters_uapi c;

	if (counters_of(&c))
		return 1;
	/* This call is counted before its limit is there. */
	budget.max_syscalls = c.total_syscalls + 1 + more;
	return agent(PR_SET_AGENT_BUDGET_LIMITS, &budget);
}

FIXTURE(calls) {
	struct plan *plan;
};

FIXTURE_VARIANT(calls) {
	long allowance;
};

#define ALLOWANCE(n)							\
	FIXTURE_VARIANT_ADD(calls, n) {					\
		.allowance = n,						\
	}

/* Around the sizes in which credit is handed out. */
ALLOWANCE(1);
ALLOWANCE(2);
ALLOWANCE(3);
ALLOWANCE(255);
ALLOWANCE(256);
ALLOWANCE(257);
ALLOWANCE(1000);
ALLOWANCE(4096);

FIXTURE_SETUP(calls)
{
	self->plan = shared(4096);
	self->plan->allowance = variant->allowance;
	position = open("position", O_RDWR | O_CREAT | O_TRUNC, 0600);
	ASSERT_EQ(0, calls_done());
}

FIXTURE_TEARDOWN(calls)
{
}

static int spend_alone(void *arg)
{
	struct plan *plan = arg;

	if (enter_session() ||
	    allow_calls(plan->allowance, AGENT_NS_ACTION_KILL))
		return 1;
	for (;;) {
		one_call();
		raise_flag(&plan->done);
	}
}

TEST_F(calls, one_task)
{
	EXPECT_EQ(KILLED, in_child(spend_alone, self->plan));
	EXPECT_EQ(variant->allowance, calls_done());
	EXPECT_EQ(variant->allowance, self->plan->done);
}

static void __attribute__((noreturn)) spend_when_told(struct plan *plan)
{
	raise_flag(&plan->ready);
	spin_until(&plan->go, 1);
	for (;;)
		one_call();
}

static void *thread_spends(void *arg)
{
	spend_when_told(arg);
}

/* In one session: two more processes and a thread. */
static int spend_together(void *arg)
{
	struct plan *plan = arg;
	pthread_t thread;

	if (enter_session())
		return 1;
	for (int i = 0; i < 2; i++)
		if (!fork())
			spend_when_told(plan);
	if (pthread_create(&thread, NULL, thread_spends, plan))
		return 1;
	spin_until(&plan->ready, 3);
	if (allow_calls(plan->allowance, AGENT_NS_ACTION_KILL))
		return 1;
	raise_flag(&plan->go);
	for (;;)
		one_call();
}

TEST_F(calls, four_tasks)
{
	EXPECT_EQ(KILLED, in_child(spend_together, self->plan));
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
	EXPECT_EQ(variant->allowance, calls_done());
}

static int spend_nested(void *arg)
{
	struct plan *plan = arg;

	if (enter_session())
		return 1;
	spend_when_told(plan);
}

/* Two sessions below one whose limit both draw on, and its own task. */
static int spend_below(void *arg)
{
	struct plan *plan = arg;

	if (enter_session())
		return 1;
	for (int i = 0; i < 2; i++)
		if (!fork())
			_exit(spend_nested(plan));
	spin_until(&plan->ready, 2);
	if (allow_calls(plan->allowance, AGENT_NS_ACTION_KILL))
		return 1;
	raise_flag(&plan->go);
	for (;;)
		one_call();
}

TEST_F(calls, sibling_sessions_under_one_limit)
{
	EXPECT_EQ(KILLED, in_child(spend_below, self->plan));
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
	EXPECT_EQ(variant->allowance, calls_done());
}

/* The child's own limit is the larger one; the parent's is hit first. */
static int spend_in_child_session(void *arg)
{
	struct plan *plan = arg;

	if (enter_session() ||
	    allow_calls(plan->allowance + 2 + 1, AGENT_NS_ACTION_KILL) ||
	    enter_session() ||
	    allow_calls(1000000, AGENT_NS_ACTION_LOG))
		return 1;
	for (;;)
		one_call();
}

TEST_F(calls, nested_use_is_the_parents)
{
	EXPECT_EQ(KILLED, in_child(spend_in_child_session, self->plan));
	EXPECT_EQ(variant->allowance, calls_done());
}

/* A descriptor keeps the session: its counters tell the same afterwards. */
TEST_F(calls, counter_stands_at_the_limit)
{
	struct plan *plan = self->plan;
	char path[64], limit[32];
	pid_t pid;
	int fd;

	pid = fork();
	if (!pid) {
		if (enter_session())
			_exit(1);
		own_id(plan->id);
		spend_when_told(plan);
	}
	spin_until(&plan->ready, 1);
	snprintf(path, sizeof(path), "/proc/%d/ns/agent", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	/* It has made one call. */
	snprintf(limit, sizeof(limit), "%ld", variant->allowance + 1);
	EXPECT_EQ(0, session_set(plan->id, "max_syscalls", limit));
	EXPECT_EQ(0, session_set(plan->id, "action", "kill"));
	raise_flag(&plan->go);
	EXPECT_EQ(KILLED, reap(pid));
	EXPECT_EQ(variant->allowance, calls_done());
	EXPECT_EQ(variant->allowance + 1,
		  session_get(plan->id, "counters/total_syscalls"));
	close(fd);
}

/* The other limits: one task does one thing over and over. */
FIXTURE(limit) {
	volatile int *done;
};

FIXTURE_VARIANT(limit) {
	struct agent_ns_budget_ex budget;
	void (*act)(void);
	int expected;
};

FIXTURE_SETUP(limit)
{
	self->done = shared(4096);
}

FIXTURE_TEARDOWN(limit)
{
}

static void act_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void act_open(void)
{
	close(open("/dev/null", O_RDONLY));
}

static void act_open_missing(void)
{
	open("/nonexistent", O_RDONLY);
}

static void act_connect(void)
{
	struct sockaddr_un to = { AF_UNIX, "/nonexistent" };

	connect(-1, (void *)&to, sizeof(to));
}

static void act_unlink(void)
{
	unlink("/nonexistent");
}

static void act_write(void)
{
	static int fd;

	if (!fd)
		fd = open("/dev/null", O_WRONLY);
	if (write(fd, "123", 3) < 0)
		_exit(1);
}

#define LIMIT(_name, _act, _expected, ...)				\
	FIXTURE_VARIANT_ADD(limit, _name) {				\
		.budget = { .action = AGENT_NS_ACTION_KILL, __VA_ARGS__ }, \
		.act = _act, .expected = _expected,			\
	}

LIMIT(forks_1, act_fork, 1, .max_forks = 1);
LIMIT(forks_20, act_fork, 20, .max_forks = 20);
LIMIT(opens_1, act_open, 1, .max_opens = 1);
LIMIT(opens_500, act_open, 500, .max_opens = 500);
LIMIT(opens_missing, act_open_missing, 10, .max_opens = 10);
LIMIT(connects, act_connect, 300, .max_connects = 300);
LIMIT(unlinks, act_unlink, 300, .max_unlinks = 300);
LIMIT(unlinks_before_opens, act_unlink, 30, .max_unlinks = 30,
      .max_opens = 10);
LIMIT(bytes, act_write, 100, .max_write_bytes = 300);
/* A device takes a write whole or not at all. */
LIMIT(bytes_uncut, act_write, 100, .max_write_bytes = 302);

TEST_F(limit, exact)
{
	pid_t pid = fork();

	if (!pid) {
		if (enter_session() || set_ex(variant->budget))
			_exit(1);
		for (;;) {
			variant->act();
			raise_flag(self->done);
		}
	}
	EXPECT_EQ(KILLED, reap(pid));
	EXPECT_EQ(variant->expected, *self->done);
}

FIXTURE(bytes) {
	int file;
};

FIXTURE_VARIANT(bytes) {
	__u64 limit;
	size_t chunk;
};

#define BYTES(_name, _limit, _chunk)					\
	FIXTURE_VARIANT_ADD(bytes, _name) {				\
		.limit = _limit, .chunk = _chunk,			\
	}

BYTES(one, 1, 1);
BYTES(one_of_many, 1, 65536);
BYTES(few, 100, 7);
BYTES(page, 4096, 4096);
BYTES(odd, 1000003, 4099);
BYTES(batch, 1 << 20, 65536);
BYTES(batch_and_one, (1 << 20) + 1, 65536);
BYTES(many, 5000000, 65536);

FIXTURE_SETUP(bytes)
{
	self->file = open("bytes", O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
	ASSERT_GE(self->file, 0);
}

FIXTURE_TEARDOWN(bytes)
{
}

static char block[65536];

static int fill_file(int fd, size_t chunk, __u64 limit)
{
	struct agent_ns_budget_uapi budget = {
		.max_write_bytes = limit, .action = AGENT_NS_ACTION_KILL,
	};

	if (enter_session() || agent(PR_SET_AGENT_BUDGET_LIMITS, &budget))
		return 1;
	while (write(fd, block, chunk) > 0)
		;
	return 2;
}

/* Up to the limit, whatever the chunks, and not a byte beyond. */
TEST_F(bytes, one_task)
{
	struct stat st;
	pid_t pid = fork();

	if (!pid)
		_exit(fill_file(self->file, variant->chunk, variant->limit));
	EXPECT_EQ(KILLED, reap(pid));
	ASSERT_EQ(0, fstat(self->file, &st));
	EXPECT_EQ(variant->limit, st.st_size);
}

static int write_on(int fd, size_t chunk, const volatile int *go)
{
	spin_until(go, 1);
	while (write(fd, block, chunk) > 0)
		;
	return 2;
}

/*
 * A write that was admitted may be ended half-way by the kill that another
 * task brings about: up to the limit but for what was under way.
 */
TEST_F(bytes, three_tasks)
{
	struct agent_ns_budget_uapi budget = {
		.max_write_bytes = variant->limit,
		.action = AGENT_NS_ACTION_KILL,
	};
	volatile int *go = shared(4096);
	struct stat st;
	pid_t pid = fork();

	if (!pid) {
		if (enter_session() ||
		    agent(PR_SET_AGENT_BUDGET_LIMITS, &budget))
			_exit(1);
		for (int i = 0; i < 2; i++)
			if (!fork())
				_exit((i ? enter_session() : 0) ?:
				      write_on(self->file, variant->chunk, go));
		raise_flag(go);
		_exit(write_on(self->file, variant->chunk, go));
	}
	EXPECT_EQ(KILLED, reap(pid));
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
	ASSERT_EQ(0, fstat(self->file, &st));
	EXPECT_LE(st.st_size, variant->limit);
	EXPECT_GT(st.st_size + 2 * variant->chunk, variant->limit);
}

/* A message has no part: it is sent whole or refused with its sender. */
static int send_messages(void *arg)
{
	struct agent_ns_budget_uapi budget = {
		.max_write_bytes = 25, .action = AGENT_NS_ACTION_KILL,
	};

	if (enter_session() || agent(PR_SET_AGENT_BUDGET_LIMITS, &budget))
		return 1;
	for (;;)
		if (write(*(int *)arg, block, 10) != 10)
			return 2;
}

TEST(messages_are_not_cut)
{
	int sockets[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets));
	EXPECT_EQ(KILLED, in_child(send_messages, &sockets[1]));
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(10, recv(sockets[0], block, 100, MSG_DONTWAIT));
	EXPECT_EQ(-1, recv(sockets[0], block, 100, MSG_DONTWAIT));
}

/* What a failed write gives back can be spent, down to the last byte. */
static int fail_and_spend(void *arg)
{
	int nested = *(int *)arg, full[2], file;

	if (pipe2(full, O_NONBLOCK) || write(full[1], block, 65536) != 65536)
		return 1;
	file = open("bytes", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	for (int i = 0; i <= nested; i++)
		if (enter_session())
			return 1;
	for (__u64 limit = 100; limit <= 300; limit += 100) {
		struct agent_ns_budget_uapi budget = {
			.max_write_bytes = limit,
			.action = AGENT_NS_ACTION_KILL,
		};

		if (agent(PR_SET_AGENT_BUDGET_LIMITS, &budget))
			return 2;
		for (int i = 0; i < 10; i++)
			if (write(full[1], block, 10) != -1 ||
			    write(file, block, 10) != 10)
				return 3;
	}
	/* It would fail as the others did, if it were admitted. */
	write(full[1], block, 1);
	return 4;
}

TEST(refunds_are_spent)
{
	struct stat st;

	for (int nested = 0; nested < 3; nested++) {
		EXPECT_EQ(KILLED, in_child(fail_and_spend, &nested));
		ASSERT_EQ(0, stat("bytes", &st));
		EXPECT_EQ(300, st.st_size);
	}
}

/*
 * A copy may ask for far more than there is. Until it is over that must not
 * look like use to anybody else.
 */
#define COPIES	200

TEST(copies_that_ask_for_too_much)
{
	struct agent_ns_budget_uapi budget = {
		.max_write_bytes = COPIES * (1000 + 10),
		.action = AGENT_NS_ACTION_KILL,
	};
	int in = open("in", O_RDWR | O_CREAT | O_TRUNC, 0600);
	int out = open("out", O_RDWR | O_CREAT | O_TRUNC, 0600);
	int other = open("other", O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct agent_ns_counters_uapi c;
	volatile int *go = shared(4096);
	loff_t from, to;
	pid_t pid;

	ASSERT_EQ(1000, write(in, block, 1000));
	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, agent(PR_SET_AGENT_BUDGET_LIMITS, &budget));
	pid = fork();
	if (!pid) {
		spin_until(go, 1);
		for (int i = 0; i < COPIES; i++)
			if (write(other, block, 10) != 10)
				_exit(1);
		_exit(0);
	}
	raise_flag(go);
	for (int i = 0; i < COPIES; i++) {
		from = 0;
		to = 0;
		ASSERT_EQ(1000, syscall(SYS_copy_file_range, in, &from, out,
					&to, 1UL << 62, 0));
	}
	EXPECT_EQ(0, reap(pid));
	ASSERT_EQ(0, counters_of(&c));
	EXPECT_EQ(budget.max_write_bytes, c.write_bytes);
}

#define CPU1	"/sys/devices/system/cpu/cpu1/online"

/* A CPU goes and comes back: what it was granted is where it can be had. */
TEST(credit_of_a_cpu_that_goes)
{
	for (int back = 0; back < 2; back++) {
		struct plan *plan = shared(sizeof(*plan));
		pid_t pid = fork();

		if (!pid) {
			if (enter_session() ||
			    set_ex((struct agent_ns_budget_ex) {
				.max_unlinks = 1000, .action = AGENT_NS_ACTION_DENY }))
				_exit(1);
			/* The first one leaves a batch there. */
			for (int cpu = 1; cpu >= 0; cpu--) {
				if (run_on(cpu))
					_exit(2);
				unlink("/nonexistent");
				plan->done++;
			}
			raise_flag(&plan->ready);
			spin_until(&plan->go, 1);
			/* ENOENT, or EROFS where the root is. */
			while (unlink("/nonexistent") && errno != EDQUOT &&
			       plan->done < 2000)
				plan->done++;
			_exit(errno == EDQUOT ? 0 : 3);
		}
		ASSERT_TRUE(WAIT_FOR(plan->ready));
		ASSERT_EQ(0, write_file(CPU1, "0"));
		if (back)
			ASSERT_EQ(0, write_file(CPU1, "1"));
		plan->go = 1;
		EXPECT_EQ(0, reap(pid)) TH_LOG("back %d", back);
		EXPECT_EQ(1000, plan->done);
		if (!back)
			ASSERT_EQ(0, write_file(CPU1, "1"));
	}
}

TEST_HARNESS_MAIN
