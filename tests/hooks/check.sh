# shellcheck shell=bash disable=SC2016,SC2153
# SPDX-License-Identifier: GPL-2.0-only
#
# core-hooks/check: each defect that it is there for, put in on purpose. Sourced by tests/hooks/run.

# A constant that the kernel might come to have.
define() { # HEADER LINE
	sed -i "0,/^#include/s//$2\n&/" "$TREE/$1"
	grep -qF "${2%%\\n*}" "$TREE/$1" || printf '%b\n' "$2" >>"$TREE/$1"
}

overlap() { # NAME HEADER LINE PATTERN
	tree 6.12
	define "$2" "$3"
	check "$TREE"
	ok "check: $1" ended 1 "$4" '^6\.12 .* BAD '
}

# damage NAME PATTERN: with core-hooks changed by the caller; it is put right again after.
damage() {
	check "$BASE"
	ok "check: $1" ended 1 "$2" 'BAD'
	rm -rf "$WORK/checkout"
	checkout "$WORK/checkout"
}

test_check() { # SERIES
	local before
	base "$1"
	before=$(sum "$BASE")
	check "$BASE"
	ok "check $1: all is well with an untouched tree" \
		ended 0 "^$1 +$1\.[0-9]+ +(clean|offset) +[0-9]+ +[0-9]+ +[0-9]+ +none +ok "
	ok "check $1: which was only read" same "$before" "$BASE"
	tree "$1"
	apply "$TREE"
	check "$TREE"
	ok "check $1: a tree with the series is recognised" ended 0 "^$1 .* applied .* none +ok "
	cp "$BASE/kernel/fork.c" "$TREE/kernel/fork.c"
	check "$TREE"
	ok "check $1: half a series is named" ended 1 "^$1 .* half .* BAD" 'kernel/fork.c: has no hooks' 'fresh tree'
}

test_overlaps() {
	local sched=include/uapi/linux/sched.h nsfs=include/uapi/linux/nsfs.h work=include/linux/thread_info.h
	overlap 'CLONE_NEWAGENT meets a flag of the kernel' $sched '#define CLONE_SEED (1ULL << (60 + 2))' \
		'CLONE_SEED \(0x4000000000000000\).*CLONE_NEWAGENT'
	overlap 'CLONE_NEWAGENT meets a flag of unshare' $sched '#define UNSHARE_SEED 0x4000000000000000ULL' \
		'UNSHARE_SEED .*CLONE_NEWAGENT'
	overlap 'AGENT_NS meets a namespace of clone' $sched '#define CLONE_NEWSEED 0x00000001' 'CLONE_NEWSEED .*AGENT_NS'
	overlap 'AGENT_NS meets a namespace type' $nsfs 'enum seed_type { SEED_NS = (1ULL << 0), };' 'SEED_NS .*AGENT_NS'
	overlap 'a prctl number in our range' include/uapi/linux/prctl.h '#define PR_SEED (0x41544E53 + 31)' \
		'PR_SEED \(0x41544e72\).*PR_AGENT_BASE'
	overlap 'a connector event that is ours' include/uapi/linux/cn_proc.h 'enum seed { PROC_EVENT_SEED = 0x400 };' \
		'PROC_EVENT_SEED \(0x400\).*PROC_EVENT_NM'
	overlap 'the inode number of the initial agent namespace' $nsfs 'enum seed_ino { SEED_NS_INIT_INO = 0xEFFFFFF6U };' \
		'SEED_NS_INIT_INO .*0xeffffff6'
	overlap 'the same in an inner header' include/linux/proc_ns.h \
		'enum {\n\tPROC_SEED_INIT_INO = 0xEFFFFFFFU - 9,\n};' 'PROC_SEED_INIT_INO .*0xeffffff6'
	overlap 'the id of the initial agent namespace' $nsfs 'enum seed_id { SEED_NS_INIT_ID = 9ULL };' \
		'SEED_NS_INIT_ID \(9\) leaves no room'

	tree 6.12
	define include/uapi/linux/prctl.h '#define PR_SEED (0x41544E53 + 32)\n#define PR_SEED_2 (0x41544E53 - 1)'
	check "$TREE"
	ok 'check: prctl numbers beside our range are no matter' ended 0 ' ok '

	tree 6.12
	sed -i 's/^\tSYSCALL_WORK_BIT_SYSCALL_EXIT_TRAP,/\tSYSCALL_WORK_BIT_SYSCALL_EXIT_TRAP = 30,/' "$TREE/$work"
	check "$TREE"
	ok 'check: a syscall-work bit that is ours' ended 1 'SYSCALL_EXIT_TRAP \(30\).*SYSCALL_WORK_BIT_SYSCALL_AGENT'

	tree 6.12
	sed -i 's/PROC_EVENT_/PROC_NEWS_/g' "$TREE/include/uapi/linux/cn_proc.h"
	check "$TREE"
	ok 'check: constants that went elsewhere are missed' ended 1 'no PROC_EVENT_ constants'
	tree 6.12
	rm "$TREE/include/uapi/linux/prctl.h"
	check "$TREE"
	ok 'check: a missing header is named' ended 1 'include/uapi/linux/prctl.h is missing'
	tree 6.12
	define $sched '#error seeded'
	check "$TREE"
	ok 'check: a header that does not compile is named' ended 1 'sched.h:[0-9]+:.*seeded'
}

