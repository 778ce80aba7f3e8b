#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The man pages: well-formed, and telling of every command and option.

set -u

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"

LC_ALL=C.UTF-8
export LC_ALL
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP

here=$(dirname "$0")

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

# One page for each function of the library, each of them well-formed.
sed -n 's/^	\(agentns_[a-z_]*\);$/\1/p' "$here/../lib/libagentns.map" >"$tmp/want"
(cd "$BUILD/man" && ls agentns_*.3) | sed 's/\.3$//' | sort >"$tmp/got"
diff "$tmp/want" "$tmp/got" >"$tmp/diff"
result_of $? "each function has a page in section 3"
show_diff
sed -n '/^## /,/^# /p' "$here/../man/libagentns.3.scd" | grep -o '\*agentns_[a-z_]*\*' |
	tr -d '*' | sort -u >"$tmp/got"
diff "$tmp/want" "$tmp/got" >"$tmp/diff"
result_of $? "libagentns.3 names each function"
show_diff
if command -v mandoc >/dev/null; then
	mandoc -T lint -W warning "$BUILD"/man/agentns_*.3 2>&1 |
		grep -v 'missing date' >"$tmp/diff"
	[ ! -s "$tmp/diff" ]
	result_of $? "section 3: mandoc finds nothing"
	show_diff
else
	skip "section 3: mandoc (mandoc is missing)"
fi

# options_of COMMAND... - the long options that its --help names at the line's start
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

# example PAGE - the program in it
example() {
	awk '/^```/ { code = !code; next } code' "$here/../man/$1.scd" |
		sed -e 's/\\\\/\\/g' -e '/^cc /d' | awk '/^#include/ { c = 1 } c'
}

example agent_namespaces.7 >"$tmp/example.c"
$CC -std=c11 -Wall -Wextra -Werror -I"$INCLUDE" -o "$tmp/example" "$tmp/example.c"
result_of $? "the program in agent_namespaces.7 compiles"
# Its synopsis has the include once more.
example libagentns.3 >"$tmp/example.c"
$CC -std=c11 -Wall -Wextra -Werror -I"$INCLUDE" -I"$here/../lib" -c \
	-o "$tmp/example" "$tmp/example.c"
result_of $? "the program in libagentns.3 compiles"

tap_done
