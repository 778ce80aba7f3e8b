// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "problem.h"
#include "spawn.h"

/*
 * Signals are blocked and taken one by one with sigwaitinfo(): no handler runs,
 * so nothing is lost between looking and waiting, and there is no global state.
 *
 * From behind the fork on, and the child does nothing before that: a Ctrl-C goes
 * to whoever is there when it comes. One from before the fork is ours alone, and
 * were it blocked nobody could tell it from one that the child has as well.
 */
struct signals {
	sigset_t taken;
	sigset_t old_mask;
	struct sigaction old_chld;
};

/* Before the fork: let no SIGCHLD be lost. */
static void signals_prepare(struct signals *s)
{
	sigset_t chld;
	/* Inherited SIG_IGN would have the kernel reap the child unasked. */
	struct sigaction dfl = { .sa_handler = SIG_DFL };

	sigemptyset(&s->taken);
	sigaddset(&s->taken, SIGINT);
	sigaddset(&s->taken, SIGTERM);
	sigaddset(&s->taken, SIGHUP);
	sigaddset(&s->taken, SIGQUIT);
	sigaddset(&s->taken, SIGUSR1);
	sigaddset(&s->taken, SIGUSR2);
	sigaddset(&s->taken, SIGCHLD);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &s->old_mask);
	sigaction(SIGCHLD, &dfl, &s->old_chld);
}

static void signals_take(const struct signals *s)
{
	sigprocmask(SIG_BLOCK, &s->taken, NULL);
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

/**
 * struct spawn_child - the child's side
 * @report_fd: where failures are sent to, and that it is ready
 * @go_fd: the parent answers here
 * @parent: who it was born of
 */
struct spawn_child {
	int report_fd;
	int go_fd;
	pid_t parent;
};

/*
 * A packet: it arrives whole or not at all. It is sent, not written, as the
 * child may be in its session already, whose written bytes are the command's.
 */
static bool report(const struct spawn_child *child, int stage, int error)
{
	struct spawn_failure f = { .stage = stage, .error = error };

	return send(child->report_fd, &f, sizeof(f), MSG_NOSIGNAL) ==
	       sizeof(f);
}

static void await_go(const struct spawn_child *child)
{
	char go;
	ssize_t n;

	do
		n = read(child->go_fd, &go, 1);
	while (n < 0 && errno == EINTR);
	/* The parent is gone: nobody waits for the command. */
	if (n != 1)
		_exit(EXIT_CANNOT_EXECUTE);
}

void spawn_ready(struct spawn_child *child)
{
	if (!report(child, SPAWN_READY, 0))
		_exit(EXIT_CANNOT_EXECUTE);
	await_go(child);
}

static void __attribute__((noreturn))
child(char **argv, const struct spawn *spawn, struct spawn_child *self)
{
	int stage, error = 0;

	await_go(self);
	stage = spawn->setup(spawn->data, self, &error);
	if (!stage) {
		/*
		 * Not before now: a change of user clears it. It may have
		 * become an orphan meanwhile.
		 */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != self->parent)
			_exit(EXIT_CANNOT_EXECUTE);
		execvp(argv[0], argv);
		stage = SPAWN_EXEC;
		error = -errno;
	}
	_exit(report(self, stage, -error) ? 0 : EXIT_CANNOT_EXECUTE);
}

/**
 * struct watch - a child that is waited for
 * @spawn: what its caller asked for
 * @signals: what we take meanwhile
 * @pid: it
 * @stopped: it is stopped
 * @told: the caller was told so
 */
struct watch {
	const struct spawn *spawn;
	const struct signals *signals;
	pid_t pid;
	bool stopped;
	bool told;
};

/* Its end is left for waitpid(). */
static void see_stops(struct watch *w)
{
	siginfo_t info;

	for (;;) {
		info.si_pid = 0;
		if (waitid(P_PID, w->pid, &info,
			   WSTOPPED | WCONTINUED | WNOHANG) || !info.si_pid)
			return;
		w->stopped = info.si_code == CLD_STOPPED;
		/* Not by the keyboard: that stops us as well. */
		if (!w->stopped || info.si_status != SIGSTOP || w->told ||
		    !w->spawn->stopped)
			continue;
		w->told = true;
		w->spawn->stopped(w->spawn->data, w->pid);
	}
}

static bool is_to_end(int signo)
{
	return signo == SIGINT || signo == SIGTERM || signo == SIGHUP ||
	       signo == SIGQUIT;
}

/*
 * A signal from the keyboard or from a terminal that hangs up goes to the
 * whole foreground process group: the command has it already, and a second
 * one means something else to many programs ("stop now, do not clean up").
 * Those come from the kernel itself. A signal that the command sent is meant
 * for its group, or it would not have been sent to us. What any other process
 * sends, it may have sent to us alone.
 *
 * To a command that is stopped it means nothing until that goes on.
 */
static void pass_on(const struct watch *w, const siginfo_t *info)
{
	if (info->si_code != SI_KERNEL && info->si_pid != w->pid)
		kill(w->pid, info->si_signo);
	if (w->stopped && is_to_end(info->si_signo))
		kill(w->pid, SIGCONT);
}

