// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <libsmartcols.h>

#include "escape.h"
#include "filter.h"
#include "plain-table.h"
#include "problem.h"
#include "table.h"

/* Room for all columns, and each once more. */
#define COLUMNS_MAX	80

struct table {
	const struct command *command;
	const struct table_options *options;
	struct libscols_table *scols;
	struct plain_table *plain;	/* not NULL: instead of @scols */
	struct filter *filter;
	const char *tree;
	bool fit;	/* into the width of a terminal */
	struct libscols_column *columns[COLUMNS_MAX];
	size_t widths[COLUMNS_MAX];	/* of what is in them */
	size_t branches;	/* how wide the tree's are */
	size_t chosen[COLUMNS_MAX];
	size_t n_chosen;
};

static void __attribute__((noreturn)) out_of_memory(void)
{
	errx(EXIT_FAILURE, "cannot make the table: out of memory");
}

char *format(const char *fmt, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0)
		out_of_memory();
	return text;
}

bool table_option(struct table_options *options, int c, const char *arg)
{
	switch (c) {
	case 'H':
		options->list_columns = true;
		return true;
	case 'J':
		options->json = true;
		return true;
	case 'l':
		options->list = true;
		return true;
	case 'n':
		options->no_headings = true;
		return true;
	case 'o':
		options->output = arg;
		return true;
	case OPT_OUTPUT_ALL:
		options->all = true;
		return true;
	case 'Q':
		options->filter = arg;
		return true;
	case 'r':
		options->raw = true;
		return true;
	}
	return false;
}

static void choose(struct table *t, const char *list)
{
	const struct command *command = t->command;
	const struct column *columns = command->columns;

	for (;;) {
		size_t len = strcspn(list, ","), i;

		for (i = 0; columns[i].name; i++)
			if (strlen(columns[i].name) == len &&
			    !strncasecmp(columns[i].name, list, len))
				break;
		if (!columns[i].name) {
			warnx("there is no column \"%s\" (--list-columns lists them)",
			      shown_n(list, len));
			free(t);
			usage_hint(command);
		}
		if (t->n_chosen == COLUMNS_MAX)
			errx(EXIT_USAGE, "more than %d columns were asked for",
			     COLUMNS_MAX);
		t->chosen[t->n_chosen++] = i;
		if (!list[len])
			return;
		list += len + 1;
	}
}

static void choose_columns(struct table *t, const char *defaults)
{
	const char *list = t->options->output;
	size_t i;

	if (t->options->all) {
		for (i = 0; t->command->columns[i].name; i++)
			t->chosen[t->n_chosen++] = i;
		return;
	}
	if (!list || *list == '+')
		choose(t, defaults);
	if (list)
		choose(t, *list == '+' ? list + 1 : list);
}

static void __attribute__((noreturn))
print_columns(const struct command *command, const struct table_options *o)
{
	static const char *const types[] = { "string", "number", "boolean" };
	struct libscols_table *scols = scols_new_table();
	const struct column *c;

	if (!scols || !scols_table_new_column(scols, "COLUMN", 0, 0) ||
	    !scols_table_new_column(scols, "TYPE", 0, 0) ||
	    !scols_table_new_column(scols, "DESCRIPTION", 0, SCOLS_FL_WRAP))
		out_of_memory();
	scols_table_set_name(scols, "columns");
	scols_table_enable_json(scols, o->json);
	scols_table_enable_raw(scols, o->raw);
	scols_table_enable_noheadings(scols, o->no_headings);
	for (c = command->columns; c->name; c++) {
		struct libscols_line *line = scols_table_new_line(scols, NULL);

		if (!line || scols_line_set_data(line, 0, c->name) ||
		    scols_line_set_data(line, 1, types[c->type]) ||
		    scols_line_set_data(line, 2, c->help))
			out_of_memory();
	}
	scols_print_table(scols);
	scols_unref_table(scols);
	exit(EXIT_SUCCESS);
}

/*
 * What gives way on a terminal that is too narrow: text that somebody chose, and
 * ids, of whose digits the first will do. What doctor found is to be read whole. A
 * number is never cut.
 */
