// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "provenance.h"

/* A decimal number that @text begins with, up to @end; false for none. */
static bool number(const char *text, char end, unsigned long long *value)
{
	char *stop;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &stop, 10);
	return !errno && *stop == end;
}

/* The last ":NAME:" in @text: what is before it may hold anything. */
static char *last(char *text, const char *name)
{
	char *found = NULL, *s = text;

	while ((s = strstr(s, name)))
		found = s++;
	return found;
}

int provenance_parse(const char *value, size_t len, struct provenance *prov)
{
	unsigned long long pid, uid;
	char text[256], *pid_part, *uid_part;

	if (len >= sizeof(text) || memchr(value, '\0', len))
		return -EBADMSG;
	memcpy(text, value, len);
	text[len] = '\0';
	if (!agentns_id_parse(text, &prov->id)) {
		prov->kind = PROV_SESSION;
		return 0;
	}
	uid_part = last(text, ":uid:");
	if (strncmp(text, "comm:", 5) || !uid_part || uid_part < text + 4)
		return -EBADMSG;
	*uid_part = '\0';
	pid_part = last(text, ":pid:");
	/* "comm:" itself ends in the colon that an empty name shares. */
	if (!pid_part || pid_part < text + 5 ||
	    !number(uid_part + 5, '\0', &uid) ||
	    !number(pid_part + 5, '\0', &pid) ||
	    (size_t)(pid_part - text) - 5 >= sizeof(prov->comm))
		return -EBADMSG;
	*pid_part = '\0';
	strcpy(prov->comm, text + 5);
	prov->pid = pid;
	prov->uid = uid;
	prov->kind = PROV_PROCESS;
	return 0;
}

/* Length of an attribute, 0 when there is none; negative errno. */
static ssize_t get(const char *path, const char *name, char *buf, size_t size)
{
	ssize_t len = lgetxattr(path, name, buf, size);

	if (len >= 0)
		return len;
	/*
	 * A file system without attributes has no stamps, and special files
	 * have no user.*, for which the kernel says EPERM.
	 */
	if (errno == ENODATA || errno == EOPNOTSUPP || errno == EPERM)
		return 0;
	return errno == ERANGE ? -EBADMSG : -errno;
}

int provenance_parse_stamp(const void *value, size_t len,
			   struct provenance *prov)
{
	static const struct agent_session_id_uapi none;
	struct agent_ns_stamp stamp;

	if (len != sizeof(stamp))
		return -EBADMSG;
	memcpy(&stamp, value, sizeof(stamp));
	if (stamp.version != AGENT_NS_STAMP_VERSION)
		return -EBADMSG;
	memcpy(prov->id.bytes, stamp.session, sizeof(prov->id.bytes));
	memcpy(prov->parent.bytes, stamp.parent, sizeof(prov->parent.bytes));
	prov->kind = memcmp(&prov->id, &none, sizeof(none)) ? PROV_SESSION :
							       PROV_PROCESS;
	prov->vouched = true;
	prov->uid = le32toh(stamp.uid);
	prov->has_time = true;
	prov->time = le64toh(stamp.seconds);
	return 0;
}

static int read_hints(const char *path, struct provenance *prov)
{
	char text[256];
	ssize_t len;
	int ret;

	len = get(path, AGENT_NS_HINT_SESSION, text, sizeof(text) - 1);
	if (len <= 0)
		return len;
	ret = provenance_parse(text, len, prov);
	if (ret)
		return ret;
	len = get(path, AGENT_NS_HINT_TS, text, sizeof(text) - 1);
	if (len < 0)
		return len;
	text[len] = '\0';
	prov->has_time = len > 0;
	if (len && (strlen(text) != (size_t)len ||
		    !number(text, '\0', &prov->time)))
		return -EBADMSG;
	len = get(path, AGENT_NS_HINT_INTENT, text, sizeof(text) - 1);
	if (len < 0)
		return len;
	if (len > AGENT_NS_INTENT_MAX || memchr(text, '\0', len))
		return -EBADMSG;
	memcpy(prov->intent, text, len);
	prov->intent[len] = '\0';
	return 0;
}

/* Hints that contradict what the kernel says are passed over. */
static void add_hints(const char *path, struct provenance *prov)
{
	struct provenance hint = { .kind = PROV_NONE };

	if (read_hints(path, &hint) || hint.kind != prov->kind)
		return;
	if (prov->kind == PROV_SESSION) {
		if (!memcmp(&hint.id, &prov->id, sizeof(hint.id)))
			strcpy(prov->intent, hint.intent);
	} else if (hint.uid == prov->uid) {
		strcpy(prov->comm, hint.comm);
		prov->pid = hint.pid;
	}
}

int provenance_read(const char *path, struct provenance *prov)
{
	char value[256];
	struct stat st;
	ssize_t len;
	int ret;

	memset(prov, 0, sizeof(*prov));
	if (lstat(path, &st))
		return -errno;
	len = get(path, AGENT_NS_STAMP_XATTR, value, sizeof(value));
	if (len < 0)
		return len;
	if (!len)
		return read_hints(path, prov);
	ret = provenance_parse_stamp(value, len, prov);
	if (!ret)
		add_hints(path, prov);
	return ret;
}
