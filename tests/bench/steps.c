// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: steps
 *
 * Makes the same calls for ever, outside of sessions and in a limited one, to
 * be stepped through by executed; register 15 says which of the two it is. A
 * session is made outside only. Ends when register 14 has been set.
 *
 * One task does both: where a debugger stops and starts a machine whose clock
 * counts instructions, that clock may skip by a day, for which whoever runs has
 * to let all others run first.
 */
#include "bench.h"

/* As executed knows them. */
#define OUTSIDE	0xa6e71
#define INSIDE	0xa6e72
#define UNMARKED 0

static long marked(long nr, long a, long b, long c, long mark)
{
	register long r10 asm("r10") = 0;
	register long r8 asm("r8") = 0;
	register long r14 asm("r14") = 0;
	register long r15 asm("r15") = mark;

	asm volatile("syscall" : "+a"(nr), "+r"(r14)
		     : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r15)
		     : "rcx", "r11", "memory");
	return r14;
}

static int file, home;

/* Return: whether to end. */
static bool calls(long mark)
{
	char byte = 0;

	/*
	 * Draws credit, and sets the file's time where the clock has gone on.
	 * Not by raw(), which leaves the mark where it is.
	 */
	marked(SYS_getppid, 0, 0, 0, UNMARKED);
	marked(SYS_pwrite64, file, (long)&byte, 1, UNMARKED);
	if (marked(SYS_getppid, 0, 0, 0, mark) ||
	    marked(SYS_pwrite64, file, (long)&byte, 1, mark))
		return true;
	if (mark == INSIDE)
		return false;
	if (marked(SYS_prctl, PR_SET_AGENT_NS, 0, 0, mark))
		return true;
	raw(SYS_setns, home, AGENT_NS, 0, 0);
	return false;
}

int main(void)
{
	char text[32];
	int session;

	/* A directory is the file system's affair, with its own locks. */
	sysfs_set("max_session_dirs", "0");
	/* The day that is skipped is the lifetime of a session. */
	sysctl_set("max_lifetime", "1000000000");
	read_file(text, sizeof(text), "/sys/module/agentns/sections/.text");
	file = open("/tmp/file", O_RDWR | O_CREAT, 0600);
	home = agent_fd(getpid());
	if (enter_session() || limit_everything())
		return 1;
	session = agent_fd(getpid());
	printf("module %s\n", text);
	fflush(stdout);
	for (;;) {
		raw(SYS_setns, home, AGENT_NS, 0, 0);
		if (calls(OUTSIDE))
			return 0;
		raw(SYS_setns, session, AGENT_NS, 0, 0);
		if (calls(INSIDE))
			return 0;
	}
}
