// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals to sessions: processes of our own whose state is the kernel's word,
 * and that are in a session by that of files of ours.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <agentns.h>

#include "fake-root.h"
#include "tap.h"

#define ID_A	"a0000000000000000000000000000001"
#define ID_B	"a0000000000000000000000000000002"
#define ID_C	"a0000000000000000000000000000003"
#define ID_D	"a0000000000000000000000000000004"
#define ID_0	"00000000000000000000000000000000"

#define WAIT_MS	10000

/* ---- a process whose first thread may have ended ---- */

struct threads {
	int fd;
	bool leader_ends;
};

static void __attribute__((noreturn)) tell_and_pause(int fd)
{
	pid_t tid = gettid();

	if (write(fd, &tid, sizeof(tid)) != sizeof(tid))
		_exit(1);
	for (;;)
		pause();
}

static void *other_thread(void *data)
{
	tell_and_pause(((const struct threads *)data)->fd);
}

static void be_two_threads(const struct threads *t)
{
	/* Not on the stack of a thread that ends. */
	static struct threads copy;
	pthread_t thread;

	copy = *t;
	if (pthread_create(&thread, NULL, other_thread, &copy))
		_exit(1);
	if (t->leader_ends)
		pthread_exit(NULL);
}

/* A process that is @be, and then pauses; *@tid is who tells of itself. */
static pid_t start(void (*be)(const struct threads *), bool leader_ends,
		   pid_t *tid)
{
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		tap_bail("no pipe");
	pid = fork();
	if (!pid) {
		struct threads t = { fds[1], leader_ends };

		be(&t);
		for (;;)
			pause();
	}
	close(fds[1]);
	if (read(fds[0], tid, sizeof(*tid)) != sizeof(*tid))
		tap_bail("a process of two tasks does not start");
	close(fds[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static char thread_state(pid_t pid, pid_t tid)
{
	char path[64], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	if (f)
		fclose(f);
	return state;
}

static bool reaches(pid_t pid, pid_t tid, const char *states)
{
	const struct timespec ms = { .tv_nsec = 1000000 };
	char state;
	int i;

	for (i = 0; i < WAIT_MS; i++) {
		state = thread_state(pid, tid);
		if (state && strchr(states, state))
			return true;
		nanosleep(&ms, NULL);
	}
	printf("# its state is %c\n", state ? state : '?');
	return false;
}

/* ---- what is told of it ---- */

/* @dir is that of a process or of a thread, below the root. */
static void put_task(const char *dir, const char *session)
{
	static const char *const files[] = { "stat", "status" };
	char path[64], real[64], full[160];
	size_t i;

	put_dir(dir);
	for (i = 0; i < 2; i++) {
		snprintf(full, sizeof(full), "%s/%s/%s", root, dir, files[i]);
		snprintf(real, sizeof(real), "/%s/%s", dir, files[i]);
		if (symlink(real, full))
			tap_bail("cannot make a link of the test tree");
	}
	snprintf(path, sizeof(path), "%s/agent_session", dir);
	put(path, session);
}

/* The kernel has an ended leader in no session. */
static void put_process(pid_t pid, pid_t tid, bool leader_ends)
{
	const char *session = leader_ends ? ID_0 "\n" : ID_A "\n";
	char path[64];

	snprintf(path, sizeof(path), "proc/%d", pid);
	put_task(path, session);
	snprintf(path, sizeof(path), "proc/%d/task", pid);
	put_dir(path);
	snprintf(path, sizeof(path), "proc/%d/task/%d", pid, pid);
	put_task(path, session);
	snprintf(path, sizeof(path), "proc/%d/task/%d", pid, tid);
	put_task(path, ID_A "\n");
}

/* Some file systems do not count what is in a directory. */
static bool links_are_counted(void)
{
	char path[160];
	struct stat st;

	snprintf(path, sizeof(path), "%s/sys", root);
	return !stat(path, &st) && st.st_nlink == 3;
}

/* ---- tests ---- */

static void test_threads(struct agentns *h, bool leader_ends)
{
	const char *what = leader_ends ? "the first thread has ended" :
					 "two threads";
	struct agent_session_id_uapi id;
	unsigned int count = 0;
	siginfo_t info;
	pid_t pid, tid;

	if (agentns_id_parse(ID_A, &id))
		tap_bail("bad id in a test");
	pid = start(be_two_threads, leader_ends, &tid);
	ok(reaches(pid, pid, leader_ends ? "Z" : "S") && reaches(pid, tid, "S"),
	   "%s: it is so", what);
	put_process(pid, tid, leader_ends);
	ok_int(agentns_session_signal(h, &id, SIGSTOP, &count), 0,
	       "%s: stop", what);
	ok_int(count, 1, "%s: stop: how many", what);
	ok(reaches(pid, tid, "T"), "%s: stop: it is stopped", what);
	ok_int(agentns_session_signal(h, &id, SIGSTOP, &count), 0,
	       "%s: stop again", what);
	ok_int(count, 0, "%s: stop again: there is no need", what);
	ok_int(agentns_session_signal(h, &id, SIGCONT, &count), 0,
	       "%s: cont", what);
	ok_int(count, 1, "%s: cont: how many", what);
	ok(reaches(pid, tid, "S"), "%s: cont: it goes on", what);
	ok_int(agentns_session_signal(h, &id, SIGTERM, &count), 0,
	       "%s: another signal", what);
	ok_int(count, 1, "%s: another signal: how many", what);
	ok(!waitid(P_PID, pid, &info, WEXITED | WNOWAIT) &&
	   info.si_status == SIGTERM, "%s: another signal: it has ended", what);
	ok_int(agentns_session_signal(h, &id, SIGKILL, &count), 0,
	       "%s: kill what has ended", what);
	ok_int(count, 0, "%s: kill what has ended: there is no need", what);
	end(pid);
}

/* ---- one that no signal wakes ---- */

static int other_process(void *data)
{
	tell_and_pause(((const struct threads *)data)->fd);
}

/* As vfork(), with a stack of its own for the child. */
static void be_in_vfork(const struct threads *t)
{
	static char stack[65536] __attribute__((aligned(16)));

	clone(other_process, stack + sizeof(stack),
	      CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)t);
}

static void test_vfork(struct agentns *h)
{
	struct agent_session_id_uapi id;
	unsigned int count = 0;
	pid_t pid, child;
	char path[64];

	if (agentns_id_parse(ID_A, &id))
		tap_bail("bad id in a test");
	pid = start(be_in_vfork, false, &child);
	snprintf(path, sizeof(path), "proc/%d", pid);
	put_task(path, ID_A "\n");
	snprintf(path, sizeof(path), "proc/%d", child);
	put_task(path, ID_A "\n");
	if (!reaches(pid, pid, "D")) {
		ok(true, "in vfork() # SKIP it is a fork() here");
		end(child);
		end(pid);
		return;
	}
	ok(reaches(child, child, "S"), "in vfork(): it is so");
	ok_int(agentns_session_signal(h, &id, SIGSTOP, &count), 0,
	       "in vfork(): stop");
	ok_int(count, 2, "in vfork(): stop: how many");
	ok(reaches(child, child, "T") && reaches(pid, pid, "D"),
	   "in vfork(): stop: who can is stopped");
	ok_int(agentns_session_signal(h, &id, SIGCONT, &count), 0,
	       "in vfork(): cont");
	ok_int(count, 2, "in vfork(): cont: how many");
	end(child);
	ok(reaches(pid, pid, "S"),
	   "in vfork(): cont: the parent has no stop left to act on");
	end(pid);
}

/* ---- which sessions ---- */

static pid_t start_in(const char *session)
{
	char path[64];
	pid_t pid;

	pid = fork();
	if (!pid)
		for (;;)
			pause();
	snprintf(path, sizeof(path), "proc/%d", pid);
	put_task(path, session);
	return pid;
}

/* B is in A, and told of before it. C is of its own. Nobody tells of D. */
static void test_family(struct agentns *h)
{
	struct agent_session_id_uapi a, c, all = { 0 };
	pid_t in_a = start_in(ID_A "\n"), in_b = start_in(ID_B "\n");
	pid_t in_c = start_in(ID_C "\n"), in_d, in_none;
	unsigned int count = 0;

	if (agentns_id_parse(ID_A, &a) || agentns_id_parse(ID_C, &c))
		tap_bail("bad id in a test");
	put("proc/agent_sessions", "id parent intent\n"
	    ID_B " " ID_A " b\n" ID_C " " ID_0 " c\n" ID_A " " ID_0 " a\n");
	ok_int(agentns_session_signal(h, &a, SIGSTOP, &count), 0,
	       "stop a session");
	ok(count == 2 && reaches(in_a, in_a, "T") && reaches(in_b, in_b, "T") &&
	   reaches(in_c, in_c, "S"), "it, and the one within, and no other");
	/* This is no kernel that says where D is. */
	in_d = start_in(ID_D "\n");
	ok_int(agentns_session_signal(h, &a, SIGCONT, &count), -EOPNOTSUPP,
	       "one that nobody tells of may be within");
	ok(count == 2 && reaches(in_a, in_a, "S") && reaches(in_b, in_b, "S"),
	   "of whom it is known are signalled all the same");
	put("proc/agent_sessions", "id parent intent\n"
	    ID_B " " ID_D " b\n" ID_C " " ID_0 " c\n" ID_A " " ID_0 " a\n");
	ok_int(agentns_session_signal(h, &c, SIGSTOP, &count), -EOPNOTSUPP,
	       "and who is within that one");
	ok_int(count, 1, "of whom it is known is signalled");
	in_none = start_in(ID_0 "\n");
	ok_int(agentns_session_signal(h, &all, SIGSTOP, &count), 0,
	       "all sessions: no question");
	ok(count == 3 && reaches(in_d, in_d, "T") && reaches(in_c, in_c, "T") &&
	   reaches(in_none, in_none, "S"), "all sessions: who is in one");
	end(in_a);
	end(in_b);
	end(in_c);
	end(in_d);
	end(in_none);
	drop("proc/agent_sessions");
}

int main(void)
{
	struct agentns *h;

	make_root();
	atexit(remove_root);
	put_dir("sys/kernel/agentns");
	put_dir("sys/kernel/agentns/sessions");
	if (agentns_open(&h, root))
		tap_bail("cannot open a root");
	if (pidfd_open(getpid(), 0) < 0) {
		/* What this runs under, agentns runs under. */
		ok(true, "signals # SKIP no pidfd_open() under this valgrind");
		return tap_done();
	}
	test_family(h);
	test_vfork(h);
	if (links_are_counted()) {
		test_threads(h, false);
		test_threads(h, true);
	} else {
		ok(true, "threads # SKIP this file system does not count directories");
	}
	agentns_close(h);
	return tap_done();
}
