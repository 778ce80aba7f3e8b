#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# agentns and agentns-unshare, as a user calls them.
#
# On a kernel without agent sessions, and with --sysroot on a tree of files.
# Where the kernel has them, what needs a stock kernel is skipped.

set -u

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"

# shellcheck source=tests/programs-lib.sh
. "$(dirname "$0")/programs-lib.sh"

test_usage() {
	agentns
	expect 2 "" "*no command was given*--help*" "agentns: no command"
	agentns --help
	expect 0 "Usage: agentns *run*ls*show*" "" "agentns --help"
	agentns -V
	expect 0 "agentns [0-9]*" "" "agentns -V"
	agentns bogus
	expect 2 "" "*\"bogus\"*--help*" "agentns: unknown command"
	agentns "$(printf 'a\033[2J')"
	expect 2 "" '*"a\\x1b\[2J"*' "agentns: unknown command is escaped"
	agentns --bogus
	expect 2 "" "*--bogus*" "agentns: unknown option"
	for c in run ls show; do
		agentns $c --help
		expect 0 "Usage: agentns $c *" "" "agentns $c --help"
		agentns $c --version
		expect 0 "agentns [0-9]*" "" "agentns $c --version"
		agentns $c --bogus
		expect 2 "" "agentns $c: *--bogus*agentns $c --help*" \
			"agentns $c: unknown option"
	done
	"$BUILD/agentns" --help 2>"$tmp/err" >/dev/full
	status=$?
	: >"$tmp/out"
	expect 1 "" "*cannot write to standard output*" \
		"agentns: a full disk is noticed"
	"$BUILD/agentns" --help 2>"$tmp/err" >&-
	status=$?
	expect 1 "" "*cannot write to standard output*" \
		"agentns: and a standard output that is closed"
	"$BUILD/agentns" bogus 2>"$tmp/err" >&-
	status=$?
	expect 2 "" '*"bogus"*' \
		"agentns: but not where there was nothing to write"
}

test_usage_run() {
	agentns run
	expect 2 "" "*no command*run --help*" "run: no command"
	agentns run --intent
	expect 2 "" "*--intent*" "run: --intent without a tag"
	agentns run --on-exceed log -- true
	expect 2 "" "*--on-exceed without --budget*" "run: action, no budget"
	agentns run --budget wall=1 --on-exceed pause -- true
	expect 2 "" '*"pause"*log, term, kill, stop and deny*' "run: unknown action"
	agentns run --grace 5 --budget wall=1 -- true
	expect 2 "" "*--grace goes with*term*" "run: grace, and kill"
	agentns run --grace 0 --on-exceed term --budget wall=1 -- true
	expect 2 "" '*bad --grace "0"*' "run: no grace"
	agentns run --user "$(printf 'a\033b')" -- true
	expect 2 "" '*no user "a\\x1bb"*' "run: an unknown user"
	agentns run --user 99999 -- true
	expect 2 "" '*user "99999"*--group*' "run: a user without an entry"
	agentns run --group nosuchgroup -- true
	expect 2 "" '*no group "nosuchgroup"*' "run: an unknown group"
	agentns run --env =x -- true
	expect 2 "" '*bad --env "=x"*' "run: a variable without a name"
	agentns run --json-stats "$tmp/none/x" -- true
	expect 1 "" '*cannot write*none/x*No such file*' "run: no place for statistics"
	agentns run --budget "wall=1,syscalls=1x,fork=1" -- true
	expect 2 "" '*bad budget: "syscalls=1x": a count is*' \
		"run: bad budget names the part"
	agentns run --budget "wall=1," -- true
	expect 2 "" '*bad budget "wall=1,"*missing at character 8' \
		"run: an empty part names the place"
	agentns run --budget "" -- true
	expect 2 "" '*bad budget ""*missing*' "run: empty budget"
	agentns run --budget "$(printf 'w\033all=1')" -- true
	expect 2 "" '*"w\\x1ball"*unknown key*' "run: bad budget is escaped"
}

test_no_support() {
	agentns run -- echo executed
	expect 1 "" "agentns: cannot create an agent session: *agentns.ko*modprobe agentns*" \
		"run: no support, not executed"
	one_line "run: no support, one sentence"
	agentns run --intent t --budget wall=1h --on-exceed log echo executed
	expect 1 "" "*cannot create an agent session*" \
		"run: no support, all options"
	agentns ls
	expect 1 "" "agentns: cannot list agent sessions: *modprobe agentns*" \
		"ls: no support"
	one_line "ls: no support, one sentence"
	agentns show $$
	expect 1 "" "agentns: cannot show $$: *modprobe agentns*" \
		"show PID: no support"
	agentns show abcd
	expect 1 "" "agentns: cannot show abcd: *modprobe agentns*" \
		"show ID: no support"

	unshare echo executed
	expect 0 "executed" "agentns-unshare: warning: *agentns.ko*modprobe agentns*" \
		"unshare: no support, executed"
	one_line "unshare: no support, one sentence"
	unshare sh -c 'exit 7'
	expect 7 "" "*warning*" "unshare: the command's status"
	AGENT_INTENT=$(printf 'bad\001'); export AGENT_INTENT
	# shellcheck disable=SC2016 # the inner shell expands it
	unshare sh -c 'printf %s "$AGENT_INTENT" | od -An -c'
	expect 0 "*b*a*d*001*" "*warning*" \
		"unshare: no support, the intent does not matter"
	unset AGENT_INTENT
}

