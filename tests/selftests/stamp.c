// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
// timeout: 600
// leaks: check-all
/*
 * Stamps on files: at creation and when what a session has written is closed,
 * complete when the call returns.
 */
#include <pthread.h>

#include "agentns-ways.h"

#define INTENT	"nightly build"

/* Each test works in an empty folder, which anybody may write to. */
static int empty_folder(void)
{
	umask(0);
	if (sh("rm -rf t && mkdir -m 777 t"))
		return EIO;
	return ERR(chdir("t")) ?: make_file("source", 8192);
}

/* A child in a session of its own tells in memory that the test shares. */
struct told {
	struct stamp at_once, later;
	int err, err_later;
	__u64 before, after;
	char id[HEX_ID + 1], outer[HEX_ID + 1];
	volatile int ready, go;
};

static struct told *told;

FIXTURE(create) {
};

FIXTURE_VARIANT(create) {
	int (*make)(const char *path);
	bool hints;	/* user.* attributes are allowed there */
};

#define CREATE(_name, _hints)						\
	FIXTURE_VARIANT_ADD(create, _name) {				\
		.make = make_##_name, .hints = _hints,			\
	}

CREATE(open, true);
CREATE(closed, true);
CREATE(creat, true);
CREATE(openat2, true);
CREATE(regular, true);
CREATE(tmpfile, true);
CREATE(dir, true);
CREATE(symlink, false);
CREATE(fifo, false);
CREATE(char, false);
CREATE(block, false);
CREATE(socket, false);
CREATE(uring_open, true);
CREATE(uring_async, true);
CREATE(uring_dir, true);
CREATE(uring_symlink, false);

FIXTURE_SETUP(create)
{
	told = shared(sizeof(*told));
	ASSERT_EQ(0, empty_folder());
}

FIXTURE_TEARDOWN(create)
{
	sysfs_set(STAMP_OUTSIDE, "0");
}

static int create_in_session(void *make)
{
	int (*fn)(const char *path) = make;

	told->before = time(NULL);
	told->err = fn("f");
	/* What it has opened is open still. */
	if (!told->err)
		told->err = stamp_get("f", &told->at_once);
	told->after = time(NULL);
	return 0;
}

TEST_F(create, stamped)
{
	char id[HEX_ID + 1], ts[32];

	ASSERT_EQ(0, in_session(id, create_in_session, variant->make));
	ASSERT_EQ(0, told->err);
	EXPECT_STREQ(id, told->at_once.id);
	EXPECT_STREQ(NO_SESSION, told->at_once.parent);
	EXPECT_EQ(0, told->at_once.uid);
	EXPECT_LE(told->before, told->at_once.seconds);
	EXPECT_GE(told->after, told->at_once.seconds);
	EXPECT_STREQ(id, stamp_id("f"));
	if (variant->hints) {
		snprintf(ts, sizeof(ts), "%llu", told->at_once.seconds);
		EXPECT_STREQ(id, attr("f", PROV_SESSION));
		EXPECT_STREQ(ts, attr("f", PROV_TS));
	} else {
		EXPECT_STREQ("", attr("f", PROV_SESSION));
		EXPECT_STREQ("", attr("f", PROV_TS));
	}
	EXPECT_STREQ("", attr("f", PROV_INTENT));
}

static int tag_and_create(void *make)
{
	return agent(PR_SET_AGENT_INTENT_TAG, INTENT) ?:
	       create_in_session(make);
}

TEST_F(create, with_intent)
{
	char id[HEX_ID + 1];

	ASSERT_EQ(0, in_session(id, tag_and_create, variant->make));
	ASSERT_EQ(0, told->err);
	EXPECT_STREQ(id, told->at_once.id);
	EXPECT_STREQ(variant->hints ? INTENT : "", attr("f", PROV_INTENT));
}

