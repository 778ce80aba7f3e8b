// SPDX-License-Identifier: GPL-2.0-only
// vm: --icount
// plain: yes
// thorough: yes
// build: -Wno-sign-compare -Wno-clobbered
// timeout: 600
/*
 * What the tools cost where a thousand sessions live, in the nightly form ten
 * thousand, in instructions, the kernel's among them: this machine's clock
 * counts them, one a nanosecond.
 */
#include <fcntl.h>
#include <pty.h>

#include "agentns-cost.h"

#define MOST	10000

static int many;

#define COST(...)	command_cost((char *[]){ __VA_ARGS__, NULL })

/* The same on a terminal of 120 columns, for @reads readings of top. */
static __u64 top_cost(int reads)
{
	struct winsize size = { .ws_row = 50, .ws_col = 120 };
	__u64 before = children_ns();
	char buf[65536];
	__u64 end;
	int fd;
	pid_t pid;

	pid = forkpty(&fd, NULL, NULL, &size);
	if (!pid) {
		close_range(3, ~0U, 0);
		setenv("TERM", "xterm", 1);
		execlp("agentns", "agentns", "top", "-d", "1", NULL);
		_exit(127);
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	end = now_ns() + (reads - 1) * 1000000000ULL + 500000000ULL;
	while (now_ns() < end) {
		while (read(fd, buf, sizeof(buf)) > 0)
			;
		sleep_ms(10);
	}
	if (write(fd, "q", 1) != 1)
		return 0;
	for (int i = 0; i < 200 && !waitpid(pid, NULL, WNOHANG); i++) {
		while (read(fd, buf, sizeof(buf)) > 0)
			;
		sleep_ms(10);
	}
	close(fd);
	return children_ns() - before;
}

FIXTURE(tools) {
};

FIXTURE_SETUP(tools)
{
	ASSERT_EQ(0, write_file(SYSFS "max_session_dirs", "20000"));
}

FIXTURE_TEARDOWN(tools)
{
	EXPECT_EQ(0, write_file(SYSFS "max_session_dirs", "4096"));
}

TEST_F_TIMEOUT(tools, run, 100)
{
	__u64 plain, run, least_plain = -1, least_run = -1;

	for (int i = 0; i < 10; i++) {
		plain = COST("/bin/true");
		run = COST("agentns", "run", "--budget", "wall=1h,fork=100",
			   "--intent", "nightly build", "--", "/bin/true");
		ASSERT_NE(0, plain);
		ASSERT_NE(0, run);
		if (plain < least_plain)
			least_plain = plain;
		if (run < least_run)
			least_run = run;
	}
	ksft_print_msg("agentns run adds %.2f million instructions to the %.2f of /bin/true\n",
		       (least_run - least_plain) / 1e6, least_plain / 1e6);
	/* 2 ms are allowed, at 2 instructions a nanosecond; it is half. */
	EXPECT_LE(least_run - least_plain, 2100000);
}

TEST_F_TIMEOUT(tools, many_sessions, 500)
{
	static char *const ls[] = { "ls", "-J", "-r" };
	/* A session; what libsmartcols does for -r is not ours. */
	static const __u64 most[] = { 19000, 19000, 29000 };
	__u64 none, all, one, two;

	many = getenv("AGENTNS_NIGHTLY") ? MOST : 1000;
	none = COST("agentns", "ls");
	ASSERT_EQ(0, hold_sessions(many));
	/* Not what it costs to fetch the programs from the disk. */
	COST("cat", "/proc/agent_sessions");
	COST("agentns", "ls", "-J");
	all = COST("cat", "/proc/agent_sessions");
	ksft_print_msg("reading /proc/agent_sessions: %.0f instructions a session\n",
		       (double)all / many);
	EXPECT_LE(all, 9000ULL * many);
	for (int i = 0; i < ARRAY_SIZE(ls); i++) {
		all = i ? COST("agentns", "ls", ls[i]) : COST("agentns", "ls");
		ksft_print_msg("agentns ls%s%s: %.1f million instructions, %.0f a session; %.1f without one\n",
			       i ? " " : "", i ? ls[i] : "", all / 1e6,
			       (double)all / many, none / 1e6);
		ASSERT_NE(0, all);
		EXPECT_LE(all - none, most[i] * many);
	}
	/* As with a module that has no such file: there is no proc in here. */
	ASSERT_EQ(0, ERR(mkdir("old", 0755)));
	ASSERT_EQ(0, ERR(symlink("/sys", "old/sys")));
	all = COST("agentns", "ls", "--sysroot", "old");
	ksft_print_msg("agentns ls from the directories: %.1f million instructions\n",
		       all / 1e6);
	ASSERT_NE(0, all);
	all = COST("agentns", "metrics");
	ksft_print_msg("agentns metrics: %.1f million instructions\n",
		       all / 1e6);
	ASSERT_NE(0, all);
	all = COST("agentns", "tree");
	ksft_print_msg("agentns tree: %.1f million instructions\n", all / 1e6);
	ASSERT_NE(0, all);
	one = top_cost(1);
	two = top_cost(4);
	ksft_print_msg("agentns top: %.1f million instructions to begin, %.1f each time that it reads\n",
		       one / 1e6, (two - one) / 3e6);
	EXPECT_LT(one, two);
	EXPECT_LE((two - one) / 3, 30000ULL * many);
}

TEST_HARNESS_MAIN
