#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh TEST... - run test programs that print TAP, as one TAP stream
#
# The exit status is 0 when every test passed. A program that dies, or runs
# other than the number of tests it planned, is one more failed test: a crash
# must not look like fewer tests.

set -u

# Scripts put $VALGRIND_CMD before the programs that they call. Memory that is lost
# is an error; what a program that ends early still holds is not. agentns executes
# the rest of itself, which is to be looked at, too, but not the commands that it
# starts.
here=$(cd "$(dirname "$0")" && pwd)
valgrind=
VALGRIND_CMD=
if [ -n "${VALGRIND:-}" ]; then
	valgrind="valgrind -q --error-exitcode=99 --leak-check=full --suppressions=$here/valgrind.supp"
	VALGRIND_CMD="$valgrind --trace-children=yes --trace-children-skip=/usr/*,/bin/*,/sbin/*,/lib/*"
fi
export VALGRIND_CMD
# So do the sanitizers.
# shellcheck source=tests/sanitizers.sh
. "$here/sanitizers.sh"

run_all()
{
	for t; do
		name=$(basename "$t" .sh)
		echo "# $name"
		case $t in
		*.sh)	sh "$t" ;;
		*)	$valgrind "$t" ;;
		esac
		echo "# end $name $?"
	done
}

echo "TAP version 13"
run_all "$@" | awk '
	function result(good, text) {
		total++
		if (!good)
			failed++
		print (good ? "ok " : "not ok ") total " - " text
		fflush()
	}
	/^# end / {
		if (bailed)
			result(0, $3 ": gave up")
		else if (plan != count)
			result(0, $3 ": ran " count " tests of " (plan < 0 ? "an unknown number" : plan))
		else if (($4 != 0) != (bad > 0))
			result(0, $3 ": exit status " $4)
		next
	}
	/^# / && NF == 2 && $2 ~ /^test-/ {
		name = $2; plan = -1; count = bad = bailed = 0
	}
	/^1\.\./	{ plan = substr($0, 4) + 0; next }
	/^Bail out!/	{ bailed = 1; print "# " $0; next }
	/^(not )?ok [0-9]+/ {
		good = $1 == "ok"
		count++
		bad += !good
		sub(/^(not )?ok [0-9]+( - )?/, "")
		result(good, name ": " $0)
		next
	}
	{ print; fflush() }
	END {
		print "1.." total + 0
		exit failed > 0 || !total
	}'
