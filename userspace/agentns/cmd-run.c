// SPDX-License-Identifier: GPL-2.0-only
/* agentns run - execute a command in a new session, with a budget. */
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "budget-option.h"
#include "commands.h"
#include "escape.h"
#include "problem.h"
#include "spawn.h"

enum { OPT_INTENT = 256, OPT_BUDGET, OPT_ON_EXCEED };

static const struct option_spec options[] = {
	{ OPT_INTENT, "intent", "TAG",
	  "what the session is for: up to 63 bytes of UTF-8", 0, NULL },
	{ OPT_BUDGET, "budget", "SPEC",
	  BUDGET_HELP, 0, NULL },
	{ OPT_ON_EXCEED, "on-exceed", "WHAT",
	  "what happens at a limit: log it, term (SIGTERM) or\n"
	  "kill (SIGKILL) the session; default: kill",
	  COMPLETE_WORDS, ACTION_WORDS },
	{ 0 }
};

const struct command command_run = {
	.name = "agentns run",
	.summary = "execute a command in a new session",
	.operands = "[OPTION...] [--] CMD [ARG...]",
	.about =
"Create an agent session and execute CMD in it. What CMD starts is in the\n"
"session too, and stays in it when CMD ends.",
	.options = options,
	.notes =
"Exit status: that of CMD, 128+N when signal N ended it; 126 when CMD cannot\n"
"be executed and 127 when it is not found; 1 when the session, its intent or\n"
"its budget is refused: CMD is not executed then; 2 for bad usage.\n"
"\n"
"Example: agentns run --intent nightly --budget wall=1h,fork=1000 -- make -j4",
	.complete = COMPLETE_COMMAND,
	.runs_command = true,
	.run = cmd_run,
};

struct request {
	const char *intent;
	const char *spec;
	struct agent_ns_budget_ex budget;
};

enum stage {
	STAGE_CREATE = 1,
	STAGE_INTENT,
	STAGE_BUDGET,
};

static void parse_options(int argc, char **argv, struct request *req)
{
	struct option_parser parser;
	bool on_exceed = false;
	int c;

	options_begin(&parser, &command_run);
	while ((c = options_next(&parser, argc, argv)) != -1) {
		switch (c) {
		case OPT_INTENT:
			req->intent = optarg;
			break;
		case OPT_BUDGET:
			req->spec = optarg;
			parse_budget(optarg, &req->budget);
			break;
		case OPT_ON_EXCEED:
			on_exceed = true;
			req->budget.action = parse_action(optarg);
			break;
		}
	}
	if (on_exceed && !req->spec) {
		warnx("--on-exceed without --budget: there is no limit to exceed");
		usage_hint(&command_run);
	}
	if (optind == argc) {
		warnx("no command was given to run");
		usage_hint(&command_run);
	}
}

/* In the child. The budget comes last, so that it has the command to itself. */
static int enter_session(void *data, int *error)
{
	const struct request *req = data;

	*error = agentns_create();
	if (*error)
		return STAGE_CREATE;
	if (req->intent) {
		*error = agentns_set_intent(req->intent);
		if (*error)
			return STAGE_INTENT;
	}
	if (req->spec) {
		*error = agentns_set_budget(&req->budget);
		if (*error)
			return STAGE_BUDGET;
	}
	return 0;
}

static int explain(const struct spawn_failure *f, const struct request *req,
		   const char *command)
{
	switch (f->stage) {
	case STAGE_CREATE:
		warnx("cannot create an agent session: %s",
		      problem_create(-f->error));
		return EXIT_FAILURE;
	case STAGE_INTENT:
		warnx("cannot set the intent \"%s\": %s", escape(req->intent),
		      problem_intent(-f->error));
		return EXIT_FAILURE;
	case STAGE_BUDGET:
		warnx("cannot set the budget \"%s\": %s", escape(req->spec),
		      problem_budget(-f->error));
		return EXIT_FAILURE;
	case SPAWN_EXEC:
		warnx("cannot execute \"%s\": %s", escape(command),
		      strerror(f->error));
		return f->error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
	default:
		warnx("cannot start a process for \"%s\": %s", escape(command),
		      strerror(f->error));
		return EXIT_FAILURE;
	}
}

int cmd_run(int argc, char **argv)
{
	struct request req = { .budget.action = AGENT_NS_ACTION_KILL };
	struct spawn_failure failure;
	int status;

	parse_options(argc, argv, &req);
	if (req.intent && strlen(req.intent) > AGENT_NS_INTENT_MAX)
		warnx("warning: the intent is longer than %d bytes; the kernel keeps its beginning",
		      AGENT_NS_INTENT_MAX);
	status = spawn_wait(argv + optind, enter_session, &req, &failure);
	if (status < 0)
		return explain(&failure, &req, argv[optind]);
	return status;
}
