// SPDX-License-Identifier: GPL-2.0-only
/*
 * agentns doctor - walk the chain from the kernel to a session.
 *
 * Each check is one line; for the first that fails the command is printed
 * that mends it. What lies behind a failed check is not looked at.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "doctor.h"
#include "problem.h"
#include "table.h"

enum { COL_CHECK, COL_RESULT, COL_DETAIL, COL_FIX, N_DOCTOR_COLUMNS };

static const struct column doctor_columns[] = {
	[COL_CHECK]	= { "CHECK", "what was looked at", COLUMN_STRING },
	[COL_RESULT]	= { "RESULT", "ok, warning, failed or skipped",
			    COLUMN_STRING },
	[COL_DETAIL]	= { "DETAIL", "what was found", COLUMN_STRING },
	[COL_FIX]	= { "FIX", "the command that mends it",
			    COLUMN_STRING },
	[N_DOCTOR_COLUMNS] = { 0 }
};

static const struct option_spec options[] = {
	TABLE_OPTION_SPECS,
	SYSROOT_OPTION_SPEC,
	{ 0 }
};

const struct command command_doctor = {
	.name = "agentns doctor",
	.summary = "check what agent sessions need, from the kernel on",
	.operands = "[OPTION...]",
	.about =
"Check what agent sessions need, step by step from the kernel to a test session.\n"
"For the first step that fails, print the command that mends it.",
	.options = options,
	.columns = doctor_columns,
	.notes = "Exit status: 0 when nothing failed, 1 when something did.",
	.run = cmd_doctor,
};

static const char *const result_names[] = {
	[DOCTOR_OK]	= "ok",
	[DOCTOR_WARNING] = "warning",
	[DOCTOR_FAILED]	= "failed",
	[DOCTOR_SKIPPED] = "skipped",
};

static char *doctor_cell(const void *row, size_t column)
{
	const struct doctor_check *check = row;

	switch (column) {
	case COL_CHECK:
		return format("%s", check->name);
	case COL_RESULT:
		return format("%s", result_names[check->result]);
	case COL_DETAIL:
		return check->detail ? format("%s", check->detail) : NULL;
	default:
		return check->fix ? format("%s", check->fix) : NULL;
	}
}

static const struct {
	const char *name;
	void (*run)(struct doctor *doctor, struct doctor_check *check);
} checks[] = {
	{ "hooks", doctor_hooks },
	{ "headers", doctor_headers },
	{ "module", doctor_module },
	{ "signature", doctor_signature },
	{ "loaded", doctor_loaded },
	{ "security module", doctor_lsm },
	{ "knobs", doctor_knobs },
	{ "capability", doctor_capability },
	{ "session", doctor_session },
	{ "stamp", doctor_stamp },
};

#define N_CHECKS	(sizeof(checks) / sizeof(checks[0]))

int cmd_doctor(int argc, char **argv)
{
	struct doctor_check results[N_CHECKS] = { 0 }, *failed = NULL;
	struct table_options table_options = { 0 };
	struct doctor doctor = { .root = "" };
	struct option_parser parser;
	struct table *table;
	size_t i;
	int c;

	options_begin(&parser, &command_doctor);
	while ((c = options_next(&parser, argc, argv)) != -1)
		if (!table_option(&table_options, c, optarg))
			doctor.root = optarg;
	no_operands(&command_doctor, argc, argv);
	table = table_new("checks", &command_doctor, &table_options,
			  table_options.json ? "CHECK,RESULT,DETAIL,FIX" :
			  "CHECK,RESULT,DETAIL", NULL);
	doctor_begin(&doctor);
	for (i = 0; i < N_CHECKS; i++) {
		results[i].name = checks[i].name;
		results[i].result = DOCTOR_SKIPPED;
		if (failed)
			results[i].detail =
				format("%s has to be mended first", failed->name);
		else
			checks[i].run(&doctor, &results[i]);
		if (results[i].result == DOCTOR_FAILED)
			failed = &results[i];
		table_add(table, doctor_cell, &results[i], NULL);
	}
	table_print(table);
	if (failed && !table_options.json)
		printf("\nTo mend \"%s\":\n  %s\n", failed->name, failed->fix);
	for (i = 0; i < N_CHECKS; i++) {
		free(results[i].detail);
		free(results[i].fix);
	}
	doctor_end(&doctor);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
