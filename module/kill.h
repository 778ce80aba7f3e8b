/* SPDX-License-Identifier: GPL-2.0-only */
/* Ending a session, or any other signal to all of it. */
#ifndef _AGENTNS_KILL_H
#define _AGENTNS_KILL_H

#include <linux/types.h>

struct agentns_session;
struct task_struct;

void agentns_signal(struct agentns_session *top, int sig);
void agentns_signal_process(struct task_struct *task, int sig);
bool agentns_dying(struct task_struct *task);
void agentns_kill(struct agentns_session *top, const char *cause);
void agentns_kill_later(struct agentns_session *top, const char *cause);
void agentns_term_later(struct agentns_session *top);
void agentns_kill_process(struct task_struct *task);

int agentns_kills_start(void);
void agentns_kills_stop(void);

#endif /* _AGENTNS_KILL_H */
