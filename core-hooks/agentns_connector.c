// SPDX-License-Identifier: GPL-2.0-only
/*
 * Namespace events on the process connector: what a task is in is compared
 * with what it was in, and cn_proc.c sends an event for each difference.
 */
#include <linux/agentns_connector.h>
#include <linux/agentns_hooks.h>
#include <linux/build_bug.h>
#include <linux/cgroup.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/cred.h>
#include <linux/ipc_namespace.h>
#include <linux/mnt_namespace.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/proc_ns.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/time_namespace.h>
#include <linux/timekeeping.h>
#include <linux/user_namespace.h>
#include <linux/utsname.h>
#include <net/net_namespace.h>

/* The header of struct proc_event, and in place of its union the payload. */
struct nm_message {
	__u32 what;
	__u32 cpu;
	__u64 timestamp_ns;
	struct nm_proc_event nm;
};

/* By enum agentns_nm_type, in the order of the events of one call. */
static const u32 nm_types[AGENTNS_NM_TYPES] = {
	[AGENTNS_NM_USER]	= CLONE_NEWUSER,
	[AGENTNS_NM_MNT]	= CLONE_NEWNS,
	[AGENTNS_NM_UTS]	= CLONE_NEWUTS,
	[AGENTNS_NM_IPC]	= CLONE_NEWIPC,
	[AGENTNS_NM_PID]	= CLONE_NEWPID,
	[AGENTNS_NM_CGROUP]	= CLONE_NEWCGROUP,
	[AGENTNS_NM_NET]	= CLONE_NEWNET,
	[AGENTNS_NM_TIME]	= CLONE_NEWTIME,
	[AGENTNS_NM_AGENT]	= AGENT_NS,
};

/* A type that the kernel was built without has no object. */
#define nm_inum(object) ({			\
	typeof(object) __object = (object);	\
	__object ? __object->ns.inum : 0;	\
})

/*
 * @task is current, or a child of it that has not run yet: nobody else
 * changes what it is in.
 */
static void nm_take(struct agentns_nm *nm, struct task_struct *task)
{
	const struct nsproxy *ns = task->nsproxy;

	nm->inum[AGENTNS_NM_MNT] = from_mnt_ns(ns->mnt_ns)->inum;
	nm->inum[AGENTNS_NM_UTS] = nm_inum(ns->uts_ns);
	nm->inum[AGENTNS_NM_IPC] = nm_inum(ns->ipc_ns);
	nm->inum[AGENTNS_NM_CGROUP] = nm_inum(ns->cgroup_ns);
	nm->inum[AGENTNS_NM_NET] = nm_inum(ns->net_ns);
	nm->inum[AGENTNS_NM_TIME] = nm_inum(ns->time_ns);
	nm->inum[AGENTNS_NM_TIME_CHILDREN] = nm_inum(ns->time_ns_for_children);
	nm->inum[AGENTNS_NM_PID_CHILDREN] = nm_inum(ns->pid_ns_for_children);
	nm->inum[AGENTNS_NM_AGENT] = ns->agent_ns ? ns->agent_ns->inum :
						    AGENT_NS_INIT_INO;
	rcu_read_lock();
	nm->inum[AGENTNS_NM_USER] = __task_cred(task)->user_ns->ns.inum;
	nm->inum[AGENTNS_NM_PID] = task_active_pid_ns(task)->ns.inum;
	rcu_read_unlock();
}

static void nm_send(struct task_struct *task, u32 type, u32 reason,
		    u32 old_inum, u32 inum)
{
	/* As in cn_proc.c: the event behind the header is aligned to 8. */
	u8 buffer[4 + sizeof(struct cn_msg) + sizeof(struct nm_message)]
		__aligned(8) = { };
	struct cn_msg *msg = (struct cn_msg *)(buffer + 4);
	struct nm_message *event = (struct nm_message *)msg->data;

	BUILD_BUG_ON(sizeof(struct cn_msg) != 20);
	BUILD_BUG_ON(offsetof(struct nm_message, nm) !=
		     offsetof(struct proc_event, event_data));

	event->what = PROC_EVENT_NM;
	event->timestamp_ns = ktime_get_ns();
	event->nm.process_pid = task->pid;
	event->nm.process_tgid = task->tgid;
	event->nm.type = type;
	event->nm.reason = reason;
	event->nm.old_inum = old_inum;
	event->nm.inum = inum;

	msg->id.idx = CN_IDX_PROC;
	msg->id.val = CN_VAL_PROC;
	msg->len = sizeof(*event);
	agentns_nm_send(msg);
}

/*
 * Of a type that has a namespace for children beside the task's own, the
 * latter's change is told; the former's where that is all that changed.
 */
static void nm_compare(struct task_struct *task, const struct agentns_nm *old,
		       const struct agentns_nm *new, u32 reason)
{
	unsigned int type, i;

	for (type = 0; type < AGENTNS_NM_TYPES; type++) {
		i = type;
		if (old->inum[i] == new->inum[i]) {
			if (type == AGENTNS_NM_PID)
				i = AGENTNS_NM_PID_CHILDREN;
			else if (type == AGENTNS_NM_TIME)
				i = AGENTNS_NM_TIME_CHILDREN;
		}
		if (old->inum[i] != new->inum[i])
			nm_send(task, nm_types[type], reason, old->inum[i],
				new->inum[i]);
	}
}

/**
 * agentns_nm_fork - tell what a child is in and its creator is not
 * @child: made by current, complete, and not yet running
 *
 * Context: May be preempted; any that allows a fork.
 */
void agentns_nm_fork(struct task_struct *child)
{
	struct agentns_nm old, new;

	nm_take(&old, current);
	nm_take(&new, child);
	nm_compare(child, &old, &new, PROC_NM_REASON_CLONE);
}

void __agentns_nm_begin(struct agentns_nm *nm)
{
	nm_take(nm, current);
}

void __agentns_nm_end(const struct agentns_nm *nm, u32 reason)
{
	struct agentns_nm new;

	nm_take(&new, current);
	nm_compare(current, nm, &new, reason);
}
