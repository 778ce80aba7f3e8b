#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# test-live-commands.sh - the commands that act on sessions, follow and enter
# them, on a kernel that has them; see test-live.sh

set -u

here=$(dirname "$0")
# shellcheck source=tests/tap.sh
. "$here/tap.sh"
# shellcheck source=tests/live-lib.sh
. "$here/live-lib.sh"

# states ID - the states of a session's processes, as one word
states() {
	"$BUILD/agentns" tree -n -r -o STATE -Q 'TYPE == process' "$1" |
		sort -u | tr -d '\n'
}

test_doctor() {
	agentns doctor
	expect 0 "CHECK *hooks *ok *number [0-9]*module *ok *, hooks number [0-9]*loaded *ok *capability *ok *session *ok *stamp *ok *bears its id" \
		"" "doctor: all is well, to a file with a stamp"
	# The kernel's own word, without any headers.
	mkdir -p "$tmp/root/proc/self/ns" "$tmp/root/dev"
	: >"$tmp/root/proc/self/ns/agent"
	ln -s /dev/kmsg "$tmp/root/dev/kmsg"
	agentns doctor --sysroot "$tmp/root"
	expect 1 "*hooks *ok *has the hooks, number [0-9]*" "" \
		"doctor: the number out of the kernel's log"
	echo "$(stat -f -c %T "$tmp") nosuchfs" >/sys/kernel/agentns/skip_fstypes
	TMPDIR=$tmp agentns doctor
	expect 0 "*stamp *skipped *as skip_fstypes says*" "" \
		"doctor: no stamp, as a knob says"
	echo >/sys/kernel/agentns/skip_fstypes
	mkdir "$tmp/ramfs"
	mount -t ramfs ramfs "$tmp/ramfs"
	TMPDIR=$tmp/ramfs agentns doctor
	expect 1 "*stamp *failed *, of type ramfs, *To mend \"stamp\":*TMPDIR=/var/tmp agentns doctor*" "" \
		"doctor: no stamp, as the file system has no attributes"
	TMPDIR=/nonexistent agentns doctor
	expect 1 "*stamp *failed */nonexistent: No such file*TMPDIR=*" "" \
		"doctor: no test file"
	umount "$tmp/ramfs"
	echo 1 >/sys/kernel/agentns/defaults/max_syscalls
	echo kill >/sys/kernel/agentns/defaults/action
	agentns doctor
	expect 1 "*session *failed *was ended or stopped*To mend \"session\":*defaults/max_*" "" \
		"doctor: a test session that is killed"
	# What it says mends it.
	sh -c "$(sed -n 's/^  //p' "$tmp/out" | tail -n 1)"
	agentns doctor
	expect 0 "*session *ok*" "" "doctor: mended by what it said"
	echo log >/sys/kernel/agentns/defaults/action
	unprivileged "$BUILD/agentns" doctor
	expect 1 "*capability *failed*To mend \"capability\":*sudo*" "" \
		"doctor: no capability"
	echo 0 >$sysctl/enabled
	agentns doctor
	expect 1 "*knobs *failed*sysctl kernel.agent_ns.enabled=1*" "" \
		"doctor: switched off"
	echo 1 >$sysctl/enabled
}

test_set() {
	start job fork=50
	agentns set --intent "new tag" --budget opens=7000,wall=2h \
		--no-limit fork --on-exceed log "$id"
	expect 0 "" "" "set"
	[ "$(cat "$sessions/$id/intent")" = "new tag" ] &&
		[ "$(cat "$sessions/$id/max_opens")" = 7000 ] &&
		[ "$(cat "$sessions/$id/max_elapsed_ns")" = 7200000000000 ] &&
		[ "$(cat "$sessions/$id/max_forks")" = max ] &&
		[ "$(cat "$sessions/$id/action")" = log ]
	result_of $? "set: all of it"
	agentns set --intent "$(printf 'a\001')" "$pid"
	expect 1 "" "*cannot set intent of session $id: *printable UTF-8*" \
		"set: a bad tag"
	agentns set --intent "" "$id"
	expect 0 "" "" "set: no tag"
	agentns set --budget wall=3h --intent "$(printf 'b\033')" "$id"
	expect 1 "" "*cannot set intent*what was set before stays set" \
		"set: half of it is told"
	unprivileged "$BUILD/agentns" set --budget wall=3h "$id"
	expect 1 "" "*cannot set max_elapsed_ns*root*" "set: not as a user"
	agentns set "$id"
	expect 2 "" "*nothing was given*" "set: nothing"
	agentns set --no-limit bogus "$id"
	expect 2 "" '*no limit "bogus"*' "set: an unknown limit"
	agentns set --budget tasks=100 "$id"
	if module_cannot; then
		skip "set: a limit of later modules (this module has none)"
	else
		expect 0 "" "" "set: a limit of later modules"
	fi
	stop
}

