// SPDX-License-Identifier: GPL-2.0-only
/* Reading /proc and /sys, on a tree of plain files laid out like them. */
#include <errno.h>
#include <string.h>

#include <agentns.h>

#include "fake-root.h"
#include "tap.h"

#define ID_A	"a0000000000000000000000000000001"
#define ID_B	"a0000000000000000000000000000002"
#define ID_C	"0123000000000000000000000000000c"
#define ID_0	"00000000000000000000000000000000"

#define SESSIONS "sys/kernel/agentns/sessions"

static void put_in(const char *id, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), SESSIONS "/%s/%s", id, name);
	put(path, text);
}

static void put_session(const char *id)
{
	static const char *const files[][2] = {
		{ "intent", "nightly build\n" },
		{ "parent", ID_0 "\n" },
		{ "depth", "1\n" },
		{ "inum", "4026532999\n" },
		{ "action", "kill\n" },
		{ "max_syscalls", "10000000\n" },
		{ "max_write_bytes", "18446744073709551615\n" },
		{ "max_elapsed_ns", "max\n" },
		{ "max_forks", "4\n" },
		{ "max_opens", "5\n" },
		{ "max_connects", "6\n" },
		{ "max_unlinks", "max\n" },
		{ "counters/total_syscalls", "11\n" },
		{ "counters/openat_count", "12\n" },
		{ "counters/write_bytes", "18446744073709551615\n" },
		{ "counters/connect_count", "14\n" },
		{ "counters/unlink_count", "15\n" },
		{ "counters/fork_count", "16\n" },
		{ "counters/elapsed_ns", "17\n" },
		{ "kill", "" },
	};
	char path[256];
	size_t i;

	snprintf(path, sizeof(path), SESSIONS "/%s", id);
	put_dir(path);
	snprintf(path, sizeof(path), SESSIONS "/%s/counters", id);
	put_dir(path);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		put_in(id, files[i][0], files[i][1]);
}

/* ---- tests ---- */

static struct agent_session_id_uapi make_id(const char *text)
{
	struct agent_session_id_uapi id;

	if (agentns_id_parse(text, &id))
		tap_bail("bad id in a test");
	return id;
}

static bool id_is(const struct agent_session_id_uapi *id, const char *text)
{
	struct agent_session_id_uapi want = make_id(text);

	return !agentns_id_cmp(id, &want);
}

static void test_no_support(struct agentns *h)
{
	struct agent_session_id_uapi id = make_id(ID_A);
	struct agent_ns_counters_uapi counters;
	char tag[AGENTNS_INTENT_BUFSIZE];
	struct agentns_session s;
	struct agentns_iter *iter;
	uint64_t n;

	put_dir("proc/100");
	put("proc/100/status", "Name:\ttest\n");
	ok_int(agentns_session_read(h, &id, &s), -ENOSYS, "no support: read");
	ok_int(agentns_iter_open(h, &iter), -ENOSYS, "no support: iterate");
	ok_int(agentns_session_find(h, "a000", &id, 1), -ENOSYS,
	       "no support: find");
	ok_int(agentns_sessions_live(h, &n), -ENOSYS, "no support: live");
	ok_int(agentns_abi(h, &n), -ENOSYS, "no support: abi");
	ok_int(agentns_pid_id(h, 100, &id), -ENOSYS, "no support: id of a pid");
	ok_int(agentns_pid_intent(h, 100, tag), -ENOSYS,
	       "no support: intent of a pid");
	ok_int(agentns_pid_counters(h, 100, &counters), -ENOSYS,
	       "no support: counters of a pid");
	ok_int(agentns_pid_id(h, 101, &id), -ESRCH,
	       "no support, and no such process");
}

static void make_support(void)
{
	put_dir("sys/kernel/agentns");
	put_dir(SESSIONS);
	put("sys/kernel/agentns/abi", "3\n");
}

static void test_empty(struct agentns *h)
{
	struct agent_session_id_uapi id = make_id(ID_A);
	struct agentns_session s;
	struct agentns_iter *iter;
	uint64_t n = 0;

	ok_int(agentns_abi(h, &n), 0, "abi");
	ok_int(n, 3, "abi: value");
	ok_int(agentns_sessions_live(h, &n), -ENOENT, "live: not told");
	ok_int(agentns_session_read(h, &id, &s), -ENOENT, "no such session");
	ok_int(agentns_iter_open(h, &iter), 0, "iterate over nothing");
	ok_int(agentns_iter_next(iter, &s), 0, "nothing comes");
	agentns_iter_close(iter);
	agentns_iter_close(NULL);
	ok_int(agentns_session_find(h, "a000", NULL, 0), 0, "nothing is found");
}

