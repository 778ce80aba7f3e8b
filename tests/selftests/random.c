// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
// timeout: 300
// leaks: check-all
/*
 * Thousands of short sessions, with limits, numbers of tasks and nesting drawn
 * at random: what succeeded is compared with what the limits allow, exactly.
 *
 * A life is a chain of nested sessions, each with a limit on one resource and
 * action deny, and tasks on each level that spend until they are refused, by
 * calls or by requests to an io_uring. What they did they count themselves.
 *
 * Of a limit on time can be said that nobody is refused before the counter has
 * reached it, and that everybody is in the end: when, is for machines whose
 * clock does not depend on what else its host does (deadline.c, cputime.c).
 */
#include <pthread.h>

#include "agentns-ring.h"

#define LEVELS		4
#define TASKS		6

/* Of each of the two that live at a time; some 2.5 sessions a life. */
static int lives(void)
{
	if (getenv("AGENTNS_NIGHTLY"))
		return 5000;
	return getenv("AGENTNS_THOROUGH") ? 400 : 100;
}

enum resource {
	UNLINKS, CONNECTS, OPENS, BYTES, CALLS, FORKS, ALIVE, ELAPSED, CPU,
	RESOURCES
};

static const struct {
	const char *limit, *counter;
} of[] = {
	[UNLINKS]	= { "max_unlinks", "counters/unlink_count" },
	[CONNECTS]	= { "max_connects", "counters/connect_count" },
	[OPENS]		= { "max_opens", "counters/openat_count" },
	[BYTES]		= { "max_write_bytes", "counters/write_bytes" },
	[CALLS]		= { "max_syscalls", "counters/total_syscalls" },
	[FORKS]		= { "max_forks", "counters/fork_count" },
	[ALIVE]		= { "max_tasks", "counters/tasks" },
	[ELAPSED]	= { "max_elapsed_ns", "counters/elapsed_ns" },
	[CPU]		= { "max_cpu_ns", "counters/cpu_ns" },
};

static bool is_time(enum resource res)
{
	return res == ELAPSED || res == CPU;
}

struct life {
	enum resource res;
	int levels, unit;
	int batch;		/* requests by one call */
	int visits;		/* tasks that come and go before it begins */
	__u64 limit[LEVELS];	/* 0 is none */
	int tasks[LEVELS];
	bool threads[LEVELS], rings[LEVELS];
};

struct level {
	volatile __u64 done, wrong;
	volatile int alive;	/* of those made by tasks from here down */
	volatile int refused;
	bool up;		/* a limit on them was, when they were refused */
	__u64 counter, crossings;
};

struct plan {
	volatile int ready, go, settled, finished, look;
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

struct work {
	struct plan *plan;
	const struct life *life;
	int level;
};

/* What one task spends with. */
struct purse {
	const struct work *work;
	struct ring ring;
	int queued;
};

/* In a task that has a place: are there more of them than places? */
static void note_alive(const struct work *w)
{
	for (int l = 0; l <= w->level; l++) {
		struct level *level = &w->plan->level[l];
		int alive = __atomic_add_fetch(&level->alive, 1, __ATOMIC_SEQ_CST);

		if (w->life->limit[l] && alive > w->life->limit[l])
			__atomic_fetch_add(&level->wrong, 1, __ATOMIC_RELAXED);
	}
}

/* Ends by a kill. */
static long stay(const struct work *w)
{
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid)
		return pid;
	note_alive(w);
	for (;;)
		syscall(SYS_pause);
}

/* Several, one behind the other, as far as there are places. */
static void visit(const struct work *w)
{
	for (int i = 0; i < w->life->visits; i++) {
		long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

		if (!pid) {
			note_alive(w);
			for (int l = 0; l <= w->level; l++)
				__atomic_fetch_sub(&w->plan->level[l].alive, 1,
						   __ATOMIC_SEQ_CST);
			syscall(SYS_exit, 0);
		}
		/* Nobody is to be waited for, but until it has gone. */
		if (pid > 0)
			syscall(SYS_wait4, pid, NULL, 0, NULL);
	}
}

static struct io_uring_sqe request_of(const struct life *life)
{
	const __u64 name = (unsigned long)"nonexistent";

