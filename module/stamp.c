// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stamps on files. A file gets one when it is made, when it is truncated and
 * when a file opened for it is released that has been written to; complete
 * when the call returns, unless somebody keeps the file locked. No call of the
 * user's fails for it: what a file system refuses is counted.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/agentns_stamp.h>
#include <linux/cred.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/user_namespace.h>

#include "compat/fs.h"
#include "session.h"
#include "stamp.h"
#include "stamp_late.h"
#include "stamp_skip.h"

/* Are the hints of user.prov.* set? A knob in sysfs. */
static bool agentns_hints = true;

/* Guards which tasks the kernel is to tell of: those two, and it. */
static DEFINE_MUTEX(agentns_tell_lock);

/* Are writers outside of sessions told? A knob in sysfs. */
static bool agentns_outside;

/* May tasks in sessions lack the flag that marks them? */
static bool agentns_unmarked;

static atomic64_t agentns_failed = ATOMIC64_INIT(0);
static atomic_t agentns_serial = ATOMIC_INIT(0);

/* Room for the longest hint: comm:COMM:pid:PID:uid:UID. */
#define AGENTNS_HINT_MAX	72

/**
 * agentns_stamps_failed - how many stamps were refused
 *
 * Context: Any.
 */
u64 agentns_stamps_failed(void)
{
	return atomic64_read(&agentns_failed);
}

/* Context: Any. */
void agentns_stamp_count_failure(void)
{
	atomic64_inc(&agentns_failed);
}

/*
 * Current's calls may come here for others' sake. One that has left its
 * namespaces for good is not outside: who it was, its files know.
 */
static bool agentns_stamps_current(void)
{
	return current_session() ||
	       (READ_ONCE(agentns_outside) && current->nsproxy);
}

/*
 * Can files there be stamped, or be expected to? Pseudo file systems hold
 * nothing that anybody wrote; network file systems and those in user space
 * would turn each stamp into calls to somewhere else. An overlay's files are
 * those of its upper layer, which come by themselves.
 */
static bool agentns_stampable_sb(const struct super_block *sb)
{
	switch (sb->s_magic) {
	case OVERLAYFS_SUPER_MAGIC:
	case FUSE_SUPER_MAGIC:
		return false;
	case TMPFS_MAGIC:
		/* Not memfd_create() and shmget(). */
		return !(sb->s_flags & SB_NOUSER);
	case RAMFS_MAGIC:
		return true;
	}
	return sb->s_type->fs_flags & FS_REQUIRES_DEV;
}

static bool agentns_stampable(const struct inode *inode)
{
	return agentns_stampable_sb(inode->i_sb) && !IS_PRIVATE(inode) &&
	       !agentns_skip_fstype(inode->i_sb);
}

/* Not what overlayfs or io_uring puts on for a while. */
static kuid_t agentns_writer_uid(void)
{
	return current_real_cred()->uid;
}

/*
 * A record of current; @s is its session, or NULL. Not accounted: where a
 * memory cgroup is full, what its tasks write would be told of nobody, and the
 * stamp of somebody else stay. For the same reason it does not fail in a
 * session; outside it may be a worker of a loop device, which memory waits for.
 * There are no more than there are open files, each of which is accounted, and
 * sessions.
 */
static struct agentns_writer *agentns_writer_alloc(struct agentns_session *s)
{
	struct agentns_writer *w;

	w = kzalloc(sizeof(*w),
		    GFP_KERNEL | (s ? __GFP_NOFAIL : __GFP_NOWARN));
	if (!w) {
		agentns_stamp_count_failure();
		return NULL;
	}
	refcount_set(&w->refs, 1);
	do {
		w->serial = atomic_inc_return(&agentns_serial);
	} while (!w->serial);
	w->uid = agentns_writer_uid();
	if (!s) {
		w->tgid = task_tgid_nr(current);
		get_task_comm(w->comm, current->group_leader);
		return w;
	}
	memcpy(w->session, s->id, sizeof(w->session));
	if (s->parent)
		memcpy(w->parent, s->parent->id, sizeof(w->parent));
	return w;
}

/*
 * The session's latest record, where it is of the same user. By RCU, of which
 * readers with preemption off are, too.
 */
