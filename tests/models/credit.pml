/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The credit protocol of module/credit.c and recall.c: what a CPU may spend
 * without asking, drawn from nested pools, called back by IPI, given back in
 * interrupts.
 *
 * Bounds: a session and one below it, limits of 3 and 2 units, two CPUs, two
 * tasks that spend twice each, one write that completes in an interrupt, one
 * change of a limit, one CPU that goes and comes back once. Not all of it at
 * the same time: a configuration says what there is.
 *
 * Left out: the order of loads and stores between CPUs (each step is seen by
 * all at once; a step is what one instruction does, or what is done with
 * interrupts off on its own CPU). How much is granted ahead, which here is any
 * amount up to AHEAD. CPU time's debts, which go down without a lock. Two
 * resources at a time (agentns_draw_call()), which are two draws under one hold
 * of the lock. A limit that does not bind any longer. Naps before a limit is
 * looked at again. Signals.
 *
 * Check pair: -DTASKS=2 -DSCARCE=3
 * Check pinned: -DTASKS=1 -DIO -DHOTPLUG
 * Check nested: -DTASKS=2 -DNEST
 * Check set: -DTASKS=1 -DIO -DNEST -DSET
 * Check anyway: -DTASKS=1 -DANYWAY
 * Check ration: -DRATION -DHOTPLUG
 * Check move: -DTASKS=1 -DNEST -DMOVE
 *
 * Mistake TAKE_TORN pair no_overshoot: a take that an IPI can come between
 * Mistake NO_ANCESTOR nested books_agree: a draw that leaves out the ancestors
 * Mistake SET_NO_RECALL set no_overshoot: a limit set with credit out
 * Mistake REMOTE_RECALL pair books_agree: another CPU's credit written
 * Mistake TOUCH_COMING pinned books_agree: a coming CPU's credit written
 * Mistake COUNT_FIRST ration books_agree: CPUs counted before they answer
 * Mistake RETURN_ONE nested books_agree: what returns goes to one pool only
 * Mistake NO_RECALL pair nothing_stranded: a pool that is dry asks nobody
 * Mistake SKIP_OFFLINE pinned nothing_stranded: an offline CPU's credit left
 * Mistake EXACT_AHEAD pair nothing_stranded: ahead of need in exact mode
 * Mistake NO_FLAG pair nothing_stranded: what is given back goes unnoticed
 * Mistake IRQS_ON pair nothing_stranded: a recall between the flag and the credit
 * Mistake SKIP_FLAGGED pair nothing_stranded: no question while something is given back
 * Mistake SKIP_CPU pair nothing_stranded: no question to a CPU that gives back
 * Mistake FLAG_LATE pair nothing_stranded: the flag cleared behind the IPIs
 * Mistake NO_RETIRE nested books_agree: a session takes its credit along
 * Mistake ROOM_NO_RECALL move nothing_stranded: no room while credit is out
 * Mistake MOVE_NO_RETURN move books_agree: a move is paid for twice
 * Mistake CREDIT_FIRST pair no_false_report: credit is back before the flag says so
 * Mistake NO_IN_FLIGHT pair no_false_report: nobody asks what may come back
 * Mistake HASTY_REPORT anyway no_false_report: a limit reported with credit out
 * Mistake DRAW_IRQS_OFF pair no_deadlock: a draw where interrupts are off
 */

#define TOP	0
#define CHILD	1
#define NONE	2
#ifdef NEST
#define NS	2
#else
#define NS	1
#endif

#define AT(s, c)	((s) * 2 + (c))
#define AHEAD		2	/* granted at most beyond what is needed */
#ifndef SCARCE
#define SCARCE		2	/* agentns_scarce() */
#endif
#define UNLIMITED	40

/*
 * Always false: spin prints the text of an assertion that does not hold, and
 * so the name of what was broken.
 */
hidden byte no_overshoot, books_agree, nothing_stranded, no_false_report;
#define CLAIM(what, condition)	assert(what || (condition))

bool lock;		/* the tree lock */
bool recalling;		/* its holder has preemption off */
bool online = true;	/* CPU 1; CPU 0 always is */
bool inhabited = true;	/* user tasks run there, too */
bool deaf[2];		/* a CPU that has interrupts off, from step to step */

