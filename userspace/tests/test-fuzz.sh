#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The parsers, given rubbish: the quick form of fuzz/run, some ten seconds, or
# none where the same programs were run before.

set -u

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"

if [ -n "${SANITIZE:-}${VALGRIND:-}" ]; then
	skip "fuzzed parsers (they have sanitizers of their own, and ran without these)"
	tap_done
fi
# It comes in a package of its own; without it clang links nothing of this.
echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { return d && n < 0; }' |
	clang -fsanitize=fuzzer,address -x c - -o /dev/null 2>/dev/null || {
	skip "fuzzed parsers (clang or its libFuzzer is missing)"
	tap_done
}

exec bash "$(dirname "$0")/fuzz/run"
