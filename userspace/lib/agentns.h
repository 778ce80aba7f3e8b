/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libagentns - agent sessions from user space
 *
 * Conventions, for every function here:
 *
 * - A function that can fail returns 0 (or a count) on success and a negative
 *   errno on failure; errno itself has no meaning afterwards.
 * - -ENOSYS is "this kernel has no support", which is also what a kernel with
 *   the hooks answers while agentns.ko is not loaded. For agentns_create()
 *   alone it has a second meaning, see there.
 * - There is no global state. Any function may be called from any thread; one
 *   handle or iterator must not be used by two threads at once.
 * - The caller owns all memory that it passes in. Strings and structures are
 *   copied out; only handles and iterators are allocated.
 */
#ifndef AGENTNS_H
#define AGENTNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/agent_namespaces.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An id as text: 32 lowercase hex digits and a NUL. */
#define AGENTNS_ID_STRLEN	(2 * AGENT_NS_ID_BYTES)
#define AGENTNS_ID_BUFSIZE	(AGENTNS_ID_STRLEN + 1)

/* An intent tag and its NUL. */
#define AGENTNS_INTENT_BUFSIZE	(AGENT_NS_INTENT_MAX + 1)

/* Fewer digits than this do not name a session, see agentns_session_find(). */
#define AGENTNS_PREFIX_MIN	4

/* struct agentns_session: an action newer than this library. */
#define AGENTNS_ACTION_UNKNOWN	((__u32)-1)

/* ---- the calling thread's own session: prctl(2) ---- */

/**
 * agentns_supported - does the running kernel have agent sessions, now?
 *
 * Return: true when agentns.ko is loaded into a kernel with its hooks.
 */
bool agentns_supported(void);

/**
 * agentns_create - create a session and move the calling thread into it
 *
 * Other threads of the process stay where they are, so call this while there
 * is one thread only.
 *
 * Return: 0, or -EPERM (from the initial agent namespace this takes
 * CAP_SYS_ADMIN, or the sysctl kernel.agent_ns.unprivileged = 1), -ENOSPC (too
 * deeply nested, or a session around has max_descendants in it), -ENOMEM, or
 * -ENOSYS: no support, or sessions are switched off by kernel.agent_ns.enabled
 * = 0. agentns_supported() tells the two apart.
 */
int agentns_create(void);

/**
 * agentns_get_id - id of the caller's session
 * @id: is set; zeros outside a session
 *
 * Return: 0 or -ENOSYS.
 */
int agentns_get_id(struct agent_session_id_uapi *id);

/**
 * agentns_get_parent_id - id of the session that the caller's is nested in
 * @id: is set; zeros for the initial agent namespace, and outside a session
 *
 * Return: 0 or -ENOSYS.
 */
int agentns_get_parent_id(struct agent_session_id_uapi *id);

/**
 * agentns_set_intent - set the intent tag of the caller's session
 * @tag: printable UTF-8; the kernel keeps at most AGENT_NS_INTENT_MAX bytes
 *
 * Return: 0, -EINVAL (control character, not UTF-8, or not in a session),
 * -EAGAIN (set less than a second ago) or -ENOSYS.
 */
int agentns_set_intent(const char *tag);

/**
 * agentns_get_intent - intent tag of the caller's session
 * @tag: buffer of AGENTNS_INTENT_BUFSIZE bytes; empty outside a session
 *
 * Return: 0 or -ENOSYS.
 */
int agentns_get_intent(char tag[AGENTNS_INTENT_BUFSIZE]);

/**
 * agentns_get_counters - what the caller's session has done so far
 * @counters: is set; zeros outside a session
 *
 * Return: 0 or -ENOSYS.
 */
int agentns_get_counters(struct agent_ns_counters_uapi *counters);

/**
 * agentns_get_counters_ex - all that is counted of the caller's session
 * @counters: is set; zeros outside a session
 *
 * Return: 0, -EOPNOTSUPP (this kernel's module cannot) or -ENOSYS.
 */
int agentns_get_counters_ex(struct agent_ns_counters_ex *counters);

