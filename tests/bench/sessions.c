// SPDX-License-Identifier: GPL-2.0-only
/* What sessions themselves cost: to be made, ended, listed, read and killed. */
#include <linux/nsfs.h>

#include "bench.h"

#ifndef SYS_listns
#define SYS_listns	470
#endif

#define TRACING		"/sys/kernel/tracing/"
#define REPEAT		200
#define TASKS		1000
#define FILES		400

/* Into a new session and out again; of these the one that is asked for. */
static unsigned long made(int home, bool leave)
{
	unsigned long start = __rdtsc(), between;

	raw4(SYS_prctl, PR_SET_AGENT_NS, 0, 0, 0);
	between = __rdtsc();
	raw4(SYS_setns, home, AGENT_NS, 0, 0);
	return leave ? __rdtsc() - between : between - start;
}

static void make_and_leave(const char *where)
{
	unsigned long empty = LEAST(REPEAT, (void)0), took;
	unsigned long least[2] = { -1UL, -1UL };
	int home = agent_fd(getpid());

	for (int i = 0; i < 2 * REPEAT; i++) {
		took = made(home, i & 1);
		if (took < least[i & 1])
			least[i & 1] = took;
	}
	exact(where, "create", least[0] - empty);
	exact(where, "leave", least[1] - empty);

	/* All that follows: the grace period's callback, the worker. */
	work_begin();
	for (int i = 0; i < TASKS; i++)
		made(home, false);
	about(where, "create_and_destroy", work_done() / TASKS);
	close(home);
}

/* What was allocated and not freed, by the events in the trace. */
static long traced_bytes(void)
{
	static struct { unsigned long at; long bytes; } live[512];
	char line[1024], *p;
	unsigned long at;
	long sum = 0;
	int n = 0, i;
	FILE *f = fopen(TRACING "trace", "r");

	while (f && fgets(line, sizeof(line), f)) {
		p = strstr(line, "ptr=");
		if (*line == '#' || !p)
			continue;
		at = strtoul(p + 4 + 2 * !strncmp(p + 4, "0x", 2), NULL, 16);
		p = strstr(line, "bytes_alloc=");
		if (p && n < ARRAY_SIZE(live)) {
			live[n].at = at;
			live[n++].bytes = atol(p + 12);
			continue;
		}
		for (i = 0; i < n && live[i].at != at; i++)
			;
		if (i < n)
			live[i] = live[--n];
	}
	if (f)
		fclose(f);
	while (n--)
		sum += live[n].bytes;
	return sum;
}

/* Events of what the caller allocates and frees while they are recorded. */
static int trace_memory(bool on)
{
	static const char *const events[] = {
		"kmem/kmalloc", "kmem/kmem_cache_alloc", "kmem/kfree",
		"kmem/kmem_cache_free", "percpu/percpu_alloc_percpu",
		"percpu/percpu_free_percpu",
	};
	char path[128], pid[16];
	int err = 0;

	/* Truncation is what clears both. */
	close(open(TRACING "trace", O_WRONLY | O_TRUNC));
	close(open(TRACING "set_event_pid", O_WRONLY | O_TRUNC));
	sprintf(pid, "%d", getpid());
	if (on)
		err = write_file(TRACING "set_event_pid", pid);
	for (int i = 0; i < ARRAY_SIZE(events) && !err; i++) {
		sprintf(path, TRACING "events/%s/enable", events[i]);
		err = write_file(path, on ? "1" : "0");
	}
	return err;
}

/* The tenth: what is taken by the page or the node for several is there. */
static void memory(const char *where)
{
	int record = open(TRACING "tracing_on", O_WRONLY);
	int home = agent_fd(getpid()), err;

	err = ERR(write(record, "0", 1)) ?: trace_memory(true);
	for (int i = 0; i < 10 && !err; i++) {
		if (i == 9)
			err = ERR(write(record, "1", 1));
		enter_session();
		if (i == 9)
			err = err ?: ERR(write(record, "0", 1));
		else
			setns(home, AGENT_NS);
	}
	if (err)
		missing(where, "bytes", err);
	else
		exact(where, "bytes", traced_bytes());
	setns(home, AGENT_NS);
	trace_memory(false);
	write(record, "1", 1);
	close(record);
	close(home);
}

static void with_directories(int number, const char *where)
{
	char text[16];

	sprintf(text, "%d", number);
	sysfs_set("max_session_dirs", text);
	make_and_leave(where);
	memory(where);
	sysfs_set("max_session_dirs", "4096");
}

static void among_many(void)
{
	pid_t holder;

	sysfs_set("max_session_dirs", "0");
	holder = beside(MANY_SESSIONS);
	make_and_leave("session_of_many");
	alone(holder);
	sysfs_set("max_session_dirs", "4096");
}

