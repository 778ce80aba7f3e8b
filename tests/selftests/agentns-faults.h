/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Having a task's n-th fallible step fail.
 *
 * Which kinds of failures there are is up to the kernel: memory of the slab
 * allocator in all test kernels; pages, the user's memory and functions that
 * the module has named for it in those of tests/selftests/run --debug.
 */
#ifndef AGENTNS_FAULTS_H
#define AGENTNS_FAULTS_H

#include "agentns-test.h"

#define FAILURES	"/sys/kernel/debug/"
#define NTH		"/proc/thread-self/fail-nth"

/* Of itself each spares whoever may wait for memory, and single pages. */
static inline void fail_all_kinds(void)
{
	write_file(FAILURES "failslab/ignore-gfp-wait", "N");
	write_file(FAILURES "failslab/verbose", "0");
	write_file(FAILURES "fail_page_alloc/ignore-gfp-wait", "N");
	write_file(FAILURES "fail_page_alloc/min-order", "0");
	write_file(FAILURES "fail_page_alloc/verbose", "0");
	write_file(FAILURES "fail_usercopy/verbose", "0");
	write_file(FAILURES "fail_function/verbose", "0");
}

/* The descriptor that disarm() takes; -1 where it cannot be. */
static inline int arm(int n)
{
	int fd = open(NTH, O_RDWR | O_CLOEXEC);
	char text[16];

	sprintf(text, "%d", n);
	if (fd >= 0 && pwrite(fd, text, strlen(text), 0) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/*
 * Has something been made to fail? What is left would hit these calls, so that
 * an error from them says no.
 */
static inline bool disarm(int fd)
{
	char text[16] = "";
	bool hit = pread(fd, text, sizeof(text) - 1, 0) > 0 && !atoi(text);

	for (int i = 0; i < 3 && pwrite(fd, "0", 1, 0) != 1; i++)
		;
	return hit;
}

#endif /* AGENTNS_FAULTS_H */
