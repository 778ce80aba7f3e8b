// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/* /proc/agent_sessions: what stands there, who may read it, and when it goes. */
#include "agentns-test.h"

#define TABLE	"/proc/agent_sessions"
#define COLUMNS	64

/* All of the table, read @step bytes at a time; NULL where that fails. */
static char *read_table(size_t step)
{
	static char text[1 << 20];
	size_t used = 0;
	ssize_t n;
	int fd = open(TABLE, O_RDONLY);

	if (fd < 0)
		return NULL;
	do {
		n = read(fd, text + used, step);
		if (n > 0)
			used += n;
	} while (n > 0 && used + step < sizeof(text));
	close(fd);
	text[used] = 0;
	return n ? NULL : text;
}

/* Cut a line at blanks into @words; the last takes the rest. */
static int split(char *line, char **words, int max)
{
	int n = 0;

	while (n < max && (words[n] = n + 1 < max ? strsep(&line, " ") : line))
		n++;
	return n;
}

/* The line of session @id, without its newline; NULL for none. */
static char *line_of(char *text, const char *id)
{
	char *line;

	while (text && (line = strsep(&text, "\n")))
		if (!strncmp(line, id, HEX_ID) && line[HEX_ID] == ' ')
			return line;
	return NULL;
}

static int count_lines(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

FIXTURE(table) {
};

FIXTURE_SETUP(table)
{
}

FIXTURE_TEARDOWN(table)
{
	EXPECT_EQ(0, write_file(SYSFS "max_session_dirs", "4096"));
}

/* What the files of its directory say, its line says, too. */
TEST(as_the_directory)
{
	char *names[COLUMNS], *values[COLUMNS], id[HEX_ID + 1], path[256];
	char want[8192], headings[2048], *text;
	volatile int *ready = shared(4096);
	int n, compared = 0;
	pid_t inside;

	ASSERT_EQ(0, enter_session());
	own_id(id);
	ASSERT_EQ(0, session_set(id, "intent", " two  words "));
	ASSERT_EQ(0, session_set(id, "max_forks", "18446744073709551615"));
	ASSERT_EQ(0, session_set(id, "max_write_bytes", "1234567890"));
	ASSERT_EQ(0, session_set(id, "action", "deny"));
	ASSERT_EQ(0, session_set(id, "grace_ns", "5000"));
	ASSERT_EQ(0, session_set(id, "sealed", "1"));
	/* One limit that is crossed, and one session inside. */
	ASSERT_EQ(0, session_set(id, "max_unlinks", "1"));
	EXPECT_EQ(ENOENT, ERR(unlink("none")));
	EXPECT_EQ(EDQUOT, ERR(unlink("none")));
	inside = fork();
	if (!inside) {
		if (!enter_session())
			raise_flag(ready);
		for (;;)
			pause();
	}
	ASSERT_TRUE(WAIT_FOR(*ready));
	ASSERT_EQ(1, session_get(id, "crossings"));
	ASSERT_EQ(1, session_get(id, "descendants"));
	ASSERT_EQ(2, session_get(id, "counters/tasks"));

	text = read_table(4096);
	ASSERT_NE(NULL, text);
	ASSERT_LT(strcspn(text, "\n"), sizeof(headings));
	snprintf(headings, sizeof(headings), "%s", strsep(&text, "\n"));
	n = split(headings, names, COLUMNS);
	ASSERT_LT(n, COLUMNS);
	EXPECT_STREQ("id", names[0]);
	EXPECT_STREQ("intent", names[n - 1]);
	text = line_of(text, id);
	ASSERT_NE(NULL, text);
	ASSERT_EQ(n, split(text, values, n));
	for (int i = 1; i < n; i++) {
		/* These go on while we look. */
		if (!strcmp(names[i], "total_syscalls") ||
		    !strcmp(names[i], "openat_count") ||
		    !strcmp(names[i], "elapsed_ns") ||
		    !strcmp(names[i], "cpu_ns")) {
			EXPECT_NE(0, strtoull(values[i], NULL, 10) ||
				     !strcmp(names[i], "cpu_ns"));
			continue;
		}
		if (read_file(want, sizeof(want), "%s",
			      session_path(path, id, names[i]))) {
			char file[64];

			snprintf(file, sizeof(file), "counters/%s", names[i]);
			ASSERT_EQ(0, read_file(want, sizeof(want), "%s",
					       session_path(path, id, file))) {
				TH_LOG("no file %s", names[i]);
			}
		}
		EXPECT_STREQ(want, values[i]) {
			TH_LOG("%s", names[i]);
		}
		compared++;
	}
	EXPECT_EQ(24, compared);
	kill(inside, SIGKILL);
	reap(inside);
}

/* Three of them, by bytes, by lines and at once: the same, oldest first. */
TEST_F(table, in_pieces)
{
	static const size_t steps[] = { 1, 7, 400, 4096, 65536 };
	char ids[3][HEX_ID + 1], *text, *line;
	pid_t pids[3];
	volatile int *ready = shared(4096);
	int at;

	for (int i = 0; i < 3; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			if (enter_session())
				_exit(1);
			own_id((char *)ready + 64 + i * 64);
			raise_flag(ready);
			for (;;)
				pause();
		}
		ASSERT_TRUE(WAIT_FOR(*ready == i + 1));
		strcpy(ids[i], (char *)ready + 64 + i * 64);
	}
	for (int s = 0; s < ARRAY_SIZE(steps); s++) {
		text = read_table(steps[s]);
		ASSERT_NE(NULL, text);
		EXPECT_EQ(4, count_lines(text));
		strsep(&text, "\n");
		for (at = 0; at < 3 && (line = strsep(&text, "\n")); at++)
			EXPECT_EQ(0, strncmp(line, ids[at], HEX_ID));
		EXPECT_EQ(3, at);
	}
	for (int i = 0; i < 3; i++) {
		kill(pids[i], SIGKILL);
		reap(pids[i]);
	}
	ASSERT_TRUE(WAIT_FOR(!sessions_live()));
	EXPECT_EQ(1, count_lines(read_table(4096)));
}

