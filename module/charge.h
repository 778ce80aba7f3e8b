/* SPDX-License-Identifier: GPL-2.0-only */
/* The hooks that count: system calls, io_uring requests, writes, forks. */
#ifndef _AGENTNS_CHARGE_H
#define _AGENTNS_CHARGE_H

#include <linux/agentns_hooks.h>

agentns_syscall_enter_fn agentns_syscall_enter_hook;
agentns_uring_request_fn agentns_uring_request_hook;
agentns_write_begin_fn agentns_write_begin_hook;
agentns_write_end_fn agentns_write_end_hook;
agentns_can_fork_fn agentns_can_fork_hook;
agentns_cancel_fork_fn agentns_cancel_fork_hook;
agentns_post_fork_fn agentns_post_fork_hook;

#endif /* _AGENTNS_CHARGE_H */
