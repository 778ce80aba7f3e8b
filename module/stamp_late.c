// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stamps of files that are released while somebody has the file's lock. That
 * may be an agent, for as long as it likes: in a write from memory that does
 * not arrive. So a work item waits for the lock. Whoever closes the file waits
 * for the work item, to find his stamp when the call returns, but not for long;
 * a kernel thread not at all: it has the files of others to release, and for
 * the whole machine it is one.
 */
#include <linux/agentns_hooks.h>
#include <linux/agentns_stamp.h>
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/hashtable.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/path.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "stamp_late.h"

/*
 * So many times a close waits for a tick or two, if a file's lock is not to be
 * had, and for so many ticks a task that has done so in vain waits for none.
 */
#define AGENTNS_LATE_PATIENCE	(HZ / 10)
#define AGENTNS_LATE_TIRED	HZ

/*
 * References on one that are not too many to wait for it: they are all woken
 * with interrupts off.
 */
#define AGENTNS_LATE_CROWD	64

/**
 * struct agentns_late - a stamp that waits for its file's lock
 * @refs: its work's, and one of each release that is behind it
 * @work: does it
 * @made: it is done with, and holds nothing any more
 * @node: in agentns_late_stamps, until it has the lock
 * @dropped: another stamp has come after it; guarded by agentns_late_lock
 * @begun: it has the lock, and is waited for to its end; written with
 *	agentns_late_lock
 * @st: the stamp; references on its dentry and its writer
 * @path: of the file that was released: what is mounted stays so; on an overlay
 *	that is all that keeps the upper layer's file system
 *
 * The module is referenced, too.
 */
struct agentns_late {
	refcount_t refs;
	struct work_struct work;
	struct completion made;
	struct hlist_node node;
	bool dropped;
	bool begun;
	struct agentns_stamping st;
	struct path path;
};

/*
 * By inode, one for each: nobody pays for them, and an agent may release the
 * same file again and again. Each holds an inode, which somebody pays for and
 * which is several times as large, so that there is no other bound. There may
 * be many: a lock that is had for a moment, each time, will do.
 */
static DEFINE_HASHTABLE(agentns_late_stamps, 10);

/*
 * Guards it, and the writers and seconds of what is in it. Works are queued and
 * cancelled under it: to cancel one that is not queued makes a queue_work() at
 * that moment do nothing, too.
 */
static DEFINE_SPINLOCK(agentns_late_lock);

/* How many are in it; read without the lock by who has nothing to do with it. */
static unsigned int agentns_late_waiting;

/*
 * Of their own: works that stand behind locks of agents use up what may be
 * active of a queue, and agentns_wq has sessions to end.
 */
static struct workqueue_struct *agentns_late_wq;

static struct agentns_late *agentns_late_find(const struct inode *inode)
{
	struct agentns_late *late;

	hash_for_each_possible(agentns_late_stamps, late, node,
			       (unsigned long)inode)
		if (late->st.inode == inode)
			return late;
	return NULL;
}

static void agentns_late_put(struct agentns_late *late)
{
	if (refcount_dec_and_test(&late->refs))
		kfree(late);
}

/* Before anybody hears that it is done: who closed a file may unmount then. */
static void agentns_late_let_go(struct agentns_late *late)
{
	agentns_writer_put(late->st.writer);
	dput(late->st.dentry);
	/* Last: it may be what keeps the dentry's file system. */
	path_put(&late->path);
	/* A hook still holds one, or agentns_late_exit() waits for the work. */
	module_put(THIS_MODULE);
}

/*
 * Lock the inode, and the file system against becoming read-only, as it may
 * have since the file was open. That lock, s_umount, is taken before those of
 * inodes, but who wants it is not to wait for an agent who has the inode's. So
 * each is waited for without the other, and that both can be had then is luck:
 * others may come in between.
 */
static bool agentns_late_lock_both(struct inode *inode)
{
	struct rw_semaphore *umount = &inode->i_sb->s_umount;

	inode_lock(inode);
	if (down_read_trylock(umount))
		return true;
	inode_unlock(inode);

	down_read(umount);
	if (inode_trylock(inode))
		return true;
	up_read(umount);
	return false;
}

