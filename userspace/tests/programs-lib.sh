# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# For tests of the programs: run them, look at what they say, and make trees of
# files that look like a system with sessions, for --sysroot.

LC_ALL=C.UTF-8
export LC_ALL
unset AGENT_INTENT

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP

# agentns, agentns-unshare: run into $tmp/out and $tmp/err, status in $status
agentns() {
	# shellcheck disable=SC2086 # valgrind and its options
	${VALGRIND_CMD:-} "$BUILD/agentns" "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
}

unshare() {
	# shellcheck disable=SC2086
	${VALGRIND_CMD:-} "$BUILD/agentns-unshare" "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
}

# expect STATUS STDOUT STDERR TEXT - the last run; the two are case patterns
expect() {
	good=true
	[ "$status" = "$1" ] || good=false
	# shellcheck disable=SC2254 # they are patterns
	case $(cat "$tmp/out") in $2) ;; *) good=false ;; esac
	# shellcheck disable=SC2254
	case $(cat "$tmp/err") in $3) ;; *) good=false ;; esac
	result $good "$4"
	if [ $good = false ]; then
		echo "# status $status"
		sed 's/^/# stdout: /' "$tmp/out"
		sed 's/^/# stderr: /' "$tmp/err"
	fi
}

# one_line TEXT - the last run said one thing only
one_line() {
	[ "$(wc -l <"$tmp/err")" = 1 ]
	result_of $? "$1"
}

stock_kernel() {
	[ ! -e /proc/self/agent_session ]
}

# make_root - an empty system, $tmp/root; its sessions are in $sessions
make_root() {
	sessions=$tmp/root/sys/kernel/agentns/sessions
	mkdir -p "$sessions" "$tmp/root/proc"
}

# make_session ID INTENT ELAPSED_NS
make_session() {
	mkdir -p "$sessions/$1/counters"
	(
		cd "$sessions/$1" || exit 1
		printf '%s\n' "$2" >intent
		echo 00000000000000000000000000000000 >parent
		echo 1 >depth
		echo 77 >inum
		echo kill >action
		for f in max_syscalls max_write_bytes max_elapsed_ns \
			max_forks max_opens max_connects max_unlinks; do
			echo max >$f
		done
		echo 18446744073709551615 >counters/total_syscalls
		for f in openat_count write_bytes connect_count unlink_count \
			fork_count; do
			echo 5 >counters/$f
		done
		echo "$3" >counters/elapsed_ns
	)
}

# make_process PID COMM SESSION [PPID [STATE]]
make_process() {
	mkdir -p "$tmp/root/proc/$1"
	(
		cd "$tmp/root/proc/$1" || exit 1
		printf '%s\n' "$2" >./comm
		printf 'Name:\t%s\nTgid:\t%s\n' "$2" "$1" >status
		printf '%s (%s) %s %s 0 0\n' "$1" "$2" "${5:-S}" "${4:-1}" >stat
		printf '%s\0--option\0' "$2" >cmdline
		mkdir -p "task/$1"
		echo "$3" >"task/$1/agent_session"
		echo "$3" >agent_session
		echo tag >agent_intent
		echo '{"total_syscalls":1,"openat_count":2,"write_bytes":3,"connect_count":4,"unlink_count":5,"fork_count":6,"elapsed_ns":1234567890}' >agent_counters
	)
}

# check_json PYTHON TEXT - what the last run printed, as j
check_json() {
	if ! command -v python3 >/dev/null; then
		skip "$2 (python3 is missing)"
		return
	fi
	[ "$status" = 0 ] &&
		python3 -c "import json, sys; j = json.load(sys.stdin)$1" \
			<"$tmp/out" >"$tmp/json" 2>&1
	result_of $? "$2"
	sed 's/^/# /' "$tmp/json"
}

