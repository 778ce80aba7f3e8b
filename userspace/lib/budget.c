// SPDX-License-Identifier: LGPL-2.1-or-later
/* Budget strings: wall=1h,syscalls=1e7,write_bytes=10G,fork=1000 */
#include <errno.h>
#include <string.h>

#include "internal.h"

#define NSEC_PER_SEC	1000000000ULL

/*
 * The part of a budget string that is looked at. Not NUL-terminated: error
 * positions are counted in the caller's own string.
 */
struct span {
	const char *start;
	size_t len;
};

static const char too_big[] = "the value does not fit in 64 bits";
static const char is_zero[] =
	"0 is not a limit (leave the key out for no limit)";

/*
 * Value parsers return NULL or why the value is bad. Each takes its own
 * suffixes alone, so that "syscalls=10K" is not taken for 10,000 by one
 * reader and for 10,240 by another.
 */
typedef const char *(*parse_value_fn)(struct span value, uint64_t *result);

/* Eat the decimal digits that @value begins with. */
static const char *eat_digits(struct span *value, uint64_t *result)
{
	uint64_t number = 0;
	size_t i;

	for (i = 0; i < value->len; i++) {
		char c = value->start[i];

		if (c < '0' || c > '9')
			break;
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(c - '0'),
					   &number))
			return too_big;
	}
	if (!i)
		return "the value is not a decimal number";
	value->start += i;
	value->len -= i;
	*result = number;
	return NULL;
}

static const char *scale(uint64_t number, uint64_t factor, uint64_t *result)
{
	if (!number)
		return is_zero;
	if (__builtin_mul_overflow(number, factor, result))
		return too_big;
	return NULL;
}

static const char *parse_count(struct span value, uint64_t *result)
{
	static const char usage[] = "a count is a number such as 1000 or 1e7";
	uint64_t mantissa, exponent = 0, factor = 1;
	const char *reason;

	reason = eat_digits(&value, &mantissa);
	if (reason)
		return reason;
	if (value.len) {
		if (*value.start != 'e' || value.len == 1)
			return usage;
		value.start++;
		value.len--;
		reason = eat_digits(&value, &exponent);
		if (reason == too_big)
			exponent = UINT64_MAX;
		else if (reason || value.len)
			return usage;
	}
	/* 1e19 fits in 64 bits and 1e20 does not. */
	if (mantissa && exponent > 19)
		return too_big;
	for (; mantissa && exponent; exponent--)
		factor *= 10;
	return scale(mantissa, factor, result);
}

static const char *parse_bytes(struct span value, uint64_t *result)
{
	static const char units[] = "KMGT";
	const char *reason, *unit;
	uint64_t number;

	reason = eat_digits(&value, &number);
	if (reason)
		return reason;
	if (!value.len)
		return scale(number, 1, result);
	unit = value.len == 1 ? memchr(units, *value.start, 4) : NULL;
	if (!unit)
		return "bytes are a number, optionally with K, M, G or T";
	return scale(number, 1ULL << 10 * (unit - units + 1), result);
}

static const char *parse_time(struct span value, uint64_t *result)
{
	uint64_t number, seconds = 1;
	const char *reason;

	reason = eat_digits(&value, &number);
	if (reason)
		return reason;
	if (value.len == 1 && *value.start == 'm')
		seconds = 60;
	else if (value.len == 1 && *value.start == 'h')
		seconds = 3600;
	else if (value.len && !(value.len == 1 && *value.start == 's'))
		return "a time is a number of seconds, or one with s, m or h";
	reason = scale(number, seconds * NSEC_PER_SEC, result);
	return reason == too_big ?
		"the value does not fit in 64 bits as nanoseconds" : reason;
}

static const struct {
	const char *name;
	parse_value_fn parse;
	size_t offset;
} keys[] = {
#define KEY(name, parse, field) \
	{ name, parse, offsetof(struct agent_ns_budget_ex, field) }
	KEY("wall",		parse_time,	max_elapsed_ns),
	KEY("syscalls",		parse_count,	max_syscalls),
	KEY("write_bytes",	parse_bytes,	max_write_bytes),
	KEY("fork",		parse_count,	max_forks),
	KEY("opens",		parse_count,	max_opens),
	KEY("connects",		parse_count,	max_connects),
	KEY("unlinks",		parse_count,	max_unlinks),
	KEY("tasks",		parse_count,	max_tasks),
	KEY("cpu",		parse_time,	max_cpu_ns),
	KEY("sessions",		parse_count,	max_descendants),
#undef KEY
};

static int find_key(struct span key)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (strlen(keys[i].name) == key.len &&
		    !memcmp(keys[i].name, key.start, key.len))
			return i;
	return -1;
}

/*
 * Parse one KEY=VALUE. @bad is the item at first; it is narrowed to the key
 * where the key alone is to blame.
 */
static const char *parse_item(struct span *bad,
			      struct agent_ns_budget_ex *budget)
{
	struct span key = *bad, value;
	const char *equals, *reason;
	uint64_t number;
	__u64 *limit;
	int i;

	if (!bad->len)
		return "KEY=VALUE is missing";
	equals = memchr(bad->start, '=', bad->len);
	if (equals)
		key.len = equals - bad->start;
	i = find_key(key);
	if (i < 0) {
		if (key.len)
			*bad = key;
		return "unknown key (there are wall, cpu, write_bytes, syscalls, fork, opens, connects, unlinks, tasks and sessions)";
	}
	if (!equals)
		return "the value is missing (write KEY=VALUE)";

	limit = (__u64 *)((char *)budget + keys[i].offset);
	/* A limit is never 0, so 0 is "not yet seen". */
	if (*limit)
		return "the key was given before";
	value.start = equals + 1;
	value.len = bad->len - key.len - 1;
	if (!value.len)
		return "the value is missing (write KEY=VALUE)";
	reason = keys[i].parse(value, &number);
	if (!reason)
		*limit = number;
	return reason;
}

int agentns_time_parse(const char *text, uint64_t *ns)
{
	struct span value = { text, strlen(text) };

	return parse_time(value, ns) ? -EINVAL : 0;
}

int agentns_budget_parse(const char *spec, struct agent_ns_budget_ex *budget,
			 struct agentns_budget_error *err)
{
	struct agent_ns_budget_ex tmp = {
		.action = budget->action,
		.grace_ns = budget->grace_ns,
	};
	struct span item = { .start = spec };

	for (;;) {
		const char *end, *reason;

		item.len = strcspn(item.start, ",");
		end = item.start + item.len;
		reason = parse_item(&item, &tmp);
		if (reason) {
			if (err)
				*err = (struct agentns_budget_error) {
					.offset = item.start - spec,
					.length = item.len,
					.reason = reason,
				};
			return -EINVAL;
		}
		if (!*end)
			break;
		item.start = end + 1;
	}
	*budget = tmp;
	return 0;
}
