// SPDX-License-Identifier: GPL-2.0-only
/* Files that set sessions and the module, and what is counted or stamped. */
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "calls.h"

static long open_file(__u64 path, int flags)
{
	return raw(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0);
}

/* What stays open is a descriptor that a later call may take for another. */
static void leave_or_close(struct thread *t, long fd, __u64 how)
{
	if (how % 32 == 5)
		keep_fd(t, REST_FDS + 8 + how / 32 % 8, fd);
	else
		raw(SYS_close, fd);
}

CALL(write_file)
{
	size_t n = t->text_length;
	long fd, r;

	fd = open_file(v[0], O_WRONLY);
	if (fd < 0)
		return fd;
	switch (v[2] % 16) {
	case 0:
		r = raw(SYS_pwrite64, fd, v[1], n, v[2] >> 4);
		break;
	case 1:
		r = raw(SYS_write, fd, v[1], n / 2);
		r = raw(SYS_write, fd, v[1] + n / 2, n - n / 2);
		break;
	case 2:
		r = raw(SYS_write, fd, v[1], v[2] >> 4);
		break;
	default:
		r = raw(SYS_write, fd, v[1], n);
	}
	leave_or_close(t, fd, v[2]);
	return r;
}

CALL(read_file)
{
	long fd, r;

	fd = open_file(v[0], O_RDONLY);
	if (fd < 0)
		return fd;
	r = raw(SYS_pread64, fd, v[1], v[2], v[3] % 4 ? 0 : v[3]);
	if (v[3] % 8 == 1)
		r = raw(SYS_read, fd, v[1], v[2]);
	leave_or_close(t, fd, v[3]);
	return r;
}

