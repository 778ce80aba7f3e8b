// SPDX-License-Identifier: GPL-2.0-only
// vm: --icount
// plain: yes
// base: --icount
// build: -Wno-sign-compare -Wno-clobbered
// timeout: 300
/*
 * What stamps cost, in instructions: new files in a session and outside, and
 * files that are opened and closed where nothing is stamped, in comparison
 * with a kernel without the hooks.
 */
#include "agentns-cost.h"
#include "agentns-stamp.h"

#define FILES	400

struct costs {
	unsigned long new_file, read_only, write_only, rewrite;
};

static void measure(struct costs *c, bool first)
{
	unsigned long cost;

	for (int i = 0; i < 3; i++) {
		cost = new_file_cost(FILES);
		if ((first && !i) || cost < c->new_file)
			c->new_file = cost;
	}
	/* The least of many has no stamp to write, but for one a second. */
	c->read_only = open_close_cost(O_RDONLY, false);
	c->write_only = open_close_cost(O_WRONLY, false);
	c->rewrite = open_close_cost(O_WRONLY, true);
}

/* A figure of the kernel without the hooks, by tests/selftests/run; or 0. */
static unsigned long base(const char *name)
{
	char path[512], line[128], found[64];
	unsigned long figure = 0, value;
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 6);
	FILE *f;

	if (n < 0)
		return 0;
	strcpy(path + n, ".base");
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %lu", found, &value) == 2 &&
		    !strcmp(found, name))
			figure = value;
	if (f)
		fclose(f);
	return figure;
}

static bool hooks_here(void)
{
	return !access(SYSFS "abi", F_OK);
}

/*
 * An open and close: from 6.12 on each question to the security modules has one
 * more slot, empty or not, of which there are six on this way, and a file's
 * blob has eight more bytes to clear; the rest is ours, more for a file open
 * for writing. On 6.1, whose Landlock has no blob, there is a blob.
 */
static int allowance(bool writes)
{
	char text[64] = "";

	read_file(text, sizeof(text), "/proc/sys/kernel/osrelease");
	return (strncmp(text, "6.1.", 4) ? 17 : 10 + 150) + (writes ? 4 : 0);
}

TEST(outside)
{
	static const char *const names[] = { "read_only", "write_only" };
	unsigned long here[2], there;
	struct costs c = { };

	ASSERT_EQ(0, make_file("f", 100));
	measure(&c, true);
	here[0] = c.read_only;
	here[1] = c.write_only;
	ksft_print_msg("base read_only %lu\n", c.read_only);
	ksft_print_msg("base write_only %lu\n", c.write_only);
	ksft_print_msg("base rewrite %lu\n", c.rewrite);
	ksft_print_msg("base new_file %lu\n", c.new_file);
	if (!hooks_here())
		SKIP(return, "this is the kernel without hooks");
	if (!base(names[0]))
		SKIP(return, "no kernel without hooks: tests/kernel/build --unpatched builds it");
	for (int i = 0; i < ARRAY_SIZE(names); i++) {
		there = base(names[i]);
		ksft_print_msg("open and close, %s: %lu instructions, %lu without the hooks\n",
			       names[i], here[i], there);
		EXPECT_LE(here[i], there + allowance(i));
	}
	ksft_print_msg("with a write between them: %lu, %lu without\n",
		       c.rewrite, base("rewrite"));
	ksft_print_msg("a new file: %lu, %lu without\n", c.new_file,
		       base("new_file"));
}

static int measure_in_session(void *c)
{
	measure(c, !((struct costs *)c)->new_file);
	return 0;
}

/* Each after the other, twice: neither is the one that warms up. */
static int measure_both(struct costs *in, struct costs *out)
{
	char id[HEX_ID + 1];

	memset(in, 0, sizeof(*in));
	memset(out, 0, sizeof(*out));
	for (int i = 0; i < 2; i++) {
		measure(out, !i);
		if (in_session(id, measure_in_session, in))
			return EIO;
	}
	if (!in->new_file || !out->new_file)
		return ENODATA;
	/* They were stamped, all of them: else it is cheap for nothing. */
	if (in_session(id, make_file_fn, "f") || strcmp(id, stamp_id("f")))
		return EBADMSG;
	ksft_print_msg("a new file of 100 bytes: %lu instructions outside, %lu in a session: %.3f times\n",
		       out->new_file, in->new_file,
		       (double)in->new_file / out->new_file);
	ksft_print_msg("rewritten with an equal stamp: %lu outside, %lu in a session: %.3f times\n",
		       out->rewrite, in->rewrite,
		       (double)in->rewrite / out->rewrite);
	ksft_print_msg("opened and closed: %lu outside, %lu in a session; for writing %lu and %lu\n",
		       out->read_only, in->read_only, out->write_only,
		       in->write_only);
	return 0;
}

TEST(in_a_session)
{
	struct costs *in = shared(sizeof(*in)), out;
	int err;

	if (!hooks_here())
		SKIP(return, "this is the kernel without hooks");
	ASSERT_TRUE(stamps_active());
	ASSERT_EQ(0, make_file("f", 100));
	ASSERT_EQ(0, sysfs_set("stamp_hints", "0"));
	err = measure_both(in, &out);
	ASSERT_EQ(0, sysfs_set("stamp_hints", "1"));
	ASSERT_EQ(0, err);
	EXPECT_LE(in->new_file * 100, out.new_file * 115);
	/* A write of an equal stamp would cost some thousands. */
	EXPECT_LE(in->rewrite, out.rewrite + 1000);
}

/*
 * Hints do not fit into an inode of 256 bytes beside the stamp: there is a
 * block to be found, filled and given a checksum, twice, as a file system
 * takes one attribute at a time.
 */
TEST(with_hints)
{
	struct costs *in = shared(sizeof(*in)), out;

	if (!hooks_here())
		SKIP(return, "this is the kernel without hooks");
	ASSERT_EQ(0, make_file("f", 100));
	ASSERT_EQ(0, measure_both(in, &out));
	EXPECT_LE(in->new_file * 100, out.new_file * 210);
	EXPECT_LE(in->rewrite, out.rewrite + 1000);
	EXPECT_STRNE("", attr("f", PROV_SESSION));
}

TEST_HARNESS_MAIN
