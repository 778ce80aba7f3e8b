// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/* Who may create sessions and change budgets, and how deep sessions nest. */
#include <linux/capability.h>

#include "agentns-limits.h"

static int become_nobody(void)
{
	return ERR(syscall(SYS_setresgid, NOBODY, NOBODY, NOBODY)) ?:
	       ERR(syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY));
}

static struct agent_ns_budget_ex get_ex(void)
{
	struct agent_ns_budget_ex ex;

	memset(&ex, 0xff, sizeof(ex));
	agent5(PR_GET_AGENT_BUDGET_EX, (long)&ex, sizeof(ex), 0, 0);
	return ex;
}

static int create_as_nobody(void *arg)
{
	int ret = become_nobody();

	return ret ?: enter_session();
}

/* Root inside of a user namespace is nobody outside. */
static int create_as_namespace_root(void *arg)
{
	if (unshare(CLONE_NEWUSER))
		return 200;
	return enter_session();
}

static int nest_as_nobody(void *arg)
{
	char a[HEX_ID + 1], b[HEX_ID + 1];
	int ret = enter_session() ?: become_nobody();

	if (ret)
		return 200;
	own_id(a);
	ret = enter_session();
	own_id(b);
	return ret ?: strcmp(a, b) ? 0 : 201;
}

TEST(creating_takes_a_capability)
{
	EXPECT_EQ(EPERM, in_child(create_as_nobody, NULL));
	EXPECT_EQ(EPERM, in_child(create_as_namespace_root, NULL));
	EXPECT_EQ(0, in_child(nest_as_nobody, NULL));
}

TEST(refused_creation_leaves_the_caller_outside)
{
	char id[HEX_ID + 1];

	ASSERT_EQ(0, become_nobody());
	EXPECT_EQ(EPERM, enter_session());
	EXPECT_STREQ(NO_SESSION, own_id(id));
}

FIXTURE(sysctls) {
};

FIXTURE_SETUP(sysctls)
{
}

FIXTURE_TEARDOWN(sysctls)
{
	EXPECT_EQ(0, sysctl_set("unprivileged", "0"));
	EXPECT_EQ(0, sysctl_set("enabled", "1"));
}

TEST_F(sysctls, unprivileged)
{
	char text[16];

	EXPECT_EQ(0, read_file(text, sizeof(text), SYSCTL "unprivileged"));
	EXPECT_STREQ("0", text);
	ASSERT_EQ(0, sysctl_set("unprivileged", "1"));
	EXPECT_EQ(0, in_child(create_as_nobody, NULL));
	EXPECT_EQ(0, in_child(create_as_namespace_root, NULL));
	ASSERT_EQ(0, sysctl_set("unprivileged", "0"));
	EXPECT_EQ(EPERM, in_child(create_as_nobody, NULL));
}

TEST_F(sysctls, disabled)
{
	ASSERT_EQ(0, sysctl_set("enabled", "0"));
	EXPECT_EQ(ENOSYS, enter_session());
	EXPECT_EQ(ENOSYS, in_child(create_as_nobody, NULL));
	ASSERT_EQ(0, sysctl_set("enabled", "1"));
	EXPECT_EQ(0, enter_session());
	ASSERT_EQ(0, sysctl_set("enabled", "0"));
	EXPECT_EQ(ENOSYS, enter_session());
}

