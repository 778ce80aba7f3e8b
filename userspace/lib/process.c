// SPDX-License-Identifier: LGPL-2.1-or-later
/* The processes of sessions: a walk over /proc, and signals to them. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

/*
 * A stopped process does not fork, so that walks over /proc find fewer and
 * fewer that still run; after this many somebody else is resuming them.
 */
#define PASSES_MAX	200
#define PASS_PAUSE_NS	5000000

struct agentns_process_iter {
	DIR *dir;
};

int agentns_process_iter_open(struct agentns *handle,
			      struct agentns_process_iter **iter)
{
	struct agentns_process_iter *it;
	int ret;

	it = malloc(sizeof(*it));
	if (!it)
		return -ENOMEM;
	ret = agentns__opendir(handle->root_fd, "proc", &it->dir);
	if (ret) {
		free(it);
		return ret;
	}
	*iter = it;
	return 0;
}

void agentns_process_iter_close(struct agentns_process_iter *iter)
{
	if (!iter)
		return;
	closedir(iter->dir);
	free(iter);
}

static int read_id(int dir_fd, const char *path,
		   struct agent_session_id_uapi *id)
{
	char text[AGENTNS_ID_STRLEN + 2];
	ssize_t len;

	len = agentns__read_line(dir_fd, path, text, sizeof(text));
	if (len < 0)
		return len;
	return agentns_id_parse(text, id) ? -EBADMSG : 0;
}

/* "PID (COMM) STATE PPID ...", where COMM may hold anything, ")" too. */
static int read_stat(int dir_fd, const char *path, struct agentns_process *p)
{
	char text[1024], *open, *close;
	size_t comm_len;
	ssize_t len;
	long ppid;

	len = agentns__read_file(dir_fd, path, text, sizeof(text));
	if (len < 0)
		return len;
	open = strchr(text, '(');
	close = strrchr(text, ')');
	if (!open || !close || close < open ||
	    sscanf(close + 1, " %c %ld", &p->state, &ppid) != 2)
		return -EBADMSG;
	comm_len = close - open - 1;
	if (comm_len >= sizeof(p->comm))
		comm_len = sizeof(p->comm) - 1;
	memcpy(p->comm, open + 1, comm_len);
	p->comm[comm_len] = '\0';
	p->ppid = ppid;
	return 0;
}

