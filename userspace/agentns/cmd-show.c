// SPDX-License-Identifier: GPL-2.0-only
/* agentns show - show one session, named by a process or by its id. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "commands.h"
#include "escape.h"
#include "problem.h"
#include "resource.h"
#include "table.h"

static const struct option_spec options[] = {
	{ 'J', "json", NULL, "use JSON output format", 0, NULL },
	SYSROOT_OPTION_SPEC,
	{ 0 }
};

const struct command command_show = {
	.name = "agentns show",
	.summary = "show one session",
	.operands = "[OPTION...] PID|ID",
	.about =
"Show one agent session: that of process PID, or the one named ID.\n"
"\n"
"ID is a session id of 32 hex digits, or its beginning, 4 digits or more, when\n"
"no other session's id begins so. A decimal number is taken for a PID when\n"
"there is such a process, unless it begins with 0 or has 32 digits; give more\n"
"digits of the id to get past that.",
	.options = options,
	.complete = COMPLETE_PROCESS,
	.run = cmd_show,
};

/*
 * @partial: the session has no directory in sysfs, so that only id, intent and
 * counters are known.
 */
struct show {
	bool json;
	const char *root;
	struct agentns *handle;
	pid_t pid;
	char comm[64];
	bool partial;
	struct agentns_session session;
};

static const char *parse_options(int argc, char **argv, struct show *show)
{
	struct option_parser parser;
	int c;

	options_begin(&parser, &command_show);
	while ((c = options_next(&parser, argc, argv)) != -1) {
		if (c == 'J')
			show->json = true;
		else
			show->root = optarg;
	}
	if (optind + 1 != argc) {
		warnx(optind == argc ?
		      "no PID or session id was given" :
		      "more than one PID or session id was given");
		usage_hint(&command_show);
	}
	return argv[optind];
}

/* The process name, "?" when it cannot be read: it is there for the eye only. */
static void read_comm(struct show *show)
{
	char path[PATH_MAX];
	ssize_t n = -1;
	int fd;

	strcpy(show->comm, "?");
	if (snprintf(path, sizeof(path), "%s/proc/%ld/comm",
		     show->root ? show->root : "", (long)show->pid) >=
	    (int)sizeof(path))
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, show->comm, sizeof(show->comm) - 1);
	close(fd);
	if (n <= 0)
		return;
	if (show->comm[n - 1] == '\n')
		n--;
	show->comm[n] = '\0';
}

/* A PID has no leading zero; an id may. */
static pid_t parse_pid(const char *text)
{
	unsigned long value;
	size_t len = strspn(text, "0123456789");

	if (text[len] || !len || *text == '0')
		return 0;
	value = strtoul(text, NULL, 10);	/* ULONG_MAX when too big */
	return value > INT_MAX ? 0 : (pid_t)value;
}

static void __attribute__((noreturn)) no_support(const char *what)
{
	errx(EXIT_FAILURE, "cannot show %s: " NO_SUPPORT, escape(what));
}

static void __attribute__((noreturn)) ended(const char *what)
{
	errx(EXIT_FAILURE, "cannot show %s: it has ended ('agentns ls' lists the sessions that live)",
	     escape(what));
}

/* What /proc says about the session of a process; -errno. */
static int read_process(struct show *show)
{
	struct agentns_session *s = &show->session;
	int ret;

	memset(s, 0, sizeof(*s));
	show->partial = true;
	ret = agentns_pid_id(show->handle, show->pid, &s->id);
	if (!ret)
		ret = agentns_pid_intent(show->handle, show->pid, s->intent);
	if (!ret)
		ret = agentns_pid_counters(show->handle, show->pid,
					   &s->counters);
	return ret;
}

/* Fill in the session of process show->pid. False: there is no such process. */
static bool find_by_pid(struct show *show, const char *what)
{
	struct agentns_session session;
	int ret;

	read_comm(show);
	ret = read_process(show);
	if (ret == -ESRCH)
		return false;
	if (ret == -ENOSYS)
		no_support(what);
	if (ret)
		errx(EXIT_FAILURE, "cannot show the session of process %ld (%s): %s",
		     (long)show->pid, escape(show->comm), problem_read(ret));
	if (agentns_id_is_zero(&show->session.id))
		errx(EXIT_FAILURE, "process %ld (%s) is not in an agent session ('agentns ls' lists the sessions)",
		     (long)show->pid, escape(show->comm));

	ret = agentns_session_read(show->handle, &show->session.id, &session);
	if (!ret) {
		show->session = session;
		show->partial = false;
		return true;
	}
	/* No directory: that is fine while the process is there. */
	if (ret != -ENOENT)
		warnx("note: limits cannot be read from /sys/kernel/agentns: %s",
		      problem_read(ret));
	return true;
}

static void __attribute__((noreturn))
ambiguous(const char *what, int found, const struct agent_session_id_uapi *ids)
{
	char a[AGENTNS_ID_BUFSIZE], b[AGENTNS_ID_BUFSIZE];

	errx(EXIT_FAILURE, "\"%s\" is the beginning of %d session ids, %s and %s%s: give more digits",
	     what, found, agentns_id_format(&ids[0], a),
	     agentns_id_format(&ids[1], b), found > 2 ? " among them" : "");
}

