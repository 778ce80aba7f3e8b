// SPDX-License-Identifier: GPL-2.0-only
/* Ordered start, reverse unwind. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/agentns_hooks.h>
#include <linux/module.h>
#include <linux/stringify.h>
#include <linux/user_namespace.h>

#include "charge.h"
#include "cputime.h"
#include "deadline.h"
#include "due.h"
#include "enter.h"
#include "kill.h"
#include "prctl.h"
#include "procfs.h"
#include "reaper.h"
#include "recall.h"
#include "session.h"
#include "stamp.h"
#include "stop.h"
#include "sysctl.h"
#include "sysfs.h"
#include "table.h"

/*
 * The hook number that this source was written for. A test overrides it to see
 * the kernel refuse the module; a build for other headers stops right here.
 */
#ifndef AGENTNS_WANTED_HOOKS
#define AGENTNS_WANTED_HOOKS	6
#if AGENTNS_HOOKS_ABI != AGENTNS_WANTED_HOOKS
#error "written for hooks number 6, unlike <linux/agentns_hooks.h> of this kernel"
#endif
#endif

static struct user_namespace *agentns_user_ns(struct ns_common *ns)
{
	return to_session(ns)->user_ns;
}

/*
 * As for the other hierarchical namespaces: the parent is shown to who is in
 * it or above it.
 */
static struct ns_common *agentns_get_parent(struct ns_common *ns)
{
	struct agentns_session *parent = to_session(ns)->parent;
	struct agentns_session *own = current_session();

	if (own && !agentns_session_within(parent, own))
		return ERR_PTR(-EPERM);
	return parent ? agentns_get(&parent->ns) : NULL;
}

static const struct agentns_ops agentns_hook_ops = {
	.hooks_abi	= AGENTNS_WANTED_HOOKS,
	.owner		= THIS_MODULE,
	.prctl		= agentns_prctl_hook,
	.release	= agentns_session_release,
	.user_ns	= agentns_user_ns,
	.get_parent	= agentns_get_parent,
	.create		= agentns_create_hook,
	.may_enter	= agentns_may_enter_hook,
	.move_begin	= agentns_move_begin_hook,
	.move_end	= agentns_move_end_hook,
	.exit		= agentns_exit_hook,
	.proc_show	= agentns_proc_show_hook,
	.syscall_enter	= agentns_syscall_enter_hook,
	.uring_request	= agentns_uring_request_hook,
	.write_begin	= agentns_write_begin_hook,
	.write_end	= agentns_write_end_hook,
	.can_fork	= agentns_can_fork_hook,
	.cancel_fork	= agentns_cancel_fork_hook,
	.post_fork	= agentns_post_fork_hook,
	.account_cpu	= agentns_account_cpu_hook,
	.session_id	= agentns_session_id_hook,
	.stamp_write	= agentns_stamp_write_hook,
	.stamp_new	= agentns_stamp_new_hook,
	.stamp_truncate	= agentns_stamp_truncate_hook,
	.stamp_release	= agentns_stamp_release_hook,
};

static int __init agentns_init(void)
{
	int err;

	err = agentns_recall_init();
	if (err)
		return err;
	err = agentns_sessions_init();
	if (err)
		goto recall_exit;
	err = agentns_kills_start();
	if (err)
		goto sessions_exit;
	err = agentns_stops_start();
	if (err)
		goto kills_stop;
	err = agentns_due_start();
	if (err)
		goto stops_stop;
	agentns_deadlines_start();
	err = agentns_stamp_init();
	if (err)
		goto deadlines_stop;
	err = agentns_sysfs_init();
	if (err)
		goto reaper_stop;
	err = agentns_table_init();
	if (err)
		goto sysfs_exit;
	err = agentns_sysctl_init();
	if (err)
		goto table_exit;
	/* From sysfs and sysctl on, a write to a knob may arm it, too. */
	agentns_reaper_start();

	/* Last: from here on there may be sessions. */
	err = agentns_register(&agentns_hook_ops);
	if (err)
		goto sysctl_exit;
	pr_info("agent sessions, hooks number %u\n", AGENTNS_WANTED_HOOKS);
	return 0;

sysctl_exit:
	agentns_sysctl_exit();
table_exit:
	agentns_table_exit();
sysfs_exit:
	agentns_sysfs_exit();
	/* And by those of its knobs that were there before it failed. */
reaper_stop:
	agentns_reaper_stop();
	agentns_stamp_exit();
deadlines_stop:
	agentns_deadlines_stop();
	agentns_due_stop();
stops_stop:
	agentns_stops_stop();
kills_stop:
	agentns_kills_stop();
sessions_exit:
	agentns_sessions_exit();
recall_exit:
	agentns_recall_exit();
	return err;
}

static void __exit agentns_exit(void)
{
	agentns_unregister(&agentns_hook_ops);
	/* The knobs before the reaper, which they wake. */
	agentns_sysctl_exit();
	agentns_table_exit();
	agentns_sysfs_exit();
	agentns_reaper_stop();
	agentns_stamp_exit();
	agentns_deadlines_stop();
	agentns_due_stop();
	agentns_stops_stop();
	agentns_kills_stop();
	agentns_sessions_exit();
	agentns_recall_exit();
}

module_init(agentns_init);
module_exit(agentns_exit);

MODULE_DESCRIPTION("Agent sessions: counted, limited and ended as one");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
/* 'agentns doctor' compares it with the kernel's before anybody loads this. */
MODULE_INFO(agentns_hooks, __stringify(AGENTNS_WANTED_HOOKS));
