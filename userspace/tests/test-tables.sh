#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What ls, tree and metrics print, on a tree of files.

set -u

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/programs-lib.sh
. "$(dirname "$0")/programs-lib.sh"

a=a0000000000000000000000000000001
b=b0000000000000000000000000000002
c=c0000000000000000000000000000003
zeros=00000000000000000000000000000000

make_root
root="--sysroot $tmp/root"
make_session $a "build it" 3000000000
make_session $b "" 2000000000
make_session $c 'say "hi" \now' 1000000000
echo $a >"$sessions/$c/parent"
echo 2 >"$sessions/$c/depth"
echo 10 >"$sessions/$b/max_forks"
echo 1000 >"$sessions/$b/counters/write_bytes"
make_process 100 sh $a 1
make_process 101 make $a 100
make_process 102 'a) R 1 (b' $c 101
make_process 103 gcc $a 101 T
make_process 1 init $zeros 0
# A leader that has exited is in none; its thread is.
make_process 200 threads $zeros 1 Z
mkdir "$tmp/root/proc/200/task/201"
echo $b >"$tmp/root/proc/200/task/201/agent_session"

test_columns() {
	agentns ls -H
	expect 0 "COLUMN *TYPE *DESCRIPTION*
ID *string *session id*MAX_SESSIONS *number *" "" "ls -H"
	agentns ls -H -J
	check_json '
c = j["columns"]
assert len(c) == 28 and c[0]["column"] == "ID" and c[3]["type"] == "number", c' \
		"ls -H: JSON"
	check_schema columns "$tmp/out" "ls -H: JSON as the schema has it"
	# shellcheck disable=SC2086 # an option and its argument
	{
	# The columns that -H names, in that order, and each line has as many fields.
	agentns ls -H -n -r
	columns=$(cut -d ' ' -f 1 "$tmp/out" | tr '\n' ' ')
	agentns ls $root --output-all -r
	[ "$status" = 0 ] && [ "$(head -n 1 "$tmp/out") " = "$columns" ] &&
		[ "$(wc -l <"$tmp/out")" = 4 ] &&
		[ "$(tr -cd ' \n' <"$tmp/out" | sort -u | wc -c)" = "$(echo "$columns" | wc -w)" ]
	result_of $? "ls --output-all"
	agentns ls $root --output-all -n -r -Q "ID == $b"
	[ "$(cut -d ' ' -f "$(echo "$columns" | tr ' ' '\n' | grep -nx MAX_FORKS | cut -d: -f1)" "$tmp/out")" = 10 ]
	result_of $? "ls --output-all: a value stands in its column"
	agentns ls $root -J
	check_schema ls "$tmp/out" "ls -J: as the schema has it"
	agentns ls $root --output-all -J
	check_schema ls "$tmp/out" "ls -J --output-all: as the schema has it"
	agentns ls $root -l -n -o ID
	expect 0 "$a
$b
$c" "" "ls -l"
	}
}

# refused NAME JSON TEXT WHY - by the schema; WHY is a pattern of grep
refused() {
	if [ -z "$schema_python" ]; then
		skip "$3 (python3-jsonschema is missing)"
		return
	fi
	echo "$2" >"$tmp/json"
	"$schema_python" "$(dirname "$0")/check-schema.py" \
		"$(dirname "$0")/../schema/agentns.schema.json" "$1" "$tmp/json" >"$tmp/said" 2>&1
	[ $? = 1 ] && grep -q "$4" "$tmp/said"
	result_of $? "$3"
}

test_schema() {
	for t in ls=sessions tree=tree prov=files doctor=checks; do
		refused "${t%=*}" '{"'"${t#*=}"'": [{}]}' \
			"the schema wants the columns of ${t%=*}" "'.*' is a required property"
		refused "${t%=*}_chosen" '{"'"${t#*=}"'": [{}]}' \
			"the schema wants some column of ${t%=*} -o" "enough properties\|non-empty"
	done
	refused tree '{"tree": [{"node": "x", "pid": null, "user": null, "syscalls": 1,
		"write_bytes": 1, "forks": 1, "elapsed": 1, "intent": "", "children": [{"node": "y"}]}]}' \
		"and those of a tree's inner rows" "tree/0/children/0: 'pid' is a required property"
	refused connector '{"time": 1.5, "event": "namespace", "pid": 1, "tid": 1}' \
		"the schema wants the fields of an event" "'reason' is a required property"
	test_otlp_schema
}

