# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Checks that read the text and compile nothing. Sourced by tests/static/run.

# The kernel's own checks are those of the default series: its source is always at hand.
linux_source() {
	[[ -n ${LINUX_SOURCE-} ]] || LINUX_SOURCE=$(KSRC='' "$TOP/tests/kernel/source" 6.12)
	[[ -n $LINUX_SOURCE ]]
}

# ---- shellcheck: whatever begins as a shell script, and what says that it is part of one ----

files_shellcheck() {
	local f first second
	tracked | while IFS= read -r f; do
		{ read -r first; read -r second; } <"$ROOT/$f" 2>/dev/null
		case $first$'\n'$second in
		'#!'*bash* | '#!'*/sh* | '#!'*'env sh'* | *'# shellcheck shell='*) printf '%s\n' "$f" ;;
		esac
	done 2>/dev/null
}

# A file is read with those that it sources.
context_shellcheck() {
	shellcheck --version
	mapfile -t sourced < <(cd "$ROOT" && tracked '*lib*.sh' '*/common.sh' '*/tap.sh' '*/utils.sh')
	contents "${sourced[@]}"
}

find_shellcheck() {
	shift
	# tests/tap.sh and the like are named as seen from userspace/.
	(cd "$ROOT" && printf '%s\n' "$@" | each 8 shellcheck -x -P .:userspace -f gcc)
}

# ---- checkpatch ----

files_checkpatch() {
	tracked 'module/*.[ch]' 'core-hooks/*.[ch]' 'core-hooks/*.patch' 'include/*.h' 'tests/selftests/*.[ch]' 'tests/bench/*.[ch]'
}

context_checkpatch() {
	linux_source && sha256sum "$LINUX_SOURCE/scripts/checkpatch.pl" "$LINUX_SOURCE/scripts/spelling.txt"
}

find_checkpatch() {
	local kind file=()
	shift
	linux_source || return 1
	# It takes a patch that git knows for a source file, and leaves a file of its own where it runs.
	mkdir -p "$WORK/tree"
	ln -sf "$ROOT"/{module,core-hooks,include,tests} "$WORK/tree"
	for kind in '\.patch$' '\.[ch]$'; do
		printf '%s\n' "$@" | { grep "$kind" || true; } | (cd "$WORK/tree" && GIT_DIR=/nonexistent \
			each 16 perl "$LINUX_SOURCE/scripts/checkpatch.pl" --no-tree --root="$WORK/tree" --strict --terse --show-types \
			--no-summary "${file[@]}") || return 1
		file=(-f)
	done
}

# ---- coccinelle: each of the kernel's scripts that can report, or AGENTNS_COCCINELLE alone ----

files_coccinelle() {
	tracked 'module/*.c' 'module/*.h'
}

context_coccinelle() {
	spatch --version | head -n 1
	cat "$HERE/coccinelle"
	linux_source && printf '%s\n' "${LINUX_SOURCE##*/}"
}

find_coccinelle() {
	shift
	linux_source || return 1
	(cd "$ROOT" && find "$LINUX_SOURCE/scripts/coccinelle" -name "${AGENTNS_COCCINELLE:-*}.cocci" | LC_ALL=C sort |
		each 1 bash "$HERE/coccinelle" "$@")
}
