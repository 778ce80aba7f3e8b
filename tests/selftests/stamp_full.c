// SPDX-License-Identifier: GPL-2.0-only
// thorough: yes
// build: -Wno-sign-compare -Wno-clobbered
// timeout: 400
// leaks: no
/*
 * File systems without room for a stamp, or without attributes: what works
 * outside of sessions works in one, and what was not stamped is counted.
 */
#include <sys/mount.h>
#include <sys/quota.h>

#include "agentns-ways.h"

/* Of <linux/quota.h>, which does not go with the above. */
#define QFMT_VFS_V1	4

#define MOST	2000

/* A full file system of one kind, in which inodes are left. */
FIXTURE(full) {
};

FIXTURE_VARIANT(full) {
	const char *type, *make, *size;
	bool acl;	/* a default ACL that new files inherit */
};

#define FULL(name, ...)							\
	FIXTURE_VARIANT_ADD(full, name) { __VA_ARGS__ }

FULL(ext4, .type = "ext4", .make = "mkfs.ext4 -q -F -m 0 -N 4000",
     .size = "8M");
FULL(ext4_acl, .type = "ext4", .make = "mkfs.ext4 -q -F -m 0 -N 4000",
     .size = "8M", .acl = true);
FULL(ext4_128, .type = "ext4", .make = "mkfs.ext4 -q -F -m 0 -N 4000 -I 128",
     .size = "8M");
FULL(ext4_128_acl, .type = "ext4",
     .make = "mkfs.ext4 -q -F -m 0 -N 4000 -I 128", .size = "8M",
     .acl = true);
FULL(ext4_bigblock, .type = "ext4",
     .make = "mkfs.ext4 -q -F -m 0 -b 4096 -N 4000 -O inline_data",
     .size = "8M");

/* A folder with room for many names, then not a block left. */
static int fill(bool acl)
{
	char name[64];
	int err;

	if (mkdir("d", 0777))
		return errno;
	for (int i = 0; i < MOST; i++) {
		sprintf(name, "d/a-name-of-some-length-%d", i);
		if (mknod(name, S_IFREG | 0644, 0))
			return errno;
	}
	if (sh("rm -f d/*"))
		return EIO;
	err = acl ? default_acl("d") : 0;
	if (err)
		return err;
	return take_all("filler") ?: take_all("filler2");
}

FIXTURE_SETUP(full)
{
	int err = image_fs(variant->type, variant->make, variant->size);

	ASSERT_EQ(0, err) {
		sh("sed 's/^/# /' log");
	}
	ASSERT_EQ(0, ERR(chdir("m")));
	ASSERT_EQ(0, fill(variant->acl));
}

FIXTURE_TEARDOWN(full)
{
	if (chdir(".."))
		return;
	umount2("m", MNT_DETACH);
}

struct made {
	int files, special, links, errors;
};

/* How many of each kind can be made, up to a number. */
static int make_what_goes(void *arg)
{
	struct made *m = arg;
	char name[64];
	int fd;

	for (int i = 0; i < 100; i++) {
		sprintf(name, "d/a-name-of-some-length-%d", i);
		fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0644);
		m->files += fd >= 0;
		m->errors += fd >= 0 && close(fd);
		sprintf(name, "d/a-fifo-of-some-length-%d", i);
		m->special += !mknod(name, S_IFIFO | 0644, 0);
		sprintf(name, "d/a-link-of-some-length-%d", i);
		m->links += !symlink("short", name);
	}
	return 0;
}

