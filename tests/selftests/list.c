// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/*
 * Listing agent namespaces: PR_LIST_AGENT_NS everywhere, listns(2) where the
 * kernel has it, and both alike; PR_OPEN_AGENT_NS.
 */
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "agentns-test.h"

#ifndef NS_GET_ID
#define NS_GET_ID	_IOR(0xb7, 0xd, __u64)
#endif

#define MANY		300

static struct agent_ns_id_req request(__u64 after, __u32 type, __u64 user)
{
	return (struct agent_ns_id_req) {
		.size = sizeof(struct agent_ns_id_req), .ns_id = after,
		.ns_type = type, .user_ns_id = user,
	};
}

static long by_prctl(const struct agent_ns_id_req *req, __u64 *ids, size_t n)
{
	long ret = syscall(SYS_prctl, PR_LIST_AGENT_NS, req, ids, n, 0);

	return ret < 0 ? -errno : ret;
}

static long by_listns(const struct agent_ns_id_req *req, __u64 *ids, size_t n)
{
	long ret = syscall(SYS_listns, req, ids, n, 0);

	return ret < 0 ? -errno : ret;
}

/* The sessions of the test before have gone from the list: some are counted. */
static bool nothing_left(void)
{
	struct agent_ns_id_req req = request(0, AGENT_NS, 0);
	__u64 ids[2];

	return WAIT_FOR(by_prctl(&req, ids, 2) == 1);
}

FIXTURE(list) {
	long (*list)(const struct agent_ns_id_req *req, __u64 *ids, size_t n);
	__u64 ids[4096];
};

FIXTURE_VARIANT(list) {
	bool native;
};

FIXTURE_VARIANT_ADD(list, prctl) { };
FIXTURE_VARIANT_ADD(list, listns) { .native = true };

FIXTURE_SETUP(list)
{
	struct agent_ns_id_req req = request(0, AGENT_NS, 0);

	ASSERT_TRUE(nothing_left());
	self->list = variant->native ? by_listns : by_prctl;
	if (variant->native && by_listns(&req, self->ids, 1) == -ENOSYS)
		SKIP_FIXTURE("this kernel has no listns(2)");
}

FIXTURE_TEARDOWN(list)
{
}

/* A process in a session of its own, until it is killed. */
static pid_t holder(char *id)
{
	volatile int *ready = shared(4096);
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (enter_session())
			_exit(1);
		raise_flag(ready);
		pause();
		_exit(0);
	}
	if (!WAIT_FOR(*ready))
		return -1;
	if (id)
		read_file(id, HEX_ID + 1, "/proc/%d/agent_session", pid);
	munmap((void *)ready, 4096);
	return pid;
}

static void end(pid_t pid)
{
	/* One that did not begin: -1 would be everybody. */
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	reap(pid);
}

