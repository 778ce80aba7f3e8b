/* SPDX-License-Identifier: GPL-2.0-only */
/* Run a command as a child and stand in for it. */
#ifndef AGENTNS_SPAWN_H
#define AGENTNS_SPAWN_H

#include <sys/types.h>

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
#define SPAWN_READY	(-3)	/* internal: no failure */

struct spawn_child;

/**
 * struct spawn - what to do besides executing
 * @setup: called in the child; returns 0, or a positive number that tells the
 *	caller which step failed, with the reason as a negative errno in *error
 * @started: called in the parent when @setup calls spawn_ready(); may be NULL
 * @stopped: called in the parent, once, when SIGSTOP has stopped the child; may
 *	be NULL
 * @data: passed to all of them
 */
struct spawn {
	int (*setup)(void *data, struct spawn_child *child, int *error);
	void (*started)(void *data, pid_t pid);
	void (*stopped)(void *data, pid_t pid);
	void *data;
};

/* spawn_ready - in the child: wait until the parent has called @started */
void spawn_ready(struct spawn_child *child);

/**
 * spawn_wait - run a command and wait for it
 * @argv: the command, found along $PATH
 * @spawn: what to do besides
 * @failure: is set when the command was not executed
 *
 * SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1 and SIGUSR2 that are sent to this
 * process meanwhile are passed on to the command, and one that is stopped goes on
 * for the first four of them. One that comes before there is anybody to pass it
 * on to does to this process what it does otherwise. Should this process die, so
 * does the command, by SIGKILL.
 *
 * Return: the command's exit status, 128 + its signal, or -1: see @failure.
 */
int spawn_wait(char **argv, const struct spawn *spawn,
	       struct spawn_failure *failure);

/* How long a process in a session may take for what is nothing. */
#define SPAWN_ANSWER_MS	5000

/**
 * spawn_answer - take what a child of ours has to say, and end it
 * @pid: the child, of which that is the last that it does
 * @fd: it writes here
 * @answer: is set to what it writes
 * @size: how much that is
 * @ms: how long it is waited for
 *
 * A child that enters a session can be stopped with it, for as long as somebody
 * likes.
 *
 * Return: whether it answered.
 */
bool spawn_answer(pid_t pid, int fd, void *answer, size_t size, int ms);

#endif /* AGENTNS_SPAWN_H */
