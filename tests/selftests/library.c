// SPDX-License-Identifier: GPL-2.0-only
// build: -I../../userspace/lib ../../userspace/lib/*.c -ljson-c
// timeout: 300
/*
 * libagentns on a kernel that has sessions: what its own tests, which want none,
 * cannot see.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <agentns.h>

#include "agentns-harness.h"

/* A child in a session of its own, which waits to be killed. */
static pid_t session(struct agent_session_id_uapi *id)
{
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		return -1;
	pid = fork();
	if (!pid) {
		if (agentns_create() || agentns_get_id(id) ||
		    write(fds[1], id, sizeof(*id)) != sizeof(*id))
			_exit(1);
		for (;;)
			pause();
	}
	close(fds[1]);
	if (read(fds[0], id, sizeof(*id)) != sizeof(*id))
		pid = -1;
	close(fds[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST(list)
{
	struct agent_ns_id_req req = { .size = sizeof(req) };
	struct agent_session_id_uapi id;
	__u64 all[64], rest[64];
	int n, m;
	pid_t pid;

	n = agentns_list(NULL, all, 64);
	ASSERT_LE(1, n);
	EXPECT_EQ(AGENT_NS_INIT_ID, all[0]);
	pid = session(&id);
	ASSERT_LT(0, pid);
	m = agentns_list(NULL, all, 64);
	EXPECT_EQ(n + 1, m);
	/* Page by page it is the same. */
	req.ns_id = all[0];
	EXPECT_EQ(m - 1, agentns_list(&req, rest, 64));
	EXPECT_EQ(0, memcmp(all + 1, rest, (m - 1) * sizeof(*all)));
	EXPECT_EQ(1, agentns_list(NULL, rest, 1));
	req.ns_id = all[m - 1];
	EXPECT_EQ(-ENOENT, agentns_list(&req, rest, 64));
	req.ns_id = 0;
	req.ns_type = AGENT_NS;
	EXPECT_EQ(m, agentns_list(&req, rest, 64));
	req.ns_type = CLONE_NEWNET;
	EXPECT_EQ(-EOPNOTSUPP, agentns_list(&req, rest, 64));
	req.ns_type = 0;
	req.spare = 1;
	EXPECT_EQ(-EINVAL, agentns_list(&req, rest, 64));
	EXPECT_EQ(-EFAULT, agentns_list(NULL, (__u64 *)1, 64));
	EXPECT_EQ(-EOVERFLOW, agentns_list(NULL, rest, 1000001));
	end(pid);
}

static int entered(int fd, const struct agent_session_id_uapi *want)
{
	struct agent_session_id_uapi id;
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (agentns_enter(fd) || agentns_get_id(&id))
			_exit(1);
		_exit(agentns_id_cmp(&id, want) ? 2 : 0);
	}
	waitpid(pid, &status, 0);
	return status;
}

TEST(enter_by_each_descriptor)
{
	struct agent_session_id_uapi id;
	char path[40];
	pid_t pid = session(&id);
	int fd;

	ASSERT_LT(0, pid);
	fd = agentns_open_session(&id);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, entered(fd, &id));
	close(fd);
	snprintf(path, sizeof(path), "/proc/%d/ns/agent", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, entered(fd, &id));
	close(fd);
	fd = syscall(SYS_pidfd_open, pid, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, entered(fd, &id));
	close(fd);
	fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	EXPECT_EQ(-EINVAL, agentns_enter(fd));
	close(fd);
	EXPECT_EQ(-EBADF, agentns_enter(-1));
	end(pid);
}

/* The descriptor of events in a program's own loop. */
TEST(events_with_epoll)
{
	struct epoll_event ready, want = { .events = EPOLLIN };
	struct agent_session_id_uapi id;
	struct agentns_events *events;
	struct agentns_event event;
	bool start = false, ended = false;
	struct agentns *handle;
	int loop, ret, tries;
	pid_t pid;

	mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
	ASSERT_EQ(0, agentns_open(&handle, NULL));
	ASSERT_EQ(0, agentns_events_open(handle, &events));
	loop = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_EQ(0, epoll_ctl(loop, EPOLL_CTL_ADD, agentns_events_fd(events),
			       &want));
	/* Nothing has happened: it does not say that something had. */
	EXPECT_EQ(0, epoll_wait(loop, &ready, 1, 200));
	pid = session(&id);
	ASSERT_LT(0, pid);
	end(pid);
	for (tries = 0; !ended && tries < 100; tries++) {
		ret = epoll_wait(loop, &ready, 1, 5000);
		ASSERT_EQ(1, ret);
		EXPECT_EQ(EPOLLIN, ready.events & EPOLLIN);
		while ((ret = agentns_events_next(events, &event)) == 1) {
			if (agentns_id_cmp(&event.id, &id))
				continue;
			start |= event.type == AGENTNS_EVENT_START;
			ended |= event.type == AGENTNS_EVENT_END;
		}
		ASSERT_EQ(0, ret);
	}
	EXPECT_TRUE(start);
	EXPECT_TRUE(ended);
	/* It has all been read, and the loop sleeps again. */
	EXPECT_EQ(0, epoll_wait(loop, &ready, 1, 500));
	close(loop);
	agentns_events_close(events);
	agentns_close(handle);
}

TEST_HARNESS_MAIN