static __always_inline struct agentns_writer *
agentns_writer_peek(struct agentns_session *s)
{
	struct agentns_writer *w =
		rcu_dereference_check(s->writer, rcu_read_lock_sched_held());

	return w && uid_eq(w->uid, agentns_writer_uid()) ? w : NULL;
}

static struct agentns_writer *agentns_writer_new(struct agentns_session *s)
{
	struct agentns_writer *w = agentns_writer_alloc(s), *old;

	if (!s)
		return w;
	refcount_inc(&w->refs);
	/* The tag that it has now, unless agentns_stamp_forget() comes after. */
	spin_lock(&s->intent_lock);
	memcpy(w->intent, s->intent, sizeof(w->intent));
	old = rcu_dereference_protected(s->writer,
					lockdep_is_held(&s->intent_lock));
	rcu_assign_pointer(s->writer, w);
	spin_unlock(&s->intent_lock);
	agentns_writer_put(old);
	return w;
}

/* Who current is, referenced; NULL outside and without memory. */
static struct agentns_writer *agentns_writer_get(void)
{
	struct agentns_session *s = current_session();
	struct agentns_writer *w;

	if (!s)
		return agentns_writer_new(NULL);
	rcu_read_lock();
	w = agentns_writer_peek(s);
	if (w && !refcount_inc_not_zero(&w->refs))
		w = NULL;
	rcu_read_unlock();
	return w ?: agentns_writer_new(s);
}

/**
 * agentns_stamp_forget - the session's record is out of date
 * @s: the session, whose intent_lock is held, or which nobody else uses
 *
 * Context: Any that allows spinlocks.
 */
void agentns_stamp_forget(struct agentns_session *s)
{
	struct agentns_writer *old = rcu_dereference_protected(s->writer, true);

	RCU_INIT_POINTER(s->writer, NULL);
	agentns_writer_put(old);
}

/*
 * Does a file's writer stand for current already? Asked at each write: without
 * a call, and RCU's lock is one.
 */
static __always_inline bool
agentns_slot_is_session(struct agentns_writer **slot, struct agentns_session *s)
{
	const struct agentns_writer *w;
	bool same;

	rcu_read_lock_sched();
	w = READ_ONCE(*slot);
	same = w && w == agentns_writer_peek(s);
	rcu_read_unlock_sched();
	return same;
}

/* The same of a task outside of sessions. */
static bool agentns_slot_is_outsider(struct agentns_writer **slot)
{
	const struct agentns_writer *w;
	bool same;

	/* Others may replace it meanwhile: RCU keeps it in memory. */
	rcu_read_lock();
	w = READ_ONCE(*slot);
	same = w && w->tgid == task_tgid_nr(current) &&
	       uid_eq(w->uid, agentns_writer_uid()) &&
	       !strcmp(w->comm, current->group_leader->comm);
	rcu_read_unlock();
	return same;
}

/*
 * On an overlay it is the file that the user has open which is told, once; not
 * the one of the upper layer, which overlayfs opens for it. A mapping, though,
 * is of the latter, and outlives the former.
 */
static bool agentns_takes_writer(const struct file *file, bool mapped)
{
	const struct inode *inode = file_inode(file);

	return inode->i_sb->s_magic == OVERLAYFS_SUPER_MAGIC ||
	       (agentns_stampable(inode) &&
		(mapped || !agentns_below_overlay(file)));
}

/* Out of line, so that the way of most writes is short. */
static noinline void agentns_replace_writer(struct file *file,
					    struct agentns_writer **slot,
					    bool mapped)
{
	if (!S_ISREG(file_inode(file)->i_mode) || !agentns_stamps_current())
		return;
	if (!current_session() && agentns_slot_is_outsider(slot))
		return;
	/* Released last, a file that was mapped has to know of writes since. */
	if (READ_ONCE(*slot) || agentns_takes_writer(file, mapped))
		agentns_writer_put(xchg(slot, agentns_writer_get()));
}

/**
 * agentns_stamp_write_hook - see struct agentns_ops.stamp_write
 * @file: the file
 * @slot: its writer; of several that write at once the last one stays
 * @mapped: current may write by a mapping from now on
 */
void agentns_stamp_write_hook(struct file *file, struct agentns_writer **slot,
			      bool mapped)
{
	struct agentns_session *s = current_session();

	if (!s || unlikely(!agentns_slot_is_session(slot, s)))
		agentns_replace_writer(file, slot, mapped);
}

