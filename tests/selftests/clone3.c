// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/* clone3 with CLONE_NEWAGENT: children that are born in sessions of their own. */
#include <linux/sched.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/ptrace.h>

#include "agentns-test.h"

/* Upstream's, in the series that have it; earlier work took that bit for ours. */
#define AUTOREAP	0x400000000ULL

#define TRACING		"/sys/kernel/tracing/"
#define INSTANCE	TRACING "instances/agentns-clone3/"

/* Without a call: a child that shares the stack must not return from one. */
static inline __attribute__((always_inline))
pid_t clone3(struct clone_args *args)
{
	long ret = SYS_clone3;

	asm volatile("syscall" : "+a"(ret)
		     : "D"(args), "S"(sizeof(*args))
		     : "rcx", "r11", "memory");
	if (ret < 0) {
		errno = -ret;
		return -1;
	}
	return ret;
}

struct born {
	char id[HEX_ID + 1], parent[HEX_ID + 1];
	pid_t pid;
};

/* The first thing that the child does is to ask who it is. */
static void look(struct born *b)
{
	__u8 id[AGENT_NS_ID_BYTES];

	own_id(b->id);
	if (!agent(PR_GET_AGENT_PARENT_ID, id))
		hex_id(id, b->parent);
	b->pid = getpid();
}

static int bear(struct born *b, __u64 flags)
{
	struct clone_args args = {
		.flags = flags, .exit_signal = SIGCHLD,
	};
	pid_t pid = clone3(&args);

	if (!pid) {
		look(b);
		_exit(0);
	}
	return pid < 0 ? errno : reap(pid);
}

FIXTURE(newagent) {
	struct born *born;
	char own[HEX_ID + 1];
};

FIXTURE_VARIANT(newagent) {
	__u64 with;
	bool inside;
};

#define VARIANT(name, flags)						\
	FIXTURE_VARIANT_ADD(newagent, name) { .with = flags };		\
	FIXTURE_VARIANT_ADD(newagent, name##_nested) {			\
		.with = flags, .inside = true }

VARIANT(alone, 0);
VARIANT(mnt, CLONE_NEWNS);
VARIANT(uts, CLONE_NEWUTS);
VARIANT(ipc, CLONE_NEWIPC);
VARIANT(user, CLONE_NEWUSER);
VARIANT(pid, CLONE_NEWPID);
VARIANT(net, CLONE_NEWNET);
VARIANT(cgroup, CLONE_NEWCGROUP);
VARIANT(time, CLONE_NEWTIME);
VARIANT(all, CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
	     CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWTIME);
VARIANT(vfork, CLONE_VM | CLONE_VFORK);
VARIANT(files, CLONE_FILES | CLONE_FS);
VARIANT(handlers, CLONE_CLEAR_SIGHAND);

FIXTURE_SETUP(newagent)
{
	self->born = shared(sizeof(*self->born));
	ASSERT_NE(NULL, self->born);
	if (variant->inside)
		ASSERT_EQ(0, enter_session());
	own_id(self->own);
}

FIXTURE_TEARDOWN(newagent)
{
}

TEST_F(newagent, born_inside)
{
	char after[HEX_ID + 1];

	ASSERT_EQ(0, bear(self->born, CLONE_NEWAGENT | variant->with));
	EXPECT_STRNE(NO_SESSION, self->born->id);
	EXPECT_STRNE(self->own, self->born->id);
	EXPECT_STREQ(self->own, self->born->parent);
	/* Who made it stays where it was. */
	EXPECT_STREQ(self->own, own_id(after));
}

/* A tracee's child is stopped before it has run: the tracer looks at it then. */
TEST(id_is_there_before_the_first_instruction)
{
	struct clone_args args = {
		.flags = CLONE_NEWAGENT | CLONE_PTRACE, .exit_signal = SIGCHLD,
	};
	pid_t tracee, child;
	char id[HEX_ID + 1];
	int status;

	tracee = fork();
	if (!tracee) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		clone3(&args);
		_exit(0);
	}
	ASSERT_EQ(tracee, waitpid(tracee, &status, 0));
	ASSERT_TRUE(WIFSTOPPED(status));
	ASSERT_EQ(0, ERR(ptrace(PTRACE_CONT, tracee, 0, 0)));
	do {
		child = waitpid(-1, &status, __WALL);
	} while (child == tracee);
	ASSERT_LT(0, child);
	ASSERT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(0, read_file(id, sizeof(id), "/proc/%d/agent_session",
			       child));
	EXPECT_STRNE(NO_SESSION, id);
	kill(child, SIGKILL);
	kill(tracee, SIGKILL);
}

