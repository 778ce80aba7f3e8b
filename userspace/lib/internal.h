/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of libagentns share and programs do not see. */
#ifndef AGENTNS_INTERNAL_H
#define AGENTNS_INTERNAL_H

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

/*
 * agentns__event_parse - read a line of trace_pipe
 *
 * Return: 1 when @event was set, 0 when the line is of no interest, -EBADMSG
 * when it should have been an event.
 */
int agentns__event_parse(const char *line, struct agentns_event *event);

#endif /* AGENTNS_INTERNAL_H */
