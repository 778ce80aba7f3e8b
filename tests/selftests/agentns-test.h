/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of agent sessions share. Include it instead of
 * kselftest_harness.h.
 *
 * Counters are compared exactly, so the helpers that tests call between two
 * readings make raw system calls and no others.
 */
#ifndef AGENTNS_TEST_H
#define AGENTNS_TEST_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include <linux/agent_namespaces.h>
#include <linux/capability.h>

/* A program of several files, tests/bench, has no place for the harness. */
#ifndef AGENTNS_WITHOUT_HARNESS
#include "agentns-harness.h"
#else
#define SLOWNESS	1
#endif

/*
 * A SKIP for the setup of a fixture. After it the harness of 6.1 would go on
 * to the test itself; 255 is how its children say that they were skipped.
 */
#ifdef FIXTURE_TEARDOWN_PARENT
#define SKIP_FIXTURE(...)	SKIP(return, __VA_ARGS__)
#else
#define SKIP_FIXTURE(...)	SKIP(_exit(255), __VA_ARGS__)
#endif

#ifndef SYS_listns
#define SYS_listns	470
#endif

#define SYSFS		"/sys/kernel/agentns/"
#define SYSCTL		"/proc/sys/kernel/agent_ns/"
#define NO_SESSION	"00000000000000000000000000000000"
#define HEX_ID		(2 * AGENT_NS_ID_BYTES)
#define NOBODY		65534

/* Outcome of a call that returns -1 and sets errno: 0 or the errno. */
#define ERR(call)	((call) < 0 ? errno : 0)

static inline int agent(int op, const void *arg)
{
	return ERR(syscall(SYS_prctl, op, arg, 0, 0, 0));
}

static inline int agent5(int op, unsigned long a, unsigned long b,
			 unsigned long c, unsigned long d)
{
	return ERR(syscall(SYS_prctl, op, a, b, c, d));
}

static inline int enter_session(void)
{
	return agent(PR_SET_AGENT_NS, NULL);
}

static inline int counters_of(struct agent_ns_counters_uapi *c)
{
	return agent(PR_GET_AGENT_COUNTERS, c);
}

static inline int set_ex(struct agent_ns_budget_ex ex)
{
	return agent5(PR_SET_AGENT_BUDGET_EX, (long)&ex, sizeof(ex), 0, 0);
}

static inline void hex_id(const __u8 *id, char *text)
{
	for (int i = 0; i < AGENT_NS_ID_BYTES; i++)
		sprintf(text + 2 * i, "%02x", id[i]);
}

/* Of the caller, in hex; empty on error. */
static inline const char *own_id(char *text)
{
	__u8 id[AGENT_NS_ID_BYTES];

	*text = 0;
	if (!agent(PR_GET_AGENT_SESSION_ID, id))
		hex_id(id, text);
	return text;
}

/* A whole small file without its last newline; 0 or an errno. */
static inline int read_file(char *text, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static inline int read_file(char *text, size_t size, const char *fmt, ...)
{
	char path[512];
	va_list ap;
	ssize_t n;
	int fd, err;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	*text = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	n = read(fd, text, size - 1);
	err = n < 0 ? errno : 0;
	close(fd);
	if (n < 0)
		return err;
	if (n && text[n - 1] == '\n')
		n--;
	text[n] = 0;
	return 0;
}

/* One write(2) of @n bytes; 0 or an errno, EIO where it was short. */
static inline int write_bytes(const char *path, const void *data, size_t n)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err;
	ssize_t done;

	if (fd < 0)
		return errno;
	done = write(fd, data, n);
	err = done < 0 ? errno : (size_t)done != n ? EIO : 0;
	close(fd);
	return err;
}

static inline int write_file(const char *path, const char *text)
{
	return write_bytes(path, text, strlen(text));
}

static inline int sysctl_set(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), SYSCTL "%s", name);
	return write_file(path, text);
}

/* A file of a session's directory. */
static inline const char *session_path(char *path, const char *id,
				       const char *file)
{
	sprintf(path, SYSFS "sessions/%.32s/%.64s", id, file);
	return path;
}

