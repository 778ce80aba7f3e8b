// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "problem.h"
#include "session-columns.h"
#include "table.h"

const struct column session_columns[] = {
	SESSION_COLUMNS(0),
#define X(heading, member, counter, limit, text) \
	SESSION_RESOURCE_COLUMNS(0, heading, text),
	RESOURCES(X)
#undef X
	[N_SESSION_COLUMNS] = { 0 }
};

static char *copy(const char *text)
{
	char *new = strdup(text);

	if (!new)
		err(EXIT_FAILURE, "cannot print agent sessions");
	return new;
}

char *session_cell(const void *row, size_t column)
{
	char number[RESOURCE_BUFSIZE], id[AGENTNS_ID_BUFSIZE];
	const struct agentns_session *s = row;
	uint64_t limit;

	switch (column) {
	case COL_ID:
		return copy(agentns_id_format(&s->id, id));
	case COL_PARENT:
		return copy(agentns_id_format(&s->parent, id));
	case COL_INTENT:
		return copy(s->intent);
	case COL_DEPTH:
		return format("%" PRIu32, s->depth);
	case COL_INUM:
		return format("%" PRIu64, s->inum);
	case COL_ACTION:
		return copy(agentns_action_name(s->budget.action));
	case COL_GRACE:
		if (!s->budget.grace_ns)
			return NULL;
		return copy(resource_print(RES_ELAPSED,
						   s->budget.grace_ns, number));
	case COL_SEALED:
		if (!(s->fields & AGENTNS_FIELD_SEALED))
			return NULL;
		return format("%d", s->sealed);
	}
	if (column < COL_LIMITS) {
		column -= COL_COUNTERS;
		if (!resource_known(column, s))
			return NULL;
		return copy(resource_print(column,
				resource_counter(column, s), number));
	}
	column -= COL_LIMITS;
	limit = resource_limit(column, &s->budget);
	if (!limit)
		return NULL;
	return copy(resource_print(column, limit, number));
}

uint64_t session_fields(size_t column)
{
	static const uint64_t plain[] = {
		[COL_ID]	= 0,
		[COL_PARENT]	= AGENTNS_FIELD_PARENT,
		[COL_INTENT]	= AGENTNS_FIELD_INTENT,
		[COL_DEPTH]	= AGENTNS_FIELD_DEPTH,
		[COL_INUM]	= AGENTNS_FIELD_INUM,
		[COL_ACTION]	= AGENTNS_FIELD_ACTION,
		[COL_GRACE]	= AGENTNS_FIELD_GRACE,
		[COL_SEALED]	= AGENTNS_FIELD_SEALED,
	};

	if (column < COL_COUNTERS)
		return plain[column];
	if (column < COL_LIMITS)
		return resource_field(column - COL_COUNTERS);
	return resource_limit_field(column - COL_LIMITS);
}

static int by_age(const void *a, const void *b)
{
	const struct agentns_session *s = a, *t = b;

	if (s->counters.elapsed_ns != t->counters.elapsed_ns)
		return s->counters.elapsed_ns < t->counters.elapsed_ns ? 1 : -1;
	return agentns_id_cmp(&s->id, &t->id);
}

void read_sessions(struct agentns *handle, struct session_list *list,
		   uint64_t fields)
{
	struct agentns_session session;
	struct agentns_iter *iter;
	size_t room = 0;
	int ret;

	list->sessions = NULL;
	list->n = 0;
	ret = agentns_iter_open(handle, &iter);
	if (ret)
		errx(EXIT_FAILURE, "cannot list agent sessions: %s",
		     problem_read(ret));
	/* By age they are sorted. */
	fields |= resource_field(RES_ELAPSED);
	while ((ret = agentns_iter_next_fields(iter, &session, fields)) > 0) {
		if (list->n == room) {
			room = room ? 2 * room : 64;
			list->sessions = reallocarray(list->sessions, room,
						      sizeof(session));
			if (!list->sessions)
				err(EXIT_FAILURE, "cannot list agent sessions");
		}
		list->sessions[list->n++] = session;
	}
	agentns_iter_close(iter);
	if (ret)
		errx(EXIT_FAILURE, "cannot read an agent session: %s",
		     problem_read(ret));
	if (list->n)
		qsort(list->sessions, list->n, sizeof(*list->sessions),
		      by_age);
}
