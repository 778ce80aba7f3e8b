// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
// timeout: 600
// leaks: check-all
/*
 * Ways to put a false stamp on a file, or to write to one and leave it without,
 * tried by an ordinary user and by root in containers. docs/hostility.md is the
 * list.
 */
#include <linux/fs.h>
#include <sys/file.h>

#include "agentns-forge.h"
#include "agentns-hostile.h"

/*
 * In the current folder "f" and "h" have the stamp of another session, "g" and
 * the link "l" have none, and all of them belong to the agent.
 */
FIXTURE(forge) {
	char other[HEX_ID + 1];
	int owner;
};

FIXTURE_VARIANT(forge) {
	WHO;
};

EACH_WHO(forge);

/* Of stream sockets, what is sent first is received first. */
static int pair[2];

#define SIZE	8192

static int make_f(void *unused)
{
	return make_file("f", SIZE);
}

static int make_f_and_h(void *unused)
{
	return make_f(NULL) ?: make_file("h", SIZE);
}

/* In the current folder. */
static int make_files(char *other, int owner)
{
	static const char *const names[] = { ".", "f", "g", "h", "l" };
	int err = in_session(other, make_f_and_h, NULL) ?:
		  make_file("g", SIZE) ?: ERR(symlink("f", "l"));

	for (int i = 0; !err && i < ARRAY_SIZE(names); i++)
		err = ERR(lchown(names[i], owner, owner));
	return err;
}

FIXTURE_SETUP(forge)
{
	self->owner = variant->become == as_bare_root ? 0 : NOBODY;
	trial_new();
	ASSERT_EQ(0, ERR(socketpair(AF_UNIX, SOCK_STREAM, 0, pair)));
	ASSERT_EQ(0, sh("rm -rf t && mkdir t"));
	ASSERT_EQ(0, ERR(chdir("t")));
	ASSERT_EQ(0, make_files(self->other, self->owner));
	ASSERT_EQ(0, make_file("source", SIZE));
}