static inline int session_set(const char *id, const char *file,
			      const char *text)
{
	char path[256];

	return write_file(session_path(path, id, file), text);
}

/* A number out of a session's directory; all ones where there is none. */
static inline __u64 session_get(const char *id, const char *file)
{
	char path[256], text[64];

	if (read_file(text, sizeof(text), "%s", session_path(path, id, file)))
		return ~0ULL;
	return strcmp(text, "max") ? strtoull(text, NULL, 10) : 0;
}

/* The namespace of a session, by its id in hex. */
static inline int open_session(const char *hex)
{
	__u8 id[AGENT_NS_ID_BYTES];

	for (int i = 0; i < AGENT_NS_ID_BYTES; i++) {
		if (sscanf(hex + 2 * i, "%2hhx", &id[i]) != 1) {
			errno = EINVAL;
			return -1;
		}
	}
	return syscall(SYS_prctl, PR_OPEN_AGENT_NS, id, 0, 0, 0);
}

/* The namespace that a process is in. */
static inline int agent_fd(pid_t pid)
{
	char path[64];

	sprintf(path, "/proc/%d/ns/agent", pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Memory that children share. */
static inline void *shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static inline __u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static inline void sleep_ms(unsigned int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

/* On this processor and no other. */
static inline int run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

/* Wait in user space, without a call that would be counted. */
static inline void spin_until(const volatile int *flag, int value)
{
	while (__atomic_load_n(flag, __ATOMIC_ACQUIRE) != value)
		__builtin_ia32_pause();
}

static inline void raise_flag(volatile int *flag)
{
	__atomic_fetch_add(flag, 1, __ATOMIC_RELEASE);
}

/* A host that has other work may leave a processor of the guest out so long. */
#define HANG_MS		20000

/*
 * Wait in a process outside all sessions until @condition holds, for at most
 * @ms milliseconds, SLOWNESS times as many on a slow kernel; the value says
 * whether it did. The last look is one behind the end of that time: the clock
 * goes on while this task does not.
 */
#define WAIT_FOR_MS(condition, ms) ({					\
	__u64 _end = now_ns() + (ms) * 1000000ULL * SLOWNESS;		\
	bool _met, _over;						\
									\
	do {								\
		_over = now_ns() >= _end;				\
		_met = (condition);					\
	} while (!_met && !_over && (sleep_ms(2), true));		\
	_met; })

/* For what happens at once, or never. */
#define WAIT_FOR(condition) WAIT_FOR_MS(condition, HANG_MS)

/*
 * How a child ended: its exit status, or 1000 and the signal's number; -1
 * where it was not ours.
 */
static inline int reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

#define KILLED	(1000 + SIGKILL)

/* Run @fn in a child. */
static inline int in_child(int (*fn)(void *), void *arg)
{
	pid_t pid = fork();

	if (!pid)
		_exit(fn(arg));
	return pid < 0 ? -1 : reap(pid);
}

/* A descriptor by a socket. */
static inline int send_fd(int by, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = { }, byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return ERR(sendmsg(by, &m, 0));
}

static inline int receive_fd(int by)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int fd = -1;

	if (recvmsg(by, &m, 0) == 1 && CMSG_FIRSTHDR(&m))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

/*
 * Give the last reference on an open file to the kernel: to a socket that
 * only itself refers to. It looks for such when another one is closed.
 */
static inline int make_garbage(int fd)
{
	int cycle[2];

	return ERR(socketpair(AF_UNIX, SOCK_STREAM, 0, cycle)) ?:
	       send_fd(cycle[0], fd) ?: send_fd(cycle[0], cycle[1]) ?:
	       send_fd(cycle[1], cycle[0]) ?: ERR(close(fd)) ?:
	       ERR(close(cycle[0])) ?: ERR(close(cycle[1]));
}

static inline void collect_garbage(void)
{
	close(socket(AF_UNIX, SOCK_STREAM, 0));
}

/* Has the kernel released the other end of a pipe, which was garbage? */
static inline bool garbage_hung_up(int pipe)
{
	struct pollfd p = { .fd = pipe };

	collect_garbage();
	return poll(&p, 1, 0) == 1 && p.revents & POLLHUP;
}

/* This program under another name: for tests that execute it. */
static inline void copy_self(const char *name, mode_t mode)
{
	static char block[65536];
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int out;
	ssize_t n;

	/* One that still runs cannot be written to. */
	unlink(name);
	out = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	while ((n = read(in, block, sizeof(block))) > 0)
		if (write(out, block, n) != n)
			abort();
	fchmod(out, mode);
	close(in);
	close(out);
}

/* A capability that the file gives to whoever executes it. */
static inline int give_capability(const char *name, int cap)
{
	struct vfs_cap_data data = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data[0].permitted = 1 << cap,
	};

	return ERR(setxattr(name, "security.capability", &data, sizeof(data), 0));
}

