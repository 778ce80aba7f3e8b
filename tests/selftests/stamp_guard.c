// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
// timeout: 400
// leaks: check-all
/*
 * Nobody in a session forges a stamp: by attribute calls, by copying files
 * with their attributes, or by what fails halfway.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <pthread.h>
#include <sys/mount.h>

#include "agentns-forge.h"

#define OTHER	"security.agentns-test"

struct told {
	char made[HEX_ID + 1];
	int err[16];
};

static struct told *told;

static int in_folder(void)
{
	told = shared(sizeof(*told));
	umask(0);
	if (sh("rm -rf t && mkdir -m 777 t"))
		return EIO;
	return ERR(chdir("t"));
}

/* All capabilities, in a user namespace of its own. */
static int become_root_of_userns(void)
{
	int uid = getuid(), gid = getgid();
	char map[64];

	if (unshare(CLONE_NEWUSER))
		return errno;
	sprintf(map, "0 %d 1", uid);
	if (write_file("/proc/self/uid_map", map) ||
	    write_file("/proc/self/setgroups", "deny"))
		return EIO;
	sprintf(map, "0 %d 1", gid);
	return write_file("/proc/self/gid_map", map);
}

static int become_nobody(void)
{
	return setgid(NOBODY) || setuid(NOBODY) ? errno : 0;
}

static int drop_admin(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &h, d))
		return errno;
	d[0].effective &= ~(1U << CAP_SYS_ADMIN);
	return ERR(syscall(SYS_capset, &h, d));
}

static int stay(void)
{
	return 0;
}

FIXTURE(forge) {
};

FIXTURE_VARIANT(forge) {
	bool session;
	int (*become)(void);
	bool allowed;
};

#define FORGE(name, ...)						\
	FIXTURE_VARIANT_ADD(forge, name) { __VA_ARGS__ }

FORGE(root_in_session, .session = true, .become = stay);
FORGE(userns_in_session, .session = true, .become = become_root_of_userns);
FORGE(nobody_in_session, .session = true, .become = become_nobody);
FORGE(root_outside, .become = stay, .allowed = true);
FORGE(without_admin_outside, .become = drop_admin);
FORGE(userns_outside, .become = become_root_of_userns);
FORGE(nobody_outside, .become = become_nobody);

FIXTURE_SETUP(forge)
{
	ASSERT_EQ(0, in_folder());
	ASSERT_EQ(0, make_stamped(told->made, "f"));
	ASSERT_EQ(0, make_file("g", 100));
	ASSERT_EQ(0, ERR(symlink("f", "l")));
	ASSERT_EQ(0, ERR(lchown("f", NOBODY, NOBODY)));
	ASSERT_EQ(0, ERR(lchown("g", NOBODY, NOBODY)));
	ASSERT_EQ(0, ERR(lchown("l", NOBODY, NOBODY)));
}

FIXTURE_TEARDOWN(forge)
{
}

TEST_F(forge, by_attribute_calls)
{
	pid_t pid = fork();

	if (!pid) {
		if ((variant->session && enter_session()) ||
		    variant->become())
			_exit(1);
		attempt_all(told->err);
		_exit(0);
	}
	ASSERT_EQ(0, reap(pid));
	for (int i = 0; i < ATTEMPTS; i++) {
		EXPECT_EQ(variant->allowed ? 0 : EPERM, told->err[i]) {
			TH_LOG("%s", attempt_name[i]);
		}
	}
	EXPECT_STREQ(variant->allowed ? FORGED : told->made, stamp_id("f"));
	EXPECT_STREQ(variant->allowed ? FORGED : "", stamp_id("g"));
	EXPECT_STREQ(variant->allowed ? FORGED : "", stamp_id("l"));
}