short limit[NS], left[NS];
bool exact[NS], refunded[NS];
short credit[NS * 2], granted[NS];
byte done[NS * 2];	/* written, or forked */
short past_done;	/* of the child, when it has ended */
bool ended;

/* What the code does not know: how much was really spent. */
short spent[NS];
bool came_back;		/* something was given back since a sweep began */
byte forced;		/* what could not be refused */
byte running;		/* processes that have not ended */

#define BINDS(s)	(limit[s] != 0)
#define CREDIT(s)	(credit[AT(s, 0)] + credit[AT(s, 1)])
#define DONE(s)		(done[AT(s, 0)] + done[AT(s, 1)])
#ifdef NEST
#define SPENT_BELOW(s)	((s) == TOP -> spent[TOP] + spent[CHILD] : spent[s])
#define CREDIT_BELOW(s)	((s) == TOP -> CREDIT(TOP) + CREDIT(CHILD) : CREDIT(s))
#define GRANTED_BELOW(s) \
	((s) == TOP -> granted[TOP] + granted[CHILD] : granted[s])
#define REFUNDED_BELOW(s) \
	((s) == TOP -> refunded[TOP] || refunded[CHILD] : refunded[s])
#define DONE_BELOW(s) \
	((s) == TOP -> DONE(TOP) + DONE(CHILD) + past_done : DONE(s))
#else
#define SPENT_BELOW(s)	(spent[s])
#define CREDIT_BELOW(s)	(CREDIT(s))
#define GRANTED_BELOW(s) (granted[s])
#define REFUNDED_BELOW(s) (refunded[s])
#define DONE_BELOW(s)	(DONE(s))
#endif
#define UNDER(s, limited)	(!BINDS(limited) || \
				 SPENT_BELOW(limited) <= limit[limited] + forced)

inline check_overshoot(s)
{
	CLAIM(no_overshoot, UNDER(TOP, TOP));
#ifdef NEST
	if
	:: s == CHILD -> CLAIM(no_overshoot, UNDER(CHILD, CHILD))
	:: else
	fi
#endif
}

/* Holds whenever nobody has the lock. */
inline check_books()
{
	CLAIM(books_agree, !BINDS(TOP) || left[TOP] + GRANTED_BELOW(TOP) == limit[TOP]);
#ifdef NEST
	CLAIM(books_agree, ended || !BINDS(CHILD) ||
	      left[CHILD] + granted[CHILD] == limit[CHILD]);
#endif
	CLAIM(books_agree, GRANTED_BELOW(TOP) - CREDIT_BELOW(TOP) == SPENT_BELOW(TOP))
}

inline lock_tree()
{
	atomic { !lock -> lock = true }
}

inline unlock_tree()
{
	atomic { check_books(); lock = false }
}

/* Wherever the scheduler has put the task now. */
inline some_cpu()
{
	if
	:: !deaf[0] -> cpu = 0
	:: inhabited && !deaf[1] -> cpu = 1
	fi
}

/* Step grant: agentns_grant(); what was granted comes back by a negative one. */
inline enter_grant(s, n)
{
	granted[s] = granted[s] + (n);
	if
	:: BINDS(s) -> left[s] = left[s] - (n)
	:: else
	fi;
#ifdef NEST
#ifdef RETURN_ONE
#define PASSES_ON(n)	((n) > 0)
#elif defined(NO_ANCESTOR)
#define PASSES_ON(n)	((n) < 0)
#else
#define PASSES_ON(n)	true
#endif
	if
	:: s == CHILD && BINDS(TOP) && PASSES_ON(n) -> left[TOP] = left[TOP] - (n)
	:: else
	fi
#endif
}

/* Step surrender: agentns_surrender(), with interrupts off. */
inline surrender(s, c)
{
	back[s] = back[s] + credit[AT(s, c)];
	credit[AT(s, c)] = 0
}

/* What is not its own CPU does that in two steps. */
inline surrender_other(s, c)
{
	v = credit[AT(s, c)];
	atomic { credit[AT(s, c)] = 0; back[s] = back[s] + v; v = 0 }
}

