// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
// timeout: 400
// leaks: check-all
/*
 * Overlayfs: the upper file is stamped, once, and what is copied up is not
 * taken for the work of whoever wrote the lower file.
 */
#include <sys/mount.h>
#include <sys/utsname.h>

#include "agentns-ways.h"

FIXTURE(overlay) {
	char lower[HEX_ID + 1];		/* who made the lower files */
};

FIXTURE_VARIANT(overlay) {
	const char *options;
};

FIXTURE_VARIANT_ADD(overlay, plain) { .options = "" };
FIXTURE_VARIANT_ADD(overlay, metacopy) {
	.options = ",redirect_dir=on,metacopy=on"
};
FIXTURE_VARIANT_ADD(overlay, index) { .options = ",index=on,xino=off" };

static int make_lower(void *arg)
{
	return make_file("low/f", 8192) ?: make_file("low/g", 100) ?:
	       make_dir("low/d") ?: make_file("low/d/f", 100) ?:
	       make_symlink("low/l");
}

/* On an empty upper folder. */
static int mount_overlay(const char *more)
{
	char options[256];

	if (sh("rm -rf up work m; mkdir up work m"))
		return EIO;
	snprintf(options, sizeof(options),
		 "lowerdir=low,upperdir=up,workdir=work%s", more);
	return ERR(mount("overlay", "m", "overlay", 0, options));
}

FIXTURE_SETUP(overlay)
{
	umask(0);
	ASSERT_EQ(0, ERR(unshare(CLONE_NEWNS)));
	ASSERT_EQ(0, ERR(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)));
	ASSERT_EQ(0, sh("rm -rf low; mkdir low"));
	ASSERT_EQ(0, in_session(self->lower, make_lower, NULL));
	ASSERT_EQ(0, mount_overlay(variant->options));
}

FIXTURE_TEARDOWN(overlay)
{
	/* What io_uring's worker has released may still be on its way. */
	EXPECT_TRUE(WAIT_FOR(!umount2("m", 0)));
}

static int make_all(void *arg)
{
	return make_open("m/n") ?: make_dir("m/nd") ?: make_symlink("m/nl") ?:
	       make_char("m/nc") ?: make_regular("m/nr") ?:
	       make_open("m/d/n");
}

TEST_F(overlay, new_files)
{
	static const char *const names[] = {
		"n", "nd", "nl", "nc", "nr", "d/n",
	};
	char id[HEX_ID + 1], path[64];

	ASSERT_EQ(0, in_session(id, make_all, NULL));
	for (int i = 0; i < ARRAY_SIZE(names); i++) {
		sprintf(path, "m/%s", names[i]);
		EXPECT_STREQ(id, stamp_id(path)) {
			TH_LOG("%s", path);
		}
		sprintf(path, "up/%s", names[i]);
		EXPECT_STREQ(id, stamp_id(path)) {
			TH_LOG("%s", path);
		}
	}
	EXPECT_STREQ(id, attr("m/n", PROV_SESSION));
}

static int make_as_nobody(void *arg)
{
	if (setgid(NOBODY) || setuid(NOBODY))
		return errno;
	return make_open("m/n") ?: make_dir("m/nd") ?: truncate("m/n", 0);
}

/* Overlayfs works with the rights of who mounted it, but it is not his file. */
TEST_F(overlay, of_their_user)
{
	char id[HEX_ID + 1];
	struct stamp s;

	ASSERT_EQ(0, ERR(chmod("m", 0777)));
	ASSERT_EQ(0, in_session(id, make_as_nobody, NULL));
	ASSERT_EQ(0, stamp_get("m/n", &s));
	EXPECT_EQ(NOBODY, s.uid);
	ASSERT_EQ(0, stamp_get("up/nd", &s));
	EXPECT_EQ(NOBODY, s.uid);
}

static int write_lower(void *way)
{
	int (*fn)(void) = way;

	return ERR(chdir("m")) ?: fn();
}

static const struct way {
	const char *name;
	int (*write)(void);
} ways[] = {
	{ "write", way_write },
	{ "truncate", way_truncate },
	{ "open with O_TRUNC", way_open_trunc },
	{ "ftruncate", way_ftruncate },
	{ "fallocate", way_fallocate },
	{ "a shared mapping", way_mmap_closed },
	{ "mprotect", way_mprotect },
	{ "copy_file_range", way_copy_file_range },
	{ "splice", way_splice },
	{ "io_uring", way_uring },
};

