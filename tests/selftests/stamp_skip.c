// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/*
 * What is not stamped because somebody said so: types of file systems, and
 * folders by their path.
 */
#include <sys/mount.h>

#include "agentns-ways.h"

FIXTURE(skip) {
	char here[256], id[HEX_ID + 1], list[600];
};

FIXTURE_SETUP(skip)
{
	umask(0);
	ASSERT_EQ(0, ERR(unshare(CLONE_NEWNS)));
	ASSERT_EQ(0, ERR(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)));
	ASSERT_EQ(0, sh("rm -rf t && mkdir -p t/skip/sub t/skipped t/other t/m"));
	ASSERT_EQ(0, ERR(chdir("t")));
	ASSERT_NE(NULL, getcwd(self->here, sizeof(self->here)));
	ASSERT_EQ(0, ERR(mount("none", "m", "tmpfs", 0, NULL)));
}

FIXTURE_TEARDOWN(skip)
{
	EXPECT_EQ(0, sysfs_set(SKIP_FSTYPES, "\n"));
	EXPECT_EQ(0, sysfs_set(SKIP_PATHS, "\n"));
	umount2("m", MNT_DETACH);
}

/* What a session's new file of that name has: 1 for its stamp, 0 for none. */
static int makes_stamp(const char *path)
{
	char id[HEX_ID + 1];

	unlink(path);
	if (make_stamped(id, path))
		return -1;
	if (!*stamp_id(path) && !*attr(path, PROV_SESSION))
		return 0;
	return strcmp(id, stamp_id(path)) ? -2 : 1;
}

TEST_F(skip, nothing_by_default)
{
	char text[256];

	EXPECT_EQ(0, read_file(text, sizeof(text), SYSFS SKIP_FSTYPES));
	EXPECT_STREQ("", text);
	EXPECT_EQ(0, read_file(text, sizeof(text), SYSFS SKIP_PATHS));
	EXPECT_STREQ("", text);
	EXPECT_EQ(1, makes_stamp("skip/f"));
	EXPECT_EQ(1, makes_stamp("m/f"));
}

TEST_F(skip, types)
{
	char text[256];

	ASSERT_EQ(0, sysfs_set(SKIP_FSTYPES, "tmpfs\n"));
	EXPECT_EQ(0, read_file(text, sizeof(text), SYSFS SKIP_FSTYPES));
	EXPECT_STREQ("tmpfs", text);
	EXPECT_EQ(0, makes_stamp("m/f"));
	EXPECT_EQ(1, makes_stamp("skip/f"));
	ASSERT_EQ(0, sysfs_set(SKIP_FSTYPES, "xfs\ntmpfs\next4\n"));
	EXPECT_EQ(0, makes_stamp("m/f"));
	EXPECT_EQ(0, makes_stamp("skip/f"));
	/* The whole name counts, not its beginning. */
	ASSERT_EQ(0, sysfs_set(SKIP_FSTYPES, "tmp\next\ntmpfsx\next42\n"));
	EXPECT_EQ(1, makes_stamp("m/f"));
	EXPECT_EQ(1, makes_stamp("skip/f"));
	ASSERT_EQ(0, sysfs_set(SKIP_FSTYPES, "\n"));
	EXPECT_EQ(1, makes_stamp("m/f"));
}

TEST_F(skip, paths)
{
	char text[600];

	snprintf(self->list, sizeof(self->list), "%s/skip", self->here);
	ASSERT_EQ(0, sysfs_set(SKIP_PATHS, self->list));
	EXPECT_EQ(0, read_file(text, sizeof(text), SYSFS SKIP_PATHS));
	EXPECT_STREQ(self->list, text);
	EXPECT_EQ(0, makes_stamp("skip/f"));
	EXPECT_EQ(0, makes_stamp("skip/sub/f"));
	/* Folders, not beginnings of names. */
	EXPECT_EQ(1, makes_stamp("skipped/f"));
	EXPECT_EQ(1, makes_stamp("other/f"));
	EXPECT_EQ(1, makes_stamp("f"));
	ASSERT_EQ(0, sysfs_set(SKIP_PATHS, "\n"));
	EXPECT_EQ(1, makes_stamp("skip/f"));
}

TEST_F(skip, several_paths)
{
	snprintf(self->list, sizeof(self->list), "%s/skip/sub\n%s/m\n",
		 self->here, self->here);
	ASSERT_EQ(0, sysfs_set(SKIP_PATHS, self->list));
	EXPECT_EQ(1, makes_stamp("skip/f"));
	EXPECT_EQ(0, makes_stamp("skip/sub/f"));
	EXPECT_EQ(0, makes_stamp("m/f"));
	EXPECT_EQ(1, makes_stamp("other/f"));
}