/**
 * agentns_set_budget_limits - set the first three limits, and no others
 * @budget: limits; 0 is no limit. Limits that only struct agent_ns_budget_ex
 *	has become "none": agentns_set_budget() is the better call.
 *
 * Return: 0, -EINVAL (bad value, or not in a session), -EPERM (would loosen
 * the budget) or -ENOSYS.
 */
int agentns_set_budget_limits(const struct agent_ns_budget_uapi *budget);

/**
 * agentns_set_budget - replace the budget of the caller's session
 * @budget: limits; 0 is no limit
 *
 * Return: 0, -EINVAL (bad value, or not in a session), -EPERM (would loosen
 * the budget), -E2BIG (the kernel's module does not know a limit that is set)
 * or -ENOSYS.
 */
int agentns_set_budget(const struct agent_ns_budget_ex *budget);

/**
 * agentns_get_budget - budget of the caller's session
 * @budget: is set; zeros outside a session
 *
 * Return: 0 or -ENOSYS.
 */
int agentns_get_budget(struct agent_ns_budget_ex *budget);

/**
 * agentns_seal - seal the caller's session
 *
 * From then on no task inside leaves it or loosens its budget.
 *
 * Return: 0, -EINVAL (not in a session), -EOPNOTSUPP (this kernel's module
 * cannot) or -ENOSYS.
 */
int agentns_seal(void);

/**
 * agentns_open_session - a descriptor of a session's namespace
 * @id: which; zeros for the initial agent namespace
 *
 * As one gets by opening /proc/PID/ns/agent: for setns(2) with AGENT_NS, and
 * the session lives as long as it is open. It is close-on-exec.
 *
 * Return: a descriptor, -ENOENT (no such session), -EPERM, -EOPNOTSUPP (this
 * kernel's module cannot) or -ENOSYS.
 */
int agentns_open_session(const struct agent_session_id_uapi *id);

/**
 * agentns_list - list agent namespaces, by their namespace ids
 * @req: what to list; NULL for all that the caller may see, from the beginning
 * @ids: is set to their ids, in ascending order
 * @max: room in @ids; a million at the most
 *
 * Other members of @req than size may be 0; ns_id is the last id of the call
 * before, to go on behind it. The caller's own namespace is listed, and to who
 * has CAP_SYS_ADMIN in the initial user and pid namespaces all that are in use.
 * The ids are those of listns(2); sessions with all that is known of them come
 * from agentns_iter_open().
 *
 * Return: how many there were, -ENOENT (none behind ns_id), -EINVAL (@req is
 * malformed), -EOVERFLOW (@max), -EOPNOTSUPP (ns_type is neither 0 nor AGENT_NS,
 * this kernel knows user namespaces by no id, or its module cannot list) or
 * -ENOSYS.
 */
int agentns_list(const struct agent_ns_id_req *req, __u64 *ids, size_t max);

/**
 * agentns_enter - move the calling thread into a session
 * @fd: of its namespace, from agentns_open_session() or /proc/PID/ns/agent; or a
 *	pidfd, for the session of that process
 *
 * Return: 0, -EINVAL (@fd is no such thing, or this kernel cannot), -EPERM,
 * -EDQUOT (max_tasks, there or around it, leaves no place), or what setns(2)
 * says.
 */
int agentns_enter(int fd);

/* ---- text forms ---- */

/**
 * agentns_id_parse - read a session id
 * @text: exactly 32 hex digits, of either case, and nothing else
 * @id: is set on success
 *
 * Return: 0 or -EINVAL.
 */
int agentns_id_parse(const char *text, struct agent_session_id_uapi *id);

/**
 * agentns_id_format - write a session id as 32 lowercase hex digits
 * @id: the id
 * @buf: where to
 *
 * Return: @buf.
 */
char *agentns_id_format(const struct agent_session_id_uapi *id,
			char buf[AGENTNS_ID_BUFSIZE]);

/**
 * agentns_id_is_zero - is this the initial agent namespace, "no session"?
 * @id: the id
 *
 * Return: true when all bytes are zero.
 */
bool agentns_id_is_zero(const struct agent_session_id_uapi *id);

