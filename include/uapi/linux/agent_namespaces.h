/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Agent sessions: one more kind of namespace.
 *
 * A session is named by an opaque 128-bit id. Every task is in exactly one;
 * the id of all zeros means the initial agent namespace, "not in a session".
 */
#ifndef _UAPI_LINUX_AGENT_NAMESPACES_H
#define _UAPI_LINUX_AGENT_NAMESPACES_H

#include <linux/types.h>

#define AGENT_NS_ID_BYTES	16
#define AGENT_NS_INTENT_MAX	63	/* bytes of an intent tag, without its NUL */

/*
 * Namespace type: what NS_GET_NSTYPE answers for /proc/PID/ns/agent. It is
 * not a clone(2) or unshare(2) flag: for those calls this bit is part of the
 * exit signal.
 */
#define AGENT_NS		0x1

/*
 * Flag of clone3(2) alone: the child is born in a new session, below that of
 * the caller, who stays. The right to do so and the errors are those of
 * PR_SET_AGENT_NS; EINVAL with CLONE_THREAD. Bit 62, as upstream grows from the
 * low end. clone(2) and unshare(2) never make a session.
 */
#define CLONE_NEWAGENT		0x4000000000000000ULL

/* Inode number of the initial agent namespace in nsfs, and its namespace id. */
#define AGENT_NS_INIT_INO	0xEFFFFFF6U
#define AGENT_NS_INIT_ID	9

/*
 * prctl(2) operations. The range PR_AGENT_BASE .. PR_AGENT_BASE + 31 is ours.
 *
 * Operations 1 to 7 ignore arguments that they do not use. From 8 up unused
 * arguments must be zero, else EINVAL.
 *
 * All: EFAULT for a bad pointer, EPERM where the caller may not, EINVAL for
 * an unknown operation or a bad value, and EINVAL for the whole range while
 * no module is loaded, as on a kernel without agent namespaces.
 */
#define PR_AGENT_BASE			0x41544E53	/* "ATNS" */
#define PR_AGENT_LAST			(PR_AGENT_BASE + 31)

/* __u8[16] *: the caller's session id, zeros outside a session. */
#define PR_GET_AGENT_SESSION_ID		(PR_AGENT_BASE + 1)

/*
 * const char *: set the intent tag of the caller's session. NUL-terminated
 * printable UTF-8; at most 63 bytes are kept, whole characters only. EINVAL
 * for a control character, for malformed UTF-8 and outside a session; EAGAIN
 * when the tag was set less than a second ago.
 */
#define PR_SET_AGENT_INTENT_TAG		(PR_AGENT_BASE + 2)

/* char[64] *: the tag with its NUL, empty outside a session. */
#define PR_GET_AGENT_INTENT_TAG		(PR_AGENT_BASE + 3)

/*
 * struct agent_ns_budget_uapi *: set the budget of the caller's session. All
 * limits are replaced; those that this structure lacks become "none". EINVAL
 * outside a session. Without CAP_SYS_ADMIN in the initial user namespace a
 * budget can be tightened only (EPERM).
 */
#define PR_SET_AGENT_BUDGET_LIMITS	(PR_AGENT_BASE + 4)

/* struct agent_ns_counters_uapi *: counters, zeros outside a session. */
#define PR_GET_AGENT_COUNTERS		(PR_AGENT_BASE + 5)

/* __u8[16] *: the parent session's id, zeros for the initial namespace. */
#define PR_GET_AGENT_PARENT_ID		(PR_AGENT_BASE + 6)

/*
 * Create a session and move the calling thread into it. EPERM: from the
 * initial agent namespace this takes CAP_SYS_ADMIN in the initial user
 * namespace (or kernel.agent_ns.unprivileged = 1); inside a session anyone
 * may. ENOSYS while kernel.agent_ns.enabled is 0; ENOSPC deeper than
 * AGENT_NS_DEPTH_MAX; ENOMEM.
 */
