/* SPDX-License-Identifier: GPL-2.0-only */
/* Stamps on files: who made a file, and who wrote to it last. */
#ifndef _AGENTNS_STAMP_H
#define _AGENTNS_STAMP_H

#include <linux/agentns_hooks.h>
#include <linux/types.h>

struct agentns_session;

void agentns_stamp_write_hook(struct file *file, struct agentns_writer **slot,
			      bool mapped);
void agentns_stamp_new_hook(struct dentry *dentry, struct inode *inode,
			    enum agentns_new_stage stage);
void agentns_stamp_truncate_hook(struct dentry *dentry);
void agentns_stamp_release_hook(struct file *file,
				struct agentns_writer *writer);

void agentns_stamp_forget(struct agentns_session *s);
u64 agentns_stamps_failed(void);
bool agentns_stamp_outside(void);
void agentns_stamp_set_outside(bool on);
void agentns_stamp_set_unmarked(bool on);
bool agentns_stamp_hints(void);
void agentns_stamp_set_hints(bool on);
int agentns_stamp_init(void);
void agentns_stamp_exit(void);

#endif /* _AGENTNS_STAMP_H */
