// SPDX-License-Identifier: GPL-2.0-only
/* agentns ls - list sessions. */
#include <err.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libsmartcols.h>

#include "commands.h"
#include "escape.h"
#include "problem.h"
#include "resource.h"

/* These, then counters, then limits; both in the order of enum resource_id. */
enum {
	COL_ID,
	COL_PARENT,
	COL_INTENT,
	COL_DEPTH,
	COL_INUM,
	COL_ACTION,
	COL_COUNTERS,
	COL_LIMITS = COL_COUNTERS + N_RESOURCES,
	N_COLUMNS = COL_LIMITS + N_RESOURCES
};

static const struct {
	const char *name;
	const char *help;
	int flags;
	int json_type;
} plain_columns[COL_COUNTERS] = {
	[COL_ID]	= { "ID", "session id", 0, SCOLS_JSON_STRING },
	[COL_PARENT]	= { "PARENT", "id of the session it is nested in; zeros: none",
			    0, SCOLS_JSON_STRING },
	[COL_INTENT]	= { "INTENT", "intent tag", 0, SCOLS_JSON_STRING },
	[COL_DEPTH]	= { "DEPTH", "nesting depth, 1 for a first-level session",
			    SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER },
	[COL_INUM]	= { "INUM", "inode number of the namespace",
			    SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER },
	[COL_ACTION]	= { "ACTION", "what happens at a limit", 0,
			    SCOLS_JSON_STRING },
};

static const int default_columns[] = {
	COL_ID, COL_PARENT, COL_INTENT,
	COL_COUNTERS + RES_SYSCALLS, COL_COUNTERS + RES_OPENS,
	COL_COUNTERS + RES_WRITE_BYTES, COL_COUNTERS + RES_CONNECTS,
	COL_COUNTERS + RES_UNLINKS, COL_COUNTERS + RES_FORKS,
	COL_COUNTERS + RES_ELAPSED,
};

/* Room for the default columns and each column once more. */
#define MAX_CHOSEN	(2 * N_COLUMNS)

struct ls {
	bool json;
	bool raw;
	bool no_headings;
	const char *root;
	int columns[MAX_CHOSEN];
	size_t n_columns;
	struct agentns_session *sessions;
	size_t n_sessions;
};

static const char *column_name(int column)
{
	if (column < COL_COUNTERS)
		return plain_columns[column].name;
	if (column < COL_LIMITS)
		return resources[column - COL_COUNTERS].name;
	return resources[column - COL_LIMITS].limit_name;
}

static void help(void)
{
	int i;

	fputs("Usage: agentns ls [OPTION...]\n"
	      "\n"
	      "List agent sessions, the oldest first.\n"
	      "\n"
	      "Options:\n"
	      " -J, --json             use JSON output format\n"
	      " -n, --noheadings       don't print headings\n"
	      " -o, --output LIST      columns to print; +LIST adds to the default\n"
	      " -r, --raw              use raw output format\n"
	      "     --sysroot DIR      read DIR/sys instead of /sys\n"
	      COMMON_HELP
	      "\n"
	      "Columns:\n", stdout);
	for (i = 0; i < COL_COUNTERS; i++)
		printf(" %16s  %s\n", column_name(i), plain_columns[i].help);
	for (i = 0; i < N_RESOURCES; i++)
		printf(" %16s  %s\n", resources[i].name, resources[i].help);
	for (i = 0; i < N_RESOURCES; i++)
		printf(" %16s  limit of %s; empty: none\n",
		       resources[i].limit_name, resources[i].name);
}

static void add_column(struct ls *ls, const char *name, size_t len)
{
	int i;

	for (i = 0; i < N_COLUMNS; i++)
		if (strlen(column_name(i)) == len &&
		    !strncasecmp(column_name(i), name, len))
			break;
	if (i == N_COLUMNS) {
		warnx("there is no column \"%s\"", escape_n(name, len));
		usage_hint("ls");
	}
	if (ls->n_columns == MAX_CHOSEN)
		errx(EXIT_USAGE, "more than %d columns were asked for",
		     MAX_CHOSEN);
	ls->columns[ls->n_columns++] = i;
}