static bool has(const __u64 *ids, long n, __u64 id)
{
	for (long i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* The id of the youngest session, which is the last one. */
static __u64 last_id(void)
{
	static __u64 ids[4096];
	struct agent_ns_id_req req = request(0, AGENT_NS, 0);
	long n = by_prctl(&req, ids, 4096);

	return n > 0 ? ids[n - 1] : 0;
}

TEST_F(list, comes_and_vanishes)
{
	struct agent_ns_id_req req = request(0, AGENT_NS, 0);
	long n = self->list(&req, self->ids, 4096), m;
	__u64 id;
	pid_t pid;

	ASSERT_LE(1, n);
	EXPECT_EQ(AGENT_NS_INIT_ID, self->ids[0]);
	pid = holder(NULL);
	ASSERT_LT(0, pid);
	m = self->list(&req, self->ids, 4096);
	EXPECT_EQ(n + 1, m);
	id = self->ids[m - 1];
	for (long i = 1; i < m; i++)
		EXPECT_LT(self->ids[i - 1], self->ids[i]);
	end(pid);
	EXPECT_TRUE(WAIT_FOR(self->list(&req, self->ids, 4096) == n));
	EXPECT_FALSE(has(self->ids, n, id));
}

TEST_F(list, pages)
{
	struct agent_ns_id_req req = request(0, AGENT_NS, 0);
	static __u64 whole[4096];
	pid_t pids[MANY];
	long all, n = 0, got;

	for (int i = 0; i < MANY; i++) {
		pids[i] = holder(NULL);
		EXPECT_LT(0, pids[i]);
	}
	all = self->list(&req, whole, 4096);
	EXPECT_LE(MANY + 1, all);
	for (int size = 1; size <= 129; size += 64) {
		n = 0;
		req.ns_id = 0;
		while ((got = self->list(&req, self->ids + n, size)) > 0) {
			n += got;
			req.ns_id = self->ids[n - 1];
		}
		EXPECT_EQ(-ENOENT, got);
		EXPECT_EQ(all, n);
		EXPECT_EQ(0, memcmp(whole, self->ids, all * sizeof(*whole)));
	}
	/* From an id that nobody has. */
	req.ns_id = whole[all / 2] - 1;
	EXPECT_LE(1, self->list(&req, self->ids, 1));
	EXPECT_EQ(whole[all / 2], self->ids[0]);
	EXPECT_EQ(0, self->list(&req, self->ids, 0));
	for (int i = 0; i < MANY; i++)
		end(pids[i]);
}

struct view {
	long n;
	__u64 ids[8];
	long (*list)(const struct agent_ns_id_req *req, __u64 *ids, size_t n);
	__u64 user;
	bool enter, nobody, user_ns, nest, pid_ns;
};

static int view(void *arg)
{
	struct view *v = arg;
	struct agent_ns_id_req req = request(0, AGENT_NS, v->user);

	if (v->enter && enter_session())
		return 1;
	if (v->user_ns && unshare(CLONE_NEWUSER))
		return 2;
	if (v->nest && enter_session())
		return 3;
	if (v->nobody && syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY))
		return 4;
	v->n = v->list(&req, v->ids, 8);
	return 0;
}

static struct view *viewed(struct view *v, struct view how)
{
	*v = how;
	if (in_child(view, v))
		v->n = -999;
	return v;
}

TEST_F(list, who_sees_what)
{
	struct view *v = shared(sizeof(*v));
	pid_t pid = holder(NULL);
	__u64 id = last_id();

	/* Root of the machine sees all, in a session and outside. */
	EXPECT_EQ(2, viewed(v, (struct view){ .list = self->list })->n);
	EXPECT_EQ(3, viewed(v, (struct view){ .list = self->list,
					      .enter = true })->n);
	EXPECT_TRUE(has(v->ids, v->n, id));
	/* Others what they are in. */
	EXPECT_EQ(1, viewed(v, (struct view){ .list = self->list,
					      .nobody = true })->n);
	EXPECT_EQ(AGENT_NS_INIT_ID, v->ids[0]);
	EXPECT_EQ(1, viewed(v, (struct view){ .list = self->list, .enter = true,
					      .nobody = true })->n);
	EXPECT_NE(id, v->ids[0]);
	EXPECT_LT(AGENT_NS_INIT_ID, v->ids[0]);
	/* A user namespace's root is one of the others. */
	EXPECT_EQ(1, viewed(v, (struct view){ .list = self->list, .enter = true,
					      .user_ns = true })->n);
	end(pid);
}

TEST_F(list, by_owner)
{
	struct view *v = shared(sizeof(*v));
	pid_t pid = holder(NULL);

	EXPECT_EQ(2, viewed(v, (struct view){ .list = self->list,
			       .user = AGENT_NS_CURRENT_USER })->n);
	EXPECT_EQ(AGENT_NS_INIT_ID, v->ids[0]);
	/* The session was made by the user namespace outside. */
	EXPECT_EQ(0, viewed(v, (struct view){ .list = self->list,
			       .user = AGENT_NS_CURRENT_USER, .enter = true,
			       .user_ns = true })->n);
	EXPECT_EQ(1, viewed(v, (struct view){ .list = self->list,
			       .user = AGENT_NS_CURRENT_USER, .enter = true,
			       .user_ns = true, .nest = true })->n);
	end(pid);
}

TEST_F(list, by_owner_id)
{
	struct agent_ns_id_req req = request(0, AGENT_NS, 0);
	int fd = open("/proc/self/ns/user", O_RDONLY);
	__u64 id;

	if (ioctl(fd, NS_GET_ID, &id)) {
		req.user_ns_id = 8;
		EXPECT_EQ(-EOPNOTSUPP, self->list(&req, self->ids, 8));
		SKIP(return, "user namespaces have no ids here");
	}
	req.user_ns_id = id;
	EXPECT_LE(1, self->list(&req, self->ids, 8));
	EXPECT_EQ(AGENT_NS_INIT_ID, self->ids[0]);
	close(fd);
}

TEST_F(list, descriptor_pins_and_children_do_not)
{
	struct agent_ns_id_req req = request(0, AGENT_NS, 0);
	volatile int *step = shared(4096);
	char path[64];
	pid_t pid;
	__u64 outer;
	int fd;

	pid = fork();
	if (!pid) {
		if (enter_session())
			_exit(1);
		raise_flag(step);
		WAIT_FOR(*step == 2);
		if (enter_session())
			_exit(1);
		raise_flag(step);
		pause();
		_exit(0);
	}
	ASSERT_TRUE(WAIT_FOR(*step == 1));
	outer = last_id();
	sprintf(path, "/proc/%d/ns/agent", pid);
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	raise_flag(step);
	ASSERT_TRUE(WAIT_FOR(*step == 3));
	EXPECT_EQ(3, self->list(&req, self->ids, 4096));
	EXPECT_TRUE(has(self->ids, 3, outer));
	close(fd);
	/* Its child lives on, and that is no use of it. */
	EXPECT_TRUE(WAIT_FOR(self->list(&req, self->ids, 4096) == 2));
	EXPECT_FALSE(has(self->ids, 2, outer));
	end(pid);
}

TEST_F(list, bad_requests)
{
	struct agent_ns_id_req req = request(0, AGENT_NS, 0);
	char *page = shared(8192);
	long none;

	EXPECT_EQ(-EFAULT, self->list((void *)8, self->ids, 8));
	EXPECT_EQ(-EFAULT, self->list(&req, (void *)8, 8));
	req.size = sizeof(req) - 1;
	EXPECT_EQ(-EINVAL, self->list(&req, self->ids, 8));
	req.size = 4097;
	EXPECT_EQ(-E2BIG, self->list(&req, self->ids, 8));
	req = request(0, AGENT_NS, 0);
	req.spare = 1;
	EXPECT_EQ(-EINVAL, self->list(&req, self->ids, 8));
	req = request(0, 0x2, 0);
	EXPECT_EQ(-EOPNOTSUPP, self->list(&req, self->ids, 8));
	req = request(0, AGENT_NS, 0);
	EXPECT_EQ(-EOVERFLOW, self->list(&req, self->ids, 1000001));
	req.ns_id = ~0ULL;
	none = self->list(&req, self->ids, 8);
	if (variant->native) {
		/* 7.2 and 7.3 differ in this, for all types alike. */
		req.ns_type = CLONE_NEWUTS;
		EXPECT_EQ(self->list(&req, self->ids, 8) < 0, none < 0);
	} else {
		EXPECT_EQ(-ENOENT, none);
	}
	/* A longer structure is fine while its tail is zero. */
	req = request(0, AGENT_NS, 0);
	req.size = 4096;
	memcpy(page, &req, sizeof(req));
	EXPECT_LE(1, self->list((void *)page, self->ids, 8));
	page[sizeof(req)] = 1;
	EXPECT_EQ(-E2BIG, self->list((void *)page, self->ids, 8));
	if (!variant->native) {
		req = request(0, AGENT_NS, 0);
		EXPECT_EQ(EINVAL, agent5(PR_LIST_AGENT_NS, (long)&req,
					 (long)self->ids, 8, 1));
		req.ns_type = CLONE_NEWNET;
		EXPECT_EQ(-EOPNOTSUPP, self->list(&req, self->ids, 8));
		req = request(0, 0, 0);
		EXPECT_LE(1, self->list(&req, self->ids, 8));
	}
}

/* Mixed with other types, in one order of ids. */
TEST(mixed_with_others)
{
	struct agent_ns_id_req req = request(0, AGENT_NS | CLONE_NEWNET, 0);
	static __u64 mixed[4096], alone[4096];
	pid_t pid;
	long n, m;

	n = by_listns(&req, mixed, 4096);
	if (n == -ENOSYS)
		SKIP(return, "this kernel has no listns(2)");
	ASSERT_TRUE(nothing_left());
	pid = holder(NULL);
	n = by_listns(&req, mixed, 4096);
	req.ns_type = AGENT_NS;
	m = by_listns(&req, alone, 4096);
	EXPECT_EQ(2, m);
	EXPECT_LT(m, n);
	for (long i = 0; i < m; i++)
		EXPECT_TRUE(has(mixed, n, alone[i]));
	for (long i = 1; i < n; i++)
		EXPECT_LT(mixed[i - 1], mixed[i]);
	/* All types, which has to include ours, too. */
	req.ns_type = 0;
	n = by_listns(&req, mixed, 4096);
	for (long i = 0; i < m; i++)
		EXPECT_TRUE(has(mixed, n, alone[i]));
	/* The prctl knows the same ids. */
	req.ns_type = AGENT_NS;
	n = by_prctl(&req, mixed, 4096);
	EXPECT_EQ(m, n);
	EXPECT_EQ(0, memcmp(mixed, alone, m * sizeof(*alone)));
	end(pid);
}

static int open_hex(const char *id)
{
	int fd = open_session(id);

	return fd < 0 ? -errno : fd;
}

static int open_as_nobody(void *id)
{
	int fd;

	if (syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY))
		return 200;
	fd = open_hex(id);
	return fd < 0 ? -fd : 0;
}

