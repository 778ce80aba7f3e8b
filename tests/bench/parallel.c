// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two processors at once, and a real clock: what counted instructions do not
 * show. Each pair is measured as A, B, B, A, so that a machine that becomes
 * slower or faster meanwhile does so for both, and only the ratio is told.
 */
#include "bench.h"

#define ROUNDS	9

/* One side of a comparison: where two workers are, and what they do there. */
struct side {
	int (*begin)(void);	/* a descriptor, closed after it, or -errno */
	void (*end)(void);
	int (*enter)(void);
	void (*work)(void);
	int times, workers;
};

static int file, agent_home, uts_home;

static void one_getppid(void)
{
	raw(SYS_getppid, 0, 0, 0, 0);
}

static void one_write(void)
{
	char byte = 0;

	raw(SYS_pwrite64, file, (long)&byte, 1, 0);
}

static void one_fork(void)
{
	long pid = raw(SYS_fork, 0, 0, 0, 0);

	if (!pid)
		raw(SYS_exit_group, 0, 0, 0, 0);
	raw(SYS_wait4, pid, 0, 0, 0);
}

/* There and back. */
static void one_session(void)
{
	raw(SYS_prctl, PR_SET_AGENT_NS, 0, 0, 0);
	raw(SYS_setns, agent_home, AGENT_NS, 0, 0);
}

static void one_uts(void)
{
	raw(SYS_unshare, CLONE_NEWUTS, 0, 0, 0);
	raw(SYS_setns, uts_home, CLONE_NEWUTS, 0, 0);
}

static int into_session(void)
{
	return enter_session() ?: limit_everything();
}

struct meeting {
	int there, err;
	__u64 took[2];
};

static void worker(struct meeting *m, const struct side *s, int cpu)
{
	char name[32];
	__u64 start;

	/* Not the same file: that has a lock of its own. */
	sprintf(name, "/tmp/parallel%d", cpu);
	file = open(name, O_RDWR | O_CREAT, 0600);
	agent_home = agent_fd(getpid());
	uts_home = open("/proc/self/ns/uts", O_RDONLY);
	if (run_on(cpu) || file < 0)
		m->err = errno;
	raise_flag(&m->there);
	spin_until(&m->there, s->workers);
	start = now_ns();
	for (int i = 0; i < s->times; i++)
		s->work();
	m->took[cpu] = now_ns() - start;
	_exit(0);
}

/* The slower of the two; 0 where it cannot be had, and errno. */
static __u64 took(const struct side *s)
{
	struct meeting *m = shared(4096);
	int fd = s->begin ? s->begin() : 0;
	__u64 longest;

	if (fd < 0) {
		errno = -fd;
		return 0;
	}
	fflush(stdout);
	if (!fork()) {
		m->err = s->enter ? s->enter() : 0;
		for (int cpu = 0; cpu < s->workers && !m->err; cpu++)
			if (!fork())
				worker(m, s, cpu);
		while (wait(NULL) > 0)
			;
		_exit(0);
	}
	wait(NULL);
	if (s->end)
		s->end();
	if (fd)
		close(fd);
	longest = m->took[0] > m->took[1] ? m->took[0] : m->took[1];
	errno = m->err;
	if (m->err)
		longest = 0;
	munmap(m, 4096);
	return longest;
}

static int by_size(const void *a, const void *b)
{
	double x = *(double *)a, y = *(double *)b;

	return x < y ? -1 : x > y;
}

static void compare(const char *name, const struct side *a,
		    const struct side *b)
{
	double ratio[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		__u64 t[4] = { took(a), took(b), took(b), took(a) };

		if (!t[0] || !t[1] || !t[2] || !t[3])
			return missing("parallel", name, errno);
		ratio[i] = (double)(t[1] + t[2]) / (t[0] + t[3]);
	}
	qsort(ratio, ROUNDS, sizeof(*ratio), by_size);
	printf("ratio parallel.%s [%.3f,%.3f]\n", name, ratio[0],
	       ratio[ROUNDS / 2]);
}

void measure_parallel(void)
{
	static const struct side
	outside = { .work = one_getppid, .times = 50000, .workers = 2 },
	session = { .enter = into_session, .work = one_getppid,
		    .times = 50000, .workers = 2 },
	alone = { .enter = into_session, .work = one_getppid,
		  .times = 50000, .workers = 1 },
	bpf = { .begin = bpf_count_calls, .work = one_getppid,
		.times = 50000, .workers = 2 },
	bpf_cgroup = { .begin = bpf_count_by_cgroup, .work = one_getppid,
		       .times = 50000, .workers = 2 },
	seccomp = { .enter = allow_by_seccomp, .work = one_getppid,
		    .times = 50000, .workers = 2 },
	event = { .begin = trace_calls, .end = trace_calls_not,
		  .work = one_getppid, .times = 50000, .workers = 2 },
	write = { .work = one_write, .times = 20000, .workers = 2 },
	session_write = { .enter = into_session, .work = one_write,
			  .times = 20000, .workers = 2 },
	bpf_write = { .begin = bpf_count_bytes, .work = one_write,
		      .times = 20000, .workers = 2 },
	a_fork = { .work = one_fork, .times = 150, .workers = 2 },
	session_fork = { .enter = into_session, .work = one_fork,
			 .times = 150, .workers = 2 },
	uts = { .work = one_uts, .times = 1000, .workers = 2 },
	sessions = { .work = one_session, .times = 1000, .workers = 2 };

	compare("getppid_outside_again", &outside, &outside);
	compare("getppid_session", &outside, &session);
	compare("getppid_bpf", &outside, &bpf);
	compare("getppid_bpf_cgroup", &outside, &bpf_cgroup);
	compare("getppid_seccomp", &outside, &seccomp);
	compare("getppid_trace_event", &outside, &event);
	compare("write_session", &write, &session_write);
	compare("write_bpf_bytes", &write, &bpf_write);
	compare("fork_session", &a_fork, &session_fork);
	compare("session_by_uts", &uts, &sessions);
	compare("two_by_one", &alone, &session);
}