#define PR_SET_AGENT_NS			(PR_AGENT_BASE + 7)

/*
 * struct agent_ns_budget_ex *, size: set and get the extended budget. A
 * structure longer than the kernel's is fine while its unknown tail is zero,
 * else E2BIG; one shorter than AGENT_NS_BUDGET_EX_SIZE_VER0 is EINVAL. Limits
 * that a shorter structure lacks become "none". Get writes min(size, the
 * kernel's size) bytes and zeros behind them; outside a session all zeros.
 */
#define PR_SET_AGENT_BUDGET_EX		(PR_AGENT_BASE + 8)
#define PR_GET_AGENT_BUDGET_EX		(PR_AGENT_BASE + 9)

/*
 * Seal the caller's session: from then on no task inside of it leaves it or
 * loosens its budget, whatever its capabilities; a task in an ancestor session
 * can. There is no way back. All arguments are zero. EINVAL outside a session.
 */
#define PR_SEAL_AGENT_NS		(PR_AGENT_BASE + 10)

/*
 * const struct agent_ns_id_req *, __u64 *ids, number of ids: list agent
 * namespaces by their namespace ids, in ascending order, from the first one
 * behind req->ns_id on; the answer is how many there were. A namespace is
 * listed while a task, a descriptor or a bind mount uses it. Callers see their
 * own; those with CAP_SYS_ADMIN in the initial user and pid namespaces see all.
 * The same as listns(2), for kernels without it; where that is there, the ids
 * are the same. ENOENT: nothing behind req->ns_id; EOPNOTSUPP: req->ns_type is
 * neither 0 nor AGENT_NS, or req->user_ns_id an id where user namespaces have
 * none (0 is any, AGENT_NS_CURRENT_USER the caller's own); EOVERFLOW: more than
 * a million ids; E2BIG, EINVAL: req->size.
 */
#define PR_LIST_AGENT_NS		(PR_AGENT_BASE + 11)

/*
 * const __u8[16] *: open the agent namespace of a session id, zeros for the
 * initial one; the answer is a descriptor as of /proc/PID/ns/agent, which is
 * close-on-exec. For the caller's own session and those below it, for whoever
 * has CAP_SYS_ADMIN in the user namespace that owns it, and for whoever sees
 * all namespaces; EPERM otherwise. ENOENT: no such session.
 */
#define PR_OPEN_AGENT_NS		(PR_AGENT_BASE + 12)

/*
 * struct agent_ns_counters_ex *, size: all that is counted of the caller's
 * session. Writes min(size, the kernel's size) bytes and zeros behind them; a
 * size below AGENT_NS_COUNTERS_EX_SIZE_VER0 is EINVAL, one above a page E2BIG.
 * Outside a session all zeros.
 */
#define PR_GET_AGENT_COUNTERS_EX	(PR_AGENT_BASE + 13)

/* Sessions nest this deep: a first-level session has depth 1. */
#define AGENT_NS_DEPTH_MAX	32

/* What happens when a limit is reached. */
#define AGENT_NS_ACTION_LOG	0	/* one log line, work goes on */
#define AGENT_NS_ACTION_TERM	1	/* SIGTERM to every process, once */
#define AGENT_NS_ACTION_KILL	2	/* SIGKILL to every process */
#define AGENT_NS_ACTION_STOP	3	/* SIGSTOP to every process, until raised */
#define AGENT_NS_ACTION_DENY	4	/* EDQUOT; what it takes to end goes on */

struct agent_session_id_uapi {
	__u8 bytes[AGENT_NS_ID_BYTES];
};

/**
 * struct agent_ns_counters_uapi - what a session and its descendants did
 * @total_syscalls: system calls entered, and io_uring requests submitted
 * @openat_count: calls of open, creat, openat, openat2, successful or not
 * @write_bytes: bytes accepted by write, pwrite64, writev, pwritev, pwritev2,
 *	sendfile, copy_file_range, splice, aio and io_uring writes
 * @connect_count: calls of connect, successful or not
 * @unlink_count: calls of unlink and unlinkat, successful or not
 * @fork_count: tasks created, threads too
 * @elapsed_ns: nanoseconds of boot-time clock since creation
 */
