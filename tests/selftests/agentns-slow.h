/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file whose content does not arrive until it is told to, of a FUSE server of
 * the test's own. A write(2) from a mapping of it stands where it is, with the
 * lock of the file that it writes to.
 */
#ifndef AGENTNS_SLOW_H
#define AGENTNS_SLOW_H

#include <linux/fuse.h>
#include <sys/mount.h>

#include "agentns-test.h"

#define SLOW_SIZE	4096

struct slow {
	volatile int asked;	/* for the content */
	volatile int go;	/* it may arrive */
	pid_t server;
};

/* To a request, which failed with @err or has that answer; 0 or an errno. */
static inline int slow_answer(int fd, const struct fuse_in_header *in, int err,
			      const void *data, size_t size)
{
	struct {
		struct fuse_out_header h;
		char data[SLOW_SIZE];
	} out = {
		.h = { .error = -err, .unique = in->unique,
		       .len = sizeof(out.h) + size },
	};

	if (size)
		memcpy(out.data, data, size);
	return ERR(write(fd, &out, out.h.len));
}

static inline int slow_serve(int fd, const struct fuse_in_header *in,
			     struct slow *slow)
{
	static const struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = 4096,
	};
	static const struct fuse_attr_out attr = {
		.attr_valid = 1000,
		.attr = { .ino = FUSE_ROOT_ID, .size = SLOW_SIZE,
			  .mode = S_IFREG | 0666, .nlink = 1 },
	};
	static const struct fuse_open_out opened;
	static const char content[SLOW_SIZE];

	switch (in->opcode) {
	case FUSE_INIT:
		return slow_answer(fd, in, 0, &init, sizeof(init));
	case FUSE_GETATTR:
		return slow_answer(fd, in, 0, &attr, sizeof(attr));
	case FUSE_OPEN:
		return slow_answer(fd, in, 0, &opened, sizeof(opened));
	case FUSE_FLUSH:
	case FUSE_RELEASE:
		return slow_answer(fd, in, 0, NULL, 0);
	case FUSE_READ:
		raise_flag(&slow->asked);
		while (!slow->go)
			sleep_ms(5);
		return slow_answer(fd, in, 0, content, sizeof(content));
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return 0;
	}
	return slow_answer(fd, in, EOPNOTSUPP, NULL, 0);
}

/* Mount it on the file @path, for everybody; 0 or an errno. */
static inline int slow_begin(struct slow *slow, const char *path)
{
	static char request[FUSE_MIN_READ_BUFFER];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC), err;
	char options[128];
	pid_t pid;

	if (fd < 0)
		return errno;
	close(open(path, O_WRONLY | O_CREAT, 0666));
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=%o,user_id=0,group_id=0,allow_other", fd,
		 S_IFREG | 0666);
	err = ERR(mount("slow", path, "fuse", 0, options));
	pid = err ? -1 : fork();
	if (!pid) {
		while (read(fd, request, sizeof(request)) > 0)
			slow_serve(fd, (void *)request, slow);
		_exit(0);
	}
	slow->server = pid;
	close(fd);
	return err;
}

/* What stands there goes on. */
static inline int slow_end(struct slow *slow, const char *path)
{
	slow->go = 1;
	if (slow->server <= 0)
		return ESRCH;
	if (kill(slow->server, SIGKILL))
		return errno;
	reap(slow->server);
	return ERR(umount2(path, MNT_DETACH));
}

/* Memory whose content comes from there, or NULL. */
static inline void *slow_map(const char *path, int prot)
{
	int in = open(path, O_RDONLY | O_CLOEXEC);
	void *p = mmap(NULL, SLOW_SIZE, prot, MAP_PRIVATE, in, 0);
	struct stat st;

	/* The kernel has to have heard of its size. */
	return p == MAP_FAILED || fstat(in, &st) ? NULL : p;
}

/* Write to an open file from there: 0 or an errno. */
static inline int slow_write(int fd, const char *path)
{
	void *p = slow_map(path, PROT_READ);
	ssize_t n = p ? write(fd, p, SLOW_SIZE) : -1;

	return n < 0 ? errno : n == SLOW_SIZE ? 0 : EIO;
}

/* Read from one to memory that has to come from there first. */
static inline int slow_read(int fd, const char *path)
{
	void *p = slow_map(path, PROT_READ | PROT_WRITE);
	ssize_t n = p ? read(fd, p, SLOW_SIZE) : -1;

	return n < 0 ? errno : n == SLOW_SIZE ? 0 : EIO;
}

#endif /* AGENTNS_SLOW_H */
