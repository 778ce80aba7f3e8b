// SPDX-License-Identifier: GPL-2.0-only
/*
 * Running a command and standing in for it, without any session.
 *
 * The command is mostly this program itself: "test-spawn ROLE".
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "problem.h"
#include "spawn.h"
#include "tap.h"

/* ---- the command's side ---- */

static volatile sig_atomic_t caught;

static void on_signal(int signo)
{
	(void)signo;
	caught++;
}

static void pause_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

/* Say "ready", collect signals until quiet, exit with how many there were. */
static int role_count(void)
{
	static const int signals[] = {
		SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2,
	};
	struct sigaction sa = { .sa_handler = on_signal };
	int waited, seen;
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &sa, NULL);
	if (write(STDOUT_FILENO, "ready\n", 6) != 6)
		return 99;
	for (waited = 0; !caught && waited < 10000; waited += 10)
		pause_ms(10);
	do {
		seen = caught;
		pause_ms(300);
	} while (caught != seen);
	return 10 + seen;
}

/* How often Ctrl-C is pressed. */
#define PRESSED	5

/*
 * Say "ready", take the SIGINT of one Ctrl-C, say "taken", and see that no second
 * one comes by it; and so on.
 */
static int role_interrupted(void)
{
	const struct timespec late = { .tv_sec = 10 };
	const struct timespec soon = { .tv_nsec = 500000000 };
	sigset_t set;
	int i;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (i = 0; i < PRESSED; i++) {
		if (write(STDOUT_FILENO, "ready\n", 6) != 6)
			return 99;
		if (sigtimedwait(&set, NULL, &late) != SIGINT)
			return 1;
		if (write(STDOUT_FILENO, "taken\n", 6) != 6)
			return 99;
		if (sigtimedwait(&set, NULL, &soon) == SIGINT)
			return 2;
	}
	return 10;
}

/* Exit 0 when the mask and SIGCHLD's action are as the caller had them. */
static int role_inherit(void)
{
	struct sigaction sa;
	sigset_t mask;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	sigaction(SIGCHLD, NULL, &sa);
	if (sigismember(&mask, SIGTERM) || sigismember(&mask, SIGCHLD) ||
	    !sigismember(&mask, SIGUSR1))
		return 1;
	return sa.sa_handler == SIG_IGN ? 0 : 2;
}

/* Exit 0 when nothing but the standard descriptors is open. */
static int role_descriptors(void)
{
	int fd;

	for (fd = 3; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return 1;
	return 0;
}

/* A command that signals its whole process group gets that once. */
static int role_group(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGTERM, &sa, NULL);
	kill(0, SIGTERM);
	pause_ms(300);
	return 10 + caught;
}

/*
 * Signals that are still pending in the stand-in when it learns that the
 * command has ended: it is stopped while they are sent.
 */
static int role_late(void)
{
	kill(getppid(), SIGSTOP);
	kill(getppid(), SIGHUP);
	kill(getppid(), SIGINT);
	return 5;
}

static int role(const char *name)
{
	if (!strcmp(name, "count"))
		return role_count();
	if (!strcmp(name, "interrupted"))
		return role_interrupted();
	if (!strcmp(name, "inherit"))
		return role_inherit();
	if (!strcmp(name, "descriptors"))
		return role_descriptors();
	if (!strcmp(name, "group"))
		return role_group();
	if (!strcmp(name, "late"))
		return role_late();
	return 98;
}

/* ---- the caller's side ---- */

static char *self;

static int setup_nothing(void *data, struct spawn_child *child, int *error)
{
	(void)child;
	(void)data;
	(void)error;
	return 0;
}

static int setup_fail(void *data, struct spawn_child *child, int *error)
{
	(void)child;
	*error = -*(int *)data;
	return 3;
}

static int setup_die(void *data, struct spawn_child *child, int *error)
{
	(void)child;
	(void)data;
	(void)error;
	raise(SIGKILL);
	return 0;
}

/* execvp() does not write to its arguments, whatever its prototype says. */
static int spawn(const char *command, const char *arg,
		 struct spawn_failure *f)
{
	char *argv[] = { (char *)command, (char *)arg, NULL };

