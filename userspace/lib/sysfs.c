// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sessions in /sys/kernel/agentns/. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

struct agentns_iter {
	DIR *dir;
};

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

static int read_number(int dir_fd, const char *name, uint64_t *value)
{
	char text[32];
	int ret;

	ret = read_text(dir_fd, name, text, sizeof(text));
	return ret ? ret : agentns__digits(text, value);
}

/* A limit is a number, or "max" for none. */
static int read_limit(int dir_fd, const char *name, uint64_t *value)
{
	char text[32];
	int ret;

	ret = read_text(dir_fd, name, text, sizeof(text));
	if (ret)
		return ret;
	if (!strcmp(text, "max")) {
		*value = 0;
		return 0;
	}
	return agentns__digits(text, value);
}

static const struct {
	const char *name;
	int (*read)(int dir_fd, const char *name, uint64_t *value);
	size_t offset;
	uint64_t field;
} number_files[] = {
#define BUDGET(name, i) \
	{ #name, read_limit, offsetof(struct agentns_session, budget.name), \
	  AGENTNS_FIELD_LIMIT(i) }
#define COUNTER(name, i) \
	{ "counters/" #name, read_number, \
	  offsetof(struct agentns_session, counters.name), \
	  AGENTNS_FIELD_COUNTER(i) }
	BUDGET(max_syscalls, 0),
	BUDGET(max_write_bytes, 1),
	BUDGET(max_elapsed_ns, 2),
	BUDGET(max_forks, 3),
	BUDGET(max_opens, 4),
	BUDGET(max_connects, 5),
	BUDGET(max_unlinks, 6),
	BUDGET(max_tasks, 7),
	BUDGET(max_cpu_ns, 8),
	BUDGET(max_descendants, 9),
	COUNTER(total_syscalls, 0),
	COUNTER(openat_count, 1),
	COUNTER(write_bytes, 2),
	COUNTER(connect_count, 3),
	COUNTER(unlink_count, 4),
	COUNTER(fork_count, 5),
	COUNTER(elapsed_ns, 6),
	{ "inum", read_number, offsetof(struct agentns_session, inum),
	  AGENTNS_FIELD_INUM },
	{ "grace_ns", read_limit,
	  offsetof(struct agentns_session, budget.grace_ns),
	  AGENTNS_FIELD_GRACE },
	{ "tasks", read_number, offsetof(struct agentns_session, tasks),
	  AGENTNS_FIELD_TASKS },
	{ "cpu_ns", read_number, offsetof(struct agentns_session, cpu_ns),
	  AGENTNS_FIELD_CPU },
	{ "descendants", read_number,
	  offsetof(struct agentns_session, descendants),
	  AGENTNS_FIELD_DESCENDANTS },
#undef BUDGET
#undef COUNTER
};

/* Fields that the first modules did not have. */
#define NEWER_FIELDS	(AGENTNS_FIELD_SEALED | AGENTNS_FIELD_GRACE | \
			 AGENTNS_FIELD_TASKS | AGENTNS_FIELD_CPU | \
			 AGENTNS_FIELD_DESCENDANTS | AGENTNS_FIELD_LIMIT(7) | \
			 AGENTNS_FIELD_LIMIT(8) | AGENTNS_FIELD_LIMIT(9))

#define KNOWN_FIELDS	(0x7fULL | AGENTNS_FIELD_COUNTERS | \
			 NEWER_FIELDS | AGENTNS_FIELD_LIMITS)

/* Is a missing file that of a module without it? Else the session has ended. */
static bool lacks(int dir_fd, int error, uint64_t field)
{
	return error == -ENOENT && field & NEWER_FIELDS &&
	       !faccessat(dir_fd, "parent", F_OK, 0);
}

static int read_numbers(int dir_fd, struct agentns_session *s, uint64_t fields)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(number_files); i++) {
		uint64_t value;
		int ret;

		if (!(fields & number_files[i].field))
			continue;
		ret = number_files[i].read(dir_fd, number_files[i].name,
					   &value);
		if (lacks(dir_fd, ret, number_files[i].field)) {
			s->fields &= ~number_files[i].field;
			continue;
		}
		if (ret)
			return ret;
		/* uint64_t and __u64 are different types of the same size. */
		memcpy((char *)s + number_files[i].offset, &value,
		       sizeof(value));
	}
	return 0;
}

static int read_parent(int dir_fd, struct agentns_session *s)
{
	char parent[AGENTNS_ID_STRLEN + 2];
	int ret;

	ret = read_text(dir_fd, "parent", parent, sizeof(parent));
	if (!ret && agentns_id_parse(parent, &s->parent))
		ret = -EBADMSG;
	return ret;
}

static int read_action(int dir_fd, struct agentns_session *s)
{
	char action[16];
	int ret;

	ret = read_text(dir_fd, "action", action, sizeof(action));
	/* A later kernel's action is no reason to hide the session. */
	if (!ret && agentns_action_parse(action, &s->budget.action))
		s->budget.action = AGENTNS_ACTION_UNKNOWN;
	return ret;
}

