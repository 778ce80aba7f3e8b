// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "problem.h"
#include "spawn.h"

/*
 * Signals are blocked from before the fork and taken one by one with
 * sigwaitinfo(): no handler runs, so nothing is lost between looking and
 * waiting, and there is no global state.
 */
struct signals {
	sigset_t taken;
	sigset_t old_mask;
	struct sigaction old_chld;
};

static void signals_take(struct signals *s)
{
	/* Inherited SIG_IGN would have the kernel reap the child unasked. */
	struct sigaction dfl = { .sa_handler = SIG_DFL };

	sigemptyset(&s->taken);
	sigaddset(&s->taken, SIGINT);
	sigaddset(&s->taken, SIGTERM);
	sigaddset(&s->taken, SIGHUP);
	sigaddset(&s->taken, SIGQUIT);
	sigaddset(&s->taken, SIGCHLD);
	sigprocmask(SIG_BLOCK, &s->taken, &s->old_mask);
	sigaction(SIGCHLD, &dfl, &s->old_chld);
}

/*
 * What came for a command that is gone is dropped: were it left pending, a
 * Ctrl-C that the command survived would now end us, and its status be lost.
 */
static void signals_drop(const struct signals *s)
{
	const struct timespec now = { 0 };

	while (sigtimedwait(&s->taken, NULL, &now) > 0)
		;
}

static void signals_restore(const struct signals *s)
{
	sigaction(SIGCHLD, &s->old_chld, NULL);
	sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
}

static void __attribute__((noreturn))
child(char **argv, int (*setup)(void *, int *), void *data, int report_fd)
{
	struct spawn_failure f = { 0 };
	ssize_t written;
	int error = 0;

	f.stage = setup(data, &error);
	f.error = -error;
	if (!f.stage) {
		execvp(argv[0], argv);
		f.stage = SPAWN_EXEC;
		f.error = errno;
	}
	/* Less than PIPE_BUF: it arrives whole or not at all. */
	written = write(report_fd, &f, sizeof(f));
	_exit(written == sizeof(f) ? 0 : EXIT_CANNOT_EXECUTE);
}

/* Did the child report a failure? The pipe ends without one when it execs. */
static int read_report(int fd, struct spawn_failure *failure)
{
	ssize_t n;

	do
		n = read(fd, failure, sizeof(*failure));
	while (n < 0 && errno == EINTR);
	return n == sizeof(*failure);
}

/*
 * A signal from the keyboard or from a terminal that hangs up goes to the
 * whole foreground process group: the command has it already, and a second
 * one means something else to many programs ("stop now, do not clean up").
 * Those come from the kernel itself. A signal that the command sent is meant
 * for its group, or it would not have been sent to us. What any other process
 * sends, it may have sent to us alone.
 */
static void pass_on(const siginfo_t *info, pid_t pid)
{
	if (info->si_code == SI_KERNEL || info->si_pid == pid)
		return;
	kill(pid, info->si_signo);
}

static int wait_for(pid_t pid, const struct signals *signals)
{
	siginfo_t info;
	int status;

	for (;;) {
		pid_t got = waitpid(pid, &status, WNOHANG);

		if (got < 0)
			return -1;
		if (got == pid)
			break;
		/* EINTR, after a stop and continue, is all that can fail. */
		if (sigwaitinfo(&signals->taken, &info) > 0 &&
		    info.si_signo != SIGCHLD)
			pass_on(&info, pid);
	}
	if (WIFSIGNALED(status))
		return EXIT_SIGNAL + WTERMSIG(status);
	return WEXITSTATUS(status);
}

static int fail(struct spawn_failure *failure, int error)
{
	failure->stage = SPAWN_SELF;
	failure->error = error;
	return -1;
}

int spawn_wait(char **argv, int (*setup)(void *data, int *error), void *data,
	       struct spawn_failure *failure)
{
	struct signals signals;
	int fds[2], status;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return fail(failure, errno);
	signals_take(&signals);
	pid = fork();
	if (pid < 0) {
		int error = errno;

		signals_restore(&signals);
		close(fds[0]);
		close(fds[1]);
		return fail(failure, error);
	}
	if (!pid) {
		/* First of all, so that it can be interrupted from now on. */
		signals_restore(&signals);
		child(argv, setup, data, fds[1]);
	}
	close(fds[1]);
	if (read_report(fds[0], failure)) {
		waitpid(pid, NULL, 0);
		status = -1;
	} else {
		status = wait_for(pid, &signals);
		if (status < 0)
			fail(failure, errno);
	}
	close(fds[0]);
	signals_drop(&signals);
	signals_restore(&signals);
	return status;
}
