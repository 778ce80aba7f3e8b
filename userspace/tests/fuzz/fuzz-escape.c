// SPDX-License-Identifier: GPL-2.0-only
/* Tags and names of any kind, made safe to print: readable in one way only. */
#include "escape.h"
#include "fuzz.h"

static int hex(char c)
{
	const char *digits = "0123456789abcdef", *at = strchr(digits, c);

	must(c && at);
	return at - digits;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of its own size: there is no NUL behind it. */
	char *copy = malloc(size ? size : 1), *safe;
	size_t n = 0;
	const char *s;

	must(copy);
	memcpy(copy, data, size);
	safe = escape_n(copy, size);
	for (s = safe; *s; s++) {
		unsigned char c = *s;

		must(c >= 0x20 && c != 0x7f);
		if (c == '\\') {
			must(s[1] == 'x');
			c = hex(s[2]) << 4 | hex(s[3]);
			s += 3;
		}
		must(n < size && c == data[n]);
		n++;
	}
	must(n == size);
	free(safe);
	free(copy);
	return 0;
}
