// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/* Who is in which session: what children inherit, and what /proc says. */
#include <ctype.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sys/ioctl.h>

#include "agentns-test.h"

/* What a child, however it came to be, reports of itself. */
struct report {
	char id[HEX_ID + 1];
	char proc[HEX_ID + 1];
	ino_t inode;
	pid_t parent;
	volatile int done;
};

static void fill(struct report *r)
{
	struct stat st;

	own_id(r->id);
	read_file(r->proc, sizeof(r->proc), "/proc/thread-self/agent_session");
	if (!stat("/proc/thread-self/ns/agent", &st))
		r->inode = st.st_ino;
	r->parent = getppid();
	raise_flag(&r->done);
}

static void child_reports(struct report *r, long pid)
{
	if (!pid) {
		fill(r);
		_exit(0);
	}
	waitpid(pid, NULL, __WALL);
}

static void by_fork(struct report *r)
{
	child_reports(r, syscall(SYS_fork));
}

static void by_vfork(struct report *r)
{
	pid_t pid = vfork();

	if (!pid) {
		fill(r);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void by_clone(struct report *r)
{
	child_reports(r, syscall(SYS_clone, 0, 0, 0, 0, 0));
}

static void by_clone3(struct report *r)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	child_reports(r, syscall(SYS_clone3, &args, sizeof(args)));
}

static void by_clone_of_namespaces(struct report *r)
{
	child_reports(r, syscall(SYS_clone, SIGCHLD | CLONE_NEWUTS |
				 CLONE_NEWIPC | CLONE_NEWNS | CLONE_NEWNET,
				 0, 0, 0, 0));
}

static void by_clone_of_user_namespace(struct report *r)
{
	child_reports(r, syscall(SYS_clone, SIGCHLD | CLONE_NEWUSER, 0, 0, 0,
				 0));
}

static void by_clone_of_pid_namespace(struct report *r)
{
	child_reports(r, syscall(SYS_clone, SIGCHLD | CLONE_NEWPID, 0, 0, 0,
				 0));
}

static void *thread_reports(void *arg)
{
	fill(arg);
	return NULL;
}

static void by_thread(struct report *r)
{
	pthread_t thread;

	pthread_create(&thread, NULL, thread_reports, r);
	pthread_join(thread, NULL);
}

static void by_double_fork(struct report *r)
{
	pid_t pid = fork();

	if (!pid) {
		setsid();
		if (!fork()) {
			/* An orphan by now, or soon. */
			WAIT_FOR(getppid() == 1);
			fill(r);
		}
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	WAIT_FOR(r->done);
}

static void by_unshare(struct report *r)
{
	pid_t pid = fork();

	if (!pid && (unshare(CLONE_NEWUTS) || unshare(CLONE_NEWNS) ||
		     unshare(CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWCGROUP) ||
		     unshare(CLONE_NEWUSER) || unshare(CLONE_NEWTIME)))
		_exit(1);
	child_reports(r, pid);
}

static void by_setns(struct report *r)
{
	int fd = open("/proc/1/ns/uts", O_RDONLY);
	pid_t pid = fork();

	if (!pid && (unshare(CLONE_NEWUTS) || setns(fd, CLONE_NEWUTS)))
		_exit(1);
	child_reports(r, pid);
	close(fd);
}

/* exec: the program that runs is the one that reads its file. */
static void by_exec(struct report *r)
{
	char out[] = "exec.out";
	pid_t pid = fork();
	struct stat st;

	if (!pid) {
		dup2(open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
		execl("/bin/cat", "cat", "/proc/self/agent_session", NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	read_file(r->proc, sizeof(r->proc), "%s", out);
	strcpy(r->id, r->proc);
	stat("/proc/self/ns/agent", &st);
	r->inode = st.st_ino;
	r->done = 1;
}

FIXTURE(inherit) {
	struct report *parent, *child;
};

FIXTURE_VARIANT(inherit) {
	void (*make)(struct report *r);
	bool other_proc;	/* /proc does not show the child to itself */
};

#define VARIANT(_name, ...)						\
	FIXTURE_VARIANT_ADD(inherit, _name) {				\
		.make = by_##_name, __VA_ARGS__				\
	}

VARIANT(fork);
VARIANT(vfork);
VARIANT(clone);
VARIANT(clone3);
VARIANT(clone_of_namespaces);
VARIANT(clone_of_user_namespace);
VARIANT(clone_of_pid_namespace, .other_proc = true);
VARIANT(thread);
VARIANT(double_fork);
VARIANT(unshare);
VARIANT(setns);
VARIANT(exec);

FIXTURE_SETUP(inherit)
{
	self->parent = shared(4096);
	self->child = shared(4096);
}

FIXTURE_TEARDOWN(inherit)
{
}

TEST_F(inherit, session)
{
	struct report *p = self->parent, *c = self->child;

	ASSERT_EQ(0, enter_session());
	fill(p);
	EXPECT_STRNE(NO_SESSION, p->id);
	EXPECT_STREQ(p->id, p->proc);
	variant->make(c);
	ASSERT_EQ(1, c->done);
	EXPECT_STREQ(p->id, c->id);
	if (variant->other_proc)
		return;
	EXPECT_STREQ(p->id, c->proc);
	EXPECT_EQ(p->inode, c->inode);
	EXPECT_NE(AGENT_NS_INIT_INO, c->inode);
}

TEST_F(inherit, none)
{
	variant->make(self->child);
	ASSERT_EQ(1, self->child->done);
	EXPECT_STREQ(NO_SESSION, self->child->id);
	if (variant->other_proc)
		return;
	EXPECT_STREQ(NO_SESSION, self->child->proc);
	EXPECT_EQ(AGENT_NS_INIT_INO, self->child->inode);
}

TEST(orphans_are_orphans)
{
	struct report *r = shared(4096);

	ASSERT_EQ(0, enter_session());
	by_double_fork(r);
	EXPECT_EQ(1, r->parent);
}

/* Ids are unique and not zero, and name their parents. */
TEST(ids)
{
	__u8 id[AGENT_NS_DEPTH_MAX + 1][AGENT_NS_ID_BYTES] = { };
	__u8 parent[AGENT_NS_ID_BYTES];
	char path[256], text[64], hex[HEX_ID + 1], parent_hex[HEX_ID + 1];

	for (int i = 1; i <= AGENT_NS_DEPTH_MAX; i++) {
		ASSERT_EQ(0, enter_session());
		ASSERT_EQ(0, agent(PR_GET_AGENT_SESSION_ID, id[i]));
		ASSERT_EQ(0, agent(PR_GET_AGENT_PARENT_ID, parent));
		EXPECT_EQ(0, memcmp(parent, id[i - 1], sizeof(parent)));
		hex_id(id[i], hex);
		hex_id(id[i - 1], parent_hex);
		EXPECT_EQ(0, read_file(text, sizeof(text), "%s",
				       session_path(path, hex, "parent")));
		EXPECT_STREQ(parent_hex, text);
		for (int k = 0; k < i; k++)
			EXPECT_NE(0, memcmp(id[i], id[k], sizeof(id[i])));
	}
}

struct thread {
	volatile int state;
	pid_t tid;
	char id[HEX_ID + 1], nested[HEX_ID + 1];
	int err;
};

static void *enter_alone(void *arg)
{
	struct thread *t = arg;

	t->tid = syscall(SYS_gettid);
	t->err = enter_session();
	own_id(t->id);
	raise_flag(&t->state);
	while (t->state == 1)
		sleep_ms(1);
	return NULL;
}

TEST(only_the_calling_thread_moves)
{
	char text[HEX_ID + 2], own[HEX_ID + 1];
	struct thread t[2] = { };
	pthread_t thread[2];
	struct stat a, b;

	for (int i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, enter_alone, &t[i]);
	for (int i = 0; i < 2; i++) {
		WAIT_FOR(t[i].state == 1);
		EXPECT_EQ(0, t[i].err);
		EXPECT_EQ(0, read_file(text, sizeof(text),
				       "/proc/self/task/%d/agent_session",
				       t[i].tid));
		EXPECT_STRNE(NO_SESSION, text);
		EXPECT_STREQ(t[i].id, text);
	}
	EXPECT_STRNE(t[0].id, t[1].id);
	EXPECT_STREQ(NO_SESSION, own_id(own));
	/* The process's own files are those of its first thread. */
	EXPECT_EQ(0, read_file(text, sizeof(text), "/proc/self/agent_session"));
	EXPECT_STREQ(NO_SESSION, text);
	snprintf(text, sizeof(text), "/proc/self/task/%d/ns", t[0].tid);
	strcat(text, "/agent");
	EXPECT_EQ(0, stat(text, &a));
	EXPECT_EQ(0, stat("/proc/self/ns/agent", &b));
	EXPECT_NE(a.st_ino, b.st_ino);
	EXPECT_EQ(AGENT_NS_INIT_INO, b.st_ino);
	for (int i = 0; i < 2; i++) {
		raise_flag(&t[i].state);
		pthread_join(thread[i], NULL);
	}
}

TEST(files_outside)
{
	char text[512];

	EXPECT_EQ(0, read_file(text, sizeof(text), "/proc/self/agent_session"));
	EXPECT_STREQ(NO_SESSION, text);
	EXPECT_EQ(0, read_file(text, sizeof(text), "/proc/self/agent_intent"));
	EXPECT_STREQ("", text);
	EXPECT_EQ(0, read_file(text, sizeof(text), "/proc/1/agent_counters"));
	EXPECT_STREQ("{\"total_syscalls\":0,\"openat_count\":0,"
		     "\"write_bytes\":0,\"connect_count\":0,"
		     "\"unlink_count\":0,\"fork_count\":0,\"elapsed_ns\":0}",
		     text);
	/* A kernel thread has no session either. */
	EXPECT_EQ(0, read_file(text, sizeof(text), "/proc/2/agent_session"));
	EXPECT_STREQ(NO_SESSION, text);
	memset(text, 0, sizeof(text));
	EXPECT_LT(0, readlink("/proc/self/ns/agent", text, sizeof(text)));
	EXPECT_STREQ("agent:[4026531830]", text);
}

/* One JSON object of integers: nothing else, and the keys in this order. */
TEST(counters_file)
{
	static const char *const keys[] = {
		"total_syscalls", "openat_count", "write_bytes",
		"connect_count", "unlink_count", "fork_count", "elapsed_ns",
	};
	struct agent_ns_counters_uapi c;
	__u64 value[7];
	char text[512], *p = text, *end;

	ASSERT_EQ(0, enter_session());
	for (int i = 0; i < 3; i++)
		syscall(SYS_unlink, "/nonexistent");
	ASSERT_EQ(0, read_file(text, sizeof(text), "/proc/self/agent_counters"));
	ASSERT_EQ(0, counters_of(&c));
	ASSERT_EQ('{', *p++);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (i) {
			ASSERT_EQ(',', *p++);
		}
		ASSERT_EQ('"', *p++);
		ASSERT_EQ(0, strncmp(p, keys[i], strlen(keys[i])));
		p += strlen(keys[i]);
		ASSERT_EQ('"', *p++);
		ASSERT_EQ(':', *p++);
		ASSERT_NE(0, isdigit(*p));
		value[i] = strtoull(p, &end, 10);
		p = end;
	}
	/* More keys may follow. */
	ASSERT_TRUE(*p == ',' || !strcmp(p, "}"));
	/* unlink 3 times, open, read; then close and the prctl. */
	EXPECT_EQ(5, value[0]);
	EXPECT_EQ(7, c.total_syscalls);
	EXPECT_EQ(1, value[1]);
	EXPECT_EQ(0, value[2]);
	EXPECT_EQ(0, value[3]);
	EXPECT_EQ(3, value[4]);
	EXPECT_EQ(0, value[5]);
	EXPECT_LE(value[6], c.elapsed_ns);
}

TEST(zombies_are_in_no_session)
{
	char text[512], path[64];
	siginfo_t info;
	ssize_t n;
	pid_t pid;

	ASSERT_EQ(0, enter_session());
	pid = fork();
	if (!pid)
		_exit(0);
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	EXPECT_EQ(0, read_file(text, sizeof(text), "/proc/%d/agent_session",
			       pid));
	EXPECT_STREQ(NO_SESSION, text);
	EXPECT_EQ(0, read_file(text, sizeof(text), "/proc/%d/agent_intent",
			       pid));
	EXPECT_STREQ("", text);
	EXPECT_EQ(0, read_file(text, sizeof(text), "/proc/%d/agent_counters",
			       pid));
	EXPECT_EQ(0, strncmp(text, "{\"total_syscalls\":0,", 20));
	/* As the other types do it. */
	snprintf(path, sizeof(path), "/proc/%d/ns/uts", pid);
	n = readlink(path, text, sizeof(text));
	EXPECT_EQ(-1, n);
	snprintf(path, sizeof(path), "/proc/%d/ns/agent", pid);
	n = readlink(path, text, sizeof(text));
	EXPECT_EQ(-1, n);
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(ENOENT, read_file(text, sizeof(text),
				    "/proc/%d/agent_session", pid));
}

FIXTURE(link) {
	pid_t pid;		/* in a session, nested in that of @outer */
	pid_t outer;
	volatile int *ready;
};

/* Stay in @depth sessions until killed. */
static pid_t stay(int depth, volatile int *ready)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	for (int i = 0; i < depth; i++)
		if (enter_session())
			_exit(1);
	raise_flag(ready);
	for (;;)
		pause();
}

FIXTURE_SETUP(link)
{
	self->ready = shared(4096);
	self->outer = stay(1, self->ready);
	self->pid = stay(2, self->ready);
	ASSERT_TRUE(WAIT_FOR(*self->ready == 2));
}

FIXTURE_TEARDOWN(link)
{
	kill(self->pid, SIGKILL);
	reap(self->pid);
	if (self->outer) {
		kill(self->outer, SIGKILL);
		reap(self->outer);
	}
}

static int open_link(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/agent", pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static ino_t inode_of(int fd)
{
	struct stat st;

	return fd < 0 || fstat(fd, &st) ? 0 : st.st_ino;
}

TEST_F(link, type)
{
	EXPECT_EQ(AGENT_NS, ioctl(open_link(getpid()), NS_GET_NSTYPE));
	EXPECT_EQ(AGENT_NS, ioctl(open_link(self->pid), NS_GET_NSTYPE));
}

TEST_F(link, parents)
{
	int fd = open_link(self->pid), parent, top;

	parent = ioctl(fd, NS_GET_PARENT);
	ASSERT_GE(parent, 0);
	EXPECT_NE(inode_of(fd), inode_of(parent));
	EXPECT_NE(AGENT_NS_INIT_INO, inode_of(parent));
	EXPECT_EQ(AGENT_NS, ioctl(parent, NS_GET_NSTYPE));
	top = ioctl(parent, NS_GET_PARENT);
	ASSERT_GE(top, 0);
	EXPECT_EQ(AGENT_NS_INIT_INO, inode_of(top));
	EXPECT_EQ(inode_of(open_link(getpid())), inode_of(top));
	EXPECT_EQ(AGENT_NS, ioctl(top, NS_GET_NSTYPE));
	EXPECT_EQ(-1, ioctl(top, NS_GET_PARENT));
	EXPECT_EQ(EPERM, errno);
}

TEST_F(link, own_parent_is_out_of_reach)
{
	ino_t parent;
	pid_t below;
	int fd, own;

	/* Opened outside: what counts is where one asks from. */
	fd = open_link(self->pid);
	ASSERT_EQ(0, enter_session());
	own = open_link(getpid());
	EXPECT_EQ(-1, ioctl(own, NS_GET_PARENT));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, ioctl(fd, NS_GET_PARENT));
	EXPECT_EQ(EPERM, errno);
	/* One's child's parent is oneself. */
	parent = inode_of(own);
	below = stay(1, self->ready);
	ASSERT_TRUE(WAIT_FOR(*self->ready == 3));
	fd = ioctl(open_link(below), NS_GET_PARENT);
	EXPECT_EQ(parent, inode_of(fd));
	kill(below, SIGKILL);
	reap(below);
}

TEST_F(link, owner)
{
	struct stat a, b;
	int fd, pid;

	fd = ioctl(open_link(self->pid), NS_GET_USERNS);
	ASSERT_GE(fd, 0);
	fstat(fd, &a);
	ASSERT_EQ(0, stat("/proc/self/ns/user", &b));
	EXPECT_EQ(a.st_ino, b.st_ino);
	fd = ioctl(open_link(getpid()), NS_GET_USERNS);
	EXPECT_EQ(b.st_ino, inode_of(fd));

	/* Created inside of a user namespace it belongs to that. */
	pid = fork();
	if (!pid) {
		if (enter_session() || unshare(CLONE_NEWUSER) ||
		    enter_session())
			_exit(1);
		fd = ioctl(open_link(getpid()), NS_GET_USERNS);
		_exit(stat("/proc/self/ns/user", &a) ||
		      a.st_ino != inode_of(fd) || a.st_ino == b.st_ino);
	}
	EXPECT_EQ(0, reap(pid));
}

TEST_F(link, two_names_of_one_namespace)
{
	struct stat a, b;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/ns/agent", self->pid,
		 self->pid);
	ASSERT_EQ(0, stat(path, &a));
	ASSERT_EQ(0, fstat(open_link(self->pid), &b));
	EXPECT_EQ(a.st_ino, b.st_ino);
	EXPECT_EQ(a.st_dev, b.st_dev);
	EXPECT_NE(a.st_ino, inode_of(open_link(self->outer)));
}

/* A descriptor keeps an empty session; with it the session goes. */
TEST_F(link, descriptor_keeps_the_session)
{
	char id[HEX_ID + 1], path[256];
	int fd = open_link(self->outer);

	ASSERT_EQ(0, read_file(id, sizeof(id), "/proc/%d/agent_session",
			       self->outer));
	session_path(path, id, "kill");
	kill(self->outer, SIGKILL);
	EXPECT_EQ(KILLED, reap(self->outer));
	self->outer = 0;
	sleep_ms(50);
	EXPECT_EQ(0, access(path, F_OK));
	EXPECT_EQ(0, count_members(id));
	EXPECT_EQ(AGENT_NS, ioctl(fd, NS_GET_NSTYPE));
	EXPECT_EQ(0, session_set(id, "kill", "1"));
	close(fd);
	EXPECT_TRUE(WAIT_FOR(access(path, F_OK)));
	EXPECT_EQ(ENOENT, ERR(access(path, F_OK)));
}

/* And an ended parent lives on for its child's sake. */
TEST(parent_outlives_its_tasks)
{
	char id[2][HEX_ID + 1], path[2][256];
	pid_t pid;

	ASSERT_EQ(0, enter_session());
	pid = fork();
	if (!pid) {
		sleep_ms(100);
		_exit(0);
	}
	/* This one leaves for a session below; nobody is in the middle one. */
	own_id(id[0]);
	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, enter_session());
	own_id(id[1]);
	EXPECT_EQ(0, reap(pid));
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(0, access(session_path(path[i], id[i], "kill"),
				    F_OK));
	EXPECT_EQ(1, count_members(id[1]));
	EXPECT_EQ(0, count_members(id[0]));
}

TEST_HARNESS_MAIN
