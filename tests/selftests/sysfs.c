// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/* /sys/kernel/agentns: every file, what it takes, and when it goes. */
#include <pthread.h>

#include "agentns-test.h"

static char *attribute(const char *path)
{
	static char text[8192];
	int err = read_file(text, sizeof(text), "%s", path);

	if (err)
		snprintf(text, sizeof(text), "error %d", err);
	return text;
}

static const struct {
	const char *data;
	size_t size;
} malformed[] = {
#define TEXT(s)	{ s, sizeof(s) - 1 }
	TEXT("\n"), TEXT("x"), TEXT("-1"), TEXT("1 2"), TEXT(" 1"), TEXT("1 "),
	TEXT("99999999999999999999"), TEXT("18446744073709551616"),
	TEXT("1\0"), TEXT("1\0002"), TEXT("\0"), TEXT("0x10"), TEXT("1e7"),
	TEXT("+1"), TEXT("1\n\n"), TEXT("\n1"), TEXT("MAX"), TEXT("max "),
	TEXT("1.5"), TEXT("1K"), TEXT("--1"), TEXT("\xff"),
};

static const char *const limits[] = {
	"max_syscalls", "max_write_bytes", "max_elapsed_ns", "max_forks",
	"max_opens", "max_connects", "max_unlinks", "max_tasks", "max_cpu_ns",
	"max_descendants", "grace_ns",
};

static const char *const counters[] = {
	"total_syscalls", "openat_count", "write_bytes", "connect_count",
	"unlink_count", "fork_count", "elapsed_ns",
};

FIXTURE(global) {
};

FIXTURE_SETUP(global)
{
}

FIXTURE_TEARDOWN(global)
{
	EXPECT_EQ(0, write_file(SYSFS "max_session_dirs", "4096"));
	EXPECT_EQ(0, write_file(SYSFS "sweep_interval", "60"));
}

TEST_F(global, values)
{
	EXPECT_STREQ("6", attribute(SYSFS "abi"));
	EXPECT_STREQ("4096", attribute(SYSFS "max_session_dirs"));
	EXPECT_STREQ("60", attribute(SYSFS "sweep_interval"));
	/* That of the test before ends when it does. */
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
	EXPECT_EQ(0, write_file(SYSFS "sweep_interval", "86400\n"));
	EXPECT_STREQ("86400", attribute(SYSFS "sweep_interval"));
	EXPECT_EQ(0, write_file(SYSFS "sweep_interval", "1"));
	EXPECT_STREQ("1", attribute(SYSFS "sweep_interval"));
	EXPECT_EQ(0, write_file(SYSFS "max_session_dirs", "0"));
	EXPECT_STREQ("0", attribute(SYSFS "max_session_dirs"));
}

/* One lower-case word a line. */
TEST_F(global, features)
{
	char *text = attribute(SYSFS "features"), *word;
	int words = 0;

	while ((word = strsep(&text, "\n"))) {
		words++;
		EXPECT_NE(0, strlen(word));
		EXPECT_EQ(strlen(word),
			  strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_"));
	}
	EXPECT_GE(words, 3);
}

TEST_F(global, malformed_writes)
{
	static const char *const knobs[] = {
		SYSFS "max_session_dirs", SYSFS "sweep_interval",
	};
	char before[64];

	for (size_t k = 0; k < ARRAY_SIZE(knobs); k++) {
		strcpy(before, attribute(knobs[k]));
		for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
			EXPECT_EQ(EINVAL, write_bytes(knobs[k],
						      malformed[i].data,
						      malformed[i].size)) {
				TH_LOG("%s, write %zu", knobs[k], i);
			}
			EXPECT_STREQ(before, attribute(knobs[k]));
		}
		EXPECT_EQ(EINVAL, write_file(knobs[k], "4294967296"));
		EXPECT_EQ(EINVAL, write_file(knobs[k], "max"));
		EXPECT_STREQ(before, attribute(knobs[k]));
	}
	EXPECT_EQ(EINVAL, write_file(SYSFS "sweep_interval", "0"));
	EXPECT_EQ(EINVAL, write_file(SYSFS "sweep_interval", "86401"));
	EXPECT_STREQ("60", attribute(SYSFS "sweep_interval"));
}

TEST_F(global, read_only_files)
{
	static const char *const names[] = {
		SYSFS "abi", SYSFS "features", SYSFS "sessions_live",
	};
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		ASSERT_EQ(0, stat(names[i], &st));
		EXPECT_EQ(0444, st.st_mode & 07777);
		EXPECT_NE(0, write_file(names[i], "1"));
	}
}

