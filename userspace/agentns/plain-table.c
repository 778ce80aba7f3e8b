// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "plain-table.h"

struct plain_column {
	const char *name;
	size_t width;
	bool right;
};

struct plain_table {
	struct plain_column *columns;
	size_t n_columns;
	size_t n_named;
	char **cells;
	size_t n_cells;
	size_t room;
};

static void *checked(void *memory)
{
	if (!memory)
		errx(EXIT_FAILURE, "cannot make the table: out of memory");
	return memory;
}

struct plain_table *plain_table_new(size_t n)
{
	struct plain_table *t = checked(calloc(1, sizeof(*t)));

	t->columns = checked(calloc(n, sizeof(*t->columns)));
	t->n_columns = n;
	return t;
}

size_t width_of(const char *text)
{
	size_t len = strlen(text), width = 0, i;
	mbstate_t state = { 0 };
	wchar_t wide;

	for (i = 0; i < len && !(text[i] & 0x80); i++)
		;
	if (i == len)
		return len;
	for (i = 0; i < len;) {
		size_t n = mbrtowc(&wide, text + i, len - i, &state);
		int places;

		if (!n || n > len - i) {
			/* Not of this locale: a byte takes a place. */
			memset(&state, 0, sizeof(state));
			width++;
			i++;
			continue;
		}
		places = wcwidth(wide);
		width += places > 0 ? places : 0;
		i += n;
	}
	return width;
}

static void widen(struct plain_column *column, const char *text)
{
	size_t width = width_of(text);

	if (width > column->width)
		column->width = width;
}

void plain_table_column(struct plain_table *t, const char *name, bool right)
{
	struct plain_column *column = &t->columns[t->n_named++];

	column->name = name;
	column->right = right;
	widen(column, name);
}

void plain_table_cell(struct plain_table *t, char *text)
{
	if (t->n_cells == t->room) {
		t->room = t->room ? 2 * t->room : 1024;
		t->cells = checked(reallocarray(t->cells, t->room,
						sizeof(*t->cells)));
	}
	if (text)
		widen(&t->columns[t->n_cells % t->n_columns], text);
	t->cells[t->n_cells++] = text;
}

static void pad(size_t n)
{
	while (n--)
		putchar_unlocked(' ');
}

static void print_cell(const struct plain_table *t, size_t column,
		       const char *text)
{
	const struct plain_column *c = &t->columns[column];
	bool last = column + 1 == t->n_columns;
	size_t left;

	if (!text)
		text = "";
	left = c->width - width_of(text);
	if (c->right && (*text || !last))
		pad(left);
	fputs_unlocked(text, stdout);
	if (last) {
		putchar_unlocked('\n');
		return;
	}
	if (!c->right)
		pad(left);
	putchar_unlocked(' ');
}

void plain_table_print(struct plain_table *t, bool headings)
{
	size_t i;

	if (headings && t->n_cells)
		for (i = 0; i < t->n_columns; i++)
			print_cell(t, i, t->columns[i].name);
	for (i = 0; i < t->n_cells; i++)
		print_cell(t, i % t->n_columns, t->cells[i]);
}

void plain_table_free(struct plain_table *t)
{
	size_t i;

	for (i = 0; i < t->n_cells; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t->columns);
	free(t);
}
