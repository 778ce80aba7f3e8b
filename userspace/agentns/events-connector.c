// SPDX-License-Identifier: GPL-2.0-only
/* Namespace events of the kernel's process connector. */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/agent_namespaces.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>

#include "events-connector.h"
#include "problem.h"
#include "until-signal.h"

#define HEADER_SIZE	offsetof(struct proc_event, event_data)
#define RECEIVE_BUFFER	(8 << 20)	/* bytes */
#define ANSWER_MS	2000

/* Either kind of event: they differ behind the header. */
union event {
	struct proc_event process;
	struct {
		uint32_t what;
		uint32_t cpu;
		uint64_t timestamp_ns;
		struct nm_proc_event nm;
	};
};

struct listener {
	int fd;
	bool json;
	bool processes;
};

static const char *type_name(uint32_t type)
{
	switch (type) {
	case CLONE_NEWNS:	return "mnt";
	case CLONE_NEWCGROUP:	return "cgroup";
	case CLONE_NEWUTS:	return "uts";
	case CLONE_NEWIPC:	return "ipc";
	case CLONE_NEWUSER:	return "user";
	case CLONE_NEWPID:	return "pid";
	case CLONE_NEWNET:	return "net";
	case CLONE_NEWTIME:	return "time";
	case AGENT_NS:		return "agent";
	}
	return "unknown";
}

static const char *reason_name(uint32_t reason)
{
	switch (reason) {
	case PROC_NM_REASON_CLONE:
		return "clone";
	case PROC_NM_REASON_SET | PROC_NM_REASON_UNSHARE:
		return "unshare";
	case PROC_NM_REASON_SET | PROC_NM_REASON_SETNS:
		return "setns";
	case PROC_NM_REASON_SET | PROC_NM_REASON_PRCTL:
		return "prctl";
	case PROC_NM_REASON_SET | PROC_NM_REASON_EXEC:
		return "exec";
	}
	return "unknown";
}

/* Begin a line: when, what, and whom it is about. */
static void begin(const struct listener *l, const union event *e,
		  const char *name, int pid, int tgid)
{
	if (l->json)
		printf("{\"time\":%" PRIu64 ".%09" PRIu64
		       ",\"event\":\"%s\",\"pid\":%d,\"tid\":%d",
		       e->timestamp_ns / 1000000000,
		       e->timestamp_ns % 1000000000, name, tgid, pid);
	else
		printf("%" PRIu64 ".%09" PRIu64 " %-9s %d/%d",
		       e->timestamp_ns / 1000000000,
		       e->timestamp_ns % 1000000000, name, tgid, pid);
}

static void print_namespace(const struct listener *l, const union event *e)
{
	const struct nm_proc_event *nm = &e->nm;

	begin(l, e, "namespace", nm->process_pid, nm->process_tgid);
	printf(l->json ? ",\"type\":\"%s\",\"reason\":\"%s\",\"old\":%" PRIu64
			 ",\"new\":%" PRIu64 "}\n" :
			 " %s %s %" PRIu64 " -> %" PRIu64 "\n",
	       type_name(nm->type), reason_name(nm->reason),
	       (uint64_t)nm->old_inum, (uint64_t)nm->inum);
}

static void print_process(const struct listener *l, const union event *e)
{
	const struct fork_proc_event *fork = &e->process.event_data.fork;
	const struct exec_proc_event *exec = &e->process.event_data.exec;
	const struct exit_proc_event *exit = &e->process.event_data.exit;

	switch (e->what) {
	case PROC_EVENT_FORK:
		begin(l, e, "fork", fork->child_pid, fork->child_tgid);
		printf(l->json ? ",\"parent\":%d}\n" : " of %d\n",
		       fork->parent_tgid);
		break;
	case PROC_EVENT_EXEC:
		begin(l, e, "exec", exec->process_pid, exec->process_tgid);
		puts(l->json ? "}" : "");
		break;
	case PROC_EVENT_EXIT:
		begin(l, e, "exit", exit->process_pid, exit->process_tgid);
		printf(l->json ? ",\"status\":%u,\"signal\":%u}\n" :
				 " status %u signal %u\n",
		       exit->exit_code >> 8 & 0xff, exit->exit_code & 0x7f);
		break;
	}
}

/*
 * One message. Anybody may send to the socket: what is not from the kernel, or
 * not whole, is no event.
 *
 * Return: 1 with @e filled in, 0 for no event, -1 with errno set.
 */
static int receive(const struct listener *l, union event *e)
{
	union {
		struct nlmsghdr header;
		unsigned char bytes[4096];
	} buffer;
	struct sockaddr_nl from;
	socklen_t from_size = sizeof(from);
	const struct cn_msg *msg = NLMSG_DATA(&buffer.header);
	ssize_t n;

	n = recvfrom(l->fd, &buffer, sizeof(buffer), MSG_DONTWAIT,
		     (struct sockaddr *)&from, &from_size);
	if (n < 0)
		return -1;
	if (from_size != sizeof(from) || from.nl_pid ||
	    n < (ssize_t)NLMSG_LENGTH(sizeof(*msg) + HEADER_SIZE) ||
	    n < (ssize_t)NLMSG_LENGTH(sizeof(*msg) + msg->len) ||
	    msg->id.idx != CN_IDX_PROC || msg->id.val != CN_VAL_PROC)
		return 0;
	memset(e, 0, sizeof(*e));
	memcpy(e, msg->data, msg->len < sizeof(*e) ? msg->len : sizeof(*e));
	return e->what != PROC_EVENT_NM ||
	       msg->len >= HEADER_SIZE + sizeof(e->nm);
}