TEST(knobs_are_roots_to_write)
{
	ASSERT_EQ(0, ERR(setresuid(NOBODY, NOBODY, NOBODY)));
	EXPECT_EQ(EACCES, write_file(SYSFS "max_session_dirs", "1"));
	EXPECT_EQ(EACCES, write_file(SYSFS "sweep_interval", "1"));
}

static bool has_directory(void)
{
	char path[256], id[HEX_ID + 1];

	return !access(session_path(path, own_id(id), ""), F_OK);
}

static int enter_and_look(void *arg)
{
	if (enter_session())
		return 2;
	return has_directory();
}

/* Right after the call, and right after a change of the cap. */
TEST_F(global, cap_on_directories)
{
	int home = agent_fd(getpid());

	ASSERT_EQ(0, write_file(SYSFS "max_session_dirs", "0"));
	EXPECT_EQ(0, in_child(enter_and_look, NULL));
	ASSERT_EQ(0, write_file(SYSFS "max_session_dirs", "1"));
	EXPECT_EQ(1, in_child(enter_and_look, NULL));
	/* The one that it had is gone, or soon. */
	ASSERT_TRUE(WAIT_FOR(!sessions_live()));
	ASSERT_TRUE(WAIT_FOR(in_child(enter_and_look, NULL) == 1));
	ASSERT_TRUE(WAIT_FOR(!sessions_live()));
	/* Likewise. */
	ASSERT_TRUE(WAIT_FOR(!enter_session() &&
			     (has_directory() || setns(home, AGENT_NS))));
	ASSERT_TRUE(has_directory());
	/* Nested sessions get the second of 4 and not the second of 3. */
	ASSERT_EQ(0, write_file(SYSFS "max_session_dirs", "3"));
	EXPECT_EQ(0, in_child(enter_and_look, NULL));
	ASSERT_EQ(0, write_file(SYSFS "max_session_dirs", "4"));
	EXPECT_EQ(1, in_child(enter_and_look, NULL));
}

/* Without a directory a session does all else. */
TEST_F(global, session_without_directory)
{
	struct agent_ns_counters_uapi c;
	char text[64], id[HEX_ID + 1];

	ASSERT_TRUE(WAIT_FOR(!sessions_live()));
	ASSERT_EQ(0, write_file(SYSFS "max_session_dirs", "0"));
	ASSERT_EQ(0, enter_session());
	EXPECT_EQ(0, counters_of(&c));
	EXPECT_EQ(1, c.total_syscalls);
	EXPECT_EQ(0, agent(PR_SET_AGENT_INTENT_TAG, "tag"));
	EXPECT_EQ(0, read_file(text, sizeof(text), "/proc/self/agent_session"));
	EXPECT_STREQ(own_id(id), text);
	EXPECT_STREQ("1", attribute(SYSFS "sessions_live"));
}

FIXTURE(session) {
	char id[HEX_ID + 1];
	char path[256];
};

FIXTURE_SETUP(session)
{
	ASSERT_EQ(0, enter_session());
	/* At once: nothing waits for the directory. */
	session_path(self->path, own_id(self->id), "");
	ASSERT_EQ(0, access(self->path, F_OK));
}

FIXTURE_TEARDOWN(session)
{
}

#define FILE_OF(name)	session_path(self->path, self->id, name)

TEST_F(session, files)
{
	static const char *const files[] = {
		"intent", "parent", "depth", "inum", "action", "max_syscalls",
		"max_write_bytes", "max_elapsed_ns", "max_forks", "max_opens",
		"max_connects", "max_unlinks", "counters/total_syscalls",
		"counters/openat_count", "counters/write_bytes",
		"counters/connect_count", "counters/unlink_count",
		"counters/fork_count", "counters/elapsed_ns", "max_tasks",
		"max_cpu_ns", "max_descendants", "grace_ns", "sealed",
		"crossings", "exceeded", "descendants", "counters/tasks",
		"counters/cpu_ns",
	};
	struct stat st;
	char inum[32];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		EXPECT_EQ(0, stat(FILE_OF(files[i]), &st));
		EXPECT_EQ(0, strncmp("error", attribute(self->path), 5) == 0) {
			TH_LOG("%s", files[i]);
		}
	}
	EXPECT_EQ(0, stat(FILE_OF("kill"), &st));
	EXPECT_EQ(0200, st.st_mode & 07777);
	EXPECT_STREQ("", attribute(FILE_OF("intent")));
	EXPECT_STREQ(NO_SESSION, attribute(FILE_OF("parent")));
	EXPECT_STREQ("1", attribute(FILE_OF("depth")));
	EXPECT_STREQ("log", attribute(FILE_OF("action")));
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		EXPECT_STREQ("max", attribute(FILE_OF(limits[i])));
	ASSERT_EQ(0, stat("/proc/self/ns/agent", &st));
	snprintf(inum, sizeof(inum), "%lu", st.st_ino);
	EXPECT_STREQ(inum, attribute(FILE_OF("inum")));
}

