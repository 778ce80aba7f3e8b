/* SPDX-License-Identifier: GPL-2.0-only */
/* Differences between kernels in files and their attributes. */
#ifndef _AGENTNS_COMPAT_FS_H
#define _AGENTNS_COMPAT_FS_H

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/version.h>
#include <linux/xattr.h>

/*
 * From 6.3 on operations on a file take the id mapping of its mount. What is
 * stored in attributes of ours is not mapped.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#include <linux/mnt_idmapping.h>
#define AGENTNS_NO_IDMAP	(&nop_mnt_idmap)
#else
#define AGENTNS_NO_IDMAP	(&init_user_ns)
#endif

/*
 * The file of the upper layer behind one of overlayfs that is, or was, open
 * for writing: it has been copied up.
 */
static inline struct dentry *agentns_upper_dentry(struct dentry *dentry)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
	return d_real(dentry, D_REAL_DATA);
#else
	return d_real(dentry, NULL);
#endif
}

/*
 * A file that overlayfs has opened on behalf of a file of its own. Up to 6.4
 * such a file has the path of the latter.
 */
static inline bool agentns_below_overlay(const struct file *file)
{
#ifdef FMODE_BACKING
	return file->f_mode & FMODE_BACKING &&
	       backing_file_user_path(file)->dentry->d_sb->s_magic ==
	       OVERLAYFS_SUPER_MAGIC;
#else
	return file->f_path.dentry->d_sb->s_magic == OVERLAYFS_SUPER_MAGIC &&
	       file_inode(file)->i_sb != file->f_path.dentry->d_sb;
#endif
}

#endif /* _AGENTNS_COMPAT_FS_H */