	switch (life->res) {
	case UNLINKS:
		/* With a flag that it does not know, or a worker would do it. */
		return (struct io_uring_sqe) { .opcode = IORING_OP_UNLINKAT,
					       .fd = AT_FDCWD, .addr = name,
					       .unlink_flags = 1 };
	case CONNECTS:
		return (struct io_uring_sqe) { .opcode = IORING_OP_CONNECT,
					       .fd = -1 };
	case OPENS:
		return (struct io_uring_sqe) { .opcode = IORING_OP_OPENAT,
					       .fd = AT_FDCWD, .addr = name };
	case BYTES:
		return (struct io_uring_sqe) { .opcode = IORING_OP_WRITE,
					       .fd = null, .len = life->unit,
					       .addr = (unsigned long)block };
	default:
		return (struct io_uring_sqe) { .opcode = IORING_OP_NOP };
	}
}

/*
 * A batch of requests by one call: what was spent of it, or -1. The call
 * itself may be refused, and leaves what is queued to the next one.
 */
static long spend_by_ring(struct purse *purse)
{
	const struct life *life = purse->work->life;
	struct io_uring_sqe request = request_of(life);
	long spent = life->res == CALLS;
	int res;

	for (; purse->queued < life->batch; purse->queued++)
		ring_queue(&purse->ring, &request);
	if (ring_enter(&purse->ring, purse->queued, purse->queued) < 0)
		return -1;
	for (; purse->queued; purse->queued--) {
		/* A NOP is done when it is submitted. */
		while (!ring_done(&purse->ring, &res))
			if (ring_enter(&purse->ring, 0, 1) < 0)
				return -1;
		if (res != -EDQUOT)
			spent += life->res == BYTES ? res : 1;
	}
	return spent ?: -1;
}

/* Once: what was spent of it, or -1 when that was refused. */
static long spend(struct purse *purse)
{
	const struct life *life = purse->work->life;
	long ret;

	if (life->rings[purse->work->level])
		return spend_by_ring(purse);
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
	case ALIVE:
		return stay(purse->work) > 0 ? 1 : -1;
	default:
		ret = syscall(SYS_getppid);
		break;
	}
	return errno == EDQUOT ? -1 : 1;
}

static int total_tasks(const struct life *life)
{
	int n = 0;

	for (int l = 0; l < life->levels; l++)
		n += life->tasks[l];
	return n;
}

