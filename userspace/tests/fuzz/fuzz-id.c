// SPDX-License-Identifier: GPL-2.0-only
/* Session ids, and the names of actions. */
#include <strings.h>

#include <agentns.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agent_session_id_uapi id = { .bytes = { 1 } };
	char *text = fuzz_string(data, size);
	char again[AGENTNS_ID_BUFSIZE];
	__u32 action;

	if (!agentns_id_parse(text, &id))
		must(!strcasecmp(agentns_id_format(&id, again), text));
	else
		must(id.bytes[0] == 1 && !id.bytes[1]);
	if (!agentns_action_parse(text, &action))
		must(!strcmp(agentns_action_name(action), text));
	free(text);
	return 0;
}