/*
 * In a session, whose id is left in @id, and released: what io_uring's worker
 * has written may be the worker's for a moment longer.
 */
static int write_released(char *id, const struct way *way)
{
	int err = in_session(id, write_lower, way->write);

	if (way->write == way_uring)
		WAIT_FOR(told_of("m/f", id));
	return err;
}

/* The first one copies the file up; each writes to the upper one. */
TEST_F(overlay, written_to)
{
	char id[HEX_ID + 1];

	ASSERT_EQ(0, make_file("m/source", 8192));
	for (int i = 0; i < ARRAY_SIZE(ways); i++) {
		ASSERT_EQ(0, write_released(id, &ways[i]));
		EXPECT_STREQ(id, stamp_id("m/f")) {
			TH_LOG("%s", ways[i].name);
		}
		EXPECT_STREQ(id, stamp_id("up/f"));
		EXPECT_STREQ(id, attr("m/f", PROV_SESSION));
	}
	EXPECT_STREQ(self->lower, stamp_id("low/f"));
	EXPECT_STREQ(self->lower, stamp_id("m/g"));
}

/* Each copies a file of its own up. */
TEST_F(overlay, copied_up_by_writing)
{
	char id[HEX_ID + 1];

	for (int i = 0; i < ARRAY_SIZE(ways); i++) {
		ASSERT_EQ(0, ERR(umount2("m", 0)));
		ASSERT_EQ(0, mount_overlay(variant->options));
		ASSERT_EQ(0, make_file("m/source", 8192));
		ASSERT_EQ(0, write_released(id, &ways[i]));
		EXPECT_STREQ(id, stamp_id("m/f")) {
			TH_LOG("%s", ways[i].name);
		}
		EXPECT_STREQ(id, stamp_id("up/f"));
		EXPECT_STREQ(self->lower, stamp_id("low/f"));
	}
}

/* Copied up without being written to: the copy is a new file of its maker's. */
static int change_mode(void *arg)
{
	return ERR(chmod("m/g", 0600)) ?: ERR(chmod("m/d", 0700));
}

TEST_F(overlay, copied_up)
{
	char id[HEX_ID + 1];

	ASSERT_EQ(0, in_session(id, change_mode, NULL));
	EXPECT_STREQ(id, stamp_id("up/g"));
	EXPECT_STREQ(id, stamp_id("up/d"));
	EXPECT_STREQ(self->lower, stamp_id("low/g"));
	EXPECT_STREQ(self->lower, stamp_id("low/d"));
}

/* By nobody in a session it is nobody's: a stamp of low's maker would lie. */
TEST_F(overlay, copied_up_outside)
{
	ASSERT_EQ(0, ERR(setxattr("low/g", "user.prov.origin", "x", 1, 0)));
	ASSERT_EQ(0, change_mode(NULL));
	/* Nor is it ours, for all that its name begins so. */
	EXPECT_STREQ("x", attr("up/g", "user.prov.origin"));
	EXPECT_STREQ("", stamp_id("up/g"));
	EXPECT_STREQ(self->lower, stamp_id("low/g"));
}

/* The attribute is written once: ctime stays after the upper file's close. */
static int write_twice(void *arg)
{
	struct stat st[2];
	time_t now;
	int fd;

	for (int i = 0; i < 10; i++) {
		now = time(NULL);
		while (now == time(NULL))
			sleep_ms(1);
		now = time(NULL);
		if (way_write())
			return 1;
		fd = open("f", O_WRONLY);
		if (write(fd, "x", 1) != 1 || fstat(fd, &st[0]))
			return 1;
		sleep_ms(30);
		if (close(fd) || stat("f", &st[1]))
			return 1;
		if (now == time(NULL))
			return memcmp(&st[0].st_ctim, &st[1].st_ctim,
				      sizeof(st[0].st_ctim)) ? 2 : 0;
	}
	return 3;
}

static int write_twice_on_overlay(void *arg)
{
	return ERR(chdir("m")) ? 4 : write_twice(arg);
}

TEST_F(overlay, stamped_once)
{
	char id[HEX_ID + 1];

	EXPECT_EQ(0, in_session(id, write_twice_on_overlay, NULL));
	EXPECT_STREQ(id, stamp_id("up/f"));
}

