// SPDX-License-Identifier: GPL-2.0-only
// thorough: yes
// build: -Wno-sign-compare -Wno-clobbered
// timeout: 400
// leaks: no
/*
 * Stamps on each file system: what one refuses never makes a call fail and is
 * counted, nothing keeps it busy, a freeze is not waited for.
 */
#include <linux/fs.h>
#include <sys/mount.h>

#include "agentns-forge.h"
#include "agentns-slow.h"

/* The same request for ext4, xfs, btrfs and f2fs. */
#define GOINGDOWN	_IOR('X', 125, __u32)
#define NOLOGFLUSH	2

struct told {
	char id[HEX_ID + 1];
	volatile int ready, go, made;
	int err;
	__u64 took;
};

static struct told *told;

/* Unmounting, at once: busy is a failure. */
static int unmount(void)
{
	return ERR(umount2("m", 0));
}

static bool have_fs(const char *type)
{
	return !sh("grep -qw %s /proc/filesystems", type);
}

FIXTURE(fs) {
	bool hints;	/* it takes user.* attributes; tmpfs does from 6.6 on */
};

FIXTURE_VARIANT(fs) {
	const char *type, *make, *size;
	bool clones;	/* FICLONE */
	bool rare;	/* not for make check */
};

#define FS(name, ...)							\
	FIXTURE_VARIANT_ADD(fs, name) { __VA_ARGS__ }

FS(ext4, .type = "ext4", .make = "mkfs.ext4 -q -F", .size = "64M");
/* No room for attributes in the inode: each one takes a block. */
FS(ext4_128, .type = "ext4", .make = "mkfs.ext4 -q -F -I 128",
   .size = "64M", .rare = true);
FS(ext4_inline, .type = "ext4", .make = "mkfs.ext4 -q -F -O inline_data",
   .size = "64M", .rare = true);
FS(ext4_no_journal, .type = "ext4", .make = "mkfs.ext4 -q -F -O ^has_journal",
   .size = "64M", .rare = true);
FS(xfs, .type = "xfs", .make = "mkfs.xfs -q -f", .size = "400M",
   .clones = true);
FS(btrfs, .type = "btrfs", .make = "mkfs.btrfs -q -f", .size = "200M",
   .clones = true);
FS(tmpfs, .type = "tmpfs");

FIXTURE_SETUP(fs)
{
	int err;

	if (variant->rare && !getenv("AGENTNS_THOROUGH"))
		SKIP_FIXTURE("done by make check-all");
	if (!have_fs(variant->type))
		SKIP_FIXTURE("no %s in this kernel", variant->type);
	told = shared(sizeof(*told));
	err = image_fs(variant->type, variant->make, variant->size);
	ASSERT_EQ(0, err) {
		sh("sed 's/^/# /' log");
	}
	ASSERT_EQ(0, ERR(chdir("m")));
	self->hints = !setxattr(".", "user.a", "1", 1, 0);
	ASSERT_TRUE(self->hints || (errno == EOPNOTSUPP &&
				    !strcmp(variant->type, "tmpfs")));
}

FIXTURE_TEARDOWN(fs)
{
	if (chdir(".."))
		return;
	umount2("m", MNT_DETACH);
}

static const struct kind {
	const char *name;
	int (*make)(const char *path);
	bool hints;
} kinds[] = {
	{ "open", make_open, true },
	{ "tmpfile", make_tmpfile, true },
	{ "regular", make_regular, true },
	{ "dir", make_dir, true },
	{ "symlink", make_symlink },
	{ "char", make_char },
	{ "fifo", make_fifo },
};

static int make_kinds(void *arg)
{
	for (int i = 0; i < ARRAY_SIZE(kinds); i++) {
		int err = kinds[i].make(kinds[i].name);

		if (err)
			return i + 1;
	}
	return 0;
}

