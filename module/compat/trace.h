/* SPDX-License-Identifier: GPL-2.0-only */
/* Differences between kernels in the trace event macros. */
#ifndef _AGENTNS_COMPAT_TRACE_H
#define _AGENTNS_COMPAT_TRACE_H

#include <linux/version.h>

/* From 6.10 on __string() remembers its source. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define agentns_assign_str(field, source)	__assign_str(field)
#else
#define agentns_assign_str(field, source)	__assign_str(field, source)
#endif

#endif /* _AGENTNS_COMPAT_TRACE_H */
