// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/*
 * Sealed sessions, which root itself cannot leave or loosen from inside; and
 * programs with more rights than the one who set the limit that they meet.
 * docs/authority.md is the table; authority.c and setns.c test the rest of it.
 */
#include <elf.h>

#include "agentns-test.h"

struct plan {
	volatile int ready, go, result[32];
	char id[HEX_ID + 1], below[HEX_ID + 1], other[HEX_ID + 1];
};

static struct plan *plan;

static int seal(void)
{
	return agent5(PR_SEAL_AGENT_NS, 0, 0, 0, 0);
}

static int become_nobody(void)
{
	return ERR(syscall(SYS_setresgid, NOBODY, NOBODY, NOBODY)) ?:
	       ERR(syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY));
}

FIXTURE(seal) {
	pid_t other;
};

FIXTURE_SETUP(seal)
{
	plan = shared(4096);
	/* A session beside, which root inside might reach for. */
	self->other = fork();
	if (!self->other) {
		if (enter_session())
			_exit(1);
		own_id(plan->other);
		raise_flag(&plan->ready);
		for (;;)
			pause();
	}
	ASSERT_TRUE(WAIT_FOR(plan->ready));
}

FIXTURE_TEARDOWN(seal)
{
	kill(self->other, SIGKILL);
	reap(self->other);
	/* Nothing of what root inside tried has come to pass. */
	char text[32];

	EXPECT_EQ(0, read_file(text, sizeof(text), SYSCTL "enabled"));
	EXPECT_STREQ("1", text);
	EXPECT_EQ(0, read_file(text, sizeof(text), SYSCTL "max_lifetime"));
	EXPECT_STREQ("86400", text);
	EXPECT_EQ(0, read_file(text, sizeof(text), SYSFS "defaults/max_opens"));
	EXPECT_STREQ("max", text);
}

static const struct agent_ns_budget_ex budget = {
	.max_unlinks = 100, .max_elapsed_ns = 3600000000000,
	.action = AGENT_NS_ACTION_TERM,
};

TEST_F(seal, binds_root_inside)
{
	struct agent_ns_budget_ex ex = budget;

	ASSERT_EQ(0, enter_session());
	own_id(plan->id);
	ASSERT_EQ(0, set_ex(ex));
	ex.max_unlinks = 200;
	EXPECT_EQ(0, set_ex(ex));
	EXPECT_EQ(0, session_get(plan->id, "sealed"));
	ASSERT_EQ(0, seal());
	EXPECT_EQ(0, seal());			/* once more is no change */
	EXPECT_EQ(1, session_get(plan->id, "sealed"));
	EXPECT_EQ(EINVAL, session_set(plan->id, "sealed", "0"));

	ex.max_unlinks = 201;
	EXPECT_EQ(EPERM, set_ex(ex));
	EXPECT_EQ(EPERM, session_set(plan->id, "max_unlinks", "201"));
	EXPECT_EQ(EPERM, session_set(plan->id, "max_unlinks", "max"));
	EXPECT_EQ(EPERM, session_set(plan->id, "max_elapsed_ns", "max"));
	EXPECT_EQ(EPERM, session_set(plan->id, "action", "log"));
	EXPECT_EQ(EPERM, session_set(plan->id, "intent", "mine"));
	EXPECT_EQ(200, session_get(plan->id, "max_unlinks"));
	/* It may still narrow, by either way. */
	ex.max_unlinks = 150;
	EXPECT_EQ(0, set_ex(ex));
	EXPECT_EQ(0, session_set(plan->id, "max_unlinks", "140"));
	EXPECT_EQ(EPERM, session_set(plan->id, "max_unlinks", "150"));
}

