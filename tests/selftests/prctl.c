// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/* The prctl operations: results, errors, and that a refused call does nothing. */
#include "agentns-test.h"

static const int getters[] = {
	PR_GET_AGENT_SESSION_ID, PR_GET_AGENT_INTENT_TAG,
	PR_GET_AGENT_COUNTERS, PR_GET_AGENT_PARENT_ID,
};

static const size_t getter_size[] = {
	AGENT_NS_ID_BYTES, AGENT_NS_INTENT_MAX + 1,
	sizeof(struct agent_ns_counters_uapi), AGENT_NS_ID_BYTES,
};

/* What a refused call must leave as it was. */
struct state {
	char id[HEX_ID + 1];
	char intent[AGENT_NS_INTENT_MAX + 1];
	struct agent_ns_budget_ex budget;
};

static struct state state_of_session(void)
{
	struct state s;

	memset(&s, 0xaa, sizeof(s));
	own_id(s.id);
	agent(PR_GET_AGENT_INTENT_TAG, s.intent);
	agent5(PR_GET_AGENT_BUDGET_EX, (long)&s.budget, sizeof(s.budget), 0, 0);
	return s;
}

static bool same_state(const struct state *a)
{
	struct state b = state_of_session();

	return !memcmp(a->intent, b.intent, sizeof(b.intent)) &&
	       !memcmp(&a->budget, &b.budget, sizeof(b.budget)) &&
	       !strcmp(a->id, b.id);
}

static void *page(int protection)
{
	return mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Two pages of which only the first is there. */
static char *page_with_end(void)
{
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(p + 4096, 4096);
	return p + 4096;
}

FIXTURE(operations) {
	struct state before;
};

FIXTURE_VARIANT(operations) {
	bool inside;
};

FIXTURE_VARIANT_ADD(operations, outside) {
	.inside = false,
};

FIXTURE_VARIANT_ADD(operations, inside) {
	.inside = true,
};

FIXTURE_SETUP(operations)
{
	struct agent_ns_budget_ex budget = {
		.action = AGENT_NS_ACTION_TERM, .max_syscalls = 1000001,
		.max_write_bytes = 1000002, .max_elapsed_ns = 3600000000000,
		.max_forks = 1000003, .max_opens = 1000004,
		.max_connects = 1000005, .max_unlinks = 1000006,
	};

	if (variant->inside) {
		ASSERT_EQ(0, enter_session());
		ASSERT_EQ(0, agent(PR_SET_AGENT_INTENT_TAG, "as before"));
		ASSERT_EQ(0, agent5(PR_SET_AGENT_BUDGET_EX, (long)&budget,
				    sizeof(budget), 0, 0));
	}
	self->before = state_of_session();
}

FIXTURE_TEARDOWN(operations)
{
	EXPECT_TRUE(same_state(&self->before));
}

TEST_F(operations, getters_refuse_bad_pointers)
{
	void *bad[] = {
		NULL, (void *)0xffffffff81000000, (void *)0x7fffffffffff,
		(void *)0x8000000000000000, (void *)-1L,
		page(PROT_READ), page(PROT_NONE), NULL,
	};

	for (size_t g = 0; g < ARRAY_SIZE(getters); g++) {
		/* The last one ends a byte too early. */
		bad[ARRAY_SIZE(bad) - 1] = page_with_end() - getter_size[g] + 1;
		for (size_t b = 0; b < ARRAY_SIZE(bad); b++) {
			EXPECT_EQ(EFAULT, agent(getters[g], bad[b])) {
				TH_LOG("operation %d, pointer %p",
				       getters[g] - PR_AGENT_BASE, bad[b]);
			}
		}
	}
}

TEST_F(operations, getters_write_what_they_say_and_no_more)
{
	unsigned char *end = (unsigned char *)page_with_end();

	for (size_t g = 0; g < ARRAY_SIZE(getters); g++) {
		unsigned char *p = end - getter_size[g];

		/* Right up to the end of memory, and not a byte before. */
		memset(p - 16, 0xa5, 16 + getter_size[g]);
		EXPECT_EQ(0, agent(getters[g], p));
		for (int i = 1; i <= 16; i++)
			EXPECT_EQ(0xa5, p[-i]);
		memset(end - 256, 0xa5, 256);
		EXPECT_EQ(0, agent(getters[g], end - 256));
		EXPECT_EQ(0xa5, end[-256 + (int)getter_size[g]]);
	}
}

TEST_F(operations, setters_refuse_bad_pointers)
{
	struct agent_ns_budget_ex budget = { };
	char *end = page_with_end();
	void *bad[] = {
		NULL, (void *)0xffffffff81000000, (void *)-1L, page(PROT_NONE),
		end, end - 1,
	};

	/* Outside, which of its two faults a call is refused for is open. */
#define EXPECT_FAULT(call) do {						\
	int _err = call;						\
									\
	if (variant->inside || _err != EINVAL)				\
		EXPECT_EQ(EFAULT, _err);				\
} while (0)

	end[-1] = 'x';		/* a string that is cut off by the end */
	for (size_t b = 0; b < ARRAY_SIZE(bad); b++) {
		EXPECT_FAULT(agent(PR_SET_AGENT_INTENT_TAG, bad[b]));
		EXPECT_FAULT(agent(PR_SET_AGENT_BUDGET_LIMITS, bad[b]));
		EXPECT_FAULT(agent5(PR_SET_AGENT_BUDGET_EX, (long)bad[b],
				    sizeof(budget), 0, 0));
		EXPECT_EQ(EFAULT, agent5(PR_GET_AGENT_BUDGET_EX, (long)bad[b],
					 sizeof(budget), 0, 0));
		EXPECT_EQ(EFAULT, agent5(PR_GET_AGENT_COUNTERS_EX, (long)bad[b],
					 88, 0, 0));
	}
	EXPECT_FAULT(agent(PR_SET_AGENT_BUDGET_LIMITS,
			   end - sizeof(struct agent_ns_budget_uapi) + 1));
	EXPECT_FAULT(agent5(PR_SET_AGENT_BUDGET_EX, (long)end - 63, 64, 0, 0));
	EXPECT_EQ(EFAULT, agent5(PR_GET_AGENT_BUDGET_EX, (long)end - 64, 72,
				 0, 0));
	EXPECT_EQ(EFAULT, agent5(PR_GET_AGENT_BUDGET_EX,
				 (long)page(PROT_READ), 64, 0, 0));
}

