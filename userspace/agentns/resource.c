// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "resource.h"

#define NSEC_PER_SEC	1000000000ULL
#define NSEC_PER_MSEC	1000000ULL

const struct resource resources[N_RESOURCES] = {
#define X(heading, member, counter, limit, text) { \
	.name = #heading, \
	.limit_name = "MAX_" #heading, \
	.counter_key = #counter, \
	.limit_key = #limit, \
	.counter_offset = offsetof(struct agentns_session, member), \
	.limit_offset = offsetof(struct agent_ns_budget_ex, limit), \
	.help = text, \
},
	RESOURCES(X)
#undef X
};

static uint64_t load(const void *base, size_t offset)
{
	uint64_t value;

	memcpy(&value, (const char *)base + offset, sizeof(value));
	return value;
}

uint64_t resource_field(enum resource_id id)
{
	switch (id) {
	case RES_TASKS:
		return AGENTNS_FIELD_TASKS;
	case RES_CPU:
		return AGENTNS_FIELD_CPU;
	case RES_SESSIONS:
		return AGENTNS_FIELD_DESCENDANTS;
	default:
		return AGENTNS_FIELD_COUNTER((resources[id].counter_offset -
				offsetof(struct agentns_session, counters)) /
				sizeof(__u64));
	}
}

bool resource_is_time(enum resource_id id)
{
	return id == RES_ELAPSED || id == RES_CPU;
}

uint64_t resource_counter(enum resource_id id,
			  const struct agentns_session *session)
{
	return load(session, resources[id].counter_offset);
}

bool resource_known(enum resource_id id, const struct agentns_session *session)
{
	return session->fields & resource_field(id);
}

uint64_t resource_limit(enum resource_id id,
			const struct agent_ns_budget_ex *budget)
{
	return load(budget, resources[id].limit_offset);
}

uint64_t resource_limit_field(enum resource_id id)
{
	return AGENTNS_FIELD_LIMIT((resources[id].limit_offset -
				    offsetof(struct agent_ns_budget_ex,
					     max_syscalls)) / sizeof(__u64));
}

/* By hand: printf() would be a fifth of what a long list costs. */
static char *put_number(char *out, uint64_t value, int digits)
{
	char text[24];
	int n = 0;

	do {
		text[n++] = '0' + value % 10;
		value /= 10;
	} while (value || n < digits);
	while (n)
		*out++ = text[--n];
	return out;
}

char *resource_print(enum resource_id id, uint64_t value,
		     char buf[RESOURCE_BUFSIZE])
{
	char *out = buf;

	/* The point is fixed: this goes into JSON too. */
	if (resource_is_time(id)) {
		out = put_number(out, value / NSEC_PER_SEC, 1);
		*out++ = '.';
		out = put_number(out, value % NSEC_PER_SEC / NSEC_PER_MSEC, 3);
	} else {
		out = put_number(out, value, 1);
	}
	*out = '\0';
	return buf;
}