	return spawn_wait(argv, &(struct spawn) { .setup = setup_nothing }, f);
}

static int shell(const char *script)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)script, NULL };
	struct spawn_failure f;

	return spawn_wait(argv, &(struct spawn) { .setup = setup_nothing }, &f);
}

static void test_status(void)
{
	ok_int(shell("exit 0"), 0, "status 0");
	ok_int(shell("exit 3"), 3, "status 3");
	ok_int(shell("exit 255"), 255, "status 255");
	ok_int(shell("kill -KILL $$"), 128 + SIGKILL, "ended by SIGKILL");
	ok_int(shell("kill -TERM $$"), 128 + SIGTERM, "ended by SIGTERM");
}

static void test_failures(void)
{
	char *argv[] = { (char *)"true", NULL };
	struct spawn_failure f;
	int error = EPERM;

	ok_int(spawn("agentns-no-such-command", NULL, &f), -1, "no command");
	ok(f.stage == SPAWN_EXEC && f.error == ENOENT, "no command: why");
	ok_int(spawn("/", NULL, &f), -1, "not a program");
	ok(f.stage == SPAWN_EXEC && f.error == EACCES, "not a program: why");
	ok_int(spawn_wait(argv, &(struct spawn) { .setup = setup_fail, .data = &error }, &f), -1, "setup fails");
	ok(f.stage == 3 && f.error == EPERM, "setup fails: where and why");
	ok_int(spawn_wait(argv, &(struct spawn) { .setup = setup_die }, &f), 128 + SIGKILL,
	       "killed before it is executed");
}

/* A parent may ignore SIGCHLD and block signals: shells' jobs inherit that. */
static void test_inherit(void)
{
	struct sigaction ign = { .sa_handler = SIG_IGN }, old, now;
	struct spawn_failure f;
	sigset_t mask, old_mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, &old_mask);
	sigaction(SIGCHLD, &ign, &old);
	ok_int(spawn(self, "inherit", &f), 0,
	       "the command inherits mask and actions");
	sigaction(SIGCHLD, &old, &now);
	ok(now.sa_handler == SIG_IGN, "the caller's action is restored");
	sigprocmask(SIG_SETMASK, &old_mask, &mask);
	ok(sigismember(&mask, SIGUSR1) && !sigismember(&mask, SIGTERM),
	   "the caller's mask is restored");
}

/* Wait for @word on @fd; what a terminal adds does not matter. */
static bool await_word(int fd, const char *word)
{
	char text[64];
	size_t used = 0;

	while (used < sizeof(text) - 1) {
		ssize_t n = read(fd, text + used, sizeof(text) - 1 - used);

		if (n <= 0)
			break;
		used += n;
		text[used] = '\0';
		if (strstr(text, word))
			return true;
	}
	return false;
}

static void await_ready(int fd)
{
	if (!await_word(fd, "ready"))
		tap_bail("the command did not start");
}

/* In a process of its own: stand in for "test-spawn ROLE". */
static void __attribute__((noreturn)) stand_in(const char *role_name)
{
	struct spawn_failure f;
	int fd;

	/* What the command is not to inherit is not of interest here. */
	for (fd = 3; fd < 64; fd++)
		close(fd);
	_exit(spawn(self, role_name, &f));
}

static int finish(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		tap_bail("waitpid failed");
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   1000 + WTERMSIG(status);
}

/* Fork; what the child prints comes from *@fd. */
static pid_t fork_talking(int *fd)
{
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		tap_bail("pipe failed");
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
	}
	close(fds[1]);
	*fd = fds[0];
	return pid;
}

static void test_pass_on(int signo, const char *name)
{
	pid_t pid;
	int fd;

	pid = fork_talking(&fd);
	if (!pid)
		stand_in("count");
	await_ready(fd);
	kill(pid, signo);
	ok_int(finish(pid), 11, "%s is passed on", name);
	close(fd);
}

static pid_t started_pid;
static int ready_order;

static int setup_ready(void *data, struct spawn_child *child, int *error)
{
	(void)data;
	(void)error;
	spawn_ready(child);
	return 0;
}

static int setup_ready_fail(void *data, struct spawn_child *child, int *error)
{
	setup_ready(data, child, error);
	*error = -EXDEV;
	return 4;
}

