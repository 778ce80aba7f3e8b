#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# leaks: no
#
# agentns events --connector. The kernel's side is in connector.c.
set -u

# shellcheck source=userspace/tests/tap.sh
. "$(dirname "$0")/../../userspace/tests/tap.sh"

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# watch COMMAND...: run it while the program listens with $options. Its output goes to $tmp/events, what COMMAND says
# to $tmp/said, and how the program ended to $status.
watch() {
	local watcher last
	# shellcheck disable=SC2086 # options
	agentns events --connector $options >"$tmp/events" 2>"$tmp/err" &
	watcher=$!
	# It listens when it has seen one.
	for _ in {1..200}; do
		unshare -u true
		[[ ! -s $tmp/events ]] || break
		sleep 0.05
	done
	"$@" >"$tmp/said"
	# A process tells of its exit after its parent could have seen it; and what comes last comes behind the rest.
	sleep 0.2
	# shellcheck disable=SC2016 # for the shell within
	last=$(unshare -u sh -c 'echo $$')
	for _ in {1..200}; do
		! grep -qE "namespace.*[ :]${last}[/,].*uts" "$tmp/events" || break
		sleep 0.05
	done
	kill -TERM "$watcher"
	wait "$watcher"
	status=$?
}

# The part of a list that a process and its descendants have.
of() { # PID [PID]
	grep -E " ($1/$1|${2:-$1}/${2:-$1})( |$)" "$tmp/events" | cut -d' ' -f2- | tr -s ' '
}

# shellcheck disable=SC2317 # called by watch
run_it() {
	# shellcheck disable=SC2016 # for the shell within
	sh -c 'echo $$; exec unshare -n -f sh -c "echo \$\$; exec ls -l /proc/self/ns/net"'
}

old=$(stat -L -c %i /proc/self/ns/net)

options=--processes
watch run_it
{ read -r tool; read -r ls; read -r link; } <"$tmp/said"
new=${link##*[}
new=${new%]}
# The two exits may overtake one another.
expected="fork $tool/$tool of
exec $tool/$tool
exec $tool/$tool
namespace $tool/$tool net unshare $old -> $new
fork $ls/$ls of
exec $ls/$ls
exec $ls/$ls
$(printf 'exit %s status 0 signal 0\n' "$ls/$ls" "$tool/$tool" | sort)"
list=$(of "$tool" "$ls" | sed 's/ of .*/ of/')
got="$(grep -v ^exit <<<"$list")
$(grep ^exit <<<"$list" | sort)"
[[ $got == "$expected" ]]
result_of $? 'the processes and the namespace of unshare -n -f are told in order'
[[ $got == "$expected" ]] || printf '%s\n' "$got" | sed 's/^/# /'
[[ $status == 143 && ! -s $tmp/err ]]
result_of $? 'a signal ends it as it ends others'

options=
watch run_it
{ read -r tool; read -r ls; read -r link; } <"$tmp/said"
new=${link##*[}
new=${new%]}
[[ $(of "$tool" "$ls") == "namespace $tool/$tool net unshare $old -> $new" ]]
result_of $? 'without --processes there are namespaces alone'
! grep -v '^[0-9]*\.[0-9]\{9\} namespace ' "$tmp/events"
result_of $? 'and no other line'

options=--json
watch agentns run -- sh -c 'echo $$; stat -L -c %i /proc/self/ns/agent'
{ read -r tool; read -r new; } <"$tmp/said"
grep -q "\"event\":\"namespace\",\"pid\":$tool,\"tid\":$tool,\"type\":\"agent\",\"reason\":\"prctl\",\"old\":4026531830,\"new\":$new}\$" \
	"$tmp/events"
result_of $? '--json tells of a session that a process has entered'
[[ $(grep -c . "$tmp/events") == $(grep -c '^{"time":[0-9]*\.[0-9]\{9\},.*}$' "$tmp/events") ]]
result_of $? 'each line is an object'

# Since Linux 6.6 everybody may listen.
timeout 3 setpriv --reuid=65534 --clear-groups agentns events --connector >"$tmp/out" 2>"$tmp/err"
status=$?
[[ $status == 124 && ! -s $tmp/err ]] ||
	{ [[ $status == 1 && ! -s $tmp/out && $(wc -l <"$tmp/err") == 1 ]] && grep -q 'as root' "$tmp/err"; }
result_of $? 'an ordinary user may listen, or is told to be root'
timeout 20 unshare -U -r agentns events --connector >"$tmp/out" 2>"$tmp/err"
[[ $? == 1 && ! -s $tmp/out && $(wc -l <"$tmp/err") == 1 ]]
result_of $? 'in a user namespace it says why it cannot, in one line'
sed 's/^/# /' "$tmp/err"

tap_done
