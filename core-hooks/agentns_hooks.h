/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Agent session hooks: the whole contract between the kernel and agentns.ko.
 *
 * The kernel side holds one opaque pointer in struct nsproxy and one
 * syscall-work bit in thread_info, and decides nothing. NULL is the initial
 * agent namespace, so boot, kernel threads and a kernel without the module
 * need nothing set up.
 *
 * Lifetime: a session pins the module, an nsproxy pins its session, a task
 * pins its nsproxy. A hook that runs for current while current is in a
 * session may therefore sleep and needs no further reference on the module.
 * Hooks that others call (prctl from outside, procfs) hold a module reference
 * for the duration of the call; the last put of a session does, too.
 */
#ifndef _LINUX_AGENTNS_HOOKS_H
#define _LINUX_AGENTNS_HOOKS_H

/*
 * Our bit of thread_info.syscall_work: the highest that a test with an
 * immediate operand reaches, while the kernel hands out its own from 0 up.
 * Before all includes, some of which come back here by <linux/entry-common.h>.
 */
#ifdef CONFIG_AGENTNS_HOOKS
#define SYSCALL_WORK_BIT_SYSCALL_AGENT	30
#define SYSCALL_WORK_SYSCALL_AGENT	BIT(SYSCALL_WORK_BIT_SYSCALL_AGENT)
#else
#define SYSCALL_WORK_SYSCALL_AGENT	0
#endif

#include <linux/agentns_series.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/types.h>
#include <uapi/linux/agent_namespaces.h>

struct agentns_charge;
struct agentns_fork;
struct agentns_move;
struct agentns_writer;
struct cred;
struct dentry;
struct file;
struct fs_struct;
struct inode;
struct io_kiocb;
struct iov_iter;
struct module;
struct ns_common;
struct nsproxy;
struct nsset;
struct pid;
struct pid_namespace;
struct pt_regs;
struct seq_file;
struct task_struct;
struct user_namespace;

/*
 * Raised by one whenever a module built for the old number would misbehave.
 * agentns_register() refuses a module that was written for another one.
 */
#define AGENTNS_HOOKS_ABI	6

/* The files of /proc/PID, in the order of struct agentns_ops.proc_show. */
enum agentns_proc_file {
	AGENTNS_PROC_SESSION,
	AGENTNS_PROC_INTENT,
	AGENTNS_PROC_COUNTERS,
};

/**
 * enum agentns_new_stage - when the module hears of a new inode
 * @AGENTNS_BORN: nobody else sees it yet, and the file system's transaction is
 *	open; not told by file systems that hash their inodes earlier or never
 * @AGENTNS_NAMED: it has got its first name and works
 */
enum agentns_new_stage {
	AGENTNS_BORN,
	AGENTNS_NAMED,
};

/* Of kernel/nsproxy.c; the hooks build a caller's new nsproxy with it. */
struct nsproxy *create_new_namespaces(AGENTNS_CLONE_FLAGS_T flags,
				      struct task_struct *tsk,
				      struct user_namespace *user_ns,
				      struct fs_struct *new_fs);

#include <linux/nsproxy.h>
#include <linux/sched.h>

#ifdef CONFIG_AGENTNS_HOOKS

/* What clone3(2) and setns(2), listns(2) take besides. */
#define AGENTNS_CLONE_FLAG	CLONE_NEWAGENT
#define AGENTNS_TYPE		AGENT_NS

#include <linux/static_call.h>
#include <linux/thread_info.h>
#include <linux/uio.h>

/**
 * struct agentns_charge - bytes charged ahead of a request that writes
 * @session: who pays, with a reference; NULL when nothing is charged
 * @bytes: how many were charged
 *
 * Inside the request, which may complete in another task or in none. A
 * synchronous write has its bytes in a variable: current's nsproxy pins who
 * pays.
 */
struct agentns_charge {
	struct ns_common *session;
	size_t bytes;
};

/**
 * struct agentns_fork - what a fork carries from its fallible to its last step
 * @session: the session that forks, pinned by current's nsproxy; NULL for the
 *	initial agent namespace
 * @kill_seq: kill generation of the child's session, that one or a new one,
 *	when the fork began
 * @charged: a fork has been charged to it
 */
struct agentns_fork {
	struct ns_common *session;
	u64 kill_seq;
	bool charged;
};

