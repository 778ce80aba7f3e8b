// SPDX-License-Identifier: GPL-2.0-only
/* The TRACEPARENT that a session inherits. */
#include "fuzz.h"
#include "trace-context.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agent_session_id_uapi id = { .bytes = { [15] = 1 } };
	char *text = fuzz_string(data, size);
	char ours[TRACEPARENT_BUFSIZE];

	if (traceparent_valid(text)) {
		must(strlen(text) == TRACEPARENT_BUFSIZE - 1);
		session_traceparent(&id, text, ours);
		must(traceparent_valid(ours));
		/* The sampling decision is the parent's. */
		must(!strcmp(ours + 53, text + 53));
	}
	free(text);
	return 0;
}
