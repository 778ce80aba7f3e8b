/* SPDX-License-Identifier: GPL-2.0-only */
/* Differences between kernels in timers and worker threads. */
#ifndef _AGENTNS_COMPAT_HRTIMER_H
#define _AGENTNS_COMPAT_HRTIMER_H

#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/version.h>

/* 6.13 brought the form that sets the function, too. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define agentns_hrtimer_setup(timer, function, clock, mode)	\
	hrtimer_setup(timer, function, clock, mode)
#else
#define agentns_hrtimer_setup(timer, fn, clock, mode) do {	\
	struct hrtimer *__timer = (timer);			\
	hrtimer_init(__timer, clock, mode);			\
	__timer->function = (fn);				\
} while (0)
#endif

/* From 6.14 on a worker is created asleep, and this wakes it. */
#ifdef kthread_run_worker
#define agentns_run_worker(name)	kthread_run_worker(0, name)
#else
#define agentns_run_worker(name)	kthread_create_worker(0, name)
#endif

#endif /* _AGENTNS_COMPAT_HRTIMER_H */
