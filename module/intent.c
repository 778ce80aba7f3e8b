// SPDX-License-Identifier: GPL-2.0-only
/* Checking, setting and reading intent tags. */
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/ktime.h>

#include "intent.h"
#include "session.h"
#include "stamp.h"
#include "trace.h"

/* A tag may change this often. */
#define AGENTNS_INTENT_INTERVAL_NS	NSEC_PER_SEC

/*
 * Length of the UTF-8 sequence at @s of which @len bytes are there, by the
 * table of well-formed sequences in the Unicode standard (chapter 3, D92):
 * no overlong forms, no surrogates, nothing above U+10FFFF.
 *
 * Return: 1 to 4, 0 where the sequence is cut short, -1 where it is malformed.
 */
static int agentns_utf8_len(const u8 *s, size_t len)
{
	u8 low = 0x80, high = 0xbf;
	int need, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return -1;
	need = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	switch (s[0]) {
	case 0xe0:
		low = 0xa0;
		break;
	case 0xed:
		high = 0x9f;
		break;
	case 0xf0:
		low = 0x90;
		break;
	case 0xf4:
		high = 0x8f;
		break;
	}
	for (i = 1; i < need; i++) {
		if (i == len)
			return 0;
		if (s[i] < low || s[i] > high)
			return -1;
		low = 0x80;
		high = 0xbf;
	}
	return need;
}

/* C0, DEL, C1, and the two separators that end a line (U+2028, U+2029). */
static bool agentns_utf8_is_control(const u8 *s, int n)
{
	if (n == 1)
		return s[0] < 0x20 || s[0] == 0x7f;
	if (n == 2)
		return s[0] == 0xc2 && s[1] < 0xa0;
	return n == 3 && s[0] == 0xe2 && s[1] == 0x80 &&
	       (s[2] == 0xa8 || s[2] == 0xa9);
}

/**
 * agentns_intent_check - is this printable UTF-8?
 * @tag: the tag
 * @len: its length in bytes
 *
 * Return: 0 or -EINVAL.
 */
int agentns_intent_check(const char *tag, size_t len)
{
	const u8 *s = (const u8 *)tag;

	while (len) {
		int n = agentns_utf8_len(s, len);

		if (n <= 0 || agentns_utf8_is_control(s, n))
			return -EINVAL;
		s += n;
		len -= n;
	}
	return 0;
}

/**
 * agentns_intent_clip - how much of a long tag is kept
 * @tag: the tag
 * @len: its length in bytes
 *
 * Return: at most AGENT_NS_INTENT_MAX, not splitting a character.
 */
size_t agentns_intent_clip(const char *tag, size_t len)
{
	const u8 *s = (const u8 *)tag;
	size_t i;

	if (len <= AGENT_NS_INTENT_MAX)
		return len;
	for (i = AGENT_NS_INTENT_MAX; i && (s[i] & 0xc0) == 0x80; i--)
		;
	/* Malformed anyway: leave the bytes there to be refused. */
	return i + 4 > AGENT_NS_INTENT_MAX ? i : AGENT_NS_INTENT_MAX;
}

/**
 * agentns_intent_set - set a session's tag
 * @s: pinned by the caller
 * @tag: printable UTF-8, not necessarily terminated
 * @len: its length in bytes, at most AGENT_NS_INTENT_MAX
 * @limit_rate: refuse a second such change within a second
 *
 * Context: Process context.
 * Return: 0, -EINVAL for a tag that is not printable, -EAGAIN.
 */
int agentns_intent_set(struct agentns_session *s, const char *tag, size_t len,
		       bool limit_rate)
{
	char copy[AGENT_NS_INTENT_MAX + 1] = { };
	int ret = agentns_intent_check(tag, len);
	u64 now;

	if (ret)
		return ret;
	memcpy(copy, tag, len);

	spin_lock(&s->intent_lock);
	now = ktime_get_boottime_ns();
	if (limit_rate && s->intent_set_ns &&
	    now - s->intent_set_ns < AGENTNS_INTENT_INTERVAL_NS) {
		ret = -EAGAIN;
	} else {
		memcpy(s->intent, copy, sizeof(copy));
		agentns_stamp_forget(s);
		if (limit_rate)
			s->intent_set_ns = now;
	}
	spin_unlock(&s->intent_lock);

	if (!ret)
		agentns_trace_intent_set(s, copy);
	return ret;
}

/**
 * agentns_intent_copy - read a session's tag
 * @s: pinned by the caller
 * @tag: room for AGENT_NS_INTENT_MAX + 1 bytes
 *
 * Context: Process context.
 */
void agentns_intent_copy(struct agentns_session *s, char *tag)
{
	spin_lock(&s->intent_lock);
	memcpy(tag, s->intent, sizeof(s->intent));
	spin_unlock(&s->intent_lock);
}
