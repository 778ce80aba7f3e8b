// SPDX-License-Identifier: GPL-2.0-only
/* Strings made safe for a terminal. */
#include <string.h>

#include "escape.h"
#include "tap.h"

static const struct {
	const char *what, *in, *out;
} cases[] = {
	{ "empty", "", "" },
	{ "plain", "make -j4", "make -j4" },
	{ "two bytes", "\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9" },
	{ "three bytes", "\xe2\x82\xac", "\xe2\x82\xac" },
	{ "four bytes", "\xf0\x9f\x90\xa7", "\xf0\x9f\x90\xa7" },
	{ "the last character", "\xf4\x8f\xbf\xbd", "\xf4\x8f\xbf\xbd" },
	{ "no-break space, the first behind C1", "\xc2\xa0", "\xc2\xa0" },
	{ "escape sequence", "\x1b[2J", "\\x1b[2J" },
	{ "newline", "a\nb", "a\\x0ab" },
	{ "tab", "a\tb", "a\\x09b" },
	{ "unit separator, the last of C0", "\x1f", "\\x1f" },
	{ "delete", "\x7f", "\\x7f" },
	{ "backslash", "\\x1b", "\\x5cx1b" },
	{ "C1 as a character", "\xc2\x9b[2J", "\\xc2\\x9b[2J" },
	{ "the last of C1", "\xc2\x9f", "\\xc2\\x9f" },
	{ "C1 as a byte", "\x9b[2J", "\\x9b[2J" },
	{ "override", "a\xe2\x80\xae" "b", "a\\xe2\\x80\\xaeb" },
	{ "isolate", "\xe2\x81\xa6", "\\xe2\\x81\\xa6" },
	{ "zero width", "\xe2\x80\x8b", "\\xe2\\x80\\x8b" },
	{ "Arabic letter mark", "\xd8\x9c", "\\xd8\\x9c" },
	{ "soft hyphen", "\xc2\xad", "\\xc2\\xad" },
	{ "byte order mark", "\xef\xbb\xbf", "\\xef\\xbb\\xbf" },
	{ "line separator", "\xe2\x80\xa8", "\\xe2\\x80\\xa8" },
	{ "tag character", "\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81" },
	{ "overlong slash", "\xc0\xaf", "\\xc0\\xaf" },
	{ "overlong, three bytes", "\xe0\x80\xaf", "\\xe0\\x80\\xaf" },
	{ "surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80" },
	{ "too high", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
	{ "a lead byte of five", "\xf8\x88\x80\x80\x80",
	  "\\xf8\\x88\\x80\\x80\\x80" },
	{ "cut off", "a\xe2\x82", "a\\xe2\\x82" },
	{ "cut off, then text", "\xe2\x82z", "\\xe2\\x82z" },
	{ "stray continuation", "\x80z", "\\x80z" },
	{ "0xff", "\xff", "\\xff" },
};

int main(void)
{
	char *text;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* On the heap, where the sanitizer sees a read too far. */
		char *in = malloc(strlen(cases[i].in) ? strlen(cases[i].in) : 1);

		memcpy(in, cases[i].in, strlen(cases[i].in));
		text = escape_n(in, strlen(cases[i].in));
		ok_str(text, cases[i].out, "%s", cases[i].what);
		free(text);
		free(in);
	}
	text = escape_n("a\0b", 3);
	ok_str(text, "a\\x00b", "a NUL inside");
	free(text);
	text = escape_n("abc", 2);
	ok_str(text, "ab", "no more than asked for");
	free(text);
	text = escape_n("\xe2\x82\xac", 2);
	ok_str(text, "\\xe2\\x82", "a character whose end is not asked for");
	free(text);
	text = escape("a\x1b");
	ok_str(text, "a\\x1b", "a whole string");
	free(text);
	return tap_done();
}
