// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/*
 * io_uring and aio: requests are calls by another door, their writes are
 * counted when they are done, and the workers behind them are nobody's forks.
 */
#include <linux/aio_abi.h>
#include <linux/openat2.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "agentns-ring.h"

static char block[65536] __attribute__((aligned(4096)));
static struct iovec two[] = { { block, 100 }, { block, 200 } };
static struct open_how how = { .flags = O_RDONLY };
static struct sockaddr_un nobody = { AF_UNIX, "/nonexistent" };

FIXTURE(uring) {
	struct ring ring;
	int file, source, pipe[2], other[2], socket;
};

FIXTURE_VARIANT(uring) {
	struct io_uring_sqe sqe;
	int fd;			/* which one the request is on */
	int result;
	long opens, bytes, connects, unlinks;
};

#define ANY_FD	1000000

enum { FD_NONE, FD_FILE, FD_SOURCE, FD_PIPE, FD_SPLICE, FD_SOCKET };

FIXTURE_SETUP(uring)
{
	struct iovec fixed = { block, sizeof(block) };

	self->file = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	self->source = open("/proc/self/exe", O_RDONLY);
	close(open("victim", O_WRONLY | O_CREAT, 0600));
	ASSERT_EQ(0, pipe(self->pipe));
	ASSERT_EQ(0, pipe(self->other));
	ASSERT_EQ(500, write(self->other[1], block, 500));
	self->socket = socket(AF_UNIX, SOCK_STREAM, 0);
	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, ring_setup(&self->ring, 0));
	ASSERT_EQ(0, syscall(SYS_io_uring_register, self->ring.fd,
			     IORING_REGISTER_BUFFERS, &fixed, 1));
}

FIXTURE_TEARDOWN(uring)
{
}

#define REQUEST(_name, _fd, _result, ...)				\
	FIXTURE_VARIANT_ADD(uring, _name) {				\
		.fd = _fd, .result = _result, __VA_ARGS__		\
	}
#define AT	.fd = AT_FDCWD

REQUEST(nop, FD_NONE, 0, .sqe = { .opcode = IORING_OP_NOP });
REQUEST(unknown, FD_NONE, -EINVAL, .sqe = { .opcode = 250 });
REQUEST(read, FD_SOURCE, 64,
	.sqe = { .opcode = IORING_OP_READ, .addr = (long)block, .len = 64 });
REQUEST(write, FD_FILE, 10000, .bytes = 10000,
	.sqe = { .opcode = IORING_OP_WRITE, .addr = (long)block, .len = 10000 });
REQUEST(write_in_worker, FD_FILE, 10000, .bytes = 10000,
	.sqe = { .opcode = IORING_OP_WRITE, .addr = (long)block, .len = 10000,
		 .flags = IOSQE_ASYNC });
REQUEST(write_to_pipe, FD_PIPE, 300, .bytes = 300,
	.sqe = { .opcode = IORING_OP_WRITE, .addr = (long)block, .len = 300 });
REQUEST(write_short, FD_PIPE, 65536, .bytes = 65536,
	.sqe = { .opcode = IORING_OP_WRITE, .addr = (long)block, .len = 65536,
		 .rw_flags = RWF_NOWAIT });
REQUEST(write_failing, FD_SOURCE, -EBADF,
	.sqe = { .opcode = IORING_OP_WRITE, .addr = (long)block, .len = 300 });
REQUEST(write_bad_pointer, FD_PIPE, -EFAULT,
	.sqe = { .opcode = IORING_OP_WRITE, .addr = 0, .len = 300 });
REQUEST(writev, FD_FILE, 300, .bytes = 300,
	.sqe = { .opcode = IORING_OP_WRITEV, .addr = (long)two, .len = 2 });
REQUEST(write_fixed, FD_FILE, 4096, .bytes = 4096,
	.sqe = { .opcode = IORING_OP_WRITE_FIXED, .addr = (long)block + 50,
		 .len = 4096 });
REQUEST(splice, FD_SPLICE, 500, .bytes = 500,
	.sqe = { .opcode = IORING_OP_SPLICE, .len = 4096,
		 .splice_off_in = -1UL, .off = -1UL });
