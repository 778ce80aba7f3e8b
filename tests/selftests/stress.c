// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
// timeout: 180
/*
 * All at once for a while, half an hour in the nightly form: sessions made,
 * nested, joined, pinned, limited, killed, listed, read and switched off under
 * one another, while they write files, memory is short, a processor comes and
 * goes and somebody tries to load and unload the module. What is asserted is the
 * end: no session is left, no counter was ever out of bounds, and the module
 * can go.
 */
#include <sys/mount.h>
#include <sys/socket.h>

#include "agentns-module.h"

#define SECONDS		(30 * SLOWNESS)
#define NIGHTLY		1800

struct plan {
	volatile int stop;
	volatile int rounds[16];
	volatile int faults;
	volatile int unloaded;
};

static struct plan *plan;

static unsigned int random_below(unsigned int n)
{
	static unsigned long state;

	if (!state)
		state = getpid() * 2654435761UL + 1;
	state = state * 6364136223846793005UL + 1442695040888963407UL;
	return (state >> 33) % n;
}

static void fault(const char *what)
{
	__atomic_fetch_add(&plan->faults, 1, __ATOMIC_RELAXED);
	fprintf(stderr, "# stress: %s\n", what);
}

/* A file that is stamped when it is made, written to and left open. */
static void write_files(void)
{
	char name[32], other[32];
	int fd;

	sprintf(name, "f%u", random_below(50));
	sprintf(other, "f%u", random_below(50));
	fd = open(name, O_RDWR | O_CREAT, 0600);
	(void)!write(fd, name, sizeof(name));
	if (random_below(2))
		(void)!ftruncate(fd, random_below(100));
	if (random_below(2))
		close(fd);
	switch (random_below(4)) {
	case 0:
		rename(name, other);
		break;
	case 1:
		unlink(name);
		break;
	case 2:
		link(name, other);
	}
}

/* Some of everything that is counted. */
static void spend(int n)
{
	static char block[4096];
	int fd = open("/dev/null", O_WRONLY);
	pid_t pid;

	for (int i = 0; i < n; i++) {
		(void)!write(fd, block, random_below(4096));
		unlink("/nonexistent");
		connect(-1, NULL, 0);
		close(open("/nonexistent", O_RDONLY));
		if (!random_below(4))
			write_files();
		if (!random_below(4)) {
			pid = fork();
			if (!pid) {
				if (!random_below(2))
					enter_session();
				getppid();
				_exit(0);
			}
			if (pid > 0 && random_below(3))
				waitpid(pid, NULL, 0);
		}
	}
	close(fd);
}

static void set_random_budget(void)
{
	struct agent_ns_budget_ex ex = { .action = random_below(5) };
	__u64 *limits[] = {
		&ex.max_syscalls, &ex.max_write_bytes, &ex.max_forks,
		&ex.max_opens, &ex.max_connects, &ex.max_unlinks,
		&ex.max_tasks, &ex.max_descendants,
	};

	for (int i = 0; i < 2; i++)
		*limits[random_below(8)] = 1 + random_below(500);
	if (!random_below(8))
		ex.max_tasks = 1 + random_below(4);
	if (!random_below(4))
		ex.max_cpu_ns = 1 + random_below(50000000);
	if (!random_below(4))
		ex.grace_ns = 1 + random_below(20000000);
	if (!random_below(4))
		ex.max_elapsed_ns = 1 + random_below(50000000);
	set_ex(ex);
}

