/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For commands that print what comes until a signal ends them, and have
 * something to put away then.
 *
 * SIGINT, SIGTERM and SIGHUP are kept out from the begin to the first poll;
 * then they interrupt a poll, and a write that nobody reads. (One that comes
 * in the moment before such a write is for the next poll; a second one ends it.)
 * One that was ignored stays so, as nohup(1) wants.
 */
#ifndef AGENTNS_UNTIL_SIGNAL_H
#define AGENTNS_UNTIL_SIGNAL_H

#include <poll.h>
#include <stdbool.h>
#include <time.h>

void until_signal_begin(void);

/* Was one caught? */
bool until_signal_caught(void);

/* As ppoll(2), which one that was caught before interrupts, too. */
int until_signal_poll(struct pollfd *fds, nfds_t n,
		      const struct timespec *timeout);

/* End by the one that was caught, as if it had not been; else do nothing. */
void until_signal_end(void);

#endif /* AGENTNS_UNTIL_SIGNAL_H */
