/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The credit protocol of module/credit.c: what a CPU may spend without asking,
 * drawn from nested pools, called back by IPI, given back in interrupts.
 *
 * Bounds: a session and one below it, limits of 3 and 2 units, two CPUs, two
 * tasks that spend twice each, one write that completes in an interrupt, one
 * change of a limit, one CPU that goes and comes back once. Not all of it at
 * the same time: a configuration says what there is.
 *
 * Left out: the order of loads and stores between CPUs (each step is seen by
 * all at once; a step is what one instruction does, or what is done with
 * interrupts off on its own CPU). How much is granted ahead, which here is any
 * amount up to AHEAD. Two resources at a time (agentns_draw_call()), which are
 * two draws under one hold of the lock. Signals.
 *
 * Check pair: -DTASKS=2 -DSCARCE=3
 * Check pinned: -DTASKS=1 -DIO -DHOTPLUG
 * Check nested: -DTASKS=2 -DNEST
 * Check set: -DTASKS=1 -DIO -DNEST -DSET
 * Check anyway: -DTASKS=1 -DANYWAY
 * Check ration: -DRATION -DHOTPLUG
 *
 * Mistake TAKE_TORN pair no_overshoot: a take that an IPI can come between
 * Mistake NO_ANCESTOR nested books_agree: a draw that leaves out the ancestors
 * Mistake SET_NO_RECALL set no_overshoot: a limit set with credit out
 * Mistake REMOTE_RECALL pair books_agree: another CPU's credit written
 * Mistake TOUCH_COMING pinned books_agree: a coming CPU's credit written
 * Mistake COUNT_FIRST ration books_agree: CPUs counted before they answer
 * Mistake REFILL_ONE nested books_agree: what returns goes to one pool only
 * Mistake NO_RECALL pair nothing_stranded: a pool that is dry asks nobody
 * Mistake SKIP_OFFLINE pinned nothing_stranded: an offline CPU's credit left
 * Mistake EXACT_AHEAD pair nothing_stranded: ahead of need in exact mode
 * Mistake NO_FLAG pair nothing_stranded: what is given back goes unnoticed
 * Mistake FLAG_LATE pair nothing_stranded: the flag cleared behind the IPIs
 * Mistake NO_RETIRE nested books_agree: a session takes its credit along
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
bool deaf[2];		/* a CPU that has interrupts off, and waits */

short limit[NS], left[NS];
bool exact[NS], refunded[NS];
short credit[NS * 2], granted[NS * 2];
short past;		/* of the child, when it has ended */
bool ended;

/* What the code does not know: how much was really spent. */
short spent[NS];
byte returning;		/* give backs between their two steps */
bool came_back;		/* something was given back since a sweep began */
byte forced;		/* what could not be refused */
byte running;		/* processes that have not ended */

#define BINDS(s)	(limit[s] != 0)
#define CREDIT(s)	(credit[AT(s, 0)] + credit[AT(s, 1)])
#define GRANTED(s)	(granted[AT(s, 0)] + granted[AT(s, 1)])
#ifdef NEST
#define SPENT_BELOW(s)	((s) == TOP -> spent[TOP] + spent[CHILD] : spent[s])
#define CREDIT_BELOW(s)	((s) == TOP -> CREDIT(TOP) + CREDIT(CHILD) : CREDIT(s))
#define GRANTED_BELOW(s) \
	((s) == TOP -> GRANTED(TOP) + GRANTED(CHILD) + past : GRANTED(s))
#define REFUNDED_BELOW(s) \
	((s) == TOP -> refunded[TOP] || refunded[CHILD] : refunded[s])
#define PAST		past
#else
#define SPENT_BELOW(s)	(spent[s])
#define CREDIT_BELOW(s)	(CREDIT(s))
#define GRANTED_BELOW(s) (GRANTED(s))
#define REFUNDED_BELOW(s) (refunded[s])
#define PAST		0
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
	      left[CHILD] + GRANTED(CHILD) == limit[CHILD]);
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
	:: cpu = 0
	:: inhabited -> cpu = 1
	fi
}

/* Step refill: agentns_refill(). */
inline refill(s, n)
{
	if
	:: BINDS(s) -> left[s] = left[s] + n
	:: else
	fi;
#if defined(NEST) && !defined(REFILL_ONE)
	if
	:: s == CHILD && BINDS(TOP) -> left[TOP] = left[TOP] + n
	:: else
	fi
#endif
}

/* Step surrender: agentns_surrender(), with interrupts off. */
inline surrender(s, c)
{
	granted[AT(s, c)] = granted[AT(s, c)] - credit[AT(s, c)];
	back[s] = back[s] + credit[AT(s, c)];
	credit[AT(s, c)] = 0
}

/* What is not its own CPU does that in three steps. */
inline surrender_other(s, c)
{
	v = credit[AT(s, c)];
	granted[AT(s, c)] = granted[AT(s, c)] - v;
	atomic { credit[AT(s, c)] = 0; back[s] = back[s] + v; v = 0 }
}

/* Step offline: agentns_surrender_offline(). */
inline surrender_offline(s)
{
#if defined(HOTPLUG) && !defined(SKIP_OFFLINE)
#ifdef TOUCH_COMING
	if
	:: !online -> surrender_other(s, 1)
	:: else
	fi
#else
	if
	:: credit[AT(s, 1)] != 0 ->
		if
		:: !online -> surrender_other(s, 1)
		:: else
		fi
	:: else
	fi
#endif
#else
	skip
#endif
}