# The rules of OTLP's JSON, each broken once: the mapping of protocol buffers, but with
# ids in hex and enums as numbers.
test_otlp_schema() {
	span='{"resourceSpans":[{"resource":{"attributes":[]},"scopeSpans":[{"scope":{"name":"agentns"},"spans":[{
		"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"x","kind":1,
		"startTimeUnixNano":"1544712660000000000","endTimeUnixNano":"1544712661000000000",
		"attributes":[{"key":"n","value":{"intValue":"7"}}],"links":[],"status":{}}]}]}]}'
	echo "$span" >"$tmp/json"
	check_schema otlp "$tmp/json" "the schema takes a span"
	while IFS='|' read -r from to text why; do
		refused otlp "$(echo "$span" | sed "s/$from/$to/")" "and no $text" "$why"
	done <<-'END'
		"traceId":"[^"]*"|"traceId":"W47+95gDgQPSabYzgT+GDA=="|id in base64|does not match
		"spanId":"[^"]*"|"spanId":"0000000000000000"|id that is none|does not match
		"kind":1|"kind":"SPAN_KIND_INTERNAL"|name of an enum|is not of type 'integer'
		"15447126610\{9\}"|1544712661000000000|number of 64 bits as a number|is not of type 'string'
		"intValue":"7"|"intValue":7|attribute that is a number|is not of type 'string'
		endTimeUnixNano|end_time_unix_nano|name with underscores|'endTimeUnixNano' is a required property
	END
}

# filter EXPR IDS TEXT
filter() {
	# shellcheck disable=SC2086
	agentns ls $root -n -r -o ID -Q "$1"
	[ "$status" = 0 ] && [ "$(cut -c1 "$tmp/out" | tr -d '\n')" = "$2" ]
	result_of $? "$3"
	[ ! -s "$tmp/err" ] || sed 's/^/# /' "$tmp/err"
}

# bad_filter EXPR MESSAGE TEXT
bad_filter() {
	# shellcheck disable=SC2086
	agentns ls $root -Q "$1"
	expect 2 "" "*bad filter*$2*" "$3"
}

test_filter() {
	filter 'DEPTH > 1' c "filter: a number"
	filter 'depth == 1 && write_bytes>=1000' b "filter: case, no blanks"
	filter 'INTENT =~ "^build"' a "filter: a regular expression"
	filter 'INTENT !~ build' bc "filter: not matching"
	filter 'INTENT' ac "filter: a column alone"
	filter '!INTENT' b "filter: not"
	filter 'not (INTENT || DEPTH > 1)' b "filter: words and parentheses"
	filter 'MAX_FORKS' b "filter: no limit is nothing"
	filter 'MAX_FORKS < 100' b "filter: no limit is not less than one"
	filter 'MAX_FORKS != 100' abc "filter: no limit differs from any"
	filter "INTENT eq 'build it' or ID =~ '^b'" ab "filter: quotes of both kinds"
	filter 'INTENT == "say \"hi\" \\now"' c "filter: escapes"
	filter 'ELAPSED > 1.5 and ELAPSED < 2.5' b "filter: a fraction"
	filter 'ID != x && DEPTH == 1 || ID =~ ^c' abc "filter: precedence"
	echo 1 >"$sessions/$a/sealed"
	echo 0 >"$sessions/$b/sealed"
	filter 'SEALED' a "filter: yes or no"
	filter '!SEALED' bc "filter: no, or unknown"
	filter 'SEALED == 0' b "filter: no"
	rm "$sessions/$a/sealed" "$sessions/$b/sealed"
	bad_filter '' "a column is missing at character 1" "filter: empty"
	bad_filter 'NOPE > 1' "no such column at character 1" "filter: no column"
	bad_filter 'DEPTH >' "a value is missing at character 8" "filter: no value"
	bad_filter 'DEPTH > x' "compared with a number" "filter: no number"
	bad_filter 'DEPTH == nan' "compared with a number" "filter: what is not one by name"
	bad_filter 'INTENT =~ "("' "Unmatched (" "filter: a bad expression"
	bad_filter 'INTENT == "x' "does not end" "filter: an open string"
	bad_filter '(DEPTH' '")" is missing' "filter: an open parenthesis"
	bad_filter 'DEPTH DEPTH' "operator is missing at character 7" "filter: two"
	bad_filter "$(printf 'DEPTH == 1 &&\033')" "a column is missing" \
		"filter: rubbish is escaped"
	bad_filter "$(head -c 200 /dev/zero | tr '\0' '(')" "too deeply" \
		"filter: deep nesting"
	bad_filter "$(yes 'DEPTH ||' | head -n 2000) DEPTH" "too many" \
		"filter: a long chain"
}

