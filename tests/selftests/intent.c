// SPDX-License-Identifier: GPL-2.0-only
// build: -Wno-sign-compare -Wno-clobbered
/* Intent tags: what is kept, what is refused, and how often one may change. */
#include "agentns-test.h"

struct tag {
	const char *set;
	const char *kept;	/* NULL: refused */
};

#define X10	"xxxxxxxxxx"
#define X60	X10 X10 X10 X10 X10 X10

static const struct tag printable[] = {
	{ "", "" },
	{ " ", " " },
	{ "fix \"quotes\" and \\ in {json}", "fix \"quotes\" and \\ in {json}" },
	{ "\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9" },
	{ "~", "~" },
	{ "\xc2\xa0", "\xc2\xa0" },			/* first behind C1 */
	{ "\xdf\xbf", "\xdf\xbf" },			/* U+07FF */
	{ "\xe0\xa0\x80", "\xe0\xa0\x80" },		/* U+0800 */
	{ "\xe2\x80\xa7", "\xe2\x80\xa7" },		/* U+2027 */
	{ "\xe2\x80\xaa", "\xe2\x80\xaa" },		/* U+202A */
	{ "\xed\x9f\xbf", "\xed\x9f\xbf" },		/* before surrogates */
	{ "\xee\x80\x80", "\xee\x80\x80" },		/* behind them */
	{ "\xf0\x90\x80\x80", "\xf0\x90\x80\x80" },	/* U+10000 */
	{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },	/* U+10FFFF */
	/* 62, 63, 64 and 200 bytes. */
	{ X60 "ab", X60 "ab" },
	{ X60 "abc", X60 "abc" },
	{ X60 "abcd", X60 "abc" },
	{ X60 X60 X60 X10 X10, X60 "xxx" },
	/* A character that ends with the 63rd byte stays, others go whole. */
	{ X60 "a\xc3\xa9", X60 "a\xc3\xa9" },
	{ X60 "ab\xc3\xa9", X60 "ab" },
	{ X60 "abc\xc3\xa9", X60 "abc" },
	{ X60 "\xe2\x82\xac", X60 "\xe2\x82\xac" },
	{ X60 "a\xe2\x82\xac", X60 "a" },
	{ X60 "ab\xe2\x82\xac", X60 "ab" },
	{ X60 "\xf0\x9f\x98\x80", X60 },
	{ X60 "a\xf0\x9f\x98\x80", X60 "a" },
	{ X60 "ab\xf0\x9f\x98\x80", X60 "ab" },
	/* What is cut off may be anything. */
	{ X60 "abcd\n\xff", X60 "abc" },
};

static const char *const unprintable[] = {
	"\n", "\x01", "\x1f", "\x7f", "a\tb", "a\rb", "\x1b[31m", "end\n",
	"\xc2\x80", "\xc2\x85", "\xc2\x9f",		/* C1 */
	"\xe2\x80\xa8", "\xe2\x80\xa9",			/* line ends */
	"\x80", "\xbf", "a\x80", "\xfe", "\xff",
	"\xc0\x80", "\xc1\xbf", "\xe0\x80\xaf", "\xe0\x9f\xbf",	/* overlong */
	"\xf0\x80\x80\xaf", "\xf0\x8f\xbf\xbf",
	"\xed\xa0\x80", "\xed\xbf\xbf",			/* surrogates */
	"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80",
	"\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xc3(",	/* cut short */
	"\xe2\x82(", "\xe2(\xa1", "\xf0\x9f\x98(", "\xc3\xc3\xa9",
	X60 "ab\n", X60 "ab\xff",
};

/* In a child: a session of its own, so that the rate does not matter. */
static int set_and_get(void *arg)
{
	const struct tag *tag = arg;
	char got[80], text[128];

	if (enter_session())
		return 1;
	if (agent(PR_SET_AGENT_INTENT_TAG, tag->set))
		return 2;
	memset(got, 0xff, sizeof(got));
	if (agent(PR_GET_AGENT_INTENT_TAG, got) || got[63] ||
	    (unsigned char)got[64] != 0xff)
		return 3;
	/* The whole buffer is defined: nothing of the kernel's behind it. */
	for (size_t i = strlen(got); i < 64; i++)
		if (got[i])
			return 4;
	if (strcmp(got, tag->kept))
		return 5;
	if (read_file(text, sizeof(text), "/proc/self/agent_intent") ||
	    strcmp(text, tag->kept))
		return 6;
	return 0;
}

