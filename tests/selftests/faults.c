// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
// timeout: 1000
/*
 * Everything that can fail fails once: for each operation its first allocation,
 * its second, and so on until it gets by without a failure. Whatever it answers
 * is 0 or an errno that says so, nothing half-made can be seen, and every count
 * is what it was. faults_load.c does so to the loading of the module.
 */
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "agentns-faults.h"
#include "agentns-stamp.h"

/* More than any operation here has, fork included. */
#define FAULTS_MAX	3000

/* What can be seen of sessions from outside. */
struct view {
	int live, dirs, lines, listed;
};

/* What one attempt had to do with, and how it went. Shared with its child. */
struct attempt {
	char own[HEX_ID + 1];		/* before it */
	char other[HEX_ID + 1];		/* somebody else's, where it takes one */
	__u8 id[AGENT_NS_ID_BYTES];	/* the same */
	char wrong[256];		/* what is not as it should be */
	char file[64];
	int fd, err, keeper_pidfd;
	pid_t keeper, child;
	bool hit;			/* something was made to fail */
	__u64 failed;			/* stamps that were not made, before */
	__u64 tasks;
	long n;
};

static struct attempt *a;

/* The first thing that is wrong is what is told. */
static void __attribute__((format(printf, 1, 2))) wrong(const char *fmt, ...)
{
	va_list ap;

	if (*a->wrong)
		return;
	va_start(ap, fmt);
	vsnprintf(a->wrong, sizeof(a->wrong), fmt, ap);
	va_end(ap);
}

static int count_lines(void)
{
	FILE *f = fopen("/proc/agent_sessions", "re");
	char line[4096];
	int n = 0;

	while (f && fgets(line, sizeof(line), f))
		n++;
	if (f)
		fclose(f);
	return n;
}

static long list_ids(void)
{
	static __u64 ids[4096];
	struct agent_ns_id_req req = { .size = sizeof(req) };
	long n = syscall(SYS_prctl, PR_LIST_AGENT_NS, &req, ids, 4096, 0);

	return n < 0 ? -errno : n;
}

static struct view see(void)
{
	return (struct view) {
		.live = sessions_live(), .dirs = session_dirs(),
		.lines = count_lines(), .listed = list_ids(),
	};
}

/*
 * @more sessions than before, of which @idle are not listed, as no task is in
 * them; those that have ended take a grace period.
 */
static bool seen(const struct view *before, int more, int idle)
{
	struct view now;
	bool same = WAIT_FOR(({
		now = see();
		now.live == before->live + more &&
		now.dirs == before->dirs + more &&
		now.lines == before->lines + more &&
		now.listed == before->listed + more - idle; }));

	if (!same)
		wrong("%d more live, %d directories, %d lines, %d listed where %d are to be, %d of them idle",
		      now.live - before->live, now.dirs - before->dirs,
		      now.lines - before->lines, now.listed - before->listed,
		      more, idle);
	return same;
}