static const struct narrow {
	const char *name;
	int flags;
	bool first;	/* before those that are not */
	size_t least;	/* places, or another column is left out */
} narrow[] = {
	{ "CMD",	SCOLS_FL_TRUNC,	true, 8 },
	{ "DETAIL",	SCOLS_FL_WRAP,	false, 12 },
	{ "FILE",	SCOLS_FL_TRUNC,	true, 8 },
	{ "FIX",	SCOLS_FL_WRAP,	false, 12 },
	{ "FROM",	SCOLS_FL_TRUNC,	false, 8 },
	{ "ID",		SCOLS_FL_TRUNC,	false, 8 },
	{ "INTENT",	SCOLS_FL_TRUNC,	true, 8 },
	{ "NODE",	SCOLS_FL_TRUNC,	false, 12 },
	{ "PARENT",	SCOLS_FL_TRUNC,	false, 8 },
	{ "SESSION",	SCOLS_FL_TRUNC,	false, 8 },
	{ "SOURCE",	SCOLS_FL_TRUNC,	true, 8 },
};

static const struct narrow *find_narrow(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(narrow) / sizeof(narrow[0]); i++)
		if (!strcmp(narrow[i].name, name))
			return &narrow[i];
	return NULL;
}

static void make_columns(struct table *t)
{
	static const int types[] = {
		[COLUMN_STRING]	= SCOLS_JSON_STRING,
		[COLUMN_NUMBER]	= SCOLS_JSON_NUMBER,
		[COLUMN_BOOLEAN] = SCOLS_JSON_BOOLEAN,
	};
	size_t i;

	for (i = 0; i < t->n_chosen; i++) {
		const struct column *c = &t->command->columns[t->chosen[i]];
		struct libscols_column *column;
		const struct narrow *give = find_narrow(c->name);
		int flags = give ? give->flags : 0;

		if (t->plain) {
			plain_table_column(t->plain, c->name, c->type);
			continue;
		}
		if (c->type == COLUMN_NUMBER)
			flags |= SCOLS_FL_RIGHT;
		if (t->tree && !strcmp(t->tree, c->name)) {
			flags |= SCOLS_FL_TREE;
			t->tree = NULL;
		}
		column = scols_table_new_column(t->scols, c->name, 0, flags);
		if (!column || scols_column_set_json_type(column,
							  types[c->type]))
			out_of_memory();
		t->columns[i] = column;
		t->widths[i] = strlen(c->name);
	}
}

struct table *table_new(const char *name, const struct command *command,
			const struct table_options *options,
			const char *defaults, const char *tree)
{
	struct table *t;

	if (options->json && options->raw) {
		warnx("--json and --raw exclude each other");
		usage_hint(command);
	}
	if (options->list_columns)
		print_columns(command, options);
	t = calloc(1, sizeof(*t));
	if (!t)
		out_of_memory();
	t->command = command;
	t->options = options;
	t->tree = options->list || options->raw ? NULL : tree;
	choose_columns(t, defaults);
	if (options->filter) {
		char *error;

		t->filter = filter_parse(options->filter, command->columns,
					 &error);
		if (!t->filter) {
			warnx("bad filter \"%s\": %s", shown(options->filter),
			      error);
			free(error);
			free(t);
			usage_hint(command);
		}
	}
	if (!options->raw && !t->tree && !isatty(STDOUT_FILENO)) {
		t->plain = plain_table_new(t->n_chosen,
					   options->json ? name : NULL);
		make_columns(t);
		return t;
	}
	t->scols = scols_new_table();
	if (!t->scols)
		out_of_memory();
	scols_table_set_name(t->scols, name);
	scols_table_enable_json(t->scols, options->json);
	scols_table_enable_raw(t->scols, options->raw);
	scols_table_enable_noheadings(t->scols, options->no_headings);
	/* What may be unsafe is escaped by us, and once is enough. */
	scols_table_enable_noencoding(t->scols,
				      !options->json && !options->raw);
	t->fit = !options->json && !options->raw && isatty(STDOUT_FILENO);
	scols_table_enable_nowrap(t->scols, t->fit);
	make_columns(t);
	return t;
}

bool table_has(const struct table *table, size_t column)
{
	size_t i;

	for (i = 0; i < table->n_chosen; i++)
		if (table->chosen[i] == column)
			return true;
	return table->filter && filter_uses(table->filter, column);
}