TEST_F(operations, unknown_ones_are_refused)
{
	char id[AGENT_NS_ID_BYTES];

	EXPECT_EQ(EINVAL, agent(PR_AGENT_BASE, id));
	for (int op = PR_OPEN_AGENT_NS + 1; op <= PR_AGENT_BASE + 33; op++)
		EXPECT_EQ(EINVAL, agent(op, id));
	EXPECT_EQ(EINVAL, agent(PR_AGENT_BASE - 1, id));
	EXPECT_EQ(EINVAL, agent(-PR_AGENT_BASE, id));
}

TEST_F(operations, bad_budgets_are_refused)
{
	struct agent_ns_budget_uapi budget = { .max_syscalls = 1UL << 40 };
	struct agent_ns_budget_ex ex = { .max_syscalls = 1UL << 40 };

	for (__u32 action = 5; action < 40; action++) {
		budget.action = action;
		ex.action = action;
		EXPECT_EQ(EINVAL, agent(PR_SET_AGENT_BUDGET_LIMITS, &budget));
		EXPECT_EQ(EINVAL, agent5(PR_SET_AGENT_BUDGET_EX, (long)&ex,
					 sizeof(ex), 0, 0));
	}
	budget.action = -1;
	ex.action = -1;
	EXPECT_EQ(EINVAL, agent(PR_SET_AGENT_BUDGET_LIMITS, &budget));
	EXPECT_EQ(EINVAL, agent5(PR_SET_AGENT_BUDGET_EX, (long)&ex, sizeof(ex),
				 0, 0));

	budget.action = 0;
	ex.action = 0;
	for (int bit = 0; bit < 32; bit++) {
		budget._reserved = 1U << bit;
		ex.flags = 1U << bit;
		EXPECT_EQ(EINVAL, agent(PR_SET_AGENT_BUDGET_LIMITS, &budget));
		EXPECT_EQ(EINVAL, agent5(PR_SET_AGENT_BUDGET_EX, (long)&ex,
					 sizeof(ex), 0, 0));
	}
}

