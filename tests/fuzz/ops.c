// SPDX-License-Identifier: GPL-2.0-only
/* The operations that programs are made of, and how programs are run. */
#include <linux/prctl.h>
#include <string.h>

#include "calls.h"

#define PRCTL(_name, _weight, _option, ...)				\
	{ .name = #_name, .weight = (_weight), .run = call_prctl,	\
	  .number = (_option), .type = { __VA_ARGS__ } }
#define OP(_name, _weight, _run, ...)					\
	{ .name = #_name, .weight = (_weight), .run = call_##_run,	\
	  .type = { __VA_ARGS__ } }

const struct op ops[] = {
	/* the range of prctl(2) */
	OP(enter, 20, enter, UNUSED, UNUSED, UNUSED, UNUSED),
	{ .name = "get_id", .weight = 3, .run = call_get_id,
	  .number = PR_GET_AGENT_SESSION_ID, .type = { OUT } },
	{ .name = "get_parent", .weight = 3, .run = call_get_id,
	  .number = PR_GET_AGENT_PARENT_ID, .type = { OUT } },
	PRCTL(set_tag, 6, PR_SET_AGENT_INTENT_TAG, TAG, NUMBER),
	PRCTL(get_tag, 3, PR_GET_AGENT_INTENT_TAG, OUT, NUMBER),
	PRCTL(set_budget, 8, PR_SET_AGENT_BUDGET_LIMITS, BUDGET, NUMBER),
	PRCTL(get_counters, 4, PR_GET_AGENT_COUNTERS, OUT, NUMBER),
	PRCTL(set_budget_ex, 16, PR_SET_AGENT_BUDGET_EX, BUDGET_EX, SIZE,
	      UNUSED, UNUSED),
	PRCTL(get_budget_ex, 4, PR_GET_AGENT_BUDGET_EX, OUT, SIZE, UNUSED,
	      UNUSED),
	PRCTL(get_counters_ex, 4, PR_GET_AGENT_COUNTERS_EX, OUT, SIZE, UNUSED,
	      UNUSED),
	PRCTL(seal, 2, PR_SEAL_AGENT_NS, UNUSED, UNUSED, UNUSED, UNUSED),
	PRCTL(list, 6, PR_LIST_AGENT_NS, LIST_REQUEST, OUT, COUNT, UNUSED),
	OP(open_id, 8, open_id, SID, UNUSED, UNUSED, UNUSED, SLOT),
	OP(prctl_other, 4, prctl_other, NUMBER, OUT, SIZE, UNUSED, UNUSED),

	/* namespaces */
	OP(clone3, 16, clone3, CLONE_FLAGS, EXIT_SIGNAL, CLONE_SIZE, SLOT, OUT),
	OP(clone, 2, clone, CLONE_FLAGS, EXIT_SIGNAL),
	OP(unshare, 4, unshare, UNSHARE_FLAGS),
	OP(setns, 14, setns, NS_FD, SETNS_FLAGS),
	OP(setns_pidfd, 8, setns, PID_FD, SETNS_FLAGS),
	OP(listns, 5, listns, LIST_REQUEST, OUT, COUNT, UNUSED),
	OP(ioctl, 12, ioctl, NS_FD, IOCTL, OUT, SLOT),
	OP(ioctl_any, 2, ioctl, ANY_FD, IOCTL, OUT, SLOT),
	OP(open_ns, 8, open_ns, PID, NS_FILE, SLOT, SLOT),
	OP(pidfd_open, 3, pidfd_open, PID, UNUSED, SLOT),
	OP(signal, 2, signal, PID_FD, SIGNAL, UNUSED),
	OP(bind, 2, bind, NS_FD, SLOT),
	OP(unbind, 3, unbind, SLOT),
	OP(handle, 3, handle, NS_FD, NUMBER, SLOT),
	OP(exec, 1, exec, NONE),
	OP(pause, 4, pause, NUMBER),

	/* files */
	OP(write_session, 24, write_file, SESSION_FILE, TEXT, NUMBER),
	OP(read_session, 10, read_file, SESSION_FILE, OUT, SIZE, OFFSET),
	OP(write_knob, 6, write_file, MODULE_FILE, TEXT, NUMBER),
	OP(read_knob, 4, read_file, MODULE_FILE, OUT, SIZE, OFFSET),
	OP(write_sysctl, 2, write_file, SYSCTL_FILE, TEXT, NUMBER),
	OP(read_sysctl, 2, read_file, SYSCTL_FILE, OUT, SIZE, OFFSET),
	OP(read_proc, 8, read_file, PROC_FILE, OUT, SIZE, OFFSET),
	OP(read_folder, 3, read_folder, PROC_FILE, OUT, SIZE),
	OP(read_session_folder, 2, read_folder, SESSION_FILE, OUT, SIZE),

	/* what is counted, and what is stamped */
	OP(spend, 16, spend, NUMBER, NUMBER, ANY_FD, OUT),
	OP(write, 10, write, ANY_FD, BYTES, SIZE, NUMBER),
	OP(send_file, 4, send_file, ANY_FD, ANY_FD, SIZE, OFFSET, NUMBER),
	OP(int80, 4, int80, NUMBER, OUT, ANY_FD, SIZE),
	OP(open, 8, open, SCRATCH_FILE, NUMBER, SLOT),
	OP(name, 8, name, SCRATCH_FILE, SCRATCH_FILE, NUMBER),
	OP(store, 3, store, SCRATCH_FILE, NUMBER),
	OP(uring, 3, uring, NUMBER, ANY_FD, SCRATCH_FILE, BYTES, SIZE),
	OP(attribute, 5, attribute, SCRATCH_FILE, ATTRIBUTE, TEXT, NUMBER),
	OP(close, 6, close, NUMBER),

	/* the process connector */
	OP(connector, 2, connector, NUMBER, SLOT),
	OP(send, 6, send, SOCKET_FD, MESSAGE),
	OP(receive, 4, receive, SOCKET_FD, OUT, SIZE),
};

