/* SPDX-License-Identifier: GPL-2.0-only */
/* Strings from outside, made safe to print. */
#ifndef AGENTNS_ESCAPE_H
#define AGENTNS_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * escape_n - make @len bytes of @text safe for a terminal
 * @text: bytes of any kind
 * @len: how many
 *
 * Tags, process names and command lines may hold whatever their maker likes,
 * escape sequences that rewrite the screen too. Bytes of control characters,
 * of characters that reorder or hide text, and of malformed UTF-8 become \xHH,
 * as does the backslash, so that the result can be read in one way only.
 *
 * Return: a string for free(); never NULL, the program ends when out of
 * memory.
 */
char *escape_n(const char *text, size_t len);

/* escape - the same for a string */
char *escape(const char *text);

/* is_utf8 - is the whole of it well-formed UTF-8? */
bool is_utf8(const char *text);

/*
 * shown_n, shown - the same for a message, whose strings nobody frees
 *
 * Return: a string that is good until the fourth call from now.
 */
const char *shown_n(const char *text, size_t len);
const char *shown(const char *text);

#endif /* AGENTNS_ESCAPE_H */
