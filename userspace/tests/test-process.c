// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals to sessions: processes of our own whose state is the kernel's word,
 * and that are in a session by that of files of ours.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <agentns.h>

#include "fake-root.h"
#include "tap.h"

#define ID_A	"a0000000000000000000000000000001"
#define ID_0	"00000000000000000000000000000000"

#define WAIT_MS	10000

/* ---- a process whose first thread may have ended ---- */

struct threads {
	int fd;
	bool leader_ends;
};

static void *other_thread(void *data)
{
	const struct threads *t = data;
	pid_t tid = gettid();

	if (write(t->fd, &tid, sizeof(tid)) != sizeof(tid))
		_exit(1);
	for (;;)
		pause();
	return NULL;
}

static void __attribute__((noreturn)) be_two_threads(struct threads *t)
{
	/* Not on the stack of a thread that ends. */
	static struct threads copy;
	pthread_t thread;

	copy = *t;
	if (pthread_create(&thread, NULL, other_thread, &copy))
		_exit(1);
	if (t->leader_ends)
		pthread_exit(NULL);
	for (;;)
		pause();
}

static pid_t start(bool leader_ends, pid_t *tid)
{
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		tap_bail("no pipe");
	pid = fork();
	if (!pid) {
		struct threads t = { fds[1], leader_ends };

		be_two_threads(&t);
	}
	close(fds[1]);
	if (read(fds[0], tid, sizeof(*tid)) != sizeof(*tid))
		tap_bail("a process of two threads does not start");
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

static void put_thread(pid_t pid, pid_t tid, const char *session)
{
	char path[64], real[64], full[160];

	snprintf(path, sizeof(path), "proc/%d/task/%d", pid, tid);
	put_dir(path);
	snprintf(full, sizeof(full), "%s/%s/stat", root, path);
	snprintf(real, sizeof(real), "/proc/%d/task/%d/stat", pid, tid);
	if (symlink(real, full))
		tap_bail("cannot make a link of the test tree");
	snprintf(path, sizeof(path), "proc/%d/task/%d/agent_session", pid, tid);
	put(path, session);
}

/* The kernel has an ended leader in no session. */
static void put_process(pid_t pid, pid_t tid, bool leader_ends)
{
	const char *session = leader_ends ? ID_0 "\n" : ID_A "\n";
	char path[64], real[64], full[160];

	snprintf(path, sizeof(path), "proc/%d", pid);
	put_dir(path);
	snprintf(path, sizeof(path), "proc/%d/task", pid);
	put_dir(path);
	put_thread(pid, pid, session);
	put_thread(pid, tid, ID_A "\n");
	snprintf(full, sizeof(full), "%s/proc/%d/stat", root, pid);
	snprintf(real, sizeof(real), "/proc/%d/stat", pid);
	if (symlink(real, full))
		tap_bail("cannot make a link of the test tree");
	snprintf(path, sizeof(path), "proc/%d/agent_session", pid);
	put(path, session);
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
	pid = start(leader_ends, &tid);
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

int main(void)
{
	struct agentns *h;

	make_root();
	atexit(remove_root);
	put_dir("sys/kernel/agentns");
	put_dir("sys/kernel/agentns/sessions");
	if (agentns_open(&h, root))
		tap_bail("cannot open a root");
	if (!links_are_counted()) {
		printf("1..0 # SKIP this file system does not count directories\n");
		return EXIT_SUCCESS;
	}
	test_threads(h, false);
	test_threads(h, true);
	agentns_close(h);
	return tap_done();
}