static void test_read(struct agentns *h)
{
	struct agent_session_id_uapi id = make_id(ID_A);
	struct agentns_session s;

	put_session(ID_A);
	put_in(ID_A, "parent", ID_C "\n");
	put_in(ID_A, "depth", "2\n");
	if (!ok(!agentns_session_read(h, &id, &s), "read a session"))
		return;
	ok(id_is(&s.id, ID_A) && id_is(&s.parent, ID_C), "ids");
	ok_str(s.intent, "nightly build", "intent");
	ok(s.depth == 2 && s.inum == 4026532999, "depth and inum");
	ok_int(s.budget.action, AGENT_NS_ACTION_KILL, "action");
	ok(s.budget.max_syscalls == 10000000 && s.budget.max_forks == 4 &&
	   s.budget.max_opens == 5 && s.budget.max_connects == 6, "limits");
	ok(!s.budget.max_elapsed_ns && !s.budget.max_unlinks, "max is 0");
	ok(s.budget.max_write_bytes == UINT64_MAX &&
	   s.counters.write_bytes == UINT64_MAX, "all 64 bits");
	ok(s.counters.total_syscalls == 11 && s.counters.openat_count == 12 &&
	   s.counters.connect_count == 14 && s.counters.unlink_count == 15 &&
	   s.counters.fork_count == 16 && s.counters.elapsed_ns == 17,
	   "counters");
	ok(!(s.fields & (AGENTNS_FIELD_TASKS | AGENTNS_FIELD_SEALED)),
	   "an old module's files");
	put_in(ID_A, "counters/tasks", "18\n");
	put_in(ID_A, "counters/cpu_ns", "19\n");
	put_in(ID_A, "descendants", "20\n");
	put_in(ID_A, "sealed", "1\n");
	ok(!agentns_session_read(h, &id, &s) && s.tasks == 18 &&
	   s.cpu_ns == 19 && s.descendants == 20 && s.sealed,
	   "a later module's files");
}

/* 63 bytes are an intent, 64 are not; so are other contents. */
static void test_malformed(struct agentns *h)
{
	static const struct {
		const char *file, *text, *what;
		int want;
	} cases[] = {
		{ "intent", "\n", "no intent", 0 },
		{ "intent", "012345678901234567890123456789012345678901234567890123456789012\n",
		  "an intent of 63 bytes", 0 },
		{ "intent", "0123456789012345678901234567890123456789012345678901234567890123\n",
		  "an intent of 64 bytes", -EBADMSG },
		{ "intent", "", "an empty file", -EBADMSG },
		{ "intent", "x", "no newline", -EBADMSG },
		{ "intent", "x\ny\n", "two lines", -EBADMSG },
		{ "action", "wrestle\n", "a later kernel's action", 0 },
		{ "action", "log\n", "another action", 0 },
		{ "parent", ID_0 "0\n", "a parent of 33 digits", -EBADMSG },
		{ "parent", "\n", "no parent", -EBADMSG },
		{ "depth", "4294967296\n", "depth over 32 bits", -EBADMSG },
		{ "inum", "max\n", "max where there is none", -EBADMSG },
		{ "max_forks", "MAX\n", "MAX", -EBADMSG },
		{ "max_forks", "-1\n", "negative", -EBADMSG },
		{ "max_forks", " 1\n", "a blank", -EBADMSG },
		{ "max_forks", "\n", "no number", -EBADMSG },
		{ "max_forks", "18446744073709551616\n", "over 64 bits",
		  -EBADMSG },
		{ "counters/fork_count", "99999999999999999999999999999999999999\n",
		  "a number of 38 digits", -EBADMSG },
	};
	struct agent_session_id_uapi id = make_id(ID_A);
	struct agentns_session s;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_session(ID_A);
		put_in(ID_A, cases[i].file, cases[i].text);
		ok_int(agentns_session_read(h, &id, &s), cases[i].want,
		       "%s: %s", cases[i].file, cases[i].what);
	}
	put_in(ID_A, "counters/fork_count", "1\n");
	put_in(ID_A, "action", "wrestle\n");
	agentns_session_read(h, &id, &s);
	ok_int(s.budget.action, AGENTNS_ACTION_UNKNOWN, "unknown action");
	put_session(ID_A);
}