/* Call @fn with the directory of each thread until it returns true. */
static bool any_thread(int pid_fd, bool (*fn)(int thread_fd, void *data),
		       void *data)
{
	const char *name;
	bool found = false;
	DIR *dir;
	int error;

	if (agentns__opendir(pid_fd, "task", &dir))
		return false;
	while (!found && (name = agentns__readdir(dir, &error))) {
		int fd;

		if (*name < '0' || *name > '9')
			continue;
		fd = openat(dirfd(dir), name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			continue;
		found = fn(fd, data);
		close(fd);
	}
	closedir(dir);
	return found;
}

/* Directories of the threads, and the two links "." and "..". */
static uint32_t count_threads(int pid_fd)
{
	struct stat st;

	if (fstatat(pid_fd, "task", &st, 0) || st.st_nlink < 3)
		return 1;
	return st.st_nlink - 2;
}

static bool take_first(int thread_fd, void *data)
{
	struct agent_session_id_uapi id;

	if (read_id(thread_fd, "agent_session", &id) ||
	    agentns_id_is_zero(&id))
		return false;
	*(struct agent_session_id_uapi *)data = id;
	return true;
}

static bool open_first(int thread_fd, void *data)
{
	struct agent_session_id_uapi id;

	if (!take_first(thread_fd, &id))
		return false;
	*(int *)data = fcntl(thread_fd, F_DUPFD_CLOEXEC, 0);
	return true;
}

/*
 * A number of "status", by the beginning of its line; 0 where there is none.
 * The file has no greatest size: a process may be in many groups.
 */
static uint64_t read_status(int dir_fd, const char *begins, int base)
{
	int fd = openat(dir_fd, "status", O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	size_t len = strlen(begins), size = 0;
	char *line = NULL;
	uint64_t value = 0;

	if (!file) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while (getline(&line, &size, file) > 0) {
		if (!strncmp(line, begins, len)) {
			value = strtoull(line + len, NULL, base);
			break;
		}
	}
	free(line);
	fclose(file);
	return value;
}

int agentns__open_member(int pid_fd, pid_t pid)
{
	struct agent_session_id_uapi id;
	int thread_fd = -1;

	if (!read_id(pid_fd, "agent_session", &id) &&
	    agentns_id_is_zero(&id) && count_threads(pid_fd) > 1 &&
	    read_status(pid_fd, "Tgid:", 10) == (uint64_t)pid)
		any_thread(pid_fd, open_first, &thread_fd);
	return thread_fd;
}

static int read_process(int pid_fd, struct agentns_process *p)
{
	struct stat st;
	int ret;

	ret = read_id(pid_fd, "agent_session", &p->session);
	if (ret == -ENOENT)
		return faccessat(pid_fd, "stat", F_OK, 0) ? -ESRCH : -ENOSYS;
	if (!ret)
		ret = read_stat(pid_fd, "stat", p);
	if (ret)
		return ret;
	p->threads = count_threads(pid_fd);
	p->uid = fstat(pid_fd, &st) ? (uid_t)-1 : st.st_uid;
	if (agentns_id_is_zero(&p->session) && p->threads > 1)
		any_thread(pid_fd, take_first, &p->session);
	return 0;
}

/* The next entry of /proc that is a process; its PID, 0 at the end. */
static pid_t next_pid(struct agentns_process_iter *iter, int *error)
{
	const char *name;
	uint64_t pid;

	do {
		name = agentns__readdir(iter->dir, error);
		if (!name)
			return 0;
	} while (agentns__digits(name, &pid) || !pid || pid > INT_MAX);
	return pid;
}

static int open_pid(struct agentns_process_iter *iter, pid_t pid)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", (int)pid);
	return openat(dirfd(iter->dir), name,
		      O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int agentns_process_iter_next(struct agentns_process_iter *iter,
			      struct agentns_process *process)
{
	int ret = 0;
	pid_t pid;

	while ((pid = next_pid(iter, &ret))) {
		struct agentns_process p = { .pid = pid };
		int fd = open_pid(iter, pid);

		if (fd < 0)
			continue;
		ret = read_process(fd, &p);
		close(fd);
		if (!ret) {
			*process = p;
			return 1;
		}
		if (ret == -ENOSYS)
			return ret;
		/* Gone meanwhile, or not ours to read. */
	}
	return ret;
}

/* ---- signals ---- */

static bool thread_is_in(int thread_fd, void *data)
{
	struct agent_session_id_uapi id;

	return !read_id(thread_fd, "agent_session", &id) &&
	       agentns__family_has(data, &id);
}

/* Threads may be in different sessions, and a leader that has exited in none. */
static bool process_is_in(int pid_fd, const struct agentns_process *p,
			  struct agentns__family *family)
{
	return agentns__family_has(family, &p->session) ||
	       (p->threads > 1 && any_thread(pid_fd, thread_is_in, family));
}

/* What a walk looks for in tasks, and finds. */
struct need {
	int sig;
	bool now;	/* one that has to be sent it */
	bool later;	/* one that is to stop, but finishes its system call first */
};

/*
 * Was @sig sent to a task that sleeps so that it wakes for none, as the parent
 * in vfork() of a child that is stopped? @fd: of its directory
 */
static bool sleeps_with(int fd, char state, int sig)
{
	return state == 'D' &&
	       (read_status(fd, "SigPnd:", 16) |
		read_status(fd, "ShdPnd:", 16)) & 1ULL << (sig - 1);
}

/* Return: whether that is enough. */
static bool look_at_task(int fd, char state, struct need *need)
{
	if (state == 'Z' || state == 'X')
		return false;
	switch (need->sig) {
	case SIGSTOP:
		if (state == 'T' || state == 't')
			return false;
		if (sleeps_with(fd, state, SIGSTOP))
			need->later = true;
		else
			need->now = true;
		break;
	case SIGCONT:
		need->now = state == 'T' || sleeps_with(fd, state, SIGSTOP);
		break;
	case SIGKILL:
		need->now = !sleeps_with(fd, state, SIGKILL);
		break;
	default:
		need->now = true;
	}
	return need->now;
}

static bool look_at_thread(int thread_fd, void *data)
{
	struct agentns_process thread;

	return !read_stat(thread_fd, "stat", &thread) &&
	       look_at_task(thread_fd, thread.state, data);
}

/* Others may go on where the first thread has ended, and "Z" is its state. */
static void look_at_process(int pid_fd, const struct agentns_process *p,
			    struct need *need)
{
	if (p->pid == getpid())
		return;
	if (!look_at_task(pid_fd, p->state, need) && p->threads > 1)
		any_thread(pid_fd, look_at_thread, need);
}

/*
 * Signal one process, if it is of the family. The pidfd is opened before the
 * membership is read, so that another process of the same number is not hit.
 *
 * Return: 1 when it was signalled, 0 when there was no need, negative errno.
 */
static int signal_one(struct agentns_process_iter *iter, pid_t pid,
		      struct agentns__family *family, int sig, bool *later)
{
	struct agentns_process p = { .pid = pid };
	struct need need = { .sig = sig };
	int pidfd, fd, ret = 0;

	pidfd = pidfd_open(pid, 0);
	if (pidfd < 0)
		return errno == ESRCH || errno == EINVAL ? 0 : -errno;
	fd = open_pid(iter, pid);
	if (fd < 0)
		goto out;
	if (!read_process(fd, &p) && process_is_in(fd, &p, family))
		look_at_process(fd, &p, &need);
	*later |= need.later;
	if (need.now) {
		ret = pidfd_send_signal(pidfd, sig, NULL, 0) ? -errno : 1;
		if (ret == -ESRCH)
			ret = 0;
	}
	close(fd);
out:
	close(pidfd);
	return ret;
}

/* Who was signalled so far: one that is slow to act is counted once. */
struct hits {
	pid_t *pids;
	unsigned int n;
};

static int add_hit(struct hits *hits, pid_t pid)
{
	unsigned int i;
	pid_t *pids;

	for (i = 0; i < hits->n; i++)
		if (hits->pids[i] == pid)
			return 0;
	pids = reallocarray(hits->pids, hits->n + 1, sizeof(*pids));
	if (!pids)
		return -ENOMEM;
	hits->pids = pids;
	pids[hits->n++] = pid;
	return 0;
}

/*
 * Return: how many were signalled in this walk, or a negative errno; @later is
 * set where somebody is to stop yet.
 */
static int signal_pass(struct agentns *handle, struct agentns__family *family,
		       int sig, struct hits *hits, bool *later)
{
	struct agentns_process_iter *iter;
	int ret, error = 0, count = 0;
	pid_t pid;

	ret = agentns_process_iter_open(handle, &iter);
	if (ret)
		return ret;
	*later = false;
	while ((pid = next_pid(iter, &ret))) {
		int one = signal_one(iter, pid, family, sig, later);

		if (one > 0) {
			count++;
			one = add_hit(hits, pid);
		}
		if (one < 0)
			error = one;
	}
	agentns_process_iter_close(iter);
	if (!ret)
		ret = error;
	return ret ? ret : count;
}

int agentns_session_signal(struct agentns *handle,
			   const struct agent_session_id_uapi *id, int sig,
			   unsigned int *count)
{
	bool again = sig == SIGSTOP || sig == SIGCONT || sig == SIGKILL;
	struct timespec pause = { .tv_nsec = PASS_PAUSE_NS };
	struct agentns__family family;
	struct hits hits = { NULL, 0 };
	unsigned int passes = 0;
	bool later = false;
	int ret;

	*count = 0;
	ret = agentns__family_open(&family, handle, id);
	if (ret)
		return ret;
	do {
		if (passes)
			nanosleep(&pause, NULL);
		ret = agentns__family_refresh(&family);
		if (!ret)
			ret = signal_pass(handle, &family, sig, &hits,
					  &later);
		/* A fork that is under way is finished before a stop. */
	} while ((ret > 0 || (!ret && later)) && again &&
		 ++passes < PASSES_MAX);
	*count = hits.n;
	if (ret > 0)
		ret = again ? -EAGAIN : 0;
	/* Who could not be told from those of the family was left out. */
	if (!ret)
		ret = family.error;
	agentns__family_close(&family);
	free(hits.pids);
	return ret;
}