TEST_F(sysctls, values)
{
	static const char *const bad[] = { "2", "-1", "x", "99999999999" };
	static const char *const names[] = { "enabled", "unprivileged" };
	char path[64], before[16], text[32];

	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		snprintf(path, sizeof(path), SYSCTL "%s", names[n]);
		ASSERT_EQ(0, read_file(before, sizeof(before), "%s", path));
		for (size_t b = 0; b < ARRAY_SIZE(bad); b++) {
			EXPECT_EQ(EINVAL, write_file(path, bad[b]));
			EXPECT_EQ(0, read_file(text, sizeof(text), "%s", path));
			EXPECT_STREQ(before, text);
		}
	}
	EXPECT_EQ(0, read_file(text, sizeof(text), SYSCTL "max_lifetime"));
	EXPECT_STREQ("86400", text);
	EXPECT_EQ(EINVAL, sysctl_set("max_lifetime", "-1"));
	EXPECT_EQ(EINVAL, sysctl_set("max_lifetime", "day"));
	EXPECT_EQ(0, read_file(text, sizeof(text), SYSCTL "max_lifetime"));
	EXPECT_STREQ("86400", text);
}

TEST(sysctls_are_roots_to_write)
{
	ASSERT_EQ(0, become_nobody());
	EXPECT_EQ(EACCES, sysctl_set("enabled", "0"));
	EXPECT_EQ(EACCES, sysctl_set("unprivileged", "1"));
	EXPECT_EQ(EACCES, sysctl_set("max_lifetime", "0"));
}

TEST(depth)
{
	char text[16], path[256], id[HEX_ID + 1], before[HEX_ID + 1];

	for (int depth = 1; depth <= AGENT_NS_DEPTH_MAX; depth++) {
		ASSERT_EQ(0, enter_session());
		ASSERT_EQ(0, read_file(text, sizeof(text), "%s",
				       session_path(path, own_id(id),
						    "depth")));
		ASSERT_EQ(depth, atoi(text));
	}
	own_id(before);
	EXPECT_EQ(ENOSPC, enter_session());
	EXPECT_EQ(ENOSPC, enter_session());
	EXPECT_STREQ(before, own_id(id));
}

TEST(a_deep_session_is_counted_at_the_top)
{
	struct agent_ns_counters_uapi c;
	char top[HEX_ID + 1];

	ASSERT_EQ(0, enter_session());
	own_id(top);			/* the first call of the session */
	for (int depth = 2; depth <= AGENT_NS_DEPTH_MAX; depth++)
		ASSERT_EQ(0, enter_session());	/* 31 more */
	syscall(SYS_unlink, "/nonexistent");
	ASSERT_EQ(0, counters_of(&c));
	EXPECT_EQ(2, c.total_syscalls);
	EXPECT_EQ(1, c.unlink_count);
	/* And at the top this one's open and read. */
	EXPECT_EQ(1 + 31 + 2 + 2, session_get(top, "counters/total_syscalls"));
	EXPECT_EQ(1, session_get(top, "counters/unlink_count"));
}

/* So much of anything is reached by no test here. */
#define MUCH		3600000000000ULL

/* In a session with a limit on everything, an ordinary user. */
FIXTURE(tighten) {
	struct agent_ns_budget_ex start;
};

FIXTURE_SETUP(tighten)
{
	self->start = (struct agent_ns_budget_ex) {
		.action = AGENT_NS_ACTION_TERM,
	};
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		*limit_of(&self->start, limits[i]) = MUCH + i;
	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, set_ex(self->start));
	ASSERT_EQ(0, become_nobody());
}

FIXTURE_TEARDOWN(tighten)
{
}

/* Whatever is given up for it: each limit is asked about by itself. */
TEST_F(tighten, one_is_no_price_for_another)
{
	struct agent_ns_budget_ex ex, got;

	EXPECT_EQ(0, set_ex(self->start));	/* no change is not loosening */
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		ex = self->start;
		ex.action = AGENT_NS_ACTION_KILL;
		for (size_t k = 0; k < ARRAY_SIZE(limits); k++)
			*limit_of(&ex, limits[k]) -= 1000;
		*limit_of(&ex, limits[i]) += 1001;
		EXPECT_EQ(EPERM, set_ex(ex)) TH_LOG("limit %zu", i);
		*limit_of(&ex, limits[i]) = 0;
		EXPECT_EQ(EPERM, set_ex(ex)) TH_LOG("limit %zu", i);
	}
	got = get_ex();
	EXPECT_EQ(0, memcmp(&self->start, &got, sizeof(got)));
}

