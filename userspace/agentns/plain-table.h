/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A table or JSON as libsmartcols prints it where nothing is a terminal:
 * neither cut nor folded. Ten thousand lines cost a fraction of what they cost
 * there, where each character is looked at several times.
 */
#ifndef AGENTNS_PLAIN_TABLE_H
#define AGENTNS_PLAIN_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "column.h"

struct plain_table;

/*
 * plain_table_new - begin a table of @n columns; never NULL, as all of these
 *
 * @json: what the list is called in JSON; NULL for a table
 */
struct plain_table *plain_table_new(size_t n, const char *json);

/* plain_table_column - the next column; @name stays the caller's */
void plain_table_column(struct plain_table *table, const char *name,
			enum column_type type);

/* plain_table_cell - the next cell; @text stays the caller's, NULL is empty */
void plain_table_cell(struct plain_table *table, const char *text);

/* plain_table_print - print it, nothing where there are no rows */
void plain_table_print(struct plain_table *table, bool headings);

void plain_table_free(struct plain_table *table);

/* width_of - how many places on a screen @len bytes of text take */
size_t width_of(const char *text, size_t len);

#endif /* AGENTNS_PLAIN_TABLE_H */