static void choose_columns(struct ls *ls, const char *list)
{
	if (!list || *list == '+') {
		memcpy(ls->columns, default_columns, sizeof(default_columns));
		ls->n_columns = sizeof(default_columns) / sizeof(int);
	}
	if (!list)
		return;
	if (*list == '+')
		list++;
	for (;;) {
		size_t len = strcspn(list, ",");

		add_column(ls, list, len);
		if (!list[len])
			break;
		list += len + 1;
	}
}

static void parse_options(int argc, char **argv, struct ls *ls)
{
	enum { OPT_SYSROOT = 256 };
	static const struct option options[] = {
		{ "json",	no_argument, NULL, 'J' },
		{ "noheadings",	no_argument, NULL, 'n' },
		{ "output",	required_argument, NULL, 'o' },
		{ "raw",	no_argument, NULL, 'r' },
		{ "sysroot",	required_argument, NULL, OPT_SYSROOT },
		COMMON_LONG_OPTIONS
	};
	const char *list = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "Jno:r" COMMON_SHORT_OPTIONS,
				options, NULL)) != -1) {
		switch (c) {
		case 'J':
			ls->json = true;
			break;
		case 'n':
			ls->no_headings = true;
			break;
		case 'o':
			list = optarg;
			break;
		case 'r':
			ls->raw = true;
			break;
		case OPT_SYSROOT:
			ls->root = optarg;
			break;
		case 'h':
			help();
			exit(EXIT_SUCCESS);
		default:
			common_option(c, "ls", "");
		}
	}
	if (ls->json && ls->raw) {
		warnx("--json and --raw exclude each other");
		usage_hint("ls");
	}
	if (optind < argc) {
		warnx("unexpected argument \"%s\" ('agentns show' takes a session)",
		      escape(argv[optind]));
		usage_hint("ls");
	}
	choose_columns(ls, list);
}

static void read_sessions(struct ls *ls, struct agentns *handle)
{
	struct agentns_session session;
	struct agentns_iter *iter;
	size_t room = 0;
	int ret;

	ret = agentns_iter_open(handle, &iter);
	if (ret)
		errx(EXIT_FAILURE, "cannot list agent sessions: %s",
		     problem_read(ret));
	while ((ret = agentns_iter_next(iter, &session)) > 0) {
		if (ls->n_sessions == room) {
			room = room ? 2 * room : 64;
			ls->sessions = reallocarray(ls->sessions, room,
						    sizeof(session));
			if (!ls->sessions)
				err(EXIT_FAILURE, "cannot list agent sessions");
		}
		ls->sessions[ls->n_sessions++] = session;
	}
	agentns_iter_close(iter);
	if (ret)
		errx(EXIT_FAILURE, "cannot read an agent session: %s",
		     problem_read(ret));
}

static int by_age(const void *a, const void *b)
{
	const struct agentns_session *s = a, *t = b;

	if (s->counters.elapsed_ns != t->counters.elapsed_ns)
		return s->counters.elapsed_ns < t->counters.elapsed_ns ? 1 : -1;
	return agentns_id_cmp(&s->id, &t->id);
}

/* Number of live sessions; 0 when the kernel does not say. */
static uint64_t count_live(struct agentns *handle)
{
	uint64_t live;

	return agentns_sessions_live(handle, &live) ? 0 : live;
}

/*
 * Sessions above max_session_dirs live without a directory. The number was
 * taken before and after the list, so that one that began or ended meanwhile
 * is not called missing.
 */
static void note_unlisted(const struct ls *ls, uint64_t before, uint64_t after)
{
	uint64_t live = before < after ? before : after;

	if (live > ls->n_sessions)
		warnx("note: %" PRIu64 " sessions live, %zu are listed; those above /sys/kernel/agentns/max_session_dirs have no directory to read",
		      live, ls->n_sessions);
}