static int create_unprivileged(void *make)
{
	if (setgid(NOBODY) || setuid(NOBODY))
		return errno;
	return create_in_session(make);
}

/* Neither rights of root nor write permission are needed. */
TEST_F(create, by_nobody)
{
	char id[HEX_ID + 1];

	if (variant->make == make_char || variant->make == make_block)
		SKIP(return, "nobody makes no device nodes");
	ASSERT_EQ(0, in_session(id, create_unprivileged, variant->make));
	ASSERT_EQ(0, told->err);
	EXPECT_STREQ(id, told->at_once.id);
	EXPECT_EQ(NOBODY, told->at_once.uid);
	EXPECT_STREQ(variant->hints ? id : "", attr("f", PROV_SESSION));
}

static int nest_and_create(void *make)
{
	own_id(told->outer);
	if (enter_session())
		return 1;
	own_id(told->id);
	return create_in_session(make);
}

TEST_F(create, nested)
{
	char id[HEX_ID + 1];

	ASSERT_EQ(0, in_session(id, nest_and_create, variant->make));
	ASSERT_EQ(0, told->err);
	EXPECT_STREQ(told->id, told->at_once.id);
	EXPECT_STREQ(told->outer, told->at_once.parent);
	EXPECT_STREQ(id, told->at_once.parent);
}

/* Nothing by default, and beside a live session. */
TEST_F(create, outside_nothing)
{
	EXPECT_EQ(0, sysfs_get(STAMP_OUTSIDE));
	ASSERT_EQ(0, variant->make("f"));
	EXPECT_STREQ("", stamp_id("f"));
	EXPECT_STREQ("", attr("f", PROV_SESSION));
	EXPECT_STREQ("", attr("f", PROV_TS));
	EXPECT_STREQ("", attr("f", PROV_INTENT));
}

TEST_F(create, outside_with_the_knob)
{
	time_t before = time(NULL);
	char text[128];

	ASSERT_EQ(0, sysfs_set(STAMP_OUTSIDE, "1"));
	prctl(PR_SET_NAME, "wri:ter");
	ASSERT_EQ(0, variant->make("f"));
	ASSERT_EQ(0, stamp_get("f", &told->at_once));
	EXPECT_STREQ(NO_SESSION, told->at_once.id);
	EXPECT_STREQ(NO_SESSION, told->at_once.parent);
	EXPECT_EQ(0, told->at_once.uid);
	EXPECT_LE(before, told->at_once.seconds);
	if (!variant->hints) {
		EXPECT_STREQ("", attr("f", PROV_SESSION));
		return;
	}
	snprintf(text, sizeof(text), "comm:wri:ter:pid:%d:uid:0", getpid());
	EXPECT_STREQ(text, attr("f", PROV_SESSION));
	EXPECT_LE(before, strtoll(attr("f", PROV_TS), NULL, 10));
	EXPECT_STREQ("", attr("f", PROV_INTENT));
}

FIXTURE(write) {
};

FIXTURE_VARIANT(write) {
	int (*write)(void);
};

#define WRITE(name)							\
	FIXTURE_VARIANT_ADD(write, name) {				\
		.write = way_##name,					\
	}

WRITE(write);
WRITE(append);
WRITE(direct);
WRITE(pwrite);
WRITE(writev);
WRITE(pwritev);
WRITE(pwritev2);
WRITE(truncate);
WRITE(truncate_longer);
WRITE(ftruncate);
WRITE(open_trunc);
WRITE(fallocate);
WRITE(punch);
WRITE(mmap);
WRITE(mmap_closed);
WRITE(mprotect);
WRITE(proc_fd);
WRITE(splice);
WRITE(sendfile);
WRITE(copy_file_range);
WRITE(uring);
WRITE(uring_async);
WRITE(uring_fallocate);
WRITE(uring_splice);
WRITE(uring_registered);
WRITE(uring_polled);
WRITE(aio);
WRITE(rename_over);
WRITE(tmpfile_over);

