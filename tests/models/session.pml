/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of a session: who holds it, how it ends, when its memory and the
 * module's go. module/session.c, registry.c, reaper.c, enter.c and kill.c, and
 * the built-in side, core-hooks/agentns_hooks.c.
 *
 * Bounds: a session and one below it, each made once; a task that enters the
 * first, forks, and dies; its child, which makes the second by clone3 (that may
 * fail half way) and enters it; a descriptor; a write that completes in an
 * interrupt; a sweep; kills at a limit that both tasks may cross; one unloading,
 * at any time.
 *
 * Left out: nsproxy, whose count stands between a task and its session (here a
 * task holds the session itself). The session's directory, which is one work
 * item more before the memory is freed. Timers and irq_work, which take their
 * references as the sweep does, by tryget. What files keep of a session for
 * stamps, which has a count of its own. The order of loads and stores
 * between CPUs. RCU waits for those who read when it was asked, exactly.
 *
 * Check life: -DFD -DSWEEP
 * Check nested: -DNEST -DSWEEP
 * Check async: -DASYNC -DNEST -DFD
 * Check killed: -DKILL -DFD
 * Nightly together: -DASYNC -DNEST -DFD -DKILL
 *
 * Mistake FREE_AT_ONCE life no_use_after_free: no grace period
 * Mistake BLIND_GET life no_use_after_free: a reference where there is none left
 * Mistake PUT_FIRST nested no_use_after_free: exit works on what it has dropped
 * Mistake NO_PARENT_REF nested no_use_after_free: a child does not hold its parent
 * Mistake ASYNC_NO_REF async no_use_after_free: a write under way holds nothing
 * Mistake NO_MODULE_REF life unload_when_empty: a session does not hold the module
 * Mistake BLIND_MODULE_GET life unload_when_empty: a call into one that goes
 * Mistake NO_BARRIER life calls_stay_inside: callbacks are not waited for
 * Mistake NO_RELEASE_REF life calls_stay_inside: the last put holds no module
 * Mistake NO_DRAIN async calls_stay_inside: the works are not waited for
 * Mistake NO_REAPER_STOP life calls_stay_inside: the sweep is not waited for
 * Mistake LOCK_IN_IRQ async no_deadlock: the last put takes the lock in interrupts
 * Mistake KILL_NO_REF killed no_use_after_free: a worker is given no reference
 * Mistake NO_KILLS_STOP killed calls_stay_inside: the worker is not waited for
 * Mistake NO_OVER_STOP killed calls_stay_inside: nor the one behind it
 * Mistake KILL_TWICE killed no_deadlock: a reference for a work that is queued
 */

#define NONE	0
#define TOP	1
#define BELOW	2		/* TOP */

#define FREE	0		/* not there yet */
#define LIVE	1
#define FREED	2

/* Always false, see credit.pml. */
hidden byte no_use_after_free, unload_when_empty, calls_stay_inside;
#define CLAIM(what, condition)	assert(what || (condition))

byte memory[3];
byte refs[3];
bool listed[3];			/* registry and tree */
bool lock;			/* the tree lock, which is in TOP */
bool on_holder;			/* an interrupt has come where it is held */

byte module_refs;
bool registered = true, going, unloaded;

/* One bit a reader; a callback waits for those that read when it was queued. */
#define SWEEPER	1
#define CALLER	2
byte readers, waits[3], grace;
bool callback[3], in_callback;

bool queued[3], working;	/* the work queue */
bool killing, kill_queued, kill_working;	/* of TOP, and its own queue */
bool over_queued, over_working;		/* likewise, of those behind it */
bool sweeping, stop_sweeping;

#define TOUCH(s)	CLAIM(no_use_after_free, memory[s] == LIVE)
#define CODE()		CLAIM(calls_stay_inside, !unloaded)

inline rcu_read_lock(me)
{
	readers = readers | me
}

inline rcu_read_unlock(me)
{
	atomic {
		readers = readers & ~me;
		waits[TOP] = waits[TOP] & ~me;
		waits[BELOW] = waits[BELOW] & ~me;
		grace = grace & ~me
	}
}

inline lock_tree()
{
	atomic { !lock -> TOUCH(TOP); lock = true }
}

inline unlock_tree()
{
	/* Not before the interrupt that has stopped the holder is over. */
	atomic { !on_holder -> TOUCH(TOP); lock = false }
}

/* agentns_ops_get(); @got says whether there is a module. */
inline ops_get()
{
	rcu_read_lock(CALLER);
	atomic {
#ifdef BLIND_MODULE_GET
		got = registered;
#else
		got = registered && !going;
#endif
		if
		:: got -> module_refs++
		:: else
		fi
	}
	rcu_read_unlock(CALLER)
}

inline module_put()
{
	module_refs--
}

/*
 * Step create: agentns_session_create().
 * Step publish: agentns_session_publish().
 */