/* One CPU's credit of a session is looked at; where it is not there, taken in. */
inline look_at(s, c)
{
	if
#if defined(HOTPLUG) && !defined(SKIP_OFFLINE)
#ifdef TOUCH_COMING
	:: c == 1 && !online -> surrender_other(s, 1)
	:: else -> asked[s] = asked[s] || credit[AT(s, c)] != 0
#else
	:: credit[AT(s, c)] != 0 ->
		if
		:: c == 1 && !online -> surrender_other(s, 1)
		:: else -> asked[s] = true
		fi
	:: else
#endif
#else
	:: credit[AT(s, c)] != 0 -> asked[s] = true
	:: else
#endif
	fi
}

/* Step look: agentns_recall_look(). */
inline look(s)
{
	atomic {
		if
		:: refunded[s] ->
#ifndef FLAG_LATE
			refunded[s] = false;
#endif
#ifndef SKIP_FLAGGED
			asked[s] = true;
#endif
#ifndef SKIP_CPU
			everywhere = true
#endif
		:: else
		fi
	}
	look_at(s, 0);
	look_at(s, 1);
	atomic {
		enter_grant(s, -back[s]);
		back[s] = 0
	}
}

/* Step ask: agentns_recall_asks(). */
#ifdef NEST
#define ASKS(c)		(everywhere || (asked[TOP] && credit[AT(TOP, c)] != 0) || \
			 (asked[CHILD] && credit[AT(CHILD, c)] != 0))
#else
#define ASKS(c)		(everywhere || (asked[TOP] && credit[AT(TOP, c)] != 0))
#endif

inline surrender_asked(s, c)
{
	if
	:: asked[s] -> surrender(s, c)
	:: else
	fi
}

/* Step ipi: agentns_recall_cpu(), on a CPU that takes interrupts. */
inline ipi(c)
{
#ifdef REMOTE_RECALL
	surrender_other(TOP, c)
#else
	atomic {
		!deaf[c];
		surrender_asked(TOP, c);
#ifdef NEST
		surrender_asked(CHILD, c)
#endif
	}
#endif
}

inline ask(c)
{
	if
	:: (c == 0 || online) && ASKS(c) -> ipi(c)
	:: else
	fi
}

inline settle(s)
{
	if
	:: asked[s] ->
#ifdef FLAG_LATE
		refunded[s] = false;
#endif
		enter_grant(s, -back[s]);
		back[s] = 0;
		asked[s] = false
	:: else
	fi
}

/* Step batch of a recall: agentns_recall_batch(). They answer in any order. */
inline recall_batch()
{
	if
	:: true -> ask(0); ask(1)
	:: true -> ask(1); ask(0)
	fi;
	atomic {
		settle(TOP);
#ifdef NEST
		settle(CHILD);
#endif
		everywhere = false
	}
}

/* Step recall: agentns_recall(). */
inline recall(top)
{
	recalling = true;
	look(top);
#ifdef NEST
	if
	:: top == TOP ->
		/* Of as many sessions as there are, in a batch or in two. */
		if
		:: true -> recall_batch()
		:: true
		fi;
		look(CHILD)
	:: else
	fi;
#endif
	recall_batch();
	atomic {
		recalling = false;
		CLAIM(nothing_stranded, CREDIT_BELOW(top) == 0 ||
		      REFUNDED_BELOW(top))
	}
}

/* Step tightest: agentns_tightest(). */
inline find_tightest(s)
{
	tightest = NONE;
	if
	:: BINDS(s) -> tightest = s
	:: else
	fi;
#ifdef NEST
	if
	:: s == CHILD && BINDS(TOP) ->
		if
		:: tightest == NONE || left[TOP] <= left[CHILD] -> tightest = TOP
		:: else
		fi
	:: else
	fi
#endif
}

/* Step batch: agentns_batch(). */
inline batch(s)
{
	grant = 1;
#ifdef NEST
#define EXACT(s)	((BINDS(s) && exact[s]) || (BINDS(TOP) && exact[TOP]))
#else
#define EXACT(s)	(exact[s])
#endif
#ifdef EXACT_AHEAD
	do
	:: grant < left[tightest] && grant < AHEAD -> grant++
	:: break
	od
#else
	do
	:: !EXACT(s) && grant < left[tightest] && grant < AHEAD -> grant++
	:: break
	od
#endif
}

