// SPDX-License-Identifier: GPL-2.0-only
/*
 * agentns-unshare - execute a command in a new agent session
 *
 * The smallest launcher: no budget, no fork, and it runs the command also
 * where there are no sessions. 'agentns run' is the one that insists.
 */
#include <err.h>
#include <errno.h>
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
#include "unshare-command.h"

static void parse_options(int argc, char **argv)
{
	struct option_parser parser;

	atexit(close_stdout);
	options_begin(&parser, &command_unshare);
	while (options_next(&parser, argc, argv) != -1)
		;
	if (optind == argc) {
		warnx("no command was given");
		usage_hint(&command_unshare);
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
		     shown(intent), problem_intent(ret));
}

int main(int argc, char **argv)
{
	int error;

	fill_standard_descriptors();
	parse_options(argc, argv);
	enter_session(argv);
	argv += optind;
	execvp(argv[0], argv);
	error = errno;
	errx(EXIT_NOT_FOUND, "cannot execute \"%s\": %s", shown(argv[0]),
	     strerror(error));
}
