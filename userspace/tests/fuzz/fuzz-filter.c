// SPDX-License-Identifier: GPL-2.0-only
/* Filter expressions, and what they say of a row: EXPRESSION [NUL CELL]. */
#include "filter.h"
#include "fuzz.h"

static const struct column columns[] = {
	{ "DEPTH", "", COLUMN_NUMBER },
	{ "INTENT", "", COLUMN_STRING },
	{ "NAME", "", COLUMN_STRING },
	{ 0 }
};

static char *cell(const void *row, size_t column)
{
	must(column < 3);
	return column == 2 ? NULL : strdup(row);
}

/* What "+" repeats the C library copies once more: "a++++" is 16 times "a" there. */
#define PLUS_MAX	10

static bool is_costly(const char *text)
{
	size_t n = 0;

	for (; *text; text++) {
		if (*text == '{' || *text == '\\')
			return true;
		n += *text == '+';
	}
	return n > PLUS_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = strnlen((const char *)data, size);
	char *text = fuzz_string(data, len), *row;
	struct filter *filter;
	char *error = NULL;

	/*
	 * Repetitions and back references may take the C library any time and
	 * memory; whoever writes such a filter wastes their own.
	 */
	if (is_costly(text)) {
		free(text);
		return -1;
	}
	row = fuzz_string(data + len, size - len);
	filter = filter_parse(text, columns, &error);
	must(!filter == !!error);
	if (filter) {
		filter_uses(filter, 1);
		must(filter_matches(filter, cell, row) ==
		     filter_matches(filter, cell, row));
	}
	filter_free(filter);
	free(error);
	free(row);
	free(text);
	return 0;
}