TEST_F(full, creation_succeeds_as_outside)
{
	struct made *outside = shared(sizeof(*outside));
	struct made *inside = shared(sizeof(*inside));
	__u64 failed = sysfs_get(STAMPS_FAILED);
	int stamped = 0, bare = 0;
	char id[HEX_ID + 1], name[64];

	make_what_goes(outside);
	ASSERT_EQ(0, sh("rm -f d/*; sync"));
	EXPECT_EQ(failed, sysfs_get(STAMPS_FAILED));
	/* What has become free with them is taken again. */
	ASSERT_EQ(0, take_all("filler2"));
	ASSERT_EQ(0, in_session(id, make_what_goes, inside));
	EXPECT_EQ(outside->files, inside->files);
	EXPECT_EQ(outside->special, inside->special);
	EXPECT_EQ(outside->links, inside->links);
	EXPECT_EQ(0, inside->errors);
	for (int i = 0; i < 100; i++) {
		sprintf(name, "d/a-name-of-some-length-%d", i);
		if (access(name, F_OK))
			continue;
		stamped += !strcmp(id, stamp_id(name));
		bare += !*stamp_id(name);
	}
	EXPECT_EQ(inside->files, stamped + bare);
	ksft_print_msg("%d files outside, %d in a session: %d with a stamp, %d without; %llu counted\n",
		       outside->files, inside->files, stamped, bare,
		       sysfs_get(STAMPS_FAILED) - failed);
	/* What has none is counted, once or with its hints. */
	EXPECT_GE(sysfs_get(STAMPS_FAILED) - failed, bare);
	/* Unless the ACL took what is full, and nothing could be made at all. */
	if (strstr(variant->make, "-I 128") && !variant->acl) {
		EXPECT_NE(0, bare);
	}
}

static int rewrite(void *arg)
{
	return way_write() ?: way_pwrite() ?: way_mmap();
}

/* Writing in place needs no block; closing then does not fail, either. */
TEST_F(full, rewriting_succeeds)
{
	__u64 failed = sysfs_get(STAMPS_FAILED);
	char id[HEX_ID + 1];

	ASSERT_EQ(0, ERR(rename("filler", "f")));
	ASSERT_EQ(0, in_session(id, rewrite, NULL));
	if (strcmp(id, stamp_id("f"))) {
		EXPECT_LT(failed, sysfs_get(STAMPS_FAILED));
	}
	/* With room again it is stamped. */
	ASSERT_EQ(0, ERR(unlink("filler2")));
	ASSERT_EQ(0, ERR(truncate("f", 8192)));
	ASSERT_EQ(0, in_session(id, rewrite, NULL));
	EXPECT_STREQ(id, stamp_id("f"));
}

/* Somebody's stamp is not left where another has written. */
TEST_F(full, no_false_stamp_where_there_is_no_room)
{
	__u64 failed = sysfs_get(STAMPS_FAILED);
	char id[HEX_ID + 1], first[HEX_ID + 1];

	/* A stamp with room, the next one replaces it in place. */
	ASSERT_EQ(0, ERR(unlink("filler2")));
	ASSERT_EQ(0, ERR(rename("filler", "f")));
	ASSERT_EQ(0, ERR(truncate("f", 8192)));
	ASSERT_EQ(0, in_session(first, rewrite, NULL));
	ASSERT_STREQ(first, stamp_id("f"));
	ASSERT_EQ(0, take_all("filler2"));
	ASSERT_EQ(0, in_session(id, rewrite, NULL));
	if (strcmp(id, stamp_id("f"))) {
		EXPECT_LT(failed, sysfs_get(STAMPS_FAILED));
		EXPECT_STREQ("", stamp_id("f"));
	}
}

/* Out of quota, as a user without rights. */
FIXTURE(quota) {
};

FIXTURE_VARIANT(quota) {
	const char *make;
};

FIXTURE_VARIANT_ADD(quota, ext4) {
	.make = "mkfs.ext4 -q -F -O quota -E quotatype=usrquota",
};

FIXTURE_VARIANT_ADD(quota, ext4_128) {
	.make = "mkfs.ext4 -q -F -I 128 -O quota -E quotatype=usrquota",
};

