// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <search.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "commands.h"
#include "escape.h"
#include "events-trace.h"
#include "filter.h"
#include "problem.h"
#include "table.h"
#include "trace-context.h"
#include "until-signal.h"

/* How long, and how often, the environment of a session's maker is waited for. */
#define ENVIRON_MS	100
#define ENVIRON_TRIES	20

enum { COL_TIME, COL_EVENT, COL_ID, COL_PARENT, COL_PID, COL_COMM, COL_FROM,
       COL_INTENT, COL_RESOURCE, COL_ACTION, COL_VALUE, COL_LIMIT,
       COL_SYSCALLS, COL_OPENS, COL_WRITE_BYTES, COL_CONNECTS, COL_UNLINKS,
       COL_FORKS, COL_ELAPSED, N_EVENT_COLUMNS };

const struct column event_columns[] = {
	[COL_TIME]	= { "TIME", "when, seconds since the epoch",
			    COLUMN_NUMBER },
	[COL_EVENT]	= { "EVENT", "start, end, intent, exceeded, kill, join, lost",
			    COLUMN_STRING },
	[COL_ID]	= { "ID", "session id", COLUMN_STRING },
	[COL_PARENT]	= { "PARENT", "id of the session it is nested in; zeros: none",
			    COLUMN_STRING },
	[COL_PID]	= { "PID", "start: its first process; join: who entered",
			    COLUMN_NUMBER },
	[COL_COMM]	= { "COMM", "join: name of who entered", COLUMN_STRING },
	[COL_FROM]	= { "FROM", "join: id of the session left; zeros: none",
			    COLUMN_STRING },
	[COL_INTENT]	= { "INTENT", "intent tag", COLUMN_STRING },
	[COL_RESOURCE]	= { "RESOURCE", "exceeded: the limit", COLUMN_STRING },
	[COL_ACTION]	= { "ACTION", "exceeded: what happened", COLUMN_STRING },
	[COL_VALUE]	= { "VALUE", "exceeded: of the counter", COLUMN_NUMBER },
	[COL_LIMIT]	= { "LIMIT", "exceeded: the limit's value",
			    COLUMN_NUMBER },
	[COL_SYSCALLS]	= { "SYSCALLS", "end: system calls", COLUMN_NUMBER },
	[COL_OPENS]	= { "OPENS", "end: files opened", COLUMN_NUMBER },
	[COL_WRITE_BYTES] = { "WRITE_BYTES", "end: bytes written",
			      COLUMN_NUMBER },
	[COL_CONNECTS]	= { "CONNECTS", "end: calls of connect", COLUMN_NUMBER },
	[COL_UNLINKS]	= { "UNLINKS", "end: calls of unlink", COLUMN_NUMBER },
	[COL_FORKS]	= { "FORKS", "end: processes and threads made",
			    COLUMN_NUMBER },
	[COL_ELAPSED]	= { "ELAPSED", "end: its age in seconds",
			    COLUMN_NUMBER },
	[N_EVENT_COLUMNS] = { 0 }
};

/**
 * struct watch - a run of print_trace_events()
 * @known: tree of the sessions that live, of tsearch(3)
 * @waiting: the one that is looked at for its maker's environment
 * @enough: as many were printed as were asked for
 */
struct watch {
	enum events_format format;
	const struct filter *filter;
	unsigned long left;
	struct agentns *handle;
	struct agentns_events *events;
	void *known;
	unsigned int waiting;
	bool enough;
};

/* An event, with what is known of its session. */
struct row {
	const struct agentns_event *event;
	const struct known_session *session;
	uint64_t wall_ns;
};

/* ---- the sessions that live ---- */

static int compare(const void *a, const void *b)
{
	const struct known_session *s = a, *t = b;

	return agentns_id_cmp(&s->id, &t->id);
}

static struct known_session *find(struct watch *w,
				  const struct agent_session_id_uapi *id)
{
	struct known_session key = { .id = *id };
	void *node = tfind(&key, &w->known, compare);

	return node ? *(struct known_session **)node : NULL;
}

static struct known_session *add(struct watch *w,
				 const struct agent_session_id_uapi *id)
{
	struct known_session *s = find(w, id);

	if (s)
		return s;
	s = calloc(1, sizeof(*s));
	if (s)
		s->id = *id;
	if (!s || !tsearch(s, &w->known, compare))
		err(EXIT_FAILURE, "cannot remember a session");
	return s;
}

static void forget(struct watch *w, struct known_session *s)
{
	tdelete(s, &w->known, compare);
	free(s);
}