/**
 * struct agentns_move - current on its way from a session into another
 * @from: the one that it leaves; NULL is the initial agent namespace
 * @to: the one that it enters; likewise
 * @kill_seq: kill generation of @to before the move
 *
 * Both are pinned by whoever moves.
 */
struct agentns_move {
	struct ns_common *from;
	struct ns_common *to;
	u64 kill_seq;
};

/**
 * struct agentns_ops - what the module does at each hook
 * @hooks_abi: AGENTNS_HOOKS_ABI that the module was written for
 * @owner: THIS_MODULE
 * @prctl: an operation of the PR_AGENT range; may sleep
 * @release: the last reference on @ns is gone; any context that allows
 *	spinlocks, hard interrupts included
 * @user_ns: owning user namespace, not referenced
 * @get_parent: parent as NS_GET_PARENT gives it, referenced, or an ERR_PTR;
 *	NULL means the initial agent namespace
 * @create: make a session below current's, owned by @user_ns, which clone3(2)
 *	puts a child into; a reference or an ERR_PTR; may sleep
 * @may_enter: may current, with @cred, enter @to (NULL: the initial agent
 *	namespace)? 0 or the error; may sleep. Asked last: 0 promises that the
 *	move happens, and the module has charged @to for it
 * @move_begin: current is about to move, which nothing stops any more; may
 *	sleep
 * @move_end: it has; may sleep
 * @exit: current is ending and leaves @ns; may sleep
 * @proc_show: one of the files of /proc/PID for @task; may sleep
 * @syscall_enter: current enters system call @nr; -1 skips the call, the return
 *	register being set, else @nr; may sleep
 * @uring_request: current submits an io_uring request; 0 or the error that
 *	the request is to fail with; may sleep
 * @write_begin: charge current's session for @count bytes to @file, or fewer
 *	where a short write does no harm; @file is NULL where any length will
 *	do; @request is one that must not be made anew. The bytes charged, 0
 *	for none that are counted, or the error to fail with; may sleep
 * @write_end: @written bytes (or an error) came of @charged ones, which @ns
 *	paid for; the rest is given back; any context, hard interrupts included
 * @can_fork: current is about to create a task in a session, its own or a new
 *	one; 0 or the error; may sleep
 * @cancel_fork: that task was not created after all; may sleep
 * @post_fork: it was: @child is visible and not yet running; may sleep
 * @account_cpu: current, in @ns, has used its CPU for @delta_ns more; with
 *	interrupts off, the lock of the run queue held
 * @session_id: copy the id of a session that current is in; any context,
 *	NMI included
 * @stamp_write: current writes to regular file @file, whose writer is at @slot,
 *	or has it @mapped and may from now on; may sleep
 * @stamp_new: @inode has been made and gets name @dentry; may sleep, a
 *	transaction may be open
 * @stamp_truncate: current is about to change the size of file @dentry, which
 *	is locked; may sleep
 * @stamp_release: @file, which has been written to and nobody uses any more,
 *	was last written to by @writer; may sleep, in any task
 */
struct agentns_ops {
	unsigned int hooks_abi;
	struct module *owner;

	long (*prctl)(int option, unsigned long arg2, unsigned long arg3,
		      unsigned long arg4, unsigned long arg5);
	void (*release)(struct ns_common *ns);
	struct user_namespace *(*user_ns)(struct ns_common *ns);
	struct ns_common *(*get_parent)(struct ns_common *ns);
	struct ns_common *(*create)(struct user_namespace *user_ns);
	int (*may_enter)(struct ns_common *to, const struct cred *cred);
	void (*move_begin)(struct agentns_move *move);
	void (*move_end)(struct agentns_move *move);
	void (*exit)(struct ns_common *ns);
	int (*proc_show)(struct seq_file *m, struct task_struct *task,
			 enum agentns_proc_file which);

	long (*syscall_enter)(struct pt_regs *regs, long nr);
	int (*uring_request)(u8 opcode);
	ssize_t (*write_begin)(struct file *file, size_t count, bool request);
	void (*write_end)(struct ns_common *ns, size_t charged,
			  ssize_t written);
	int (*can_fork)(struct agentns_fork *fork, struct task_struct *child);
	void (*cancel_fork)(struct agentns_fork *fork);
	void (*post_fork)(struct agentns_fork *fork, struct task_struct *child);
	void (*account_cpu)(struct ns_common *ns, u64 delta_ns);
	void (*session_id)(const struct ns_common *ns,
			   u8 id[AGENT_NS_ID_BYTES]);

