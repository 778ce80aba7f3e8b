/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stamps on files: where the kernel tells that a file was made or written to.
 * The rest of the contract is in <linux/agentns_hooks.h>.
 */
#ifndef _LINUX_AGENTNS_STAMP_H
#define _LINUX_AGENTNS_STAMP_H

#include <linux/agentns_hooks.h>
#include <linux/fs.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/uidgid.h>

/**
 * struct agentns_writer - who writes, as far as a stamp needs it
 * @refs: one for each file that it has written to and that is open, one for
 *	the session while it is the latest record of it
 * @rcu: it is freed after a grace period, so that readers need no reference
 * @serial: of this record; no two that live have the same, none has 0
 * @uid: real user of the writing task
 * @tgid: outside of sessions: its process, in the initial pid namespace
 * @session: session id; zeros outside of sessions
 * @parent: parent session's id; likewise
 * @comm: outside of sessions: its name
 * @intent: the session's tag when the record was made; empty for none
 *
 * Constant from before it is published, and kept alive by @refs alone: neither
 * the session nor the module need live on for it.
 */
struct agentns_writer {
	refcount_t refs;
	struct rcu_head rcu;
	u32 serial;
	kuid_t uid;
	pid_t tgid;
	u8 session[AGENT_NS_ID_BYTES];
	u8 parent[AGENT_NS_ID_BYTES];
	char comm[TASK_COMM_LEN];
	char intent[AGENT_NS_INTENT_MAX + 1];
};

#ifdef CONFIG_AGENTNS_HOOKS

#include <linux/static_call.h>

/* Struct agentns_ops.stamp_write, of a task in a session. */
typedef void agentns_stamp_write_fn(struct file *file,
				    struct agentns_writer **slot, bool mapped);

agentns_stamp_write_fn agentns_stamp_write_none;

DECLARE_STATIC_CALL(agentns_stamp_write, agentns_stamp_write_none);

#endif

#if defined(CONFIG_AGENTNS_HOOKS) && defined(CONFIG_SECURITY)

#include <linux/jump_label.h>

/* On from boot when the security module "agentns" is among those of lsm=. */
DECLARE_STATIC_KEY_FALSE(agentns_stamps);

/* Tasks that are not counted are of interest, too. */
DECLARE_STATIC_KEY_FALSE(agentns_stamps_all);

/* Where in a file's security blob its writer is. */
extern unsigned int agentns_file_blob;

/* For the module. */
bool agentns_stamps_active(void);
void agentns_stamps_tell_all(bool on);
void agentns_writer_put(struct agentns_writer *writer);
u64 *agentns_inode_mark(const struct inode *inode);

/* For the kernel. */
void agentns_created(struct dentry *dentry);
void __agentns_write(struct file *file);
void __agentns_close(struct file *file);

/*
 * Current may read or write an open file now, by any way there is to do so.
 * Reads look at what they want, and writes at a flag, and at no more.
 */
static inline void agentns_access(struct file *file, int mask)
{
	if (mask & MAY_WRITE &&
	    (unlikely(agentns_counted()) ||
	     static_branch_unlikely(&agentns_stamps_all)))
		__agentns_write(file);
}

/*
 * The last reference on an open file is gone. What has not been written to has
 * no writer: that is all that a task outside of sessions pays.
 */
static inline void agentns_close(struct file *file)
{
	if (file->f_mode & FMODE_WRITE &&
	    static_branch_likely(&agentns_stamps) &&
	    unlikely(*(void **)(file->f_security + agentns_file_blob)))
		__agentns_close(file);
}

#else

static inline bool agentns_stamps_active(void)
{
	return false;
}

static inline void agentns_stamps_tell_all(bool on) { }
static inline void agentns_writer_put(struct agentns_writer *writer) { }

static inline u64 *agentns_inode_mark(const struct inode *inode)
{
	return NULL;
}

static inline void agentns_created(struct dentry *dentry) { }
static inline void agentns_access(struct file *file, int mask) { }
static inline void agentns_close(struct file *file) { }

#endif
#endif /* _LINUX_AGENTNS_STAMP_H */
