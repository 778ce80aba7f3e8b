#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
# leaks: no
# thorough: yes
#
# docs/tutorial.md, out of that document: its commands work, one after the other in one shell, and say what the page
# says that they say, but for ids and figures.
set -u

top=$(cd "$(dirname "$0")/../.." && pwd -P)
# shellcheck source=userspace/tests/tap.sh
. "$top/userspace/tests/tap.sh"

page=$top/docs/tutorial.md
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing

# One script of all commands, which notes how each of them ended.
awk -v said="$tmp/said" -v dir="$tmp" '
	/^```/ { inside = !inside; next }
	inside && /^# / {
		text = substr($0, 3)
		n++
		print text >(dir "/command." n)
		if (n > 1)
			printf "status=$?; echo $status >%s/status.%d\n", dir, n - 1
		# Its own $? is to be that of the command before.
		printf "exec >%s.%d 2>&1; (exit ${status-0})\n%s\n", said, n, text
		next
	}
	inside { print >(dir "/page." n) }
	END { printf "echo $? >%s/status.%d\n", dir, n }' "$page" >"$tmp/script"
# As a console does it: nothing is read from it.
(cd "$tmp" && setsid -w bash "$tmp/script" </dev/null)

# shape FILE: without what differs from run to run, and from kernel to kernel.
shape() {
	sed -E 's/order: .*/order/; s/-rc[0-9]+//; s/-agentns-[a-z]+/-agentns/g; s/[0-9a-f]{12,32}/ID/g; s/[0-9a-f]{8}\.\.\./ID.../g; s/[0-9]+(\.[0-9]+)*/N/g; s/ +/ /g; s/ $//' "$1" | sort
}

commands=$(find "$tmp" -name 'command.*' | wc -l)
((commands >= 20))
result_of $? "the page has commands"
for ((n = 1; n <= commands; n++)); do
	text=$(cat "$tmp/command.$n")
	touch "$tmp/page.$n" "$tmp/said.$n"
	next=$(cat "$tmp/command.$((n + 1))" 2>/dev/null)
	# shellcheck disable=SC2016 # a command of the page
	[[ $next == 'echo $?' || $(cat "$tmp/status.$n") == 0 ]]
	result_of $? "it works: $text"
	differ=$(diff <(shape "$tmp/page.$n") <(shape "$tmp/said.$n"))
	result_of $? "and says what the page says"
	[[ -z $differ ]] || printf '%s\n' "$differ" | sed 's/^/# /'
	# What goes into the page, when it is to be written anew.
	sed 's/^/# | /' "$tmp/said.$n"
done
tap_done
