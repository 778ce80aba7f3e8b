/* SPDX-License-Identifier: GPL-2.0-only */
/* Which files get no stamps: by file system type and by path. */
#ifndef _AGENTNS_STAMP_SKIP_H
#define _AGENTNS_STAMP_SKIP_H

#include <linux/rcupdate.h>
#include <linux/types.h>

struct agentns_skip_list;
struct dentry;
struct inode;
struct super_block;

/* RCU; NULL while a list is empty, so that nothing is compared then. */
extern struct agentns_skip_list __rcu *agentns_skip_fstypes;
extern struct agentns_skip_list __rcu *agentns_skip_paths;

bool __agentns_skip_fstype(const struct super_block *sb);
bool __agentns_skip_path(struct dentry *dentry, struct inode *inode);

/* Context: Any. */
static inline bool agentns_skip_fstype(const struct super_block *sb)
{
	return rcu_access_pointer(agentns_skip_fstypes) &&
	       __agentns_skip_fstype(sb);
}

/* @inode, which @dentry may not have yet. Context: May sleep. */
static inline bool agentns_skip_path(struct dentry *dentry,
				     struct inode *inode)
{
	return rcu_access_pointer(agentns_skip_paths) &&
	       __agentns_skip_path(dentry, inode);
}

int agentns_skip_set_fstypes(const char *text);
int agentns_skip_set_paths(const char *text);
ssize_t agentns_skip_show(struct agentns_skip_list __rcu **list, char *buf);
void agentns_skip_exit(void);

#endif /* _AGENTNS_STAMP_SKIP_H */