TEST_F(fs, each_kind)
{
	__u64 failed = sysfs_get(STAMPS_FAILED);
	char id[HEX_ID + 1];

	ASSERT_EQ(0, in_session(id, make_kinds, NULL));
	for (int i = 0; i < ARRAY_SIZE(kinds); i++) {
		EXPECT_STREQ(id, stamp_id(kinds[i].name)) {
			TH_LOG("%s", kinds[i].name);
		}
		EXPECT_STREQ(kinds[i].hints && self->hints ? id : "",
			     attr(kinds[i].name, PROV_SESSION)) {
			TH_LOG("%s", kinds[i].name);
		}
	}
	EXPECT_EQ(failed, sysfs_get(STAMPS_FAILED));
	/* It is on the disk. */
	if (variant->make) {
		ASSERT_EQ(0, ERR(chdir("..")));
		ASSERT_EQ(0, unmount());
		ASSERT_EQ(0, loop_mount(variant->type, "image", "m"));
		ASSERT_EQ(0, ERR(chdir("m")));
		EXPECT_STREQ(id, stamp_id("open"));
		EXPECT_STREQ(id, stamp_id("symlink"));
	}
}

static int clone_source(void *arg)
{
	int from = open("source", O_RDONLY), to = open("f", O_WRONLY), err;

	err = ERR(ioctl(to, FICLONE, from));
	close(to);
	return err;
}

static int write_f(void *arg)
{
	return way_write() ?: way_mmap();
}

TEST_F(fs, each_write)
{
	char first[HEX_ID + 1], second[HEX_ID + 1];

	ASSERT_EQ(0, make_stamped(first, "f"));
	ASSERT_EQ(0, make_file("source", 8192));
	ASSERT_EQ(0, in_session(second, write_f, NULL));
	EXPECT_STREQ(second, stamp_id("f"));
	EXPECT_STREQ(self->hints ? second : "", attr("f", PROV_SESSION));
	if (variant->clones) {
		ASSERT_EQ(0, in_session(second, clone_source, NULL));
		EXPECT_STREQ(second, stamp_id("f"));
	}
}

/* A task of the session lives on while the file system goes. */
static int write_and_wait(void)
{
	char name[32];
	int fd;

	if (enter_session())
		return 1;
	own_id(told->id);
	for (int i = 0; i < 50; i++) {
		sprintf(name, "m/f%d", i);
		fd = open(name, O_RDWR | O_CREAT, 0644);
		if (write(fd, "x", 1) != 1 || close(fd))
			return 1;
	}
	raise_flag(&told->ready);
	for (;;)
		pause();
}

TEST_F(fs, unmounts_at_once)
{
	__u64 start;
	pid_t pid;

	ASSERT_EQ(0, ERR(chdir("..")));
	pid = fork();
	if (!pid)
		_exit(write_and_wait());
	EXPECT_TRUE(WAIT_FOR(told->ready));
	start = now_ns();
	EXPECT_EQ(0, unmount());
	told->took = now_ns() - start;
	/* Seconds under emulation are what btrfs takes by itself. */
	EXPECT_GT(10000000000ULL, told->took);
	kill(pid, SIGKILL);
	EXPECT_EQ(KILLED, reap(pid));
}

/* The same with what a killed task had open. */
TEST_F(fs, unmounts_after_a_kill)
{
	ASSERT_EQ(0, ERR(chdir("..")));
	for (int i = 0; i < 10; i++) {
		pid_t pid = fork();

		if (!pid) {
			if (chdir("m") || enter_session() ||
			    make_file("f", 8192) ||
			    write(open("f", O_WRONLY), "x", 1) != 1)
				_exit(1);
			own_id(told->id);
			raise_flag(&told->ready);
			for (;;)
				pause();
		}
		EXPECT_TRUE(WAIT_FOR(told->ready == i + 1));
		kill(pid, SIGKILL);
		EXPECT_EQ(KILLED, reap(pid));
		if (variant->make) {
			EXPECT_EQ(0, unmount());
			ASSERT_EQ(0, loop_mount(variant->type, "image", "m"));
		}
		EXPECT_STREQ(told->id, stamp_id("m/f"));
	}
}

/* Written to in a session; closed while the file system is frozen. */
static int close_frozen(void)
{
	int fd, other;

	if (chdir("m") || enter_session())
		return 1;
	own_id(told->id);
	fd = open("f", O_WRONLY);
	other = open("g", O_RDWR | O_CREAT, 0644);
	if (write(fd, "x", 1) != 1 || write(other, "x", 1) != 1)
		return 1;
	raise_flag(&told->ready);
	spin_until(&told->go, 1);
	told->took = now_ns();
	told->err = close(fd) || close(other);
	told->took = now_ns() - told->took;
	raise_flag(&told->made);
	return 0;
}

