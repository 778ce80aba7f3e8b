// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sessions in /sys/kernel/agentns/, and all of them from one file in /proc. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* One of the two: an older module has no table. */
struct agentns_iter {
	struct agentns__table *table;
	DIR *dir;
};

/* Room for any file of a session's directory, its newline and a NUL. */
#define VALUE_SIZE	128

/*
 * A session may end while its files are read: opening then says ENOENT, and
 * reading a file that is open already says ENODEV.
 */
static int gone(int err)
{
	return err == -ENODEV ? -ENOENT : err;
}

static int read_text(int dir_fd, const char *name, char *buf, size_t size)
{
	ssize_t len = agentns__read_line(dir_fd, name, buf, size);

	return len < 0 ? gone(len) : 0;
}

/* Fields that the first modules did not have. */
#define NEWER_FIELDS	(AGENTNS_FIELD_SEALED | AGENTNS_FIELD_GRACE | \
			 AGENTNS_FIELD_TASKS | AGENTNS_FIELD_CPU | \
			 AGENTNS_FIELD_DESCENDANTS | AGENTNS_FIELD_LIMIT(7) | \
			 AGENTNS_FIELD_LIMIT(8) | AGENTNS_FIELD_LIMIT(9))

/* Is a missing file that of a module without it? Else the session has ended. */
static bool lacks(int dir_fd, int error, uint64_t field)
{
	return error == -ENOENT && field & NEWER_FIELDS &&
	       !faccessat(dir_fd, "parent", F_OK, 0);
}

static int read_fields(int dir_fd, struct agentns_session *s, uint64_t fields)
{
	char text[VALUE_SIZE];
	size_t i;

	for (i = 0; i < AGENTNS__N_FIELDS; i++) {
		const struct agentns__field *field = &agentns__fields[i];
		int ret;

		if (!(fields & field->mask))
			continue;
		ret = read_text(dir_fd, field->file, text, sizeof(text));
		if (lacks(dir_fd, ret, field->mask))
			continue;
		if (!ret)
			ret = field->set(s, field->offset, text);
		if (ret)
			return ret;
		s->fields |= field->mask;
	}
	return 0;
}

/* @dir_fd is .../sessions, @name one of its entries. */
static int read_session(int dir_fd, const char *name,
			struct agentns_session *session, uint64_t fields)
{
	struct agentns_session s = { 0 };
	int fd, ret;

	if (agentns_id_parse(name, &s.id))
		return -EINVAL;
	fd = openat(dir_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = read_fields(fd, &s, fields);
	close(fd);
	if (ret)
		return ret;
	*session = s;
	return 0;
}

static int open_sessions(struct agentns *handle, DIR **dir)
{
	int ret = agentns__opendir(handle->root_fd, AGENTNS_SYSFS_SESSIONS,
				   dir);

	return ret == -ENOENT ? -ENOSYS : ret;
}

int agentns_session_read(struct agentns *handle,
			 const struct agent_session_id_uapi *id,
			 struct agentns_session *session)
{
	char name[AGENTNS_ID_BUFSIZE];
	DIR *dir;
	int ret;

	ret = open_sessions(handle, &dir);
	if (ret)
		return ret;
	ret = read_session(dirfd(dir), agentns_id_format(id, name), session,
			   AGENTNS_FIELD_ALL);
	closedir(dir);
	return ret;
}

int agentns_iter_open(struct agentns *handle, struct agentns_iter **iter)
{
	struct agentns_iter *it;
	int ret = 0;

	it = calloc(1, sizeof(*it));
	if (!it)
		return -ENOMEM;
	/* Whatever is wrong with the table, the directories are there. */
	if (agentns__table_open(handle, &it->table))
		ret = open_sessions(handle, &it->dir);
	if (ret)
		free(it);
	else
		*iter = it;
	return ret;
}

void agentns_iter_close(struct agentns_iter *iter)
{
	if (!iter)
		return;
	if (iter->table)
		agentns__table_close(iter->table);
	else
		closedir(iter->dir);
	free(iter);
}

/* Name of the next session's directory; NULL at the end, or with *@error. */
static const char *next_name(DIR *dir, int *error)
{
	struct agent_session_id_uapi id;
	const char *name;

	do
		name = agentns__readdir(dir, error);
	while (name && agentns_id_parse(name, &id));
	return name;
}

int agentns_iter_next(struct agentns_iter *iter,
		      struct agentns_session *session)
{
	return agentns_iter_next_fields(iter, session, AGENTNS_FIELD_ALL);
}

int agentns_iter_next_fields(struct agentns_iter *iter,
			     struct agentns_session *session, uint64_t fields)
{
	const char *name;
	int ret = 0;

	if (iter->table)
		return agentns__table_next(iter->table, session, fields);
	while ((name = next_name(iter->dir, &ret))) {
		ret = read_session(dirfd(iter->dir), name, session, fields);
		if (!ret)
			return 1;
		if (ret != -ENOENT)
			break;
	}
	return ret;
}

/* Copy @prefix in lower case, as ids are in sysfs. */
static int check_prefix(const char *prefix, char lower[AGENTNS_ID_BUFSIZE])
{
	size_t len = strspn(prefix, "0123456789abcdefABCDEF");
	size_t i;

	if (prefix[len] || len < AGENTNS_PREFIX_MIN || len > AGENTNS_ID_STRLEN)
		return -EINVAL;
	for (i = 0; i < len; i++)
		lower[i] = prefix[i] >= 'A' && prefix[i] <= 'F' ?
			prefix[i] - 'A' + 'a' : prefix[i];
	lower[len] = '\0';
	return len;
}

int agentns_session_find(struct agentns *handle, const char *prefix,
			 struct agent_session_id_uapi *ids, size_t max)
{
	char lower[AGENTNS_ID_BUFSIZE];
	int len, ret, found = 0;
	const char *name;
	DIR *dir;

	len = check_prefix(prefix, lower);
	if (len < 0)
		return len;
	ret = open_sessions(handle, &dir);
	if (ret)
		return ret;
	while ((name = next_name(dir, &ret))) {
		if (strncmp(name, lower, len))
			continue;
		if ((size_t)found < max)
			agentns_id_parse(name, &ids[found]);
		found++;
	}
	closedir(dir);
	return ret ? ret : found;
}

/* A file beside sessions/. */
static int read_global(struct agentns *handle, const char *name,
		       uint64_t *value)
{
	char text[VALUE_SIZE];
	int fd, ret;

	fd = openat(handle->root_fd, AGENTNS_SYSFS,
		    O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ENOSYS : -errno;
	ret = read_text(fd, name, text, sizeof(text));
	if (!ret)
		ret = agentns__digits(text, value);
	close(fd);
	return ret;
}

int agentns_sessions_live(struct agentns *handle, uint64_t *count)
{
	return read_global(handle, "sessions_live", count);
}

int agentns_abi(struct agentns *handle, uint64_t *version)
{
	return read_global(handle, "abi", version);
}
