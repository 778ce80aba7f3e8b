#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# test-live.sh - the programs on a kernel with agent sessions
#
# Not part of 'make check', which needs no such kernel: run it as root in a
# test machine. $BUILD is the folder of the programs, ../build by default.

set -u

here=$(dirname "$0")
# shellcheck source=tests/tap.sh
. "$here/tap.sh"

# shellcheck source=tests/live-lib.sh
. "$here/live-lib.sh"

test_unshare() {
	try "$BUILD/agentns-unshare" cat /proc/self/agent_session
	[ "$status" = 0 ] && grep -Eqx '[0-9a-f]{32}' "$tmp/out" &&
		! grep -qx $zeros "$tmp/out" && [ ! -s "$tmp/err" ]
	result_of $? "unshare: the command is in a session"
	try "$BUILD/agentns-unshare" sh -c 'cat /proc/self/agent_intent; exit 7'
	expect 7 "" "" "unshare: no intent; the command's status"
	try env AGENT_INTENT="n$(printf '\303\251')" "$BUILD/agentns-unshare" \
		cat /proc/self/agent_intent
	expect 0 "né" "" "unshare: intent"
	try env AGENT_INTENT= "$BUILD/agentns-unshare" echo executed
	expect 0 "executed" "" "unshare: an empty intent"
	# shellcheck disable=SC2016 # the message names the variable
	{
	try env AGENT_INTENT="$(printf 'a\033[2J')" "$BUILD/agentns-unshare" \
		echo executed
	expect 1 "" '*intent "a\\x1b\[2J"*$AGENT_INTENT*printable UTF-8*' \
		"unshare: a bad intent is refused, not executed"
	}
	try "$BUILD/agentns-unshare" /nonexistent
	expect 127 "" "*cannot execute*" "unshare: no such command"

	unprivileged "$BUILD/agentns-unshare" echo executed
	expect 1 "" "*CAP_SYS_ADMIN*unprivileged*" \
		"unshare: refused without privilege, not executed"
	echo 1 >$sysctl/unprivileged
	unprivileged "$BUILD/agentns-unshare" echo executed
	expect 0 "executed" "" "unshare: unprivileged, as the sysctl allows"
	echo 0 >$sysctl/unprivileged
	echo 0 >$sysctl/enabled
	try "$BUILD/agentns-unshare" echo executed
	expect 1 "" "*kernel.agent_ns.enabled*" \
		"unshare: refused while switched off, not executed"
	agentns run echo executed
	expect 1 "" "agentns: *kernel.agent_ns.enabled*" \
		"run: refused while switched off, not executed"
	echo 1 >$sysctl/enabled
}

test_run() {
	agentns run sh -c 'exit 3'
	expect 3 "" "" "run: the command's status"
	agentns run sh -c 'kill -KILL $$'
	expect 137 "" "" "run: the command's signal"
	agentns run -- /nonexistent
	expect 127 "" '*cannot execute "/nonexistent"*' "run: no such command"
	agentns run -- /etc/passwd
	expect 126 "" '*cannot execute "/etc/passwd"*' "run: not a program"
	agentns run --intent "two words" cat /proc/self/agent_intent
	expect 0 "two words" "" "run: intent"
	agentns run --intent "$(printf 'a\001')" echo executed
	expect 1 "" '*intent "a\\x01"*printable UTF-8*' "run: a bad intent"
	agentns run --intent 0123456789012345678901234567890123456789012345678901234567890123 \
		cat /proc/self/agent_intent
	expect 0 "012345678901234567890123456789012345678901234567890123456789012" \
		"*warning*63 bytes*" "run: a long intent"
	unprivileged "$BUILD/agentns" run echo executed
	expect 1 "" "agentns: *CAP_SYS_ADMIN*unprivileged*" \
		"run: refused without privilege, not executed"
	# shellcheck disable=SC2016 # the inner shell expands them
	agentns run --intent outer sh -c '
		cat /proc/self/agent_session
		"$0" run cat /proc/self/agent_session
		"$0" run sh -c "\"\$0\" show \$\$" "$0"' "$BUILD/agentns"
	[ "$status" = 0 ] && [ "$(sed -n 1p "$tmp/out")" != "$(sed -n 2p "$tmp/out")" ] &&
		grep -q "PARENT *$(sed -n 1p "$tmp/out")" "$tmp/out" &&
		grep -q 'DEPTH *2' "$tmp/out"
	result_of $? "run: nested"
}

