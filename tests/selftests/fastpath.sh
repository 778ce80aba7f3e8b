#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# leaks: no
# plain: yes
#
# The counted paths, as the compiler has made them: while credit lasts no LOCK prefix, no indirect jump, no write to
# memory but this processor's own (%gs:) and the stack. What has to wait, draw or refuse is in functions of its own,
# which these call and which are not looked at.
set -u

module=$(/sbin/modinfo -n agentns) || exit 1
code=$(objdump -dr --no-show-raw-insn "$module") || exit 1

# function NAME: its instructions, without addresses; parts that the compiler has split off as cold are others.
function_of() {
	awk -v name="<$1>:" '$2 == name { on = 1; next } /^$/ { on = 0 } on' <<<"$code" | sed 's/^ *[0-9a-f]*:[[:space:]]*//'
}

tests=0 failures=0
check() { # DESCRIPTION, and on standard input what must not be there
	local found
	found=$(cat)
	tests=$((tests + 1))
	if [[ -z $found ]]; then
		printf 'ok %d %s\n' "$tests" "$1"
	else
		printf 'not ok %d %s\n' "$tests" "$1"
		sed 's/^/# /' <<<"$found"
		failures=$((failures + 1))
	fi
}

paths=(agentns_syscall_enter_hook agentns_uring_request_hook agentns_write_begin_hook agentns_write_end_hook)
! grep -q '<agentns_account_cpu_hook>:' <<<"$code" || paths+=(agentns_account_cpu_hook)

printf 'TAP version 13\n1..%d\n' $((4 * ${#paths[@]} + 3))
for f in "${paths[@]}"; do
	text=$(function_of "$f")
	printf '# %s: %d instructions in all\n' "$f" "$(grep -c '^[a-z]' <<<"$text")"
	check "$f is there" < <(((${#text} > 100)) || echo "no such function in $module")
	check "$f: no LOCK prefix" < <(grep -E '^lock |^xchg .*\(' <<<"$text")
	check "$f: no indirect jump or call" < <(grep -E '^(jmp|call|notrack jmp) +\*|indirect_thunk' <<<"$text")
	# A store's last operand is memory. Comparisons and tests only read, lea touches nothing, push is the stack.
	stores=$(grep -E '^[a-z]+ .*\)$|^[a-z]+ .*%gs:[^,]*$' <<<"$text" | grep -vE '^(cmp|test|bt|lea|nop|cs nop|data16|call|jmp|prefetch|push)' |
		grep -vE ',%[a-z0-9]+$')
	case $f in
	# These fill in what their caller hands them, on its stack or in its request.
	agentns_write_begin_hook) allowed='%gs:|\((%rsp|%rbp|%rdi|%rbx|%r1[2-5]|%rdx|%rbp)\)' ;;
	# Somebody who gives back says so, once until the next recall.
	agentns_write_end_hook | agentns_account_cpu_hook) allowed='%gs:|\((%rsp|%rbp|%rax|%rbx|%r1[2-5]|%rdi)\)' ;;
	*) allowed='%gs:|\(%rsp\)' ;;
	esac
	check "$f: no write that another processor sees" < <(grep -vE "$allowed" <<<"$stores" | grep .)
done

# The tests of this test: it sees all three where they are, in what is not a counted path.
slow=$(function_of agentns_draw; function_of agentns_kill; function_of agentns_session_tryget; function_of agentns_draw_locked)
check "a LOCK prefix is seen where there is one" < <(grep -qE '^lock ' <<<"$(function_of agentns_session_tryget)$slow" ||
	echo "none in the slow paths, where there must be some")
check "an indirect call is seen where there is one" < <(grep -qE '^(jmp|call) +\*|indirect_thunk' \
	<<<"$(function_of agentns_attr_show)" || echo "none in agentns_attr_show")
check "a write is seen where there is one" < <(grep -qE '\)$' <<<"$slow" || echo "none in the slow paths")
printf '# Totals: pass:%d fail:%d xfail:0 xpass:0 skip:0 error:0\n' $((tests - failures)) "$failures"
((failures == 0))
