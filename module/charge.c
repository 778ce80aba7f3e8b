// SPDX-License-Identifier: GPL-2.0-only
/*
 * The counted paths. While this CPU has credit they take it and are done: no
 * lock, no atomic operation that other CPUs see, no indirect call.
 */
#include <linux/agentns_hooks.h>
#include <linux/backing-dev-defs.h>
#include <linux/backing-dev.h>
#include <linux/error-injection.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <linux/magic.h>
#include <linux/sched/task.h>

#include "budget.h"
#include "charge.h"
#include "compat/sched.h"
#include "enter.h"
#include "kill.h"
#include "session.h"
#include "stop.h"
#include "syscall_class.h"

/* What a call spends: itself, and what it is besides; both or none. */
static __always_inline bool agentns_take_call(struct agentns_session *s,
					      enum agentns_resource class)
{
	if (unlikely(class != AGENTNS_SYSCALLS))
		return agentns_take_both(s->cpu, AGENTNS_SYSCALLS, class);
	return agentns_take(s->cpu, AGENTNS_SYSCALLS, 1);
}

static noinline long agentns_syscall_slowly(struct agentns_session *s,
					    enum agentns_resource class,
					    struct pt_regs *regs, long nr)
{
	/* No call is started again that has no number. */
	int ret = agentns_budget_charge_call(s, class,
					     agentns_exempt_call(nr),
					     nr != -1);

	if (!ret)
		return nr;
	syscall_set_return_value(current, regs, ret, 0);
	return -1;
}

/**
 * agentns_syscall_enter_hook - current enters a system call
 * @regs: its registers
 * @nr: number of the call, behind all that may change it
 *
 * Return: @nr, or -1 to skip the call; the return register is set then.
 *
 * Model: kill.pml, enter
 */
long agentns_syscall_enter_hook(struct pt_regs *regs, long nr)
{
	/* Who makes a system call has its namespaces yet. */
	struct ns_common *ns = current->nsproxy->agent_ns;
	enum agentns_resource class;
	struct agentns_session *s;

	if (unlikely(!ns))
		return nr;
	s = to_session(ns);
	class = agentns_class_of(regs, nr);
	if (likely(agentns_take_call(s, class)))
		return nr;
	return agentns_syscall_slowly(s, class, regs, nr);
}

/**
 * agentns_uring_request_hook - current submits an io_uring request
 * @opcode: IORING_OP_*
 *
 * Return: 0, or the error that the request fails with.
 */
int agentns_uring_request_hook(u8 opcode)
{
	enum agentns_resource class = AGENTNS_SYSCALLS;
	struct agentns_session *s = current_session();

	if (unlikely(!s))
		return 0;
	switch (opcode) {
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2:
		class = AGENTNS_OPENS;
		break;
	case IORING_OP_CONNECT:
		class = AGENTNS_CONNECTS;
		break;
	case IORING_OP_UNLINKAT:
		class = AGENTNS_UNLINKS;
		break;
	}
	if (likely(agentns_take_call(s, class)))
		return 0;
	return agentns_budget_charge_call(s, class,
					  opcode == IORING_OP_CLOSE, false);
}

/*
 * What a write may be cut to where a limit leaves less. A file with a page
 * cache takes a short write as RLIMIT_FSIZE makes one; a datagram, an eventfd,
 * a control file of procfs or a direct write has to be done whole or not. So
 * has a request: io_uring takes what was cut off before for done, and goes on
 * with what is linked to it.
 */
static enum agentns_portion agentns_write_portion(struct file *file,
						  bool request)
{
	struct inode *inode;

	if (request)
		return AGENTNS_ALL;
	if (!file)
		return AGENTNS_SLICE;
	inode = file_inode(file);
	if (!S_ISREG(inode->i_mode) || file->f_flags & O_DIRECT ||
	    !file->f_op->write_iter)
		return AGENTNS_ALL;
	if (inode->i_sb->s_bdi->capabilities & BDI_CAP_WRITEBACK ||
	    inode->i_sb->s_magic == TMPFS_MAGIC ||
	    inode->i_sb->s_magic == OVERLAYFS_SUPER_MAGIC)
		return AGENTNS_PART;
	return AGENTNS_ALL;
}

/* Out of line, so that the way of most writes is short. */
static noinline ssize_t agentns_write_slowly(struct agentns_session *s,
					     struct file *file, u64 n,
					     bool request)
{
	int ret = agentns_budget_charge(s, AGENTNS_BYTES, &n,
					agentns_write_portion(file, request),
					!request &&
					!(current->flags & AGENTNS_PF_WORKER));

	return ret ?: n;
}

/**
 * agentns_write_begin_hook - charge for a write that is about to happen
 * @file: where to; NULL for a copy from file to file
 * @count: bytes
 * @request: it cannot be made anew, as a call can that is stopped here
 *
 * Return: the bytes charged, fewer than @count where a limit leaves fewer, 0
 * where none are counted, or an error.
 */
