// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/*
 * Ways to do more than is counted, tried by an ordinary user and by root in
 * containers. docs/hostility.md is the list.
 */
#include <pthread.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "agentns-hostile.h"
#include "agentns-ring.h"

#define CALLS	10

/* What is counted while the agent does something. */
static struct agent_ns_counters_uapi before, after;

FIXTURE(shed) {
};

FIXTURE_VARIANT(shed) {
	WHO;
};

EACH_WHO(shed);

FIXTURE_SETUP(shed)
{
	trial_new();
}

FIXTURE_TEARDOWN(shed)
{
	EXPECT_TRUE(WAIT_FOR(!sessions_live()));
}

/* Its calls are others by the time that they are made. */
static int tracee(void)
{
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	kill(getpid(), SIGSTOP);
	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
	return 0;
}

static int by_rewriting_calls(void)
{
	struct user_regs_struct regs;
	int status, rewritten = 0;
	pid_t pid;

	counters_of(&before);
	pid = fork();
	if (!pid)
		_exit(tracee());
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		ptrace(PTRACE_GETREGS, pid, 0, &regs);
		/* At its entry; at its end it is the other one. */
		if (regs.orig_rax == SYS_getppid) {
			regs.orig_rax = SYS_unlink;
			regs.rdi = 0;
			ptrace(PTRACE_SETREGS, pid, 0, &regs);
			rewritten++;
		}
		ptrace(PTRACE_SYSCALL, pid, 0, 0);
	}
	counters_of(&after);
	return rewritten == CALLS &&
	       after.unlink_count - before.unlink_count == CALLS ? 0 : 1;
}

TEST_F(shed, by_rewriting_calls)
{
	EXPECT_EQ(0, agent_does(variant->become, NULL, by_rewriting_calls));
}

