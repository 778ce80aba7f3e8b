// SPDX-License-Identifier: GPL-2.0-only
/*
 * Namespace events on the process connector: every type by every way, what
 * the kernel's filter lets through, and that nothing else has changed.
 */
// timeout: 180
#include "connector.h"

#include <pthread.h>
#include <sys/ptrace.h>
#include <sys/resource.h>

/* A child that lasts as long as its parent. */
static void leave_child(void)
{
	if (fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

static int do_unshare(void *arg)
{
	if (unshare(*(int *)arg))
		return errno;
	/* The link to a pid namespace for children wants one. */
	if (*(int *)arg & CLONE_NEWPID)
		leave_child();
	raise(SIGSTOP);
	return 0;
}

TEST_F(all, unshare)
{
	struct nm_proc_event nm[2];
	__u64 old, new;
	pid_t pid;

	for (int i = 0; i < TYPES; i++) {
		int type = types[i].type;

		TH_LOG("%s", types[i].name);
		pid = start(do_unshare, &type);
		old = inum(pid, types[i].set);
		ASSERT_EQ(0, go_on(pid));
		new = inum(pid, types[i].set);
		EXPECT_NE(old, new);
		ASSERT_EQ(1, nm_of(self->fd, pid, nm, 2));
		EXPECT_NM(nm[0], pid, pid, type, UNSHARE, old, new);
		end(pid);
	}
}

TEST_F(all, clone)
{
	struct nm_proc_event nm[2];
	pid_t pid;

	for (int i = 0; i < TYPES; i++) {
		TH_LOG("%s", types[i].name);
		pid = clone_with(types[i].type);
		ASSERT_LT(0, pid);
		ASSERT_EQ(1, nm_of(self->fd, pid, nm, 2));
		EXPECT_NM(nm[0], pid, pid, types[i].type, CLONE,
			  inum(getpid(), types[i].name),
			  inum(pid, types[i].name));
		EXPECT_NE(nm[0].old_inum, nm[0].inum);
		end(pid);
	}
}

TEST_F(all, clone_every_type)
{
	struct nm_proc_event nm[TYPES + 1];
	pid_t pid = clone_with(EVERY);

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, drain_own(self->fd));
	/* Behind the event that says that the task is there. */
	ASSERT_EQ(1 + TYPES, received);
	EXPECT_EQ(PROC_EVENT_FORK, messages[0].what);
	EXPECT_EQ(pid, messages[0].event.event_data.fork.child_pid);
	ASSERT_EQ(TYPES, nm_of(self->fd, pid, nm, TYPES + 1));
	for (int i = 0; i < TYPES; i++)
		EXPECT_NM(nm[i], pid, pid, types[i].type, CLONE,
			  inum(getpid(), types[i].name),
			  inum(pid, types[i].name));
	end(pid);
}

TEST_F(all, setns)
{
	pid_t pid, target = clone_with(EVERY);
	struct nm_proc_event nm[2];
	struct join join;
	char path[64];
	__u64 old;

	ASSERT_LT(0, target);
	for (int i = 0; i < TYPES; i++) {
		TH_LOG("%s", types[i].name);
		sprintf(path, "/proc/%d/ns/%s", target, types[i].name);
		join.fd = open(path, O_RDONLY | O_CLOEXEC);
		join.type = types[i].type;
		ASSERT_LE(0, join.fd);
		pid = start(do_setns, &join);
		old = inum(pid, types[i].set);
		ASSERT_EQ(0, go_on(pid));
		ASSERT_EQ(1, nm_of(self->fd, pid, nm, 2));
		EXPECT_NM(nm[0], pid, pid, types[i].type, SETNS, old,
			  inum(target, types[i].name));
		EXPECT_EQ(nm[0].inum, inum(pid, types[i].set));
		end(pid);
		close(join.fd);
	}
	end(target);
}

TEST_F(all, setns_every_type)
{
	pid_t pid, target = clone_with(EVERY);
	struct nm_proc_event nm[TYPES + 1];
	struct join join = { .type = EVERY };
	__u64 old[TYPES];

	ASSERT_LT(0, target);
	join.fd = syscall(SYS_pidfd_open, target, 0);
	ASSERT_LE(0, join.fd);
	pid = start(do_setns, &join);
	for (int i = 0; i < TYPES; i++)
		old[i] = inum(pid, types[i].set);
	ASSERT_EQ(0, go_on(pid));
	ASSERT_EQ(TYPES, nm_of(self->fd, pid, nm, TYPES + 1));
	for (int i = 0; i < TYPES; i++)
		EXPECT_NM(nm[i], pid, pid, types[i].type, SETNS, old[i],
			  inum(target, types[i].name));
	end(pid);

	/* To where one is already. */
	end(target);
	join.fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	join.type = 0;
	pid = start(do_setns, &join);
	ASSERT_EQ(0, go_on(pid));
	EXPECT_EQ(0, nm_of(self->fd, pid, nm, 1));
	end(pid);
}

static int for_children(void *arg)
{
	if (unshare(CLONE_NEWPID | CLONE_NEWTIME))
		return errno;
	raise(SIGSTOP);
	leave_child();
	raise(SIGSTOP);
	return 0;
}

/* What was unshared for children is told again of the one that is in it. */
TEST_F(all, born_into_namespaces_for_children)
{
	struct nm_proc_event nm[3];
	pid_t pid = start(for_children, NULL), child = 0;

	ASSERT_EQ(0, go_on(pid));
	ASSERT_EQ(2, nm_of(self->fd, pid, nm, 3));
	EXPECT_EQ(CLONE_NEWPID, nm[0].type);
	EXPECT_EQ(UNSHARE, nm[0].reason);
	EXPECT_EQ(CLONE_NEWTIME, nm[1].type);
	EXPECT_EQ(UNSHARE, nm[1].reason);

	ASSERT_EQ(0, go_on(pid));
	ASSERT_EQ(0, drain_own(self->fd));
	for (int i = 0; i < received; i++)
		if (messages[i].what == PROC_EVENT_FORK)
			child = messages[i].event.event_data.fork.child_pid;
	ASSERT_EQ(2, nm_of(self->fd, child, nm, 3));
	EXPECT_NM(nm[0], child, child, CLONE_NEWPID, CLONE,
		  inum(pid, "pid"), inum(child, "pid"));
	EXPECT_NM(nm[1], child, child, CLONE_NEWTIME, CLONE,
		  inum(pid, "time"), inum(child, "time"));
	end(pid);
}

static int time_and_exec(void *arg)
{
	if (unshare(CLONE_NEWTIME))
		return errno;
	raise(SIGSTOP);
	execl("/bin/sh", "sh", "-c", "kill -STOP $$", NULL);
	return errno;
}

/* Linux 6.1 leaves the task where it was; then there is nothing to tell. */
TEST_F(all, exec)
{
	pid_t pid = start(time_and_exec, NULL);
	struct nm_proc_event nm[2];
	__u64 old, new;

	ASSERT_EQ(0, go_on(pid));
	ASSERT_EQ(1, nm_of(self->fd, pid, nm, 2));
	old = inum(pid, "time");
	ASSERT_EQ(0, go_on(pid));
	new = inum(pid, "time");
	if (old != new) {
		ASSERT_EQ(1, nm_of(self->fd, pid, nm, 2));
		EXPECT_NM(nm[0], pid, pid, CLONE_NEWTIME, EXEC, old, new);
	} else {
		EXPECT_EQ(0, nm_of(self->fd, pid, nm, 2));
	}
	end(pid);
}

static void *unshare_thread(void *arg)
{
	*(pid_t *)arg = gettid();
	return (void *)(long)unshare(CLONE_NEWUTS);
}

/* A thread has namespaces of its own. */
TEST_F(all, thread)
{
	struct nm_proc_event nm[2];
	pthread_t thread;
	__u64 old = inum(getpid(), "uts");
	void *result;
	pid_t tid;

	ASSERT_EQ(0, pthread_create(&thread, NULL, unshare_thread, &tid));
	ASSERT_EQ(0, pthread_join(thread, &result));
	ASSERT_EQ(NULL, result);
	ASSERT_EQ(0, drain(self->fd));
	EXPECT_EQ(1, count_what(PROC_EVENT_NM));
	ASSERT_EQ(1, nm_of(self->fd, tid, nm, 2));
	EXPECT_NM(nm[0], tid, getpid(), CLONE_NEWUTS, UNSHARE, old,
		  nm[0].inum);
}

static int exit_at_once(void *arg)
{
	_exit(0);
}

TEST_F(all, vfork)
{
	static char stack[65536] __attribute__((aligned(16)));
	struct nm_proc_event nm[2];
	pid_t pid;

	pid = clone(exit_at_once, stack + sizeof(stack), CLONE_VM |
		    CLONE_VFORK | CLONE_NEWUTS | CLONE_NEWNET | SIGCHLD, NULL);
	ASSERT_LT(0, pid);
	reap(pid);
	ASSERT_EQ(2, nm_of(self->fd, pid, nm, 2));
	EXPECT_EQ(CLONE_NEWUTS, nm[0].type);
	EXPECT_EQ(CLONE_NEWNET, nm[1].type);
	EXPECT_EQ(CLONE, nm[0].reason);
}

static int fail_all_ways(void *arg)
{
	struct join *join = arg;
	pid_t taken = getppid();
	struct clone_args args = {
		.flags = CLONE_NEWNET | CLONE_NEWUTS,
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&taken,
		.set_tid_size = 1,
	};

	/* The last step of a fork that can fail finds the id taken. */
	if (syscall(SYS_clone3, &args, sizeof(args)) != -1 || errno != EEXIST)
		return 1;
	/* A flag that nobody knows, beside others. */
	if (ERR(unshare(CLONE_NEWUTS | CLONE_NEWNET | CLONE_PTRACE)) != EINVAL)
		return 2;
	if (ERR(setns(join->fd, CLONE_NEWUTS)) != EINVAL)
		return 3;
	/* One's own user namespace can't be joined, and so none of them. */
	if (ERR(setns(join->type, EVERY)) != EINVAL)
		return 4;
	if (setuid(NOBODY))
		return 5;
	if (ERR(unshare(CLONE_NEWUTS | CLONE_NEWNET)) != EPERM ||
	    ERR(setns(join->fd, 0)) != EPERM ||
	    enter_session() != EPERM)
		return 6;
	args.set_tid = 0;
	args.set_tid_size = 0;
	if (syscall(SYS_clone3, &args, sizeof(args)) != -1 || errno != EPERM)
		return 7;
	return 0;
}

TEST_F(all, failures_send_nothing)
{
	struct join join = {
		.fd = open("/proc/self/ns/net", O_RDONLY),
		.type = syscall(SYS_pidfd_open, getpid(), 0),
	};

	ASSERT_EQ(0, in_child(fail_all_ways, &join));
	EXPECT_TRUE(exits_told(self->fd, 1));
	EXPECT_EQ(1, count_what(PROC_EVENT_FORK));
	EXPECT_EQ(0, count_what(PROC_EVENT_NM));
}

static int run_unshare(void *arg)
{
	dup2(*(int *)arg, 1);
	execlp("unshare", "unshare", "-n", "-f", "ls", "-l",
	       "/proc/self/ns/net", NULL);
	return 127;
}

/* The example of the contract. */
TEST_F(all, unshare_program)
{
	const __u32 sequence[] = {
		PROC_EVENT_FORK, PROC_EVENT_EXEC, PROC_EVENT_NM,
		PROC_EVENT_FORK, PROC_EVENT_EXEC, PROC_EVENT_EXIT,
		PROC_EVENT_EXIT
	};
	pid_t tool, ls;
	char text[512], *link;
	struct message *m;
	int out[2];
	ssize_t n;

	ASSERT_EQ(0, pipe(out));
	ASSERT_EQ(0, in_child(run_unshare, &out[1]));
	n = read(out[0], text, sizeof(text) - 1);
	ASSERT_LT(0, n);
	text[n] = 0;
	link = strstr(text, "net:[");
	ASSERT_NE(NULL, link);

	ASSERT_TRUE(exits_told(self->fd, 2));
	ASSERT_EQ(7, received);
	for (int i = 0; i < 7; i++)
		EXPECT_EQ(sequence[i], messages[i].what);
	m = messages;
	tool = m[0].event.event_data.fork.child_pid;
	ls = m[3].event.event_data.fork.child_pid;
	EXPECT_EQ(getpid(), m[0].event.event_data.fork.parent_pid);
	EXPECT_EQ(tool, m[1].event.event_data.exec.process_pid);
	EXPECT_NM(m[2].nm, tool, tool, CLONE_NEWNET, UNSHARE,
		  inum(getpid(), "net"), strtoull(link + 5, NULL, 10));
	EXPECT_EQ(tool, m[3].event.event_data.fork.parent_pid);
	EXPECT_EQ(ls, m[4].event.event_data.exec.process_pid);
	/* Either may be the first: who waited for the other one ends, too. */
	if (m[5].event.event_data.exit.process_pid == tool) {
		EXPECT_EQ(ls, m[6].event.event_data.exit.process_pid);
	} else {
		EXPECT_EQ(ls, m[5].event.event_data.exit.process_pid);
		EXPECT_EQ(tool, m[6].event.event_data.exit.process_pid);
	}
}

static int all_events(void *arg)
{
	const struct rlimit none = { };
	pid_t pid = getppid();

	setrlimit(RLIMIT_CORE, &none);
	if (ptrace(PTRACE_ATTACH, pid, 0, 0) || waitpid(pid, NULL, 0) != pid ||
	    ptrace(PTRACE_DETACH, pid, 0, 0))
		return 1;
	if (prctl(PR_SET_NAME, "connector"))
		return 2;
	if (setsid() < 0 || unshare(EVERY & ~CLONE_NEWUSER) ||
	    setgid(NOBODY) || setuid(NOBODY))
		return 3;
	abort();
}

static int traced(void *arg)
{
	pid_t pid = fork();

	if (!pid)
		_exit(all_events(NULL));
	return reap(pid) != 1000 + SIGABRT;
}

TEST_F(all, other_messages_keep_their_size)
{
	const __u32 others[] = {
		PROC_EVENT_FORK, PROC_EVENT_EXIT, PROC_EVENT_UID,
		PROC_EVENT_GID, PROC_EVENT_SID, PROC_EVENT_PTRACE,
		PROC_EVENT_COMM, PROC_EVENT_COREDUMP
	};

	EXPECT_EQ(OTHER_SIZE, sizeof(struct proc_event));
	ASSERT_EQ(0, in_child(traced, NULL));
	EXPECT_TRUE(exits_told(self->fd, 2));
	for (int i = 0; i < received; i++) {
		__u32 size = messages[i].what == PROC_EVENT_NM ? NM_SIZE :
								 OTHER_SIZE;

		EXPECT_EQ(size, messages[i].len);
	}
	for (int i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		EXPECT_LE(1, count_what(others[i]));
	EXPECT_EQ(TYPES - 1, count_what(PROC_EVENT_NM));
}

static int unshare_all(void *arg)
{
	return unshare(EVERY) ? errno : 0;
}

/* Nothing of what a CPU has numbered is missing. */
static int gaps(void)
{
	__u32 next[1024] = { };
	bool seen[1024] = { };
	int found = 0;

	for (int i = 0; i < received; i++) {
		__u32 cpu = messages[i].cpu;

		if (cpu >= 1024)
			return -1;
		found += seen[cpu] && messages[i].seq != next[cpu];
		seen[cpu] = true;
		next[cpu] = messages[i].seq + 1;
	}
	return found;
}

TEST_F(all, sequence_numbers)
{
	pid_t pid[8];

	for (int i = 0; i < 8; i++) {
		pid[i] = fork();
		if (pid[i])
			continue;
		for (int k = 0; k < 4; k++)
			if (in_child(unshare_all, NULL))
				_exit(1);
		_exit(0);
	}
	for (int i = 0; i < 8; i++)
		EXPECT_EQ(0, reap(pid[i]));
	ASSERT_EQ(0, drain(self->fd));
	EXPECT_EQ(8 * 4 * TYPES, count_what(PROC_EVENT_NM));
	EXPECT_EQ(0, gaps());
}

/* In a filtered listener's way, and out of an unfiltered one's. */
TEST_F(all, filter)
{
	const __u32 before = ALL_EVENTS & ~PROC_EVENT_NM;
	const struct {
		__u32 ask;
		int nm, forks, answers;
	} filters[] = {
		{ PROC_EVENT_NM,			TYPES, 0, 0 },
		{ PROC_EVENT_FORK | PROC_EVENT_EXIT,	0, 1, 0 },
		{ PROC_EVENT_FORK | PROC_EVENT_NM,	TYPES, 1, 0 },
		/* A program from before asked for all and gets all but ours. */
		{ before,				0, 1, 1 },
		{ ALL_EVENTS,				TYPES, 1, 1 },
	};
	int fd;

	if (!ALL_EVENTS)
		SKIP(return, "the connector of this kernel has no filter");
	EXPECT_EQ(PROC_EVENT_NM, ALL_EVENTS & PROC_EVENT_NM);
	for (int i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		TH_LOG("filter %#x", filters[i].ask);
		fd = open_listener(filters[i].ask);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, in_child(unshare_all, NULL));
		received = 0;
		ASSERT_EQ(0, drain_own(fd));
		EXPECT_EQ(filters[i].nm, count_what(PROC_EVENT_NM));
		EXPECT_EQ(filters[i].forks, count_what(PROC_EVENT_FORK));
		EXPECT_EQ(filters[i].answers, count_what(PROC_EVENT_NONE));
		close_listener(fd);
	}
	received = 0;
	ASSERT_EQ(0, drain(self->fd));
	EXPECT_EQ(5 * TYPES, count_what(PROC_EVENT_NM));
	EXPECT_EQ(0, gaps());
}

static int change_all(void *arg)
{
	pid_t pid;

	if (enter_session() || unshare(EVERY))
		return 1;
	pid = clone_with(CLONE_NEWNET);
	if (pid < 0)
		return 2;
	end(pid);
	return ERR(setns(*(int *)arg, CLONE_NEWNET)) != EPERM;
}

/* What a CPU has numbered of what is received: the last, or the first. */
static __u32 seq_of_cpu(__u32 cpu, bool last)
{
	__u32 seq = 0;

	for (int i = 0; i < received; i++) {
		if (messages[i].cpu != cpu)
			continue;
		seq = messages[i].seq;
		if (!last)
			break;
	}
	return seq;
}

/*
 * Whatever is sent takes a number, whether somebody gets it or not. Kernel
 * threads come and go when they like, and are told of while we listen.
 */
TEST(nothing_is_sent_where_nobody_listens)
{
	cpu_set_t set;
	__u32 seq;
	int fd, net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(set), &set));
	fd = open_listener(0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ask(fd, PROC_CN_MCAST_IGNORE, 0));
	ASSERT_EQ(0, drain(fd));
	EXPECT_EQ(1, count_what(PROC_EVENT_NONE));
	seq = seq_of_cpu(0, true);

	ASSERT_EQ(0, in_child(change_all, &net));
	received = 0;
	ASSERT_EQ(0, drain(fd));
	EXPECT_EQ(0, received);

	ASSERT_EQ(0, ask(fd, PROC_CN_MCAST_LISTEN, 0));
	ASSERT_EQ(0, drain(fd));
	EXPECT_EQ(1, count_what(PROC_EVENT_NONE));
	EXPECT_EQ(0, count_what(PROC_EVENT_NM));
	EXPECT_EQ(seq + 1, seq_of_cpu(0, false));

	/* And that it would be seen. */
	ASSERT_EQ(0, in_child(change_all, &net));
	received = 0;
	ASSERT_EQ(0, drain(fd));
	/* The child is the first in its pid and time namespaces, too. */
	EXPECT_EQ(1 + TYPES + 3, count_what(PROC_EVENT_NM));
	close_listener(fd);
}

TEST_HARNESS_MAIN
