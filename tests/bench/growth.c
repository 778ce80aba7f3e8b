// SPDX-License-Identifier: GPL-2.0-only
/*
 * How costs grow: with sessions alive, with tasks, with depth, with processors.
 * Each at four points or more, for the formulas of docs/performance.md.
 */
#include <sys/sysinfo.h>

#include "bench.h"

static char where[32];	/* the point that is measured */
static int at;

static void calls_beside(void)
{
	sprintf(where, "beside_%d", at);
	measure_calls(where);
	list(where);
	make_and_leave(where);
}

static void calls_in_one_of_them(void)
{
	sprintf(where, "inside_of_%d", at);
	if (limit_everything())
		return missing(where, "getppid", errno);
	measure_calls(where);
}

/* As many sessions live as nobody is in, and then one more. */
static void with_sessions(void)
{
	static const int numbers[] = { 1, 100, 1000, MANY_SESSIONS };
	pid_t holder;

	for (int i = 0; i < ARRAY_SIZE(numbers); i++) {
		at = numbers[i];
		holder = beside(at);
		outside(calls_beside);
		inside(calls_in_one_of_them);
		alone(holder);
	}
}

/* Down to the deepest, with all limits on each level. */
static void with_depth(void)
{
	for (int depth = 1; depth <= AGENT_NS_DEPTH_MAX; depth++) {
		bool shown = depth > 1 && !(depth & (depth - 1));

		sprintf(where, "depth_%d", depth);
		if (shown)
			make_and_leave(where);
		if ((depth > 1 && enter_session()) || limit_everything())
			return missing(where, "getppid", errno);
		if (!shown)
			continue;
		exact(where, "getppid",
		      COST(300, raw(SYS_getppid, 0, 0, 0, 0)));
		about(where, "mean_getppid", mean_getppid(MEAN_OVER));
	}
}

static const int task_numbers[] = { 10, 100, 300, MANY_TASKS };

/* So many children that wait, and go with the caller; 0 or an errno. */
static int crowd(int n)
{
	int *ready = shared(4096);
	pid_t pid;

	for (int i = 0; i < n; i++) {
		pid = fork();
		if (pid < 0)
			return errno;
		if (pid)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		raise_flag(ready);
		for (;;)
			pause();
	}
	return WAIT_FOR(*ready == n) ? 0 : ETIMEDOUT;
}

#define CGROUP	"/sys/fs/cgroup/bench"

static int into_session(char *file)
{
	char id[HEX_ID + 1];
	int err = enter_session();

	session_path(file, own_id(id), "kill");
	return err;
}

static int into_cgroup(char *file)
{
	sprintf(file, CGROUP "/cgroup.kill");
	mkdir(CGROUP, 0755);
	return write_file(CGROUP "/cgroup.procs", "0");
}

/* From the write that kills @tasks until the last is gone. */
static void kill_all(int tasks, const char *what, int (*into)(char *file))
{
	struct { int ready; char file[256]; } *plan = shared(4096);
	unsigned long start, called;
	char where[32];
	pid_t leader;

	sprintf(where, "%s_%d", what, tasks);
	leader = fork();
	if (!leader) {
		plan->ready = into(plan->file) || crowd(tasks - 1) ? -1 : 1;
		for (;;)
			pause();
	}
	if (!WAIT_FOR_MS(plan->ready, 30000) || plan->ready < 0)
		return missing(where, "all", ETIMEDOUT);
	start = __rdtsc();
	if (write_file(plan->file, "1"))
		return missing(where, "all", errno);
	called = __rdtsc();
	while (wait(NULL) > 0)
		;
	about(where, "call", called - start);
	about(where, "all", __rdtsc() - start);
}

static void killing(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* The first pays for caches that are cold, for both. */
	kill_all(MANY_TASKS, "kill_first", into_cgroup);
	for (int i = 0; i < ARRAY_SIZE(task_numbers); i++) {
		kill_all(task_numbers[i], "kill_session", into_session);
		kill_all(task_numbers[i], "kill_cgroup", into_cgroup);
	}
	rmdir(CGROUP);
}

/* Both walk through all tasks. */
static int switch_off_and_on(void)
{
	unsigned long start, between, end, least[2] = { -1UL, -1UL };
	int err = 0;

	for (int i = 0; i < 10 && !err; i++) {
		start = __rdtsc();
		err = sysctl_set("enabled", "0");
		between = __rdtsc();
		err = err ?: sysctl_set("enabled", "1");
		end = __rdtsc();
		if (between - start < least[0])
			least[0] = between - start;
		if (end - between < least[1])
			least[1] = end - between;
	}
	about(where, "disable", least[0]);
	about(where, "enable", least[1]);
	return err;
}

/* What looks at sessions and what looks at tasks. */
static void among_tasks(void)
{
	int err = hold_sessions(100), there = 0;

	for (int i = 0; i < ARRAY_SIZE(task_numbers) && !err; i++) {
		sprintf(where, "tasks_%d", task_numbers[i]);
		err = crowd(task_numbers[i] - there);
		there = task_numbers[i];
		list(where);
		err = err ?: switch_off_and_on();
	}
	if (err)
		missing(where, "list_prctl", err);
}

static void counters_by_processors(void)
{
	read_counters(where);
}

/* In machines of several numbers of processors that there could be. */
void measure_processors(void)
{
	sprintf(where, "processors_%d", get_nprocs_conf());
	sysfs_set("max_session_dirs", "0");
	make_and_leave(where);
	make_and_destroy(where);
	memory(where);
	sysfs_set("max_session_dirs", "4096");
	inside(counters_by_processors);
}

void measure_growth(void)
{
	sysfs_set("max_session_dirs", "0");
	with_sessions();
	inside(with_depth);
	sysfs_set("max_session_dirs", "4096");
	outside(killing);
	outside(among_tasks);
}
