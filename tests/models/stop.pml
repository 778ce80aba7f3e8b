/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The stops of module/stop.c: a worker has processes follow what their
 * sessions' gates say, while somebody turns those and others fork.
 *
 * Bounds: a session and one below it, a process in each, one that is forked in
 * the lower one; two that stop and let go on, one each, three times in all.
 *
 * Left out: the order of loads and stores between CPUs, but for TURNS_FIRST.
 * Threads, and who hides from a walk by execve (kill.pml has that one).
 * SIGCONTs of others, which system call entry and the scheduler's tick hold.
 * Who joins does what a fork does.
 *
 * Check lower: -DTURNS_TOP=0 -DTURNS_BELOW=3
 * Check upper: -DTURNS_TOP=3 -DTURNS_BELOW=0
 * Check both: -DTURNS_TOP=2 -DTURNS_BELOW=1
 *
 * Mistake TURNS_FIRST lower follows: told of a turn before it is known whose
 * Mistake FOLLOW_LATE lower follows: what came during a walk is taken for followed
 * Mistake TOP_ALONE upper follows: those below are not meant
 * Mistake NO_REQUEUE lower follows: no second run behind one that is under way
 * Mistake NO_FORK_CHECK lower follows: a fork does not look at the gate
 * Mistake ONE_LOOK lower follows: a fork does not look again behind its SIGSTOP
 * Mistake NO_THIRD_LOOK lower follows: nor behind its SIGCONT
 * Mistake FLUSH_LOCKED lower no_deadlock: a worker waited for under a lock that it takes
 */

#define TOP	0
#define BELOW	1
#define PROCESSES	3

/* See credit.pml. */
hidden byte follows;
#define CLAIM(what, condition)	assert(what || (condition))

bool lock;		/* the tree lock */
byte gate[2];		/* agentns_gate.stops */
byte turned[2], turns, followed;
bool queued, working;

bool linked[PROCESSES] = { true, true, false };
bool halted[PROCESSES];	/* or is to stop as soon as it can */
byte running;		/* of those that turn and fork */

/* The processes 1 and 2 are in the lower session. */
#define SESSION(p)	((p) == 0 -> TOP : BELOW)

#ifdef TOP_ALONE
#define MEANT(p)	(turned[SESSION(p)] > since)
#else
#define MEANT(p)	(turned[SESSION(p)] > since || turned[TOP] > since)
#endif

/* Step turn: agentns_turn_of(), and what agentns_follow_once() does about it. */
inline follow(p)
{
	if
	:: linked[p] && MEANT(p) ->
		if
		:: gate[SESSION(p)] != 0 ->
			/* Whether it stops already, and then the signal. */
			if
			:: !halted[p] -> halted[p] = true; any = true
			:: else
			fi
		:: else ->
			if
			:: first -> halted[p] = false
			:: else
			fi
		fi
	:: else
	fi
}

/* Step follow: agentns_follow_once(). */
inline walk()
{
	any = false;
	follow(0);
	follow(1);
	follow(2)
}

/* Step work: agentns_stop_work(). */
proctype worker()
{
	byte since;
	bool any, first;

end:	do
	:: atomic { queued -> queued = false; working = true };
#ifdef FLUSH_LOCKED
		atomic { !lock -> lock = true };
		lock = false;
#endif
		since = followed;
#ifndef FOLLOW_LATE
		followed = turns;
#endif
		first = true;
		walk();
		first = false;
		do
		:: any -> walk()
		:: else -> break
		od;
#ifdef FOLLOW_LATE
		followed = turns;
#endif
		working = false
	od
}

/* Step stop or go: agentns_stop_or_go(), with the gate turned before it. */
inline turn(s, by)
{
	atomic { !lock -> lock = true };
	gate[s] = gate[s] + by;
	if
	:: s == TOP -> gate[BELOW] = gate[BELOW] + by
	:: else
	fi;
#ifdef TURNS_FIRST
	turns = turns + 1;
	turned[s] = turns;
#else
	turned[s] = turns + 1;
	turns = turns + 1;
#endif
#ifdef NO_REQUEUE
	atomic {
		if
		:: !working -> queued = true
		:: else
		fi
	}
#else
	queued = true;
#endif
#ifdef FLUSH_LOCKED
	!queued && !working;
#endif
	lock = false
}

proctype turner(byte s, most)
{
	byte n;

	do
	:: n < most ->
		n++;
		if
		:: n % 2 == 1 -> turn(s, 1)
		:: else -> turn(s, -1)
		fi
	:: break
	od;
	running--
}

/* Step look again: agentns_stop_and_look(). */
inline stop_and_look(p)
{
	do
	:: true ->
		halted[p] = true;
#ifdef ONE_LOOK
		break
#else
		if
		:: gate[SESSION(p)] != 0 -> break
		:: else
		fi;
		halted[p] = false;
#ifdef NO_THIRD_LOOK
		break
#else
		if
		:: gate[SESSION(p)] == 0 -> break
		:: else
		fi
#endif
#endif
	od
}

/* Step one process: agentns_stop_process(), at the end of a fork. */
proctype fork()
{
	linked[2] = true;
#ifndef NO_FORK_CHECK
	if
	:: gate[BELOW] != 0 -> stop_and_look(2)
	:: else
	fi;
#endif
	running--
}

/* When all is still, who is in a session that is stopped has stopped, and no other. */
proctype last()
{
	running == 0 && !queued && !working;
	CLAIM(follows, halted[0] == (gate[TOP] != 0));
	CLAIM(follows, halted[1] == (gate[BELOW] != 0));
	CLAIM(follows, halted[2] == (gate[BELOW] != 0))
}

init
{
	atomic {
		running = 3;
		run worker();
		run turner(TOP, TURNS_TOP);
		run turner(BELOW, TURNS_BELOW);
		run fork();
		run last()
	}
}