/* Who sets a limit later must be able to rely on what is to happen at it. */
TEST_F(seal, holds_the_action_without_a_limit)
{
	struct agent_ns_budget_ex ex = {
		.action = AGENT_NS_ACTION_TERM, .grace_ns = 1000,
	};
	static const char *const looser[] = { "log", "stop", "deny" };

	ASSERT_EQ(0, enter_session());
	own_id(plan->id);
	ASSERT_EQ(0, set_ex(ex));
	ASSERT_EQ(0, seal());
	ex.grace_ns = 1001;
	EXPECT_EQ(EPERM, set_ex(ex));
	ex.grace_ns = 0;
	EXPECT_EQ(EPERM, set_ex(ex));
	EXPECT_EQ(EPERM, session_set(plan->id, "grace_ns", "max"));
	EXPECT_EQ(EPERM, session_set(plan->id, "grace_ns", "1001"));
	for (size_t i = 0; i < ARRAY_SIZE(looser); i++)
		EXPECT_EQ(EPERM, session_set(plan->id, "action", looser[i]));
	EXPECT_EQ(0, session_set(plan->id, "grace_ns", "999"));
	/* Nothing is tighter than kill, whatever the grace. */
	ex.action = AGENT_NS_ACTION_KILL;
	EXPECT_EQ(0, set_ex(ex));
	ex.action = AGENT_NS_ACTION_STOP;
	EXPECT_EQ(EPERM, set_ex(ex));
	EXPECT_EQ(EPERM, session_set(plan->id, "action", "term"));
}

/* Nor does a grace go that is of no use yet. */
TEST_F(seal, holds_the_grace_of_another_action)
{
	struct agent_ns_budget_ex ex = { .grace_ns = 1000 };

	ASSERT_EQ(0, enter_session());
	own_id(plan->id);
	ASSERT_EQ(0, set_ex(ex));
	ASSERT_EQ(0, seal());
	EXPECT_EQ(EPERM, session_set(plan->id, "grace_ns", "max"));
	EXPECT_EQ(0, session_set(plan->id, "action", "deny"));
	EXPECT_EQ(EPERM, session_set(plan->id, "grace_ns", "1001"));
	EXPECT_EQ(0, session_set(plan->id, "grace_ns", "1000"));
}

TEST_F(seal, keeps_root_inside_from_everything_else)
{
	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, seal());
	EXPECT_EQ(EPERM, session_set(plan->other, "max_unlinks", "max"));
	EXPECT_EQ(EPERM, session_set(plan->other, "max_unlinks", "1"));
	EXPECT_EQ(EPERM, session_set(plan->other, "intent", "mine"));
	EXPECT_EQ(EPERM, session_set(plan->other, "sealed", "1"));
	EXPECT_EQ(EPERM, session_set(plan->other, "kill", "1"));
	EXPECT_EQ(0, waitpid(self->other, NULL, WNOHANG));
	EXPECT_EQ(EPERM, sysctl_set("enabled", "0"));
	EXPECT_EQ(EPERM, sysctl_set("unprivileged", "1"));
	EXPECT_EQ(EPERM, sysctl_set("max_lifetime", "0"));
	EXPECT_EQ(EPERM, write_file(SYSFS "defaults/max_opens", "5"));
	EXPECT_EQ(EPERM, write_file(SYSFS "max_session_dirs", "0"));
	EXPECT_EQ(EPERM, write_file(SYSFS "sweep_interval", "1"));
}

/* What is below the seal is the sealed one's. */
TEST_F(seal, leaves_power_over_what_is_below)
{
	pid_t pid;

	ASSERT_EQ(0, enter_session());
	own_id(plan->id);
	ASSERT_EQ(0, seal());
	pid = fork();
	if (!pid) {
		if (enter_session() || set_ex(budget))
			_exit(1);
		own_id(plan->below);
		/* Itself too: it is below, and root. */
		plan->result[0] = session_set(plan->below, "max_unlinks", "500");
		plan->result[1] = session_set(plan->id, "max_opens", "max");
		plan->result[2] = session_set(plan->id, "intent", "mine");
		raise_flag(&plan->ready);
		for (;;)
			pause();
	}
	ASSERT_TRUE(WAIT_FOR(plan->ready == 2));
	EXPECT_EQ(0, plan->result[0]);
	EXPECT_EQ(0, plan->result[1]);		/* it was none: no loosening */
	EXPECT_EQ(EPERM, plan->result[2]);
	EXPECT_EQ(0, session_set(plan->below, "max_unlinks", "max"));
	EXPECT_EQ(0, session_set(plan->below, "kill", "1"));
	EXPECT_EQ(KILLED, reap(pid));
}