# put_thread PID TID - that thread is in the process's session, whose first thread has ended
put_thread() {
	mkdir "$tmp/root/proc/$1/task/$2"
	for f in agent_session agent_intent agent_counters; do
		cp "$tmp/root/proc/$1/$f" "$tmp/root/proc/$1/task/$2/$f"
	done
	echo $zeros >"$tmp/root/proc/$1/agent_session"
	echo $zeros >"$tmp/root/proc/$1/task/$1/agent_session"
	echo >"$tmp/root/proc/$1/agent_intent"
	sed 's/:[0-9]*/:0/g' "$tmp/root/proc/$1/task/$2/agent_counters" >"$tmp/root/proc/$1/agent_counters"
}

test_tree() {
	# shellcheck disable=SC2086
	{
	agentns tree $root -o NODE,PID,STATE,THREADS,INTENT
	expect 0 "NODE * PID STATE THREADS INTENT
$a * build it
├─sh * 100 S * 1*
│ └─make * 101 S *
│   └─gcc * 103 T *
└─$c * say \"hi\" \\\\x5cnow
  └─a) R 1 (b * 102 S *
$b*
└─threads * 200 Z * 2*" "" "tree"
	agentns tree $root -n -o NODE $c
	expect 0 "$c
└─a) R 1 (b" "" "tree ID"
	agentns tree $root -n -o NODE 103
	expect 0 "$a
*gcc*" "" "tree PID"
	agentns tree $root -n -l -o NODE,TYPE,CMD,PPID
	expect 0 "$a session*
sh * process sh --option * 1
*" "" "tree -l"
	agentns tree $root -n -r -o NODE -Q 'TYPE == session'
	expect 0 "$a
$c
$b" "" "tree: filtered"
	agentns tree $root -n -o NODE -Q 'PID == 103 || TYPE == session'
	expect 0 "$a
├─gcc
└─$c
$b" "" "tree: a filtered parent's place is taken by the one above"
	agentns tree $root -J -o NODE,PID,FORKS
	check_json '
t = j["tree"]
assert [n["node"] for n in t] == ["'$a'", "'$b'"], t
assert [n["node"] for n in t[0]["children"]] == ["sh", "'$c'"], t
assert t[0]["children"][0]["pid"] == 100 and t[0]["pid"] is None, t
assert t[0]["forks"] == 5, t' "tree: JSON is nested"
	mv "$tmp/root/proc/100/stat" "$tmp/stat"
	printf '100 (s\377\\h) S 1 0 0\n' >"$tmp/root/proc/100/stat"
	agentns tree $root -J -o NODE,PID
	check_json '
n = j["tree"][0]["children"][0]["node"]
assert n == "s\\xff\\x5ch", n' "tree: a name that is no text is escaped in JSON"
	mv "$tmp/stat" "$tmp/root/proc/100/stat"
	agentns tree $root -J
	check_schema tree "$tmp/out" "tree -J: as the schema has it"
	agentns tree $root -J --output-all
	check_schema tree "$tmp/out" "tree -J --output-all: as the schema has it"
	agentns tree $root ffff
	expect 1 "" "*no session ffff*" "tree: an unknown id"
	agentns tree $root 1 2
	expect 2 "" "*more than one*" "tree: two operands"
	}
	# Only its processes tell of a session without a directory; a prefix finds it.
	make_process 300 hidden d0000000000000000000000000000004 1
	# shellcheck disable=SC2086
	{
	agentns tree $root -n -o NODE,SYSCALLS,INTENT
	expect 0 "*d0000000000000000000000000000004 * 1 tag
└─hidden*" "" "tree: a session without a directory"
	agentns show $root d000
	expect 0 "ID *d0000000000000000000000000000004*SYSCALLS *1*" \
		"*no directory*" "show: a session without a directory, by its id"
	}
	# Its first thread has ended, and is in none.
	put_thread 300 305
	# shellcheck disable=SC2086
	for t in 300 d000 d0000000000000000000000000000004; do
		agentns show $root $t
		expect 0 "ID *d0000000000000000000000000000004*INTENT *tag*SYSCALLS *1*" \
			"*no directory*" "show $t: a first thread that has ended"
	done
	# It goes, or is in another, when it is looked at again.
	echo $a >"$tmp/root/proc/300/task/305/agent_session"
	# shellcheck disable=SC2086
	agentns show $root 300
	expect 0 "ID *$a*" "" "show: the session that the process is in now"
	rm -r "$tmp/root/proc/300"
	make_process 300 hidden d0000000000000000000000000000004 1
	# Parents in a circle, as happens when PIDs are used again meanwhile.
	make_process 301 one d0000000000000000000000000000004 302
	make_process 302 two d0000000000000000000000000000004 301
	# shellcheck disable=SC2086
	agentns tree $root -n -o NODE d000
	expect 0 "*one*two*" "" "tree: parents in a circle"
	echo $c >"$sessions/$a/parent"
	# shellcheck disable=SC2086
	agentns tree $root -n -o NODE
	expect 0 "*$a*$c*" "" "tree: sessions in a circle"
	echo $zeros >"$sessions/$a/parent"
	rm -r "$tmp/root/proc/300" "$tmp/root/proc/301" "$tmp/root/proc/302"
}

