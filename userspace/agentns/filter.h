/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Expressions over the columns of a row: the language of libsmartcols' own
 * filters, which came with its version 2.40, later than Debian 12, and which
 * has no use for lines that are no table (agentns events).
 */
#ifndef AGENTNS_FILTER_H
#define AGENTNS_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "column.h"

struct filter;

/**
 * filter_parse - read an expression
 * @text: for example 'SYSCALLS > 1000 && INTENT =~ "^build"'; must outlive
 *	the filter's parsing only
 * @columns: ended by one without a name
 * @error: on failure, a message for free() that names the place
 *
 * Operators, by rising precedence: || or, && and, ! not, == eq, != ne, < lt,
 * <= le, > gt, >= ge, =~ (regular expression), !~; parentheses. A column alone
 * holds when it is neither empty nor 0. Numbers are compared as numbers where
 * the column has them.
 *
 * Return: the filter, or NULL.
 */
struct filter *filter_parse(const char *text, const struct column *columns,
			    char **error);

/* filter_uses - does the expression name this column? */
bool filter_uses(const struct filter *filter, size_t column);

/**
 * filter_matches - does a row fulfil the expression?
 * @filter: from filter_parse()
 * @cell: gives the content of a column for free(), NULL for none
 * @row: passed to @cell
 */
bool filter_matches(const struct filter *filter,
		    char *(*cell)(const void *row, size_t column),
		    const void *row);

void filter_free(struct filter *filter);

#endif /* AGENTNS_FILTER_H */