/* Down and back up again, and not out, whatever descriptors root has kept. */
TEST_F(seal, cannot_be_left)
{
	int outside = open("/proc/self/ns/agent", O_RDONLY | O_CLOEXEC);
	char path[64], before[HEX_ID + 1], id[HEX_ID + 1];
	int beside, sealed, below;

	snprintf(path, sizeof(path), "/proc/%d/ns/agent", self->other);
	beside = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(beside, 0);
	/* Without a seal root goes where it likes. */
	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, ERR(setns(outside, AGENT_NS)));
	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, ERR(setns(beside, AGENT_NS)));
	ASSERT_EQ(0, ERR(setns(outside, AGENT_NS)));

	ASSERT_EQ(0, enter_session());
	ASSERT_EQ(0, seal());
	own_id(before);
	EXPECT_EQ(EPERM, ERR(setns(outside, AGENT_NS)));
	EXPECT_EQ(EPERM, ERR(setns(beside, AGENT_NS)));
	sealed = open("/proc/self/ns/agent", O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(0, enter_session());
	below = open("/proc/self/ns/agent", O_RDONLY | O_CLOEXEC);
	EXPECT_EQ(EPERM, ERR(setns(outside, AGENT_NS)));
	EXPECT_EQ(EPERM, ERR(setns(beside, AGENT_NS)));
	EXPECT_EQ(0, ERR(setns(sealed, AGENT_NS)));
	EXPECT_STREQ(before, own_id(id));
	EXPECT_EQ(0, ERR(setns(below, AGENT_NS)));
	EXPECT_EQ(0, ERR(setns(sealed, AGENT_NS)));
	EXPECT_EQ(EPERM, ERR(setns(outside, AGENT_NS)));
	/* With other namespaces it is all or nothing. */
	snprintf(path, sizeof(path), "/proc/%d", self->other);
	beside = syscall(SYS_pidfd_open, self->other, 0);
	ASSERT_GE(beside, 0);
	EXPECT_EQ(EPERM, ERR(setns(beside, AGENT_NS | CLONE_NEWUTS)));
	EXPECT_EQ(0, ERR(setns(beside, CLONE_NEWUTS)));
	EXPECT_STREQ(before, own_id(id));
}

static int seal_and_wait(void)
{
	if (enter_session() || set_ex(budget))
		return 1;
	own_id(plan->id);
	if (become_nobody() || seal())
		return 2;
	raise_flag(&plan->ready);
	for (;;)
		pause();
}

/* Anybody may seal what he is in, and whoever is above may loosen it. */
TEST_F(seal, does_not_bind_who_is_above)
{
	pid_t pid = fork();

	if (!pid)
		_exit(seal_and_wait());
	ASSERT_TRUE(WAIT_FOR(plan->ready == 2));
	EXPECT_EQ(1, session_get(plan->id, "sealed"));
	EXPECT_EQ(0, session_set(plan->id, "max_unlinks", "1000"));
	EXPECT_EQ(0, session_set(plan->id, "intent", "seen from above"));
	EXPECT_EQ(0, session_set(plan->id, "kill", "1"));
	EXPECT_EQ(KILLED, reap(pid));
}

TEST_F(seal, by_file)
{
	pid_t pid = fork();

	if (!pid) {
		if (enter_session() || set_ex(budget))
			_exit(1);
		own_id(plan->id);
		raise_flag(&plan->ready);
		spin_until(&plan->go, 1);
		plan->result[0] = session_set(plan->id, "max_unlinks", "max");
		_exit(0);
	}
	ASSERT_TRUE(WAIT_FOR(plan->ready == 2));
	EXPECT_EQ(EINVAL, session_set(plan->id, "sealed", "0"));
	EXPECT_EQ(EINVAL, session_set(plan->id, "sealed", "2"));
	EXPECT_EQ(0, session_set(plan->id, "sealed", "1"));
	plan->go = 1;
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(EPERM, plan->result[0]);
}

TEST(sealing_takes_no_rubbish)
{
	EXPECT_EQ(EINVAL, seal());	/* outside a session */
	ASSERT_EQ(0, enter_session());
	EXPECT_EQ(EINVAL, agent5(PR_SEAL_AGENT_NS, 1, 0, 0, 0));
	EXPECT_EQ(EINVAL, agent5(PR_SEAL_AGENT_NS, 0, 1, 0, 0));
	EXPECT_EQ(EINVAL, agent5(PR_SEAL_AGENT_NS, 0, 0, 1, 0));
	EXPECT_EQ(EINVAL, agent5(PR_SEAL_AGENT_NS, 0, 0, 0, 1));
	EXPECT_EQ(0, seal());
}

/*
 * Programs with more rights than their caller: this one, copied and executed
 * with an argument. It tries a thing 100 times and tells of errors.
 */
