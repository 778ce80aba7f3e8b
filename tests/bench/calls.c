// SPDX-License-Identifier: GPL-2.0-only
/* Single calls: outside of sessions, inside, limited, switched off. */
#include <sys/personality.h>

#include "bench.h"

#define FORKS		150
#define ROUNDS		8

/* A pid of this size: how deep the tree of pids is, is seen in a fork. */
#define HIGH_PID	"20000"

/*
 * A child that shares all that can be shared, and ends at once. In between it
 * has the parent's stack, which it does not use.
 */
static long spawn(void)
{
	long nr = SYS_clone;

	asm volatile("syscall\n\t"
		     "test %%rax, %%rax\n\t"
		     "jnz 1f\n\t"
		     "mov %[exit], %%eax\n\t"
		     "xor %%edi, %%edi\n\t"
		     "syscall\n"
		     "1:"
		     : "+a"(nr)
		     : "D"(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
			   CLONE_SYSVSEM | CLONE_IO | SIGCHLD),
		       "S"(0), [exit] "i"(SYS_exit)
		     : "rcx", "r11", "memory");
	return nr;
}

static long fork_and_exit(void)
{
	long pid = raw(SYS_fork, 0, 0, 0, 0);

	if (!pid)
		raw(SYS_exit_group, 0, 0, 0, 0);
	return pid;
}

/*
 * The least of the call alone, and of all of the child's life. A batch task,
 * as the child is then, preempts nobody when it wakes; now and then the
 * clock's tick lets it run first.
 */
static void least_life(long (*start)(void), unsigned long *least)
{
	unsigned long before, called, ended;
	long pid;

	for (int i = 0; i < FORKS; i++) {
		before = __rdtsc();
		pid = start();
		called = __rdtsc();
		raw(SYS_wait4, pid, 0, __WALL, 0);
		ended = __rdtsc();
		if (called - before < least[0])
			least[0] = called - before;
		if (ended - before < least[1])
			least[1] = ended - before;
	}
}

/*
 * What a fork does depends on what earlier ones have left in the allocator's
 * lists, too: some hundred instructions more or less. So between the rounds
 * one more child stays, which moves them on.
 */
static void least_of_rounds(long (*start)(void), unsigned long *least)
{
	unsigned long empty = LEAST(300, (void)0);
	pid_t stays[ROUNDS];

	least[0] = -1UL;
	least[1] = -1UL;
	for (int i = 0; i < ROUNDS; i++) {
		least_life(start, least);
		stays[i] = fork();
		if (!stays[i])
			for (;;)
				pause();
	}
	for (int i = 0; i < ROUNDS; i++) {
		kill(stays[i], SIGKILL);
		reap(stays[i]);
	}
	least[0] -= empty;
	least[1] -= empty;
}

static void count_fork(const char *where)
{
	struct sched_param none = {};
	unsigned long least[2];

	if (write_file("/proc/sys/kernel/ns_last_pid", HIGH_PID) ||
	    sched_setscheduler(0, SCHED_BATCH, &none))
		return missing(where, "fork", errno);
	least_of_rounds(spawn, least);
	about(where, "spawn", least[0]);
	about(where, "spawn_and_exit", least[1]);
	least_of_rounds(fork_and_exit, least);
	about(where, "fork", least[0]);
	about(where, "fork_and_exit", least[1]);
}

int count_calls(const char *where)
{
	char byte = 0;
	int fd;

	/* In the same state each time, and no time of access is set. */
	unlink("/tmp/file");
	fd = open("/tmp/file", O_RDWR | O_CREAT | O_NOATIME, 0600);
	if (pwrite(fd, &byte, 1, 0) != 1 || pread(fd, &byte, 1, 0) != 1) {
		missing(where, "getppid", errno);
		return 1;
	}
	exact(where, "getppid", COST(300, raw(SYS_getppid, 0, 0, 0, 0)));
	exact(where, "read", COST(300, raw(SYS_pread64, fd, (long)&byte, 1, 0)));
	exact(where, "write",
	      COST(300, raw(SYS_pwrite64, fd, (long)&byte, 1, 0)));
	fd = open("/dev/null", O_WRONLY);
	exact(where, "write_null",
	      COST(300, raw(SYS_pwrite64, fd, (long)&byte, 1, 0)));
	count_fork(where);
	return 0;
}

/*
 * In a program that has just been executed, and lies where each other does:
 * what a fork costs depends on what memory there is.
 */
void measure_calls(const char *where)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		personality(ADDR_NO_RANDOMIZE);
		execl("/proc/self/exe", "bench", "calls", where, NULL);
		_exit(errno);
	}
	status = reap(pid);
	if (status)
		missing(where, "getppid", status);
}

static void calls_outside(void)
{
	measure_calls("outside");
	about("outside", "mean_getppid", mean_getppid(MEAN_OVER));
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

	if (err)
		return missing("limited", "getppid", err);
	measure_calls("limited");
	about("limited", "mean_getppid", mean_getppid(MEAN_OVER));
}

static void switched_off(void)
{
	if (sysctl_set("enabled", "0"))
		return missing("off", "getppid", errno);
	measure_calls("off");
	sysctl_set("enabled", "1");
}

void measure_inside(void)
{
	inside(calls_inside);
	inside(calls_limited);
	inside(switched_off);
}
