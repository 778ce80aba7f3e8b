/* SPDX-License-Identifier: GPL-2.0-only */
/* /sys/kernel/agentns/ */
#ifndef _AGENTNS_SYSFS_H
#define _AGENTNS_SYSFS_H

struct agentns_dir;
struct agentns_session;

/* Raised by one whenever user space can tell. */
#define AGENTNS_ABI	2

extern struct kobject *agentns_sessions_kobj;
extern unsigned int agentns_max_session_dirs;

int agentns_dir_create(struct agentns_session *s);
void agentns_dir_remove(struct agentns_dir *dir);

int agentns_sysfs_init(void);
void agentns_sysfs_exit(void);

#endif /* _AGENTNS_SYSFS_H */
