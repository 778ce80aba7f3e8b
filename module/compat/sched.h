/* SPDX-License-Identifier: GPL-2.0-only */
/* Differences between kernels in task flags. */
#ifndef _AGENTNS_COMPAT_SCHED_H
#define _AGENTNS_COMPAT_SCHED_H

#include <linux/sched.h>

/* Before vhost had workers of this kind, io_uring's were the only ones. */
#ifdef PF_USER_WORKER
#define AGENTNS_PF_WORKER	PF_USER_WORKER
#else
#define AGENTNS_PF_WORKER	PF_IO_WORKER
#endif

#endif /* _AGENTNS_COMPAT_SCHED_H */