TEST_F(operations, extended_budget_sizes)
{
	static char buffer[8192] __attribute__((aligned(8)));
	static const size_t too_short[] = { 0, 1, 8, 32, 63 };
	static const size_t too_long[] = { 4097, 8192, 1UL << 32, -1UL };

	for (size_t i = 0; i < ARRAY_SIZE(too_short); i++) {
		EXPECT_EQ(EINVAL, agent5(PR_SET_AGENT_BUDGET_EX, (long)buffer,
					 too_short[i], 0, 0));
		EXPECT_EQ(EINVAL, agent5(PR_GET_AGENT_BUDGET_EX, (long)buffer,
					 too_short[i], 0, 0));
	}
	for (size_t i = 0; i < ARRAY_SIZE(too_long); i++) {
		EXPECT_EQ(E2BIG, agent5(PR_SET_AGENT_BUDGET_EX, (long)buffer,
					too_long[i], 0, 0));
		EXPECT_EQ(E2BIG, agent5(PR_GET_AGENT_BUDGET_EX, (long)buffer,
					too_long[i], 0, 0));
	}
	for (size_t at = sizeof(struct agent_ns_budget_ex); at < 4096; at += 63) {
		buffer[at] = 1;
		EXPECT_EQ(E2BIG, agent5(PR_SET_AGENT_BUDGET_EX, (long)buffer,
					4096, 0, 0));
		buffer[at] = 0;
	}
}

TEST_F(operations, extended_counters_sizes)
{
	static char buffer[8192] __attribute__((aligned(8)));
	static const size_t too_short[] = { 0, 1, 56, 87 };
	static const size_t too_long[] = { 4097, 8192, 1UL << 32, -1UL };

	for (size_t i = 0; i < ARRAY_SIZE(too_short); i++)
		EXPECT_EQ(EINVAL, agent5(PR_GET_AGENT_COUNTERS_EX, (long)buffer,
					 too_short[i], 0, 0));
	for (size_t i = 0; i < ARRAY_SIZE(too_long); i++)
		EXPECT_EQ(E2BIG, agent5(PR_GET_AGENT_COUNTERS_EX, (long)buffer,
					too_long[i], 0, 0));
	memset(buffer, 0xff, sizeof(buffer));
	EXPECT_EQ(0, agent5(PR_GET_AGENT_COUNTERS_EX, (long)buffer, 99, 0, 0));
	for (size_t i = sizeof(struct agent_ns_counters_ex); i < 99; i++)
		EXPECT_EQ(0, buffer[i]);
	EXPECT_EQ(-1, buffer[99]);
}

TEST_F(operations, extended_ones_take_no_rubbish)
{
	static const int ops[] = {
		PR_SET_AGENT_BUDGET_EX, PR_GET_AGENT_BUDGET_EX,
		PR_GET_AGENT_COUNTERS_EX,
	};
	struct agent_ns_budget_ex ex = { };

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		int op = ops[i];

		EXPECT_EQ(EINVAL, agent5(op, (long)&ex, sizeof(ex), 1, 0));
		EXPECT_EQ(EINVAL, agent5(op, (long)&ex, sizeof(ex), 0, 1));
		EXPECT_EQ(EINVAL, agent5(op, (long)&ex, sizeof(ex), 1UL << 63,
					 0));
	}
}

TEST_F(operations, getters_ignore_rubbish)
{
	char buffer[64];

	for (size_t g = 0; g < ARRAY_SIZE(getters); g++)
		EXPECT_EQ(0, agent5(getters[g], (long)buffer, 0xdeadbeef, -1,
				    0x5555555555555555));
}

FIXTURE(outside) {
};

