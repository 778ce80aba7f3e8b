/* SPDX-License-Identifier: GPL-2.0-only */
/* The trace events of system agent_ns. */
#ifndef _AGENTNS_TRACE_H
#define _AGENTNS_TRACE_H

#include <uapi/linux/agent_namespaces.h>

struct agentns_session;
struct task_struct;

void agentns_trace_session_start(struct agentns_session *s,
				 struct task_struct *task);
void agentns_trace_session_end(struct agentns_session *s);
void agentns_trace_intent_set(const struct agentns_session *s,
			      const char *intent);
void agentns_trace_budget_exceeded(const struct agentns_session *s,
				   const char *resource, u64 value, u64 limit,
				   const char *action);
void agentns_trace_session_kill(const struct agentns_session *s,
				const char *cause);
void agentns_trace_task_join(const struct agentns_session *s,
			     const struct agentns_session *from);

#endif /* _AGENTNS_TRACE_H */
