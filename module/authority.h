/* SPDX-License-Identifier: GPL-2.0-only */
/* Who may do what: docs/authority.md is the table. */
#ifndef _AGENTNS_AUTHORITY_H
#define _AGENTNS_AUTHORITY_H

#include <linux/types.h>

struct agentns_budget;
struct agentns_session;
struct cred;

int agentns_may_create(const struct agentns_session *parent);
int agentns_may_leave(const struct agentns_session *from,
		      const struct agentns_session *to);
int agentns_may_set_budget(const struct agentns_session *s,
			   const struct agentns_budget *old,
			   const struct agentns_budget *new);
int agentns_may_manage(const struct agentns_session *s);
int agentns_may_narrow(const struct agentns_session *s);
int agentns_may_turn_knobs(void);
int agentns_may_turn_stamp_knobs(void);
bool agentns_trusted(void);
bool agentns_outranks(const struct cred *limiter);
void agentns_seal(struct agentns_session *s);

#endif /* _AGENTNS_AUTHORITY_H */
