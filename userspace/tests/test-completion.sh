#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Completion: what the shells offer is what --help says, asked of the shells.

set -u

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"

LC_ALL=C.UTF-8
export LC_ALL
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP
PATH=$BUILD:$PATH

show_diff() {
	sed 's/^/# /' "$tmp/diff"
}

commands=$("$BUILD/agentns" --help | sed -n '/^Commands:/,/^$/s/^ \([a-z]*\) .*/\1/p')

# help_options COMMAND... - long and short options, as --help has them
help_options() {
	"$@" --help | sed -n 's/^ \(-.\), \(--[a-z-]*\).*/\1\n\2/p
		s/^     \(--[a-z-]*\).*/\1/p' | sort
}

# bash_offers WORD... - what bash completes the last of these words to
bash_offers() {
	bash -c '
		compopt() { :; }
		. "$1"
		shift
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_agentns "$1" "${COMP_WORDS[COMP_CWORD]}" ""
		((${#COMPREPLY[@]} == 0)) || printf "%s\n" "${COMPREPLY[@]}"
	' bash "$BUILD/completion/agentns.bash" "$@" | sort
}

offers() { # TEXT WANT WORD...
	text=$1
	printf '%s' "$2" | tr ' ' '\n' | sed '/^$/d' | sort >"$tmp/want"
	shift 2
	bash_offers "$@" >"$tmp/got"
	diff "$tmp/want" "$tmp/got" >"$tmp/diff"
	result_of $? "bash: $text"
	show_diff
}

test_bash() {
	bash -n "$BUILD/completion/agentns.bash"
	result_of $? "bash: the script is well-formed"
	offers "the commands" "$commands" agentns ""
	for c in $commands; do
		help_options agentns "$c" >"$tmp/want"
		bash_offers agentns "$c" - >"$tmp/got"
		diff "$tmp/want" "$tmp/got" >"$tmp/diff"
		result_of $? "bash: the options of $c are those of its --help"
		show_diff
	done
	help_options agentns-unshare >"$tmp/want"
	bash_offers agentns-unshare - >"$tmp/got"
	diff "$tmp/want" "$tmp/got" >"$tmp/diff"
	result_of $? "bash: the options of agentns-unshare"
	offers "words" "kill" agentns run --on-exceed k
	offers "words, after =" "kill" agentns run --on-exceed = k
	offers "columns" "ID,INTENT ID,INUM" agentns ls -o ID,IN
	offers "columns, added" "+DEPTH" agentns ls -o +D
	offers "a command's own options are not ours" "" agentns run true -
	offers "nor after --" "" agentns run -- true -
	offers "an option's argument is no command" "--on-exceed" \
		agentns run --intent x --on-
	offers "a free text" "" agentns run --intent ""
	command_begins_at 2 agentns run sh -
	command_begins_at 3 agentns run -- sh -
	command_begins_at 3 agentns enter 1234 sh
	command_begins_at 4 agentns enter 1234 -- sh -
	command_begins_at 4 agentns enter -- 1234 sh
}

# command_begins_at INDEX WORD... - what bash-completion is told of the command that is run
command_begins_at() {
	want=$1
	shift
	got=$(bash -c '
		_command_offset() { echo "$1"; }
		. "$1"
		shift
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_agentns
	' bash "$BUILD/completion/agentns.bash" "$@")
	[ "$got" = "$want" ]
	result_of $? "bash: where the command begins: $*"
}

# Every option that zsh's functions are given, in the same form.
zsh_options() {
	sed -n "/^_$1()/,/^}/p" "$BUILD/completion/agentns.zsh" |
		grep -o -e "{-.+\{0,1\},--[a-z-]*" -e "'--[a-z-]*" |
		tr -d "{'+" | tr ',' '\n' | sort
}

test_zsh() {
	for c in $commands; do
		help_options agentns "$c" >"$tmp/want"
		zsh_options "agentns_$c" >"$tmp/got"
		diff "$tmp/want" "$tmp/got" >"$tmp/diff"
		result_of $? "zsh: the options of $c are those of its --help"
		show_diff
	done
	if ! command -v zsh >/dev/null; then
		skip "zsh: the script is well-formed (zsh is missing)"
		skip "zsh: completes (zsh is missing)"
		return
	fi
	zsh -n "$BUILD/completion/agentns.zsh"
	result_of $? "zsh: the script is well-formed"
	mkdir -p "$tmp/zsh"
	cp "$BUILD/completion/agentns.zsh" "$tmp/zsh/_agentns"
	# A shell on a terminal of its own, as completion wants one.
	cat >"$tmp/zshrc" <<END
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'PS1=; fpath=($tmp/zsh \$fpath); autoload -U compinit; compinit -D -u; PATH=$PATH; print ready'
until_seen() {
	local chunk
	seen=
	repeat 200; do
		while zpty -r -t z chunk; do seen+=\$chunk; done
		[[ \$seen == *\$~1* ]] && return
		sleep 0.1
	done
}
until_seen \$'ready\r'
zpty -w -n z \$'agentns ls --noh\t'
until_seen --noheadings
print -r -- "\$seen"
zpty -d z
END
	timeout 60 zsh -f "$tmp/zshrc" >"$tmp/out" 2>&1
	grep -q -e 'ls --noheadings' "$tmp/out"
	result_of $? "zsh: completes an option"
}

if command -v bash >/dev/null; then
	test_bash
else
	skip "bash (it is missing)"
fi
test_zsh
tap_done