/* A process in a session of its own: a->keeper, a->other. */
static void keep_session(void)
{
	int ready[2];
	pid_t pid;
	char c;

	if (pipe2(ready, O_CLOEXEC))
		return;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (enter_session() || agent(PR_GET_AGENT_SESSION_ID, a->id) ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		wrong("there is no session to work with");
	close(ready[0]);
	hex_id(a->id, a->other);
	a->keeper = pid;
}

static void end(pid_t *pid)
{
	if (!*pid)
		return;
	kill(*pid, SIGKILL);
	reap(*pid);
	*pid = 0;
}

#define CGROUP	"/sys/fs/cgroup/agentns-faults"

/* What an attempt begins with. */

static void nothing(void)
{
}

static void inside(void)
{
	if (enter_session())
		wrong("there is no session to work in");
	own_id(a->own);
}

static void beside(void)
{
	keep_session();
	a->fd = agent_fd(a->keeper);
	a->tasks = session_get(a->other, "counters/tasks");
}

static void beside_its_process(void)
{
	keep_session();
	a->fd = syscall(SYS_pidfd_open, a->keeper, 0);
	a->tasks = session_get(a->other, "counters/tasks");
}

static void inside_by_a_cgroup(void)
{
	a->fd = open(CGROUP, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (a->fd < 0)
		wrong("there is no control group");
	inside();
}

static void inside_with_way_out(void)
{
	a->fd = open("/proc/self/ns/agent", O_RDONLY | O_CLOEXEC);
	inside();
}

static void with_lists(void)
{
	if (sysfs_set(SKIP_FSTYPES, "nofs oldfs") ||
	    sysfs_set(SKIP_PATHS, "/proc"))
		wrong("the lists cannot be set");
}

static void new_file(void)
{
	unlink(a->file);
	inside();
	a->failed = sysfs_get(STAMPS_FAILED);
}

/* Of another session. */
static void old_file(void)
{
	unlink(a->file);
	if (make_stamped(a->other, a->file))
		wrong("there is no file to work with");
	inside();
	a->failed = sysfs_get(STAMPS_FAILED);
}

/* The operations: 0 or an errno, as whoever calls them would see it. */

static int act_create(void)
{
	return enter_session();
}

static int clone3_with(__u64 flags)
{
	struct clone_args args = {
		.flags = flags, .cgroup = a->fd, .exit_signal = SIGCHLD,
	};
	pid_t pid = syscall(SYS_clone3, &args, sizeof(args));

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	if (pid < 0)
		return errno;
	a->child = pid;
	return 0;
}

static int act_clone3(void)
{
	return clone3_with(CLONE_NEWAGENT);
}

static int act_fork(void)
{
	return clone3_with(0);
}

static int act_fork_into_cgroup(void)
{
	return clone3_with(CLONE_INTO_CGROUP);
}

static int act_setns(void)
{
	return ERR(setns(a->fd, 0));
}

static int act_setns_process(void)
{
	return ERR(setns(a->fd, AGENT_NS));
}

static int act_list(void)
{
	a->n = list_ids();
	return a->n < 0 ? -a->n : 0;
}

static int act_open(void)
{
	a->fd = syscall(SYS_prctl, PR_OPEN_AGENT_NS, a->id, 0, 0, 0);
	return a->fd < 0 ? errno : 0;
}

static int act_table(void)
{
	char text[8192];
	int fd = open("/proc/agent_sessions", O_RDONLY | O_CLOEXEC), err;
	ssize_t n;

	if (fd < 0)
		return errno;
	a->n = 0;
	while ((n = read(fd, text, sizeof(text))) > 0)
		for (ssize_t i = 0; i < n; i++)
			a->n += text[i] == '\n';
	err = n < 0 ? errno : 0;
	close(fd);
	return err;
}

static int act_sysfs_write(void)
{
	return session_set(a->own, "max_opens", "1234567");
}

static int act_sysfs_read(void)
{
	char text[64];
	int err = read_file(text, sizeof(text), SYSFS "sessions/%s/depth",
			    a->own);

	a->n = atoi(text);
	return err;
}

static int act_intent(void)
{
	return agent(PR_SET_AGENT_INTENT_TAG, "tagged");
}

static int act_budget(void)
{
	return set_ex((struct agent_ns_budget_ex) { .max_opens = 1234567 });
}

/* The system call, where there is one. */
static int act_listns(void)
{
	struct agent_ns_id_req req = {
		.size = sizeof(req), .ns_type = AGENT_NS,
	};
	__u64 ids[64];

	a->n = syscall(SYS_listns, &req, ids, 64, 0);
	return a->n < 0 ? errno : 0;
}

/* The namespace of the session around it, from the kernel's own ioctl. */
static int act_parent(void)
{
	a->n = ioctl(a->fd, NS_GET_PARENT);
	return a->n < 0 ? errno : 0;
}

static int act_default(void)
{
	return sysfs_set("defaults/max_opens", "1234567");
}

static int act_sysctl(void)
{
	return sysctl_set("max_lifetime", "1234567");
}

static int act_kill(void)
{
	return session_set(a->other, "kill", "1");
}

static int act_skip_fstypes(void)
{
	return sysfs_set(SKIP_FSTYPES, "nofs newfs");
}

static int act_skip_paths(void)
{
	return sysfs_set(SKIP_PATHS, "/sys /tmp");
}

static int write_and_close(int fd)
{
	int err = fd < 0 ? errno : ERR(write(fd, "12345", 5));

	close(fd);
	return err;
}

static int act_make(void)
{
	return write_and_close(open(a->file, O_WRONLY | O_CREAT | O_EXCL,
				    0644));
}

/* Without a name until it has been written. */
static int act_make_and_link(void)
{
	int fd = open(".", O_WRONLY | O_TMPFILE, 0644), err;

	if (fd < 0)
		return errno;
	err = ERR(write(fd, "12345", 5)) ?:
	      ERR(linkat(fd, "", AT_FDCWD, a->file, AT_EMPTY_PATH));
	close(fd);
	return err;
}

static int act_overwrite(void)
{
	return write_and_close(open(a->file, O_WRONLY));
}

static int act_truncate(void)
{
	return ERR(truncate(a->file, 10));
}

/* What has to be so behind it, with the failure or without. */

static void look_created(void)
{
	char id[HEX_ID + 1];
	bool moved = strcmp(own_id(id), *a->own ? a->own : NO_SESSION);

	if (moved != !a->err)
		wrong("it is in %s now", id);
	if (*a->own && session_get(a->own, "descendants") != !a->err)
		wrong("descendants are not counted right");
}

static void look_counted(void)
{
	__u64 n = session_get(a->own, "counters/fork_count");

	if (n != !a->err)
		wrong("%llu forks are counted", n);
	n = session_get(a->own, "counters/tasks");
	if (n != 1 + !a->err)
		wrong("%llu tasks are counted", n);
}

static const char *childs_id(void)
{
	static char id[HEX_ID + 1];

	if (read_file(id, sizeof(id), "/proc/%d/agent_session", a->child))
		*id = 0;
	return id;
}

static void look_born(void)
{
	if (!a->err) {
		const char *id = childs_id();

		if (strlen(id) != HEX_ID || !strcmp(id, NO_SESSION) ||
		    !strcmp(id, a->own))
			wrong("its child is in %s", id);
	}
	if (!*a->own)
		return;
	if (session_get(a->own, "descendants") != !a->err)
		wrong("descendants are not counted right");
	look_counted();
}

static void look_forked(void)
{
	if (!a->err && strcmp(childs_id(), a->own))
		wrong("its child is in %s", childs_id());
	look_counted();
}

static void look_joined(void)
{
	char id[HEX_ID + 1];

	if (strcmp(own_id(id), a->err ? NO_SESSION : a->other))
		wrong("it is in %s now", id);
	if (session_get(a->other, "counters/tasks") != a->tasks + !a->err)
		wrong("its tasks are %llu, and %llu before",
		      session_get(a->other, "counters/tasks"), a->tasks);
}

static void look_left(void)
{
	char id[HEX_ID + 1];

	if (strcmp(own_id(id), a->err ? a->own : NO_SESSION))
		wrong("it is in %s now", id);
}

static void look_listed(void)
{
	if (!a->err && a->n != list_ids())
		wrong("it lists %ld of %ld", a->n, list_ids());
}

static void look_opened(void)
{
	struct stat one, two;
	char path[64];

	sprintf(path, "/proc/%d/ns/agent", a->keeper);
	if (a->err)
		return;
	if (fstat(a->fd, &one) || stat(path, &two) || one.st_ino != two.st_ino)
		wrong("it has opened something else");
	close(a->fd);
}

static void look_table(void)
{
	if (!a->err && a->n != count_lines())
		wrong("it shows %ld of %d lines", a->n, count_lines());
}

static void look_limit(void)
{
	if (session_get(a->own, "max_opens") != (a->err ? 0 : 1234567))
		wrong("max_opens is %llu", session_get(a->own, "max_opens"));
}

static void look_depth(void)
{
	if (!a->err && a->n != 1)
		wrong("it reads %ld", a->n);
}

static void look_intent(void)
{
	char tag[AGENT_NS_INTENT_MAX + 1] = "?";

	agent(PR_GET_AGENT_INTENT_TAG, tag);
	if (strcmp(tag, a->err ? "" : "tagged"))
		wrong("the tag is \"%s\"", tag);
}

/* The last one of it is killed, or nobody. */
static void look_killed(void)
{
	int fd = a->keeper_pidfd;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, a->err ? 0 : 20000) != !a->err)
		wrong("it kills %s", a->err ? "all the same" : "nobody");
	close(fd);
}

