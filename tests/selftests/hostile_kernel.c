// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
// timeout: 200
// leaks: check-all
/*
 * What a session's agents can use up of the machine: memory, its processors'
 * time, directories, the log, readers, an unmount, the release of files. Tried
 * by an ordinary user and by root in containers. docs/hostility.md is the list.
 */
#include <linux/fs.h>

#include "agentns-hostile.h"
#include "agentns-slow.h"
#include "agentns-stamp.h"

FIXTURE(use_up) {
	char dirs[16];
};

FIXTURE_VARIANT(use_up) {
	WHO;
};

EACH_WHO(use_up);

FIXTURE_SETUP(use_up)
{
	trial_new();
	ASSERT_EQ(0, read_file(self->dirs, sizeof(self->dirs),
			       SYSFS "max_session_dirs"));
}

FIXTURE_TEARDOWN(use_up)
{
	EXPECT_EQ(0, sysfs_set("max_session_dirs", self->dirs));
	EXPECT_EQ(0, sysctl_set("unprivileged", "0"));
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

/* A session that nobody is in, kept by a descriptor. */
static int keep_a_session(void)
{
	int ready[2], fd, err = 0;
	pid_t pid;

	if (pipe(ready))
		return errno;
	pid = fork();
	if (!pid) {
		err = enter_session();
		write(ready[1], &err, sizeof(err));
		for (;;)
			pause();
	}
	if (read(ready[0], &err, sizeof(err)) != sizeof(err))
		err = EIO;
	fd = agent_fd(pid);
	kill(pid, SIGKILL);
	reap(pid);
	close(ready[0]);
	close(ready[1]);
	return err ?: fd < 0 ? errno : 0;
}

#define MANY	200

static int keep_many(void)
{
	for (int i = 0; i < MANY; i++)
		if (keep_a_session())
			return 1;
	raise_flag(&trial->ready);
	for (;;)
		pause();
}

#define CGROUP	"/sys/fs/cgroup/agentns-use_up"

static int join_cgroup(void)
{
	return write_file(CGROUP "/cgroup.procs", "0");
}

static __u64 memory_stat(const char *field)
{
	char text[8192], name[32], *p;

	if (read_file(text, sizeof(text), CGROUP "/memory.stat"))
		return 0;
	sprintf(name, "\n%s ", field);
	p = strstr(text, name);
	return p ? strtoull(p + strlen(name), NULL, 10) : 0;
}

/*
 * By sessions that it keeps: what they take is charged to its control group,
 * whose limit is what holds it. Per-CPU memory is taken by little else.
 */
TEST_F(use_up, memory)
{
	__u64 percpu, slab;
	pid_t pid;

	ASSERT_EQ(0, ERR(mkdir(CGROUP, 0755)));
	percpu = memory_stat("percpu");
	slab = memory_stat("slab");
	pid = agent_begin(variant->become, join_cgroup, keep_many);
	EXPECT_TRUE(WAIT_FOR_MS(trial->ready, 60000));
	EXPECT_LE(1 + MANY, sessions_live());
	/* At least the credit of one resource, and part of a session. */
	EXPECT_TRUE(WAIT_FOR(memory_stat("percpu") >= percpu + MANY * 64));
	EXPECT_TRUE(WAIT_FOR(memory_stat("slab") >= slab + MANY * 512));
	EXPECT_EQ(0, session_set(trial->id, "kill", "1"));
	EXPECT_EQ(KILLED, reap(pid));
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
	EXPECT_TRUE(WAIT_FOR(!rmdir(CGROUP)));
}

/* And where there is a limit on sessions, no more of them. */
static int allow_ten(void)
{
	return set_ex((struct agent_ns_budget_ex) { .max_descendants = 10 });
}

static int keep_as_many_as_allowed(void)
{
	for (int i = 0; i < 20; i++)
		tried(keep_a_session());
	return 0;
}

TEST_F(use_up, sessions)
{
	ASSERT_EQ(0, agent_does(variant->become, allow_ten,
				keep_as_many_as_allowed));
	EXPECT_EQ(20, trial->tried);
	for (int i = 0; i < 20; i++)
		EXPECT_EQ(i < 10 ? 0 : ENOSPC, trial->err[i]);
}

/* Calls of functions that other processors have asked one for, ever. */
static long interrupts_on(int cpu)
{
	char line[1024], *p = NULL;
	FILE *f = fopen("/proc/interrupts", "r");
	long n = -1;

	while (!p && fgets(line, sizeof(line), f))
		p = strstr(line, "CAL:");
	for (p = p ? p + 4 : NULL; p && cpu >= 0; cpu--)
		n = strtol(p, &p, 10);
	fclose(f);
	return n;
}

#define TIGHTER	1000

static int tighten(void)
{
	struct agent_ns_budget_ex ex = { };
	int err = 0;

	for (int i = 0; i < 10 && !err; i++)
		err = keep_a_session();
	if (err)
		return err;
	raise_flag(&trial->ready);
	while (!trial->go)
		sleep_ms(5);
	for (int i = 0; i < TIGHTER && !err; i++) {
		ex.max_opens = 1000000 - i;
		err = set_ex(ex);
	}
	return err;
}

/* The time of others' processors, by limits that are set again and again. */
TEST_F(use_up, interrupts)
{
	cpu_set_t all;
	long before;
	pid_t pid;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "there is one processor");
	ASSERT_EQ(0, sched_getaffinity(0, sizeof(all), &all));
	ASSERT_EQ(0, run_on(0));
	pid = agent_begin(variant->become, NULL, tighten);
	EXPECT_TRUE(WAIT_FOR(trial->ready));
	before = interrupts_on(1);
	EXPECT_LE(0, before);
	trial->go = 1;
	EXPECT_EQ(0, reap(pid));
	EXPECT_GT(before + TIGHTER / 4, interrupts_on(1));
	EXPECT_EQ(0, sched_setaffinity(0, sizeof(all), &all));
}

