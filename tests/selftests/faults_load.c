// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
// timeout: 400
// leaks: no
// thorough: yes
/*
 * The module's beginning fails at its first fallible step, at its second, and
 * so on until it is there: none of its files is left, no hook is its own any
 * more, and it can be loaded. What the kernel does before that for a module of
 * any kind is left out: ftrace takes offence, and is off from then on.
 *
 * Nobody looks for leaks: where sysfs has no place for a cache, Linux 6.12 keeps
 * the cache's name.
 */
#include "agentns-faults.h"
#include "agentns-module.h"

/* More than loading it has. */
#define LOAD_MAX	100000

struct attempt {
	int err;
	bool hit;
	int left;		/* steps of @n that were not taken */
};

static void try_to_load(int n, const char *parameters, struct attempt *a)
{
	int file = open(module_path, O_RDONLY | O_CLOEXEC), fd = arm(n);
	char text[16] = "";

	if (file < 0 || fd < 0)
		_exit(1);
	a->err = ERR(syscall(SYS_finit_module, file, parameters, 0));
	if (pread(fd, text, sizeof(text) - 1, 0) > 0)
		a->left = atoi(text);
	a->hit = disarm(fd);
	_exit(0);
}

static int load_failing(int n, const char *parameters, struct attempt *a)
{
	pid_t pid;

	memset(a, 0, sizeof(*a));
	pid = fork();
	if (!pid)
		try_to_load(n, parameters, a);
	return reap(pid);
}

/* To where its parameters are read, the last thing but files before it begins. */
static int steps_before(struct attempt *a)
{
	if (load_failing(LOAD_MAX, "enabled=rubbish", a) || a->err != EINVAL)
		return -1;
	return LOAD_MAX - a->left;
}

static const char *const places[] = {
	"/sys/module/agentns", "/sys/kernel/agentns", "/proc/agent_sessions",
	"/proc/self/agent_session", "/proc/sys/kernel/agent_ns",
	"/sys/kernel/tracing/events/agent_ns",
};

/* The first of its files that is there, or is not; "" for none. */
static const char *place_that_is(bool there)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (!access(places[i], F_OK) == there)
			return places[i];
	return "";
}

FIXTURE(load) {
};

FIXTURE_SETUP(load)
{
	if (access(NTH, W_OK))
		SKIP_FIXTURE("this kernel has no " NTH);
	ASSERT_EQ(0, find_module());
	fail_all_kinds();
	ASSERT_TRUE(loaded());
	EXPECT_STREQ("", place_that_is(false));
	ASSERT_EQ(0, unload_soon());
}

FIXTURE_TEARDOWN(load)
{
	if (!loaded()) {
		EXPECT_EQ(0, load());
	}
	EXPECT_STREQ("", place_that_is(false));
}

TEST_F_TIMEOUT(load, comes_out_clean, 390)
{
	struct attempt *a = shared(sizeof(*a));
	int before = steps_before(a), n = before, failed = 0;
	char buffer[128];

	ASSERT_LE(0, before);
	do {
		n++;
		ASSERT_EQ(0, load_failing(n, "", a));
		ASSERT_TRUE(!a->err || a->err == ENOMEM) {
			TH_LOG("failure %d, error %d", n, a->err);
		}
		failed += !!a->err;
		EXPECT_EQ(!a->err, loaded());
		if (!a->err) {
			/* What did without may have left a file out. */
			ASSERT_EQ(0, unload_soon());
		}
		ASSERT_STREQ("", place_that_is(true)) {
			TH_LOG("failure %d, error %d", n, a->err);
		}
		ASSERT_EQ(EINVAL, agent(PR_GET_AGENT_SESSION_ID, buffer));
	} while (a->hit && n < LOAD_MAX);
	EXPECT_FALSE(a->hit);
	EXPECT_EQ(0, a->err);
	EXPECT_LT(0, failed);
	TH_LOG("%d failures, %d of them passed on, behind %d steps",
	       n - 1 - before, failed, before);
}

TEST_HARNESS_MAIN