/* Each kind of file and each way to write. */
static int make_kinds(void *folder)
{
	static int (*const make[])(const char *path) = {
		make_open, make_dir, make_symlink, make_fifo, make_char,
		make_tmpfile, make_uring_open,
	};
	char name[64];
	int err = ERR(chdir(folder));

	for (int i = 0; !err && i < ARRAY_SIZE(make); i++) {
		sprintf(name, "k%d", i);
		err = make[i](name);
	}
	return err;
}

static int write_ways(void *folder)
{
	return ERR(chdir(folder)) ?: way_write() ?: way_truncate() ?:
	       way_truncate_longer() ?: way_mmap() ?: way_uring() ?:
	       way_fallocate();
}

TEST_F(skip, each_kind_and_way)
{
	char id[HEX_ID + 1], name[64];

	snprintf(self->list, sizeof(self->list), "%s/skip", self->here);
	ASSERT_EQ(0, sysfs_set(SKIP_PATHS, self->list));
	ASSERT_EQ(0, in_session(id, make_kinds, "skip"));
	for (int i = 0; i < 7; i++) {
		sprintf(name, "skip/k%d", i);
		EXPECT_STREQ("", stamp_id(name)) {
			TH_LOG("%s", name);
		}
		EXPECT_STREQ("", attr(name, PROV_SESSION)) {
			TH_LOG("%s", name);
		}
	}
	ASSERT_EQ(0, make_file("skip/f", 8192));
	ASSERT_EQ(0, in_session(id, write_ways, "skip"));
	EXPECT_STREQ("", stamp_id("skip/f"));
	EXPECT_STREQ("", attr("skip/f", PROV_SESSION));
}

/* Skipped or not, it is nobody else's: no stamp says what is not so. */
TEST_F(skip, old_stamps_do_not_lie)
{
	char id[HEX_ID + 1], made[HEX_ID + 1];

	ASSERT_EQ(0, make_stamped(made, "skip/f"));
	snprintf(self->list, sizeof(self->list), "%s/skip", self->here);
	ASSERT_EQ(0, sysfs_set(SKIP_PATHS, self->list));
	ASSERT_EQ(0, in_session(id, write_ways, "skip"));
	EXPECT_STRNE(made, stamp_id("skip/f"));
	EXPECT_STRNE(made, attr("skip/f", PROV_SESSION));
}

/* The folder counts, not what it is called; a blank in its name is \040. */
TEST_F(skip, names)
{
	char text[600];

	ASSERT_EQ(0, ERR(rename("skip", "s k\\ip")));
	snprintf(self->list, sizeof(self->list), "%s/s\\040k\\134ip",
		 self->here);
	ASSERT_EQ(0, sysfs_set(SKIP_PATHS, self->list));
	EXPECT_EQ(0, read_file(text, sizeof(text), SYSFS SKIP_PATHS));
	EXPECT_STREQ(self->list, text);
	EXPECT_EQ(0, makes_stamp("s k\\ip/f"));
	ASSERT_EQ(0, ERR(rename("s k\\ip", "renamed")));
	EXPECT_EQ(0, makes_stamp("renamed/f"));
	ASSERT_EQ(0, ERR(mkdir("s k\\ip", 0755)));
	EXPECT_EQ(1, makes_stamp("s k\\ip/f"));
}

/* Mounted elsewhere it is the same folder; nothing is busy for it. */
TEST_F(skip, mounts)
{
	snprintf(self->list, sizeof(self->list), "%s/skip %s/m", self->here,
		 self->here);
	ASSERT_EQ(0, sysfs_set(SKIP_PATHS, self->list));
	ASSERT_EQ(0, ERR(mkdir("n", 0755)));
	ASSERT_EQ(0, ERR(mount("skip", "n", NULL, MS_BIND, NULL)));
	EXPECT_EQ(0, makes_stamp("n/f"));
	EXPECT_EQ(0, makes_stamp("n/sub/f"));
	ASSERT_EQ(0, ERR(umount2("n", 0)));
	/* Another one that is mounted there is not what was named. */
	EXPECT_EQ(0, makes_stamp("m/f"));
	ASSERT_EQ(0, ERR(umount2("m", 0)));
	ASSERT_EQ(0, ERR(mount("none", "n", "tmpfs", 0, NULL)));
	EXPECT_EQ(1, makes_stamp("n/f"));
	ASSERT_EQ(0, ERR(umount2("n", 0)));
}

