#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
# leaks: no
#
# The trace events through the tools that people use, and the one-liners of docs/tracing.md, out of that document. All
# of them listen to one scene, in which each event happens once: to start takes each of them many seconds in an
# emulator. AGENTNS_NIGHTLY=1 starts each one-liner by itself, besides.
set -u

top=$(cd "$(dirname "$0")/../.." && pwd -P)
# shellcheck source=userspace/tests/tap.sh
. "$top/userspace/tests/tap.sh"

tmp=$(mktemp -d) || exit 1
cd "$tmp" || exit 1
instance=/sys/kernel/tracing/instances/tracing-test
# shellcheck disable=SC2317 # a trap
clean_up() {
	# shellcheck disable=SC2046 # numbers
	kill $(jobs -p) 2>/dev/null
	echo 0 >"$instance/events/agent_ns/enable"
	rmdir "$instance"
	rm -rf "$tmp"
}
trap clean_up EXIT

# What a tool runs: tells that the tool listens, and ends when all is over.
mkfifo nobody
cat >wait-for <<'END'
exec 3<>nobody
: >"ready.$1"
until [[ -e over.$1 ]]; do read -r -t 0.2 -u 3; done
exit 0
END

# A tag and a name that want to be fields, each in the way of another tool, and how they are to be seen.
tag='a b", sid: 1, x: " sid=2) \x41 ü'
tag_seen='a b\x22, sid: 1, x: \x22 sid\x3d2) \x5cx41 \xc3\xbc'
# shellcheck disable=SC1003 # the backslash is one
name='" pid=1\'
name_seen='\x22 pid\x3d1\x5c'

# scene: a session that is given a tag, is entered, reaches a limit and is killed. Sets id and pid.
scene() {
	rm -f id go gone "$name"
	ln -s "$(type -P agentns)" "$name"
	# shellcheck disable=SC2016 # for the shell within
	agentns run --intent "$tag" --budget unlinks=1 -- bash -c '
		cat /proc/self/agent_session >id.new; mv id.new id
		until [[ -e go ]]; do read -r -t 0.1 -u 3; done 3<>nobody
		touch gone; rm go; rm gone' 2>/dev/null &
	local runner=$! status=0
	until [[ -e id ]]; do sleep 0.1; done
	id=$(cat id)
	# The process id stays what it is when agentns executes the command.
	"./$name" enter "$id" bash -c 'echo $$ >pid'
	pid=$(cat pid)
	: >go
	wait "$runner" || status=$?
	# The kernel ends a session in its own time.
	for _ in {1..200}; do
		! grep -q "agent_session_end: sid=$id" "$instance/trace" || break
		sleep 0.1
	done
	[[ $status == 124 ]]
	result_of $? 'a session is entered, reaches its limit and is killed'
}

declare -A job=()
listen() { # TOOL COMMAND...
	local tool=$1
	shift
	if ! type -P "$tool" >/dev/null; then
		skip "$tool ($tool is not installed)"
		return
	fi
	"$@" >"$tool.out" 2>"$tool.err" &
	job[$tool]=$!
}

# ready TOOL: waits until it listens. Where it does not, that is a failure, and it is out.
ready() {
	local tool=$1 began=$SECONDS
	until [[ -e ready.$tool ]]; do
		if ! kill -0 "${job[$tool]}" 2>/dev/null || ((SECONDS - began > 500)); then
			result false "$tool does not start"
			tail -n 20 "$tool.err" "$tool.out" | sed 's/^/# /'
			unset "job[$tool]"
			return
		fi
		sleep 0.1
	done
	echo "# $tool listens after $SECONDS s"
}

# over TOOL: all is over for it.
over() {
	local tool=$1 status=0
	[[ -n ${job[$tool]:-} ]] || return
	: >"over.$tool"
	wait "${job[$tool]}" || status=$?
	rm "ready.$tool" "over.$tool"
	result_of "$status" "$tool ends well"
	((status == 0)) || tail -n 20 "$tool.err" "$tool.out" | sed "s/^/# $status /"
}

# The events of the scene as "NAME FIELDS", sorted, from what a tool has printed.
events() { # TOOL
	case $1 in
	perf) sed -nE "s/^ *[0-9.]+ .* agent_ns:(agent_[a-z_]+)\((sid=$id .*)\)\$/\1 \2/p" perf.txt ;;
	trace-cmd) trace-cmd report -q -i trace.dat 2>&1 |
		sed -nE "s/^.* [0-9]+\.[0-9]+: +(agent_[a-z_]+): +(sid=$id .*)\$/\1 \2/p" ;;
	tracefs) sed -nE "s/^.* [0-9]+\.[0-9]+: (agent_[a-z_]+): (sid=$id .*)\$/\1 \2/p" "$instance/trace" ;;
	esac | sort
}

