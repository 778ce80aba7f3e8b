// SPDX-License-Identifier: GPL-2.0-only
// vm: --icount
// plain: yes
// leaks: no
// build: -Wno-sign-compare -Wno-clobbered
// timeout: 300
/*
 * Many more sessions than directories for them: what each of them takes, and
 * that no operation costs more beside them than it does beside ten. 100,000 in
 * the nightly form.
 */
#include <sys/sysinfo.h>

#include "agentns-cost.h"

#define FEW		10
#define MANY		20000
#define NIGHTLY		100000

/*
 * Bytes that a session may take. From the namespace tree on, ns_common has 320
 * of them instead of 24, aligned to cache lines.
 */
#define BYTES		1024
#define BYTES_NSTREE	1408
#define BYTES_A_CPU	80

/* Caches of what holds a session here and is not the session's. */
static const char *const others[] = {
	"filp", "inode_cache", "dentry", "nsproxy", "proc_inode_cache",
	"lsm_file_cache", "lsm_inode_cache",
};

static bool is_other(const char *name)
{
	for (int i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcmp(name, others[i]))
			return true;
	return false;
}

/* Bytes in all slab caches but those, and what is per processor. */
struct memory {
	char name[256][32];
	long bytes[256];
	int n;
};

static int take_memory(struct memory *m)
{
	unsigned long active, total, size;
	char line[512];
	FILE *f = fopen("/proc/slabinfo", "r");

	m->n = 0;
	while (f && fgets(line, sizeof(line), f)) {
		if (m->n == ARRAY_SIZE(m->bytes) - 1)
			break;
		if (sscanf(line, "%31s %lu %lu %lu", m->name[m->n], &active,
			   &total, &size) != 4 || is_other(m->name[m->n]))
			continue;
		m->bytes[m->n++] = total * size;
	}
	if (f)
		fclose(f);
	f = fopen("/proc/meminfo", "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Percpu: %lu kB", &total) != 1)
			continue;
		sprintf(m->name[m->n], "percpu");
		m->bytes[m->n++] = total * 1024;
	}
	if (f)
		fclose(f);
	return m->n;
}

/* Of one cache or, for NULL, of all, by session; what counts is printed. */
static double grown(const struct memory *before, const struct memory *after,
		    const char *name, int sessions)
{
	double sum = 0, each;

	for (int i = 0; i < after->n; i++) {
		if (name ? strcmp(after->name[i], name) != 0 :
			   !strcmp(after->name[i], "percpu"))
			continue;
		each = after->bytes[i];
		for (int j = 0; j < before->n; j++)
			if (!strcmp(before->name[j], after->name[i]))
				each -= before->bytes[j];
		each /= sessions;
		if (each >= 4 || each <= -4)
			ksft_print_msg("%s: %.1f bytes a session\n",
				       after->name[i], each);
		sum += each;
	}
	return sum;
}

enum {
	CREATE, LEAVE, OPEN, JOIN, CALL, COUNTERS, FORK, LIST, NR_OPERATIONS
};

static const char *const operations[] = {
	[CREATE] = "create", [LEAVE] = "leave", [OPEN] = "open by id",
	[JOIN] = "join", [CALL] = "getppid", [COUNTERS] = "read counters",
	[FORK] = "fork", [LIST] = "list the last 4",
};

static void lower(unsigned long *least, unsigned long took)
{
	if (took < *least)
		*least = took;
}

/* The last four of all that are listed; 0 where that fails. */
static unsigned long list_cost(void)
{
	struct agent_ns_id_req all = { .size = sizeof(all) };
	static __u64 ids[NIGHTLY + 100];
	long n = syscall(SYS_prctl, PR_LIST_AGENT_NS, &all, ids,
			 ARRAY_SIZE(ids), 0);

	if (n < 5)
		return 0;
	all.ns_id = ids[n - 5];
	return LEAST(10, {
		if (syscall(SYS_prctl, PR_LIST_AGENT_NS, &all, ids, 8, 0) != 4)
			return 0;
	});
}

