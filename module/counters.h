/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading what a session and its descendants did. */
#ifndef _AGENTNS_COUNTERS_H
#define _AGENTNS_COUNTERS_H

#include <uapi/linux/agent_namespaces.h>

#include "session.h"

void agentns_counters_read(struct agentns_session *s,
			   struct agent_ns_counters_uapi *counters);
void agentns_counters_read_ex(struct agentns_session *s,
			      struct agent_ns_counters_ex *ex);
void agentns_counters_fold(struct agentns_session *s);
u64 agentns_elapsed_ns(const struct agentns_session *s);

#endif /* _AGENTNS_COUNTERS_H */
