/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of docs/hostility.md share: agents that try something in a
 * session, as each of those who might.
 */
#ifndef AGENTNS_HOSTILE_H
#define AGENTNS_HOSTILE_H

#include <linux/capability.h>
#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "agentns-test.h"

#define TRIES	24

/* In memory that the agent, its children and the test share. */
struct trial {
	volatile int ready, go, done;
	volatile int err[TRIES];
	volatile int tried;
	volatile __u64 value[TRIES];
	pid_t pid[4];
	char id[HEX_ID + 1];		/* the agent's session */
	char seen[HEX_ID + 1];		/* where it finds itself afterwards */
	char path[256];
};

static struct trial *trial;

static inline void trial_new(void)
{
	trial = shared(sizeof(*trial));
	umask(0);
	/* For users who are not root, too. */
	chmod(".", 0777);
}

static inline void tried(int err)
{
	trial->err[trial->tried++] = err;
}

/* In no session, whatever it does. */
static inline int drop_capabilities(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct none[2] = { };

	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	return ERR(syscall(SYS_capset, &h, none));
}

static inline int become_user(void)
{
	int err = ERR(setgid(NOBODY)) ?: ERR(setuid(NOBODY));

	/* As one who has logged in. */
	return err ?: ERR(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

/* An ordinary user. */
static inline int as_user(int (*fn)(void))
{
	return become_user() ? 200 : fn();
}

/*
 * Root of a container: all capabilities in its namespaces, of which it is the
 * init, with a /proc of its own; outside of them the ordinary user.
 */
static inline int as_container(int (*fn)(void))
{
	char map[32];
	pid_t pid;

	if (become_user() ||
	    unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC |
		    CLONE_NEWUTS | CLONE_NEWNET))
		return 201;
	sprintf(map, "0 %d 1", NOBODY);
	if (write_file("/proc/self/uid_map", map) ||
	    write_file("/proc/self/setgroups", "deny") ||
	    write_file("/proc/self/gid_map", map))
		return 202;
	pid = fork();
	if (pid)
		return pid < 0 ? 203 : reap(pid) % 256;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "/proc", "proc", 0, NULL))
		_exit(204);
	_exit(fn());
}

/* Root of one without a user namespace: the machine's user 0, and no more. */
static inline int as_bare_root(int (*fn)(void))
{
	return drop_capabilities() ? 205 : fn();
}

#define WHO	int (*become)(int (*fn)(void))

#define EACH_WHO(fixture)						\
	FIXTURE_VARIANT_ADD(fixture, user) { .become = as_user };	\
	FIXTURE_VARIANT_ADD(fixture, container) {			\
		.become = as_container };				\
	FIXTURE_VARIANT_ADD(fixture, bare_root) {			\
		.become = as_bare_root }

/*
 * An agent in a session of its own: root does @prepare in it, and what it has
 * become then does @fn.
 */
static inline pid_t agent_begin(int (*become)(int (*fn)(void)),
				int (*prepare)(void), int (*fn)(void))
{
	pid_t pid;

	trial->tried = 0;
	pid = fork();
	if (pid)
		return pid;
	if (enter_session())
		_exit(206);
	own_id(trial->id);
	if (prepare && prepare())
		_exit(207);
	_exit(become(fn));
}

/* To its end: 0 where it could do all it was told to. */
static inline int agent_does(int (*become)(int (*fn)(void)),
			     int (*prepare)(void), int (*fn)(void))
{
	return reap(agent_begin(become, prepare, fn));
}

/* What an agent does for a core dump of a child. */
static inline int dump_core(void)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	/* Not this process, which in a container is its init. */
	if (fork()) {
		wait(NULL);
		return 0;
	}
	setrlimit(RLIMIT_CORE, &all);
	abort();
}

/* Each of @n tries, from the first on, came to that. */
#define EXPECT_TRIES(n, wanted) do {					\
	EXPECT_EQ(n, trial->tried);					\
	for (int _i = 0; _i < (n); _i++) {				\
		EXPECT_EQ(wanted, trial->err[_i]) {			\
			TH_LOG("try %d", _i);				\
		}							\
	}								\
} while (0)

#endif /* AGENTNS_HOSTILE_H */
