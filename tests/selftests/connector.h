/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A listener of the process connector, and tasks that change namespaces, for
 * the tests of namespace events.
 */
#ifndef CONNECTOR_TEST_H
#define CONNECTOR_TEST_H

#include "agentns-test.h"

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <sys/socket.h>

/* enum proc_cn_mcast_op is the same on every series; PROC_EVENT_ALL is not. */
#ifdef PROC_EVENT_ALL
#define ALL_EVENTS	((__u32)PROC_EVENT_ALL)
#else
#define ALL_EVENTS	0
#endif

/* What struct proc_event has on kernels without namespace events. */
#define OTHER_SIZE	40
#define NM_SIZE		48

/* The parent of kernel threads. */
#define KTHREADD	2

#define UNSHARE		(PROC_NM_REASON_SET | PROC_NM_REASON_UNSHARE)
#define SETNS		(PROC_NM_REASON_SET | PROC_NM_REASON_SETNS)
#define PRCTL		(PROC_NM_REASON_SET | PROC_NM_REASON_PRCTL)
#define EXEC		(PROC_NM_REASON_SET | PROC_NM_REASON_EXEC)
#define CLONE		PROC_NM_REASON_CLONE

struct message {
	__u32 seq;
	__u32 len;
	union {
		struct proc_event event;
		struct {
			__u32 what;
			__u32 cpu;
			__u64 timestamp_ns;
			struct nm_proc_event nm;
		};
	};
};

static struct message messages[4096];
static int received;

/* Of whose fork it was told since the program began; no kernel threads. */
static pid_t forked[4096];
static int forks;

/* In the order in which one call's events come. */
static const struct {
	int type;
	const char *name;
	const char *set;	/* the link that unshare and setns change */
} types[] = {
	{ CLONE_NEWUSER,	"user",		"user" },
	{ CLONE_NEWNS,		"mnt",		"mnt" },
	{ CLONE_NEWUTS,		"uts",		"uts" },
	{ CLONE_NEWIPC,		"ipc",		"ipc" },
	{ CLONE_NEWPID,		"pid",		"pid_for_children" },
	{ CLONE_NEWCGROUP,	"cgroup",	"cgroup" },
	{ CLONE_NEWNET,		"net",		"net" },
	{ CLONE_NEWTIME,	"time",		"time_for_children" },
};

#define TYPES	(sizeof(types) / sizeof(types[0]))
#define EVERY	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | \
		 CLONE_NEWPID | CLONE_NEWCGROUP | CLONE_NEWNET | CLONE_NEWTIME)

/* Ask for @events; 0 is a listener without a filter. */
static inline int ask(int fd, int op, __u32 events)
{
	struct {
		struct nlmsghdr header;
		struct cn_msg msg;
		__u32 op;
		__u32 events;
	} __attribute__((packed)) m = {
		.header.nlmsg_type = NLMSG_DONE,
		.header.nlmsg_len = sizeof(m) - (events ? 0 : 4),
		.msg.id = { CN_IDX_PROC, CN_VAL_PROC },
		.msg.len = events ? 8 : 4,
		.op = op,
		.events = events,
	};

	return ERR(send(fd, &m, m.header.nlmsg_len, 0));
}

static inline int open_listener(__u32 events)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = CN_IDX_PROC,
	};
	int size = 16 << 20;
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC,
			NETLINK_CONNECTOR);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    ask(fd, PROC_CN_MCAST_LISTEN, events)) {
		close(fd);
		return -1;
	}
	return fd;
}

static inline void close_listener(int fd)
{
	ask(fd, PROC_CN_MCAST_IGNORE, 0);
	close(fd);
}

