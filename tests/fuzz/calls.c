// SPDX-License-Identifier: GPL-2.0-only
/* Sessions, and the namespaces that they are among. */
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <time.h>

#include "calls.h"

#ifndef SYS_listns
#define SYS_listns	470
#endif

#define MOUNTS		4

CALL(prctl)
{
	return raw(SYS_prctl, op->number, v[0], v[1], v[2], v[3]);
}

CALL(prctl_other)
{
	return raw(SYS_prctl, PR_AGENT_BASE - 1 + v[0] % 35, v[1], v[2], v[3],
		   v[4]);
}

/* Return: false where that is denied. */
bool note_own_sid(struct thread *t)
{
	static const __u8 none[AGENT_NS_ID_BYTES];
	__u8 id[AGENT_NS_ID_BYTES];

	if (raw(SYS_prctl, PR_GET_AGENT_SESSION_ID, id))
		return false;
	if (!memcmp(id, t->own_sid, sizeof(id)))
		return true;
	t->own_dir = false;
	if (memcmp(id, none, sizeof(id))) {
		t->own_dir = files_session_dir(id);
		state_add_sid(t->state, id, t->own_dir);
	}
	memcpy(t->own_sid, id, sizeof(id));
	return true;
}

CALL(enter)
{
	long r = raw(SYS_prctl, PR_SET_AGENT_NS, v[0], v[1], v[2], v[3]);

	if (!r)
		note_own_sid(t);
	return r;
}

CALL(get_id)
{
	note_own_sid(t);
	return raw(SYS_prctl, op->number, v[0]);
}

CALL(open_id)
{
	long r = raw(SYS_prctl, PR_OPEN_AGENT_NS, v[0], v[1], v[2], v[3]);

	keep_fd(t, AGENT_FDS + v[4] % (OTHER_FDS - AGENT_FDS), r);
	return r;
}

/*
 * A child that shares our memory must not touch the stack, which is ours, too:
 * it makes a call or two and ends. Another goes on in here.
 */
static long clone3(const void *args, size_t size, bool shares)
{
	register long r12 asm("r12") = shares;
	long r;

	asm volatile("syscall\n\t"
		     "test %%rax, %%rax\n\t"
		     "jnz 1f\n\t"
		     "test %%r12, %%r12\n\t"
		     "jz 1f\n\t"
		     "mov %[getppid], %%eax\n\t"
		     "syscall\n\t"
		     "mov %[gettid], %%eax\n\t"
		     "syscall\n\t"
		     "xor %%edi, %%edi\n\t"
		     "mov %[exit], %%eax\n\t"
		     "syscall\n\t"
		     "hlt\n"
		     "1:"
		     : "=a" (r)
		     : "0" ((long)SYS_clone3), "D" (args), "S" (size),
		       "r" (r12), [getppid] "i" (SYS_getppid),
		       [gettid] "i" (SYS_gettid), [exit] "i" (SYS_exit)
		     : "rcx", "r11", "memory");
	return r;
}

/* The child does what is left of the program, and ends. */
static void child(struct thread *t)
{
	t->child = true;
	t->kcov = t->child_kcov;
	kcov_enable(&t->kcov);
	note_own_sid(t);
	if (t->at + 1 < t->program->length)
		run_program(t, t->at + 1);
	kcov_disable(&t->kcov);
	raw(SYS_exit_group, 0);
}

CALL(clone3)
{
	int pidfd = -1;
	pid_t tid = 0x7ffffff;
	struct clone_args args = {
		.flags = v[0],
		.pidfd = (uintptr_t)&pidfd,
		.child_tid = v[4],
		.parent_tid = v[4],
		.exit_signal = v[1],
		.cgroup = t->fd[v[3] % MAX_FDS],
	};
	const void *from = &args;
	long r;

	if (t->child)
		args.flags |= CLONE_VM;	/* its children run nothing of ours */
	switch (v[3] % 32) {
	case 0:
		from = t->unmapped;
		break;
	case 1:
		from = t->unmapped - 40;
		break;
	case 2:
		args.set_tid = (uintptr_t)&tid;
		args.set_tid_size = 1;
		break;
	case 3:
		args.stack = v[4];
		break;
	case 4:
		args.stack_size = 4096;
		break;
	}
	r = clone3(from, v[2], args.flags & CLONE_VM);
	if (!r)
		child(t);
	if (r > 0 && args.flags & CLONE_PIDFD)
		keep_fd(t, PID_FDS + 2 + v[3] % (REST_FDS - PID_FDS - 2), pidfd);
	return r;
}

/* The old call, in whose flags ours are an exit signal's bits. */
CALL(clone)
{
	__u64 flags = v[0] & ~(__u64)(CLONE_VM | CLONE_VFORK |
					    CLONE_THREAD | CLONE_SIGHAND);
	long r;

	if (t->child)
		return -EAGAIN;
	flags &= ~(__u64)(CLONE_PARENT_SETTID | CLONE_CHILD_SETTID |
			     CLONE_CHILD_CLEARTID | CLONE_PIDFD | CLONE_SETTLS);
	r = raw(SYS_clone, flags | v[1] % 256, 0, 0, 0, 0);
	if (!r)
		child(t);
	return r;
}

