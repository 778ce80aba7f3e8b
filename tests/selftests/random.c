// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
// timeout: 300
/*
 * Thousands of short sessions, with limits, numbers of tasks and nesting drawn
 * at random: what succeeded is compared with what the limits allow, exactly.
 *
 * A life is a chain of nested sessions, each with a limit on one resource and
 * action deny, and tasks on each level that spend until they are refused. What
 * they did they count themselves.
 */
#include <pthread.h>

#include "agentns-test.h"

#define LEVELS		4
#define TASKS		6

/* Of each of the two that live at a time; some 2.5 sessions a life. */
static int lives(void)
{
	return getenv("AGENTNS_NIGHTLY") ? 5000 : 400;
}

enum resource { UNLINKS, CONNECTS, OPENS, BYTES, FORKS, CALLS, RESOURCES };

static const char *const names[] = {
	"unlinks", "connects", "opens", "bytes", "forks", "calls",
};

static const char *const counters[] = {
	"counters/unlink_count", "counters/connect_count",
	"counters/openat_count", "counters/write_bytes", "counters/fork_count",
	"counters/total_syscalls",
};

struct life {
	enum resource res;
	int levels, unit;
	__u64 limit[LEVELS];	/* 0 is none */
	int tasks[LEVELS];
	bool threads[LEVELS];
};

struct level {
	volatile __u64 done, wrong;
	__u64 counter;
};

struct plan {
	volatile int ready, go, finished, look;
	struct level level[LEVELS];
	char id[LEVELS][HEX_ID + 1];
};

static __u64 state;

static unsigned int random_below(unsigned int n)
{
	state = state * 6364136223846793005UL + 1442695040888963407UL;
	return (state >> 33) % n;
}

static int null;
static char block[64];

/* Once: what was spent of it, or -1 when that was refused. */
static long spend(const struct life *life)
{
	long ret;

	errno = 0;
	switch (life->res) {
	case UNLINKS:
		ret = syscall(SYS_unlink, "nonexistent");
		break;
	case CONNECTS:
		ret = syscall(SYS_connect, -1, NULL, 0);
		break;
	case OPENS:
		ret = syscall(SYS_openat, AT_FDCWD, "nonexistent", O_RDONLY);
		break;
	case BYTES:
		ret = syscall(SYS_write, null, block, life->unit);
		return ret > 0 ? ret : -1;
	case FORKS:
		ret = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
		if (!ret)
			syscall(SYS_exit, 0);
		return ret > 0 ? 1 : -1;
	default:
		ret = syscall(SYS_getppid);
		break;
	}
	return errno == EDQUOT ? -1 : 1;
}

struct work {
	struct plan *plan;
	const struct life *life;
	int level;
};

/* Nothing here may be a call that counts, where calls are what is limited. */
static void *spend_all(void *arg)
{
	struct work *w = arg;
	struct level *level = &w->plan->level[w->level];
	long n;

	raise_flag(&w->plan->ready);
	spin_until(&w->plan->go, 1);
	while ((n = spend(w->life)) > 0)
		__atomic_fetch_add(&level->done, n, __ATOMIC_RELAXED);
	/* Refused now is refused for good. */
	for (int i = 0; i < 3; i++)
		if (spend(w->life) > 0)
			__atomic_fetch_add(&level->wrong, 1, __ATOMIC_RELAXED);
	raise_flag(&w->plan->finished);
	spin_until(&w->plan->look, 1);
	return NULL;
}

static void __attribute__((noreturn)) live(struct plan *plan, const struct life *life)
{
	struct work work[LEVELS];
	pthread_t thread;

	signal(SIGCHLD, SIG_IGN);
	for (int l = 0; l < life->levels; l++) {
		if (enter_session())
			_exit(1);
		own_id(plan->id[l]);
		work[l] = (struct work) { plan, life, l };
		for (int i = 0; i < life->tasks[l]; i++) {
			if (life->threads[l]) {
				pthread_attr_t attr;

				/* A thread is of the session that makes it. */
				pthread_attr_init(&attr);
				pthread_attr_setstacksize(&attr, 65536);
				if (pthread_create(&thread, &attr, spend_all, &work[l]))
					_exit(2);
			} else if (!fork()) {
				spend_all(&work[l]);
				syscall(SYS_exit_group, 0);
			}
		}
	}
	/* From here on it makes no call. */
	raise_flag(&plan->ready);
	spin_until(&plan->look, 1);
	_exit(0);
}

static int total_tasks(const struct life *life)
{
	int n = 0;

	for (int l = 0; l < life->levels; l++)
		n += life->tasks[l];
	return n;
}

static struct life draw_life(void)
{
	struct life life = {
		.res = random_below(RESOURCES),
		.levels = 1 + random_below(LEVELS),
		.unit = 1 + random_below(sizeof(block) - 1),
	};
	static const __u64 edges[] = {
		1, 2, 3, 7, 8, 9, 31, 32, 63, 255, 256, 257, 511, 512, 513,
	};

	for (int l = 0; l < life.levels; l++) {
		life.limit[l] = random_below(2) ? edges[random_below(ARRAY_SIZE(edges))] :
						  1 + random_below(700);
		if (life.res == FORKS)
			life.limit[l] = 1 + life.limit[l] % 40;
		if (life.res == BYTES)
			life.limit[l] *= life.unit;
		if (l && !random_below(3))
			life.limit[l] = 0;
		life.tasks[l] = random_below(TASKS / life.levels + 1);
		life.threads[l] = random_below(2);
	}
	if (!total_tasks(&life))
		life.tasks[random_below(life.levels)] = 1;
	return life;
}

