// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/* The trace events: their fields, and what stands in them. */
#include <poll.h>
#include <pthread.h>

#include "agentns-test.h"

#define TRACING		"/sys/kernel/tracing/"
#define INSTANCE	TRACING "instances/agentns-test/"

struct field {
	const char *declaration;
	int size;
};

/* Of the format file: one field after the common ones. */
static bool next_field(char **text, char *declaration, int *size)
{
	char *line, *p;

	while ((line = strsep(text, "\n"))) {
		p = strstr(line, "field:");
		if (!p || strstr(p, "field:unsigned char common_") ||
		    strstr(p, "field:unsigned short common_") ||
		    strstr(p, "field:int common_"))
			continue;
		p += strlen("field:");
		sprintf(declaration, "%.*s", (int)strcspn(p, ";"), p);
		p = strstr(p, "size:");
		*size = p ? atoi(p + 5) : -1;
		return true;
	}
	return false;
}

FIXTURE(format) {
};

FIXTURE_VARIANT(format) {
	const char *event;
	struct field fields[9];
};

FIXTURE_VARIANT_ADD(format, start) {
	.event = "agent_session_start",
	.fields = {
		{ "u8 sid[16]", 16 }, { "u8 psid[16]", 16 },
		{ "__data_loc char[] intent", 4 }, { "pid_t root_pid", 4 },
		{ "__data_loc char[] intent_text", 4 },
	},
};

FIXTURE_VARIANT_ADD(format, end) {
	.event = "agent_session_end",
	.fields = {
		{ "u8 sid[16]", 16 }, { "u64 total_syscalls", 8 },
		{ "u64 openat_count", 8 }, { "u64 write_bytes", 8 },
		{ "u64 connect_count", 8 }, { "u64 unlink_count", 8 },
		{ "u64 fork_count", 8 }, { "u64 elapsed_ns", 8 },
	},
};

FIXTURE_VARIANT_ADD(format, intent) {
	.event = "agent_intent_set",
	.fields = {
		{ "u8 sid[16]", 16 }, { "__data_loc char[] intent", 4 },
		{ "__data_loc char[] intent_text", 4 },
	},
};

FIXTURE_VARIANT_ADD(format, exceeded) {
	.event = "agent_budget_exceeded",
	.fields = {
		{ "u8 sid[16]", 16 }, { "__data_loc char[] resource", 4 },
		{ "u64 value", 8 }, { "u64 limit", 8 },
		{ "__data_loc char[] action", 4 },
	},
};

FIXTURE_VARIANT_ADD(format, kill) {
	.event = "agent_session_kill",
	.fields = {
		{ "u8 sid[16]", 16 }, { "__data_loc char[] cause", 4 },
	},
};

FIXTURE_VARIANT_ADD(format, join) {
	.event = "agent_task_join",
	.fields = {
		{ "u8 sid[16]", 16 }, { "u8 old_sid[16]", 16 },
		{ "pid_t pid", 4 }, { "pid_t tgid", 4 },
		{ "__data_loc char[] comm", 4 },
	},
};

FIXTURE_SETUP(format)
{
}

FIXTURE_TEARDOWN(format)
{
}

TEST_F(format, fields)
{
	char text[4096], declaration[256], *p = text;
	const struct field *f;
	int size;

	ASSERT_EQ(0, read_file(text, sizeof(text), TRACING
			       "events/agent_ns/%s/format", variant->event));
	for (f = variant->fields; f->declaration; f++) {
		ASSERT_TRUE(next_field(&p, declaration, &size));
		EXPECT_STREQ(f->declaration, declaration);
		EXPECT_EQ(f->size, size);
	}
	EXPECT_FALSE(next_field(&p, declaration, &size)) {
		TH_LOG("one more field: %s", declaration);
	}
}

FIXTURE(trace) {
	char *text;
	pid_t child;
};

FIXTURE_SETUP(trace)
{
	rmdir(INSTANCE);
	ASSERT_EQ(0, ERR(mkdir(INSTANCE, 0700)));
	ASSERT_EQ(0, write_file(INSTANCE "events/agent_ns/enable", "1"));
	self->text = malloc(1 << 16);
}

FIXTURE_TEARDOWN(trace)
{
	EXPECT_EQ(0, write_file(INSTANCE "events/agent_ns/enable", "0"));
	EXPECT_EQ(0, ERR(rmdir(INSTANCE)));
}