REQUEST(openat, FD_NONE, ANY_FD, .opens = 1,
	.sqe = { .opcode = IORING_OP_OPENAT, AT, .addr = (long)"/dev/null" });
REQUEST(openat_failing, FD_NONE, -ENOENT, .opens = 1,
	.sqe = { .opcode = IORING_OP_OPENAT, AT,
		 .addr = (long)"/nonexistent" });
REQUEST(openat2, FD_NONE, ANY_FD, .opens = 1,
	.sqe = { .opcode = IORING_OP_OPENAT2, AT, .addr = (long)"/dev/null",
		 .addr2 = (long)&how, .len = sizeof(how) });
REQUEST(unlinkat, FD_NONE, 0, .unlinks = 1,
	.sqe = { .opcode = IORING_OP_UNLINKAT, AT, .addr = (long)"victim" });
REQUEST(unlinkat_failing, FD_NONE, -ENOENT, .unlinks = 1,
	.sqe = { .opcode = IORING_OP_UNLINKAT, AT,
		 .addr = (long)"nonexistent" });
REQUEST(connect_failing, FD_SOCKET, -ENOENT, .connects = 1,
	.sqe = { .opcode = IORING_OP_CONNECT, .addr = (long)&nobody,
		 .off = sizeof(nobody) });

TEST_F(uring, exact)
{
	struct agent_ns_counters_uapi a, b;
	struct io_uring_sqe sqe = variant->sqe;
	const int fds[] = {
		sqe.fd, self->file, self->source, self->pipe[1], self->pipe[1],
		self->socket,
	};
	int res;

	sqe.fd = fds[variant->fd];
	if (variant->fd == FD_SPLICE)
		sqe.splice_fd_in = self->other[0];
	ASSERT_EQ(0, counters_of(&a));
	res = ring_do(&self->ring, &sqe);
	ASSERT_EQ(0, counters_of(&b));
	/* As those of 6.1. */
	if (res == -EOPNOTSUPP && sqe.rw_flags & RWF_NOWAIT) {
		ASSERT_EQ(0, b.write_bytes - a.write_bytes);
		SKIP(return, "pipes do not take RWF_NOWAIT here");
	}
	if (variant->result == ANY_FD) {
		EXPECT_GE(res, 0);
	} else {
		EXPECT_EQ(variant->result, res);
	}
	/* The call that submits, the request, and the second reading. */
	EXPECT_EQ(3, b.total_syscalls - a.total_syscalls);
	EXPECT_EQ(variant->opens, b.openat_count - a.openat_count);
	EXPECT_EQ(variant->bytes, b.write_bytes - a.write_bytes);
	EXPECT_EQ(variant->connects, b.connect_count - a.connect_count);
	EXPECT_EQ(variant->unlinks, b.unlink_count - a.unlink_count);
	EXPECT_EQ(0, b.fork_count - a.fork_count);
}

static struct io_uring_sqe write_of(int fd, unsigned int len)
{
	return (struct io_uring_sqe) {
		.opcode = IORING_OP_WRITE, .fd = fd, .addr = (long)block,
		.len = len,
	};
}

/* Bytes count when the pipe takes them, however often that is tried. */
TEST(write_that_waits)
{
	struct agent_ns_counters_uapi a, b;
	struct io_uring_sqe sqe;
	struct ring ring = { };
	int p[2], res;

	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, ring_setup(&ring, 0));
	ASSERT_EQ(0, pipe(p));
	ASSERT_EQ(65536, write(p[1], block, 65536));
	sqe = write_of(p[1], 5000);
	ASSERT_EQ(0, counters_of(&a));
	ring_queue(&ring, &sqe);
	EXPECT_EQ(1, ring_enter(&ring, 1, 0));
	EXPECT_FALSE(ring_done(&ring, &res));
	ASSERT_EQ(0, counters_of(&b));
	EXPECT_EQ(0, b.write_bytes - a.write_bytes);
	ASSERT_EQ(65536, read(p[0], block, 65536));
	EXPECT_EQ(0, ring_enter(&ring, 0, 1));
	ASSERT_TRUE(ring_done(&ring, &res));
	EXPECT_EQ(5000, res);
	ASSERT_EQ(0, counters_of(&b));
	EXPECT_EQ(5000, b.write_bytes - a.write_bytes);
	/* enter, request, counters, read, enter, counters */
	EXPECT_EQ(6, b.total_syscalls - a.total_syscalls);
	EXPECT_EQ(0, b.fork_count - a.fork_count);
}