/*
 * What an inode's mark says: which record's stamp of which second it bears.
 * The last bit is set while its hints are missing.
 */
#define AGENTNS_MARK_NO_HINTS	1

static u64 agentns_mark_of(const struct agentns_stamping *st)
{
	return (u64)st->writer->serial << 32 | ((u32)st->seconds << 1);
}

static u64 agentns_mark_read(const struct agentns_stamping *st)
{
	return st->mark ? READ_ONCE(*st->mark) : 0;
}

static void agentns_mark_set(const struct agentns_stamping *st, u64 value)
{
	if (st->mark)
		WRITE_ONCE(*st->mark, value);
}

/* Set an attribute, or remove it for a @size of 0; an equal one stays. */
static int agentns_attr_set(const struct agentns_stamping *st,
			    const char *name, const void *value, size_t size)
{
	char old[AGENTNS_HINT_MAX + 1];
	ssize_t n = -ENODATA;
	int err;

	if (!st->fresh)
		n = __vfs_getxattr(st->dentry, st->inode, name, old,
				   sizeof(old));
	/* One of no bytes is one, too, and is not to stay. */
	if (size && n == size && !memcmp(old, value, size))
		return 0;
	if (!size) {
		if (n == -ENODATA || n == -EOPNOTSUPP)
			return 0;
		return __vfs_removexattr(AGENTNS_NO_IDMAP, st->dentry, name);
	}
	err = __vfs_setxattr(AGENTNS_NO_IDMAP, st->dentry, st->inode, name,
			     value, size, st->flags);
	/* Rather none than somebody else's. */
	if (err && n != -ENODATA && n != -EOPNOTSUPP)
		__vfs_removexattr(AGENTNS_NO_IDMAP, st->dentry, name);
	return err;
}

static int agentns_set_stamp(const struct agentns_stamping *st)
{
	const struct agentns_writer *w = st->writer;
	struct agent_ns_stamp stamp = {
		.version = AGENT_NS_STAMP_VERSION,
	};

	BUILD_BUG_ON(sizeof(stamp) != AGENT_NS_STAMP_SIZE_VER1);
	BUILD_BUG_ON(sizeof(stamp) > AGENTNS_HINT_MAX);

	if (!w)
		return agentns_attr_set(st, AGENT_NS_STAMP_XATTR, NULL, 0);
	stamp.uid = cpu_to_le32(from_kuid(&init_user_ns, w->uid));
	stamp.seconds = cpu_to_le64(st->seconds);
	memcpy(stamp.session, w->session, sizeof(stamp.session));
	memcpy(stamp.parent, w->parent, sizeof(stamp.parent));
	return agentns_attr_set(st, AGENT_NS_STAMP_XATTR, &stamp,
				sizeof(stamp));
}

static int agentns_session_hint(const struct agentns_writer *w, char *text)
{
	if (!w)
		return 0;
	if (!w->tgid)
		return scnprintf(text, AGENTNS_HINT_MAX, "%*phN",
				 AGENT_NS_ID_BYTES, w->session);
	return scnprintf(text, AGENTNS_HINT_MAX, "comm:%s:pid:%d:uid:%u",
			 w->comm, w->tgid, from_kuid(&init_user_ns, w->uid));
}

static int agentns_set_hints(const struct agentns_stamping *st)
{
	const struct agentns_writer *w = st->writer;
	char text[AGENTNS_HINT_MAX];
	int err, ret, n;

	n = agentns_session_hint(w, text);
	ret = agentns_attr_set(st, AGENT_NS_HINT_SESSION, text, n);
	n = w ? scnprintf(text, sizeof(text), "%lld", st->seconds) : 0;
	err = agentns_attr_set(st, AGENT_NS_HINT_TS, text, n);
	ret = ret ?: err;
	err = agentns_attr_set(st, AGENT_NS_HINT_INTENT, w ? w->intent : NULL,
			       w ? strlen(w->intent) : 0);
	return ret ?: err;
}

/* Is the knob for hints on? */
bool agentns_stamp_hints(void)
{
	return READ_ONCE(agentns_hints);
}

/* Turn that knob. Context: Any. */
void agentns_stamp_set_hints(bool on)
{
	WRITE_ONCE(agentns_hints, on);
}

/* Kinds of files on which user.* is allowed. */
static bool agentns_takes_hints(const struct inode *inode)
{
	return (S_ISREG(inode->i_mode) || S_ISDIR(inode->i_mode)) &&
	       agentns_stamp_hints();
}

