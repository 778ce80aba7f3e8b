// SPDX-License-Identifier: GPL-2.0-only
/*
 * The security module "agentns": tells agentns.ko which files are made and
 * written to, and keeps security.agentns from whoever may not set it.
 *
 * It refuses nothing else, and it lets nothing pass that another module or the
 * kernel's own checks refuse.
 */
#define pr_fmt(fmt) "agentns: " fmt

#include <linux/agentns_hooks.h>
#include <linux/agentns_stamp.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/export.h>
#include <linux/ioctl.h>
#include <linux/lsm_hooks.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xattr.h>

/* Is the security module active? Set at boot and never again. */
DEFINE_STATIC_KEY_FALSE(agentns_stamps);

/* The module's: for a knob, and while its calls are not entered by a flag. */
DEFINE_STATIC_KEY_FALSE(agentns_stamps_all);
EXPORT_SYMBOL(agentns_stamps_all);

/* Set at boot, once the framework has placed us. */
unsigned int agentns_file_blob __ro_after_init;

/* Sizes when the framework reads them, offsets from then on. */
static struct lsm_blob_sizes agentns_blob_sizes AGENTNS_LSM_RO = {
	.lbs_file	= sizeof(struct agentns_writer *),
	.lbs_inode	= sizeof(u64),
};

/**
 * agentns_stamps_active - does the kernel tell of files at all?
 *
 * Context: Any.
 * Return: false where agentns is missing in CONFIG_LSM and lsm=.
 */
bool agentns_stamps_active(void)
{
	return static_key_enabled(&agentns_stamps);
}
EXPORT_SYMBOL_GPL(agentns_stamps_active);

/**
 * agentns_stamps_tell_all - tell of what tasks without the flag do, too
 * @on: of those outside of sessions, and in sessions that are not counted;
 *	else of the former nothing, and of the latter no writes
 *
 * Context: May sleep; one caller at a time.
 */
void agentns_stamps_tell_all(bool on)
{
	if (on)
		static_branch_enable(&agentns_stamps_all);
	else
		static_branch_disable(&agentns_stamps_all);
}
EXPORT_SYMBOL_GPL(agentns_stamps_tell_all);

/**
 * agentns_writer_put - drop a reference on a writer
 * @writer: the writer, or NULL
 *
 * Context: Any.
 */
void agentns_writer_put(struct agentns_writer *writer)
{
	if (writer && refcount_dec_and_test(&writer->refs))
		kfree_rcu(writer, rcu);
}
EXPORT_SYMBOL_GPL(agentns_writer_put);

/**
 * agentns_inode_mark - the module's own note on an inode
 * @inode: an inode that the caller has a reference on
 *
 * It is 0 when the inode comes into memory, and again whenever somebody sets
 * or removes an attribute of ours.
 *
 * Context: Any. Readers and writers use READ_ONCE() and WRITE_ONCE().
 * Return: where the note is; NULL for an inode older than the framework.
 */
u64 *agentns_inode_mark(const struct inode *inode)
{
	if (unlikely(!inode->i_security))
		return NULL;
	return inode->i_security + agentns_blob_sizes.lbs_inode;
}
EXPORT_SYMBOL_GPL(agentns_inode_mark);

/* XFS_IOC_ATTRMULTI_BY_HANDLE, which is private to fs/xfs/. */
#define AGENTNS_XFS_ATTRMULTI_NR	123

/* A task past exit_task_namespaces() is in none. */
static bool agentns_in_session(void)
{
	const struct nsproxy *nsproxy = current->nsproxy;

	return nsproxy && nsproxy->agent_ns;
}

/* Asked of each task: nothing but tests. */
static __always_inline bool agentns_of_interest(void)
{
	return agentns_in_session() ||
	       static_branch_unlikely(&agentns_stamps_all);
}

static noinline void agentns_note_outside(struct file *file,
					  struct agentns_writer **slot,
					  bool mapped)
{
	const struct agentns_ops *ops = agentns_ops_get();

	if (!ops)
		return;
	ops->stamp_write(file, slot, mapped);
	module_put(ops->owner);
}

/* Keep in @file's blob that current writes to it, or has it @mapped and may. */
static __always_inline void agentns_note(struct file *file, bool mapped)
{
	struct agentns_writer **slot = file->f_security + agentns_file_blob;

	if (likely(agentns_in_session()))
		static_call(agentns_stamp_write)(file, slot, mapped);
	else
		agentns_note_outside(file, slot, mapped);
}

/**
 * __agentns_write - current is about to write to an open file
 * @file: the file, of any kind
 *
 * Writes of all kinds come by here when they have been allowed: write(2) and
 * its kin, splice, sendfile, copy_file_range, clones, fallocate, aio, io_uring.
 * Before they are done, as one that fails may have written half.
 *
 * Context: May sleep.
 */
void __agentns_write(struct file *file)
{
	/* FIDEDUPERANGE asks for files, too, that are not open for writing. */
	if (static_branch_unlikely(&agentns_stamps) &&
	    file->f_mode & FMODE_WRITE && S_ISREG(file_inode(file)->i_mode))
		agentns_note(file, false);
}
EXPORT_SYMBOL(__agentns_write);

