/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables as the programs of util-linux print them, by libsmartcols. */
#ifndef AGENTNS_TABLE_H
#define AGENTNS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "column.h"
#include "options.h"

/**
 * struct table_options - what the user asked of a table
 * @json: print JSON
 * @raw: print without alignment, with blanks in values as \x20
 * @list: print no tree
 * @no_headings: print no headings
 * @list_columns: print the columns that there are, and nothing else
 * @all: print all columns
 * @output: the columns, by name; NULL for the default
 * @filter: the expression that a row must fulfil; NULL for none
 */
struct table_options {
	bool json;
	bool raw;
	bool list;
	bool no_headings;
	bool list_columns;
	bool all;
	const char *output;
	const char *filter;
};

enum { OPT_OUTPUT_ALL = 400, OPT_SYSROOT };

#define TABLE_OPTION_SPECS \
	{ 'H', "list-columns", NULL, "list the columns and what is in them", \
	  0, NULL }, \
	{ 'J', "json", NULL, "use JSON output format", 0, NULL }, \
	{ 'l', "list", NULL, "use list format output: no tree", 0, NULL }, \
	{ 'n', "noheadings", NULL, "don't print headings", 0, NULL }, \
	{ 'o', "output", "LIST", \
	  "columns to print; +LIST adds to the default", \
	  COMPLETE_COLUMNS, NULL }, \
	{ OPT_OUTPUT_ALL, "output-all", NULL, "print all columns", 0, NULL }, \
	{ 'Q', "filter", "EXPR", \
	  "print the lines that EXPR holds for, such as\n" \
	  "'WRITE_BYTES > 1000000 && INTENT =~ \"^build\"'", 0, NULL }, \
	{ 'r', "raw", NULL, "use raw output format", 0, NULL }

#define SYSROOT_OPTION_SPEC \
	{ OPT_SYSROOT, "sysroot", "DIR", \
	  "read DIR/proc and DIR/sys, not /proc and /sys", \
	  COMPLETE_DIRECTORY, NULL }

/* table_option - take option @c when it is one of the above; else false */
bool table_option(struct table_options *options, int c, const char *arg);

struct table;

/**
 * table_new - begin a table
 * @name: the name of the list in JSON
 * @command: whose; its columns are the table's
 * @options: the user's wishes; must outlive the table
 * @defaults: the columns that are printed by default, by name
 * @tree: the column in which a tree is drawn, by name; NULL for none
 *
 * Bad column names, filters and option pairs end the program for bad usage;
 * --list-columns is answered and ends it, too.
 */
struct table *table_new(const char *name, const struct command *command,
			const struct table_options *options,
			const char *defaults, const char *tree);

/* table_has - will column number @column be printed or filtered by? */
bool table_has(const struct table *table, size_t column);

/**
 * table_cell_fn - the content of a cell
 * @row: as given to table_add()
 * @column: its number in the command's columns
 *
 * Return: a string for free(), as it is: the table escapes it; NULL for none.
 */
typedef char *(*table_cell_fn)(const void *row, size_t column);

/**
 * table_add - add a row
 * @table: from table_new()
 * @cell: called for each column
 * @row: passed to @cell
 * @parent: what this function returned for the row above in the tree, or NULL
 *
 * Return: the row, or NULL when it does not fulfil the filter.
 */
void *table_add(struct table *table, table_cell_fn cell, const void *row,
		void *parent);

/* table_print - print the table and free it */
void table_print(struct table *table);

/* table_free - free a table that is not printed */
void table_free(struct table *table);

/* format - sprintf() into a string for free(); ends the program without memory */
char *format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif /* AGENTNS_TABLE_H */