struct agent_ns_counters_uapi {
	__u64 total_syscalls;
	__u64 openat_count;
	__u64 write_bytes;
	__u64 connect_count;
	__u64 unlink_count;
	__u64 fork_count;
	__u64 elapsed_ns;
};

/**
 * struct agent_ns_counters_ex - all that is counted of a session
 * @counters: what PR_GET_AGENT_COUNTERS gets
 * @tasks: that live now, in it and its descendants, threads too
 * @cpu_ns: nanoseconds of CPU time that they have used, who has ended included
 * @descendants: sessions below it that live now
 * @crossings: how often a limit of it was reached
 */
struct agent_ns_counters_ex {
	struct agent_ns_counters_uapi counters;
	__u64 tasks;
	__u64 cpu_ns;
	__u64 descendants;
	__u64 crossings;
};

#define AGENT_NS_COUNTERS_EX_SIZE_VER0	88

/**
 * struct agent_ns_budget_uapi - limits on the counters; 0 is no limit
 * @max_syscalls: calls
 * @max_write_bytes: bytes
 * @max_elapsed_ns: nanoseconds since creation
 * @action: AGENT_NS_ACTION_*
 * @_reserved: must be zero
 */
struct agent_ns_budget_uapi {
	__u64 max_syscalls;
	__u64 max_write_bytes;
	__u64 max_elapsed_ns;
	__u32 action;
	__u32 _reserved;
};

/**
 * struct agent_ns_budget_ex - limits on all counters; 0 is no limit
 * @action: AGENT_NS_ACTION_*
 * @flags: must be zero
 * @max_syscalls: calls
 * @max_write_bytes: bytes
 * @max_elapsed_ns: nanoseconds since creation
 * @max_forks: tasks created, threads too
 * @max_opens: calls counted in openat_count
 * @max_connects: calls counted in connect_count
 * @max_unlinks: calls counted in unlink_count
 * @max_tasks: tasks that live at one time, threads too
 * @max_cpu_ns: nanoseconds of CPU time of all tasks together
 * @max_descendants: live sessions below this one; no action: creating one more
 *	fails with ENOSPC
 * @grace_ns: nanoseconds from the SIGTERM of AGENT_NS_ACTION_TERM until
 *	SIGKILL; 0 is never
 */
struct agent_ns_budget_ex {
	__u32 action;
	__u32 flags;
	__u64 max_syscalls;
	__u64 max_write_bytes;
	__u64 max_elapsed_ns;
	__u64 max_forks;
	__u64 max_opens;
	__u64 max_connects;
	__u64 max_unlinks;
	__u64 max_tasks;
	__u64 max_cpu_ns;
	__u64 max_descendants;
	__u64 grace_ns;
};

#define AGENT_NS_BUDGET_EX_SIZE_VER0	64	/* to max_unlinks */
#define AGENT_NS_BUDGET_EX_SIZE_VER1	96

/**
 * struct agent_ns_id_req - what PR_LIST_AGENT_NS is to list
 * @size: of this structure, as its user knows it
 * @spare: must be zero
 * @ns_id: list what comes behind this namespace id; 0 is from the beginning
 * @ns_type: 0 or AGENT_NS
 * @spare2: must be zero
 * @user_ns_id: owning user namespace: 0 for any, AGENT_NS_CURRENT_USER for the
 *	caller's, else its namespace id
 *
 * The structure ns_id_req of listns(2), for systems whose headers lack it.
 */
struct agent_ns_id_req {
	__u32 size;
	__u32 spare;
	__u64 ns_id;
	__u32 ns_type;
	__u32 spare2;
	__u64 user_ns_id;
};

#define AGENT_NS_ID_REQ_SIZE_VER0	32
#define AGENT_NS_CURRENT_USER		0xffffffffffffffffULL

