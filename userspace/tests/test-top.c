// SPDX-License-Identifier: GPL-2.0-only
/* agentns top on a terminal: what is drawn, and what keys do. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

static char root[] = "/tmp/test-top-XXXXXX";
static const char *program;

static void put(const char *dir, const char *file, const char *value)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		tap_bail("cannot write a file");
	close(fd);
}

static void make_session(int i)
{
	static const char *const limits[] = {
		"max_syscalls", "max_write_bytes", "max_elapsed_ns",
		"max_forks", "max_opens", "max_connects", "max_unlinks",
	};
	static const char *const counters[] = {
		"openat_count", "write_bytes", "connect_count", "unlink_count",
		"fork_count", "elapsed_ns",
	};
	char dir[256], text[64];
	size_t j;

	snprintf(dir, sizeof(dir),
		 "%s/sys/kernel/agentns/sessions/%08x000000000000000000000000",
		 root, 0xa0000000 + i);
	mkdir(dir, 0755);
	for (j = 0; j < 7; j++)
		put(dir, limits[j], "max\n");
	snprintf(text, sizeof(text), i ? "task %d\n" : "t\303\244sk \033[2J%d\n",
		 i);
	put(dir, "intent", text);
	put(dir, "parent", "00000000000000000000000000000000\n");
	put(dir, "depth", "1\n");
	put(dir, "inum", "7\n");
	put(dir, "action", "kill\n");
	/* The kernel's is for writing alone. */
	put(dir, "kill", "0\n");
	strcat(dir, "/counters");
	mkdir(dir, 0755);
	for (j = 0; j < 6; j++)
		put(dir, counters[j], "5000000000\n");
	snprintf(text, sizeof(text), "%d\n", 1000000 * (100 - i));
	put(dir, "total_syscalls", text);
}

/* What a file of session @i begins with: a write replaces no more than that. */
static bool file_begins(int i, const char *file, const char *text)
{
	char path[320], got[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path),
		 "%s/sys/kernel/agentns/sessions/%08x000000000000000000000000/%s",
		 root, 0xa0000000 + i, file);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		tap_bail("cannot read a session's file");
	n = read(fd, got, sizeof(got) - 1);
	close(fd);
	got[n > 0 ? n : 0] = '\0';
	if (!strncmp(got, text, strlen(text)))
		return true;
	printf("# %s of session %d is %s\n", file, i, got);
	return false;
}

static void make_root(int sessions)
{
	char path[128];
	int i;

	if (!mkdtemp(root))
		tap_bail("cannot make a folder");
	snprintf(path, sizeof(path), "mkdir -p %s/sys/kernel/agentns/sessions %s/proc",
		 root, root);
	if (system(path))
		tap_bail("cannot make folders");
	for (i = 0; i < sessions; i++)
		make_session(i);
}

/* A program on a terminal of its own. */
struct terminal {
	int fd;
	pid_t pid;
	size_t used;
	char seen[1 << 18];
};

/* valgrind needs its time to start top on a machine that others use as well. */
#define PATIENCE_MS	90000

