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
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

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

/*
 * A package may install a copy of this program with CAP_SYS_ADMIN as its file
 * capability, for the users who may execute it. Apart from this one, so that
 * everybody else, and root, and who nests a session, runs a program without
 * privileges, which keeps its environment and its ambient capabilities.
 */
static void try_privileged_copy(char **argv)
{
	static char path[] = AGENTNS_PRIVILEGED;

	/* This is that copy, and its capability is gone or not heeded. */
	if (!strcmp(argv[0], path))
		return;
	argv[0] = path;
	execv(path, argv);
	if (errno == EACCES)
		errx(EXIT_FAILURE, "cannot create an agent session: permission denied (run it as root, or become a member of the group that may execute %s)",
		     path);
}

/*
 * The capability is for creating the session. What follows goes without it, as
 * does the command, to which the kernel would not pass it on anyway.
 */
static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
	size_t i;

	if (!getauxval(AT_SECURE))
		return;
	if (syscall(SYS_capget, &header, sets))
		err(EXIT_FAILURE, "cannot read the capabilities of this process");
	for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		sets[i].effective = sets[i].permitted = 0;
	if (syscall(SYS_capset, &header, sets))
		err(EXIT_FAILURE, "cannot drop the capabilities of this process");
}

static void enter_session(char **argv)
{
	const char *intent = getenv("AGENT_INTENT");
	int ret;

	ret = agentns_create();
	drop_capabilities();
	if (ret == -EPERM)
		try_privileged_copy(argv);
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
	enter_session(argv);
	argv += optind;
	execvp(argv[0], argv);
	error = errno;
	errx(EXIT_NOT_FOUND, "cannot execute \"%s\": %s", escape(argv[0]),
	     strerror(error));
}