ssize_t agentns_write_begin_hook(struct file *file, size_t count, bool request)
{
	struct agentns_session *s = current_session();

	if (unlikely(!s || !count))
		return 0;
	/* A longer copy may end early as well; others are no longer. */
	count = min_t(size_t, count, MAX_RW_COUNT);
	if (likely(agentns_take(s->cpu, AGENTNS_BYTES, count)))
		return count;
	return agentns_write_slowly(s, file, count, request);
}

/**
 * agentns_write_end_hook - that write is over
 * @ns: the session that paid
 * @charged: bytes that it paid for
 * @written: bytes that were accepted, or a negative errno
 *
 * Context: Any, hard interrupts included.
 *
 * Model: credit.pml, do
 * Model: session.pml, settle
 */
void agentns_write_end_hook(struct ns_common *ns, size_t charged,
			    ssize_t written)
{
	struct agentns_session *s = to_session(ns);
	size_t done = clamp_t(ssize_t, written, 0, charged);

	this_cpu_add(s->cpu->written, done);
	if (unlikely(done < charged))
		agentns_give_back(s, AGENTNS_BYTES, charged - done);
}

/* Of a child that does not run yet, which has one: its parent's or its own. */
static struct agentns_session *agentns_child_session(struct task_struct *child)
{
	return to_session(child->nsproxy->agent_ns);
}

static int agentns_charge_fork(struct agentns_session *s,
			       enum agentns_resource res)
{
	u64 one = 1;

	if (agentns_take(s->cpu, res, 1))
		return 0;
	return agentns_budget_charge(s, res, &one, AGENTNS_ALL, true);
}

/**
 * agentns_can_fork_hook - current is about to create a task in a session
 * @fork: filled in for the later steps
 * @child: the task
 *
 * A worker that the kernel makes for a task (io_uring, vhost) is not counted:
 * nobody asked for it.
 *
 * Return: 0 or an error.
 *
 * Model: kill.pml, fork begin
 */
int agentns_can_fork_hook(struct agentns_fork *fork, struct task_struct *child)
{
	struct agentns_session *s = agentns_child_session(child);
	int ret;

	/*
	 * Before anybody can see the child: see kill.c. One that was made for
	 * the child has not been killed before.
	 */
	fork->kill_seq = s == current_session() ? READ_ONCE(s->kill_seq) : 0;
	fork->charged = false;
	if (child->flags & AGENTNS_PF_WORKER)
		fork->session = NULL;
	/* Nothing to cancel then. */
	if (!fork->session)
		return 0;
	s = to_session(fork->session);
	if (!agentns_counted()) {
		/* It ends some day, and may be counted then. */
		agentns_spend_anyway(s, AGENTNS_TASKS, 1);
		return 0;
	}
	ret = agentns_charge_fork(s, AGENTNS_FORKS);
	if (ret)
		return ret;
	fork->charged = true;
	ret = agentns_charge_fork(s, AGENTNS_TASKS);
	if (ret)
		agentns_give_back(s, AGENTNS_FORKS, 1);
	return ret;
}
ALLOW_ERROR_INJECTION(agentns_can_fork_hook, ERRNO);

/**
 * agentns_cancel_fork_hook - that task was not created
 * @fork: as agentns_can_fork_hook() left it
 */
void agentns_cancel_fork_hook(struct agentns_fork *fork)
{
	struct agentns_session *s = to_session(fork->session);

	agentns_give_back(s, AGENTNS_TASKS, 1);
	if (fork->charged)
		agentns_give_back(s, AGENTNS_FORKS, 1);
}

/**
 * agentns_post_fork_hook - that task was created, and does not run yet
 * @fork: as agentns_can_fork_hook() left it
 * @child: the task
 *
 * Model: kill.pml, fork end
 */
void agentns_post_fork_hook(struct agentns_fork *fork,
			    struct task_struct *child)
{
	struct agentns_session *s = agentns_child_session(child);
	struct agentns_session *from =
		fork->session ? to_session(fork->session) : NULL;

	if (fork->charged)
		this_cpu_inc(from->cpu->forked);

	/*
	 * The child is in the task list; now look at what may have changed
	 * since it was copied. Pairs with those in agentns_kill_all(),
	 * agentns_stop_work() and agentns_mark_all(), which change it and
	 * then walk that list.
	 */
	smp_mb();
	task_lock(child);
	agentns_mark(child);
	task_unlock(child);
	agentns_session_entered(s, child);
	if (READ_ONCE(s->kill_seq) != fork->kill_seq)
		agentns_kill_process(child);
	if (unlikely(READ_ONCE(s->gate.stops)))
		agentns_stop_process(s, child);
}
