/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Each way to make a file and each way to write to one: functions that do it
 * once, in the current folder, and answer 0 or an errno.
 */
#ifndef AGENTNS_WAYS_H
#define AGENTNS_WAYS_H

#include <linux/aio_abi.h>
#include <linux/openat2.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "agentns-ring.h"
#include "agentns-stamp.h"

/* The file that is made: each of the functions below leaves what it opens. */

static inline int make_open(const char *path)
{
	return ERR(open(path, O_RDWR | O_CREAT | O_EXCL, 0644));
}

/* A mode that lets nobody write to it, its maker's own writes aside. */
static inline int make_closed(const char *path)
{
	return ERR(open(path, O_RDWR | O_CREAT | O_EXCL, 0));
}

static inline int make_creat(const char *path)
{
	return ERR(creat(path, 0644));
}

static inline int make_openat2(const char *path)
{
	struct open_how how = { .flags = O_WRONLY | O_CREAT, .mode = 0644 };

	return ERR(syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how)));
}

static inline int make_dir(const char *path)
{
	return ERR(mkdir(path, 0755));
}

static inline int make_symlink(const char *path)
{
	return ERR(symlink("/nonexistent", path));
}

static inline int make_fifo(const char *path)
{
	return ERR(mknod(path, S_IFIFO | 0644, 0));
}

static inline int make_char(const char *path)
{
	return ERR(mknod(path, S_IFCHR | 0644, makedev(1, 3)));
}

static inline int make_block(const char *path)
{
	return ERR(mknod(path, S_IFBLK | 0644, makedev(7, 0)));
}

static inline int make_regular(const char *path)
{
	return ERR(mknod(path, S_IFREG | 0644, 0));
}

static inline int make_socket(const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(name.sun_path, path);
	return ERR(bind(fd, (void *)&name, sizeof(name)));
}

static inline int link_fd(int fd, const char *path)
{
	char from[64];

	sprintf(from, "/proc/self/fd/%d", fd);
	return ERR(linkat(AT_FDCWD, from, AT_FDCWD, path, AT_SYMLINK_FOLLOW));
}

static inline int make_tmpfile(const char *path)
{
	int fd = open(".", O_RDWR | O_TMPFILE, 0644);

	return fd < 0 ? errno : link_fd(fd, path);
}

/* One request; what is not an error is 0. */
static inline int ring_once(struct io_uring_sqe sqe)
{
	struct ring ring = { };
	int res = ring_setup(&ring, 0);

	if (res)
		return res;
	res = ring_do(&ring, &sqe);
	close(ring.fd);
	return res < 0 ? -res : 0;
}

static inline int make_uring_open(const char *path)
{
	return ring_once((struct io_uring_sqe) {
		.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD,
		.addr = (long)path, .open_flags = O_RDWR | O_CREAT,
		.len = 0644 });
}

/* By a worker: what comes after the call comes after it there, too. */
static inline int make_uring_async(const char *path)
{
	return ring_once((struct io_uring_sqe) {
		.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD,
		.flags = IOSQE_ASYNC, .addr = (long)path,
		.open_flags = O_RDWR | O_CREAT, .len = 0644 });
}

static inline int make_uring_dir(const char *path)
{
	return ring_once((struct io_uring_sqe) {
		.opcode = IORING_OP_MKDIRAT, .fd = AT_FDCWD,
		.addr = (long)path, .len = 0755 });
}

static inline int make_uring_symlink(const char *path)
{
	return ring_once((struct io_uring_sqe) {
		.opcode = IORING_OP_SYMLINKAT, .fd = AT_FDCWD,
		.addr = (long)"/nonexistent", .addr2 = (long)path });
}

/*
 * Writing to the file "f", of at least 8192 bytes. When they return nothing
 * is open any more.
 */

static char way_block[8192] __attribute__((aligned(4096)));

#define WAY(flags, call) ({						\
	int fd = open("f", flags), err = fd < 0 ? errno : ERR(call);	\
									\
	close(fd);							\
	err; })

static inline int way_write(void)
{
	return WAY(O_WRONLY, write(fd, "x", 1));
}

static inline int way_append(void)
{
	return WAY(O_WRONLY | O_APPEND, write(fd, "x", 1));
}

