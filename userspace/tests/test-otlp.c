// SPDX-License-Identifier: GPL-2.0-only
/*
 * Spans in OTLP/JSON, to the letter: names in lowerCamelCase, ids in hex, 64-bit
 * integers as strings and enums as numbers, as OTLP's specification has it.
 */
#include <string.h>
#include <unistd.h>

#include "events-trace.h"
#include "tap.h"

#define ID	"4526c93599eeae723deb7dc1b82b645c"
#define SPAN	"3deb7dc1b82b645c"
#define PARENT	"0123456789abcdef0011223344556677"
#define TRACE	"0af7651916cd43dd8448eb211c80319c"

#define BEFORE	"{\"resourceSpans\":[{\"resource\":{\"attributes\":[" \
	"{\"key\":\"service.name\",\"value\":{\"stringValue\":\"agentns\"}}," \
	"{\"key\":\"host.name\",\"value\":{\"stringValue\":\""
#define SCOPE	"\"}}]},\"scopeSpans\":[{\"scope\":{\"name\":\"agentns\"," \
	"\"version\":\"" AGENTNS_VERSION "\"},\"spans\":[{" \
	"\"traceId\":\"" ID "\",\"spanId\":\"" SPAN "\",\"name\":"
#define TIMES(start, end) \
	",\"kind\":1,\"startTimeUnixNano\":\"" start "\"," \
	"\"endTimeUnixNano\":\"" end "\",\"attributes\":["
#define AFTER	",\"status\":{}}]}]}]}\n"
#define STRING(key, value) \
	"{\"key\":\"" key "\",\"value\":{\"stringValue\":\"" value "\"}}"
#define INT(key, value) \
	"{\"key\":\"" key "\",\"value\":{\"intValue\":\"" value "\"}}"
#define COUNTERS(syscalls, bytes, elapsed) \
	INT("agentns.total_syscalls", syscalls) "," \
	INT("agentns.openat_count", "2") "," \
	INT("agentns.write_bytes", bytes) "," \
	INT("agentns.connect_count", "4") "," \
	INT("agentns.unlink_count", "5") "," \
	INT("agentns.fork_count", "6") "," \
	INT("agentns.elapsed_ns", elapsed)
#define LINK(trace, span) \
	"{\"traceId\":\"" trace "\",\"spanId\":\"" span "\"}"

/* What print_otlp() prints, which is overwritten by the next. */
static const char *printed(const struct known_session *s,
			   const struct agentns_event *end, uint64_t end_ns)
{
	static char text[8192];
	int out = dup(STDOUT_FILENO);
	FILE *file = tmpfile();
	size_t len;

	if (out < 0 || !file)
		tap_bail("there is no file to print to");
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	print_otlp(s, end, end_ns);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	rewind(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

/* The same with the name of this machine between @before and @after. */
static const char *with_host(const char *after)
{
	static char text[8192];
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	snprintf(text, sizeof(text), "%s%s%s", BEFORE, host, after);
	return text;
}

static void test_all(void)
{
	struct known_session s = {
		.pid = 4711,
		.intent = "a \"tag\" / \xc3\xa9",
		.trace = "00-" TRACE "-b7ad6b7169203331-01",
	};
	struct agentns_event end = {
		.type = AGENTNS_EVENT_END,
		.counters = { UINT64_MAX, 2, 1ULL << 60, 4, 5, 6, 1500000000 },
	};

	agentns_id_parse(ID, &s.id);
	agentns_id_parse(PARENT, &s.parent);
	ok_str(printed(&s, &end, 1764201600123456789),
	       with_host(SCOPE "\"a \\\"tag\\\" / \xc3\xa9\""
		TIMES("1764201598623456789", "1764201600123456789")
		STRING("agentns.session.id", ID) ","
		STRING("agentns.session.parent_id", PARENT) ","
		STRING("agentns.session.intent", "a \\\"tag\\\" / \xc3\xa9") ","
		INT("process.pid", "4711") ","
		COUNTERS("9223372036854775807", "1152921504606846976",
			 "1500000000") "],\"links\":["
		LINK(PARENT, "0011223344556677") ","
		LINK(TRACE, "b7ad6b7169203331") "]" AFTER),
	       "all that there can be; no number is more than a signed one can hold");
	/* What came in with the trace of the session around it is one link. */
	snprintf(s.trace, sizeof(s.trace), "00-%s-0011223344556677-01", PARENT);
	ok(strstr(printed(&s, &end, 1764201600123456789),
		  "\"links\":[" LINK(PARENT, "0011223344556677") "]"),
	   "two links to one span are one");
}

static void test_little(void)
{
	struct known_session s = { 0 };
	struct agentns_event end = {
		.type = AGENTNS_EVENT_END,
		.counters = { 0, 2, 0, 4, 5, 6, 0 },
	};

	agentns_id_parse(ID, &s.id);
	ok_str(printed(&s, &end, 5),
	       with_host(SCOPE "\"agent session\"" TIMES("5", "5")
		STRING("agentns.session.id", ID) ","
		COUNTERS("0", "0", "0") "],\"links\":[]" AFTER),
	       "a session of which little is known");
}

int main(void)
{
	test_all();
	test_little();
	return tap_done();
}