TEST_F(session, counters_are_read_only)
{
	struct stat st;
	char name[64];

	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		snprintf(name, sizeof(name), "counters/%s", counters[i]);
		ASSERT_EQ(0, stat(FILE_OF(name), &st));
		EXPECT_EQ(0444, st.st_mode & 07777);
		EXPECT_NE(0, write_file(self->path, "0"));
	}
}

TEST_F(session, limits_are_written_and_read)
{
	struct agent_ns_budget_ex ex;

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		EXPECT_EQ(0, write_file(FILE_OF(limits[i]), "1000000000000\n"));
		EXPECT_STREQ("1000000000000", attribute(self->path));
		EXPECT_EQ(0, write_file(self->path, "18446744073709551615"));
		EXPECT_STREQ("18446744073709551615", attribute(self->path));
		EXPECT_EQ(0, write_file(self->path, "max"));
		EXPECT_STREQ("max", attribute(self->path));
		EXPECT_EQ(0, write_file(self->path, "0"));
		EXPECT_STREQ("max", attribute(self->path));
		EXPECT_EQ(0, write_file(self->path, "1000000000000"));
	}
	EXPECT_EQ(0, write_file(FILE_OF("action"), "term\n"));
	EXPECT_STREQ("term", attribute(self->path));
	EXPECT_EQ(0, agent5(PR_GET_AGENT_BUDGET_EX, (long)&ex, sizeof(ex), 0,
			    0));
	EXPECT_EQ(AGENT_NS_ACTION_TERM, ex.action);
	EXPECT_EQ(1000000000000, ex.max_syscalls);
	EXPECT_EQ(1000000000000, ex.max_write_bytes);
	EXPECT_EQ(1000000000000, ex.max_elapsed_ns);
	EXPECT_EQ(1000000000000, ex.max_forks);
	EXPECT_EQ(1000000000000, ex.max_opens);
	EXPECT_EQ(1000000000000, ex.max_connects);
	EXPECT_EQ(1000000000000, ex.max_unlinks);
}

TEST_F(session, malformed_writes)
{
	static const char *const actions[] = {
		"", "\n", "LOG", "logs", "lo", "kill ", " kill", "2", "deny?",
		"term\nkill",
	};

	for (size_t l = 0; l < ARRAY_SIZE(limits); l++) {
		EXPECT_EQ(0, write_file(FILE_OF(limits[l]), "777777777777"));
		for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
			EXPECT_EQ(EINVAL, write_bytes(self->path,
						      malformed[i].data,
						      malformed[i].size)) {
				TH_LOG("%s, write %zu", limits[l], i);
			}
		}
		EXPECT_STREQ("777777777777", attribute(self->path));
	}
	EXPECT_EQ(0, write_file(FILE_OF("action"), "term"));
	for (size_t i = 1; i < ARRAY_SIZE(actions); i++)
		EXPECT_EQ(EINVAL, write_file(self->path, actions[i]));
	EXPECT_EQ(EINVAL, write_bytes(self->path, "kill\0", 5));
	EXPECT_STREQ("term", attribute(self->path));
}

TEST_F(session, intent)
{
	char got[64];

	EXPECT_EQ(0, write_file(FILE_OF("intent"), "from outside\n"));
	EXPECT_STREQ("from outside", attribute(self->path));
	EXPECT_EQ(0, agent(PR_GET_AGENT_INTENT_TAG, got));
	EXPECT_STREQ("from outside", got);
	/* An administrator is not held to once a second. */
	EXPECT_EQ(0, write_file(self->path, "again"));
	EXPECT_EQ(EINVAL, write_file(self->path, "a\nb"));
	EXPECT_EQ(EINVAL, write_file(self->path, "a\x01"));
	EXPECT_EQ(EINVAL, write_file(self->path, "\xc3"));
	EXPECT_EQ(EINVAL, write_bytes(self->path, "a\0b", 3));
	EXPECT_EQ(EINVAL, write_bytes(self->path, "again\0\n", 7));
	EXPECT_STREQ("again", attribute(self->path));
	EXPECT_EQ(0, write_file(self->path, "\n"));
	EXPECT_STREQ("", attribute(self->path));
}

