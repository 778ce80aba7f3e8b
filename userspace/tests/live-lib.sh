# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# For tests of the programs on a kernel with agent sessions; needs tap.sh.
# SANITIZE=1 takes those that were built with sanitizers.

BUILD=${BUILD:-$here/../build${SANITIZE:+/sanitize}}
# The tests that source this read them.
# shellcheck disable=SC2034
{
sysctl=/proc/sys/kernel/agent_ns
sessions=/sys/kernel/agentns/sessions
zeros=00000000000000000000000000000000
}

if [ ! -e /proc/self/agent_session ]; then
	echo "1..0 # SKIP this kernel has no agent sessions, or agentns.ko is not loaded"
	exit 0
fi
if [ -n "${SANITIZE:-}" ]; then
	if [ ! -x "$BUILD/agentns" ]; then
		echo "1..0 # SKIP the programs with sanitizers are not built: make -C userspace SANITIZE=1"
		exit 0
	fi
	# shellcheck source=tests/sanitizers.sh
	. "$here/sanitizers.sh"
fi
tmp=$(mktemp -d) || exit 1
chmod 755 "$tmp"
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP
unset AGENT_INTENT

# try COMMAND... - run into $tmp/out and $tmp/err, status in $status
try() {
	"$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
}

agentns() {
	try "$BUILD/agentns" "$@"
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

# module_cannot - did the last run say that this module is too old for it?
module_cannot() {
	grep -q 'load a later one\|does not know such\|build a later one\|has no ' "$tmp/err"
}

unprivileged() {
	try setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# asleep PID - is that sleep(1), and does it sleep?
asleep() {
	grep -q '^[0-9]* (sleep) S ' "/proc/$1/stat"
}

# shellcheck disable=SC2034 # the tests read id and pid
# start NAME BUDGET - a session that sleeps, its id in $id and its PID in $pid
start() {
	"$BUILD/agentns" run --intent "$1" --budget "$2" -- sh -c '
		cat /proc/self/agent_session >'"$tmp"'/id.new
		echo $$ >'"$tmp"'/pid
		mv '"$tmp"'/id.new '"$tmp"'/id
		exec sleep 100' &
	runner=$!
	while [ ! -e "$tmp/id" ]; do sleep 0.1; done
	id=$(cat "$tmp/id")
	pid=$(cat "$tmp/pid")
	rm "$tmp/id"
	# Until then the session has another process, mv.
	until_true asleep "$pid"
}

# until_true COMMAND... - for at most 20 seconds
until_true() {
	n=0
	until "$@"; do
		n=$((n + 1))
		[ $n -lt 200 ] || return 1
		sleep 0.1
	done
}

stop() {
	kill "$runner"
	wait "$runner"
	status=$?
}

# says_exceeded: does this module tell which limits were reached?
# shellcheck disable=SC2034
if "$BUILD/agentns-unshare" sh -c 'ls /sys/kernel/agentns/sessions/*/exceeded' >/dev/null 2>&1; then
	says_exceeded=yes
else
	says_exceeded=no
fi
