// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: fuzz [--state FILE] [--seed N] [--calls N] [--seconds N]
 *	       [--runners N] [--threads N] [--replay] [--fresh]
 *	  fuzz --show FILE | --covered FILE | --made FILE
 *
 * The manager: it keeps runners going until there have been so many calls or
 * seconds, ends those that are stuck, and looks at what is left in the end.
 * Prints TAP. --replay runs the programs that FILE says were run last, in
 * place of new ones. --show prints them, in their order; --covered the
 * addresses that were reached, and where the module lay; --made the seed, and
 * how many calls there were.
 */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

/*
 * Who makes no call for so long is ended, but for where nobody does, as on a
 * machine that gets no time; who does not end then is a failure.
 */
#define STUCK_MS	2000
#define STUCK_CALLS	200	/* of others, meanwhile */
#define STILL_MS	20000
#define DEAD_MS		60000
/* What a knob does to all that follows is seen for so long at the most. */
#define KNOBS_MS	200

struct runner {
	pid_t pid;
	unsigned int lives;
	__u64 beats;
	__u64 since;		/* when it was last seen to make a call */
	__u64 calls;		/* how many all had made then */
	bool ended;		/* has been told to end */
};

static struct state *state;
static struct runner runners[MAX_RUNNERS];
static struct kcov kcov[MAX_RUNNERS][MAX_THREADS][2];
static struct ring replayed[MAX_RUNNERS][MAX_THREADS];
static bool replaying;

static __u64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

static enum persona persona_of(unsigned int place)
{
	const struct runner *r = &runners[place];
	const struct ring *ring = &replayed[place][0];

	if (replaying)
		return ring->program[(ring->programs - 1) % RING_SIZE].persona %
		       PERSONAS;
	/* Most can be done by root. */
	return r->lives % 4 < 2 ? ROOT : r->lives % 4 - 1;
}

/* What others have is a map or two more that each fork would have to copy. */
static void keep_kcov_of(unsigned int place)
{
	for (unsigned int i = 0; i < MAX_RUNNERS; i++)
		for (unsigned int t = 0; i != place && t < MAX_THREADS; t++) {
			kcov_forget(&kcov[i][t][0]);
			kcov_forget(&kcov[i][t][1]);
		}
}

static void start(unsigned int place)
{
	struct runner *r = &runners[place];

	r->lives++;
	r->since = now_ms();
	r->beats = state->beats[place];
	r->calls = state_calls(state);
	r->ended = false;
	state->lives++;
	fflush(stdout);
	r->pid = fork();
	if (!r->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		keep_kcov_of(place);
		runner_live(state, place, r->lives, persona_of(place),
			    replaying ? replayed[place] : NULL, kcov[place]);
	}
	setpgid(r->pid, r->pid);
}

/* Return: false when one will not die. */
static bool look_after(unsigned int place)
{
	struct runner *r = &runners[place];
	__u64 beats = state->beats[place], now = now_ms();
	__u64 calls = state_calls(state);

	if (beats != r->beats) {
		r->beats = beats;
		r->since = now;
		r->calls = calls;
	} else if (!r->ended && now - r->since > STUCK_MS &&
		   (calls - r->calls > STUCK_CALLS ||
		    now - r->since > STILL_MS)) {
		show_stuck(state, place, r->lives, r->pid);
		kill(-r->pid, SIGKILL);
		kill(r->pid, SIGKILL);
		r->ended = true;
		state->stuck++;
	}
	return now - r->since < DEAD_MS;
}

/* All who have ended, children's children too. */
static void reap(bool again)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | __WALL)) > 0)
		for (unsigned int i = 0; i < state->runners; i++) {
			if (runners[i].pid != pid)
				continue;
			/* Children that go on without it. */
			kill(-pid, SIGKILL);
			if (WIFSTOPPED(status)) {
				state->stopped++;
				continue;
			}
			runners[i].pid = 0;
			if (WIFSIGNALED(status))
				state->killed++;
			if (again)
				start(i);
		}
}

