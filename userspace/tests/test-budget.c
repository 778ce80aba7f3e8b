// SPDX-License-Identifier: GPL-2.0-only
/* Budget strings. */
#include <errno.h>
#include <string.h>

#include <agentns.h>

#include "tap.h"

#define SEC	1000000000ULL
#define U64_MAX	18446744073709551615ULL

/* Which limit a good string sets, and to what. */
#define GOOD(spec, field, value) \
	{ spec, offsetof(struct agent_ns_budget_ex, field), value }

static const struct {
	const char *spec;
	size_t offset;
	unsigned long long value;
} good[] = {
	GOOD("wall=1",			max_elapsed_ns, SEC),
	GOOD("wall=3600s",		max_elapsed_ns, 3600 * SEC),
	GOOD("wall=90m",		max_elapsed_ns, 5400 * SEC),
	GOOD("wall=24h",		max_elapsed_ns, 86400 * SEC),
	GOOD("wall=007s",		max_elapsed_ns, 7 * SEC),
	GOOD("wall=18446744073",	max_elapsed_ns, 18446744073ULL * SEC),
	GOOD("wall=307445734m",		max_elapsed_ns, 307445734ULL * 60 * SEC),
	GOOD("wall=5124095h",		max_elapsed_ns, 5124095ULL * 3600 * SEC),
	GOOD("syscalls=1",		max_syscalls, 1),
	GOOD("syscalls=1e7",		max_syscalls, 10000000),
	GOOD("syscalls=25e3",		max_syscalls, 25000),
	GOOD("syscalls=5e0",		max_syscalls, 5),
	GOOD("syscalls=1e19",		max_syscalls, 10000000000000000000ULL),
	GOOD("syscalls=18446744073709551615", max_syscalls, U64_MAX),
	GOOD("syscalls=00000000000000000000000001", max_syscalls, 1),
	GOOD("syscalls=1e00000000000000000000000007", max_syscalls, 10000000),
	GOOD("fork=1000",		max_forks, 1000),
	GOOD("opens=2e2",		max_opens, 200),
	GOOD("connects=3",		max_connects, 3),
	GOOD("unlinks=4",		max_unlinks, 4),
	GOOD("write_bytes=1",		max_write_bytes, 1),
	GOOD("write_bytes=1K",		max_write_bytes, 1024),
	GOOD("write_bytes=3M",		max_write_bytes, 3ULL << 20),
	GOOD("write_bytes=10G",		max_write_bytes, 10ULL << 30),
	GOOD("write_bytes=2T",		max_write_bytes, 2ULL << 40),
	GOOD("write_bytes=16777215T",	max_write_bytes, 16777215ULL << 40),
	GOOD("write_bytes=18014398509481983K", max_write_bytes,
	     18014398509481983ULL << 10),
	GOOD("write_bytes=18446744073709551615", max_write_bytes, U64_MAX),
};