FIXTURE_TEARDOWN(forge)
{
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

/* Does the file tell of this session? */
static bool mine(const char *path)
{
	char id[HEX_ID + 1];

	return !strcmp(own_id(id), stamp_id(path));
}

static int by_attribute_calls(void)
{
	int err[ATTEMPTS];

	attempt_all(err);
	for (int i = 0; i < ATTEMPTS; i++)
		tried(err[i]);
	return 0;
}

TEST_F(forge, by_attribute_calls)
{
	ASSERT_EQ(0, agent_does(variant->become, NULL, by_attribute_calls));
	EXPECT_TRIES(ATTEMPTS, EPERM);
	EXPECT_STREQ(self->other, stamp_id("f"));
	EXPECT_STREQ("", stamp_id("g"));
	EXPECT_STREQ("", stamp_id("l"));
}

/* This program, executed with an argument. */
#define PROGRAM	"./program"

static void __attribute__((constructor)) be_the_program(int argc, char **argv)
{
	int err[ATTEMPTS], n = 1;

	if (argc != 2)
		return;
	setresuid(0, 0, 0);
	if (!strcmp(argv[1], "ioctl")) {
		err[0] = attrmulti_here();
	} else {
		attempt_all(err);
		n = ATTEMPTS;
	}
	for (int i = 0; i < n; i++)
		if (err[i] != EPERM)
			_exit(1 + i);
	_exit(0);
}

static int by_a_set_user_id_program(void)
{
	execl(PROGRAM, PROGRAM, "attributes", NULL);
	return 208;
}

/* Of root's, which could outside. */
TEST_F(forge, by_a_set_user_id_program)
{
	copy_self(PROGRAM, 04755);
	EXPECT_EQ(0, agent_does(variant->become, NULL,
				by_a_set_user_id_program));
	EXPECT_STREQ(self->other, stamp_id("f"));
	EXPECT_STREQ("", stamp_id("g"));
}

static int by_ioctls(void)
{
	int fd;

	if (chdir("m"))
		return 1;
	tried(attrmulti_here());
	/* By a file of its own, as well. */
	fd = open("f", O_RDWR | O_CREAT, 0644);
	tried(ERR(ioctl(fd, ATTRMULTI, NULL)));
	if (!mine("f"))
		return 2;
	execl("." PROGRAM, PROGRAM, "ioctl", NULL);
	return 208;
}

/* On xfs, which has one that only root may make: by that program, too. */
TEST_F(forge, by_ioctls)
{
	copy_self(PROGRAM, 04755);
	ASSERT_EQ(0, image_fs("xfs", "mkfs.xfs -q -f", "400M"));
	ASSERT_EQ(0, ERR(chmod("m", 0777)));
	EXPECT_EQ(0, agent_does(variant->become, NULL, by_ioctls));
	EXPECT_TRIES(2, EPERM);
	EXPECT_STREQ(trial->id, stamp_id("m/f"));
	EXPECT_EQ(0, ERR(umount("m")));
}

/* As many attributes as there is room for, with nothing in them. */
static void fill_attributes(const char *path)
{
	char name[32], value[100] = { };

	for (int size = sizeof(value); size >= 0; size -= 20) {
		for (int i = 0; i < 2000; i++) {
			sprintf(name, "user.%d.%d", size, i);
			if (setxattr(path, name, value, size, 0))
				break;
		}
	}
}

/* Whoever else wrote before, it is not that one's. */
static int mine_or_none(void)
{
	return mine("f") || !*stamp_id("f") ? 0 : 1;
}

static int on_a_tmpfs_of_its_own(void)
{
	char nested[HEX_ID + 1];

	trial->value[0] = ERR(mkdir("m", 0755)) ?:
			  ERR(mount("none", "m", "tmpfs", 0, "nr_inodes=20"));
	if (trial->value[0])
		return 0;
	if (chdir("m") || in_session(nested, make_f, NULL) ||
	    make_file("g", 100) || symlink("f", "l"))
		return 1;
	if (by_attribute_calls() || strcmp(nested, stamp_id("f")) ||
	    !mine("g") || !mine("l"))
		return 2;
	/* By 6.6 and later these take of what it has. */
	fill_attributes("g");
	return way_write() || mine_or_none() ? 3 : 0;
}

TEST_F(forge, on_a_tmpfs_of_its_own)
{
	ASSERT_EQ(0, agent_does(variant->become, NULL, on_a_tmpfs_of_its_own));
	if (variant->become != as_container) {
		EXPECT_EQ(EPERM, trial->value[0]);
		return;
	}
	EXPECT_EQ(0, trial->value[0]);
	EXPECT_TRIES(ATTEMPTS, EPERM);
}

/* With the other session's files below. */
static int on_an_overlay_of_its_own(void)
{
	int fd;

	trial->value[0] = ERR(mkdir("up", 0755)) ?: ERR(mkdir("work", 0755)) ?:
			  ERR(mkdir("m", 0755)) ?:
			  ERR(mount("overlay", "m", "overlay", 0,
				    "lowerdir=low,upperdir=up,workdir=work,userxattr"));
	if (trial->value[0])
		return 0;
	if (chdir("m") || by_attribute_calls())
		return 1;
	if (way_mmap_closed() || way_tmpfile_over())
		return 2;
	/* By a name that goes before it is closed. */
	fd = open("h", O_WRONLY);
	if (write(fd, "x", 1) != 1 || link("h", "k") || unlink("h") ||
	    close(fd))
		return 3;
	/* By the layer below it, behind its back. */
	return make_file("../up/g", 100) || unlink("l") ? 4 : 0;
}

TEST_F(forge, on_an_overlay_of_its_own)
{
	static const char *const up[] = { "f", "g", "h", "k", "l" };
	char path[16];

	ASSERT_EQ(0, ERR(mkdir("low", 0755)));
	ASSERT_EQ(0, ERR(chdir("low")));
	ASSERT_EQ(0, make_files(self->other, self->owner));
	ASSERT_EQ(0, ERR(chdir("..")));
	ASSERT_EQ(0, agent_does(variant->become, NULL,
				on_an_overlay_of_its_own));
	if (variant->become != as_container) {
		EXPECT_EQ(EPERM, trial->value[0]);
		return;
	}
	EXPECT_EQ(0, trial->value[0]);
	EXPECT_TRIES(ATTEMPTS, EPERM);
	EXPECT_STREQ(self->other, stamp_id("low/f"));
	EXPECT_STREQ(self->other, stamp_id("low/h"));
	/* What overlayfs has made is the agent's, to the last whiteout. */
	for (int i = 0; i < ARRAY_SIZE(up); i++) {
		sprintf(path, "up/%s", up[i]);
		EXPECT_STREQ(trial->id, stamp_id(path)) {
			TH_LOG("%s", path);
		}
	}
}

/* Each of them in the session, and in one inside. */
static int copy_all(void *prefix)
{
	static const char *const commands[] = {
		COPY_BY_CP, COPY_BY_TAR, COPY_BY_RSYNC,
	};

	for (int i = 0; i < ARRAY_SIZE(commands); i++)
		tried(sh("{ rm -rf x && %s && mv copy %s%d; } 2>/dev/null",
			 commands[i], (char *)prefix, i));
	return 0;
}

static int by_copies(void)
{
	return copy_all("own") ?: in_session(trial->seen, copy_all, "nested");
}

TEST_F(forge, by_copies)
{
	char path[16];

	ASSERT_EQ(0, agent_does(variant->become, NULL, by_copies));
	EXPECT_TRIES(6, 0);
	for (int i = 0; i < 3; i++) {
		sprintf(path, "own%d", i);
		EXPECT_STREQ(trial->id, stamp_id(path)) {
			TH_LOG("%s", path);
		}
		sprintf(path, "nested%d", i);
		EXPECT_STREQ(trial->seen, stamp_id(path)) {
			TH_LOG("%s", path);
		}
	}
	EXPECT_STREQ(self->other, stamp_id("f"));
}

TEST_F(forge, by_a_call_that_fails_halfway)
{
	int (*const ways[])(void) = { way_half_write, way_half_zero };

	for (int i = 0; i < ARRAY_SIZE(ways); i++) {
		ASSERT_EQ(0, in_session(self->other, make_f, NULL));
		EXPECT_EQ(0, agent_does(variant->become, NULL, ways[i]));
		EXPECT_STREQ(trial->id, stamp_id("f")) {
			TH_LOG("%d", i);
		}
	}
}

/* Sent to outside, to another session, and to nobody. */
static int by_who_closes_it(void)
{
	int f = open("f", O_WRONLY), h = open("h", O_WRONLY),
	    g = open("g", O_WRONLY);

	if (write(f, "x", 1) != 1 || write(h, "x", 1) != 1 ||
	    write(g, "x", 1) != 1)
		return 1;
	return send_fd(pair[0], f) || close(f) || send_fd(pair[0], h) ||
	       close(h) || make_garbage(g) ? 2 : 0;
}

static int receive_and_close(void *unused)
{
	int fd = receive_fd(pair[1]);

	return fd < 0 || close(fd);
}

TEST_F(forge, by_who_closes_it)
{
	char id[HEX_ID + 1];

	ASSERT_EQ(0, agent_does(variant->become, NULL, by_who_closes_it));
	/* The session is no more. */
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
	EXPECT_EQ(0, receive_and_close(NULL));
	EXPECT_STREQ(trial->id, stamp_id("f"));
	EXPECT_EQ(0, in_session(id, receive_and_close, NULL));
	EXPECT_STREQ(trial->id, stamp_id("h"));
	EXPECT_TRUE(WAIT_FOR(({
		collect_garbage();
		!strcmp(trial->id, stamp_id("g")); })));
}

/* It leaves the name to somebody outside: written to, closed before and after. */
static int by_who_names_it(void)
{
	if (send_fd(pair[0], open(".", O_RDONLY | O_DIRECTORY)))
		return 1;
	for (int i = 0; i < 2; i++) {
		int fd = open(".", O_WRONLY | O_TMPFILE, 0644);

		if (write(fd, "x", 1) != 1 || send_fd(pair[0], fd))
			return 2;
		if (!i)
			close(fd);
	}
	raise_flag(&trial->ready);
	return !WAIT_FOR(trial->go);
}

TEST_F(forge, by_who_names_it)
{
	static const char *const names[] = { "before", "after" };
	pid_t pid = agent_begin(variant->become, NULL, by_who_names_it);

	ASSERT_TRUE(WAIT_FOR(trial->ready));
	/* A container's mounts are others, over which there are no links. */
	EXPECT_EQ(0, ERR(fchdir(receive_fd(pair[1]))));
	for (int i = 0; i < 2; i++) {
		int fd = receive_fd(pair[1]);

		EXPECT_EQ(0, link_fd(fd, names[i]));
		close(fd);
	}
	EXPECT_STREQ(trial->id, stamp_id("before"));
	raise_flag(&trial->go);
	EXPECT_EQ(0, reap(pid));
	EXPECT_STREQ(trial->id, stamp_id("after"));
}

/* What it has written to and mapped, and not closed, when it is killed. */
static int by_its_end(void)
{
	int f = open("f", O_WRONLY), h = open("h", O_RDWR);
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, h, 0);

	close(h);
	if (write(f, "x", 1) != 1 || p == MAP_FAILED)
		return 1;
	p[0]++;
	raise_flag(&trial->ready);
	for (;;)
		pause();
}

