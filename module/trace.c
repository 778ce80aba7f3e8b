// SPDX-License-Identifier: GPL-2.0-only
/* The only file that knows how the trace events are made. */
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/string_helpers.h>

#include "compat/trace.h"
#include "counters.h"
#include "intent.h"
#include "session.h"
#include "trace.h"

static const u8 none[AGENT_NS_ID_BYTES];

/*
 * A string that somebody else chose, as texts of events have it: in ASCII, in
 * one line, with \xHH for each byte that is something else and for the three
 * that could forge a field: what follows a name, what ends a quoted string
 * (perf trace puts quotes around strings), and the backslash itself.
 *
 * Return: its size with its NUL, however little of it @size leaves room for.
 */
static int agentns_trace_escape(char *dst, int size, const char *src)
{
	int len = string_escape_mem(src, strlen(src), dst, max(size - 1, 0),
				    ESCAPE_HEX | ESCAPE_NAP | ESCAPE_APPEND,
				    "=\"\\");

	if (size > 0)
		dst[min(len, size - 1)] = '\0';
	return len + 1;
}

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
	char intent[AGENT_NS_INTENT_MAX + 1];

	if (!trace_agent_session_start_enabled())
		return;
	agentns_intent_copy(s, intent);
	trace_agent_session_start(s->id, s->parent ? s->parent->id : none,
				  intent, task_tgid_nr(task));
}

/**
 * agentns_trace_session_end - a session's last reference is gone
 * @s: that session, still in its tree
 *
 * Context: Process context; takes the tree lock for its final counters, where
 * somebody wants to know.
 */
void agentns_trace_session_end(struct agentns_session *s)
{
	struct agent_ns_counters_uapi counters;

	if (!trace_agent_session_end_enabled())
		return;
	agentns_counters_read(s, &counters);
	trace_agent_session_end(s->id, &counters);
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

/**
 * agentns_trace_task_join - current has entered a session that others were in
 * @s: that session
 * @from: where it was before; NULL is the initial agent namespace
 *
 * Both are pinned by the caller.
 */
void agentns_trace_task_join(const struct agentns_session *s,
			     const struct agentns_session *from)
{
	char comm[TASK_COMM_LEN];

	if (!trace_agent_task_join_enabled())
		return;
	/* Other threads may rename it. */
	get_task_comm(comm, current);
	trace_agent_task_join(s->id, from ? from->id : none,
			      task_pid_nr(current), task_tgid_nr(current),
			      comm);
}
