/* SPDX-License-Identifier: GPL-2.0-only */
/* Just enough TAP for unit tests: ok() counts, tap_done() prints the plan. */
#ifndef AGENTNS_TAP_H
#define AGENTNS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned int tap_count, tap_failed;

static inline bool __attribute__((format(printf, 2, 3)))
ok(bool passed, const char *fmt, ...)
{
	va_list args;

	tap_count++;
	tap_failed += !passed;
	printf("%sok %u - ", passed ? "" : "not ", tap_count);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	/* Test programs fork: nothing may be left to be printed twice. */
	fflush(stdout);
	return passed;
}

/* A failing test says what it saw; the test's own line cannot. */
#define ok_int(got, want, ...) do { \
	long long got_ = (got), want_ = (want); \
	if (!ok(got_ == want_, __VA_ARGS__)) \
		printf("# got %lld, want %lld\n", got_, want_); \
} while (0)

#define ok_str(got, want, ...) do { \
	const char *got_s = (got), *want_s = (want); \
	if (!ok(!strcmp(got_s, want_s), __VA_ARGS__)) \
		printf("# got \"%s\", want \"%s\"\n", got_s, want_s); \
} while (0)

/* Give up: the test cannot set up what it needs. */
static inline void __attribute__((noreturn)) tap_bail(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(EXIT_FAILURE);
}

static inline int tap_done(void)
{
	printf("1..%u\n", tap_count);
	return tap_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif /* AGENTNS_TAP_H */
