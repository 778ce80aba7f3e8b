// SPDX-License-Identifier: GPL-2.0-only
/* A process that runs programs in several threads, for as long as it lasts. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

/* Programs that a runner's threads run; what they leave behind goes with it. */
#define PROGRAMS	400
/* So often a thread may find that it cannot go back, and go on where it is. */
#define PATIENCE	8

#define NOBODY_ID	65534

static int fds[MAX_FDS];

/* Something of each kind, so that the first calls have it. */
static void open_first_fds(void)
{
	static const char *const others[] = {
		"uts", "user", "mnt", "pid", "ipc", "cgroup", "time", "net",
	};
	char path[64];
	unsigned int i;
	int pair[2];

	memset(fds, -1, sizeof(fds));
	fds[AGENT_FDS] = open("/proc/self/ns/agent", O_RDONLY | O_CLOEXEC);
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", others[i]);
		fds[OTHER_FDS + i] = open(path, O_RDONLY | O_CLOEXEC);
	}
	fds[PID_FDS] = raw(SYS_pidfd_open, getpid(), 0);
	fds[PID_FDS + 1] = raw(SYS_pidfd_open, 1, 0);
	fds[REST_FDS + 4] = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (!pipe2(pair, O_CLOEXEC | O_NONBLOCK)) {
		fds[REST_FDS + 5] = pair[0];
		fds[REST_FDS + 6] = pair[1];
	}
	fds[REST_FDS + 7] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
				   SOCK_NONBLOCK, 0);
	fds[REST_FDS + 8] = open("/scratch/fuzz/a", O_RDWR | O_CREAT |
				 O_CLOEXEC, 0666);
	fds[REST_FDS + 9] = open("/sys/kernel/agentns", O_RDONLY | O_CLOEXEC);
}

static void become(enum persona persona)
{
	if (persona == ROOT)
		return;
	if (setresgid(NOBODY_ID, NOBODY_ID, NOBODY_ID) ||
	    setresuid(NOBODY_ID, NOBODY_ID, NOBODY_ID))
		_exit(1);
	/* Without a mapping, it has all capabilities there. */
	if (persona == NAMESPACE_ROOT && unshare(CLONE_NEWUSER))
		_exit(1);
}

/* What programs print, write and leave is bounded. */
static void confine(void)
{
	const struct rlimit none = { }, files = { 512, 512 },
			    bytes = { 1 << 20, 1 << 20 };
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	close(null);
	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_NOFILE, &files);
	setrlimit(RLIMIT_FSIZE, &bytes);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	/* The manager ends all that is in the group. */
	setpgid(0, 0);
}

/* What one did before, or something new. */
static void next_program(struct thread *t, struct program *p)
{
	const struct ring *replayed = t->replayed;
	unsigned int first;

	if (!replayed) {
		program_make(t, p);
		return;
	}
	first = replayed->programs > RING_SIZE ? replayed->programs : 0;
	*p = replayed->program[(first + t->programs++) % RING_SIZE];
	if (!p->length || p->length > MAX_CALLS)
		program_make(t, p);
}

/* Threads that have ended, for the first to put others in their place. */
static sem_t ended;
static unsigned int programs;

static void *thread_main(void *arg)
{
	struct thread *t = arg;
	unsigned int stuck = 0;
	struct program p;

	kcov_enable(&t->kcov);
	while (stuck < PATIENCE &&
	       __atomic_fetch_add(&programs, 1, __ATOMIC_RELAXED) < PROGRAMS) {
		if (!thread_reset(t))
			stuck++;
		next_program(t, &p);
		t->program = &p;
		run_program(t, 0);
	}
	kcov_disable(&t->kcov);
	t->gone = true;
	sem_post(&ended);
	return NULL;
}

static void start_thread(struct thread *t)
{
	t->gone = false;
	/* Where the thread that starts it is denied that, all of them are. */
	if (pthread_create(&t->id, NULL, thread_main, t))
		_exit(1);
}

/* A thread that cannot go back is born anew, where its runner is. */
static void keep_going(struct thread *threads, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		start_thread(&threads[i]);
	while (programs < PROGRAMS) {
		if (sem_wait(&ended))
			break;
		for (i = 0; i < n; i++) {
			if (!__atomic_load_n(&threads[i].gone,
					     __ATOMIC_ACQUIRE))
				continue;
			pthread_join(threads[i].id, NULL);
			start_thread(&threads[i]);
		}
	}
}

/**
 * runner_live - be a runner, and end
 * @s: what is shared
 * @number: its place
 * @life: which one in that place
 * @persona: who it is to be
 * @replayed: programs to be run again, one ring a thread, or NULL
 * @kcov: a pair a thread: for itself, and for a child
 */
void runner_live(struct state *s, unsigned int number, unsigned int life,
		 enum persona persona, const struct ring *replayed,
		 struct kcov kcov[][2])
{
	static struct thread threads[MAX_THREADS];
	unsigned int i;

	confine();
	/* Who may not make sessions needs one, to make others in. */
	if (persona != ROOT)
		prctl(PR_SET_AGENT_NS);
	open_first_fds();
	become(persona);
	sem_init(&ended, 0, 0);
	for (i = 0; i < s->threads; i++) {
		threads[i] = (struct thread) {
			.state = s, .ring = &s->ring[number][i], .fd = fds,
			.runner = number, .number = i, .life = life,
			.moved = true, .persona = persona,
			.kcov = kcov[i][0], .child_kcov = kcov[i][1],
			.replayed = replayed ? &replayed[i] : NULL,
			.random = s->seed ^ ((__u64)life << 32 |
					     number << 8 | i) *
					    0x9e3779b97f4a7c15ULL,
		};
		/* One life ends where a program has ended it; others begin elsewhere. */
		if (replayed)
			threads[i].programs = random_below(&threads[i].random,
							   RING_SIZE);
		if (!thread_memory(&threads[i]))
			_exit(1);
	}
	keep_going(threads, s->threads);
	_exit(0);
}
