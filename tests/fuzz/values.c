// SPDX-License-Identifier: GPL-2.0-only
/*
 * Values of arguments. Each is made of one number alone, and of what is there:
 * ids that exist, that did or never did; descriptors of the right kind, of
 * another and of none; sizes at edges; memory that is there, is not, is only to
 * be read, or ends halfway.
 */
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

#define ONE_OF(array, code)	((array)[(code) % ARRAY_SIZE(array)])

static const __u64 edges[] = {
	0, 1, 2, 3, 7, 8, 31, 32, 63, 64, 65, 127, 128, 255, 256, 4095, 4096,
	4097, 65535, 65536, 1000000, 1000001, 0x7fffffff, 0x80000000,
	0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000,
	0xfffffffffffffffe, 0xffffffffffffffff,
};

static const __u32 sizes[] = {
	0, 1, 4, 8, 16, 31, 32, 33, 40, 63, 64, 65, 72, 80, 88, 95, 96, 97, 104,
	128, 512, 4095, 4096, 4097, 8192, 65536, 0x7fffffff, 0xffffffff,
};

static const int signals[] = {
	0, SIGCONT, SIGSTOP, SIGKILL, SIGTERM, SIGURG, 65, -1,
};

static const int exit_signals[] = {
	SIGCHLD, SIGCHLD, SIGCHLD, 0, SIGURG, SIGHUP, 65, 256,
};

/* Memory: at its end, where one byte more is not there, or otherwise. */
static const char *const places[] = {
	"good", "good", "good", "good", "good", "good", "good", "good", "good",
	"good", "good", "unaligned", "crossing", "null", "read-only", "unmapped",
	"good", "good", "good", "good", "good", "good", "good", "good", "good",
	"good", "good", "good", "good", "unaligned", "kernel", "far",
};

