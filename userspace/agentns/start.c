// SPDX-License-Identifier: GPL-2.0-only
/* What both programs that are called agentns begin with. */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "escape.h"

struct agentns *open_handle(const char *root)
{
	struct agentns *handle;
	int ret;

	ret = agentns_open(&handle, root);
	if (ret)
		errx(EXIT_FAILURE, "cannot open \"%s\": %s",
		     shown(root ? root : "/"), strerror(-ret));
	return handle;
}

/* getopt begins its messages with argv[0], which is the bare "run" here. */
static void name_in_messages(char **argv)
{
	static char name[32];

	snprintf(name, sizeof(name), "%s %s", program_invocation_short_name,
		 argv[0]);
	argv[0] = name;
}

int run_command(const struct command *command, int argc, char **argv)
{
	optind = 0;	/* glibc: start anew, and heed the new leading '+' */
	name_in_messages(argv);
	return command->run(argc, argv);
}