# 3000 processes, each the child of the one before; the last is in another session.
make_many() {
	python3 -c '
import os, sys
for i in range(3000):
    folder = sys.argv[1] + "/proc/%d" % (1000 + i)
    os.makedirs(folder)
    with open(folder + "/stat", "w") as f:
        f.write("%d (x) S %d 0 0\n" % (1000 + i, 999 + i))
    with open(folder + "/agent_session", "w") as f:
        f.write(("b" if i == 2999 else "a") + "0" * 31 + "\n")' "$tmp/many" || exit 1
	mkdir -p "$tmp/many/sys/kernel/agentns/sessions"
	for p in 1000 3999; do
		cp "$tmp/root/proc/100/agent_intent" "$tmp/root/proc/100/agent_counters" \
			"$tmp/many/proc/$p"
	done
}

# instructions_of PID - instructions to show the session of PID there
instructions_of() {
	valgrind --tool=callgrind --callgrind-out-file=/dev/null --trace-children=yes \
		"$BUILD/agentns" tree --sysroot "$tmp/many" -l "$1" 2>&1 >/dev/null |
		sed -n 's/.*Collected : //p'
}

test_many() {
	text="tree: the cost of many processes grows as their number"
	why=
	[ -z "${SANITIZE:-}${VALGRIND:-}" ] || why="not with sanitizers or valgrind"
	command -v python3 >/dev/null || why="python3 is missing"
	if [ -n "$why" ]; then
		skip "tree: processes that nest deep ($why)"
		skip "$text ($why)"
		return
	fi
	make_many
	prlimit --stack=102400 "$BUILD/agentns" tree --sysroot "$tmp/many" -n -o NODE >"$tmp/out" &&
		[ "$(grep -c 'x$' "$tmp/out")" = 3000 ]
	result_of $? "tree: processes that nest deep, on a small stack"
	[ -s "$tmp/out" ] && [ "$(wc -L <"$tmp/out")" -lt 200 ]
	result_of $? "tree: and no line is as long as they nest deep"
	if command -v valgrind >/dev/null; then
		# All processes are looked at for another session, too.
		shown=$(instructions_of 1000)
		looked=$(instructions_of 3999)
		[ "${shown:-0}" -gt "${looked:-0}" ] && [ "$shown" -lt $((5 * looked)) ]
		result_of $? "$text"
		echo "# $shown instructions, $looked to look at them"
	else
		skip "$text (valgrind is missing)"
	fi
	rm -r "$tmp/many"
}

