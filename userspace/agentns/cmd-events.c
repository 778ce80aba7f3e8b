// SPDX-License-Identifier: GPL-2.0-only
/* agentns events - print events as they happen. */
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "escape.h"
#include "events-connector.h"
#include "events-trace.h"
#include "filter.h"

enum { OPT_CONNECTOR = 256, OPT_PROCESSES, OPT_OTLP_JSON };

static const struct option_spec options[] = {
	{ 'c', "count", "N", "stop after N events", 0, NULL },
	{ OPT_CONNECTOR, "connector", NULL,
	  "changes of namespaces, of all types, from the\n"
	  "kernel's process connector, instead", 0, NULL },
	{ OPT_PROCESSES, "processes", NULL,
	  "with --connector: forks, execs and exits besides", 0, NULL },
	{ 'J', "json", NULL, "use JSON output format, an object a line",
	  0, NULL },
	{ OPT_OTLP_JSON, "otlp-json", NULL,
	  "print each session that ends as a span, a line of\n"
	  "OTLP/JSON", 0, NULL },
	{ 'Q', "filter", "EXPR",
	  "print the events that EXPR holds for, such as\n"
	  "'EVENT == end && WRITE_BYTES > 1000000'", 0, NULL },
	{ 0 }
};

const struct command command_events = {
	.name = "agentns events",
	.summary = "print events as they happen",
	.operands = "[OPTION...]",
	.about =
"Print the events of agent sessions as they happen: start and end, a tag that is\n"
"set, a limit that is reached. It takes root.",
	.options = options,
	.columns = event_columns,
	.run = cmd_events,
};

struct request {
	bool connector;
	bool processes;
	bool json;
	bool otlp;
	struct filter *filter;
	unsigned long count;
};

static void set_filter(struct request *req, const char *text)
{
	char *error;

	filter_free(req->filter);
	req->filter = filter_parse(text, event_columns, &error);
	if (req->filter)
		return;
	warnx("bad filter \"%s\": %s", shown(text), error);
	usage_hint(&command_events);
}

static void set_count(struct request *req, const char *text)
{
	char *end;

	errno = 0;
	req->count = strtoul(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && !errno && req->count)
		return;
	warnx("bad --count \"%s\": a number from 1 up is wanted", shown(text));
	usage_hint(&command_events);
}

static void parse_options(int argc, char **argv, struct request *req)
{
	struct option_parser parser;
	int c;

	options_begin(&parser, &command_events);
	while ((c = options_next(&parser, argc, argv)) != -1) {
		switch (c) {
		case 'c':
			set_count(req, optarg);
			break;
		case OPT_CONNECTOR:
			req->connector = true;
			break;
		case OPT_PROCESSES:
			req->processes = true;
			break;
		case 'J':
			req->json = true;
			break;
		case OPT_OTLP_JSON:
			req->otlp = true;
			break;
		case 'Q':
			set_filter(req, optarg);
			break;
		}
	}
	no_operands(&command_events, argc, argv);
	if (req->connector && (req->otlp || req->filter || req->count)) {
		warnx("--connector goes with --processes and --json alone");
		usage_hint(&command_events);
	}
	if (req->processes && !req->connector) {
		warnx("--processes goes with --connector");
		usage_hint(&command_events);
	}
	if (req->json && req->otlp) {
		warnx("--json and --otlp-json exclude each other");
		usage_hint(&command_events);
	}
}

int cmd_events(int argc, char **argv)
{
	struct request req = { 0 };
	int status;

	parse_options(argc, argv, &req);
	if (req.connector)
		return print_connector_events(req.json, req.processes);
	status = print_trace_events(req.otlp ? EVENTS_OTLP :
				    req.json ? EVENTS_JSON : EVENTS_TEXT,
				    req.filter, req.count);
	filter_free(req.filter);
	return status;
}