TEST(forks_are_the_parents_and_calls_the_childs)
{
	struct agent_ns_counters_uapi before, after;
	struct clone_args args = {
		.flags = CLONE_NEWAGENT, .exit_signal = SIGCHLD,
	};
	struct agent_ns_counters_uapi *child = shared(sizeof(*child));
	pid_t pid;

	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, counters_of(&before));
	pid = clone3(&args);
	if (!pid) {
		counters_of(child);
		_exit(0);
	}
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(0, counters_of(&after));
	EXPECT_EQ(1, after.fork_count - before.fork_count);
	EXPECT_EQ(0, child->fork_count);
	EXPECT_EQ(1, child->total_syscalls);
	/* The clone, the wait, this; the child's two. */
	EXPECT_EQ(5, after.total_syscalls - before.total_syscalls);
}

TEST(with_pidfd_and_into_cgroup)
{
	int pidfd = -1, cgroup = -1;
	struct clone_args args = {
		.flags = CLONE_NEWAGENT | CLONE_PIDFD,
		.exit_signal = SIGCHLD, .pidfd = (unsigned long)&pidfd,
	};
	char text[512] = "";
	struct pollfd p;
	pid_t pid;

	/* As root of the test's machine, whose root is read-only. */
	ASSERT_EQ(0, ERR(unshare(CLONE_NEWNS)));
	ASSERT_EQ(0, ERR(mkdir("cg", 0700)) & ~EEXIST);
	ASSERT_EQ(0, ERR(mount("none", "cg", "cgroup2", 0, NULL)));
	ASSERT_EQ(0, ERR(mkdir("cg/agentns-clone3", 0700)) & ~EEXIST);
	cgroup = open("cg/agentns-clone3", O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, cgroup);
	args.flags |= CLONE_INTO_CGROUP;
	args.cgroup = cgroup;

	pid = clone3(&args);
	if (!pid) {
		pause();
		_exit(0);
	}
	ASSERT_LT(0, pid);
	EXPECT_LE(0, pidfd);
	EXPECT_EQ(0, read_file(text, sizeof(text), "/proc/%d/cgroup", pid));
	EXPECT_NE(NULL, strstr(text, "agentns-clone3"));
	EXPECT_EQ(0, read_file(text, sizeof(text), "/proc/%d/agent_session",
			       pid));
	EXPECT_STRNE(NO_SESSION, text);
	kill(pid, SIGKILL);
	p = (struct pollfd){ .fd = pidfd, .events = POLLIN };
	EXPECT_EQ(1, poll(&p, 1, 5000));
	EXPECT_EQ(KILLED, reap(pid));
	rmdir("cg/agentns-clone3");
	umount("cg");
}

TEST(threads_are_refused)
{
	struct clone_args args = {
		.flags = CLONE_NEWAGENT | CLONE_THREAD | CLONE_SIGHAND |
			 CLONE_VM,
	};

	EXPECT_EQ(EINVAL, ERR(clone3(&args)));
}

static int as_nobody(void *arg)
{
	struct born *b = arg;

	return ERR(syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY)) ?:
	       bear(b, CLONE_NEWAGENT);
}

static int as_root_of_a_new_user_namespace(void *arg)
{
	/* The right is asked of who calls, not of who is born. */
	return ERR(syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY)) ?:
	       bear(arg, CLONE_NEWAGENT | CLONE_NEWUSER);
}

static int nested_as_nobody(void *arg)
{
	return enter_session() ?: as_nobody(arg);
}

TEST(right_is_that_of_prctl)
{
	struct born *b = shared(sizeof(*b));

	EXPECT_EQ(EPERM, in_child(as_nobody, b));
	EXPECT_EQ(EPERM, in_child(as_root_of_a_new_user_namespace, b));
	EXPECT_EQ(0, in_child(nested_as_nobody, b));
	ASSERT_EQ(0, sysctl_set("unprivileged", "1"));
	EXPECT_EQ(0, in_child(as_nobody, b));
	EXPECT_EQ(0, sysctl_set("unprivileged", "0"));
	ASSERT_EQ(0, sysctl_set("enabled", "0"));
	EXPECT_EQ(ENOSYS, bear(b, CLONE_NEWAGENT));
	EXPECT_EQ(0, sysctl_set("enabled", "1"));
}

TEST(depth)
{
	struct born *b = shared(sizeof(*b));

	for (int i = 0; i < AGENT_NS_DEPTH_MAX; i++)
		ASSERT_EQ(0, enter_session());
	EXPECT_EQ(ENOSPC, bear(b, CLONE_NEWAGENT));
}