FIXTURE_SETUP(outside)
{
}

FIXTURE_TEARDOWN(outside)
{
}

TEST_F(outside, getters_answer_zeros)
{
	static const unsigned char zeros[96];
	unsigned char buffer[96];

	for (size_t g = 0; g < ARRAY_SIZE(getters); g++) {
		memset(buffer, 0xff, sizeof(buffer));
		EXPECT_EQ(0, agent(getters[g], buffer));
		EXPECT_EQ(0, memcmp(buffer, zeros, getter_size[g]));
	}
	memset(buffer, 0xff, sizeof(buffer));
	EXPECT_EQ(0, agent5(PR_GET_AGENT_BUDGET_EX, (long)buffer, 64, 0, 0));
	EXPECT_EQ(0, memcmp(buffer, zeros, 64));
	memset(buffer, 0xff, sizeof(buffer));
	EXPECT_EQ(0, agent5(PR_GET_AGENT_COUNTERS_EX, (long)buffer, 96, 0, 0));
	EXPECT_EQ(0, memcmp(buffer, zeros, 96));
}

TEST_F(outside, setters_are_refused)
{
	struct agent_ns_budget_uapi budget = { .max_syscalls = 1 };
	struct agent_ns_budget_ex ex = { .max_syscalls = 1 };

	EXPECT_EQ(EINVAL, agent(PR_SET_AGENT_INTENT_TAG, "tag"));
	EXPECT_EQ(EINVAL, agent(PR_SET_AGENT_BUDGET_LIMITS, &budget));
	EXPECT_EQ(EINVAL, agent5(PR_SET_AGENT_BUDGET_EX, (long)&ex, sizeof(ex),
				 0, 0));
}

FIXTURE(inside) {
};

FIXTURE_SETUP(inside)
{
	/* Rubbish in the arguments that the operation does not use. */
	ASSERT_EQ(0, agent5(PR_SET_AGENT_NS, 0xdeadbeef, -1, 7, 1UL << 63));
}

FIXTURE_TEARDOWN(inside)
{
}

TEST_F(inside, new_session)
{
	struct agent_ns_budget_ex ex, none = { };
	struct agent_ns_counters_uapi c;
	char id[HEX_ID + 1], tag[64];
	__u8 parent[16], zeros[16] = { };

	EXPECT_STRNE(NO_SESSION, own_id(id));
	EXPECT_EQ(0, agent(PR_GET_AGENT_PARENT_ID, parent));
	EXPECT_EQ(0, memcmp(parent, zeros, sizeof(zeros)));
	memset(tag, 0xff, sizeof(tag));
	EXPECT_EQ(0, agent(PR_GET_AGENT_INTENT_TAG, tag));
	for (size_t i = 0; i < sizeof(tag); i++)
		EXPECT_EQ(0, tag[i]);
	memset(&ex, 0xff, sizeof(ex));
	EXPECT_EQ(0, agent5(PR_GET_AGENT_BUDGET_EX, (long)&ex, sizeof(ex), 0,
			    0));
	EXPECT_EQ(0, memcmp(&ex, &none, sizeof(none)));
	/* Of this process: the fifth call, and not the one that created it. */
	EXPECT_EQ(0, counters_of(&c));
	EXPECT_EQ(5, c.total_syscalls);
	EXPECT_EQ(0, c.openat_count);
	EXPECT_EQ(0, c.write_bytes);
	EXPECT_EQ(0, c.connect_count);
	EXPECT_EQ(0, c.unlink_count);
	EXPECT_EQ(0, c.fork_count);
}

TEST_F(inside, elapsed_is_boot_time)
{
	struct agent_ns_counters_uapi a, b;
	struct timespec t0, t1;
	__u64 least, most;

	/* The clock may be the tick, where the kernel could not measure another. */
	sleep_ms(2);
	clock_gettime(CLOCK_BOOTTIME, &t0);
	EXPECT_EQ(0, counters_of(&a));
	sleep_ms(20);
	EXPECT_EQ(0, counters_of(&b));
	clock_gettime(CLOCK_BOOTTIME, &t1);
	most = (t1.tv_sec - t0.tv_sec) * 1000000000LL + t1.tv_nsec - t0.tv_nsec;
	least = 20000000;
	EXPECT_GT(a.elapsed_ns, 0);
	EXPECT_GE(b.elapsed_ns - a.elapsed_ns, least);
	EXPECT_LE(b.elapsed_ns - a.elapsed_ns, most);
}