static int agentns_mmap_file(struct file *file, unsigned long reqprot,
			     unsigned long prot, unsigned long flags)
{
	unsigned long type = flags & MAP_TYPE;

	if (file && prot & PROT_WRITE && file->f_mode & FMODE_WRITE &&
	    (type == MAP_SHARED || type == MAP_SHARED_VALIDATE) &&
	    agentns_of_interest())
		agentns_note(file, true);
	return 0;
}

/* A mapping may be written to until its file is released: that, not its user. */
static int agentns_vma(struct vm_area_struct *vma, unsigned long prot,
		       struct file *file)
{
	if (prot & PROT_WRITE && vma->vm_flags & VM_SHARED &&
	    file->f_mode & FMODE_WRITE && agentns_of_interest())
		agentns_note(file, true);
	return 0;
}

static int agentns_file_mprotect(struct vm_area_struct *vma,
				 unsigned long reqprot, unsigned long prot)
{
	return vma->vm_file ? agentns_vma(vma, prot, vma->vm_file) : 0;
}

#ifdef AGENTNS_HAVE_BACKING_MMAP

/* A mapping of a file of an overlay holds that of the layer below. */
static int agentns_mmap_backing_file(struct vm_area_struct *vma,
				     struct file *file, struct file *user_file)
{
	return agentns_vma(vma, vma->vm_flags & VM_WRITE ? PROT_WRITE : 0,
			   file);
}

#endif

/**
 * __agentns_close - a file that has been written to is being released
 * @file: the file, which nobody else has a reference on
 *
 * The writer is dropped whether or not a module is there to make a stamp.
 *
 * Context: May sleep; current may be any task, kernel threads included.
 */
void __agentns_close(struct file *file)
{
	struct agentns_writer **slot = file->f_security + agentns_file_blob;
	const struct agentns_ops *ops = agentns_ops_get();

	if (ops) {
		ops->stamp_release(file, *slot);
		module_put(ops->owner);
	}
	agentns_writer_put(*slot);
	*slot = NULL;
}

static noinline void agentns_new_inode(struct dentry *dentry,
				       struct inode *inode,
				       enum agentns_new_stage stage)
{
	const struct agentns_ops *ops = agentns_ops_get();

	if (!ops)
		return;
	ops->stamp_new(dentry, inode, stage);
	module_put(ops->owner);
}

/**
 * agentns_created - a file, folder, link or node has got its first name
 * @dentry: its name, in a folder that the caller has locked
 *
 * Context: May sleep; the caller holds write access to the mount, and neither
 * a transaction nor the new inode's lock.
 */
void agentns_created(struct dentry *dentry)
{
	if (static_branch_unlikely(&agentns_stamps) &&
	    agentns_of_interest() && d_really_is_positive(dentry))
		agentns_new_inode(dentry, d_inode(dentry), AGENTNS_NAMED);
}
EXPORT_SYMBOL(agentns_created);

/*
 * A file is about to get a name: the first one, after O_TMPFILE, is as good as
 * its creation. It may have been written to and released, then it has a stamp.
 */
static int agentns_inode_link(struct dentry *old_dentry, struct inode *dir,
			      struct dentry *new_dentry)
{
	struct inode *inode = d_backing_inode(old_dentry);
	const u64 *mark;

	if (likely(inode->i_nlink) || !agentns_of_interest())
		return 0;
	mark = agentns_inode_mark(inode);
	if (!mark || !READ_ONCE(*mark))
		agentns_new_inode(old_dentry, inode, AGENTNS_NAMED);
	return 0;
}

/*
 * Also called for what was there before. A new inode is not seen by others
 * yet, and the file system's transaction, where it has one, is still open.
 */
static void agentns_d_instantiate(struct dentry *dentry, struct inode *inode)
{
	if (inode && agentns_inode_is_new(inode) && agentns_of_interest())
		agentns_new_inode(dentry, inode, AGENTNS_BORN);
}

/* Truncation by any call; on an overlay also that of the file below. */
static int agentns_inode_setattr(AGENTNS_SETATTR_ARG struct dentry *dentry,
				 struct iattr *attr)
{
	const struct agentns_ops *ops;

	if (likely(!(attr->ia_valid & ATTR_SIZE)) || !agentns_of_interest())
		return 0;
	ops = agentns_ops_get();
	if (ops) {
		ops->stamp_truncate(dentry);
		module_put(ops->owner);
	}
	return 0;
}

/*
 * XFS sets attributes of any kind by this ioctl, of which no hook on attributes
 * hears. It has been for CAP_SYS_ADMIN alone, always.
 */
static int agentns_file_ioctl(struct file *file, unsigned int cmd,
			      unsigned long arg)
{
	if (likely(_IOC_TYPE(cmd) != 'X' ||
		   _IOC_NR(cmd) != AGENTNS_XFS_ATTRMULTI_NR) ||
	    !agentns_in_session() ||
	    file_inode(file)->i_sb->s_magic != XFS_SUPER_MAGIC)
		return 0;
	return -EPERM;
}

