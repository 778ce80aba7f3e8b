# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Checks that compile user space, with the flags that userspace/Makefile has for each file. Sourced by tests/static/run.

files_analyzer() { tracked 'userspace/*.c'; }
files_tidy() { files_analyzer; }

headers_analyzer() { tracked 'userspace/*.h' 'include/uapi/*.h'; }
headers_tidy() { headers_analyzer; }

context_analyzer() { gcc --version | head -n 1 && contents userspace/Makefile; }
context_tidy() { clang-tidy --version && cat "$HERE/clang-tidy" && contents userspace/Makefile; }

# read_flags: writes $WORK/flags/LIB%FILE.c for each file, one shell word a flag, as make would compile it.
read_flags() {
	local tests file
	[[ ! -d $WORK/flags ]] || return 0
	mapfile -t tests < <(cd "$ROOT/userspace/tests" && printf '%s\n' test-*.c)
	tests=("${tests[@]%.c}")
	mkdir "$WORK/flags"
	# It is only asked what it would do.
	make -s -n -B -C "$ROOT/userspace" V=1 O="$WORK/o" all "${tests[@]/#/$WORK/o/tests/}" >"$WORK/commands" || return 1
	sed -n 's/^[^ ]* \(.*\) -MMD -MP -c -o [^ ]* \([^ ]*\)$/\2 \1/p' "$WORK/commands" |
		while read -r file flags; do
			printf '%s\n' "$flags" >"$WORK/flags/${file//\//%}"
		done
	# The fuzz targets' flags are clang's; they include what the tests of the same parsers do.
	for file in "$ROOT"/userspace/tests/fuzz/*.c; do
		cp "$WORK/flags/tests%test-parsers.c" "$WORK/flags/tests%fuzz%${file##*/}"
	done
}

# with_flags COMMAND: a shell's, once for each of the files on standard input, which is its $1; the flags go behind it.
# shellcheck disable=SC2016 # for the inner shell
with_flags() {
	sed 's,^userspace/,,' | (cd "$ROOT/userspace" && WORK=$WORK each 1 bash -c '
		flags=$(cat "$WORK/flags/${1//\//%}") || exit 255
		eval "$0 $flags"' "$1") |
		sed -nE 's,^('"$ROOT"'/userspace/|\./)?([a-z][^ :]*:[0-9]+):[0-9]+: (warning|error|fatal error):,userspace/\2: \3:,p'
	return "$((PIPESTATUS[1]))"
}

find_analyzer() {
	read_flags || return 1
	# Paths through the code, of up to a hundred lines each, are left to who runs it by hand.
	# shellcheck disable=SC2016 # for the inner shell
	printf '%s\n' "${@:2}" | with_flags 'gcc -fanalyzer -fdiagnostics-path-format=none -c -o /dev/null "$1"'
}

find_tidy() {
	read_flags || return 1
	# shellcheck disable=SC2016 # for the inner shell
	printf '%s\n' "${@:2}" |
		with_flags 'clang-tidy --quiet --config-file='"'$HERE/clang-tidy'"' "$1" --'
}