static struct libscols_table *make_table(const struct ls *ls)
{
	struct libscols_table *table = scols_new_table();
	size_t i;

	if (!table)
		goto out_of_memory;
	scols_table_set_name(table, "sessions");
	scols_table_enable_json(table, ls->json);
	scols_table_enable_raw(table, ls->raw);
	scols_table_enable_noheadings(table, ls->no_headings);
	/* What may be unsafe was escaped by us, and once is enough. */
	scols_table_enable_noencoding(table, !ls->json && !ls->raw);
	for (i = 0; i < ls->n_columns; i++) {
		int c = ls->columns[i], type = SCOLS_JSON_NUMBER;
		struct libscols_column *column;
		int flags = SCOLS_FL_RIGHT;

		if (c < COL_COUNTERS) {
			flags = plain_columns[c].flags;
			type = plain_columns[c].json_type;
		}
		column = scols_table_new_column(table, column_name(c), 0,
						flags);
		if (!column || scols_column_set_json_type(column, type))
			goto out_of_memory;
	}
	return table;

out_of_memory:
	errx(EXIT_FAILURE, "cannot make the table: out of memory");
}

static char *copy(const char *text)
{
	char *s = strdup(text);

	if (!s)
		err(EXIT_FAILURE, "cannot make the table");
	return s;
}

/* Contents of a cell, for free(); NULL for none. */
static char *cell(const struct ls *ls, const struct agentns_session *s,
		  int column)
{
	char number[RESOURCE_BUFSIZE], id[AGENTNS_ID_BUFSIZE];
	uint64_t limit;

	switch (column) {
	case COL_ID:
		return copy(agentns_id_format(&s->id, id));
	case COL_PARENT:
		return copy(agentns_id_format(&s->parent, id));
	case COL_INTENT:
		/* libsmartcols escapes in its own way for these two. */
		if (ls->json || ls->raw)
			return copy(s->intent);
		return escape(s->intent);
	case COL_DEPTH:
		snprintf(number, sizeof(number), "%" PRIu32, s->depth);
		return copy(number);
	case COL_INUM:
		snprintf(number, sizeof(number), "%" PRIu64, s->inum);
		return copy(number);
	case COL_ACTION:
		return copy(agentns_action_name(s->budget.action));
	}
	if (column < COL_LIMITS) {
		column -= COL_COUNTERS;
		return copy(resource_print(column,
					   resource_counter(column,
							    &s->counters),
					   number));
	}
	column -= COL_LIMITS;
	limit = resource_limit(column, &s->budget);
	return limit ? copy(resource_print(column, limit, number)) : NULL;
}

static void print_table(const struct ls *ls)
{
	struct libscols_table *table = make_table(ls);
	size_t i, j;

	for (i = 0; i < ls->n_sessions; i++) {
		struct libscols_line *line = scols_table_new_line(table, NULL);

		if (!line)
			errx(EXIT_FAILURE, "cannot make the table: out of memory");
		for (j = 0; j < ls->n_columns; j++) {
			char *text = cell(ls, &ls->sessions[i],
					  ls->columns[j]);

			if (text && scols_line_refer_data(line, j, text))
				errx(EXIT_FAILURE, "cannot make the table: out of memory");
		}
	}
	scols_print_table(table);
	scols_unref_table(table);
}

int cmd_ls(int argc, char **argv)
{
	struct agentns *handle;
	uint64_t before, after;
	struct ls ls = { 0 };

	parse_options(argc, argv, &ls);
	handle = open_handle(ls.root);
	before = count_live(handle);
	read_sessions(&ls, handle);
	after = count_live(handle);
	if (ls.n_sessions)
		qsort(ls.sessions, ls.n_sessions, sizeof(*ls.sessions),
		      by_age);
	print_table(&ls);
	note_unlisted(&ls, before, after);
	free(ls.sessions);
	agentns_close(handle);
	return EXIT_SUCCESS;
}