const unsigned int nr_ops = ARRAY_SIZE(ops);

static_assert(ARRAY_SIZE(ops) <= MAX_OPS, "there are more");

/* In place of another, which is closed; -1 and other errors for none. */
void keep_fd(struct thread *t, unsigned int slot, long fd)
{
	int old;

	/* That of the namespace that all came from. */
	if (slot == AGENT_FDS)
		slot++;
	old = __atomic_exchange_n(&t->fd[slot % MAX_FDS], fd < 0 ? -1 : fd,
				  __ATOMIC_RELAXED);
	if (old >= 0)
		raw(SYS_close, old);
}

/* Where children go on, they need a place of their own in the ring. */
static struct program *next_place(struct thread *t)
{
	unsigned int at = __atomic_fetch_add(&t->ring->programs, 1,
					     __ATOMIC_RELAXED);

	return &t->ring->program[at % RING_SIZE];
}

static long run_call(struct thread *t, struct call *c)
{
	const struct op *op = &ops[c->op];
	__u64 v[MAX_ARGS];
	long r;

	for (unsigned int i = 0; i < MAX_ARGS; i++)
		v[i] = value_of(t, i, op->type[i], c->arg[i]);
	c->under_way = 1;
	__atomic_store_n(&c->seq, __atomic_add_fetch(&t->state->seq, 1,
						     __ATOMIC_RELAXED),
			 __ATOMIC_RELEASE);
	r = op->run(t, op, v);
	c->error = r < 0 ? -r : 0;
	__atomic_store_n(&c->under_way, 0, __ATOMIC_RELEASE);
	return r;
}

/*
 * The calls of t->program from @from on.
 *
 * Return: how many calls there have been until the last one that reached new
 * code; 0 for none.
 */
long run_program(struct thread *t, unsigned int from)
{
	struct program *given = t->program, *p = next_place(t);
	struct state *s = t->state;
	unsigned int reached = 0, i;

	*p = *given;
	for (i = 0; i < p->length; i++)
		call_reset(&p->call[i]);
	t->program = p;
	for (i = from; i < p->length; i++) {
		struct call *c = &p->call[i];
		long r;

		t->at = i;
		kcov_restart(&t->kcov);
		r = run_call(t, c);
		__atomic_fetch_add(&s->done[c->op], 1, __ATOMIC_RELAXED);
		if (r >= 0)
			__atomic_fetch_add(&s->succeeded[c->op], 1,
					   __ATOMIC_RELAXED);
		if (kcov_collect(&t->kcov, s))
			reached = i + 1;
		__atomic_fetch_add(&s->beats[t->runner], 1, __ATOMIC_RELAXED);
	}
	if (reached)
		state_keep(s, p, reached);
	return reached;
}

/*
 * Back to where its runner began.
 *
 * Return: whether that was allowed, and whether calls are.
 */
bool thread_reset(struct thread *t)
{
	static const __u8 none[AGENT_NS_ID_BYTES];
	unsigned long cpu = 1UL << t->runner % t->state->cpus;

	/*
	 * A runner's threads are on one processor, where they cost each other
	 * no interrupts for their common memory; other runners are on others.
	 */
	if (t->moved)
		raw(SYS_sched_setaffinity, 0, sizeof(cpu), &cpu);
	t->moved = false;
	if (!note_own_sid(t))
		return false;
	if (t->persona == ROOT && !memcmp(t->own_sid, none, sizeof(none)))
		return true;
	return !raw(SYS_setns, t->fd[AGENT_FDS], AGENT_NS) && note_own_sid(t);
}