static void take(struct watch *w, const siginfo_t *info)
{
	see_stops(w);
	if (info->si_signo != SIGCHLD)
		pass_on(w, info);
}

/* Until there is something to read; a budget can stop the child before. */
static void await_report(struct watch *w, int fd, int signal_fd)
{
	const struct timespec now = { 0 };
	siginfo_t info;

	for (;;) {
		struct pollfd fds[] = { { .fd = fd, .events = POLLIN },
					{ .fd = signal_fd, .events = POLLIN } };

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return;
		if (fds[0].revents)
			return;
		while (sigtimedwait(&w->signals->taken, &info, &now) > 0)
			take(w, &info);
	}
}

/* What does the child report? It ends without anything when it execs. */
static bool read_report(struct watch *w, int fd, int signal_fd,
			struct spawn_failure *failure)
{
	ssize_t n;

	await_report(w, fd, signal_fd);
	do
		n = read(fd, failure, sizeof(*failure));
	while (n < 0 && errno == EINTR);
	return n == sizeof(*failure);
}

/* Return: whether the command was not executed, for the reason in @failure. */
static bool has_failed(struct watch *w, int report_fd, int go_fd,
		       struct spawn_failure *failure)
{
	const struct spawn *spawn = w->spawn;
	/* Without it, signals are late. */
	int signal_fd = signalfd(-1, &w->signals->taken, SFD_CLOEXEC);
	bool failed = false;

	while (read_report(w, report_fd, signal_fd, failure)) {
		failed = failure->stage != SPAWN_READY;
		if (failed)
			break;
		if (spawn->started)
			spawn->started(spawn->data, w->pid);
		/* It waits for this; when it cannot come, neither can it. */
		if (send(go_fd, "", 1, MSG_NOSIGNAL) != 1)
			break;
	}
	if (signal_fd >= 0)
		close(signal_fd);
	return failed;
}

static int wait_for(struct watch *w)
{
	siginfo_t info;
	int status;

	for (;;) {
		pid_t got = waitpid(w->pid, &status, WNOHANG);

		if (got < 0)
			return -1;
		if (got == w->pid)
			break;
		see_stops(w);
		/* EINTR, after a stop and continue, is all that can fail. */
		if (sigwaitinfo(&w->signals->taken, &info) > 0)
			take(w, &info);
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

/*
 * @fds[0] and [1]: from the child, in packets. [2] and [3]: to it. Sockets, so
 * that nothing counts as written and no signal comes when the other is gone.
 */
static int make_channels(int fds[4])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -1;
	if (!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds + 2))
		return 0;
	close(fds[0]);
	close(fds[1]);
	return -1;
}

static int wait_started(const struct spawn *spawn, pid_t pid, int fds[4],
			const struct signals *signals,
			struct spawn_failure *failure)
{
	struct watch watch = { .spawn = spawn, .signals = signals, .pid = pid };
	int status;

	close(fds[1]);
	close(fds[2]);
	/* A child that is gone already is found out below. */
	send(fds[3], "", 1, MSG_NOSIGNAL);
	if (has_failed(&watch, fds[0], fds[3], failure)) {
		waitpid(pid, NULL, 0);
		status = -1;
	} else {
		status = wait_for(&watch);
		if (status < 0)
			fail(failure, errno);
	}
	close(fds[0]);
	close(fds[3]);
	return status;
}

int spawn_wait(char **argv, const struct spawn *spawn,
	       struct spawn_failure *failure)
{
	struct spawn_child self = { .parent = getpid() };
	struct signals signals;
	int fds[4], status;
	pid_t pid;

	if (make_channels(fds))
		return fail(failure, errno);
	signals_prepare(&signals);
	pid = fork();
	if (!pid) {
		/* First of all, so that it can be interrupted from now on. */
		signals_restore(&signals);
		close(fds[0]);
		close(fds[3]);
		self.report_fd = fds[1];
		self.go_fd = fds[2];
		child(argv, spawn, &self);
	}
	if (pid < 0) {
		int i;

		status = fail(failure, errno);
		for (i = 0; i < 4; i++)
			close(fds[i]);
	} else {
		signals_take(&signals);
		status = wait_started(spawn, pid, fds, &signals, failure);
		signals_drop(&signals);
	}
	signals_restore(&signals);
	return status;
}

bool spawn_answer(pid_t pid, int fd, void *answer, size_t size, int ms)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	struct timespec now, start;
	bool good = false;
	int left = ms, n;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		n = poll(&pollfd, 1, left);
		clock_gettime(CLOCK_MONOTONIC, &now);
		left = ms - (now.tv_sec - start.tv_sec) * 1000 -
			(now.tv_nsec - start.tv_nsec) / 1000000;
	} while (n < 0 && errno == EINTR && left > 0);
	if (n > 0)
		good = read(fd, answer, size) == (ssize_t)size;
	/* It may be stopped, or waiting for its session to be let go on. */
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return good;
}
