/* SPDX-License-Identifier: GPL-2.0-only */
/* /sys/kernel/agentns/ */
#ifndef _AGENTNS_SYSFS_H
#define _AGENTNS_SYSFS_H

#include <linux/types.h>

struct agentns_dir;
struct agentns_session;

/* Raised by one whenever user space can tell. */
#define AGENTNS_ABI	6

extern struct kobject *agentns_sessions_kobj;
extern const struct attribute_group agentns_defaults_group;
extern const struct attribute_group agentns_stamps_group;
extern unsigned int agentns_max_session_dirs;

int agentns_dir_create(struct agentns_session *s);
void agentns_dir_remove(struct agentns_dir *dir);
void agentns_dir_notify_crossings(struct agentns_session *s);

ssize_t agentns_emit_limit(char *buf, u64 limit);
int agentns_parse_limit(const char *line, u64 *limit);

int agentns_sysfs_init(void);
void agentns_sysfs_exit(void);

#endif /* _AGENTNS_SYSFS_H */