/* Those that live already. */
static void read_known(struct watch *w)
{
	struct agentns_session session;
	struct agentns_iter *iter;

	if (agentns_iter_open(w->handle, &iter))
		return;
	while (agentns_iter_next_fields(iter, &session, AGENTNS_FIELD_PARENT |
					AGENTNS_FIELD_INTENT) > 0) {
		struct known_session *s = add(w, &session.id);

		s->parent = session.parent;
		strcpy(s->intent, session.intent);
		s->tries = ENVIRON_TRIES;
	}
	agentns_iter_close(iter);
}

/* The value of a variable among @len bytes of NAME=VALUE strings, or NULL. */
static const char *variable(const char *text, ssize_t len, const char *name)
{
	const char *var;

	for (var = text; var < text + len; var += strlen(var) + 1)
		if (!strncmp(var, name, strlen(name)))
			return var + strlen(name);
	return NULL;
}

/*
 * The trace that 'agentns run' was part of, from its command's environment.
 * Before it executes the command, it still has that of its own surroundings.
 */
static void read_trace(struct known_session *s)
{
	char path[40], text[32768], id[AGENTNS_ID_BUFSIZE];
	const char *value;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/environ", (long)s->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		s->tries = ENVIRON_TRIES;
		return;
	}
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	s->tries++;
	value = variable(text, n, "AGENTNS_SESSION_ID=");
	if (!value || strcmp(value, agentns_id_format(&s->id, id)))
		return;
	s->tries = ENVIRON_TRIES;
	value = variable(text, n, PARENT_TRACEPARENT_ENV "=");
	if (value && traceparent_valid(value))
		strcpy(s->trace, value);
}

static void try_trace(const void *node, VISIT visit, void *data)
{
	struct known_session *s = *(struct known_session **)node;
	struct watch *w = data;

	if ((visit != postorder && visit != leaf) || s->tries >= ENVIRON_TRIES)
		return;
	read_trace(s);
	w->waiting += s->tries < ENVIRON_TRIES;
}

/* ---- printing ---- */

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static char *event_cell(const void *data, size_t column)
{
	const struct row *row = data;
	const struct agentns_event *e = row->event;
	const struct agent_ns_counters_uapi *c = &e->counters;
	char id[AGENTNS_ID_BUFSIZE];

	switch (column) {
	case COL_TIME:
		return format("%" PRIu64 ".%06u", row->wall_ns / 1000000000,
			      (unsigned int)(row->wall_ns % 1000000000 / 1000));
	case COL_EVENT:
		return format("%s", agentns_event_name(e->type));
	case COL_ID:
		return format("%s", agentns_id_format(&e->id, id));
	case COL_PARENT:
		return format("%s", agentns_id_format(&row->session->parent,
						      id));
	case COL_INTENT:
		return format("%s", row->session->intent);
	case COL_PID:
		return format("%ld", (long)e->pid);
	case COL_COMM:
		return format("%s", e->comm);
	case COL_FROM:
		return format("%s", agentns_id_format(&e->from, id));
	case COL_RESOURCE:
		return format("%s", e->resource);
	case COL_ACTION:
		return format("%s", e->action);
	case COL_VALUE:
		return format("%" PRIu64, e->value);
	case COL_LIMIT:
		return format("%" PRIu64, e->limit);
	case COL_SYSCALLS:
		return format("%llu", (unsigned long long)c->total_syscalls);
	case COL_OPENS:
		return format("%llu", (unsigned long long)c->openat_count);
	case COL_WRITE_BYTES:
		return format("%llu", (unsigned long long)c->write_bytes);
	case COL_CONNECTS:
		return format("%llu", (unsigned long long)c->connect_count);
	case COL_UNLINKS:
		return format("%llu", (unsigned long long)c->unlink_count);
	case COL_FORKS:
		return format("%llu", (unsigned long long)c->fork_count);
	case COL_ELAPSED:
		return format("%.9f", c->elapsed_ns / 1e9);
	}
	return NULL;
}

/* RFC 3339, in UTC. */
static void print_time(uint64_t wall_ns, char buf[40])
{
	time_t seconds = wall_ns / 1000000000;
	struct tm tm;
	size_t len;

	gmtime_r(&seconds, &tm);
	len = strftime(buf, 40, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + len, 40 - len, ".%06uZ",
		 (unsigned int)(wall_ns % 1000000000 / 1000));
}

/* A tag or a name, in which nothing looks like a field. */
static void print_string(const char *name, const char *value)
{
	char *safe = escape(value), *s;

	printf(" %s=", name);
	for (s = safe; *s; s++)
		if (*s == '=')
			fputs("\\x3d", stdout);
		else
			putchar(*s);
	free(safe);
}

