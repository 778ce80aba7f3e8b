// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/* Loading and unloading, with and without sessions, idle and under load. */
#include <elf.h>
#include <sys/ioctl.h>

#include "agentns-module.h"

FIXTURE(module) {
};

FIXTURE_SETUP(module)
{
	ASSERT_EQ(0, find_module());
	ASSERT_TRUE(loaded());
}

FIXTURE_TEARDOWN(module)
{
	if (!loaded()) {
		EXPECT_EQ(0, load());
	}
}

static int enter_and_wait(void *arg)
{
	volatile int *flag = arg;
	int err = enter_session();

	raise_flag(flag);
	while (!err && *flag < 2)
		sleep_ms(2);
	return err;
}

TEST_F(module, busy_while_a_session_lives)
{
	volatile int *flag = shared(4096);
	char refs[16];
	pid_t pid = fork();

	if (!pid)
		_exit(enter_and_wait((void *)flag));
	ASSERT_TRUE(WAIT_FOR(*flag == 1));
	EXPECT_EQ(EAGAIN, unload());
	EXPECT_EQ(0, read_file(refs, sizeof(refs),
			       "/sys/module/agentns/refcnt"));
	EXPECT_EQ(1, atoi(refs));
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	*flag = 2;
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(0, unload_soon());
	EXPECT_FALSE(loaded());
}

/* A descriptor of an empty session, and an open file of a live one. */
TEST_F(module, busy_while_a_descriptor_pins_one)
{
	volatile int *flag = shared(4096);
	char path[64];
	int fd;
	pid_t pid = fork();

	if (!pid)
		_exit(enter_and_wait((void *)flag));
	ASSERT_TRUE(WAIT_FOR(*flag == 1));
	snprintf(path, sizeof(path), "/proc/%d/ns/agent", pid);
	fd = open(path, O_RDONLY);
	ASSERT_GE(fd, 0);
	*flag = 2;
	EXPECT_EQ(0, reap(pid));
	sleep_ms(100);
	EXPECT_EQ(EAGAIN, unload());
	close(fd);
	EXPECT_EQ(0, unload_soon());
}

static const char *const proc_files[] = {
	"agent_session", "agent_intent", "agent_counters",
};

static int listed(const char *dir)
{
	struct dirent *e;
	DIR *d = opendir(dir);
	int n = 0;

	while (d && (e = readdir(d)))
		n += !strncmp(e->d_name, "agent_", 6);
	if (d)
		closedir(d);
	return n;
}

TEST_F(module, files_come_and_go)
{
	static const char *const dirs[] = { "/proc/self", "/proc/thread-self" };
	char path[64], text[256], link[64] = { };
	int fd[3], ns;

	ns = open("/proc/self/ns/agent", O_RDONLY);
	for (int i = 0; i < 3; i++) {
		/* Their dentries are known from now on, and one is open. */
		snprintf(path, sizeof(path), "/proc/self/%s", proc_files[i]);
		EXPECT_EQ(0, access(path, F_OK));
		fd[i] = open(path, O_RDONLY);
		EXPECT_GE(fd[i], 0);
	}
	for (size_t d = 0; d < ARRAY_SIZE(dirs); d++)
		EXPECT_EQ(3, listed(dirs[d]));

	ASSERT_EQ(0, unload_soon());
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(-1, read(fd[i], text, sizeof(text)));
		EXPECT_EQ(ENOENT, errno);
		close(fd[i]);
		for (size_t d = 0; d < ARRAY_SIZE(dirs); d++) {
			snprintf(path, sizeof(path), "%s/%s", dirs[d],
				 proc_files[i]);
			EXPECT_EQ(ENOENT, ERR(access(path, F_OK)));
			EXPECT_EQ(ENOENT, ERR(open(path, O_RDONLY)));
		}
	}
	for (size_t d = 0; d < ARRAY_SIZE(dirs); d++)
		EXPECT_EQ(0, listed(dirs[d]));
	EXPECT_EQ(ENOENT, ERR(access(SYSFS, F_OK)));
	EXPECT_EQ(ENOENT, ERR(access(SYSCTL, F_OK)));
	EXPECT_EQ(ENOENT, ERR(access("/sys/kernel/tracing/events/agent_ns",
				     F_OK)));

	/* The namespace is the kernel's, not the module's. */
	EXPECT_LT(0, readlink("/proc/self/ns/agent", link, sizeof(link)));
	EXPECT_STREQ("agent:[4026531830]", link);
	EXPECT_EQ(AGENT_NS, ioctl(ns, _IO(0xb7, 0x3)));

	ASSERT_EQ(0, load());
	for (size_t d = 0; d < ARRAY_SIZE(dirs); d++)
		EXPECT_EQ(3, listed(dirs[d]));
	EXPECT_EQ(0, read_file(text, sizeof(text), "/proc/self/agent_session"));
	EXPECT_STREQ(NO_SESSION, text);
}

