/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kill against those who fork, join, nest, leave and exec meanwhile: the
 * generation number and the condemned time of module/kill.c, gate.c and enter.c.
 *
 * Bounds: a session and one below it, which is made by one of its tasks; a
 * member, a child of it, a task that comes from outside; each makes two system
 * calls, such as fork, execve and the two ways into a new session, or one where
 * there is somebody from outside. One kill, or two at once, or one whenever
 * somebody reaches a limit, as any call may.
 *
 * Left out: threads, but for the one that takes its leader's place in the task
 * list by execve, as only that one can hide a process from a walk. The order of
 * loads and stores between CPUs: the barriers are where the model needs them,
 * and RAISE_LATE is what happens without. The credit for calls, of which a
 * session here has some or none. That a walk gives up after a thousand rounds.
 * Stopping, whose walks and gates are made in the same way.
 *
 * Check member: -DKILLED=P
 * Check below: -DKILLED=C
 * Check joined: -DKILLED=P -DJOINER -DCALLS=1
 * Check both: -DKILLED=P -DSECOND=C
 * Check disabled: -DKILLED=P -DDISABLED
 * Check limit: -DKILLED=P -DJOINER -DCALLS=1 -DLIMIT
 *
 * Mistake NO_COMPARE below no_escape: a fork does not look again
 * Mistake READ_LATE below no_escape: a fork reads the number behind the link
 * Mistake READ_NEW below no_escape: of a new session the number is read late
 * Mistake RAISE_LATE below no_escape: the number raised behind the walks
 * Mistake ONE_WALK disabled no_escape: one walk, from which an execve hides
 * Mistake TOP_ALONE member no_escape: descendants are not signalled
 * Mistake NO_JOIN_CHECK joined no_escape: who joins does not look again
 * Mistake NO_RECALL member gate_holds: the gate shut with credit out
 * Mistake GATE_ALONE member gate_holds: descendants' gates left open
 * Mistake NO_INHERIT member gate_holds: a new session's gate is open
 * Mistake NO_OPEN joined no_deadlock: the gate is not opened again
 * Mistake OPEN_ZERO both gate_holds: one kill opens what another shut
 * Mistake NO_SIGNAL_CHECK member gate_holds: who was kept at the gate passes it
 * Mistake LATE_FLAG limit crossing_kills: the flag cleared behind the gate
 */

#define OUTSIDE	0
#define P	1
#define C	2		/* below P */
#define NT	3		/* tasks: a member, its child, */
#define JOINS	2		/* and one from outside */
#define NN	4		/* places in the task list: one for each, */
#define SPARE	3		/* and that of the member's other thread */
#define END	7

#ifndef CALLS
#define CALLS	2
#endif

/* Always false, see credit.pml. */
hidden byte no_escape, gate_holds, crossing_kills;
#define CLAIM(what, condition)	assert(what || (condition))

bool lock;
bool exists[3], made;
byte seq[3], shut[3];		/* kill_seq, gate.condemned */
bool credit[3];			/* some CPU has some, for calls */

byte ses[NT] = END;		/* END: not there, or gone */
bool sig[NT];			/* SIGKILL has been taken to heart */
byte forked;			/* children there have been */

byte next[NN], head, task_of[NN];

/*
 * What the code does not know. @doomed: must not outlive the kill. @pending:
 * has read the number of a session, for itself or for a child, or has come to
 * where it should; @caught: and it was raised then.
 */
bool doomed[NT], caught[NT];
byte pending[NT];
bool closed, over;		/* of the kill of KILLED */
bool killing, queued;		/* at a limit of P */

#define WITHIN(s, top)	((s) != OUTSIDE && (s) != END && ((s) == (top) || (top) == P))

inline lock_tree()
{
	atomic { !lock -> lock = true }
}

/* Those who are in @s, and who are on their way to it, are meant. */
inline doom(s)
{
	k = 0;
	do
	:: k < NT ->
		if
		:: ses[k] == s -> doomed[k] = true
		:: else
		fi;
		if
		:: pending[k] == s -> caught[k] = true
		:: else
		fi;
		k++
	:: else -> break
	od;
	k = 0
}

/* Step close: agentns_gate_close(); what it recalls is in credit.pml. */
inline gate_close(top)
{
	if
	:: top == P -> shut[P]++
	:: else
	fi;
#ifdef GATE_ALONE
	if
	:: top == C -> shut[C]++
	:: else
	fi;
#else
	if
	:: exists[C] -> shut[C]++
	:: else
	fi;
#endif
#ifndef NO_RECALL
	if
	:: top == P -> credit[P] = false
	:: else
	fi;
	credit[C] = false
#endif
}

/* Step open: agentns_gate_open(). */
inline gate_open(top)
{
#ifdef OPEN_ZERO
	shut[P] = 0;
	shut[C] = 0
#else
	if
	:: top == P -> shut[P]--
	:: else
	fi;
	if
	:: exists[C] -> shut[C]--
	:: else
	fi
#endif
}

