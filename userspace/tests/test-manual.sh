#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The man pages: well-formed, and telling of every command and option.

set -u

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"

ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
LC_ALL=C.UTF-8
export ASAN_OPTIONS LC_ALL
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP

show_diff() {
	sed 's/^/# /' "$tmp/diff"
}

for page in $MAN_PAGES; do
	name=$(basename "$page")
	if command -v mandoc >/dev/null; then
		# scdoc writes .PP more often than it has to.
		mandoc -T lint -W warning "$page" 2>&1 |
			grep -v 'skipping paragraph macro' >"$tmp/diff"
		[ ! -s "$tmp/diff" ]
		result_of $? "$name: mandoc finds nothing"
		show_diff
	else
		skip "$name: mandoc (mandoc is missing)"
	fi
	if command -v man >/dev/null && command -v groff >/dev/null; then
		MANWIDTH=80 man --warnings -l "$page" 2>"$tmp/diff" >"$tmp/text"
		[ ! -s "$tmp/diff" ] && [ -s "$tmp/text" ]
		result_of $? "$name: man warns of nothing"
		show_diff
	else
		skip "$name: man (man or groff is missing)"
	fi
done

# words COMMAND... - the long options that its --help names at the line's start
options_of() {
	"$@" --help | sed -n 's/^ \(-.,\|   \) \(--[a-z-]*\).*/\2/p' | sort
}

# Of the part of the page for one command, and of the part for tables.
section() {
	sed -n "/^## agentns $1 /,/^#/p" "$here/../man/agentns.1.scd"
}

tables() {
	sed -n '/^# OPTIONS FOR TABLES/,/^# EXIT/p' "$here/../man/agentns.1.scd"
}

documented() {
	sed -n 's/^\(\*-.\*, \)\{0,1\}\*\(--[a-z-]*\)\*.*/\2/p' | sort
}

here=$(dirname "$0")
tables | documented >"$tmp/tables"
for c in $("$BUILD/agentns" --help | sed -n '/^Commands:/,/^$/s/^ \([a-z]*\) .*/\1/p'); do
	section "$c" >"$tmp/section"
	[ -s "$tmp/section" ]
	result_of $? "agentns.1 has a section on $c"
	options_of "$BUILD/agentns" "$c" |
		grep -v -x -e --help -e --version >"$tmp/want"
	documented <"$tmp/section" >"$tmp/got"
	{
		cat "$tmp/got"
		# What is said of all tables, and of reading another tree, is said once.
		grep -qx -e --list-columns "$tmp/want" && grep -vx -e --sysroot "$tmp/tables"
		grep -x -e --sysroot "$tmp/want"
	} | sort >"$tmp/all"
	mv "$tmp/all" "$tmp/got"
	diff "$tmp/want" "$tmp/got" >"$tmp/diff"
	result_of $? "agentns.1 has the options of $c, and no others"
	show_diff
	"$BUILD/agentns" "$c" --help | awk 'length > 80' >"$tmp/diff"
	[ ! -s "$tmp/diff" ]
	result_of $? "$c --help is within 80 columns"
	show_diff
done

awk '/^```/ { code = !code; next } code' "$here/../man/agent_namespaces.7.scd" |
	sed 's/\\\\/\\/g' >"$tmp/example.c"
$CC -std=c11 -Wall -Wextra -Werror -I"$INCLUDE" -o "$tmp/example" "$tmp/example.c"
result_of $? "the program in agent_namespaces.7 compiles"

tap_done
