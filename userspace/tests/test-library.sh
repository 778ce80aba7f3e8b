#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The library as other programs get it: header, shared object, version script.

set -u

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"

here=$(dirname "$0")
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP

flags="-Wall -Wextra -Wpedantic -Werror -I$here/../lib -I$INCLUDE"

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
	char tag[AGENTNS_INTENT_BUFSIZE];
	struct agentns *h;
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
	bad |= agentns_set_budget_limits(&limits) != -ENOSYS;
	bad |= agentns_set_budget(&budget) != -ENOSYS;
	bad |= agentns_get_budget(&budget) != -ENOSYS;
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

tap_done