test_budget() {
	all="wall=1h,syscalls=1e7,write_bytes=10G,fork=1000,opens=7000,connects=8,unlinks=9"
	# shellcheck disable=SC2016
	agentns run --budget $all --on-exceed term sh -c '
		cd /sys/kernel/agentns/sessions/$(cat /proc/self/agent_session) &&
		cat action max_elapsed_ns max_syscalls max_write_bytes \
			max_forks max_opens max_connects max_unlinks'
	expect 0 "term
3600000000000
10000000
10737418240
1000
7000
8
9" "" "run: the whole budget arrives"
	agentns run --budget wall=9 sh -c \
		'cat /sys/kernel/agentns/sessions/*/action | sort | uniq -c'
	expect 0 "*1 kill*" "" "run: kill is the default"
	agentns run --budget write_bytes=1M cat /dev/zero
	expect 124 "*" "*the budget ended \"cat\": max_write_bytes reached" \
		"run: killed at the limit"
	# All of it is the command's: the launcher writes nothing in there.
	agentns run --budget write_bytes=1M sh -c 'cat /dev/zero >whole'
	expect 124 "" "*max_write_bytes reached" "run: what it may write"
	try stat -c %s whole
	expect 0 1048576 "" "run: to the byte"
	agentns run --budget write_bytes=1M --on-exceed term cat /dev/zero
	# Where the kernel does not say, a write that was not finished hides it.
	if [ "$says_exceeded" = yes ]; then
		expect 124 "*" "*the budget ended*" "run: terminated at the limit"
	else
		expect 143 "*" "" "run: terminated at the limit"
	fi
	agentns run --budget write_bytes=1K --on-exceed log \
		head -c 4096 /dev/zero
	expect 0 "*" "" "run: logged at the limit"
	agentns run --budget wall=1 sleep 20
	expect 124 "" "*the budget ended*max_elapsed_ns*" \
		"run: killed at the deadline"
}

test_ls_show() {
	start first fork=50
	agentns ls
	expect 0 "ID *PARENT*ELAPSED
*$id $zeros first *" "" "ls"
	agentns ls -n -r -o ID,INTENT,MAX_FORKS,ACTION,DEPTH
	expect 0 "*$id first 50 kill 1*" "" "ls: raw, chosen columns"
	if command -v python3 >/dev/null; then
		agentns ls -J
		python3 -c '
import json, sys
r = [s for s in json.load(open(sys.argv[1]))["sessions"] if s["id"] == sys.argv[2]][0]
assert r["intent"] == "first" and r["syscalls"] > 0 and r["opens"] > 0, r
assert r["elapsed"] > 0 and r["forks"] > 0, r' "$tmp/out" "$id"
		result_of $? "ls: JSON"
		agentns ls -J --output-all
		check_schema ls "$tmp/out" "ls: JSON as the schema has it"
		agentns show -J "$pid"
		check_schema show "$tmp/out" "show: JSON as the schema has it"
		agentns tree -J --output-all
		check_schema tree "$tmp/out" "tree: JSON as the schema has it"
	else
		skip "ls: JSON (python3 is missing)"
	fi
	agentns show "$pid"
	expect 0 "ID *$id*PROCESS *$pid (*)*INTENT *first*ACTION *kill*FORKS *of 50*" \
		"" "show PID"
	agentns show "$id"
	expect 0 "ID *$id*INTENT *first*" "" "show ID"
	agentns show $$
	expect 1 "" "*process $$ (*) is not in an agent session*" \
		"show: a process outside"
	agentns show 0000000000000000000000000000dead
	expect 1 "" "*no session 0000*" "show: unknown id"
	stop
	result_of $((status != 143)) "run: SIGTERM is passed on"
	agentns show "$id"
	expect 1 "" "*no session $id*" "show: a session that has ended"
	[ ! -e "$sessions/$id" ]
	result_of $? "a session that has ended has no directory"
}

test_no_directory() {
	dirs=$(cat /sys/kernel/agentns/max_session_dirs)
	echo 0 >/sys/kernel/agentns/max_session_dirs
	start hidden fork=50
	agentns show "$pid"
	expect 0 "ID *$id*INTENT *hidden*SYSCALLS *" "*no directory*" \
		"show PID: a session without a directory"
	agentns ls -n
	expect 0 "*" "*note: 1 sessions live, 0 are listed*" \
		"ls: a session without a directory"
	stop
	echo "$dirs" >/sys/kernel/agentns/max_session_dirs
}

# Sessions that end while they are read are no failure.
test_churn() {
	i=0
	while [ $i -lt 100 ]; do
		"$BUILD/agentns-unshare" true
		i=$((i + 1))
	done &
	churn=$!
	bad=0
	listed=0
	while kill -0 $churn 2>/dev/null; do
		agentns ls -n
		[ "$status" = 0 ] || bad=$((bad + 1))
		listed=$((listed + 1))
	done
	wait $churn
	[ $bad = 0 ] && [ $listed -gt 0 ]
	result_of $? "ls: sessions that end meanwhile"
	[ $bad = 0 ] || sed 's/^/# /' "$tmp/err"
}

test_unshare
test_run
test_budget
test_ls_show
test_no_directory
test_churn
tap_done