FIXTURE_SETUP(quota)
{
	struct dqblk limit = {
		.dqb_bhardlimit = 8, .dqb_bsoftlimit = 8,
		.dqb_valid = QIF_BLIMITS,
	};
	char device[64];
	FILE *p;
	int err;

	err = image_fs("ext4", variant->make, "32M");
	if (err == ENODEV)
		SKIP_FIXTURE("no quota in this kernel");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, ERR(chdir("m")));
	p = popen("findmnt -n -o SOURCE --target .", "r");
	ASSERT_NE(NULL, fgets(device, sizeof(device), p));
	pclose(p);
	device[strcspn(device, "\n")] = 0;
	ASSERT_EQ(0, ERR(mkdir("d", 0777)));
	ASSERT_EQ(0, ERR(chown("d", NOBODY, NOBODY)));
	ASSERT_EQ(0, ERR(quotactl(QCMD(Q_SETQUOTA, USRQUOTA), device, NOBODY,
				  (void *)&limit)));
	/* So far it is counted and nothing more. */
	ASSERT_EQ(0, ERR(quotactl(QCMD(Q_QUOTAON, USRQUOTA), device,
				  QFMT_VFS_V1, NULL)));
}

FIXTURE_TEARDOWN(quota)
{
	if (chdir(".."))
		return;
	umount2("m", MNT_DETACH);
}

static int make_as_nobody(void *arg)
{
	struct made *m = arg;
	char name[64];
	int fd;

	if (setgid(NOBODY) || setuid(NOBODY))
		return 1;
	fd = open("d/f", O_RDWR | O_CREAT, 0644);
	while (write(fd, way_block, 1024) > 0)
		;
	if (errno != EDQUOT)
		return 2;
	m->errors += close(fd);
	for (int i = 0; i < 20; i++) {
		sprintf(name, "d/f%d", i);
		fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0644);
		m->files += fd >= 0;
		m->errors += fd >= 0 && close(fd);
		sprintf(name, "d/p%d", i);
		m->special += !mkfifo(name, 0644);
	}
	return 0;
}

TEST_F(quota, creation_succeeds_as_outside)
{
	struct made *outside = shared(sizeof(*outside));
	struct made *inside = shared(sizeof(*inside));
	__u64 failed = sysfs_get(STAMPS_FAILED);
	char id[HEX_ID + 1], name[64];
	int bare = 0;

	ASSERT_EQ(0, in_child(make_as_nobody, outside));
	ASSERT_EQ(0, sh("rm -rf d/*; sync"));
	ASSERT_EQ(0, in_session(id, make_as_nobody, inside));
	EXPECT_LT(0, outside->files);
	EXPECT_EQ(outside->files, inside->files);
	EXPECT_EQ(outside->special, inside->special);
	EXPECT_EQ(0, inside->errors);
	for (int i = 0; i < 20; i++) {
		sprintf(name, "d/f%d", i);
		bare += !access(name, F_OK) && strcmp(id, stamp_id(name));
	}
	ksft_print_msg("%d of %d files without a stamp, %llu counted\n", bare,
		       inside->files, sysfs_get(STAMPS_FAILED) - failed);
	EXPECT_GE(sysfs_get(STAMPS_FAILED) - failed, bare);
	if (strstr(variant->make, "-I 128")) {
		EXPECT_NE(0, bare);
	}
}

/* No attributes at all. */
static int use_bare_fs(void *arg)
{
	return make_open("f") ?: make_dir("d") ?: make_symlink("l") ?:
	       make_fifo("p") ?: way_write() ?: way_truncate() ?: way_mmap();
}

TEST(without_attributes)
{
	__u64 failed = sysfs_get(STAMPS_FAILED);
	char id[HEX_ID + 1];

	ASSERT_EQ(0, ERR(unshare(CLONE_NEWNS)));
	ASSERT_EQ(0, ERR(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)));
	ASSERT_EQ(0, sh("rm -rf m && mkdir m"));
	ASSERT_EQ(0, ERR(mount("none", "m", "ramfs", 0, NULL)));
	ASSERT_EQ(0, ERR(chdir("m")));
	/* It is one: nothing else can be set there, either. */
	ASSERT_EQ(0, make_file("x", 10));
	ASSERT_EQ(EOPNOTSUPP, ERR(setxattr("x", "user.x", "x", 1, 0)));
	EXPECT_EQ(0, in_session(id, use_bare_fs, NULL));
	EXPECT_LT(failed, sysfs_get(STAMPS_FAILED));
	ASSERT_EQ(0, ERR(chdir("..")));
	EXPECT_EQ(0, ERR(umount2("m", 0)));
}

TEST_HARNESS_MAIN