test_kill() {
	start job fork=50
	agentns kill -v "$id"
	expect 0 "session $id: killed" "" "kill"
	wait "$runner"
	result_of $(($? != 137)) "kill: the command died of it"
	# The kernel removes the directory in its own time.
	until_true [ ! -e "$sessions/$id" ]
	agentns kill "$id"
	expect 1 "" "*no session*" "kill: it has ended"
	start job fork=50
	agentns kill --signal usr1 -v "$pid"
	expect 0 "session $id: 1 process signalled" "" "kill: another signal, by PID"
	wait "$runner"
	result_of $(($? != 138)) "kill: the command died of that"
	agentns kill --signal nosuch "$id"
	expect 2 "" '*no signal "nosuch"*' "kill: no such signal"
	agentns kill
	expect 2 "" "*no PID*" "kill: nothing"
	agentns kill ffff 99999999 zzz
	expect 1 "" "*ffff*99999999*zzz*" "kill: all that is wrong is told"
	start job fork=50
	unprivileged "$BUILD/agentns" kill "$id"
	expect 1 "" "*cannot kill session $id*root*" "kill: not as a user"
	agentns kill --all
	expect 0 "" "" "kill --all"
	wait "$runner"
	result_of $(($? != 137)) "kill --all: the command died of it"
}

# Something that forks all the time cannot slip through.
test_stop() {
	# shellcheck disable=SC2016
	"$BUILD/agentns" run -- sh -c '
		cat /proc/self/agent_session >'"$tmp"'/id.new
		mv '"$tmp"'/id.new '"$tmp"'/id
		while :; do (sleep 0.01 &) ; sleep 0.02; done' &
	runner=$!
	while [ ! -e "$tmp/id" ]; do sleep 0.1; done
	id=$(cat "$tmp/id")
	rm "$tmp/id"
	agentns stop -v "$id"
	expect 0 "session $id: * stopped" "" "stop"
	a=$(cat "$sessions/$id/counters/total_syscalls")
	sleep 1
	[ "$(states "$id")" = T ] &&
		[ "$a" = "$(cat "$sessions/$id/counters/total_syscalls")" ]
	result_of $? "stop: nobody runs"
	agentns cont "$id"
	expect 0 "" "" "cont"
	until_true file_is_not "$sessions/$id/counters/total_syscalls" "$a"
	result_of $? "cont: they run"
	agentns kill "$id"
	wait "$runner"
}

test_hidden() {
	dirs=$(cat /sys/kernel/agentns/max_session_dirs)
	echo 0 >/sys/kernel/agentns/max_session_dirs
	start hidden fork=50
	agentns tree -n -o NODE,INTENT
	expect 0 "$id hidden
*sleep*" "" "tree: a session without a directory"
	agentns set --budget wall=1h "$pid"
	expect 1 "" "*no directory*max_session_dirs*" "set: no directory"
	agentns kill -v "$id"
	expect 0 "session $id: 1 process killed" "" "kill: no directory"
	wait "$runner"
	result_of $(($? != 137)) "kill: no directory, but dead"
	start hidden fork=50
	agentns stop --all -v
	expect 0 "all sessions: 1 process stopped" "" "stop --all: no directory"
	agentns cont --all -v
	expect 0 "all sessions: 1 process continued" "" "cont --all: no directory"
	agentns kill --all
	expect 0 "" "" "kill --all: no directory"
	wait "$runner"
	result_of $(($? != 137)) "kill --all: no directory, but dead"
	echo "$dirs" >/sys/kernel/agentns/max_session_dirs
}

# state PID IS - is that its state?
state() {
	[ "$(sed 's/.*) \(.\) .*/\1/' "/proc/$1/stat")" = "$2" ]
}