static int setup_ready_die(void *data, struct spawn_child *child, int *error)
{
	(void)data;
	(void)error;
	kill(getpid(), SIGKILL);
	spawn_ready(child);
	return 0;
}

static void started(void *data, pid_t pid)
{
	*(int *)data += 1;
	started_pid = pid;
}

static void test_ready(void)
{
	struct spawn s = {
		.setup = setup_ready, .started = started, .data = &ready_order,
	};
	struct spawn_failure f;
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)"exit 6", NULL };

	ok_int(spawn_wait(argv, &s, &f), 6, "ready: the command runs");
	ok(ready_order == 1 && started_pid > 0, "ready: the parent was called");
	s.started = NULL;
	ok_int(spawn_wait(argv, &s, &f), 6, "ready: nobody is called");
	s.started = started;
	s.setup = setup_ready_fail;
	ok_int(spawn_wait(argv, &s, &f), -1, "ready, then a failure");
	ok(f.stage == 4 && f.error == EXDEV, "ready, then a failure: why");
	s.setup = setup_ready_die;
	ok_int(spawn_wait(argv, &s, &f), 128 + SIGKILL, "dead before it is ready");
}

/* The command's end of the pipe is closed when it is gone. */
static void test_killed(void)
{
	struct pollfd poll_fd = { .events = 0 };
	pid_t pid;
	int fd;

	pid = fork_talking(&fd);
	if (!pid)
		stand_in("count");
	await_ready(fd);
	kill(pid, SIGKILL);
	finish(pid);
	poll_fd.fd = fd;
	ok(poll(&poll_fd, 1, 5000) == 1 && poll_fd.revents & POLLHUP,
	   "a stand-in that is killed leaves no command behind");
	close(fd);
}

static void test_terminal(void)
{
	int terminal, status, i;
	pid_t pid;

	pid = forkpty(&terminal, NULL, NULL, NULL);
	if (pid < 0) {
		ok(true, "Ctrl-C reaches the command once # SKIP no terminals");
		return;
	}
	if (!pid)
		stand_in("interrupted");
	for (i = 0; i < PRESSED && await_word(terminal, "ready"); i++) {
		/*
		 * What it passes on while the other one is pending would be
		 * one with that.
		 */
		kill(pid, SIGSTOP);
		if (waitpid(pid, &status, WUNTRACED) != pid ||
		    !WIFSTOPPED(status))
			tap_bail("the stand-in was not stopped");
		if (write(terminal, "\003", 1) != 1)
			tap_bail("cannot press a key");
		await_word(terminal, "taken");
		kill(pid, SIGCONT);
	}
	ok_int(finish(pid), 10, "Ctrl-C reaches the command once");
	close(terminal);
}

/* Right before a fork: say so, and wait for the Ctrl-C that somebody presses. */
static void before_fork(void)
{
	sigset_t pending;
	int waited;

	if (write(STDOUT_FILENO, "forking\n", 8) != 8)
		_exit(99);
	for (waited = 0; waited < 5000; waited += 10) {
		pause_ms(10);
		sigpending(&pending);
		if (sigismember(&pending, SIGINT))
			return;
	}
}

/* It ends the stand-in, or the command would go on as if nothing had been. */
static void test_before_fork(void)
{
	int terminal;
	pid_t pid;

	pid = forkpty(&terminal, NULL, NULL, NULL);
	if (pid < 0) {
		ok(true, "Ctrl-C before the fork # SKIP no terminals");
		return;
	}
	if (!pid) {
		signal(SIGINT, SIG_DFL);
		pthread_atfork(before_fork, NULL, NULL);
		stand_in("interrupted");
	}
	await_word(terminal, "forking");
	if (write(terminal, "\003", 1) != 1)
		tap_bail("cannot press a key");
	ok_int(finish(pid), 1000 + SIGINT, "Ctrl-C before the fork is not lost");
	close(terminal);
}

/* Behind a fork, in the parent: time for the child to go too far. */
static void after_fork(void)
{
	pause_ms(300);
	kill(getpid(), SIGTERM);
}

