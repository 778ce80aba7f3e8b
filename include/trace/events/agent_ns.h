/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM agent_ns

#if !defined(_TRACE_AGENT_NS_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_AGENT_NS_H

#include <linux/tracepoint.h>
#include <uapi/linux/agent_namespaces.h>

/*
 * What others chose, tags and names of tasks, is in the text as
 * agentns_trace_escape() makes it, so that it can forge no field. It is a field
 * of its own, because user space prints a text from fields, with functions that
 * it knows. It stands last, as it may hold blanks.
 */
#define agentns_escaped_string(item, src)				\
	__dynamic_array(char, item, agentns_trace_escape(NULL, 0, src))

TRACE_EVENT(agent_session_start,
	TP_PROTO(const u8 *sid, const u8 *psid, const char *intent,
		 pid_t root_pid),
	TP_ARGS(sid, psid, intent, root_pid),
	TP_STRUCT__entry(
		__array(u8, sid, AGENT_NS_ID_BYTES)
		__array(u8, psid, AGENT_NS_ID_BYTES)
		__string(intent, intent)
		__field(pid_t, root_pid)
		agentns_escaped_string(intent_text, intent)
	),
	TP_fast_assign(
		memcpy(__entry->sid, sid, AGENT_NS_ID_BYTES);
		memcpy(__entry->psid, psid, AGENT_NS_ID_BYTES);
		agentns_assign_str(intent, intent);
		__entry->root_pid = root_pid;
		agentns_trace_escape(__get_str(intent_text),
				     __get_dynamic_array_len(intent_text),
				     intent);
	),
	TP_printk("sid=%s psid=%s root_pid=%d intent=%s",
		  __print_hex_str(__entry->sid, AGENT_NS_ID_BYTES),
		  __print_hex_str(__entry->psid, AGENT_NS_ID_BYTES),
		  __entry->root_pid, __get_str(intent_text))
);

TRACE_EVENT(agent_session_end,
	TP_PROTO(const u8 *sid, const struct agent_ns_counters_uapi *counters),
	TP_ARGS(sid, counters),
	TP_STRUCT__entry(
		__array(u8, sid, AGENT_NS_ID_BYTES)
		__field(u64, total_syscalls)
		__field(u64, openat_count)
		__field(u64, write_bytes)
		__field(u64, connect_count)
		__field(u64, unlink_count)
		__field(u64, fork_count)
		__field(u64, elapsed_ns)
	),
	TP_fast_assign(
		memcpy(__entry->sid, sid, AGENT_NS_ID_BYTES);
		__entry->total_syscalls = counters->total_syscalls;
		__entry->openat_count = counters->openat_count;
		__entry->write_bytes = counters->write_bytes;
		__entry->connect_count = counters->connect_count;
		__entry->unlink_count = counters->unlink_count;
		__entry->fork_count = counters->fork_count;
		__entry->elapsed_ns = counters->elapsed_ns;
	),
	TP_printk("sid=%s total_syscalls=%llu openat_count=%llu write_bytes=%llu connect_count=%llu unlink_count=%llu fork_count=%llu elapsed_ns=%llu",
		  __print_hex_str(__entry->sid, AGENT_NS_ID_BYTES),
		  __entry->total_syscalls, __entry->openat_count,
		  __entry->write_bytes, __entry->connect_count,
		  __entry->unlink_count, __entry->fork_count,
		  __entry->elapsed_ns)
);

TRACE_EVENT(agent_intent_set,
	TP_PROTO(const u8 *sid, const char *intent),
	TP_ARGS(sid, intent),
	TP_STRUCT__entry(
		__array(u8, sid, AGENT_NS_ID_BYTES)
		__string(intent, intent)
		agentns_escaped_string(intent_text, intent)
	),
	TP_fast_assign(
		memcpy(__entry->sid, sid, AGENT_NS_ID_BYTES);
		agentns_assign_str(intent, intent);
		agentns_trace_escape(__get_str(intent_text),
				     __get_dynamic_array_len(intent_text),
				     intent);
	),
	TP_printk("sid=%s intent=%s",
		  __print_hex_str(__entry->sid, AGENT_NS_ID_BYTES),
		  __get_str(intent_text))
);

TRACE_EVENT(agent_budget_exceeded,
	TP_PROTO(const u8 *sid, const char *resource, u64 value, u64 limit,
		 const char *action),
	TP_ARGS(sid, resource, value, limit, action),
	TP_STRUCT__entry(
		__array(u8, sid, AGENT_NS_ID_BYTES)
		__string(resource, resource)
		__field(u64, value)
		__field(u64, limit)
		__string(action, action)
	),
	TP_fast_assign(
		memcpy(__entry->sid, sid, AGENT_NS_ID_BYTES);
		agentns_assign_str(resource, resource);
		__entry->value = value;
		__entry->limit = limit;
		agentns_assign_str(action, action);
	),
	TP_printk("sid=%s resource=%s value=%llu limit=%llu action=%s",
		  __print_hex_str(__entry->sid, AGENT_NS_ID_BYTES),
		  __get_str(resource), __entry->value, __entry->limit,
		  __get_str(action))
);

TRACE_EVENT(agent_session_kill,
	TP_PROTO(const u8 *sid, const char *cause),
	TP_ARGS(sid, cause),
	TP_STRUCT__entry(
		__array(u8, sid, AGENT_NS_ID_BYTES)
		__string(cause, cause)
	),
	TP_fast_assign(
		memcpy(__entry->sid, sid, AGENT_NS_ID_BYTES);
		agentns_assign_str(cause, cause);
	),
	TP_printk("sid=%s cause=%s",
		  __print_hex_str(__entry->sid, AGENT_NS_ID_BYTES),
		  __get_str(cause))
);

/* @comm is escaped in its field, too. */
TRACE_EVENT(agent_task_join,
	TP_PROTO(const u8 *sid, const u8 *old_sid, pid_t pid, pid_t tgid,
		 const char *comm),
	TP_ARGS(sid, old_sid, pid, tgid, comm),
	TP_STRUCT__entry(
		__array(u8, sid, AGENT_NS_ID_BYTES)
		__array(u8, old_sid, AGENT_NS_ID_BYTES)
		__field(pid_t, pid)
		__field(pid_t, tgid)
		agentns_escaped_string(comm, comm)
	),
	TP_fast_assign(
		memcpy(__entry->sid, sid, AGENT_NS_ID_BYTES);
		memcpy(__entry->old_sid, old_sid, AGENT_NS_ID_BYTES);
		__entry->pid = pid;
		__entry->tgid = tgid;
		agentns_trace_escape(__get_str(comm),
				     __get_dynamic_array_len(comm),
				     comm);
	),
	TP_printk("sid=%s old_sid=%s pid=%d tgid=%d comm=%s",
		  __print_hex_str(__entry->sid, AGENT_NS_ID_BYTES),
		  __print_hex_str(__entry->old_sid, AGENT_NS_ID_BYTES),
		  __entry->pid, __entry->tgid, __get_str(comm))
);

#endif /* _TRACE_AGENT_NS_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH trace/events
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE agent_ns
#include <trace/define_trace.h>
