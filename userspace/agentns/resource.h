/* SPDX-License-Identifier: GPL-2.0-only */
/* The resources that sessions are counted and limited in. */
#ifndef AGENTNS_RESOURCE_H
#define AGENTNS_RESOURCE_H

#include <agentns.h>

/* X(heading, member of struct agentns_session, counter, limit, what it is) */
#define RESOURCES(X) \
	X(SYSCALLS, counters.total_syscalls, total_syscalls, max_syscalls, \
	  "system calls") \
	X(OPENS, counters.openat_count, openat_count, max_opens, \
	  "files opened, or tried to") \
	X(WRITE_BYTES, counters.write_bytes, write_bytes, max_write_bytes, \
	  "bytes written") \
	X(CONNECTS, counters.connect_count, connect_count, max_connects, \
	  "calls of connect") \
	X(UNLINKS, counters.unlink_count, unlink_count, max_unlinks, \
	  "calls of unlink") \
	X(FORKS, counters.fork_count, fork_count, max_forks, \
	  "processes and threads made") \
	X(ELAPSED, counters.elapsed_ns, elapsed_ns, max_elapsed_ns, \
	  "seconds since creation") \
	X(TASKS, tasks, tasks, max_tasks, \
	  "tasks that live now, threads too") \
	X(CPU, cpu_ns, cpu_ns, max_cpu_ns, \
	  "seconds of CPU time") \
	X(SESSIONS, descendants, descendants, max_descendants, \
	  "sessions inside that live now")

enum resource_id {
#define X(heading, member, counter, limit, text) RES_##heading,
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
 * @counter_offset: in struct agentns_session
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
			  const struct agentns_session *session);

/* resource_known - does the kernel tell of this counter? */
bool resource_known(enum resource_id id, const struct agentns_session *session);

/* resource_limit - 0 is no limit */
uint64_t resource_limit(enum resource_id id,
			const struct agent_ns_budget_ex *budget);

/* resource_field - the AGENTNS_FIELD_* of a counter */
uint64_t resource_field(enum resource_id id);

/* resource_is_time - is it counted in nanoseconds, and shown in seconds? */
bool resource_is_time(enum resource_id id);

/* resource_limit_field - the AGENTNS_FIELD_* of a limit */
uint64_t resource_limit_field(enum resource_id id);

/*
 * resource_print - a counter or limit as text: seconds with three decimals
 * for time, else the plain number
 */
#define RESOURCE_BUFSIZE	24
char *resource_print(enum resource_id id, uint64_t value,
		     char buf[RESOURCE_BUFSIZE]);

#endif /* AGENTNS_RESOURCE_H */