test_drift() {
	local lines patches=$WORK/checkout/core-hooks/patches/6.12 file
	tree 6.12
	sed -i '1i/* One line. */\n/* And another. */' "$TREE/fs/splice.c"
	check "$TREE"
	ok 'check: lines that moved are an offset, and all is well' \
		ended 0 '^6\.12 .* offset .* ok ' 'fs/splice.c: hunk 2 fits at line [0-9]+, offset 2 lines'
	tree 6.12
	# The outermost line of a hunk's context.
	sed -i 's/^#include <linux\/fs.h>$/#include <linux\/fs.h> \/* changed *\//' "$TREE/fs/splice.c"
	check "$TREE"
	ok 'check: changed lines around a hunk are fuzz, for somebody to look at' \
		ended 1 '^6\.12 .* fuzz .* BAD' 'fs/splice.c: hunk 1 fits .* with fuzz' 'look at the hunks'
	tree 6.12
	sed -i 's/splice_pipe_to_pipe(ipipe, opipe, len, flags)/splice_pipes(ipipe, opipe, flags, len)/
		s/if ((in->f_flags | out->f_flags) & O_NONBLOCK)/if (nonblock(in, out))/' "$TREE/fs/splice.c"
	check "$TREE"
	ok 'check: a hunk that does not fit is named' \
		ended 1 '^6\.12 .* no .* BAD' 'fs/splice.c: hunk 3 does not fit' 'docs/porting.md'

	lines='--- a/fs/seed.c\n+++ b/fs/seed.c\n@@ -1,1 +1,%d @@\n one\n'
	tree 6.12
	echo one >"$TREE/fs/seed.c"
	# shellcheck disable=SC2059 # it is a format
	{ printf -- "$lines" 242; printf '+%s\n' {1..241}; } >"$patches/0099-lines.patch"
	check "$TREE"
	ok 'check: more than 240 lines are too many' ended 1 'lines to existing files, at most 240'
	rm "$patches/0099-lines.patch"
	for file in s{1..22}; do
		echo one >"$TREE/fs/$file"
		printf -- '--- a/fs/%s\n+++ b/fs/%s\n@@ -1 +1,2 @@\n one\n+two\n' "$file" "$file"
	done >"$patches/0099-files.patch"
	check "$TREE"
	ok 'check: more than 22 files are too many' ended 1 'touches [0-9]+ existing files, at most 22'
	rm "$patches/0099-files.patch"

	printf -- '--- /dev/null\n+++ b/fs/new.c\n@@ -0,0 +1 @@\n+new\n' >"$patches/0099-new.patch"
	damage 'a patch that creates a file is named' '0099-new.patch: creates or deletes'
	printf -- '--- a/fs/aio.c\n+++ b/fs/aio.c\n@@ -1,3 +1,4 @@\n one\n' >"$patches/0099-short.patch"
	damage 'a patch that is cut short is named' '0099-short.patch: .*cut short'
	rm "$patches"/*.patch
	damage 'a series without patches is named' 'holds no patches'
}

test_arguments() {
	base 6.12
	check 5.999
	ok 'check: a series that is not there is named' ended 1 '^5\.999 .* BAD' 'no series for Linux 5\.999'
	check 6.12
	ok 'check: without a source to take it says what to do' ended 1 'name a tree of it: check KSRC'
	run env KSRC= "$TOP/core-hooks/check" 6.12
	ok 'check: a series by its name' ended 0 '^6\.12 .* ok '
	check "$WORK/nowhere" "$WORK/checkout" "$BASE"
	ok 'check: one bad tree does not hide the next' \
		ended 1 'nowhere: no such directory' 'not a kernel source tree' '^6\.12 .* ok '
	tree 6.12
	sed -i 's/^PATCHLEVEL = .*/PATCHLEVEL = 13/' "$TREE/Makefile"
	check "$TREE"
	ok 'check: a version without a series is compared with the one before' \
		ended 1 '^6\.12 +6\.13' 'no series for Linux 6\.13: this is how that for 6\.12 fits'
	sed -i 's/^VERSION = .*/VERSION = 4/' "$TREE/Makefile"
	check "$TREE"
	ok 'check: a version older than every series is named' ended 1 'Linux 4\.13 is older than every series'
	check --nonsense
	ok 'check: an unknown option tells the usage' ended 2 '^usage: '
	check --newest 6.12
	ok 'check: --newest with more tells the usage' ended 2 '^usage: '
	check ''
	ok 'check: an empty argument tells the usage' ended 2 '^usage: '
	check --help
	ok 'check: --help' ended 0 '^usage: '
	run env CC=no-such-compiler "$WORK/checkout/core-hooks/check" "$BASE"
	ok 'check: a missing compiler is named' eval 'ended 1 no-such-compiler "apt install" && one_line'
}

for series in $(all_series); do
	if base "$series"; then
		test_check "$series"
	else
		skip "check $series" "$WHY"
	fi
done
if base 6.12; then
	test_overlaps
	test_drift
	test_arguments
else
	skip 'check: seeded defects' "$WHY"
fi
