// SPDX-License-Identifier: GPL-2.0-only
/*
 * Agent session hooks, the built-in side: forwards to agentns.ko and decides
 * nothing. See <linux/agentns_hooks.h> for the contract.
 */
#define pr_fmt(fmt) "agentns: " fmt

#include <linux/agentns_connector.h>
#include <linux/agentns_hooks.h>
#include <linux/agentns_stamp.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/fs_struct.h>
#include <linux/io_uring.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/ns_common.h>
#include <linux/perf_event.h>
#include <linux/proc_fs.h>
#include <linux/proc_ns.h>
#include <linux/rcupdate.h>
#include <linux/sched/cputime.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/user_namespace.h>

#ifdef AGENTNS_HAVE_NSTREE
#include <linux/nstree.h>
#endif

/* The module's operations; NULL while there is none. */
static const struct agentns_ops __rcu *agentns_ops;

/* Serialises registration; the static calls belong to whoever registered. */
static DEFINE_MUTEX(agentns_register_lock);

/*
 * Stands for the initial agent namespace, whose pointer in nsproxy is NULL,
 * where an object is needed. Its first reference is never dropped.
 */
struct ns_common agentns_init_ns = {
	.ops	= &agentns_operations,
	.inum	= AGENT_NS_INIT_INO,
	AGENTNS_NS_COMMON_INIT,
};

/* What the hooks do while no module is there: nothing. */
long agentns_syscall_enter_none(struct pt_regs *regs, long nr)
{
	return nr;
}

int agentns_uring_request_none(u8 opcode)
{
	return 0;
}

ssize_t agentns_write_begin_none(struct file *file, size_t count, bool request)
{
	return 0;
}

void agentns_write_end_none(struct ns_common *ns, size_t charged,
			    ssize_t written)
{
}

int agentns_can_fork_none(struct agentns_fork *fork, struct task_struct *child)
{
	return 0;
}

void agentns_cancel_fork_none(struct agentns_fork *fork)
{
}

void agentns_post_fork_none(struct agentns_fork *fork,
			    struct task_struct *child)
{
}

void agentns_account_cpu_none(struct ns_common *ns, u64 delta_ns)
{
}

void agentns_stamp_write_none(struct file *file, struct agentns_writer **slot,
			      bool mapped)
{
}

DEFINE_STATIC_CALL(agentns_syscall_enter, agentns_syscall_enter_none);
DEFINE_STATIC_CALL(agentns_uring_request, agentns_uring_request_none);
DEFINE_STATIC_CALL(agentns_write_begin, agentns_write_begin_none);
DEFINE_STATIC_CALL(agentns_write_end, agentns_write_end_none);
DEFINE_STATIC_CALL(agentns_can_fork, agentns_can_fork_none);
DEFINE_STATIC_CALL(agentns_cancel_fork, agentns_cancel_fork_none);
DEFINE_STATIC_CALL(agentns_post_fork, agentns_post_fork_none);
DEFINE_STATIC_CALL(agentns_account_cpu, agentns_account_cpu_none);
DEFINE_STATIC_CALL(agentns_stamp_write, agentns_stamp_write_none);

/**
 * agentns_register - make a module the one that the hooks call
 * @ops: its operations, which must outlive the registration
 *
 * Context: May sleep.
 * Return: 0, -ENOEXEC when the module was written for another hook number,
 * -EBUSY when there is a module already.
 */