static void watched(void)
{
	keep_session();
	a->keeper_pidfd = syscall(SYS_pidfd_open, a->keeper, 0);
}

/* As seen from that one: its own. */
static void above(void)
{
	inside();
	beside();
}

static void look_parent(void)
{
	struct stat one, two;

	if (a->err)
		return;
	if (fstat(a->n, &one) || stat("/proc/self/ns/agent", &two) ||
	    one.st_ino != two.st_ino)
		wrong("the parent is another one");
	close(a->n);
}

static void look_default(void)
{
	if (sysfs_get("defaults/max_opens") != (a->err ? 0 : 1234567))
		wrong("the default is %llu", sysfs_get("defaults/max_opens"));
	sysfs_set("defaults/max_opens", "max");
}

static void look_sysctl(void)
{
	char text[16];

	if (read_file(text, sizeof(text), SYSCTL "max_lifetime") ||
	    strcmp(text, a->err ? "86400" : "1234567"))
		wrong("max_lifetime is %s", text);
	sysctl_set("max_lifetime", "86400");
}

static void look_list(const char *name, const char *old, const char *new)
{
	char text[256];

	read_file(text, sizeof(text), SYSFS "%s", name);
	if (strcmp(text, a->err ? old : new))
		wrong("%s is \"%s\"", name, text);
}

