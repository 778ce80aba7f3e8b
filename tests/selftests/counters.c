// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/*
 * The exact difference that each call makes to the seven counters. Between
 * two readings total_syscalls grows by the calls between them and the second
 * reading itself.
 */
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "agentns-test.h"

#define ANY	(-1L)

struct want {
	long calls, opens, bytes, connects, unlinks, forks;
};

/* What there is to work with, made before the session. */
struct things {
	int dir;		/* on the ext4 disk */
	int source;		/* 8192 bytes there, read-only */
	int file;		/* empty there, for writing */
	int tmp_source, tmp_file;
	int over_source, over_file;
	int pipe[2];		/* with 100 bytes in it */
	int full[2];		/* non-blocking; has room for 4096 bytes */
	int empty[2];
	int sockets[2];
	int null;
	struct sockaddr_un server, nobody;
};

static char block[65536];
static struct iovec three[] = { { block, 10 }, { block, 0 }, { block, 20 } };

static int source_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (write(fd, block, 8192) != 8192)
		return -1;
	close(fd);
	return open(path, O_RDONLY);
}

static int empty_file(const char *path)
{
	return open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
}

static int overlay(void)
{
	mkdir("low", 0700);
	mkdir("high", 0700);
	mkdir("work", 0700);
	mkdir("over", 0700);
	return mount("over", "over", "overlay", 0,
		     "lowerdir=low,upperdir=high,workdir=work");
}

static int server(struct things *t)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	t->server.sun_family = AF_UNIX;
	t->nobody.sun_family = AF_UNIX;
	strcpy(t->server.sun_path, "server");
	strcpy(t->nobody.sun_path, "nobody");
	unlink("server");
	return bind(fd, (void *)&t->server, sizeof(t->server)) ?:
	       listen(fd, 100);
}

/* Leave room for a page in a pipe of 16 pages. */
static int almost_fill(int *p)
{
	if (pipe2(p, O_NONBLOCK))
		return -1;
	return write(p[1], block, 15 * 4096) == 15 * 4096 ? 0 : -1;
}

FIXTURE(counters) {
	struct things t;
};

FIXTURE_VARIANT(counters) {
	void (*run)(struct things *t);
	struct want want;
};

FIXTURE_SETUP(counters)
{
	struct things *t = &self->t;

	/* The test may end by an assertion: in a mount namespace of its own. */
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, overlay());
	t->dir = open(".", O_RDONLY | O_DIRECTORY);
	t->source = source_file("source");
	t->file = empty_file("file");
	t->tmp_source = source_file("/tmp/counters-source");
	t->tmp_file = empty_file("/tmp/counters-file");
	t->over_source = source_file("over/source");
	t->over_file = empty_file("over/file");
	t->null = open("/dev/null", O_RDWR);
	ASSERT_GE(t->null, 0);
	ASSERT_GE(t->over_source, 0);
	ASSERT_GE(t->tmp_source, 0);
	ASSERT_EQ(0, pipe(t->pipe));
	ASSERT_EQ(100, write(t->pipe[1], block, 100));
	ASSERT_EQ(0, pipe(t->empty));
	ASSERT_EQ(0, almost_fill(t->full));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, t->sockets));
	ASSERT_EQ(0, server(t));
	close(open("victim", O_WRONLY | O_CREAT, 0600));
	mkdir("victims", 0700);
	ASSERT_EQ(0, enter_session());
}

FIXTURE_TEARDOWN(counters)
{
}

#define VARIANT(_name, _want, ...)					\
	static void run_##_name(struct things *t) { __VA_ARGS__; }	\
	FIXTURE_VARIANT_ADD(counters, _name) {				\
		.run = run_##_name,					\
		.want = _want,						\
	}

#define WANT(...)	((struct want) { __VA_ARGS__ })

VARIANT(nothing, WANT(0), (void)0);
VARIANT(getppid, WANT(3), {
	for (int i = 0; i < 3; i++)
		syscall(SYS_getppid);
});
VARIANT(unknown_call, WANT(2), {
	syscall(500);
	syscall(-1);
});

/* Opens. */
VARIANT(open, WANT(.calls = 1, .opens = 1),
	syscall(SYS_open, "/dev/null", O_RDONLY));
VARIANT(open_missing, WANT(.calls = 1, .opens = 1),
	syscall(SYS_open, "/nonexistent", O_RDONLY));
VARIANT(open_bad_pointer, WANT(.calls = 1, .opens = 1),
	syscall(SYS_open, NULL, O_RDONLY));