/**
 * agentns_id_cmp - order two ids, as memcmp does
 * @a: an id
 * @b: another
 *
 * Return: less than, equal to or greater than 0.
 */
int agentns_id_cmp(const struct agent_session_id_uapi *a,
		   const struct agent_session_id_uapi *b);

/**
 * agentns_action_parse - number of an action
 * @name: "log", "term", "kill", "stop" or "deny"
 * @action: is set on success to AGENT_NS_ACTION_*
 *
 * Return: 0 or -EINVAL.
 */
int agentns_action_parse(const char *name, __u32 *action);

/**
 * agentns_action_name - name of an action
 * @action: AGENT_NS_ACTION_*
 *
 * Return: its name, "unknown" when there is none. Never NULL.
 */
const char *agentns_action_name(__u32 action);

/**
 * struct agentns_budget_error - which part of a budget string is wrong, and why
 * @offset: where in the string the offending part begins
 * @length: its length in bytes; 0 when something is missing at @offset
 * @reason: a clause in English, of static storage
 */
struct agentns_budget_error {
	size_t offset;
	size_t length;
	const char *reason;
};

/**
 * agentns_budget_parse - read a budget string
 * @spec: for example "wall=1h,syscalls=1e7,write_bytes=10G,fork=1000"
 * @budget: limits named in @spec are set, all others become 0, no limit;
 *	@budget->action and @budget->grace_ns stay as they are. Untouched on
 *	failure.
 * @err: says what is wrong on failure; may be NULL
 *
 * Comma-separated KEY=VALUE, no key twice, no blanks, at least one. Keys:
 *
 * - wall, cpu: seconds, or a number followed by s, m or h;
 * - write_bytes: bytes, or a number followed by K, M, G or T (1024 and so on);
 * - syscalls, fork, opens, connects, unlinks, tasks, sessions: a count such as
 *   1000 or 1e7.
 *
 * Numbers are decimal. 0 is refused, because to the kernel it means no limit;
 * nanoseconds must fit in 64 bits, as must every other value.
 *
 * Return: 0 or -EINVAL.
 */
int agentns_budget_parse(const char *spec, struct agent_ns_budget_ex *budget,
			 struct agentns_budget_error *err);

/**
 * agentns_time_parse - read a time as in a budget string
 * @text: seconds, or a number followed by s, m or h; not 0
 * @ns: is set on success, to nanoseconds
 *
 * Return: 0 or -EINVAL.
 */
int agentns_time_parse(const char *text, uint64_t *ns);

/* ---- other processes and sessions: /proc and /sys ---- */

struct agentns;
struct agentns_iter;

/*
 * Structures below are written whole, and grow with the kernel's: where one has,
 * the library has another soname.
 */

/*
 * What is known of a session: a file in sysfs each. Later modules have more
 * of them: what the kernel lacks is missing in struct agentns_session.fields.
 */
#define AGENTNS_FIELD_PARENT		(1ULL << 0)
#define AGENTNS_FIELD_INTENT		(1ULL << 1)
#define AGENTNS_FIELD_DEPTH		(1ULL << 2)
#define AGENTNS_FIELD_INUM		(1ULL << 3)
#define AGENTNS_FIELD_ACTION		(1ULL << 4)
#define AGENTNS_FIELD_SEALED		(1ULL << 5)
#define AGENTNS_FIELD_GRACE		(1ULL << 6)
/* The seven counters, in the order of struct agent_ns_counters_uapi. */
#define AGENTNS_FIELD_COUNTER(i)	(1ULL << (8 + (i)))
#define AGENTNS_FIELD_COUNTERS		(0x7fULL << 8)
#define AGENTNS_FIELD_TASKS		(1ULL << 20)
#define AGENTNS_FIELD_CPU		(1ULL << 21)
#define AGENTNS_FIELD_DESCENDANTS	(1ULL << 22)
/* The limits, in the order of struct agent_ns_budget_ex. */
#define AGENTNS_FIELD_LIMIT(i)		(1ULL << (32 + (i)))
#define AGENTNS_FIELD_LIMITS		(0x3ffULL << 32)
#define AGENTNS_FIELD_ALL		(~0ULL)