CALL(unshare)
{
	return raw(SYS_unshare, v[0]);
}

CALL(setns)
{
	long r = raw(SYS_setns, v[0], v[1]);

	if (!r)
		note_own_sid(t);
	return r;
}

CALL(ioctl)
{
	long r = raw(SYS_ioctl, v[0], v[1], v[2]);

	/* Those that answer with a descriptor. */
	if (r > 2 && v[1] == NS_GET_PARENT)
		keep_fd(t, AGENT_FDS + v[3] % (OTHER_FDS - AGENT_FDS), r);
	else if (r > 2 && v[1] == NS_GET_USERNS)
		keep_fd(t, OTHER_FDS + v[3] % (PID_FDS - OTHER_FDS), r);
	return r;
}

CALL(listns)
{
	return raw(SYS_listns, v[0], v[1], v[2], v[3]);
}

CALL(open_ns)
{
	const char *name = (const char *)(uintptr_t)v[1];
	char path[64];
	long r;

	snprintf(path, sizeof(path), v[3] % 8 ? "/proc/%d/ns/%s" :
		 "/proc/self/task/%d/ns/%s", (int)v[0], name);
	r = raw(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (!strcmp(name, "agent"))
		keep_fd(t, AGENT_FDS + v[2] % (OTHER_FDS - AGENT_FDS), r);
	else
		keep_fd(t, OTHER_FDS + v[2] % (PID_FDS - OTHER_FDS), r);
	return r;
}

CALL(pidfd_open)
{
	long r = raw(SYS_pidfd_open, v[0], v[1]);

	keep_fd(t, PID_FDS + 2 + v[2] % (REST_FDS - PID_FDS - 2), r);
	return r;
}

CALL(signal)
{
	return raw(SYS_pidfd_send_signal, v[0], v[1], NULL, v[2]);
}

/* A namespace that a mount holds. */
CALL(bind)
{
	char from[64], to[64];

	snprintf(from, sizeof(from), "/proc/self/fd/%d", (int)v[0]);
	snprintf(to, sizeof(to), "/scratch/fuzz/m%u", (int)v[1] % MOUNTS);
	return raw(SYS_mount, from, to, NULL, MS_BIND, NULL);
}

CALL(unbind)
{
	char path[64];

	snprintf(path, sizeof(path), "/scratch/fuzz/m%u", (int)v[0] % MOUNTS);
	return raw(SYS_umount2, path, MNT_DETACH);
}

/* By a handle of nsfs, as it is or with a bit turned. */
CALL(handle)
{
	struct {
		struct file_handle h;
		__u8 bytes[MAX_HANDLE_SZ];
	} f = { .h.handle_bytes = MAX_HANDLE_SZ };
	int mount_id;
	long r;

	r = raw(SYS_name_to_handle_at, v[0], "", &f.h, &mount_id, AT_EMPTY_PATH);
	if (r)
		return r;
	if (v[1] % 4 == 1)
		f.bytes[v[1] / 4 % 24] ^= 1 << v[1] / 128 % 8;
	if (v[1] % 16 == 2)
		f.h.handle_bytes = v[1] / 16 % (MAX_HANDLE_SZ + 2);
	if (v[1] % 16 == 6)
		f.h.handle_type ^= 1;
	r = raw(SYS_open_by_handle_at, v[0], &f.h, O_RDONLY | O_CLOEXEC);
	keep_fd(t, AGENT_FDS + v[2] % (OTHER_FDS - AGENT_FDS), r);
	return r;
}

/* This program again, which has nothing to do there. */
CALL(exec)
{
	static char *const arguments[] = { "fuzz", "--nothing", NULL };
	static char *const environment[] = { NULL };
	long r;

	r = raw(SYS_clone, CLONE_VFORK | CLONE_VM | SIGCHLD);
	if (!r) {
		raw(SYS_execve, "/proc/self/exe", arguments, environment);
		raw(SYS_exit_group, 1);
	}
	return r;
}

/* Time passes, or is used; sometimes on the other processor. */
CALL(pause)
{
	struct timespec ts = { .tv_nsec = v[0] % 3000000 };
	unsigned long cpus = 1 + v[0] / 16 % 3;
	unsigned int i;

	switch (v[0] % 4) {
	case 0:
		return raw(SYS_nanosleep, &ts, NULL);
	case 1:
		return raw(SYS_sched_yield);
	case 2:
		/* Without "pause", for which an emulator looks around. */
		for (i = 0; i < v[0] % 100000; i++)
			asm volatile("");
		return 0;
	}
	t->moved = true;
	return raw(SYS_sched_setaffinity, 0, sizeof(cpus), &cpus);
}
