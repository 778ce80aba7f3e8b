// SPDX-License-Identifier: GPL-2.0-only
// thorough: yes
// build: -Wno-sign-compare -Wno-clobbered
// timeout: 400
// leaks: no
/*
 * A file system that goes down with work under way, as a power cut leaves it:
 * after its journal is replayed each file that is there has the stamp that it
 * was created with. tests/vm/powercut does it to a whole machine.
 */
#include <linux/types.h>
#include <sys/mount.h>

#include "agentns-ways.h"

/* The same request for ext4 and xfs: what is not in the journal is lost. */
#define GOINGDOWN	_IOR('X', 125, __u32)
#define NOLOGFLUSH	2

#define MAKERS	4
/* Each is another moment. */
static int rounds(void)
{
	return getenv("AGENTNS_NIGHTLY") ? 40 : 3;
}

struct told {
	volatile int ready, commits, stop;
	char id[MAKERS][HEX_ID + 1];
};

static struct told *told;

FIXTURE(crash) {
};

FIXTURE_VARIANT(crash) {
	const char *type, *make, *size, *check;
	bool acl;	/* new files inherit one, which leaves less room */
	bool later;	/* the stamp has a transaction of its own */
};

#define CRASH(name, ...)						\
	FIXTURE_VARIANT_ADD(crash, name) { __VA_ARGS__ }

CRASH(ext4, .type = "ext4", .make = "mkfs.ext4 -q -F", .size = "128M",
      .check = "e2fsck -f -n image");
CRASH(ext4_acl, .type = "ext4", .make = "mkfs.ext4 -q -F", .size = "128M",
      .check = "e2fsck -f -n image", .acl = true, .later = true);
CRASH(ext4_128, .type = "ext4", .make = "mkfs.ext4 -q -F -I 128",
      .size = "128M", .check = "e2fsck -f -n image", .later = true);
CRASH(xfs, .type = "xfs", .make = "mkfs.xfs -q -f", .size = "400M",
      .check = "xfs_repair -n image", .later = true);

FIXTURE_SETUP(crash)
{
	int err;

	told = shared(sizeof(*told));
	if (sh("grep -qw %s /proc/filesystems", variant->type))
		SKIP_FIXTURE("no %s in this kernel", variant->type);
	err = image_fs(variant->type, variant->make, variant->size);
	ASSERT_EQ(0, err) {
		sh("sed 's/^/# /' log");
	}
	ASSERT_EQ(0, ERR(umount2("m", 0)));
}

FIXTURE_TEARDOWN(crash)
{
	umount2("m", MNT_DETACH);
}

/* Files, folders and links without end, in a folder of its own. */
static int make_many(int n)
{
	char name[64];

	if (enter_session())
		return 1;
	own_id(told->id[n]);
	raise_flag(&told->ready);
	for (int i = 0; !told->stop; i++) {
		sprintf(name, "m/d%d/f%d", n, i);
		close(open(name, O_RDWR | O_CREAT, 0644));
		sprintf(name, "m/d%d/d%d", n, i);
		mkdir(name, 0755);
		sprintf(name, "m/d%d/l%d", n, i);
		if (symlink("x", name) && errno == ENOSPC)
			break;
	}
	return 0;
}

/* Commits as often as it can: each one is a moment to be left at. */
static int commit(void)
{
	while (!told->stop) {
		int fd = open("m", O_RDONLY);

		if (!syncfs(fd))
			raise_flag(&told->commits);
		close(fd);
	}
	return 0;
}

/* Files without their maker's stamp, in one maker's folder; all in @all. */
static int bare_files(int n, int *all)
{
	char path[300], name[32];
	struct dirent *e;
	int bare = 0;
	DIR *d;

	sprintf(name, "m/d%d", n);
	d = opendir(name);
	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", name, e->d_name);
		++*all;
		if (strcmp(stamp_id(path), told->id[n])) {
			ksft_print_msg("%s: '%s'\n", path, stamp_id(path));
			bare++;
		}
	}
	if (d)
		closedir(d);
	return bare;
}

TEST_F_TIMEOUT(crash, each_file_has_its_stamp, 300)
{
	pid_t pid[MAKERS + 1];
	__u32 how = NOLOGFLUSH;
	int fd, all, bare, commits, sum = 0, late = 0;
	char name[32];

	for (int round = 0; round < rounds(); round++) {
		memset(told, 0, sizeof(*told));
		ASSERT_EQ(0, loop_mount(variant->type, "image", "m"));
		ASSERT_EQ(0, sh("rm -rf m/d?"));
		for (int i = 0; i < MAKERS; i++) {
			sprintf(name, "m/d%d", i);
			ASSERT_EQ(0, ERR(mkdir(name, 0755)));
			if (variant->acl)
				ASSERT_EQ(0, default_acl(name));
		}
		sync();
		for (int i = 0; i <= MAKERS; i++) {
			pid[i] = fork();
			if (!pid[i])
				_exit(i < MAKERS ? make_many(i) : commit());
		}
		EXPECT_TRUE(WAIT_FOR(told->ready == MAKERS));
		/* One that began before the last of them was ready, and one more. */
		commits = told->commits;
		EXPECT_TRUE(WAIT_FOR(told->commits > commits + 1));
		sleep_ms(300 + 37 * round);
		fd = open("m", O_RDONLY);
		ASSERT_EQ(0, ERR(ioctl(fd, GOINGDOWN, &how)));
		close(fd);
		raise_flag(&told->stop);
		for (int i = 0; i <= MAKERS; i++)
			reap(pid[i]);
		ASSERT_EQ(0, ERR(umount2("m", 0)));
		/* Mounting replays the journal. */
		ASSERT_EQ(0, loop_mount(variant->type, "image", "m"));
		all = 0;
		bare = 0;
		for (int i = 0; i < MAKERS; i++)
			bare += bare_files(i, &all);
		/* Then it is the one that each was making. */
		EXPECT_GE(variant->later ? MAKERS : 0, bare);
		late += bare;
		EXPECT_LT(0, all);
		sum += all;
		ASSERT_EQ(0, ERR(umount2("m", 0)));
		EXPECT_EQ(0, sh("%s >log 2>&1", variant->check)) {
			sh("sed 's/^/# /' log");
		}
	}
	ksft_print_msg("%d files after %d crashes, %d without a stamp\n", sum,
		       rounds(), late);
}

TEST_HARNESS_MAIN