/* Take what is there; 0, or the errno that says why that is not all of it. */
static inline int drain(int fd)
{
	static __u8 buffer[4096] __attribute__((aligned(8)));
	const struct nlmsghdr *header = (void *)buffer;
	const struct cn_msg *msg = NLMSG_DATA(header);
	ssize_t n;

	while ((n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0) {
		struct message *m = &messages[received++];

		if (received == sizeof(messages) / sizeof(messages[0]))
			return ENOBUFS;
		if (n != header->nlmsg_len ||
		    n != NLMSG_LENGTH(sizeof(*msg) + msg->len))
			return EBADMSG;
		memset(m, 0, sizeof(*m));
		m->seq = msg->seq;
		m->len = msg->len;
		memcpy(&m->event, msg->data, msg->len < NM_SIZE ? msg->len :
								  NM_SIZE);
		if (m->what == PROC_EVENT_FORK &&
		    m->event.event_data.fork.parent_pid != KTHREADD &&
		    forks < sizeof(forked) / sizeof(forked[0]))
			forked[forks++] = m->event.event_data.fork.child_pid;
	}
	return errno == EAGAIN ? 0 : errno;
}

static inline bool was_forked(pid_t pid)
{
	for (int i = 0; i < forks; i++)
		if (forked[i] == pid)
			return true;
	return false;
}

/*
 * Kernel threads come and go when they like. And a process tells of its exit
 * after its parent could wait for it: those of the test before may still come.
 */
static inline bool is_of_others(const struct message *m)
{
	if (m->what == PROC_EVENT_FORK)
		return m->event.event_data.fork.parent_pid == KTHREADD;
	return m->what == PROC_EVENT_EXIT &&
	       !was_forked(m->event.event_data.exit.process_pid);
}

/* As drain(), without what others do. */
static inline int drain_own(int fd)
{
	int kept = 0, err = drain(fd);

	for (int i = 0; i < received; i++)
		if (!is_of_others(&messages[i]))
			messages[kept++] = messages[i];
	received = kept;
	return err;
}

static inline int count_what(__u32 what)
{
	int found = 0;

	for (int i = 0; i < received; i++)
		found += messages[i].what == what;
	return found;
}

static inline int drain_exits(int fd)
{
	return drain_own(fd) ? -1 : count_what(PROC_EVENT_EXIT);
}

/* An exit is told only after the parent could wait for it. */
static inline bool exits_told(int fd, int exits)
{
	return WAIT_FOR(drain_exits(fd) == exits);
}

/* The namespace events of one task so far; the value says how many. */
static inline int nm_of(int fd, pid_t pid, struct nm_proc_event *nm, int max)
{
	int found = 0;

	if (drain(fd))
		return -1;
	for (int i = 0; i < received; i++) {
		if (messages[i].what != PROC_EVENT_NM ||
		    messages[i].nm.process_pid != pid)
			continue;
		if (messages[i].len != NM_SIZE)
			return -1;
		if (found < max)
			nm[found] = messages[i].nm;
		found++;
	}
	received = 0;
	return found;
}

/* The inode number of a namespace of a task, 0 for none. */
static inline __u64 inum(pid_t pid, const char *name)
{
	char path[64];
	struct stat st;

	sprintf(path, "/proc/%d/ns/%s", pid, name);
	return stat(path, &st) ? 0 : st.st_ino;
}

static inline pid_t clone_with(__u64 flags)
{
	struct clone_args args = { .flags = flags, .exit_signal = SIGCHLD };
	pid_t pid = syscall(SYS_clone3, &args, sizeof(args));

	if (!pid)
		for (;;)
			pause();
	return pid;
}

static inline void end(pid_t pid)
{
	kill(pid, SIGKILL);
	reap(pid);
}

/* Start a child that waits to be told to go on. */
static inline pid_t start(int (*fn)(void *), void *arg)
{
	pid_t pid = fork();

	if (!pid) {
		raise(SIGSTOP);
		_exit(fn(arg));
	}
	waitpid(pid, NULL, WUNTRACED);
	return pid;
}

/* Until it stops again: 0; else how it ended. */
static inline int go_on(pid_t pid)
{
	int status;

	kill(pid, SIGCONT);
	if (waitpid(pid, &status, WUNTRACED) != pid)
		return -1;
	return WIFSTOPPED(status) ? 0 :
	       WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
}

#define EXPECT_NM(event, task, process, kind, why, before, after)	\
do {									\
	EXPECT_EQ(task, (event).process_pid);				\
	EXPECT_EQ(process, (event).process_tgid);			\
	EXPECT_EQ(kind, (event).type);					\
	EXPECT_EQ(why, (event).reason);					\
	EXPECT_EQ(before, (event).old_inum);				\
	EXPECT_EQ(after, (event).inum);					\
} while (0)

struct join {
	int fd;
	int type;
};

static inline int do_setns(void *arg)
{
	struct join *join = arg;

	if (setns(join->fd, join->type))
		return errno;
	raise(SIGSTOP);
	return 0;
}

FIXTURE(all) {
	int fd;
};

FIXTURE_SETUP(all)
{
	self->fd = open_listener(0);
	ASSERT_LE(0, self->fd);
	/* The answer to the question. */
	ASSERT_EQ(0, drain(self->fd));
	EXPECT_EQ(1, count_what(PROC_EVENT_NONE));
	received = 0;
}

FIXTURE_TEARDOWN(all)
{
	close_listener(self->fd);
}

#endif /* CONNECTOR_TEST_H */
