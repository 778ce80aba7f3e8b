// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
// timeout: 100
// leaks: check-all
/*
 * Stamps that come later: a file is released while somebody stands in a write
 * to it, see module/stamp_late.c. What that may hold up is looked at in
 * hostile_kernel.c, here which stamp stays, and when.
 */
#include <dirent.h>
#include <pthread.h>
#include <sys/quota.h>
#include <sys/resource.h>
#include <sys/utsname.h>

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
/*
 * The kernel waits for 100 ms in ticks, of which some may be missing where the
 * machine does not get its turn.
 */
#define MAY_MISS_NS	40000000ull
#define IN_VAIN_NS	80000000ull
#define TIRED_MS	1500

struct moment {
	volatile int begun, wrote, locked, closed;
	int missed, waited;
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
		spin_until(&m->locked, i);
		/* It takes longer than that for each write. */
		for (began = now_ns(); now_ns() < began + 20000;)
			;
		began = now_ns();
		if (close(fd))
			return 3;
		took = now_ns() - began;
		m->waited += took >= IN_VAIN_NS;
		if (took < MAY_MISS_NS)
			m->missed += !told_of("f", id);
		else
			/* Else the next one would not wait. */
			sleep_ms(TIRED_MS);
		m->closed = i;
	}
	return 0;
}

/*
 * The stamps are there when the calls return, which they do before long, where
 * the lock is free for so long between two moments.
 */
static void closes_wait_a_moment(struct __test_metadata *_metadata, int free_ms)
{
	struct moment *m = shared(sizeof(*m));
	void *some = calloc(1, MOMENT_SIZE);
	pid_t pid = fork_bound();

	if (!pid)
		_exit(close_at_each(m));
	for (int i = 1; i <= ROUNDS; i++) {
		__u64 end;
		int fd;

		unlink("f");
		ASSERT_EQ(0, make_file("f", 10));
		fd = open("f", O_WRONLY);
		m->begun = i;
		ASSERT_TRUE(WAIT_FOR(m->wrote == i));
		end = now_ns() + HANG_MS * 1000000ull * SLOWNESS;
		while (m->closed != i) {
			ASSERT_EQ(MOMENT_SIZE, pwrite(fd, some, MOMENT_SIZE, 0));
			ASSERT_GT(end, now_ns());
			if (free_ms)
				sleep_ms(free_ms * SLOWNESS);
			m->locked = i;
		}
		close(fd);
	}
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(0, m->missed);
	EXPECT_GT(ROUNDS / 2, m->waited);
}

TEST(a_close_waits_a_moment)
{
	closes_wait_a_moment(_metadata, 0);
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

/* As many as may be active of a queue, WQ_MAX_ACTIVE, and some more. */
static int more_than_places(void)
{
	int major, minor;
	struct utsname u;

	uname(&u);
	if (sscanf(u.release, "%d.%d", &major, &minor) != 2)
		return 0;
	return (major * 1000 + minor >= 7002 ? 2048 : 512) + 20;
}

static const char *numbered(int i)
{
	static char name[16];

	sprintf(name, "f%d", i);
	return name;
}

static void many_files(void)
{
	struct rlimit r = { 5000, 5000 };

	setrlimit(RLIMIT_NOFILE, &r);
}

static void write_to_each_and_stay(struct writer *w, int n)
{
	if (enter_session())
		_exit(1);
	own_id(w->id);
	many_files();
	for (int i = 0; i < n; i++)
		if (write(open(numbered(i), O_WRONLY), "x", 1) != 1)
			_exit(2);
	raise_flag(&w->wrote);
	for (;;)
		pause();
}

static const void *content;

static void *hold_one(void *fd)
{
	return (void *)write((long)fd, content, SLOW_SIZE);
}

static void hold_each(int n)
{
	pthread_t thread;
	pthread_attr_t small;

	many_files();
	/* Its server answers nothing more once it is asked for the content. */
	content = slow_map("slow", PROT_READ);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 64 << 10);
	for (long i = 0; i < n; i++)
		if (pthread_create(&thread, &small, hold_one,
				   (void *)(long)open(numbered(i), O_WRONLY)))
			_exit(1);
	pthread_exit(NULL);
}

/* So many threads of it stand in the kernel, and only SIGKILL wakes them. */
static int standing(pid_t pid)
{
	char path[64], stat[1024];
	struct dirent *d;
	int n = 0;
	DIR *dir;

	sprintf(path, "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (d = readdir(dir)))
		n += d->d_name[0] != '.' &&
		     !read_file(stat, sizeof(stat), "%s/%s/stat", path,
				d->d_name) &&
		     strstr(stat, ") D ");
	if (dir)
		closedir(dir);
	return n;
}

static bool each_is_told_of(const char *id, int n)
{
	for (int i = 0; i < n; i++)
		if (!told_of(numbered(i), id))
			return false;
	return true;
}

/*
 * An agent's stamps, each behind a lock that is not to be had, take up all
 * places in line. Its end waits for one at the most, and others for none.
 */
TEST(a_full_line)
{
	struct writer *w = shared(sizeof(*w));
	struct slow *slow = shared(sizeof(*slow));
	int n = more_than_places();
	pid_t writer, holder;

	for (int i = 0; i < n; i++)
		ASSERT_EQ(0, make_file(numbered(i), 10));
	ASSERT_EQ(0, slow_begin(slow, "slow"));
	writer = fork_bound();
	if (!writer)
		write_to_each_and_stay(w, n);
	ASSERT_TRUE(WAIT_FOR(w->wrote));
	holder = fork_bound();
	if (!holder)
		hold_each(n);
	/* But for the one that asks, which a signal may wake. */
	ASSERT_TRUE(WAIT_FOR(slow->asked && standing(holder) >= n - 1));
	kill(writer, SIGKILL);
	ASSERT_TRUE(WAIT_FOR(waitpid(writer, NULL, WNOHANG) == writer));
	EXPECT_FALSE(told_of(numbered(0), w->id));
	closes_wait_a_moment(_metadata, 2);
	EXPECT_FALSE(told_of(numbered(0), w->id));
	EXPECT_EQ(0, slow_end(slow, "slow"));
	EXPECT_EQ(0, reap(holder));
	EXPECT_TRUE(WAIT_FOR(each_is_told_of(w->id, n)));
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
	for (int i = 0; i < n; i++)
		unlink(numbered(i));
}

TEST_HARNESS_MAIN