/* Under $VALGRIND_CMD, when that is set: 99 is what it makes of an error. */
static void start_with(struct terminal *t, const char *term, int lines,
		       int columns, bool color)
{
	struct winsize size = { .ws_row = lines, .ws_col = columns };

	t->used = 0;
	t->pid = forkpty(&t->fd, NULL, NULL, &size);
	if (t->pid < 0)
		tap_bail("no terminals");
	if (!t->pid) {
		setenv("TERM", term, 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		if (color)
			unsetenv("NO_COLOR");
		else
			setenv("NO_COLOR", "1", 1);
		execl("/bin/sh", "sh", "-c",
		      "exec $VALGRIND_CMD \"$0\" top -d 0.2 --sysroot \"$1\"",
		      program, root, NULL);
		_exit(98);
	}
}

static void start(struct terminal *t, const char *term, int lines, int columns)
{
	start_with(t, term, lines, columns, true);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/*
 * Read until @text was drawn, at the latest for PATIENCE_MS: of time, since on a
 * loaded machine one screen may come in a hundred pieces.
 */
static bool sees(struct terminal *t, const char *text)
{
	struct pollfd poll_fd = { .fd = t->fd, .events = POLLIN };
	uint64_t give_up = now_ms() + PATIENCE_MS;

	while (now_ms() < give_up) {
		ssize_t n;

		t->seen[t->used] = '\0';
		if (strstr(t->seen, text))
			return true;
		if (poll(&poll_fd, 1, 100) != 1)
			continue;
		n = read(t->fd, t->seen + t->used,
			 sizeof(t->seen) - 1 - t->used);
		if (n <= 0)
			break;
		t->used += n;
	}
	t->seen[t->used] = '\0';
	return strstr(t->seen, text);
}

static void type(struct terminal *t, const char *keys)
{
	t->used = 0;
	if (write(t->fd, keys, strlen(keys)) < 0)
		tap_bail("cannot type");
}

/* Its exit status, or 1000 and the signal: SIGKILL is ours, as it did not end. */
static int end(struct terminal *t)
{
	uint64_t give_up = now_ms() + PATIENCE_MS;
	int status = 0;

	/* What is left has to be read, or the program cannot write it. */
	while (!waitpid(t->pid, &status, WNOHANG)) {
		struct pollfd poll_fd = { .fd = t->fd, .events = POLLIN };

		if (poll(&poll_fd, 1, 100) == 1 && t->used < sizeof(t->seen) - 1)
			if (read(t->fd, t->seen, 1024) < 0)
				usleep(20000);
		if (now_ms() > give_up)
			kill(t->pid, SIGKILL);
	}
	close(t->fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   1000 + WTERMSIG(status);
}

static void test_keys(void)
{
	static struct terminal t;

	start(&t, "xterm", 24, 120);
	ok(sees(&t, "30 sessions, by SYSCALLS a second"), "the title");
	ok(sees(&t, "CALLS/S") && sees(&t, "INTENT"), "the headings");
	ok(sees(&t, "a0000000000"), "a session");
	ok(sees(&t, "t\303\244sk \\x1b[2J0"), "its tag, escaped");
	ok(sees(&t, "100M"), "a large number, shortened");
	/* Only what differs is drawn. */
	type(&t, "rR");
	ok(sees(&t, "least first"), "by value, the least first");
	type(&t, "R");
	type(&t, ">");
	ok(sees(&t, "OPENS"), "by another column");
	type(&t, "h");
	ok(sees(&t, "Keys of agentns top"), "help");
	type(&t, "x");
	ok(sees(&t, "sessions, by"), "and back");
	type(&t, "k");
	ok(sees(&t, "kill session a0000000"), "kill asks");
	type(&t, "n");
	ok(sees(&t, "nothing was done"), "and takes no for an answer");
	type(&t, "lwall=x\r");
	ok(sees(&t, "not a decimal number"), "a bad limit");
	type(&t, "q");
	ok_int(end(&t), 0, "quit");
}

static void test_gone(void)
{
	static struct terminal t;
	uint64_t give_up;
	int status = 0;

	/* As of nohup; who does not ignore it is ended by it. */
	signal(SIGHUP, SIG_IGN);
	start(&t, "xterm", 24, 120);
	signal(SIGHUP, SIG_DFL);
	ok(sees(&t, "30 sessions"), "a terminal");
	close(t.fd);
	give_up = now_ms() + PATIENCE_MS;
	while (!waitpid(t.pid, &status, WNOHANG)) {
		usleep(20000);
		if (now_ms() > give_up)
			kill(t.pid, SIGKILL);
	}
	ok(WIFEXITED(status) && !WEXITSTATUS(status),
	   "which is gone: that is the end");
}

static void test_sizes(void)
{
	struct winsize small = { .ws_row = 2, .ws_col = 9 };
	static struct terminal t;

	start(&t, "vt100", 5, 30);
	ok(sees(&t, "30 sessions"), "a small terminal");
	ioctl(t.fd, TIOCSWINSZ, &small);
	kill(t.pid, SIGWINCH);
	usleep(300000);
	type(&t, "\033[B\033[5~");
	usleep(300000);
	type(&t, "q");
	ok_int(end(&t), 0, "smaller yet, and quit");
	start(&t, "nosuchterm", 24, 80);
	ok(sees(&t, "nosuchterm"), "an unknown terminal is named");
	ok_int(end(&t), 1, "which is a failure");
	start(&t, "xterm", 24, 80);
	ok(sees(&t, "30 sessions"), "a terminal");
	kill(t.pid, SIGTERM);
	ok(sees(&t, "\033[?1049l"), "SIGTERM: the screen is given back");
	/* ncurses does that, and then exits itself. */
	ok_int(end(&t), 1, "SIGTERM ends it");
}

/* A member of session @i that is a process of ours. Its state is its own. */
static pid_t start_member(int i)
{
	char dir[128], text[64];
	pid_t pid = fork();

	if (!pid)
		for (;;)
			pause();
	if (pid < 0)
		tap_bail("fork failed");
	snprintf(dir, sizeof(dir), "%s/proc/%d", root, (int)pid);
	mkdir(dir, 0755);
	snprintf(text, sizeof(text), "%08x000000000000000000000000\n",
		 0xa0000000 + i);
	put(dir, "agent_session", text);
	snprintf(text, sizeof(text), "/proc/%d/stat", (int)pid);
	strcat(dir, "/stat");
	if (symlink(text, dir))
		tap_bail("symlink failed");
	return pid;
}

/* Did @pid stop, or go on, within PATIENCE_MS? */
static bool becomes(pid_t pid, bool stopped)
{
	uint64_t give_up = now_ms() + PATIENCE_MS;
	int status;

	while (now_ms() < give_up) {
		if (waitpid(pid, &status, WNOHANG | (stopped ? WUNTRACED :
						     WCONTINUED)) == pid)
			return stopped ? WIFSTOPPED(status) :
					 WIFCONTINUED(status);
		usleep(10000);
	}
	return false;
}

static void test_signals(struct terminal *t)
{
	pid_t member = start_member(1), other = start_member(2);
	int fd = pidfd_open(getpid(), 0);

	if (fd < 0) {
		/* What this runs under, agentns runs under. */
		ok(true, "stop and continue # SKIP no pidfd_open() under this valgrind");
	} else {
		close(fd);
		type(t, "ty");
		ok(sees(t, "1 process"), "stop: how many is told");
		ok(becomes(member, true), "stop: the session's process is stopped");
		type(t, "cy");
		ok(sees(t, "1 process"), "continue: how many is told");
		ok(becomes(member, false), "continue: it goes on");
		ok(!waitpid(other, NULL, WNOHANG | WUNTRACED),
		   "another session's process is left alone");
	}
	kill(member, SIGKILL);
	kill(other, SIGKILL);
	waitpid(member, NULL, 0);
	waitpid(other, NULL, 0);
}

static void test_actions(void)
{
	static struct terminal t;

	start(&t, "xterm", 24, 120);
	ok(sees(&t, "30 sessions"), "a terminal, for what keys do to sessions");
	/* Not the first, which is selected without being chosen. */
	type(&t, "\033OB");
	test_signals(&t);
	type(&t, "lwall=2h,fork=12345\r");
	ok(sees(&t, "limits are set"), "limits are set");
	ok(file_begins(1, "max_elapsed_ns", "7200000000000") &&
	   file_begins(1, "max_forks", "12345"), "those that were given");
	ok(file_begins(1, "max_opens", "max"), "and no others");
	type(&t, "inew tag\r");
	ok(sees(&t, "its intent is set"), "an intent is set");
	ok(file_begins(1, "intent", "new tag"), "the one that was given");
	type(&t, "kx");
	ok(sees(&t, "nothing was done") && file_begins(1, "kill", "0"),
	   "kill: not without a y");
	type(&t, "ky");
	ok(sees(&t, ": killed"), "kill: it is told");
	ok(file_begins(1, "kill", "1"), "kill: the session is killed");
	ok(file_begins(0, "kill", "0") && file_begins(2, "kill", "0") &&
	   file_begins(0, "max_forks", "max") &&
	   file_begins(2, "intent", "task 2"), "no other session was touched");
	type(&t, "q");
	ok_int(end(&t), 0, "and quit");
}

/* Is there a sequence that sets a colour of the foreground or background? */
static bool has_color(const char *text)
{
	while ((text = strstr(text, "\033["))) {
		size_t len = strspn(text += 2, "0123456789;");
		const char *s = text;

		if (text[len] != 'm')
			continue;
		while (s < text + len) {
			int code = atoi(s);

			if ((code >= 30 && code < 39) ||
			    (code >= 40 && code < 49) ||
			    (code >= 90 && code <= 107))
				return true;
			s += strcspn(s, ";m") + 1;
		}
	}
	return false;
}

/* A session near its limit is red, where colours are wanted. */
static void test_colors(void)
{
	static struct terminal t;
	char dir[128];

	snprintf(dir, sizeof(dir),
		 "%s/sys/kernel/agentns/sessions/%08x000000000000000000000000",
		 root, 0xa0000003);
	put(dir, "max_opens", "5000000001\n");
	start(&t, "xterm-256color", 24, 120);
	ok(sees(&t, "\033[31m"), "a session near its limit is red");
	ok(sees(&t, "q quit"), "the screen is drawn");
	type(&t, "q");
	ok_int(end(&t), 0, "with colours");
	start_with(&t, "xterm-256color", 24, 120, false);
	ok(sees(&t, "q quit") && strstr(t.seen, "task 3"),
	   "NO_COLOR: the same sessions are drawn");
	ok(!has_color(t.seen), "NO_COLOR: and none in colour");
	type(&t, "q");
	ok_int(end(&t), 0, "without colours");
}

int main(void)
{
	const char *build = getenv("BUILD");
	char path[512], command[600];

	if (!build)
		tap_bail("$BUILD is not set");
	snprintf(path, sizeof(path), "%s/agentns", build);
	program = path;
	make_root(30);
	test_keys();
	test_gone();
	test_sizes();
	test_colors();
	test_actions();
	snprintf(command, sizeof(command),
		 "'%s' top --sysroot %s 2>&1 </dev/null | grep -q 'no terminal'",
		 path, root);
	ok_int(system(command), 0, "no terminal");
	snprintf(command, sizeof(command), "rm -rf %s", root);
	if (system(command))
		return 1;
	return tap_done();
}
