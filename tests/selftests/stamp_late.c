// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
// timeout: 100
// leaks: check-all
/*
 * Stamps that come later: a file is released while somebody stands in a write
 * to it, see module/stamp_late.c. What that may hold up is looked at in
 * hostile_kernel.c, here which stamp stays, and when.
 */
#include <sys/quota.h>

#include "agentns-slow.h"
#include "agentns-stamp.h"

/* A test that fails half-way leaves nobody behind. */
static pid_t fork_bound(void)
{
	pid_t pid = fork();

	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/*
 * Others who want s_umount, for which a stamp gives up its place. They may not
 * turn quotas on, but are told so with the lock.
 */
#define ASKERS	4

static void ask_all_the_time(pid_t *pids)
{
	for (int i = 0; i < ASKERS; i++) {
		pids[i] = fork_bound();
		if (pids[i])
			continue;
		for (int fd = open(".", O_RDONLY);;)
			syscall(SYS_quotactl_fd, fd,
				QCMD(Q_QUOTAON, USRQUOTA), 0, "f");
	}
}

/* A session that writes to the file, and has the kernel release it. */
struct writer {
	char id[HEX_ID + 1];
	volatile int wrote, leave, left;
	pid_t pid;
};

FIXTURE(late) {
	struct writer *first, *second, *holder;
	struct slow *slow;
	__u64 failed;
	pid_t askers[ASKERS];
};

FIXTURE_VARIANT(late) {
	bool contended;
};

FIXTURE_VARIANT_ADD(late, quiet) { };
FIXTURE_VARIANT_ADD(late, contended) { .contended = true };

static void write_and_leave(struct writer *w)
{
	int fd;

	if (enter_session())
		_exit(1);
	own_id(w->id);
	fd = open("f", O_WRONLY);
	if (write(fd, "x", 1) != 1)
		_exit(2);
	raise_flag(&w->wrote);
	while (!w->leave)
		sleep_ms(5);
	if (make_garbage(fd))
		_exit(3);
	raise_flag(&w->left);
	_exit(0);
}

static bool begin(struct writer *w)
{
	pid_t pid = fork_bound();

	if (!pid)
		write_and_leave(w);
	w->pid = pid;
	return WAIT_FOR(w->wrote);
}

/* Until the kernel has released what was garbage before, and what came then. */
static bool garbage_is_gone(void)
{
	bool gone = true;
	int ends[2];

	for (int i = 0; gone && i < 2; i++) {
		if (pipe2(ends, O_CLOEXEC) || make_garbage(ends[1]))
			return false;
		gone = WAIT_FOR(garbage_hung_up(ends[0]));
		close(ends[0]);
	}
	return gone;
}

static bool release(struct writer *w)
{
	w->leave = 1;
	return WAIT_FOR(w->left) && !reap(w->pid) && garbage_is_gone();
}

/* In a session, or in none; with the file's lock until it is told to go on. */
static void hold(struct writer *w, struct slow *slow, bool session)
{
	pid_t pid = fork_bound();
	int fd;

	if (pid) {
		w->pid = pid;
		return;
	}
	if (session) {
		if (enter_session())
			_exit(1);
		own_id(w->id);
	}
	fd = open("f", O_WRONLY);
	_exit(slow_write(fd, "slow") || close(fd));
}

FIXTURE_SETUP(late)
{
	self->first = shared(sizeof(*self->first));
	self->second = shared(sizeof(*self->second));
	self->holder = shared(sizeof(*self->holder));
	self->slow = shared(sizeof(*self->slow));
	self->failed = sysfs_get(STAMPS_FAILED);
	unlink("f");
	ASSERT_EQ(0, make_file("f", 10));
	ASSERT_EQ(0, slow_begin(self->slow, "slow"));
	if (variant->contended)
		ask_all_the_time(self->askers);
}

FIXTURE_TEARDOWN(late)
{
	for (int i = 0; variant->contended && i < ASKERS; i++) {
		kill(self->askers[i], SIGKILL);
		EXPECT_EQ(KILLED, reap(self->askers[i]));
	}
	EXPECT_EQ(0, slow_end(self->slow, "slow"));
	EXPECT_EQ(0, reap(self->holder->pid));
	EXPECT_EQ(self->failed, sysfs_get(STAMPS_FAILED));
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

/* Of two that wait for the same lock. */
TEST_F(late, of_two_the_last)
{
	ASSERT_TRUE(begin(self->first));
	ASSERT_TRUE(begin(self->second));
	hold(self->holder, self->slow, false);
	ASSERT_TRUE(WAIT_FOR(self->slow->asked));
	ASSERT_TRUE(release(self->first));
	ASSERT_TRUE(release(self->second));
	EXPECT_STREQ("", stamp_id("f"));
	self->slow->go = 1;
	EXPECT_TRUE(WAIT_FOR(told_of("f", self->second->id)));
	sleep_ms(300);
	EXPECT_STREQ(self->second->id, stamp_id("f"));
}

/* Whoever had the lock has written since, and may be the first to stamp. */
TEST_F(late, whoever_wrote_since)
{
	ASSERT_TRUE(begin(self->first));
	hold(self->holder, self->slow, true);
	ASSERT_TRUE(WAIT_FOR(self->slow->asked));
	ASSERT_TRUE(release(self->first));
	self->slow->go = 1;
	EXPECT_TRUE(WAIT_FOR(told_of("f", self->holder->id)));
	sleep_ms(300);
	EXPECT_STREQ(self->holder->id, stamp_id("f"));
}

/* Closes beside somebody who has the lock for a moment, again and again. */
#define ROUNDS		30
#define MOMENT_SIZE	(256 << 10)
#define PATIENCE_NS	90000000ull

struct moment {
	volatile int begun, wrote, closed;
	int missed;
};

static int close_at_each(struct moment *m)
{
	char id[HEX_ID + 1];

	if (enter_session())
		return 1;
	own_id(id);
	for (int i = 1; i <= ROUNDS; i++) {
		__u64 began, took;
		int fd;

		spin_until(&m->begun, i);
		fd = open("f", O_WRONLY);
		if (write(fd, "x", 1) != 1)
			return 2;
		m->wrote = i;
		sleep_ms(2);
		began = now_ns();
		if (close(fd))
			return 3;
		took = now_ns() - began;
		m->missed += took < PATIENCE_NS && strcmp(id, stamp_id("f"));
		m->closed = i;
	}
	return 0;
}

/* The stamp is there when the call returns. */
TEST(a_close_waits_a_moment)
{
	struct moment *m = shared(sizeof(*m));
	void *some = calloc(1, MOMENT_SIZE);
	pid_t pid = fork_bound();

	if (!pid)
		_exit(close_at_each(m));
	for (int i = 1; i <= ROUNDS; i++) {
		int fd;

		unlink("f");
		ASSERT_EQ(0, make_file("f", 10));
		fd = open("f", O_WRONLY);
		m->begun = i;
		ASSERT_TRUE(WAIT_FOR(m->wrote == i));
		while (m->closed != i)
			ASSERT_EQ(MOMENT_SIZE, pwrite(fd, some, MOMENT_SIZE, 0));
		close(fd);
	}
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(0, m->missed);
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

TEST_HARNESS_MAIN
