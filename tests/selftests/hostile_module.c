// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
// leaks: check-all
/*
 * Ways to keep the module from going, or to make rmmod wait, tried by an
 * ordinary user and by root in containers. It may be busy, and says so at once.
 * docs/hostility.md is the list.
 */
#include <linux/fs.h>

#include "agentns-hostile.h"
#include "agentns-module.h"
#include "agentns-slow.h"
#include "agentns-stamp.h"

FIXTURE(pin) {
	int pair[2];
};

FIXTURE_VARIANT(pin) {
	WHO;
};

EACH_WHO(pin);

FIXTURE_SETUP(pin)
{
	trial_new();
	ASSERT_EQ(0, find_module());
	ASSERT_TRUE(loaded());
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, self->pair));
}

FIXTURE_TEARDOWN(pin)
{
	if (!loaded()) {
		EXPECT_EQ(0, load());
	}
}

/* In a child, as it may not come back: 0 or an errno, -1 if it does not. */
static int unload_at_once(void)
{
	int *err = shared(4096);
	pid_t pid;

	*err = -1;
	pid = fork();
	if (!pid) {
		int ret = unload();

		__atomic_store_n(err, ret, __ATOMIC_RELEASE);
		_exit(0);
	}
	WAIT_FOR(__atomic_load_n(err, __ATOMIC_ACQUIRE) != -1);
	if (*err != -1)
		reap(pid);
	return *err;
}

/* Everything of the module that can be held, at one time. */
static int hold_all(void)
{
	static const char *const files[] = {
		"/proc/self/ns/agent", "/proc/self/agent_session",
		"/proc/self/agent_counters", "/proc/agent_sessions",
		SYSCTL "enabled", SYSFS "sessions_live", SYSFS "features",
	};
	char path[256], text[16];
	pid_t pid = fork();
	int fd;

	if (!pid) {
		/* A session inside, and one inside of that. */
		if (enter_session() || enter_session())
			_exit(1);
		raise_flag(&trial->ready);
		for (;;)
			pause();
	}
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		fd = open(files[i], O_RDONLY);
		tried(fd < 0 ? errno : 0);
		/* Some have more to read now. */
		if (i)
			tried(read(fd, text, 1) == 1 ? 0 : 1);
	}
	fd = open(session_path(path, trial->id, "max_opens"), O_RDONLY);
	tried(fd < 0 ? errno : 0);
	close(open("pinned", O_WRONLY | O_CREAT, 0666));
	trial->value[0] = ERR(mount("/proc/self/ns/agent", "pinned", NULL,
				    MS_BIND, NULL));
	WAIT_FOR(trial->ready);
	raise_flag(&trial->ready);
	for (;;)
		pause();
}

TEST_F(pin, by_all_that_can_be_held)
{
	pid_t pid = agent_begin(variant->become, NULL, hold_all);

	ASSERT_TRUE(WAIT_FOR(trial->ready == 2));
	EXPECT_TRIES(14, 0);
	EXPECT_EQ(variant->become == as_container ? 0 : EPERM, trial->value[0]);
	EXPECT_EQ(EAGAIN, unload_at_once());
	EXPECT_EQ(0, session_set(trial->id, "kill", "1"));
	EXPECT_EQ(KILLED, reap(pid));
	EXPECT_EQ(0, unload_soon());
}

/* What it has sent to somebody, or to nobody, when it ends. */
static int accomplice;

static int send_and_end(void)
{
	int fd = agent_fd(getpid());

	if (fd < 0 || send_fd(accomplice, fd))
		return 1;
	return make_garbage(fd) ? 2 : 0;
}

TEST_F(pin, by_descriptors_on_their_way)
{
	int fd;

	accomplice = self->pair[0];
	ASSERT_EQ(0, agent_does(variant->become, NULL, send_and_end));
	EXPECT_EQ(EAGAIN, unload_at_once());
	EXPECT_EQ(1, sessions_live());
	fd = receive_fd(self->pair[1]);
	ASSERT_LE(0, fd);
	EXPECT_EQ(EAGAIN, unload_at_once());
	close(fd);
	/* The kernel looks for such garbage when a socket is closed. */
	EXPECT_TRUE(WAIT_FOR(({
		collect_garbage();
		!sessions_live(); })));
	EXPECT_EQ(0, unload_soon());
}