TEST_F(forge, by_its_end)
{
	pid_t pid = agent_begin(variant->become, NULL, by_its_end);

	EXPECT_TRUE(WAIT_FOR(trial->ready));
	EXPECT_STREQ(self->other, stamp_id("f"));
	EXPECT_EQ(0, session_set(trial->id, "kill", "1"));
	EXPECT_EQ(KILLED, reap(pid));
	/* A container's init ends behind who has started it. */
	EXPECT_TRUE(WAIT_FOR(!strcmp(trial->id, stamp_id("f"))));
	EXPECT_TRUE(WAIT_FOR(!strcmp(trial->id, stamp_id("h"))));
}

/* Before it closes what it has written to and mapped. */
static int by_moving_on(void)
{
	int f = open("f", O_WRONLY), h = open("h", O_RDWR), g;
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, h, 0);

	if (write(f, "x", 1) != 1 || p == MAP_FAILED)
		return 1;
	p[0]++;
	if (enter_session())
		return 2;
	own_id(trial->seen);
	g = open("g", O_WRONLY);
	if (write(g, "x", 1) != 1)
		return 3;
	return close(f) || munmap(p, 4096) || close(h) ? 4 : 0;
}

TEST_F(forge, by_moving_on)
{
	struct stamp s;

	ASSERT_EQ(0, agent_does(variant->become, NULL, by_moving_on));
	EXPECT_STREQ(trial->id, stamp_id("f"));
	EXPECT_STREQ(trial->id, stamp_id("h"));
	EXPECT_TRUE(WAIT_FOR(!strcmp(trial->seen, stamp_id("g"))));
	EXPECT_STRNE(trial->id, trial->seen);
	/* That one's stamps tell whose it is. */
	EXPECT_EQ(0, stamp_get("g", &s));
	EXPECT_STREQ(trial->id, s.parent);
	EXPECT_EQ(self->owner, s.uid);
}

