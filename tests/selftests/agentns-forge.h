/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests share that forge stamps: each call that sets an attribute or
 * removes one, copies with attributes, writes that fail halfway.
 */
#ifndef AGENTNS_FORGE_H
#define AGENTNS_FORGE_H

#include "agentns-ways.h"

/* From 6.13 on. */
#ifndef SYS_setxattrat
#define SYS_setxattrat		463
#define SYS_removexattrat	466
#endif

enum {
	SET, CREATE, REPLACE, FSET, LSET_LINK, SET_AT, URING_SET, URING_FSET,
	REMOVE, FREMOVE, REMOVE_AT, EMPTY, ATTEMPTS
};

static const char *const attempt_name[ATTEMPTS] = {
	"setxattr", "setxattr, XATTR_CREATE", "setxattr, XATTR_REPLACE",
	"fsetxattr", "lsetxattr of a link", "setxattrat", "io_uring setxattr",
	"io_uring fsetxattr", "removexattr", "fremovexattr", "removexattrat",
	"setxattr to nothing",
};

/* Where removing it worked, there is to be one again. */
static inline int put_back(int err, const struct agent_ns_stamp *v)
{
	return err ?: ERR(setxattr("f", STAMP, v, sizeof(*v), 0));
}

/* What each of the attempts answers for "f", with a link "l" and "g" bare. */
static inline void attempt_all(int *err)
{
	int fd = open("f", O_RDONLY | O_CLOEXEC);
	struct agent_ns_stamp v;
	struct io_uring_sqe sqe = {
		.addr = (long)STAMP, .addr2 = (long)&v, .len = sizeof(v),
		.fd = fd,
	};
	struct {
		__u64 value;
		__u32 size, flags;
	} at = { (long)&v, sizeof(v), 0 };

	stamp_forge(&v);
	err[SET] = ERR(setxattr("f", STAMP, &v, sizeof(v), 0));
	err[CREATE] = ERR(setxattr("g", STAMP, &v, sizeof(v), XATTR_CREATE));
	err[REPLACE] = ERR(setxattr("f", STAMP, &v, sizeof(v), XATTR_REPLACE));
	err[FSET] = ERR(fsetxattr(fd, STAMP, &v, sizeof(v), 0));
	err[LSET_LINK] = ERR(lsetxattr("l", STAMP, &v, sizeof(v), 0));
	err[SET_AT] = ERR(syscall(SYS_setxattrat, AT_FDCWD, "f", 0, STAMP, &at,
				  sizeof(at)));
	if (err[SET_AT] == ENOSYS)
		err[SET_AT] = err[SET];
	sqe.opcode = IORING_OP_FSETXATTR;
	err[URING_FSET] = ring_once(sqe);
	sqe.opcode = IORING_OP_SETXATTR;
	sqe.addr3 = (long)"f";
	err[URING_SET] = ring_once(sqe);
	err[REMOVE] = put_back(ERR(removexattr("f", STAMP)), &v);
	err[FREMOVE] = put_back(ERR(fremovexattr(fd, STAMP)), &v);
	err[REMOVE_AT] = put_back(ERR(syscall(SYS_removexattrat, AT_FDCWD, "f",
					      0, STAMP)), &v);
	if (err[REMOVE_AT] == ENOSYS)
		err[REMOVE_AT] = err[REMOVE];
	err[EMPTY] = put_back(ERR(setxattr("f", STAMP, "", 0, 0)), &v);
	close(fd);
}

/* XFS_IOC_ATTRMULTI_BY_HANDLE: sets attributes, and asks nobody but capable(). */
#define ATTRMULTI	_IOW('X', 123, char[72])

static inline int attrmulti_here(void)
{
	int fd = open(".", O_RDONLY | O_CLOEXEC);
	int err = ERR(ioctl(fd, ATTRMULTI, NULL));

	close(fd);
	return err;
}

/* Commands that copy "f" to "copy", with its attributes where they may. */
#define COPY_BY_CP	"cp -a f copy"
#define COPY_BY_TAR							\
	"tar --xattrs --xattrs-include='*' -cf a.tar f && "		\
	"mkdir x && tar --xattrs --xattrs-include='*' -C x -xf a.tar && " \
	"mv x/f copy"
/* It says that it cannot set one, with status 23, and copies the rest. */
#define COPY_BY_RSYNC	"rsync -X f copy; test $? = 0 -o $? = 23"

/*
 * What fails may have done half of it: a direct write whose second part is
 * nowhere, zeroes for which there is not the room. 0 where it failed.
 */
static inline int way_half_write(void)
{
	struct iovec iov[] = { { way_block, 4096 }, { (void *)4096, 4096 } };
	int fd = open("f", O_WRONLY | O_DIRECT);
	int ret = fd < 0 || pwritev(fd, iov, 2, 0) > 4096;

	return ret || close(fd);
}

static inline int way_half_zero(void)
{
	int fd = open("f", O_WRONLY);
	int ret = fd < 0 ||
		  !fallocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 0,
			     1LL << 40);

	return ret || close(fd);
}

#endif /* AGENTNS_FORGE_H */
