/* SPDX-License-Identifier: GPL-2.0-only */
/* The reaper: ends sessions that have reached their age. */
#ifndef _AGENTNS_REAPER_H
#define _AGENTNS_REAPER_H

#include <linux/types.h>

struct agentns_session;

extern unsigned int agentns_sweep_interval;

u64 agentns_max_lifetime_ns(void);
void agentns_reap(struct agentns_session *s);
void agentns_reaper_sweep(void);
void agentns_reaper_start(void);
void agentns_reaper_stop(void);

#endif /* _AGENTNS_REAPER_H */