/* On a file system that the user namespace itself has mounted. */
TEST_F(forge, on_a_tmpfs_of_its_own)
{
	pid_t pid;

	if (variant->become != become_root_of_userns)
		SKIP(return, "for those with a user namespace of their own");
	pid = fork();
	if (!pid) {
		if ((variant->session && enter_session()) ||
		    variant->become() || unshare(CLONE_NEWNS) ||
		    mkdir("m", 0755) ||
		    mount("none", "m", "tmpfs", 0, NULL) || chdir("m") ||
		    make_file("f", 100) || make_file("g", 100) ||
		    symlink("f", "l"))
			_exit(1);
		attempt_all(told->err);
		_exit(variant->session == !*stamp_id("f"));
	}
	ASSERT_EQ(0, reap(pid));
	for (int i = 0; i < ATTEMPTS; i++) {
		EXPECT_EQ(EPERM, told->err[i]) {
			TH_LOG("%s", attempt_name[i]);
		}
	}
}

/* The guards of all other names in security.* are as they were. */
TEST_F(forge, other_names)
{
	bool admin = variant->become == stay;
	/* Revision 2, cap_net_raw+ep. */
	static const __le32 caps[5] = { 0x02000001, 1 << CAP_NET_RAW };
	pid_t pid;

	ASSERT_EQ(0, ERR(setxattr("f", OTHER, "a", 1, 0)));
	pid = fork();
	if (!pid) {
		if ((variant->session && enter_session()) ||
		    variant->become())
			_exit(1);
		told->err[0] = ERR(setxattr("f", OTHER, "b", 1, 0));
		told->err[1] = ERR(removexattr("f", OTHER));
		told->err[2] = ERR(setxattr("f", "security.capability", caps,
					    sizeof(caps), 0));
		told->err[3] = ERR(removexattr("f", "security.capability"));
		told->err[4] = ERR(setxattr("f", "trusted.test", "b", 1, 0));
		_exit(0);
	}
	ASSERT_EQ(0, reap(pid));
	EXPECT_EQ(admin ? 0 : EPERM, told->err[0]);
	EXPECT_EQ(admin ? 0 : EPERM, told->err[1]);
	EXPECT_STREQ(admin ? "" : "a", attr("f", OTHER));
	EXPECT_EQ(admin ? 0 : EPERM, told->err[4]);
	/* Without CAP_SYS_ADMIN alone, CAP_SETFCAP is there still. */
	if (admin || variant->become == drop_admin) {
		EXPECT_EQ(0, told->err[2]);
		EXPECT_EQ(0, told->err[3]);
	} else {
		EXPECT_EQ(EPERM, told->err[2]);
		/* Nothing is there to be removed; who may not, hears that. */
		EXPECT_NE(0, told->err[3]);
	}
}

/* A file capability is worth in a session what it is worth outside. */
static int file_capability(void *path)
{
	static const __le32 caps[5] = { 0x02000001, 1 << CAP_NET_RAW };
	char value[20];

	return ERR(setxattr(path, "security.capability", caps, sizeof(caps),
			    0)) ?:
	       getxattr(path, "security.capability", value,
			sizeof(value)) != sizeof(caps);
}

TEST(file_capabilities)
{
	char id[HEX_ID + 1];

	ASSERT_EQ(0, in_folder());
	ASSERT_EQ(0, make_file("f", 100));
	ASSERT_EQ(0, in_session(id, file_capability, "f"));
	/* Writing takes them away, as ever, and sets the stamp. */
	ASSERT_EQ(0, in_session(id, make_file_fn, "f"));
	EXPECT_STREQ("", attr("f", "security.capability"));
	EXPECT_STREQ(id, stamp_id("f"));
}

/* Copies of "f", by programs that copy attributes, to "copy". */
FIXTURE(copy) {
	char id[HEX_ID + 1];
};

FIXTURE_VARIANT(copy) {
	const char *command;
};

#define COPY(name, text)						\
	FIXTURE_VARIANT_ADD(copy, name) { .command = text }