# Who reads a stopped session from inside is stopped with it.
test_hidden_stopped() {
	dirs=$(cat /sys/kernel/agentns/max_session_dirs)
	echo 0 >/sys/kernel/agentns/max_session_dirs
	# shellcheck disable=SC2016
	timeout -s KILL 60 "$BUILD/agentns" run --stats --budget fork=5 --on-exceed stop -- sh -c '
		echo $$ >'"$tmp"'/pid.new
		mv '"$tmp"'/pid.new '"$tmp"'/stopped
		while :; do (:); done' >"$tmp/out" 2>"$tmp/err" &
	runner=$!
	until_true [ -e "$tmp/stopped" ]
	pid=$(cat "$tmp/stopped")
	until_true state "$pid" T
	result_of $? "run: the budget stops the session"
	kill -KILL "$pid"
	wait "$runner"
	status=$?
	expect 137 "" "*counters *not known*" "run --stats: nobody is waited for who is stopped"
	rm "$tmp/stopped"
	agentns kill --all
	echo "$dirs" >/sys/kernel/agentns/max_session_dirs
}

# A session that has a directory, in it one that has none, and one beside it.
test_hidden_inside() {
	dirs=$(cat /sys/kernel/agentns/max_session_dirs)
	# shellcheck disable=SC2016
	"$BUILD/agentns" run -- sh -c '
		cat /proc/self/agent_session >'"$tmp"'/id.new
		mv '"$tmp"'/id.new '"$tmp"'/id
		while [ ! -e '"$tmp"'/go ]; do sleep 0.1; done
		exec '"$BUILD"'/agentns-unshare sh -c "
			cd /
			echo \$\$ >'"$tmp"'/inside.new
			mv '"$tmp"'/inside.new '"$tmp"'/inside
			exec sleep 100"' &
	outer=$!
	until_true [ -e "$tmp/id" ]
	around=$(cat "$tmp/id")
	rm "$tmp/id"
	echo 0 >/sys/kernel/agentns/max_session_dirs
	touch "$tmp/go"
	until_true [ -e "$tmp/inside" ]
	inside=$(cat "$tmp/inside")
	start beside fork=50
	until_true asleep "$inside"
	agentns stop -v "$around"
	expect 0 "session $around: 1 process stopped" "" \
		"stop: a session inside has no directory"
	state "$inside" T && state "$pid" S
	result_of $? "stop: it is stopped, and one beside it is not"
	agentns cont -v "$around"
	expect 0 "session $around: 1 process continued" "" \
		"cont: a session inside has no directory"
	agentns kill -v -s TERM "$around"
	expect 0 "session $around: 1 process signalled" "" \
		"kill -s: a session inside has no directory"
	wait "$outer"
	result_of $(($? != 143)) "kill -s: the command died of it"
	rm "$tmp/go" "$tmp/inside"
	stop
	echo "$dirs" >/sys/kernel/agentns/max_session_dirs
}

test_run_options() {
	# shellcheck disable=SC2016
	agentns run --intent "two words" --user nobody --cwd / --env A=b --env HOME \
		sh -c 'id -u; pwd; echo "$A ${HOME-none} $USER $AGENTNS_INTENT"'
	expect 0 "65534
/
b none nobody two words" "" "run: user, folder, environment"
	# shellcheck disable=SC2016
	agentns run sh -c '
		[ "$AGENTNS_SESSION_ID" = "$(cat /proc/self/agent_session)" ] &&
		case $TRACEPARENT in 00-$AGENTNS_SESSION_ID-????????????????-01) ;; *) false ;; esac &&
		[ -z "${AGENTNS_PARENT_TRACEPARENT+x}" ]'
	expect 0 "" "" "run: the session's id and trace"
	trace=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00
	# shellcheck disable=SC2016
	TRACEPARENT=$trace TRACESTATE=x=y agentns run sh -c \
		'echo "$TRACEPARENT $AGENTNS_PARENT_TRACEPARENT ${TRACESTATE-none}"'
	expect 0 "00-*-*-00 $trace none" "" "run: an inherited trace is the parent"
	agentns run --stats --json-stats "$tmp/stats" --budget wall=1h \
		head -c 1000 /dev/zero
	expect 0 "*" "*session *status *0*SYSCALLS*WRITE_BYTES *ELAPSED *of 3600.000*" \
		"run --stats"
	if command -v python3 >/dev/null; then
		python3 - "$tmp/stats" <<'END' >"$tmp/json" 2>&1
