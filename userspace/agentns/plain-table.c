// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "plain-table.h"

struct plain_column {
	const char *name;
	size_t width;
	enum column_type type;
	/* What stands before the value in JSON. */
	char *key;
	size_t key_len;
};

/* NO_TEXT: there is none, which JSON tells from an empty one */
#define NO_TEXT	((size_t)-1)

struct cell {
	size_t offset;
	size_t len;
	size_t width;
};

struct buffer {
	char *bytes;
	size_t used;
	size_t room;
};

struct plain_table {
	struct plain_column *columns;
	size_t n_columns;
	size_t n_named;
	const char *json;
	struct cell *cells;
	size_t n_cells;
	size_t room;
	struct buffer text;	/* of all cells */
	struct buffer out;
};

static void *checked(void *memory)
{
	if (!memory)
		errx(EXIT_FAILURE, "cannot make the table: out of memory");
	return memory;
}

/* Room for @len more bytes, which the caller fills; never NULL, even for none. */
static char *extend(struct buffer *b, size_t len)
{
	char *start;

	if (b->room - b->used <= len) {
		b->room = 2 * b->room + len + 65536;
		b->bytes = checked(realloc(b->bytes, b->room));
	}
	start = b->bytes + b->used;
	b->used += len;
	return start;
}

static void put(struct plain_table *t, const char *text, size_t len)
{
	memcpy(extend(&t->out, len), text, len);
}

static void flush(struct plain_table *t)
{
	fwrite(t->out.bytes, 1, t->out.used, stdout);
	t->out.used = 0;
}

struct plain_table *plain_table_new(size_t n, const char *json)
{
	struct plain_table *t = checked(calloc(1, sizeof(*t)));

	t->columns = checked(calloc(n, sizeof(*t->columns)));
	t->n_columns = n;
	t->json = json;
	extend(&t->text, 0);
	extend(&t->out, 0);
	return t;
}

static bool is_ascii(const char *text, size_t len)
{
	uint64_t all = 0, some;
	size_t i;

	for (i = 0; i + sizeof(some) <= len; i += sizeof(some)) {
		memcpy(&some, text + i, sizeof(some));
		all |= some;
	}
	for (; i < len; i++)
		all |= (unsigned char)text[i];
	return !(all & 0x8080808080808080);
}

size_t width_of(const char *text, size_t len)
{
	size_t width = 0, i;
	mbstate_t state = { 0 };
	wchar_t wide;

	if (is_ascii(text, len))
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

static void add_key(struct plain_column *column)
{
	char *c;
	int len = asprintf(&column->key, "         \"%s\": ", column->name);

	checked(len < 0 ? NULL : column->key);
	column->key_len = len;
	for (c = column->key; *c; c++)
		*c = tolower((unsigned char)*c);
}

void plain_table_column(struct plain_table *t, const char *name,
			enum column_type type)
{
	struct plain_column *column = &t->columns[t->n_named++];

	column->name = name;
	column->type = type;
	column->width = strlen(name);
	if (t->json)
		add_key(column);
}

void plain_table_cell(struct plain_table *t, const char *text)
{
	struct plain_column *column = &t->columns[t->n_cells % t->n_columns];
	struct cell *cell;

	if (t->n_cells == t->room) {
		t->room = t->room ? 2 * t->room : 1024;
		t->cells = checked(reallocarray(t->cells, t->room,
						sizeof(*t->cells)));
	}
	cell = &t->cells[t->n_cells++];
	*cell = (struct cell){ .offset = t->text.used, .len = NO_TEXT };
	if (!text)
		return;
	cell->len = strlen(text);
	memcpy(extend(&t->text, cell->len), text, cell->len);
	if (t->json)
		return;
	cell->width = width_of(text, cell->len);
	if (cell->width > column->width)
		column->width = cell->width;
}

static void print_cell(struct plain_table *t, size_t column, const char *text,
		       size_t len, size_t width)
{
	const struct plain_column *c = &t->columns[column];
	bool right = c->type == COLUMN_NUMBER;
	bool last = column + 1 == t->n_columns;
	size_t left = c->width - width;

	if (right && (len || !last))
		memset(extend(&t->out, left), ' ', left);
	put(t, text, len);
	if (last) {
		put(t, "\n", 1);
		return;
	}
	/* And the blank between columns. */
	left = right ? 1 : left + 1;
	memset(extend(&t->out, left), ' ', left);
}

static void print_table(struct plain_table *t, bool headings)
{
	size_t i;

	if (headings && t->n_cells)
		for (i = 0; i < t->n_columns; i++) {
			const char *name = t->columns[i].name;

			print_cell(t, i, name, strlen(name), strlen(name));
		}
	for (i = 0; i < t->n_cells; i++) {
		const struct cell *cell = &t->cells[i];

		print_cell(t, i % t->n_columns, t->text.bytes + cell->offset,
			   cell->len == NO_TEXT ? 0 : cell->len, cell->width);
		if (t->out.used > 65536)
			flush(t);
	}
}

static void print_string(struct plain_table *t, const char *text, size_t len)
{
	static const unsigned char names[] = "\bb\ff\nn\rr\tt\"\"\\\\";
	size_t i, start = 0;
	char code[8];

	put(t, "\"", 1);
	for (i = 0; i < len; i++) {
		unsigned char c = text[i];
		const unsigned char *name;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		put(t, text + start, i - start);
		start = i + 1;
		for (name = names; *name && *name != c; name += 2)
			;
		if (*name)
			snprintf(code, sizeof(code), "\\%c", name[1]);
		else
			snprintf(code, sizeof(code), "\\u%04x", c);
		put(t, code, strlen(code));
	}
	put(t, text + start, len - start);
	put(t, "\"", 1);
}

static void print_value(struct plain_table *t, enum column_type type,
			const struct cell *cell)
{
	const char *text = t->text.bytes + cell->offset;

	if (type == COLUMN_BOOLEAN) {
		/* Not known is false, as there. */
		if (cell->len == NO_TEXT || !cell->len || *text == '0')
			put(t, "false", 5);
		else
			put(t, "true", 4);
	} else if (cell->len == NO_TEXT || !cell->len) {
		put(t, "null", 4);
	} else if (type == COLUMN_STRING) {
		print_string(t, text, cell->len);
	} else {
		put(t, text, cell->len);
	}
}

static void print_json(struct plain_table *t)
{
	size_t i;

	printf("{\n   \"%s\": [\n", t->json);
	for (i = 0; i < t->n_cells; i++) {
		size_t at = i % t->n_columns;
		const struct plain_column *column = &t->columns[at];

		if (!at && i)
			put(t, ",{\n", 3);
		else if (!at)
			put(t, "      {\n", 8);
		put(t, column->key, column->key_len);
		print_value(t, column->type, &t->cells[i]);
		if (at + 1 < t->n_columns) {
			put(t, ",\n", 2);
			continue;
		}
		put(t, "\n      }", 8);
		if (t->out.used > 65536)
			flush(t);
	}
	put(t, "\n   ]\n}\n", 8);
}

void plain_table_print(struct plain_table *t, bool headings)
{
	if (t->json)
		print_json(t);
	else
		print_table(t, headings);
	flush(t);
}

void plain_table_free(struct plain_table *t)
{
	size_t i;

	for (i = 0; i < t->n_columns; i++)
		free(t->columns[i].key);
	free(t->out.bytes);
	free(t->text.bytes);
	free(t->cells);
	free(t->columns);
	free(t);
}