TEST_F(fs, frozen)
{
	__u64 failed = sysfs_get(STAMPS_FAILED);
	int fd = open(".", O_RDONLY);
	bool closed;
	pid_t pid;

	ASSERT_EQ(0, make_file("f", 100));
	ASSERT_EQ(0, ERR(chdir("..")));
	pid = fork();
	if (!pid)
		_exit(close_frozen());
	EXPECT_TRUE(WAIT_FOR(told->ready));
	if (ioctl(fd, FIFREEZE, 0)) {
		kill(pid, SIGKILL);
		reap(pid);
		if (errno == EOPNOTSUPP)
			SKIP(return, "%s does not freeze", variant->type);
		ASSERT_EQ(0, errno);
	}
	raise_flag(&told->go);
	/* Whoever waits for the thaw waits in vain: it comes after this. */
	closed = WAIT_FOR(told->made);
	ASSERT_EQ(0, ERR(ioctl(fd, FITHAW, 0)));
	close(fd);
	EXPECT_TRUE(closed);
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(0, told->err);
	/* It was the session's when it was made. */
	EXPECT_STREQ(told->id, stamp_id("m/g"));
	/* The other has its stamp, or the loss is counted. */
	if (strcmp(told->id, stamp_id("m/f"))) {
		EXPECT_LT(failed, sysfs_get(STAMPS_FAILED));
	}
	ksft_print_msg("closed while frozen: %s\n",
		       *stamp_id("m/f") ? "stamped" : "counted");
	EXPECT_EQ(0, unmount());
}

/* Written to in a session, closed when it is told to. */
static int close_later(void)
{
	int fd;

	if (enter_session())
		return 1;
	own_id(told->id);
	fd = open("m/f", O_WRONLY);
	if (write(fd, "x", 1) != 1)
		return 2;
	raise_flag(&told->ready);
	spin_until(&told->go, 1);
	if (close(fd))
		return 3;
	raise_flag(&told->made);
	return 0;
}

static pid_t freeze_beside(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(ERR(ioctl(open("m", O_RDONLY), FIFREEZE, 0)));
	return pid;
}

static int thaw(void)
{
	int fd = open("m", O_RDONLY), err = ERR(ioctl(fd, FITHAW, 0));

	close(fd);
	return err;
}

/*
 * Who reads a file keeps no freeze waiting, on xfs with the file's lock; nor
 * does a stamp that waits for him.
 */
TEST_F(fs, freezes_beside_a_reader)
{
	struct slow *slow = shared(sizeof(*slow));
	__u64 failed = sysfs_get(STAMPS_FAILED);
	pid_t reader, closer, freezer;
	int status = -1;

	ASSERT_EQ(0, make_file("f", SLOW_SIZE));
	ASSERT_EQ(0, ERR(chdir("..")));
	ASSERT_EQ(0, slow_begin(slow, "slow"));
	closer = fork();
	if (!closer)
		_exit(close_later());
	EXPECT_TRUE(WAIT_FOR(told->ready));
	reader = fork();
	if (!reader)
		_exit(slow_read(open("m/f", O_RDONLY), "slow"));
	EXPECT_TRUE(WAIT_FOR(slow->asked));
	raise_flag(&told->go);
	/* It is on its way to the lock, and perhaps behind it. */
	sleep_ms(20);
	freezer = freeze_beside();
	EXPECT_TRUE(WAIT_FOR(waitpid(freezer, &status, WNOHANG) == freezer));
	slow->go = 1;
	EXPECT_TRUE(WAIT_FOR(told->made));
	EXPECT_EQ(0, reap(reader));
	EXPECT_EQ(0, reap(closer));
	EXPECT_EQ(0, slow_end(slow, "slow"));
	if (status < 0)
		reap(freezer);
	else if (WEXITSTATUS(status) != EOPNOTSUPP)
		EXPECT_EQ(0, status);
	(void)thaw();
	EXPECT_TRUE(WAIT_FOR(!strcmp(told->id, stamp_id("m/f")) ||
			     sysfs_get(STAMPS_FAILED) > failed));
	EXPECT_TRUE(WAIT_FOR(!unmount()));
}

/* Freezing again and again while a session writes: nothing hangs or is lost. */
static int write_until_told(void)
{
	char name[32];

	if (chdir("m") || enter_session())
		return 1;
	own_id(told->id);
	raise_flag(&told->ready);
	while (!told->go) {
		sprintf(name, "w%d", told->made);
		if (make_file(name, 100))
			return 1;
		told->made++;
	}
	return 0;
}

