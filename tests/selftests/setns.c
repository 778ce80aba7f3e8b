// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/*
 * Entering sessions by setns(2): with a descriptor, with a pidfd, alone and
 * with other namespaces, all or nothing; and coming back to one that is empty.
 */
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "agentns-test.h"

static const struct {
	const char *name;
	int flag;
} types[] = {
	{ "user", CLONE_NEWUSER }, { "mnt", CLONE_NEWNS },
	{ "uts", CLONE_NEWUTS }, { "ipc", CLONE_NEWIPC },
	{ "pid", CLONE_NEWPID }, { "cgroup", CLONE_NEWCGROUP },
	{ "net", CLONE_NEWNET }, { "time", CLONE_NEWTIME },
	{ "agent", AGENT_NS },
};

#define TYPES	9
#define AGENT	8

/* The namespaces that others can be owned by, without the user namespace. */
#define OWNED	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | \
		 CLONE_NEWCGROUP | CLONE_NEWNET | CLONE_NEWTIME)

static const char *const links[] = {
	"user", "mnt", "uts", "ipc", "pid", "pid_for_children", "cgroup", "net",
	"time", "time_for_children", "agent",
};

#define LINKS	11

struct links {
	ino_t of[LINKS];
};

static struct links own_links(void)
{
	struct links l = { };
	struct stat st;
	char path[64];

	for (int i = 0; i < LINKS; i++) {
		sprintf(path, "/proc/thread-self/ns/%s", links[i]);
		if (!stat(path, &st))
			l.of[i] = st.st_ino;
	}
	return l;
}