VARIANT(creat, WANT(.calls = 1, .opens = 1), syscall(SYS_creat, "new", 0600));
VARIANT(creat_failing, WANT(.calls = 1, .opens = 1),
	syscall(SYS_creat, "/nonexistent/new", 0600));
VARIANT(openat, WANT(.calls = 1, .opens = 1),
	syscall(SYS_openat, t->dir, "file", O_RDONLY));
VARIANT(openat_failing, WANT(.calls = 1, .opens = 1),
	syscall(SYS_openat, -1, "file", O_RDONLY));
VARIANT(openat2, WANT(.calls = 1, .opens = 1), {
	struct open_how how = { .flags = O_RDONLY };

	syscall(SYS_openat2, t->dir, "file", &how, sizeof(how));
});
VARIANT(openat2_failing, WANT(.calls = 1, .opens = 1),
	syscall(SYS_openat2, t->dir, "file", NULL, 0));
VARIANT(not_opens, WANT(.calls = 4), {
	syscall(SYS_dup, t->file);
	syscall(SYS_stat, "file", block);
	syscall(SYS_mkdir, "victims", 0700);
	syscall(SYS_memfd_create, "memory", 0);
});

/* Writes. */
VARIANT(write, WANT(.calls = 1, .bytes = 10),
	syscall(SYS_write, t->file, block, 10));
VARIANT(write_much, WANT(.calls = 50, .bytes = 50 * 65536), {
	for (int i = 0; i < 50; i++)
		syscall(SYS_pwrite64, t->file, block, 65536, 0);
});
VARIANT(write_nothing, WANT(.calls = 1),
	syscall(SYS_write, t->file, block, 0));
VARIANT(write_failing, WANT(.calls = 5), {
	syscall(SYS_write, -1, block, 10);
	syscall(SYS_write, t->source, block, 10);	/* for reading only */
	syscall(SYS_write, t->file, NULL, 10);
	syscall(SYS_write, t->file, (void *)-4096L, 10);
	syscall(SYS_write, t->file, block, -1L);
});
VARIANT(write_to_tmpfs, WANT(.calls = 1, .bytes = 4097),
	syscall(SYS_write, t->tmp_file, block, 4097));
VARIANT(write_to_overlayfs, WANT(.calls = 1, .bytes = 4097),
	syscall(SYS_write, t->over_file, block, 4097));
VARIANT(write_to_device, WANT(.calls = 1, .bytes = 65536),
	syscall(SYS_write, t->null, block, 65536));
VARIANT(write_to_pipe, WANT(.calls = 1, .bytes = 7),
	syscall(SYS_write, t->empty[1], block, 7));
VARIANT(write_to_socket, WANT(.calls = 1, .bytes = 8),
	syscall(SYS_write, t->sockets[0], block, 8));
VARIANT(write_short, WANT(.calls = 1, .bytes = 4096),
	syscall(SYS_write, t->full[1], block, 10000));
VARIANT(write_would_block, WANT(.calls = 2, .bytes = 4096), {
	syscall(SYS_write, t->full[1], block, 4096);
	syscall(SYS_write, t->full[1], block, 10000);
});
VARIANT(write_to_nobody, WANT(.calls = 2), {
	signal(SIGPIPE, SIG_IGN);			/* the other call */
	syscall(SYS_write, t->full[0], block, 10);	/* the wrong end */
});
VARIANT(pwrite64, WANT(.calls = 1, .bytes = 100),
	syscall(SYS_pwrite64, t->file, block, 100, 5000));
VARIANT(pwrite64_to_pipe, WANT(.calls = 1),
	syscall(SYS_pwrite64, t->empty[1], block, 100, 0));
VARIANT(writev, WANT(.calls = 1, .bytes = 30),
	syscall(SYS_writev, t->file, three, 3));
VARIANT(writev_to_pipe, WANT(.calls = 1, .bytes = 30),
	syscall(SYS_writev, t->empty[1], three, 3));
VARIANT(writev_of_nothing, WANT(.calls = 2), {
	syscall(SYS_writev, t->file, three, 0);
	syscall(SYS_writev, t->file, three + 1, 1);
});
VARIANT(writev_short, WANT(.calls = 1, .bytes = 4096), {
	struct iovec v[2] = { { block, 3000 }, { block, 3000 } };

	syscall(SYS_writev, t->full[1], v, 2);
});
VARIANT(pwritev, WANT(.calls = 1, .bytes = 30),
	syscall(SYS_pwritev, t->file, three, 3, 100, 0));