#define HELPER	"./helper"

static int helper(void)
{
	for (int i = 0; i < 100; i++)
		if (syscall(SYS_unlink, "nonexistent") == -1 && errno == EDQUOT)
			return 3;
	return 0;
}

/* Hand a capability of one's own on to what is executed next, without more. */
static int hand_on(int cap)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return errno;
	data[0].inheritable |= 1 << cap;
	return ERR(syscall(SYS_capset, &header, data)) ?:
	       ERR(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0));
}

static void __attribute__((constructor)) be_the_helper(int argc, char **argv)
{
	if (argc < 2)
		return;
	if (!strcmp(argv[1], "helper"))
		_exit(helper());
	/* Becomes who it is executed as in full, as su does. */
	if (!strcmp(argv[1], "su")) {
		if (setresgid(0, 0, 0) || setresuid(0, 0, 0))
			_exit(100);
		_exit(helper());
	}
	if (!strcmp(argv[1], "loosen"))
		_exit(set_ex((struct agent_ns_budget_ex) { .max_unlinks = 10 }));
	if (!strcmp(argv[1], "create"))
		_exit(enter_session());
	/* And executes a program that is not set-user-ID. */
	if (!strcmp(argv[1], "sudo")) {
		if (setresgid(0, 0, 0) || setresuid(0, 0, 0))
			_exit(100);
		execl("./plain", "plain", "helper", NULL);
		_exit(101);
	}
	/* The same as a user who is not root. */
	if (!strcmp(argv[1], "other")) {
		uid_t uid = geteuid();

		if (setresuid(uid, uid, uid))
			_exit(100);
		execl("./plain", "plain", "helper", NULL);
		_exit(101);
	}
	/* As the same user, with a capability that its file gave it. */
	if (!strcmp(argv[1], "ambient")) {
		if (hand_on(CAP_CHOWN))
			_exit(100);
		execl("./plain", "plain", "helper", NULL);
		_exit(101);
	}
}

/* The helper once more, as a program of 32 bits that needs no library. */
static void install_32(const char *name, mode_t mode)
{
	struct {
		Elf32_Ehdr elf;
		Elf32_Phdr load;
		unsigned char code[41];
		char path[12];
	} __attribute__((packed)) program = {
		.elf = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32,
				     ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC, .e_machine = EM_386,
			.e_version = EV_CURRENT,
			.e_phoff = sizeof(Elf32_Ehdr),
			.e_ehsize = sizeof(Elf32_Ehdr),
			.e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 1,
		},
		.load = {
			.p_type = PT_LOAD, .p_flags = PF_R | PF_X,
			.p_vaddr = 0x08048000, .p_paddr = 0x08048000,
			.p_filesz = sizeof(program), .p_memsz = sizeof(program),
			.p_align = 4096,
		},
		.code = {
			0xbe, 100, 0, 0, 0,	/*    mov $100, %esi */
			0xb8, 10, 0, 0, 0,	/* 1: mov $__NR_unlink, %eax */
			0xbb, 0, 0, 0, 0,	/*    mov $path, %ebx */
			0xcd, 0x80,		/*    int $0x80 */
			0x83, 0xf8, 0x86,	/*    cmp $-EDQUOT, %eax */
			0x74, 7,		/*    je 2f */
			0x4e,			/*    dec %esi */
			0x75, 0xec,		/*    jnz 1b */
			0x31, 0xdb,		/*    xor %ebx, %ebx */
			0xeb, 5,		/*    jmp 3f */
			0xbb, 3, 0, 0, 0,	/* 2: mov $3, %ebx */
			0xb8, 1, 0, 0, 0,	/* 3: mov $__NR_exit, %eax */
			0xcd, 0x80,		/*    int $0x80 */
		},
		.path = "nonexistent",
	};
	int out = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	__u32 code = 0x08048000 + offsetof(typeof(program), code);
	__u32 path = 0x08048000 + offsetof(typeof(program), path);

	program.elf.e_entry = code;
	memcpy(program.code + 11, &path, sizeof(path));
	if (write(out, &program, sizeof(program)) != sizeof(program))
		abort();
	fchmod(out, mode);
	close(out);
}

enum who { ROOT, USER, USER_IN_NAMESPACE };

FIXTURE(privileged) {
};