TEST_F(tighten, actions)
{
	struct agent_ns_budget_ex ex = self->start, got;

	ex.action = AGENT_NS_ACTION_LOG;
	EXPECT_EQ(EPERM, set_ex(ex));
	ex.action = AGENT_NS_ACTION_KILL;
	EXPECT_EQ(0, set_ex(ex));
	ex.action = AGENT_NS_ACTION_TERM;
	EXPECT_EQ(EPERM, set_ex(ex));
	got = get_ex();
	EXPECT_EQ(AGENT_NS_ACTION_KILL, got.action);
}

TEST_F(tighten, the_older_structure_would_loosen)
{
	struct agent_ns_budget_uapi budget = {
		.max_syscalls = 10000, .max_write_bytes = 10000,
		.max_elapsed_ns = 1800000000000, .action = AGENT_NS_ACTION_KILL,
	};
	struct agent_ns_budget_ex got;

	/* It would take the limits away that it lacks. */
	EXPECT_EQ(EPERM, agent(PR_SET_AGENT_BUDGET_LIMITS, &budget));
	got = get_ex();
	EXPECT_EQ(0, memcmp(&self->start, &got, sizeof(got)));
}

/* They replace the grace as well, by none. */
TEST(the_older_structures_would_take_the_grace_away)
{
	struct agent_ns_budget_uapi budget = {
		.max_syscalls = 1000000, .action = AGENT_NS_ACTION_TERM,
	};
	struct agent_ns_budget_ex ex = {
		.grace_ns = 5000000000, .action = AGENT_NS_ACTION_TERM,
	};

	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, set_ex(ex));
	ASSERT_EQ(0, become_nobody());
	EXPECT_EQ(EPERM, agent(PR_SET_AGENT_BUDGET_LIMITS, &budget));
	EXPECT_EQ(EPERM, ERR(prctl(PR_SET_AGENT_BUDGET_EX, &ex,
				   AGENT_NS_BUDGET_EX_SIZE_VER0, 0, 0)));
	EXPECT_EQ(5000000000, get_ex().grace_ns);
	/* Not when a kill replaces it. */
	budget.action = AGENT_NS_ACTION_KILL;
	EXPECT_EQ(0, agent(PR_SET_AGENT_BUDGET_LIMITS, &budget));
}

TEST_F(tighten, namespace_root_is_nobody)
{
	struct agent_ns_budget_ex ex = self->start;

	ASSERT_EQ(0, unshare(CLONE_NEWUSER));
	ex.max_syscalls++;
	EXPECT_EQ(EPERM, set_ex(ex));
}

TEST_F(tighten, a_nested_session_starts_without_limits)
{
	struct agent_ns_budget_ex got, none = { };

	ASSERT_EQ(0, enter_session());
	got = get_ex();
	EXPECT_EQ(0, memcmp(&none, &got, sizeof(got)));
}

/* In a session with one limit, of each kind in turn; root until it says so. */
FIXTURE(limit) {
	struct agent_ns_budget_ex ex;
	__u64 *value;
	char id[HEX_ID + 1];
};

FIXTURE_VARIANT(limit) {
	const char *file;
	size_t offset;
};

#define LIMIT(name)							\
	FIXTURE_VARIANT_ADD(limit, name) {				\
		.file = #name,						\
		.offset = offsetof(struct agent_ns_budget_ex, name),	\
	}

LIMIT(max_syscalls);
LIMIT(max_write_bytes);
LIMIT(max_elapsed_ns);
LIMIT(max_forks);
LIMIT(max_opens);
LIMIT(max_connects);
LIMIT(max_unlinks);
LIMIT(max_tasks);
LIMIT(max_cpu_ns);
LIMIT(max_descendants);