/**
 * struct agentns_session - one session as sysfs shows it
 * @fields: mask of AGENTNS_FIELD_*: what was read; all else is zero
 * @id: its id
 * @parent: id of the session it is nested in, zeros for none
 * @intent: the intent tag, empty when there is none
 * @depth: nesting depth; a first-level session has 1
 * @inum: inode number of its namespace, the number in /proc/PID/ns/agent
 * @budget: its limits; 0 is no limit
 * @counters: what it and its descendants did
 * @tasks: how many tasks are in it and its descendants now
 * @cpu_ns: CPU time that they took
 * @descendants: how many sessions are in it now
 * @sealed: can nobody leave it, nor loosen its budget, from inside?
 *
 * The files are read one after the other, so figures of a busy session are
 * not from one instant.
 */
struct agentns_session {
	uint64_t fields;
	struct agent_session_id_uapi id;
	struct agent_session_id_uapi parent;
	char intent[AGENTNS_INTENT_BUFSIZE];
	uint32_t depth;
	uint64_t inum;
	struct agent_ns_budget_ex budget;
	struct agent_ns_counters_uapi counters;
	uint64_t tasks;
	uint64_t cpu_ns;
	uint64_t descendants;
	bool sealed;
};

/**
 * agentns_open - get a handle for reading /proc and /sys
 * @handle: is set on success; release it with agentns_close()
 * @root: the folder that has "proc" and "sys" in it; NULL means "/"
 *
 * This succeeds on any kernel; the readers below report missing support.
 *
 * Return: 0, -ENOMEM, or why @root cannot be opened.
 */
int agentns_open(struct agentns **handle, const char *root);

/**
 * agentns_close - release a handle
 * @handle: the handle, or NULL
 */
void agentns_close(struct agentns *handle);

/**
 * agentns_pid_id - session of a process
 * @handle: from agentns_open()
 * @pid: process (or thread) id
 * @id: is set; zeros when the process is not in a session
 *
 * That of its first thread; where that is in none, as when it has ended, of the
 * first thread that is in one.
 *
 * Return: 0, -ESRCH (no such process, or it ended meanwhile), -ENOSYS, or why
 * /proc cannot be read.
 */
int agentns_pid_id(struct agentns *handle, pid_t pid,
		   struct agent_session_id_uapi *id);

/**
 * agentns_pid_comm - name of a process, which may hold any byte
 * @handle: from agentns_open()
 * @pid: process (or thread) id
 * @buf: is set; what does not fit is cut off
 * @size: room in @buf
 *
 * Return: 0, -ESRCH, or why /proc cannot be read.
 */
int agentns_pid_comm(struct agentns *handle, pid_t pid, char *buf,
		     size_t size);

/**
 * agentns_pid_intent - intent tag of a process's session
 * @handle: from agentns_open()
 * @pid: process (or thread) id
 * @tag: buffer of AGENTNS_INTENT_BUFSIZE bytes
 *
 * Return: as agentns_pid_id().
 */
int agentns_pid_intent(struct agentns *handle, pid_t pid,
		       char tag[AGENTNS_INTENT_BUFSIZE]);

/**
 * agentns_pid_counters - counters of a process's session
 * @handle: from agentns_open()
 * @pid: process (or thread) id
 * @counters: is set; zeros when the process is not in a session
 *
 * Unlike agentns_session_read() this works for a session without a directory
 * in sysfs too.
 *
 * Return: as agentns_pid_id(), or -EBADMSG when the file is malformed.
 */
int agentns_pid_counters(struct agentns *handle, pid_t pid,
			 struct agent_ns_counters_uapi *counters);

/**
 * agentns_session_read - read one session from sysfs
 * @handle: from agentns_open()
 * @id: which
 * @session: is set on success
 *
 * Return: 0, -ENOENT (no such session, it ended meanwhile, or it has no
 * directory because there are more than max_session_dirs), -ENOSYS, -EBADMSG
 * when a file is malformed, or why one cannot be read.
 */
int agentns_session_read(struct agentns *handle,
			 const struct agent_session_id_uapi *id,
			 struct agentns_session *session);