/* Cancelled with its ring: what was charged comes back. */
TEST(write_that_never_happens)
{
	struct agent_ns_budget_uapi budget = {
		.max_write_bytes = 65536 + 5000, .action = AGENT_NS_ACTION_KILL,
	};
	struct agent_ns_counters_uapi c;
	struct io_uring_sqe sqe;
	struct ring ring = { };
	int p[2], q[2];

	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, agent(PR_SET_AGENT_BUDGET_LIMITS, &budget));
	ASSERT_EQ(0, ring_setup(&ring, 0));
	ASSERT_EQ(0, pipe(p));
	ASSERT_EQ(0, pipe(q));
	ASSERT_EQ(65536, write(p[1], block, 65536));
	sqe = write_of(p[1], 5000);
	ring_queue(&ring, &sqe);
	EXPECT_EQ(1, ring_enter(&ring, 1, 0));
	sqe = (struct io_uring_sqe) {
		.opcode = IORING_OP_ASYNC_CANCEL, .fd = p[1],
		.cancel_flags = IORING_ASYNC_CANCEL_FD,
	};
	ring_queue(&ring, &sqe);
	EXPECT_EQ(1, ring_enter(&ring, 1, 2));
	ASSERT_EQ(0, counters_of(&c));
	EXPECT_EQ(65536, c.write_bytes);
	/* Exactly this much is left; one byte more would be the end. */
	EXPECT_EQ(5000, write(q[1], block, 5000));
	ASSERT_EQ(0, counters_of(&c));
	EXPECT_EQ(65536 + 5000, c.write_bytes);
}

TEST(linked_requests_are_counted_one_by_one)
{
	struct agent_ns_counters_uapi a, b;
	struct io_uring_sqe sqe;
	struct ring ring = { };
	int p[2], res;

	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, ring_setup(&ring, 0));
	ASSERT_EQ(0, pipe(p));
	ASSERT_EQ(0, counters_of(&a));
	for (int i = 0; i < 5; i++) {
		sqe = write_of(p[1], 100);
		sqe.flags = i < 4 ? IOSQE_IO_LINK : 0;
		ring_queue(&ring, &sqe);
	}
	EXPECT_EQ(5, ring_enter(&ring, 5, 5));
	ASSERT_EQ(0, counters_of(&b));
	for (int i = 0; i < 5; i++) {
		ASSERT_TRUE(ring_done(&ring, &res));
		EXPECT_EQ(100, res);
	}
	EXPECT_EQ(7, b.total_syscalls - a.total_syscalls);
	EXPECT_EQ(500, b.write_bytes - a.write_bytes);
}

/*
 * A write that was cut to what a budget leaves would be taken for done, and what
 * is linked to it for called for: to rename a file that is whole, say.
 */
TEST(a_chain_ends_where_the_budget_does)
{
	struct agent_ns_budget_ex ex = {
		.max_write_bytes = 10, .action = AGENT_NS_ACTION_DENY,
	};
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP }, sqe;
	int file = open("part", O_WRONLY | O_CREAT | O_TRUNC, 0600), res;
	struct ring ring = { };
	struct stat st;

	ASSERT_LE(0, file);
	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, ring_setup(&ring, 0));
	ASSERT_EQ(0, set_ex(ex));
	sqe = write_of(file, 20);
	sqe.flags = IOSQE_IO_LINK;
	ring_queue(&ring, &sqe);
	ring_queue(&ring, &nop);
	ring_enter(&ring, 2, 2);
	/* What the test prints is written, too. */
	ex.max_write_bytes = 0;
	ASSERT_EQ(0, set_ex(ex));
	ASSERT_TRUE(ring_done(&ring, &res));
	EXPECT_EQ(-EDQUOT, res);
	ASSERT_TRUE(ring_done(&ring, &res));
	EXPECT_EQ(-ECANCELED, res);
	EXPECT_EQ(0, fstat(file, &st));
	EXPECT_EQ(0, st.st_size);
	close(file);
}

