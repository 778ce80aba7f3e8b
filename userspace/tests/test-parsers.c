// SPDX-License-Identifier: GPL-2.0-only
/* What reads text from outside: events, stamps; and all parsers on rubbish. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "internal.h"
#include "provenance.h"
#include "tap.h"
#include "trace-context.h"

#define SID	"4526c93599eeae723deb7dc1b82b645c"
#define PSID	"00000000000000000000000000000000"
#define HEAD	"            bash-51      [000] .....    12.345678: "
#define END_FIELDS \
	"sid=" SID " total_syscalls=18446744073709551615 openat_count=2 " \
	"write_bytes=3 connect_count=4 unlink_count=5 fork_count=6 elapsed_ns=7"

/* Sixty-four bytes; half an escape; what is always escaped, or never is. */
static const char *const bad_tags[] = {
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	"\\", "\\x", "\\x4", "\\x4g", "\\xC3", "\\x00", "\\n", "a=b", "\"", "\xc3\xbc",
	"\t",
};

static void test_events(void)
{
	struct agentns_event e;
	char id[AGENTNS_ID_BUFSIZE];
	size_t i;

	ok_int(agentns__event_parse(HEAD "agent_session_start: sid=" SID
				    " psid=" PSID " root_pid=51 intent=", &e),
	       1, "start");
	ok(e.type == AGENTNS_EVENT_START && e.pid == 51 && !*e.intent &&
	   e.time_ns == 12345678000ULL && agentns_id_is_zero(&e.parent),
	   "start: fields");
	ok_str(agentns_id_format(&e.id, id), SID, "start: id");
	ok_int(agentns__event_parse(HEAD "agent_session_end: " END_FIELDS, &e),
	       1, "end");
	ok(e.counters.total_syscalls == UINT64_MAX &&
	   e.counters.elapsed_ns == 7, "end: counters");
	ok_int(agentns__event_parse(HEAD "agent_intent_set: sid=" SID
				    " intent=a sid\\x3dy \\xc3\\xbc\\x5cx41", &e),
	       1, "intent");
	ok_str(e.intent, "a sid=y \xc3\xbc\\x41",
	       "intent: to the end of the line, unescaped");
	ok_int(agentns__event_parse(HEAD "agent_task_join: sid=" SID " old_sid="
				    PSID " pid=52 tgid=51 comm=a \\x22\\xff\\x0a",
				    &e), 1, "join");
	ok(e.type == AGENTNS_EVENT_JOIN && e.pid == 51 && e.tid == 52 &&
	   agentns_id_is_zero(&e.from), "join: fields");
	ok_str(e.comm, "a \"\xff\n", "join: name");
	ok_int(agentns__event_parse(HEAD "agent_budget_exceeded: sid=" SID
				    " resource=max_forks value=9 limit=10 action=kill",
				    &e), 1, "exceeded");
	ok(!strcmp(e.resource, "max_forks") && e.value == 9 && e.limit == 10 &&
	   !strcmp(e.action, "kill"), "exceeded: fields");
	ok_int(agentns__event_parse("CPU:1 [LOST 12 EVENTS]", &e), 1, "lost");
	ok(e.type == AGENTNS_EVENT_LOST && e.value == 12, "lost: how many");
	ok_int(agentns__event_parse(HEAD "sched_switch: x", &e), 0,
	       "another event");
	ok_int(agentns__event_parse("", &e), 0, "nothing");
	ok_int(agentns__event_parse(HEAD "agent_session_end: sid=" SID, &e),
	       -EBADMSG, "end without counters");
	ok_int(agentns__event_parse(HEAD "agent_intent_set: sid=123 intent=x",
				    &e), -EBADMSG, "a short id");
	/* A tag cannot provide what the event lacks. */
	ok_int(agentns__event_parse(HEAD "agent_session_start: sid=" SID
				    " intent=a psid=" PSID " root_pid=1", &e),
	       -EBADMSG, "fields within a tag");
	for (i = 0; i < ARRAY_SIZE(bad_tags); i++) {
		char line[512];

		snprintf(line, sizeof(line), "%sagent_intent_set: sid=%s intent=%s",
			 HEAD, SID, bad_tags[i]);
		ok_int(agentns__event_parse(line, &e), -EBADMSG,
		       "a tag that the kernel did not write: %s", bad_tags[i]);
	}
	ok_int(agentns__event_parse(HEAD "agent_task_join: sid=" SID " old_sid="
				    PSID " pid=52 tgid=51 comm=0123456789abcdef",
				    &e), -EBADMSG, "a name of 16 bytes");
}