/*
 * libsmartcols escapes in its own way for --raw. JSON has its own escapes for
 * what is text: file names and names of processes need not be. The kernel's
 * tags are, and what somebody wrote into a file's attribute may be none.
 */
static bool stays(const struct table *t, const struct column *column,
		  const char *text)
{
	if (column->type != COLUMN_STRING || t->options->raw)
		return true;
	return t->options->json && !strcmp(column->name, "INTENT") &&
	       is_utf8(text);
}

/* Most strings need no escaping, and then no copy. */
static char *make_safe(char *text)
{
	const char *c;
	char *safe;

	for (c = text; *c >= 0x20 && *c < 0x7f && *c != '\\'; c++)
		;
	if (!*c)
		return text;
	safe = escape(text);
	free(text);
	return safe;
}

/* Two places a level. */
static void widen_branches(struct table *t, struct libscols_line *line)
{
	size_t width = 0;

	while (t->fit && (line = scols_line_get_parent(line)))
		width += 2;
	if (width > t->branches)
		t->branches = width;
}

static void widen_column(struct table *t, size_t i, const char *text)
{
	size_t width = width_of(text, strlen(text));

	if (width > t->widths[i])
		t->widths[i] = width;
}

void *table_add(struct table *t, table_cell_fn cell, const void *row,
		void *parent)
{
	struct libscols_line *line = NULL;
	size_t i;

	if (t->filter && !filter_matches(t->filter, cell, row))
		return NULL;
	if (!t->plain) {
		line = scols_table_new_line(t->scols,
					    t->options->list ? NULL : parent);
		if (!line)
			out_of_memory();
		widen_branches(t, line);
	}
	for (i = 0; i < t->n_chosen; i++) {
		const struct column *column =
			&t->command->columns[t->chosen[i]];
		char *text = cell(row, t->chosen[i]);

		if (text && !stays(t, column, text))
			text = make_safe(text);
		if (t->fit && text)
			widen_column(t, i, text);
		if (t->plain) {
			plain_table_cell(t->plain, text);
			free(text);
		} else if (text && scols_line_refer_data(line, i, text)) {
			out_of_memory();
		}
	}
	/* Without a tree it only has to be something. */
	return t->plain ? (void *)t : line;
}

/*
 * Leave the last columns out that would not fit, were all that can give way as
 * narrow as may be. libsmartcols alone would cut the number at the edge, and what
 * is left of it looks like another one. It also cuts all columns alike, which
 * leaves nothing of an id beside a long text: texts give way first, down to their
 * share of the room that is to spare.
 */
static void fit(struct table *t)
{
	size_t i, n = 0, used = 0, room = scols_table_get_termwidth(t->scols);
	size_t n_shown, spare;

	for (i = 0; i < t->n_chosen; i++) {
		const char *name = t->command->columns[t->chosen[i]].name;
		const struct narrow *give = find_narrow(name);
		size_t width = t->widths[i];

		if (give && width > give->least)
			width = give->least;
		if (!strcmp(name, "NODE"))
			width += t->branches;
		if (used + width + (i > 0) > room && i)
			break;
		used += width + (i > 0);
		n += give != NULL;
	}
	n_shown = i;
	for (; i < t->n_chosen; i++)
		if (scols_column_set_flags(t->columns[i], SCOLS_FL_HIDDEN))
			out_of_memory();
	spare = n && room > used ? (room - used) / n : 0;
	for (i = 0; i < n_shown; i++) {
		const struct narrow *give = find_narrow(
				t->command->columns[t->chosen[i]].name);

		if (give && give->first &&
		    scols_column_set_whint(t->columns[i],
					   (double)(give->least + spare) / room))
			out_of_memory();
	}
}

void table_print(struct table *t)
{
	if (t->plain) {
		plain_table_print(t->plain, !t->options->no_headings);
	} else {
		if (t->fit)
			fit(t);
		scols_print_table(t->scols);
	}
	table_free(t);
}

void table_free(struct table *t)
{
	if (t->plain)
		plain_table_free(t->plain);
	scols_unref_table(t->scols);
	filter_free(t->filter);
	free(t);
}
