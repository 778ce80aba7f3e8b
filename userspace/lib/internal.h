/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of libagentns share and programs do not see. */
#ifndef AGENTNS_INTERNAL_H
#define AGENTNS_INTERNAL_H

#include <dirent.h>

#include "agentns.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/*
 * Paths below the root of a handle, which is a descriptor and not a string:
 * nothing that happens to the mount tree meanwhile mixes two roots.
 */
struct agentns {
	int root_fd;
};

#define AGENTNS_SYSFS		"sys/kernel/agentns"
#define AGENTNS_SYSFS_SESSIONS	AGENTNS_SYSFS "/sessions"
#define AGENTNS_TABLE		"proc/agent_sessions"

/*
 * struct agentns__field - one thing that is known of a session
 * @mask: its AGENTNS_FIELD_*
 * @column: its name in /proc/agent_sessions
 * @file: its file below the session's directory
 * @set: put its text into a session; 0 or -EBADMSG
 * @offset: for @set
 */
struct agentns__field {
	uint64_t mask;
	const char *column;
	const char *file;
	int (*set)(struct agentns_session *s, size_t offset, const char *text);
	size_t offset;
};

#define AGENTNS__N_FIELDS	27
extern const struct agentns__field agentns__fields[AGENTNS__N_FIELDS];

/*
 * agentns__table_open - begin to read /proc/agent_sessions
 *
 * Return: 0, -ENOENT when the module is older than it, or why not.
 */
struct agentns__table;
int agentns__table_open(struct agentns *handle, struct agentns__table **table);
int agentns__table_next(struct agentns__table *table,
			struct agentns_session *session, uint64_t fields);
void agentns__table_close(struct agentns__table *table);

/*
 * agentns__opendir - open a directory below another
 *
 * Return: 0 or -errno; *@dir is for closedir(3).
 */
int agentns__opendir(int dir_fd, const char *path, DIR **dir);

/* agentns__readdir - the next name; NULL at the end, or with *@error */
const char *agentns__readdir(DIR *dir, int *error);

/*
 * agentns__open_member - the thread that stands for a process
 *
 * The kernel has a first thread that has ended in no session, while others go
 * on in theirs.
 *
 * Return: for closing, the directory of the first thread that is in a session,
 * where the process @pid's own, @pid_fd, is of one that is in none; else -1.
 */
int agentns__open_member(int pid_fd, pid_t pid);

/*
 * agentns__read_file - read a whole file as a string
 *
 * Return: bytes read, -EMSGSIZE when the file does not fit with its NUL, or
 * why it cannot be opened or read.
 */
ssize_t agentns__read_file(int dir_fd, const char *path, char *buf,
			   size_t size);

/*
 * agentns__read_line - the same for a file of one newline-terminated line
 *
 * The newline is cut off. -EBADMSG when there is not exactly one, at the end.
 */
ssize_t agentns__read_line(int dir_fd, const char *path, char *buf,
			   size_t size);

/* agentns__digits - value of a string of decimal digits and nothing else */
int agentns__digits(const char *text, uint64_t *value);

/* agentns__same_file - are these two of one file, or of one namespace? */
bool agentns__same_file(int fd, int other);

/*
 * struct agentns__family - a session and what is within it
 * @handle: for the list of sessions
 * @all: it is the initial namespace: all sessions are
 * @root_fd: the session's namespace, or why it cannot be opened
 * @initial_fd: the initial namespace, likewise
 * @nodes: what is known, of tsearch(3)
 * @rereads: of the list, since it was refreshed
 * @error: since then, why it could not be said of a session whether it is
 *	within
 */
struct agentns__family {
	struct agentns *handle;
	bool all;
	int root_fd;
	int initial_fd;
	void *nodes;
	unsigned int rereads;
	int error;
};

int agentns__family_open(struct agentns__family *family,
			 struct agentns *handle,
			 const struct agent_session_id_uapi *id);
int agentns__family_refresh(struct agentns__family *family);

/* Sessions without a directory are on no list; the kernel is asked for them. */
bool agentns__family_has(struct agentns__family *family,
			 const struct agent_session_id_uapi *id);
void agentns__family_close(struct agentns__family *family);

/*
 * agentns__event_parse - read a line of trace_pipe
 *
 * Return: 1 when @event was set, 0 when the line is of no interest, -EBADMSG
 * when it should have been an event.
 */
int agentns__event_parse(const char *line, struct agentns_event *event);

#endif /* AGENTNS_INTERNAL_H */