/* All of it but the one that is spent at once becomes credit of this CPU. */
inline draw_grant(s)
{
	enter_grant(s, grant);
	some_cpu();
	credit[AT(s, cpu)] = credit[AT(s, cpu)] + grant - 1;
	spent[s]++;
	check_overshoot(s)
}

/* Step recallable: agentns_recallable(). */
#define RECALLABLE(s)	(!exact[s] || REFUNDED_BELOW(s))

/*
 * Step in flight: agentns_in_flight(), one CPU after the other, while units are
 * charged, done and given back. The claim holds the other way round, too, with
 * credit looked at first: who can spend by then does so from what was given
 * back, and that is flagged.
 * Step come back: agentns_may_come_back().
 */
inline in_flight(s)
{
	v = v - done[AT(s, 0)];
	v = v - done[AT(s, 1)];
	v = v + granted[s] - credit[AT(s, 0)];
	v = v - credit[AT(s, 1)]
}

inline may_come_back(top)
{
	in_flight(top);
#ifdef NEST
	if
	:: top == TOP -> v = v - past_done; in_flight(CHILD)
	:: else
	fi;
#endif
	atomic {
#ifdef NO_IN_FLIGHT
		v = 0;
#endif
		CLAIM(no_false_report, v != 0 || REFUNDED_BELOW(top) ||
		      DONE_BELOW(top) >= limit[top]);
		v = 0
	}
}

/* Step draw: agentns_draw_locked(), of one unit. */
inline draw_locked(s)
{
	atomic { drawn = false; recalled = NONE; find_tightest(s) };
#ifndef NO_RECALL
	do
	:: atomic { tightest != NONE && left[tightest] < 1 &&
		    tightest != recalled && RECALLABLE(tightest) ->
			recalled = tightest
		}
		recall(recalled);
		atomic {
			exact[recalled] = left[recalled] < SCARCE;
			find_tightest(s)
		}
	:: else -> break
	od;
#endif
	atomic {
		if
		:: tightest == NONE ->
			grant = 1 + UNLIMITED;
			draw_grant(s);
			drawn = true
		:: tightest != NONE && left[tightest] >= 1 ->
			batch(s);
			draw_grant(s);
			drawn = true
		:: else ->
			/* What is out has come back this moment. */
			CLAIM(nothing_stranded, CREDIT_BELOW(tightest) == 0 ||
			      REFUNDED_BELOW(tightest))
		fi;
		grant = 0
	}
#ifndef MOVE
	/* Of tasks it is not asked. */
	if
	:: drawn
	:: else -> may_come_back(tightest)
	fi
#endif
}

inline draw(s)
{
#ifdef DRAW_IRQS_OFF
	atomic { some_cpu(); deaf[cpu] = true };
	atomic { !lock -> lock = true; deaf[cpu] = false };
#else
	lock_tree();
#endif
	draw_locked(s);
	unlock_tree()
}

/* Step take: agentns_take(), a read and then one instruction. */
inline take(s)
{
	drawn = false;
	do
	:: atomic { some_cpu(); seen = credit[AT(s, cpu)] };
		if
		:: seen < 1 -> break
		:: else
		fi;
		atomic {
			some_cpu();
#ifdef TAKE_TORN
			if
			:: true ->
#else
			if
			:: credit[AT(s, cpu)] == seen ->
#endif
				credit[AT(s, cpu)] = seen - 1;
				spent[s]++;
				drawn = true;
				check_overshoot(s);
				break
#ifndef TAKE_TORN
			:: else
#endif
			fi
		}
	od;
	seen = 0
}

/*
 * Step give back: agentns_give_back(), with interrupts off; also in an interrupt
 * of a CPU that no task runs on yet.
 */
inline give_back(s)
{
	atomic {
		if
		:: !deaf[0] -> cpu = 0
		:: online && !deaf[1] -> cpu = 1
		fi;
#ifndef IRQS_ON
		deaf[cpu] = true;
#endif
#if !defined(NO_FLAG) && !defined(CREDIT_FIRST)
		refunded[s] = true
#endif
	}
	atomic {
		credit[AT(s, cpu)]++;
		spent[s]--;
		came_back = true;
#ifndef CREDIT_FIRST
		deaf[cpu] = false
#endif
	}
#ifdef CREDIT_FIRST
	atomic { refunded[s] = true; deaf[cpu] = false }
#endif
}

