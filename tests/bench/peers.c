// SPDX-License-Identifier: GPL-2.0-only
/* What else watches calls, holds tasks together or is listed, for comparison. */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sys/ptrace.h>
#include <sys/socket.h>

#include "bench.h"

#define REPEAT	100

/* The usual one, which the kernel finds to allow each call in any case. */
int allow_by_seccomp(void)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { ARRAY_SIZE(insns), insns };

	return ERR(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter));
}

static void with_seccomp(void)
{
	int err = allow_by_seccomp();

	if (err)
		return missing("seccomp", "getppid", err);
	measure_calls("seccomp");
}

#define SYS_ENTER "/sys/kernel/tracing/events/raw_syscalls/sys_enter/enable"

int trace_calls(void)
{
	return -write_file(SYS_ENTER, "1");
}

void trace_calls_not(void)
{
	write_file(SYS_ENTER, "0");
	close(open("/sys/kernel/tracing/trace", O_WRONLY | O_TRUNC));
}

static void with_trace_event(void)
{
	int err = -trace_calls();

	if (err)
		return missing("trace_event", "getppid", err);
	measure_calls("trace_event");
	trace_calls_not();
}

/* Stopped at the entry and the exit of each call. */
static void with_ptrace(void)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		unsigned long cost;

		if (ptrace(PTRACE_TRACEME, 0, 0, 0))
			missing("ptrace", "getppid", errno);
		raise(SIGSTOP);
		cost = COST(REPEAT, raw(SYS_getppid, 0, 0, 0, 0));
		exact("ptrace", "getppid", cost);
		fflush(stdout);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status))
		ptrace(PTRACE_SYSCALL, pid, 0, 0);
}

void measure_watching(void)
{
	outside(with_seccomp);
	outside(with_trace_event);
	outside(with_ptrace);
}

void measure_namespaces(void)
{
	static const struct { int flag; const char *name; } types[] = {
		{ CLONE_NEWUTS, "uts" }, { CLONE_NEWIPC, "ipc" },
		{ CLONE_NEWNS, "mnt" }, { CLONE_NEWPID, "pid" },
		{ CLONE_NEWNET, "net" }, { CLONE_NEWUSER, "user" },
		{ CLONE_NEWCGROUP, "cgroup" }, { 0x80, "time" },
	};
	struct { unsigned long took; int err; } *one = shared(4096);
	unsigned long least;

	for (int i = 0; i < ARRAY_SIZE(types); i++) {
		least = -1UL;
		/* Each in a child: the types nest, or take one call only. */
		for (int k = 0; k < REPEAT && !one->err; k++) {
			if (!fork()) {
				one->took = __rdtsc();
				one->err = raw(SYS_unshare, types[i].flag,
					       0, 0, 0);
				one->took = __rdtsc() - one->took;
				_exit(0);
			}
			wait(NULL);
			if (one->took < least)
				least = one->took;
		}
		if (one->err)
			missing("unshare", types[i].name, -one->err);
		else
			about("unshare", types[i].name,
			      least - LEAST(REPEAT, (void)0));
		one->err = 0;
	}
}

#define CGROUP	"/sys/fs/cgroup/bench"
#define MANY	200

/* With the controllers that tests/vm/init.c has switched on: pids and memory. */
void measure_cgroups(void)
{
	unsigned long least[2] = { -1UL, -1UL }, took;
	int err = 0;

	for (int i = 0; i < REPEAT && !err; i++) {
		took = __rdtsc();
		err = ERR(mkdir(CGROUP, 0755));
		took = __rdtsc() - took;
		if (took < least[0])
			least[0] = took;
		took = __rdtsc();
		err = err ?: ERR(rmdir(CGROUP));
		took = __rdtsc() - took;
		if (took < least[1])
			least[1] = took;
		sleep_ms(1);
	}
	if (err)
		return missing("cgroup", "mkdir", err);
	about("cgroup", "mkdir", least[0]);
	about("cgroup", "rmdir", least[1]);
	work_begin();
	for (int i = 0; i < MANY; i++) {
		mkdir(CGROUP, 0755);
		rmdir(CGROUP);
	}
	about("cgroup", "mkdir_and_rmdir", work_done() / MANY);
}

/* Of tasks, as lsns finds namespaces: what one more of them costs. */
static void with_lsns(void)
{
	static const int numbers[] = { 100, 300 };
	char *const lsns[] = { "lsns", "-n", NULL };
	unsigned long took, least;
	char name[32];

	for (int i = 0, held = 0; i < ARRAY_SIZE(numbers); i++) {
		for (; held < numbers[i]; held++)
			if (!fork()) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				for (;;)
					pause();
			}
		least = -1UL;
		for (int k = 0; k < 5; k++) {
			took = command_cost(lsns);
			if (took < least)
				least = took;
		}
		sprintf(name, "beside_%d", held);
		if (least)
			about("lsns", name, least);
		else
			missing("lsns", name, ENOENT);
	}
}

void measure_proc(void)
{
	outside(with_lsns);
}

static int audit_send(int type, const void *data, size_t n)
{
	struct { struct nlmsghdr h; char data[2048]; } m = {
		.h = { NLMSG_LENGTH(n), type, NLM_F_REQUEST | NLM_F_ACK, 1, 0 },
	};
	struct { struct nlmsghdr h; struct nlmsgerr e; char rest[256]; } answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	int err;

	memcpy(m.data, data, n);
	err = fd < 0 || send(fd, &m, m.h.nlmsg_len, 0) < 0 ||
	      recv(fd, &answer, sizeof(answer), 0) < 0 ? errno :
							-answer.e.error;
	close(fd);
	return err;
}

static void audited(void)
{
	measure_calls("audit");
}

/* One rule, for a call that is not made. */
void measure_audit(void)
{
	struct audit_status on = { .mask = AUDIT_STATUS_ENABLED, .enabled = 1 };
	struct audit_rule_data rule = {
		.flags = AUDIT_FILTER_EXIT, .action = AUDIT_ALWAYS,
	};
	int err;

	rule.mask[AUDIT_WORD(SYS_unlink)] = AUDIT_BIT(SYS_unlink);
	err = audit_send(AUDIT_SET, &on, sizeof(on)) ?:
	      audit_send(AUDIT_ADD_RULE, &rule, sizeof(rule));
	if (err)
		return missing("audit", "getppid", err);
	/* Tasks that were there before are not looked at. */
	outside(audited);
	audit_send(AUDIT_DEL_RULE, &rule, sizeof(rule));
	on.enabled = 0;
	audit_send(AUDIT_SET, &on, sizeof(on));
}
