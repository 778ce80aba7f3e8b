// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/*
 * 32-bit calls, by int $0x80 from a 64-bit program: they have numbers of
 * their own, connect hides in socketcall, and all are counted alike.
 */
#include <linux/openat2.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "agentns-test.h"

/* Numbers of arch/x86/entry/syscalls/syscall_32.tbl. */
enum {
	IA32_exit = 1, IA32_fork = 2, IA32_write = 4, IA32_open = 5,
	IA32_waitpid = 7, IA32_creat = 8, IA32_unlink = 10, IA32_rmdir = 40,
	IA32_pipe = 42, IA32_getppid = 64, IA32_readlink = 85,
	IA32_swapon = 87, IA32_socketcall = 102, IA32_writev = 146,
	IA32_pwrite64 = 181, IA32_sendfile = 187,
	IA32_remap_file_pages = 257, IA32_openat = 295, IA32_unlinkat = 301, IA32_splice = 313,
	IA32_pwritev = 334, IA32_connect = 362, IA32_copy_file_range = 377,
	IA32_pwritev2 = 379, IA32_openat2 = 437,
};

static long ia32(long nr, long a, long b, long c, long d, long e, long f)
{
	long ret;

	/* The sixth goes into the frame pointer, which r12 keeps meanwhile. */
	asm volatile("mov %%rbp, %%r12\n\t"
		     "mov %k[f], %%ebp\n\t"
		     "int $0x80\n\t"
		     "mov %%r12, %%rbp"
		     : "=a"(ret)
		     : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e),
		       [f] "r"(f)
		     : "memory", "r8", "r9", "r10", "r11", "r12");
	return (int)ret;
}

#define IA32(nr, ...)		IA32_(nr, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define IA32_(nr, a, b, c, d, e, f, ...)				\
	ia32(IA32_##nr, (long)(a), (long)(b), (long)(c), (long)(d),	\
	     (long)(e), (long)(f))

struct iovec32 {
	__u32 base, len;
};

/* All that pointers point to: it lies below 4 GiB. */
struct low {
	char block[4096];
	char file[8], missing[16];
	struct iovec32 v[2];
	__u32 args[6];
	struct open_how how;
	struct sockaddr_un address;
	int fds[2];
};

static struct low *low;

FIXTURE(compat) {
	int file, source, pipe[2], socket;
};

FIXTURE_VARIANT(compat) {
	long (*run)(FIXTURE_DATA(compat) *t);
	long result, calls_besides, opens, bytes, connects, unlinks, forks;
};

FIXTURE_SETUP(compat)
{
	low = mmap(NULL, sizeof(*low), PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)low);
	strcpy(low->file, "file");
	strcpy(low->missing, "nonexistent");
	low->v[0] = (struct iovec32) { (long)low->block, 100 };
	low->v[1] = (struct iovec32) { (long)low->block, 200 };
	low->address.sun_family = AF_UNIX;
	strcpy(low->address.sun_path, "/nonexistent");
	self->file = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	self->source = open("source", O_RDWR | O_CREAT | O_TRUNC, 0600);
	ASSERT_EQ(4096, pwrite(self->source, low->block, 4096, 0));
	ASSERT_EQ(0, pipe(self->pipe));
	self->socket = socket(AF_UNIX, SOCK_STREAM, 0);
	low->args[0] = self->socket;
	low->args[1] = (long)&low->address;
	low->args[2] = sizeof(low->address);
	/* Or the kernel has no 32-bit calls, and nothing below means anything. */
	ASSERT_EQ(getppid(), IA32(getppid));
	ASSERT_EQ(0, enter_session());
}

FIXTURE_TEARDOWN(compat)
{
}

#define ANY_RESULT	1000000

#define VARIANT(_name, _call, _result, ...)				\
	static long run_##_name(FIXTURE_DATA(compat) *t)		\
	{								\
		return _call;						\
	}								\
	FIXTURE_VARIANT_ADD(compat, _name) {				\
		.run = run_##_name, .result = _result,			\
		__VA_ARGS__						\
	}

VARIANT(getppid, IA32(getppid), ANY_RESULT);
VARIANT(open, IA32(open, low->file, O_RDONLY), ANY_RESULT, .opens = 1);
VARIANT(open_failing, IA32(open, low->missing, O_RDONLY), -ENOENT, .opens = 1);
VARIANT(creat, IA32(creat, low->file, 0600), ANY_RESULT, .opens = 1);
VARIANT(openat, IA32(openat, AT_FDCWD, low->file, O_RDONLY), ANY_RESULT,
	.opens = 1);
