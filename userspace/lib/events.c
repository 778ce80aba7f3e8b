// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Events of sessions, as they happen: the kernel's trace events, through an
 * instance of tracefs that is the watcher's own, so that nobody else's tracing
 * is disturbed and nobody else takes events away.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

#define INSTANCE_PREFIX	"agentns-"

/**
 * struct agentns_events - a watcher
 * @tracing_fd: of tracefs
 * @instance_fd: of our own folder in it
 * @pipe_fd: trace_pipe, non-blocking
 * @instance: the folder's name
 * @used: bytes in @buf
 * @skipping: a line did not fit; what follows up to its end is dropped
 * @buf: what was read and is not yet a line
 */
struct agentns_events {
	int tracing_fd;
	int instance_fd;
	int pipe_fd;
	char instance[48];
	size_t used;
	bool skipping;
	char buf[8192];
};

/* ---- lines ---- */

/* The value of "NAME=" in @fields, which begins the text or follows a blank. */
static const char *field(const char *fields, const char *name)
{
	size_t len = strlen(name);

	while (fields) {
		if (!strncmp(fields, name, len) && fields[len] == '=')
			return fields + len + 1;
		fields = strchr(fields, ' ');
		fields = fields ? fields + 1 : NULL;
	}
	return NULL;
}

static int field_id(const char *fields, const char *name,
		    struct agent_session_id_uapi *id)
{
	const char *value = field(fields, name);
	char text[AGENTNS_ID_BUFSIZE];

	if (!value || strcspn(value, " ") != AGENTNS_ID_STRLEN)
		return -EBADMSG;
	memcpy(text, value, AGENTNS_ID_STRLEN);
	text[AGENTNS_ID_STRLEN] = '\0';
	return agentns_id_parse(text, id) ? -EBADMSG : 0;
}

static int field_number(const char *fields, const char *name, uint64_t *number)
{
	const char *value = field(fields, name);
	char text[24];
	size_t len;

	if (!value)
		return -EBADMSG;
	len = strcspn(value, " ");
	if (len >= sizeof(text))
		return -EBADMSG;
	memcpy(text, value, len);
	text[len] = '\0';
	return agentns__digits(text, number);
}

static int field_word(const char *fields, const char *name, char *buf,
		      size_t size)
{
	const char *value = field(fields, name);
	size_t len;

	if (!value)
		return -EBADMSG;
	len = strcspn(value, " ");
	if (len >= size)
		return -EBADMSG;
	memcpy(buf, value, len);
	buf[len] = '\0';
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "\xHH"; -1 for anything else, and for a NUL. */
static int escaped_byte(const char *s)
{
	int high, low;

	if (s[0] != '\\' || s[1] != 'x')
		return -1;
	high = hex_digit(s[2]);
	low = high < 0 ? -1 : hex_digit(s[3]);
	return low < 0 || !(high << 4 | low) ? -1 : high << 4 | low;
}

/*
 * A string that somebody chose is last, as it may hold blanks, and escaped, so
 * that it holds nothing that looks like a field: see module/trace.c.
 */
static int field_escaped(const char *fields, const char *name, char *buf,
			 size_t size)
{
	const char *value = field(fields, name);
	size_t len = 0;

	if (!value)
		return -EBADMSG;
	while (*value) {
		int byte = (unsigned char)*value;

		if (byte < 0x20 || byte > 0x7e || byte == '=' || byte == '"')
			return -EBADMSG;
		if (byte == '\\') {
			byte = escaped_byte(value);
			if (byte < 0)
				return -EBADMSG;
			value += 3;
		}
		value++;
		if (len + 1 >= size)
			return -EBADMSG;
		buf[len++] = byte;
	}
	buf[len] = '\0';
	return 0;
}

static int parse_intent(const char *fields, struct agentns_event *event)
{
	return field_escaped(fields, "intent", event->intent,
			     sizeof(event->intent));
}

static int parse_start(const char *fields, struct agentns_event *event)
{
	uint64_t pid;
	int ret;

	ret = field_id(fields, "psid", &event->parent);
	if (!ret)
		ret = field_number(fields, "root_pid", &pid);
	if (ret || pid > INT_MAX)
		return -EBADMSG;
	event->pid = pid;
	return parse_intent(fields, event);
}

static int parse_end(const char *fields, struct agentns_event *event)
{
	struct agent_ns_counters_uapi *c = &event->counters;
	const struct {
		const char *name;
		__u64 *value;
	} counters[] = {
		{ "total_syscalls", &c->total_syscalls },
		{ "openat_count", &c->openat_count },
		{ "write_bytes", &c->write_bytes },
		{ "connect_count", &c->connect_count },
		{ "unlink_count", &c->unlink_count },
		{ "fork_count", &c->fork_count },
		{ "elapsed_ns", &c->elapsed_ns },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		uint64_t value;

		if (field_number(fields, counters[i].name, &value))
			return -EBADMSG;
		*counters[i].value = value;
	}
	return 0;
}

static int parse_exceeded(const char *fields, struct agentns_event *event)
{
	if (field_word(fields, "resource", event->resource,
		       sizeof(event->resource)) ||
	    field_number(fields, "value", &event->value) ||
	    field_number(fields, "limit", &event->limit) ||
	    field_word(fields, "action", event->action, sizeof(event->action)))
		return -EBADMSG;
	return 0;
}

static int parse_kill(const char *fields, struct agentns_event *event)
{
	/* What killed it is newer than the event. */
	field_word(fields, "cause", event->action, sizeof(event->action));
	return 0;
}

static int parse_join(const char *fields, struct agentns_event *event)
{
	uint64_t tid, pid;

	if (field_number(fields, "pid", &tid) || tid > INT_MAX ||
	    field_number(fields, "tgid", &pid) || pid > INT_MAX ||
	    field_id(fields, "old_sid", &event->from))
		return -EBADMSG;
	event->tid = tid;
	event->pid = pid;
	return field_escaped(fields, "comm", event->comm, sizeof(event->comm));
}

static const struct {
	const char *name;
	enum agentns_event_type type;
	int (*parse)(const char *fields, struct agentns_event *event);
} kinds[] = {
	{ "agent_session_start: ", AGENTNS_EVENT_START, parse_start },
	{ "agent_session_end: ", AGENTNS_EVENT_END, parse_end },
	{ "agent_intent_set: ", AGENTNS_EVENT_INTENT, parse_intent },
	{ "agent_budget_exceeded: ", AGENTNS_EVENT_EXCEEDED, parse_exceeded },
	{ "agent_session_kill: ", AGENTNS_EVENT_KILL, parse_kill },
	{ "agent_task_join: ", AGENTNS_EVENT_JOIN, parse_join },
};

/* "CPU:0 [LOST 12 EVENTS]", and nothing else: a name is too short to be that. */
static bool parse_lost(const char *line, struct agentns_event *event)
{
	int end = 0;

	if (sscanf(line, "CPU:%*u [LOST %" SCNu64 " EVENTS]%n", &event->value,
		   &end) != 1 || !end || line[end])
		return false;
	event->type = AGENTNS_EVENT_LOST;
	return true;
}

/* Which of kinds[] begins @s? The number of them for none. */
static size_t find_kind(const char *s)
{
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		len = strlen(kinds[i].name);
		if (!strncmp(s, kinds[i].name, len) &&
		    !strncmp(s + len, "sid=", 4))
			break;
	}
	return i;
}