/* Step do: agentns_write_end_hook(); a fork does so in its last step. */
inline do_it(s)
{
	atomic { some_cpu(); done[AT(s, cpu)]++ }
}

/* Step charge: agentns_budget_charge(), which does not go on if refused. */
inline charge(s)
{
	take(s);
	if
	:: drawn
	:: else -> draw(s)
	fi
}

#define LOCALS	\
	byte cpu, tightest = NONE, recalled = NONE, i; \
	short seen, v, grant, back[NS]; \
	bool drawn, asked[NS], everywhere

/* A task that spends, and sometimes need not have. */
proctype task(byte s)
{
	LOCALS;

	do
	:: i < 2 ->
		i++;
		charge(s);
		if
		:: drawn -> give_back(s)
		:: drawn -> do_it(s)
		:: !drawn
		fi
	:: else -> break
	od;
	atomic { running--; i = 0; drawn = false; cpu = 0; tightest = NONE; recalled = NONE }
}

/* A write that was charged before, and completes in an interrupt. */
proctype io(byte s)
{
	byte cpu;

	if
	:: give_back(s)
	:: do_it(s)
	fi;
	running--
}

/*
 * Step dead: agentns_cpu_dead(), between a CPU's end and its coming back.
 * A CPU goes when nobody has preemption off. It is online before it is inhabited.
 */
proctype hotplug()
{
	short v, back[NS];

	inhabited = false;
	atomic { !recalling && !deaf[1] -> online = false };
#ifdef TOUCH_COMING
	online = true;
	!recalling;
#else
#ifndef RATION
	lock_tree();
	surrender_other(TOP, 1);
	atomic { enter_grant(TOP, -back[TOP]); back[TOP] = 0 }
	unlock_tree();
#endif
	online = true;
#endif
	atomic { inhabited = true; running-- }
}

/* Step limit set: agentns_limit_set(). */
inline limit_set(s, value)
{
	lock_tree();
#ifndef SET_NO_RECALL
	recall(s);
#endif
	atomic {
		limit[s] = value;
		left[s] = value - GRANTED_BELOW(s);
		exact[s] = false;
	}
	unlock_tree()
}

/* None at first; then one that is above what was used. */
proctype setter()
{
	byte cpu;
	short v, back[NS];
	bool asked[NS], everywhere;

	if
	:: limit_set(TOP, 3)
	:: limit_set(CHILD, 3)
	:: limit_set(TOP, 4); limit_set(TOP, 3)
	fi;
	running--
}

/*
 * Step anyway: agentns_spend_anyway(), for a fork while nothing is counted.
 * Step already: agentns_crossed_already(), of a sweep behind it.
 */
proctype anyway()
{
	byte cpu, i;
	short v, back[NS];
	bool asked[NS], everywhere;

	do
	:: i < 2 ->
		i++;
		lock_tree();
		atomic {
			some_cpu();
			enter_grant(TOP, 1);
			done[AT(TOP, cpu)]++;
			forced++;
			spent[TOP]++
		}
		unlock_tree()
	:: else -> break
	od;
	atomic { !lock -> lock = true; came_back = false };
	if
	:: left[TOP] < 0 ->
#ifndef HASTY_REPORT
		recall(TOP);
#endif
		atomic {
			CLAIM(no_false_report, left[TOP] >= 0 || came_back ||
			      SPENT_BELOW(TOP) > limit[TOP])
		}
	:: else
	fi;
	unlock_tree();
	running--
}

#ifdef MOVE
/*
 * Step room: agentns_room().
 * Step elsewhere: agentns_spend_elsewhere(), of a task that has its place in TOP
 * and wants to go below.
 */
