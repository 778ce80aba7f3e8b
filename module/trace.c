// SPDX-License-Identifier: GPL-2.0-only
/* The only file that knows how the trace events are made. */
#include "compat/trace.h"
#include "intent.h"
#include "session.h"
#include "trace.h"

#define CREATE_TRACE_POINTS
#include <trace/events/agent_ns.h>

/**
 * agentns_trace_session_start - a new session has its first task
 * @s: that session
 * @task: that task
 */
void agentns_trace_session_start(struct agentns_session *s,
				 struct task_struct *task)
{
	static const u8 none[AGENT_NS_ID_BYTES];
	char intent[AGENT_NS_INTENT_MAX + 1];

	if (!trace_agent_session_start_enabled())
		return;
	agentns_intent_copy(s, intent);
	trace_agent_session_start(s->id, s->parent ? s->parent->id : none,
				  intent, task_tgid_nr(task));
}

/**
 * agentns_trace_session_end - a session's last reference is gone
 * @s: that session
 * @counters: its final counters
 */
void agentns_trace_session_end(const struct agentns_session *s,
			       const struct agent_ns_counters_uapi *counters)
{
	trace_agent_session_end(s->id, counters);
}

/**
 * agentns_trace_intent_set - a session has got a new tag
 * @s: that session
 * @intent: the tag
 */
void agentns_trace_intent_set(const struct agentns_session *s,
			      const char *intent)
{
	trace_agent_intent_set(s->id, intent);
}

/**
 * agentns_trace_budget_exceeded - a session has reached a limit
 * @s: that session
 * @resource: the limit's name
 * @value: the counter
 * @limit: the limit
 * @action: the action's name
 */
void agentns_trace_budget_exceeded(const struct agentns_session *s,
				   const char *resource, u64 value, u64 limit,
				   const char *action)
{
	trace_agent_budget_exceeded(s->id, resource, value, limit, action);
}

/**
 * agentns_trace_session_kill - a session is about to be killed
 * @s: that session
 * @cause: the limit that was reached, or the file that was written
 */
void agentns_trace_session_kill(const struct agentns_session *s,
				const char *cause)
{
	trace_agent_session_kill(s->id, cause);
}