COPY(cp, COPY_BY_CP);
COPY(cp_reflink, "cp -a --reflink=auto f copy");
COPY(cp_xattr, "cp --preserve=xattr f copy || test -f copy");
COPY(tar, COPY_BY_TAR);
COPY(rsync, COPY_BY_RSYNC);
COPY(install, "install -m 755 f copy");
COPY(getfattr, "cp f copy; getfattr -d -m - f | sed 's/^# file: f/# file: copy/' | setfattr --restore=-; true");

FIXTURE_SETUP(copy)
{
	ASSERT_EQ(0, in_folder());
	ASSERT_EQ(0, make_stamped(self->id, "f"));
}

FIXTURE_TEARDOWN(copy)
{
}

static int copy(void *command)
{
	return sh("{ %s; } 2>/dev/null", (const char *)command);
}

TEST_F(copy, is_its_makers)
{
	char id[HEX_ID + 1];

	ASSERT_EQ(0, in_session(id, copy, (void *)variant->command));
	EXPECT_STREQ(id, stamp_id("copy"));
	EXPECT_STREQ(self->id, stamp_id("f"));
	EXPECT_EQ(0, sh("cmp -s f copy"));
}

/* A backup that root brings back outside has what it had. */
TEST_F(copy, outside_root_may)
{
	if (strstr(variant->command, "install"))
		SKIP(return, "install(1) copies no attributes");
	ASSERT_EQ(0, copy((void *)variant->command));
	EXPECT_STREQ(self->id, stamp_id("copy"));
}

/* Making files where one may not, of each kind, in a folder of root's. */
static int fail_to_make(void *folder)
{
	int (*const make[])(const char *path) = {
		make_open, make_dir, make_symlink, make_fifo, make_regular,
	};
	char name[64];

	if (chdir(folder) || become_nobody())
		return 1;
	for (int i = 0; i < ARRAY_SIZE(make); i++) {
		snprintf(name, sizeof(name), "f%d", i);
		if (make[i](name) != EACCES)
			return 2;
	}
	return 0;
}

/* Nothing of that is left to who makes a file of that name next. */
TEST(failed_creation_stamps_nobody)
{
	char id[HEX_ID + 1], other[HEX_ID + 1];

	ASSERT_EQ(0, in_folder());
	ASSERT_EQ(0, ERR(mkdir("d", 0755)));
	ASSERT_EQ(0, in_session(id, fail_to_make, "d"));
	ASSERT_EQ(0, ERR(chdir("d")));
	EXPECT_EQ(0, make_open("f0"));
	EXPECT_EQ(0, make_dir("f1"));
	EXPECT_EQ(0, make_symlink("f2"));
	EXPECT_EQ(0, make_fifo("f3"));
	EXPECT_EQ(0, make_regular("f4"));
	for (int i = 0; i < 5; i++) {
		char name[8] = { 'f', '0' + i };

		EXPECT_STREQ("", stamp_id(name)) {
			TH_LOG("%s", name);
		}
		if (i == 1)
			rmdir(name);
		else
			unlink(name);
	}
	/* Nor to another session. */
	ASSERT_EQ(0, ERR(chdir("..")));
	ASSERT_EQ(0, in_session(id, fail_to_make, "d"));
	ASSERT_EQ(0, in_session(other, make_file_fn, "d/f4"));
	EXPECT_STREQ(other, stamp_id("d/f4"));
}

/* The task itself, which has left its session by then. */
TEST(failed_creation_then_outside)
{
	int outside = open("/proc/self/ns/agent", O_RDONLY);

	ASSERT_EQ(0, in_folder());
	ASSERT_EQ(0, ERR(mkdir("d", 0755)));
	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, ERR(seteuid(NOBODY)));
	ASSERT_EQ(EACCES, make_regular("d/f"));
	ASSERT_EQ(EACCES, make_dir("d/g"));
	ASSERT_EQ(0, ERR(seteuid(0)));
	ASSERT_EQ(0, ERR(setns(outside, AGENT_NS)));
	ASSERT_EQ(0, make_regular("d/f"));
	ASSERT_EQ(0, make_dir("d/g"));
	EXPECT_STREQ("", stamp_id("d/f"));
	EXPECT_STREQ("", attr("d/f", PROV_SESSION));
	EXPECT_STREQ("", stamp_id("d/g"));
}