static inline int way_direct(void)
{
	return WAY(O_WRONLY | O_DIRECT, write(fd, way_block, 4096));
}

static inline int way_pwrite(void)
{
	return WAY(O_RDWR, pwrite(fd, "x", 1, 100));
}

static struct iovec way_two[] = { { way_block, 100 }, { way_block, 200 } };

static inline int way_writev(void)
{
	return WAY(O_WRONLY, writev(fd, way_two, 2));
}

static inline int way_pwritev(void)
{
	return WAY(O_WRONLY, pwritev(fd, way_two, 2, 10));
}

static inline int way_pwritev2(void)
{
	return WAY(O_WRONLY, pwritev2(fd, way_two, 2, 10, RWF_DSYNC));
}

static inline int way_truncate(void)
{
	return ERR(truncate("f", 100));
}

static inline int way_truncate_longer(void)
{
	return ERR(truncate("f", 100000));
}

static inline int way_ftruncate(void)
{
	return WAY(O_WRONLY, ftruncate(fd, 100));
}

static inline int way_open_trunc(void)
{
	return WAY(O_WRONLY | O_TRUNC, 0);
}

static inline int way_fallocate(void)
{
	return WAY(O_WRONLY, fallocate(fd, 0, 0, 100000));
}

static inline int way_punch(void)
{
	return WAY(O_WRONLY, fallocate(fd, FALLOC_FL_PUNCH_HOLE |
				       FALLOC_FL_KEEP_SIZE, 0, 4096));
}

static inline char *map_f(int *fd, int prot)
{
	*fd = open("f", O_RDWR);
	return mmap(NULL, 4096, prot, MAP_SHARED, *fd, 0);
}

static inline int way_mmap(void)
{
	int fd, err = 0;
	char *p = map_f(&fd, PROT_READ | PROT_WRITE);

	if (p == MAP_FAILED)
		return errno;
	p[100]++;
	err = ERR(munmap(p, 4096));
	close(fd);
	return err;
}

/* The mapping is what keeps the file, and munmap() what ends it. */
static inline int way_mmap_closed(void)
{
	int fd;
	char *p = map_f(&fd, PROT_READ | PROT_WRITE);

	close(fd);
	if (p == MAP_FAILED)
		return errno;
	p[100]++;
	return ERR(munmap(p, 4096));
}

/* Mapped for reading, and writable later. */
static inline int way_mprotect(void)
{
	int fd, err;
	char *p = map_f(&fd, PROT_READ);

	close(fd);
	if (p == MAP_FAILED)
		return errno;
	err = ERR(mprotect(p, 4096, PROT_READ | PROT_WRITE));
	if (!err)
		p[100]++;
	munmap(p, 4096);
	return err;
}

/* Writes by way of another name of an open file. */
static inline int way_proc_fd(void)
{
	char path[64];
	int fd = open("f", O_RDONLY), other, err;

	sprintf(path, "/proc/self/fd/%d", fd);
	other = open(path, O_WRONLY);
	err = other < 0 ? errno : ERR(write(other, "x", 1));
	close(other);
	close(fd);
	return err;
}

static inline int way_splice(void)
{
	int p[2];

	if (pipe(p) || write(p[1], way_block, 1000) != 1000)
		return errno;
	close(p[1]);
	return WAY(O_WRONLY, splice(p[0], NULL, fd, NULL, 1000, 0));
}

static inline int way_sendfile(void)
{
	int from = open("/proc/self/exe", O_RDONLY);

	return WAY(O_WRONLY, sendfile(fd, from, NULL, 1000));
}

static inline int way_copy_file_range(void)
{
	int from = open("source", O_RDONLY);

	return WAY(O_WRONLY, copy_file_range(from, NULL, fd, NULL, 1000, 0));
}

static inline int way_uring(void)
{
	return WAY(O_WRONLY, ({
		errno = ring_once((struct io_uring_sqe) {
			.opcode = IORING_OP_WRITE, .fd = fd,
			.addr = (long)way_block, .len = 1000 });
		errno ? -1 : 0; }));
}