/* Names that are no ids, and a session that ends under the reader. */
static void test_iterate(struct agentns *h)
{
	struct agentns_session s;
	struct agentns_iter *iter;
	int n = 0, a = 0, c = 0, ret;

	put_session(ID_A);
	put_session(ID_B);
	put_session(ID_C);
	put_dir(SESSIONS "/power");
	put(SESSIONS "/README", "not a session\n");
	drop(SESSIONS "/" ID_B "/depth");

	if (agentns_iter_open(h, &iter))
		tap_bail("cannot iterate");
	while ((ret = agentns_iter_next(iter, &s)) > 0) {
		n++;
		a += id_is(&s.id, ID_A);
		c += id_is(&s.id, ID_C);
	}
	agentns_iter_close(iter);
	ok_int(ret, 0, "iteration ends well");
	ok(n == 2 && a == 1 && c == 1, "a session that ended is skipped");

	put_in(ID_B, "depth", "x\n");
	if (agentns_iter_open(h, &iter))
		tap_bail("cannot iterate");
	while ((ret = agentns_iter_next(iter, &s)) > 0)
		;
	agentns_iter_close(iter);
	ok_int(ret, -EBADMSG, "a malformed session is not skipped");
	put_session(ID_B);

	put("sys/kernel/agentns/sessions_live", "5000\n");
	ok(!agentns_sessions_live(h, &(uint64_t){ 0 }), "live: told");
}

/* ---- all sessions in one file ---- */

#define HEADINGS "id depth later tasks max_forks action intent\n"

/* Read all of @text as the table: how many sessions, or an error. */
static int read_table(struct agentns *h, const char *text,
		      struct agentns_session *last)
{
	struct agentns_iter *iter;
	int n = 0, ret;

	put("proc/agent_sessions", text);
	if (agentns_iter_open(h, &iter))
		tap_bail("cannot iterate");
	while ((ret = agentns_iter_next(iter, last)) > 0)
		n++;
	agentns_iter_close(iter);
	return ret ? ret : n;
}

static void test_table(struct agentns *h)
{
	static const struct {
		const char *text, *what;
	} bad[] = {
		{ HEADINGS ID_A " 1 x 2 max kill", "a line without its end" },
		{ HEADINGS ID_A " 1 x 2 max kill\n", "a column is missing" },
		{ HEADINGS "\n", "an empty line" },
		{ HEADINGS ID_A "0 1 x 2 max kill t\n", "33 digits" },
		{ HEADINGS ID_A " -1 x 2 max kill t\n", "a negative depth" },
		{ HEADINGS ID_A " 1 x max max kill t\n",
		  "max where there is none" },
		{ HEADINGS ID_A " 1 x 2 18446744073709551616 kill t\n",
		  "over 64 bits" },
		{ HEADINGS ID_A " 1 x 2  max kill t\n", "two blanks" },
		{ HEADINGS ID_A " 1 x 2 max kill "
		  "0123456789012345678901234567890123456789012345678901234567890123\n",
		  "a tag of 64 bytes" },
	};
	/* These cannot be understood, and the directories can. */
	static const struct {
		const char *text, *what;
	} strange[] = {
		{ "", "an empty table" },
		{ "\n", "no headings" },
		{ "id depth intent", "headings without their end" },
		{ "depth intent\n" "1 x\n", "no ids" },
		{ "id intent depth\n" ID_A " x 1\n", "something behind the tag" },
		{ "id depth\n" ID_A " 1\n", "no tag" },
	};
	struct agentns_session s;
	struct agentns_iter *iter;
	char *many, *at;
	size_t i;

	ok_int(read_table(h, HEADINGS, &s), 0, "table: nobody");
	ok_int(read_table(h, HEADINGS
			  ID_A " 1 new,column 2 max kill \n"
			  ID_B " 3 x 4 5 wrestle  two  words \n", &s), 2,
	       "table: two sessions");
	ok(id_is(&s.id, ID_B) && s.depth == 3 && s.tasks == 4 &&
	   s.budget.max_forks == 5 &&
	   s.budget.action == AGENTNS_ACTION_UNKNOWN, "table: values");
	ok_str(s.intent, " two  words ", "table: a tag with blanks");
	ok(s.fields == (AGENTNS_FIELD_DEPTH | AGENTNS_FIELD_TASKS |
			AGENTNS_FIELD_LIMIT(3) | AGENTNS_FIELD_ACTION |
			AGENTNS_FIELD_INTENT),
	   "table: what it lacks is not in the mask");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok_int(read_table(h, bad[i].text, &s), -EBADMSG, "table: %s",
		       bad[i].what);
	for (i = 0; i < sizeof(strange) / sizeof(strange[0]); i++)
		ok_int(read_table(h, strange[i].text, &s), 3,
		       "table: %s: from the directories", strange[i].what);

	/* More than is read at once, so that lines are cut everywhere. */
	many = malloc(4000 * 60 + 100);
	if (!many)
		tap_bail("out of memory");
	at = stpcpy(many, HEADINGS);
	for (i = 0; i < 4000; i++)
		at += sprintf(at, "%032zx 1 x 2 max kill %05zu\n", i + 1, i);
	ok_int(read_table(h, many, &s), 4000, "table: of 200 kB");
	ok_str(s.intent, "03999", "table: of 200 kB: the last");
	/* One line that is longer than any can be. */
	memset(many + strlen(HEADINGS), 'x', 70000);
	ok_int(read_table(h, many, &s), -EBADMSG, "table: a line of 70 kB");
	free(many);

	put("proc/agent_sessions", HEADINGS ID_A " 7 x 8 max kill t\n");
	if (agentns_iter_open(h, &iter))
		tap_bail("cannot iterate");
	ok(agentns_iter_next_fields(iter, &s, AGENTNS_FIELD_TASKS) == 1 &&
	   s.tasks == 8 && !s.depth && !*s.intent &&
	   s.fields == AGENTNS_FIELD_TASKS,
	   "table: what was not asked for is zero");
	agentns_iter_close(iter);
	drop("proc/agent_sessions");
}

