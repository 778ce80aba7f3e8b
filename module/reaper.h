/* SPDX-License-Identifier: GPL-2.0-only */
/* The reaper: ends sessions that have reached their age. */
#ifndef _AGENTNS_REAPER_H
#define _AGENTNS_REAPER_H

struct agentns_session;

extern unsigned int agentns_sweep_interval;

void agentns_reaper_hurry(const struct agentns_session *s);
void agentns_reaper_sweep(void);
void agentns_reaper_start(void);
void agentns_reaper_stop(void);

#endif /* _AGENTNS_REAPER_H */