/* A name that exists, a truncation that fails: the file's stamp stays. */
static int fail_to_write(void *arg)
{
	int fd = open("f", O_RDONLY), dir = open(".", O_RDONLY);

	return make_regular("f") != EEXIST || make_dir("f") != EEXIST ||
	       make_open("f") != EEXIST || truncate("f", -1) != -1 ||
	       ftruncate(fd, 0) != -1 || write(fd, "x", 1) != -1 ||
	       ftruncate(dir, 0) != -1;
}

static int fail_as_nobody(void *arg)
{
	return become_nobody() || truncate("f", 0) != -1 ||
	       open("f", O_WRONLY | O_TRUNC) != -1 || rename("f", "g") != -1;
}

TEST(failed_writes_stamp_nothing)
{
	char id[HEX_ID + 1], made[HEX_ID + 1];

	ASSERT_EQ(0, in_folder());
	ASSERT_EQ(0, ERR(chmod(".", 0755)));
	ASSERT_EQ(0, make_stamped(made, "f"));
	ASSERT_EQ(0, in_session(id, fail_to_write, NULL));
	EXPECT_STREQ(made, stamp_id("f"));
	ASSERT_EQ(0, in_session(id, fail_as_nobody, NULL));
	EXPECT_STREQ(made, stamp_id("f"));
	EXPECT_STREQ(made, attr("f", PROV_SESSION));
}

static int write_half(void *arg)
{
	return way_half_write();
}

static int zero_half(void *arg)
{
	return way_half_zero();
}

TEST(half_a_write_is_one)
{
	char id[HEX_ID + 1], made[HEX_ID + 1];

	ASSERT_EQ(0, in_folder());
	memset(way_block, 'x', sizeof(way_block));
	ASSERT_EQ(0, make_stamped(made, "f"));
	ASSERT_EQ(0, in_session(id, write_half, NULL));
	EXPECT_STREQ(id, stamp_id("f"));
	ASSERT_EQ(0, make_stamped(made, "f"));
	ASSERT_EQ(0, in_session(id, zero_half, NULL));
	EXPECT_STREQ(id, stamp_id("f"));
}

/* Not to be counted is not to go unseen. */
TEST(stamped_while_not_counted)
{
	struct stamp_child *child = shared(sizeof(*child));
	int go[2], done[2], err;
	pid_t pid;
	char c;

	ASSERT_EQ(0, in_folder());
	ASSERT_EQ(0, make_file("f", 10));
	ASSERT_EQ(0, ERR(pipe(go)));
	ASSERT_EQ(0, ERR(pipe(done)));
	pid = fork();
	if (!pid) {
		if (enter_session())
			_exit(1);
		own_id(child->id);
		_exit(write(done[1], "", 1) != 1 || read(go[0], &c, 1) != 1 ||
		      way_write() || make_regular("g"));
	}
	ASSERT_EQ(1, read(done[0], &c, 1));
	ASSERT_EQ(0, write_file(SYSCTL "enabled", "0"));
	err = write(go[1], "", 1) != 1 || reap(pid);
	/* Nor is more seen of others. */
	err = err ?: make_file("h", 10);
	ASSERT_EQ(0, write_file(SYSCTL "enabled", "1"));
	ASSERT_EQ(0, err);
	EXPECT_STREQ(child->id, stamp_id("f"));
	EXPECT_STREQ(child->id, stamp_id("g"));
	EXPECT_STREQ("", stamp_id("h"));
}

/* While one thread makes the mount read-only and writable, another writes. */
static volatile int stop;

static void *flip(void *path)
{
	while (!stop) {
		mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY,
		      NULL);
		mount(NULL, path, NULL, MS_REMOUNT | MS_BIND, NULL);
	}
	return NULL;
}