import json, sys
j = json.load(open(sys.argv[1]))
assert j["status"] == 0 and j["ended_by_budget"] is False, j
assert j["counters"]["write_bytes"] >= 1000, j
assert j["limits"]["max_elapsed_ns"] == 3600 * 10**9, j
assert j["command"] == ["head", "-c", "1000", "/dev/zero"], j
assert j["traceparent"][3:35] == j["id"], j
END
		result_of $? "run --json-stats"
		check_schema run "$tmp/stats" "run --json-stats: as the schema has it"
		sed 's/^/# /' "$tmp/json"
	else
		skip "run --json-stats (python3 is missing)"
	fi
	agentns run --json-stats "$tmp/stats" --budget write_bytes=64K \
		cat /dev/zero
	expect 124 "*" "*the budget ended \"cat\": max_write_bytes reached" \
		"run: one status for the budget"
	grep -q '"ended_by_budget":true' "$tmp/stats"
	result_of $? "run --json-stats: ended by the budget"
	check_schema run "$tmp/stats" "run --json-stats: that, too, as the schema has it"
	# shellcheck disable=SC2016 # the inner shell expands them
	try sh -c '"$0" run --stats --json-stats "$1" true 2>&-' "$BUILD/agentns" "$tmp/stats"
	check_schema run "$tmp/stats" "run --json-stats: nothing else, where standard error is closed"
	agentns run --json-stats /dev/full sh -c 'exit 3'
	expect 3 "" "*cannot write \"/dev/full\": No space left on device" \
		"run --json-stats: why it cannot be written"
	agentns run --budget wall=1h sh -c 'kill -KILL $$'
	expect 137 "" "" "run: another's SIGKILL is not the budget's"
	agentns run --cwd /nonexistent true
	expect 1 "" '*folder "/nonexistent"*No such file*' "run: no such folder"
	agentns run --seal cat /proc/self/agent_session
	if module_cannot; then
		expect 1 "" "*cannot seal*later one*" "run --seal: refused, not executed"
	else
		expect 0 "*" "" "run --seal"
	fi
	agentns run --budget opens=5 --on-exceed deny cat /etc/passwd
	if module_cannot; then
		expect 1 "" "*cannot set the budget*" "run: deny: refused, not executed"
	else
		[ "$status" != 0 ] && grep -qi quota "$tmp/err"
		result_of $? "run: deny"
	fi
}

# gone PID
# shellcheck disable=SC2317 # until_true calls it
gone() {
	! kill -0 "$1" 2>/dev/null
}

test_run_ends() {
	# The shell outlives the SIGTERM that it tells of, and not what follows. A limit on time might end it before it
	# has said that it will.
	agentns run --budget fork=3 --on-exceed term --grace 5 -- \
		sh -c 'trap "echo told" TERM; while :; do sleep 0.1; done'
	if module_cannot; then
		expect 1 "" "*cannot set the budget*" "run --grace: refused, not executed"
	else
		expect 124 "told*" "*the budget ended*max_forks*" \
			"run --grace: told to end, then killed"
	fi
	agentns run --group nogroup sh -c 'id -u; id -gn'
	expect 0 "0
nogroup" "" "run --group"
	agentns run --group tty --user nobody sh -c 'id -un; id -gn; id -Gn'
	expect 0 "nobody
tty
tty nogroup" "" "run --group has the last word on --user's"
	rm -f "$tmp/pid"
	# shellcheck disable=SC2016 # the inner shell expands it
	"$BUILD/agentns" run --user nobody sh -c 'echo $$; exec sleep 100' >"$tmp/pid" &
	runner=$!
	until_true test -s "$tmp/pid"
	kill -0 "$(cat "$tmp/pid")"
	result_of $? "run --user: the command runs"
	kill -KILL "$runner"
	wait "$runner"
	until_true gone "$(cat "$tmp/pid")"
	result_of $? "run --user, killed: leaves no command behind"
}

# What root tries from inside, and what comes of it: each status, then the limit.
# shellcheck disable=SC2016 # the inner shell expands it
from_inside='
	own=$(cat /proc/self/agent_session)
	"$0" enter "$1" cat /proc/self/agent_session
	echo "enter: $?"
	for opens in 8000 6000 7000; do
		"$0" set --budget opens=$opens "$own"
		echo "$opens: $?"
	done
	"$0" set --no-limit opens "$own"
	echo "none: $?"
	cat "/sys/kernel/agentns/sessions/$own/max_opens"'