/* With the inode's lock, or before anybody else sees the inode. */
void agentns_put_stamp(struct agentns_stamping *st)
{
	u64 mark = st->writer ? agentns_mark_of(st) : 0;
	u64 old = agentns_mark_read(st);
	int err = 0;

	if (mark && old == mark)
		return;
	if (!mark || old != (mark | AGENTNS_MARK_NO_HINTS))
		err = agentns_set_stamp(st);
	if (agentns_takes_hints(st->inode)) {
		int ret = agentns_set_hints(st);

		/* user.* is not allowed everywhere: no failure of ours. */
		if (ret != -EOPNOTSUPP)
			err = err ?: ret;
	}
	agentns_mark_set(st, err ? 0 : mark);
	if (err)
		agentns_stamp_count_failure();
}

static void agentns_stamping_init(struct agentns_stamping *st,
				  struct dentry *dentry, struct inode *inode,
				  struct agentns_writer *writer)
{
	st->dentry = dentry;
	st->inode = inode;
	st->writer = writer;
	st->seconds = ktime_get_real_seconds();
	st->mark = agentns_inode_mark(inode);
	st->flags = 0;
	st->fresh = false;
	/* Where nothing is to be told, nothing false is to be left, either. */
	if (agentns_skip_path(dentry, inode))
		st->writer = NULL;
}

/*
 * Before anybody sees it, and in the transaction that creates it, as Smack
 * does: after a crash a file is there with its stamp or is not there. Of the
 * file systems that come by here ext4 joins the transaction that is open, which
 * has all else behind it, and checks whether there is room for an attribute. It
 * gets no hints yet, for which there would be none. What is refused here is
 * tried again when the file has its name.
 */
static void agentns_stamp_born(struct agentns_stamping *st)
{
	st->flags = XATTR_CREATE;
	st->fresh = true;
	if (!agentns_set_stamp(st))
		agentns_mark_set(st, agentns_mark_of(st) |
				 AGENTNS_MARK_NO_HINTS);
}

static bool agentns_born_with_stamp(const struct inode *inode)
{
	return inode->i_sb->s_magic == EXT4_SUPER_MAGIC && inode->i_nlink;
}

/*
 * How many seconds after the stamp of @mark this one is. Marks have seconds
 * twice over, without those above 32 bits.
 */
static s32 agentns_seconds_since(u64 mark, const struct agentns_stamping *st)
{
	s32 later = (u32)agentns_mark_of(st) -
		    (u32)(mark & ~AGENTNS_MARK_NO_HINTS);

	return later / 2;
}

/*
 * A second may have gone by since it was born, or the clock may have been set
 * either way: its stamp is of the second in the mark.
 */
static void agentns_stamp_go_on(struct agentns_stamping *st)
{
	u64 mark = agentns_mark_read(st);

	if (mark >> 32 != st->writer->serial ||
	    !(mark & AGENTNS_MARK_NO_HINTS))
		return;
	st->fresh = true;
	st->seconds -= agentns_seconds_since(mark, st);
}

/* In a folder that is locked, whose lock may be of the same class. */
static void agentns_stamp_named(struct agentns_stamping *st)
{
	u64 mark;

	inode_lock_nested(st->inode, I_MUTEX_CHILD);
	mark = agentns_mark_read(st);
	/* Else somebody has written to it meanwhile, who is later. */
	if (!mark || mark & AGENTNS_MARK_NO_HINTS) {
		agentns_stamp_go_on(st);
		agentns_put_stamp(st);
	}
	inode_unlock(st->inode);
}

/**
 * agentns_stamp_new_hook - see struct agentns_ops.stamp_new
 * @dentry: its name
 * @inode: what has been made
 * @stage: how far it is
 */
void agentns_stamp_new_hook(struct dentry *dentry, struct inode *inode,
			    enum agentns_new_stage stage)
{
	struct agentns_stamping st;
	struct agentns_writer *w;
	unsigned int nofs;

