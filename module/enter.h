/* SPDX-License-Identifier: GPL-2.0-only */
/* How a task gets into a session, and out of it. */
#ifndef _AGENTNS_ENTER_H
#define _AGENTNS_ENTER_H

#include <linux/agentns_hooks.h>

struct agentns_session;

int agentns_enter_new(void);
bool agentns_session_entered(struct agentns_session *s,
			     struct task_struct *task);
struct ns_common *agentns_create_hook(struct user_namespace *user_ns);
int agentns_may_enter_hook(struct ns_common *to, const struct cred *cred);
void agentns_move_begin_hook(struct agentns_move *move);
void agentns_move_end_hook(struct agentns_move *move);
void agentns_exit_hook(struct ns_common *ns);

#endif /* _AGENTNS_ENTER_H */
