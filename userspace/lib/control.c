// SPDX-License-Identifier: LGPL-2.1-or-later
/* Changing a session from outside of it: writes to its directory in sysfs. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static int open_session(struct agentns *handle,
			const struct agent_session_id_uapi *id)
{
	char path[sizeof(AGENTNS_SYSFS_SESSIONS) + AGENTNS_ID_BUFSIZE];
	char name[AGENTNS_ID_BUFSIZE];
	int fd;

	snprintf(path, sizeof(path), AGENTNS_SYSFS_SESSIONS "/%s",
		 agentns_id_format(id, name));
	fd = openat(handle->root_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (errno == ENOENT &&
	    faccessat(handle->root_fd, AGENTNS_SYSFS, F_OK, 0))
		return -ENOSYS;
	return -errno;
}

/* One write: sysfs takes a value whole or not at all. */
static int write_file(int dir_fd, const char *name, const char *value)
{
	size_t len = strlen(value);
	ssize_t n;
	int fd, ret = 0;

	fd = openat(dir_fd, name, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		/* The directory was there: it is this file that is not. */
		return errno == ENOENT ? -EOPNOTSUPP : -errno;
	do
		n = write(fd, value, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		ret = errno == ENODEV ? -ENOENT : -errno;
	else if ((size_t)n != len)
		ret = -EIO;
	close(fd);
	return ret;
}

int agentns_session_write(struct agentns *handle,
			  const struct agent_session_id_uapi *id,
			  const char *file, const char *value)
{
	int fd, ret;

	if (!*file || file[strspn(file, "abcdefghijklmnopqrstuvwxyz_")] ||
	    !*value)
		return -EINVAL;
	fd = open_session(handle, id);
	if (fd < 0)
		return fd;
	ret = write_file(fd, file, value);
	close(fd);
	return ret;
}

int agentns_session_read_file(struct agentns *handle,
			      const struct agent_session_id_uapi *id,
			      const char *file, char *buf, size_t size)
{
	ssize_t len;
	int fd;

	if (!*file || file[strspn(file, "abcdefghijklmnopqrstuvwxyz_")])
		return -EINVAL;
	fd = open_session(handle, id);
	if (fd < 0)
		return fd;
	len = agentns__read_line(fd, file, buf, size);
	close(fd);
	if (len == -ENOENT)
		return -EOPNOTSUPP;
	if (len == -ENODEV)
		return -ENOENT;
	return len < 0 ? len : 0;
}

int agentns_session_exceeded(struct agentns *handle,
			     const struct agent_session_id_uapi *id, char *buf,
			     size_t size)
{
	ssize_t len, i;
	int fd;

	fd = open_session(handle, id);
	if (fd < 0)
		return fd;
	len = agentns__read_file(fd, "exceeded", buf, size);
	close(fd);
	if (len == -ENOENT)
		return -EOPNOTSUPP;
	if (len == -ENODEV)
		return -ENOENT;
	if (len < 0)
		return len;
	/* One a line. */
	for (i = 0; i < len; i++)
		if (buf[i] == '\n')
			buf[i] = i + 1 < len ? ' ' : '\0';
	return 0;
}

int agentns_session_set_limit(struct agentns *handle,
			      const struct agent_session_id_uapi *id,
			      const char *limit, uint64_t value)
{
	char text[24] = "max";

	if (strncmp(limit, "max_", 4))
		return -EINVAL;
	if (value)
		snprintf(text, sizeof(text), "%" PRIu64, value);
	return agentns_session_write(handle, id, limit, text);
}

int agentns_session_set_intent(struct agentns *handle,
			       const struct agent_session_id_uapi *id,
			       const char *tag)
{
	/* An empty write would reach no file: a line of nothing does. */
	return agentns_session_write(handle, id, "intent", *tag ? tag : "\n");
}

int agentns_session_set_action(struct agentns *handle,
			       const struct agent_session_id_uapi *id,
			       __u32 action)
{
	const char *name = agentns_action_name(action);

	if (!strcmp(name, "unknown"))
		return -EINVAL;
	return agentns_session_write(handle, id, "action", name);
}

int agentns_session_kill(struct agentns *handle,
			 const struct agent_session_id_uapi *id)
{
	return agentns_session_write(handle, id, "kill", "1");
}
