/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * W3C trace contexts: a session is one trace, whose id is the session's, and
 * in it one span, so that what the session does on other machines joins it.
 */
#ifndef AGENTNS_TRACE_CONTEXT_H
#define AGENTNS_TRACE_CONTEXT_H

#include <stdbool.h>

#include <agentns.h>

/* "00-" trace id "-" span id "-" flags, and a NUL. */
#define TRACEPARENT_BUFSIZE	56
#define SPAN_ID_BUFSIZE		17

/* Where the TRACEPARENT that was inherited is kept. */
#define PARENT_TRACEPARENT_ENV	"AGENTNS_PARENT_TRACEPARENT"

/* traceparent_valid - is this a traceparent header of version 00? */
bool traceparent_valid(const char *text);

/* session_span_id - the id of a session's span: the end of its own, never 0 */
char *session_span_id(const struct agent_session_id_uapi *id,
		      char buf[SPAN_ID_BUFSIZE]);

/**
 * session_traceparent - the traceparent of what runs in a session
 * @id: the session
 * @parent: a valid one, whose sampling decision is kept; or NULL: sampled
 * @buf: is set
 *
 * Return: @buf.
 */
char *session_traceparent(const struct agent_session_id_uapi *id,
			  const char *parent, char buf[TRACEPARENT_BUFSIZE]);

#endif /* AGENTNS_TRACE_CONTEXT_H */
