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
	struct agentns_session *sessions;
	size_t n_sessions;
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

int cmd_ls(int argc, char **argv)
{
	struct agentns *handle;
	uint64_t before, after;
	struct ls ls = { 0 };
	struct table *table;
	size_t i;

	parse_options(argc, argv, &ls);
	table = table_new("sessions", &command_ls, &ls.table, default_columns,
			  NULL);
	handle = open_handle(ls.root);
	before = count_live(handle);
	read_sessions(&ls, handle);
	after = count_live(handle);
	if (ls.n_sessions)
		qsort(ls.sessions, ls.n_sessions, sizeof(*ls.sessions),
		      by_age);
	for (i = 0; i < ls.n_sessions; i++)
		table_add(table, session_cell, &ls.sessions[i], NULL);
	table_print(table);
	note_unlisted(&ls, before, after);
	free(ls.sessions);
	agentns_close(handle);
	return EXIT_SUCCESS;
}
