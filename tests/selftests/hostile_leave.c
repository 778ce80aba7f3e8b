// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
// leaks: check-all
/*
 * Ways out of a session, tried by an ordinary user and by root in containers.
 * docs/hostility.md is the list.
 */
#include <linux/nsfs.h>
#include <pthread.h>
#include <sys/ptrace.h>

#include "agentns-hostile.h"
#include "agentns-stamp.h"

/* What the agent has got hold of: of no session, and of another one. */
static int outside, beside, outside_pidfd, beside_pidfd, proc, pair[2], cgroup;
static __u8 beside_id[AGENT_NS_ID_BYTES];

FIXTURE(leave) {
	pid_t beside;
};

FIXTURE_VARIANT(leave) {
	WHO;
};

EACH_WHO(leave);

static int wait_beside(void)
{
	if (enter_session())
		return 1;
	agent(PR_GET_AGENT_SESSION_ID, trial->path);
	raise_flag(&trial->ready);
	for (;;)
		pause();
}

FIXTURE_SETUP(leave)
{
	trial_new();
	self->beside = fork();
	if (!self->beside)
		_exit(wait_beside());
	ASSERT_TRUE(WAIT_FOR(trial->ready));
	memcpy(beside_id, trial->path, sizeof(beside_id));
	outside = agent_fd(getpid());
	beside = agent_fd(self->beside);
	outside_pidfd = syscall(SYS_pidfd_open, getpid(), 0);
	beside_pidfd = syscall(SYS_pidfd_open, self->beside, 0);
	proc = open("/proc", O_PATH | O_DIRECTORY);
	ASSERT_LE(0, outside);
	ASSERT_LE(0, beside);
	ASSERT_LE(0, outside_pidfd);
	ASSERT_LE(0, beside_pidfd);
	ASSERT_LE(0, proc);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
}