test_seal() {
	start beside wall=1h
	agentns run --budget opens=7000 -- sh -c "$from_inside" "$BUILD/agentns" "$id"
	expect 0 "$id
enter: 0
8000: 0
6000: 0
7000: 0
none: 0
max" "" "without --seal: root leaves, and loosens the budget"
	agentns run --seal --budget opens=7000 -- sh -c "$from_inside" "$BUILD/agentns" "$id"
	if module_cannot; then
		skip "run --seal (this module has no seals)"
	else
		expect 0 "enter: 1
8000: 1
6000: 0
7000: 1
none: 1
6000" "*cannot enter*a sealed session cannot be left*cannot set max_opens*" \
			"run --seal: root cannot leave, and tightens the budget alone"
	fi
	stop
}

# watched N - are there so many that watch events? Each has its instance of tracefs, with the events switched on.
# shellcheck disable=SC2317 # until_true calls it
watched() {
	[ "$(cat /sys/kernel/tracing/instances/agentns-*/events/agent_ns/enable 2>/dev/null | grep -c 1)" -ge "$1" ]
}

# What stops by itself ends with status 0, and timeout's is 124.
test_events_chosen() {
	# The end of one of before would be an event, too.
	until_true file_is /sys/kernel/agentns/sessions_live 0
	timeout 200 "$BUILD/agentns" events -Q 'EVENT == exceeded || EVENT == kill' -c 2 \
		>"$tmp/text" 2>"$tmp/err" &
	text=$!
	timeout 200 "$BUILD/agentns" events -J -Q 'INTENT == greedy && LIMIT > 65535' --count 1 \
		>"$tmp/json" 2>"$tmp/err" &
	json=$!
	timeout 200 "$BUILD/agentns" events --count 3 >"$tmp/three" 2>"$tmp/err" &
	three=$!
	until_true watched 3
	"$BUILD/agentns" run --intent modest --budget write_bytes=1G true
	# shellcheck disable=SC2016 # the inner shell expands it
	"$BUILD/agentns" run --intent greedy --budget write_bytes=64K sh -c '
		cat /proc/self/agent_session >"$0"
		exec cat /dev/zero' "$tmp/id" >/dev/null 2>&1
	id=$(cat "$tmp/id")
	rm "$tmp/id"
	wait "$text"
	status=$?
	# Which of the two comes first is the kernel's to decide.
	sort -k 2 "$tmp/text" >"$tmp/out"
	expect 0 "*Z exceeded $id max_write_bytes value=* limit=65536 action=kill intent=greedy
*Z kill     $id cause=max_write_bytes intent=greedy" "" \
		"events -Q: a limit that is reached, and the end by it"
	wait "$json"
	status=$?
	mv "$tmp/json" "$tmp/out"
	expect 0 '{"time":"*Z","event":"exceeded","id":"'"$id"'",*"resource":"max_write_bytes","value":*,"limit":65536,"action":"kill"}' \
		"" "events -Q -J: by tag and by number"
	check_schema event+ "$tmp/out" "events: a limit that is reached as the schema has it"
	wait "$three"
	status=$?
	mv "$tmp/three" "$tmp/out"
	expect 0 "*Z start *
*Z intent * intent=modest
*Z end *" "" "events --count: so many"
	[ "$(wc -l <"$tmp/out")" = 3 ]
	result_of $? "events --count: and no more"
}

# ends_told ID - have all three that watch printed the end of the session?
# shellcheck disable=SC2317 # until_true calls it
ends_told() {
	grep -q '"event":"end","id":"'"$1" "$tmp/events-J" &&
		grep -q "Z end  *$1" "$tmp/events" &&
		grep -q '"name":"outer intent=x"' "$tmp/events--otlp-json"
}

# kinds_told FILE KIND... - are there connector events of each kind?
# shellcheck disable=SC2317 # until_true calls it
kinds_told() {
	told_in=$1
	shift
	"$BUILD/agentns-unshare" true
	for kind; do
		grep -q '"event":"'"$kind"'"' "$told_in" || return
	done
}

# grown FILE LINES - has it got more than so many?
# shellcheck disable=SC2317 # until_true calls it
grown() {
	"$BUILD/agentns-unshare" true
	[ "$(wc -l <"$1")" -gt "$2" ]
}

# writes PID - does it stand in a write to its standard output?
# shellcheck disable=SC2317 # until_true calls it
writes() {
	"$BUILD/agentns-unshare" true
	grep -q '^1 0x1 ' "/proc/$1/syscall"
}

