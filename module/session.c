// SPDX-License-Identifier: GPL-2.0-only
/* Making, finding and ending sessions. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/agentns_hooks.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/error-injection.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/ratelimit.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/ktime.h>
#include <linux/user_namespace.h>

#include "authority.h"
#include "budget.h"
#include "compat/nstree.h"
#include "counters.h"
#include "recall.h"
#include "registry.h"
#include "session.h"
#include "stamp.h"
#include "stop.h"
#include "sysctl.h"
#include "sysfs.h"
#include "trace.h"

static struct kmem_cache *agentns_session_cache;
struct workqueue_struct *agentns_wq;

/**
 * agentns_session_tryget - take a reference on a session found in a list
 * @s: session that RCU or its tree lock keeps in memory
 *
 * Context: Any.
 * Return: false when it has ended.
 *
 * Model: session.pml, tryget
 */
bool agentns_session_tryget(struct agentns_session *s)
{
	return refcount_inc_not_zero(agentns_refcount(&s->ns));
}

/**
 * agentns_session_put - drop a reference
 * @s: a session or NULL
 *
 * Context: Any that allows spinlocks, hard interrupts included.
 */
void agentns_session_put(struct agentns_session *s)
{
	if (s)
		agentns_put(&s->ns);
}

/**
 * agentns_session_of - the session of any task
 * @task: pinned by the caller, or by RCU
 *
 * Context: Any but interrupts; takes task_lock().
 * Return: a reference, or NULL.
 */
struct agentns_session *agentns_session_of(struct task_struct *task)
{
	struct ns_common *ns = agentns_task_get(task);

	return ns ? to_session(ns) : NULL;
}

/**
 * agentns_session_id_hook - see struct agentns_ops.session_id
 * @ns: the session
 * @id: where its id goes
 */
void agentns_session_id_hook(const struct ns_common *ns,
			     u8 id[AGENT_NS_ID_BYTES])
{
	memcpy(id, container_of(ns, struct agentns_session, ns)->id,
	       AGENT_NS_ID_BYTES);
}

/**
 * agentns_session_within - is a session another one or a descendant of it?
 * @s: the session, pinned, or NULL
 * @top: the other, pinned
 */
bool agentns_session_within(const struct agentns_session *s,
			    const struct agentns_session *top)
{
	while (s && s->depth > top->depth)
		s = s->parent;
	return s == top;
}

/**
 * agentns_next_descendant - walk a session and its descendants, parents first
 * @pos: where the walk is
 * @top: where it began
 *
 * Context: The tree lock is held.
 * Return: the next one, NULL at the end.
 */
struct agentns_session *agentns_next_descendant(struct agentns_session *pos,
						struct agentns_session *top)
{
	if (!list_empty(&pos->children))
		return list_first_entry(&pos->children, struct agentns_session,
					sibling);
	while (pos != top) {
		if (!list_is_last(&pos->sibling, &pos->parent->children))
			return list_next_entry(pos, sibling);
		pos = pos->parent;
	}
	return NULL;
}

/**
 * agentns_mark - make a task's system calls take the counted path, or not
 * @task: a task whose task_lock is held
 *
 * Whoever changes kernel.agent_ns.enabled or a task's session calls this
 * afterwards under that task's task_lock, so the last caller sees both.
 */
void agentns_mark(struct task_struct *task)
{
	lockdep_assert_held(&task->alloc_lock);

	if (READ_ONCE(agentns_enabled) && agentns_task_session(task))
		set_task_syscall_work(task, SYSCALL_AGENT);
	else
		clear_task_syscall_work(task, SYSCALL_AGENT);
}

/**
 * agentns_mark_all - do so for every task
 *
 * A task that is being forked meanwhile is marked in its fork's last step.
 *
 * Context: Process context.
 */
void agentns_mark_all(void)
{
	struct task_struct *process, *task;

	/* Pairs with the barrier in agentns_post_fork_hook(). */
	smp_mb();
	rcu_read_lock();
	for_each_process_thread(process, task) {
		task_lock(task);
		agentns_mark(task);
		task_unlock(task);
	}
	rcu_read_unlock();
}

static void agentns_session_init_id(struct agentns_session *s)
{
	u64 halves[AGENT_NS_ID_BYTES / sizeof(u64)];

	/* By words, which are made ahead: bytes would cost a cipher's block. */
	do {
		halves[0] = get_random_u64();
		halves[1] = get_random_u64();
	} while (!(halves[0] | halves[1]));
	memcpy(s->id, halves, sizeof(s->id));
}

