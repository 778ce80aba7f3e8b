// SPDX-License-Identifier: GPL-2.0-only
/*
 * KASAN notes for each allocation, and each end of one, which calls led there.
 * That is three quarters of what a fuzzed kernel does, and is needed only in
 * reports: a program that has found something can be run again without this.
 * What KASAN looks for it still finds.
 */
#include <linux/ftrace.h>
#include <linux/module.h>

/* In place of stack_trace_save(): there were none. */
static unsigned int nostack_save(unsigned long *store, unsigned int size,
				 unsigned int skip)
{
	return 0;
}

static void notrace nostack_divert(unsigned long ip, unsigned long parent_ip,
				   struct ftrace_ops *ops,
				   struct ftrace_regs *regs)
{
	ftrace_regs_set_instruction_pointer(regs, (unsigned long)nostack_save);
}

static struct ftrace_ops nostack_ops = {
	.func	= nostack_divert,
	.flags	= FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_SAVE_REGS,
};

static int __init nostack_init(void)
{
	static unsigned char name[] = "stack_trace_save";
	int err = ftrace_set_filter(&nostack_ops, name, strlen(name), 1);

	return err ?: register_ftrace_function(&nostack_ops);
}

static void __exit nostack_exit(void)
{
	unregister_ftrace_function(&nostack_ops);
}

module_init(nostack_init);
module_exit(nostack_exit);

MODULE_DESCRIPTION("No call stacks for KASAN");
MODULE_LICENSE("GPL");