/*
 * What is released from now on is in line behind this one: a release that finds
 * nothing to drop is not to find its own mark, either, and be content. With
 * the inode's lock.
 */
static bool agentns_late_begin(struct agentns_late *late)
{
	bool dropped;

	spin_lock(&agentns_late_lock);
	hash_del(&late->node);
	WRITE_ONCE(late->begun, true);
	dropped = late->dropped;
	if (!dropped && late->st.mark)
		WRITE_ONCE(*late->st.mark, 0);
	/* Pairs with the one in agentns_stamp_not_later(). */
	smp_store_release(&agentns_late_waiting, agentns_late_waiting - 1);
	spin_unlock(&agentns_late_lock);
	return !dropped;
}

/* With the reference of its work. */
static void agentns_late_end(struct agentns_late *late)
{
	agentns_late_let_go(late);
	complete_all(&late->made);
	agentns_late_put(late);
}

static void agentns_late_work(struct work_struct *work)
{
	struct agentns_late *late =
		container_of(work, struct agentns_late, work);
	struct inode *inode = late->st.inode;

	if (!agentns_late_lock_both(inode)) {
		/* Whoever cancels it then may end it. */
		spin_lock(&agentns_late_lock);
		queue_work(agentns_late_wq, &late->work);
		spin_unlock(&agentns_late_lock);
		return;
	}
	if (agentns_late_begin(late))
		agentns_put_stamp_thawed(&late->st);
	inode_unlock(inode);
	up_read(&inode->i_sb->s_umount);
	agentns_late_end(late);
}

static void agentns_writer_hold(struct agentns_writer *w)
{
	if (w)
		refcount_inc(&w->refs);
}

static struct agentns_late *
agentns_late_alloc(const struct file *file, const struct agentns_stamping *st)
{
	struct agentns_late *late;

	late = kzalloc(sizeof(*late), GFP_KERNEL | __GFP_NOWARN);
	if (!late)
		return NULL;
	/* The caller has been called by a hook, which holds one. */
	__module_get(THIS_MODULE);
	refcount_set(&late->refs, 1);
	INIT_WORK(&late->work, agentns_late_work);
	init_completion(&late->made);
	late->st = *st;
	agentns_writer_hold(late->st.writer);
	dget(late->st.dentry);
	late->path = file->f_path;
	path_get(&late->path);
	return late;
}

/* Have one that waits already bear this one's writer instead of its own. */
static struct agentns_late *
agentns_late_take_place(const struct agentns_stamping *st)
{
	struct agentns_writer *writer = st->writer;
	struct agentns_late *late;

	agentns_writer_hold(writer);
	spin_lock(&agentns_late_lock);
	late = agentns_late_find(st->inode);
	if (late) {
		refcount_inc(&late->refs);
		swap(late->st.writer, writer);
		late->st.seconds = ktime_get_real_seconds();
		late->dropped = false;
	}
	spin_unlock(&agentns_late_lock);
	agentns_writer_put(writer);
	return late;
}

/* False: another of the same file was faster. */
static bool agentns_late_add(struct agentns_late *late)
{
	bool alone;

	spin_lock(&agentns_late_lock);
	alone = !agentns_late_find(late->st.inode);
	if (alone) {
		refcount_inc(&late->refs);
		hash_add(agentns_late_stamps, &late->node,
			 (unsigned long)late->st.inode);
		/* A stamp may have been made since the lock was tried. */
		late->st.seconds = ktime_get_real_seconds();
		WRITE_ONCE(agentns_late_waiting, agentns_late_waiting + 1);
		queue_work(agentns_late_wq, &late->work);
	}
	spin_unlock(&agentns_late_lock);
	return alone;
}

/* One that is in line, and referenced; NULL without memory. */
static struct agentns_late *agentns_late_get(const struct file *file,
					     const struct agentns_stamping *st)
{
	struct agentns_late *late;

	/* It needs no memory. */
	while (!(late = agentns_late_take_place(st))) {
		late = agentns_late_alloc(file, st);
		if (!late || agentns_late_add(late))
			break;
		agentns_late_let_go(late);
		agentns_late_put(late);
	}
	return late;
}

/**
 * struct agentns_tired - who has waited for a file's lock in vain
 * @pid: of that task
 * @since: jiffies
 *
 * He may have many files to close, at his end or because they were sent to him,
 * with agents that have the locks of all. Written by anybody, without a lock:
 * where two tasks share one, the one before waits again.
 */