inline create(s)
{
	CODE();
	atomic {
		memory[s] = LIVE;
		refs[s] = 1;
#ifndef NO_MODULE_REF
		module_refs++;
#endif
#ifndef NO_PARENT_REF
		if
		:: s == BELOW -> TOUCH(TOP); refs[TOP]++
		:: else
		fi
#endif
	}
	lock_tree();
	atomic { TOUCH(s); listed[s] = true }
	unlock_tree()
}

/*
 * Step end: agentns_session_end(), and its parent's where that was the last.
 * Step unlink: agentns_session_unlink().
 * Step free: agentns_session_free().
 */
inline end_sessions(s)
{
	ending = s;
	do
	:: ending != NONE ->
		CODE();
		TOUCH(ending);
		lock_tree();
		atomic {
			if
			:: ending == BELOW -> TOUCH(TOP)
			:: else
			fi;
			TOUCH(ending);
			listed[ending] = false
		}
		unlock_tree();
		TOUCH(ending);
		atomic {
			waits[ending] = readers;
			callback[ending] = true
#ifdef FREE_AT_ONCE
			;waits[ending] = 0
#endif
		}
		if
#ifndef NO_PARENT_REF
		:: ending == BELOW ->
			atomic {
				TOUCH(TOP);
				refs[TOP]--;
				ending = (refs[TOP] == 0 -> TOP : NONE)
			}
#endif
		:: else -> ending = NONE
		fi
	:: else -> break
	od;
	CODE()
}

/* Step release: agentns_session_release(), in a task. */
inline release(s)
{
	CLAIM(calls_stay_inside, registered);
#ifndef NO_RELEASE_REF
	module_refs++;
#endif
	end_sessions(s);
#ifndef NO_RELEASE_REF
	module_put()
#endif
}

/* agentns_put(). */
inline put(s)
{
	atomic { TOUCH(s); refs[s]--; dead = (refs[s] == 0) };
	if
	:: dead -> dead = false; release(s)
	:: else
	fi
}

/* The same in a hard interrupt: a work item ends it. */
inline put_in_irq(s)
{
	atomic { TOUCH(s); refs[s]--; dead = (refs[s] == 0) };
	if
	:: dead ->
		dead = false;
#ifdef LOCK_IN_IRQ
		release(s);
#else
		module_refs++;
		CODE();
		TOUCH(s);
		queued[s] = true;
		CODE();
		module_put();
#endif
	:: else
	fi
}

/* Step worker: agentns_session_release_work(). */
proctype worker()
{
	byte ending;
	byte s;

end:	do
	:: atomic { queued[TOP] -> s = TOP; queued[s] = false; working = true };
		end_sessions(s);
		working = false
	:: atomic { queued[BELOW] -> s = BELOW; queued[s] = false; working = true };
		end_sessions(s);
		working = false
	od
}

/* Step callback: agentns_session_free_rcu(). */
proctype callbacks()
{
	byte s;

end:	do
	:: atomic {
			if
			:: callback[TOP] && !waits[TOP] -> s = TOP
			:: callback[BELOW] && !waits[BELOW] -> s = BELOW
			fi;
			callback[s] = false;
			in_callback = true
		};
		CODE();
		atomic { TOUCH(s); memory[s] = FREED };
#ifndef NO_MODULE_REF
		module_put();
#endif
		CODE();
		in_callback = false
	od
}

/*
 * Step sweep: agentns_reaper_work(). A session made second is behind the first
 * in the list, and gone from it before the first goes.
 * Step tryget: agentns_session_tryget().
 */
proctype sweeper()
{
	byte at, ending;
	bool got, dead;

	/* agentns_reaper_stop() cancels the next one. */
end:	atomic { !stop_sweeping -> sweeping = true };
	rcu_read_lock(SWEEPER);
	at = (listed[TOP] -> TOP : (listed[BELOW] -> BELOW : NONE));
	do
	:: at == NONE -> break
	:: else ->
		CODE();
		atomic {
			TOUCH(at);
#ifdef BLIND_GET
			got = true;
#else
			got = refs[at] > 0;
#endif
			if
			:: got -> refs[at]++
			:: else
			fi
		}
		if
		:: got ->
			rcu_read_unlock(SWEEPER);
			lock_tree();
			TOUCH(at);
			unlock_tree();
			rcu_read_lock(SWEEPER);
			put(at)
		:: else
		fi;
		got = false;
		atomic {
			TOUCH(at);
			at = (at == TOP && listed[BELOW] -> BELOW : NONE)
		}
	od;
	rcu_read_unlock(SWEEPER);
	CODE();
	sweeping = false
}

/*
 * Step find: agentns_registry_get(), for a descriptor, which may outlive all
 * tasks, and for what is done with it, as a kill.
 */
proctype descriptor()
{
	byte s, ending;
	bool got, dead;

	ops_get();
	if
	:: got ->
		CODE();
		atomic {
			s = (listed[TOP] -> TOP : NONE);
			if
			:: s != NONE && refs[s] > 0 -> refs[s]++
			:: else -> s = NONE
			fi
		}
		CODE();
		if
		:: s != NONE -> lock_tree(); unlock_tree()
		:: else
		fi;
		module_put();
		if
		:: s != NONE -> put(s)
		:: else
		fi
	:: else
	fi
}