static int has_directory(void *unused)
{
	char path[256], id[HEX_ID + 1];

	if (enter_session())
		return 2;
	return access(session_path(path, own_id(id), ""), F_OK) ? 1 : 0;
}

static int make_eight(void)
{
	int err = 0;

	for (int i = 0; i < 8 && !err; i++)
		err = keep_a_session();
	return err;
}

static int keep_eight(void)
{
	if (make_eight())
		return 1;
	raise_flag(&trial->ready);
	while (!trial->go)
		sleep_ms(5);
	return 0;
}

/* By an agent with many sessions inside: half of the directories stay. */
TEST_F(use_up, directories)
{
	pid_t pid;

	ASSERT_EQ(0, sysfs_set("max_session_dirs", "8"));
	pid = agent_begin(variant->become, NULL, keep_eight);
	EXPECT_TRUE(WAIT_FOR(trial->ready));
	EXPECT_EQ(9, sessions_live());
	EXPECT_EQ(4, session_dirs());
	EXPECT_EQ(0, in_child(has_directory, NULL));
	trial->go = 1;
	EXPECT_EQ(0, reap(pid));
}

/* And by who makes sessions as anybody may, while the sysctl lets him. */
TEST_F(use_up, directories_by_anybody)
{
	pid_t pid;

	ASSERT_EQ(0, sysctl_set("unprivileged", "1"));
	ASSERT_EQ(0, sysfs_set("max_session_dirs", "8"));
	pid = fork();
	if (!pid)
		_exit(variant->become(keep_eight));
	EXPECT_TRUE(WAIT_FOR(trial->ready));
	EXPECT_EQ(8, sessions_live());
	EXPECT_EQ(4, session_dirs());
	EXPECT_EQ(0, in_child(has_directory, NULL));
	trial->go = 1;
	EXPECT_EQ(0, reap(pid));
}

