/* SPDX-License-Identifier: GPL-2.0-only */
/* Stopping a session's processes, and letting them go on. */
#ifndef _AGENTNS_STOP_H
#define _AGENTNS_STOP_H

struct agentns_session;
struct task_struct;

void agentns_stop_init(struct agentns_session *s);
void agentns_stop_or_go(struct agentns_session *top);
void agentns_stop_or_go_wait(struct agentns_session *s);
void agentns_stop_current(void);
void agentns_stop_process(struct agentns_session *s, struct task_struct *task);

int agentns_stops_start(void);
void agentns_stops_stop(void);

#endif /* _AGENTNS_STOP_H */