/*
 * "COMM-PID [CPU] FLAGS SECONDS.MICROSECONDS: EVENT: FIELDS"
 *
 * COMM may hold anything, also a newline or what looks like the beginning of an
 * event, but 15 bytes are too few for a whole name with "sid=" after it: what
 * has less is passed over. Strings within the fields have no "=": see
 * field_escaped().
 *
 * Return: the fields, or NULL; *@kind is an index of kinds[].
 */
static const char *find_fields(const char *line, uint64_t *time_ns,
			       size_t *kind)
{
	const char *s = line;

	while ((s = strstr(s, "] "))) {
		unsigned long long seconds, microseconds;
		int flags_end = 0, end = 0;

		s += 2;
		/* Flags are letters, digits, "." and "#". */
		flags_end = strcspn(s, " ");
		if (flags_end == 0 || flags_end >= 16 ||
		    sscanf(s + flags_end, " %llu.%6llu: %n", &seconds,
			   &microseconds, &end) != 2 || !end)
			continue;
		*kind = find_kind(s + flags_end + end);
		if (*kind == ARRAY_SIZE(kinds))
			continue;
		*time_ns = seconds * 1000000000ULL + microseconds * 1000;
		return s + flags_end + end + strlen(kinds[*kind].name);
	}
	return NULL;
}

int agentns__event_parse(const char *line, struct agentns_event *event)
{
	struct agentns_event e = { 0 };
	const char *fields;
	size_t kind;

	if (parse_lost(line, &e)) {
		*event = e;
		return 1;
	}
	fields = find_fields(line, &e.time_ns, &kind);
	if (!fields)
		return 0;
	e.type = kinds[kind].type;
	if (field_id(fields, "sid", &e.id) || kinds[kind].parse(fields, &e))
		return -EBADMSG;
	*event = e;
	return 1;
}

/* ---- tracefs ---- */

static int open_tracing(struct agentns *handle)
{
	static const char *const places[] = {
		"sys/kernel/tracing", "sys/kernel/debug/tracing",
	};
	int fd = -1, error = EOPNOTSUPP;
	size_t i;

	for (i = 0; fd < 0 && i < ARRAY_SIZE(places); i++) {
		fd = openat(handle->root_fd, places[i],
			    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 && errno != ENOENT)
			error = errno;
		/* An empty mount point is not it. */
		if (fd >= 0 && faccessat(fd, "instances", F_OK, 0)) {
			error = errno == ENOENT ? EOPNOTSUPP : errno;
			close(fd);
			fd = -1;
		}
	}
	if (fd < 0)
		return -error;
	if (!faccessat(fd, "events/agent_ns", F_OK, 0))
		return fd;
	error = errno == ENOENT ? ENOSYS : errno;
	close(fd);
	return -error;
}