# A parser of the exposition format, as strict as the specification.
cat >"$tmp/openmetrics.py" <<'END'
import re, sys
text = open(sys.argv[1], encoding="utf-8").read()
assert text.endswith("# EOF\n")
types, samples, family = {}, {}, None
name = r'[a-zA-Z_:][a-zA-Z0-9_:]*'
label = r'[a-zA-Z_][a-zA-Z0-9_]*="((?:[^"\\\n]|\\[\\"n])*)"'
for line in text.split("\n")[:-2]:
    m = re.fullmatch(r'# (TYPE|UNIT|HELP) (%s) (.+)' % name, line)
    if m:
        if m[2] != family:
            assert m[2] not in types, "family twice: " + line
            family = m[2]
        if m[1] == "TYPE":
            types[family] = m[3]
        elif m[1] == "UNIT":
            assert family.endswith("_" + m[3]), line
        continue
    m = re.fullmatch(r'(%s)(\{%s(?:,%s)*\})? ([0-9.]+)' % (name, label, label), line)
    assert m, "malformed: " + line
    assert types[family] in ("counter", "gauge")
    want = family + ("_total" if types[family] == "counter" else "")
    assert m[1] == want, line
    assert (m[1], m[2]) not in samples, "sample twice: " + line
    samples[m[1], m[2]] = m[5]
exec(sys.argv[2])
END

test_metrics() {
	echo 3 >"$tmp/root/sys/kernel/agentns/sessions_live"
	# shellcheck disable=SC2086
	agentns metrics $root
	expect 0 "# TYPE agentns_sessions gauge*agentns_sessions 3
*" "" "metrics"
	if command -v python3 >/dev/null; then
		python3 "$tmp/openmetrics.py" "$tmp/out" '
l = """{id="'$c'",parent="'$a'",intent="say \\"hi\\" \\\\now"}"""
assert samples["agentns_session_syscalls_total", l] == "18446744073709551615", samples
assert samples["agentns_session_age_seconds", l] == "1.000"
assert ("agentns_session_limit_forks", l) not in samples
assert len([s for s in samples if s[0] == "agentns_session_limit_forks"]) == 1' \
			2>"$tmp/json"
		result_of $? "metrics: well-formed, values and labels"
		sed 's/^/# /' "$tmp/json"
	else
		skip "metrics: well-formed (python3 is missing)"
	fi
	cp "$tmp/out" "$tmp/stdout"
	# shellcheck disable=SC2086
	agentns metrics $root --file "$tmp/agentns.prom"
	expect 0 "" "" "metrics --file"
	cmp -s "$tmp/agentns.prom" "$tmp/stdout" &&
		[ "$(stat -c %a "$tmp/agentns.prom")" = "$(printf %o $((0666 & ~0$(umask))))" ] &&
		[ "$(find "$tmp" -maxdepth 1 -name 'agentns.prom*' | wc -l)" = 1 ]
	result_of $? "metrics --file: the file, its mode, and nothing else"
	# shellcheck disable=SC2086
	agentns metrics $root --file "$tmp/none/agentns.prom"
	expect 1 "" "*cannot create*none/agentns.prom*No such file*" \
		"metrics --file: no such folder"
}

# make_table - the table of a later module, of the same sessions
make_table() {
	{
		echo "id parent depth action elapsed_ns write_bytes max_forks intent"
		for id in $a $b $c; do
			printf '%s\n' "$id $(cat "$sessions/$id/parent") $(cat "$sessions/$id/depth") kill $(cat "$sessions/$id/counters/elapsed_ns") $(cat "$sessions/$id/counters/write_bytes") $(cat "$sessions/$id/max_forks") $(cat "$sessions/$id/intent")"
		done
	} >"$tmp/root/proc/agent_sessions"
}