static void agentns_session_init_place(struct agentns_session *s,
				       struct agentns_session *parent,
				       struct user_namespace *user_ns)
{
	if (parent)
		agentns_get(&parent->ns);
	s->parent = parent;
	s->root = parent ? parent->root : s;
	s->depth = parent ? parent->depth + 1 : 1;
	s->trusted = parent ? parent->trusted :
			      agentns_trusted();
	s->user_ns = get_user_ns(user_ns);
	s->user_ns_id = agentns_user_ns_id(user_ns);
	s->created_ns = ktime_get_boottime_ns();
	spin_lock_init(&s->tree_lock);
	agentns_stop_init(s);
	ratelimit_state_init(&s->log_rate, AGENTNS_LOG_INTERVAL,
			     AGENTNS_LOG_BURST);
	spin_lock_init(&s->intent_lock);
	s->limiter = get_current_cred();
	agentns_deadline_init(s);
	agentns_cputime_init(s);
	INIT_LIST_HEAD(&s->children);
	INIT_LIST_HEAD(&s->sibling);
	INIT_LIST_HEAD(&s->node);
}

/*
 * From here on walks over the tree and over all sessions find it.
 *
 * Model: kill.pml, publish
 * Model: session.pml, publish
 */
static void agentns_session_publish(struct agentns_session *s)
{
	struct agentns_session *parent = s->parent;

	spin_lock(&s->root->tree_lock);
	if (parent) {
		s->gate = parent->gate;
		list_add_tail(&s->sibling, &parent->children);
		WRITE_ONCE(parent->nr_children, parent->nr_children + 1);
	}
	agentns_budget_begin(s);
	spin_unlock(&s->root->tree_lock);
	/*
	 * The place of its first task, before anybody finds it who could take
	 * that. The creator has paid for it, or does so in can_fork; where a
	 * clone3 fails, both come together again when the session ends, which
	 * is at once unless somebody has opened it by then.
	 */
	agentns_spent_elsewhere(parent, s, AGENTNS_TASKS);
	/* In this order: where the kernel gives ids, it does so here. */
	agentns_ns_publish(&s->ns);
	agentns_registry_add(s);
	agentns_deadline_begin(s);
	/* From here on its directory answers, see agentns_dir_tryget(). */
	smp_store_release(&s->published, true);
}

/* A session in which no limit on live descendants leaves room for one more. */
static bool agentns_descendants_full(const struct agentns_session *s)
{
	for (; s; s = s->parent)
		if (s->max_descendants && s->descendants >= s->max_descendants)
			return true;
	return false;
}

/* One descendant more, or one less, of @s and its ancestors. */
static int agentns_descendants_add(struct agentns_session *s, int n)
{
	struct agentns_session *a;

	lockdep_assert_held(&s->root->tree_lock);

	if (n > 0 && agentns_descendants_full(s))
		return -ENOSPC;
	for (a = s; a; a = a->parent)
		WRITE_ONCE(a->descendants, a->descendants + n);
	return 0;
}

static int agentns_descendants_reserve(struct agentns_session *parent, int n)
{
	int err;

	if (!parent)
		return 0;
	spin_lock(&parent->root->tree_lock);
	err = agentns_descendants_add(parent, n);
	spin_unlock(&parent->root->tree_lock);
	return err;
}

/*
 * Two steps that no failure of the slab allocator reaches, or hardly ever: in
 * functions of their own, so that a test can have them fail.
 */
static noinline struct agentns_cpu __percpu *agentns_cpu_alloc(void)
{
	return alloc_percpu_gfp(struct agentns_cpu, GFP_KERNEL_ACCOUNT);
}
ALLOW_ERROR_INJECTION(agentns_cpu_alloc, NULL);

static noinline int agentns_number_alloc(struct agentns_session *s)
{
	return agentns_ns_init(&s->ns);
}
ALLOW_ERROR_INJECTION(agentns_number_alloc, ERRNO);

/**
 * agentns_session_create - make a session below the caller's
 * @user_ns: the user namespace that owns it
 *
 * Nobody is in it yet, but one task's place in it is taken; the caller enters it
 * or puts it.
 *
 * Context: May sleep.
 * Return: a reference, or an ERR_PTR: ENOSYS while disabled, EPERM, ENOSPC
 * below AGENT_NS_DEPTH_MAX and where a limit on live descendants is reached,
 * ENOMEM.
 *
 * Model: session.pml, create
 */
struct agentns_session *agentns_session_create(struct user_namespace *user_ns)
{
	struct agentns_session *parent = current_session(), *s;
	int err;

	err = agentns_may_create(parent);
	if (!err)
		err = agentns_descendants_reserve(parent, 1);
	if (err)
		return ERR_PTR(err);