static int put(int dir_fd, const char *file, const char *value)
{
	int fd = openat(dir_fd, file, O_WRONLY | O_TRUNC | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* Instances of watchers that were killed. */
static void remove_stale(int tracing_fd)
{
	const char *name;
	int error;
	DIR *dir;

	if (agentns__opendir(tracing_fd, "instances", &dir))
		return;
	while ((name = agentns__readdir(dir, &error))) {
		int pid, number, end = 0;

		if (sscanf(name, INSTANCE_PREFIX "%d-%d%n", &pid, &number,
			   &end) == 2 && !name[end] && pid > 0 &&
		    kill(pid, 0) && errno == ESRCH)
			/* In use after all, it is busy. */
			unlinkat(dirfd(dir), name, AT_REMOVEDIR);
	}
	closedir(dir);
}

static int make_instance(struct agentns_events *ev)
{
	int i;

	for (i = 0; i < 1000; i++) {
		snprintf(ev->instance, sizeof(ev->instance),
			 "instances/" INSTANCE_PREFIX "%d-%d", (int)getpid(),
			 i);
		if (!mkdirat(ev->tracing_fd, ev->instance, 0700))
			break;
		if (errno != EEXIST)
			return -errno;
	}
	if (i == 1000)
		return -EEXIST;
	ev->instance_fd = openat(ev->tracing_fd, ev->instance,
				 O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return ev->instance_fd < 0 ? -errno : 0;
}

static int start(struct agentns_events *ev)
{
	int ret;

	ret = put(ev->instance_fd, "trace_clock", "boot");
	if (ret)
		return ret;
	put(ev->instance_fd, "buffer_size_kb", "256");
	/* Else a waiter is woken only when the buffer is half full. */
	put(ev->instance_fd, "buffer_percent", "0");
	ev->pipe_fd = openat(ev->instance_fd, "trace_pipe",
			     O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (ev->pipe_fd < 0)
		return -errno;
	return put(ev->instance_fd, "events/agent_ns/enable", "1");
}

int agentns_events_open(struct agentns *handle, struct agentns_events **events)
{
	struct agentns_events *ev;
	int ret;

	ev = calloc(1, sizeof(*ev));
	if (!ev)
		return -ENOMEM;
	ev->instance_fd = -1;
	ev->pipe_fd = -1;
	ev->tracing_fd = open_tracing(handle);
	ret = ev->tracing_fd;
	if (ret >= 0) {
		remove_stale(ev->tracing_fd);
		ret = make_instance(ev);
	}
	if (!ret)
		ret = start(ev);
	if (ret) {
		agentns_events_close(ev);
		return ret;
	}
	*events = ev;
	return 0;
}

void agentns_events_close(struct agentns_events *ev)
{
	if (!ev)
		return;
	if (ev->pipe_fd >= 0)
		close(ev->pipe_fd);
	if (ev->instance_fd >= 0) {
		put(ev->instance_fd, "events/agent_ns/enable", "0");
		close(ev->instance_fd);
		unlinkat(ev->tracing_fd, ev->instance, AT_REMOVEDIR);
	}
	if (ev->tracing_fd >= 0)
		close(ev->tracing_fd);
	free(ev);
}

int agentns_events_fd(const struct agentns_events *ev)
{
	return ev->pipe_fd;
}

/* Take the first line off the buffer; false when it holds none. */
static bool take_line(struct agentns_events *ev, char *line)
{
	char *newline = memchr(ev->buf, '\n', ev->used);
	size_t len;

	if (!newline) {
		if (ev->used == sizeof(ev->buf)) {
			ev->used = 0;
			ev->skipping = true;
		}
		return false;
	}
	len = newline - ev->buf;
	memcpy(line, ev->buf, len);
	line[len] = '\0';
	ev->used -= len + 1;
	memmove(ev->buf, newline + 1, ev->used);
	if (ev->skipping) {
		*line = '\0';
		ev->skipping = false;
	}
	return true;
}

int agentns_events_next(struct agentns_events *ev, struct agentns_event *event)
{
	char line[sizeof(ev->buf)];
	ssize_t n;
	int ret;

	for (;;) {
		while (take_line(ev, line)) {
			ret = agentns__event_parse(line, event);
			if (ret)
				return ret;
		}
		n = read(ev->pipe_fd, ev->buf + ev->used,
			 sizeof(ev->buf) - ev->used);
		if (!n || (n < 0 && errno == EAGAIN))
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			ev->used += n;
	}
}

const char *agentns_event_name(enum agentns_event_type type)
{
	static const char *const names[] = {
		[AGENTNS_EVENT_START]	= "start",
		[AGENTNS_EVENT_END]	= "end",
		[AGENTNS_EVENT_INTENT]	= "intent",
		[AGENTNS_EVENT_EXCEEDED] = "exceeded",
		[AGENTNS_EVENT_KILL]	= "kill",
		[AGENTNS_EVENT_JOIN]	= "join",
		[AGENTNS_EVENT_LOST]	= "lost",
	};

	if ((size_t)type < ARRAY_SIZE(names) && names[type])
		return names[type];
	return "unknown";
}
