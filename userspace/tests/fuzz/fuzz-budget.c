// SPDX-License-Identifier: GPL-2.0-only
/* Budget strings, and the times among them by themselves. */
#include <agentns.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agent_ns_budget_ex budget = { .action = 3, .grace_ns = 5 };
	const struct agent_ns_budget_ex before = budget;
	struct agentns_budget_error error = { .reason = NULL };
	char *text = fuzz_string(data, size);
	uint64_t ns = 0;

	if (agentns_budget_parse(text, &budget, &error)) {
		must(error.reason);
		must(error.offset <= strlen(text) &&
		     error.length <= strlen(text) - error.offset);
		must(!memcmp(&budget, &before, sizeof(budget)));
	} else {
		must(budget.action == 3 && budget.grace_ns == 5);
		must(strchr(text, '='));
	}
	/* No limit is ever 0, which would mean none. */
	if (!agentns_time_parse(text, &ns))
		must(ns);
	free(text);
	return 0;
}