/* All that was traced so far, without the header. */
static char *traced(char *text)
{
	int fd = open(INSTANCE "trace", O_RDONLY), n = 0, got;

	while ((got = read(fd, text + n, (1 << 16) - 1 - n)) > 0)
		n += got;
	text[n] = 0;
	close(fd);
	while (*text == '#')
		text = strchr(text, '\n') + 1;
	return text;
}

static int count(const char *text, const char *what)
{
	int n = 0;

	while ((text = strstr(text, what))) {
		text += strlen(what);
		n++;
	}
	return n;
}

/* In the order in which they are to come. */
static bool in_order(const char *text, const char *const *lines)
{
	for (; *lines; lines++) {
		text = strstr(text, *lines);
		if (!text)
			return false;
		text += strlen(*lines);
	}
	return true;
}

struct ids {
	char id[2][HEX_ID + 1];
	pid_t pid;
};

static int two_sessions(void *arg)
{
	struct ids *ids = arg;

	ids->pid = getpid();
	if (enter_session())
		return 1;
	own_id(ids->id[0]);
	agent(PR_SET_AGENT_INTENT_TAG, "the \"first\" sid=0");
	syscall(SYS_unlink, "/nonexistent");
	if (enter_session())
		return 1;
	own_id(ids->id[1]);
	syscall(SYS_write, 2, "", 0);
	syscall(SYS_connect, -1, NULL, 0);
	syscall(SYS_openat, AT_FDCWD, "/nonexistent", O_RDONLY);
	/* Refused: these leave nothing in the trace. */
	agent(PR_SET_AGENT_INTENT_TAG, "\n");
	agent(PR_SET_AGENT_INTENT_TAG, NULL);
	return 0;
}

TEST_F(trace, life_of_two_sessions)
{
	struct ids *ids = shared(4096);
	char line[5][512], *text;
	const char *const lines[] = {
		line[0], line[1], line[2], line[3], line[4], NULL,
	};

	ASSERT_EQ(0, in_child(two_sessions, ids));
	ASSERT_TRUE(WAIT_FOR(!sessions_live()));
	text = traced(self->text);

	sprintf(line[0],
		"agent_session_start: sid=%s psid=%s root_pid=%d intent=\n",
		ids->id[0], NO_SESSION, ids->pid);
	sprintf(line[1],
		"agent_intent_set: sid=%s intent=the \\x22first\\x22 sid\\x3d0\n",
		ids->id[0]);
	sprintf(line[2],
		"agent_session_start: sid=%s psid=%s root_pid=%d intent=\n",
		ids->id[1], ids->id[0], ids->pid);
	/* own_id, write, connect, openat, two tags, exit_group */
	sprintf(line[3],
		"agent_session_end: sid=%s total_syscalls=7 openat_count=1 write_bytes=0 connect_count=1 unlink_count=0 fork_count=0 elapsed_ns=",
		ids->id[1]);
	/* and own_id, a tag, unlink, PR_SET_AGENT_NS */
	sprintf(line[4],
		"agent_session_end: sid=%s total_syscalls=11 openat_count=1 write_bytes=0 connect_count=1 unlink_count=1 fork_count=0 elapsed_ns=",
		ids->id[0]);
	EXPECT_TRUE(in_order(text, lines)) {
		TH_LOG("not in this order in:\n%s", text);
	}
	EXPECT_EQ(2, count(text, "agent_session_start:"));
	EXPECT_EQ(2, count(text, "agent_session_end:"));
	EXPECT_EQ(1, count(text, "agent_intent_set:"));
}

/* A tag set from outside is an event, too. */
TEST_F(trace, tag_by_sysfs)
{
	char id[HEX_ID + 1], line[256];

	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, session_set(own_id(id), "intent", "by hand\n"));
	EXPECT_EQ(EINVAL, session_set(id, "intent", "\x01"));
	sprintf(line, "agent_intent_set: sid=%s intent=by hand\n", id);
	EXPECT_EQ(1, count(traced(self->text), line));
	EXPECT_EQ(1, count(traced(self->text), "agent_intent_set:"));
}