TEST_F(inside, budgets_replace_one_another)
{
	struct agent_ns_budget_uapi budget = {
		.max_syscalls = 1UL << 41, .max_write_bytes = -1UL,
		.max_elapsed_ns = 1UL << 62, .action = AGENT_NS_ACTION_KILL,
	};
	struct agent_ns_budget_ex set = {
		.action = AGENT_NS_ACTION_TERM, .max_syscalls = 1UL << 40,
		.max_write_bytes = 1UL << 41, .max_elapsed_ns = 1UL << 61,
		.max_forks = 1UL << 42, .max_opens = 1UL << 43,
		.max_connects = 1UL << 44, .max_unlinks = 1UL << 63,
	}, got;

	EXPECT_EQ(0, agent5(PR_SET_AGENT_BUDGET_EX, (long)&set, sizeof(set), 0,
			    0));
	EXPECT_EQ(0, agent5(PR_GET_AGENT_BUDGET_EX, (long)&got, sizeof(got), 0,
			    0));
	EXPECT_EQ(0, memcmp(&set, &got, sizeof(got)));

	/* The older structure has fewer limits; the others go. */
	EXPECT_EQ(0, agent5(PR_SET_AGENT_BUDGET_LIMITS, (long)&budget, -1, -1,
			    -1));
	set = (struct agent_ns_budget_ex) {
		.action = budget.action, .max_syscalls = budget.max_syscalls,
		.max_write_bytes = budget.max_write_bytes,
		.max_elapsed_ns = budget.max_elapsed_ns,
	};
	EXPECT_EQ(0, agent5(PR_GET_AGENT_BUDGET_EX, (long)&got, sizeof(got), 0,
			    0));
	EXPECT_EQ(0, memcmp(&set, &got, sizeof(got)));
}

/* What the files of the session tell, and the seven of the older structure. */
TEST_F(inside, extended_counters)
{
	struct agent_ns_counters_ex ex;
	char home[HEX_ID + 1];
	int p[2], child;
	char byte;

	EXPECT_EQ(AGENT_NS_COUNTERS_EX_SIZE_VER0, sizeof(ex));
	own_id(home);
	ASSERT_EQ(0, pipe(p));
	child = fork();
	if (!child) {
		close(p[1]);
		if (enter_session())
			_exit(1);
		/* Until the parent closes its end. */
		_exit(read(p[0], &byte, 1));
	}
	close(p[0]);
	ASSERT_TRUE(WAIT_FOR(session_get(home, "descendants") == 1));
	EXPECT_EQ(4, write(p[1], "four", 4));
	memset(&ex, 0xff, sizeof(ex));
	ASSERT_EQ(0, agent5(PR_GET_AGENT_COUNTERS_EX, (long)&ex, sizeof(ex), 0, 0));
	EXPECT_EQ(2, ex.tasks);
	EXPECT_EQ(1, ex.descendants);
	EXPECT_EQ(0, ex.crossings);
	EXPECT_EQ(1, ex.counters.fork_count);
	EXPECT_LE(4, ex.counters.write_bytes);
	EXPECT_GE(session_get(home, "counters/total_syscalls"), ex.counters.total_syscalls);
	EXPECT_GE(session_get(home, "counters/openat_count"), ex.counters.openat_count);
	EXPECT_GE(session_get(home, "counters/cpu_ns"), ex.cpu_ns);
	EXPECT_GE(session_get(home, "counters/elapsed_ns"), ex.counters.elapsed_ns);
	EXPECT_LT(0, ex.cpu_ns);
	EXPECT_LT(0, ex.counters.elapsed_ns);
	EXPECT_EQ(0, ex.counters.connect_count);
	close(p[1]);
	EXPECT_EQ(child, waitpid(child, NULL, 0));
	EXPECT_EQ(0, session_set(home, "max_unlinks", "1"));
	EXPECT_EQ(-1, unlink("/nonexistent"));
	EXPECT_EQ(-1, unlink("/nonexistent"));
	ASSERT_EQ(0, agent5(PR_GET_AGENT_COUNTERS_EX, (long)&ex, sizeof(ex), 0, 0));
	EXPECT_EQ(1, ex.tasks);
	EXPECT_EQ(2, ex.counters.unlink_count);
	EXPECT_EQ(1, ex.crossings);
	EXPECT_TRUE(WAIT_FOR(!session_get(home, "descendants")));
}