FIXTURE_VARIANT(privileged) {
	const char *file, *argument;
	enum who limiter;	/* who sets the limit */
	enum who caller;	/* who executes the program */
	bool no_new_privs;
	bool by_file;		/* left open by root, from whom the session is */
	bool touched;		/* by root inside, behind it: another limit */
	int result;
};

#define PROGRAM(_name, ...)						\
	FIXTURE_VARIANT_ADD(privileged, _name) { __VA_ARGS__ }

#define DENIED	3

PROGRAM(ordinary, .file = "./plain", .argument = "helper", .limiter = USER,
	.caller = USER, .result = DENIED);
PROGRAM(ordinary_of_root, .file = "./plain", .argument = "helper",
	.limiter = ROOT, .caller = ROOT, .result = DENIED);
PROGRAM(ordinary_under_roots_limit, .file = "./plain", .argument = "helper",
	.limiter = ROOT, .caller = USER, .result = DENIED);
PROGRAM(set_user_id, .file = "./setuid", .argument = "helper", .limiter = USER,
	.caller = USER, .result = KILLED);
PROGRAM(set_user_id_under_roots_limit, .file = "./setuid",
	.argument = "helper", .limiter = ROOT, .caller = USER, .result = KILLED);
PROGRAM(set_user_id_called_by_root, .file = "./setuid", .argument = "helper",
	.limiter = ROOT, .caller = ROOT, .result = DENIED);
PROGRAM(like_su, .file = "./setuid", .argument = "su", .limiter = USER,
	.caller = USER, .result = KILLED);
PROGRAM(like_su_under_roots_limit, .file = "./setuid", .argument = "su",
	.limiter = ROOT, .caller = USER, .result = KILLED);
PROGRAM(like_sudo, .file = "./setuid", .argument = "sudo", .limiter = USER,
	.caller = USER, .result = KILLED);
PROGRAM(like_sudo_to_another_user, .file = "./setuid_other",
	.argument = "other", .limiter = USER, .caller = USER, .result = KILLED);
PROGRAM(hands_on_a_capability, .file = "./capable", .argument = "ambient",
	.limiter = USER, .caller = USER, .result = KILLED);
/* Root chose to deny, and root is denied. */
PROGRAM(like_sudo_under_roots_limit, .file = "./setuid", .argument = "sudo",
	.limiter = ROOT, .caller = USER, .result = DENIED);
/* As whoever turned the limit did, not as whoever made the session. */
PROGRAM(like_sudo_under_limits_by_files, .file = "./setuid", .argument = "sudo",
	.limiter = USER, .caller = USER, .by_file = true, .result = KILLED);
PROGRAM(ordinary_under_limits_by_files, .file = "./plain",
	.argument = "helper", .limiter = USER, .caller = USER, .by_file = true,
	.result = DENIED);
PROGRAM(like_sudo_under_limits_that_root_touched, .file = "./setuid",
	.argument = "sudo", .limiter = USER, .caller = USER, .touched = true,
	.result = KILLED);
PROGRAM(set_group_id, .file = "./setgid", .argument = "helper",
	.limiter = USER, .caller = USER, .result = KILLED);
PROGRAM(ordinary_32, .file = "./plain_32", .argument = "helper",
	.limiter = USER, .caller = USER, .result = DENIED);
PROGRAM(set_user_id_32_under_roots_limit, .file = "./setuid_32",
	.argument = "helper", .limiter = ROOT, .caller = USER, .result = KILLED);
PROGRAM(set_group_id_32, .file = "./setgid_32", .argument = "helper",
	.limiter = USER, .caller = USER, .result = KILLED);
PROGRAM(file_capability, .file = "./capable", .argument = "helper",
	.limiter = USER, .caller = USER, .result = KILLED);
PROGRAM(set_user_id_without_new_privileges, .file = "./setuid",
	.argument = "helper", .limiter = USER, .caller = USER,
	.no_new_privs = true, .result = DENIED);
/* Gets none, and yet the kernel tells it to be on its guard. */
PROGRAM(file_capability_without_new_privileges, .file = "./capable",
	.argument = "helper", .limiter = USER, .caller = USER,
	.no_new_privs = true, .result = KILLED);
/* There the file's owner is nobody that the namespace knows. */
PROGRAM(set_user_id_in_a_user_namespace, .file = "./setuid",
	.argument = "helper", .limiter = USER, .caller = USER_IN_NAMESPACE,
	.result = DENIED);