# Signals to a program that watches: what is ignored, and what has to get through.
test_events_signals() {
	for source in '' --connector; do
		# shellcheck disable=SC2086 # none, or one
		(trap '' HUP; exec "$BUILD/agentns" events $source) >"$tmp/out" 2>"$tmp/err" &
		watcher=$!
		until_true grown "$tmp/out" 0
		kill -HUP $watcher
		until_true grown "$tmp/out" "$(wc -l <"$tmp/out")"
		result_of $? "events $source: goes on after a SIGHUP that nohup has it ignore"
		kill $watcher
		wait $watcher
		status=$?
		expect 143 "*" "" "events $source: ends by SIGTERM"

		mkfifo "$tmp/pipe"
		exec 9<>"$tmp/pipe"
		head -c 65536 /dev/zero >&9
		# shellcheck disable=SC2086
		"$BUILD/agentns" events $source >"$tmp/pipe" 2>"$tmp/err" 9>&- &
		watcher=$!
		until_true writes $watcher
		result_of $? "events $source: nobody reads"
		kill $watcher
		(sleep 20; kill -KILL $watcher) 9>&- >"$tmp/late" 2>&1 &
		late=$!
		wait $watcher
		status=$?
		kill $late
		exec 9>&-
		rm "$tmp/pipe"
		expect 143 "*" "" "events $source: ends by SIGTERM where nobody reads"
	done
	[ -z "$(ls /sys/kernel/tracing/instances)" ]
	result_of $? "events: leaves nothing in tracefs"
}

