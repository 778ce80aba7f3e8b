// SPDX-License-Identifier: GPL-2.0-only
/* agentns events - print events as they happen. */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "escape.h"
#include "events-connector.h"

static const char help[] =
"Usage: agentns events --connector [OPTION...]\n"
"\n"
"Print changes of namespaces, of all types, as they happen: the time since boot,\n"
"process and thread, the type, the call, inode numbers before and after.\n"
"\n"
"Options:\n"
"     --connector        take them from the kernel's process connector\n"
"     --processes        forks, execs and exits besides\n"
" -J, --json             use JSON output format, an object a line\n"
COMMON_HELP;

int cmd_events(int argc, char **argv)
{
	enum { OPT_CONNECTOR = 256, OPT_PROCESSES };
	static const struct option options[] = {
		{ "connector",	no_argument, NULL, OPT_CONNECTOR },
		{ "processes",	no_argument, NULL, OPT_PROCESSES },
		{ "json",	no_argument, NULL, 'J' },
		COMMON_LONG_OPTIONS
	};
	bool connector = false, processes = false, json = false;
	int c;

	while ((c = getopt_long(argc, argv, "J" COMMON_SHORT_OPTIONS, options,
				NULL)) != -1) {
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
		default:
			common_option(c, "events", help);
		}
	}
	if (optind < argc) {
		warnx("unexpected argument \"%s\"", escape(argv[optind]));
		usage_hint("events");
	}
	if (!connector) {
		warnx("say where from: --connector");
		usage_hint("events");
	}
	return print_connector_events(json, processes);
}