/* Return: whether there was that much; below 4 GiB, for 32-bit calls. */
bool thread_memory(struct thread *t)
{
	const size_t one = ARENA_BYTES + 4096;
	__u8 *all = mmap(NULL, MAX_ARGS * one + 8192, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (all == MAP_FAILED)
		return false;
	for (unsigned int i = 0; i < MAX_ARGS; i++) {
		t->arena[i] = all + i * one;
		if (mprotect(t->arena[i], ARENA_BYTES, PROT_READ | PROT_WRITE))
			return false;
	}
	t->read_only = all + MAX_ARGS * one;
	t->unmapped = t->read_only + 4096;
	return !mprotect(t->read_only, 4096, PROT_READ);
}

static __u64 place(struct thread *t, unsigned int i, __u32 code,
		   const void *data, size_t n)
{
	__u8 *end = t->arena[i] + ARENA_BYTES, *to;
	const char *where = ONE_OF(places, code);
	size_t left = 0;

	switch (where[0]) {
	case 'n':
		return 0;
	case 'r':
		return (uintptr_t)t->read_only;
	case 'k':
		return 0xffffffff81000000;
	case 'f':
		return 0x7fffffffeff8 + (code >> 8) % 16;
	}
	if (where[0] == 'u' && where[2] == 'm')
		return (uintptr_t)t->unmapped;
	if (n > ARENA_BYTES - 8)
		n = ARENA_BYTES - 8;
	to = end - n;
	if (where[0] == 'u')
		to -= 1 + (code >> 8) % 7;
	if (where[0] == 'c') {
		left = n - (code >> 8) % (n + 1);
		to += left;
	}
	if (data)
		memcpy(to, data, n - left);
	return (uintptr_t)to;
}

/* A limit: mostly none or one that is soon reached. */
static __u64 limit(__u64 *random, __u64 unit)
{
	switch (random_below(random, 10)) {
	case 0:
		return ONE_OF(edges, random_number(random));
	case 1 ... 4:
		return (1 + random_below(random, 60)) * unit;
	}
	return 0;
}

/* Whoever ends or stops its runner has the next one begin. */
static __u32 action(__u64 *random)
{
	static const __u32 actions[] = {
		AGENT_NS_ACTION_LOG, AGENT_NS_ACTION_LOG, AGENT_NS_ACTION_LOG,
		AGENT_NS_ACTION_DENY, AGENT_NS_ACTION_DENY,
		AGENT_NS_ACTION_TERM, AGENT_NS_ACTION_KILL,
		AGENT_NS_ACTION_STOP,
	};

	return random_below(random, 12) ?
	       ONE_OF(actions, random_number(random)) :
	       ONE_OF(edges, random_number(random));
}

static __u64 budget(struct thread *t, unsigned int i, __u32 code)
{
	__u64 random = code >> 8;
	struct agent_ns_budget_uapi b = {
		.max_syscalls = limit(&random, 1),
		.max_write_bytes = limit(&random, 100),
		.max_elapsed_ns = limit(&random, 1000000),
		.action = action(&random),
		._reserved = !random_below(&random, 20),
	};

	return place(t, i, code, &b, sizeof(b));
}

static __u64 budget_ex(struct thread *t, unsigned int i, __u32 code)
{
	/* As long as some structure, or with room behind it. */
	static const size_t lengths[] = {
		sizeof(struct agent_ns_budget_ex), AGENT_NS_BUDGET_EX_SIZE_VER0,
		104, ARENA_BYTES / 2,
	};
	__u64 random = code >> 8;
	__u64 *l;
	struct {
		struct agent_ns_budget_ex ex;
		__u64 tail[ARENA_BYTES / 16];
	} b = { };

	for (l = &b.ex.max_syscalls; l <= &b.ex.grace_ns; l++)
		*l = limit(&random, l == &b.ex.max_elapsed_ns ||
			   l == &b.ex.max_cpu_ns ||
			   l == &b.ex.grace_ns ? 1000000 :
			   l == &b.ex.max_write_bytes ? 100 : 1);
	b.ex.action = action(&random);
	b.ex.flags = !random_below(&random, 20);
	if (!random_below(&random, 12))
		b.tail[random_below(&random, ARRAY_SIZE(b.tail))] = 1;
	return place(t, i, code, &b, ONE_OF(lengths, random_number(&random)));
}

static __u64 list_request(struct thread *t, unsigned int i, __u32 code)
{
	__u64 random = code >> 8;
	static const __u32 ns_types[] = {
		0, AGENT_NS, AGENT_NS, CLONE_NEWUTS, CLONE_NEWUSER | AGENT_NS,
		0xffffffff,
	};
	struct {
		struct agent_ns_id_req req;
		__u64 tail[8];
	} r = { };

	r.req.size = random_below(&random, 4) ? AGENT_NS_ID_REQ_SIZE_VER0 :
		     ONE_OF(sizes, random_number(&random));
	r.req.ns_type = ONE_OF(ns_types, random_number(&random));
	r.req.spare = !random_below(&random, 20);
	r.req.spare2 = !random_below(&random, 20);
	if (random_below(&random, 2))
		r.req.ns_id = random_below(&random, 3) ?
			      random_below(&random, 5000) :
			      ONE_OF(edges, random_number(&random));
	if (!random_below(&random, 3))
		r.req.user_ns_id = random_below(&random, 2) ?
				   AGENT_NS_CURRENT_USER :
				   random_below(&random, 20);
	r.tail[7] = !random_below(&random, 10);
	return place(t, i, code, &r, random_below(&random, 3) ?
		     sizeof(r.req) : sizeof(r));
}

static __u64 sid(struct thread *t, unsigned int i, __u32 code)
{
	__u8 id[AGENT_NS_ID_BYTES] = { };
	unsigned int which = (code >> 8) % 64;

	if (which < 2 * SIDS_SIZE)
		memcpy(id, t->state->sid[which % SIDS_SIZE], sizeof(id));
	else if (which < 56)
		memcpy(id, t->own_sid, sizeof(id));
	else if (which < 58)
		memset(id, 0xff, sizeof(id));
	else if (which < 62)
		memcpy(id, &code, sizeof(code));
	return place(t, i, code, id, sizeof(id));
}

/* Of text and messages the length counts; of a tag the NUL, or that it lacks. */
static __u64 text(struct thread *t, unsigned int i, enum type type,
		  __u32 code)
{
	__u8 bytes[ARENA_BYTES / 2];
	size_t n;

	if (type == MESSAGE)
		n = message_of(code >> 8, bytes, sizeof(bytes));
	else
		n = text_of(code >> 8, bytes, sizeof(bytes) - 1);
	if (type != TAG)
		t->text_length = n;
	else if ((code & 0xc0) != 0x40)
		bytes[n++] = 0;
	/* What is written to a file is seldom what its memory is about. */
	return place(t, i, type == TEXT && code & 0x60 ? 0 : code, bytes, n);
}

static __u64 descriptor(struct thread *t, enum type kind, __u32 code)
{
	static const int none[] = {
		-1, -2, 0, -100, 63, 1023, 1024, 0x7fffffff, -0x7fffffff,
		-10003,
	};
	unsigned int from = 0, to = MAX_FDS, at, i;
	int fd = -1;

	if (code % 32 == 0)
		return (long)ONE_OF(none, code >> 8);
	if (kind == PID_FD && code % 16 != 1) {
		from = PID_FDS;
		to = REST_FDS;
	} else if (kind == NS_FD) {
		from = code % 4 ? AGENT_FDS : OTHER_FDS;
		to = code % 4 ? OTHER_FDS : PID_FDS;
	} else if (kind == SOCKET_FD && code % 16 != 1) {
		from = REST_FDS;
		to = REST_FDS + 4;
	}
	/* The next that is open. */
	at = code >> 8;
	for (i = from; i < to && fd < 0; i++, at++)
		fd = __atomic_load_n(&t->fd[from + at % (to - from)],
				     __ATOMIC_RELAXED);
	return (long)fd;
}

static __u64 process(struct thread *t, __u32 code)
{
	const pid_t pids[] = {
		0, 1, 2, raw(SYS_getpid), raw(SYS_gettid), raw(SYS_getpid) + 1,
		raw(SYS_gettid) + 1 + (code >> 8) % 16, -1, 4194304, 99999,
	};

	return (long)ONE_OF(pids, code);
}

/* Kinds of namespaces, with the bits that mean something else elsewhere. */
static __u64 namespaces(__u32 code)
{
	static const __u32 flags[] = {
		CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWNS,
		CLONE_NEWPID, CLONE_NEWCGROUP, CLONE_NEWTIME, AGENT_NS,
	};
	__u64 mask = 0;

	/* Those of the network take a hundred times as long as others. */
	if (code % 256 == 255)
		return CLONE_NEWNET;
	if (code & 1)
		mask |= ONE_OF(flags, code >> 1);
	if (code & 0x10)
		mask |= ONE_OF(flags, code >> 5);
	return mask;
}

static __u64 clone_flags(__u32 code)
{
	static const __u64 others[] = {
		CLONE_VM, CLONE_VM | CLONE_SIGHAND,
		CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, CLONE_FILES, CLONE_FS,
		CLONE_PARENT, CLONE_VFORK, CLONE_VFORK | CLONE_VM, CLONE_PIDFD,
		CLONE_IO, CLONE_SYSVSEM, CLONE_UNTRACED, CLONE_PTRACE,
		1ULL << 32 /* CLONE_CLEAR_SIGHAND */,
		1ULL << 33 /* CLONE_INTO_CGROUP */, CLONE_PARENT_SETTID,
		CLONE_CHILD_SETTID, CLONE_CHILD_CLEARTID, CLONE_DETACHED,
		1ULL << 34, 1ULL << 61, 1ULL << 63, 0x400000000,
	};
	__u64 mask = CLONE_PIDFD;

	/* A copy of all memory takes longer than twenty other calls. */
	if (code >> 29)
		mask |= CLONE_VM;
	if (code & 3)
		mask |= CLONE_NEWAGENT;
	if (!(code & 0x1c))
		mask |= ONE_OF(others, code >> 8);
	if (!(code & 0xe0))
		mask |= ONE_OF(others, code >> 16);
	if (!(code & 0x3000))
		mask |= namespaces(code >> 20) & ~AGENT_NS;
	return mask;
}

static __u64 ioctl_command(__u32 code)
{
	/* Those that ask types; nsfs's other ones; others of its letter; others. */
	switch (code % 8) {
	case 0 ... 3:
		return NS_GET_USERNS + (code >> 8) % 4;
	case 4:
		return 0x8008b700 | (code >> 8) % 16;
	case 5:
		return 0x8004b700 | (code >> 8) % 16;
	case 6:
		return 0xff00 | (code >> 8) % 12;
	}
	return code >> 8;
}

/* Return: the value, for which memory of argument @i may have been written. */
__u64 value_of(struct thread *t, unsigned int i, enum type type, __u32 code)
{
	if (type >= FIRST_STRING) {
		file_path(type, t, code, t->path[i], sizeof(t->path[i]));
		return (uintptr_t)t->path[i];
	}
	switch (type) {
	case UNUSED:
		return code % 16 ? 0 : ONE_OF(edges, code >> 4);
	case NUMBER:
		return code & 1 ? ONE_OF(edges, code >> 1) : code >> 1;
	case SIZE:
	case CLONE_SIZE:
		return code & 1 ? ONE_OF(sizes, code >> 1) :
		       type == CLONE_SIZE ? 88 : AGENT_NS_BUDGET_EX_SIZE_VER1;
	case OFFSET:
	case COUNT:
		return code & 3 ? (code >> 8) % 300 : ONE_OF(edges, code >> 2);
	case OUT:
		return place(t, i, code, NULL, ONE_OF(sizes, code >> 8));
	case BYTES:
		return place(t, i, code, NULL, 4096);
	case SID:
		return sid(t, i, code);
	case TAG:
	case TEXT:
	case MESSAGE:
		return text(t, i, type, code);
	case BUDGET:
		return budget(t, i, code);
	case BUDGET_EX:
		return budget_ex(t, i, code);
	case LIST_REQUEST:
		return list_request(t, i, code);
	case NS_FD:
	case PID_FD:
	case ANY_FD:
	case SOCKET_FD:
		return descriptor(t, type, code);
	case SLOT:
		return code;
	case PID:
		return process(t, code);
	case SIGNAL:
		return ONE_OF(signals, code);
	case EXIT_SIGNAL:
		return ONE_OF(exit_signals, code);
	case CLONE_FLAGS:
		return clone_flags(code);
	case UNSHARE_FLAGS:
		return namespaces(code) |
		       (code % 64 == 7 ? ONE_OF(edges, code >> 6) : 0);
	case SETNS_FLAGS:
		return code & 1 ? AGENT_NS : code & 2 ? 0 :
		       code & 4 ? namespaces(code >> 3) | AGENT_NS :
		       code & 8 ? namespaces(code >> 4) :
		       ONE_OF(edges, code >> 4);
	case IOCTL:
		return ioctl_command(code);
	default:
		return 0;
	}
}

static const char *const type_names[TYPES] = {
	[UNUSED] = "unused", [OUT] = "out", [BYTES] = "bytes", [SID] = "sid",
	[TAG] = "tag", [BUDGET] = "budget", [BUDGET_EX] = "budget_ex",
	[LIST_REQUEST] = "request", [TEXT] = "text", [MESSAGE] = "message",
	[NS_FD] = "ns_fd", [PID_FD] = "pidfd", [ANY_FD] = "fd",
	[SOCKET_FD] = "socket", [SLOT] = "slot", [PID] = "pid",
};

static size_t quote(char *text, size_t size, const __u8 *bytes, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n && i < 24 && at + 5 < size; i++)
		at += snprintf(text + at, size - at,
			       bytes[i] >= ' ' && bytes[i] < 127 &&
			       bytes[i] != '"' && bytes[i] != '\\' ?
			       "%c" : "\\x%02x", bytes[i]);
	return at;
}

