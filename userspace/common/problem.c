// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <agentns.h>

#include "problem.h"

const char *problem_create(int error)
{
	switch (-error) {
	case ENOSYS:
		if (!agentns_supported())
			return NO_SUPPORT;
		return "agent sessions are switched off (set the sysctl kernel.agent_ns.enabled to 1)";
	case EPERM:
		return "permission denied (it takes CAP_SYS_ADMIN; run it as root, or set the sysctl kernel.agent_ns.unprivileged to 1)";
	case ENOSPC:
		return "sessions are nested too deeply here, or there are as many as the budget of one around allows (start it from an outer session)";
	default:
		return strerror(-error);
	}
}

const char *problem_intent(int error)
{
	switch (-error) {
	case EINVAL:
		return "an intent is printable UTF-8 without control characters";
	case ENOSYS:
		return NO_SUPPORT;
	default:
		return strerror(-error);
	}
}

const char *problem_budget(int error)
{
	switch (-error) {
	case EPERM:
		return "it would loosen a budget, which takes CAP_SYS_ADMIN (run it as root, or give lower limits)";
	case EINVAL:
	case E2BIG:
		return "the loaded agentns.ko does not know such a budget (load the module of this program's version)";
	case ENOSYS:
		return NO_SUPPORT;
	default:
		return strerror(-error);
	}
}

const char *problem_read(int error)
{
	switch (-error) {
	case ENOSYS:
		return NO_SUPPORT;
	case EBADMSG:
		return "the kernel's answer is malformed (this program and agentns.ko are of different versions)";
	case ENOENT:
		return "it has ended";
	case ESRCH:
		return "no such process";
	case EACCES:
	case EPERM:
		return "permission denied (run it as root)";
	default:
		return strerror(-error);
	}
}

void fill_standard_descriptors(void)
{
	int fd;

	/* Those below are taken by now, so that it is the one that is opened. */
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool reader_gone;

bool flush_stdout(void)
{
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return true;
	reader_gone = errno == EPIPE;
	return false;
}

void close_stdout(void)
{
	int failed = ferror(stdout);

	if (reader_gone)
		return;
	errno = 0;
	if (!fclose(stdout) && !failed)
		return;
	/* A reader that has seen enough, such as head(1), is no failure. */
	if (errno == EPIPE)
		return;
	warn("cannot write to standard output");
	_exit(EXIT_FAILURE);
}

const char *problem_signal(int error, int sig)
{
	switch (-error) {
	case EPERM:
		return "not all of its processes are ours to signal or to know of (run it as root)";
	case EAGAIN:
		if (sig == SIGCONT)
			return "processes are stopped again at once (what a budget has stopped goes on when its limit is raised: 'agentns set')";
		return "new processes appear as fast as they are signalled (try 'agentns kill')";
	case EOPNOTSUPP:
		return "there are sessions without a directory, and the loaded agentns.ko does not say what is around them (try --all, or load a later one)";
	default:
		return problem_read(error);
	}
}