static struct agent_ns_counters_uapi counters;

static void read_counters(void)
{
	static const int numbers[] = { 0, 10, 100 };
	int outer = agent_fd(getpid());
	char name[32];

	for (int i = 0, held = 0; i < ARRAY_SIZE(numbers); i++) {
		for (; held < numbers[i]; held++)
			if (enter_session() || agent_fd(getpid()) < 0 ||
			    setns(outer, AGENT_NS))
				return missing("counters", "read", errno);
		sprintf(name, "above_%d", numbers[i]);
		exact("counters", name,
		      COST(100, raw4(SYS_prctl, PR_GET_AGENT_COUNTERS,
				     (long)&counters, 0, 0)));
	}
}

void measure_sessions(void)
{
	with_directories(0, "session");
	with_directories(4096, "session_with_directory");
	among_many();
	inside(read_counters);
}

static __u64 ids[MANY_SESSIONS + 100];
static struct agent_ns_id_req req = { .size = sizeof(req) };

/* What one more costs, by prctl, and where it is by listns of either type. */
static void list(const char *where)
{
	static const struct { __u32 type; const char *name; } types[] = {
		{ AGENT_NS, "listns_agent" }, { CLONE_NEWUTS, "listns_uts" },
	};
	long n;

	req.ns_type = 0;
	exact(where, "prctl",
	      COST(20, n = raw4(SYS_prctl, PR_LIST_AGENT_NS, (long)&req,
				(long)ids, ARRAY_SIZE(ids))));
	exact(where, "prctl_ids", n);
	for (int i = 0; i < ARRAY_SIZE(types); i++) {
		req.ns_type = types[i].type;
		n = syscall(SYS_listns, &req, ids, ARRAY_SIZE(ids), 0);
		if (n < 0) {
			missing(where, types[i].name, errno);
			continue;
		}
		exact(where, types[i].name,
		      COST(20, syscall(SYS_listns, &req, ids,
				       ARRAY_SIZE(ids), 0)));
	}
}

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
	return WAIT_FOR(*ready == n, 20000) ? 0 : ETIMEDOUT;
}

static void listing(void)
{
	int err = hold_sessions(100);

	for (int i = 0; i < 100 && !err; i++)
		if (unshare(CLONE_NEWUTS) ||
		    open("/proc/self/ns/uts", O_RDONLY) < 0)
			err = errno;
	if (err)
		return missing("list_100", "prctl", err);
	list("list_100");
	err = crowd(TASKS);
	if (err)
		return missing("list_100_beside_tasks", "prctl", err);
	list("list_100_beside_tasks");
	err = hold_sessions(MANY_SESSIONS - 100);
	if (err)
		return missing("list_10000", "prctl", err);
	list("list_10000");
}

void measure_listing(void)
{
	outside(listing);
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
	strcpy(file, CGROUP "/cgroup.kill");
	mkdir(CGROUP, 0755);
	return write_file(CGROUP "/cgroup.procs", "0");
}

/* From the write that kills them until the last is gone. */
static void kill_all(const char *where, int (*into)(char *file))
{
	struct { int ready; char file[256]; } *plan = shared(4096);
	unsigned long start, called;
	pid_t leader = fork();

	if (!leader) {
		plan->ready = into(plan->file) || crowd(TASKS - 1) ? -1 : 1;
		for (;;)
			pause();
	}
	if (!WAIT_FOR(plan->ready, 30000) || plan->ready < 0)
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
	kill_all("kill_first", into_cgroup);
	kill_all("kill_session", into_session);
	kill_all("kill_cgroup", into_cgroup);
	rmdir(CGROUP);
}

void measure_killing(void)
{
	outside(killing);
}

static int files_in_session(void *cost)
{
	*(unsigned long *)cost = new_file_cost(FILES);
	return 0;
}

/* A new small file on ext4, each way after the other: neither warms up. */
static void new_files(const char *where)
{
	unsigned long *in = shared(sizeof(*in)), out, least[2] = { -1UL, -1UL };
	char id[HEX_ID + 1];

	for (int i = 0; i < 4; i++) {
		out = new_file_cost(FILES);
		if (in_session(id, files_in_session, in) || !out || !*in)
			return missing(where, "outside", EIO);
		if (out < least[0])
			least[0] = out;
		if (*in < least[1])
			least[1] = *in;
	}
	about(where, "outside", least[0]);
	about(where, "inside", least[1]);
}

void measure_files(void)
{
	sysfs_set("stamp_hints", "0");
	new_files("new_file");
	sysfs_set("stamp_hints", "1");
	new_files("new_file_with_hints");
}