/* How many truncations succeed without leaving a stamp; -1 where none did. */
static int truncate_and_remount(void)
{
	int done = 0, bare = 0;
	pthread_t thread;
	char name[64], id[HEX_ID + 1];
	bool ok[200];

	own_id(id);
	if (pthread_create(&thread, NULL, flip, "m"))
		return -1;
	for (int i = 0; i < 200; i++) {
		sprintf(name, "m/f%d", i);
		for (int k = 0; k < 1000; k++) {
			ok[i] = !truncate(name, 10);
			if (ok[i])
				break;
		}
	}
	stop = 1;
	pthread_join(thread, NULL);
	for (int i = 0; i < 200; i++) {
		sprintf(name, "m/f%d", i);
		done += ok[i];
		bare += ok[i] && strcmp(stamp_id(name), id);
	}
	return done ? bare : -1;
}

TEST(truncate_and_a_remount)
{
	char name[64];

	ASSERT_EQ(0, in_folder());
	ASSERT_EQ(0, ERR(unshare(CLONE_NEWNS)));
	ASSERT_EQ(0, ERR(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)));
	ASSERT_EQ(0, ERR(mkdir("m", 0755)));
	ASSERT_EQ(0, ERR(mount("m", "m", NULL, MS_BIND, NULL)));
	for (int i = 0; i < 200; i++) {
		sprintf(name, "m/f%d", i);
		ASSERT_EQ(0, make_file(name, 100));
	}
	ASSERT_EQ(0, enter_session());
	EXPECT_EQ(0, truncate_and_remount());
}

/*
 * A destination that is open for reading is asked for as one that is written
 * to; what is kept of its writer then is for nobody. A leak, found at the end.
 */
static int dedupe_read_only(void *arg)
{
	struct {
		struct file_dedupe_range range;
		struct file_dedupe_range_info info;
	} req;
	int from = open("m/a", O_RDONLY), to = open("m/b", O_RDONLY), err;

	memset(&req, 0, sizeof(req));
	req.range.src_length = 4096;
	req.range.dest_count = 1;
	req.info.dest_fd = to;
	err = ERR(ioctl(from, FIDEDUPERANGE, &req.range));
	close(from);
	close(to);
	return err;
}

TEST(dedupe_is_no_write)
{
	char made[HEX_ID + 1], id[HEX_ID + 1];

	ASSERT_EQ(0, in_folder());
	if (sh("grep -qw btrfs /proc/filesystems"))
		SKIP(return, "no btrfs in this kernel");
	ASSERT_EQ(0, image_fs("btrfs", "mkfs.btrfs -q -f", "200M"));
	ASSERT_EQ(0, make_stamped(made, "m/a"));
	ASSERT_EQ(0, make_stamped(made, "m/b"));
	ASSERT_EQ(0, sysfs_set(STAMP_OUTSIDE, "1"));
	for (int i = 0; i < 20; i++)
		EXPECT_EQ(0, dedupe_read_only(NULL));
	EXPECT_EQ(0, sysfs_set(STAMP_OUTSIDE, "0"));
	EXPECT_EQ(0, in_session(id, dedupe_read_only, NULL));
	EXPECT_STREQ(made, stamp_id("m/b"));
	EXPECT_EQ(0, ERR(umount2("m", 0)));
}

/* The user.* copies are hints: who may write to the file may change them. */
static int change_hint(void *arg)
{
	return ERR(setxattr("f", PROV_SESSION, "x", 1, 0));
}

TEST(hints_are_hints)
{
	char id[HEX_ID + 1], made[HEX_ID + 1];

	ASSERT_EQ(0, in_folder());
	ASSERT_EQ(0, make_stamped(made, "f"));
	ASSERT_EQ(0, in_session(id, change_hint, NULL));
	EXPECT_STREQ("x", attr("f", PROV_SESSION));
	EXPECT_STREQ(made, stamp_id("f"));
	/* The next write says the truth again. */
	ASSERT_EQ(0, in_session(id, make_file_fn, "f"));
	EXPECT_STREQ(id, attr("f", PROV_SESSION));
}

TEST_HARNESS_MAIN