/* What tasks of level @l and below may do together, from where they begin. */
static bool check(const struct life *life, struct plan *plan, const __u64 *base)
{
	bool good = true;

	for (int l = 0; l < life->levels; l++) {
		__u64 done = 0, allowed = life->limit[l];
		bool spenders = false;

		for (int k = l; k < life->levels; k++) {
			done += plan->level[k].done;
			spenders |= life->tasks[k];
		}
		/* Counted as it was done, whoever counts. */
		if (plan->level[l].counter != base[l] + done)
			good = false;
		if (allowed && done > allowed)
			good = false;
		/* Whoever spends until refused on this level uses it up. */
		if (plan->level[l].wrong)
			good = false;
	}
	for (int l = 0; l < life->levels; l++) {
		bool full = false;

		if (!life->tasks[l])
			continue;
		/* Refused by one of the limits on it, which then is used up. */
		for (int a = 0; a <= l; a++) {
			__u64 done = 0;

			for (int k = a; k < life->levels; k++)
				done += plan->level[k].done;
			full |= life->limit[a] && done == life->limit[a];
		}
		good &= full;
	}
	return good;
}

/* Where those are who have not finished. */
static void tell_of_members(const char *top)
{
	struct dirent *e;
	DIR *proc = opendir("/proc");
	char text[2048];

	while ((e = readdir(proc))) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9' ||
		    read_file(text, sizeof(text), "/proc/%.20s/agent_session", e->d_name) ||
		    !strcmp(text, NO_SESSION))
			continue;
		read_file(text, sizeof(text), "/proc/%.20s/stat", e->d_name);
		fprintf(stderr, "# %.60s\n", text);
		read_file(text, sizeof(text), "/proc/%.20s/stack", e->d_name);
		fprintf(stderr, "#   %s\n", text);
	}
	closedir(proc);
}

static bool one_life(__u64 seed)
{
	struct plan *plan = shared(4096);
	__u64 base[LEVELS];
	struct life life;
	char path[300], text[32];
	bool good;
	pid_t pid;

	state = seed;
	life = draw_life();
	pid = fork();
	if (!pid)
		live(plan, &life);
	good = WAIT_FOR(plan->ready == total_tasks(&life) + 1, 20000);
	/* All is set up from outside, so that only the spending counts. */
	for (int l = 0; good && l < life.levels; l++) {
		static const char *const files[] = {
			"max_unlinks", "max_connects", "max_opens",
			"max_write_bytes", "max_forks", "max_syscalls",
		};

		base[l] = session_get(plan->id[l], counters[life.res]);
		session_path(path, plan->id[l], "action");
		good &= !write_file(path, "deny");
		if (!life.limit[l])
			continue;
		sprintf(text, "%llu", (unsigned long long)(base[l] + life.limit[l]));
		session_path(path, plan->id[l], files[life.res]);
		good &= !write_file(path, text);
	}
	plan->go = 1;
	good &= WAIT_FOR(plan->finished == total_tasks(&life), 20000);
	for (int l = 0; l < life.levels; l++)
		plan->level[l].counter = session_get(plan->id[l], counters[life.res]);
	good = good && check(&life, plan, base);
	if (!good) {
		fprintf(stderr, "# seed %llu: %d of %d, %s:",
			(unsigned long long)seed, plan->finished,
			total_tasks(&life), names[life.res]);
		for (int l = 0; l < life.levels; l++)
			fprintf(stderr, " [limit %llu, %d %s: %llu done, %llu wrong, counter %llu + %lld]",
				(unsigned long long)life.limit[l], life.tasks[l],
				life.threads[l] ? "threads" : "processes",
				(unsigned long long)plan->level[l].done,
				(unsigned long long)plan->level[l].wrong,
				(unsigned long long)base[l],
				(long long)(plan->level[l].counter - base[l]));
		fprintf(stderr, "\n");
		tell_of_members(plan->id[0]);
	}
	session_set(plan->id[0], "kill", "1");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	munmap(plan, 4096);
	return good;
}

FIXTURE(random) {
	volatile int *bad, *lived;
};

FIXTURE_SETUP(random)
{
	self->bad = shared(4096);
	self->lived = self->bad + 1;
	null = open("/dev/null", O_WRONLY);
}

FIXTURE_TEARDOWN(random)
{
}

TEST_F_TIMEOUT(random, lives, 12000)
{
	__u64 seed = now_ns();
	pid_t pid[2];

	ksft_print_msg("seed %llu\n", (unsigned long long)seed);
	for (int i = 0; i < 2; i++) {
		pid[i] = fork();
		if (pid[i])
			continue;
		for (int k = 0; k < lives() && *self->bad < 10; k++) {
			if (!one_life(seed + k * 2 + i))
				raise_flag(self->bad);
			raise_flag(self->lived);
		}
		_exit(0);
	}
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(0, reap(pid[i]));
	EXPECT_EQ(0, *self->bad);
	EXPECT_EQ(2 * lives(), *self->lived);
	EXPECT_TRUE(WAIT_FOR(!sessions_live(), 5000));
}

TEST_HARNESS_MAIN