/* As for the directories: no directory, no line; all others are anybody's. */
TEST_F(table, who_sees_what)
{
	char id[HEX_ID + 1];
	struct stat st;

	ASSERT_EQ(0, stat(TABLE, &st));
	EXPECT_EQ(0444, st.st_mode & 07777);
	EXPECT_NE(0, write_file(TABLE, "1"));
	ASSERT_EQ(0, write_file(SYSFS "max_session_dirs", "0"));
	ASSERT_EQ(0, enter_session());
	EXPECT_EQ(NULL, line_of(read_table(4096), own_id(id)));
	ASSERT_EQ(0, write_file(SYSFS "max_session_dirs", "4"));
	ASSERT_EQ(0, enter_session());
	own_id(id);
	EXPECT_NE(NULL, line_of(read_table(4096), id));
}

static int look_as_nobody(void *id)
{
	if (setresuid(NOBODY, NOBODY, NOBODY))
		return 2;
	return !!line_of(read_table(4096), id);
}

TEST_F(table, anybody_reads)
{
	char id[HEX_ID + 1];

	ASSERT_EQ(0, enter_session());
	EXPECT_EQ(1, in_child(look_as_nobody, (void *)own_id(id)));
}

static int in_session(void *arg)
{
	return enter_session();
}

/* Sessions come and go while others read: a whole line each, none twice. */
TEST_F(table, while_sessions_come_and_go)
{
	volatile int *stop = shared(4096);
	char id[HEX_ID + 1], *text, *line;
	pid_t makers[4];
	__u64 end = now_ns() + 3000000000ULL;
	int reads = 0, mine;

	for (int i = 0; i < 4; i++) {
		makers[i] = fork();
		if (makers[i])
			continue;
		while (!*stop)
			if (in_child(in_session, NULL))
				_exit(1);
		_exit(0);
	}
	ASSERT_EQ(0, enter_session());
	own_id(id);
	while (now_ns() < end) {
		text = read_table(256);
		ASSERT_NE(NULL, text);
		mine = 0;
		reads++;
		while (*text && (line = strsep(&text, "\n"))) {
			char *words[COLUMNS];

			mine += !strncmp(line, id, HEX_ID);
			ASSERT_EQ(29, split(line, words, COLUMNS)) {
				TH_LOG("line '%s'", line);
			}
		}
		ASSERT_EQ(1, mine);
	}
	*stop = 1;
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(0, reap(makers[i]));
	EXPECT_LE(10, reads);
}

TEST_HARNESS_MAIN
