// SPDX-License-Identifier: LGPL-2.1-or-later
/* Handles, and reading small files below them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

int agentns_open(struct agentns **handle, const char *root)
{
	struct agentns *h;

	h = malloc(sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->root_fd = open(root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (h->root_fd < 0) {
		int err = errno;

		free(h);
		return -err;
	}
	*handle = h;
	return 0;
}

void agentns_close(struct agentns *handle)
{
	if (!handle)
		return;
	close(handle->root_fd);
	free(handle);
}

int agentns__opendir(int dir_fd, const char *path, DIR **dir)
{
	int fd;

	fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*dir = fdopendir(fd);
	if (!*dir) {
		int err = errno;

		close(fd);
		return -err;
	}
	return 0;
}

const char *agentns__readdir(DIR *dir, int *error)
{
	struct dirent *entry;

	errno = 0;
	entry = readdir(dir);
	*error = entry ? 0 : -errno;
	return entry ? entry->d_name : NULL;
}

ssize_t agentns__read_file(int dir_fd, const char *path, char *buf,
			   size_t size)
{
	ssize_t ret = -EMSGSIZE;
	size_t used = 0;
	int fd;

	fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* procfs and sysfs may return less than was asked for. */
	while (used < size) {
		ssize_t n = read(fd, buf + used, size - used);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			ret = -errno;
			break;
		}
		if (!n) {
			buf[used] = '\0';
			ret = used;
			break;
		}
		used += n;
	}
	close(fd);
	return ret;
}

/*
 * Files of one line come whole with the first read, so that none is spent on
 * finding their end: with ten thousand sessions it would be one in four calls.
 */
ssize_t agentns__read_line(int dir_fd, const char *path, char *buf,
			   size_t size)
{
	ssize_t len;
	int fd, error;

	fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do
		len = read(fd, buf, size);
	while (len < 0 && errno == EINTR);
	error = errno;
	close(fd);
	if (len < 0)
		return -error;
	/* A NUL inside, or a second line, makes the first newline not last. */
	if (!len || (size_t)len == size)
		return -EBADMSG;
	buf[len] = '\0';
	if (strcspn(buf, "\n") != (size_t)len - 1)
		return -EBADMSG;
	buf[--len] = '\0';
	return len;
}

int agentns__digits(const char *text, uint64_t *value)
{
	uint64_t number = 0;

	if (!*text)
		return -EBADMSG;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' ||
		    __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*text - '0'),
					   &number))
			return -EBADMSG;
	}
	*value = number;
	return 0;
}

bool agentns__same_file(int fd, int other)
{
	struct stat a, b;

	return !fstat(fd, &a) && !fstat(other, &b) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}