/* A program that may make sessions, for whoever may execute it. */
static void __attribute__((constructor)) be_the_program(int argc, char **argv)
{
	char go;

	if (argc < 2 || strcmp(argv[1], "keep eight"))
		return;
	/* Else it could not open its own children's files. */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	if (make_eight())
		_exit(1);
	_exit(write(1, "r", 1) != 1 || read(0, &go, 1));
}

static int execute_program(void)
{
	execl("./program", "program", "keep eight", NULL);
	return errno;
}

TEST_F(use_up, directories_by_a_program_with_the_capability)
{
	int ready[2], go[2];
	char byte;
	pid_t pid;

	if (variant->become != as_user)
		SKIP(return, "an ordinary user's");
	copy_self("program", 0755);
	ASSERT_EQ(0, give_capability("program", CAP_SYS_ADMIN));
	ASSERT_EQ(0, sysfs_set("max_session_dirs", "8"));
	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(go, O_CLOEXEC));
	pid = fork();
	if (!pid) {
		dup2(go[0], 0);
		dup2(ready[1], 1);
		_exit(as_user(execute_program));
	}
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	EXPECT_EQ(8, sessions_live());
	EXPECT_EQ(4, session_dirs());
	EXPECT_EQ(0, in_child(has_directory, NULL));
	close(go[1]);
	EXPECT_EQ(0, reap(pid));
}

/* Limits below what is used, each tighter than the one before. */
#define CROSSINGS	400

static int cross_often(void)
{
	struct agent_ns_budget_ex ex = { .max_unlinks = CROSSINGS };
	int err = 0;

	for (int i = 0; i <= CROSSINGS; i++)
		syscall(SYS_unlink, "/nonexistent");
	for (; ex.max_unlinks && !err; ex.max_unlinks--)
		err = set_ex(ex);
	return err;
}

/* In five seconds 50 lines; it may take longer than that. */
#define LINES(ns)	(50 * (1 + (int)((ns) / 5000000000ULL)))

TEST_F(use_up, log)
{
	int log = kmsg_open(), lines;
	__u64 begin = now_ns();

	ASSERT_EQ(0, agent_does(variant->become, NULL, cross_often));
	lines = kmsg_count(log, trial->id, "max_unlinks");
	EXPECT_LE(1, lines);
	EXPECT_GE(LINES(now_ns() - begin), lines);
	EXPECT_GT(CROSSINGS, LINES(now_ns() - begin)) {
		TH_LOG("too slow a machine to tell");
	}
}

static int cross_in_a_session(void *unused)
{
	return enter_session() ?: cross_often();
}

#define TREES	10

static int cross_in_many(void)
{
	int bad = 0;

	for (int i = 0; i < TREES; i++)
		bad |= in_child(cross_in_a_session, NULL);
	return bad;
}

static int cross_once(void *unused)
{
	struct agent_ns_budget_ex ex = { .max_unlinks = 1 };

	if (enter_session() || set_ex(ex))
		return 1;
	own_id(trial->id);
	for (int i = 0; i < 3; i++)
		syscall(SYS_unlink, "/nonexistent");
	return 0;
}

/* By one tree after the other, and others' lines are there all the same. */
TEST_F(use_up, log_by_anybody)
{
	int log = kmsg_open(), again = kmsg_open(), lines;
	__u64 begin = now_ns();
	pid_t pid;

	ASSERT_EQ(0, sysctl_set("unprivileged", "1"));
	pid = fork();
	if (!pid)
		_exit(variant->become(cross_in_many));
	ASSERT_EQ(0, reap(pid));
	EXPECT_EQ(0, in_child(cross_once, NULL));
	lines = kmsg_count(log, "max_unlinks", "reached");
	/* Root's is one of them, and an interval may have begun before. */
	EXPECT_GE(LINES(now_ns() - begin) + 51, lines);
	EXPECT_EQ(1, kmsg_count(again, trial->id, "max_unlinks"));
}

