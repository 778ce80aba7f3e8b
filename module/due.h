/* SPDX-License-Identifier: GPL-2.0-only */
/* What an interrupt finds due of a session, and a worker does. */
#ifndef _AGENTNS_DUE_H
#define _AGENTNS_DUE_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/llist.h>

struct agentns_session;

/* To look at its age, and to settle its CPU time with its limits. */
#define AGENTNS_DUE_AGE		BIT(0)
#define AGENTNS_DUE_CPUTIME	BIT(1)

/**
 * struct agentns_due - what is to be done for a session
 * @node: in a lane's list, which holds a reference, while @what is not 0
 * @what: AGENTNS_DUE_*
 */
struct agentns_due {
	struct llist_node node;
	atomic_t what;
};

void agentns_due(struct agentns_session *s, int what);
int agentns_due_start(void);
void agentns_due_stop(void);

#endif /* _AGENTNS_DUE_H */
