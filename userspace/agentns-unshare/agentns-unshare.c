// SPDX-License-Identifier: GPL-2.0-only
/*
 * agentns-unshare - execute a command in a new agent session
 *
 * The smallest launcher: no budget, no fork, and it runs the command also
 * where there are no sessions. 'agentns run' is the one that insists.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <agentns.h>

#include "escape.h"
#include "problem.h"

static const char usage_text[] =
"Usage: agentns-unshare CMD [ARG...]\n"
"\n"
"Create an agent session and execute CMD in it.\n"
"\n"
"Options, before CMD:\n"
" -h, --help     display this help\n"
" -V, --version  display version\n"
"\n"
"Environment:\n"
" AGENT_INTENT   the session's intent tag\n"
"\n"
"A kernel without agent sessions executes CMD outside any, with a warning.\n"
"\n"
"Exit status: 2 for bad usage, 1 when the session is refused, 127 when CMD\n"
"cannot be executed, otherwise that of CMD.\n";

static void parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help",	no_argument, NULL, 'h' },
		{ "version",	no_argument, NULL, 'V' },
		{ 0 }
	};
	int c;

	/* "+": what follows CMD is not ours to read. */
	while ((c = getopt_long(argc, argv, "+hV", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			atexit(close_stdout);
			fputs(usage_text, stdout);
			exit(EXIT_SUCCESS);
		case 'V':
			atexit(close_stdout);
			puts("agentns-unshare " AGENTNS_VERSION);
			exit(EXIT_SUCCESS);
		default:
			fputs("Try 'agentns-unshare --help' for more information.\n",
			      stderr);
			exit(EXIT_USAGE);
		}
	}
	if (optind == argc) {
		warnx("no command was given");
		fputs("Try 'agentns-unshare --help' for more information.\n",
		      stderr);
		exit(EXIT_USAGE);
	}
}

static void enter_session(void)
{
	const char *intent = getenv("AGENT_INTENT");
	int ret;

	ret = agentns_create();
	if (ret == -ENOSYS && !agentns_supported()) {
		warnx("warning: " NO_SUPPORT "; the command runs outside any session");
		return;
	}
	if (ret)
		errx(EXIT_FAILURE, "cannot create an agent session: %s",
		     problem_create(ret));
	if (!intent)
		return;
	ret = agentns_set_intent(intent);
	if (ret)
		errx(EXIT_FAILURE, "cannot set the intent \"%s\" from $AGENT_INTENT: %s",
		     escape(intent), problem_intent(ret));
}

int main(int argc, char **argv)
{
	int error;

	parse_options(argc, argv);
	enter_session();
	argv += optind;
	execvp(argv[0], argv);
	error = errno;
	errx(EXIT_NOT_FOUND, "cannot execute \"%s\": %s", escape(argv[0]),
	     strerror(error));
}