static int read_intent(int dir_fd, struct agentns_session *s)
{
	char intent[AGENTNS_INTENT_BUFSIZE + 1];
	int ret;

	ret = read_text(dir_fd, "intent", intent, sizeof(intent));
	if (!ret)
		memcpy(s->intent, intent, strlen(intent) + 1);
	return ret;
}

static int read_depth(int dir_fd, struct agentns_session *s)
{
	uint64_t depth;
	int ret;

	ret = read_number(dir_fd, "depth", &depth);
	if (!ret && depth > UINT32_MAX)
		ret = -EBADMSG;
	if (!ret)
		s->depth = depth;
	return ret;
}

static int read_sealed(int dir_fd, struct agentns_session *s)
{
	uint64_t sealed = 0;
	int ret;

	ret = read_number(dir_fd, "sealed", &sealed);
	if (lacks(dir_fd, ret, AGENTNS_FIELD_SEALED)) {
		s->fields &= ~AGENTNS_FIELD_SEALED;
		ret = 0;
	}
	s->sealed = sealed;
	return ret;
}

/* @dir_fd is .../sessions, @name one of its entries. */
static int read_session(int dir_fd, const char *name,
			struct agentns_session *session, uint64_t fields)
{
	struct agentns_session s = { .fields = fields & KNOWN_FIELDS };
	int fd, ret = 0;

	if (agentns_id_parse(name, &s.id))
		return -EINVAL;
	fd = openat(dir_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fields & AGENTNS_FIELD_PARENT)
		ret = read_parent(fd, &s);
	if (!ret && fields & AGENTNS_FIELD_ACTION)
		ret = read_action(fd, &s);
	if (!ret && fields & AGENTNS_FIELD_INTENT)
		ret = read_intent(fd, &s);
	if (!ret)
		ret = read_numbers(fd, &s, fields);
	if (!ret && fields & AGENTNS_FIELD_DEPTH)
		ret = read_depth(fd, &s);
	if (!ret && fields & AGENTNS_FIELD_SEALED)
		ret = read_sealed(fd, &s);
	close(fd);
	if (ret)
		return ret;
	*session = s;
	return 0;
}

static int open_sessions(struct agentns *handle)
{
	int fd;

	fd = openat(handle->root_fd, AGENTNS_SYSFS_SESSIONS,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ENOSYS : -errno;
	return fd;
}

int agentns_session_read(struct agentns *handle,
			 const struct agent_session_id_uapi *id,
			 struct agentns_session *session)
{
	char name[AGENTNS_ID_BUFSIZE];
	int fd, ret;

	fd = open_sessions(handle);
	if (fd < 0)
		return fd;
	ret = read_session(fd, agentns_id_format(id, name), session,
			   AGENTNS_FIELD_ALL);
	close(fd);
	return ret;
}

int agentns_iter_open(struct agentns *handle, struct agentns_iter **iter)
{
	struct agentns_iter *it;
	int fd;

	fd = open_sessions(handle);
	if (fd < 0)
		return fd;
	it = malloc(sizeof(*it));
	if (!it) {
		close(fd);
		return -ENOMEM;
	}
	it->dir = fdopendir(fd);
	if (!it->dir) {
		int err = errno;

		close(fd);
		free(it);
		return -err;
	}
	*iter = it;
	return 0;
}

void agentns_iter_close(struct agentns_iter *iter)
{
	if (!iter)
		return;
	closedir(iter->dir);
	free(iter);
}

/* Name of the next session's directory; NULL at the end, or with *@error. */
static const char *next_name(struct agentns_iter *iter, int *error)
{
	struct agent_session_id_uapi id;
	struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(iter->dir);
		if (!entry) {
			*error = -errno;
			return NULL;
		}
	} while (agentns_id_parse(entry->d_name, &id));
	return entry->d_name;
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

	while ((name = next_name(iter, &ret))) {
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
	struct agentns_iter *iter;
	int len, ret, found = 0, error = 0;
	const char *name;

	len = check_prefix(prefix, lower);
	if (len < 0)
		return len;
	ret = agentns_iter_open(handle, &iter);
	if (ret)
		return ret;
	while ((name = next_name(iter, &error))) {
		if (strncmp(name, lower, len))
			continue;
		if ((size_t)found < max)
			agentns_id_parse(name, &ids[found]);
		found++;
	}
	agentns_iter_close(iter);
	return error ? error : found;
}

/* A file beside sessions/. */
static int read_global(struct agentns *handle, const char *name,
		       uint64_t *value)
{
	int fd, ret;

	fd = openat(handle->root_fd, AGENTNS_SYSFS,
		    O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ENOSYS : -errno;
	ret = read_number(fd, name, value);
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