static struct agentns_tired {
	pid_t pid;
	unsigned long since;
} agentns_tired[1 << 8];

static struct agentns_tired *agentns_tired_place(void)
{
	return &agentns_tired[hash_32(current->pid,
				      ilog2(ARRAY_SIZE(agentns_tired)))];
}

static bool agentns_late_may_wait(const struct agentns_late *late)
{
	const struct agentns_tired *tired = agentns_tired_place();

	if (current->flags & PF_KTHREAD ||
	    refcount_read(&late->refs) > AGENTNS_LATE_CROWD)
		return false;
	return READ_ONCE(tired->pid) != current->pid ||
	       time_after(jiffies, READ_ONCE(tired->since) + AGENTNS_LATE_TIRED);
}

/*
 * The file is open still: its file system cannot have become read-only, and
 * need not be locked against that.
 */
static bool agentns_late_work_is_mine(struct agentns_late *late)
{
	struct inode *inode = late->st.inode;
	bool mine;

	if (!inode_trylock(inode))
		return false;
	spin_lock(&agentns_late_lock);
	mine = cancel_work(&late->work);
	spin_unlock(&agentns_late_lock);
	if (mine && agentns_late_begin(late))
		agentns_put_stamp_thawed(&late->st);
	inode_unlock(inode);
	return mine;
}

/*
 * The work may have been queued behind as many as may be active, all of which
 * wait for agents: so with each tick or two the lock is tried, too. Nor does a
 * signal end this: who hears of a killed task's end may look at its files.
 */
static void agentns_late_wait(struct agentns_late *late)
{
	struct agentns_tired *tired = agentns_tired_place();

	for (int i = 0; i < AGENTNS_LATE_PATIENCE; i++) {
		if (wait_for_completion_timeout(&late->made, 1))
			return;
		if (agentns_late_work_is_mine(late)) {
			agentns_late_end(late);
			return;
		}
		if (READ_ONCE(late->begun)) {
			/* As one would be who has the lock at once. */
			wait_for_completion(&late->made);
			return;
		}
	}
	WRITE_ONCE(tired->pid, current->pid);
	WRITE_ONCE(tired->since, jiffies);
}

/**
 * agentns_stamp_later - make a stamp when the file's lock can be had
 * @file: the file that is being released
 * @st: the stamp
 *
 * Where one of the same file waits already, its writer was before this one.
 * What there is no memory for is counted.
 *
 * Context: May sleep, in agentns_stamp_release_hook(), for the lock one or two
 * tenths of a second, and then for the file system. No lock is held but of who
 * does task work with one: io_uring's polling thread, KVM with a processor's.
 */
void agentns_stamp_later(const struct file *file,
			 const struct agentns_stamping *st)
{
	struct agentns_late *late = agentns_late_get(file, st);

	if (!late) {
		agentns_stamp_count_failure();
		return;
	}
	if (agentns_late_may_wait(late))
		agentns_late_wait(late);
	agentns_late_put(late);
}

/**
 * agentns_stamp_not_later - a stamp that waits is not to be the file's any more
 * @inode: the file, for which another stamp is about to be made
 *
 * Seconds do not tell which of two is the later one, nor does the inode's mark
 * where somebody has changed a hint since.
 *
 * Context: Any that allows spinlocks.
 */
void agentns_stamp_not_later(const struct inode *inode)
{
	struct agentns_late *late;

	/* Pairs with the one in agentns_late_begin(). */
	if (likely(!smp_load_acquire(&agentns_late_waiting)))
		return;
	spin_lock(&agentns_late_lock);
	late = agentns_late_find(inode);
	if (late)
		late->dropped = true;
	spin_unlock(&agentns_late_lock);
}

int __init agentns_late_init(void)
{
	agentns_late_wq = alloc_workqueue("agentns_stamp", WQ_UNBOUND,
					  WQ_MAX_ACTIVE);
	return agentns_late_wq ? 0 : -ENOMEM;
}

/* No hook is called any more, and no stamp waits: it would hold the module. */
void agentns_late_exit(void)
{
	destroy_workqueue(agentns_late_wq);
}