/* In one session after another, the least that each costs; an errno. */
static int measure(unsigned long *least, int home)
{
	struct agent_ns_counters_uapi counters;
	__u8 id[AGENT_NS_ID_BYTES];
	unsigned long start;
	int held, err = 0;
	pid_t pid;

	memset(least, 0xff, NR_OPERATIONS * sizeof(*least));
	for (int i = 0; i < 100 && !err; i++) {
		start = __rdtsc();
		err = enter_session();
		lower(&least[CREATE], __rdtsc() - start);
		err = err ?: ERR(prctl(PR_GET_AGENT_SESSION_ID, id, 0, 0, 0));
		start = __rdtsc();
		held = syscall(SYS_prctl, PR_OPEN_AGENT_NS, id, 0, 0, 0);
		lower(&least[OPEN], __rdtsc() - start);
		err = err ?: ERR(held) ?: ERR(setns(home, AGENT_NS));
		start = __rdtsc();
		err = err ?: ERR(setns(held, AGENT_NS));
		lower(&least[JOIN], __rdtsc() - start);
		close(held);
		lower(&least[CALL], LEAST(10, raw(SYS_getppid, 0, 0, 0, 0)));
		lower(&least[COUNTERS], LEAST(3, counters_of(&counters)));
		start = __rdtsc();
		/* It copies no table of as many descriptors as sessions. */
		pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
		if (!pid)
			_exit(0);
		lower(&least[FORK], __rdtsc() - start);
		err = err ?: reap(pid);
		start = __rdtsc();
		err = err ?: ERR(setns(home, AGENT_NS));
		lower(&least[LEAVE], __rdtsc() - start);
	}
	least[LIST] = list_cost();
	return err ?: least[LIST] ? err : ENODATA;
}

static bool has_nstree(void)
{
	struct agent_ns_id_req req = { .size = sizeof(req) };
	__u64 id;

	return syscall(SYS_listns, &req, &id, 1, 0) > 0;
}

FIXTURE(many) {
	char cap[16];	/* on directories, as it was */
	int home;
};

FIXTURE_SETUP(many)
{
	self->home = agent_fd(getpid());
	ASSERT_EQ(0, read_file(self->cap, sizeof(self->cap),
			       SYSFS "max_session_dirs"));
	ASSERT_EQ(0, write_file(SYSFS "max_session_dirs", "0"));
}

FIXTURE_TEARDOWN(many)
{
	write_file(SYSFS "max_session_dirs", self->cap);
}

TEST_F_TIMEOUT(many, cost_what_ten_cost, 280)
{
	int many = getenv("AGENTNS_NIGHTLY") ? NIGHTLY : MANY;
	unsigned long few_cost[NR_OPERATIONS], many_cost[NR_OPERATIONS];
	static struct memory before, after;
	unsigned long slack;
	double slab, percpu;

	/* What is there once, however many sessions. */
	ASSERT_EQ(0, hold_sessions(FEW));
	ASSERT_EQ(0, measure(few_cost, self->home));
	/* Those that ended in it have to be gone. */
	ASSERT_TRUE(WAIT_FOR(sessions_live() == FEW));
	ASSERT_LT(0, take_memory(&before));
	ASSERT_EQ(0, hold_sessions(many));
	ASSERT_EQ(FEW + many, sessions_live());
	ASSERT_LT(0, take_memory(&after));
	slab = grown(&before, &after, NULL, many);
	percpu = grown(&before, &after, "percpu", many);
	ksft_print_msg("%d sessions: %.1f bytes each, and %.1f for processors\n",
		       many, slab, percpu);
	/* What is begun and not full makes a percent. */
	EXPECT_LE(slab, 1.01 * (has_nstree() ? BYTES_NSTREE : BYTES));
	EXPECT_LE(percpu, 1.01 * BYTES_A_CPU * get_nprocs_conf());
	ASSERT_EQ(0, measure(many_cost, self->home));
	for (int i = 0; i < NR_OPERATIONS; i++) {
		ksft_print_msg("%s: %lu beside %d sessions, %lu beside %d\n",
			       operations[i], few_cost[i], FEW, many_cost[i],
			       FEW + many);
		/*
		 * Some steps of a tree; a search for room by alloc_percpu();
		 * and of kernel/nstree.c's three trees.
		 */
		slack = has_nstree() && i == CREATE ? 2500 : 400;
		EXPECT_LE(many_cost[i], few_cost[i] + few_cost[i] / 20 + slack);
	}
	ASSERT_EQ(0, close_range(3, ~0U, 0));
	EXPECT_TRUE(WAIT_FOR(sessions_live() == 0));
}

TEST_HARNESS_MAIN