/* A process name holds 15 bytes of any kind; none hides or makes an event. */
static void test_event_names(void)
{
	static const struct {
		const char *line, *what;
	} names[] = {
		{ "  ] 1: agent_s", "that looks like a head" },
		{ "] x 1.1:agent_", "that looks like a head and a name" },
		{ "] x 1.1:agent_t", "that has one letter more" },
		{ "] . 1.1: sched_", "that looks like another event" },
		{ "] ] ] ] ] ] ] ] ", "full of brackets" },
		{ " [LOST 1 EVENTS", "that tells of lost events" },
		/* What follows a newline in a name is a line for us. */
		{ "CPU:[LOST 9", "that begins as lost events do" },
		{ "CPU:0 [LOST 9 ", "that begins as lost events do, at length" },
	};
	struct agentns_event e;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		char line[256];

		snprintf(line, sizeof(line), "%s%sagent_intent_set: sid=" SID
			 " intent=[LOST 5 EVENTS]", names[i].line,
			 strchr(HEAD, '-'));
		memset(&e, 0, sizeof(e));
		ok_int(agentns__event_parse(line, &e), 1, "a process name %s",
		       names[i].what);
		ok(e.type == AGENTNS_EVENT_INTENT &&
		   e.time_ns == 12345678000ULL &&
		   !strcmp(e.intent, "[LOST 5 EVENTS]"),
		   "which changes nothing");
	}
	ok_int(agentns__event_parse("CPU:1 [LOST 12 EVENTS] ", &e), 0,
	       "lost events and something behind");
	ok_int(agentns__event_parse("x CPU:1 [LOST 12 EVENTS]", &e), 0,
	       "something before lost events");
}

static int prov(const char *text, struct provenance *p)
{
	memset(p, 0, sizeof(*p));
	return provenance_parse(text, strlen(text), p);
}

/* The kernel's own stamp. */
static void stamp_tests(void)
{
	struct agent_ns_stamp stamp = {
		.version = AGENT_NS_STAMP_VERSION, .uid = htole32(1000),
		.session = { 0xa0, [15] = 0x01 }, .parent = { [15] = 0x02 },
		.seconds = htole64(1700000000),
	};
	struct provenance p = { .kind = PROV_NONE };

	ok(!provenance_parse_stamp(&stamp, sizeof(stamp), &p) && p.vouched &&
	   p.kind == PROV_SESSION && p.uid == 1000 && p.has_time &&
	   p.time == 1700000000 && p.id.bytes[0] == 0xa0 &&
	   p.parent.bytes[15] == 2, "a stamp of the kernel's");
	ok_int(provenance_parse_stamp(&stamp, sizeof(stamp) - 1, &p), -EBADMSG,
	       "a stamp cut short");
	memset(stamp.session, 0, sizeof(stamp.session));
	ok(!provenance_parse_stamp(&stamp, sizeof(stamp), &p) &&
	   p.kind == PROV_PROCESS && p.vouched, "one from outside");
	stamp.version++;
	ok_int(provenance_parse_stamp(&stamp, sizeof(stamp), &p), -EBADMSG,
	       "a stamp of a later version");
}

static void test_stamps(void)
{
	static const char *const bad[] = {
		"", "comm:", "comm:x", "comm:x:pid:1", "comm:x:uid:1",
		"comm:x:pid:1:uid:", "comm:x:pid::uid:1", "comm:x:pid:1:uid:1 ",
		"comm:x:pid:-1:uid:1", "com:x:pid:1:uid:1", SID "0",
		"4526C93599EEAE723DEB7DC1B82B645", "comm:x:uid:1:pid:1",
		"comm:x:pid:99999999999999999999999:uid:1",
	};
	struct provenance p;
	size_t i;

	ok(!prov(SID, &p) && p.kind == PROV_SESSION, "a session's stamp");
	ok(!prov("comm:bash:pid:12:uid:1000", &p) &&
	   p.kind == PROV_PROCESS && !strcmp(p.comm, "bash") && p.pid == 12 &&
	   p.uid == 1000, "a process's stamp");
	ok(!prov("comm:a:pid:1:uid:2:pid:3:uid:4", &p) &&
	   !strcmp(p.comm, "a:pid:1:uid:2") && p.pid == 3 && p.uid == 4,
	   "a process name that looks like a stamp");
	ok(!prov("comm::pid:3:uid:4", &p) && !*p.comm, "an empty process name");
	stamp_tests();
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		ok_int(prov(bad[i], &p), -EBADMSG, "no stamp: \"%s\"", bad[i]);
}