/**
 * agentns_session_find - find sessions by the first digits of their ids
 * @handle: from agentns_open()
 * @prefix: AGENTNS_PREFIX_MIN to 32 hex digits, of either case
 * @ids: the first @max ids that match are stored here; NULL when @max is 0
 * @max: room in @ids
 *
 * Return: how many sessions match, which may be more than @max, or -EINVAL
 * (@prefix is no such thing), -ENOSYS, or why sysfs cannot be read.
 */
int agentns_session_find(struct agentns *handle, const char *prefix,
			 struct agent_session_id_uapi *ids, size_t max);

/**
 * agentns_iter_open - begin to go through all sessions
 * @handle: from agentns_open(); must outlive the iterator
 * @iter: is set on success; release it with agentns_iter_close()
 *
 * They are read from /proc/agent_sessions, or, with a module that is older
 * than that file, from their directories in sysfs.
 *
 * Return: 0, -ENOMEM, -ENOSYS, or why sysfs cannot be read.
 */
int agentns_iter_open(struct agentns *handle, struct agentns_iter **iter);

/**
 * agentns_iter_next - read the next session
 * @iter: from agentns_iter_open()
 * @session: is set when there is one
 *
 * Sessions come in no particular order. One that ends meanwhile is skipped.
 *
 * Return: 1 when @session was set, 0 at the end, or as agentns_session_read().
 */
int agentns_iter_next(struct agentns_iter *iter,
		      struct agentns_session *session);

/**
 * agentns_iter_next_fields - read parts of the next session
 * @iter: from agentns_iter_open()
 * @session: is set when there is one; what was not asked for is zero
 * @fields: mask of AGENTNS_FIELD_*; the id is always read
 *
 * With ten thousand sessions, every file that is not opened counts.
 *
 * Return: as agentns_iter_next().
 */
int agentns_iter_next_fields(struct agentns_iter *iter,
			     struct agentns_session *session, uint64_t fields);

/**
 * agentns_iter_close - release an iterator
 * @iter: the iterator, or NULL
 */
void agentns_iter_close(struct agentns_iter *iter);

/* ---- changing a session from outside, as root: /sys ---- */

/**
 * agentns_session_write - write one file of a session's directory
 * @handle: from agentns_open()
 * @id: which session
 * @file: a file of the directory, such as "max_forks"
 * @value: what to write; not empty
 *
 * For files that are newer than this library; for the others there are the
 * functions below.
 *
 * Return: 0, -ENOENT (no such session, it ended, or it has no directory),
 * -EOPNOTSUPP (this kernel's module has no such file), -ENOSYS, -EACCES, or
 * what the kernel says of the value.
 */
int agentns_session_write(struct agentns *handle,
			  const struct agent_session_id_uapi *id,
			  const char *file, const char *value);

/**
 * agentns_session_read_file - read one file of a session's directory
 * @handle: from agentns_open()
 * @id: which session
 * @file: a file of the directory
 * @buf: is set to its one line, without the newline
 * @size: room in @buf
 *
 * Return: 0, or as agentns_session_write(), or -EBADMSG when it is not one
 * line that fits.
 */
int agentns_session_read_file(struct agentns *handle,
			      const struct agent_session_id_uapi *id,
			      const char *file, char *buf, size_t size);

/**
 * agentns_session_exceeded - which limits were reached
 * @handle: from agentns_open()
 * @id: which session
 * @buf: is set to their names, separated by blanks; empty for none
 * @size: room in @buf
 *
 * Return: 0, -ENOENT (no such session, it ended, or it has no directory),
 * -EOPNOTSUPP (this kernel's module does not say), -EMSGSIZE or -ENOSYS.
 */
int agentns_session_exceeded(struct agentns *handle,
			     const struct agent_session_id_uapi *id, char *buf,
			     size_t size);

/**
 * agentns_session_set_limit - set or remove one limit
 * @handle: from agentns_open()
 * @id: which session
 * @limit: its name in struct agent_ns_budget_ex, such as "max_forks"
 * @value: the limit; 0 for none
 *
 * Return: as agentns_session_write().
 */
int agentns_session_set_limit(struct agentns *handle,
			      const struct agent_session_id_uapi *id,
			      const char *limit, uint64_t value);