/* The kernel's own thread submits; no call is made at all. */
TEST(polled_ring)
{
	struct agent_ns_counters_uapi a, b;
	struct io_uring_sqe sqe;
	struct ring ring = { };
	int p[2], res;

	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, pipe(p));
	ASSERT_EQ(0, counters_of(&a));
	ASSERT_EQ(0, ring_setup(&ring, IORING_SETUP_SQPOLL));
	ASSERT_EQ(0, counters_of(&b));
	EXPECT_EQ(0, b.fork_count - a.fork_count);

	/* It begins asleep, and after a request stays awake for a minute. */
	sqe = (struct io_uring_sqe) { .opcode = IORING_OP_NOP };
	ring_queue(&ring, &sqe);
	while (!ring_done(&ring, &res))
		syscall(SYS_io_uring_enter, ring.fd, 0, 0,
			IORING_ENTER_SQ_WAKEUP, NULL, 0);

	ASSERT_EQ(0, counters_of(&a));
	for (int i = 0; i < 3; i++) {
		sqe = write_of(p[1], 100);
		ring_queue(&ring, &sqe);
		while (!ring_done(&ring, &res))
			__builtin_ia32_pause();
		EXPECT_EQ(100, res);
	}
	ASSERT_EQ(0, counters_of(&b));
	EXPECT_EQ(4, b.total_syscalls - a.total_syscalls);
	EXPECT_EQ(300, b.write_bytes - a.write_bytes);
}

FIXTURE(older_ring) {
	struct ring ring;
	int file, pipe[2];
	pid_t pid;
};

FIXTURE_VARIANT(older_ring) {
	const char *by;
};

FIXTURE_VARIANT_ADD(older_ring, prctl) { .by = "prctl" };
FIXTURE_VARIANT_ADD(older_ring, descriptor) { .by = "descriptor" };
FIXTURE_VARIANT_ADD(older_ring, pidfd) { .by = "pidfd" };

FIXTURE_SETUP(older_ring)
{
	int ready[2];

	ASSERT_EQ(0, pipe(ready));
	self->pid = fork();
	if (!self->pid) {
		enter_session();
		close(ready[1]);
		pause();
		_exit(0);
	}
	close(ready[1]);
	ASSERT_EQ(0, read(ready[0], block, 1));
	self->file = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	ASSERT_EQ(0, pipe(self->pipe));
	ASSERT_EQ(0, ring_setup(&self->ring, 0));
}

FIXTURE_TEARDOWN(older_ring)
{
	kill(self->pid, SIGKILL);
	reap(self->pid);
}

/* Each route into a session. */
static int enter_by(const char *by, pid_t pid)
{
	char path[64];

	sprintf(path, "/proc/%d/ns/agent", pid);
	if (!strcmp(by, "prctl"))
		return enter_session();
	if (!strcmp(by, "descriptor"))
		return ERR(setns(open(path, O_RDONLY), 0));
	return ERR(setns(syscall(SYS_pidfd_open, pid, 0), AGENT_NS));
}

/* A ring that was used outside pays for the session once one is entered. */
TEST_F(older_ring, pays_once_inside)
{
	struct agent_ns_counters_uapi a, b;
	struct io_uring_sqe sqe;

	sqe = write_of(self->file, 1000);
	sqe.flags = IOSQE_ASYNC;	/* a worker exists from here on */
	EXPECT_EQ(1000, ring_do(&self->ring, &sqe));
	ASSERT_EQ(0, enter_by(variant->by, self->pid));
	ASSERT_EQ(0, counters_of(&a));
	EXPECT_EQ(1000, ring_do(&self->ring, &sqe));
	ASSERT_EQ(0, counters_of(&b));
	EXPECT_EQ(3, b.total_syscalls - a.total_syscalls);
	EXPECT_EQ(1000, b.write_bytes - a.write_bytes);
	EXPECT_EQ(0, b.fork_count - a.fork_count);
}