	void (*stamp_write)(struct file *file, struct agentns_writer **slot,
			    bool mapped);
	void (*stamp_new)(struct dentry *dentry, struct inode *inode,
			  enum agentns_new_stage stage);
	void (*stamp_truncate)(struct dentry *dentry);
	void (*stamp_release)(struct file *file, struct agentns_writer *writer);
};

/* For the module. */
int agentns_register(const struct agentns_ops *ops);
void agentns_unregister(const struct agentns_ops *ops);
int agentns_ns_init(struct ns_common *ns);
void agentns_ns_publish(struct ns_common *ns);
void agentns_ns_unpublish(struct ns_common *ns);
void agentns_ns_exit(struct ns_common *ns);
int agentns_enter(struct ns_common *ns);
struct ns_common *agentns_task_get(struct task_struct *task);
int agentns_open(struct ns_common *ns);
struct ns_common *agentns_get(struct ns_common *ns);
void agentns_put(struct ns_common *ns);

/* For the kernel. */
extern const struct proc_ns_operations agentns_operations;
extern struct ns_common agentns_init_ns;
long agentns_prctl(int option, unsigned long arg2, unsigned long arg3,
		   unsigned long arg4, unsigned long arg5);
bool agentns_loaded(void);
const struct agentns_ops *agentns_ops_get(void);
const struct agentns_ops *agentns_ops_pinned(void);
int agentns_proc_session(struct seq_file *m, struct pid_namespace *ns,
			 struct pid *pid, struct task_struct *task);
int agentns_proc_intent(struct seq_file *m, struct pid_namespace *ns,
			struct pid *pid, struct task_struct *task);
int agentns_proc_counters(struct seq_file *m, struct pid_namespace *ns,
			  struct pid *pid, struct task_struct *task);
void agentns_settle(struct agentns_charge *charge, ssize_t written);
int __agentns_copy(u64 flags, struct task_struct *child);
int __agentns_validate(struct nsset *nsset, const struct nsproxy *target);
void agentns_switch(struct nsproxy *new);
void __agentns_exit_task(struct task_struct *task);

typedef long agentns_syscall_enter_fn(struct pt_regs *regs, long nr);
typedef int agentns_uring_request_fn(u8 opcode);
typedef ssize_t agentns_write_begin_fn(struct file *file, size_t count,
				       bool request);
typedef void agentns_write_end_fn(struct ns_common *ns, size_t charged,
				  ssize_t written);
typedef int agentns_can_fork_fn(struct agentns_fork *fork,
				struct task_struct *child);
typedef void agentns_cancel_fork_fn(struct agentns_fork *fork);
typedef void agentns_post_fork_fn(struct agentns_fork *fork,
				  struct task_struct *child);
typedef void agentns_account_cpu_fn(struct ns_common *ns, u64 delta_ns);

agentns_syscall_enter_fn agentns_syscall_enter_none;
agentns_uring_request_fn agentns_uring_request_none;
agentns_write_begin_fn agentns_write_begin_none;
agentns_write_end_fn agentns_write_end_none;
agentns_can_fork_fn agentns_can_fork_none;
agentns_cancel_fork_fn agentns_cancel_fork_none;
agentns_post_fork_fn agentns_post_fork_none;
agentns_account_cpu_fn agentns_account_cpu_none;

DECLARE_STATIC_CALL(agentns_syscall_enter, agentns_syscall_enter_none);
DECLARE_STATIC_CALL(agentns_uring_request, agentns_uring_request_none);
DECLARE_STATIC_CALL(agentns_write_begin, agentns_write_begin_none);
DECLARE_STATIC_CALL(agentns_write_end, agentns_write_end_none);
DECLARE_STATIC_CALL(agentns_can_fork, agentns_can_fork_none);
DECLARE_STATIC_CALL(agentns_cancel_fork, agentns_cancel_fork_none);
DECLARE_STATIC_CALL(agentns_post_fork, agentns_post_fork_none);
DECLARE_STATIC_CALL(agentns_account_cpu, agentns_account_cpu_none);

#ifdef AGENTNS_HAVE_NSTREE
extern struct ns_tree_root agent_ns_tree;
void agentns_active_get(struct nsproxy *ns);
void agentns_active_put(struct nsproxy *ns);

