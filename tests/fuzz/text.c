// SPDX-License-Identifier: GPL-2.0-only
/* What is written to files, to tags, and to the process connector. */
#include <stdio.h>
#include <string.h>

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>

#include "fuzz.h"

#define WORD(string)	{ string, sizeof(string) - 1 }

static const struct {
	const char *text;
	unsigned int length;
} words[] = {
	/* numbers, and what is none */
	WORD("0"), WORD("1"), WORD("1\n"), WORD("0\n"), WORD("2"), WORD("-1"),
	WORD("+1"), WORD("007"), WORD("0x10"), WORD(" 1"), WORD("1 "),
	WORD("1\n\n"), WORD("1\0"), WORD("1\0002"), WORD("\0001"), WORD("1,2"),
	WORD("4096"), WORD("86400"), WORD("86401"), WORD("2147483648"),
	WORD("4294967295"), WORD("4294967296"), WORD("9223372036854775807"),
	WORD("9223372036854775808"), WORD("18446744073709551615"),
	WORD("18446744073709551616"), WORD("99999999999999999999999999"),
	WORD("1e3"), WORD("1.5"), WORD("\xd9\xa1"),
	/* words */
	WORD("max"), WORD("max\n"), WORD("MAX"), WORD("maximum"), WORD("log"),
	WORD("term\n"), WORD("kill"), WORD("stop"), WORD("deny\n"),
	WORD("den"), WORD("denyy"), WORD("(null)"), WORD("%s%n"),
	/* texts, and what is none */
	WORD(""), WORD("\n"), WORD("\0"), WORD("fuzz"), WORD("gr\xc3\xbc\xc3\x9f"),
	WORD("\xe2\x82\xac"), WORD("\xf0\x9f\x90\xa7"), WORD("\xc3"),
	WORD("\xe2\x82"), WORD("\xff\xfe"), WORD("\xc0\x80"),
	WORD("\xed\xa0\x80"), WORD("\xf4\x90\x80\x80"), WORD("a\x1b[31mb"),
	WORD("\x7f"), WORD("\xc2\x85"), WORD("\t"), WORD("\\\"'"),
	WORD("{\"a\":1}"),
	/* lists of file systems and of paths */
	WORD("tmpfs"), WORD("ext4 tmpfs\n"), WORD("tmpfs,ext4"), WORD("nosuchfs"),
	WORD("/"), WORD("/scratch/fuzz"), WORD("/scratch/fuzz\n/tmp\n"),
	WORD("/scratch/../scratch/fuzz/"), WORD("//"), WORD("scratch"),
	WORD("/nosuch"), WORD("/scratch/fuzz/a:/tmp"),
};

/* How long a tag may be, and a page: around these it is tried. */
static size_t repeated(__u32 code, __u8 *text, size_t size)
{
	static const __u16 lengths[] = {
		61, 62, 63, 64, 65, 66, 127, 128, 255, 256, 1023, 4000, 4094,
		4095, 4096,
	};
	static const char *const units[] = {
		"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x90\xa7", "/a", "a ",
		"1", "\n", "\xff", "/scratch/fuzz/b\n",
	};
	const char *unit = units[code / 16 % ARRAY_SIZE(units)];
	size_t n = lengths[code / 256 % ARRAY_SIZE(lengths)], at;

	if (n > size)
		n = size;
	for (at = 0; at < n; at++)
		text[at] = unit[at % strlen(unit)];
	return n;
}

/* Return: how many bytes. */
size_t text_of(__u32 code, __u8 *text, size_t size)
{
	__u64 random = code;
	size_t n, i;

	switch (code % 8) {
	case 0:
		return repeated(code >> 3, text, size);
	case 1:
		n = random_below(&random, 40);
		for (i = 0; i < n; i++)
			text[i] = random_number(&random);
		return n;
	case 2:
		return snprintf((char *)text, size, "%u",
				random_below(&random, 2000));
	case 3:
		/* So that something goes on, in spite of all limits. */
		memcpy(text, "max", 3);
		return 3;
	case 4:
		text[0] = '1';
		return 1;
	}
	i = (code >> 3) % ARRAY_SIZE(words);
	memcpy(text, words[i].text, words[i].length);
	return words[i].length;
}

/*
 * A message to the connector of processes: to listen, not to, with a mask of
 * events where the kernel takes one; what they send; rubbish of each length.
 */
size_t message_of(__u32 code, __u8 *message, size_t size)
{
	__u64 random = code;
	struct {
		struct nlmsghdr nl;
		struct cn_msg cn;
		__u32 word[16];
	} m = {
		.nl.nlmsg_type = NLMSG_DONE,
		.cn.id.idx = CN_IDX_PROC,
		.cn.id.val = CN_VAL_PROC,
	};
	static const __u16 lengths[] = { 4, 4, 4, 8, 8, 0, 2, 40, 64, 65535 };
	static const __u32 events[] = {
		PROC_EVENT_NM, PROC_EVENT_NM | PROC_EVENT_FORK, 0, 0x7fffffff,
		0xffffffff, PROC_EVENT_EXEC,
	};
	size_t n;

	m.cn.len = lengths[random_below(&random, ARRAY_SIZE(lengths))];
	m.word[0] = random_below(&random, 8) ?
		    1 + random_below(&random, 2) : random_number(&random);
	m.word[1] = events[random_below(&random, ARRAY_SIZE(events))];
	if (!random_below(&random, 8))
		m.word[0] = PROC_EVENT_NM;
	if (!random_below(&random, 16))
		m.cn.id.val = random_below(&random, 4);
	if (!random_below(&random, 16))
		m.cn.ack = random_number(&random);
	n = sizeof(m.nl) + sizeof(m.cn) +
	    (m.cn.len < sizeof(m.word) ? m.cn.len : sizeof(m.word));
	m.nl.nlmsg_len = n;
	if (!random_below(&random, 12))
		m.nl.nlmsg_len = random_number(&random);
	if (!random_below(&random, 12))
		n = random_below(&random, sizeof(m) + 1);
	if (n > size)
		n = size;
	memcpy(message, &m, n);
	return n;
}
