// SPDX-License-Identifier: GPL-2.0-only
/* agentns show - show one session, named by a process or by its id. */
#include <err.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "commands.h"
#include "escape.h"
#include "problem.h"
#include "resource.h"
#include "table.h"
#include "target.h"

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
TARGET_OPERAND_HELP,
	.options = options,
	.complete = COMPLETE_PROCESS,
	.run = cmd_show,
};

struct show {
	bool json;
	const char *root;
	struct target target;
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

static void print_resources(const struct target *t)
{
	char counter[RESOURCE_BUFSIZE], limit[RESOURCE_BUFSIZE];
	int i;

	for (i = 0; i < N_RESOURCES; i++) {
		uint64_t max = resource_limit(i, &t->session.budget);

		if (!resource_known(i, &t->session))
			continue;
		resource_print(i, resource_counter(i, &t->session), counter);
		if (max)
			printf("%-12s %s of %s\n", resources[i].name, counter,
			       resource_print(i, max, limit));
		else
			print_row(resources[i].name, counter);
	}
}

static void print_text(const struct target *t)
{
	const struct agentns_session *s = &t->session;
	char id[AGENTNS_ID_BUFSIZE], number[RESOURCE_BUFSIZE];

	print_row("ID", agentns_id_format(&s->id, id));
	if (t->pid) {
		char *comm = escape(t->comm);

		printf("%-12s %ld (%s)\n", "PROCESS", (long)t->pid, comm);
		free(comm);
	}
	print_escaped("INTENT", s->intent);
	if (!t->partial) {
		print_row("PARENT", agentns_id_format(&s->parent, id));
		printf("%-12s %" PRIu32 "\n", "DEPTH", s->depth);
		printf("%-12s agent:[%" PRIu64 "]\n", "NAMESPACE", s->inum);
		print_row("ACTION", agentns_action_name(s->budget.action));
		if (s->budget.grace_ns)
			print_row("GRACE", resource_print(RES_ELAPSED,
						s->budget.grace_ns, number));
		if (s->fields & AGENTNS_FIELD_SEALED)
			print_row("SEALED", s->sealed ? "yes" : "no");
	}
	print_resources(t);
	if (t->partial)
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

static void add_resources(struct json_object *object, const struct target *t)
{
	struct json_object *counters = json_object_new_object();
	struct json_object *limits = json_object_new_object();
	int i;

	for (i = 0; i < N_RESOURCES; i++) {
		uint64_t max = resource_limit(i, &t->session.budget);

		if (!resource_known(i, &t->session))
			continue;
		add(counters, resources[i].counter_key,
		    json_object_new_uint64(resource_counter(i, &t->session)));
		add(limits, resources[i].limit_key,
		    max ? json_object_new_uint64(max) : NULL);
	}
	add(object, "counters", counters);
	if (t->partial)
		json_object_put(limits);
	else
		add(object, "limits", limits);
}

static void print_json(const struct target *t)
{
	struct json_object *object = json_object_new_object();
	const struct agentns_session *s = &t->session;
	char id[AGENTNS_ID_BUFSIZE];

	add(object, "id", json_object_new_string(agentns_id_format(&s->id, id)));
	if (t->pid) {
		add(object, "pid", json_object_new_int64(t->pid));
		add_escaped(object, "comm", t->comm);
	}
	add(object, "intent", json_object_new_string(s->intent));
	if (!t->partial) {
		add(object, "parent",
		    json_object_new_string(agentns_id_format(&s->parent, id)));
		add(object, "depth", json_object_new_uint64(s->depth));
		add(object, "inum", json_object_new_uint64(s->inum));
		add(object, "action", json_object_new_string(
				agentns_action_name(s->budget.action)));
		if (s->fields & AGENTNS_FIELD_GRACE)
			add(object, "grace_ns", s->budget.grace_ns ?
			    json_object_new_uint64(s->budget.grace_ns) : NULL);
		if (s->fields & AGENTNS_FIELD_SEALED)
			add(object, "sealed", json_object_new_boolean(s->sealed));
	}
	add_resources(object, t);
	puts(json_object_to_json_string_ext(object,
					    JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

int cmd_show(int argc, char **argv)
{
	struct show show = { 0 };
	struct agentns *handle;
	const char *what;
	int status;

	what = parse_options(argc, argv, &show);
	handle = open_handle(show.root);
	status = target_find(handle, "show", what, &show.target);
	if (status == EXIT_USAGE)
		usage_hint(&command_show);
	if (status == EXIT_SUCCESS && show.json)
		print_json(&show.target);
	else if (status == EXIT_SUCCESS)
		print_text(&show.target);
	agentns_close(handle);
	return status;
}