/* A session with nested ones, which ends by itself or is ended. */
static void live_a_life(void)
{
	struct agent_ns_counters_uapi a = { }, b;

	if (random_below(4))
		signal(SIGTERM, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	for (int depth = 0; depth < 3; depth++) {
		if (enter_session())
			return;		/* switched off just now */
		memset(&a, 0, sizeof(a));
		agent(PR_SET_AGENT_INTENT_TAG, "stress");
		if (random_below(2))
			set_random_budget();
		for (int i = 0; i < 4; i++) {
			int err;

			spend(random_below(8));
			err = counters_of(&b);
			if (err == EDQUOT)
				continue;
			if (err ||
			    b.total_syscalls < a.total_syscalls ||
			    b.write_bytes < a.write_bytes ||
			    b.fork_count < a.fork_count ||
			    b.total_syscalls > 1000000)
				fault("a counter went backwards");
			a = b;
		}
	}
}

static void make_sessions(void)
{
	pid_t pid = fork();

	if (!pid) {
		live_a_life();
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* What is done from outside to whatever session is there. */
static void meddle(const char *id)
{
	static const char *const actions[] = {
		"log", "term", "kill", "stop", "deny",
	};
	static const char *const files[] = {
		"max_syscalls", "max_write_bytes", "max_forks", "max_opens",
		"max_connects", "max_unlinks", "max_elapsed_ns", "max_tasks",
		"max_cpu_ns", "max_descendants", "grace_ns",
	};
	char text[32];

	switch (random_below(6)) {
	case 0:
		session_set(id, "kill", "1");
		break;
	case 1:
		session_set(id, "action", actions[random_below(5)]);
		break;
	case 2:
		session_set(id, "intent", "from outside");
		break;
	case 3:
		if (!random_below(8))
			session_set(id, "sealed", "1");
		break;
	default:
		sprintf(text, "%u", random_below(2000));
		session_set(id, files[random_below(11)], text);
	}
}

/* From outside into one that may be on its way out. */
static void join(const char *id)
{
	pid_t pid;
	int fd;

	if (random_below(4))
		return;
	fd = open_session(id);
	pid = fork();
	if (!pid) {
		if (!setns(fd, AGENT_NS))
			spend(4);
		_exit(0);
	}
	if (fd >= 0)
		close(fd);
	/* Who is stopped there ends with its session. */
	for (int i = 0; i < 50 && !waitpid(pid, NULL, WNOHANG); i++)
		sleep_ms(1);
}

/* By a mount, for a moment longer than it lives by itself. */
static void hold(const char *id)
{
	char path[64], from[64];
	int fd;

	if (random_below(4))
		return;
	fd = open_session(id);
	if (fd < 0)
		return;
	sprintf(path, "pin.%d", getpid());
	sprintf(from, "/proc/self/fd/%d", fd);
	close(open(path, O_CREAT, 0600));
	if (!mount(from, path, NULL, MS_BIND, NULL)) {
		close(fd);
		sleep_ms(random_below(30));
		umount2(path, MNT_DETACH);
	} else {
		close(fd);
	}
}

static void for_each_session(void (*fn)(const char *id))
{
	DIR *dir = opendir(SYSFS "sessions");
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			fn(e->d_name);
	if (dir)
		closedir(dir);
}

static void meddle_with_all(void)
{
	for_each_session(meddle);
	sleep_ms(5);
}

static void join_all(void)
{
	for_each_session(join);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	sleep_ms(5);
}

static void pin_all(void)
{
	for_each_session(hold);
	sleep_ms(5);
}

/* Page by page, in ascending order whatever comes and goes. */
static void list_all(void)
{
	struct agent_ns_id_req req = { .size = sizeof(req) };
	__u64 ids[3], last = 0;
	long n;

	do {
		n = syscall(SYS_prctl, PR_LIST_AGENT_NS, &req, ids, 3, 0);
		for (int i = 0; i < n; i++) {
			if (ids[i] <= last)
				fault("a list is out of order");
			last = ids[i];
		}
		req.ns_id = last;
	} while (n == 3);
	sleep_ms(1);
}

/* It goes only when no session lives; then it has to come back. */
static void try_module(void)
{
	if (!load())
		fault("a module twice");
	if (!unload()) {
		plan->unloaded++;
		if (load())
			fault("the module does not come back");
	}
	sleep_ms(20);
}

/* All but some, for a moment: caches are reclaimed, no task is. */
static void press_memory(void)
{
	unsigned long kib = 0;
	char line[128];
	size_t size;
	void *p;
	FILE *f = fopen("/proc/meminfo", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %lu", &kib) == 1)
			break;
	if (f)
		fclose(f);
	if (kib > 150000) {
		size = (kib - 100000) * 1024;
		p = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		sleep_ms(50);
		munmap(p, size);
	}
	write_file("/proc/sys/vm/drop_caches", "2");
	sleep_ms(500);
}

static void read_session(const char *id)
{
	static const char *const files[] = {
		"counters/total_syscalls", "counters/write_bytes", "parent",
		"depth", "intent", "action", "max_syscalls",
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		session_get(id, files[i]);
}

static void read_all(void)
{
	struct dirent *e;
	char text[512], path[300];
	DIR *dir = opendir("/proc");
	int fd = -1;

	for_each_session(read_session);
	while (dir && (e = readdir(dir))) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		read_file(text, sizeof(text), "/proc/%s/agent_counters",
			  e->d_name);
		if (!read_file(text, sizeof(text), "/proc/%s/agent_session",
			       e->d_name) && strlen(text) != HEX_ID)
			fault("a session's id is not one");
		/* Hold the last one's session for a round. */
		snprintf(path, sizeof(path), "/proc/%s/ns/agent", e->d_name);
		if (fd >= 0)
			close(fd);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (fd >= 0)
		close(fd);
	if (dir)
		closedir(dir);
}

static void turn_knobs(void)
{
	write_file(SYSFS "max_session_dirs", random_below(2) ? "4096" : "3");
	write_file(SYSFS "sweep_interval", random_below(2) ? "1" : "60");
	sysctl_set("max_lifetime", random_below(8) ? "86400" : "1");
	/*
	 * Seldom, and more so where it is for long: it rewrites code, which
	 * QEMU's emulation gets wrong at times.
	 */
	if (!random_below(getenv("AGENTNS_NIGHTLY") ? 200 : 8)) {
		sysctl_set("enabled", "0");
		sleep_ms(2);
	}
	sysctl_set("enabled", "1");
	sleep_ms(30);
}

/* Credit that lies on a processor which goes away is not lost. */
static void switch_processor(void)
{
	write_file("/sys/devices/system/cpu/cpu1/online", "0");
	sleep_ms(20 + random_below(100));
	write_file("/sys/devices/system/cpu/cpu1/online", "1");
	sleep_ms(500);
}

static const struct job {
	const char *name;
	void (*round)(void);
} jobs[] = {
	{ "sessions", make_sessions },
	{ "sessions", make_sessions },
	{ "sessions", make_sessions },
	{ "meddling", meddle_with_all },
	{ "reading", read_all },
	{ "joining", join_all },
	{ "pinning", pin_all },
	{ "listing", list_all },
	{ "processor", switch_processor },
	{ "memory", press_memory },
	{ "module", try_module },
	{ "knobs", turn_knobs },
};

/* Which of them has the module to put back, and which turns knobs. */
#define MODULE	10
#define KNOBS	11

FIXTURE(stress) {
};

FIXTURE_SETUP(stress)
{
}

FIXTURE_TEARDOWN(stress)
{
}

TEST_F_TIMEOUT(stress, everything_at_once, 2000)
{
	int seconds = getenv("AGENTNS_NIGHTLY") ? NIGHTLY : SECONDS;
	pid_t pid[ARRAY_SIZE(jobs)];

	ASSERT_EQ(0, find_module());
	plan = shared(4096);
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
		pid[i] = fork();
		if (!pid[i]) {
			while (!plan->stop) {
				jobs[i].round();
				plan->rounds[i]++;
			}
			_exit(0);
		}
	}
	sleep_ms(seconds * 1000);
	plan->stop = 1;
	EXPECT_EQ(0, reap(pid[MODULE]));
	/* Who is stopped now would wait for ever: age ends it, by no file. */
	EXPECT_EQ(0, reap(pid[KNOBS]));
	EXPECT_EQ(0, sysctl_set("enabled", "1"));
	EXPECT_EQ(0, sysctl_set("max_lifetime", "1"));
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
		if (i != KNOBS && i != MODULE)
			EXPECT_EQ(0, reap(pid[i]));
		EXPECT_GT(plan->rounds[i], 0);
		ksft_print_msg("%s: %d rounds\n", jobs[i].name,
			       plan->rounds[i]);
	}
	ksft_print_msg("the module went %d times\n", plan->unloaded);
	EXPECT_EQ(0, plan->faults);
	EXPECT_EQ(0, write_file(SYSFS "max_session_dirs", "4096"));
	EXPECT_EQ(0, write_file(SYSFS "sweep_interval", "60"));
	EXPECT_EQ(0, sysctl_set("max_lifetime", "86400"));
	EXPECT_EQ(0, sysctl_set("enabled", "1"));
}

TEST_F(stress, nothing_is_left)
{
	/* Orphans of killed parents are on their way out. */
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
	ASSERT_EQ(0, find_module());
	EXPECT_EQ(0, unload_soon());
	EXPECT_EQ(0, load());
}

TEST_HARNESS_MAIN
