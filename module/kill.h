/* SPDX-License-Identifier: GPL-2.0-only */
/* Ending a session, or any other signal to all of it. */
#ifndef _AGENTNS_KILL_H
#define _AGENTNS_KILL_H

struct agentns_session;
struct task_struct;

void agentns_signal(struct agentns_session *top, int sig);
void agentns_kill_init(struct agentns_session *s);
void agentns_kill_begin(struct agentns_session *top);
void agentns_kill_finish(struct agentns_session *top);
void agentns_kill_later(struct agentns_session *top);
void agentns_kill(struct agentns_session *top, const char *cause);
void agentns_stop_init(struct agentns_session *s);
void agentns_stop_or_go(struct agentns_session *top);
void agentns_stop_or_go_later(struct agentns_session *top);
void agentns_stop_current(void);
void agentns_stop_process(struct agentns_session *s, struct task_struct *task);
void agentns_kill_process(struct task_struct *task);

int agentns_kills_start(void);
void agentns_kills_stop(void);

#endif /* _AGENTNS_KILL_H */