/**
 * agentns_session_set_intent - set the intent tag of a session
 * @handle: from agentns_open()
 * @id: which session
 * @tag: printable UTF-8; the kernel keeps at most AGENT_NS_INTENT_MAX bytes
 *
 * Return: as agentns_session_write().
 */
int agentns_session_set_intent(struct agentns *handle,
			       const struct agent_session_id_uapi *id,
			       const char *tag);

/**
 * agentns_session_set_action - set what happens at a limit
 * @handle: from agentns_open()
 * @id: which session
 * @action: AGENT_NS_ACTION_*
 *
 * Return: as agentns_session_write(), or -EINVAL.
 */
int agentns_session_set_action(struct agentns *handle,
			       const struct agent_session_id_uapi *id,
			       __u32 action);

/**
 * agentns_session_kill - send SIGKILL to all of a session and its descendants
 * @handle: from agentns_open()
 * @id: which session
 *
 * The kernel does it: nobody escapes by forking.
 *
 * Return: as agentns_session_write().
 */
int agentns_session_kill(struct agentns *handle,
			 const struct agent_session_id_uapi *id);

/* ---- the processes of sessions: /proc ---- */

struct agentns_process_iter;

/**
 * struct agentns_process - one process
 * @pid: its process id
 * @ppid: its parent's
 * @uid: the owner of its directory in /proc: its effective user
 * @threads: how many threads it has
 * @state: a letter, as in ps(1)
 * @comm: its name, which may hold any byte
 * @session: the session of its first thread that is in one, or zeros
 */
struct agentns_process {
	pid_t pid;
	pid_t ppid;
	uid_t uid;
	uint32_t threads;
	char state;
	char comm[64];
	struct agent_session_id_uapi session;
};

/**
 * agentns_process_iter_open - begin to go through all processes
 * @handle: from agentns_open(); must outlive the iterator
 * @iter: is set on success; release it with agentns_process_iter_close()
 *
 * Return: 0, -ENOMEM, or why /proc cannot be read.
 */
int agentns_process_iter_open(struct agentns *handle,
			      struct agentns_process_iter **iter);

/**
 * agentns_process_iter_next - read the next process
 * @iter: from agentns_process_iter_open()
 * @process: is set when there is one
 *
 * Processes that end meanwhile, or that may not be read, are skipped.
 *
 * Return: 1 when @process was set, 0 at the end, -ENOSYS, or why /proc cannot
 * be read.
 */
int agentns_process_iter_next(struct agentns_process_iter *iter,
			      struct agentns_process *process);

/**
 * agentns_process_iter_close - release an iterator
 * @iter: the iterator, or NULL
 */
void agentns_process_iter_close(struct agentns_process_iter *iter);

/**
 * agentns_session_signal - send a signal to all of a session and its descendants
 * @handle: from agentns_open() with root NULL: processes are signalled that
 *	live here, whatever proc is read
 * @id: which session; zeros for all that there are
 * @sig: the signal; SIGSTOP, SIGCONT and SIGKILL are sent until nobody is left
 *	who needs them, and so reach what is forked meanwhile
 * @count: is set to how many processes were signalled, also on failure
 *
 * The calling process is left out. agentns_session_kill() is the better way to
 * kill; this also works for a session that has no directory in sysfs.
 *
 * A session of max_session_dirs and above is on no list; whether it is within
 * @id the kernel says, to who may open its namespace.
 *
 * Return: 0, -EPERM (for one process or more, or it may not be known whose they
 * are), -EOPNOTSUPP (there is a session without a directory, and this kernel's
 * module does not say what is around it), -EAGAIN (somebody else undoes it as
 * fast), -ENOMEM, -ENOSYS, or why /proc cannot be read. In all cases those of
 * whom it is known were signalled.
 */
int agentns_session_signal(struct agentns *handle,
			   const struct agent_session_id_uapi *id, int sig,
			   unsigned int *count);

/* ---- events, as they happen: tracefs ---- */

struct agentns_events;

