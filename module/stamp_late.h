/* SPDX-License-Identifier: GPL-2.0-only */
/* One stamp, and those that are made after the release of their file. */
#ifndef _AGENTNS_STAMP_LATE_H
#define _AGENTNS_STAMP_LATE_H

#include <linux/types.h>

struct agentns_writer;
struct dentry;
struct file;
struct inode;

/**
 * struct agentns_stamping - one stamp on its way to a file
 * @dentry: a name of the file
 * @inode: the file
 * @writer: who is to be in it; NULL: nobody, what there is goes
 * @seconds: since the epoch
 * @mark: agentns_inode_mark() of the inode, or NULL
 * @flags: of setxattr(2); XATTR_CREATE asks less of a transaction
 * @fresh: the inode is new: it has no attributes of ours
 *
 * On the stack of whoever makes it, or in an item of stamp_late.c.
 */
struct agentns_stamping {
	struct dentry *dentry;
	struct inode *inode;
	struct agentns_writer *writer;
	time64_t seconds;
	u64 *mark;
	int flags;
	bool fresh;
};

/* Of stamp.c. */
void agentns_put_stamp(struct agentns_stamping *st);
void agentns_put_stamp_thawed(struct agentns_stamping *st);
void agentns_stamp_count_failure(void);

void agentns_stamp_later(const struct file *file,
			 const struct agentns_stamping *st);
void agentns_stamp_not_later(const struct inode *inode);
int agentns_late_init(void);
void agentns_late_exit(void);

#endif /* _AGENTNS_STAMP_LATE_H */