/* A mapping outlives the file it was made from, and others write meanwhile. */
static char *mapping;

static int map_and_close(void)
{
	int fd;

	mapping = map_f(&fd, PROT_READ | PROT_WRITE);
	close(fd);
	return mapping == MAP_FAILED;
}

static int write_f(void *arg)
{
	return way_write();
}

static int store_last(void *arg)
{
	char other[HEX_ID + 1];
	pid_t pid;

	if (chdir("m") || map_and_close())
		return 1;
	pid = fork();
	if (!pid)
		_exit(munmap(mapping, 4096) ||
		      in_session(other, write_f, NULL) ||
		      strcmp(other, stamp_id("f")));
	if (reap(pid))
		return 2;
	mapping[100]++;
	return ERR(munmap(mapping, 4096));
}

static bool tells_of_mappings(void)
{
	struct utsname kernel;

	return !uname(&kernel) && strncmp(kernel.release, "6.1.", 4);
}

TEST_F(overlay, last_store_by_a_mapping)
{
	char id[HEX_ID + 1];

	if (!tells_of_mappings())
		SKIP(return, "Linux 6.1 tells of no mapping below an overlay");
	ASSERT_EQ(0, in_session(id, store_last, NULL));
	EXPECT_STREQ(id, stamp_id("m/f"));
	EXPECT_STREQ(id, stamp_id("up/f"));
}

static int write_byte(void *fd)
{
	return write(*(int *)fd, "x", 1) != 1;
}

/* The file below is released last, and has to know who wrote after a mapping. */
static int written_by_another(void *arg)
{
	char other[HEX_ID + 1];
	int fd = open("m/f", O_RDWR);
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED || munmap(p, 4096))
		return 1;
	if (in_session(other, write_byte, &fd))
		return 2;
	close(fd);
	return strcmp(other, stamp_id("m/f")) ? 3 : 0;
}

TEST_F(overlay, written_after_a_mapping)
{
	char id[HEX_ID + 1];

	EXPECT_EQ(0, in_session(id, written_by_another, NULL));
}

/* The forger's way round: by the overlay to the file below it. */
static int forge(void *arg)
{
	struct agent_ns_stamp v;

	stamp_forge(&v);
	return setxattr("m/f", STAMP, &v, sizeof(v), 0) != -1 ||
	       errno != EPERM || removexattr("m/f", STAMP) != -1 ||
	       errno != EPERM;
}

TEST_F(overlay, not_forged)
{
	char id[HEX_ID + 1];

	ASSERT_EQ(0, in_session(id, forge, NULL));
	EXPECT_STREQ(self->lower, stamp_id("low/f"));
	EXPECT_STRNE(FORGED, stamp_id("m/f"));
}

/* Unprivileged overlays, whose mounter owns them. */
static int overlay_in_userns(void *arg)
{
	char id[HEX_ID + 1];
	int uid = getuid(), gid = getgid();
	char map[64];

	own_id(id);
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		return 1;
	sprintf(map, "0 %d 1", uid);
	if (write_file("/proc/self/uid_map", map) ||
	    write_file("/proc/self/setgroups", "deny"))
		return 2;
	sprintf(map, "0 %d 1", gid);
	if (write_file("/proc/self/gid_map", map))
		return 2;
	if (mkdir("u", 0755) || mkdir("uw", 0755) || mkdir("um", 0755) ||
	    mount("overlay", "um", "overlay", 0,
		  "lowerdir=low,upperdir=u,workdir=uw,userxattr"))
		return 3;
	if (make_open("um/n") || chdir("um") || way_write())
		return 4;
	return strcmp(id, stamp_id("n")) ? 5 : strcmp(id, stamp_id("f")) ? 6 :
	       strcmp(id, stamp_id("../u/f")) ? 7 : 0;
}

TEST_F(overlay, in_a_user_namespace)
{
	char id[HEX_ID + 1];

	if (*variant->options)
		SKIP(return, "plain ones alone");
	ASSERT_EQ(0, sh("rm -rf u uw um"));
	EXPECT_EQ(0, in_session(id, overlay_in_userns, NULL));
	EXPECT_STREQ(self->lower, stamp_id("low/f"));
}

TEST_HARNESS_MAIN