FIXTURE_SETUP(write)
{
	told = shared(sizeof(*told));
	ASSERT_EQ(0, empty_folder());
}

FIXTURE_TEARDOWN(write)
{
	sysfs_set(STAMP_OUTSIDE, "0");
}

/* Those that the kernel closes when it gets to it: a worker has them, too. */
static bool closed_later(int (*write)(void))
{
	return write == way_uring || write == way_uring_registered ||
	       write == way_uring_polled || write == way_uring_async ||
	       write == way_uring_fallocate || write == way_uring_splice;
}

static int write_in_session(void *write)
{
	int (*fn)(void) = write;
	struct stamp *s = &told->at_once;
	char id[HEX_ID + 1];

	own_id(id);
	told->before = time(NULL);
	told->err = fn();
	if (told->err)
		return 0;
	told->err_later = stamp_get("f", s);
	if (closed_later(fn))
		WAIT_FOR(told_of("f", id) &&
			 !(told->err_later = stamp_get("f", s)));
	told->after = time(NULL);
	return 0;
}

TEST_F(write, stamped)
{
	char id[HEX_ID + 1];

	ASSERT_EQ(0, make_file("f", 8192));
	ASSERT_STREQ("", stamp_id("f"));
	ASSERT_EQ(0, in_session(id, write_in_session, variant->write));
	ASSERT_EQ(0, told->err);
	ASSERT_EQ(0, told->err_later);
	EXPECT_STREQ(id, told->at_once.id);
	EXPECT_STREQ(NO_SESSION, told->at_once.parent);
	EXPECT_LE(told->before, told->at_once.seconds);
	EXPECT_GE(told->after, told->at_once.seconds);
	EXPECT_STREQ(id, attr("f", PROV_SESSION));
	EXPECT_STREQ("", attr("f", PROV_INTENT));
}

/* The last one's replaces what the file had, its intent included. */
TEST_F(write, over_another_session)
{
	char first[HEX_ID + 1], second[HEX_ID + 1];

	ASSERT_EQ(0, in_session(first, tag_and_create, make_open));
	ASSERT_EQ(0, make_file("f", 8192));
	ASSERT_STREQ(first, stamp_id("f"));
	ASSERT_STREQ(INTENT, attr("f", PROV_INTENT));
	ASSERT_EQ(0, in_session(second, write_in_session, variant->write));
	ASSERT_EQ(0, told->err);
	EXPECT_STREQ(second, told->at_once.id);
	EXPECT_STREQ(second, attr("f", PROV_SESSION));
	/* It goes behind that. */
	if (closed_later(variant->write))
		WAIT_FOR(!*attr("f", PROV_INTENT));
	EXPECT_STREQ("", attr("f", PROV_INTENT));
}

TEST_F(write, outside_nothing)
{
	ASSERT_EQ(0, make_file("f", 8192));
	ASSERT_EQ(0, variant->write());
	sleep_ms(closed_later(variant->write) ? 200 : 0);
	EXPECT_STREQ("", stamp_id("f"));
	EXPECT_STREQ("", attr("f", PROV_SESSION));
}

/* Which session was the last is true still. */
TEST_F(write, outside_keeps_the_stamp)
{
	bool replaced = variant->write == way_rename_over ||
			variant->write == way_tmpfile_over;
	char made[HEX_ID + 1];

	ASSERT_EQ(0, make_stamped(made, "f"));
	ASSERT_EQ(0, ERR(truncate("f", 8192)));
	ASSERT_EQ(0, variant->write());
	sleep_ms(closed_later(variant->write) ? 200 : 0);
	EXPECT_STREQ(replaced ? "" : made, stamp_id("f"));
	EXPECT_STREQ(replaced ? "" : made, attr("f", PROV_SESSION));
}