/* How many tasks are in the session @id now; zombies are in none. */
static inline int count_members(const char *id)
{
	char path[300], text[64];
	struct dirent *p, *t;
	DIR *proc, *tasks;
	int members = 0;

	proc = opendir("/proc");
	while (proc && (p = readdir(proc))) {
		if (p->d_name[0] < '1' || p->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/task", p->d_name);
		tasks = opendir(path);
		while (tasks && (t = readdir(tasks))) {
			if (t->d_name[0] == '.')
				continue;
			if (!read_file(text, sizeof(text),
				       "/proc/%s/task/%s/agent_session",
				       p->d_name, t->d_name))
				members += !strcmp(text, id);
		}
		if (tasks)
			closedir(tasks);
	}
	if (proc)
		closedir(proc);
	return members;
}

/* Processes whose first thread is in the session @id: at most @n. */
static inline int members_of(const char *id, pid_t *pids, int n)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;
	char text[64];
	int found = 0;

	while (proc && found < n && (e = readdir(proc))) {
		pid_t pid = atoi(e->d_name);

		if (pid > 0 && !read_file(text, sizeof(text),
					  "/proc/%d/agent_session", pid) &&
		    !strcmp(text, id))
			pids[found++] = pid;
	}
	if (proc)
		closedir(proc);
	return found;
}

/* Is the first thread of one of its processes in that state of proc(5)? */
static inline bool member_in_state(const char *id, char state)
{
	pid_t pids[256];
	int n = members_of(id, pids, sizeof(pids) / sizeof(*pids));
	char text[512], *p;

	while (n--) {
		if (read_file(text, sizeof(text), "/proc/%d/stat", pids[n]))
			continue;
		p = strrchr(text, ')');
		if (p && p[2] == state)
			return true;
	}
	return false;
}

static inline int sessions_live(void)
{
	char text[32];

	if (read_file(text, sizeof(text), SYSFS "sessions_live"))
		return -1;
	return atoi(text);
}

/* How many of them have a directory; -1: that is not known. */
static inline int session_dirs(void)
{
	DIR *d = opendir(SYSFS "sessions");
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return d ? n : -1;
}

/* The kernel log from here on. */
static inline int kmsg_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* How many records since then have both strings in them. */
static inline int kmsg_count(int fd, const char *a, const char *b)
{
	char record[8192];
	int found = 0;
	ssize_t n;

	while ((n = read(fd, record, sizeof(record) - 1)) > 0 ||
	       (n < 0 && errno == EPIPE)) {
		if (n < 0)
			continue;
		record[n] = 0;
		found += strstr(record, a) && strstr(record, b);
	}
	return found;
}

/*
 * One such record, soon: where an interrupt kills at a deadline, a worker says
 * so, on another processor perhaps, and who was killed may be reaped before.
 */
static inline bool kmsg_comes(int fd, const char *a, const char *b)
{
	return WAIT_FOR(kmsg_count(fd, a, b) == 1);
}

#endif /* AGENTNS_TEST_H */
