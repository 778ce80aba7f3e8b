// SPDX-License-Identifier: GPL-2.0-only
/*
 * Apart from agentns-unshare.c, as 'agentns completion' tells shells about
 * that program too.
 */
#include "unshare-command.h"

static const struct option_spec options[] = { { 0 } };

const struct command command_unshare = {
	.name = "agentns-unshare",
	.summary = "execute a command in a new agent session",
	.operands = "CMD [ARG...]",
	.about = "Create an agent session and execute CMD in it.",
	.options = options,
	.notes =
"Environment:\n"
" AGENT_INTENT   the session's intent tag\n"
"\n"
"A kernel without agent sessions executes CMD outside any, with a warning.\n"
"\n"
"Exit status: 2 for bad usage, 1 when the session is refused, 127 when CMD\n"
"cannot be executed, otherwise that of CMD.",
	.complete = COMPLETE_COMMAND,
	.runs_command = true,
};