/* What is in the text can be read in one way; the field is what was set. */
TEST_F(trace, a_tag_forges_no_field)
{
	static const struct {
		const char *tag, *text;
	} tags[] = {
		{ "a b, c: d)", "a b, c: d)" },
		{ "x\" sid=0 \\x41", "x\\x22 sid\\x3d0 \\x5cx41" },
		{ "\xc2\xa0\xe2\x80\xae", "\\xc2\\xa0\\xe2\\x80\\xae" },
		{ "===============================================================",
		  "\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d"
		  "\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d"
		  "\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d"
		  "\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d"
		  "\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d\\x3d" },
	};
	char id[HEX_ID + 1], line[512];

	ASSERT_EQ(0, enter_session());
	own_id(id);
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, session_set(id, "intent", tags[i].tag));
		sprintf(line, "agent_intent_set: sid=%s intent=%s\n", id,
			tags[i].text);
		EXPECT_EQ(1, count(traced(self->text), line)) {
			TH_LOG("no line %s", line);
		}
	}
	ASSERT_EQ(0, write_file(INSTANCE "events/agent_ns/agent_intent_set/filter",
				"intent == \"a=b\" && intent_text == \"a\\x3db\""));
	ASSERT_EQ(0, session_set(id, "intent", "a=c"));
	ASSERT_EQ(0, session_set(id, "intent", "a=b"));
	EXPECT_EQ(5, count(traced(self->text), "agent_intent_set:"));
}

#define HOSTILE		"a b=\"\\\n\xff"

struct joins {
	int fd;
	pid_t pid, tid, nested;
	char inner[HEX_ID + 1];
};

static void *join_thread(void *arg)
{
	struct joins *j = arg;

	j->tid = gettid();
	prctl(PR_SET_NAME, HOSTILE);
	return (void *)(long)ERR(setns(j->fd, AGENT_NS));
}

static int join_as_thread(void *arg)
{
	struct joins *j = arg;
	pthread_t thread;
	void *ret;

	j->pid = getpid();
	if (pthread_create(&thread, NULL, join_thread, j) ||
	    pthread_join(thread, &ret))
		return 255;
	return (long)ret;
}

static int do_nothing(void *arg)
{
	return 0;
}

static int join_from_another(void *arg)
{
	struct joins *j = arg;

	j->nested = getpid();
	if (enter_session() || ERR(setns(j->fd, 0)))
		return 1;
	own_id(j->inner);
	/* It is there already; a refused call; a child. */
	return ERR(setns(j->fd, 0)) || ERR(setns(j->fd, CLONE_NEWNET)) != EINVAL ||
	       in_child(do_nothing, NULL);
}

/* Told of is who enters a session that is there, and nobody else. */
TEST_F(trace, joins)
{
	struct joins *j = shared(4096);
	int *go = (int *)(j + 1);
	char *id = (char *)(go + 1), line[512], *text, *start;
	pid_t holder = fork();

	if (!holder) {
		enter_session();
		own_id(id);
		raise_flag(go);
		for (;;)
			pause();
	}
	ASSERT_TRUE(WAIT_FOR(*go));
	j->fd = agent_fd(holder);
	EXPECT_EQ(0, in_child(join_as_thread, j));
	EXPECT_EQ(0, in_child(join_from_another, j));
	kill(holder, SIGKILL);
	reap(holder);
	text = traced(self->text);

	sprintf(line,
		"agent_task_join: sid=%s old_sid=%s pid=%d tgid=%d comm=a b\\x3d\\x22\\x5c\\x0a\\xff\n",
		id, NO_SESSION, j->tid, j->pid);
	EXPECT_EQ(1, count(text, line)) {
		TH_LOG("no line %s", line);
	}
	EXPECT_STREQ(id, j->inner);
	sprintf(line, " psid=%s root_pid=%d intent=\n", NO_SESSION, j->nested);
	start = strstr(text, line);
	ASSERT_NE(NULL, start);
	sprintf(line, "agent_task_join: sid=%s old_sid=%.32s pid=%d tgid=%d comm=trace\n",
		id, start - HEX_ID, j->nested, j->nested);
	EXPECT_EQ(1, count(text, line)) {
		TH_LOG("no line %s", line);
	}
	EXPECT_EQ(2, count(text, "agent_task_join: sid=")) {
		TH_LOG("more joins:\n%s", text);
	}
	EXPECT_EQ(2, count(text, "agent_session_start: sid="));
}

