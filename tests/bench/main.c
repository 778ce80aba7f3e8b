// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: bench all|PART...|parallel
 *        bench calls WHERE
 *
 * Measures what agent sessions cost, and what others cost that do the like, in
 * one boot of a machine whose time stamp counter counts instructions. Of the
 * parts below "outside" works on a kernel without the hooks, too. calls: what
 * the others execute to measure single calls where they are.
 *
 * Prints "exact|about NAME VALUE" and "missing NAME REASON"; parallel, in a
 * machine with two processors, "ratio NAME [LEAST,MEDIAN]".
 */
#include "bench.h"

void exact(const char *where, const char *what, double value)
{
	printf("%s %s.%s %.10g\n", __func__, where, what, value);
}

void about(const char *where, const char *what, double value)
{
	printf("%s %s.%s %.6g\n", __func__, where, what, value);
}

void missing(const char *where, const char *what, int err)
{
	printf("%s %s.%s %s\n", __func__, where, what, strerror(err));
}

void die(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

static void run_child(void (*fn)(void), bool enter)
{
	int status;

	fflush(stdout);
	if (!fork()) {
		if (enter && enter_session())
			_exit(1);
		fn();
		fflush(stdout);
		_exit(0);
	}
	if (wait(&status) < 0 || status)
		die("a part of it failed");
}

void outside(void (*fn)(void))
{
	run_child(fn, false);
}

void inside(void (*fn)(void))
{
	run_child(fn, true);
}

pid_t beside(int n)
{
	int *held = shared(4096);
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		*held = hold_sessions(n) ? -1 : 1;
		for (;;)
			pause();
	}
	if (!WAIT_FOR_MS(*held, 60000) || *held < 0 || sessions_live() != n)
		die("so many sessions cannot be had");
	munmap(held, 4096);
	return pid;
}

void alone(pid_t holder)
{
	kill(holder, SIGKILL);
	reap(holder);
	if (!WAIT_FOR_MS(!sessions_live(), 60000))
		die("there are sessions that do not end");
}

/* Nothing is idle while this counts: two instructions a round. */
static unsigned long *rounds;
static pid_t spinner;
static unsigned long work_tsc, work_rounds;
static double tick;	/* what is done anyway, of each instruction of idling */

static void spin(void)
{
	struct sched_param none = {};

	sched_setscheduler(0, SCHED_IDLE, &none);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	asm volatile("1: incq (%0); jmp 1b" : : "r"(rounds) : "memory");
	__builtin_unreachable();
}

static unsigned long done_rounds(void)
{
	return __atomic_load_n(rounds, __ATOMIC_RELAXED);
}

static double work_since(unsigned long *idle)
{
	unsigned long passed = __rdtsc() - work_tsc;

	*idle = 2 * (done_rounds() - work_rounds);
	return passed - *idle;
}

void work_begin(void)
{
	unsigned long idle;

	if (!rounds) {
		rounds = shared(4096);
		spinner = fork();
		if (!spinner)
			spin();
		sleep_ms(20);
		work_tsc = __rdtsc();
		work_rounds = done_rounds();
		sleep_ms(200);
		tick = work_since(&idle);
		tick /= idle;
	}
	work_tsc = __rdtsc();
	work_rounds = done_rounds();
}

/* Work that is put off, by a grace period or to a worker, is waited for. */
double work_done(void)
{
	unsigned long idle;
	double work;

	sleep_ms(200);
	work = work_since(&idle);
	return work - tick * idle;
}

static void stop_spinner(void)
{
	if (!rounds)
		return;
	kill(spinner, SIGKILL);
	reap(spinner);
	rounds = NULL;
}

/* In this order: the last leaves its traces. */
static const struct { const char *name; void (*measure)(void); } parts[] = {
	{ "outside", measure_outside }, { "bpf", measure_bpf },
	{ "watching", measure_watching }, { "proc", measure_proc },
	{ "inside", measure_inside }, { "sessions", measure_sessions },
	{ "processors", measure_processors }, { "listing", measure_listing },
	{ "growth", measure_growth }, { "cgroups", measure_cgroups },
	{ "files", measure_files }, { "namespaces", measure_namespaces },
	{ "audit", measure_audit },
};

/* NULL: all of them. */
static void measure_part(const char *name)
{
	bool found = false;

	for (int i = 0; i < ARRAY_SIZE(parts); i++) {
		if (name && strcmp(name, parts[i].name))
			continue;
		parts[i].measure();
		stop_spinner();
		found = true;
	}
	if (!found)
		die("no such part");
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "all";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 2 && !strcmp(what, "calls"))
		return count_calls(argv[2]);
	if (!strcmp(what, "parallel"))
		measure_parallel();
	else if (!strcmp(what, "all"))
		measure_part(NULL);
	else
		for (int i = 1; i < argc; i++)
			measure_part(argv[i]);
	return 0;
}
