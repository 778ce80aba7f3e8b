// SPDX-License-Identifier: GPL-2.0-only
/*
 * agentns metrics - counters and limits in the OpenMetrics text format.
 *
 * node_exporter's textfile collector reads it too.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "escape.h"
#include "problem.h"
#include "session-columns.h"
#include "table.h"

static const struct option_spec options[] = {
	{ 'f', "file", "FILE",
	  "write FILE, whole or not at all, for the textfile\n"
	  "collector of node_exporter: name it SOMETHING.prom",
	  COMPLETE_FILE, NULL },
	SYSROOT_OPTION_SPEC,
	{ 0 }
};

const struct command command_metrics = {
	.name = "agentns metrics",
	.summary = "print counters and limits as OpenMetrics text",
	.operands = "[OPTION...]",
	.about =
"Print the counters and limits of all sessions in the OpenMetrics text format.",
	.options = options,
	.run = cmd_metrics,
};

/* A label's value: \, " and newline are escaped. */
static void print_label(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", out);
		else if (*text == '\\' || *text == '"')
			fprintf(out, "\\%c", *text);
		else
			putc(*text, out);
	}
}

static void print_labels(FILE *out, const struct agentns_session *s)
{
	char id[AGENTNS_ID_BUFSIZE], parent[AGENTNS_ID_BUFSIZE];

	fprintf(out, "{id=\"%s\",parent=\"%s\",intent=\"",
		agentns_id_format(&s->id, id),
		agentns_id_is_zero(&s->parent) ? "" :
		agentns_id_format(&s->parent, parent));
	print_label(out, s->intent);
	fputs("\"}", out);
}

/* The metrics, in the order of enum resource_id. */
static const struct {
	const char *name;
	const char *unit;
	const char *help;
} metrics[N_RESOURCES] = {
	[RES_SYSCALLS]	= { "syscalls", NULL,
			    "System calls and io_uring requests" },
	[RES_OPENS]	= { "opens", NULL, "Calls of open and its kin" },
	[RES_WRITE_BYTES] = { "written_bytes", "bytes", "Bytes written" },
	[RES_CONNECTS]	= { "connects", NULL, "Calls of connect" },
	[RES_UNLINKS]	= { "unlinks", NULL, "Calls of unlink" },
	[RES_FORKS]	= { "forks", NULL, "Processes and threads made" },
	[RES_ELAPSED]	= { "age_seconds", "seconds", "Time since creation" },
	[RES_TASKS]	= { "tasks", NULL, "Tasks that live" },
	[RES_CPU]	= { "cpu_seconds", "seconds", "CPU time" },
	[RES_SESSIONS]	= { "sessions", NULL, "Sessions inside that live" },
};

static void print_family(FILE *out, int i, const char *suffix,
			 const char *type, const char *help)
{
	fprintf(out, "# TYPE agentns_session_%s%s %s\n", suffix,
		metrics[i].name, type);
	if (metrics[i].unit)
		fprintf(out, "# UNIT agentns_session_%s%s %s\n", suffix,
			metrics[i].name, metrics[i].unit);
	fprintf(out, "# HELP agentns_session_%s%s %s%s.\n", suffix,
		metrics[i].name, help, metrics[i].help);
}

static void print_metrics(FILE *out, const struct session_list *list,
			  const uint64_t *live)
{
	char number[RESOURCE_BUFSIZE];
	size_t j;
	int i;

	if (live)
		fprintf(out, "# TYPE agentns_sessions gauge\n"
			"# HELP agentns_sessions Sessions that live.\n"
			"agentns_sessions %" PRIu64 "\n", *live);
	for (i = 0; i < N_RESOURCES; i++) {
		bool counter = i != RES_ELAPSED && i != RES_TASKS &&
			       i != RES_SESSIONS;

		print_family(out, i, "", counter ? "counter" : "gauge", "");
		for (j = 0; j < list->n; j++) {
			const struct agentns_session *s = &list->sessions[j];

			if (!resource_known(i, s))
				continue;
			fprintf(out, "agentns_session_%s%s", metrics[i].name,
				counter ? "_total" : "");
			print_labels(out, s);
			fprintf(out, " %s\n", resource_print(i,
				resource_counter(i, s), number));
		}
	}
	for (i = 0; i < N_RESOURCES; i++) {
		print_family(out, i, "limit_", "gauge", "Limit: ");
		for (j = 0; j < list->n; j++) {
			const struct agentns_session *s = &list->sessions[j];
			uint64_t limit = resource_limit(i, &s->budget);

			if (!limit)
				continue;
			fprintf(out, "agentns_session_limit_%s",
				metrics[i].name);
			print_labels(out, s);
			fprintf(out, " %s\n", resource_print(i, limit, number));
		}
	}
	fputs("# EOF\n", out);
}

/* A reader finds the old file or the new one, never half of one. */
static int write_file(const char *name, const struct session_list *list,
		      const uint64_t *live)
{
	char *temporary = format("%s.XXXXXX", name);
	mode_t mask = umask(0);
	FILE *out;
	int fd;

	umask(mask);
	fd = mkstemp(temporary);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out) {
		warn("cannot create \"%s\"", shown(temporary));
		goto fail;
	}
	print_metrics(out, list, live);
	/* What an earlier write failed to take is gone from the buffer. */
	if (fchmod(fd, 0666 & ~mask) || fflush(out) || ferror(out) ||
	    fsync(fd)) {
		warn("cannot write \"%s\"", shown(temporary));
		fclose(out);
		goto fail;
	}
	if (fclose(out) || rename(temporary, name)) {
		warn("cannot write \"%s\"", shown(name));
		goto fail;
	}
	free(temporary);
	return EXIT_SUCCESS;

fail:
	if (fd >= 0)
		unlink(temporary);
	free(temporary);
	return EXIT_FAILURE;
}

int cmd_metrics(int argc, char **argv)
{
	const char *root = NULL, *file = NULL;
	int c, status = EXIT_SUCCESS;
	struct option_parser parser;
	struct session_list list;
	struct agentns *handle;
	uint64_t count, *live;

	options_begin(&parser, &command_metrics);
	while ((c = options_next(&parser, argc, argv)) != -1) {
		if (c == 'f')
			file = optarg;
		else
			root = optarg;
	}
	no_operands(&command_metrics, argc, argv);
	handle = open_handle(root);
	read_sessions(handle, &list, AGENTNS_FIELD_ALL);
	live = agentns_sessions_live(handle, &count) ? NULL : &count;
	if (file)
		status = write_file(file, &list, live);
	else
		print_metrics(stdout, &list, live);
	free(list.sessions);
	agentns_close(handle);
	return status;
}
