/* SPDX-License-Identifier: GPL-2.0-only */
/* What happens when a limit is reached. */
#ifndef _AGENTNS_CROSSING_H
#define _AGENTNS_CROSSING_H

#include "credit.h"
#include "session.h"

bool agentns_crossed(struct agentns_session *s, enum agentns_resource res,
		     u64 n, enum agentns_portion portion, u32 spare,
		     u32 *action);
bool agentns_may_log(struct agentns_session *s);
void agentns_crossed_already(struct agentns_session *s);
void agentns_expired(struct agentns_session *s, u64 elapsed_ns);
void agentns_grace_over(struct agentns_session *s);
bool agentns_crossings_reconsider(struct agentns_session *s, bool loosened);

#endif /* _AGENTNS_CROSSING_H */
