// SPDX-License-Identifier: GPL-2.0-only
/* agentns prov - which session wrote a file. */
#include <err.h>
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "commands.h"
#include "escape.h"
#include "provenance.h"
#include "problem.h"
#include "table.h"

enum { COL_FILE, COL_SESSION, COL_PARENT, COL_WRITER, COL_PID, COL_UID,
       COL_TIME, COL_INTENT, COL_SOURCE, N_PROV_COLUMNS };

static const struct column prov_columns[] = {
	[COL_FILE]	= { "FILE", "the file", COLUMN_STRING },
	[COL_SESSION]	= { "SESSION", "id of the session that wrote it; empty: none",
			    COLUMN_STRING },
	[COL_PARENT]	= { "PARENT", "id of that session's parent; empty: none or unknown",
			    COLUMN_STRING },
	[COL_WRITER]	= { "WRITER", "name of a process outside of any session, by hints",
			    COLUMN_STRING },
	[COL_PID]	= { "PID", "that process's id, by hints", COLUMN_NUMBER },
	[COL_UID]	= { "UID", "the user who wrote it", COLUMN_NUMBER },
	[COL_TIME]	= { "TIME", "when, seconds since the epoch",
			    COLUMN_NUMBER },
	[COL_INTENT]	= { "INTENT", "the session's intent tag, by hints",
			    COLUMN_STRING },
	[COL_SOURCE]	= { "SOURCE", "the attribute that says so",
			    COLUMN_STRING },
	[N_PROV_COLUMNS] = { 0 }
};

static const char default_columns[] = "FILE,SESSION,TIME,INTENT";

enum { OPT_ALL = 256 };

static const struct option_spec options[] = {
	{ 'R', "recursive", NULL,
	  "folders with all that is in them; does not follow\n"
	  "symbolic links", 0, NULL },
	{ OPT_ALL, "all", NULL, "also files that bear no stamp", 0, NULL },
	TABLE_OPTION_SPECS,
	{ 0 }
};

const struct command command_prov = {
	.name = "agentns prov",
	.summary = "show which session wrote a file",
	.operands = "[OPTION...] FILE...",
	.about =
"Show which session wrote a file, as its extended attribute security.agentns\n"
"says, which no task in a session can set. Where that is missing, user.prov.*\n"
"are shown, which whoever may write the file may set: hints, not evidence. The\n"
"column SOURCE tells which. INTENT, WRITER and PID are hints in any case.",
	.options = options,
	.columns = prov_columns,
	.notes =
"Exit status: 0, or 1 when a file could not be read, or, without --recursive,\n"
"bears no stamp.",
	.complete = COMPLETE_FILE,
	.run = cmd_prov,
};

struct prov {
	struct table_options table_options;
	bool recursive;
	bool all;
	struct table *table;
	int status;
};

struct row {
	const char *path;
	struct provenance prov;
};

static char *prov_cell(const void *data, size_t column)
{
	const struct row *row = data;
	const struct provenance *p = &row->prov;
	static const struct agent_session_id_uapi none;
	char id[AGENTNS_ID_BUFSIZE];

	switch (column) {
	case COL_FILE:
		return format("%s", row->path);
	case COL_SESSION:
		return p->kind == PROV_SESSION ?
			format("%s", agentns_id_format(&p->id, id)) : NULL;
	case COL_PARENT:
		return memcmp(&p->parent, &none, sizeof(none)) ?
			format("%s", agentns_id_format(&p->parent, id)) : NULL;
	case COL_WRITER:
		return p->kind == PROV_PROCESS && (*p->comm || !p->vouched) ?
			format("%s", p->comm) : NULL;
	case COL_PID:
		return p->kind == PROV_PROCESS && (p->pid || !p->vouched) ?
			format("%lu", p->pid) : NULL;
	case COL_UID:
		return p->kind == PROV_PROCESS || p->vouched ?
			format("%lu", p->uid) : NULL;
	case COL_TIME:
		return p->has_time ? format("%llu", p->time) : NULL;
	case COL_INTENT:
		return *p->intent ? format("%s", p->intent) : NULL;
	case COL_SOURCE:
		return p->kind != PROV_NONE ?
			format("%s", p->vouched ? AGENT_NS_STAMP_XATTR :
						  AGENT_NS_HINT_SESSION) : NULL;
	}
	return NULL;
}

static void show_file(struct prov *prov, const char *path, const char *access)
{
	struct row row = { .path = path };
	int ret = provenance_read(access, &row.prov);

	if (ret) {
		warnx("cannot read the stamp of \"%s\": %s", shown(path),
		      ret == -EBADMSG ? "it is malformed" : strerror(-ret));
		prov->status = EXIT_FAILURE;
		return;
	}
	if (row.prov.kind == PROV_NONE && !prov->all) {
		if (prov->recursive)
			return;
		warnx("\"%s\" bears no stamp", shown(path));
		prov->status = EXIT_FAILURE;
		return;
	}
	table_add(prov->table, prov_cell, &row, NULL);
}

static void show_trees(struct prov *prov, char **paths)
{
	FTSENT *entry;
	FTS *fts;

	fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	if (!fts)
		err(EXIT_FAILURE, "cannot walk the folders");
	while (errno = 0, (entry = fts_read(fts))) {
		switch (entry->fts_info) {
		case FTS_DP:
			break;
		case FTS_DNR:
		case FTS_ERR:
		case FTS_NS:
			warnx("cannot read \"%s\": %s", shown(entry->fts_path),
			      strerror(entry->fts_errno));
			prov->status = EXIT_FAILURE;
			break;
		default:
			show_file(prov, entry->fts_path, entry->fts_accpath);
		}
	}
	if (errno) {
		warn("cannot walk the folders");
		prov->status = EXIT_FAILURE;
	}
	fts_close(fts);
}

int cmd_prov(int argc, char **argv)
{
	struct prov prov = { .status = EXIT_SUCCESS };
	struct option_parser parser;
	int c, i;

	options_begin(&parser, &command_prov);
	while ((c = options_next(&parser, argc, argv)) != -1) {
		if (table_option(&prov.table_options, c, optarg))
			continue;
		if (c == 'R')
			prov.recursive = true;
		else
			prov.all = true;
	}
	if (optind == argc && !prov.table_options.list_columns) {
		warnx("no file was given");
		usage_hint(&command_prov);
	}
	prov.table = table_new("files", &command_prov, &prov.table_options,
			       default_columns, NULL);
	if (prov.recursive)
		show_trees(&prov, argv + optind);
	else
		for (i = optind; i < argc; i++)
			show_file(&prov, argv[i], argv[i]);
	table_print(prov.table);
	return prov.status;
}