/*
 * Into memory that stands still: a mapping of a file on a file system that is
 * frozen, as a FUSE server's could be by its owner.
 */
static char *frozen;

static int read_into_it(void)
{
	int in = open("/proc/agent_sessions", O_RDONLY);

	raise_flag(&trial->ready);
	trial->value[0] = read(in, frozen, 4096);
	raise_flag(&trial->done);
	return trial->value[0] <= 0;
}

/* In no session, so it is the call alone that counts. */
static int call_into_it(void)
{
	raise_flag(&trial->ready);
	tried(agent(PR_GET_AGENT_SESSION_ID, frozen));
	raise_flag(&trial->done);
	return trial->err[0];
}

static void stands_still(struct __test_metadata *_metadata, WHO,
			 int (*in_it)(void))
{
	int m, fd;
	pid_t pid;

	ASSERT_EQ(0, image_fs("ext4", "mkfs.ext4 -q -F", "16M"));
	m = open("m", O_RDONLY | O_DIRECTORY);
	fd = open("m/f", O_RDWR | O_CREAT, 0666);
	ASSERT_EQ(0, ERR(ftruncate(fd, 4096)));
	frozen = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, frozen);
	ASSERT_EQ(0, ERR(ioctl(m, FIFREEZE, 0)));
	pid = fork();
	if (!pid)
		_exit(become(in_it));
	EXPECT_TRUE(WAIT_FOR(trial->ready));
	sleep_ms(200);
	EXPECT_EQ(0, trial->done);
	EXPECT_EQ(EAGAIN, unload_at_once());
	EXPECT_EQ(0, ERR(ioctl(m, FITHAW, 0)));
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(0, unload_soon());
	munmap(frozen, 4096);
	close(fd);
	close(m);
	EXPECT_EQ(0, ERR(umount("m")));
}

TEST_F(pin, by_a_read_that_stands_still)
{
	stands_still(_metadata, variant->become, read_into_it);
}

TEST_F(pin, by_a_call_that_stands_still)
{
	stands_still(_metadata, variant->become, call_into_it);
}

/*
 * By a stamp that waits: of a file that the kernel releases, after the session's
 * end, while somebody outside stands in a write to it.
 */
static struct slow *slow;

static int write_slowly(void)
{
	return slow_write(open("f", O_WRONLY), "slow");
}

static int write_and_end(void)
{
	int fd = open("f", O_WRONLY);

	if (write(fd, "x", 1) != 1)
		return 1;
	raise_flag(&trial->ready);
	while (!slow->asked)
		sleep_ms(5);
	return make_garbage(fd);
}

TEST_F(pin, by_a_stamp_that_waits)
{
	pid_t pid, writer;

	unlink("f");
	ASSERT_EQ(0, make_file("f", 10));
	ASSERT_EQ(0, ERR(chmod("f", 0666)));
	slow = shared(sizeof(*slow));
	ASSERT_EQ(0, slow_begin(slow, "slow"));
	pid = agent_begin(variant->become, NULL, write_and_end);
	EXPECT_TRUE(WAIT_FOR(trial->ready));
	writer = fork();
	if (!writer)
		_exit(variant->become(write_slowly));
	EXPECT_EQ(0, reap(pid));
	EXPECT_TRUE(WAIT_FOR(({ collect_garbage(); !sessions_live(); })));
	sleep_ms(500);
	EXPECT_EQ(EAGAIN, unload_at_once());
	EXPECT_STREQ("", stamp_id("f"));
	slow->go = 1;
	EXPECT_EQ(0, reap(writer));
	EXPECT_EQ(0, slow_end(slow, "slow"));
	EXPECT_EQ(0, unload_soon());
	EXPECT_STREQ(trial->id, stamp_id("f"));
}

TEST_HARNESS_MAIN