VARIANT(pwritev2, WANT(.calls = 2, .bytes = 60), {
	syscall(SYS_pwritev2, t->file, three, 3, 100, 0, RWF_DSYNC);
	syscall(SYS_pwritev2, t->file, three, 3, -1L, -1L, 0);
});
VARIANT(pwritev2_refused, WANT(.calls = 1),
	syscall(SYS_pwritev2, t->file, three, 3, 0, 0, 0x40000000));

/* Moving data inside the kernel. */
VARIANT(sendfile_to_file, WANT(.calls = 1, .bytes = 8192),
	syscall(SYS_sendfile, t->file, t->source, NULL, 100000));
VARIANT(sendfile_to_pipe, WANT(.calls = 1, .bytes = 5000),
	syscall(SYS_sendfile, t->empty[1], t->source, NULL, 5000));
VARIANT(sendfile_to_socket, WANT(.calls = 1, .bytes = 8192),
	syscall(SYS_sendfile, t->sockets[0], t->source, NULL, 8192));
VARIANT(sendfile_to_overlayfs, WANT(.calls = 1, .bytes = 8192),
	syscall(SYS_sendfile, t->over_file, t->source, NULL, 8192));
VARIANT(sendfile_at_end, WANT(.calls = 2, .bytes = 8192), {
	syscall(SYS_sendfile, t->file, t->source, NULL, 8192);
	syscall(SYS_sendfile, t->file, t->source, NULL, 8192);
});
VARIANT(copy_file_range, WANT(.calls = 1, .bytes = 8000),
	syscall(SYS_copy_file_range, t->source, NULL, t->file, NULL, 8000, 0));
VARIANT(copy_file_range_on_tmpfs, WANT(.calls = 1, .bytes = 8192),
	syscall(SYS_copy_file_range, t->tmp_source, NULL, t->tmp_file, NULL,
		10000, 0));
VARIANT(copy_file_range_on_overlayfs, WANT(.calls = 1, .bytes = 8192),
	syscall(SYS_copy_file_range, t->over_source, NULL, t->over_file, NULL,
		1UL << 40, 0));
VARIANT(copy_file_range_refused, WANT(.calls = 2), {
	syscall(SYS_copy_file_range, t->source, NULL, t->file, NULL, 10, 1);
	syscall(SYS_copy_file_range, t->source, NULL, t->tmp_file, NULL, 10, 0);
});
VARIANT(splice_pipe_to_file, WANT(.calls = 1, .bytes = 100),
	syscall(SYS_splice, t->pipe[0], NULL, t->file, NULL, 5000, 0));
VARIANT(splice_file_to_pipe, WANT(.calls = 1, .bytes = 6000),
	syscall(SYS_splice, t->source, NULL, t->empty[1], NULL, 6000, 0));
VARIANT(splice_pipe_to_pipe, WANT(.calls = 1, .bytes = 60),
	syscall(SYS_splice, t->pipe[0], NULL, t->empty[1], NULL, 60, 0));
VARIANT(splice_refused, WANT(.calls = 2), {
	syscall(SYS_splice, t->source, NULL, t->file, NULL, 60, 0);
	syscall(SYS_splice, t->empty[0], NULL, t->file, NULL, 60,
		SPLICE_F_NONBLOCK);
});

/* What does not go through a file's write path. */
VARIANT(not_writes, WANT(.calls = 5), {
	struct msghdr m = { .msg_iov = three, .msg_iovlen = 3 };

	syscall(SYS_sendto, t->sockets[0], block, 100, 0, NULL, 0);
	syscall(SYS_sendmsg, t->sockets[0], &m, 0);
	syscall(SYS_read, t->source, block, 100);
	syscall(SYS_ftruncate, t->file, 5000);
	syscall(SYS_fallocate, t->file, 0, 0, 9000);
});
VARIANT(mapped_stores, WANT(.calls = 3), {
	char *p;

	syscall(SYS_ftruncate, t->file, 4096);
	p = (char *)syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE,
			    MAP_SHARED, t->file, 0);
	memset(p, 1, 4096);
	syscall(SYS_msync, p, 4096, MS_SYNC);
});

/* Connects. */
VARIANT(connect, WANT(.calls = 2, .connects = 1), {
	int fd = syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);

	syscall(SYS_connect, fd, &t->server, sizeof(t->server));
});
VARIANT(connect_failing, WANT(.calls = 4, .connects = 3), {
	int fd = syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);

	syscall(SYS_connect, fd, &t->nobody, sizeof(t->nobody));
	syscall(SYS_connect, -1, &t->server, sizeof(t->server));
	syscall(SYS_connect, fd, NULL, 5);
});

