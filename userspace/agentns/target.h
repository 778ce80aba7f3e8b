/* SPDX-License-Identifier: GPL-2.0-only */
/* The session that an operand names: by a process, or by its id. */
#ifndef AGENTNS_TARGET_H
#define AGENTNS_TARGET_H

#include <stdbool.h>
#include <sys/types.h>

#include <agentns.h>

#define TARGET_OPERAND_HELP \
"ID is a session id of 32 hex digits, or its beginning, 4 digits or more, when\n" \
"no other session's id begins so. A decimal number is taken for a PID when\n" \
"there is such a process, unless it begins with 0 or has 32 digits; give more\n" \
"digits of the id to get past that."

/**
 * struct target - a session that was found
 * @pid: the process that named it; 0 when its id did
 * @comm: that process's name
 * @partial: the session has no directory in sysfs, so that only id, intent and
 *	counters are known
 * @session: what is known
 */
struct target {
	pid_t pid;
	char comm[64];
	bool partial;
	struct agentns_session session;
};

/**
 * target_find - find the session that an operand names
 * @handle: where to look
 * @verb: for messages: "cannot VERB ..."
 * @what: a PID, an id, or the beginning of one
 * @target: is set when it is found
 *
 * Return: EXIT_SUCCESS, or, after a message, EXIT_FAILURE, or EXIT_USAGE when
 * @what is no such thing.
 */
int target_find(struct agentns *handle, const char *verb, const char *what,
		struct target *target);

/*
 * problem_control - what a refused write to a session's file means
 *
 * As problem_*(); @file is the file's name, for modules that have none.
 */
const char *problem_control(int error, const char *file);

#endif /* AGENTNS_TARGET_H */