TEST_F(write, outside_with_the_knob)
{
	char text[128], made[HEX_ID + 1];

	ASSERT_EQ(0, make_stamped(made, "f"));
	ASSERT_EQ(0, ERR(truncate("f", 8192)));
	ASSERT_EQ(0, sysfs_set(STAMP_OUTSIDE, "1"));
	ASSERT_EQ(0, variant->write());
	snprintf(text, sizeof(text), "comm:stamp:pid:%d:uid:0", getpid());
	if (closed_later(variant->write))
		WAIT_FOR(!strcmp(text, attr("f", PROV_SESSION)));
	EXPECT_STREQ(text, attr("f", PROV_SESSION));
	EXPECT_STREQ(NO_SESSION, stamp_id("f"));
}

/* What is no writing leaves no stamp. */
static int no_writing(void *arg)
{
	int fd = open("f", O_RDWR), err;
	char *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	char *q = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	if (fd < 0 || p == MAP_FAILED || q == MAP_FAILED)
		return 1;
	q[0] = p[0] + read(fd, way_block, 100);
	err = fsync(fd) || fchmod(fd, 0600) || munmap(p, 4096) ||
	      munmap(q, 4096) || close(fd) || rename("f", "g") ||
	      link("g", "f") || chown("f", 1, 1);
	fd = open("f", O_WRONLY);
	return err || fd < 0 || close(fd);
}

TEST(reading_is_not_writing)
{
	char id[HEX_ID + 1], maker[HEX_ID + 1];

	ASSERT_EQ(0, empty_folder());
	ASSERT_EQ(0, make_file("f", 8192));
	ASSERT_EQ(0, in_session(id, no_writing, NULL));
	EXPECT_STREQ("", stamp_id("f"));
	EXPECT_STREQ("", attr("f", PROV_SESSION));
	unlink("f");
	unlink("g");
	ASSERT_EQ(0, make_stamped(maker, "f"));
	ASSERT_EQ(0, in_session(id, no_writing, NULL));
	EXPECT_STREQ(maker, stamp_id("f"));
	EXPECT_STRNE(maker, id);
}

/* Files that their writer does not close himself. */
FIXTURE(left_open) {
	pid_t pid;
};

FIXTURE_VARIANT(left_open) {
	int (*write)(void);	/* which leaves it open */
	int signal;
	bool execs;
};

static int leave_written(void)
{
	int fd = open("f", O_WRONLY | O_CLOEXEC);

	return ERR(write(fd, "x", 1));
}

static int leave_mapped(void)
{
	int fd;
	char *p = map_f(&fd, PROT_READ | PROT_WRITE);

	close(fd);
	if (p == MAP_FAILED)
		return errno;
	p[0]++;
	return 0;
}

static int leave_truncated(void)
{
	return ERR(open("f", O_WRONLY | O_TRUNC | O_CLOEXEC));
}

#define LEFT_OPEN(name, ...)						\
	FIXTURE_VARIANT_ADD(left_open, name) { __VA_ARGS__ }

LEFT_OPEN(written, .write = leave_written);
LEFT_OPEN(mapped, .write = leave_mapped);
LEFT_OPEN(truncated, .write = leave_truncated);
LEFT_OPEN(written_killed, .write = leave_written, .signal = SIGKILL);
LEFT_OPEN(mapped_killed, .write = leave_mapped, .signal = SIGKILL);
LEFT_OPEN(written_execs, .write = leave_written, .execs = true);
LEFT_OPEN(mapped_execs, .write = leave_mapped, .execs = true);

FIXTURE_SETUP(left_open)
{
	told = shared(sizeof(*told));
	ASSERT_EQ(0, empty_folder());
	ASSERT_EQ(0, make_file("f", 8192));
}

FIXTURE_TEARDOWN(left_open)
{
}