VARIANT(openat2,
	IA32(openat2, AT_FDCWD, low->file, &low->how, sizeof(low->how)),
	ANY_RESULT, .opens = 1);
VARIANT(write, IA32(write, t->file, low->block, 1000), 1000, .bytes = 1000);
VARIANT(write_failing, IA32(write, -1, low->block, 1000), -EBADF);
VARIANT(pwrite64, IA32(pwrite64, t->file, low->block, 1000, 5, 0), 1000,
	.bytes = 1000);
VARIANT(writev, IA32(writev, t->file, low->v, 2), 300, .bytes = 300);
VARIANT(pwritev, IA32(pwritev, t->file, low->v, 2, 0, 0), 300, .bytes = 300);
VARIANT(pwritev2, IA32(pwritev2, t->file, low->v, 2, 0, 0, 0), 300, .bytes = 300);
VARIANT(sendfile, IA32(sendfile, t->file, t->source, 0, 4096), 4096,
	.bytes = 4096);
VARIANT(splice, IA32(splice, t->source, 0, t->pipe[1], 0, 700), 700,
	.bytes = 700);
VARIANT(copy_file_range,
	IA32(copy_file_range, t->source, 0, t->file, 0, 4000), 4000,
	.bytes = 4000);
VARIANT(connect, IA32(connect, t->socket, &low->address, sizeof(low->address)),
	-ENOENT, .connects = 1);
VARIANT(socketcall_connect, IA32(socketcall, 3 /* SYS_CONNECT */, low->args),
	-ENOENT, .connects = 1);
VARIANT(socketcall_other, IA32(socketcall, 5 /* SYS_ACCEPT */, low->args),
	-EINVAL);
VARIANT(unlink, IA32(unlink, low->file), 0, .unlinks = 1);
VARIANT(unlinkat, IA32(unlinkat, AT_FDCWD, low->missing, 0), -ENOENT,
	.unlinks = 1);
VARIANT(rmdir, IA32(rmdir, low->missing), -ENOENT);

/* What 64-bit numbers mean here: none of these is what its number says there. */
VARIANT(pipe_is_not_connect, IA32(pipe, low->fds), 0);
VARIANT(readlink_is_not_creat, IA32(readlink, low->missing, low->block, 10),
	-ENOENT);
VARIANT(swapon_is_not_unlink, IA32(swapon, low->missing), ANY_RESULT);
VARIANT(remap_file_pages_is_not_openat, IA32(remap_file_pages, 1), ANY_RESULT);

static long fork_and_wait(long (*make)(void))
{
	long pid = make();

	if (!pid)
		IA32(exit, 0);
	return IA32(waitpid, pid, 0, 0) == pid ? 0 : -1;
}

static long make_fork(void)
{
	return IA32(fork);
}

VARIANT(fork, fork_and_wait(make_fork), 0, .calls_besides = 2, .forks = 1);

TEST_F(compat, exact)
{
	struct agent_ns_counters_uapi a, b;
	long result;

	ASSERT_EQ(0, counters_of(&a));
	result = variant->run(self);
	ASSERT_EQ(0, counters_of(&b));
	if (variant->result != ANY_RESULT) {
		EXPECT_EQ(variant->result, result);
	}
	EXPECT_EQ(variant->calls_besides + 2, b.total_syscalls - a.total_syscalls);
	EXPECT_EQ(variant->opens, b.openat_count - a.openat_count);
	EXPECT_EQ(variant->bytes, b.write_bytes - a.write_bytes);
	EXPECT_EQ(variant->connects, b.connect_count - a.connect_count);
	EXPECT_EQ(variant->unlinks, b.unlink_count - a.unlink_count);
	EXPECT_EQ(variant->forks, b.fork_count - a.fork_count);
}

/* A limit refuses a 32-bit call, too, and ends its caller. */
static int spend(void *arg)
{
	volatile int *done = arg;
	struct agent_ns_budget_uapi budget = {
		.max_syscalls = 101, .action = AGENT_NS_ACTION_KILL,
	};

	if (enter_session() || agent(PR_SET_AGENT_BUDGET_LIMITS, &budget))
		return 1;
	for (;;) {
		IA32(getppid);
		raise_flag(done);
	}
}

TEST(limited)
{
	volatile int *done = shared(4096);

	EXPECT_EQ(KILLED, in_child(spend, (void *)done));
	EXPECT_EQ(100, *done);
}

TEST_HARNESS_MAIN