/* The gate of 32-bit programs, from one of 64 bits. */
static long call_by_int80(long nr, long a, long b)
{
	long ret;

	asm volatile("int $0x80" : "=a" (ret) : "a" (nr), "b" (a), "c" (b) :
		     "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static int by_int80(void)
{
	/* socketcall(SYS_CONNECT, { -1, NULL, 0 }) */
	unsigned int *args = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (args == MAP_FAILED)
		return 1;
	args[0] = -1;
	counters_of(&before);
	for (int i = 0; i < CALLS; i++) {
		call_by_int80(10, 0, 0);		/* unlink */
		call_by_int80(5, 0, 0);			/* open */
		call_by_int80(102, 3, (long)args);	/* connect */
		/* The same, as only half of a register counts. */
		call_by_int80(102, 1L << 32 | 3, (long)args);
		call_by_int80(362, -1, 0);		/* connect, directly */
	}
	counters_of(&after);
	return after.unlink_count - before.unlink_count != CALLS ? 2 :
	       after.openat_count - before.openat_count != CALLS ? 3 :
	       after.connect_count - before.connect_count != 3 * CALLS ? 4 :
	       /* Of a container's outer process there may be another one. */
	       after.total_syscalls - before.total_syscalls - (5 * CALLS + 1) > 1 ?
	       5 : 0;
}

TEST_F(shed, by_int80)
{
	EXPECT_EQ(0, agent_does(variant->become, NULL, by_int80));
}

static char block[1000];

/* As a worker or as the kernel's thread that polls does them. */
static int ring_work(unsigned int setup, unsigned int flags)
{
	struct ring ring = { };
	struct io_uring_sqe sqes[] = {
		{ .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .flags = flags,
		  .addr = (long)"/nonexistent" },
		{ .opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .flags = flags,
		  .addr = (long)"/nonexistent" },
		{ .opcode = IORING_OP_WRITE, .flags = flags,
		  .addr = (long)block, .len = sizeof(block) },
	};
	int p[2], res, err;

	err = pipe(p) ? errno : ring_setup(&ring, setup);
	if (err)
		return err;
	sqes[2].fd = p[1];
	for (int i = 0; i < 3; i++) {
		if (!(setup & IORING_SETUP_SQPOLL)) {
			ring_do(&ring, &sqes[i]);
			continue;
		}
		ring_queue(&ring, &sqes[i]);
		while (!ring_done(&ring, &res))
			syscall(SYS_io_uring_enter, ring.fd, 0, 0,
				IORING_ENTER_SQ_WAKEUP, NULL, 0);
	}
	close(ring.fd);
	return 0;
}

static int by_io_uring(void)
{
	counters_of(&before);
	if (ring_work(0, IOSQE_ASYNC) || ring_work(IORING_SETUP_SQPOLL, 0) ||
	    ring_work(IORING_SETUP_SQPOLL, IOSQE_ASYNC))
		return 1;
	counters_of(&after);
	return after.openat_count - before.openat_count != 3 ? 2 :
	       after.unlink_count - before.unlink_count != 3 ? 3 :
	       after.write_bytes - before.write_bytes != 3 * sizeof(block) ?
	       4 : 0;
}

TEST_F(shed, by_io_uring)
{
	EXPECT_EQ(0, agent_does(variant->become, NULL, by_io_uring));
}

static void some_work(void)
{
	for (int i = 0; i < CALLS; i++)
		syscall(SYS_unlink, "/nonexistent");
}

static void *work_in_thread(void *unused)
{
	some_work();
	return NULL;
}

/* In children of each kind, and in sessions that end before anybody looks. */
static int work_of_children(void *unused)
{
	pthread_t thread;
	pid_t pid;

	some_work();
	pid = vfork();
	if (!pid) {
		some_work();
		_exit(0);
	}
	if (pthread_create(&thread, NULL, work_in_thread, NULL) ||
	    pthread_join(thread, NULL))
		return 1;
	for (int depth = 0; depth < 3; depth++) {
		if (enter_session())
			return 2;
		some_work();
	}
	return 0;
}

static int by_children_and_nesting(void)
{
	counters_of(&before);
	if (in_child(work_of_children, NULL))
		return 1;
	counters_of(&after);
	return after.unlink_count - before.unlink_count == 6 * CALLS ? 0 : 2;
}

TEST_F(shed, by_children_and_nesting)
{
	EXPECT_EQ(0, agent_does(variant->become, NULL,
				by_children_and_nesting));
}

/* Younger by a clock of one's own: a session's age is the machine's. */
static int by_a_clock(void)
{
	static const char later[] = "boottime 1000000 0";
	struct timespec t = { 2000000, 0 };
	struct timespec now;
	pid_t pid;

	trial->value[0] = ERR(unshare(CLONE_NEWTIME));
	trial->value[1] = write_file("/proc/self/timens_offsets", later);
	tried(ERR(clock_settime(CLOCK_BOOTTIME, &t)) ? 0 : 1);
	tried(ERR(clock_settime(CLOCK_REALTIME, &t)) == EPERM ? 0 : 1);
	pid = fork();
	if (pid)
		return reap(pid);
	clock_gettime(CLOCK_BOOTTIME, &now);
	trial->value[2] = now.tv_sec > 1000000;
	counters_of(&after);
	_exit(after.elapsed_ns < 60000000000ULL ? 0 : 1);
}

TEST_F(shed, by_a_clock)
{
	bool own = variant->become == as_container;

	EXPECT_EQ(0, agent_does(variant->become, NULL, by_a_clock));
	EXPECT_TRIES(2, 0);
	EXPECT_EQ(own ? 0 : EPERM, trial->value[0]);
	EXPECT_EQ(own, trial->value[2]);
}

/*
 * By a ring that a session outside of this one has made and used: a worker is
 * there, and a request waits. Each is this one's from its beginning on.
 */
static int by_an_older_ring(void)
{
	struct io_uring_sqe read_sqe = { .opcode = IORING_OP_READ,
		.addr = (long)block, .len = 1 };
	struct io_uring_sqe write_sqe = { .opcode = IORING_OP_WRITE,
		.flags = IOSQE_ASYNC, .addr = (long)block,
		.len = sizeof(block) };
	struct ring ring = { }, waiting = { };
	int p[2], empty[2], res = 0;

	if (pipe(p) || pipe(empty) || ring_setup(&ring, 0) ||
	    ring_setup(&waiting, 0))
		return 1;
	write_sqe.fd = p[1];
	read_sqe.fd = empty[0];
	if (ring_do(&ring, &write_sqe) != sizeof(block))
		return 2;
	ring_queue(&waiting, &read_sqe);
	if (ring_enter(&waiting, 1, 0) != 1 || ring_done(&waiting, &res))
		return 3;
	if (enter_session())
		return 4;
	counters_of(&before);
	if (ring_do(&ring, &write_sqe) != sizeof(block))
		return 5;
	counters_of(&after);
	if (after.write_bytes - before.write_bytes != sizeof(block) ||
	    after.fork_count != before.fork_count)
		return 6;
	ring_enter(&waiting, 0, 1);
	return ring_done(&waiting, &res) &&
	       (res == -ECANCELED || res == -EINTR) ? 0 : 7;
}

TEST_F(shed, by_an_older_ring)
{
	EXPECT_EQ(0, agent_does(variant->become, NULL, by_an_older_ring));
}

/* By writes that fail, wholly or half way: they give back what they took. */
#define BYTES	1000

static int allow_bytes(void)
{
	if (counters_of(&before))
		return EIO;
	return set_ex((struct agent_ns_budget_ex) {
			.max_write_bytes = before.write_bytes + BYTES,
			.action = AGENT_NS_ACTION_DENY });
}

static int by_failing_writes(void)
{
	struct iovec half[] = { { block, 50 }, { (void *)4096, 50 } };
	int full[2], p[2], file, done = 0;
	ssize_t n;

	file = open("bytes", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (file < 0 || pipe2(full, O_NONBLOCK) || pipe(p) ||
	    fcntl(full[1], F_SETPIPE_SZ, 4096) != 4096 ||
	    write(full[1], trial, 4096) != 4096 || allow_bytes())
		return 1;
	for (n = 10; n > 0 && done < 2 * BYTES; done += n > 0 ? n : 0) {
		if (write(full[1], block, 100) >= 0 ||
		    write(p[1], (void *)4096, 100) >= 0 ||
		    write(p[0], block, 100) >= 0 || write(-1, block, 100) >= 0)
			return 2;
		/* Of this only the first half is written. */
		n = writev(file, half, 2);
		done += n > 0 ? n : 0;
		n = write(file, block, 10);
	}
	/* That one asked for more than was left, perhaps. */
	while (done < 2 * BYTES && write(file, block, 1) == 1)
		done++;
	unlink("bytes");
	return done != BYTES ? 3 : ERR(write(file, block, 1)) != EDQUOT;
}

TEST_F(shed, by_failing_writes)
{
	EXPECT_EQ(0, agent_does(variant->become, NULL, by_failing_writes));
}

/* On one processor after the other, with credit left on each. */
#define UNLINKS	1000

static int allow_some_unlinks(void)
{
	return set_ex((struct agent_ns_budget_ex) {
			.max_unlinks = UNLINKS,
			.action = AGENT_NS_ACTION_DENY });
}

static int by_changing_processors(void)
{
	int cpus = sysconf(_SC_NPROCESSORS_ONLN), done = 0;

	while (done <= UNLINKS) {
		if (done % 7 == 0 && run_on(done / 7 % cpus))
			return 1;
		if (ERR(syscall(SYS_unlink, "/nonexistent")) == EDQUOT)
			break;
		done++;
	}
	return done == UNLINKS ? 0 : 2;
}

TEST_F(shed, by_changing_processors)
{
	EXPECT_EQ(0, agent_does(variant->become, allow_some_unlinks,
				by_changing_processors));
}

/*
 * In children that have gone before a tick of the clock could find them. To
 * fork and to end is counted, too, so that the sum of what they ran is least.
 */
#define SLICES		100
#define SLICE_NS	500000

static __u64 used_ns(void)
{
	struct timespec t = { };

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static int by_short_slices(void)
{
	__u64 own = used_ns();

	for (int i = 0; i < SLICES; i++) {
		pid_t pid = fork();

		if (!pid) {
			__u64 end = now_ns() + SLICE_NS;

			/* By a clock that takes no call. */
			while (now_ns() < end)
				;
			trial->value[0] += used_ns();
			_exit(0);
		}
		if (reap(pid))
			return 1;
	}
	trial->value[0] += used_ns() - own;
	raise_flag(&trial->ready);
	while (!trial->go)
		sleep_ms(5);
	return 0;
}

TEST_F(shed, by_short_slices)
{
	pid_t pid = agent_begin(variant->become, NULL, by_short_slices);

	EXPECT_TRUE(WAIT_FOR_MS(trial->ready, 60000));
	EXPECT_LT(0, trial->value[0]);
	EXPECT_LE(trial->value[0], session_get(trial->id, "counters/cpu_ns"));
	trial->go = 1;
	EXPECT_EQ(0, reap(pid));
}

TEST_HARNESS_MAIN