static int open_own_as_nobody(void *unused)
{
	char outer[HEX_ID + 1], inner[HEX_ID + 1];
	int a, b, c;

	if (enter_session() || !own_id(outer) || enter_session() ||
	    !own_id(inner))
		return 200;
	if (syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY))
		return 201;
	a = open_hex(inner);
	b = open_hex(outer);
	c = open_hex(NO_SESSION);
	return a < 0 ? 1 : b != -EPERM ? 2 : c != -EPERM ? 3 : 0;
}

TEST(open_by_session_id)
{
	char id[HEX_ID + 1], path[64];
	struct stat a, b;
	pid_t pid = holder(id);
	int fd;

	fd = open_hex(id);
	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	sprintf(path, "/proc/%d/ns/agent", pid);
	EXPECT_EQ(0, stat(path, &a));
	EXPECT_EQ(0, fstat(fd, &b));
	EXPECT_EQ(a.st_ino, b.st_ino);
	EXPECT_EQ(a.st_dev, b.st_dev);
	close(fd);

	EXPECT_EQ(EPERM, in_child(open_as_nobody, id));
	EXPECT_EQ(0, in_child(open_own_as_nobody, NULL));
	EXPECT_EQ(0, in_child(open_as_nobody, NO_SESSION));
	fd = open_hex(NO_SESSION);
	EXPECT_LE(0, fd);
	EXPECT_EQ(0, fstat(fd, &b));
	EXPECT_EQ(AGENT_NS_INIT_INO, b.st_ino);
	close(fd);

	end(pid);
	EXPECT_TRUE(WAIT_FOR(open_hex(id) == -ENOENT));
	EXPECT_EQ(EFAULT, agent5(PR_OPEN_AGENT_NS, 8, 0, 0, 0));
	EXPECT_EQ(EINVAL, agent5(PR_OPEN_AGENT_NS, (long)path, 1, 0, 0));
	EXPECT_EQ(EINVAL, agent5(PR_OPEN_AGENT_NS, (long)path, 0, 1, 0));
}

