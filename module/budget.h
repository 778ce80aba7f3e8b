/* SPDX-License-Identifier: GPL-2.0-only */
/* Budgets: limits, and what happens when one is reached. */
#ifndef _AGENTNS_BUDGET_H
#define _AGENTNS_BUDGET_H

#include "credit.h"
#include "session.h"

/**
 * struct agentns_budget - a session's limits; 0 is none
 * @limit: by resource, in calls or bytes
 * @max_elapsed_ns: nanoseconds since creation
 * @action: AGENT_NS_ACTION_*
 */
struct agentns_budget {
	u64 limit[AGENTNS_NR_RESOURCES];
	u64 max_elapsed_ns;
	u32 action;
};

extern const char *const agentns_action_names[];
extern const unsigned int agentns_nr_actions;

int agentns_budget_set(struct agentns_session *s,
		       const struct agentns_budget *budget);
void agentns_budget_get(struct agentns_session *s,
			struct agentns_budget *budget);
void agentns_budget_set_limit(struct agentns_session *s,
			      enum agentns_resource res, u64 limit);
void agentns_budget_set_elapsed(struct agentns_session *s, u64 max_elapsed_ns);
int agentns_budget_set_action(struct agentns_session *s, u32 action);
int agentns_budget_charge(struct agentns_session *s, enum agentns_resource res,
			  u64 *n, enum agentns_portion portion);
void agentns_budget_expired(struct agentns_session *s, u64 elapsed_ns);

#endif /* _AGENTNS_BUDGET_H */
