/* SPDX-License-Identifier: GPL-2.0-only */
/* Sessions as rows of a table: for ls, and for what else lists them. */
#ifndef AGENTNS_SESSION_COLUMNS_H
#define AGENTNS_SESSION_COLUMNS_H

#include <agentns.h>

#include "column.h"
#include "resource.h"

/* These, then counters, then limits; both in the order of enum resource_id. */
enum {
	COL_ID,
	COL_PARENT,
	COL_INTENT,
	COL_DEPTH,
	COL_INUM,
	COL_ACTION,
	COL_GRACE,
	COL_SEALED,
	COL_COUNTERS,
	COL_LIMITS = COL_COUNTERS + N_RESOURCES,
	N_SESSION_COLUMNS = COL_LIMITS + N_RESOURCES
};

/* The columns, as initialisers of an array in which they begin at @base. */
#define SESSION_COLUMNS(base) \
	[(base) + COL_ID] = { "ID", "session id", COLUMN_STRING }, \
	[(base) + COL_PARENT] = { \
		"PARENT", "id of the session it is nested in; zeros: none", \
		COLUMN_STRING \
	}, \
	[(base) + COL_INTENT] = { "INTENT", "intent tag", COLUMN_STRING }, \
	[(base) + COL_DEPTH] = { \
		"DEPTH", "nesting depth, 1 for a first-level session", \
		COLUMN_NUMBER \
	}, \
	[(base) + COL_INUM] = { \
		"INUM", "inode number of the namespace", COLUMN_NUMBER \
	}, \
	[(base) + COL_ACTION] = { \
		"ACTION", "what happens at a limit", COLUMN_STRING \
	}, \
	[(base) + COL_GRACE] = { \
		"GRACE", "seconds from SIGTERM to SIGKILL; empty: no end", \
		COLUMN_NUMBER \
	}, \
	[(base) + COL_SEALED] = { \
		"SEALED", "can nobody inside leave it or loosen its budget?", \
		COLUMN_BOOLEAN \
	}

#define SESSION_RESOURCE_COLUMNS(base, heading, text) \
	[(base) + COL_COUNTERS + RES_##heading] = { \
		#heading, text, COLUMN_NUMBER \
	}, \
	[(base) + COL_LIMITS + RES_##heading] = { \
		"MAX_" #heading, "limit of " #heading "; empty: none", \
		COLUMN_NUMBER \
	}

/* Ended by one without a name. */
extern const struct column session_columns[];

/* session_cell - a table_cell_fn; @session is a struct agentns_session */
char *session_cell(const void *session, size_t column);

/* session_fields - the AGENTNS_FIELD_* that session_cell() of @column needs */
uint64_t session_fields(size_t column);

/* A list of sessions, for free(). */
struct session_list {
	struct agentns_session *sessions;
	size_t n;
};

/*
 * read_sessions - read all sessions, the oldest first; ends the program when
 * that is refused
 */
void read_sessions(struct agentns *handle, struct session_list *list,
		   uint64_t fields);

#endif /* AGENTNS_SESSION_COLUMNS_H */