/* Whoever watches its tag: one change a second, by however many that try. */
#define TAGGERS	3

static void change_tags(void)
{
	__u64 begin = now_ns(), past;
	char tag[32];

	/* Longer, where nobody got his second turn. */
	for (int i = 0; (past = now_ns() - begin) < 1500000000 ||
	     (trial->done < 2 && past < HANG_MS * 1000000ULL); i++) {
		sprintf(tag, "tag %d", i);
		if (!agent(PR_SET_AGENT_INTENT_TAG, tag))
			raise_flag(&trial->done);
	}
}

static int change_tags_together(void)
{
	__u64 begin = now_ns();
	pid_t pids[TAGGERS];
	int bad = 0;

	for (int i = 0; i < TAGGERS; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			change_tags();
			_exit(0);
		}
	}
	for (int i = 0; i < TAGGERS; i++)
		bad |= reap(pids[i]);
	trial->value[0] = now_ns() - begin;
	return bad;
}

TEST_F(use_up, watchers_by_tags)
{
	ASSERT_EQ(0, agent_does(variant->become, NULL, change_tags_together));
	EXPECT_LE(2, trial->done);
	EXPECT_GE(1 + trial->value[0] / 1000000000, trial->done);
}

/* What is read, opened and listed while it goes: sessions below its own. */
static void __attribute__((noreturn)) read_until_told(void)
{
	static char table[65536];
	char id[HEX_ID + 1], path[256], text[64];
	int fd;

	while (!trial->go) {
		memcpy(id, (const char *)trial->seen, sizeof(id));
		id[HEX_ID] = 0;
		fd = open_session(id);
		trial->value[0] += fd >= 0;
		close(fd);
		close(agent_fd(trial->pid[0]));
		trial->value[1] += !read_file(text, sizeof(text), "%s",
					      session_path(path, id, "parent"));
		if (read_file(table, sizeof(table), "/proc/agent_sessions"))
			_exit(1);
		read_file(table, sizeof(table), "/proc/%d/agent_counters",
			  trial->pid[0]);
	}
	_exit(0);
}

static int come_and_go(void)
{
	__u64 begin = now_ns();
	pid_t readers[2];
	int bad = 0;

	for (int i = 0; i < 2; i++) {
		readers[i] = fork();
		if (!readers[i])
			read_until_told();
	}
	/* Longer, where no reader was in time yet. */
	while (!bad && (now_ns() - begin < 1000000000 ||
			(now_ns() - begin < HANG_MS * 1000000ULL &&
			 !(trial->value[0] && trial->value[1])))) {
		trial->pid[0] = fork();
		if (!trial->pid[0]) {
			bad = enter_session();
			own_id(trial->seen);
			for (int i = 0; i < 20; i++)
				sched_yield();
			_exit(bad);
		}
		bad |= reap(trial->pid[0]);
	}
	trial->go = 1;
	for (int i = 0; i < 2; i++)
		bad |= reap(readers[i]);
	return bad;
}

TEST_F(use_up, readers_of_what_dies)
{
	EXPECT_EQ(0, agent_does(variant->become, NULL, come_and_go));
	EXPECT_LT(0, trial->value[0]);
	EXPECT_LT(0, trial->value[1]);
}

/* What it has open, written to and mapped where somebody wants to unmount. */
static int write_and_stay(void)
{
	int fd = open("m/f", O_RDWR | O_CREAT, 0666);
	char *p;

	if (fd < 0 || write(fd, trial->id, HEX_ID) != HEX_ID)
		return 1;
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return 2;
	p[0]++;
	if (unlink("m/gone") && errno != ENOENT)
		return 3;
	fd = open("m/gone", O_RDWR | O_CREAT, 0666);
	if (write(fd, "x", 1) != 1 || unlink("m/gone"))
		return 4;
	raise_flag(&trial->ready);
	for (;;)
		pause();
}