FIXTURE_TEARDOWN(leave)
{
	kill(self->beside, SIGKILL);
	EXPECT_EQ(KILLED, reap(self->beside));
	close(beside);
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

static int still_here(void)
{
	own_id(trial->seen);
	return 0;
}

static int by_descriptor(void)
{
	tried(ERR(setns(outside, 0)));
	tried(ERR(setns(outside, AGENT_NS)));
	tried(ERR(setns(beside, 0)));
	tried(ERR(setns(beside, AGENT_NS)));
	return still_here();
}

TEST_F(leave, by_descriptor)
{
	ASSERT_EQ(0, agent_does(variant->become, NULL, by_descriptor));
	EXPECT_TRIES(4, EPERM);
	EXPECT_STREQ(trial->id, trial->seen);
}

/* From somebody outside who means well. */
static int by_descriptor_that_was_sent(void)
{
	for (int i = 0; i < 2; i++) {
		int fd = receive_fd(pair[0]);

		if (fd < 0)
			return 1;
		tried(ERR(setns(fd, AGENT_NS)));
	}
	return still_here();
}

TEST_F(leave, by_descriptor_that_was_sent)
{
	ASSERT_EQ(0, send_fd(pair[1], outside));
	ASSERT_EQ(0, send_fd(pair[1], beside));
	ASSERT_EQ(0, agent_does(variant->become, NULL,
				by_descriptor_that_was_sent));
	EXPECT_TRIES(2, EPERM);
	EXPECT_STREQ(trial->id, trial->seen);
}

static int by_pidfd(void)
{
	tried(ERR(setns(outside_pidfd, AGENT_NS)));
	tried(ERR(setns(outside_pidfd, AGENT_NS | CLONE_NEWUTS)));
	tried(ERR(setns(beside_pidfd, AGENT_NS)));
	return still_here();
}

TEST_F(leave, by_pidfd)
{
	ASSERT_EQ(0, agent_does(variant->become, NULL, by_pidfd));
	EXPECT_TRIES(3, EPERM);
	EXPECT_STREQ(trial->id, trial->seen);
}

/* Not even to have it in its hands. */
static int by_opening(void)
{
	static const __u8 none[AGENT_NS_ID_BYTES];
	char path[64];

	sprintf(path, "%d/ns/agent", trial->pid[0]);
	tried(ERR(openat(proc, "1/ns/agent", O_RDONLY)) == EACCES ? 0 : 1);
	tried(ERR(openat(proc, path, O_RDONLY)) == EACCES ? 0 : 2);
	tried(agent(PR_OPEN_AGENT_NS, none) == EPERM ? 0 : 3);
	tried(agent(PR_OPEN_AGENT_NS, beside_id) == EPERM ? 0 : 4);
	return still_here();
}

TEST_F(leave, by_opening)
{
	trial->pid[0] = getpid();
	ASSERT_EQ(0, agent_does(variant->become, NULL, by_opening));
	EXPECT_TRIES(4, 0);
}

/* A name of its own for it, in a mount namespace of its own. */
static int by_a_bind_mount(void)
{
	char path[64];
	int fd;

	sprintf(path, "/proc/self/fd/%d", outside);
	close(open("mine", O_WRONLY | O_CREAT, 0666));
	trial->value[0] = ERR(mount(path, "mine", NULL, MS_BIND, NULL));
	fd = open("mine", O_RDONLY);
	/* Where nothing is mounted it is no namespace. */
	tried(ERR(setns(fd, AGENT_NS)));
	return still_here();
}

TEST_F(leave, by_a_bind_mount)
{
	bool mounts = variant->become == as_container;

	ASSERT_EQ(0, agent_does(variant->become, NULL, by_a_bind_mount));
	EXPECT_EQ(mounts ? 0 : EPERM, trial->value[0]);
	EXPECT_TRIES(1, mounts ? EPERM : EINVAL);
	EXPECT_STREQ(trial->id, trial->seen);
}

static struct {
	struct file_handle handle;
	char bytes[64];
} handles[2];

static int by_file_handle(void)
{
	int own = agent_fd(getpid());

	if (own < 0)
		return 1;
	for (int i = 0; i < 2; i++) {
		int fd = open_by_handle_at(own, &handles[i].handle, O_RDONLY);

		tried(fd < 0 || setns(fd, AGENT_NS) ? 0 : 1);
	}
	return still_here();
}

TEST_F(leave, by_file_handle)
{
	int fds[] = { outside, beside }, id;

	for (int i = 0; i < 2; i++) {
		handles[i].handle.handle_bytes = 64;
		if (name_to_handle_at(fds[i], "", &handles[i].handle, &id,
				      AT_EMPTY_PATH))
			SKIP(return, "namespaces have no file handles here");
	}
	/* Whoever may can open them. */
	for (int i = 0; i < 2; i++) {
		int fd = open_by_handle_at(outside, &handles[i].handle,
					   O_RDONLY);

		EXPECT_LE(0, fd);
		close(fd);
	}
	ASSERT_EQ(0, agent_does(variant->become, NULL, by_file_handle));
	EXPECT_TRIES(2, 0);
	EXPECT_STREQ(trial->id, trial->seen);
}

static int not_here(void *unused)
{
	char id[HEX_ID + 1];

	return strcmp(own_id(id), trial->id) ? 1 : 0;
}

/* This program, executed with an argument. */
#define PROGRAM	"./program"

/* Nor what it executes. */
static int none_here(void *unused)
{
	if (not_here(NULL))
		return 1;
	execl(PROGRAM, PROGRAM, "here", trial->id, NULL);
	return 2;
}

/* Each of the others is left, or not, and this one stays. */
static int by_other_namespaces(void)
{
	static const int flags[] = {
		CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC,
		CLONE_NEWPID, CLONE_NEWCGROUP, CLONE_NEWNET, CLONE_NEWTIME,
		CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
		CLONE_NEWPID | CLONE_NEWCGROUP | CLONE_NEWNET | CLONE_NEWTIME,
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		pid_t pid = fork();

		if (!pid) {
			trial->value[i] = ERR(unshare(flags[i]));
			/* Some are entered by the next child alone. */
			_exit(not_here(NULL) || in_child(none_here, NULL));
		}
		tried(reap(pid));
	}
	return 0;
}

TEST_F(leave, by_other_namespaces)
{
	copy_self(PROGRAM, 0755);
	ASSERT_EQ(0, agent_does(variant->become, NULL, by_other_namespaces));
	EXPECT_TRIES(9, 0);
	/* One may be made by anybody, and is what the others are made in. */
	for (int i = 0; i < 9; i++)
		EXPECT_EQ(variant->become == as_container || i % 8 == 0 ?
			  0 : EPERM, trial->value[i]);
}

/* In whichever way a child comes to be, it is in the session. */
static int child_of_any_kind(void *unused)
{
	tried(not_here(NULL));
	raise_flag(&trial->done);
	return 0;
}

static void child_and_no_return(void)
{
	child_of_any_kind(NULL);
	syscall(SYS_exit, 0);
}

static void *child_thread(void *unused)
{
	child_of_any_kind(NULL);
	return NULL;
}

static void wait_for_child(int n)
{
	WAIT_FOR(trial->done >= n);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

#define STACK	65536

static int make_children(void *unused)
{
	struct clone_args into = {
		.flags = CLONE_INTO_CGROUP, .cgroup = cgroup,
		.exit_signal = SIGCHLD,
	};
	/* Two, as nobody waits until the first has been left. */
	char *stack = shared(2 * STACK);
	pthread_t thread;
	int n = 0;

	if (!syscall(SYS_fork))
		child_and_no_return();
	wait_for_child(++n);
	if (!vfork())
		child_and_no_return();
	wait_for_child(++n);
	/* Its sibling. */
	clone(child_of_any_kind, stack + STACK, CLONE_PARENT | SIGCHLD, NULL);
	wait_for_child(++n);
	clone(child_of_any_kind, stack + 2 * STACK,
	      CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD, NULL);
	wait_for_child(++n);
	if (pthread_create(&thread, NULL, child_thread, NULL) ||
	    pthread_join(thread, NULL))
		return 1;
	n++;
	/* An orphan that another ancestor takes. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (!fork()) {
		setsid();
		if (!fork())
			child_and_no_return();
		_exit(0);
	}
	wait_for_child(++n);
	if (syscall(SYS_clone3, &into, sizeof(into)) == 0)
		child_and_no_return();
	wait_for_child(++n);
	return 0;
}

/* In a child: the init of a pid namespace has no sibling. */
static int by_children(void)
{
	return in_child(make_children, NULL);
}

/* Control groups that are the user's, and the agent in one of them. */
#define CGROUP	"/sys/fs/cgroup/agentns-leave"

static int into_cgroup(void)
{
	return write_file(CGROUP "/from/cgroup.procs", "0");
}

TEST_F(leave, by_children)
{
	static const char *const folders[] = {
		CGROUP, CGROUP "/from", CGROUP "/to",
	};
	char path[128];

	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, ERR(mkdir(folders[i], 0755)));
		sprintf(path, "%s/cgroup.procs", folders[i]);
		if (variant->become != as_bare_root) {
			ASSERT_EQ(0, ERR(chown(path, NOBODY, NOBODY)));
		}
	}
	cgroup = open(CGROUP "/to", O_RDONLY | O_DIRECTORY);
	ASSERT_EQ(0, agent_does(variant->become, into_cgroup, by_children));
	EXPECT_TRIES(7, 0);
	close(cgroup);
	for (int i = 2; i >= 0; i--)
		EXPECT_TRUE(WAIT_FOR(!rmdir(folders[i])));
}

/* Its session's id into a file, for who cannot share memory with it. */
static int report(const char *path)
{
	char id[HEX_ID + 1];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	return write(fd, own_id(id), HEX_ID) == HEX_ID ? 0 : 1;
}

#define HAS_LEFT	100

static void __attribute__((constructor)) be_the_program(int argc, char **argv)
{
	if (argc < 3)
		return;
	if (!strcmp(argv[1], "here")) {
		char id[HEX_ID + 1];

		_exit(strcmp(own_id(id), argv[2]) ? 3 : 0);
	}
	if (!strcmp(argv[1], "leave") && argc == 4) {
		char id[HEX_ID + 1];
		int err;

		setresuid(0, 0, 0);
		err = ERR(setns(atoi(argv[2]), AGENT_NS));
		if (strcmp(own_id(id), argv[3]))
			_exit(HAS_LEFT);
		_exit(err == EPERM && !geteuid() ? 0 : 1);
	}
	if (!strcmp(argv[1], "report"))
		_exit(report(argv[2]));
}

static int seal_it(void)
{
	return agent5(PR_SEAL_AGENT_NS, 0, 0, 0, 0);
}

static int by_a_set_user_id_program(void)
{
	char fd[16];

	sprintf(fd, "%d", outside);
	execl(PROGRAM, PROGRAM, "leave", fd, trial->id, NULL);
	return 208;
}

/* Of root's, which could leave from a session that is not sealed. */
TEST_F(leave, by_a_set_user_id_program)
{
	copy_self(PROGRAM, 04755);
	ASSERT_EQ(0, fcntl(outside, F_SETFD, 0));
	EXPECT_EQ(0, agent_does(variant->become, seal_it,
				by_a_set_user_id_program));
	/* To the others it gives nothing that they have not got. */
	EXPECT_EQ(variant->become == as_user ? HAS_LEFT : 0,
		  agent_does(variant->become, NULL, by_a_set_user_id_program));
}

/*
 * A program that the kernel starts for it is nobody's child, in no session:
 * neither paid for nor stopped by one that ends. Which one it is root says, by
 * a sysctl, in the format for this folder.
 */
static void kernel_starts(struct __test_metadata *_metadata, WHO,
			  const char *sysctl, const char *format,
			  int (*cause)(void))
{
	char was[128], folder[64], mine[400], id[HEX_ID + 2];
	struct stat st;

	ASSERT_EQ(0, read_file(was, sizeof(was), "%s", sysctl));
	ASSERT_NE(NULL, getcwd(folder, sizeof(folder)));
	unlink("reported");
	snprintf(mine, sizeof(mine), format, folder, folder);
	ASSERT_GT(128, strlen(mine));
	ASSERT_EQ(0, write_file(sysctl, mine));
	EXPECT_EQ(0, agent_does(become, NULL, cause));
	EXPECT_TRUE(WAIT_FOR(!stat("reported", &st) && st.st_size == HEX_ID));
	EXPECT_EQ(0, write_file(sysctl, was));
	EXPECT_EQ(0, read_file(id, sizeof(id), "reported"));
	EXPECT_STREQ(NO_SESSION, id);
}

TEST_F(leave, by_a_core_dump)
{
	copy_self(PROGRAM, 0755);
	kernel_starts(_metadata, variant->become,
		      "/proc/sys/kernel/core_pattern",
		      "|%s/program report %s/reported", dump_core);
}

/* A kind of socket that no kernel here has. */
static int want_a_module(void)
{
	return socket(AF_MCTP, SOCK_DGRAM, 0) < 0 && errno == EAFNOSUPPORT ?
		0 : 1;
}

TEST_F(leave, by_a_module_that_is_missing)
{
	static const char loader[] =
		"#!/bin/sh\ncd %s\nexec ./program report reported\n";

	copy_self(PROGRAM, 0755);
	ASSERT_EQ(0, sh("printf '%s' $PWD >loader; chmod 755 loader", loader));
	kernel_starts(_metadata, variant->become, "/proc/sys/kernel/modprobe",
		      "%s/loader", want_a_module);
}

/* Into another one's body: of root's, or of the user's outside the container. */
static int by_ptrace(void)
{
	tried(ERR(ptrace(PTRACE_SEIZE, trial->pid[0], 0, 0)));
	tried(ERR(ptrace(PTRACE_ATTACH, trial->pid[0], 0, 0)));
	return still_here();
}

static int wait_outside(bool user)
{
	if (user && become_user())
		return 1;
	raise_flag(&trial->ready);
	for (;;)
		pause();
}

TEST_F(leave, by_ptrace)
{
	pid_t pid = fork();

	if (!pid)
		_exit(wait_outside(variant->become != as_user));
	ASSERT_TRUE(WAIT_FOR(trial->ready == 2));
	trial->pid[0] = pid;
	ASSERT_EQ(0, agent_does(variant->become, NULL, by_ptrace));
	/* A container has no number for it. */
	EXPECT_TRIES(2, variant->become == as_container ? ESRCH : EPERM);
	kill(pid, SIGKILL);
	EXPECT_EQ(KILLED, reap(pid));
}

TEST_HARNESS_MAIN
