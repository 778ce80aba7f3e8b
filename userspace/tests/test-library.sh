#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The library as other programs get it: header, shared object, version script.

set -u

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"

# shellcheck source=tests/programs-lib.sh
. "$(dirname "$0")/programs-lib.sh"

here=$(dirname "$0")

includes="-I$here/../lib -I$INCLUDE"
flags="-Wall -Wextra -Wpedantic -Werror $includes"

echo '#include <agentns.h>' >"$tmp/empty.c"
# shellcheck disable=SC2086 # several flags
$CC -std=c11 $flags -fsyntax-only "$tmp/empty.c"
result_of $? "the header alone compiles as C11"

if command -v g++ >/dev/null; then
	# shellcheck disable=SC2086
	g++ -std=c++17 $flags -fsyntax-only -x c++ "$tmp/empty.c"
	result_of $? "the header alone compiles as C++"
else
	skip "the header alone compiles as C++ (g++ is missing)"
fi

# What the header declares is what is exported, and nothing else.
grep -o 'agentns_[a-z_]*(' "$here/../lib/agentns.h" | tr -d '(' |
	sort -u >"$tmp/declared"
# A comment names functions too, but none that is not declared.
nm -D --defined-only "$BUILD/libagentns.so" |
	sed -n 's/.* T \(.*\)@@LIBAGENTNS_0$/\1/p' | sort >"$tmp/exported"
diff "$tmp/declared" "$tmp/exported" >"$tmp/diff"
result_of $? "declared functions are exported, and no others"
sed 's/^/# /' "$tmp/diff"
nm -D --defined-only "$BUILD/libagentns.so" | grep -v 'LIBAGENTNS_0' >"$tmp/other"
[ -n "${SANITIZE:-}" ] || [ ! -s "$tmp/other" ]
result_of $? "nothing without a version is exported"

# Each operation of the uapi header has a wrapper: none that comes is forgotten.
grep -o '^#define PR_[A-Z_]*[[:space:]]*(PR_AGENT_BASE + [0-9]*)' \
	"$INCLUDE/linux/agent_namespaces.h" | awk '$2 != "PR_AGENT_LAST" { print $2 }' |
	sort >"$tmp/operations"
grep -ow 'PR_[A-Z_]*' "$here/../lib/prctl.c" | sort -u >"$tmp/wrapped"
comm -23 "$tmp/operations" "$tmp/wrapped" >"$tmp/forgotten"
[ "$(wc -l <"$tmp/operations")" -ge 12 ] && [ ! -s "$tmp/forgotten" ]
result_of $? "each operation of prctl has a wrapper"
sed 's/^/# /' "$tmp/forgotten"

readelf -d "$BUILD/libagentns.so" | grep -q 'SONAME.*\[libagentns\.so\.0\]'
result_of $? "the soname"

# Constants that hold addresses are in .data.rel.ro, which is not counted.
size -A "$BUILD/libagentns.a" |
	awk '($1 == ".data" || $1 == ".bss") && $2 > 0' >"$tmp/data"
[ -n "${SANITIZE:-}" ] || [ ! -s "$tmp/data" ]
result_of $? "no global variables"
sed 's/^/# /' "$tmp/data"

cat >"$tmp/user.c" <<'END'
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <agentns.h>

int main(void)
{
	struct agent_session_id_uapi id = { { 1 } };
	struct agent_ns_budget_ex budget = { 0 };
	struct agent_ns_budget_uapi limits = { 0 };
	struct agent_ns_counters_uapi counters;
	struct agent_ns_counters_ex counters_ex;
	char tag[AGENTNS_INTENT_BUFSIZE];
	struct agentns *h;
	__u64 ids[2];
	int bad = 0;

	if (agentns_open(&h, NULL))
		return 1;
	if (agentns_supported()) {
		puts("supported");
		bad |= agentns_get_id(&id) || agentns_get_parent_id(&id);
		bad |= agentns_pid_id(h, getpid(), &id) != 0;
		return bad;
	}
	bad |= agentns_create() != -ENOSYS;
	bad |= agentns_get_id(&id) != -ENOSYS;
	bad |= agentns_get_parent_id(&id) != -ENOSYS;
	bad |= agentns_set_intent("tag") != -ENOSYS;
	bad |= agentns_get_intent(tag) != -ENOSYS;
	bad |= agentns_get_counters(&counters) != -ENOSYS;
	bad |= agentns_get_counters_ex(&counters_ex) != -ENOSYS;
	bad |= agentns_set_budget_limits(&limits) != -ENOSYS;
	bad |= agentns_set_budget(&budget) != -ENOSYS;
	bad |= agentns_get_budget(&budget) != -ENOSYS;
	bad |= agentns_list(NULL, ids, 2) != -ENOSYS;
	bad |= agentns_seal() != -ENOSYS;
	bad |= agentns_open_session(&id) != -ENOSYS;
	bad |= agentns_pid_id(h, getpid(), &id) != -ENOSYS;
	agentns_close(h);
	return bad;
}
END
# shellcheck disable=SC2086
$CC -std=c11 $flags ${SANITIZE:+-fsanitize=address,undefined} \
	-o "$tmp/user" "$tmp/user.c" -L"$BUILD" -lagentns