/* Rubbish: a good table with some bytes changed ends in a result, each time. */
static void test_table_rubbish(struct agentns *h)
{
	static const char good[] = HEADINGS
		ID_A " 1 x 2 max kill tag\n" ID_B " 3 x 4 5 log  two words\n";
	static const char bytes[] = "\n 0aZ-\xff\x01m";
	struct agentns_session s;
	int round, bad = 0, all = 0;

	srand(7);
	for (round = 0; round < 2000; round++) {
		char text[sizeof(good)];
		int i, ret;

		memcpy(text, good, sizeof(good));
		for (i = rand() % 4; i >= 0; i--)
			text[rand() % (sizeof(good) - 1)] =
				bytes[rand() % (sizeof(bytes) - 1)];
		ret = read_table(h, text, &s);
		bad += ret == -EBADMSG;
		all += ret == -EBADMSG || ret >= 0;
	}
	ok_int(all, round, "table: rubbish is read or refused");
	ok(bad > round / 10 && bad < round, "table: some of each: %d refused",
	   bad);
	drop("proc/agent_sessions");
}

static void test_find(struct agentns *h)
{
	struct agent_session_id_uapi ids[3];

	ok_int(agentns_session_find(h, "0123", ids, 1), 1, "unique prefix");
	ok(id_is(&ids[0], ID_C), "unique prefix: which");
	ok_int(agentns_session_find(h, ID_B, ids, 1), 1, "whole id");
	ok(id_is(&ids[0], ID_B), "whole id: which");
	ok_int(agentns_session_find(h, "A000", ids, 3), 2,
	       "ambiguous prefix, upper case");
	ok(agentns_id_cmp(&ids[0], &ids[1]), "ambiguous prefix: both");
	memset(ids, 0, sizeof(ids));
	ok_int(agentns_session_find(h, "a000", ids, 1), 2,
	       "more than there is room for");
	ok(!agentns_id_is_zero(&ids[0]) && agentns_id_is_zero(&ids[1]),
	   "no more than there is room for");
	ok_int(agentns_session_find(h, "a0000000000000000000000000000000", ids,
				    1), 0, "whole id that is not there");
	ok_int(agentns_session_find(h, "ffff", ids, 1), 0, "no match");
	ok_int(agentns_session_find(h, "012", ids, 1), -EINVAL, "3 digits");
	ok_int(agentns_session_find(h, "", ids, 1), -EINVAL, "nothing");
	ok_int(agentns_session_find(h, ID_B "0", ids, 1), -EINVAL, "33 digits");
	ok_int(agentns_session_find(h, "READ", ids, 1), -EINVAL, "not hex");
	ok_int(agentns_session_find(h, "0123/..", ids, 1), -EINVAL, "a path");
}

