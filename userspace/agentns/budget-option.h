/* SPDX-License-Identifier: GPL-2.0-only */
/* --budget and --on-exceed, as several commands take them. */
#ifndef AGENTNS_BUDGET_OPTION_H
#define AGENTNS_BUDGET_OPTION_H

#include <agentns.h>

#define BUDGET_HELP \
	"limits: KEY=VALUE, separated by commas; no key twice\n" \
	"  wall=TIME cpu=TIME  seconds, or with s, m or h\n" \
	"  write_bytes=SIZE    bytes, or with K, M, G or T\n" \
	"  syscalls=N          a count, such as 1000 or 1e7\n" \
	"  fork=N opens=N connects=N unlinks=N tasks=N sessions=N"

#define ACTION_WORDS	"log term kill stop deny"

#define ACTION_HELP \
	"what happens at a limit: log it, term (SIGTERM), kill\n" \
	"(SIGKILL) or stop the session, or deny (EDQUOT) the\n" \
	"calls that would cross it"

/* parse_budget - read a budget string; ends the program when it is bad */
void parse_budget(const char *spec, struct agent_ns_budget_ex *budget);

/* parse_action - read an action's name; ends the program when it is bad */
__u32 parse_action(const char *name);

#endif /* AGENTNS_BUDGET_OPTION_H */