test_unshare() {
	unshare
	expect 2 "" "*no command*--help*" "unshare: no command"
	unshare --bogus true
	expect 2 "" "*--bogus*--help*" "unshare: unknown option"
	unshare --help
	expect 0 "Usage: agentns-unshare CMD*" "" "unshare --help"
	unshare --version
	expect 0 "agentns-unshare [0-9]*" "" "unshare --version"
	if ! stock_kernel; then
		skip "unshare: executing (this kernel has agent sessions)"
		return
	fi
	unshare echo --help -x
	expect 0 "--help -x" "*" "unshare: the command's options are its own"
	unshare -- echo -- a
	expect 0 "-- a" "*" "unshare: -- ends options"
	unshare "$tmp/nonexistent"
	expect 127 "" "*cannot execute*nonexistent*No such file*" \
		"unshare: no such command"
	"$BUILD/agentns-unshare" "$tmp/nonexistent" 2>"$tmp/err" >&-
	status=$?
	expect 127 "" "*cannot execute*nonexistent*No such file*" \
		"unshare: the same where standard output is closed"
	"$BUILD/agentns-unshare" sh -c '[ ! -e /proc/self/fd/1 ]' 2>"$tmp/err" >&-
	status=$?
	expect 0 "" "*" "unshare: the command finds closed what was closed"
	unshare /
	expect 127 "" '*cannot execute "/"*denied*' "unshare: not a program"
	unshare ""
	expect 127 "" '*cannot execute ""*' "unshare: an empty command"
}