CALL(read_folder)
{
	long fd, r;

	fd = open_file(v[0], O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd;
	r = raw(SYS_getdents64, fd, v[1], v[2]);
	raw(SYS_close, fd);
	return r;
}

/* Calls that are counted, some times. */
CALL(spend)
{
	long r = 0;

	for (__u64 i = 0; i <= v[0] % 16; i++)
		switch (v[1] % 6) {
		case 0:
			r = raw(SYS_getppid);
			break;
		case 1:
			r = raw(SYS_openat, AT_FDCWD, "/nosuch", O_RDONLY, 0);
			break;
		case 2:
			r = raw(SYS_connect, v[2], v[3], 110);
			break;
		case 3:
			r = raw(SYS_unlinkat, AT_FDCWD, "/nosuch", 0);
			break;
		case 4:
			r = raw(SYS_unlink, v[3]);
			break;
		case 5:
			r = raw(600 + v[2] % 1000);
			break;
		}
	return r;
}

CALL(write)
{
	struct iovec iov[2] = {
		{ (void *)(uintptr_t)v[1], v[2] },
		{ (void *)(uintptr_t)v[1], v[3] % 5000 },
	};

	switch (v[3] % 6) {
	case 0:
		return raw(SYS_write, v[0], v[1], v[2]);
	case 1:
		return raw(SYS_pwrite64, v[0], v[1], v[2], v[3] % 10000);
	case 2:
		return raw(SYS_writev, v[0], iov, 2);
	case 3:
		return raw(SYS_pwritev, v[0], iov, 2, v[3] % 10000, 0);
	case 4:
		return raw(SYS_pwritev2, v[0], iov, 1 + v[3] / 6 % 2, -1L, -1L,
			   v[3] >> 16);
	}
	return raw(SYS_vmsplice, v[0], iov, 1, 2 /* SPLICE_F_NONBLOCK */);
}

CALL(send_file)
{
	loff_t offset = v[3];

	switch (v[4] % 4) {
	case 0:
		return raw(SYS_sendfile, v[0], v[1], NULL, v[2]);
	case 1:
		return raw(SYS_sendfile, v[0], v[1], &offset, v[2]);
	case 2:
		return raw(SYS_splice, v[0], NULL, v[1], NULL, v[2], 2);
	}
	return raw(SYS_copy_file_range, v[0], NULL, v[1], NULL, v[2], 0);
}

/* As 32-bit programs call, with their numbers. */
CALL(int80)
{
	static const int calls[] = {
		172 /* prctl */, 172, 10 /* unlink */, 5 /* open */, 4 /* write */,
		362 /* connect */, 102 /* socketcall */, 64 /* getppid */,
		295 /* openat */, 301 /* unlinkat */, 8 /* creat */, 346 /* setns */,
		310 /* unshare */, 1000,
	};
	int nr = calls[v[0] % ARRAY_SIZE(calls)];
	int first = nr == 172 ? PR_AGENT_BASE + v[0] / 16 % 16 :
		    nr == 102 ? 1 + (int)(v[0] / 16 % 20) : (int)v[2];
	long r;

	asm volatile("int $0x80"
		     : "=a" (r)
		     : "0" ((long)nr), "b" ((long)(__u32)first),
		       "c" (v[1]), "d" (v[3]), "S" (0L), "D" (0L)
		     : "r8", "r9", "r10", "r11", "memory");
	return (int)r;
}

CALL(open)
{
	static const int flags[] = {
		O_RDONLY, O_WRONLY | O_CREAT, O_RDWR | O_CREAT,
		O_WRONLY | O_CREAT | O_TRUNC, O_RDWR | O_CREAT | O_EXCL,
		O_WRONLY | O_APPEND, O_PATH, O_TMPFILE | O_RDWR, O_DIRECTORY,
	};
	long r = raw(SYS_openat, AT_FDCWD, v[0],
		     flags[v[1] % ARRAY_SIZE(flags)] | O_CLOEXEC | O_NONBLOCK, 0666);

	keep_fd(t, REST_FDS + 8 + v[2] % (MAX_FDS - REST_FDS - 8), r);
	return r;
}

/* Names of files that come and go. */
CALL(name)
{
	switch (v[2] % 9) {
	case 0:
		return raw(SYS_unlink, v[0]);
	case 1:
		return raw(SYS_mkdir, v[0], 0777);
	case 2:
		return raw(SYS_rmdir, v[0]);
	case 3:
		return raw(SYS_link, v[0], v[1]);
	case 4:
		return raw(SYS_symlink, v[0], v[1]);
	case 5:
		return raw(SYS_rename, v[0], v[1]);
	case 6:
		return raw(SYS_truncate, v[0], v[2] >> 8 & 0xffff);
	case 7:
		return raw(SYS_mknod, v[0], S_IFREG | 0666, 0);
	}
	return raw(SYS_chmod, v[0], 0777 & v[2] >> 8);
}

/* Into a file that is mapped. */
CALL(store)
{
	long fd, map;

	fd = open_file(v[0], O_RDWR | O_NONBLOCK);
	if (fd < 0)
		return fd;
	map = raw(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE,
		  v[1] % 2 ? MAP_SHARED : MAP_PRIVATE, fd, 0);
	if (v[1] & 2)
		raw(SYS_close, fd);
	if (map > 0 || map < -4095) {
		if (v[1] & 4)
			raw(SYS_mprotect, map, 4096, PROT_READ);
		if (v[1] & 8)
			raw(SYS_mprotect, map, 4096, PROT_READ | PROT_WRITE);
		/* Beyond its end that would be a signal. */
		raw(SYS_madvise, map, 4096, 23 /* MADV_POPULATE_WRITE */);
		raw(SYS_munmap, map, 4096);
		map = 0;
	}
	if (!(v[1] & 2))
		raw(SYS_close, fd);
	return map;
}

/* What a ring is asked for; nothing that could wait, and nothing of ours closed. */
static struct io_uring_sqe uring_request(const __u64 *v)
{
	static const __u8 opcodes[] = {
		IORING_OP_NOP, IORING_OP_OPENAT, IORING_OP_CONNECT,
		IORING_OP_UNLINKAT, IORING_OP_WRITE, IORING_OP_CLOSE,
	};
	struct io_uring_sqe sqe = {
		.opcode = opcodes[v[0] % ARRAY_SIZE(opcodes)],
		.flags = v[0] >> 8 & 1 ? IOSQE_ASYNC : 0,
		.fd = v[1],
	};

	switch (sqe.opcode) {
	case IORING_OP_OPENAT:
	case IORING_OP_UNLINKAT:
		sqe.fd = AT_FDCWD;
		sqe.addr = v[2];
		break;
	case IORING_OP_CONNECT:
		sqe.addr = v[3];
		sqe.off = v[4];
		break;
	case IORING_OP_WRITE:
		sqe.addr = v[3];
		sqe.len = v[4];
		break;
	case IORING_OP_CLOSE:
		sqe.fd = -1;
		break;
	}
	return sqe;
}

/* One request, made at once or by a worker; nobody waits for what it says. */
CALL(uring)
{
	struct io_uring_params p = { };
	long ring, queue, sqes, r = -ENOMEM;

	ring = raw(SYS_io_uring_setup, 1, &p);
	if (ring < 0)
		return ring;
	queue = raw(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
		    ring, IORING_OFF_SQ_RING);
	sqes = raw(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
		   ring, IORING_OFF_SQES);
	if (queue > 0 && sqes > 0) {
		*(struct io_uring_sqe *)sqes = uring_request(v);
		*(__u32 *)(queue + p.sq_off.array) = 0;
		__atomic_store_n((__u32 *)(queue + p.sq_off.tail), 1,
				 __ATOMIC_RELEASE);
		r = raw(SYS_io_uring_enter, ring, 1, 0, 0, NULL, 0);
	}
	raw(SYS_munmap, queue, 4096);
	raw(SYS_munmap, sqes, 4096);
	raw(SYS_close, ring);
	return r;
}

CALL(attribute)
{
	size_t n = t->text_length;

	switch (v[3] % 6) {
	case 0:
	case 1:
		return raw(SYS_setxattr, v[0], v[1], v[2], n, v[3] / 8 % 4);
	case 2:
		return raw(SYS_setxattr, v[0], v[1], v[2],
			   AGENT_NS_STAMP_SIZE_VER1 + v[3] / 8 % 3 - 1, 0);
	case 3:
		return raw(SYS_removexattr, v[0], v[1]);
	case 4:
		return raw(SYS_getxattr, v[0], v[1], v[2], n);
	}
	return raw(SYS_listxattr, v[0], v[2], n);
}

/* Listens to the connector of processes. */
CALL(connector)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = v[0] % 4 ? 1 : v[0] >> 2,
	};
	long fd, r;

	fd = raw(SYS_socket, AF_NETLINK,
		 SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR);
	if (fd < 0)
		return fd;
	r = raw(SYS_bind, fd, &address, sizeof(address));
	keep_fd(t, REST_FDS + v[1] % 4, fd);
	return r;
}

CALL(send)
{
	return raw(SYS_sendto, v[0], v[1], t->text_length, MSG_DONTWAIT, 0, 0);
}

CALL(receive)
{
	return raw(SYS_recvfrom, v[0], v[1], v[2], MSG_DONTWAIT, 0, 0);
}

/* But the namespace that all came from, by which they go back. */
CALL(close)
{
	keep_fd(t, 1 + v[0] % (MAX_FDS - 1), -1);
	return 0;
}
