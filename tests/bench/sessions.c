// SPDX-License-Identifier: GPL-2.0-only
/* What sessions themselves cost: to be made, ended, listed and read. */
#include <linux/nsfs.h>
#include <sys/sysinfo.h>

#include "bench.h"

#define TRACING		"/sys/kernel/tracing/"
#define REPEAT		200
#define MADE		1000
#define FILES		400

/* Into a new session and out again; of these the one that is asked for. */
static unsigned long made(int home, bool leave)
{
	unsigned long start = __rdtsc(), between, end;
	long err[2];

	err[0] = raw(SYS_prctl, PR_SET_AGENT_NS, 0, 0, 0);
	between = __rdtsc();
	err[1] = raw(SYS_setns, home, AGENT_NS, 0, 0);
	end = __rdtsc();
	if (err[0] || err[1])
		die("no session to enter and to leave");
	return leave ? end - between : between - start;
}

void make_and_leave(const char *where)
{
	unsigned long empty = LEAST(REPEAT, (void)0), took;
	unsigned long least[2] = { -1UL, -1UL };
	int home = agent_fd(getpid());

	for (int i = 0; i < 2 * REPEAT; i++) {
		took = made(home, i & 1);
		if (took < least[i & 1])
			least[i & 1] = took;
	}
	/* How long alloc_percpu() searches depends on what was there before. */
	about(where, "create", least[0] - empty);
	about(where, "leave", least[1] - empty);
	/* The bare operation: it ends nothing. */
	exact(where, "setns",
	      COST(REPEAT, raw(SYS_setns, home, AGENT_NS, 0, 0)));
	close(home);
}

/* All that follows, too: the grace period's callback, the worker. */
void make_and_destroy(const char *where)
{
	int home = agent_fd(getpid());
	double both, bare;

	work_begin();
	for (int i = 0; i < MADE; i++)
		made(home, false);
	both = work_done() / MADE;
	work_begin();
	for (int i = 0; i < MADE; i++)
		raw(SYS_setns, home, AGENT_NS, 0, 0);
	bare = work_done() / MADE;
	about(where, "create_and_destroy", both);
	about(where, "mean_setns", bare);
	close(home);
}

/* A number of a trace event's line; 0 where it has none of that name. */
static unsigned long field(const char *line, const char *name, int base)
{
	const char *at = strstr(line, name);

	return at ? strtoul(at + strlen(name), NULL, base) : 0;
}

/*
 * What was allocated and not freed, by the events in the trace. *@own: that for
 * which the module asks itself. For memory of each processor somebody keeps
 * records of control groups, too.
 */
static long traced_bytes(long *own)
{
	static struct { unsigned long at; long bytes, own; } live[512];
	unsigned long at;
	char line[1024];
	long sum = 0;
	int n = 0, i;
	FILE *f = fopen(TRACING "trace", "r");

	while (f && fgets(line, sizeof(line), f)) {
		at = field(line, " ptr=", 16);
		if (*line == '#' || !at)
			continue;
		if (strstr(line, " bytes_alloc=") && n < ARRAY_SIZE(live)) {
			live[n].at = at;
			live[n].bytes = field(line, " bytes_alloc=", 10);
			live[n].own = live[n].bytes;
			if (strstr(line, "percpu_alloc"))
				live[n].own = field(line, " size=", 10) *
					      get_nprocs_conf();
			if (!strstr(line, "call_site=agentns_"))
				live[n].own = 0;
			n++;
			continue;
		}
		for (i = 0; i < n && live[i].at != at; i++)
			;
		if (i < n)
			live[i] = live[--n];
	}
	if (f)
		fclose(f);
	for (*own = 0; n--; sum += live[n].bytes)
		*own += live[n].own;
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
void memory(const char *where)
{
	int record = open(TRACING "tracing_on", O_WRONLY);
	int home = agent_fd(getpid()), err;
	long sum, own;

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
	sum = traced_bytes(&own);
	if (err) {
		missing(where, "bytes", err);
	} else {
		exact(where, "bytes", own);
		exact(where, "bytes_in_all", sum);
	}
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
	make_and_destroy(where);
	memory(where);
	sysfs_set("max_session_dirs", "4096");
}

static struct agent_ns_counters_uapi counters;

/* Of the caller's session, with so many live ones below it. */
void read_counters(const char *where)
{
	static const int numbers[] = { 0, 1, 10, 100 };
	int outer = agent_fd(getpid());
	char name[32];

	exact(where, "prctl",
	      COST(100, raw(SYS_prctl, PR_GET_DUMPABLE, 0, 0, 0)));
	for (int i = 0, held = 0; i < ARRAY_SIZE(numbers); i++) {
		for (; held < numbers[i]; held++)
			if (enter_session() || agent_fd(getpid()) < 0 ||
			    setns(outer, AGENT_NS))
				return missing(where, "above_0", errno);
		sprintf(name, "above_%d", numbers[i]);
		exact(where, name,
		      COST(100, raw(SYS_prctl, PR_GET_AGENT_COUNTERS,
				    (long)&counters, 0, 0)));
	}
}

static void counters_of_one(void)
{
	read_counters("counters");
}

void measure_sessions(void)
{
	with_directories(0, "session");
	with_directories(4096, "session_with_directory");
	inside(counters_of_one);
}

static __u64 ids[MANY_SESSIONS + 100];
static struct agent_ns_id_req req = { .size = sizeof(req) };

/* All of them, by prctl, and where it is by listns of either type. */
void list(const char *where)
{
	static const struct { __u32 type; const char *name; } types[] = {
		{ AGENT_NS, "listns_agent" }, { CLONE_NEWUTS, "listns_uts" },
	};
	long n;

	req.ns_type = 0;
	exact(where, "list_prctl",
	      COST(20, n = raw(SYS_prctl, PR_LIST_AGENT_NS, (long)&req,
			       (long)ids, ARRAY_SIZE(ids))));
	exact(where, "list_ids", n);
	for (int i = 0; i < ARRAY_SIZE(types); i++) {
		req.ns_type = types[i].type;
		n = raw(SYS_listns, (long)&req, (long)ids, ARRAY_SIZE(ids), 0);
		if (n < 0)
			missing(where, types[i].name, -n);
		else
			exact(where, types[i].name,
			      COST(20, raw(SYS_listns, (long)&req, (long)ids,
					   ARRAY_SIZE(ids), 0)));
	}
}

/* As many of each type. */
static void listing(void)
{
	int err = hold_sessions(100);

	for (int i = 0; i < 100 && !err; i++)
		if (unshare(CLONE_NEWUTS) ||
		    open("/proc/self/ns/uts", O_RDONLY) < 0)
			err = errno;
	if (err)
		return missing("listing", "list_prctl", err);
	list("listing");
}

void measure_listing(void)
{
	outside(listing);
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

/* Where inodes have room for the hints beside the stamp. */
static void files_in_large_inodes(void)
{
	int err = image_fs("ext4", "mkfs.ext4 -q -F -I 512", "64M") ?:
		  ERR(chdir("m"));

	if (err)
		return missing("new_file_in_512", "outside", err);
	new_files("new_file_in_512");
}

void measure_files(void)
{
	sysfs_set("stamp_hints", "0");
	new_files("new_file");
	sysfs_set("stamp_hints", "1");
	new_files("new_file_with_hints");
	outside(files_in_large_inodes);
}