	s = kmem_cache_zalloc(agentns_session_cache, GFP_KERNEL_ACCOUNT);
	if (!s) {
		err = -ENOMEM;
		goto unreserve;
	}
	s->cpu = agentns_cpu_alloc();
	if (!s->cpu) {
		err = -ENOMEM;
		goto free_session;
	}
	err = agentns_number_alloc(s);
	if (err)
		goto free_cpu;

	agentns_session_init_id(s);
	agentns_session_init_place(s, parent, user_ns);
	err = agentns_dir_create(s);
	if (err)
		goto undo_place;

	/* The caller's call holds a reference, so this cannot fail. */
	__module_get(THIS_MODULE);
	agentns_session_publish(s);
	return s;

undo_place:
	put_cred(s->limiter);
	put_user_ns(s->user_ns);
	agentns_session_put(parent);
	agentns_ns_exit(&s->ns);
free_cpu:
	free_percpu(s->cpu);
free_session:
	kmem_cache_free(agentns_session_cache, s);
unreserve:
	agentns_descendants_reserve(parent, -1);
	return ERR_PTR(err);
}

/* Model: session.pml, callback */
static void agentns_session_free_rcu(struct rcu_head *rcu)
{
	struct agentns_session *s =
		container_of(rcu, struct agentns_session, rcu);

	agentns_stamp_forget(s);
	free_percpu(s->cpu);
	kmem_cache_free(agentns_session_cache, s);
	module_put(THIS_MODULE);
}

/**
 * agentns_session_free - free an ended session after a grace period
 * @s: session whose directory, if it had one, is gone
 *
 * Context: Any.
 *
 * Model: session.pml, free
 */
void agentns_session_free(struct agentns_session *s)
{
	call_rcu(&s->rcu, agentns_session_free_rcu);
}

/*
 * Take a session out of its tree; what it did goes to its parent.
 *
 * Model: session.pml, unlink
 */
static void agentns_session_unlink(struct agentns_session *s)
{
	spin_lock(&s->root->tree_lock);
	if (s->parent) {
		agentns_retire_credit(s);
		agentns_counters_fold(s);
		list_del(&s->sibling);
		WRITE_ONCE(s->parent->nr_children, s->parent->nr_children - 1);
		agentns_descendants_add(s->parent, -1);
	}
	spin_unlock(&s->root->tree_lock);

	agentns_registry_remove(s);
}

/*
 * End @s; return its parent where that has no reference left either.
 *
 * Model: session.pml, end
 */
static struct agentns_session *agentns_session_end(struct agentns_session *s)
{
	struct agentns_session *parent = s->parent;

	agentns_deadline_end(s);
	if (s->entered)
		agentns_trace_session_end(s);
	agentns_session_unlink(s);
	agentns_ns_unpublish(&s->ns);
	agentns_ns_exit(&s->ns);
	put_user_ns(s->user_ns);
	put_cred(s->limiter);
	if (s->dir)
		agentns_dir_remove(s->dir);
	else
		agentns_session_free(s);

	/* Not by agentns_put(), which would recurse as deep as they nest. */
	if (parent && refcount_dec_and_test(agentns_refcount(&parent->ns)))
		return parent;
	return NULL;
}

/* Model: session.pml, worker */
static void agentns_session_release_work(struct work_struct *work)
{
	struct agentns_session *s =
		container_of(work, struct agentns_session, release_work);

	while (s)
		s = agentns_session_end(s);
}

/**
 * agentns_session_release - the last reference is gone
 * @ns: a session
 *
 * Ends it at once in process context, and soon where the tree lock cannot be
 * taken.
 *
 * Context: Any, hard interrupts included.
 *
 * Model: session.pml, release
 */
void agentns_session_release(struct ns_common *ns)
{
	struct agentns_session *s = to_session(ns);

	if (!in_task() || irqs_disabled()) {
		INIT_WORK(&s->release_work, agentns_session_release_work);
		queue_work(agentns_wq, &s->release_work);
		return;
	}
	agentns_session_release_work(&s->release_work);
}

int __init agentns_sessions_init(void)
{
	agentns_session_cache = KMEM_CACHE(agentns_session, SLAB_ACCOUNT);
	if (!agentns_session_cache)
		return -ENOMEM;
	agentns_wq = alloc_workqueue("agentns", WQ_UNBOUND, 0);
	if (!agentns_wq) {
		kmem_cache_destroy(agentns_session_cache);
		return -ENOMEM;
	}
	return 0;
}

/*
 * No session lives. Works and callbacks may still be on their way out.
 *
 * Model: session.pml, exit module
 */
void agentns_sessions_exit(void)
{
	destroy_workqueue(agentns_wq);
	rcu_barrier();
	kmem_cache_destroy(agentns_session_cache);
}
