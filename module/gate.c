// SPDX-License-Identifier: GPL-2.0-only
/* Shutting and opening the way into system calls for a whole session. */
#include <linux/sched/signal.h>

#include "gate.h"
#include "recall.h"
#include "session.h"

static unsigned int *agentns_gate_count(struct agentns_gate *gate,
					enum agentns_gate_reason reason)
{
	switch (reason) {
	case AGENTNS_GATE_CONDEMNED:
		return &gate->condemned;
	case AGENTNS_GATE_STOP:
		return &gate->stops;
	case AGENTNS_GATE_TIME_UP:
		break;
	}
	return &gate->time_ups;
}

/**
 * agentns_gate_close - let no task of a session enter a system call
 * @top: the session; its descendants are meant, too; its tree lock is held
 * @reason: why
 *
 * When this returns, no task of them passes system call entry any more.
 *
 * Context: Process context with interrupts on; waits for IPIs.
 *
 * Model: kill.pml, close
 */
void agentns_gate_close(struct agentns_session *top,
			enum agentns_gate_reason reason)
{
	struct agentns_session *s;

	lockdep_assert_held(&top->root->tree_lock);

	agentns_for_each_descendant(s, top) {
		unsigned int *count = agentns_gate_count(&s->gate, reason);

		WRITE_ONCE(*count, *count + 1);
	}
	agentns_recall(top, AGENTNS_SYSCALLS);
}

/**
 * agentns_gate_open - take back one agentns_gate_close()
 * @top: as there; its tree lock is held
 * @reason: likewise
 *
 * Model: kill.pml, open
 */
void agentns_gate_open(struct agentns_session *top,
		       enum agentns_gate_reason reason)
{
	struct agentns_session *s;

	lockdep_assert_held(&top->root->tree_lock);

	agentns_for_each_descendant(s, top) {
		unsigned int *count = agentns_gate_count(&s->gate, reason);

		WRITE_ONCE(*count, *count - 1);
	}
}

/**
 * agentns_gate_shut - is the gate of a session shut?
 * @s: the session; its tree lock is held
 * @obstacle: where the answer is yes, why, and by which session
 *
 * A stop goes before a time that is up: it is what ends only from outside.
 */
bool agentns_gate_shut(struct agentns_session *s,
		       struct agentns_obstacle *obstacle)
{
	struct agentns_session *a = s;

	if (likely(!s->gate.condemned && !s->gate.stops && !s->gate.time_ups))
		return false;
	if (s->gate.condemned) {
		obstacle->why = AGENTNS_CONDEMNED;
	} else if (s->gate.stops) {
		obstacle->why = AGENTNS_STOPPED;
		while (!a->stopped)
			a = a->parent;
	} else {
		obstacle->why = AGENTNS_TIME_UP;
		while (!a->time_up)
			a = a->parent;
	}
	obstacle->session = a;
	return true;
}

/**
 * agentns_gate_wait - wait until no kill of a session is under way
 * @s: the session, pinned
 *
 * For a task of a condemned session, which is about to be signalled, for one
 * that wants to join it, and for one whose change of a limit condemned it.
 *
 * Context: Process context, may sleep.
 * Return: 0, or -EINTR when current is to die.
 */
int agentns_gate_wait(struct agentns_session *s)
{
	while (READ_ONCE(s->gate.condemned)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		schedule_timeout_killable(1);
	}
	return 0;
}
