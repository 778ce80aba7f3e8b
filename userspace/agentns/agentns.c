// SPDX-License-Identifier: GPL-2.0-only
/* agentns - the command line for agent sessions: finding the subcommand. */
#include <err.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "escape.h"
#include "problem.h"

static const struct command *const commands[] = {
	&command_run,
	&command_ls,
	&command_tree,
	&command_top,
	&command_show,
	&command_events,
	&command_set,
	&command_kill,
	&command_stop,
	&command_cont,
	&command_enter,
	&command_prov,
	&command_metrics,
	&command_defaults,
	&command_doctor,
	&command_completion,
	NULL
};

static const struct option_spec options[] = { { 0 } };

const struct command command_agentns = {
	.name = "agentns",
	.operands = "COMMAND [ARG...]",
	.about = "Start, list, follow, limit and stop Linux agent sessions.",
	.options = options,
	.subcommands = commands,
	.notes = "'agentns COMMAND --help' tells more, and so does 'man agentns'.",
	.runs_command = true,
};

int main(int argc, char **argv)
{
	const struct command *const *c;
	struct option_parser parser;

	fill_standard_descriptors();
	setlocale(LC_ALL, "");
	/* Numbers are for programs, too: their point is a point. */
	setlocale(LC_NUMERIC, "C");
	atexit(close_stdout);
	options_begin(&parser, &command_agentns);
	while (options_next(&parser, argc, argv) != -1)
		;
	if (optind == argc) {
		warnx("no command was given");
		usage_hint(&command_agentns);
	}
	argc -= optind;
	argv += optind;
	for (c = commands; *c; c++)
		if (!strcmp(argv[0], command_word(*c)))
			return run_command(*c, argc, argv);
	warnx("there is no command \"%s\"", shown(argv[0]));
	usage_hint(&command_agentns);
}