test_sysroot() {
	a=a0000000000000000000000000000001
	b=a0000000000000000000000000000002
	n=12345678901234567890123456789012
	make_root

	agentns ls --sysroot "$tmp/root" -J
	expect 0 '*"sessions": *\[*]*' "" "ls: none, JSON"
	agentns ls --sysroot "$tmp/root" -n
	expect 0 "" "" "ls: none"

	make_session $a "$(printf 'n\303\251 \033[2J')" 2000000000
	make_session $b "two words" 3000000000
	make_session $n "" 1500000000
	echo 10 >"$sessions/$b/max_forks"

	agentns ls --sysroot "$tmp/root"
	expect 0 "ID *PARENT *INTENT *SYSCALLS *OPENS *WRITE_BYTES *CONNECTS *UNLINKS *FORKS *ELAPSED
$b 0000* two words * 18446744073709551615 * 3.000
$a 0000* né \\\\x1b\[2J * 2.000
$n 0000* 1.500" "" "ls: columns, order, escapes"
	agentns ls --sysroot "$tmp/root" -n -r -o id,Intent,MAX_FORKS
	expect 0 "$b two\\\\x20words 10
$a *\\\\x1b*
$n*" "" "ls: raw, chosen columns"
	agentns ls --sysroot "$tmp/root" -o +DEPTH,INUM,ACTION -n
	expect 0 "$b * 3.000 * 1 * 77 kill*" "" "ls: added columns"
	agentns ls --sysroot "$tmp/root" -o ID,BOGUS
	expect 2 "" '*"BOGUS"*' "ls: unknown column"
	agentns ls --sysroot "$tmp/root" -o ""
	expect 2 "" '*column ""*' "ls: no column"
	agentns ls -J -r
	expect 2 "" "*exclude*" "ls: JSON and raw"
	agentns ls extra
	expect 2 "" '*"extra"*' "ls: an argument"

	agentns ls --sysroot "$tmp/root" -J -o ID,SYSCALLS,ELAPSED,MAX_FORKS,DEPTH,INTENT
	check_json '
s = j["sessions"]
assert [r["id"][:2] for r in s] == ["a0", "a0", "12"], s
assert s[0]["syscalls"] == 18446744073709551615, s
assert s[0]["elapsed"] == 3.0 and s[0]["max_forks"] == 10, s
assert s[1]["max_forks"] is None and s[0]["depth"] == 1, s
assert s[1]["intent"] == "n\u00e9 \033[2J", s' "ls: typed JSON"
	check_schema ls_chosen "$tmp/out" "ls: JSON as the schema has it"

	echo 5000 >"$tmp/root/sys/kernel/agentns/sessions_live"
	agentns ls --sysroot "$tmp/root" -n
	expect 0 "$b*" "*note: 5000 sessions live, 3 are listed*max_session_dirs*" \
		"ls: sessions without a directory are told of"
	echo 3 >"$tmp/root/sys/kernel/agentns/sessions_live"
	agentns ls --sysroot "$tmp/root" -n
	expect 0 "$b*" "" "ls: all are listed, no note"
}

test_show() {
	root="--sysroot $tmp/root"
	echo 1000 >"$sessions/$b/max_elapsed_ns"
	make_process 4242 gcc $a
	make_process 1234 "$(printf 'x\033[2J')" 00000000000000000000000000000000
	make_process 1235 sh ffff0000000000000000000000000001

	# shellcheck disable=SC2086 # $root is an option and its argument
	{
	agentns show $root 4242
	expect 0 "ID  *$a*PROCESS * 4242 (gcc)*INTENT *\\\\x1b\[2J*NAMESPACE * agent:\[77]*ACTION *kill*SYSCALLS * 18446744073709551615*ELAPSED * 2.000" \
		"" "show PID"
	agentns show $root $b
	expect 0 "ID *$b*INTENT *two words*FORKS *5 of 10*ELAPSED *3.000 of 0.000" \
		"" "show ID"
	agentns show $root 12345678
	expect 0 "ID *$n*" "" "show: digits that are no PID are an id"
	agentns show $root 1234
	expect 1 "" '*process 1234 (x\\x1b\[2J) is not in an agent session*agentns ls*' \
		"show: digits that are a PID are a PID; its name is escaped"
	make_process 1234567890 big $a
	agentns show $root 1234567890
	expect 0 "ID *$a*PROCESS * 1234567890 (big)*" "" "show: a big PID"
	agentns show $root $n
	expect 0 "ID *$n*" "" "show: 32 decimal digits are an id"
	make_process 1234567 other $a
	make_session 0123456700000000000000000000000f "" 1
	agentns show $root 01234567
	expect 0 "ID *0123456700000000000000000000000f*" "" \
		"show: digits that begin with 0 are an id"
	agentns show $root 18446744073709555858
	expect 1 "" "*no session 18446744073709555858...*" \
		"show: no PID has 20 digits"
	agentns show $root A0000000000000000000000000000002
	expect 0 "ID *$b*" "" "show: upper case"
	agentns show $root a000
	expect 1 "" '*"a000" is the beginning of 2 session ids, a0*more digits*' \
		"show: ambiguous"
	agentns show $root ffee
	expect 1 "" "*no session ffee...*agentns ls*" "show: unknown id"
	agentns show $root 999999
	expect 1 "" "*no process and no session 999999...*" \
		"show: neither process nor session"
	agentns show $root 99
	expect 1 "" "*no process 99*" "show: unknown PID"
	agentns show $root abc
	expect 2 "" '*"abc" is neither*' "show: 3 digits"
	agentns show $root "$(printf '\033x')"
	expect 2 "" '*"\\x1bx" is neither*' "show: rubbish is escaped"
	agentns show $root "${n}0"
	expect 2 "" "*neither*" "show: 33 digits"
	agentns show $root
	expect 2 "" "*no PID*" "show: no argument"
	agentns show $root 1 2
	expect 2 "" "*more than one*" "show: two arguments"
	agentns show $root 1235
	expect 0 "ID *ffff0000000000000000000000000001*SYSCALLS *1*ELAPSED *1.234" \
		"*no directory*max_session_dirs*" \
		"show PID: a session without a directory"
	make_session ffff0000000000000000000000000002 "" 1
	agentns show $root ffff
	expect 1 "" '*"ffff" is the beginning of 2 session ids*' \
		"show: ambiguous, with one that has no directory"
	make_process 1236 third ffff0000000000000000000000000003
	make_process 1237 third ffff0000000000000000000000000003
	make_process 1238 first ffff0000000000000000000000000001
	agentns show $root ffff
	expect 1 "" '*"ffff" is the beginning of several session ids*among them*' \
		"show: ambiguous, with two processes of a third"
	rm -r "$tmp/root/proc/1236" "$tmp/root/proc/1237" "$tmp/root/proc/1238"
	agentns show $root ffff0000000000000000000000000001
	expect 0 "ID *ffff0000000000000000000000000001*" "*no directory*" \
		"show: all of that one's id"
	rm -r "${sessions:?}/ffff0000000000000000000000000002"

	agentns show $root -J 4242
	}
	check_json '
assert j["id"] == "'$a'" and j["pid"] == 4242 and j["comm"] == "gcc", j
assert j["counters"]["total_syscalls"] == 18446744073709551615, j
assert j["limits"]["max_forks"] is None and j["depth"] == 1, j
assert j["intent"] == "n\u00e9 \033[2J", j' "show: JSON"
	check_schema show "$tmp/out" "show: JSON as the schema has it"
}

test_usage
test_usage_run
test_unshare
if stock_kernel; then
	test_no_support
else
	skip "a stock kernel (this one has agent sessions)"
fi
test_sysroot
test_show
tap_done
