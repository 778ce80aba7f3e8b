// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the process connector tells of agent sessions: entering and leaving
 * them by every way.
 */
#include "connector.h"

static int enter_twice(void *arg)
{
	for (int i = 0; i < 2; i++) {
		if (enter_session())
			return 1;
		raise(SIGSTOP);
	}
	return 0;
}

TEST_F(all, prctl)
{
	pid_t pid = start(enter_twice, NULL);
	struct nm_proc_event nm[2];
	__u64 first;

	ASSERT_EQ(0, go_on(pid));
	first = inum(pid, "agent");
	ASSERT_EQ(1, nm_of(self->fd, pid, nm, 2));
	EXPECT_NM(nm[0], pid, pid, AGENT_NS, PRCTL, AGENT_NS_INIT_INO, first);

	ASSERT_EQ(0, go_on(pid));
	ASSERT_EQ(1, nm_of(self->fd, pid, nm, 2));
	EXPECT_NM(nm[0], pid, pid, AGENT_NS, PRCTL, first,
		  inum(pid, "agent"));
	EXPECT_NE(nm[0].old_inum, nm[0].inum);
	end(pid);
}

static int do_nothing(void *arg)
{
	return 0;
}

static int fork_in_session(void *arg)
{
	if (enter_session())
		return 1;
	raise(SIGSTOP);
	in_child(do_nothing, NULL);
	raise(SIGSTOP);
	return 0;
}

/* A child is where its parent is: nothing to tell, wherever that is. */
TEST_F(all, inherited)
{
	pid_t pid = start(fork_in_session, NULL);

	ASSERT_EQ(0, go_on(pid));
	ASSERT_EQ(0, drain(self->fd));
	received = 0;
	ASSERT_EQ(0, go_on(pid));
	EXPECT_TRUE(exits_told(self->fd, 1));
	EXPECT_EQ(1, count_what(PROC_EVENT_FORK));
	EXPECT_EQ(2, received);
	end(pid);
}

TEST_F(all, clone3)
{
	struct nm_proc_event nm[3];
	pid_t pid = clone_with(CLONE_NEWAGENT);

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, drain_own(self->fd));
	ASSERT_EQ(2, received);
	EXPECT_EQ(PROC_EVENT_FORK, messages[0].what);
	ASSERT_EQ(1, nm_of(self->fd, pid, nm, 3));
	EXPECT_NM(nm[0], pid, pid, AGENT_NS, CLONE, AGENT_NS_INIT_INO,
		  inum(pid, "agent"));
	EXPECT_NE(nm[0].old_inum, nm[0].inum);
	end(pid);

	/* With another type, whose event comes before. */
	received = 0;
	pid = clone_with(CLONE_NEWAGENT | CLONE_NEWUTS);
	ASSERT_LT(0, pid);
	ASSERT_EQ(2, nm_of(self->fd, pid, nm, 3));
	EXPECT_EQ(CLONE_NEWUTS, nm[0].type);
	EXPECT_EQ(AGENT_NS, nm[1].type);
	EXPECT_EQ(inum(pid, "agent"), nm[1].inum);
	end(pid);
}

TEST_F(all, failed_clone3)
{
	pid_t taken = getpid();
	struct clone_args args = {
		.flags = CLONE_NEWAGENT | CLONE_NEWUTS,
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&taken,
		.set_tid_size = 1,
	};

	ASSERT_EQ(EEXIST, ERR(syscall(SYS_clone3, &args, sizeof(args))));
	args.flags = CLONE_NEWAGENT | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;
	args.set_tid = 0;
	args.set_tid_size = 0;
	args.exit_signal = 0;
	ASSERT_EQ(EINVAL, ERR(syscall(SYS_clone3, &args, sizeof(args))));
	ASSERT_EQ(0, drain_own(self->fd));
	EXPECT_EQ(0, received);
}

struct visit {
	struct join in;
	struct join out;
};

static int in_and_out(void *arg)
{
	struct visit *visit = arg;

	if (setns(visit->in.fd, visit->in.type))
		return errno;
	raise(SIGSTOP);
	/* Once more to where it is. */
	if (setns(visit->in.fd, visit->in.type))
		return errno;
	raise(SIGSTOP);
	if (setns(visit->out.fd, visit->out.type))
		return errno;
	raise(SIGSTOP);
	return 0;
}

TEST_F(all, setns)
{
	pid_t pid, target = clone_with(CLONE_NEWAGENT);
	struct nm_proc_event nm[2];
	struct visit visit;
	char path[64];
	__u64 session;

	ASSERT_LT(0, target);
	session = inum(target, "agent");
	sprintf(path, "/proc/%d/ns/agent", target);
	for (int pidfd = 0; pidfd < 2; pidfd++) {
		TH_LOG("by %s", pidfd ? "pidfd" : "namespace descriptor");
		if (pidfd) {
			visit.in.fd = syscall(SYS_pidfd_open, target, 0);
			visit.out.fd = syscall(SYS_pidfd_open, getpid(), 0);
		} else {
			visit.in.fd = open(path, O_RDONLY | O_CLOEXEC);
			visit.out.fd = open("/proc/self/ns/agent",
					    O_RDONLY | O_CLOEXEC);
		}
		visit.in.type = AGENT_NS;
		visit.out.type = AGENT_NS;
		ASSERT_LE(0, visit.in.fd);
		ASSERT_LE(0, visit.out.fd);
		pid = start(in_and_out, &visit);
		received = 0;

		ASSERT_EQ(0, go_on(pid));
		ASSERT_EQ(1, nm_of(self->fd, pid, nm, 2));
		EXPECT_NM(nm[0], pid, pid, AGENT_NS, SETNS, AGENT_NS_INIT_INO,
			  session);
		ASSERT_EQ(0, go_on(pid));
		EXPECT_EQ(0, nm_of(self->fd, pid, nm, 2));
		ASSERT_EQ(0, go_on(pid));
		ASSERT_EQ(1, nm_of(self->fd, pid, nm, 2));
		EXPECT_NM(nm[0], pid, pid, AGENT_NS, SETNS, session,
			  AGENT_NS_INIT_INO);
		end(pid);
	}
	end(target);
}

/* All or nothing: where one refuses, no event tells of another. */
TEST_F(all, refused_setns)
{
	pid_t target = clone_with(CLONE_NEWAGENT);
	struct join join = {
		.type = AGENT_NS | CLONE_NEWUSER,	/* its own: refused */
	};

	ASSERT_LT(0, target);
	join.fd = syscall(SYS_pidfd_open, target, 0);
	ASSERT_EQ(0, drain(self->fd));
	received = 0;
	ASSERT_EQ(EINVAL, in_child(do_setns, &join));
	EXPECT_TRUE(exits_told(self->fd, 1));
	EXPECT_EQ(0, count_what(PROC_EVENT_NM));
	end(target);
}

TEST_HARNESS_MAIN