	if (!agentns_stamps_current() || !agentns_stampable(inode) ||
	    (stage == AGENTNS_BORN && !agentns_born_with_stamp(inode)))
		return;
	/* A transaction may be open, which reclaim must not wait for. */
	nofs = memalloc_nofs_save();
	w = agentns_writer_get();
	agentns_stamping_init(&st, dentry, inode, w);
	if (st.writer && stage == AGENTNS_BORN)
		agentns_stamp_born(&st);
	else if (st.writer)
		agentns_stamp_named(&st);
	agentns_writer_put(w);
	memalloc_nofs_restore(nofs);
}

/**
 * agentns_stamp_truncate_hook - see struct agentns_ops.stamp_truncate
 * @dentry: a name of the file
 */
void agentns_stamp_truncate_hook(struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct agentns_stamping st;
	struct agentns_writer *w;

	if (!agentns_stamps_current() || !S_ISREG(inode->i_mode) ||
	    !agentns_stampable(inode))
		return;
	w = agentns_writer_get();
	agentns_stamping_init(&st, dentry, inode, w);
	agentns_stamp_not_later(inode);
	agentns_put_stamp(&st);
	agentns_writer_put(w);
}

/*
 * A file system that is being frozen makes whoever writes to it wait, and the
 * release of a file must not: a stamp is then lost, and counted. Nor may the
 * freeze wait for somebody who reads the file, with its lock, to memory that
 * does not arrive: so the lock is to be had before.
 */
void agentns_put_stamp_thawed(struct agentns_stamping *st)
{
	struct super_block *sb = st->inode->i_sb;

	if (!sb_start_write_trylock(sb)) {
		agentns_stamp_count_failure();
		return;
	}
	if (sb_rdonly(sb))
		agentns_stamp_count_failure();
	else
		agentns_put_stamp(st);
	sb_end_write(sb);
}

/**
 * agentns_stamp_release_hook - see struct agentns_ops.stamp_release
 * @file: the file
 * @writer: who wrote to it last
 */
void agentns_stamp_release_hook(struct file *file,
				struct agentns_writer *writer)
{
	struct dentry *dentry = file_dentry(file);
	struct agentns_stamping st;
	struct inode *inode;

	if (dentry->d_sb->s_magic == OVERLAYFS_SUPER_MAGIC)
		dentry = agentns_upper_dentry(dentry);
	inode = d_inode(dentry);
	if (!inode || !agentns_stampable(inode))
		return;
	agentns_stamping_init(&st, dentry, inode, writer);
	agentns_stamp_not_later(inode);
	if (st.writer && agentns_mark_read(&st) == agentns_mark_of(&st))
		return;
	if (inode_trylock(inode)) {
		agentns_put_stamp_thawed(&st);
		inode_unlock(inode);
	} else {
		agentns_stamp_later(file, &st);
	}
}

/* Is the knob for writers outside of sessions on? */
bool agentns_stamp_outside(void)
{
	return READ_ONCE(agentns_outside);
}

static void agentns_stamp_tell(bool *what, bool on)
{
	bool all;

	mutex_lock(&agentns_tell_lock);
	all = agentns_outside || agentns_unmarked;
	WRITE_ONCE(*what, on);
	if (all != (agentns_outside || agentns_unmarked))
		agentns_stamps_tell_all(!all);
	mutex_unlock(&agentns_tell_lock);
}

/**
 * agentns_stamp_set_outside - turn that knob
 * @on: whether they get stamps, too
 *
 * Context: May sleep.
 */
void agentns_stamp_set_outside(bool on)
{
	agentns_stamp_tell(&agentns_outside, on);
}

/**
 * agentns_stamp_set_unmarked - there are tasks in sessions without their flag
 * @on: true before the first loses it, false when all have it again
 *
 * What they write is stamped all the same.
 *
 * Context: May sleep.
 */
void agentns_stamp_set_unmarked(bool on)
{
	agentns_stamp_tell(&agentns_unmarked, on);
}

int __init agentns_stamp_init(void)
{
	int err = agentns_late_init();

	if (err)
		return err;
	/* Inodes may bear marks of the module before this one. */
	atomic_set(&agentns_serial, get_random_u32());
	if (!agentns_stamps_active())
		pr_notice("files get no stamps: the security module agentns is not active; add it to the list of lsm= on the kernel's command line, or to CONFIG_LSM\n");
	return 0;
}

/* No hook is called any more. */
void agentns_stamp_exit(void)
{
	agentns_late_exit();
	agentns_stamp_set_outside(false);
	agentns_stamp_set_unmarked(false);
	agentns_skip_exit();
}