/* Is current in this agent namespace? In line, as listns(2) asks it of each. */
static inline bool agentns_current(const struct ns_common *ns)
{
	return ns == (current->nsproxy->agent_ns ?: &agentns_init_ns);
}
#endif

/* The last steps of building an nsproxy, and of freeing one. */
static inline void agentns_copy_nsproxy(struct nsproxy *new,
					const struct nsproxy *old)
{
	new->agent_ns = agentns_get(old->agent_ns);
}

static inline void agentns_free_nsproxy(struct nsproxy *ns)
{
	agentns_put(ns->agent_ns);
}

/*
 * True for a task in a session while kernel.agent_ns.enabled is 1. A task's
 * io workers inherit the bit with its thread_info.
 */
static __always_inline bool agentns_counted(void)
{
	return test_syscall_work(SYSCALL_AGENT);
}

/*
 * System call entry, slow path only: the generic entry code comes here for no
 * task without SYSCALL_WORK_SYSCALL_AGENT. The number, or -1 to skip the call:
 * what that code itself answers, so that it can leave with it.
 */
static inline long agentns_enter_syscall(struct pt_regs *regs, long nr)
{
	return static_call(agentns_syscall_enter)(regs, nr);
}

/* Once for each io_uring request, in its submitter. */
static inline int agentns_submit_request(u8 opcode)
{
	if (likely(!agentns_counted()))
		return 0;
	return static_call(agentns_uring_request)(opcode);
}

static inline void agentns_charge_init(struct agentns_charge *charge)
{
	charge->session = NULL;
}

/*
 * Charge a write of *@count bytes that ends before its caller returns.
 * *@count may be shortened, never to 0. Pairs with agentns_write_end(), which
 * takes what this returns, unless that is an error: 0 outside of sessions. By
 * value and in line, so that the caller keeps both in registers.
 */
static inline ssize_t agentns_write_begin(struct file *file, size_t *count)
{
	ssize_t charged;

	if (likely(!agentns_counted()))
		return 0;
	charged = static_call(agentns_write_begin)(file, *count, false);
	if (charged > 0)
		*count = charged;
	return charged;
}

/*
 * The same for a copy from file to file, whose *@count says how much its
 * caller would take: the caller goes on until there is no more.
 */
static inline ssize_t agentns_copy_begin(size_t *count)
{
	return agentns_write_begin(NULL, count);
}

/* The same for a write whose length is in an iterator. */
static inline ssize_t agentns_iter_begin(struct file *file,
					 struct iov_iter *iter)
{
	size_t count = iov_iter_count(iter);
	ssize_t charged = agentns_write_begin(file, &count);

	if (charged > 0)
		iov_iter_truncate(iter, count);
	return charged;
}

/* @written bytes were written, or none for an error. */
static inline void agentns_write_end(size_t charged, ssize_t written)
{
	if (unlikely(charged))
		static_call(agentns_write_end)(current->nsproxy->agent_ns,
					       charged, written);
}

int __agentns_async_begin(struct agentns_charge *charge, struct file *file,
			  struct iov_iter *iter);

/*
 * For a write that may complete later, in any context: @charge lives in the
 * request, holds a reference, and was initialised. Charges once, however
 * often the request is issued. Pairs with agentns_async_end().
 */
static inline int agentns_async_begin(struct agentns_charge *charge,
				      struct file *file, struct iov_iter *iter)
{
	if (likely(!charge->session && !agentns_counted()))
		return 0;
	return __agentns_async_begin(charge, file, iter);
}

/* The second call is void. */
static inline void agentns_async_end(struct agentns_charge *charge,
				     ssize_t written)
{
	if (unlikely(charge->session))
		agentns_settle(charge, written);
}

/*
 * After copy_namespaces(): CLONE_NEWAGENT puts the child into a session of its
 * own. Undone by the child's exit_task_namespaces().
 */
static inline int agentns_copy(u64 flags, struct task_struct *child)
{
	if (likely(!(flags & CLONE_NEWAGENT)))
		return 0;
	return __agentns_copy(flags, child);
}

/* The last of the types that setns(2) installs from a pidfd. */
static inline int agentns_validate(struct nsset *nsset,
				   const struct nsproxy *target)
{
	if (!(nsset->flags & AGENT_NS))
		return 0;
	return __agentns_validate(nsset, target);
}

