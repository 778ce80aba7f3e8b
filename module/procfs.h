/* SPDX-License-Identifier: GPL-2.0-only */
/* The three files of /proc/PID. */
#ifndef _AGENTNS_PROCFS_H
#define _AGENTNS_PROCFS_H

#include <linux/agentns_hooks.h>

int agentns_proc_show_hook(struct seq_file *m, struct task_struct *task,
			   enum agentns_proc_file which);

#endif /* _AGENTNS_PROCFS_H */
