// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: steps
 *
 * Makes the same calls for ever, outside of sessions and in a limited one, to
 * be stepped through by executed; register 15 says which of the two it is. A
 * session is made outside only. Ends when register 14 has been set in both.
 */
#include "bench.h"

/* As executed knows them. */
#define OUTSIDE	0xa6e71
#define INSIDE	0xa6e72

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

static void calls(long mark)
{
	int fd = open("/tmp/file", O_RDWR | O_CREAT, 0600);
	int home = agent_fd(getpid());
	char byte = 0;

	/* Credit is there. */
	for (int i = 0; i < 1000; i++) {
		raw(SYS_getppid, 0, 0, 0, 0);
		raw(SYS_pwrite64, fd, (long)&byte, 1, 0);
	}
	for (;;) {
		if (marked(SYS_getppid, 0, 0, 0, mark))
			return;
		/* Sets the file's time where the clock has gone on; the next does not. */
		raw(SYS_pwrite64, fd, (long)&byte, 1, 0);
		if (marked(SYS_pwrite64, fd, (long)&byte, 1, mark))
			return;
		if (mark == INSIDE)
			continue;
		if (marked(SYS_prctl, PR_SET_AGENT_NS, 0, 0, mark))
			return;
		raw(SYS_setns, home, AGENT_NS, 0, 0);
	}
}

int main(void)
{
	char text[32];
	pid_t pid;

	/* A directory is the file system's affair, with its own locks. */
	sysfs_set("max_session_dirs", "0");
	let_sessions_live();
	read_file(text, sizeof(text), "/sys/module/agentns/sections/.text");
	pid = fork();
	if (!pid) {
		if (enter_session() || limit_everything())
			return 1;
		calls(INSIDE);
		return 0;
	}
	printf("module %s\n", text);
	fflush(stdout);
	calls(OUTSIDE);
	return reap(pid);
}
