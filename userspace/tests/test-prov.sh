#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# agentns prov, on files that were stamped by hand.

set -u

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/programs-lib.sh
. "$(dirname "$0")/programs-lib.sh"

# stamp FILE NAME VALUE
stamp() {
	python3 -c 'import os, sys
os.setxattr(sys.argv[1], "user.prov." + sys.argv[2], os.fsencode(sys.argv[3]))' "$@"
}

a=a0000000000000000000000000000001
agentns prov
expect 2 "" "*no file was given*" "prov: no file"
agentns prov "$tmp/none"
expect 1 "*" '*"*none"*No such file*' "prov: no such file"
if ! command -v python3 >/dev/null; then
	skip "prov: stamps (python3 is missing)"
	tap_done
fi
mkdir -p "$tmp/tree/sub"
echo 1 >"$tmp/tree/one"
echo 2 >"$tmp/tree/sub/two"
echo 3 >"$tmp/tree/plain"
ln -s one "$tmp/tree/link"
if ! stamp "$tmp/tree/one" session $a 2>/dev/null; then
	skip "prov: stamps (the file system of $tmp takes none)"
	tap_done
fi
stamp "$tmp/tree/one" ts 1700000000
stamp "$tmp/tree/one" intent "build it"
stamp "$tmp/tree/sub/two" session "comm:my:pid:2:uid:3:pid:42:uid:1000"

agentns prov -n "$tmp/tree/one"
expect 0 "*/one $a 1700000000 build it" "" "prov: a session's file"
agentns prov "$tmp/tree/plain"
expect 1 "*" '*plain"*no stamp*' "prov: a file without one"
agentns prov -n --all "$tmp/tree/plain"
expect 0 "*/plain*" "" "prov --all"
agentns prov -R -n -o FILE,SESSION,WRITER,PID,UID,SOURCE "$tmp/tree"
[ "$status" = 0 ] && [ "$(wc -l <"$tmp/out")" = 2 ] &&
	grep -q "one * $a * user.prov.session" "$tmp/out" &&
	grep -q 'sub/two * my:pid:2:uid:3 * 42 * 1000' "$tmp/out"
result_of $? "prov -R"
agentns prov -R -J -o FILE,SESSION,TIME,PID "$tmp/tree"
check_json '
f = {x["file"].rsplit("/", 1)[1]: x for x in j["files"]}
assert f["one"]["session"] == "'$a'" and f["one"]["time"] == 1700000000, f
assert f["two"]["session"] is None and f["two"]["pid"] == 42, f' "prov: JSON"
agentns prov -R -J --all --output-all "$tmp/tree"
check_schema prov "$tmp/out" "prov: JSON as the schema has it"
agentns prov -R -n -o FILE -Q 'PID == 42' "$tmp/tree"
expect 0 "*/two" "" "prov: filtered"
stamp "$tmp/tree/one" session "rubbish"
agentns prov "$tmp/tree/one"
expect 1 "*" '*one"*malformed*' "prov: a malformed stamp"
stamp "$tmp/tree/one" session $a
stamp "$tmp/tree/one" ts "17x"
agentns prov "$tmp/tree/one"
expect 1 "*" '*one"*malformed*' "prov: a malformed time"
stamp "$tmp/tree/one" ts 5
stamp "$tmp/tree/one" intent "$(printf 'a\033[2J')"
agentns prov -n "$tmp/tree/one"
expect 0 '*a\\x1b\[2J' "" "prov: a tag is escaped"
agentns prov -J "$tmp/tree/one"
check_json '
assert j["files"][0]["intent"] == "a\033[2J", j' "prov: in JSON by JSON"
stamp "$tmp/tree/one" intent "$(printf 'a\377')"
echo 4 >"$tmp/tree/$(printf 'b\377\\c\302\233')"
agentns prov -R -J --all "$tmp/tree"
check_json '
f = {x["file"].rsplit("/", 1)[1]: x for x in j["files"]}
assert "b\\xff\\x5cc\\xc2\\x9b" in f, f
assert f["one"]["intent"] == "a\\xff", f' "prov: what is no text is escaped in JSON"

tap_done
