// SPDX-License-Identifier: GPL-2.0-only
/* Single calls: outside of sessions, inside, limited, nested, switched off. */
#include "bench.h"

#define MEAN_OVER	200000

/* The call alone, and the rest of the child's life: its exit, its reaping. */
static void measure_fork(const char *where)
{
	unsigned long empty = LEAST(300, (void)0), start, forked, ended;
	unsigned long least[2] = { -1UL, -1UL };
	long pid;

	for (int i = 0; i < 400; i++) {
		start = __rdtsc();
		pid = raw4(SYS_fork, 0, 0, 0, 0);
		forked = __rdtsc();
		if (!pid)
			raw4(SYS_exit_group, 0, 0, 0, 0);
		raw4(SYS_wait4, pid, 0, 0, 0);
		ended = __rdtsc();
		if (forked - start < least[0])
			least[0] = forked - start;
		if (ended - forked < least[1])
			least[1] = ended - forked;
	}
	exact(where, "fork", least[0] - empty);
	exact(where, "exit", least[1] - empty);
}

void measure_calls(const char *where)
{
	char byte = 0;
	int fd = open("/tmp/file", O_RDWR | O_CREAT, 0600);

	if (pwrite(fd, &byte, 1, 0) != 1 || pread(fd, &byte, 1, 0) != 1) {
		missing(where, "read", errno);
		return;
	}
	exact(where, "getppid", COST(300, raw4(SYS_getppid, 0, 0, 0, 0)));
	exact(where, "read", COST(300, raw4(SYS_pread64, fd, (long)&byte, 1, 0)));
	exact(where, "write",
	      COST(300, raw4(SYS_pwrite64, fd, (long)&byte, 1, 0)));
	measure_fork(where);
	close(fd);
}

static void calls_outside(void)
{
	measure_calls("outside");
}

void measure_outside(void)
{
	outside(calls_outside);
	if (make_file("f", 100)) {
		missing("outside", "open_close", errno);
		return;
	}
	exact("outside", "open_close_read", open_close_cost(O_RDONLY, false));
	exact("outside", "open_close_write", open_close_cost(O_WRONLY, false));
}

static void calls_inside(void)
{
	measure_calls("inside");
}

static void calls_limited(void)
{
	int err = limit_everything();

	if (err) {
		missing("limited", "getppid", err);
		return;
	}
	measure_calls("limited");
	about("limited", "mean_getppid", mean_getppid(MEAN_OVER));
}

/* Down to the deepest, with all limits on each level. */
static void calls_nested(void)
{
	char name[32];

	for (int depth = 1; depth <= AGENT_NS_DEPTH_MAX; depth++) {
		if ((depth > 1 && enter_session()) || limit_everything())
			break;
		/* 2, 4, 8, 16, 32 */
		if (depth == 1 || depth & (depth - 1))
			continue;
		sprintf(name, "depth_%d", depth);
		exact(name, "getppid",
		      COST(300, raw4(SYS_getppid, 0, 0, 0, 0)));
		about(name, "mean_getppid", mean_getppid(MEAN_OVER));
	}
}

static void switched_off(void)
{
	if (sysctl_set("enabled", "0")) {
		missing("off", "getppid", errno);
		return;
	}
	measure_calls("off");
	sysctl_set("enabled", "1");
}

static int alive;	/* so many sessions, besides */

static void calls_in_one_of_them(void)
{
	char name[32];

	sprintf(name, "inside_of_%d", alive);
	if (limit_everything())
		return missing(name, "getppid", errno);
	measure_calls(name);
}

static void calls_beside(void)
{
	char name[32];

	sprintf(name, "beside_%d", alive);
	measure_calls(name);
}

static void measure_beside(int n)
{
	pid_t holder = beside(n);

	alive = n;
	outside(calls_beside);
	inside(calls_in_one_of_them);
	alone(holder);
}

void measure_inside(void)
{
	inside(calls_inside);
	inside(calls_limited);
	inside(calls_nested);
	inside(switched_off);
	measure_beside(1);
	measure_beside(100);
	measure_beside(MANY_SESSIONS);
}
