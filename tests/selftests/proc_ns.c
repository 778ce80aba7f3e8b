// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/*
 * /proc/PID/ns/agent is a link as the others: read, stat and opened by whoever
 * may do so to them, hidepid and ptrace's rules included.
 */
#include <sys/mount.h>

#include "agentns-test.h"

/* What each way of looking at one link answers. */
struct answers {
	int readlink, stat, open, listed;
};

static struct answers look_at(const char *proc, pid_t pid, const char *type)
{
	char path[128], text[64];
	struct answers a = { };
	struct dirent *d;
	struct stat st;
	DIR *dir;

	sprintf(path, "%s/%d/ns/%s", proc, pid, type);
	a.readlink = ERR(readlink(path, text, sizeof(text)));
	a.stat = ERR(stat(path, &st));
	a.open = ERR(open(path, O_RDONLY));
	sprintf(path, "%s/%d/ns", proc, pid);
	dir = opendir(path);
	while (dir && (d = readdir(dir)))
		a.listed += !strcmp(d->d_name, type);
	if (dir)
		closedir(dir);
	return a;
}

FIXTURE(links) {
	pid_t pid;
	struct answers *agent, *uts;
};

FIXTURE_VARIANT(links) {
	const char *hidepid;
	bool nobody, undumpable;
	int want;
};

FIXTURE_VARIANT_ADD(links, root) { };
FIXTURE_VARIANT_ADD(links, other_user) { .nobody = true, .want = EACCES };
FIXTURE_VARIANT_ADD(links, undumpable) {
	.undumpable = true, .nobody = true, .want = EACCES,
};

FIXTURE_VARIANT_ADD(links, hidepid_root) { .hidepid = "hidepid=2" };
FIXTURE_VARIANT_ADD(links, hidepid_other_user) {
	.hidepid = "hidepid=2", .nobody = true, .want = ENOENT,
};

FIXTURE_SETUP(links)
{
	int ready[2];

	self->agent = shared(sizeof(*self->agent));
	self->uts = shared(sizeof(*self->uts));
	ASSERT_EQ(0, pipe(ready));
	self->pid = fork();
	if (!self->pid) {
		prctl(PR_SET_DUMPABLE, !variant->undumpable);
		enter_session();
		close(ready[1]);
		pause();
		_exit(0);
	}
	close(ready[1]);
	ASSERT_EQ(0, read(ready[0], ready, 1));
}

FIXTURE_TEARDOWN(links)
{
	kill(self->pid, SIGKILL);
	reap(self->pid);
}

TEST_F(links, like_the_others)
{
	const char *proc = "/proc";
	pid_t pid;

	ASSERT_EQ(0, ERR(unshare(CLONE_NEWNS)));
	ASSERT_EQ(0, ERR(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL)));
	if (variant->hidepid) {
		proc = "/mnt";
		ASSERT_EQ(0, ERR(mount("proc", proc, "proc", 0,
				       variant->hidepid)));
	}
	pid = fork();
	if (!pid) {
		if (variant->nobody &&
		    (syscall(SYS_setresgid, NOBODY, NOBODY, NOBODY) ||
		     syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY)))
			_exit(1);
		*self->agent = look_at(proc, self->pid, "agent");
		*self->uts = look_at(proc, self->pid, "uts");
		_exit(0);
	}
	ASSERT_EQ(0, reap(pid));
	EXPECT_EQ(variant->want, self->agent->readlink);
	EXPECT_EQ(self->uts->readlink, self->agent->readlink);
	EXPECT_EQ(self->uts->stat, self->agent->stat);
	EXPECT_EQ(self->uts->open, self->agent->open);
	EXPECT_EQ(self->uts->listed, self->agent->listed);
}

TEST_HARNESS_MAIN
