// SPDX-License-Identifier: GPL-2.0-only
/* agentns events - print events as they happen. */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "events-connector.h"

enum { OPT_CONNECTOR = 256, OPT_PROCESSES };

static const struct option_spec options[] = {
	{ OPT_CONNECTOR, "connector", NULL,
	  "take them from the kernel's process connector", 0, NULL },
	{ OPT_PROCESSES, "processes", NULL,
	  "forks, execs and exits besides", 0, NULL },
	{ 'J', "json", NULL, "use JSON output format, an object a line",
	  0, NULL },
	{ 0 }
};

const struct command command_events = {
	.name = "agentns events",
	.summary = "print events as they happen",
	.operands = "--connector [OPTION...]",
	.about =
"Print changes of namespaces, of all types, as they happen: the time since boot,\n"
"process and thread, the type, the call, inode numbers before and after.",
	.options = options,
	.run = cmd_events,
};

int cmd_events(int argc, char **argv)
{
	bool connector = false, processes = false, json = false;
	struct option_parser parser;
	int c;

	options_begin(&parser, &command_events);
	while ((c = options_next(&parser, argc, argv)) != -1) {
		switch (c) {
		case OPT_CONNECTOR:
			connector = true;
			break;
		case OPT_PROCESSES:
			processes = true;
			break;
		case 'J':
			json = true;
			break;
		}
	}
	no_operands(&command_events, argc, argv);
	if (!connector) {
		warnx("say where from: --connector");
		usage_hint(&command_events);
	}
	return print_connector_events(json, processes);
}