static bool same(const struct links *a, const struct links *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static int pidfd_open(pid_t pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

static const char *id_of(pid_t pid, char *id)
{
	read_file(id, HEX_ID + 1, "/proc/%d/agent_session", pid);
	return id;
}

/* What the last target's @prepare came to: 0 while it is under way. */
static volatile int *prepared;

/* A child that does @prepare, and waits to be killed. */
static pid_t target_begin(int (*prepare)(long arg), long arg)
{
	pid_t pid;

	prepared = shared(4096);
	pid = fork();
	if (!pid) {
		int ret;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		ret = prepare(arg);

		__atomic_store_n(prepared, ret ? -ret : 1, __ATOMIC_RELEASE);
		pause();
		_exit(0);
	}
	return pid;
}

/* 0 when it has, or the error. */
static int target_ready(void)
{
	WAIT_FOR(*prepared);
	return *prepared == 1 ? 0 : *prepared ? -*prepared : ETIMEDOUT;
}

static pid_t target(int (*prepare)(long arg), long arg)
{
	pid_t pid = target_begin(prepare, arg);

	errno = target_ready();
	return errno ? -1 : pid;
}

/* Has it made its last call, the one that it is killed in? */
static bool asleep(pid_t pid)
{
	char text[512], *name_end;

	read_file(text, sizeof(text), "/proc/%d/stat", pid);
	name_end = strrchr(text, ')');
	return name_end && !strncmp(name_end, ") S", 3);
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	reap(pid);
}

static int in_new_session(long unused)
{
	return enter_session();
}

FIXTURE(entering) {
	pid_t pid;
	int fd, pidfd;
	char id[HEX_ID + 1];
};

FIXTURE_SETUP(entering)
{
	self->pid = target(in_new_session, 0);
	ASSERT_LT(0, self->pid);
	/* Its calls are counted in some of the tests. */
	ASSERT_TRUE(WAIT_FOR(asleep(self->pid)));
	self->fd = agent_fd(self->pid);
	self->pidfd = pidfd_open(self->pid);
	ASSERT_LE(0, self->fd);
	ASSERT_LE(0, self->pidfd);
	id_of(self->pid, self->id);
}

FIXTURE_TEARDOWN(entering)
{
	end(self->pid);
}

TEST_F(entering, by_descriptor)
{
	char id[HEX_ID + 1];

	ASSERT_EQ(0, ERR(setns(self->fd, 0)));
	EXPECT_STREQ(self->id, own_id(id));
	/* Again is as good. */
	EXPECT_EQ(0, ERR(setns(self->fd, AGENT_NS)));
	EXPECT_STREQ(self->id, own_id(id));
}

TEST_F(entering, by_pidfd)
{
	char id[HEX_ID + 1];

	ASSERT_EQ(0, ERR(setns(self->pidfd, AGENT_NS)));
	EXPECT_STREQ(self->id, own_id(id));
}

TEST_F(entering, flags)
{
	int uts = open("/proc/self/ns/uts", O_RDONLY);
	struct links before = own_links(), after;

	for (int i = 0; i < AGENT; i++)
		EXPECT_EQ(EINVAL, ERR(setns(self->fd, types[i].flag)));
	EXPECT_EQ(EINVAL, ERR(setns(self->fd, AGENT_NS | CLONE_NEWUTS)));
	EXPECT_EQ(EINVAL, ERR(setns(self->fd, 0x2)));
	EXPECT_EQ(EINVAL, ERR(setns(uts, AGENT_NS)));
	EXPECT_EQ(EINVAL, ERR(setns(self->pidfd, 0)));
	EXPECT_EQ(EINVAL, ERR(setns(self->pidfd, AGENT_NS | 0x2)));
	EXPECT_EQ(EINVAL, ERR(setns(self->pidfd, AGENT_NS | 0x4)));
	after = own_links();
	EXPECT_TRUE(same(&before, &after));
}

/* What is done inside is counted there, and children are born there. */
TEST_F(entering, is_counted)
{
	__u64 calls = session_get(self->id, "counters/total_syscalls");
	__u64 forks = session_get(self->id, "counters/fork_count");
	volatile int *go = shared(4096);
	pid_t pid = fork();

	if (!pid) {
		if (setns(self->fd, 0))
			_exit(1);
		for (int i = 0; i < 1000; i++)
			syscall(SYS_getppid);
		if (!syscall(SYS_fork))
			syscall(SYS_exit_group, 0);
		raise_flag(go);
		for (;;)
			spin_until(go, 2);
	}
	ASSERT_TRUE(WAIT_FOR(*go == 1));
	/* The calls, the fork, and the child's end. */
	EXPECT_TRUE(WAIT_FOR(session_get(self->id, "counters/total_syscalls") - calls ==
			     1002));
	EXPECT_EQ(1, session_get(self->id, "counters/fork_count") - forks);
	end(pid);
}

TEST_F(entering, and_leaving_again)
{
	int fd = open("/proc/self/ns/agent", O_RDONLY);
	struct agent_ns_counters_uapi c = { .total_syscalls = 1 };
	char id[HEX_ID + 1];
	__u64 calls;

	ASSERT_EQ(0, ERR(setns(self->fd, 0)));
	ASSERT_EQ(0, ERR(setns(fd, AGENT_NS)));
	EXPECT_STREQ(NO_SESSION, own_id(id));
	calls = session_get(self->id, "counters/total_syscalls");
	for (int i = 0; i < 10; i++)
		syscall(SYS_getppid);
	EXPECT_EQ(calls, session_get(self->id, "counters/total_syscalls"));
	EXPECT_EQ(0, counters_of(&c));
	EXPECT_EQ(0, c.total_syscalls);
}

static void *enter_in_thread(void *fd)
{
	char *id = malloc(HEX_ID + 1);

	if (setns(*(int *)fd, AGENT_NS))
		sprintf(id, "errno %d", errno);
	else
		own_id(id);
	return id;
}

/* Membership is a thread's, as with network namespaces. */
TEST_F(entering, one_thread_of_several)
{
	char id[HEX_ID + 1];
	pthread_t thread;
	void *inside;

	ASSERT_EQ(0, pthread_create(&thread, NULL, enter_in_thread, &self->fd));
	ASSERT_EQ(0, pthread_join(thread, &inside));
	EXPECT_STREQ(self->id, inside);
	EXPECT_STREQ(NO_SESSION, own_id(id));
	ASSERT_EQ(0, pthread_create(&thread, NULL, enter_in_thread,
				    &self->pidfd));
	ASSERT_EQ(0, pthread_join(thread, &inside));
	EXPECT_STREQ(self->id, inside);
}

TEST_F(entering, a_target_that_has_gone)
{
	struct links before = own_links(), after;

	siginfo_t info;

	kill(self->pid, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, self->pid, &info, WEXITED | WNOWAIT));
	/* A zombie has no namespaces any more. */
	EXPECT_EQ(ESRCH, ERR(setns(self->pidfd, AGENT_NS)));
	EXPECT_EQ(ESRCH, ERR(setns(self->pidfd, AGENT_NS | CLONE_NEWUTS)));
	reap(self->pid);
	EXPECT_EQ(ESRCH, ERR(setns(self->pidfd, AGENT_NS)));
	after = own_links();
	EXPECT_TRUE(same(&before, &after));
}

TEST_F(entering, after_the_last_task_has_gone)
{
	char id[HEX_ID + 1];

	end(self->pid);
	ASSERT_EQ(0, ERR(setns(self->fd, 0)));
	EXPECT_STREQ(self->id, own_id(id));
}

TEST_F(entering, by_a_bind_mount)
{
	char id[HEX_ID + 1], path[64];
	int fd;

	ASSERT_EQ(0, ERR(unshare(CLONE_NEWNS)));
	ASSERT_EQ(0, ERR(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL)));
	close(open("pinned", O_CREAT | O_WRONLY, 0600));
	sprintf(path, "/proc/%d/ns/agent", self->pid);
	ASSERT_EQ(0, ERR(mount(path, "pinned", NULL, MS_BIND, NULL)));
	close(self->fd);
	end(self->pid);
	fd = open("pinned", O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(AGENT_NS, ioctl(fd, NS_GET_NSTYPE));
	ASSERT_EQ(0, ERR(setns(fd, AGENT_NS)));
	EXPECT_STREQ(self->id, own_id(id));
	close(fd);
	EXPECT_EQ(0, ERR(umount("pinned")));
}

TEST_F(entering, a_killed_session)
{
	char id[HEX_ID + 1];

	ASSERT_EQ(0, session_set(self->id, "kill", "1"));
	EXPECT_EQ(0, ERR(setns(self->fd, 0)));
	/* Killed was who was in it then. */
	EXPECT_STREQ(self->id, own_id(id));
}

static int enter_as_nobody(void *fd)
{
	return ERR(syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY)) ?:
	       ERR(setns(*(int *)fd, AGENT_NS));
}

