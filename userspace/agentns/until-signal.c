// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stddef.h>

#include "until-signal.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
#define N_SIGNALS (sizeof(signals) / sizeof(signals[0]))

static volatile sig_atomic_t caught;
static sigset_t ours, before;

static void catch(int sig)
{
	caught = sig;
}

void until_signal_begin(void)
{
	/* Without SA_RESTART: what blocks is to end. */
	struct sigaction action = { .sa_handler = catch }, old;
	size_t i;

	sigemptyset(&ours);
	for (i = 0; i < N_SIGNALS; i++)
		sigaddset(&ours, signals[i]);
	sigprocmask(SIG_BLOCK, &ours, &before);
	for (i = 0; i < N_SIGNALS; i++)
		if (!sigaction(signals[i], NULL, &old) &&
		    old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
}

bool until_signal_caught(void)
{
	return caught;
}

int until_signal_poll(struct pollfd *fds, nfds_t n,
		      const struct timespec *timeout)
{
	int ret = -1, error = EINTR;

	sigprocmask(SIG_BLOCK, &ours, NULL);
	if (!caught) {
		ret = ppoll(fds, n, timeout, &before);
		error = errno;
	}
	/* ppoll() that finds something at once leaves them pending. */
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return ret;
}

void until_signal_end(void)
{
	if (!caught)
		return;
	signal(caught, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	raise(caught);
}
