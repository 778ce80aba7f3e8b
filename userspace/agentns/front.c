// SPDX-License-Identifier: GPL-2.0-only
/*
 * agentns as it is called: it starts commands in sessions itself, and for all
 * else it executes the whole agentns.
 *
 * That one has the libraries for tables, JSON and screens; to load them takes
 * as long as all that "run" does. No locale here for the same reason: escape()
 * needs none, and these messages are English in each.
 */
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "problem.h"

static const struct command *const commands[] = {
	&command_run,
	&command_enter,
	NULL
};

/* In a folder where it was built it stands beside; else where it was installed. */
static void __attribute__((noreturn)) execute_whole(char **argv)
{
	static const char beside[] = "/whole/agentns";
	char path[PATH_MAX];
	ssize_t len;

	len = readlink("/proc/self/exe", path, sizeof(path) - sizeof(beside));
	while (len > 0 && path[len - 1] != '/')
		len--;
	if (len > 0) {
		strcpy(path + len - 1, beside);
		execv(path, argv);
	}
	execv(AGENTNS_WHOLE, argv);
	err(EXIT_CANNOT_EXECUTE,
	    "cannot execute \"" AGENTNS_WHOLE "\", which is a part of this program (install it again)");
}

int main(int argc, char **argv)
{
	const struct command *const *c;

	for (c = commands; argc > 1 && *c; c++) {
		if (strcmp(argv[1], command_word(*c)))
			continue;
		fill_standard_descriptors();
		atexit(close_stdout);
		return run_command(*c, argc - 1, argv + 1);
	}
	execute_whole(argv);
}