/* Step settle: agentns_write_end_hook(), in an interrupt. */
proctype completion(byte s)
{
	byte ending;
	bool dead;

	atomic { on_holder = lock };
	CODE();
	TOUCH(s);
#ifndef ASYNC_NO_REF
	put_in_irq(s);
#endif
	on_holder = false
}

/* Step exit: agentns_exit_hook(), and the task's reference. */
inline exit_task(s)
{
#ifdef PUT_FIRST
	put(s);
#endif
	CODE();
	TOUCH(s);
#ifndef PUT_FIRST
	put(s)
#endif
}

#ifdef KILL
/*
 * Step cross: agentns_act_begin(), of a limit that a task of TOP has reached.
 * Step kill later: agentns_kill_later().
 */
inline cross()
{
	lock_tree();
	atomic {
		if
#ifdef KILL_TWICE
		:: true ->
#else
		:: !killing ->
#endif
			killing = true;
			TOUCH(TOP);
#ifndef KILL_NO_REF
			refs[TOP]++;
#endif
			/* Nothing happens where it is queued already. */
			kill_queued = true
#ifndef KILL_TWICE
		:: else
#endif
		fi
	}
	unlock_tree()
}

/* Step kill worker: agentns_kill_condemned(). */
proctype killer()
{
end:	do
	:: atomic { kill_queued -> kill_queued = false; kill_working = true };
		CODE();
		/* The walks, and the look at its id for the log. */
		TOUCH(TOP);
		/* To the one behind it, with the reference. */
		over_queued = true;
		CODE();
		kill_working = false
	od
}

/* Step kill over: agentns_kill_over(). */
proctype finisher()
{
	byte ending;
	bool dead;

end:	do
	:: atomic { over_queued -> over_queued = false; over_working = true };
		CODE();
		lock_tree();
		TOUCH(TOP);
		killing = false;
		unlock_tree();
#ifndef KILL_NO_REF
		put(TOP);
#endif
		CODE();
		over_working = false
	od
}
#endif

/* clone3(2) with a session of its own, which may fail behind the creation. */
proctype child()
{
	byte s = TOP, ending;
	bool got, dead;

#ifdef NEST
	ops_get();
	if
	:: got ->
		create(BELOW);
		if
		:: put(BELOW)
		:: atomic { s = BELOW }; put(TOP)
		fi;
		module_put()
	:: else
	fi;
#endif
#ifdef ASYNC
	atomic {
#ifndef ASYNC_NO_REF
		TOUCH(s);
		refs[s]++;
#endif
		run completion(s)
	}
#endif
#ifdef KILL
	if
	:: cross()
	:: true
	fi;
#endif
	exit_task(s)
}

/* Step enter: agentns_enter_new(). */
proctype task()
{
	byte ending;
	bool got, dead;

	ops_get();
	if
	:: got ->
		create(TOP);
		/* The task has the first reference from here on. */
		module_put();
		/* A fork. */
		atomic {
			TOUCH(TOP);
			refs[TOP]++;
			run child()
		}
#ifdef KILL
		if
		:: cross()
		:: true
		fi;
#endif
		exit_task(TOP)
	:: else
	fi
}

/*
 * agentns_exit() of main.c: rmmod, which answers busy while there is a reference
 * and is tried until it succeeds. A reference that nobody drops, on a session or
 * on the module, keeps it here when all else is over: that is a deadlock.
 */
proctype rmmod()
{
	atomic { module_refs == 0 -> going = true };
	/* agentns_unregister(). */
	atomic { registered = false; grace = readers & CALLER };
	!grace;
#ifndef NO_REAPER_STOP
	stop_sweeping = true;
	!sweeping;
#endif
	/* Step kills stop: agentns_kills_stop(). */
#ifndef NO_KILLS_STOP
	!kill_working && !kill_queued;
#ifndef NO_OVER_STOP
	!over_working && !over_queued;
#endif
#endif
	/* Step exit module: agentns_sessions_exit(). */
#ifndef NO_DRAIN
	!working && !queued[TOP] && !queued[BELOW];
#endif
#ifndef NO_BARRIER
	!callback[TOP] && !callback[BELOW] && !in_callback;
#endif
	atomic {
#ifndef NO_BARRIER
		CLAIM(unload_when_empty, memory[TOP] != LIVE && memory[BELOW] != LIVE);
#endif
		unloaded = true
	}
}

init
{
	atomic {
		run rmmod();
		run callbacks();
#ifdef ASYNC
		run worker();
#endif
#ifdef SWEEP
		run sweeper();
#endif
#ifdef FD
		run descriptor();
#endif
#ifdef KILL
		run killer();
		run finisher();
#endif
		run task()
	}
}