test_table() {
	columns=ID,PARENT,DEPTH,ACTION,ELAPSED,WRITE_BYTES,MAX_FORKS,INTENT
	# shellcheck disable=SC2086
	{
	agentns ls $root -o $columns
	mv "$tmp/out" "$tmp/directories"
	make_table
	agentns ls $root -o $columns
	[ "$status" = 0 ] && cmp -s "$tmp/out" "$tmp/directories"
	result_of $? "table: the same as from the directories"
	rm -r "${sessions:?}/$b"
	agentns ls $root -n -o ID,FORKS,INTENT
	expect 0 "$a *build it
$b *
$c *say*" "" "table: directories are not needed, and FORKS is not there"
	make_session $b "" 2000000000
	echo 10 >"$sessions/$b/max_forks"
	echo 1000 >"$sessions/$b/counters/write_bytes"
	agentns tree $root -n -l -o ID,TYPE -Q 'TYPE == session'
	expect 0 "$a session
$c session
$b session" "" "table: tree"
	agentns metrics $root
	expect 0 '*agentns_session_written_bytes_total{id="'$b'",parent="",intent=""} 1000*' \
		"" "table: metrics"
	printf 'x\n' >>"$tmp/root/proc/agent_sessions"
	agentns ls $root
	expect 1 "" "*malformed*" "table: malformed"
	rm "$tmp/root/proc/agent_sessions"
	}
}

# on_terminal COLUMNS ARG... - agentns on a terminal so wide, into $tmp/terminal
on_terminal() {
	width=$1
	shift
	script -qec "stty cols $width; LC_ALL=$LC_ALL exec '$BUILD/agentns' $*" \
		"$tmp/typescript" </dev/null | tr -d '\r' >"$tmp/terminal"
}

# On a terminal libsmartcols prints the table, and elsewhere we do: the same.
test_plain() {
	printf 'a"\\/ \303\251 \346\274\242\345\255\227 e\314\201\n' >"$sessions/$a/intent"
	for options in "" "-n" "-J" "-J --output-all" "-J -Q FORKS==99" "--output-all" "-o GRACE" "-o INTENT,ID,DEPTH" \
		"-o ID,GRACE,MAX_FORKS" "-n -o INTENT" "-Q FORKS==99"; do
		# shellcheck disable=SC2086
		agentns ls $root $options
		on_terminal 2000 ls "$root" "$options"
		[ "$status" = 0 ] && cmp -s "$tmp/out" "$tmp/terminal"
		good=$?
		result_of $good "as on a terminal: ls $options"
		[ $good = 0 ] || diff "$tmp/out" "$tmp/terminal" | sed 's/^/# /'
	done
	printf 'build it\n' >"$sessions/$a/intent"
}

# fits COLUMNS ARG... - and what is on it is no wider; wc counts places, not characters
fits() {
	on_terminal "$@"
	places=$(wc -L <"$tmp/terminal")
	[ "$places" -gt 0 ] && [ "$places" -le "$1" ]
	good=$?
	result_of $good "$1 columns: $2 $3"
	[ $good = 0 ] || sed 's/^/# /' "$tmp/terminal"
}