static void look_fstypes(void)
{
	look_list(SKIP_FSTYPES, "nofs\noldfs", "nofs\nnewfs");
}

static void look_paths(void)
{
	look_list(SKIP_PATHS, "/proc", "/sys\n/tmp");
}

/*
 * Rather no stamp than somebody else's, and what is missing is counted. Where
 * the write itself failed the old one may be there still.
 */
static void look_stamped(void)
{
	const char *id = stamp_id(a->file);
	const char *hint = attr(a->file, PROV_SESSION);
	bool missing = strcmp(id, a->own) || strcmp(hint, a->own);

	if (access(a->file, F_OK)) {
		if (!a->err)
			wrong("there is no file");
		return;
	}
	if (*id && strcmp(id, a->own) && (!a->err || strcmp(id, a->other)))
		wrong("the stamp is of %s, error %d", id, a->err);
	if (*hint && strcmp(hint, a->own) &&
	    (!a->err || strcmp(hint, a->other)))
		wrong("the hint is of %s, error %d", hint, a->err);
	if (!a->err && missing && sysfs_get(STAMPS_FAILED) == a->failed)
		wrong("a stamp is missing, and that is not counted");
	unlink(a->file);
}

FIXTURE(faults) {
	struct view before;
};

FIXTURE_VARIANT(faults) {
	void (*prepare)(void);
	int (*act)(void);
	void (*look)(void);
	int makes;		/* so many sessions are more, when it is done */
	int leaves;		/* so many then have no task any more */
	const char *file;
	bool copies;		/* nothing can fail but copies of the user's */
	bool needs_listns;
};

#define OPERATION(name, ...)						\
	FIXTURE_VARIANT_ADD(faults, name) { __VA_ARGS__ }

OPERATION(create, nothing, act_create, look_created, 1);
OPERATION(create_nested, inside, act_create, look_created, 1, 1);
OPERATION(clone3, nothing, act_clone3, look_born, 1);
OPERATION(clone3_nested, inside, act_clone3, look_born, 1);
OPERATION(fork, inside, act_fork, look_forked);
OPERATION(fork_into_cgroup, inside_by_a_cgroup, act_fork_into_cgroup,
	  look_forked);
OPERATION(setns, beside, act_setns, look_joined);
OPERATION(setns_process, beside_its_process, act_setns_process, look_joined);
OPERATION(setns_out, inside_with_way_out, act_setns, look_left, -1);
OPERATION(list, beside, act_list, look_listed, .copies = true);
OPERATION(listns, beside, act_listns, look_listed, .copies = true,
	  .needs_listns = true);
OPERATION(parent, above, act_parent, look_parent);
OPERATION(open, beside, act_open, look_opened);
OPERATION(table, beside, act_table, look_table);
OPERATION(sysfs_write, inside, act_sysfs_write, look_limit);
OPERATION(sysfs_read, inside, act_sysfs_read, look_depth);
OPERATION(intent, inside, act_intent, look_intent, .copies = true);
OPERATION(budget, inside, act_budget, look_limit, .copies = true);
OPERATION(default_limit, nothing, act_default, look_default);
OPERATION(sysctl, nothing, act_sysctl, look_sysctl);
OPERATION(kill, watched, act_kill, look_killed, -1);
OPERATION(skip_fstypes, with_lists, act_skip_fstypes, look_fstypes);
OPERATION(skip_paths, with_lists, act_skip_paths, look_paths);
OPERATION(stamp_new, new_file, act_make, look_stamped, .file = "f");
OPERATION(stamp_new_tmpfs, new_file, act_make, look_stamped,
	  .file = "/tmp/faults-f");
OPERATION(stamp_old, old_file, act_overwrite, look_stamped, .file = "f");
OPERATION(stamp_old_tmpfs, old_file, act_overwrite, look_stamped,
	  .file = "/tmp/faults-f");
OPERATION(stamp_linked, new_file, act_make_and_link, look_stamped, .file = "f");
OPERATION(stamp_truncate, old_file, act_truncate, look_stamped, .file = "f");

/* Where the module has said that a function may fail; with ENOMEM. */
static const char *const functions[] = {
	"agentns_cpu_alloc", "agentns_number_alloc", "agentns_dir_create",
	"agentns_create_hook", "agentns_may_enter_hook",
	"agentns_can_fork_hook",
};