static int enter_as_namespace_root(void *fd)
{
	return ERR(unshare(CLONE_NEWUSER)) ?: ERR(setns(*(int *)fd, AGENT_NS));
}

TEST_F(entering, takes_privileges_over_both)
{
	EXPECT_EQ(EPERM, in_child(enter_as_nobody, &self->fd));
	EXPECT_EQ(EPERM, in_child(enter_as_nobody, &self->pidfd));
	EXPECT_EQ(EPERM, in_child(enter_as_namespace_root, &self->fd));
}

/* Out of a session, into the parent, into a sibling: by root, and by nobody. */
struct ways {
	int init, parent, sibling, child;
	bool user_ns;
};

static int enter_fd(void *fd)
{
	return ERR(setns(*(int *)fd, AGENT_NS));
}

static int try_ways(void *arg)
{
	struct ways *w = arg;
	int init = open("/proc/self/ns/agent", O_RDONLY);
	int parent, sibling, child;

	if (enter_session())
		return 201;
	parent = open("/proc/self/ns/agent", O_RDONLY);
	sibling = agent_fd(target(in_new_session, 0));
	if (enter_session())
		return 202;
	if (w->user_ns && unshare(CLONE_NEWUSER))
		return 203;
	child = agent_fd(target(in_new_session, 0));

	w->child = in_child(enter_fd, &child);
	w->sibling = in_child(enter_fd, &sibling);
	w->parent = in_child(enter_fd, &parent);
	w->init = in_child(enter_fd, &init);
	return 0;
}