test_events() {
	if ! mountpoint -q /sys/kernel/tracing; then
		mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
	fi
	for format in -J --otlp-json ''; do
		# shellcheck disable=SC2086 # none, or one
		"$BUILD/agentns" events $format >"$tmp/events$format" &
		eval "watcher$(echo $format | tr -d -)=\$!"
	done
	until_true watched 3
	# Who enters is called that.
	ln -s "$(readlink -f "$BUILD/agentns")" "$tmp/a=\""
	# shellcheck disable=SC2016
	TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 \
		"$BUILD/agentns" run --intent 'outer intent=x' -- sh -c '
			cat /proc/self/agent_session >'"$tmp"'/outer
			sleep 1
			"$0" cat /proc/self/agent_session >'"$tmp"'/inner
			"$0" "$1" enter $$ sh -c "echo \$\$" >'"$tmp"'/joined' "$BUILD/agentns-unshare" "$tmp/a=\""
	until_true ends_told "$(cat "$tmp/outer")"
	# shellcheck disable=SC2154 # set by eval
	kill "$watcherJ" "$watcherotlpjson" "$watcher"
	wait "$watcherJ"
	result_of $(($? != 143)) "events: ends by SIGTERM"
	wait "$watcherotlpjson" "$watcher"
	[ -z "$(find /sys/kernel/tracing/instances -name 'agentns-*' -prune)" ]
	result_of $? "events: no instance of tracefs is left"
	if ! command -v python3 >/dev/null; then
		skip "events: JSON (python3 is missing)"
		return
	fi
	python3 - "$(cat "$tmp/outer")" "$(cat "$tmp/inner")" "$tmp/events" "$(cat "$tmp/joined")" <<'END' >"$tmp/json" 2>&1
import json, sys
outer, inner, name, joined = sys.argv[1:]
e = [json.loads(l) for l in open(name + "-J")]
by = lambda i: [x for x in e if x["id"] == i]
assert [x["event"] for x in by(outer) if x["event"] in ("start", "intent", "end")] == ["start", "intent", "end"], e
assert [x["event"] for x in by(inner) if x["event"] in ("start", "intent", "end")] == ["start", "end"], e
assert by(inner)[0]["parent"] == outer and by(outer)[0]["pid"] > 1, e
end = by(outer)[-1]
assert end["intent"] == "outer intent=x" and end["counters"]["fork_count"] >= 1, end
assert by(inner)[-1]["counters"]["elapsed_ns"] < end["counters"]["elapsed_ns"], e
join, = [x for x in by(outer) if x["event"] == "join"]
assert join["pid"] == join["tid"] == int(joined) and join["comm"] == 'a="', join
assert join["from"] not in (outer, inner, "0" * 32), join
text, = [l for l in open(name) if " join " in l and outer in l.split()]
assert text.endswith(' %s pid=%s tid=%s from=%s comm=a\\x3d" intent=outer intent\\x3dx\n' %
                     (outer, joined, joined, join["from"])), text
END
	result_of $? "events: JSON lines"
	check_schema event+ "$tmp/events-J" "events: JSON as the schema has it"
	sed 's/^/# /' "$tmp/json"
	python3 - "$(cat "$tmp/outer")" "$(cat "$tmp/inner")" "$tmp/events" <<'END' >"$tmp/json" 2>&1
import json, re, sys
outer, inner, name = sys.argv[1:]
spans = {}
for line in open(name + "--otlp-json"):
    for r in json.loads(line)["resourceSpans"]:
        assert {a["key"] for a in r["resource"]["attributes"]} >= {"service.name", "host.name"}
        for s in r["scopeSpans"]:
            for span in s["spans"]:
                spans[span["traceId"]] = span
o, i = spans[outer], spans[inner]
for s in o, i:
    assert re.fullmatch("[0-9a-f]{16}", s["spanId"]) and s["kind"] == 1, s
    assert int(s["startTimeUnixNano"]) < int(s["endTimeUnixNano"]), s
    a = {x["key"]: x["value"] for x in s["attributes"]}
    assert int(a["agentns.total_syscalls"]["intValue"]) > 0, s
assert o["name"] == "outer intent=x", o
assert o["links"] == [{"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331"}], o
assert i["links"][0]["traceId"] == outer and i["links"][0]["spanId"] == o["spanId"], i
END
	result_of $? "events: finished sessions as spans"
	check_schema otlp+ "$tmp/events--otlp-json" "events: OTLP/JSON as the schema has it"
	sed 's/^/# /' "$tmp/json"
	"$BUILD/agentns" events 2>"$tmp/err" | head -n 1 >"$tmp/out" &
	reader=$!
	n=0
	while kill -0 $reader 2>/dev/null && [ $n -lt 100 ]; do
		"$BUILD/agentns-unshare" true
		sleep 0.1
		n=$((n + 1))
	done
	wait $reader
	status=$?
	# Of a session that began before the watching did, the end alone is seen.
	expect 0 "20*Z [se]* ????????????????????????????????*" "" "events: a reader that goes away"
	for source in '' --connector; do
		# shellcheck disable=SC2086 # none, or one
		{
			timeout 100 "$BUILD/agentns" events $source 2>"$tmp/err"
			echo $? >"$tmp/ended"
		} | true
		status=$(cat "$tmp/ended")
		: >"$tmp/out"
		expect 0 "" "" "events $source: a reader that goes away while nothing happens"
	done
	# What it prints before it is stopped is whole.
	"$BUILD/agentns" events --connector --processes -J >"$tmp/out" 2>"$tmp/err" &
	watcher=$!
	until_true kinds_told "$tmp/out" namespace fork exec exit
	kill $watcher
	wait $watcher
	for event in namespace fork exec exit; do
		grep -q '"event":"'"$event"'"' "$tmp/out"
		result_of $? "events --connector: $event"
	done
	check_schema connector+ "$tmp/out" "events --connector: JSON as the schema has it"
	unprivileged "$BUILD/agentns" events
	expect 1 "" "*cannot watch events: permission denied*root*" \
		"events: not as a user"
}

test_enter() {
	start job wall=1h
	agentns enter "$id" cat /proc/self/agent_session
	if module_cannot; then
		skip "enter (this module has no setns)"
		stop
		return
	fi
	expect 0 "$id" "" "enter ID"
	agentns enter "$pid" -- sh -c 'exit 5'
	expect 5 "" "" "enter PID"
	agentns enter "$id" -- /nonexistent
	expect 127 "" "*cannot execute*" "enter: no such command"
	# shellcheck disable=SC2016
	try sh -c '"$0" enter "$1" -- /nonexistent 2>&-' "$BUILD/agentns" "$id"
	expect 127 "" "" "enter: nor a standard error"
	unprivileged "$BUILD/agentns" enter "$id" -- true
	expect 1 "" "*cannot enter*CAP_SYS_ADMIN*" "enter: not as a user"
	agentns enter
	expect 2 "" "*no PID*" "enter: nothing"
	stop
}

# file_is FILE TEXT
# shellcheck disable=SC2317 # until_true calls it
file_is() {
	[ "$(cat "$1")" = "$2" ]
}