static void find_by_id(struct show *show, const char *what, bool maybe_pid)
{
	struct agent_session_id_uapi ids[2];
	int ret;

	ret = agentns_session_find(show->handle, what, ids, 2);
	if (ret == -EINVAL && maybe_pid)
		errx(EXIT_FAILURE, "there is no process %s ('agentns ls' lists the sessions)",
		     what);
	if (ret == -EINVAL) {
		warnx("\"%s\" is neither a PID nor a session id (4 to 32 hex digits)",
		      escape(what));
		usage_hint(&command_show);
	}
	if (ret == -ENOSYS)
		no_support(what);
	if (ret < 0)
		errx(EXIT_FAILURE, "cannot look for session %s: %s", what,
		     problem_read(ret));
	if (ret > 1)
		ambiguous(what, ret, ids);
	if (!ret)
		errx(EXIT_FAILURE, "there is no %ssession %s%s ('agentns ls' lists the sessions)",
		     maybe_pid ? "process and no " : "", what,
		     strlen(what) < AGENTNS_ID_STRLEN ? "..." : "");

	ret = agentns_session_read(show->handle, &ids[0], &show->session);
	if (ret == -ENOENT)
		ended(what);
	if (ret)
		errx(EXIT_FAILURE, "cannot show session %s: %s", what,
		     problem_read(ret));
}

static void print_row(const char *name, const char *value)
{
	printf("%-12s %s\n", name, value);
}

static void print_escaped(const char *name, const char *value)
{
	char *text = escape(value);

	print_row(name, text);
	free(text);
}

static void print_resources(const struct show *show)
{
	char counter[RESOURCE_BUFSIZE], limit[RESOURCE_BUFSIZE];
	int i;

	for (i = 0; i < N_RESOURCES; i++) {
		uint64_t max = resource_limit(i, &show->session.budget);

		resource_print(i, resource_counter(i, &show->session.counters),
			       counter);
		if (max)
			printf("%-12s %s of %s\n", resources[i].name, counter,
			       resource_print(i, max, limit));
		else
			print_row(resources[i].name, counter);
	}
}

static void print_text(const struct show *show)
{
	const struct agentns_session *s = &show->session;
	char id[AGENTNS_ID_BUFSIZE];

	print_row("ID", agentns_id_format(&s->id, id));
	if (show->pid) {
		char *comm = escape(show->comm);

		printf("%-12s %ld (%s)\n", "PROCESS", (long)show->pid, comm);
		free(comm);
	}
	print_escaped("INTENT", s->intent);
	if (!show->partial) {
		print_row("PARENT", agentns_id_format(&s->parent, id));
		printf("%-12s %" PRIu32 "\n", "DEPTH", s->depth);
		printf("%-12s agent:[%" PRIu64 "]\n", "NAMESPACE", s->inum);
		print_row("ACTION", agentns_action_name(s->budget.action));
	}
	print_resources(show);
	if (show->partial)
		warnx("note: the session has no directory in /sys/kernel/agentns/sessions, so parent and limits are not shown (raise max_session_dirs there for new sessions)");
}

static void add(struct json_object *object, const char *key,
		struct json_object *value)
{
	if (json_object_object_add(object, key, value))
		errx(EXIT_FAILURE, "cannot write JSON: out of memory");
}

/* Process names need not be UTF-8, but JSON must be. */
static void add_escaped(struct json_object *object, const char *key,
			const char *value)
{
	char *text = escape(value);

	add(object, key, json_object_new_string(text));
	free(text);
}

static void add_resources(struct json_object *object, const struct show *show)
{
	struct json_object *counters = json_object_new_object();
	struct json_object *limits = json_object_new_object();
	int i;

	for (i = 0; i < N_RESOURCES; i++) {
		uint64_t max = resource_limit(i, &show->session.budget);

		add(counters, resources[i].counter_key,
		    json_object_new_uint64(resource_counter(i,
						&show->session.counters)));
		add(limits, resources[i].limit_key,
		    max ? json_object_new_uint64(max) : NULL);
	}
	add(object, "counters", counters);
	if (show->partial)
		json_object_put(limits);
	else
		add(object, "limits", limits);
}

static void print_json(const struct show *show)
{
	struct json_object *object = json_object_new_object();
	const struct agentns_session *s = &show->session;
	char id[AGENTNS_ID_BUFSIZE];

	add(object, "id", json_object_new_string(agentns_id_format(&s->id, id)));
	if (show->pid) {
		add(object, "pid", json_object_new_int64(show->pid));
		add_escaped(object, "comm", show->comm);
	}
	add(object, "intent", json_object_new_string(s->intent));
	if (!show->partial) {
		add(object, "parent",
		    json_object_new_string(agentns_id_format(&s->parent, id)));
		add(object, "depth", json_object_new_uint64(s->depth));
		add(object, "inum", json_object_new_uint64(s->inum));
		add(object, "action", json_object_new_string(
				agentns_action_name(s->budget.action)));
	}
	add_resources(object, show);
	puts(json_object_to_json_string_ext(object,
					    JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

int cmd_show(int argc, char **argv)
{
	struct show show = { 0 };
	const char *what;
	pid_t pid;

	what = parse_options(argc, argv, &show);
	show.handle = open_handle(show.root);
	pid = parse_pid(what);
	show.pid = pid;
	if (!pid || !find_by_pid(&show, what)) {
		show.pid = 0;
		show.partial = false;
		find_by_id(&show, what, pid);
	}
	if (show.json)
		print_json(&show);
	else
		print_text(&show);
	agentns_close(show.handle);
	return EXIT_SUCCESS;
}