TEST_F(trace, a_session_that_is_killed_ends)
{
	struct agent_ns_budget_uapi budget = {
		.max_syscalls = 10, .action = AGENT_NS_ACTION_KILL,
	};
	char *id = shared(4096), line[256];
	pid_t pid = fork();

	if (!pid) {
		enter_session();
		own_id(id);
		agent(PR_SET_AGENT_BUDGET_LIMITS, &budget);
		for (;;)
			syscall(SYS_getppid);
	}
	EXPECT_EQ(KILLED, reap(pid));
	ASSERT_TRUE(WAIT_FOR(!sessions_live()));
	/* What was refused was not charged. */
	sprintf(line, "agent_session_end: sid=%s total_syscalls=10 ", id);
	EXPECT_EQ(1, count(traced(self->text), line));
}

/* Once each, however often the limit is crossed. */
TEST_F(trace, a_crossing_and_a_kill)
{
	struct agent_ns_budget_ex ex = { .max_unlinks = 2 };
	char *id = shared(4096), line[256];
	volatile int *ready = (int *)(id + 64);
	pid_t pid = fork();

	if (!pid) {
		enter_session();
		own_id(id);
		set_ex(ex);
		for (int i = 0; i < 10; i++)
			syscall(SYS_unlink, "/nonexistent");
		raise_flag(ready);
		for (;;)
			pause();
	}
	ASSERT_TRUE(WAIT_FOR(*ready));
	ASSERT_EQ(0, session_set(id, "kill", "1"));
	EXPECT_EQ(KILLED, reap(pid));
	sprintf(line,
		"agent_budget_exceeded: sid=%s resource=max_unlinks value=2 limit=2 action=log\n",
		id);
	EXPECT_EQ(1, count(traced(self->text), line));
	EXPECT_EQ(1, count(traced(self->text), "agent_budget_exceeded:"));
	sprintf(line, "agent_session_kill: sid=%s cause=sysfs\n", id);
	EXPECT_EQ(1, count(traced(self->text), line));
}

/* A session in which nobody is, and who watches what is crossed there. */
FIXTURE(exceeded) {
	char *text, *id;
	struct pollfd p;
	int fd, crossings, log[2];
};

FIXTURE_VARIANT(exceeded) {
	const char *action;
	int result;		/* of who crosses the limit */
};

#define STOPPED		2000

#define ACTION(_name, _result)						\
	FIXTURE_VARIANT_ADD(exceeded, _name) {				\
		.action = #_name, .result = _result,			\
	}

ACTION(log, 0);
ACTION(term, 1000 + SIGTERM);
ACTION(kill, KILLED);
ACTION(stop, STOPPED);
ACTION(deny, 0);

FIXTURE_SETUP(exceeded)
{
	char path[256];
	pid_t pid;

	rmdir(INSTANCE);
	ASSERT_EQ(0, ERR(mkdir(INSTANCE, 0700)));
	self->text = malloc(1 << 16);
	self->id = shared(4096);
	pid = fork();
	if (!pid) {
		enter_session();
		own_id(self->id);
		for (;;)
			pause();
	}
	ASSERT_TRUE(WAIT_FOR(self->id[HEX_ID - 1]));
	self->fd = agent_fd(pid);
	ASSERT_LE(0, self->fd);
	kill(pid, SIGKILL);
	reap(pid);
	self->p.events = POLLPRI;
	self->p.fd = open(session_path(path, self->id, "crossings"), O_RDONLY);
	ASSERT_LE(0, self->p.fd);
	ASSERT_EQ(2, read(self->p.fd, self->text, 16));
	ASSERT_EQ(0, session_set(self->id, "action", variant->action));
	ASSERT_EQ(0, write_file(INSTANCE "events/agent_ns/agent_budget_exceeded/enable", "1"));
	for (int i = 0; i < 2; i++)
		self->log[i] = kmsg_open();
}

FIXTURE_TEARDOWN(exceeded)
{
	EXPECT_EQ(0, write_file(INSTANCE "events/agent_ns/enable", "0"));
	EXPECT_EQ(0, ERR(rmdir(INSTANCE)));
}

/* Somebody goes there and works: how that ends, if it does. */
static int work_there(int fd)
{
	int status, ret;
	pid_t pid = fork();

	if (!pid) {
		if (setns(fd, AGENT_NS))
			_exit(1);
		for (int i = 0; i < 10; i++)
			syscall(SYS_unlink, "/nonexistent");
		syscall(SYS_exit_group, 0);
	}
	if (waitpid(pid, &status, WUNTRACED) != pid)
		return -1;
	if (!WIFSTOPPED(status))
		return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) :
					     WEXITSTATUS(status);
	ret = WSTOPSIG(status) == SIGSTOP ? STOPPED : -1;
	kill(pid, SIGKILL);
	return reap(pid) == KILLED ? ret : -1;
}