static int while_not_counted(void)
{
	raise_flag(&trial->ready);
	while (!trial->go)
		sleep_ms(5);
	tried(way_write());
	tried(make_regular("n"));
	raise_flag(&trial->done);
	return 0;
}

TEST_F(forge, while_not_counted)
{
	pid_t pid = agent_begin(variant->become, NULL, while_not_counted);

	EXPECT_TRUE(WAIT_FOR(trial->ready));
	EXPECT_EQ(0, sysctl_set("enabled", "0"));
	raise_flag(&trial->go);
	EXPECT_TRUE(WAIT_FOR(trial->done));
	EXPECT_EQ(0, sysctl_set("enabled", "1"));
	EXPECT_EQ(0, reap(pid));
	EXPECT_TRIES(2, 0);
	EXPECT_STREQ(trial->id, stamp_id("f"));
	EXPECT_STREQ(trial->id, stamp_id("n"));
}

/* On the last block, and among attributes that leave no room. */
static int where_there_is_no_room(void)
{
	if (chdir("m"))
		return 1;
	fill_attributes("h");
	if (take_all("filler") || way_write() || way_mmap())
		return 2;
	return rename("f", "full") || rename("h", "f") || way_write() ||
	       rename("f", "h") ? 3 : 0;
}

TEST_F(forge, where_there_is_no_room)
{
	static const char *const make[] = {
		"mkfs.ext4 -q -F -m 0", "mkfs.ext4 -q -F -m 0 -I 128",
	};
	static const char *const names[] = { "m/full", "m/h" };

	for (int i = 0; i < ARRAY_SIZE(make); i++) {
		ASSERT_EQ(0, image_fs("ext4", make[i], "8M"));
		ASSERT_EQ(0, ERR(chdir("m")));
		ASSERT_EQ(0, make_files(self->other, self->owner));
		/* Not the block of attributes that equal ones would share. */
		ASSERT_EQ(0, ERR(setxattr("h", "user.own", "1", 1, 0)));
		ASSERT_EQ(0, ERR(chdir("..")));
		ASSERT_EQ(0, agent_does(variant->become, NULL,
					where_there_is_no_room));
		for (int k = 0; k < 2; k++) {
			const char *id = stamp_id(names[k]);

			EXPECT_TRUE(!*id || !strcmp(trial->id, id)) {
				TH_LOG("%s, %s: %s", make[i], names[k], id);
			}
		}
		EXPECT_EQ(0, ERR(umount("m")));
	}
}