static inline int way_uring_async(void)
{
	return WAY(O_WRONLY, ({
		errno = ring_once((struct io_uring_sqe) {
			.opcode = IORING_OP_WRITE, .fd = fd,
			.flags = IOSQE_ASYNC, .addr = (long)way_block,
			.len = 1000 });
		errno ? -1 : 0; }));
}

static inline int way_uring_fallocate(void)
{
	return WAY(O_WRONLY, ({
		errno = ring_once((struct io_uring_sqe) {
			.opcode = IORING_OP_FALLOCATE, .fd = fd,
			.addr = 100000 });
		errno ? -1 : 0; }));
}

static inline int way_uring_splice(void)
{
	int p[2];

	if (pipe(p) || write(p[1], way_block, 1000) != 1000)
		return errno;
	return WAY(O_WRONLY, ({
		errno = ring_once((struct io_uring_sqe) {
			.opcode = IORING_OP_SPLICE, .fd = fd,
			.splice_fd_in = p[0], .splice_off_in = -1UL,
			.off = -1UL, .len = 1000 });
		errno ? -1 : 0; }));
}

/* Known to the ring alone: it is closed when the ring lets go of it. */
static inline int way_uring_registered(void)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_WRITE, .flags = IOSQE_FIXED_FILE,
		.addr = (long)way_block, .len = 1000,
	};
	int fd = open("f", O_WRONLY), res;
	struct ring ring = { };

	if (fd < 0 || ring_setup(&ring, 0))
		return errno;
	if (syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_FILES,
		    &fd, 1) < 0)
		return errno;
	close(fd);
	res = ring_do(&ring, &sqe);
	if (syscall(SYS_io_uring_register, ring.fd, IORING_UNREGISTER_FILES,
		    NULL, 0) < 0)
		return errno;
	close(ring.fd);
	return res < 0 ? -res : 0;
}

/* The kernel's own thread writes, for the task that the ring is of. */
static inline int way_uring_polled(void)
{
	struct ring ring = { };
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_WRITE, .addr = (long)way_block,
		.len = 1000,
	};
	int fd = open("f", O_WRONLY), res = -EIO;

	if (fd < 0 || ring_setup(&ring, IORING_SETUP_SQPOLL))
		return errno;
	sqe.fd = fd;
	ring_queue(&ring, &sqe);
	while (!ring_done(&ring, &res))
		syscall(SYS_io_uring_enter, ring.fd, 0, 0,
			IORING_ENTER_SQ_WAKEUP, NULL, 0);
	close(ring.fd);
	close(fd);
	return res < 0 ? -res : 0;
}

static inline int way_aio(void)
{
	struct iocb iocb = {
		.aio_lio_opcode = IOCB_CMD_PWRITE, .aio_buf = (long)way_block,
		.aio_nbytes = 1000,
	}, *list = &iocb;
	aio_context_t context = 0;
	struct io_event event = { };
	int err;

	if (syscall(SYS_io_setup, 1, &context))
		return errno;
	err = WAY(O_WRONLY, ({
		iocb.aio_fildes = fd;
		syscall(SYS_io_submit, context, 1, &list) == 1 &&
		syscall(SYS_io_getevents, context, 1, 1, &event, NULL) == 1 ?
			0 : -1; }));
	syscall(SYS_io_destroy, context);
	return err ?: event.res == 1000 ? 0 : EIO;
}

/* What editors do: a new file takes the name of the old one. */
static inline int way_rename_over(void)
{
	int err = make_file("new", 100);

	return err ?: ERR(rename("new", "f"));
}

static inline int way_tmpfile_over(void)
{
	int fd = open(".", O_WRONLY | O_TMPFILE, 0644), err;

	if (fd < 0)
		return errno;
	err = ERR(write(fd, "x", 1)) ?: link_fd(fd, "linked") ?:
	      ERR(rename("linked", "f"));
	close(fd);
	return err;
}

/* Appends to a file until nothing is left; twice, as delayed blocks come free. */
static inline int take_all(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);

	for (int i = 0; i < 2; i++) {
		while (write(fd, way_block, 8192) > 0 ||
		       write(fd, way_block, 512) > 0)
			;
		if (errno != ENOSPC)
			return errno;
		sync();
	}
	return ERR(close(fd));
}

#endif /* AGENTNS_WAYS_H */
