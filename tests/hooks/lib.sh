# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only
#
# TAP, and small kernel trees to try the hooks on. Sourced by tests/hooks/run.

TESTS=0
FAILED=0

# ok NAME COMMAND...: a test that passes when the command does.
ok() {
	local name=$1
	shift
	TESTS=$((TESTS + 1))
	if "$@"; then
		printf 'ok %d - %s\n' "$TESTS" "$name"
	else
		FAILED=$((FAILED + 1))
		printf 'not ok %d - %s\n' "$TESTS" "$name"
		printf '# failed: %s\n# status %s, it said:\n' "$*" "$STATUS"
		printf '%s\n' "$OUTPUT" | sed 's/^/#   /'
	fi
}

skip() { # NAME REASON
	TESTS=$((TESTS + 1))
	printf 'ok %d - %s # SKIP %s\n' "$TESTS" "$1" "$2"
}

OUTPUT='' STATUS=0

# run COMMAND...: sets STATUS, and OUTPUT to all that it said.
run() {
	STATUS=0
	OUTPUT=$("$@" 2>&1 </dev/null) || STATUS=$?
}

# ended STATUS [PATTERN...]: the last run ended so and said all of that.
ended() {
	local pattern
	((STATUS == $1)) || return 1
	shift
	for pattern; do
		grep -qE -- "$pattern" <<<"$OUTPUT" || return 1
	done
}

# one_line: what went wrong was told in one line.
one_line() {
	[[ $(grep -c . <<<"$OUTPUT") == 1 ]]
}

sum() { # FOLDER: of names, modes and contents
	(cd "$1" && find . -type f -printf '%m %p\n' | LC_ALL=C sort
		find "$1" -type f -print0 | LC_ALL=C sort -z | xargs -0 cat) | sha256sum
}

same() { # SUM FOLDER
	[[ $(sum "$2") == "$1" ]]
}

# checkout FOLDER: core-hooks with what it wants, to be damaged.
checkout() {
	mkdir -p "$1/include"
	cp -r "$TOP/core-hooks" "$1/"
	cp -r "$TOP/include/uapi" "$1/include/"
}

touched() { # SERIES
	sed -n 's,^+++ b/\([^[:space:]]*\).*,\1,p' "$WORK/checkout/core-hooks/patches/$1"/*.patch | sort -u
}

all_series() {
	find "$WORK/checkout/core-hooks/patches" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort -V
}

# find_source SERIES: sets SOURCE, or WHY there is none. The default series is always fetched; others only when asked
# for, since that takes a network and minutes.
find_source() {
	local folder
	WHY="no source of Linux $1 here: AGENTNS_HOOK_SERIES=$1 fetches it, core-hooks/check --newest too"
	if [[ " 6.12 ${AGENTNS_HOOK_SERIES-} " == *" $1 "* ]]; then
		SOURCE=$(KSRC='' "$TOP/tests/kernel/source" "$1" 2>"$WORK/source") && return
		WHY=$(tail -n 1 "$WORK/source")
		return 1
	fi
	for folder in "$CACHE/src/$1-"* "$CACHE/newest/trees/linux-source-$1-"*; do
		if [[ -f $folder/kernel/nsproxy.c && $folder != *-ksrc-* ]]; then
			SOURCE=$folder
			return
		fi
	done
	return 1
}

# base SERIES: sets BASE, a small untouched tree of that series, or WHY there is none.
base() {
	local file
	BASE=$WORK/base/$1
	[[ ! -d $BASE ]] || return 0
	find_source "$1" || return 1
	while IFS= read -r file; do
		if [[ ! -f $SOURCE/$file ]]; then
			WHY="the source of Linux $1 in the cache has no $file: core-hooks/check --newest fetches it again"
			return 1
		fi
	done < <(touched "$1")
	mkdir -p "$BASE.new"
	# Not all headers: these trees are copied many times.
	(cd "$SOURCE" && {
		touched "$1"
		printf '%s\n' Makefile init/Kconfig kernel/nsproxy.c include/linux/{thread_info,proc_ns}.h \
			include/uapi/linux/{sched,prctl,cn_proc,nsfs,types,posix_types,stddef,const,ioctl}.h \
			include/uapi/asm-generic/*.h
	} | sort -u | xargs cp --parents -t "$BASE.new") || return 1
	mv "$BASE.new" "$BASE"
}

# tree SERIES: sets TREE, a fresh one of which a test may do what it likes.
tree() {
	base "$1"
	TREE=$WORK/tree
	rm -rf "$TREE"
	cp -a "$BASE" "$TREE"
}

apply() { run "$WORK/checkout/core-hooks/apply" "$@"; }
check() { run "$WORK/checkout/core-hooks/check" "$@"; }
