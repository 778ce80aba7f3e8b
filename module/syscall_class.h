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
		return args[0] == SYS_CONNECT ? AGENTNS_CONNECTS :
						AGENTNS_SYSCALLS;
	}
	if (nr >= AGENTNS_CLASS_MAX)
		return AGENTNS_SYSCALLS;
	return agentns_class_ia32[array_index_nospec(nr, AGENTNS_CLASS_MAX)];
}
#endif /* CONFIG_IA32_EMULATION */

/* What a call counts as besides being a call. */
static inline enum agentns_resource agentns_class_of(struct pt_regs *regs,
						     unsigned long nr)
{
#ifdef CONFIG_IA32_EMULATION
	if (in_ia32_syscall())
		return agentns_class_of_ia32(regs, nr);
#endif
#ifdef __X32_SYSCALL_BIT
	nr &= ~(unsigned long)__X32_SYSCALL_BIT;
#endif
	if (nr >= AGENTNS_CLASS_MAX)
		return AGENTNS_SYSCALLS;
	return agentns_class[array_index_nospec(nr, AGENTNS_CLASS_MAX)];
}

#endif /* _AGENTNS_SYSCALL_CLASS_H */
