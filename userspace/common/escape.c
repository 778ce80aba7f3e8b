// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"

/*
 * Length of the well-formed UTF-8 character that @s begins with, 0 for none.
 * Not mbrtowc(): what is safe must not depend on the locale.
 */
static size_t utf8_decode(const unsigned char *s, size_t len, uint32_t *code)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t need, i;
	uint32_t c;

	if (s[0] < 0x80)
		need = 1, c = s[0];
	else if (s[0] >> 5 == 0x6)
		need = 2, c = s[0] & 0x1f;
	else if (s[0] >> 4 == 0xe)
		need = 3, c = s[0] & 0x0f;
	else if (s[0] >> 3 == 0x1e)
		need = 4, c = s[0] & 0x07;
	else
		return 0;
	if (need > len)
		return 0;
	for (i = 1; i < need; i++) {
		if (s[i] >> 6 != 0x2)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < smallest[need] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*code = c;
	return need;
}

bool is_utf8(const char *text)
{
	size_t len = strlen(text), n;
	uint32_t code;

	for (; len; text += n, len -= n) {
		n = utf8_decode((const unsigned char *)text, len, &code);
		if (!n)
			return false;
	}
	return true;
}

static bool is_safe(uint32_t c)
{
	if (c < 0x20 || c == '\\' || (c >= 0x7f && c <= 0x9f))
		return false;
	/* Soft hyphen, direction marks, line and paragraph separators, */
	if (c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f))
		return false;
	/* embeddings and overrides, isolates, invisible operators, BOM, */
	if ((c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f))
		return false;
	/* annotations, and the tags that mirror ASCII invisibly. */
	return c != 0xfeff && !(c >= 0xfff9 && c <= 0xfffb) &&
	       !(c >= 0xe0000 && c <= 0xe007f);
}

static char *put_hex(char *out, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";

	*out++ = '\\';
	*out++ = 'x';
	*out++ = digits[byte >> 4];
	*out++ = digits[byte & 15];
	return out;
}

char *escape_n(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	char *buf, *out;

	buf = malloc(4 * len + 1);
	if (!buf)
		err(EXIT_FAILURE, "cannot print a string of %zu bytes", len);
	out = buf;
	while (len) {
		uint32_t code = 0;
		size_t n = utf8_decode(s, len, &code);

		if (n && is_safe(code)) {
			memcpy(out, s, n);
			out += n;
		} else {
			size_t i;

			n = n ? n : 1;
			for (i = 0; i < n; i++)
				out = put_hex(out, s[i]);
		}
		s += n;
		len -= n;
	}
	*out = '\0';
	return buf;
}

char *escape(const char *text)
{
	return escape_n(text, strlen(text));
}

const char *shown_n(const char *text, size_t len)
{
	static char *recent[4];
	static unsigned int next;
	char **slot = &recent[next++ % 4];

	free(*slot);
	*slot = escape_n(text, len);
	return *slot;
}

const char *shown(const char *text)
{
	return shown_n(text, strlen(text));
}
