// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdlib.h>

#include "session-columns.h"
#include "table.h"

const struct column session_columns[] = {
	[COL_ID]	= { "ID", "session id", COLUMN_STRING },
	[COL_PARENT]	= { "PARENT", "id of the session it is nested in; zeros: none",
			    COLUMN_STRING },
	[COL_INTENT]	= { "INTENT", "intent tag", COLUMN_STRING },
	[COL_DEPTH]	= { "DEPTH", "nesting depth, 1 for a first-level session",
			    COLUMN_NUMBER },
	[COL_INUM]	= { "INUM", "inode number of the namespace",
			    COLUMN_NUMBER },
	[COL_ACTION]	= { "ACTION", "what happens at a limit",
			    COLUMN_STRING },
#define X(heading, counter, limit, text) \
	[COL_COUNTERS + RES_##heading] = { #heading, text, COLUMN_NUMBER }, \
	[COL_LIMITS + RES_##heading] = { \
		"MAX_" #heading, "limit of " #heading "; empty: none", \
		COLUMN_NUMBER \
	},
	RESOURCES(X)
#undef X
	[N_SESSION_COLUMNS] = { 0 }
};

char *session_cell(const void *row, size_t column)
{
	char number[RESOURCE_BUFSIZE], id[AGENTNS_ID_BUFSIZE];
	const struct agentns_session *s = row;
	uint64_t limit;

	switch (column) {
	case COL_ID:
		return format("%s", agentns_id_format(&s->id, id));
	case COL_PARENT:
		return format("%s", agentns_id_format(&s->parent, id));
	case COL_INTENT:
		return format("%s", s->intent);
	case COL_DEPTH:
		return format("%" PRIu32, s->depth);
	case COL_INUM:
		return format("%" PRIu64, s->inum);
	case COL_ACTION:
		return format("%s", agentns_action_name(s->budget.action));
	}
	if (column < COL_LIMITS) {
		column -= COL_COUNTERS;
		return format("%s", resource_print(column,
				resource_counter(column, &s->counters),
				number));
	}
	column -= COL_LIMITS;
	limit = resource_limit(column, &s->budget);
	if (!limit)
		return NULL;
	return format("%s", resource_print(column, limit, number));
}