# said_instead TOOL: all of what a tool said, where that was not what it should have.
said_instead() {
	case $1 in
	perf) cat perf.txt ;;
	trace-cmd) ls -l trace.dat; trace-cmd report -i trace.dat 2>&1 ;;
	esac | cat - "$1.out" "$1.err" | head -n 60 | sed "s/^/# $1: /"
}

mapfile -t liners < <(sed -n "s/^    bpftrace -e '\(.*\)'\$/\1/p" "$top/docs/tracing.md")
((${#liners[@]} == 5))
result_of $? 'docs/tracing.md has five one-liners'
# said FILE NUMBER: did that one-liner tell of the scene?
said() {
	case $2 in
	1) grep -qxF "${id:0:8} $tag_seen" "$1" ;;
	2) grep -qxF "${id:0:8} joined by $pid, $name_seen" "$1" ;;
	3) grep -qx '@limits\[max_unlinks, kill\]: 1' "$1" ;;
	4) grep -qx '@seconds: *' "$1" && grep -qE '^[[(][0-9]+.* 1 \|@+\|$' "$1" ;;
	5) grep -qxE "${id:0:8} killed: max_unlinks, by [1-9][0-9]*" "$1" ;;
	esac
}

mkdir "$instance" && echo 1 >"$instance/events/agent_ns/enable" || exit 1
listen perf perf trace --libtraceevent_print -a -e 'agent_ns:*' -o perf.txt -- bash wait-for perf
# Not `trace-cmd record`: on 6.1, beside the two others, its recorders lost what one or both processors had told them,
# seen twice in four runs.
listen trace-cmd bash -c 'trace-cmd start -e agent_ns && bash wait-for trace-cmd && trace-cmd stop &&
	trace-cmd extract -o trace.dat && trace-cmd reset'
listen bpftrace bpftrace -c '/bin/bash wait-for bpftrace' -e "${liners[*]}"
for tool in "${!job[@]}"; do
	ready "$tool"
done
scene
# This one first: it reads /proc/kallsyms twice, and fails when BPF programs came or went meanwhile.
over trace-cmd
over perf
over bpftrace
echo "# all over after $SECONDS s"

events tracefs >tracefs.events
kinds=$(cut -d' ' -f1 tracefs.events | tr '\n' ' ')
[[ $kinds == 'agent_budget_exceeded agent_intent_set agent_session_end agent_session_kill agent_session_start agent_task_join ' ]]
result_of $? 'tracefs has each event of the scene once'
grep -qxF "agent_intent_set sid=$id intent=$tag_seen" tracefs.events
result_of $? 'with a tag that forges no field'
grep -qxF "agent_task_join sid=$id old_sid=00000000000000000000000000000000 pid=$pid tgid=$pid comm=$name_seen" tracefs.events
result_of $? 'and a name that forges none'
sed 's/^/# /' tracefs.events
for tool in perf trace-cmd; do
	[[ -n ${job[$tool]:-} ]] || continue
	events "$tool" >"$tool.events"
	differ=$(diff tracefs.events "$tool.events" | sed 's/^/# /')
	[[ -z $differ ]]
	result_of $? "$tool prints each event as tracefs does"
	printf '%s' "${differ:+$differ
}"
	[[ -z $differ ]] || said_instead "$tool"
done
if [[ -n ${job[bpftrace]:-} ]]; then
	for n in 1 2 3 4 5; do
		said bpftrace.out "$n"
		result_of $? "bpftrace: one-liner $n"
	done
	sed 's/^/# /' bpftrace.out bpftrace.err
fi
echo "# all read after $SECONDS s"

if [[ -n ${AGENTNS_NIGHTLY:-} && -n ${job[bpftrace]:-} ]]; then
	for n in 1 2 3 4 5; do
		listen bpftrace bpftrace -c '/bin/bash wait-for bpftrace' -e "${liners[n - 1]}"
		ready bpftrace
		scene
		over bpftrace
		said bpftrace.out "$n"
		result_of $? "bpftrace: one-liner $n by itself"
	done
fi
tap_done
