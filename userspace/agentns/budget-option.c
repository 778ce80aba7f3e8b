// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <stdlib.h>

#include "budget-option.h"
#include "escape.h"
#include "problem.h"

void parse_budget(const char *spec, struct agent_ns_budget_ex *budget)
{
	struct agentns_budget_error bad;

	if (!agentns_budget_parse(spec, budget, &bad))
		return;
	if (bad.length)
		warnx("bad budget: \"%s\": %s",
		      shown_n(spec + bad.offset, bad.length), bad.reason);
	else
		warnx("bad budget \"%s\": %s at character %zu",
		      shown(spec), bad.reason, bad.offset + 1);
	exit(EXIT_USAGE);
}

__u32 parse_action(const char *name)
{
	__u32 action;

	if (!agentns_action_parse(name, &action))
		return action;
	warnx("bad --on-exceed \"%s\": there are log, term, kill, stop and deny",
	      shown(name));
	exit(EXIT_USAGE);
}