TEST_F(module, every_operation_is_unknown_without_it)
{
	char buffer[128] = { };

	ASSERT_EQ(0, unload_soon());
	for (int op = PR_AGENT_BASE; op <= PR_AGENT_LAST; op++) {
		EXPECT_EQ(EINVAL, agent(op, buffer));
		EXPECT_EQ(EINVAL, agent(op, NULL));
		EXPECT_EQ(EINVAL, agent5(op, (long)buffer, 64, 0, 0));
	}
}

/* A copy of the module that claims to be written for hooks number 99. */
static int forge(const char *to, unsigned int *real)
{
	char *m = malloc(4 << 20), *names = NULL;
	Elf64_Sym *sym = NULL, *end = NULL;
	Elf64_Ehdr *elf = (void *)m;
	Elf64_Shdr *section;
	int fd = open(module_path, O_RDONLY);
	ssize_t n = read(fd, m, 4 << 20), done;

	close(fd);
	if (n < (ssize_t)sizeof(*elf) || n == 4 << 20)
		return 1;
	section = (void *)(m + elf->e_shoff);
	for (int i = 0; i < elf->e_shnum; i++) {
		if (section[i].sh_type != SHT_SYMTAB)
			continue;
		sym = (void *)(m + section[i].sh_offset);
		end = (void *)(m + section[i].sh_offset + section[i].sh_size);
		names = m + section[section[i].sh_link].sh_offset;
	}
	while (sym < end && strcmp(names + sym->st_name, "agentns_hook_ops"))
		sym++;
	if (sym == end)
		return 2;
	/* struct agentns_ops begins with the number. */
	m += section[sym->st_shndx].sh_offset + sym->st_value;
	*real = *(unsigned int *)m;
	*(unsigned int *)m = 99;
	fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	done = write(fd, elf, n);
	close(fd);
	return done == n ? 0 : 3;
}

static int enter(void *arg)
{
	return enter_session();
}

TEST_F(module, other_hooks_number_is_refused)
{
	char numbers[2][64];
	unsigned int real;
	int log = kmsg_open();

	ASSERT_EQ(0, forge("forged.ko", &real));
	ASSERT_EQ(0, unload_soon());
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(ENOEXEC, load_file("forged.ko"));
		EXPECT_FALSE(loaded());
	}
	snprintf(numbers[0], sizeof(numbers[0]), "hooks number %u,", real);
	snprintf(numbers[1], sizeof(numbers[1]), "written for number 99");
	EXPECT_EQ(3, kmsg_count(log, numbers[0], numbers[1]));
	EXPECT_EQ(ENOENT, ERR(access("/proc/self/agent_session", F_OK)));
	EXPECT_EQ(ENOENT, ERR(access(SYSFS, F_OK)));
	EXPECT_EQ(ENOENT, ERR(access(SYSCTL, F_OK)));
	/* It left nothing behind that the right one would trip over. */
	EXPECT_EQ(0, load());
	EXPECT_EQ(0, in_child(enter, NULL));
}

/* Everything that may call into the module while it comes and goes. */
static void __attribute__((noreturn)) load_it(int kind)
{
	static const int ops[] = {
		PR_GET_AGENT_SESSION_ID, PR_GET_AGENT_COUNTERS,
		PR_GET_AGENT_INTENT_TAG, PR_SET_AGENT_INTENT_TAG,
	};
	char text[512];

	for (unsigned int i = 0;; i++) {
		switch (kind) {
		case 0:
			agent(ops[i % ARRAY_SIZE(ops)], text);
			break;
		case 1:
			read_file(text, sizeof(text), "/proc/%d/%s",
				  i % 2 ? 1 : getppid(), proc_files[i % 3]);
			listed("/proc/self");
			break;
		case 2:
			if (!fork()) {
				enter_session();
				_exit(0);
			}
			wait(NULL);
			/* Time to unload in: an ended session pins for a while. */
			sleep_ms(15);
			break;
		case 3:
			read_file(text, sizeof(text), SYSFS "sessions_live");
			read_file(text, sizeof(text), SYSCTL "enabled");
			sysctl_set("enabled", "1");
			break;
		}
	}
}

#define LOAD_KINDS	4

/* On a slow kernel each takes some eight seconds. */
#define ROUNDS		(SLOWNESS > 1 ? 5 : 20)

TEST_F_TIMEOUT(module, comes_and_goes_under_load, 60)
{
	pid_t pid[LOAD_KINDS];
	int round, err;

	for (int i = 0; i < LOAD_KINDS; i++) {
		pid[i] = fork();
		if (!pid[i])
			load_it(i);
	}
	for (round = 0; round < ROUNDS; round++) {
		err = unload_soon();
		if (err)
			break;
		EXPECT_FALSE(loaded());
		err = load();
		if (err)
			break;
	}
	EXPECT_EQ(0, err);
	EXPECT_EQ(ROUNDS, round);
	for (int i = 0; i < LOAD_KINDS; i++) {
		kill(pid[i], SIGKILL);
		EXPECT_EQ(KILLED, reap(pid[i]));
	}
}

TEST_HARNESS_MAIN
