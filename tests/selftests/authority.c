// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/* Who may create sessions and change budgets, and how deep sessions nest. */
#include <linux/capability.h>

#include "agentns-test.h"

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

/* In a session with a limit on everything, an ordinary user. */
FIXTURE(tighten) {
	struct agent_ns_budget_ex start;
};

FIXTURE_SETUP(tighten)
{
	self->start = (struct agent_ns_budget_ex) {
		.action = AGENT_NS_ACTION_TERM, .max_syscalls = 1000000,
		.max_write_bytes = 1000000, .max_elapsed_ns = 3600000000000,
		.max_forks = 1000000, .max_opens = 1000000,
	};
	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, set_ex(self->start));
	ASSERT_EQ(0, become_nobody());
}

FIXTURE_TEARDOWN(tighten)
{
}

TEST_F(tighten, each_limit_down_and_not_up)
{
	struct agent_ns_budget_ex ex = self->start, got;
	static const size_t limits[] = {
		offsetof(struct agent_ns_budget_ex, max_syscalls),
		offsetof(struct agent_ns_budget_ex, max_write_bytes),
		offsetof(struct agent_ns_budget_ex, max_elapsed_ns),
		offsetof(struct agent_ns_budget_ex, max_forks),
		offsetof(struct agent_ns_budget_ex, max_opens),
	};

	EXPECT_EQ(0, set_ex(ex));	/* no change is not loosening */
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		__u64 *limit = (void *)&ex + limits[i];

		*limit += 1;
		EXPECT_EQ(EPERM, set_ex(ex));
		*limit = -1UL;
		EXPECT_EQ(EPERM, set_ex(ex));
		*limit = 0;
		EXPECT_EQ(EPERM, set_ex(ex));
		*limit = *(__u64 *)((void *)&self->start + limits[i]) - 1;
		EXPECT_EQ(0, set_ex(ex));
		got = get_ex();
		EXPECT_EQ(0, memcmp(&ex, &got, sizeof(ex)));
	}
	ex.max_connects = 5;		/* there was none */
	EXPECT_EQ(0, set_ex(ex));
	ex.max_connects = 6;
	EXPECT_EQ(EPERM, set_ex(ex));
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

	/* It would take the limits on forks and opens away. */
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