/* Which part of a bad string is to blame, and a word of the reason. */
static const struct {
	const char *spec, *part, *reason;
} bad[] = {
	/* the string as such */
	{ "", "", "missing" },
	{ ",", "", "missing" },
	{ "wall=1,", "", "missing" },
	{ ",wall=1", "", "missing" },
	{ "wall=1,,fork=2", "", "missing" },
	{ " ", " ", "unknown key" },
	{ "wall", "wall", "value is missing" },
	{ "wall=", "wall=", "value is missing" },
	{ "wall,fork=1", "wall", "value is missing" },
	{ "=5", "=5", "unknown key" },
	{ "wall=1;fork=2", "wall=1;fork=2", "a time is" },
	/* keys */
	{ "forks=5", "forks", "unknown key" },
	{ "for=5", "for", "unknown key" },
	{ "Wall=5", "Wall", "unknown key" },
	{ "wall =5", "wall ", "unknown key" },
	{ "wall=1, fork=2", " fork", "unknown key" },
	{ "wall=1,bogus=2", "bogus", "unknown key" },
	{ "bogus", "bogus", "unknown key" },
	{ "wall=1,fork=2,wall=3", "wall=3", "before" },
	{ "wall=1,wall=1", "wall=1", "before" },
	/* numbers */
	{ "syscalls=-1", "syscalls=-1", "decimal number" },
	{ "syscalls=+1", "syscalls=+1", "decimal number" },
	{ "syscalls= 1", "syscalls= 1", "decimal number" },
	{ "syscalls=1 ", "syscalls=1 ", "a count is" },
	{ "syscalls=1\n", "syscalls=1\n", "a count is" },
	{ "syscalls=abc", "syscalls=abc", "decimal number" },
	{ "syscalls=0x10", "syscalls=0x10", "a count is" },
	{ "syscalls=max", "syscalls=max", "decimal number" },
	{ "syscalls==1", "syscalls==1", "decimal number" },
	{ "syscalls=1=1", "syscalls=1=1", "a count is" },
	{ "syscalls=1.5e3", "syscalls=1.5e3", "a count is" },
	/* zero */
	{ "wall=0", "wall=0", "not a limit" },
	{ "wall=0h", "wall=0h", "not a limit" },
	{ "syscalls=0", "syscalls=0", "not a limit" },
	{ "syscalls=0e5", "syscalls=0e5", "not a limit" },
	{ "syscalls=0e99", "syscalls=0e99", "not a limit" },
	{ "write_bytes=0K", "write_bytes=0K", "not a limit" },
	{ "fork=000", "fork=000", "not a limit" },
	/* exponents */
	{ "syscalls=1e", "syscalls=1e", "a count is" },
	{ "syscalls=e7", "syscalls=e7", "decimal number" },
	{ "syscalls=1E7", "syscalls=1E7", "a count is" },
	{ "syscalls=1e+7", "syscalls=1e+7", "a count is" },
	{ "syscalls=1e-7", "syscalls=1e-7", "a count is" },
	{ "syscalls=1e7e7", "syscalls=1e7e7", "a count is" },
	{ "wall=1e3s", "wall=1e3s", "a time is" },
	{ "wall=1e3", "wall=1e3", "a time is" },
	{ "write_bytes=1e9", "write_bytes=1e9", "bytes are" },
	/* suffixes of another kind of value */
	{ "syscalls=10K", "syscalls=10K", "a count is" },
	{ "fork=10s", "fork=10s", "a count is" },
	{ "wall=10K", "wall=10K", "a time is" },
	{ "wall=1d", "wall=1d", "a time is" },
	{ "wall=1S", "wall=1S", "a time is" },
	{ "wall=1ms", "wall=1ms", "a time is" },
	{ "wall=1h30m", "wall=1h30m", "a time is" },
	{ "write_bytes=1k", "write_bytes=1k", "bytes are" },
	{ "write_bytes=1g", "write_bytes=1g", "bytes are" },
	{ "write_bytes=1KB", "write_bytes=1KB", "bytes are" },
	{ "write_bytes=1KiB", "write_bytes=1KiB", "bytes are" },
	{ "write_bytes=1P", "write_bytes=1P", "bytes are" },
	{ "write_bytes=G", "write_bytes=G", "decimal number" },
	/* 64 bits */
	{ "syscalls=18446744073709551616", "syscalls=18446744073709551616", "64 bits" },
	{ "syscalls=99999999999999999999", "syscalls=99999999999999999999", "64 bits" },
	{ "syscalls=184467440737095516150", "syscalls=184467440737095516150", "64 bits" },
	{ "syscalls=2e19", "syscalls=2e19", "64 bits" },
	{ "syscalls=1e20", "syscalls=1e20", "64 bits" },
	{ "syscalls=1e64", "syscalls=1e64", "64 bits" },
	{ "syscalls=1e18446744073709551616", "syscalls=1e18446744073709551616", "64 bits" },
	{ "write_bytes=16777216T", "write_bytes=16777216T", "64 bits" },
	{ "write_bytes=17179869184G", "write_bytes=17179869184G", "64 bits" },
	{ "write_bytes=18446744073709551616", "write_bytes=18446744073709551616", "64 bits" },
	{ "wall=18446744074", "wall=18446744074", "64 bits" },
	{ "wall=307445735m", "wall=307445735m", "64 bits" },
	{ "wall=5124096h", "wall=5124096h", "64 bits" },
	{ "wall=18446744073709551616", "wall=18446744073709551616", "64 bits" },
};