static void test_after_fork(void)
{
	pid_t pid;
	int fd;

	pid = fork_talking(&fd);
	if (!pid) {
		pthread_atfork(NULL, after_fork, NULL);
		stand_in("count");
	}
	ok_int(finish(pid), 1000 + SIGTERM,
	       "SIGTERM right behind the fork ends the stand-in");
	ok(!await_word(fd, "ready"), "and no command has been started by then");
	close(fd);
}

static void test_late(void)
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid)
		stand_in("late");
	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		tap_bail("the stand-in was not stopped");
	/* For the command to end; should it not, the test passes for nothing. */
	pause_ms(300);
	kill(pid, SIGCONT);
	ok_int(finish(pid), 5, "signals that come too late do not matter");
}

static int setup_stop(void *data, struct spawn_child *child, int *error)
{
	(void)child;
	(void)error;
	if (data) {
		/* Should the test fail, nobody is left behind. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		raise(SIGSTOP);
	}
	return 0;
}

static void say_stopped(void *data, pid_t pid)
{
	(void)data;
	printf("stopped %d\n", (int)pid);
	fflush(stdout);
}

/* A command that is stopped, before it is executed or later, can be ended. */
static void test_stopped(bool before)
{
	char *argv[] = { (char *)"sh", (char *)"-c",
			 (char *)"kill -STOP $$; exit 3", NULL };
	struct spawn s = { .setup = setup_stop, .stopped = say_stopped,
			   .data = before ? &s : NULL };
	const char *when = before ? "before it is executed" : "later";
	struct spawn_failure f;
	pid_t pid;
	int fd;

	pid = fork_talking(&fd);
	if (!pid) {
		alarm(10);
		_exit(spawn_wait(argv, &s, &f));
	}
	ok(await_word(fd, "stopped"), "a command is stopped %s: it is told",
	   when);
	kill(pid, SIGTERM);
	ok_int(finish(pid), 128 + SIGTERM, "which SIGTERM ends");
	close(fd);
}

/* A child that answers, one that is stopped, one that ends. */
static void test_answer(void)
{
	static const char *const whats[] = { "one that is stopped", "one that ends",
					     "one that answers" };
	int i, fds[2], got = 0;
	bool answered;
	pid_t pid;

	for (i = 0; i < 3; i++) {
		if (pipe(fds) || (pid = fork()) < 0)
			tap_bail("cannot make a child");
		if (!pid) {
			if (!i)
				raise(SIGSTOP);
			/* And if it went on, its answer would be too late. */
			pause_ms(i ? 0 : 60000);
			if (i == 1 || write(fds[1], &i, sizeof(i)) < 0)
				_exit(1);
			_exit(0);
		}
		close(fds[1]);
		answered = spawn_answer(pid, fds[0], &got, sizeof(got),
					i ? 60000 : 100);
		ok(answered == (i == 2) && got == (i == 2 ? 2 : 0),
		   "the answer of a child: %s", whats[i]);
		ok(waitpid(pid, NULL, 0) < 0 && errno == ECHILD,
		   "which is gone");
		close(fds[0]);
	}
}

static void test_descriptors(void)
{
	pid_t pid = fork();

	if (!pid)
		stand_in("descriptors");
	ok_int(finish(pid), 0, "the command gets no descriptor of ours");
}

static void test_group(void)
{
	pid_t pid = fork();

	if (!pid) {
		setpgid(0, 0);
		stand_in("group");
	}
	ok_int(finish(pid), 11,
	       "a signal from the command to its group comes once");
}

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc > 1)
		return role(argv[1]);
	/* A test that hangs is a failure, and says so. */
	alarm(120);
	test_status();
	test_failures();
	test_inherit();
	test_pass_on(SIGINT, "SIGINT");
	test_pass_on(SIGTERM, "SIGTERM");
	test_pass_on(SIGHUP, "SIGHUP");
	test_pass_on(SIGQUIT, "SIGQUIT");
	test_pass_on(SIGUSR1, "SIGUSR1");
	test_pass_on(SIGUSR2, "SIGUSR2");
	test_terminal();
	test_before_fork();
	test_after_fork();
	test_late();
	test_answer();
	test_stopped(false);
	test_stopped(true);
	test_killed();
	test_ready();
	test_descriptors();
	test_group();
	return tap_done();
}