static void print_join(const struct agentns_event *e)
{
	char id[AGENTNS_ID_BUFSIZE];

	printf(" pid=%ld tid=%ld from=%s", (long)e->pid, (long)e->tid,
	       agentns_id_format(&e->from, id));
	print_string("comm", e->comm);
}

static void print_text(const struct row *row)
{
	const struct agentns_event *e = row->event;
	const struct agent_ns_counters_uapi *c = &e->counters;
	char when[40], id[AGENTNS_ID_BUFSIZE];

	print_time(row->wall_ns, when);
	printf("%s %-8s", when, agentns_event_name(e->type));
	if (e->type == AGENTNS_EVENT_LOST) {
		printf(" %" PRIu64 " events\n", e->value);
		return;
	}
	printf(" %s", agentns_id_format(&e->id, id));
	if (e->type == AGENTNS_EVENT_START)
		printf(" pid=%ld parent=%s", (long)e->pid,
		       agentns_id_format(&e->parent, id));
	else if (e->type == AGENTNS_EVENT_END)
		printf(" elapsed=%.3f syscalls=%llu opens=%llu write_bytes=%llu connects=%llu unlinks=%llu forks=%llu",
		       c->elapsed_ns / 1e9,
		       (unsigned long long)c->total_syscalls,
		       (unsigned long long)c->openat_count,
		       (unsigned long long)c->write_bytes,
		       (unsigned long long)c->connect_count,
		       (unsigned long long)c->unlink_count,
		       (unsigned long long)c->fork_count);
	else if (e->type == AGENTNS_EVENT_EXCEEDED)
		printf(" %s value=%" PRIu64 " limit=%" PRIu64 " action=%s",
		       e->resource, e->value, e->limit, e->action);
	else if (e->type == AGENTNS_EVENT_KILL && *e->action)
		printf(" cause=%s", e->action);
	else if (e->type == AGENTNS_EVENT_JOIN)
		print_join(e);
	if (*row->session->intent)
		print_string("intent", row->session->intent);
	putchar('\n');
}

static void put(struct json_object *object, const char *key,
		struct json_object *value)
{
	if (json_object_object_add(object, key, value))
		errx(EXIT_FAILURE, "cannot write JSON: out of memory");
}

static struct json_object *counters_json(const struct agent_ns_counters_uapi *c)
{
	struct json_object *o = json_object_new_object();

	put(o, "total_syscalls", json_object_new_uint64(c->total_syscalls));
	put(o, "openat_count", json_object_new_uint64(c->openat_count));
	put(o, "write_bytes", json_object_new_uint64(c->write_bytes));
	put(o, "connect_count", json_object_new_uint64(c->connect_count));
	put(o, "unlink_count", json_object_new_uint64(c->unlink_count));
	put(o, "fork_count", json_object_new_uint64(c->fork_count));
	put(o, "elapsed_ns", json_object_new_uint64(c->elapsed_ns));
	return o;
}

static void put_join(struct json_object *o, const struct agentns_event *e)
{
	/* It need not be UTF-8, which JSON must be. */
	char id[AGENTNS_ID_BUFSIZE], *comm = escape(e->comm);

	put(o, "tid", json_object_new_int64(e->tid));
	put(o, "comm", json_object_new_string(comm));
	put(o, "from", json_object_new_string(agentns_id_format(&e->from, id)));
	free(comm);
}