TEST(ways_out)
{
	struct ways *w = shared(sizeof(*w));

	*w = (struct ways){ };
	ASSERT_EQ(0, in_child(try_ways, w));
	EXPECT_EQ(0, w->child);
	EXPECT_EQ(0, w->sibling);
	EXPECT_EQ(0, w->parent);
	EXPECT_EQ(0, w->init);

	/* A user namespace's root may go further in, and never out. */
	*w = (struct ways){ .user_ns = true };
	ASSERT_EQ(0, in_child(try_ways, w));
	EXPECT_EQ(0, w->child);
	EXPECT_EQ(EPERM, w->sibling);
	EXPECT_EQ(EPERM, w->parent);
	EXPECT_EQ(EPERM, w->init);
}

/* Up one session, where both are the user namespace's own. */
static int leave_own(void *unused)
{
	int outer;

	if (enter_session() || unshare(CLONE_NEWUSER) || enter_session())
		return 200;
	outer = open("/proc/self/ns/agent", O_RDONLY);
	if (enter_session())
		return 201;
	return ERR(setns(outer, AGENT_NS));
}

/* Its budget may be meant for whoever is root in there: it holds. */
TEST(namespace_root_cannot_leave_what_it_owns)
{
	EXPECT_EQ(EPERM, in_child(leave_own, NULL));
}

/* Set by a test that has made a user namespace, for a target of before that. */
static volatile int *user_ns_made;

/*
 * Into the user namespace of the parent, when it has made one, with a session
 * that is still owned by the one outside.
 */
static int with_outer_session(void)
{
	int ret = enter_session(), fd;
	char path[64];

	if (ret)
		return ret;
	WAIT_FOR(*user_ns_made);
	sprintf(path, "/proc/%d/ns/user", getppid());
	fd = open(path, O_RDONLY);
	return ERR(setns(fd, CLONE_NEWUSER));
}

