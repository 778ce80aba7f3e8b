/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the benchmark share. Figures go to standard output. */
#ifndef AGENTNS_BENCH_H
#define AGENTNS_BENCH_H

#define AGENTNS_WITHOUT_HARNESS
#include "../selftests/agentns-cost.h"
#include "../selftests/agentns-stamp.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* With these many sessions alive the same things are measured. */
#define MANY_SESSIONS	10000
#define MANY_TASKS	1000

/* Calls that a mean is of. */
#define MEAN_OVER	200000

/* Instructions of one @op; what it takes to read the clock is none of them. */
#define COST(times, ...) ({						\
	const int _n = (times);						\
									\
	LEAST(_n, __VA_ARGS__) - LEAST(_n, (void)0); })

/* A count that is the same in each run: "WHERE.WHAT VALUE". */
void exact(const char *where, const char *what, double value);

/* A sum or a mean in which timers' interrupts and writes to disk take part. */
void about(const char *where, const char *what, double value);

/* One that could not be had, and why: a call's name and its errno. */
void missing(const char *where, const char *what, int err);

/* Say what is wrong, and end. */
void die(const char *what);

/* Run @fn in a child, in a session of its own or outside, and wait for it. */
void outside(void (*fn)(void));
void inside(void (*fn)(void));

/* Somebody else holds so many sessions, until he is gone, and they with him. */
pid_t beside(int n);
void alone(pid_t holder);

/* A session in which all that can be limited is, far from any limit. */
static inline int limit_everything(void)
{
	const __u64 far = 1ULL << 50;

	return set_ex((struct agent_ns_budget_ex) {
		.action = AGENT_NS_ACTION_KILL, .max_syscalls = far,
		.max_write_bytes = far, .max_elapsed_ns = far,
		.max_forks = far, .max_opens = far, .max_connects = far,
		.max_unlinks = far, .max_tasks = 1 << 20, .max_cpu_ns = far,
		.max_descendants = 1 << 20,
	});
}

/* getppid, a read and a write of one byte in a tmpfs, fork and exit. */
void measure_calls(const char *where);
/* What that executes: "bench calls WHERE". */
int count_calls(const char *where);

/* What one of them costs where the caller is: so many instructions each. */
void make_and_leave(const char *where);
void make_and_destroy(const char *where);
void memory(const char *where);
void read_counters(const char *where);
void list(const char *where);

void measure_outside(void);
void measure_inside(void);
void measure_sessions(void);
void measure_listing(void);
void measure_files(void);
void measure_growth(void);
void measure_processors(void);

void measure_bpf(void);
void measure_watching(void);
void measure_namespaces(void);
void measure_cgroups(void);
void measure_proc(void);
/* The last of its boot: it is never quite gone again. */
void measure_audit(void);

/* Programs attached to each call, until the descriptor is closed; or -errno. */
int bpf_count_calls(void);
int bpf_count_by_cgroup(void);
int bpf_count_bytes(void);

/* An event for each call, of all tasks, until it is not: 0 or -errno. */
int trace_calls(void);
void trace_calls_not(void);

/* The caller's calls go through a filter from now on; 0 or an errno. */
int allow_by_seccomp(void);

/* On two processors, without counting: it takes no part in "all". */
void measure_parallel(void);

/* All that is done on the processor, by whomever, since work_begin(). */
void work_begin(void);
double work_done(void);

#endif /* AGENTNS_BENCH_H */