static void wait_a_little(void)
{
	const struct timespec ts = { .tv_nsec = 20000000 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigtimedwait(&set, NULL, &ts);
}

/* Return: whether all went well. */
static bool run(__u64 calls, __u64 seconds)
{
	const __u64 begin = now_ms();
	__u64 told = begin, restored = begin;
	unsigned int i;
	bool good = true;

	for (i = 0; i < state->runners; i++)
		start(i);
	while (good && (!calls || state_calls(state) < calls) &&
	       (!seconds || now_ms() - begin < seconds * 1000)) {
		wait_a_little();
		reap(true);
		for (i = 0; i < state->runners; i++)
			good &= look_after(i);
		if (now_ms() - restored > KNOBS_MS) {
			restored = now_ms();
			files_restore();
		}
		if (now_ms() - told > 60000) {
			told = now_ms();
			printf("# %llu calls in %llu s, %u places reached\n",
			       state_calls(state),
			       (told - begin) / 1000,
			       state->npcs);
			fflush(stdout);
		}
	}
	for (i = 0; i < state->runners; i++) {
		/* 0, where it has ended by now, would be ourselves. */
		if (runners[i].pid > 0)
			kill(-runners[i].pid, SIGKILL);
		runners[i].since = now_ms();
		while (runners[i].pid && now_ms() - runners[i].since < DEAD_MS) {
			wait_a_little();
			reap(false);
		}
		good &= !runners[i].pid;
	}
	printf("# %llu calls in %llu ms\n",
	       state_calls(state),
	       (now_ms() - begin));
	return good;
}

/* How many sessions there are, when those that nothing holds have gone. */
static int sessions_left(void)
{
	char text[16] = "-1";
	__u64 end = now_ms() + 20000;
	int fd;

	do {
		wait_a_little();
		reap(false);
		fd = open("/sys/kernel/agentns/sessions_live", O_RDONLY);
		if (fd < 0 || read(fd, text, sizeof(text) - 1) < 1)
			end = 0;
		close(fd);
	} while (atoi(text) && now_ms() < end);
	return atoi(text);
}

/* The module's own, to a buffer where nobody looks at them; they hold it. */
static void trace_events(const char *on)
{
	int fd = open("/sys/kernel/tracing/events/agent_ns/enable", O_WRONLY);

	if (fd < 0 || write(fd, on, 1) != 1)
		printf("# no trace events: %m\n");
	close(fd);
}

/* A session that has just ended holds it until RCU lets go of that. */
static bool module_goes(void)
{
	const __u64 end = now_ms() + 20000;

	while (syscall(SYS_delete_module, "agentns", O_NONBLOCK)) {
		if (errno != EAGAIN || now_ms() > end) {
			printf("# delete_module: %m\n");
			return false;
		}
		wait_a_little();
	}
	return access("/sys/module/agentns", F_OK);
}

static int tests, failures;

static void ok(bool good, const char *what)
{
	failures += !good;
	printf("%sok %d %s\n", good ? "" : "not ", ++tests, what);
}

static void look_at_the_end(bool ended_well, __u64 calls)
{
	char path[64];
	int left;

	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "/scratch/fuzz/m%d", i);
		while (!umount2(path, MNT_DETACH))
			;
	}
	files_restore();
	left = sessions_left();
	ok(state->succeeded[0], "sessions were made");
	if (calls)
		ok(state_calls(state) >= calls,
		   "as many calls were made as were asked for");
	ok(ended_well, "who was told to end has ended");
	if (left)
		printf("# sessions_live: %d\n", left);
	ok(!left, "no session is left");
	ok(files_as_before(), "knobs take back what they said at first");
	trace_events("0");
	ok(module_goes(), "the module goes");
}