TEST(failure_leaves_nothing)
{
	static pid_t absurd[] = { 1 };
	struct clone_args pidfd = {
		.flags = CLONE_NEWAGENT | CLONE_PIDFD, .exit_signal = SIGCHLD,
		.pidfd = 8,
	};
	struct clone_args tid = {
		.flags = CLONE_NEWAGENT, .exit_signal = SIGCHLD,
		.set_tid = (unsigned long)absurd, .set_tid_size = 1,
	};
	struct clone_args cgroup = {
		.flags = CLONE_NEWAGENT | CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD, .cgroup = 0,
	};
	static char text[65536];
	pid_t pid;

	/* The end of an earlier one would be in the trace. */
	ASSERT_TRUE(WAIT_FOR(!sessions_live()));
	rmdir(INSTANCE);
	ASSERT_EQ(0, ERR(mkdir(INSTANCE, 0700)));
	ASSERT_EQ(0, write_file(INSTANCE "events/agent_ns/enable", "1"));
	EXPECT_EQ(EFAULT, ERR(clone3(&pidfd)));
	EXPECT_EQ(EEXIST, ERR(clone3(&tid)));
	EXPECT_NE(0, ERR(clone3(&cgroup)));
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
	EXPECT_EQ(0, read_file(text, sizeof(text), INSTANCE "trace"));
	EXPECT_EQ(NULL, strstr(text, "agent_session_"));

	/* And the same look finds the one that succeeds. */
	cgroup.flags = CLONE_NEWAGENT;
	pid = clone3(&cgroup);
	if (!pid)
		_exit(0);
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(0, read_file(text, sizeof(text), INSTANCE "trace"));
	EXPECT_NE(NULL, strstr(text, "agent_session_start: sid="));
	EXPECT_EQ(0, write_file(INSTANCE "events/agent_ns/enable", "0"));
	EXPECT_EQ(0, ERR(rmdir(INSTANCE)));
}

TEST(start_event_names_the_child)
{
	struct born *b = shared(sizeof(*b));
	static char text[65536];
	char want[64];

	rmdir(INSTANCE);
	ASSERT_EQ(0, ERR(mkdir(INSTANCE, 0700)));
	ASSERT_EQ(0, write_file(INSTANCE "events/agent_ns/enable", "1"));
	ASSERT_EQ(0, bear(b, CLONE_NEWAGENT));
	EXPECT_EQ(0, read_file(text, sizeof(text), INSTANCE "trace"));
	sprintf(want, "sid=%s", b->id);
	EXPECT_NE(NULL, strstr(text, want));
	sprintf(want, "root_pid=%d ", b->pid);
	EXPECT_NE(NULL, strstr(text, want));
	EXPECT_EQ(0, write_file(INSTANCE "events/agent_ns/enable", "0"));
	EXPECT_EQ(0, ERR(rmdir(INSTANCE)));
}

static int in_no_session(void)
{
	char id[HEX_ID + 1];

	return strcmp(own_id(id), NO_SESSION) ? 1 : 0;
}

/* Every bit that clone(2) and unshare(2) can be given, one at a time. */
TEST(clone_and_unshare_never_do)
{
	ASSERT_TRUE(WAIT_FOR(!sessions_live()));
	for (int bit = 0; bit < 64; bit++) {
		unsigned long flag = 1UL << bit;
		pid_t pid;

		/* Those that need a stack or a thread are not for here. */
		if (flag & (CLONE_VM | CLONE_SIGHAND | CLONE_THREAD |
			    CLONE_PARENT | CLONE_SETTLS | CLONE_PTRACE |
			    CLONE_UNTRACED | 0xff))
			continue;
		pid = syscall(SYS_clone, flag | SIGCHLD, 0, 0, 0, 0);
		if (!pid)
			_exit(in_no_session());
		if (pid > 0)
			EXPECT_EQ(0, reap(pid)) {
				TH_LOG("clone of bit %d", bit);
			}
		pid = fork();
		if (!pid) {
			syscall(SYS_unshare, flag);
			_exit(in_no_session());
		}
		EXPECT_EQ(0, reap(pid)) {
			TH_LOG("unshare of bit %d", bit);
		}
	}
	EXPECT_EQ(EINVAL, ERR(syscall(SYS_unshare, (unsigned long)CLONE_NEWAGENT)));
	EXPECT_EQ(EINVAL, ERR(syscall(SYS_unshare, (unsigned long)AGENT_NS)));
	EXPECT_EQ(0, sessions_live());
}

/* 0x400000000 is upstream's where upstream has it, and nobody's elsewhere. */
TEST(autoreap_is_upstreams)
{
	struct clone_args args = { .flags = AUTOREAP };
	struct born *b = shared(sizeof(*b));
	pid_t pid = clone3(&args);

	if (!pid) {
		look(b);
		_exit(0);
	}
	if (pid < 0) {
		EXPECT_EQ(EINVAL, errno);
		return;
	}
	EXPECT_TRUE(WAIT_FOR(b->pid && kill(pid, 0)));
	EXPECT_STREQ(NO_SESSION, b->id);
	/* It has reaped itself. */
	EXPECT_EQ(-1, reap(pid));
}

TEST_HARNESS_MAIN