/* Also called for a child that was not created after all, which is not it. */
static inline void agentns_exit_task(struct task_struct *task)
{
	if (unlikely(task->nsproxy->agent_ns) && task == current)
		__agentns_exit_task(task);
}

/* Beside cgroup_can_fork(); undone by agentns_cancel_fork(). */
static inline int agentns_can_fork(struct agentns_fork *fork,
				   struct task_struct *child)
{
	fork->session = current->nsproxy->agent_ns;
	if (likely(!child->nsproxy->agent_ns))
		return 0;
	return static_call(agentns_can_fork)(fork, child);
}

static inline void agentns_cancel_fork(struct agentns_fork *fork)
{
	if (unlikely(fork->session))
		static_call(agentns_cancel_fork)(fork);
}

static inline void agentns_post_fork(struct agentns_fork *fork,
				     struct task_struct *child)
{
	if (unlikely(child->nsproxy->agent_ns))
		static_call(agentns_post_fork)(fork, child);
}

void __agentns_account_cpu(struct task_struct *task, u64 delta_ns);

/* @task has run for @delta_ns; the lock of its run queue is held. */
static inline void agentns_account_cpu(struct task_struct *task, u64 delta_ns)
{
	if (unlikely(test_task_syscall_work(task, SYSCALL_AGENT)))
		__agentns_account_cpu(task, delta_ns);
}

/*
 * An entry of /proc/PID that is not to be seen: ours, while no module is
 * there. @show is the entry's proc_op, whatever it is.
 */
static inline bool agentns_proc_hidden(const void *show)
{
	if (likely(show != agentns_proc_session &&
		   show != agentns_proc_intent &&
		   show != agentns_proc_counters))
		return false;
	return !agentns_loaded();
}

#else /* !CONFIG_AGENTNS_HOOKS */

#define AGENTNS_CLONE_FLAG	0
#define AGENTNS_TYPE		0

struct agentns_charge { };
struct agentns_fork { };

static inline void agentns_copy_nsproxy(struct nsproxy *new,
					const struct nsproxy *old) { }
static inline void agentns_free_nsproxy(struct nsproxy *ns) { }
static inline void agentns_active_get(struct nsproxy *ns) { }
static inline void agentns_active_put(struct nsproxy *ns) { }

static inline int agentns_copy(u64 flags, struct task_struct *child)
{
	return 0;
}

static inline int agentns_validate(struct nsset *nsset,
				   const struct nsproxy *target)
{
	return 0;
}

static inline void agentns_switch(struct nsproxy *new)
{
	switch_task_namespaces(current, new);
}

static inline void agentns_exit_task(struct task_struct *task) { }

static inline long agentns_enter_syscall(struct pt_regs *regs, long nr)
{
	return nr;
}

static inline long agentns_prctl(int option, unsigned long arg2,
				 unsigned long arg3, unsigned long arg4,
				 unsigned long arg5)
{
	return -EINVAL;
}

static inline int agentns_submit_request(u8 opcode)
{
	return 0;
}

static inline void agentns_charge_init(struct agentns_charge *charge) { }

static inline ssize_t agentns_write_begin(struct file *file, size_t *count)
{
	return 0;
}

static inline ssize_t agentns_copy_begin(size_t *count)
{
	return 0;
}

static inline ssize_t agentns_iter_begin(struct file *file,
					 struct iov_iter *iter)
{
	return 0;
}

static inline void agentns_write_end(size_t charged, ssize_t written) { }

static inline int agentns_async_begin(struct agentns_charge *charge,
				      struct file *file, struct iov_iter *iter)
{
	return 0;
}

static inline void agentns_async_end(struct agentns_charge *charge,
				     ssize_t written) { }

static inline int agentns_can_fork(struct agentns_fork *fork,
				   struct task_struct *child)
{
	return 0;
}

static inline void agentns_cancel_fork(struct agentns_fork *fork) { }

static inline void agentns_post_fork(struct agentns_fork *fork,
				     struct task_struct *child) { }

static inline void agentns_account_cpu(struct task_struct *task,
				       u64 delta_ns) { }

static inline bool agentns_proc_hidden(const void *show)
{
	return false;
}

#endif /* CONFIG_AGENTNS_HOOKS */
#endif /* _LINUX_AGENTNS_HOOKS_H */