TEST_F(session, roots_to_write)
{
	static const char *const files[] = {
		"intent", "action", "max_syscalls", "max_elapsed_ns", "kill",
	};

	ASSERT_EQ(0, ERR(setresuid(NOBODY, NOBODY, NOBODY)));
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		EXPECT_EQ(EACCES, write_file(FILE_OF(files[i]), "1"));
	EXPECT_EQ(0, strncmp("error", attribute(FILE_OF("max_opens")), 5) == 0);
}

static int report_id(void *arg)
{
	if (enter_session())
		return 1;
	own_id(arg);
	return 0;
}

TEST(directory_goes_with_the_session)
{
	char *id = shared(4096), path[256];

	ASSERT_EQ(0, in_child(report_id, id));
	session_path(path, id, "");
	EXPECT_TRUE(WAIT_FOR(access(path, F_OK)));
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

/* An open file of an ended session: ENODEV, and no hang. */
TEST(file_that_stays_open)
{
	volatile char *id = shared(4096);
	char path[256], text[64];
	int fd, fd2, go[2];
	pid_t pid;

	ASSERT_EQ(0, pipe(go));
	pid = fork();
	if (!pid) {
		if (report_id((char *)id))
			_exit(1);
		_exit(read(go[0], text, 1) != 1);
	}
	ASSERT_TRUE(WAIT_FOR(id[HEX_ID - 1]));
	session_path(path, (char *)id, "max_syscalls");
	fd = open(path, O_RDWR);
	fd2 = open(path, O_RDWR);
	ASSERT_GE(fd2, 0);
	EXPECT_EQ(4, read(fd, text, sizeof(text)));
	ASSERT_EQ(1, write(go[1], "x", 1));
	EXPECT_EQ(0, reap(pid));
	EXPECT_TRUE(WAIT_FOR(access(path, F_OK)));
	EXPECT_EQ(-1, pread(fd2, text, sizeof(text), 0));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(-1, write(fd2, "5", 1));
	EXPECT_EQ(ENODEV, errno);
}

struct readers {
	volatile int stop;
	long good, gone, odd;
};

/* Read, and change, all that is there, as fast as it comes and goes. */
static void *read_all(void *arg)
{
	static const char *const files[] = {
		"intent", "parent", "max_syscalls", "counters/total_syscalls",
	};
	char path[300], text[64];
	struct readers *r = arg;
	struct dirent *e;
	DIR *dir;
	int err;

	while (!r->stop && (dir = opendir(SYSFS "sessions"))) {
		while ((e = readdir(dir))) {
			if (e->d_name[0] == '.')
				continue;
			for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
				snprintf(path, sizeof(path),
					 SYSFS "sessions/%s/%s", e->d_name,
					 files[i]);
				err = read_file(text, sizeof(text), "%s", path);
				if (!err)
					r->good++;
				else if (err == ENODEV || err == ENOENT)
					r->gone++;
				else
					r->odd++;
			}
			snprintf(path, sizeof(path),
				 SYSFS "sessions/%s/max_opens", e->d_name);
			err = write_file(path, "1000000");
			r->odd += err && err != ENODEV && err != ENOENT;
		}
		closedir(dir);
	}
	return NULL;
}

TEST(readers_of_dying_sessions)
{
	struct readers r[2] = { };
	pthread_t thread[2];
	__u64 begin;

	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, read_all, &r[i]));
	begin = now_ns();
	/* Longer, where one of them has had no time yet. */
	while (now_ns() - begin < 2500000000 ||
	       (!(r[0].good && r[1].good) && now_ns() - begin < 20000000000)) {
		pid_t pid = fork();

		if (!pid) {
			enter_session();
			enter_session();
			_exit(0);
		}
		EXPECT_EQ(0, reap(pid));
	}
	for (int i = 0; i < 2; i++) {
		r[i].stop = 1;
		pthread_join(thread[i], NULL);
		EXPECT_GT(r[i].good, 0);
		EXPECT_EQ(0, r[i].odd);
	}
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

TEST_HARNESS_MAIN