static void tell(void)
{
	unsigned int i, never = 0;

	printf("# seed %llu, %u runners of %u threads\n",
	       state->seed, state->runners, state->threads);
	printf("# %u lives, %u ended by a signal, %u of them stopped, %u stuck\n",
	       state->lives, state->killed, state->stopped, state->stuck);
	if (state->feedback)
		printf("# %u places reached, %u programs kept\n", state->npcs,
		       state->new_programs);
	else
		printf("# no feedback: this kernel is without KCOV\n");
	for (i = 0; i < nr_ops; i++) {
		printf("#   %-20s %9llu calls, %9llu good\n", ops[i].name,
		       state->done[i],
		       state->succeeded[i]);
		never += !state->done[i];
	}
	if (never)
		printf("# %u operations were not called\n", never);
}

static bool prepare(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	umask(0);
	mkdir("/scratch/fuzz", 0777);
	mkdir("/scratch/fuzz/tmp", 0777);
	if (mount("tmpfs", "/scratch/fuzz/tmp", "tmpfs", 0, "size=16m"))
		return false;
	for (int i = 0; i < 4; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/scratch/fuzz/m%d", i);
		close(open(path, O_CREAT | O_WRONLY, 0666));
	}
	for (unsigned int i = 0; i < state->runners; i++)
		for (unsigned int t = 0; t < state->threads; t++) {
			kcov[i][t][0] = kcov_open();
			kcov[i][t][1] = kcov_open();
		}
	state->feedback = kcov[0][0][0].fd >= 0;
	kcov_note_sections(state);
	trace_events("1");
	files_find(state);
	return state->names[SESSION_FILES].n && state->names[MODULE_FILES].n &&
	       state->names[SYSCTLS].n;
}

static __u64 number_of(const char *text)
{
	char *end;
	__u64 n = strtoull(text, &end, 0);

	if (*end || end == text) {
		fprintf(stderr, "fuzz: %s is not a number\n", text);
		exit(2);
	}
	return n;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "state", 1, NULL, 'S' }, { "seed", 1, NULL, 's' },
		{ "calls", 1, NULL, 'c' }, { "seconds", 1, NULL, 't' },
		{ "runners", 1, NULL, 'r' }, { "threads", 1, NULL, 'T' },
		{ "replay", 0, NULL, 'R' }, { "fresh", 0, NULL, 'f' },
		{ "show", 1, NULL, 'w' }, { "covered", 1, NULL, 'C' },
		{ "made", 1, NULL, 'm' },
		{ "nothing", 0, NULL, 'n' }, { }
	};
	__u64 calls = 0, seconds = 0, seed = 1, nrunners = 4, nthreads = 2;
	const char *file = NULL;
	bool fresh = false, good;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (option) {
		case 'S':
			file = optarg;
			break;
		case 's':
			seed = number_of(optarg);
			break;
		case 'c':
			calls = number_of(optarg);
			break;
		case 't':
			seconds = number_of(optarg);
			break;
		case 'r':
			nrunners = number_of(optarg);
			break;
		case 'T':
			nthreads = number_of(optarg);
			break;
		case 'R':
			replaying = true;
			break;
		case 'f':
			fresh = true;
			break;
		case 'w':
		case 'C':
			return option == 'w' ? show_calls(optarg) :
					       show_covered(optarg);
		case 'm':
			return show_made(optarg);
		case 'n':
			return 0;
		default:
			return 2;
		}
	if (!nrunners || nrunners > MAX_RUNNERS || !nthreads ||
	    nthreads > MAX_THREADS || !(calls || seconds))
		return 2;

	state = state_open(file, fresh);
	if (!state) {
		printf("Bail out! %s: %m\n", file);
		return 1;
	}
	memcpy(replayed, state->ring, sizeof(replayed));
	if (replaying && !replayed[0][0].programs) {
		printf("Bail out! there is nothing to replay, or another fuzzer has written it\n");
		return 1;
	}
	program_seeds(state);
	state_clear(state);
	state->seed = seed;
	state->runners = nrunners;
	state->threads = nthreads;
	state->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	printf("TAP version 13\n");
	if (!prepare()) {
		printf("Bail out! sessions cannot be made here\n");
		return 1;
	}
	good = run(calls, seconds);
	look_at_the_end(good, calls);
	tell();
	printf("1..%d\n", tests);
	return failures ? 1 : 0;
}