TEST_F(left_open, stamped_when_the_task_has_ended)
{
	self->pid = fork();
	if (!self->pid) {
		if (enter_session() || variant->write())
			_exit(1);
		own_id(told->id);
		if (variant->execs)
			execlp("sh", "sh", "-c",
			       "getfattr -h -n " STAMP " f >/dev/null", NULL);
		if (variant->signal)
			raise(variant->signal);
		_exit(0);
	}
	EXPECT_EQ(variant->signal ? 1000 + variant->signal : 0,
		  reap(self->pid));
	EXPECT_STREQ(told->id, stamp_id("f"));
	EXPECT_STREQ(told->id, attr("f", PROV_SESSION));
}

/* The session counts in which the writing was done. */
TEST_F(left_open, writer_leaves_its_session)
{
	int outside = open("/proc/self/ns/agent", O_RDONLY);

	if (variant->execs || variant->signal)
		SKIP(return, "as its namesake");
	self->pid = fork();
	if (!self->pid) {
		if (enter_session() || variant->write())
			_exit(1);
		own_id(told->id);
		_exit(!!setns(outside, AGENT_NS));
	}
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_STREQ(told->id, stamp_id("f"));
	/* Nor where there is another by then. */
	self->pid = fork();
	if (!self->pid) {
		if (enter_session() || variant->write())
			_exit(1);
		own_id(told->id);
		_exit(enter_session());
	}
	EXPECT_EQ(0, reap(self->pid));
	EXPECT_STREQ(told->id, stamp_id("f"));
	EXPECT_STRNE(NO_SESSION, told->id);
}

/* A writer in a session that sends its open file to the test and ends. */
FIXTURE(sent) {
	int socket[2];
};

FIXTURE_SETUP(sent)
{
	told = shared(sizeof(*told));
	ASSERT_EQ(0, empty_folder());
	ASSERT_EQ(0, make_file("f", 8192));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, self->socket));
	pid_t pid = fork();

	if (!pid) {
		int fd = open("f", O_RDWR);

		if (enter_session() || write(fd, "x", 1) != 1)
			_exit(1);
		own_id(told->id);
		_exit(send_fd(self->socket[1], fd));
	}
	ASSERT_EQ(0, reap(pid));
	close(self->socket[1]);
}

FIXTURE_TEARDOWN(sent)
{
}

/* A session is not kept for what it left open, its stamp is. */
TEST_F(sent, closed_outside)
{
	int fd = receive_fd(self->socket[0]);

	ASSERT_GE(fd, 0);
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
	ASSERT_EQ(0, close(fd));
	EXPECT_STREQ(told->id, stamp_id("f"));
	EXPECT_STREQ(told->id, attr("f", PROV_SESSION));
}

TEST_F(sent, never_received)
{
	ASSERT_EQ(0, close(self->socket[0]));
	EXPECT_TRUE(WAIT_FOR(!strcmp(told->id, stamp_id("f"))));
}

static int write_and_close(void *fd)
{
	return write((long)fd, "y", 1) != 1;
}

/* Of several that write to one open file it is the last. */
TEST_F(sent, another_session_writes_after_it)
{
	int fd = receive_fd(self->socket[0]);
	char id[HEX_ID + 1];

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, in_session(id, write_and_close, (void *)(long)fd));
	ASSERT_EQ(0, close(fd));
	EXPECT_STREQ(id, stamp_id("f"));
	EXPECT_STRNE(id, told->id);
}

/* One that only closes it writes nothing. */
static int only_close(void *fd)
{
	return close((long)fd);
}

TEST_F(sent, another_session_closes_it)
{
	long fd = receive_fd(self->socket[0]);
	char id[HEX_ID + 1];
	int copy;

	ASSERT_GE(fd, 0);
	copy = dup(fd);
	close(fd);
	ASSERT_EQ(0, in_session(id, only_close, (void *)(long)copy));
	close(copy);
	EXPECT_STREQ(told->id, stamp_id("f"));
}

/*
 * An attribute that is written changes ctime. Both parts of each of these
 * fall into one second, or it is tried again.
 */
