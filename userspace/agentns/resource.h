/* SPDX-License-Identifier: GPL-2.0-only */
/* The resources that sessions are counted and limited in. */
#ifndef AGENTNS_RESOURCE_H
#define AGENTNS_RESOURCE_H

#include <agentns.h>

/* X(heading, counter, limit, what it counts) */
#define RESOURCES(X) \
	X(SYSCALLS, total_syscalls, max_syscalls, "system calls") \
	X(OPENS, openat_count, max_opens, "files opened, or tried to") \
	X(WRITE_BYTES, write_bytes, max_write_bytes, "bytes written") \
	X(CONNECTS, connect_count, max_connects, "calls of connect") \
	X(UNLINKS, unlink_count, max_unlinks, "calls of unlink") \
	X(FORKS, fork_count, max_forks, "processes and threads made") \
	X(ELAPSED, elapsed_ns, max_elapsed_ns, "seconds since creation")

enum resource_id {
#define X(heading, counter, limit, text) RES_##heading,
	RESOURCES(X)
#undef X
	N_RESOURCES
};

/**
 * struct resource - names and places of one resource
 * @name: heading of its column
 * @limit_name: heading of its limit's column
 * @counter_key: the counter's name in the kernel's files
 * @limit_key: the limit's name in the kernel's files
 * @counter_offset: in struct agent_ns_counters_uapi
 * @limit_offset: in struct agent_ns_budget_ex
 * @help: what it counts
 */
struct resource {
	const char *name;
	const char *limit_name;
	const char *counter_key;
	const char *limit_key;
	size_t counter_offset;
	size_t limit_offset;
	const char *help;
};

extern const struct resource resources[N_RESOURCES];

uint64_t resource_counter(enum resource_id id,
			  const struct agent_ns_counters_uapi *counters);

/* resource_limit - 0 is no limit */
uint64_t resource_limit(enum resource_id id,
			const struct agent_ns_budget_ex *budget);

/* The AGENTNS_FIELD_* of a counter and of a limit. */
uint64_t resource_counter_field(enum resource_id id);
uint64_t resource_limit_field(enum resource_id id);

/*
 * resource_print - a counter or limit as text: seconds with three decimals
 * for time, else the plain number
 */
#define RESOURCE_BUFSIZE	24
char *resource_print(enum resource_id id, uint64_t value,
		     char buf[RESOURCE_BUFSIZE]);

#endif /* AGENTNS_RESOURCE_H */
