/* SPDX-License-Identifier: GPL-2.0-only */
/* Budgets: limits, who sets them, and spending under them. */
#ifndef _AGENTNS_BUDGET_H
#define _AGENTNS_BUDGET_H

#include "credit.h"
#include "session.h"

/*
 * What may be limited: each resource, and two things that are not spent.
 * Numbers of struct agentns_budget.limit and of what is logged.
 */
enum agentns_limit {
	AGENTNS_ELAPSED = AGENTNS_NR_RESOURCES,	/* nanoseconds */
	AGENTNS_DESCENDANTS,			/* live sessions */
	AGENTNS_NR_LIMITS,
};

/**
 * struct agentns_budget - a session's limits
 * @limit: by enum agentns_resource and enum agentns_limit; 0 is none
 * @grace_ns: from a SIGTERM for a limit to SIGKILL; 0 is never
 * @action: AGENT_NS_ACTION_*
 */
struct agentns_budget {
	u64 limit[AGENTNS_NR_LIMITS];
	u64 grace_ns;
	u32 action;
};

/* Where to write one field of a budget, see agentns_budget_change(). */
typedef void agentns_budget_field_fn(struct agentns_budget *budget,
				     unsigned int which, u64 value);

extern const char *const agentns_action_names[];
extern const unsigned int agentns_nr_actions;
extern const char *const agentns_limit_names[AGENTNS_NR_LIMITS];
extern struct agentns_budget agentns_budget_default;

agentns_budget_field_fn agentns_budget_field_limit;
agentns_budget_field_fn agentns_budget_field_grace;
agentns_budget_field_fn agentns_budget_field_action;

int agentns_budget_set(struct agentns_session *s,
		       const struct agentns_budget *budget);
void agentns_budget_get(struct agentns_session *s,
			struct agentns_budget *budget);
int agentns_budget_change(struct agentns_session *s,
			  agentns_budget_field_fn *field, unsigned int which,
			  u64 value);
int agentns_budget_change_default(agentns_budget_field_fn *field,
				  unsigned int which, u64 value);
void agentns_budget_get_default(struct agentns_budget *budget);
void agentns_budget_begin(struct agentns_session *s);
bool agentns_budget_loosens(const struct agentns_budget *old,
			    const struct agentns_budget *new);

int agentns_budget_charge(struct agentns_session *s, enum agentns_resource res,
			  u64 *n, enum agentns_portion portion, bool restart);
int agentns_budget_admit(struct agentns_session *s,
			 struct agentns_session *from);
int agentns_budget_charge_call(struct agentns_session *s,
			       enum agentns_resource class, bool exempt,
			       bool restart);

#endif /* _AGENTNS_BUDGET_H */
