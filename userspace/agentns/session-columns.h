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
	COL_COUNTERS,
	COL_LIMITS = COL_COUNTERS + N_RESOURCES,
	N_SESSION_COLUMNS = COL_LIMITS + N_RESOURCES
};

/* Ended by one without a name. */
extern const struct column session_columns[];

/* session_cell - a table_cell_fn; @session is a struct agentns_session */
char *session_cell(const void *session, size_t column);

#endif /* AGENTNS_SESSION_COLUMNS_H */
