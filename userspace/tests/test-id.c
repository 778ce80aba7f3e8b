// SPDX-License-Identifier: GPL-2.0-only
/* Session ids and actions as text. */
#include <errno.h>
#include <string.h>

#include <agentns.h>

#include "tap.h"

#define ID "0123456789abcdeffedcba9876543210"

static void test_parse(void)
{
	static const struct {
		const char *text, *what;
	} bad[] = {
		{ "", "empty" },
		{ "0123456789abcdeffedcba987654321", "31 digits" },
		{ ID "0", "33 digits" },
		{ ID "\n", "a newline behind" },
		{ " " ID, "a blank before" },
		{ "g123456789abcdeffedcba9876543210", "not hex, first" },
		{ "0123456789abcdeffedcba987654321g", "not hex, last" },
		{ "0x23456789abcdeffedcba9876543210", "0x" },
		{ "-123456789abcdeffedcba9876543210", "a sign" },
		{ "01234567-89ab-cdef-fedc-ba987654", "dashes" },
		{ "0123456789abcde/fedcba9876543210", "the character before 0" },
		{ "0123456789abcde:fedcba9876543210", "the character after 9" },
		{ "0123456789abcdeGfedcba9876543210", "the character after F" },
		{ "0123456789abcde@fedcba9876543210", "the character before A" },
		{ "0123456789abcde`fedcba9876543210", "the character before a" },
	};
	struct agent_session_id_uapi id, before;
	size_t i;

	ok_int(agentns_id_parse(ID, &id), 0, "32 digits");
	ok(id.bytes[0] == 0x01 && id.bytes[1] == 0x23 && id.bytes[7] == 0xef &&
	   id.bytes[15] == 0x10, "each digit is in its place");
	before = id;
	ok_int(agentns_id_parse("0123456789ABCDEFFEDCBA9876543210", &id), 0,
	       "upper case");
	ok_int(agentns_id_cmp(&id, &before), 0, "upper case is the same id");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok_int(agentns_id_parse(bad[i].text, &id), -EINVAL,
		       "refused: %s", bad[i].what);
	ok_int(agentns_id_cmp(&id, &before), 0, "a refused id changes nothing");
}

static void test_format(void)
{
	struct agent_session_id_uapi id, zero = { 0 };
	char buf[AGENTNS_ID_BUFSIZE + 1];

	memset(buf, '#', sizeof(buf));
	agentns_id_parse("0123456789ABCDEFFEDCBA9876543210", &id);
	ok(agentns_id_format(&id, buf) == buf, "the buffer is returned");
	ok_str(buf, ID, "lower case");
	ok(buf[AGENTNS_ID_BUFSIZE] == '#', "33 bytes are written");

	ok_str(agentns_id_format(&zero, buf),
	       "00000000000000000000000000000000", "zeros");
	ok(agentns_id_is_zero(&zero), "zeros are zero");
	zero.bytes[15] = 1;
	ok(!agentns_id_is_zero(&zero), "one bit is not zero");
	ok(agentns_id_cmp(&zero, &id) < 0 && agentns_id_cmp(&id, &zero) > 0,
	   "ids have an order");
}

static void test_action(void)
{
	__u32 action = 77;

	ok(!agentns_action_parse("log", &action) &&
	   action == AGENT_NS_ACTION_LOG, "log");
	ok(!agentns_action_parse("term", &action) &&
	   action == AGENT_NS_ACTION_TERM, "term");
	ok(!agentns_action_parse("kill", &action) &&
	   action == AGENT_NS_ACTION_KILL, "kill");
	ok_int(agentns_action_parse("KILL", &action), -EINVAL, "case matters");
	ok_int(agentns_action_parse("", &action), -EINVAL, "no action");
	ok_int(agentns_action_parse("killx", &action), -EINVAL, "longer");
	ok_int(agentns_action_parse("kil", &action), -EINVAL, "shorter");
	ok_int(action, AGENT_NS_ACTION_KILL, "a refusal changes nothing");
	ok_str(agentns_action_name(AGENT_NS_ACTION_TERM), "term", "name");
	ok_str(agentns_action_name(77), "unknown", "name of an unknown action");
	ok_str(agentns_action_name(AGENTNS_ACTION_UNKNOWN), "unknown",
	       "name of the unknown action");
}

int main(void)
{
	test_parse();
	test_format();
	test_action();
	return tap_done();
}
