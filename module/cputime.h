/* SPDX-License-Identifier: GPL-2.0-only */
/* CPU time of a session's tasks. */
#ifndef _AGENTNS_CPUTIME_H
#define _AGENTNS_CPUTIME_H

#include <linux/agentns_hooks.h>
#include <linux/irq_work.h>
#include <linux/types.h>

struct agentns_session;
struct ns_common;

/**
 * struct agentns_cputime - settling a session's CPU time with its limits
 * @kick: from under the lock of a run queue to where a thread can be woken
 * @refused_at: the jiffy when the worker got nothing last; no lock
 * @kicked: that or the worker is on its way; no lock
 */
struct agentns_cputime {
	struct irq_work kick;
	unsigned long refused_at;
	bool kicked;
};

void agentns_cputime_init(struct agentns_session *s);
void agentns_cputime_settle(struct agentns_session *s);
agentns_account_cpu_fn agentns_account_cpu_hook;

#endif /* _AGENTNS_CPUTIME_H */
