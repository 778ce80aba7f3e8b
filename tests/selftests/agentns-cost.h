/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Costs in instructions, which the time stamp counter counts in a machine of
 * tests/vm/run --icount: exact, the same on each machine that runs it.
 */
#ifndef AGENTNS_COST_H
#define AGENTNS_COST_H

#include <sys/resource.h>
#include <x86intrin.h>

#include "agentns-test.h"

/* The least of @times readings: the one that no interrupt fell into. */
#define LEAST(times, ...) ({						\
	unsigned long _least = -1UL, _took;				\
									\
	for (int _i = 0; _i < (times); _i++) {				\
		_took = __rdtsc();					\
		__VA_ARGS__;						\
		_took = __rdtsc() - _took;				\
		if (_took < _least)					\
			_least = _took;					\
	}								\
	_least; })

/* A system call and not one instruction of a library. */
static inline long raw(long nr, long a, long b, long c, long d)
{
	register long r10 asm("r10") = d;
	register long r8 asm("r8") = 0; /* as prctl(2) has it */

	asm volatile("syscall" : "+a"(nr)
		     : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
		     : "rcx", "r11", "memory");
	return nr;
}

/* Of a getppid and its loop, with all that happens meanwhile. */
static inline double mean_getppid(int calls)
{
	unsigned long start = __rdtsc();

	for (int i = 0; i < calls; i++) {
		long nr = SYS_getppid;

		asm volatile("syscall" : "+a"(nr) : : "rcx", "r11", "memory");
	}
	return (double)(__rdtsc() - start) / calls;
}

/* Sessions that a descriptor keeps, without a task in them; 0 or an errno. */
static inline int hold_sessions(int n)
{
	struct rlimit files = { n + 1000, n + 1000 };
	int home, i;

	if (setrlimit(RLIMIT_NOFILE, &files))
		return errno;
	home = agent_fd(getpid());
	for (i = 0; i < n; i++)
		if (enter_session() || agent_fd(getpid()) < 0 ||
		    setns(home, AGENT_NS))
			return errno;
	return ERR(close(home));
}

/* Of a new file of 100 bytes; the mean of @files in a new folder, which goes. */
static inline unsigned long new_file_cost(int files)
{
	char name[32], block[100] = { };
	unsigned long start, took = 0;
	int fd, i;

	if (mkdir("d", 0755) || chdir("d"))
		return 0;
	start = __rdtsc();
	for (i = 0; i < files; i++) {
		sprintf(name, "f%d", i);
		fd = open(name, O_WRONLY | O_CREAT, 0644);
		if (write(fd, block, sizeof(block)) != sizeof(block) ||
		    close(fd))
			break;
	}
	took = __rdtsc() - start;
	return i < files || chdir("..") || system("rm -rf d; sync") ? 0 :
								     took / files;
}

/* Least cost of one open and close, with a write between them or without. */
static inline unsigned long open_close_cost(int flags, bool writes)
{
	int fd;

	return LEAST(1000, {
		fd = open("f", flags);
		if (writes && write(fd, "x", 1) != 1)
			return 0;
		close(fd);
	});
}

/* CPU time of the children that have ended: instructions, by this clock. */
static inline __u64 children_ns(void)
{
	struct rusage u;

	getrusage(RUSAGE_CHILDREN, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000ULL +
	       (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000ULL;
}

/* Instructions of a command whose output is thrown away; 0 where it fails. */
static inline __u64 command_cost(char *const argv[])
{
	__u64 start = children_ns();
	pid_t pid = fork();

	if (!pid) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 1);
		/* As with most users: it costs to read a locale. */
		setenv("LANG", "C.UTF-8", 1);
		/* The sessions are the parent's to keep. */
		close_range(3, ~0U, 0);
		execvp(argv[0], argv);
		_exit(127);
	}
	return reap(pid) ? 0 : children_ns() - start;
}

#endif /* AGENTNS_COST_H */