TEST(printable_tags_are_kept)
{
	for (size_t i = 0; i < ARRAY_SIZE(printable); i++) {
		EXPECT_EQ(0, in_child(set_and_get, (void *)&printable[i])) {
			TH_LOG("tag %zu", i);
		}
	}
}

TEST(others_are_refused_and_change_nothing)
{
	char got[64];

	ASSERT_EQ(0, enter_session());
	for (size_t i = 0; i < ARRAY_SIZE(unprintable); i++) {
		EXPECT_EQ(EINVAL, agent(PR_SET_AGENT_INTENT_TAG,
					unprintable[i])) {
			TH_LOG("tag %zu", i);
		}
	}
	EXPECT_EQ(0, agent(PR_GET_AGENT_INTENT_TAG, got));
	EXPECT_STREQ("", got);
	/* A refused one is no change: the first change is still to come. */
	EXPECT_EQ(0, agent(PR_SET_AGENT_INTENT_TAG, "first"));
	EXPECT_EQ(EINVAL, agent(PR_SET_AGENT_INTENT_TAG, "\n"));
	EXPECT_EQ(0, agent(PR_GET_AGENT_INTENT_TAG, got));
	EXPECT_STREQ("first", got);
}

TEST(every_control_byte_is_refused)
{
	char tag[] = "abc";

	ASSERT_EQ(0, enter_session());
	for (int c = 1; c < 32; c++) {
		tag[1] = c;
		EXPECT_EQ(EINVAL, agent(PR_SET_AGENT_INTENT_TAG, tag));
	}
	for (int c = 0x80; c < 0x100; c++) {
		tag[1] = c;	/* and no lead byte goes with 'c' */
		EXPECT_EQ(EINVAL, agent(PR_SET_AGENT_INTENT_TAG, tag));
	}
}

TEST(strings_that_straddle_and_end_at_pages)
{
	char *p = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char got[64];

	ASSERT_EQ(0, munmap(p + 2 * 4096, 4096));
	ASSERT_EQ(0, enter_session());
	strcpy(p + 4096 - 3, "straddles");
	EXPECT_EQ(0, agent(PR_SET_AGENT_INTENT_TAG, p + 4096 - 3));
	EXPECT_EQ(0, agent(PR_GET_AGENT_INTENT_TAG, got));
	EXPECT_STREQ("straddles", got);

	/* The NUL is the last byte there is; then it is one too far. */
	ASSERT_EQ(0, enter_session());
	memcpy(p + 2 * 4096 - 6, "ended", 6);
	EXPECT_EQ(0, agent(PR_SET_AGENT_INTENT_TAG, p + 2 * 4096 - 6));
	ASSERT_EQ(0, enter_session());
	memcpy(p + 2 * 4096 - 5, "ended", 5);
	EXPECT_EQ(EFAULT, agent(PR_SET_AGENT_INTENT_TAG, p + 2 * 4096 - 5));
	EXPECT_EQ(0, agent(PR_GET_AGENT_INTENT_TAG, got));
	EXPECT_STREQ("", got);
}

TEST(once_a_second)
{
	char got[64];
	bool refused = false;
	__u64 start;
	int err;

	/* Once more, where a busy host has let a second pass. */
	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(0, enter_session());
		start = now_ns();
		EXPECT_EQ(0, agent(PR_SET_AGENT_INTENT_TAG, "one"));
		refused = agent(PR_SET_AGENT_INTENT_TAG, "two") == EAGAIN &&
			  agent(PR_SET_AGENT_INTENT_TAG, "") == EAGAIN;
		if (refused || now_ns() - start < 1000000000)
			break;
	}
	EXPECT_TRUE(refused);
	EXPECT_EQ(0, agent(PR_GET_AGENT_INTENT_TAG, got));
	EXPECT_STREQ("one", got);

	/* A session of one's own has not changed its tag yet. */
	ASSERT_EQ(0, enter_session());
	EXPECT_EQ(0, agent(PR_GET_AGENT_INTENT_TAG, got));
	EXPECT_STREQ("", got);
	EXPECT_EQ(0, agent(PR_SET_AGENT_INTENT_TAG, ""));
	start = now_ns();
	while ((err = agent(PR_SET_AGENT_INTENT_TAG, "two")) == EAGAIN &&
	       now_ns() - start < 30000000000)
		sleep_ms(5);
	EXPECT_EQ(0, err);
	/* The first was set before the clock was read: a little less. */
	EXPECT_GE(now_ns() - start, 990000000);
	EXPECT_EQ(0, agent(PR_GET_AGENT_INTENT_TAG, got));
	EXPECT_STREQ("two", got);
}

TEST_HARNESS_MAIN
