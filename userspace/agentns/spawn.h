/* SPDX-License-Identifier: GPL-2.0-only */
/* Run a command as a child and stand in for it. */
#ifndef AGENTNS_SPAWN_H
#define AGENTNS_SPAWN_H

/**
 * struct spawn_failure - why the command was not executed
 * @stage: what @setup returned, or SPAWN_EXEC
 * @error: errno, positive
 */
struct spawn_failure {
	int stage;
	int error;
};

#define SPAWN_EXEC	(-1)	/* execvp failed */
#define SPAWN_SELF	(-2)	/* the child could not be made or awaited */

/**
 * spawn_wait - run a command and wait for it
 * @argv: the command, found along $PATH
 * @setup: called in the child; returns 0, or a positive number that tells the
 *	caller which step failed, with the reason as a negative errno in *error
 * @data: passed to @setup
 * @failure: is set when the command was not executed
 *
 * SIGINT, SIGTERM, SIGHUP and SIGQUIT that are sent to this process meanwhile
 * are passed on to the command.
 *
 * Return: the command's exit status, 128 + its signal, or -1: see @failure.
 */
int spawn_wait(char **argv, int (*setup)(void *data, int *error), void *data,
	       struct spawn_failure *failure);

#endif /* AGENTNS_SPAWN_H */
