// SPDX-License-Identifier: LGPL-2.1-or-later
/* The session of another process: /proc/PID/agent_*. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "internal.h"

/* Room for counters that later kernels append. */
#define COUNTERS_SIZE	8192

/*
 * Open /proc/PID. Everything is read below this descriptor: should the
 * process end and its number be used again, reads fail and do not show the
 * newcomer's values.
 */
static int open_pid(struct agentns *handle, pid_t pid)
{
	char path[32];
	int fd;

	if (pid <= 0)
		return -EINVAL;
	snprintf(path, sizeof(path), "proc/%ld", (long)pid);
	fd = openat(handle->root_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return fd;
}

/* Why is a file missing in /proc/PID: no module, or no process any more? */
static int missing_file(int pid_fd)
{
	return faccessat(pid_fd, "status", F_OK, 0) ? -ESRCH : -ENOSYS;
}

/* The directory that tells of a process's session; see agentns__open_member(). */
static int open_member(struct agentns *handle, pid_t pid)
{
	int pid_fd = open_pid(handle, pid), member_fd;

	if (pid_fd < 0)
		return pid_fd;
	member_fd = agentns__open_member(pid_fd, pid);
	if (member_fd < 0)
		return pid_fd;
	close(pid_fd);
	return member_fd;
}

static ssize_t read_pid_file(struct agentns *handle, pid_t pid,
			     const char *name, char *buf, size_t size,
			     ssize_t (*read_fn)(int, const char *, char *,
						size_t))
{
	/* A thread that ends meanwhile is not the process. */
	int fd, tries = 2;
	ssize_t len;

	do {
		fd = open_member(handle, pid);
		if (fd < 0)
			return fd;
		len = read_fn(fd, name, buf, size);
		if (len == -ENOENT)
			len = missing_file(fd);
		close(fd);
	} while (len == -ESRCH && --tries);
	return len;
}

int agentns_pid_id(struct agentns *handle, pid_t pid,
		   struct agent_session_id_uapi *id)
{
	char text[AGENTNS_ID_STRLEN + 2];
	ssize_t len;

	len = read_pid_file(handle, pid, "agent_session", text, sizeof(text),
			    agentns__read_line);
	if (len < 0)
		return len;
	return agentns_id_parse(text, id) ? -EBADMSG : 0;
}

int agentns_pid_comm(struct agentns *handle, pid_t pid, char *buf,
		     size_t size)
{
	char text[128];
	ssize_t len;
	int fd;

	fd = open_pid(handle, pid);
	if (fd < 0)
		return fd;
	len = agentns__read_file(fd, "comm", text, sizeof(text));
	close(fd);
	if (len == -ENOENT)
		return -ESRCH;
	if (len < 0)
		return len;
	if (!size)
		return -EINVAL;
	if (len && text[len - 1] == '\n')
		len--;
	if ((size_t)len >= size)
		len = size - 1;
	memcpy(buf, text, len);
	buf[len] = '\0';
	return 0;
}

int agentns_pid_intent(struct agentns *handle, pid_t pid,
		       char tag[AGENTNS_INTENT_BUFSIZE])
{
	char text[AGENTNS_INTENT_BUFSIZE + 1];
	ssize_t len;

	len = read_pid_file(handle, pid, "agent_intent", text, sizeof(text),
			    agentns__read_line);
	if (len < 0)
		return len;
	memcpy(tag, text, len + 1);
	return 0;
}

static int json_counter(struct json_object *object, const char *name,
			__u64 *value)
{
	struct json_object *member;

	if (!json_object_object_get_ex(object, name, &member) ||
	    !json_object_is_type(member, json_type_int) ||
	    json_object_get_int64(member) < 0)
		return -EBADMSG;
	*value = json_object_get_uint64(member);
	return 0;
}

static int json_counters(struct json_object *object,
			 struct agent_ns_counters_uapi *counters)
{
	struct agent_ns_counters_uapi c;

	if (!json_object_is_type(object, json_type_object) ||
	    json_counter(object, "total_syscalls", &c.total_syscalls) ||
	    json_counter(object, "openat_count", &c.openat_count) ||
	    json_counter(object, "write_bytes", &c.write_bytes) ||
	    json_counter(object, "connect_count", &c.connect_count) ||
	    json_counter(object, "unlink_count", &c.unlink_count) ||
	    json_counter(object, "fork_count", &c.fork_count) ||
	    json_counter(object, "elapsed_ns", &c.elapsed_ns))
		return -EBADMSG;
	*counters = c;
	return 0;
}

int agentns_pid_counters(struct agentns *handle, pid_t pid,
			 struct agent_ns_counters_uapi *counters)
{
	char text[COUNTERS_SIZE];
	struct json_object *object;
	ssize_t len;
	int ret;

	len = read_pid_file(handle, pid, "agent_counters", text, sizeof(text),
			    agentns__read_file);
	if (len < 0)
		return len;
	object = json_tokener_parse(text);
	if (!object)
		return -EBADMSG;
	ret = json_counters(object, counters);
	json_object_put(object);
	return ret;
}
