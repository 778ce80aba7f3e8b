// SPDX-License-Identifier: LGPL-2.1-or-later
/* Session ids and actions as text. */
#include <errno.h>
#include <string.h>

#include "internal.h"

/* Not strtoul and friends: those take signs, blanks, "0x" and the locale. */
static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int agentns_id_parse(const char *text, struct agent_session_id_uapi *id)
{
	struct agent_session_id_uapi tmp;
	size_t i;

	for (i = 0; i < AGENT_NS_ID_BYTES; i++) {
		int high, low;

		/* The NUL is not a hex digit, so neither read passes the end. */
		high = hex_value(text[2 * i]);
		if (high < 0)
			return -EINVAL;
		low = hex_value(text[2 * i + 1]);
		if (low < 0)
			return -EINVAL;
		tmp.bytes[i] = high << 4 | low;
	}
	if (text[AGENTNS_ID_STRLEN])
		return -EINVAL;
	*id = tmp;
	return 0;
}

char *agentns_id_format(const struct agent_session_id_uapi *id,
			char buf[AGENTNS_ID_BUFSIZE])
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < AGENT_NS_ID_BYTES; i++) {
		buf[2 * i] = digits[id->bytes[i] >> 4];
		buf[2 * i + 1] = digits[id->bytes[i] & 15];
	}
	buf[AGENTNS_ID_STRLEN] = '\0';
	return buf;
}

bool agentns_id_is_zero(const struct agent_session_id_uapi *id)
{
	static const struct agent_session_id_uapi zero;

	return !agentns_id_cmp(id, &zero);
}

int agentns_id_cmp(const struct agent_session_id_uapi *a,
		   const struct agent_session_id_uapi *b)
{
	return memcmp(a->bytes, b->bytes, AGENT_NS_ID_BYTES);
}

static const char *const action_names[] = {
	[AGENT_NS_ACTION_LOG]	= "log",
	[AGENT_NS_ACTION_TERM]	= "term",
	[AGENT_NS_ACTION_KILL]	= "kill",
	[AGENT_NS_ACTION_STOP]	= "stop",
	[AGENT_NS_ACTION_DENY]	= "deny",
};

int agentns_action_parse(const char *name, __u32 *action)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(action_names); i++) {
		if (!strcmp(name, action_names[i])) {
			*action = i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *agentns_action_name(__u32 action)
{
	if (action < ARRAY_SIZE(action_names))
		return action_names[action];
	return "unknown";
}