/* Unlinks. */
VARIANT(unlink, WANT(.calls = 1, .unlinks = 1), syscall(SYS_unlink, "victim"));
VARIANT(unlink_failing, WANT(.calls = 3, .unlinks = 3), {
	syscall(SYS_unlink, "/nonexistent");
	syscall(SYS_unlink, NULL);
	syscall(SYS_unlink, "/");
});
VARIANT(unlinkat, WANT(.calls = 1, .unlinks = 1),
	syscall(SYS_unlinkat, t->dir, "victim", 0));
VARIANT(unlinkat_of_directory, WANT(.calls = 1, .unlinks = 1),
	syscall(SYS_unlinkat, t->dir, "victims", AT_REMOVEDIR));
VARIANT(rmdir, WANT(.calls = 2), {
	syscall(SYS_rmdir, "victims");
	syscall(SYS_rmdir, "/nonexistent");
});

/* Tasks. A child's exit is a call, too, and so is the wait for it. */
static void child(long pid)
{
	if (!pid)
		syscall(SYS_exit_group, 0);
	syscall(SYS_wait4, pid, NULL, 0, NULL);
}

static void *exit_at_once(void *arg)
{
	return NULL;
}

VARIANT(fork, WANT(.calls = 3, .forks = 1), child(syscall(SYS_fork)));
VARIANT(many_forks, WANT(.calls = 30, .forks = 10), {
	for (int i = 0; i < 10; i++)
		child(syscall(SYS_fork));
});
VARIANT(clone, WANT(.calls = 3, .forks = 1),
	child(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)));
VARIANT(clone3, WANT(.calls = 3, .forks = 1), {
	struct clone_args args = { .exit_signal = SIGCHLD };

	child(syscall(SYS_clone3, &args, sizeof(args)));
});
VARIANT(clone_failing, WANT(.calls = 2), {
	struct clone_args args = { .flags = 1UL << 63 };

	syscall(SYS_clone, CLONE_THREAD, 0, 0, 0, 0);
	syscall(SYS_clone3, &args, sizeof(args));
});
VARIANT(clone3_with_a_taken_pid, WANT(.calls = 2), {
	pid_t taken = syscall(SYS_getpid);
	struct clone_args args = {
		.exit_signal = SIGCHLD, .set_tid = (long)&taken,
		.set_tid_size = 1,
	};

	syscall(SYS_clone3, &args, sizeof(args));
});
VARIANT(vfork, WANT(.calls = 3, .forks = 1), {
	pid_t pid = vfork();

	if (!pid)
		syscall(SYS_exit_group, 0);
	syscall(SYS_wait4, pid, NULL, 0, NULL);
});
VARIANT(threads, WANT(.calls = ANY, .forks = 3, .opens = ANY), {
	pthread_t thread;

	for (int i = 0; i < 3; i++)
		if (!pthread_create(&thread, NULL, exit_at_once, NULL))
			pthread_join(thread, NULL);
});

/* Those that seccomp answers never get to where calls are counted. */
static void refuse_unlink(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unlink, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { .len = 4, .filter = code };

	syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
}

VARIANT(refused_by_seccomp, WANT(.calls = 3), {
	refuse_unlink();
	syscall(SYS_unlink, "victim");
	syscall(SYS_unlink, "victim");
	syscall(SYS_getppid);
});

TEST_F(counters, exact)
{
	const struct want *want = &variant->want;
	struct agent_ns_counters_uapi a, b;

	ASSERT_EQ(0, counters_of(&a));
	variant->run(&self->t);
	ASSERT_EQ(0, counters_of(&b));
	if (want->calls != ANY) {
		EXPECT_EQ(want->calls + 1,
			  b.total_syscalls - a.total_syscalls);
	}
	if (want->opens != ANY) {
		EXPECT_EQ(want->opens, b.openat_count - a.openat_count);
	}
	EXPECT_EQ(want->bytes, b.write_bytes - a.write_bytes);
	EXPECT_EQ(want->connects, b.connect_count - a.connect_count);
	EXPECT_EQ(want->unlinks, b.unlink_count - a.unlink_count);
	EXPECT_EQ(want->forks, b.fork_count - a.fork_count);
	EXPECT_GE(b.elapsed_ns, a.elapsed_ns);
}

TEST_HARNESS_MAIN