#define HANDLE_BYTES	64

/* Where nsfs has file handles: ids are the list's, and handles open. */
TEST(id_and_file_handle)
{
	char id[HEX_ID + 1], path[64];
	pid_t pid = holder(id);
	struct {
		struct file_handle handle;
		char bytes[HANDLE_BYTES];
	} h = { .handle.handle_bytes = HANDLE_BYTES };
	int fd, again, self, mount;
	struct stat a, b;
	__u64 ns_id;

	sprintf(path, "/proc/%d/ns/agent", pid);
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	if (ioctl(fd, NS_GET_ID, &ns_id)) {
		EXPECT_EQ(ENOTTY, errno);
		end(pid);
		SKIP(return, "namespaces have no ids here");
	}
	EXPECT_EQ(last_id(), ns_id);
	ASSERT_EQ(0, ERR(name_to_handle_at(fd, "", &h.handle, &mount,
					   AT_EMPTY_PATH)));
	self = open("/proc/self/ns/agent", O_RDONLY);
	again = open_by_handle_at(self, &h.handle, O_RDONLY);
	ASSERT_LE(0, again);
	EXPECT_EQ(0, fstat(fd, &a));
	EXPECT_EQ(0, fstat(again, &b));
	EXPECT_EQ(a.st_ino, b.st_ino);
	EXPECT_EQ(AGENT_NS, ioctl(again, NS_GET_NSTYPE));
	close(again);
	close(fd);
	end(pid);
	EXPECT_TRUE(WAIT_FOR(open_by_handle_at(self, &h.handle, O_RDONLY) < 0 &&
			     errno == ESTALE));
}

TEST_HARNESS_MAIN