static void test_good(void)
{
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct agent_ns_budget_ex want = { .action = 9 };
		struct agent_ns_budget_ex got = {
			.action = 9, .flags = 1, .max_opens = 5,
			.max_unlinks = 5
		};

		memcpy((char *)&want + good[i].offset, &good[i].value, 8);
		ok(!agentns_budget_parse(good[i].spec, &got, NULL) &&
		   !memcmp(&got, &want, sizeof(got)), "%s", good[i].spec);
	}
}

static void test_all_keys(void)
{
	struct agent_ns_budget_ex b = { 0 };

	ok_int(agentns_budget_parse("wall=3600s,syscalls=1e7,write_bytes=10G,fork=1000",
				    &b, NULL), 0, "the contract's example");
	ok(b.max_elapsed_ns == 3600 * SEC && b.max_syscalls == 10000000 &&
	   b.max_write_bytes == 10ULL << 30 && b.max_forks == 1000,
	   "the contract's example: values");
	ok(!b.max_opens && !b.max_connects && !b.max_unlinks,
	   "the contract's example: no others");
	ok_int(agentns_budget_parse("unlinks=7,connects=6,opens=5,fork=4,write_bytes=3,syscalls=2,wall=1",
				    &b, NULL), 0, "all keys, any order");
	ok(b.max_elapsed_ns == SEC && b.max_syscalls == 2 &&
	   b.max_write_bytes == 3 && b.max_forks == 4 && b.max_opens == 5 &&
	   b.max_connects == 6 && b.max_unlinks == 7, "all keys: values");
}

/* As an error is to be read: the part at its place, the reason beside it. */
static bool blames(const char *spec, const struct agentns_budget_error *err,
		   const char *part, const char *reason)
{
	return err->offset + err->length <= strlen(spec) &&
	       err->length == strlen(part) &&
	       !memcmp(spec + err->offset, part, err->length) &&
	       err->reason && strstr(err->reason, reason);
}

static void test_bad(void)
{
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct agent_ns_budget_ex before, b;
		struct agentns_budget_error err = { 99, 99, NULL };
		/* On the heap, where the sanitizer sees a read too far. */
		char *spec = strdup(bad[i].spec);

		memset(&b, 0x55, sizeof(b));
		before = b;
		if (!ok(agentns_budget_parse(spec, &b, &err) == -EINVAL &&
			!memcmp(&b, &before, sizeof(b)) &&
			blames(spec, &err, bad[i].part, bad[i].reason),
			"refused: \"%s\"",
			strchr(spec, '\n') ? "a newline behind" : spec))
			printf("# offset %zu, length %zu: %s\n", err.offset,
			       err.length, err.reason ? err.reason : "-");
		free(spec);
	}
}

static void test_offsets(void)
{
	struct agentns_budget_error err;
	struct agent_ns_budget_ex b = { 0 };

	agentns_budget_parse("wall=1,", &b, &err);
	ok_int(err.offset, 7, "trailing comma: the place");
	agentns_budget_parse("wall=1,,fork=2", &b, &err);
	ok_int(err.offset, 7, "empty part: the place");
	agentns_budget_parse("wall=1,fork=2,wall=3", &b, &err);
	ok_int(err.offset, 14, "duplicate: the second is to blame");
	ok_int(agentns_budget_parse("bogus", &b, NULL), -EINVAL,
	       "nobody asks what is wrong");
}

int main(void)
{
	test_good();
	test_all_keys();
	test_bad();
	test_offsets();
	return tap_done();
}