/* A name outside of a folder for what is in it. */
TEST_F(skip, other_routes)
{
	char id[HEX_ID + 1];

	snprintf(self->list, sizeof(self->list), "%s/skip", self->here);
	ASSERT_EQ(0, sysfs_set(SKIP_PATHS, self->list));
	/* A symbolic link is not where the file is. */
	ASSERT_EQ(0, ERR(symlink("../other/f", "skip/l")));
	ASSERT_EQ(0, make_file("other/f", 8192));
	ASSERT_EQ(0, in_session(id, make_file_fn, "skip/l"));
	EXPECT_STREQ(id, stamp_id("other/f"));
	/* A root of one's own with that path in it is not that path. */
	ASSERT_EQ(0, sh("mkdir -p root%s/skip", self->here));
	pid_t pid = fork();

	if (!pid) {
		char path[600];

		snprintf(path, sizeof(path), "%s/skip/f", self->here);
		_exit(chroot("root") || chdir("/") || enter_session() ||
		      make_file(path, 100));
	}
	ASSERT_EQ(0, reap(pid));
	snprintf(self->list, sizeof(self->list), "root%s/skip/f", self->here);
	EXPECT_STRNE("", stamp_id(self->list));
}

/* What is no list changes nothing. */
TEST_F(skip, malformed)
{
	static const char *const bad_paths[] = {
		"relative", "./relative", "/\nrelative\n", "../up",
	};
	char text[600], page[4096 + 1] = "/";

	snprintf(self->list, sizeof(self->list), "%s/skip", self->here);
	ASSERT_EQ(0, sysfs_set(SKIP_PATHS, self->list));
	for (int i = 0; i < ARRAY_SIZE(bad_paths); i++) {
		EXPECT_EQ(EINVAL, sysfs_set(SKIP_PATHS, bad_paths[i])) {
			TH_LOG("%s", bad_paths[i]);
		}
	}
	EXPECT_EQ(ENOENT, sysfs_set(SKIP_PATHS, "/\n/nonexistent/folder\n"));
	EXPECT_EQ(0, read_file(text, sizeof(text), SYSFS SKIP_PATHS));
	EXPECT_STREQ(self->list, text);
	EXPECT_EQ(0, makes_stamp("skip/f"));
	/* A list has an end. */
	memset(text, 0, sizeof(text));
	for (int i = 0; i < 64; i++)
		strcat(text, "/\n");
	EXPECT_EQ(0, sysfs_set(SKIP_PATHS, text));
	strcat(text, "/\n");
	EXPECT_EQ(E2BIG, sysfs_set(SKIP_PATHS, text));
	/* A page may be half of one: it is not taken for all. */
	memset(page + 1, ' ', sizeof(page) - 2);
	EXPECT_EQ(E2BIG, sysfs_set(SKIP_PATHS, page));
	page[sizeof(page) - 2] = 0;
	EXPECT_EQ(0, sysfs_set(SKIP_PATHS, page));
}

static int set_as_nobody(void *arg)
{
	return setuid(NOBODY) || sysfs_set(SKIP_PATHS, "/") != EACCES ||
	       sysfs_set(SKIP_FSTYPES, "ext4") != EACCES ||
	       sysfs_set(STAMP_OUTSIDE, "1") != EACCES;
}

static int set_in_session(void *arg)
{
	return sysfs_set(SKIP_PATHS, "/") != EPERM ||
	       sysfs_set(SKIP_FSTYPES, "ext4") != EPERM ||
	       sysfs_set("stamp_hints", "0") != EPERM ||
	       sysfs_set(STAMP_OUTSIDE, "1") != EPERM;
}

/* Nobody in a session takes stamps away in this way, either. */
TEST_F(skip, who_may)
{
	EXPECT_EQ(0, in_child(set_as_nobody, NULL));
	EXPECT_EQ(0, in_session(self->id, set_in_session, NULL));
	EXPECT_EQ(1, makes_stamp("skip/f"));
}

TEST_F(skip, outside_with_the_knob)
{
	snprintf(self->list, sizeof(self->list), "%s/skip", self->here);
	ASSERT_EQ(0, sysfs_set(SKIP_PATHS, self->list));
	ASSERT_EQ(0, sysfs_set(STAMP_OUTSIDE, "1"));
	EXPECT_EQ(0, make_file("skip/f", 10));
	EXPECT_EQ(0, make_file("other/f", 10));
	ASSERT_EQ(0, sysfs_set(STAMP_OUTSIDE, "0"));
	EXPECT_STREQ("", attr("skip/f", PROV_SESSION));
	EXPECT_STRNE("", attr("other/f", PROV_SESSION));
}

TEST_HARNESS_MAIN