result_of $? "a program links with the shared library"
LD_LIBRARY_PATH=$BUILD "$tmp/user" >/dev/null
result_of $? "on a kernel without support everything answers ENOSYS"

# What the answer costs: one call to ask, one more where an operation has failed.
cat >"$tmp/cost.c" <<'END'
#include <agentns.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	(void)argv;
	return argc > 1 ? !agentns_create() : agentns_supported();
}
END
# shellcheck disable=SC2086
$CC -std=c11 $includes -o "$tmp/cost" "$tmp/cost.c" "$here/../lib/prctl.c" \
	"$here/../lib/id.c" -D_GNU_SOURCE
# calls [ARG] - how many calls of prctl about sessions the program makes
calls() {
	strace -e trace=prctl -o "$tmp/trace" "$tmp/cost" "$@" || return
	grep -c '^prctl(0x41544e' "$tmp/trace"
}
if ! command -v strace >/dev/null || ! strace -o "$tmp/trace" true 2>/dev/null; then
	skip "what ENOSYS costs (strace is missing, or may not trace)"
elif [ -e /proc/self/agent_session ]; then
	skip "what ENOSYS costs (this kernel has sessions)"
else
	[ "$(calls)" = 1 ]
	result_of $? "that a kernel has none is known after one call"
	[ "$(calls create)" = 2 ]
	result_of $? "an operation that fails makes two"
fi

# Threads with a handle each, and with none, on the same files.
cat >"$tmp/threads.c" <<'END'
#include <pthread.h>
#include <string.h>
#include <agentns.h>

static const char *root;

#ifdef RACE
static int racing;
#endif

static void *work(void *arg)
{
	struct agent_ns_budget_ex budget = { 0 };
	struct agent_session_id_uapi id;
	struct agentns_session s;
	struct agentns_iter *iter;
	char text[AGENTNS_ID_BUFSIZE];
	struct agentns *h;
	long seen = 0;
	int i;

	(void)arg;
	for (i = 0; i < 50; i++) {
		if (agentns_open(&h, root))
			return (void *)-1L;
		if (agentns_iter_open(h, &iter))
			return (void *)-1L;
		while (agentns_iter_next(iter, &s) == 1) {
			agentns_id_format(&s.id, text);
			seen += !agentns_id_parse(text, &id) &&
				!agentns_id_cmp(&id, &s.id) &&
				agentns_session_find(h, text, &id, 1) == 1;
		}
		agentns_iter_close(iter);
		agentns_close(h);
		agentns_supported();
		agentns_get_id(&id);
		agentns_budget_parse("wall=1h,fork=1000", &budget, NULL);
#ifdef RACE
		racing++;
#endif
	}
	return (void *)seen;
}

int main(int argc, char **argv)
{
	pthread_t threads[4];
	int i, bad = argc != 2;
	void *seen;

	root = argv[1];
	for (i = 0; i < 4; i++)
		bad |= pthread_create(&threads[i], NULL, work, NULL);
	for (i = 0; i < 4; i++)
		bad |= pthread_join(threads[i], &seen) || seen != (void *)150L;
	return bad;
}
END
make_root
for i in 1 2 3; do
	make_session "$i$i$i${i}0000000000000000000000000000" tag 5
done
# threads FLAG... - with the library's sources, so that it is looked at as well
threads() {
	# shellcheck disable=SC2086
	$CC -std=c11 $includes -D_GNU_SOURCE -fsanitize=thread -g "$@" -o "$tmp/threads" \
		"$tmp/threads.c" "$here"/../lib/*.c -pthread -ljson-c 2>"$tmp/said" &&
		setarch -R "$tmp/threads" "$tmp/root" 2>"$tmp/said"
}
if echo 'int main(void){return 0;}' >"$tmp/t.c" &&
	$CC -fsanitize=thread -o "$tmp/t" "$tmp/t.c" 2>/dev/null && setarch -R "$tmp/t" 2>/dev/null; then
	threads
	result_of $? "threads do not get into one another's way"
	head -n 20 "$tmp/said" | sed 's/^/# /'
	! threads -DRACE && grep -q 'data race' "$tmp/said"
	result_of $? "which would be seen"
else
	skip "threads (this compiler has no thread sanitizer)"
fi

tap_done