/* All types but @missing in namespaces of its own; the child is in all of them. */
static int in_new_namespaces(long missing)
{
	volatile int *ready = shared(4096);
	pid_t pid;
	int ret;

	ret = missing & AGENT_NS ? with_outer_session() : enter_session();
	if (ret)
		return ret;
	if (unshare(OWNED & ~missing))
		return errno;
	pid = fork();
	if (pid) {
		/* The one to look at is the child, which tells its parent. */
		if (pid < 0)
			return errno;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		WAIT_FOR(*ready);
		return 0;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	raise_flag(ready);
	pause();
	_exit(0);
}

static pid_t child_of(pid_t pid)
{
	char text[64];

	return read_file(text, sizeof(text), "/proc/%d/task/%d/children", pid,
			 pid) ? -1 : atoi(text);
}

FIXTURE(together) {
	struct links before;
	pid_t parent, pid;
	int pidfd;
};

/* The type of which the target has none that the caller may enter. */
FIXTURE_VARIANT(together) {
	int type;
};

FIXTURE_VARIANT_ADD(together, none_refuses) { .type = 0 };
FIXTURE_VARIANT_ADD(together, user_refuses) { .type = CLONE_NEWUSER };
FIXTURE_VARIANT_ADD(together, mnt_refuses) { .type = CLONE_NEWNS };
FIXTURE_VARIANT_ADD(together, uts_refuses) { .type = CLONE_NEWUTS };
FIXTURE_VARIANT_ADD(together, ipc_refuses) { .type = CLONE_NEWIPC };
FIXTURE_VARIANT_ADD(together, pid_refuses) { .type = CLONE_NEWPID };
FIXTURE_VARIANT_ADD(together, cgroup_refuses) { .type = CLONE_NEWCGROUP };
FIXTURE_VARIANT_ADD(together, net_refuses) { .type = CLONE_NEWNET };
FIXTURE_VARIANT_ADD(together, time_refuses) { .type = CLONE_NEWTIME };
FIXTURE_VARIANT_ADD(together, agent_refuses) { .type = AGENT_NS };

/*
 * The caller is the root of a user namespace, in a session that root made. The
 * target has namespaces that this user namespace owns, but for one type.
 */
FIXTURE_SETUP(together)
{
	user_ns_made = shared(4096);
	ASSERT_EQ(0, enter_session());
	if (variant->type == AGENT_NS)
		self->parent = target_begin(in_new_namespaces, AGENT_NS);
	ASSERT_EQ(0, ERR(unshare(CLONE_NEWUSER)));
	raise_flag(user_ns_made);
	if (variant->type == AGENT_NS) {
		ASSERT_EQ(0, target_ready());
	} else {
		self->parent = target(in_new_namespaces, variant->type);
	}
	ASSERT_LT(0, self->parent);
	self->pid = child_of(self->parent);
	ASSERT_LT(0, self->pid);
	self->pidfd = pidfd_open(self->pid);
	ASSERT_LE(0, self->pidfd);
	self->before = own_links();
}

FIXTURE_TEARDOWN(together)
{
	kill(self->pid, SIGKILL);
	end(self->parent);
}

/* The type that refuses with each of the others, and with all of them. */
TEST_F(together, all_or_nothing)
{
	struct links after;
	int refused = variant->type;
	char id[HEX_ID + 1];
	__u64 tasks = session_get(id_of(self->pid, id), "counters/tasks");

	for (int i = 0; refused && i < TYPES; i++) {
		int with = types[i].flag;

		if (with == refused || with == CLONE_NEWUSER ||
		    (refused != AGENT_NS && with != AGENT_NS))
			continue;
		EXPECT_NE(0, ERR(setns(self->pidfd, refused | with))) {
			TH_LOG("with %s", types[i].name);
		}
		after = own_links();
		EXPECT_TRUE(same(&self->before, &after)) {
			TH_LOG("with %s", types[i].name);
		}
	}
	if (refused) {
		EXPECT_NE(0, ERR(setns(self->pidfd, OWNED | AGENT_NS | refused)));
		after = own_links();
		EXPECT_TRUE(same(&self->before, &after));
	}
	/* Nor has it taken a place there that it does not use. */
	EXPECT_EQ(tasks, session_get(id, "counters/tasks"));
	/* Without it all of the others are entered. */
	EXPECT_EQ(0, ERR(setns(self->pidfd, (OWNED | AGENT_NS) & ~refused)));
	EXPECT_EQ(tasks + (refused != AGENT_NS),
		  session_get(id, "counters/tasks"));
	after = own_links();
	for (int i = 0; i < LINKS; i++) {
		const char *name = links[i];
		bool stays = !strcmp(name, "user") || !strcmp(name, "pid");

		for (int j = 0; j < TYPES; j++)
			if (types[j].flag == refused &&
			    !strncmp(name, types[j].name, strlen(types[j].name)))
				stays = true;
		EXPECT_EQ(stays, self->before.of[i] == after.of[i]) {
			TH_LOG("%s", name);
		}
	}
}

/* Every subset of the types, from the outside, as root: all are entered. */
TEST(subsets)
{
	pid_t parent, pid;
	struct links want;
	int pidfd;

	parent = target(in_new_namespaces, 0);
	ASSERT_LT(0, parent);
	pid = child_of(parent);
	pidfd = pidfd_open(pid);
	ASSERT_LE(0, pidfd);
	for (int i = 0; i < LINKS; i++) {
		char path[64];
		struct stat st;

		sprintf(path, "/proc/%d/ns/%s", pid, links[i]);
		want.of[i] = stat(path, &st) ? 0 : st.st_ino;
	}
	for (int set = 0; set < 128; set++) {
		int flags = AGENT_NS;
		pid_t child;

		for (int i = 0; i < 7; i++)
			if (set & 1 << i)
				flags |= types[i + 1].flag;
		child = fork();
		if (!child) {
			struct links now;

			if (setns(pidfd, flags))
				_exit(1);
			now = own_links();
			for (int i = 0; i < TYPES; i++)
				for (int j = 0; j < LINKS; j++)
					if (types[i].flag & flags &&
					    !strcmp(links[j], types[i].name) &&
					    types[i].flag != CLONE_NEWPID &&
					    now.of[j] != want.of[j])
						_exit(2);
			_exit(0);
		}
		EXPECT_EQ(0, reap(child)) {
			TH_LOG("flags 0x%x", flags);
		}
	}
	kill(pid, SIGKILL);
	end(parent);
}

TEST_HARNESS_MAIN