/* One more change of the file that tells how many there were, and no second. */
static bool one_change(struct pollfd *p, int crossings)
{
	char text[16] = { };

	return poll(p, 1, 20000) == 1 && p->revents & POLLPRI &&
	       pread(p->fd, text, sizeof(text) - 1, 0) > 0 &&
	       atoi(text) == crossings && !poll(p, 1, 50);
}

/*
 * What the one event that was traced says of the value, in a line with those
 * beginning and end; all ones where there is none or more, or something else.
 */
static __u64 value_traced(char *text, const char *begin, const char *end)
{
	char *line = strstr(text, begin);
	__u64 value;

	if (!line || count(text, "agent_budget_exceeded:") != 1)
		return ~0ULL;
	value = strtoull(line + strlen(begin), &line, 10);
	return strncmp(line, end, strlen(end)) ? ~0ULL : value;
}

/*
 * One event, one line of the log and one change of the file since last time,
 * and what is in them. A @value of 0 is any that is not below the limit.
 */
static void expect_crossing(struct __test_metadata *_metadata,
			    FIXTURE_DATA(exceeded) *self, const char *action,
			    const char *resource, __u64 limit, __u64 value)
{
	char begin[128], end[256], *text;
	__u64 is;

	EXPECT_TRUE(one_change(&self->p, ++self->crossings));
	sprintf(begin, "agent_budget_exceeded: sid=%s resource=%s value=",
		self->id, resource);
	sprintf(end, " limit=%llu action=%s\n", (unsigned long long)limit, action);
	text = traced(self->text);
	is = value_traced(text, begin, end);
	EXPECT_NE(~0ULL, is) {
		TH_LOG("not one line, %s[...]%s but\n%s", begin, end, text);
	}
	EXPECT_LE(limit, is);
	if (value)
		EXPECT_EQ(value, is);
	sprintf(end, ": %s %llu reached, value %llu, action %s\n", resource,
		(unsigned long long)limit, (unsigned long long)is, action);
	EXPECT_EQ(1, kmsg_count(self->log[0], self->id, end));
	EXPECT_EQ(1, kmsg_count(self->log[1], self->id, " reached,"));
	close(open(INSTANCE "trace", O_WRONLY | O_TRUNC));
}

static void set_limit(const char *id, const char *file, __u64 limit)
{
	char text[32];

	sprintf(text, "%llu", (unsigned long long)limit);
	session_set(id, file, text);
}

/*
 * By work, twice, and by two limits that are below what was used. Whatever the
 * action leaves of those who are there, it is told of alike.
 */
TEST_F(exceeded, each_is_told_of_once)
{
	__u64 used = 0;

	for (int i = 0; i < 2; i++) {
		set_limit(self->id, "max_unlinks", used + 2);
		EXPECT_EQ(variant->result, work_there(self->fd));
		expect_crossing(_metadata, self, variant->action,
				"max_unlinks", used + 2, used + 2);
		used = session_get(self->id, "counters/unlink_count");
	}
	set_limit(self->id, "max_unlinks", 1);
	expect_crossing(_metadata, self, variant->action, "max_unlinks", 1, used);
	set_limit(self->id, "max_elapsed_ns", 1000);
	expect_crossing(_metadata, self, variant->action, "max_elapsed_ns",
			1000, 0);
}

/* It takes many ticks to end, in which it uses what it has no more of. */
TEST_F(trace, killed_once_for_its_time)
{
	size_t size = 256 << 20;
	int kills;

	self->child = fork();
	if (!self->child) {
		char *m = mmap(NULL, size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (m == MAP_FAILED)
			_exit(1);
		/* An error where the kernel has none. */
		madvise(m, size, MADV_NOHUGEPAGE);
		memset(m, 1, size);
		if (enter_session() || set_ex((struct agent_ns_budget_ex) {
				.max_cpu_ns = 1000000,
				.action = AGENT_NS_ACTION_KILL }))
			_exit(2);
		for (;;)
			;
	}
	EXPECT_EQ(KILLED, reap(self->child));
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
	/* Once more where another processor asked just before. */
	kills = count(traced(self->text), "agent_session_kill:");
	EXPECT_LE(1, kills);
	EXPECT_GE(2, kills);
}

TEST_HARNESS_MAIN