enum agentns_event_type {
	AGENTNS_EVENT_START = 1,	/* a session was created */
	AGENTNS_EVENT_END,		/* it has ended */
	AGENTNS_EVENT_INTENT,		/* its tag was set */
	AGENTNS_EVENT_EXCEEDED,		/* a limit was reached */
	AGENTNS_EVENT_KILL,		/* it was killed */
	AGENTNS_EVENT_JOIN,		/* a task entered it, by setns(2) */
	AGENTNS_EVENT_LOST,		/* events were lost: we read too slowly */
};

/**
 * struct agentns_event - one event; what its type does not have is zero
 * @type: AGENTNS_EVENT_*; a later library may have more
 * @time_ns: when, on the boot-time clock; microseconds are what is known
 * @id: the session; not of LOST
 * @parent: START: the session around it
 * @pid: START: its first process; JOIN: the process of which a thread entered
 * @intent: START, INTENT: the tag
 * @counters: END: what it did
 * @resource: EXCEEDED: the limit, such as "max_forks"
 * @action: EXCEEDED: what happened; KILL: the cause; may be empty
 * @value: EXCEEDED: of the counter; LOST: how many events
 * @limit: EXCEEDED: the limit
 * @tid: JOIN: that thread
 * @comm: JOIN: the thread's name; bytes of any kind
 * @from: JOIN: the session that it left; zeros: it was in none
 */
struct agentns_event {
	enum agentns_event_type type;
	uint64_t time_ns;
	struct agent_session_id_uapi id;
	struct agent_session_id_uapi parent;
	pid_t pid;
	char intent[AGENTNS_INTENT_BUFSIZE];
	struct agent_ns_counters_uapi counters;
	char resource[32];
	char action[16];
	uint64_t value;
	uint64_t limit;
	pid_t tid;
	char comm[16];
	struct agent_session_id_uapi from;
};

/**
 * agentns_events_open - begin to watch the events of all sessions
 * @handle: from agentns_open()
 * @events: is set on success; release it with agentns_events_close()
 *
 * It takes root. The watcher has an instance of tracefs of its own, which goes
 * when it is closed; one that a killed program left is removed by the next.
 *
 * Return: 0, -EACCES, -ENOMEM, -EOPNOTSUPP (tracefs is not mounted, or the
 * kernel has none), -ENOSYS, or what tracefs says.
 */
int agentns_events_open(struct agentns *handle, struct agentns_events **events);

/**
 * agentns_events_fd - the descriptor to wait on
 * @events: from agentns_events_open()
 *
 * It is readable, for poll(2) and epoll(7), when agentns_events_next() may have
 * something. Do not read from it.
 *
 * Return: a descriptor, which is closed by agentns_events_close().
 */
int agentns_events_fd(const struct agentns_events *events);

/**
 * agentns_events_next - the next event that has happened
 * @events: from agentns_events_open()
 * @event: is set when there is one
 *
 * It does not wait. -EBADMSG concerns one event; the next call goes on.
 *
 * Return: 1 when @event was set, 0 when there is none now, -EBADMSG, or why
 * tracefs cannot be read.
 */
int agentns_events_next(struct agentns_events *events,
			struct agentns_event *event);

/**
 * agentns_events_close - stop watching
 * @events: the watcher, or NULL
 */
void agentns_events_close(struct agentns_events *events);

/**
 * agentns_event_name - name of a type of event
 * @type: AGENTNS_EVENT_*
 *
 * Return: its name in lower case, "unknown" when there is none. Never NULL.
 */
const char *agentns_event_name(enum agentns_event_type type);

/* ---- the module ---- */

/**
 * agentns_sessions_live - number of live sessions, with or without a directory
 * @handle: from agentns_open()
 * @count: is set on success
 *
 * Return: 0, -ENOENT when this kernel's module does not say, or -ENOSYS.
 */
int agentns_sessions_live(struct agentns *handle, uint64_t *count);

/**
 * agentns_abi - version of the kernel's interface
 * @handle: from agentns_open()
 * @version: is set on success
 *
 * Return: 0, -ENOSYS, -EBADMSG, or why the file cannot be read.
 */
int agentns_abi(struct agentns *handle, uint64_t *version);

#ifdef __cplusplus
}
#endif

#endif /* AGENTNS_H */
