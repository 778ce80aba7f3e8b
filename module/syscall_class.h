/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which system calls are counted apart, by number. A table a calling
 * convention; the tables hold a resource, 0 (AGENTNS_SYSCALLS) for the rest.
 */
#ifndef _AGENTNS_SYSCALL_CLASS_H
#define _AGENTNS_SYSCALL_CLASS_H

#include <linux/nospec.h>
#include <linux/syscalls.h>
#include <linux/net.h>
#include <asm/syscall.h>
#include <asm/unistd.h>

#include "credit.h"

#define AGENTNS_CLASS_MAX	512

static const u8 agentns_class[AGENTNS_CLASS_MAX] = {
#ifdef __NR_open
	[__NR_open]	= AGENTNS_OPENS,
	[__NR_creat]	= AGENTNS_OPENS,
	[__NR_unlink]	= AGENTNS_UNLINKS,
#endif
	[__NR_openat]	= AGENTNS_OPENS,
	[__NR_openat2]	= AGENTNS_OPENS,
	[__NR_connect]	= AGENTNS_CONNECTS,
	[__NR_unlinkat]	= AGENTNS_UNLINKS,
};

#ifdef CONFIG_IA32_EMULATION
#include <asm/unistd_32_ia32.h>

static const u8 agentns_class_ia32[AGENTNS_CLASS_MAX] = {
	[__NR_ia32_open]	= AGENTNS_OPENS,
	[__NR_ia32_creat]	= AGENTNS_OPENS,
	[__NR_ia32_openat]	= AGENTNS_OPENS,
	[__NR_ia32_openat2]	= AGENTNS_OPENS,
	[__NR_ia32_connect]	= AGENTNS_CONNECTS,
	[__NR_ia32_unlink]	= AGENTNS_UNLINKS,
	[__NR_ia32_unlinkat]	= AGENTNS_UNLINKS,
};

static inline enum agentns_resource
agentns_class_of_ia32(struct pt_regs *regs, unsigned long nr)
{
	unsigned long args[6];

	if (nr == __NR_ia32_socketcall) {
		syscall_get_arguments(current, regs, args);
		/* The kernel takes an int: int $0x80 has 64 bits to offer. */
		return (u32)args[0] == SYS_CONNECT ? AGENTNS_CONNECTS :
						     AGENTNS_SYSCALLS;
	}
	if (nr >= AGENTNS_CLASS_MAX)
		return AGENTNS_SYSCALLS;
	return agentns_class_ia32[array_index_nospec(nr, AGENTNS_CLASS_MAX)];
}
#endif /* CONFIG_IA32_EMULATION */

/* What a task needs to end or to clean up, which is never denied. */
static inline bool agentns_exempt_native(unsigned long nr)
{
	switch (nr) {
	case __NR_exit:
	case __NR_exit_group:
	case __NR_rt_sigreturn:
	case __NR_restart_syscall:
	case __NR_munmap:
	case __NR_close:
	case __NR_close_range:
	case __NR_futex:
#ifdef __NR_futex_wake
	case __NR_futex_wake:
	case __NR_futex_wait:
	case __NR_futex_requeue:
#endif
	/* Of a trampoline that a probe put there: nobody expects an error. */
#ifdef __NR_uretprobe
	case __NR_uretprobe:
#endif
#ifdef __NR_uprobe
	case __NR_uprobe:
#endif
		return true;
	}
	return false;
}

#ifdef CONFIG_IA32_EMULATION
static inline bool agentns_exempt_ia32(unsigned long nr)
{
	switch (nr) {
	case __NR_ia32_exit:
	case __NR_ia32_exit_group:
	case __NR_ia32_sigreturn:
	case __NR_ia32_rt_sigreturn:
	case __NR_ia32_restart_syscall:
	case __NR_ia32_munmap:
	case __NR_ia32_close:
	case __NR_ia32_close_range:
	case __NR_ia32_futex:
	case __NR_ia32_futex_time64:
#ifdef __NR_ia32_futex_wake
	case __NR_ia32_futex_wake:
	case __NR_ia32_futex_wait:
	case __NR_ia32_futex_requeue:
#endif
		return true;
	}
	return false;
}
#endif

/* Current's call, by its number: is it one of those? */
static inline bool agentns_exempt_call(unsigned long nr)
{
#ifdef CONFIG_IA32_EMULATION
	if (in_ia32_syscall())
		return agentns_exempt_ia32(nr);
#endif
#ifdef __X32_SYSCALL_BIT
	/* Its rt_sigreturn has a number of its own. */
	if (nr == (__X32_SYSCALL_BIT | 513))
		return true;
	nr &= ~(unsigned long)__X32_SYSCALL_BIT;
#endif
	return agentns_exempt_native(nr);
}

/* What a call counts as besides being a call. */
static inline enum agentns_resource agentns_class_of(struct pt_regs *regs,
						     unsigned long nr)
{
#ifdef CONFIG_IA32_EMULATION
	if (in_ia32_syscall())
		return agentns_class_of_ia32(regs, nr);
#endif
	if (unlikely(nr >= AGENTNS_CLASS_MAX)) {
#ifdef __X32_SYSCALL_BIT
		nr &= ~(unsigned long)__X32_SYSCALL_BIT;
#endif
		if (nr >= AGENTNS_CLASS_MAX)
			return AGENTNS_SYSCALLS;
	}
	return agentns_class[array_index_nospec(nr, AGENTNS_CLASS_MAX)];
}

#endif /* _AGENTNS_SYSCALL_CLASS_H */
