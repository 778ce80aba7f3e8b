/* SPDX-License-Identifier: GPL-2.0-only */
/* A test outside of all sessions, and a task in one that it looks at. */
#ifndef AGENTNS_PLAN_H
#define AGENTNS_PLAN_H

#include "agentns-test.h"

/* What the two tell each other, in memory that they share: plan_new(). */
struct plan {
	volatile int ready, go;		/* said from inside, and from outside */
	volatile int done, denied, wrong;	/* calls, by how they ended */
	volatile int made, refused;	/* tasks, likewise */
	volatile int signals, finished;
	volatile int spins[4];		/* who never enters the kernel */
	volatile __u64 used[8];		/* each task's own clock */
	pid_t pid[4];
	char id[HEX_ID + 1];		/* the session's */
};

static struct plan *plan;

static inline void plan_new(void)
{
	plan = shared(sizeof(*plan));
}

/* Work in a session; @pid ends with 0 unless something else ends it. */
#define IN_SESSION(pid, ...) do {					\
	pid = fork();							\
	if (!pid) {							\
		if (enter_session())					\
			_exit(1);					\
		own_id(plan->id);					\
		__VA_ARGS__						\
		syscall(SYS_exit_group, 0);				\
	}								\
} while (0)

#endif /* AGENTNS_PLAN_H */