FIXTURE(equal) {
};

FIXTURE_SETUP(equal)
{
	ASSERT_EQ(0, empty_folder());
	ASSERT_EQ(0, make_file("f", 100));
	ASSERT_EQ(0, enter_session());
}

FIXTURE_TEARDOWN(equal)
{
}

static struct timespec ctime_of(const char *path)
{
	struct stat st = { };

	stat(path, &st);
	return st.st_ctim;
}

/* Did closing a file that was written to change more than writing had? */
static int close_changes_ctime(void)
{
	int fd = open("f", O_WRONLY);
	struct timespec written, closed;

	if (fd < 0 || write(fd, "x", 1) != 1)
		return -1;
	written = ctime_of("f");
	sleep_ms(30);
	if (close(fd))
		return -1;
	closed = ctime_of("f");
	return memcmp(&written, &closed, sizeof(closed)) != 0;
}

TEST_F(equal, not_written_again)
{
	int first, second;
	time_t now;

	for (int i = 0; i < 10; i++) {
		/* Of another second than what the file has. */
		now = time(NULL);
		while (now == time(NULL))
			sleep_ms(1);
		now = time(NULL);
		first = close_changes_ctime();
		second = close_changes_ctime();
		if (now == time(NULL))
			break;
		first = -1;
		second = -1;
	}
	EXPECT_EQ(1, first);
	EXPECT_EQ(0, second);
}

TEST_F(equal, a_later_second_is_not_equal)
{
	struct stamp a, b;

	ASSERT_EQ(0, way_write());
	ASSERT_EQ(0, stamp_get("f", &a));
	sleep_ms(1100);
	ASSERT_EQ(0, way_write());
	ASSERT_EQ(0, stamp_get("f", &b));
	EXPECT_STREQ(a.id, b.id);
	EXPECT_GT(b.seconds, a.seconds);
	EXPECT_EQ(b.seconds, strtoull(attr("f", PROV_TS), NULL, 10));
}

/* Two descriptors, two closes: the later one has nothing to change. */
TEST_F(equal, second_descriptor)
{
	struct timespec first, second;
	time_t now;
	int a, b;

	for (int i = 0; i < 10; i++) {
		a = open("f", O_WRONLY);
		b = open("f", O_WRONLY);
		now = time(NULL);
		while (now == time(NULL))
			sleep_ms(1);
		now = time(NULL);
		ASSERT_EQ(1, write(a, "x", 1));
		ASSERT_EQ(1, write(b, "x", 1));
		close(a);
		first = ctime_of("f");
		sleep_ms(30);
		close(b);
		second = ctime_of("f");
		if (now == time(NULL))
			break;
		now = 0;
	}
	/* In one second. */
	ASSERT_NE(0, now);
	EXPECT_EQ(0, memcmp(&first, &second, sizeof(first)));
}

static void *write_many(void *arg)
{
	long err = 0;

	for (int i = 0; i < 300 && !err; i++)
		err = way_write();
	return (void *)err;
}

static int write_plainly(void *arg)
{
	return way_write();
}

static int race_in_session(void *arg)
{
	pthread_t thread;
	void *err;

	if (pthread_create(&thread, NULL, write_many, NULL) ||
	    write_many(NULL) || pthread_join(thread, &err))
		return 1;
	return !!err;
}

/* Two sessions and a reader at one file: each stamp that is seen is whole. */
TEST(many_writers_at_once)
{
	char id[HEX_ID + 1], last[HEX_ID + 1];
	struct stamp s;
	pid_t pid;
	int err;

	ASSERT_EQ(0, empty_folder());
	ASSERT_EQ(0, make_stamped(id, "f"));
	pid = fork();
	if (!pid)
		_exit(in_session(id, race_in_session, NULL));
	for (int i = 0; i < 20; i++) {
		err = in_session(last, write_plainly, NULL);
		EXPECT_EQ(0, err);
		EXPECT_EQ(0, stamp_get("f", &s));
		EXPECT_EQ(HEX_ID, strlen(s.id));
	}
	EXPECT_EQ(0, reap(pid));
	ASSERT_EQ(0, in_session(last, write_plainly, NULL));
	EXPECT_STREQ(last, stamp_id("f"));
}

