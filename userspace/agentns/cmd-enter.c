// SPDX-License-Identifier: GPL-2.0-only
/* agentns enter - execute a command in a session that exists. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "escape.h"
#include "problem.h"
#include "target.h"

static const struct option_spec options[] = { { 0 } };

const struct command command_enter = {
	.name = "agentns enter",
	.summary = "execute a command in a session that exists",
	.operands = "PID|ID [--] [CMD [ARG...]]",
	.about =
"Enter a session and execute CMD in it, or $SHELL, or sh, in place of this\n"
"program. It takes CAP_SYS_ADMIN over the user namespace that owns the session\n"
"and in the caller's own; in the initial one, to leave a session for another that\n"
"is not inside of it. A sealed session nobody leaves.\n"
"\n"
TARGET_OPERAND_HELP,
	.options = options,
	.notes =
"Exit status: that of CMD; 126 when it cannot be executed and 127 when it is not\n"
"found; 1 when the session cannot be entered; 2 for bad usage.",
	.complete = COMPLETE_PROCESS,
	.runs_command = true,
	.run = cmd_enter,
};

static const char *problem_enter(int error)
{
	switch (-error) {
	case EPERM:
		return "permission denied (it takes CAP_SYS_ADMIN: run it as root; a sealed session cannot be left)";
	case EINVAL:
	case EOPNOTSUPP:
		return "this kernel's agentns cannot (build a later one)";
	default:
		return problem_read(error);
	}
}

/*
 * By its id where the module can; else by way of a process in it, which may
 * end meanwhile and whose number may be used again: what was opened is asked.
 */
static int open_namespace(struct agentns *handle, const struct target *t)
{
	struct agentns_process_iter *iter;
	struct agentns_process p;
	struct agent_session_id_uapi now;
	char path[40];
	int fd, ret;

	fd = agentns_open_session(&t->session.id);
	if (fd != -EOPNOTSUPP)
		return fd;
	ret = agentns_process_iter_open(handle, &iter);
	if (ret)
		return ret;
	fd = -ENOENT;
	while (fd < 0 && agentns_process_iter_next(iter, &p) > 0) {
		if (agentns_id_cmp(&p.session, &t->session.id))
			continue;
		snprintf(path, sizeof(path), "/proc/%ld/ns/agent",
			 (long)p.pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			fd = -errno;
		else if (agentns_pid_id(handle, p.pid, &now) ||
			 agentns_id_cmp(&now, &t->session.id)) {
			close(fd);
			fd = -ENOENT;
		}
	}
	agentns_process_iter_close(iter);
	return fd;
}

static void execute(char **argv)
{
	char *shell[2] = { getenv("SHELL"), NULL };
	int error;

	if (!*argv) {
		if (!shell[0] || !*shell[0])
			shell[0] = (char *)"/bin/sh";
		argv = shell;
	}
	execvp(argv[0], argv);
	/* Where there is no standard error, the message fails as well. */
	error = errno;
	warn("cannot execute \"%s\"", shown(argv[0]));
	exit(error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE);
}

int cmd_enter(int argc, char **argv)
{
	struct option_parser parser;
	struct agentns *handle;
	struct target target;
	const char *what;
	int status, fd, ret;

	options_begin(&parser, &command_enter);
	while (options_next(&parser, argc, argv) != -1)
		;
	if (optind == argc) {
		warnx("no PID or session id was given");
		usage_hint(&command_enter);
	}
	what = argv[optind++];
	if (optind < argc && !strcmp(argv[optind], "--"))
		optind++;
	handle = open_handle(NULL);
	status = target_find(handle, "enter", what, &target);
	if (status == EXIT_USAGE)
		usage_hint(&command_enter);
	if (status)
		return status;
	fd = open_namespace(handle, &target);
	ret = fd < 0 ? fd : agentns_enter(fd);
	if (ret)
		errx(EXIT_FAILURE, "cannot enter the session of %s: %s", what,
		     problem_enter(ret));
	close(fd);
	agentns_close(handle);
	execute(argv + optind);
	return EXIT_FAILURE;
}
