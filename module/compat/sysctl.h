/* SPDX-License-Identifier: GPL-2.0-only */
/* Differences between kernels in sysctl tables. */
#ifndef _AGENTNS_COMPAT_SYSCTL_H
#define _AGENTNS_COMPAT_SYSCTL_H

#include <linux/sysctl.h>
#include <linux/version.h>

/* From 6.11 on handlers get a constant table. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
#define AGENTNS_CTL_CONST	const
#else
#define AGENTNS_CTL_CONST
#endif

/* Up to 6.10 a table ends with an empty entry. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
#define AGENTNS_CTL_END
#else
#define AGENTNS_CTL_END	{ }
#endif

#endif /* _AGENTNS_COMPAT_SYSCTL_H */