FIXTURE_SETUP(limit)
{
	self->ex.action = AGENT_NS_ACTION_TERM;
	self->value = limit_of(&self->ex, variant->offset);
	*self->value = MUCH;
	ASSERT_EQ(0, enter_session());
	own_id(self->id);
	ASSERT_EQ(0, set_ex(self->ex));
}

FIXTURE_TEARDOWN(limit)
{
}

/* With that limit; 0 is none. And what is in force behind the call. */
#define SET(err, limit, then) do {					\
	struct agent_ns_budget_ex _got;					\
									\
	*self->value = limit;						\
	EXPECT_EQ(err, set_ex(self->ex));				\
	*self->value = then;						\
	_got = get_ex();						\
	EXPECT_EQ(0, memcmp(&self->ex, &_got, sizeof(_got)));		\
} while (0)

TEST_F(limit, down_and_not_up)
{
	ASSERT_EQ(0, become_nobody());
	SET(EPERM, MUCH + 1, MUCH);
	SET(EPERM, ~0ULL, MUCH);
	SET(EPERM, 0, MUCH);
	SET(0, MUCH, MUCH);
	SET(0, MUCH - 1, MUCH - 1);
	SET(EPERM, MUCH, MUCH - 1);
	SET(0, MUCH / 2, MUCH / 2);
	SET(EPERM, 0, MUCH / 2);
}

/* Any limit is tighter than none, and then it binds. */
TEST_F(limit, where_there_was_none)
{
	SET(0, 0, 0);
	ASSERT_EQ(0, become_nobody());
	SET(0, ~0ULL, ~0ULL);
	SET(EPERM, 0, ~0ULL);
	SET(0, MUCH, MUCH);
	SET(EPERM, MUCH + 1, MUCH);
}

TEST_F(limit, root_may_loosen)
{
	SET(0, MUCH + 1, MUCH + 1);
	SET(0, ~0ULL, ~0ULL);
	SET(0, 0, 0);
	EXPECT_EQ(0, session_set(self->id, variant->file, "5000000000000"));
	EXPECT_EQ(0, session_set(self->id, variant->file, "5000000000001"));
	EXPECT_EQ(0, session_set(self->id, variant->file, "max"));
	EXPECT_EQ(0, session_get(self->id, variant->file));
}

/* By neither way, while it may still tighten by both. */
TEST_F(limit, root_in_a_sealed_session_may_not)
{
	ASSERT_EQ(0, agent5(PR_SEAL_AGENT_NS, 0, 0, 0, 0));
	SET(EPERM, MUCH + 1, MUCH);
	SET(EPERM, 0, MUCH);
	EXPECT_EQ(EPERM, session_set(self->id, variant->file, "3600000000001"));
	EXPECT_EQ(EPERM, session_set(self->id, variant->file, "max"));
	EXPECT_EQ(MUCH, session_get(self->id, variant->file));
	EXPECT_EQ(0, session_set(self->id, variant->file, "3600000000000"));
	EXPECT_EQ(0, session_set(self->id, variant->file, "3599999999999"));
	EXPECT_EQ(EPERM, session_set(self->id, variant->file, "3600000000000"));
	SET(0, MUCH - 2, MUCH - 2);
	SET(EPERM, MUCH - 1, MUCH - 2);
}

TEST(root_may_loosen)
{
	struct agent_ns_budget_ex ex = {
		.max_syscalls = 1000, .action = AGENT_NS_ACTION_KILL,
	}, none = { }, got;

	ASSERT_EQ(0, enter_session());
	EXPECT_EQ(0, set_ex(ex));
	ex.max_syscalls = 2000;
	ex.action = AGENT_NS_ACTION_LOG;
	EXPECT_EQ(0, set_ex(ex));
	EXPECT_EQ(0, set_ex(none));
	got = get_ex();
	EXPECT_EQ(0, memcmp(&none, &got, sizeof(got)));
}

TEST_HARNESS_MAIN