/* Step condemn: agentns_kill_begin(), and gate_close(). */
inline raise(top)
{
	atomic {
		if
		:: top == P ->
			seq[P]++;
			if
			:: top == KILLED -> doom(P)
			:: else
			fi
		:: else
		fi
	}
	atomic {
		if
		:: exists[C] -> seq[C]++
		:: else
		fi;
		if
		:: top == KILLED && exists[C] -> doom(C)
		:: else
		fi
	}
}

/*
 * Step walk: agentns_signal_once(). The look and the signal are two steps, and
 * the way on is read last.
 */
inline walk(top, skip_dying)
{
	any = false;
	at = head;
	do
	:: at == END -> break
	:: else ->
		atomic {
			t = task_of[at];
#ifdef TOP_ALONE
			hit = ses[t] == top;
#else
			hit = WITHIN(ses[t], top);
#endif
			hit = hit && !(skip_dying && sig[t])
		}
		if
		:: hit -> atomic { sig[t] = true; any = true; hit = false }
		:: else
		fi;
		atomic { at = next[at]; t = 0 }
	od;
	at = 0
}

/* Step signal: agentns_kill_all(). */
inline signal_all(top)
{
	walk(top, false);
#ifndef ONE_WALK
	do
	:: walk(top, true);
		if
		:: any
		:: else -> break
		fi
	od
#endif
}

inline end_kill(top)
{
	lock_tree();
#ifndef NO_OPEN
	gate_open(top);
#endif
	atomic {
#ifndef LATE_FLAG
		killing = false;
#endif
		lock = false;
		any = false;
		if
		:: top == KILLED -> closed = false; over = true
		:: else
		fi
	}
#ifdef LATE_FLAG
	killing = false
#endif
}

#ifdef LIMIT
/* Step finish: agentns_kill_finish(), by the worker. */
proctype killer(byte top)
{
	byte at, t;
	bool any, hit;

end:	do
	:: atomic { queued -> queued = false };
		signal_all(top);
		end_kill(top)
	od
}
#else
/* Step kill: agentns_kill(). */
proctype killer(byte top)
{
	byte k, at, t;
	bool any, hit;

	/* One that is never made is never killed. */
end:	exists[top];
	lock_tree();
#ifndef RAISE_LATE
	raise(top);
#endif
	gate_close(top);
	atomic {
		lock = false;
		closed = closed || top == KILLED
	}
	signal_all(top);
#ifdef RAISE_LATE
	raise(top);
#endif
	end_kill(top)
}
#endif

/* In user space, and at the end: a task that was to die knows it by now. */
#define ALIVE_RIGHTLY(t)	!(doomed[t] && over && !sig[t])

/*
 * With credit that its CPU has: when the kill is over that may be somebody
 * else's, who joined.
 */
inline passes(t)
{
	CLAIM(gate_holds, !(doomed[t] && closed))
}

/*
 * Step cross: agentns_act_begin(), where the limit of P that @t has reached is
 * to end P. A walk that is under way finds @t, too.
 */
inline cross(t)
{
	lock_tree();
	if
	:: killing -> lock = false
	:: else ->
		atomic { killing = true; over = false };
		raise(P);
		gate_close(P);
		atomic { queued = true; closed = true; lock = false }
	fi;
	!shut[P] || sig[t];
	CLAIM(crossing_kills, sig[t]);
	goto dying
}

/* Step draw call: agentns_draw_call(), and agentns_gate_wait() where it is shut. */
inline draw_call(t)
{
	do
	:: sig[t] -> goto dying
	:: else ->
		lock_tree();
		if
		:: shut[ses[t]] ->
			lock = false;
			!shut[ses[t]] || sig[t]
#ifndef NO_SIGNAL_CHECK
		:: !shut[ses[t]] && sig[t] ->
			lock = false;
			goto dying
#endif
		:: else ->
			if
#ifdef LIMIT
			:: true -> lock = false; cross(t)
#endif
			:: atomic {
				CLAIM(gate_holds, !(doomed[t] && (closed || over)));
#ifndef LIMIT
				credit[ses[t]] = true;
#endif
				lock = false;
				break
			}
			fi
		fi
	od
}

/*
 * Step enter: agentns_syscall_enter_hook(). Outside there is nothing to pass,
 * nor while kernel.agent_ns.enabled is 0: only then can a task that stands in a
 * walk's way both take its leader's place and fork.
 */
inline system_call(t)
{
#ifdef DISABLED
	skip
#else
	if
	:: atomic { ses[t] == OUTSIDE }
	:: atomic { ses[t] != OUTSIDE && credit[ses[t]] -> passes(t) }
	:: atomic { ses[t] != OUTSIDE && !credit[ses[t]] }; draw_call(t)
	fi
#endif
}

/*
 * Step publish: agentns_session_publish(), of C by a task of P. Who kills it from
 * here on means the child that it is for; who makes one for itself joins it later.
 */
