/* SPDX-License-Identifier: GPL-2.0-only */
/* Differences between kernels in per-CPU operations. */
#ifndef _AGENTNS_COMPAT_PERCPU_H
#define _AGENTNS_COMPAT_PERCPU_H

#include <linux/percpu.h>

/* 6.6 brought the form that leaves the comparison to the flags. */
#ifdef this_cpu_try_cmpxchg
#define agentns_cpu_try_cmpxchg(pcp, old, new)	\
	this_cpu_try_cmpxchg(pcp, old, new)
#else
#define agentns_cpu_try_cmpxchg(pcp, old, new) ({			\
	typeof(old) __old = (old);					\
	typeof(*__old) __want = *__old;					\
	*__old = this_cpu_cmpxchg(pcp, __want, new);			\
	*__old == __want; })
#endif

#endif /* _AGENTNS_COMPAT_PERCPU_H */