static void test_pid(struct agentns *h)
{
	struct agent_session_id_uapi id;
	char tag[AGENTNS_INTENT_BUFSIZE];

	put("proc/100/agent_session", ID_A "\n");
	put("proc/100/agent_intent", "t\xc3\xa9st\n");
	ok_int(agentns_pid_id(h, 100, &id), 0, "session of a process");
	ok(id_is(&id, ID_A), "session of a process: which");
	ok_int(agentns_pid_intent(h, 100, tag), 0, "intent of a process");
	ok_str(tag, "t\xc3\xa9st", "intent of a process: which");
	ok_int(agentns_pid_id(h, 101, &id), -ESRCH, "no such process");
	ok_int(agentns_pid_id(h, 0, &id), -EINVAL, "process 0");
	ok_int(agentns_pid_id(h, -1, &id), -EINVAL, "process -1");
	put("proc/100/agent_session", ID_0 "\n");
	ok(!agentns_pid_id(h, 100, &id) && agentns_id_is_zero(&id),
	   "not in a session");
	put("proc/100/agent_session", "zzz\n");
	ok_int(agentns_pid_id(h, 100, &id), -EBADMSG, "malformed id");
	drop("proc/100/agent_session");
	drop("proc/100/status");
	ok_int(agentns_pid_id(h, 100, &id), -ESRCH,
	       "a process that ends while it is looked at");
	put("proc/100/status", "Name:\ttest\n");
}

#define SIX "\"total_syscalls\": 1, \"openat_count\":2,\"write_bytes\":18446744073709551615,\"connect_count\":4,\"unlink_count\":5,\"fork_count\":6"

static void test_pid_counters(struct agentns *h)
{
	static const struct {
		const char *text, *what;
	} bad[] = {
		{ "", "empty" },
		{ "{", "cut off" },
		{ "{" SIX "}\n", "a counter is missing" },
		{ "{" SIX ",\"elapsed_ns\":-7}\n", "negative" },
		{ "{" SIX ",\"elapsed_ns\":\"7\"}\n", "a string" },
		{ "{" SIX ",\"elapsed_ns\":7.5}\n", "a fraction" },
		{ "{" SIX ",\"elapsed_ns\":null}\n", "null" },
		{ "[1,2,3,4,5,6,7]\n", "an array" },
		{ "7\n", "a number" },
		{ "null\n", "null alone" },
	};
	struct agent_ns_counters_uapi c = { 0 };
	size_t i;

	put("proc/100/agent_counters", "{" SIX ",\"elapsed_ns\":7}\n");
	ok_int(agentns_pid_counters(h, 100, &c), 0, "counters of a process");
	ok(c.total_syscalls == 1 && c.openat_count == 2 &&
	   c.write_bytes == UINT64_MAX && c.connect_count == 4 &&
	   c.unlink_count == 5 && c.fork_count == 6 && c.elapsed_ns == 7,
	   "counters of a process: values");
	put("proc/100/agent_counters",
	    "{" SIX ",\"elapsed_ns\":8,\"later\":{\"x\":[1]}}\n");
	ok(!agentns_pid_counters(h, 100, &c) && c.elapsed_ns == 8,
	   "later keys are ignored");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put("proc/100/agent_counters", bad[i].text);
		ok_int(agentns_pid_counters(h, 100, &c), -EBADMSG,
		       "counters: %s", bad[i].what);
	}
	ok_int(c.elapsed_ns, 8, "malformed counters change nothing");
}

int main(void)
{
	struct agentns *h = NULL;

	make_root();
	atexit(remove_root);
	ok_int(agentns_open(&h, "/nonexistent"), -ENOENT, "no such root");
	if (!ok(!agentns_open(&h, root), "open a root"))
		return tap_done();
	test_no_support(h);
	make_support();
	test_empty(h);
	test_read(h);
	test_malformed(h);
	test_iterate(h);
	test_table(h);
	test_table_rubbish(h);
	test_find(h);
	test_pid(h);
	test_pid_counters(h);
	agentns_close(h);
	agentns_close(NULL);
	return tap_done();
}