/* By another name of the file, which then goes. */
static int way_other_name(void)
{
	int fd, err = ERR(link("f", "other"));

	fd = open("other", O_WRONLY);
	err = err ?: ERR(unlink("other")) ?: ERR(write(fd, "x", 1));
	close(fd);
	return err;
}

/* While it has no name of its own. */
static int way_renamed(void)
{
	return WAY(O_WRONLY, rename("f", "other") || write(fd, "x", 1) != 1 ?
			     -1 : rename("other", "f"));
}

/* Which nobody may write to, nor read, when it is closed. */
static int way_locked_away(void)
{
	return WAY(O_WRONLY, write(fd, "x", 1) != 1 ? -1 : chmod("f", 0)) ?:
	       ERR(chmod("f", 0644));
}

static int way_locks(void)
{
	struct flock all = { .l_type = F_WRLCK };

	return WAY(O_RDWR, fcntl(fd, F_SETLEASE, F_WRLCK) ?:
			   flock(fd, LOCK_EX) ?: fcntl(fd, F_OFD_SETLK, &all) ?:
			   write(fd, "x", 1));
}

/* A write to a mapping that is for reading, in the guise of advice. */
static int way_madvise(void)
{
	int fd, err;
	char *p = map_f(&fd, PROT_READ);

	close(fd);
	if (p == MAP_FAILED)
		return errno;
	err = ERR(madvise(p, 4096, MADV_REMOVE));
	/* Up to 6.6 it has to be for writing. */
	if (err == EACCES)
		err = ERR(mprotect(p, 4096, PROT_READ | PROT_WRITE)) ?:
		      ERR(madvise(p, 4096, MADV_REMOVE));
	munmap(p, 4096);
	return err;
}

/* By a child that has got the mapping of it, and nothing else. */
static int way_mapping_of_a_child(void)
{
	int fd;
	char *p = map_f(&fd, PROT_READ | PROT_WRITE);
	pid_t pid;

	if (p == MAP_FAILED)
		return errno;
	pid = fork();
	if (!pid) {
		p = mremap(p, 4096, SIZE, MREMAP_MAYMOVE);
		if (p == MAP_FAILED)
			_exit(errno);
		p[100]++;
		_exit(close(fd));
	}
	munmap(p, 4096);
	close(fd);
	return reap(pid);
}

/* Only what is the opener's own file system can be opened by who may not. */
static int way_file_handle(void)
{
	struct {
		struct file_handle handle;
		char bytes[64];
	} h = { .handle.handle_bytes = 64 };
	int id, fd, err, dir = open(".", O_RDONLY);

	if (name_to_handle_at(AT_FDCWD, "f", &h.handle, &id, 0))
		return errno;
	fd = open_by_handle_at(dir, &h.handle, O_WRONLY);
	err = fd < 0 ? errno : ERR(write(fd, "x", 1));
	close(fd);
	close(dir);
	return err;
}

/* Where its mount is read-only, or gone, before it is closed. */
static int way_mount_that_goes(void)
{
	int fd, err;

	mkdir("b", 0755);
	err = ERR(mount(".", "b", NULL, MS_BIND, NULL));
	if (err)
		return err;
	fd = open("b/f", O_WRONLY);
	if (mount(NULL, "b", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) !=
	    -1 || errno != EBUSY)
		err = EIO;
	err = err ?: ERR(umount2("b", MNT_DETACH)) ?: ERR(write(fd, "x", 1));
	close(fd);
	return err;
}

/* Hints for which there is hardly room, so that none fits beside them. */
static int way_hints_too_long(void)
{
	static const char *const names[] = {
		PROV_SESSION, PROV_TS, PROV_INTENT,
	};
	static char lie[1000];
	char id[HEX_ID + 1];
	int err = 0;

	memset(lie, 'e', sizeof(lie));
	for (int i = 0; !err && i < ARRAY_SIZE(names); i++)
		err = ERR(setxattr("f", names[i], lie, sizeof(lie), 0));
	err = err ?: way_write();
	return err ?: told_of("f", own_id(id)) && !*attr("f", PROV_INTENT) ?
	       0 : EIO;
}