proctype mover()
{
	byte cpu;
	short v, back[NS];
	bool asked[NS], everywhere;

	lock_tree();
#ifndef ROOM_NO_RECALL
	if
	:: left[CHILD] <= 0 -> recall(CHILD)
	:: else
	fi;
#endif
	atomic {
		if
		:: left[CHILD] > 0 ->
			enter_grant(CHILD, 1);
			spent[CHILD]++;
#ifndef MOVE_NO_RETURN
			enter_grant(TOP, -1);
#endif
			spent[TOP]--;
			check_overshoot(CHILD)
		:: else ->
			CLAIM(nothing_stranded, CREDIT(CHILD) == 0 || refunded[CHILD])
		fi
	}
	unlock_tree();
	running--
}
#endif

/*
 * Step ration: agentns_draw_cpu(), which grants the same to each CPU that
 * answers; a unit stands for what it grants.
 */
proctype ration()
{
	byte cpus, answered;

	lock_tree();
	recalling = true;
	atomic { cpus = 1 + online };
	atomic { credit[AT(TOP, 0)]++; answered++ }
	atomic {
		if
#ifdef COUNT_FIRST
		:: online ->
#else
		:: online && answered < cpus ->
#endif
			credit[AT(TOP, 1)]++;
			answered++
		:: else
		fi
	}
#ifdef COUNT_FIRST
	enter_grant(TOP, cpus);
#else
	enter_grant(TOP, answered);
#endif
	recalling = false;
	unlock_tree();
	running--
}

/* When all is still, a limit is used up to its last unit. */
proctype last()
{
	LOCALS;
	byte s = TOP;

	running == 0;
#ifdef NEST
	if
	:: s = TOP
	:: s = CHILD
	/* Step retire: agentns_retire_credit(), then agentns_counters_fold(). */
	:: lock_tree();
		atomic {
#ifndef NO_RETIRE
			surrender(CHILD, 0);
			surrender(CHILD, 1);
			enter_grant(CHILD, -back[CHILD]);
			back[CHILD] = 0;
#endif
			past_done = DONE(CHILD);
			done[AT(CHILD, 0)] = 0;
			done[AT(CHILD, 1)] = 0;
			granted[TOP] = granted[TOP] + granted[CHILD];
			granted[CHILD] = 0;
#ifdef NO_RETIRE
			credit[AT(CHILD, 0)] = 0;
			credit[AT(CHILD, 1)] = 0;
#endif
			ended = true
		}
		unlock_tree()
	fi;
#endif
	if
	:: !BINDS(TOP) -> goto out
	:: else
	fi;
	do
	:: charge(s);
		if
		:: !drawn -> break
		:: else -> do_it(s)
		fi
	od;
#ifdef ANYWAY
	CLAIM(nothing_stranded, SPENT_BELOW(TOP) >= limit[TOP]);
#elif defined(NEST)
	CLAIM(nothing_stranded, SPENT_BELOW(TOP) == limit[TOP] ||
	      (s == CHILD && BINDS(CHILD) && spent[CHILD] == limit[CHILD]));
#else
	CLAIM(nothing_stranded, SPENT_BELOW(TOP) == limit[TOP]);
#endif
out:	skip
}

init
{
	atomic {
#ifndef SET
		limit[TOP] = 3;
		left[TOP] = 3;
#ifdef NEST
		limit[CHILD] = 2;
		left[CHILD] = 2;
#endif
#endif
#ifdef RATION
		running = 2;
		run hotplug();
		run ration();
#else
#if TASKS == 2
		running = 2;
		run task(TOP);
		run task(NS - 1);
#else
		running = 1;
		run task(NS - 1);
#endif
#ifdef IO
		running++;
		/* Charged on CPU 1, where the rest of that grant is left. */
		spent[NS - 1]++;
#ifdef SET
		granted[NS - 1] = 1;
#else
		granted[NS - 1] = 2;
		credit[AT(NS - 1, 1)] = 1;
		left[NS - 1] = left[NS - 1] - 2;
#endif
		run io(NS - 1);
#endif
#ifdef HOTPLUG
		running++;
		run hotplug();
#endif
#ifdef SET
		running++;
		run setter();
#endif
#ifdef ANYWAY
		running++;
		run anyway();
#endif
#ifdef MOVE
		running++;
		spent[TOP]++;
		granted[TOP]++;
		left[TOP]--;
		run mover();
#endif
		run last()
#endif
	}
}
