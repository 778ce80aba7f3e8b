// SPDX-License-Identifier: GPL-2.0-only
/* agentns ls - list sessions. */
#include <err.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "problem.h"
#include "session-columns.h"
#include "table.h"

static const struct option_spec options[] = {
	TABLE_OPTION_SPECS,
	SYSROOT_OPTION_SPEC,
	{ 0 }
};

const struct command command_ls = {
	.name = "agentns ls",
	.summary = "list sessions",
	.operands = "[OPTION...]",
	.about = "List agent sessions, the oldest first.",
	.options = options,
	.columns = session_columns,
	.run = cmd_ls,
};

static const char default_columns[] =
	"ID,PARENT,INTENT,SYSCALLS,OPENS,WRITE_BYTES,CONNECTS,UNLINKS,FORKS,ELAPSED";

struct ls {
	struct table_options table;
	const char *root;
	struct session_list list;
};

static void parse_options(int argc, char **argv, struct ls *ls)
{
	struct option_parser parser;
	int c;

	options_begin(&parser, &command_ls);
	while ((c = options_next(&parser, argc, argv)) != -1)
		if (!table_option(&ls->table, c, optarg))
			ls->root = optarg;
	no_operands(&command_ls, argc, argv);
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

	if (live > ls->list.n)
		warnx("note: %" PRIu64 " sessions live, %zu are listed; those above /sys/kernel/agentns/max_session_dirs have no directory to read",
		      live, ls->list.n);
}

int cmd_ls(int argc, char **argv)
{
	struct agentns *handle;
	uint64_t before, after;
	struct ls ls = { 0 };
	struct table *table;
	uint64_t fields = 0;
	size_t i;

	parse_options(argc, argv, &ls);
	table = table_new("sessions", &command_ls, &ls.table, default_columns,
			  NULL);
	for (i = 0; i < N_SESSION_COLUMNS; i++)
		if (table_has(table, i))
			fields |= session_fields(i);
	handle = open_handle(ls.root);
	before = count_live(handle);
	read_sessions(handle, &ls.list, fields);
	after = count_live(handle);
	for (i = 0; i < ls.list.n; i++)
		table_add(table, session_cell, &ls.list.sessions[i], NULL);
	table_print(table);
	note_unlisted(&ls, before, after);
	free(ls.list.sessions);
	agentns_close(handle);
	return EXIT_SUCCESS;
}