/*
 * The process connector (CN_IDX_PROC) sends PROC_EVENT_NM whenever a task has
 * changed a namespace, of any type: one event for each type. It is a member of
 * enum proc_cn_event in all but name, and part of PROC_EVENT_ALL: a listener
 * that names events in its struct proc_input gets these when it names them.
 *
 * The message is the header of struct proc_event (what, cpu, timestamp_ns)
 * and, where its event_data stands, struct nm_proc_event: longer than
 * event_data and no member of it, so that other messages keep their size.
 *
 * Reasons: CLONE alone, of the child, compared with the task that made it;
 * SET with one of the four behind it, of the caller.
 */
#define PROC_EVENT_NM			0x00000400

#define PROC_NM_REASON_CLONE		0x1	/* born in it */
#define PROC_NM_REASON_SET		0x2
#define PROC_NM_REASON_UNSHARE		0x4	/* unshare(2) */
#define PROC_NM_REASON_SETNS		0x8	/* setns(2) */
#define PROC_NM_REASON_PRCTL		0x10	/* an operation of this header */
#define PROC_NM_REASON_EXEC		0x20	/* took effect at execve(2) */

/**
 * struct nm_proc_event - a task is in another namespace than before
 * @process_pid: thread id, in the initial pid namespace
 * @process_tgid: process id, likewise
 * @type: a CLONE_NEW* value, or AGENT_NS
 * @reason: PROC_NM_REASON_*
 * @old_inum: inode number in nsfs of the namespace before
 * @inum: of the namespace now; of the pid and time namespaces those that the
 *	task itself is in, and where only those of its future children changed
 *	(unshare, setns to a pid namespace) these
 */
struct nm_proc_event {
	__kernel_pid_t process_pid;
	__kernel_pid_t process_tgid;
	__u32 type;
	__u32 reason;
	__u64 old_inum;
	__u64 inum;
};

/*
 * The stamp on a file: which session made it, or wrote to it last. No task in
 * a session can set, change or remove it; outside that takes CAP_SYS_ADMIN in
 * the initial user namespace.
 */
#define AGENT_NS_STAMP_XATTR		"security.agentns"
#define AGENT_NS_STAMP_VERSION		1

/**
 * struct agent_ns_stamp - the value of that attribute
 * @version: AGENT_NS_STAMP_VERSION; what is behind it may differ in others,
 *	which may be longer, too
 * @_reserved: zero
 * @uid: real user who wrote, in the initial user namespace; little-endian
 * @session: id of the session; zeros: outside of all sessions
 * @parent: id of its parent session; zeros: the initial agent namespace
 * @seconds: since the epoch, when the file was made, or released or truncated
 *	by its last writer; little-endian
 */
struct agent_ns_stamp {
	__u8 version;
	__u8 _reserved[3];
	__le32 uid;
	__u8 session[AGENT_NS_ID_BYTES];
	__u8 parent[AGENT_NS_ID_BYTES];
	__le64 seconds;
};

#define AGENT_NS_STAMP_SIZE_VER1	48

/*
 * The same for readers that know text alone, on regular files and folders:
 * user.prov.session, 32 hex digits, or comm:COMM:pid:PID:uid:UID outside of
 * sessions; user.prov.ts, seconds since the epoch; user.prov.intent, the
 * session's tag where it has one. Hints: whoever may write to a file may
 * change them.
 */
#define AGENT_NS_HINT_PREFIX		"user.prov."
#define AGENT_NS_HINT_SESSION		"user.prov.session"
#define AGENT_NS_HINT_TS		"user.prov.ts"
#define AGENT_NS_HINT_INTENT		"user.prov.intent"

/* The id of the security module in lsm_list_modules(2), where that exists. */
#define AGENT_NS_LSM_ID			0x41544E53	/* "ATNS" */

#endif /* _UAPI_LINUX_AGENT_NAMESPACES_H */