PROGRAM(root_of_a_user_namespace, .file = "./plain", .argument = "helper",
	.limiter = USER, .caller = USER_IN_NAMESPACE, .result = DENIED);

FIXTURE_SETUP(privileged)
{
	copy_self("plain", 0755);
	copy_self("setuid", 04755);
	copy_self("setuid_other", 0755);
	ASSERT_EQ(0, ERR(chown("setuid_other", NOBODY - 1, 0)));
	ASSERT_EQ(0, ERR(chmod("setuid_other", 04755)));
	copy_self("setgid", 02755);
	install_32("plain_32", 0755);
	install_32("setuid_32", 04755);
	install_32("setgid_32", 02755);
	copy_self("capable", 0755);
	ASSERT_EQ(0, give_capability("capable", CAP_CHOWN));
}

FIXTURE_TEARDOWN(privileged)
{
}

/* Of the own session: its action, and its limit on unlinks. */
static void open_limits(int files[2])
{
	static const char *const names[] = { "action", "max_unlinks" };
	char id[HEX_ID + 1], path[128];

	own_id(id);
	for (int i = 0; i < 2; i++) {
		sprintf(path, SYSFS "sessions/%s/%s", id, names[i]);
		files[i] = open(path, O_WRONLY | O_CLOEXEC);
	}
}

static bool write_limits(const int files[2])
{
	return write(files[0], "deny", 4) != 4 || write(files[1], "5", 1) != 1;
}

/* Root in the session, who sets a limit there when @*go is closed. */
static pid_t root_waits(int *go)
{
	char id[HEX_ID + 1], byte;
	int p[2];
	pid_t pid;

	own_id(id);
	if (pipe(p))
		return -1;
	pid = fork();
	if (!pid) {
		close(p[1]);
		_exit(read(p[0], &byte, 1) ||
		      session_set(id, "max_forks", "1000"));
	}
	close(p[0]);
	*go = p[1];
	return pid;
}

TEST_F(privileged, program)
{
	struct agent_ns_budget_ex ex = {
		.max_unlinks = 5, .action = AGENT_NS_ACTION_DENY,
	};
	pid_t pid = fork(), root = 0;
	int files[2], go;

	if (!pid) {
		if (enter_session())
			_exit(20);
		if (variant->by_file)
			open_limits(files);
		if (variant->touched)
			root = root_waits(&go);
		if (variant->limiter != ROOT && become_nobody())
			_exit(21);
		if (variant->by_file ? write_limits(files) : set_ex(ex))
			_exit(22);
		if (variant->touched && (close(go) || reap(root)))
			_exit(27);
		if (variant->caller == USER && variant->limiter == ROOT &&
		    become_nobody())
			_exit(23);
		if (variant->caller == USER_IN_NAMESPACE &&
		    (prctl(PR_SET_DUMPABLE, 1) || unshare(CLONE_NEWUSER) ||
		     write_file("/proc/self/uid_map", "0 65534 1")))
			_exit(24);
		if (variant->no_new_privs &&
		    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
			_exit(25);
		execl(variant->file, variant->file, variant->argument, NULL);
		_exit(26);
	}
	EXPECT_EQ(variant->result, reap(pid));
}

/* As nobody, in a session with a budget when it is to loosen that. */
static int run_admin(const char *file, const char *argument, bool no_new_privs)
{
	pid_t pid = fork();

	if (!pid) {
		if (!strcmp(argument, "loosen") &&
		    (enter_session() ||
		     set_ex((struct agent_ns_budget_ex) { .max_unlinks = 5 })))
			_exit(201);
		if (become_nobody())
			_exit(202);
		if (no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
			_exit(203);
		execl(file, file, argument, NULL);
		_exit(204);
	}
	return reap(pid);
}

/* CAP_SYS_ADMIN is as good by a file as by being root, and as gone. */
TEST(authority_by_a_file)
{
	static const char *const what[] = { "create", "loosen" };

	copy_self("plain", 0755);
	copy_self("admin", 0755);
	ASSERT_EQ(0, give_capability("admin", CAP_SYS_ADMIN));
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(EPERM, run_admin("./plain", what[i], false));
		EXPECT_EQ(0, run_admin("./admin", what[i], false));
		EXPECT_EQ(EPERM, run_admin("./admin", what[i], true));
	}
}

TEST_HARNESS_MAIN