# file_is_not FILE TEXT
# shellcheck disable=SC2317
file_is_not() {
	[ "$(cat "$1")" != "$2" ]
}

# shellcheck disable=SC2317
states_are() {
	[ "$(states "$1")" = "$2" ]
}

# The one session that there is is the one that is selected.
test_top() {
	start job wall=1h
	mkfifo "$tmp/keys"
	TERM=xterm script -qec "stty rows 24 cols 120; exec '$BUILD/agentns' top -d 0.2" \
		"$tmp/screen" <"$tmp/keys" >/dev/null 2>&1 &
	screen=$!
	exec 9>"$tmp/keys"
	until_true grep -q "$(echo "$id" | cut -c1-11)" "$tmp/screen"
	result_of $? "top: the session is on the screen"
	printf ty >&9
	until_true states_are "$id" T
	result_of $? "top: t stops it"
	printf cy >&9
	until_true states_are "$id" S
	result_of $? "top: c lets it go on"
	printf 'lopens=7000,wall=2h\r' >&9
	until_true file_is "$sessions/$id/max_opens" 7000 &&
		until_true file_is "$sessions/$id/max_elapsed_ns" 7200000000000
	result_of $? "top: l limits it"
	printf 'itag of top\r' >&9
	until_true file_is "$sessions/$id/intent" "tag of top"
	result_of $? "top: i sets its tag"
	printf ky >&9
	wait "$runner"
	result_of $(($? != 137)) "top: k kills it"
	printf q >&9
	wait "$screen"
	result_of $? "top: q ends it"
	exec 9>&-
}

test_metrics() {
	start 'a "tag"' fork=50
	agentns metrics
	expect 0 "*agentns_session_forks_total{id=\"$id\",parent=\"\",intent=\"a \\\\\"tag\\\\\"\"} *agentns_session_limit_forks{id=\"$id\"*} 50*# EOF" \
		"" "metrics"
	stop
}

# Who wrote what a session really wrote.
test_prov() {
	mkdir "$tmp/files"
	: >"$tmp/files/outside"
	# shellcheck disable=SC2016 # the inner shell expands it
	agentns run --intent 'two words' -- sh -c \
		'cd "$0" && cat /proc/self/agent_session >made && mkdir dir && ln -s made link && echo >dir/inner' \
		"$tmp/files"
	id=$(cat "$tmp/files/made")
	agentns prov "$tmp/files/made"
	expect 0 "FILE *SESSION*INTENT*
*files/made $id *two words*" "" "prov: a file of a session"
	agentns prov -n -r -o SESSION "$tmp/files/link" "$tmp/files/dir"
	expect 0 "$id
$id" "" "prov: a symbolic link and a folder of it"
	agentns prov "$tmp/files/outside"
	expect 1 "*" "*outside*no stamp*" "prov: a file of nobody"
	if command -v python3 >/dev/null; then
		agentns prov -R -J --all -o FILE,SESSION,TIME,UID,INTENT,SOURCE "$tmp/files"
		python3 -c '
import json, os, sys
f = {os.path.basename(x["file"]): x for x in list(json.load(open(sys.argv[1])).values())[0]}
mine = {n: x for n, x in f.items() if x["session"] == sys.argv[2]}
assert mine.keys() == {"made", "dir", "inner", "link"}, f
assert all(x["source"] == "security.agentns" and x["uid"] == 0 for x in mine.values()), f
assert f["outside"]["session"] is None, f' "$tmp/out" "$id" >"$tmp/json" 2>&1
		result_of $? "prov: all below a folder, as JSON"
		sed 's/^/# /' "$tmp/json"
		check_schema prov "$tmp/out" "prov: JSON as the schema has it"
	else
		skip "prov: JSON (python3 is missing)"
	fi
	# shellcheck disable=SC2016
	agentns run -- sh -c 'echo more >>"$0"/made; cat /proc/self/agent_session >"$0"/second' "$tmp/files"
	second=$(cat "$tmp/files/second")
	agentns prov -n -r -o SESSION "$tmp/files/made"
	expect 0 "$second" "" "prov: the last writer"
}

test_doctor
test_prov
test_set
test_kill
test_stop
test_hidden
test_hidden_inside
test_hidden_stopped
test_run_options
test_run_ends
test_seal
test_events
test_events_signals
test_events_chosen
test_enter
test_top
test_metrics
tap_done
