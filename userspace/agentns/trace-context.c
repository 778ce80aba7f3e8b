// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "trace-context.h"

/* @len lowercase hex digits; @zero says whether all of them may be 0. */
static bool hex(const char *text, size_t len, bool zero)
{
	return strspn(text, "0123456789abcdef") >= len &&
	       (zero || strspn(text, "0") < len);
}

bool traceparent_valid(const char *text)
{
	return strlen(text) == TRACEPARENT_BUFSIZE - 1 &&
	       !strncmp(text, "00-", 3) &&
	       hex(text + 3, 32, false) && text[35] == '-' &&
	       hex(text + 36, 16, false) && text[52] == '-' &&
	       hex(text + 53, 2, true);
}

char *session_span_id(const struct agent_session_id_uapi *id,
		      char buf[SPAN_ID_BUFSIZE])
{
	char text[AGENTNS_ID_BUFSIZE];

	agentns_id_format(id, text);
	memcpy(buf, text + AGENTNS_ID_STRLEN - (SPAN_ID_BUFSIZE - 1),
	       SPAN_ID_BUFSIZE);
	/* The other half then is not 0: a session's id never is. */
	if (strspn(buf, "0") == SPAN_ID_BUFSIZE - 1)
		memcpy(buf, text, SPAN_ID_BUFSIZE - 1);
	return buf;
}

char *session_traceparent(const struct agent_session_id_uapi *id,
			  const char *parent, char buf[TRACEPARENT_BUFSIZE])
{
	char text[AGENTNS_ID_BUFSIZE], span[SPAN_ID_BUFSIZE];

	snprintf(buf, TRACEPARENT_BUFSIZE, "00-%s-%s-%s",
		 agentns_id_format(id, text), session_span_id(id, span),
		 parent ? parent + 53 : "01");
	return buf;
}