TEST_F(inside, extended_budget_of_a_later_kernel)
{
	struct {
		struct agent_ns_budget_ex ex;
		__u8 tail[4096 - AGENT_NS_BUDGET_EX_SIZE_VER1];
	} *big = page(PROT_READ | PROT_WRITE);

	big->ex.max_opens = 12345;
	EXPECT_EQ(0, agent5(PR_SET_AGENT_BUDGET_EX, (long)big, 4096, 0, 0));
	EXPECT_EQ(0, agent5(PR_SET_AGENT_BUDGET_EX, (long)big, 97, 0, 0));
	EXPECT_EQ(0, agent5(PR_SET_AGENT_BUDGET_EX, (long)big, 96, 0, 0));

	memset(big, 0xff, sizeof(*big));
	EXPECT_EQ(0, agent5(PR_GET_AGENT_BUDGET_EX, (long)big, 4096, 0, 0));
	EXPECT_EQ(12345, big->ex.max_opens);
	for (size_t i = 0; i < sizeof(big->tail); i++)
		ASSERT_EQ(0, big->tail[i]);
	/* Behind a size that does not end on a word nothing is touched. */
	memset(big, 0xff, sizeof(*big));
	EXPECT_EQ(0, agent5(PR_GET_AGENT_BUDGET_EX, (long)big, 99, 0, 0));
	EXPECT_EQ(0, big->tail[2]);
	EXPECT_EQ(0xff, big->tail[3]);
}

/* And of an earlier one: it sets what it knows, and the rest to none. */
TEST_F(inside, extended_budget_of_an_earlier_program)
{
	struct agent_ns_budget_ex ex = {
		.max_opens = 5000, .max_tasks = 6000, .max_cpu_ns = 1UL << 40,
		.max_descendants = 7, .grace_ns = 8,
	}, got;

	EXPECT_EQ(96, sizeof(ex));
	EXPECT_EQ(0, agent5(PR_SET_AGENT_BUDGET_EX, (long)&ex, sizeof(ex), 0, 0));
	EXPECT_EQ(0, agent5(PR_GET_AGENT_BUDGET_EX, (long)&got, sizeof(got), 0, 0));
	EXPECT_EQ(0, memcmp(&ex, &got, sizeof(ex)));
	memset(&got, 0xff, sizeof(got));
	EXPECT_EQ(0, agent5(PR_GET_AGENT_BUDGET_EX, (long)&got,
			    AGENT_NS_BUDGET_EX_SIZE_VER0, 0, 0));
	EXPECT_EQ(5000, got.max_opens);
	EXPECT_EQ(-1UL, got.max_tasks);

	EXPECT_EQ(0, agent5(PR_SET_AGENT_BUDGET_EX, (long)&ex,
			    AGENT_NS_BUDGET_EX_SIZE_VER0, 0, 0));
	EXPECT_EQ(0, agent5(PR_GET_AGENT_BUDGET_EX, (long)&got, sizeof(got), 0, 0));
	EXPECT_EQ(5000, got.max_opens);
	EXPECT_EQ(0, got.max_tasks);
	EXPECT_EQ(0, got.max_cpu_ns);
	EXPECT_EQ(0, got.max_descendants);
	EXPECT_EQ(0, got.grace_ns);
}

TEST_HARNESS_MAIN
