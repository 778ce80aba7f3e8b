// SPDX-License-Identifier: GPL-2.0-only
/* agentns set - change a session's limits, action and tag. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "budget-option.h"
#include "commands.h"
#include "escape.h"
#include "problem.h"
#include "resource.h"
#include "target.h"

enum { OPT_INTENT = 256, OPT_BUDGET, OPT_ON_EXCEED, OPT_NO_LIMIT };

static const struct option_spec options[] = {
	{ OPT_INTENT, "intent", "TAG",
	  "what the session is for: up to 63 bytes of UTF-8", 0, NULL },
	{ OPT_BUDGET, "budget", "SPEC",
	  BUDGET_HELP "\nlimits that are not named stay as they are", 0, NULL },
	{ OPT_NO_LIMIT, "no-limit", "KEY",
	  "remove the limit of this key; may be given again",
	  COMPLETE_WORDS,
	  "wall cpu write_bytes syscalls fork opens connects unlinks tasks sessions" },
	{ OPT_ON_EXCEED, "on-exceed", "WHAT",
	  ACTION_HELP, COMPLETE_WORDS, ACTION_WORDS },
	{ 0 }
};

const struct command command_set = {
	.name = "agentns set",
	.summary = "change a session's limits, action or tag",
	.operands = "OPTION... PID|ID",
	.about =
"Change a session: that of process PID, or the one named ID. It takes root.\n"
"\n"
TARGET_OPERAND_HELP,
	.options = options,
	.notes =
"Example: agentns set --budget wall=2h --no-limit fork 4526c935",
	.complete = COMPLETE_PROCESS,
	.run = cmd_set,
};

/**
 * struct change - one write to a file of the session
 * @file: its name
 * @value: what to write; NULL for @number
 * @number: the same, for numbers
 */
struct change {
	const char *file;
	const char *value;
	char number[24];
};

/* Each limit once to set and once to remove, action, intent. */
#define CHANGES_MAX	(2 * N_RESOURCES + 2)

struct changes {
	struct change list[CHANGES_MAX];
	size_t n;
};

static struct change *add_change(struct changes *c, const char *file,
				 const char *value)
{
	struct change *change = NULL;
	size_t i;

	/* What is given twice counts as it was given last. */
	for (i = 0; i < c->n; i++)
		if (!strcmp(c->list[i].file, file))
			change = &c->list[i];
	if (!change)
		change = &c->list[c->n++];
	change->file = file;
	change->value = value;
	return change;
}

static void add_budget(struct changes *changes, const char *spec)
{
	struct agent_ns_budget_ex budget = { 0 };
	struct change *change;
	int i;

	parse_budget(spec, &budget);
	for (i = 0; i < N_RESOURCES; i++) {
		unsigned long long limit = resource_limit(i, &budget);

		if (!limit)
			continue;
		change = add_change(changes, resources[i].limit_key, NULL);
		snprintf(change->number, sizeof(change->number), "%llu", limit);
	}
}

/* A key is what a budget string with it and any value sets. */
static void add_no_limit(struct changes *changes, const char *key)
{
	struct agent_ns_budget_ex budget = { 0 };
	char spec[40];
	int i;

	if (!*key || key[strspn(key, "abcdefghijklmnopqrstuvwxyz_")] ||
	    snprintf(spec, sizeof(spec), "%s=1", key) >= (int)sizeof(spec) ||
	    agentns_budget_parse(spec, &budget, NULL)) {
		warnx("there is no limit \"%s\"", shown(key));
		usage_hint(&command_set);
	}
	for (i = 0; i < N_RESOURCES; i++)
		if (resource_limit(i, &budget))
			add_change(changes, resources[i].limit_key, "max");
}

static const char *parse_options(int argc, char **argv,
				 struct changes *changes)
{
	struct option_parser parser;
	int c;

	options_begin(&parser, &command_set);
	while ((c = options_next(&parser, argc, argv)) != -1) {
		switch (c) {
		case OPT_INTENT:
			if (strlen(optarg) > AGENT_NS_INTENT_MAX)
				warnx("warning: the intent is longer than %d bytes; its beginning is kept",
				      AGENT_NS_INTENT_MAX);
			add_change(changes, "intent", *optarg ? optarg : "\n");
			break;
		case OPT_BUDGET:
			add_budget(changes, optarg);
			break;
		case OPT_NO_LIMIT:
			add_no_limit(changes, optarg);
			break;
		case OPT_ON_EXCEED:
			add_change(changes, "action",
				   agentns_action_name(parse_action(optarg)));
			break;
		}
	}
	if (optind + 1 != argc) {
		warnx(optind == argc ? "no PID or session id was given" :
		      "more than one PID or session id was given");
		usage_hint(&command_set);
	}
	if (!changes->n) {
		warnx("nothing was given to set");
		usage_hint(&command_set);
	}
	return argv[optind];
}

/*
 * The action first: a limit that is below what was used acts at once, and is
 * to act in the new way.
 */
static int apply(struct agentns *handle, const struct agentns_session *session,
		 const struct changes *changes)
{
	char id[AGENTNS_ID_BUFSIZE];
	int pass, done = 0;
	size_t i;

	agentns_id_format(&session->id, id);
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < changes->n; i++) {
			const struct change *c = &changes->list[i];
			int ret;

			if ((pass == 0) != !strcmp(c->file, "action"))
				continue;
			ret = agentns_session_write(handle, &session->id,
						    c->file, c->value ?
						    c->value : c->number);
			if (!ret) {
				done++;
				continue;
			}
			warnx("cannot set %s of session %s: %s%s", c->file, id,
			      !strcmp(c->file, "intent") && ret == -EINVAL ?
			      problem_intent(ret) :
			      problem_control(ret, c->file),
			      done ? "; what was set before stays set" : "");
			return EXIT_FAILURE;
		}
	}
	return EXIT_SUCCESS;
}

int cmd_set(int argc, char **argv)
{
	struct changes changes = { .n = 0 };
	struct agentns *handle;
	struct target target;
	const char *what;
	int status;

	what = parse_options(argc, argv, &changes);
	handle = open_handle(NULL);
	status = target_find(handle, "set", what, &target);
	if (status == EXIT_USAGE)
		usage_hint(&command_set);
	if (!status && target.partial) {
		warnx("cannot set anything of %s: its session has no directory in /sys/kernel/agentns/sessions (raise max_session_dirs there for new sessions)",
		      what);
		status = EXIT_FAILURE;
	}
	if (!status)
		status = apply(handle, &target.session, &changes);
	agentns_close(handle);
	return status;
}