inline surrender_all(top, c)
{
	surrender(top, c);
#ifdef NEST
	if
	:: top == TOP -> surrender(CHILD, c)
	:: else
	fi
#endif
}

/* Step ipi: agentns_recall_cpu(), on a CPU that takes interrupts. */
inline ipi(top, c)
{
#ifdef REMOTE_RECALL
	surrender_other(top, c)
#else
	atomic { !deaf[c] -> surrender_all(top, c) }
#endif
}

inline clear_refunded(top)
{
	refunded[top] = false;
#ifdef NEST
	if
	:: top == TOP -> refunded[CHILD] = false
	:: else
	fi
#endif
}

/* Step recall: agentns_recall(). */
inline recall(top)
{
	atomic {
		recalling = true;
#ifndef FLAG_LATE
		clear_refunded(top)
#endif
	}
	surrender_offline(top);
#ifdef NEST
	if
	:: top == TOP -> surrender_offline(CHILD)
	:: else
	fi;
#endif
	/* They answer in any order. */
	if
	:: ipi(top, 0);
		if
		:: online -> ipi(top, 1)
		:: else
		fi
	:: online -> ipi(top, 1); ipi(top, 0)
	fi;
	atomic {
#ifdef FLAG_LATE
		clear_refunded(top);
#endif
		recalling = false;
		refill(top, back[top]);
		back[top] = 0;
#ifdef NEST
		if
		:: top == TOP -> refill(CHILD, back[CHILD]); back[CHILD] = 0
		:: else
		fi
#endif
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

/* Step grant: agentns_grant(), on this CPU with interrupts off. */
inline enter_grant(s)
{
	some_cpu();
	granted[AT(s, cpu)] = granted[AT(s, cpu)] + grant;
	credit[AT(s, cpu)] = credit[AT(s, cpu)] + grant - 1;
	spent[s]++;
	check_overshoot(s)
}

/* Step recallable: agentns_recallable(). */
#define RECALLABLE(s)	(!exact[s] || REFUNDED_BELOW(s))

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
			enter_grant(s);
			drawn = true
		:: tightest != NONE && left[tightest] >= 1 ->
			batch(s);
#ifdef NO_ANCESTOR
			if
			:: BINDS(s) -> left[s] = left[s] - grant
			:: else
			fi;
#else
			refill(s, -grant);
#endif
			enter_grant(s);
			drawn = true
		:: else ->
			/* All that is out is on its way back this moment. */
			CLAIM(nothing_stranded, CREDIT_BELOW(tightest) == 0 ||
			      REFUNDED_BELOW(tightest) || returning)
		fi;
		grant = 0
	}
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
 * Step give back: agentns_give_back(), an instruction, a look and a write; also
 * in an interrupt of a CPU that no task runs on yet.
 */
inline give_back(s)
{
	atomic {
		if
		:: cpu = 0
		:: online -> cpu = 1
		fi;
		credit[AT(s, cpu)]++;
		spent[s]--;
		came_back = true;
		returning++
	}
#ifdef NO_FLAG
	returning--
#else
	if
	:: refunded[s] -> returning--
	:: else -> atomic { refunded[s] = true; returning-- }
	fi
#endif
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
	bool drawn

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
		:: true
		fi
	:: else -> break
	od;
	atomic { running--; i = 0; drawn = false; cpu = 0; tightest = NONE; recalled = NONE }
}

/* A write that was charged before, and completes in an interrupt. */
proctype io(byte s)
{
	byte cpu;

	give_back(s);
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
	atomic { !recalling -> online = false };
#ifdef TOUCH_COMING
	online = true;
	!recalling;
#else
#ifndef RATION
	lock_tree();
	surrender_other(TOP, 1);
	atomic { refill(TOP, back[TOP]); back[TOP] = 0 }
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

	if
	:: limit_set(TOP, 3)
	:: limit_set(CHILD, 3)
	:: limit_set(TOP, 4); limit_set(TOP, 3)
	fi;
	running--
}

/*
 * Step anyway: agentns_spend_locked(), for a fork while nothing is counted.
 * Step already: agentns_crossed_already(), of a sweep behind it.
 */
proctype anyway()
{
	byte cpu, i;
	short v, back[NS];

	do
	:: i < 2 ->
		i++;
		lock_tree();
		atomic {
			some_cpu();
			refill(TOP, -1);
			granted[AT(TOP, cpu)]++;
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
	atomic { granted[AT(TOP, 0)]++; credit[AT(TOP, 0)]++; answered++ }
	atomic {
		if
#ifdef COUNT_FIRST
		:: online ->
#else
		:: online && answered < cpus ->
#endif
			granted[AT(TOP, 1)]++;
			credit[AT(TOP, 1)]++;
			answered++
		:: else
		fi
	}
#ifdef COUNT_FIRST
	left[TOP] = left[TOP] - cpus;
#else
	left[TOP] = left[TOP] - answered;
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
			refill(CHILD, back[CHILD]);
			back[CHILD] = 0;
#endif
			past = GRANTED(CHILD);
			granted[AT(CHILD, 0)] = 0;
			granted[AT(CHILD, 1)] = 0;
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
		:: else
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
		granted[AT(NS - 1, 1)] = 1;
#else
		granted[AT(NS - 1, 1)] = 2;
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
		run last()
#endif
	}
}
