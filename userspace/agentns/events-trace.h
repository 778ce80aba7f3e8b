/* SPDX-License-Identifier: GPL-2.0-only */
/* Events of sessions, from the kernel's trace events. */
#ifndef AGENTNS_EVENTS_TRACE_H
#define AGENTNS_EVENTS_TRACE_H

#include <agentns.h>

#include "column.h"

enum events_format { EVENTS_TEXT, EVENTS_JSON, EVENTS_OTLP };

/* What --filter may name. */
extern const struct column event_columns[];

struct filter;

/**
 * print_trace_events - print events as they come
 * @format: how
 * @filter: print those that it holds for; NULL for all
 * @count: stop after so many; 0 for never
 *
 * Ends by SIGINT, SIGTERM or SIGHUP, as if that had not been caught, and when
 * standard output can take no more. When it cannot begin it says why and exits.
 *
 * Return: an exit status.
 */
int print_trace_events(enum events_format format, const struct filter *filter,
		       unsigned long count);

/**
 * struct known_session - what is known of a session while it lives
 * @id: its id
 * @parent: the session around it
 * @pid: its first process; 0 when that was before we watched
 * @intent: its tag
 * @trace: the traceparent that its maker inherited; empty for none
 * @tries: how often that was looked for
 */
struct known_session {
	struct agent_session_id_uapi id;
	struct agent_session_id_uapi parent;
	pid_t pid;
	char intent[AGENTNS_INTENT_BUFSIZE];
	char trace[56];
	int tries;
};

/*
 * print_otlp - print a session that has ended as one span, a line of OTLP/JSON
 *
 * @end_ns is wall clock, nanoseconds since the epoch.
 */
void print_otlp(const struct known_session *session,
		const struct agentns_event *end, uint64_t end_ns);

#endif /* AGENTNS_EVENTS_TRACE_H */