# What does not fit is cut, and what cannot be cut is left out, from the right.
test_narrow() {
	printf 'a tag that is long, \346\274\242\345\255\227\346\274\242\345\255\227, and goes on for 61\n' >"$sessions/$a/intent"
	for id in $a $b $c; do
		echo 123456 >"$sessions/$id/counters/total_syscalls"
	done
	for width in 80 40; do
		fits "$width" ls "" "$root"
		grep -q '^ID.* SYSCALLS' "$tmp/terminal" &&
			[ "$(grep -c '^[abc]0000000.* 123456' "$tmp/terminal")" = 3 ]
		result_of $? "$width columns: ids can be told apart, and numbers are whole"
		fits "$width" ls "--output-all" "$root"
		fits "$width" tree "" "$root"
		grep -q '^│ └─make .* 101 ' "$tmp/terminal"
		result_of $? "$width columns: the tree's branches are whole"
		fits "$width" tree "-o NODE,PID,CMD" "$root"
		fits "$width" tree "-l -o TYPE,INTENT,CMD" "$root"
		fits "$width" ls -H
		for options in -r -J; do
			# shellcheck disable=SC2086
			agentns tree $root $options --output-all
			on_terminal "$width" tree "$root" $options --output-all
			[ "$status" = 0 ] && cmp -s "$tmp/out" "$tmp/terminal"
			result_of $? "$width columns: with $options nothing is cut"
		done
	done
	# A long text beside ids, and many numbers: room for the least of each.
	fits 200 ls "--output-all" "$root"
	[ "$(grep -c '^[abc]0000000[0-9]* *[0-9a-f]\{8\}' "$tmp/terminal")" = 3 ]
	result_of $? "200 columns: ids can be told apart"
	# Branches that leave no room for what stands behind the name.
	parent=100
	for pid in 110 111 112 113 114 115 116 117 118 119; do
		make_process $pid deep $a $parent
		parent=$pid
	done
	echo 123456 >"$sessions/$a/counters/fork_count"
	fits 40 tree "-o NODE,PID,FORKS,CMD" "$root"
	grep -q '└─deep  *119$' "$tmp/terminal" && grep -q '^NODE *PID$' "$tmp/terminal"
	result_of $? "40 columns: a number that would be cut is left out"
	echo 5 >"$sessions/$a/counters/fork_count"
	for pid in 110 111 112 113 114 115 116 117 118 119; do
		rm -r "$tmp/root/proc/$pid"
	done
	fits 80 ls "-o ELAPSED,INTENT" "$root"
	grep -q "^ *3.000 a tag that is long, .*, and goes on for 61$" "$tmp/terminal"
	result_of $? "80 columns: what fits is whole"
	on_terminal 40 doctor "$root"
	sed '/^$/,$d' "$tmp/terminal" >"$tmp/table"
	[ "$(wc -L <"$tmp/table")" -le 40 ] &&
		sed 's/^.\{24\}//' "$tmp/table" | tr -d '\n ' | grep -q 'hookshastobemendedfirst'
	result_of $? "40 columns: doctor: what was found is wrapped, not cut"
	# What COLUMNS says is of a terminal, and this is none.
	for command in ls tree; do
		# shellcheck disable=SC2086
		agentns $command $root --output-all
		cp "$tmp/out" "$tmp/wide"
		COLUMNS=40
		export COLUMNS
		# shellcheck disable=SC2086
		agentns $command $root --output-all
		unset COLUMNS
		[ "$status" = 0 ] && [ "$(wc -L <"$tmp/out")" -gt 300 ] && cmp -s "$tmp/out" "$tmp/wide"
		result_of $? "no terminal: $command is not cut"
	done
	escape=$(printf '\033')
	for command in "ls --output-all" "tree --output-all" doctor metrics "ls -H" "ls --help" "show $a"; do
		case $command in
		*H | *help) at= ;;
		*) at=$root ;;
		esac
		# shellcheck disable=SC2086
		agentns $command $at
		[ -s "$tmp/out" ] && ! grep -q "$escape" "$tmp/out" "$tmp/err"
		result_of $? "no terminal: no colours in $command"
	done
	printf 'build it\n' >"$sessions/$a/intent"
	for id in $a $b $c; do
		echo 18446744073709551615 >"$sessions/$id/counters/total_syscalls"
	done
}

# However many processes there are, it does not look at one.
test_no_processes() {
	if ! command -v strace >/dev/null; then
		skip "ls opens nothing of a process (strace is missing)"
		return
	fi
	make_process 4711 worker $a
	for what in directories table; do
		[ $what = directories ] || make_table
		# What looks for leaks traces, too, and a process has one tracer.
		ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 \
			strace -f -o "$tmp/trace" "$BUILD/agentns" ls --sysroot "$tmp/root" \
			--output-all >"$tmp/out" 2>"$tmp/err" &&
			grep -q '"proc/agent_sessions"' "$tmp/trace" &&
			! grep -E '"[^"]*proc(/[0-9]|/?",.*O_DIRECTORY)' "$tmp/trace" >"$tmp/hits"
		result_of $? "ls opens nothing of a process: $what"
		sed 's/^/# /' "$tmp/hits"
	done
	rm -r "$tmp/root/proc/4711" "$tmp/root/proc/agent_sessions"
}

test_columns
test_schema
test_filter
test_table
test_no_processes
test_plain
test_narrow
test_tree
test_many
test_metrics
tap_done
