/* SPDX-License-Identifier: GPL-2.0-only */
/* What failures of the library mean to the person at the terminal. */
#ifndef AGENTNS_PROBLEM_H
#define AGENTNS_PROBLEM_H

#include <stdbool.h>

/* Exit statuses, as in util-linux and in the shells. */
#define EXIT_USAGE		2
#define EXIT_CANNOT_EXECUTE	126
#define EXIT_NOT_FOUND		127
#define EXIT_SIGNAL		128	/* + its number */

/* What to do about a kernel without support; used in several sentences. */
#define NO_SUPPORT \
	"this kernel has no agent sessions, or agentns.ko is not loaded (try 'modprobe agentns')"

/*
 * problem_* - say why an operation was refused, and what to do about it
 *
 * @error is the negative errno of the library's function. The results are
 * clauses for the end of a sentence, of static storage or from strerror().
 */
const char *problem_create(int error);
const char *problem_intent(int error);
const char *problem_budget(int error);
const char *problem_read(int error);
const char *problem_signal(int error, int sig);

/*
 * fill_standard_descriptors - put something into those that are closed
 *
 * To be called first. Otherwise a file that is opened later takes the place of
 * one, and gets what is printed. This can neither be read nor written, and a
 * command that is executed finds it closed, as it was. (As gnulib's stdopen.)
 */
void fill_standard_descriptors(void);

/*
 * flush_stdout - write what is buffered; for programs that print line by line
 *
 * For those that ignore SIGPIPE: a reader that has gone is remembered, and is
 * no failure to close_stdout(). Return: whether there is a reader still.
 */
bool flush_stdout(void);

/*
 * close_stdout - report what could not be written; for atexit()
 *
 * Without it, output to a full disk is lost and the exit status says success.
 */
void close_stdout(void);

#endif /* AGENTNS_PROBLEM_H */