/* ---- rubbish: what was written above, with a few bytes changed ---- */

static const char *const seeds[] = {
	HEAD "agent_session_start: sid=" SID " psid=" PSID " root_pid=51 intent=x",
	HEAD "agent_session_end: " END_FIELDS,
	HEAD "agent_budget_exceeded: sid=" SID " resource=a value=9 limit=1 action=b",
	HEAD "agent_intent_set: sid=" SID " intent=a \\xc3\\xbc\\x3d",
	HEAD "agent_task_join: sid=" SID " old_sid=" PSID " pid=2 tgid=1 comm=a\\x3d",
	"CPU:1 [LOST 12 EVENTS]",
	SID,
	"comm:bash:pid:12:uid:1000",
	"wall=1h,cpu=3s,syscalls=1e7,write_bytes=10G,fork=1000,tasks=3",
	"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	"DEPTH > 1 && (INTENT =~ \"^a[b-c]*\" || !NAME) and DEPTH le 0x7",
};

static const struct column columns[] = {
	{ "DEPTH", "", COLUMN_NUMBER },
	{ "INTENT", "", COLUMN_STRING },
	{ "NAME", "", COLUMN_STRING },
	{ 0 }
};

static char *cell(const void *row, size_t column)
{
	return column == 1 ? NULL : strdup(row);
}

static unsigned int random_state = 1;

static unsigned int any(unsigned int below)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 16) % below;
}

/* On the heap and of its own size, so that sanitizers see one byte too many. */
static char *mutate(const char *seed)
{
	static const char useful[] = "=,:; \"'()!<>[]%&|0e\\\x80\xff\n\t-";
	char text[512];
	int i, changes = 1 + any(6);
	size_t len;

	strcpy(text, seed);
	for (i = 0; i < changes; i++) {
		size_t at;

		len = strlen(text);
		at = any(len + 1);
		switch (any(4)) {
		case 0:
			if (len)
				text[at < len ? at : 0] = 1 + any(255);
			break;
		case 1:
			memmove(text + at, text + at + (at < len),
				len - at + 1 - (at < len));
			break;
		case 2:
			memmove(text + at + 1, text + at, len - at + 1);
			text[at] = useful[any(sizeof(useful) - 1)];
			break;
		default:
			text[at] = '\0';
		}
	}
	return strdup(text);
}

static bool read_all(const char *text)
{
	struct agent_ns_budget_ex budget = { 0 };
	struct agentns_budget_error error;
	struct agent_session_id_uapi id;
	struct agentns_event event;
	struct provenance p;
	struct filter *filter;
	char *message = NULL;
	uint64_t number;
	bool sane = true;

	agentns_id_parse(text, &id);
	agentns__event_parse(text, &event);
	provenance_parse(text, strlen(text), &p);
	traceparent_valid(text);
	agentns_time_parse(text, &number);
	if (agentns_budget_parse(text, &budget, &error))
		sane = error.reason &&
		       error.offset + error.length <= strlen(text);
	filter = filter_parse(text, columns, &message);
	if (filter)
		filter_matches(filter, cell, text);
	else
		sane = sane && message;
	filter_free(filter);
	free(message);
	return sane;
}

static void test_rubbish(void)
{
	const char *rounds = getenv("FUZZ_ROUNDS");
	long i, n = rounds ? atol(rounds) : 20000, insane = 0;

	for (i = 0; i < n; i++) {
		char *text = mutate(seeds[any(ARRAY_SIZE(seeds))]);

		insane += !read_all(text);
		free(text);
	}
	ok_int(insane, 0, "%ld strings of rubbish, and each error has a place",
	       n);
}

int main(void)
{
	test_events();
	test_event_names();
	test_stamps();
	test_rubbish();
	return tap_done();
}