#define NR_FUNCTIONS	(sizeof(functions) / sizeof(*functions))

/* How many of them can be. */
static int fail_functions(void)
{
	char path[128];
	int n = 0;

	for (size_t i = 0; i < NR_FUNCTIONS; i++) {
		if (write_file(FAILURES "fail_function/inject", functions[i]))
			continue;
		snprintf(path, sizeof(path), FAILURES
			 "fail_function/%s/retval", functions[i]);
		/* Refused where it can be nothing but NULL, which it is then. */
		write_file(path, "0xfffffffffffffff4");
		n++;
	}
	return n;
}

static void fail_everything(void)
{
	fail_all_kinds();
	fail_functions();
}

FIXTURE_SETUP(faults)
{
	if (access(NTH, W_OK))
		SKIP_FIXTURE("this kernel has no " NTH);
	if (variant->file && !stamps_active())
		SKIP_FIXTURE("files get no stamps here");
	if (variant->copies && access(FAILURES "fail_usercopy", F_OK))
		SKIP_FIXTURE("all it does is to copy from and to its caller, which does not fail in this kernel");
	if (variant->needs_listns && syscall(SYS_listns, NULL, NULL, 0, 0) < 0 &&
	    errno == ENOSYS)
		SKIP_FIXTURE("this kernel has no listns");
	a = shared(sizeof(*a));
	ASSERT_NE(NULL, a);
	fail_everything();
	mkdir(CGROUP, 0755);
	ASSERT_TRUE(WAIT_FOR(!sessions_live()));
	self->before = see();
}

FIXTURE_TEARDOWN(faults)
{
	write_file(FAILURES "fail_function/inject", "\n");
	sysfs_set(SKIP_FSTYPES, "\n");
	sysfs_set(SKIP_PATHS, "\n");
	EXPECT_TRUE(WAIT_FOR(!rmdir(CGROUP) || errno == ENOENT));
}

static void attempt(const FIXTURE_VARIANT(faults) *variant, int n)
{
	struct view before;
	int fd;

	variant->prepare();
	/* Directories go a little later than their sessions. */
	(void)WAIT_FOR(session_dirs() == sessions_live());
	before = see();
	if (*a->wrong)
		_exit(1);
	fd = arm(n);
	if (fd < 0)
		_exit(2);
	a->err = variant->act();
	a->hit = disarm(fd);
	seen(&before, a->err ? 0 : variant->makes,
	     a->err ? 0 : variant->leaves);
	variant->look();
	end(&a->child);
	end(&a->keeper);
	_exit(0);
}

/*
 * As it says itself: no memory, or not that of the user. Where tmpfs has none
 * for an inode, it says that there is no space.
 */
static bool clean(int err)
{
	return !err || err == ENOMEM || err == EFAULT ||
	       (err == ENOSPC && !strncmp(a->file, "/tmp/", 5));
}

TEST_F_TIMEOUT(faults, come_out_clean, 400)
{
	int n = 0, failed = 0;
	pid_t pid;

	do {
		n++;
		memset(a, 0, sizeof(*a));
		strcpy(a->file, variant->file ?: "");
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			attempt(variant, n);
		if (reap(pid))
			wrong("it did not end well");
		if (!clean(a->err))
			wrong("no errno for that");
		seen(&self->before, 0, 0);
		ASSERT_STREQ("", a->wrong) {
			TH_LOG("failure %d, error %d", n, a->err);
		}
		failed += !!a->err;
	} while (a->hit && n < FAULTS_MAX);
	EXPECT_FALSE(a->hit);
	EXPECT_EQ(0, a->err);
	/* There is no operation here that nothing can happen to. */
	EXPECT_LT(1, n);
	TH_LOG("%d failures, %d of them passed on", n - 1, failed);
}

/* What is not tried is said. */
TEST(kinds)
{
	if (access(NTH, W_OK))
		SKIP(return, "this kernel has no " NTH);
	if (access(FAILURES "fail_function", F_OK))
		SKIP(return, "pages, copies and functions do not fail in this kernel: tests/selftests/run --debug has one");
	EXPECT_EQ(0, access(FAILURES "failslab", F_OK));
	EXPECT_EQ(0, access(FAILURES "fail_page_alloc", F_OK));
	EXPECT_EQ(0, access(FAILURES "fail_usercopy", F_OK));
	EXPECT_EQ(NR_FUNCTIONS, fail_functions());
	EXPECT_EQ(0, write_file(FAILURES "fail_function/inject", "\n"));
}

TEST_HARNESS_MAIN