TEST_F(use_up, an_unmount)
{
	int log = kmsg_open();
	/* A container has a mount of its own of the same file system. */
	bool busy = variant->become != as_container;
	pid_t pid;

	ASSERT_EQ(0, image_fs("ext4", "mkfs.ext4 -q -F", "16M"));
	ASSERT_EQ(0, ERR(chmod("m", 0777)));
	pid = agent_begin(variant->become, NULL, write_and_stay);
	EXPECT_TRUE(WAIT_FOR(trial->ready));
	EXPECT_EQ(busy ? EBUSY : 0, ERR(umount("m")));
	EXPECT_EQ(0, session_set(trial->id, "kill", "1"));
	EXPECT_EQ(KILLED, reap(pid));
	EXPECT_TRUE(WAIT_FOR(!busy || !umount("m")));
	/* Whole, and with all that was to be written. */
	EXPECT_TRUE(WAIT_FOR(!sh("losetup -a | grep -q image; test $? = 1")));
	EXPECT_EQ(0, sh("fsck.ext4 -f -n image >log 2>&1"));
	ASSERT_EQ(0, loop_mount("ext4", "image", "m"));
	EXPECT_STREQ(trial->id, stamp_id("m/f"));
	EXPECT_EQ(0, ERR(umount("m")));
	EXPECT_EQ(0, kmsg_count(log, "Busy inodes", "unmount"));
}

/*
 * By a file with a stamp to come that the kernel is to release, while somebody
 * stands in a write to it. One thread of the kernel does that for everybody.
 */
static struct slow *slow;

static void write_slowly_and_stay(void)
{
	int fd = open(trial->path, O_WRONLY);

	tried(slow_write(fd, "slow"));
	raise_flag(&trial->done);
	for (;;)
		pause();
}

static int write_slowly(void)
{
	raise_flag(&trial->ready);
	write_slowly_and_stay();
	return 0;
}

static int leave_a_locked_file(void)
{
	int fd = open(trial->path, O_WRONLY);

	if (write(fd, "x", 1) != 1)
		return 1;
	if (!fork()) {
		close(fd);
		write_slowly_and_stay();
	}
	while (!slow->asked)
		sleep_ms(5);
	if (make_garbage(fd))
		return 2;
	raise_flag(&trial->ready);
	for (;;)
		pause();
}

static void releases_go_on(struct __test_metadata *_metadata, WHO,
			   const char *path)
{
	__u64 failed = sysfs_get(STAMPS_FAILED);
	int ends[2];
	pid_t pid;

	strcpy(trial->path, path);
	unlink(path);
	ASSERT_EQ(0, make_file(path, 10));
	ASSERT_EQ(0, ERR(chmod(path, 0666)));
	slow = shared(sizeof(*slow));
	ASSERT_EQ(0, slow_begin(slow, "slow"));
	pid = agent_begin(become, NULL, leave_a_locked_file);
	EXPECT_TRUE(WAIT_FOR(trial->ready));
	sleep_ms(500);
	/* Somebody else's. */
	ASSERT_EQ(0, pipe2(ends, O_CLOEXEC));
	ASSERT_EQ(0, make_garbage(ends[1]));
	EXPECT_TRUE(WAIT_FOR(garbage_hung_up(ends[0])));
	EXPECT_EQ(0, trial->done);
	EXPECT_STREQ("", stamp_id(path));
	slow->go = 1;
	EXPECT_TRUE(WAIT_FOR(trial->done));
	EXPECT_TRIES(1, 0);
	/* Of what the kernel has released: the other one is still open. */
	EXPECT_TRUE(WAIT_FOR(!strcmp(trial->id, stamp_id(path))));
	EXPECT_EQ(failed, sysfs_get(STAMPS_FAILED));
	EXPECT_EQ(0, session_set(trial->id, "kill", "1"));
	EXPECT_EQ(KILLED, reap(pid));
	EXPECT_EQ(0, slow_end(slow, "slow"));
	close(ends[0]);
}