/* Others' attributes with that prefix are theirs. */
static bool agentns_is_hint(const char *name)
{
	return !strcmp(name, AGENT_NS_HINT_SESSION) ||
	       !strcmp(name, AGENT_NS_HINT_TS) ||
	       !strcmp(name, AGENT_NS_HINT_INTENT);
}

/* An attribute of ours is about to change: forget what is known of it. */
static int agentns_guard(struct dentry *dentry, const char *name)
{
	bool stamp = !strcmp(name, AGENT_NS_STAMP_XATTR);
	u64 *mark;

	if (likely(!stamp && !agentns_is_hint(name)))
		return 0;
	if (stamp && (agentns_in_session() || !capable(CAP_SYS_ADMIN)))
		return -EPERM;
	mark = agentns_inode_mark(d_backing_inode(dentry));
	if (mark)
		WRITE_ONCE(*mark, 0);
	return 0;
}

#ifdef AGENTNS_LSM_CAPS

static bool agentns_other_is_there(const char *lsm)
{
	struct security_hook_list *hook;

	/* It may have gone: CONFIG_SECURITY_SELINUX_DISABLE. */
	hlist_for_each_entry(hook, &security_hook_heads.inode_setxattr, list)
		if (!strcmp(hook->lsm, lsm))
			return true;
	return false;
}

/*
 * A hook's 0 here stands for the kernel's own check, too. Attributes of the
 * two modules that check theirs by other rules are left to them, while they
 * are there.
 */
static bool agentns_checked_by_other(const char *name)
{
	if (!strcmp(name, XATTR_NAME_SELINUX))
		return agentns_other_is_there("selinux");
	if (!strncmp(name, XATTR_NAME_SMACK, sizeof(XATTR_NAME_SMACK) - 1))
		return agentns_other_is_there("smack");
	return false;
}

static int agentns_inode_setxattr(AGENTNS_IDMAP_ARG struct dentry *dentry,
				  const char *name, const void *value,
				  size_t size, int flags)
{
	int ret = agentns_guard(dentry, name);

	if (ret || agentns_checked_by_other(name))
		return ret;
	return cap_inode_setxattr(dentry, name, value, size, flags);
}

static int agentns_inode_removexattr(AGENTNS_IDMAP_ARG struct dentry *dentry,
				     const char *name)
{
	int ret = agentns_guard(dentry, name);

	if (ret || agentns_checked_by_other(name))
		return ret;
	return cap_inode_removexattr(AGENTNS_IDMAP, dentry, name);
}

#else

static int agentns_inode_setxattr(AGENTNS_IDMAP_ARG struct dentry *dentry,
				  const char *name, const void *value,
				  size_t size, int flags)
{
	return agentns_guard(dentry, name);
}

static int agentns_inode_removexattr(AGENTNS_IDMAP_ARG struct dentry *dentry,
				     const char *name)
{
	return agentns_guard(dentry, name);
}

#endif

/* The copy is a new file of whoever made overlayfs copy it. */
static int agentns_inode_copy_up_xattr(AGENTNS_COPY_UP_ARG const char *name)
{
	if (!strcmp(name, AGENT_NS_STAMP_XATTR) || agentns_is_hint(name))
		return AGENTNS_COPY_UP_DISCARD;
	return -EOPNOTSUPP;
}

static struct security_hook_list agentns_lsm_hooks[] AGENTNS_LSM_RO = {
	LSM_HOOK_INIT(mmap_file, agentns_mmap_file),
	LSM_HOOK_INIT(file_mprotect, agentns_file_mprotect),
#ifdef AGENTNS_HAVE_BACKING_MMAP
	LSM_HOOK_INIT(mmap_backing_file, agentns_mmap_backing_file),
#endif
	LSM_HOOK_INIT(d_instantiate, agentns_d_instantiate),
	LSM_HOOK_INIT(inode_link, agentns_inode_link),
	LSM_HOOK_INIT(inode_setattr, agentns_inode_setattr),
	LSM_HOOK_INIT(file_ioctl, agentns_file_ioctl),
	LSM_HOOK_INIT(file_ioctl_compat, agentns_file_ioctl),
	LSM_HOOK_INIT(inode_setxattr, agentns_inode_setxattr),
	LSM_HOOK_INIT(inode_removexattr, agentns_inode_removexattr),
	LSM_HOOK_INIT(inode_copy_up_xattr, agentns_inode_copy_up_xattr),
};

#ifdef AGENTNS_HAVE_LSM_ID
static const struct lsm_id agentns_lsmid = {
	.name	= "agentns",
	.id	= AGENT_NS_LSM_ID,
};
#endif

static int __init agentns_lsm_init(void)
{
	agentns_file_blob = agentns_blob_sizes.lbs_file;
	security_add_hooks(agentns_lsm_hooks, ARRAY_SIZE(agentns_lsm_hooks),
			   AGENTNS_LSM);
	static_branch_enable(&agentns_stamps);
	return 0;
}

DEFINE_LSM(agentns) = {
	AGENTNS_LSM_INFO,
	.init	= agentns_lsm_init,
	.blobs	= &agentns_blob_sizes,
};