/* @filter is for kernels that have one; others ignore such a message. */
static void ask(const struct listener *l, uint32_t op, uint32_t filter)
{
	struct {
		struct nlmsghdr header;
		struct cn_msg msg;
		uint32_t op;
		uint32_t filter;
	} __attribute__((packed)) request = {
		.header.nlmsg_len = sizeof(request) - (filter ? 0 : 4),
		.header.nlmsg_type = NLMSG_DONE,
		.msg.id = { CN_IDX_PROC, CN_VAL_PROC },
		.msg.len = filter ? 8 : 4,
		.op = op,
		.filter = filter,
	};

	if (send(l->fd, &request, request.header.nlmsg_len, 0) < 0)
		err(EXIT_FAILURE, "cannot ask the process connector");
}

/* The kernel does not answer those that it will not serve. */
static void await_answer(const struct listener *l)
{
	struct pollfd poll_fd = { .fd = l->fd, .events = POLLIN };
	union event e;
	int ret;

	do {
		if (poll(&poll_fd, 1, ANSWER_MS) <= 0)
			errx(EXIT_FAILURE, "the process connector does not answer: it serves the initial pid and user namespaces alone, on kernels with CONFIG_PROC_EVENTS; run outside of containers");
		ret = receive(l, &e);
		if (ret < 0 && errno != EAGAIN && errno != ENOBUFS)
			err(EXIT_FAILURE, "cannot read from the process connector");
	} while (ret <= 0 || e.what != PROC_EVENT_NONE);
	if (e.process.event_data.ack.err) {
		errno = e.process.event_data.ack.err;
		err(EXIT_FAILURE, "the process connector refuses; try as root");
	}
}

static void start(struct listener *l)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = CN_IDX_PROC,
	};
	int size = RECEIVE_BUFFER;

	if (access("/proc/self/ns/agent", F_OK) && errno == ENOENT)
		errx(EXIT_FAILURE, "this kernel has no agent session hooks, and so no namespace events");
	l->fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC,
		       NETLINK_CONNECTOR);
	if (l->fd < 0)
		err(EXIT_FAILURE, "no process connector in this kernel (CONFIG_PROC_EVENTS)");
	/* A burst must fit; without privilege the smaller default will do. */
	if (setsockopt(l->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(l->fd, (struct sockaddr *)&address, sizeof(address)))
		err(EXIT_FAILURE, "cannot listen to the process connector; try as root");
	ask(l, PROC_CN_MCAST_LISTEN, 0);
	await_answer(l);
	ask(l, PROC_CN_MCAST_LISTEN, PROC_EVENT_NM |
	    (l->processes ? PROC_EVENT_FORK | PROC_EVENT_EXEC |
			    PROC_EVENT_EXIT : 0));
}

/* Print what is there. */
static void print_events(const struct listener *l)
{
	union event e;
	int ret;

	while (!until_signal_caught()) {
		ret = receive(l, &e);
		if (ret < 0) {
			if (errno == EAGAIN || errno == EINTR)
				return;
			if (errno != ENOBUFS)
				err(EXIT_FAILURE, "cannot read from the process connector");
			warnx("events were lost: they came faster than they could be printed");
		}
		if (ret <= 0)
			continue;
		if (e.what == PROC_EVENT_NM)
			print_namespace(l, &e);
		else if (l->processes)
			print_process(l, &e);
	}
}

int print_connector_events(bool json, bool processes)
{
	struct listener l = { .json = json, .processes = processes };
	/* Who reads what is printed may go while nothing happens. */
	struct pollfd poll_fds[] = {
		{ .events = POLLIN }, { .fd = STDOUT_FILENO },
	};

	/* Older kernels go on sending if they are not told to stop. */
	until_signal_begin();
	signal(SIGPIPE, SIG_IGN);

	start(&l);
	poll_fds[0].fd = l.fd;
	while (!until_signal_caught() && !ferror(stdout)) {
		if (until_signal_poll(poll_fds, 2, NULL) < 0) {
			if (errno != EINTR)
				err(EXIT_FAILURE, "cannot wait for events");
			continue;
		}
		if (poll_fds[1].revents & (POLLERR | POLLHUP))
			break;
		print_events(&l);
		flush_stdout();
	}
	ask(&l, PROC_CN_MCAST_IGNORE, 0);
	close(l.fd);
	until_signal_end();
	/* What was lost, unless nobody reads, close_stdout() tells of. */
	return EXIT_SUCCESS;
}
