// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files that are read and written: those of a session, the module's knobs,
 * sysctls, /proc, and some of our own on a disk. What the first three are is
 * looked up, so that a file that comes to be is one that is fuzzed.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

#define SYSFS	"/sys/kernel/agentns/"
#define SCRATCH	"/scratch/fuzz/"

static const char *const folders[FOLDERS] = {
	[SYSCTLS]	= "/proc/sys/kernel/agent_ns/",
	[MODULE_FILES]	= SYSFS,
	[SESSION_FILES]	= SYSFS "sessions/",
};

/* What was in them at the beginning; NULL where that cannot be written back. */
static struct {
	char *text;
	size_t length;
} before[FOLDERS][MAX_FILES];

static struct names *names;	/* the state's */

static const char *const proc_files[] = {
	"/proc/self/agent_session", "/proc/self/agent_intent",
	"/proc/self/agent_counters", "/proc/thread-self/agent_session",
	"/proc/thread-self/agent_intent", "/proc/thread-self/agent_counters",
	"/proc/1/agent_session", "/proc/1/agent_counters",
	"/proc/2/agent_session", "/proc/agent_sessions", "/proc/agent_sessions",
	"/proc/agent_sessions", SYSFS "sessions", "/proc/self/ns",
	"/proc/thread-self/ns", "/proc/self/attr/current",
};

static const char *const ns_files[] = {
	"agent", "agent", "agent", "agent", "agent", "uts", "ipc", "user",
	"mnt", "pid", "pid_for_children", "net", "time", "time_for_children",
	"cgroup",
};

static const char *const attributes[] = {
	"security.agentns", "security.agentns", "security.agentns",
	"user.prov.session", "user.prov.ts", "user.prov.intent", "user.prov.",
	"security.", "security.agentnsx", "security.selinux", "trusted.a",
	"system.posix_acl_access",
};

static const char *const scratch_files[] = {
	"a", "a", "b", "c", "d", "dir", "dir/a", "dir/b", "link", "hard", "tmp/a",
	"tmp/b", "tmp/dir", "tmp/a/b", "", ".",
};

static ssize_t slurp(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size);

	if (fd >= 0)
		close(fd);
	return n;
}

static void remember(enum folder f, const char *path, const char *name)
{
	unsigned int at = names[f].n++;
	char text[4096];
	struct stat st;
	ssize_t n;

	snprintf(names[f].name[at], sizeof(names[f].name[at]), "%s", name);
	if (stat(path, &st) || (st.st_mode & 0600) != 0600)
		return;
	n = slurp(path, text, sizeof(text));
	if (n < 0)
		return;
	before[f][at].text = malloc(n + 1);
	if (!before[f][at].text)
		return;
	memcpy(before[f][at].text, text, n);
	before[f][at].length = n;
}

/* Files below @path, and those of the folders in it, but for the sessions'. */
static void find(enum folder f, const char *root, const char *below)
{
	char path[400], name[280];
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	snprintf(path, sizeof(path), "%s%s", root, below);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || names[f].n == MAX_FILES)
			continue;
		snprintf(name, sizeof(name), "%s%s", below, entry->d_name);
		snprintf(path, sizeof(path), "%s%s", root, name);
		if (stat(path, &st))
			continue;
		if (S_ISREG(st.st_mode)) {
			remember(f, path, name);
		} else if (strcmp(name, "sessions")) {
			strcat(name, "/");
			find(f, root, name);
		}
	}
	if (dir)
		closedir(dir);
}

static int session_folder(char *path, size_t size, const __u8 *sid)
{
	int at = snprintf(path, size, "%s", folders[SESSION_FILES]);

	for (unsigned int i = 0; i < AGENT_NS_ID_BYTES; i++)
		at += snprintf(path + at, size - at, "%02x", sid[i]);
	return at;
}