/* What was under way is cancelled, so that none of it is done in between. */
TEST_F(older_ring, what_waits_is_cancelled)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_READ, .fd = self->pipe[0],
		.addr = (unsigned long)block, .len = 1,
	};
	int res = 0;

	ring_queue(&self->ring, &sqe);
	EXPECT_EQ(1, ring_enter(&self->ring, 1, 0));
	EXPECT_FALSE(ring_done(&self->ring, &res));
	ASSERT_EQ(0, enter_by(variant->by, self->pid));
	EXPECT_EQ(0, ring_enter(&self->ring, 0, 1));
	ASSERT_TRUE(ring_done(&self->ring, &res));
	EXPECT_TRUE(res == -ECANCELED || res == -EINTR) {
		TH_LOG("result %d", res);
	}
}

/* And back outside nobody is charged for it any more. */
TEST_F(older_ring, pays_no_longer_outside)
{
	int outside = open("/proc/self/ns/agent", O_RDONLY);
	struct io_uring_sqe sqe = write_of(self->file, 1000);
	char id[HEX_ID + 1];
	int pinned;
	__u64 bytes;

	sqe.flags = IOSQE_ASYNC;
	ASSERT_EQ(0, enter_by(variant->by, self->pid));
	pinned = open("/proc/self/ns/agent", O_RDONLY);
	own_id(id);
	EXPECT_EQ(1000, ring_do(&self->ring, &sqe));
	ASSERT_EQ(0, ERR(setns(outside, AGENT_NS)));
	bytes = session_get(id, "counters/write_bytes");
	EXPECT_EQ(1000, bytes);
	EXPECT_EQ(1000, ring_do(&self->ring, &sqe));
	EXPECT_EQ(bytes, session_get(id, "counters/write_bytes"));
	close(pinned);
}

FIXTURE(aio) {
	aio_context_t context;
};

FIXTURE_VARIANT(aio) {
	int flags;
	struct iocb iocb;
	long bytes;
	int result;
};

FIXTURE_SETUP(aio)
{
	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, syscall(SYS_io_setup, 4, &self->context));
}

FIXTURE_TEARDOWN(aio)
{
}

FIXTURE_VARIANT_ADD(aio, pwrite) {
	.iocb = { .aio_lio_opcode = IOCB_CMD_PWRITE, .aio_buf = (long)block,
		  .aio_nbytes = 5000 },
	.bytes = 5000, .result = 5000,
};

FIXTURE_VARIANT_ADD(aio, pwrite_direct) {
	.flags = O_DIRECT,
	.iocb = { .aio_lio_opcode = IOCB_CMD_PWRITE, .aio_buf = (long)block,
		  .aio_nbytes = 8192 },
	.bytes = 8192, .result = 8192,
};

FIXTURE_VARIANT_ADD(aio, pwritev) {
	.iocb = { .aio_lio_opcode = IOCB_CMD_PWRITEV, .aio_buf = (long)two,
		  .aio_nbytes = 2 },
	.bytes = 300, .result = 300,
};

FIXTURE_VARIANT_ADD(aio, pwrite_misaligned) {
	.flags = O_DIRECT,
	.iocb = { .aio_lio_opcode = IOCB_CMD_PWRITE, .aio_buf = (long)block + 1,
		  .aio_nbytes = 512 },
	.result = -EINVAL,
};

FIXTURE_VARIANT_ADD(aio, pread) {
	.iocb = { .aio_lio_opcode = IOCB_CMD_PREAD, .aio_buf = (long)block,
		  .aio_nbytes = 512 },
	.result = 0,
};

TEST_F(aio, exact)
{
	struct agent_ns_counters_uapi a, b;
	struct iocb iocb = variant->iocb, *list = &iocb;
	struct io_event event = { };

	iocb.aio_fildes = open("aio", O_RDWR | O_CREAT | O_TRUNC |
			       variant->flags, 0600);
	ASSERT_EQ(0, counters_of(&a));
	EXPECT_EQ(1, syscall(SYS_io_submit, self->context, 1, &list));
	EXPECT_EQ(1, syscall(SYS_io_getevents, self->context, 1, 1, &event,
			     NULL));
	ASSERT_EQ(0, counters_of(&b));
	EXPECT_EQ(variant->result, (int)event.res);
	EXPECT_EQ(3, b.total_syscalls - a.total_syscalls);
	EXPECT_EQ(variant->bytes, b.write_bytes - a.write_bytes);
}

TEST_HARNESS_MAIN