/* As far as it can be told without what was there at the time. */
const char *value_text(enum type type, __u32 code, char *text, size_t size)
{
	struct thread none = { };
	__u8 bytes[4096];
	size_t n;

	if (type >= FIRST_STRING) {
		file_path(type, NULL, code, text, size);
		return text;
	}
	switch (type) {
	case UNUSED:
	case NUMBER:
	case SIZE:
	case CLONE_SIZE:
	case OFFSET:
	case COUNT:
	case SIGNAL:
	case EXIT_SIGNAL:
	case CLONE_FLAGS:
	case UNSHARE_FLAGS:
	case SETNS_FLAGS:
	case IOCTL:
		snprintf(text, size, "0x%llx", value_of(&none, 0, type, code));
		break;
	case TAG:
	case TEXT:
		n = text_of(code >> 8, bytes, sizeof(bytes));
		snprintf(text, size, "%s:%s:%zu:\"", type_names[type],
			 ONE_OF(places, code), n);
		quote(text + strlen(text), size - strlen(text) - 2, bytes, n);
		strcat(text, "\"");
		break;
	case OUT:
	case BYTES:
	case SID:
	case BUDGET:
	case BUDGET_EX:
	case LIST_REQUEST:
	case MESSAGE:
		snprintf(text, size, "%s:%s:%u", type_names[type],
			 ONE_OF(places, code), code >> 8);
		break;
	default:
		snprintf(text, size, "%s:%u", type_names[type] ?: "none", code);
	}
	return text;
}