/* By the directory of a session that is made for that. */
static void find_session_files(void)
{
	__u8 id[AGENT_NS_ID_BYTES];
	int pipes[2];
	char path[128];
	pid_t pid;

	if (pipe(pipes))
		return;
	pid = fork();
	if (!pid) {
		if (prctl(PR_SET_AGENT_NS) ||
		    prctl(PR_GET_AGENT_SESSION_ID, id) ||
		    write(pipes[1], id, sizeof(id)) != sizeof(id))
			_exit(1);
		pause();
	}
	close(pipes[1]);
	if (read(pipes[0], id, sizeof(id)) == sizeof(id)) {
		session_folder(path, sizeof(path), id);
		strcat(path, "/");
		find(SESSION_FILES, path, "");
	}
	close(pipes[0]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

void files_use(struct state *s)
{
	names = s->names;
}

void files_find(struct state *s)
{
	files_use(s);
	find(MODULE_FILES, folders[MODULE_FILES], "");
	find(SYSCTLS, folders[SYSCTLS], "");
	find_session_files();
}

static bool is_as_before(enum folder f, unsigned int i, char *path, size_t size)
{
	char text[4096];
	ssize_t n;

	snprintf(path, size, "%s%s", folders[f], names[f].name[i]);
	if (!before[f][i].text)
		return true;
	n = slurp(path, text, sizeof(text));
	return n == (ssize_t)before[f][i].length &&
	       !memcmp(text, before[f][i].text, n);
}

static void restore(enum folder f)
{
	char path[300];
	int fd;

	for (unsigned int i = 0; i < names[f].n; i++) {
		if (is_as_before(f, i, path, sizeof(path)))
			continue;
		fd = open(path, O_WRONLY | O_CLOEXEC);
		/* Nothing to write is no write for the kernel. */
		if (fd < 0 || write(fd, before[f][i].length ?
				    before[f][i].text : "\n",
				    before[f][i].length ?: 1) < 0)
			fprintf(stderr, "# %s: %m\n", path);
		if (fd >= 0)
			close(fd);
	}
}

/* Knobs as they were: whoever switched all off would have fuzzed nothing. */
void files_restore(void)
{
	restore(SYSCTLS);
	restore(MODULE_FILES);
}

static bool as_before(enum folder f)
{
	bool good = true;
	char path[300];

	for (unsigned int i = 0; i < names[f].n; i++)
		if (!is_as_before(f, i, path, sizeof(path))) {
			printf("# %s does not take back what it said\n", path);
			good = false;
		}
	return good;
}

bool files_as_before(void)
{
	return as_before(SYSCTLS) && as_before(MODULE_FILES);
}

static const char *name_of(enum folder f, __u32 code)
{
	return names[f].n ? names[f].name[code % names[f].n] : "";
}

/* Has it a directory? Few have, see in-guest. */
bool files_session_dir(const __u8 *sid)
{
	char path[128];

	session_folder(path, sizeof(path), sid);
	return !raw(SYS_faccessat, AT_FDCWD, path, F_OK);
}

static void session_path(struct thread *t, __u32 code, char *path,
			 size_t size)
{
	unsigned int which = code & 0xff, at;
	const __u8 *id;

	if (which == 0xff) {
		snprintf(path, size, SYSFS "sessions/");
		return;
	}
	if (!t) {
		snprintf(path, size, which & 0x80 ? "own/%s" : "%2$u/%1$s",
			 name_of(SESSION_FILES, code >> 8), which % SIDS_SIZE);
		return;
	}
	/* Its own, or one that has a directory, or had; seldom any. */
	if (which & 0x80 && (t->own_dir || !(which & 7)))
		id = t->own_sid;
	else if (which & 0x70)
		id = t->state->dir[which % SIDS_SIZE];
	else
		id = t->state->sid[which % SIDS_SIZE];
	at = session_folder(path, size, id);
	snprintf(path + at, size - at, "/%s", name_of(SESSION_FILES, code >> 8));
}

/* @t: NULL where nobody is going to use it, but to read it. */
void file_path(enum type type, struct thread *t, __u32 code, char *path,
	       size_t size)
{
	switch (type) {
	case SESSION_FILE:
		session_path(t, code, path, size);
		break;
	case MODULE_FILE:
		snprintf(path, size, "%s%s", folders[MODULE_FILES],
			 name_of(MODULE_FILES, code));
		break;
	case SYSCTL_FILE:
		snprintf(path, size, "%s%s", folders[SYSCTLS],
			 name_of(SYSCTLS, code));
		break;
	case PROC_FILE:
		snprintf(path, size, "%s",
			 proc_files[code % ARRAY_SIZE(proc_files)]);
		break;
	case NS_FILE:
		snprintf(path, size, "%s",
			 ns_files[code % ARRAY_SIZE(ns_files)]);
		break;
	case ATTRIBUTE:
		snprintf(path, size, "%s",
			 attributes[code % ARRAY_SIZE(attributes)]);
		break;
	default:
		snprintf(path, size, SCRATCH "%s",
			 scratch_files[code % ARRAY_SIZE(scratch_files)]);
	}
}