static void print_json(const struct row *row)
{
	struct json_object *o = json_object_new_object();
	const struct agentns_event *e = row->event;
	char when[40], id[AGENTNS_ID_BUFSIZE];

	print_time(row->wall_ns, when);
	put(o, "time", json_object_new_string(when));
	put(o, "event", json_object_new_string(agentns_event_name(e->type)));
	if (e->type == AGENTNS_EVENT_LOST) {
		put(o, "lost", json_object_new_uint64(e->value));
	} else {
		put(o, "id", json_object_new_string(
				agentns_id_format(&e->id, id)));
		put(o, "parent", json_object_new_string(
				agentns_id_format(&row->session->parent, id)));
		put(o, "intent", json_object_new_string(row->session->intent));
	}
	if (e->pid)
		put(o, "pid", json_object_new_int64(e->pid));
	if (e->type == AGENTNS_EVENT_JOIN)
		put_join(o, e);
	if (e->type == AGENTNS_EVENT_END)
		put(o, "counters", counters_json(&e->counters));
	if (e->type == AGENTNS_EVENT_EXCEEDED) {
		put(o, "resource", json_object_new_string(e->resource));
		put(o, "value", json_object_new_uint64(e->value));
		put(o, "limit", json_object_new_uint64(e->limit));
	}
	if (*e->action)
		put(o, e->type == AGENTNS_EVENT_KILL ? "cause" : "action",
		    json_object_new_string(e->action));
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

static bool print_row(const struct watch *w, const struct row *row)
{
	if (w->filter && !filter_matches(w->filter, event_cell, row))
		return false;
	switch (w->format) {
	case EVENTS_TEXT:
		print_text(row);
		return true;
	case EVENTS_JSON:
		print_json(row);
		return true;
	case EVENTS_OTLP:
		if (row->event->type != AGENTNS_EVENT_END)
			return false;
		print_otlp(row->session, row->event, row->wall_ns);
		return true;
	}
	return false;
}

/* ---- watching ---- */

static void take_event(struct watch *w, const struct agentns_event *e)
{
	uint64_t ago = clock_ns(CLOCK_BOOTTIME) - e->time_ns;
	struct known_session nothing = { .tries = ENVIRON_TRIES };
	struct known_session *s = &nothing;
	struct row row = { .event = e };

	row.wall_ns = clock_ns(CLOCK_REALTIME) - (e->time_ns ? ago : 0);
	if (e->type != AGENTNS_EVENT_LOST)
		s = e->type == AGENTNS_EVENT_END ? find(w, &e->id) :
		    add(w, &e->id);
	if (!s) {
		nothing.id = e->id;
		s = &nothing;
	}
	if (e->type == AGENTNS_EVENT_START) {
		s->parent = e->parent;
		s->pid = e->pid;
		w->waiting++;
	}
	if (e->type == AGENTNS_EVENT_START || e->type == AGENTNS_EVENT_INTENT)
		strcpy(s->intent, e->intent);
	row.session = s;
	if (print_row(w, &row) && w->left && !--w->left)
		w->enough = true;
	if (e->type == AGENTNS_EVENT_END && s != &nothing)
		forget(w, s);
}

static void take_events(struct watch *w)
{
	struct agentns_event event;
	int ret = 1;

	while (!until_signal_caught() && !w->enough && ret) {
		ret = agentns_events_next(w->events, &event);
		if (ret > 0)
			take_event(w, &event);
		else if (ret == -EBADMSG)
			warnx("an event could not be read: this program and agentns.ko are of different versions");
		else if (ret)
			errx(EXIT_FAILURE, "cannot read events: %s",
			     strerror(-ret));
		/* Each by itself, so that how it fails is known. */
		if (!flush_stdout())
			return;
	}
}

static void open_events(struct watch *w)
{
	int ret = agentns_events_open(w->handle, &w->events);

	if (!ret)
		return;
	if (ret == -EOPNOTSUPP)
		errx(EXIT_FAILURE, "cannot watch events: tracefs is not mounted (mount -t tracefs tracefs /sys/kernel/tracing)");
	errx(EXIT_FAILURE, "cannot watch events: %s", problem_read(ret));
}

int print_trace_events(enum events_format format, const struct filter *filter,
		       unsigned long count)
{
	struct watch w = { .format = format, .filter = filter, .left = count };
	/* Who reads what is printed may go while nothing happens. */
	struct pollfd poll_fds[] = {
		{ .events = POLLIN }, { .fd = STDOUT_FILENO },
	};
	struct timespec pause = { .tv_nsec = ENVIRON_MS * 1000000 };
	int status = EXIT_SUCCESS;

	/* Our instance of tracefs is to go with us. */
	until_signal_begin();
	signal(SIGPIPE, SIG_IGN);

	w.handle = open_handle(NULL);
	open_events(&w);
	read_known(&w);
	poll_fds[0].fd = agentns_events_fd(w.events);
	while (!until_signal_caught() && !w.enough && !ferror(stdout)) {
		bool wait = format == EVENTS_OTLP && w.waiting;

		if (until_signal_poll(poll_fds, 2, wait ? &pause : NULL) < 0) {
			if (errno == EINTR)
				continue;
			warn("cannot wait for events");
			status = EXIT_FAILURE;
			break;
		}
		if (poll_fds[1].revents & (POLLERR | POLLHUP))
			break;
		take_events(&w);
		if (wait) {
			w.waiting = 0;
			twalk_r(w.known, try_trace, &w);
		}
	}
	agentns_events_close(w.events);
	agentns_close(w.handle);
	tdestroy(w.known, free);
	until_signal_end();
	/* What was lost otherwise close_stdout() tells of. */
	return status;
}