inline publish(t, for_child)
{
	lock_tree();
	atomic {
		exists[C] = true;
#ifndef NO_INHERIT
		shut[C] = shut[P];
#endif
		if
		:: for_child -> pending[t] = C
		:: else
		fi;
		lock = false
	}
}

inline append(node)
{
	next[node] = END;
	if
	:: head == END -> head = node
	:: else ->
		k = head;
		do
		:: next[k] != END -> k = next[k]
		:: else -> break
		od;
		next[k] = node;
		k = 0
	fi
}

/* list_replace_rcu() or list_del_rcu(): a walk that stands there goes on. */
inline replace(node, with)
{
	if
	:: head == node -> head = with
	:: else ->
		k = head;
		do
		:: next[k] != node -> k = next[k]
		:: else -> break
		od;
		next[k] = with;
		k = 0
	fi
}

/*
 * Step fork begin: agentns_can_fork_hook().
 * Step fork end: agentns_post_fork_hook(). Between them the kernel links the
 * child, or does not where a signal has come.
 */
inline fork(t, to)
{
	atomic {
#ifndef READ_LATE
		/* One that was made for the child has not been killed before. */
		if
		:: ses[t] == to -> mine = seq[to]
#ifdef READ_NEW
		:: else -> mine = seq[to]
#else
		:: else -> mine = 0
#endif
		fi;
#endif
		pending[t] = to;
		child = 0
	}
	atomic {
		if
		:: !sig[t] && forked < JOINS - 1 ->
			forked++;
			child = forked;
			ses[child] = to;
			doomed[child] = (doomed[t] && WITHIN(to, KILLED)) || caught[t];
			append(child)
		:: else
		fi;
		pending[t] = OUTSIDE;
		caught[t] = false
	}
#ifdef READ_LATE
	mine = seq[to];
#endif
	if
	:: child ->
#ifndef NO_COMPARE
		if
		:: seq[to] != mine -> sig[child] = true
		:: else
		fi;
#endif
		atomic { run task(child); child = 0 }
	:: else
	fi;
	mine = 0
}

/*
 * Step move begin: agentns_move_begin_hook().
 * Step move end: agentns_move_end_hook(). Between them the kernel switches.
 */
inline move(t, to)
{
	if
	:: to != OUTSIDE ->
		atomic {
			!lock && (!shut[to] || sig[t]) ->
				mine = seq[to];
				pending[t] = to
		}
	:: else
	fi;
	atomic {
		ses[t] = to;
		/* Who may leave has left before the kill, as far as that goes. */
		doomed[t] = (doomed[t] && WITHIN(to, KILLED)) || caught[t];
		pending[t] = OUTSIDE;
		caught[t] = false
	}
#ifndef NO_JOIN_CHECK
	if
	:: to != OUTSIDE && seq[to] != mine -> sig[t] = true
	:: else
	fi;
#endif
	mine = 0
}

proctype task(byte t)
{
	byte calls, mine, child, k;
	bool execed;

#ifdef JOINER
	if
	:: t == JOINS -> move(t, P)
	:: else
	fi;
#endif
	do
	:: calls < CALLS ->
		calls++;
		CLAIM(no_escape, ALIVE_RIGHTLY(t));
		if
		:: sig[t] -> break
		:: else
		fi;
		system_call(t);
		if
		:: fork(t, ses[t])
		:: atomic { ses[t] == P && !made -> made = true }; publish(t, true); fork(t, C)
		:: atomic { ses[t] == P && !made -> made = true }; publish(t, false); move(t, C)
		:: t == 0 -> move(t, OUTSIDE)
		:: atomic { t == 0 && !execed && !sig[t] ->
				execed = true;
				next[SPARE] = next[0];
				task_of[SPARE] = t;
				replace(0, SPARE)
			}
		:: true
		fi
	:: else -> break
	od;
	/* It does not end as long as it need not, with a kill under way or to come. */
#ifdef LIMIT
	over || sig[t] || !killing;
#else
	over || sig[t] || !exists[KILLED];
#endif
dying:
	CLAIM(no_escape, ALIVE_RIGHTLY(t));
	atomic {
		ses[t] = END;
		if
		:: execed -> replace(SPARE, next[SPARE])
		:: else -> replace(t, next[t])
		fi;
		calls = 0; mine = 0; child = 0; execed = false
	}
}

init
{
	byte k;

	atomic {
		head = END;
		exists[P] = true;
		ses[OUTSIDE] = P;
		do
		:: k < NT -> task_of[k] = k; k++
		:: else -> break
		od;
		k = 0;
#ifdef JOINER
		ses[JOINS] = OUTSIDE;
		append(JOINS);
#endif
		append(0);
		run task(0);
#ifdef JOINER
		run task(JOINS);
#endif
		run killer(KILLED);
#ifdef SECOND
		run killer(SECOND)
#endif
	}
}