/* Nothing here may be a call that counts, where calls are what is limited. */
static void *spend_all(void *arg)
{
	struct work *w = arg;
	struct plan *plan = w->plan;
	struct level *level = &plan->level[w->level];
	struct purse purse = { .work = w };
	long n;

	if (w->life->rings[w->level] &&
	    ring_setup(&purse.ring, IORING_SETUP_SUBMIT_ALL))
		_exit(3);
	raise_flag(&plan->ready);
	spin_until(&plan->go, 1);
	visit(w);
	raise_flag(&plan->settled);
	spin_until(&plan->settled, total_tasks(w->life));
	while ((n = spend(&purse)) > 0)
		__atomic_fetch_add(&level->done, n, __ATOMIC_RELAXED);
	raise_flag(&level->refused);
	/* Refused now is refused for good. */
	for (int i = 0; i < 3; i++)
		if (spend(&purse) > 0)
			__atomic_fetch_add(&level->wrong, 1, __ATOMIC_RELAXED);
	raise_flag(&plan->finished);
	spin_until(&plan->look, 1);
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

static struct life draw_life(void)
{
	struct life life = {
		.res = random_below(RESOURCES),
		.levels = 1 + random_below(LEVELS),
		.unit = 1 + random_below(sizeof(block) - 1),
		.batch = 1 + random_below(8),
	};
	static const __u64 edges[] = {
		1, 2, 3, 7, 8, 9, 31, 32, 63, 255, 256, 257, 511, 512, 513,
	};

	if (life.res == ALIVE)
		life.visits = random_below(4);
	for (int l = 0; l < life.levels; l++) {
		life.limit[l] = random_below(2) ? edges[random_below(ARRAY_SIZE(edges))] :
						  1 + random_below(700);
		if (life.res == FORKS || life.res == ALIVE)
			life.limit[l] = 1 + life.limit[l] % 40;
		if (is_time(life.res))
			life.limit[l] = 1 + random_below(30000000);
		if (life.res == BYTES)
			life.limit[l] *= life.unit;
		if (l && !random_below(3))
			life.limit[l] = 0;
		life.tasks[l] = random_below(TASKS / life.levels + 1);
		life.threads[l] = random_below(2);
		life.rings[l] = life.res <= CALLS && random_below(2);
	}
	if (!total_tasks(&life))
		life.tasks[random_below(life.levels)] = 1;
	return life;
}

/* What tasks of level @l and below did together. */
static __u64 done_below(const struct life *life, const struct plan *plan, int l)
{
	__u64 done = 0;

	for (; l < life->levels; l++)
		done += plan->level[l].done;
	return done;
}

/* Exactly what the limits allow, from where they begin. */
static bool check(const struct life *life, const struct plan *plan,
		  const __u64 *base)
{
	bool good = true, full = false;

	for (int l = 0; l < life->levels; l++) {
		const struct level *level = &plan->level[l];
		__u64 done = done_below(life, plan, l);

		good &= !level->wrong && level->crossings <= !!life->limit[l];
		if (is_time(life->res)) {
			good &= level->up || !life->tasks[l];
			continue;
		}
		/* Counted as it was done, whoever counts. */
		good &= level->counter == base[l] + done;
		good &= !life->limit[l] || done <= life->limit[l];
		/* Refused by one of the limits on it, which then is used up. */
		full |= level->crossings && done == life->limit[l];
		good &= full || !life->tasks[l];
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

/* All is set up from outside, so that only the spending counts. */
static bool set_limits(const struct life *life, const struct plan *plan,
		       __u64 *base)
{
	bool good = true;

	for (int l = 0; l < life->levels; l++) {
		char text[32];

		base[l] = session_get(plan->id[l], of[life->res].counter);
		good &= !session_set(plan->id[l], "action", "deny");
		if (!life->limit[l])
			continue;
		sprintf(text, "%llu",
			(unsigned long long)(base[l] + life->limit[l]));
		good &= !session_set(plan->id[l], of[life->res].limit, text);
	}
	return good;
}

/* Who was refused for lack of time has reached the limit by now. */
static bool look_at_time(const struct life *life, struct plan *plan,
			 const __u64 *base)
{
	for (int l = 0; is_time(life->res) && l < life->levels; l++) {
		struct level *level = &plan->level[l];

		if (level->up || !level->refused)
			continue;
		for (int a = 0; a <= l; a++)
			level->up |= life->limit[a] &&
				     session_get(plan->id[a], of[life->res].counter) >=
				     base[a] + life->limit[a];
		if (!level->up)
			return false;
	}
	return true;
}

/* Until all have been refused. */
static bool watch(const struct life *life, struct plan *plan,
		  const __u64 *base)
{
	bool over, good = true;

	over = WAIT_FOR(!(good = look_at_time(life, plan, base)) ||
			plan->finished == total_tasks(life));
	good = over && good && look_at_time(life, plan, base);
	for (int l = 0; l < life->levels; l++) {
		struct level *level = &plan->level[l];

		level->counter = session_get(plan->id[l], of[life->res].counter);
		level->crossings = session_get(plan->id[l], "crossings");
	}
	return good;
}

static void tell(__u64 seed, const struct life *life, const struct plan *plan,
		 const __u64 *base)
{
	fprintf(stderr, "# seed %llu: %d of %d, %s:", (unsigned long long)seed,
		plan->finished, total_tasks(life), of[life->res].limit);
	for (int l = 0; l < life->levels; l++) {
		const struct level *level = &plan->level[l];

		fprintf(stderr, " [limit %llu, %d %s%s: %llu done, %llu wrong, counter %llu + %lld, %llu crossings]",
			(unsigned long long)life->limit[l], life->tasks[l],
			life->threads[l] ? "threads" : "processes",
			life->rings[l] ? " with rings" : "",
			(unsigned long long)level->done,
			(unsigned long long)level->wrong,
			(unsigned long long)base[l],
			(long long)(level->counter - base[l]),
			(unsigned long long)level->crossings);
	}
	fprintf(stderr, "\n");
	tell_of_members(plan->id[0]);
}

static bool one_life(__u64 seed)
{
	struct plan *plan = shared(4096);
	__u64 base[LEVELS] = { };
	struct life life;
	bool good;
	pid_t pid;

	state = seed;
	life = draw_life();
	pid = fork();
	if (!pid)
		live(plan, &life);
	good = WAIT_FOR(plan->ready == total_tasks(&life) + 1) &&
	       set_limits(&life, plan, base);
	plan->go = 1;
	good = good && watch(&life, plan, base) && check(&life, plan, base);
	if (!good)
		tell(seed, &life, plan, base);
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
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

TEST_HARNESS_MAIN
