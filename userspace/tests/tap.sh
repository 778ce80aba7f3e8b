# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# Just enough TAP for test scripts.

tap_count=0
tap_failed=0

# result true|false TEXT
result() {
	tap_count=$((tap_count + 1))
	if [ "$1" = true ]; then
		echo "ok $tap_count - $2"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - $2"
	fi
}

# result_of STATUS TEXT
result_of() {
	if [ "$1" = 0 ]; then
		result true "$2"
	else
		result false "$2"
	fi
}

skip() {
	result true "$1 # SKIP"
}

tap_done() {
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ]
	exit
}
