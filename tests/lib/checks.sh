# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For tests that are scripts and whose checks are commands: each is a line of TAP, with what it said where it failed.

n=0
check() { # WHAT COMMAND...
	local what=$1
	shift
	n=$((n + 1))
	if "$@" >output 2>&1; then
		printf 'ok %d %s\n' "$n" "$what"
	else
		sed 's/^/# /' output
		printf 'not ok %d %s\n' "$n" "$what"
	fi
}

skip() { # WHAT WHY
	n=$((n + 1))
	printf 'ok %d %s # SKIP %s\n' "$n" "$1" "$2"
}
