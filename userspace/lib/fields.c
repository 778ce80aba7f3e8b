// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is known of a session: names in the kernel's files, and how to read. */
#include <errno.h>
#include <string.h>

#include "internal.h"

static int set_number(struct agentns_session *s, size_t offset,
		      const char *text)
{
	uint64_t value;
	int ret = agentns__digits(text, &value);

	/* uint64_t and __u64 are different types of the same size. */
	if (!ret)
		memcpy((char *)s + offset, &value, sizeof(value));
	return ret;
}

/* A limit is a number, or "max" for none. */
static int set_limit(struct agentns_session *s, size_t offset,
		     const char *text)
{
	return set_number(s, offset, strcmp(text, "max") ? text : "0");
}

static int set_parent(struct agentns_session *s, size_t offset,
		      const char *text)
{
	(void)offset;
	return agentns_id_parse(text, &s->parent) ? -EBADMSG : 0;
}

static int set_action(struct agentns_session *s, size_t offset,
		      const char *text)
{
	(void)offset;
	/* A later kernel's action is no reason to hide the session. */
	if (agentns_action_parse(text, &s->budget.action))
		s->budget.action = AGENTNS_ACTION_UNKNOWN;
	return 0;
}

static int set_intent(struct agentns_session *s, size_t offset,
		      const char *text)
{
	size_t len = strlen(text);

	(void)offset;
	if (len >= sizeof(s->intent))
		return -EBADMSG;
	memcpy(s->intent, text, len + 1);
	return 0;
}

static int set_depth(struct agentns_session *s, size_t offset,
		     const char *text)
{
	uint64_t depth;

	(void)offset;
	if (agentns__digits(text, &depth) || depth > UINT32_MAX)
		return -EBADMSG;
	s->depth = depth;
	return 0;
}

static int set_sealed(struct agentns_session *s, size_t offset,
		      const char *text)
{
	uint64_t sealed;

	(void)offset;
	if (agentns__digits(text, &sealed))
		return -EBADMSG;
	s->sealed = sealed;
	return 0;
}

#define LIMIT(_name, _mask) { \
	.mask = (_mask), .column = #_name, .file = #_name, .set = set_limit, \
	.offset = offsetof(struct agentns_session, budget._name) }
#define COUNTER(_name, _member, _mask) { \
	.mask = (_mask), .column = #_name, .file = "counters/" #_name, \
	.set = set_number, \
	.offset = offsetof(struct agentns_session, _member) }
#define NUMBER(_name, _mask) { \
	.mask = (_mask), .column = #_name, .file = #_name, .set = set_number, \
	.offset = offsetof(struct agentns_session, _name) }
#define OTHER(_name, _mask) { \
	.mask = (_mask), .column = #_name, .file = #_name, .set = set_##_name }

const struct agentns__field agentns__fields[AGENTNS__N_FIELDS] = {
	OTHER(parent, AGENTNS_FIELD_PARENT),
	OTHER(action, AGENTNS_FIELD_ACTION),
	OTHER(intent, AGENTNS_FIELD_INTENT),
	OTHER(depth, AGENTNS_FIELD_DEPTH),
	OTHER(sealed, AGENTNS_FIELD_SEALED),
	NUMBER(inum, AGENTNS_FIELD_INUM),
	NUMBER(descendants, AGENTNS_FIELD_DESCENDANTS),
	LIMIT(grace_ns, AGENTNS_FIELD_GRACE),
	LIMIT(max_syscalls, AGENTNS_FIELD_LIMIT(0)),
	LIMIT(max_write_bytes, AGENTNS_FIELD_LIMIT(1)),
	LIMIT(max_elapsed_ns, AGENTNS_FIELD_LIMIT(2)),
	LIMIT(max_forks, AGENTNS_FIELD_LIMIT(3)),
	LIMIT(max_opens, AGENTNS_FIELD_LIMIT(4)),
	LIMIT(max_connects, AGENTNS_FIELD_LIMIT(5)),
	LIMIT(max_unlinks, AGENTNS_FIELD_LIMIT(6)),
	LIMIT(max_tasks, AGENTNS_FIELD_LIMIT(7)),
	LIMIT(max_cpu_ns, AGENTNS_FIELD_LIMIT(8)),
	LIMIT(max_descendants, AGENTNS_FIELD_LIMIT(9)),
	COUNTER(total_syscalls, counters.total_syscalls,
		AGENTNS_FIELD_COUNTER(0)),
	COUNTER(openat_count, counters.openat_count, AGENTNS_FIELD_COUNTER(1)),
	COUNTER(write_bytes, counters.write_bytes, AGENTNS_FIELD_COUNTER(2)),
	COUNTER(connect_count, counters.connect_count,
		AGENTNS_FIELD_COUNTER(3)),
	COUNTER(unlink_count, counters.unlink_count, AGENTNS_FIELD_COUNTER(4)),
	COUNTER(fork_count, counters.fork_count, AGENTNS_FIELD_COUNTER(5)),
	COUNTER(elapsed_ns, counters.elapsed_ns, AGENTNS_FIELD_COUNTER(6)),
	COUNTER(tasks, tasks, AGENTNS_FIELD_TASKS),
	COUNTER(cpu_ns, cpu_ns, AGENTNS_FIELD_CPU),
};
