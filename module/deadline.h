/* SPDX-License-Identifier: GPL-2.0-only */
/* Deadlines: a session's age, its grace, and the lifetime of all. */
#ifndef _AGENTNS_DEADLINE_H
#define _AGENTNS_DEADLINE_H

#include <linux/hrtimer.h>
#include <linux/types.h>

struct agentns_session;

/**
 * struct agentns_deadline - what a session has to do with time
 * @timer: set to the next of its own deadlines, where it has one
 * @kill_ns: when it is to be killed, of the boot-time clock; U64_MAX: never.
 *	Written under the tree lock, read by the timer
 * @over: to be killed: CPUs are asked to begin with whom they run
 */
struct agentns_deadline {
	struct hrtimer timer;
	u64 kill_ns;
	bool over;
};

void agentns_deadline_init(struct agentns_session *s);
void agentns_deadline_begin(struct agentns_session *s);
void agentns_deadline_update(struct agentns_session *s);
void agentns_deadline_end(struct agentns_session *s);
void agentns_deadline_look(struct agentns_session *s);
void agentns_lifetime_changed(void);

void agentns_deadlines_start(void);
void agentns_deadlines_stop(void);

#endif /* _AGENTNS_DEADLINE_H */