TEST_F(fs, frozen_again_and_again)
{
	int fd = open(".", O_RDONLY), bare = 0;
	__u64 failed = sysfs_get(STAMPS_FAILED);
	char name[32];
	pid_t pid;

	if (ioctl(fd, FIFREEZE, 0))
		SKIP(return, "%s does not freeze", variant->type);
	ASSERT_EQ(0, ERR(ioctl(fd, FITHAW, 0)));
	ASSERT_EQ(0, ERR(chdir("..")));
	pid = fork();
	if (!pid)
		_exit(write_until_told());
	EXPECT_TRUE(WAIT_FOR(told->ready));
	for (int i = 0; i < 20; i++) {
		EXPECT_EQ(0, ERR(ioctl(fd, FIFREEZE, 0)));
		sleep_ms(5);
		EXPECT_EQ(0, ERR(ioctl(fd, FITHAW, 0)));
		sleep_ms(20);
	}
	raise_flag(&told->go);
	EXPECT_EQ(0, reap(pid));
	EXPECT_LT(0, told->made);
	for (int i = 0; i < told->made; i++) {
		sprintf(name, "m/w%d", i);
		bare += strcmp(told->id, stamp_id(name)) != 0;
	}
	/* Each was stamped when it was made, whatever became of its close. */
	EXPECT_EQ(0, bare);
	ksft_print_msg("%d files, %llu refused stamps\n", told->made,
		       sysfs_get(STAMPS_FAILED) - failed);
	close(fd);
	EXPECT_EQ(0, unmount());
}

/* A file system that refuses everything from some moment on. */
static int close_after_shutdown(void)
{
	int fd;

	if (chdir("m") || enter_session())
		return 1;
	fd = open("f", O_WRONLY);
	if (write(fd, "x", 1) != 1)
		return 1;
	raise_flag(&told->ready);
	spin_until(&told->go, 1);
	return close(fd);
}

TEST_F(fs, gone_before_close)
{
	__u64 failed = sysfs_get(STAMPS_FAILED);
	__u32 how = NOLOGFLUSH;
	int fd = open(".", O_RDONLY), err;
	pid_t pid;

	ASSERT_EQ(0, make_file("f", 100));
	ASSERT_EQ(0, ERR(chdir("..")));
	pid = fork();
	if (!pid)
		_exit(close_after_shutdown());
	EXPECT_TRUE(WAIT_FOR(told->ready));
	err = ERR(ioctl(fd, GOINGDOWN, &how));
	close(fd);
	raise_flag(&told->go);
	EXPECT_EQ(0, reap(pid));
	if (err)
		SKIP(return, "%s cannot be shut down", variant->type);
	EXPECT_LT(failed, sysfs_get(STAMPS_FAILED));
	EXPECT_EQ(0, unmount());
}

static int attrmulti(void *arg)
{
	return attrmulti_here();
}

TEST_F(fs, no_way_round)
{
	char id[HEX_ID + 1];

	if (strcmp(variant->type, "xfs"))
		SKIP(return, "of xfs alone");
	EXPECT_EQ(EFAULT, attrmulti(NULL));
	EXPECT_EQ(EPERM, in_session(id, attrmulti, NULL));
}

/* Mounted read-only there is nothing to stamp, and nothing to count. */
static int touch_read_only(void *arg)
{
	return open("f", O_WRONLY) != -1 || errno != EROFS ||
	       truncate("f", 0) != -1 || mkdir("d", 0755) != -1 ||
	       open("f", O_RDONLY) < 0;
}

TEST_F(fs, read_only)
{
	__u64 failed = sysfs_get(STAMPS_FAILED);
	char made[HEX_ID + 1], id[HEX_ID + 1];

	ASSERT_EQ(0, make_stamped(made, "f"));
	ASSERT_EQ(0, ERR(mount(NULL, ".", NULL, MS_REMOUNT | MS_RDONLY, NULL)));
	ASSERT_EQ(0, in_session(id, touch_read_only, NULL));
	EXPECT_STREQ(made, stamp_id("f"));
	EXPECT_EQ(failed, sysfs_get(STAMPS_FAILED));
}

TEST_HARNESS_MAIN