int agentns_register(const struct agentns_ops *ops)
{
	int ret = 0;

	if (ops->hooks_abi != AGENTNS_HOOKS_ABI) {
		pr_err("this kernel has hooks number %u, the module was written for number %u: install the agentns-dkms that matches this kernel\n",
		       AGENTNS_HOOKS_ABI, ops->hooks_abi);
		return -ENOEXEC;
	}

	mutex_lock(&agentns_register_lock);
	if (rcu_access_pointer(agentns_ops)) {
		ret = -EBUSY;
		goto out;
	}
	static_call_update(agentns_syscall_enter, ops->syscall_enter);
	static_call_update(agentns_uring_request, ops->uring_request);
	static_call_update(agentns_write_begin, ops->write_begin);
	static_call_update(agentns_write_end, ops->write_end);
	static_call_update(agentns_can_fork, ops->can_fork);
	static_call_update(agentns_cancel_fork, ops->cancel_fork);
	static_call_update(agentns_post_fork, ops->post_fork);
	static_call_update(agentns_account_cpu, ops->account_cpu);
	static_call_update(agentns_stamp_write, ops->stamp_write);
	rcu_assign_pointer(agentns_ops, ops);
out:
	mutex_unlock(&agentns_register_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(agentns_register);

/**
 * agentns_unregister - take back agentns_register()
 * @ops: the operations that were registered
 *
 * For the module's exit function alone: no session lives then, so no task
 * can be inside one of the static calls, and agentns_ops_get() fails.
 *
 * Context: May sleep; waits for an RCU grace period.
 */
void agentns_unregister(const struct agentns_ops *ops)
{
	mutex_lock(&agentns_register_lock);
	WARN_ON_ONCE(rcu_access_pointer(agentns_ops) != ops);
	RCU_INIT_POINTER(agentns_ops, NULL);
	static_call_update(agentns_syscall_enter, agentns_syscall_enter_none);
	static_call_update(agentns_uring_request, agentns_uring_request_none);
	static_call_update(agentns_write_begin, agentns_write_begin_none);
	static_call_update(agentns_write_end, agentns_write_end_none);
	static_call_update(agentns_can_fork, agentns_can_fork_none);
	static_call_update(agentns_cancel_fork, agentns_cancel_fork_none);
	static_call_update(agentns_post_fork, agentns_post_fork_none);
	static_call_update(agentns_account_cpu, agentns_account_cpu_none);
	static_call_update(agentns_stamp_write, agentns_stamp_write_none);
	mutex_unlock(&agentns_register_lock);
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(agentns_unregister);

/**
 * agentns_ops_get - the module's operations, for a caller that pins nothing
 *
 * Context: Any.
 * Return: the operations, with a reference on their module that the caller
 * drops by module_put(), or NULL.
 */
const struct agentns_ops *agentns_ops_get(void)
{
	const struct agentns_ops *ops;

	rcu_read_lock();
	ops = rcu_dereference(agentns_ops);
	if (ops && !try_module_get(ops->owner))
		ops = NULL;
	rcu_read_unlock();
	return ops;
}

/**
 * agentns_ops_pinned - the same for a caller that holds a session
 *
 * Context: Any; a session, which pins the module, outlives the call.
 * Return: the operations.
 */
const struct agentns_ops *agentns_ops_pinned(void)
{
	return rcu_dereference_protected(agentns_ops, true);
}

/**
 * agentns_loaded - is a module registered?
 *
 * Context: Any. The answer may be out of date when it arrives.
 */
bool agentns_loaded(void)
{
	return rcu_access_pointer(agentns_ops);
}

/**
 * agentns_get - take a reference on a session
 * @ns: session that the caller has a reference on, the initial agent
 *	namespace's object, or NULL
 *
 * Context: Any.
 * Return: @ns.
 */
struct ns_common *agentns_get(struct ns_common *ns)
{
	if (ns)
		refcount_inc(agentns_refcount(ns));
	return ns;
}
EXPORT_SYMBOL_GPL(agentns_get);

/* Out of line, so that the way of most puts is short. */
static noinline void agentns_release(struct ns_common *ns)
{
	const struct agentns_ops *ops = agentns_ops_pinned();

	/*
	 * The session's own reference on the module may be gone before
	 * release() has returned into this function.
	 */
	__module_get(ops->owner);
	ops->release(ns);
	module_put(ops->owner);
}

/**
 * agentns_put - drop a reference on a session
 * @ns: a session, the initial agent namespace's object, or NULL
 *
 * Context: Any that allows spinlocks, hard interrupts included.
 */
void agentns_put(struct ns_common *ns)
{
	if (ns && unlikely(refcount_dec_and_test(agentns_refcount(ns))))
		agentns_release(ns);
}
EXPORT_SYMBOL_GPL(agentns_put);

/**
 * agentns_task_get - the session of any task
 * @task: pinned by the caller
 *
 * Context: Any but interrupts; takes task_lock().
 * Return: a reference, or NULL for the initial agent namespace and for a task
 * that has exited.
 */
struct ns_common *agentns_task_get(struct task_struct *task)
{
	struct ns_common *ns = NULL;

	task_lock(task);
	if (task->nsproxy)
		ns = agentns_get(task->nsproxy->agent_ns);
	task_unlock(task);
	return ns;
}
EXPORT_SYMBOL_GPL(agentns_task_get);

#ifdef AGENTNS_HAVE_NSTREE

struct ns_tree_root agent_ns_tree = {
	.ns_rb = RB_ROOT,
	.ns_list_head = LIST_HEAD_INIT(agent_ns_tree.ns_list_head),
};

/**
 * agentns_active_get - a task is about to use an nsproxy
 * @ns: the nsproxy
 */
void agentns_active_get(struct nsproxy *ns)
{
	if (ns->agent_ns)
		__ns_ref_active_get(ns->agent_ns);
}

/**
 * agentns_active_put - the last task of an nsproxy has gone
 * @ns: the nsproxy
 */
void agentns_active_put(struct nsproxy *ns)
{
	if (ns->agent_ns)
		__ns_ref_active_put(ns->agent_ns);
}

static int agentns_common_init(struct ns_common *ns)
{
	return __ns_common_init(ns, AGENT_NS, &agentns_operations, 0);
}

/* A task that is not visible yet is about to use an nsproxy. */
static void agentns_use_nsproxy(struct nsproxy *ns)
{
	nsproxy_ns_active_get(ns);
}

static void agentns_tree_add(struct ns_common *ns)
{
	__ns_tree_add(ns, &agent_ns_tree, 0);
}

static void agentns_tree_remove(struct ns_common *ns)
{
	__ns_tree_remove(ns, &agent_ns_tree);
}

/* Where the object that stands for it can be listed and opened by handle. */
static int __init agentns_tree_init(void)
{
	ns_tree_node_init(&agentns_init_ns.ns_tree_node);
	ns_tree_node_init(&agentns_init_ns.ns_unified_node);
	ns_tree_node_init(&agentns_init_ns.ns_owner_node);
	ns_tree_root_init(&agentns_init_ns.ns_owner_root);
	__ns_tree_add(&agentns_init_ns, &agent_ns_tree, AGENT_NS_INIT_ID);
	return 0;
}
core_initcall(agentns_tree_init);

#else

static int agentns_common_init(struct ns_common *ns)
{
	ns->ops = &agentns_operations;
	refcount_set(agentns_refcount(ns), 1);
	return ns_alloc_inum(ns);
}

static void agentns_use_nsproxy(struct nsproxy *ns)
{
}

static void agentns_tree_add(struct ns_common *ns)
{
}

static void agentns_tree_remove(struct ns_common *ns)
{
}

#endif

/**
 * agentns_ns_init - fill in the namespace part of a new session
 * @ns: zeroed memory
 *
 * Context: May sleep.
 * Return: 0 with a reference count of 1 and an inode number, or a negative
 * errno.
 */
int agentns_ns_init(struct ns_common *ns)
{
	return agentns_common_init(ns);
}
EXPORT_SYMBOL_GPL(agentns_ns_init);

/**
 * agentns_ns_publish - let listns(2) and file handles find a session
 * @ns: session whose owning user namespace is known
 *
 * Context: Any that allows spinlocks with interrupts enabled.
 */
void agentns_ns_publish(struct ns_common *ns)
{
	agentns_tree_add(ns);
}
EXPORT_SYMBOL_GPL(agentns_ns_publish);

/**
 * agentns_ns_unpublish - take back agentns_ns_publish()
 * @ns: session without references, still with its user namespace
 *
 * Lookups that go on may see it for another RCU grace period.
 *
 * Context: Any that allows spinlocks with interrupts enabled.
 */
void agentns_ns_unpublish(struct ns_common *ns)
{
	agentns_tree_remove(ns);
}
EXPORT_SYMBOL_GPL(agentns_ns_unpublish);

/**
 * agentns_ns_exit - take back agentns_ns_init()
 * @ns: a session without references
 *
 * Context: Any that allows spinlocks with interrupts enabled.
 */
void agentns_ns_exit(struct ns_common *ns)
{
	proc_free_inum(ns->inum);
}
EXPORT_SYMBOL_GPL(agentns_ns_exit);

/**
 * agentns_switch - give current a new nsproxy, in whichever session
 * @new: the nsproxy; the caller's reference goes to current
 *
 * io_uring requests belong to the session that made their context, so the
 * caller's are cancelled where the session changes, as execve does.
 *
 * Context: May sleep.
 */
void agentns_switch(struct nsproxy *new)
{
	struct agentns_move move = {
		.from	= current->nsproxy->agent_ns,
		.to	= new->agent_ns,
	};
	const struct agentns_ops *ops;

	if (move.from == move.to) {
		switch_task_namespaces(current, new);
		return;
	}

	io_uring_task_cancel();
	/* What it has used so far is accounted to the session that it leaves. */
	task_sched_runtime(current);
	/* At least one of the two is a session, and pinned to the end of this. */
	ops = agentns_ops_pinned();
	agentns_get(move.from);
	ops->move_begin(&move);
	switch_task_namespaces(current, new);
	ops->move_end(&move);
	agentns_put(move.from);
}

/**
 * agentns_enter - move current into a session
 * @ns: the session; its reference goes to the new nsproxy on success
 *
 * Context: May sleep.
 * Return: 0 or a negative errno.
 */
int agentns_enter(struct ns_common *ns)
{
	struct ns_common *old;
	struct nsproxy *new;
	struct agentns_nm nm;

	new = create_new_namespaces(0, current, current_user_ns(), current->fs);
	if (IS_ERR(new))
		return PTR_ERR(new);

	old = new->agent_ns;
	new->agent_ns = ns;
	agentns_nm_begin(&nm);
	agentns_switch(new);
	perf_event_namespaces(current);
	agentns_nm_end(&nm, PROC_NM_REASON_SET | PROC_NM_REASON_PRCTL);
	agentns_put(old);
	return 0;
}
EXPORT_SYMBOL_GPL(agentns_enter);

/**
 * __agentns_copy - put a child that is being made into a session of its own
 * @flags: flags of clone3(2), CLONE_NEWAGENT among them
 * @child: the child, with namespaces of its own or its parent's
 *
 * The session is below the parent's and owned by the child's user namespace,
 * as any namespace that it is born with.
 *
 * Context: May sleep.
 * Return: 0 or a negative errno; -EINVAL for a thread, and while no module is
 * there, as for a flag that nobody knows.
 */
int __agentns_copy(u64 flags, struct task_struct *child)
{
	struct user_namespace *user_ns = task_cred_xxx(child, user_ns);
	const struct agentns_ops *ops;
	struct nsproxy *old, *new;
	struct ns_common *ns;
	int ret = 0;

	if (flags & CLONE_THREAD)
		return -EINVAL;
	ops = agentns_ops_get();
	if (!ops)
		return -EINVAL;

	ns = ops->create(user_ns);
	if (IS_ERR(ns)) {
		ret = PTR_ERR(ns);
		goto put_module;
	}
	new = create_new_namespaces(0, child, user_ns, child->fs);
	if (IS_ERR(new)) {
		ret = PTR_ERR(new);
		agentns_put(ns);
		goto put_module;
	}
	agentns_put(new->agent_ns);
	new->agent_ns = ns;
	agentns_use_nsproxy(new);
	old = child->nsproxy;
	child->nsproxy = new;
	put_nsproxy(old);
put_module:
	module_put(ops->owner);
	return ret;
}

/**
 * __agentns_exit_task - current leaves its session for good
 * @task: current, with its namespaces on
 *
 * Context: May sleep.
 */
void __agentns_exit_task(struct task_struct *task)
{
	/* Later there is no session any more to account it to. */
	task_sched_runtime(task);
	agentns_ops_pinned()->exit(task->nsproxy->agent_ns);
}

/**
 * struct agentns_cpu_time - CPU time that has yet to be accounted
 * @task: whose; to be compared, and nothing else
 * @ns: nanoseconds
 *
 * By CPU, under the lock of its run queue: what another CPU found out that the
 * task there has used.
 */
struct agentns_cpu_time {
	const struct task_struct *task;
	u64 ns;
};

static DEFINE_PER_CPU(struct agentns_cpu_time, agentns_cpu_time);

/**
 * __agentns_account_cpu - a task in a session has used its CPU
 * @task: the task that its CPU runs
 * @delta_ns: for so long since the last time
 *
 * Nobody but the task itself may look at its nsproxy, so what others find out
 * waits until it is accounted next by its own CPU, before it runs another task.
 *
 * Context: Interrupts are off, the lock of the task's run queue is held.
 */
void __agentns_account_cpu(struct task_struct *task, u64 delta_ns)
{
	struct agentns_cpu_time *time = per_cpu_ptr(&agentns_cpu_time,
						    task_cpu(task));

	if (time->task != task) {
		time->task = task;
		time->ns = 0;
	}
	time->ns += delta_ns;
	if (task != current)
		return;
	delta_ns = time->ns;
	time->ns = 0;
	if (task->nsproxy && task->nsproxy->agent_ns)
		static_call(agentns_account_cpu)(task->nsproxy->agent_ns,
						 delta_ns);
}

/**
 * agentns_prctl - the default case of prctl(2)
 * @option: any operation that nobody else knew
 * @arg2: see the uapi header
 * @arg3: likewise
 * @arg4: likewise
 * @arg5: likewise
 *
 * Return: the operation's result; -EINVAL outside our range and while no
 * module is there.
 */
long agentns_prctl(int option, unsigned long arg2, unsigned long arg3,
		   unsigned long arg4, unsigned long arg5)
{
	const struct agentns_ops *ops;
	long ret;

	if (option < PR_AGENT_BASE || option > PR_AGENT_LAST)
		return -EINVAL;
	ops = agentns_ops_get();
	if (!ops)
		return -EINVAL;
	ret = ops->prctl(option, arg2, arg3, arg4, arg5);
	module_put(ops->owner);
	return ret;
}

int __agentns_async_begin(struct agentns_charge *charge, struct file *file,
			  struct iov_iter *iter)
{
	ssize_t charged;

	/* Issued again: what was charged the first time is still ours. */
	if (charge->session) {
		iov_iter_truncate(iter, charge->bytes);
		return 0;
	}
	charged = static_call(agentns_write_begin)(file, iov_iter_count(iter),
						   true);
	if (charged <= 0)
		return charged;
	iov_iter_truncate(iter, charged);
	charge->session = agentns_get(current->nsproxy->agent_ns);
	charge->bytes = charged;
	return 0;
}

/**
 * agentns_settle - end a charge that may outlive its submitter
 * @charge: as agentns_async_begin() left it
 * @written: bytes written, or a negative errno
 *
 * Context: Any, hard interrupts included.
 */
void agentns_settle(struct agentns_charge *charge, ssize_t written)
{
	struct ns_common *ns = charge->session;

	charge->session = NULL;
	static_call(agentns_write_end)(ns, charge->bytes, written);
	agentns_put(ns);
}

static int agentns_proc_show(struct seq_file *m, struct task_struct *task,
			     enum agentns_proc_file which)
{
	const struct agentns_ops *ops = agentns_ops_get();
	int ret;

	/* Opened while there was a module, read when it is gone. */
	if (!ops)
		return -ENOENT;
	ret = ops->proc_show(m, task, which);
	module_put(ops->owner);
	return ret;
}

int agentns_proc_session(struct seq_file *m, struct pid_namespace *ns,
			 struct pid *pid, struct task_struct *task)
{
	return agentns_proc_show(m, task, AGENTNS_PROC_SESSION);
}

int agentns_proc_intent(struct seq_file *m, struct pid_namespace *ns,
			struct pid *pid, struct task_struct *task)
{
	return agentns_proc_show(m, task, AGENTNS_PROC_INTENT);
}

int agentns_proc_counters(struct seq_file *m, struct pid_namespace *ns,
			  struct pid *pid, struct task_struct *task)
{
	return agentns_proc_show(m, task, AGENTNS_PROC_COUNTERS);
}

/**
 * agentns_open - open an agent namespace
 * @ns: a session, pinned, or NULL for the initial agent namespace
 *
 * Context: May sleep.
 * Return: a descriptor of nsfs in current's table, close-on-exec, or a negative
 * errno.
 */
int agentns_open(struct ns_common *ns)
{
	return open_related_ns(ns ?: &agentns_init_ns, agentns_get);
}
EXPORT_SYMBOL_GPL(agentns_open);

/* As the other types do: no namespace for a task that has exited. */
static struct ns_common *agentns_ops_task_get(struct task_struct *task)
{
	struct ns_common *ns = NULL;

	task_lock(task);
	if (task->nsproxy)
		ns = agentns_get(task->nsproxy->agent_ns ?: &agentns_init_ns);
	task_unlock(task);
	return ns;
}

static int agentns_ops_install(struct nsset *nsset, struct ns_common *ns)
{
	const struct agentns_ops *ops = agentns_ops_get();
	struct ns_common *old = nsset->nsproxy->agent_ns;
	int ret;

	/* Nobody is in a session then, and there is none to enter. */
	if (!ops)
		return -EINVAL;
	if (ns == &agentns_init_ns)
		ns = NULL;
	ret = ops->may_enter(ns, nsset->cred);
	if (!ret) {
		nsset->nsproxy->agent_ns = agentns_get(ns);
		agentns_put(old);
	}
	module_put(ops->owner);
	return ret;
}

/**
 * __agentns_validate - install the session of a pidfd's task
 * @nsset: what current's namespaces are to be
 * @target: a snapshot of that task's
 *
 * Context: May sleep.
 * Return: 0 or a negative errno.
 */
int __agentns_validate(struct nsset *nsset, const struct nsproxy *target)
{
	return agentns_ops_install(nsset, target->agent_ns ?: &agentns_init_ns);
}

static struct user_namespace *agentns_ops_owner(struct ns_common *ns)
{
	if (ns == &agentns_init_ns)
		return &init_user_ns;
	return agentns_ops_pinned()->user_ns(ns);
}

static struct ns_common *agentns_ops_get_parent(struct ns_common *ns)
{
	if (ns == &agentns_init_ns)
		return ERR_PTR(-EPERM);
	return agentns_ops_pinned()->get_parent(ns) ?:
	       agentns_get(&agentns_init_ns);
}

const struct proc_ns_operations agentns_operations = {
	.name		= "agent",
	AGENTNS_OPS_TYPE
	.get		= agentns_ops_task_get,
	.put		= agentns_put,
	.install	= agentns_ops_install,
	.owner		= agentns_ops_owner,
	.get_parent	= agentns_ops_get_parent,
};