/* What is no file on a disk is neither stamped nor counted as refused. */
static int other_files(void *arg)
{
	int p[2], fd = open("/dev/null", O_WRONLY), s[2];

	return pipe(p) || write(p[1], "x", 1) != 1 || close(p[1]) ||
	       write(fd, "x", 1) != 1 || close(fd) ||
	       socketpair(AF_UNIX, SOCK_STREAM, 0, s) ||
	       write(s[0], "x", 1) != 1 || close(s[0]) ||
	       write_file("/proc/self/oom_score_adj", "1");
}

TEST(pipes_and_devices_are_not_counted)
{
	__u64 failed = sysfs_get(STAMPS_FAILED);
	char id[HEX_ID + 1];

	ASSERT_NE(~0ULL, failed);
	ASSERT_EQ(0, in_session(id, other_files, NULL));
	EXPECT_EQ(failed, sysfs_get(STAMPS_FAILED));
	EXPECT_STREQ("", stamp_id("/dev/null"));
}

static int make_without_hints(void *arg)
{
	return make_open("f") ?: make_dir("d") ?: way_truncate_longer() ?:
	       way_write();
}

TEST(hints_are_optional)
{
	char id[HEX_ID + 1];
	int err;

	ASSERT_EQ(0, empty_folder());
	EXPECT_EQ(1, sysfs_get("stamp_hints"));
	ASSERT_EQ(0, sysfs_set("stamp_hints", "0"));
	err = in_session(id, make_without_hints, NULL);
	ASSERT_EQ(0, sysfs_set("stamp_hints", "1"));
	ASSERT_EQ(0, err);
	EXPECT_STREQ(id, stamp_id("f"));
	EXPECT_STREQ(id, stamp_id("d"));
	EXPECT_STREQ("", attr("f", PROV_SESSION));
	EXPECT_STREQ("", attr("d", PROV_SESSION));
	EXPECT_EQ(EINVAL, sysfs_set("stamp_hints", "2"));
	EXPECT_EQ(EINVAL, sysfs_set(STAMP_OUTSIDE, "yes"));
	EXPECT_EQ(0, sysfs_get(STAMP_OUTSIDE));
}

static int write_to_file(void *arg)
{
	return way_write();
}

/* Not one of no bytes, either, which is an attribute still. */
TEST(without_intent_no_attribute)
{
	char id[HEX_ID + 1];

	ASSERT_EQ(0, empty_folder());
	ASSERT_EQ(0, make_file("f", 8192));
	ASSERT_EQ(0, ERR(setxattr("f", PROV_INTENT, "", 0, 0)));
	ASSERT_EQ(0, in_session(id, write_to_file, NULL));
	EXPECT_STREQ(id, attr("f", PROV_SESSION));
	EXPECT_EQ(ENODATA, ERR(getxattr("f", PROV_INTENT, NULL, 0)));
}

/* Nobody has made them as a file. */
static int write_memfd(void *arg)
{
	int fd = memfd_create("test", 0);
	struct stamp s;

	return write(fd, "x", 1) != 1 || stamp_fget(fd, &s) != ENODATA;
}

TEST(memfd_has_none)
{
	__u64 failed = sysfs_get(STAMPS_FAILED);
	char id[HEX_ID + 1];

	EXPECT_EQ(0, in_session(id, write_memfd, NULL));
	EXPECT_EQ(failed, sysfs_get(STAMPS_FAILED));
}

TEST(features_say_so)
{
	EXPECT_TRUE(stamps_active());
}

TEST_HARNESS_MAIN