#define BY(name)	{ #name, way_##name }
#define RING(name)	{ #name, way_##name, .ring = true }

static const struct {
	const char *name;
	int (*write)(void);
	bool refused;		/* to some */
	bool ring;		/* which lets go of the file a moment later */
} ways[] = {
	BY(write), BY(append), BY(direct), BY(pwritev2), BY(truncate),
	BY(truncate_longer), BY(ftruncate), BY(open_trunc), BY(fallocate),
	BY(punch), BY(mmap), BY(mmap_closed), BY(mprotect), BY(proc_fd),
	BY(splice), BY(sendfile), BY(copy_file_range), RING(uring),
	RING(uring_async), RING(uring_fallocate), RING(uring_splice),
	RING(uring_registered), RING(uring_polled), BY(aio), BY(rename_over),
	BY(tmpfile_over), BY(other_name), BY(renamed), BY(locked_away),
	BY(locks), BY(madvise), BY(mapping_of_a_child), BY(hints_too_long),
	{ "file handle", way_file_handle, true },
	{ "a mount that goes", way_mount_that_goes, true },
};

/* What each came to: 0, its error, or that a stamp was false. */
#define FALSE	1000

static int *came_to;

static int by_each_write(void)
{
	char nested[HEX_ID + 1];

	for (int i = 0; i < ARRAY_SIZE(ways); i++) {
		if (in_session(nested, make_f, NULL))
			return 1;
		came_to[i] = ways[i].write();
		if (!came_to[i] && ways[i].ring)
			WAIT_FOR(mine("f"));
		/* What was refused is no write. */
		if (came_to[i] ? strcmp(nested, stamp_id("f")) : !mine("f"))
			came_to[i] = FALSE;
	}
	return 0;
}

/* To a file that has somebody else's stamp each time. */
TEST_F(forge, by_each_write)
{
	came_to = shared(4096);
	ASSERT_EQ(0, agent_does(variant->become, NULL, by_each_write));
	for (int i = 0; i < ARRAY_SIZE(ways); i++) {
		if (ways[i].refused && came_to[i] == EPERM)
			continue;
		EXPECT_EQ(0, came_to[i]) {
			TH_LOG("%s", ways[i].name);
		}
	}
	if (variant->become == as_container) {
		EXPECT_EQ(0, came_to[ARRAY_SIZE(ways) - 1]);
	}
}

/* A file that it may add to and not change, as logs are. */
static int append_only(bool on)
{
	int fd = open("f", O_RDONLY | O_CLOEXEC), flags = 0;
	int err = ERR(ioctl(fd, FS_IOC_GETFLAGS, &flags));

	flags = on ? flags | FS_APPEND_FL : flags & ~FS_APPEND_FL;
	err = err ?: ERR(ioctl(fd, FS_IOC_SETFLAGS, &flags));
	close(fd);
	return err;
}

static int by_file_flags(void)
{
	tried(ERR(truncate("f", 0)));
	tried(ERR(removexattr("f", STAMP)));
	return way_append();
}

TEST_F(forge, by_file_flags)
{
	ASSERT_EQ(0, append_only(true));
	EXPECT_EQ(0, agent_does(variant->become, NULL, by_file_flags));
	EXPECT_EQ(0, append_only(false));
	EXPECT_TRIES(2, EPERM);
	EXPECT_STREQ(trial->id, stamp_id("f"));
}

/* Written by the kernel, without a call of the agent's. */
TEST_F(forge, by_a_core_dump)
{
	static const char pattern[] = "/proc/sys/kernel/core_pattern";
	char was[128];

	ASSERT_EQ(0, read_file(was, sizeof(was), "%s", pattern));
	ASSERT_EQ(0, write_file(pattern, "f"));
	EXPECT_EQ(0, agent_does(variant->become, NULL, dump_core));
	EXPECT_EQ(0, write_file(pattern, was));
	EXPECT_STREQ(trial->id, stamp_id("f"));
	/* It is one. */
	EXPECT_EQ(0, sh("head -c 4 f | grep -q ELF"));
}

TEST_HARNESS_MAIN