TEST_F(use_up, releases)
{
	releases_go_on(_metadata, variant->become, "f");
}

/* And nothing of it is left, the upper layer's file in particular. */
TEST_F(use_up, releases_on_an_overlay)
{
	ASSERT_EQ(0, ERR(unshare(CLONE_NEWNS)));
	ASSERT_EQ(0, ERR(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)));
	ASSERT_EQ(0, sh("rm -rf low up work m; mkdir low up work m"));
	ASSERT_EQ(0, ERR(mount("none", "m", "overlay", 0,
			       "lowerdir=low,upperdir=up,workdir=work")));
	releases_go_on(_metadata, variant->become, "m/f");
	EXPECT_STREQ(trial->id, stamp_id("up/f"));
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
	EXPECT_TRUE(WAIT_FOR(!umount("m")));
}

/* So many that to wait for each would take too long. */
#define OPENED	300

/* One in a session of its own, with a file that it has written to. */
struct other {
	char id[HEX_ID + 1];
	volatile int wrote, closed;
	pid_t pid;
};

static int close_and_end(struct other *other, const char *path, bool stay)
{
	int fds[OPENED];

	if (enter_session())
		return 1;
	own_id(other->id);
	for (int i = 0; i < OPENED; i++) {
		fds[i] = open(path, O_WRONLY);
		if (write(fds[i], "x", 1) != 1)
			return 2;
	}
	raise_flag(&other->wrote);
	while (!slow->asked)
		sleep_ms(5);
	for (int i = 1; i < OPENED; i++)
		if (close(fds[i]))
			return 3;
	raise_flag(&other->closed);
	while (stay)
		pause();
	return 0;
}

static bool other_begins(struct other *other, const char *path, bool stay)
{
	pid_t pid = fork();

	if (!pid)
		_exit(close_and_end(other, path, stay));
	other->pid = pid;
	return WAIT_FOR(other->wrote);
}

static bool other_has_ended(struct other *other, int *status)
{
	return WAIT_FOR(waitpid(other->pid, status, WNOHANG) == other->pid);
}

/*
 * Others close what they wrote to, end and are killed, while it stands in a
 * write there.
 */
TEST_F(use_up, closes)
{
	struct other *ends = shared(2 * sizeof(*ends)), *killed = ends + 1;
	__u64 failed = sysfs_get(STAMPS_FAILED);
	int status = -1;
	pid_t pid;

	strcpy(trial->path, "f");
	unlink("f");
	ASSERT_EQ(0, make_file("f", 10));
	ASSERT_EQ(0, ERR(chmod("f", 0666)));
	slow = shared(sizeof(*slow));
	ASSERT_EQ(0, slow_begin(slow, "slow"));
	EXPECT_TRUE(other_begins(ends, "f", false));
	EXPECT_TRUE(other_begins(killed, "f", true));
	pid = agent_begin(variant->become, NULL, write_slowly);
	EXPECT_TRUE(WAIT_FOR(ends->closed && killed->closed));
	EXPECT_TRUE(other_has_ended(ends, &status));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, session_set(killed->id, "kill", "1"));
	EXPECT_TRUE(other_has_ended(killed, &status));
	EXPECT_EQ(0, trial->done);
	EXPECT_STREQ("", stamp_id("f"));
	slow->go = 1;
	EXPECT_TRUE(WAIT_FOR(trial->done));
	EXPECT_TRIES(1, 0);
	EXPECT_TRUE(WAIT_FOR(!strcmp(killed->id, stamp_id("f"))));
	EXPECT_EQ(failed, sysfs_get(STAMPS_FAILED));
	EXPECT_EQ(0, session_set(trial->id, "kill", "1"));
	EXPECT_EQ(KILLED, reap(pid));
	EXPECT_EQ(0, slow_end(slow, "slow"));
}

TEST_HARNESS_MAIN
