/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A session's gate: whether its tasks may enter system calls at all.
 *
 * While a gate is shut no CPU has credit for calls, so the counted path needs
 * no look at it: everybody comes by agentns_draw_call(), which does look.
 */
#ifndef _AGENTNS_GATE_H
#define _AGENTNS_GATE_H

#include <linux/types.h>

struct agentns_obstacle;
struct agentns_session;

/**
 * struct agentns_gate - reasons for which a session's gate is shut
 * @condemned: kills of it or of an ancestor that are under way
 * @stops: how many of it and its ancestors are stopped; read by forks without
 *	the lock
 * @time_ups: how many of those have a limit on time with action deny behind
 *	them
 *
 * Guarded by the tree lock; a session that is made inherits its parent's.
 */
struct agentns_gate {
	unsigned int condemned;
	unsigned int stops;
	unsigned int time_ups;
};

enum agentns_gate_reason {
	AGENTNS_GATE_CONDEMNED,
	AGENTNS_GATE_STOP,
	AGENTNS_GATE_TIME_UP,
};

void agentns_gate_close(struct agentns_session *top,
			enum agentns_gate_reason reason);
void agentns_gate_open(struct agentns_session *top,
		       enum agentns_gate_reason reason);
bool agentns_gate_shut(struct agentns_session *s,
		       struct agentns_obstacle *obstacle);
int agentns_gate_wait(struct agentns_session *s);

#endif /* _AGENTNS_GATE_H */
