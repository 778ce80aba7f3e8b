# shellcheck shell=bash disable=SC2016
# SPDX-License-Identifier: GPL-2.0-only
#
# core-hooks/apply. Sourced by tests/hooks/run.

# Without the series a tree is what it was: the patches, taken back one by one by patch itself.
restored() { # SERIES
	local patch
	while IFS= read -r patch; do
		patch -d "$TREE" -p1 -R -s --no-backup-if-mismatch <"$patch" >/dev/null || return 1
	done < <(printf '%s\n' "$WORK/checkout/core-hooks/patches/$1/"*.patch | sort -r)
	rm "$TREE"/kernel/agentns_{hooks,connector,lsm,bpf}.c "$TREE"/include/linux/agentns_{hooks,connector,stamp,series}.h \
		"$TREE/include/uapi/linux/agent_namespaces.h" || return 1
	diff -r "$BASE" "$TREE" >/dev/null
}

drop_ins() { # SERIES: they are the same bytes
	local file
	for file in agentns_{hooks,connector,lsm,bpf}.c; do
		cmp -s "$WORK/checkout/core-hooks/$file" "$TREE/kernel/$file" || return 1
	done
	for file in agentns_{hooks,connector,stamp}.h; do
		cmp -s "$WORK/checkout/core-hooks/$file" "$TREE/include/linux/$file" || return 1
	done
	cmp -s "$WORK/checkout/core-hooks/patches/$1/agentns_series.h" "$TREE/include/linux/agentns_series.h" &&
		cmp -s "$WORK/checkout/include/uapi/linux/agent_namespaces.h" "$TREE/include/uapi/linux/agent_namespaces.h"
}

refused() { # SUM PATTERN...: the tree is as it was and the last line says that
	same "$1" "$TREE" && ended 1 "${@:2}" && [[ $(tail -n 1 <<<"$OUTPUT") == *'nothing was changed' ]]
}

test_apply() { # SERIES
	local s=$1 before
	tree "$s"
	apply "$TREE"
	ok "apply $s: an untouched tree takes the series" ended 0 "series $s" 'patched [0-9]+ files'
	ok "apply $s: the drop-in files are the same bytes" drop_ins "$s"
	before=$(sum "$TREE")
	apply "$TREE"
	ok "apply $s: the second time says so" ended 0 'in the tree already'
	ok "apply $s: the second time changes nothing" same "$before" "$TREE"

	echo >>"$TREE/kernel/agentns_hooks.c"
	rm "$TREE/include/linux/agentns_series.h"
	apply "$TREE"
	ok "apply $s: drop-in files that are old or gone are put back" same "$before" "$TREE"
	ok "apply $s: and nothing but the series has changed" restored "$s"

	tree "$s"
	apply "$TREE"
	cp "$BASE/fs/splice.c" "$TREE/fs/splice.c"
	before=$(sum "$TREE")
	apply "$TREE"
	ok "apply $s: a half-patched tree is named and left alone" refused "$before" 'fs/splice.c: has no hooks' 'fresh tree'
}

# What is the same for each series.
test_apply_once() {
	local before
	tree 6.12
	apply "$TREE"
	sed -i 's/agentns_write_begin(/agentns_old_begin(/' "$TREE/fs/read_write.c"
	before=$(sum "$TREE")
	apply "$TREE"
	ok "apply: other hooks than these are named and left alone" \
		refused "$before" 'fs/read_write.c: has hooks, and not those' 'another version'

	tree 6.12
	sed -i 's/goto bad_fork_put_pidfd;/goto bad_fork_put;/' "$TREE/kernel/fork.c"
	before=$(sum "$TREE")
	apply "$TREE"
	ok "apply: a hunk that does not fit is named and the tree left alone" \
		refused "$before" 'kernel/fork.c: hunk [0-9]+ does not fit' 'docs/porting.md'

	tree 6.12
	rm "$TREE/fs/aio.c"
	before=$(sum "$TREE")
	apply "$TREE"
	ok "apply: a missing file is named and the tree left alone" refused "$before" 'fs/aio.c is missing'

	tree 6.12
	sed -i 's/^PATCHLEVEL = .*/PATCHLEVEL = 987/' "$TREE/Makefile"
	before=$(sum "$TREE")
	apply "$TREE"
	ok 'apply: an unknown version is named, with those there are' ended 1 'Linux 6\.987' '6\.12' porting
	ok 'apply: in one line' one_line
	ok 'apply: and nothing was changed' same "$before" "$TREE"

	echo nothing >"$TREE/Makefile"
	apply "$TREE"
	ok 'apply: a Makefile without a version is named' ended 1 'Makefile: names no VERSION'
	apply "$WORK/nowhere"
	ok 'apply: a tree that is not there is named' ended 1 'nowhere: no such directory'
	apply "$WORK/checkout"
	ok 'apply: a folder that is no kernel source is named' ended 1 'not a kernel source tree' 'headers package'
	ok 'apply: in one line' one_line
	apply
	ok 'apply: without a tree it tells its usage' ended 2 '^usage: '
	apply one two
	ok 'apply: with two trees it tells its usage' ended 2 '^usage: '
	apply --help
	ok 'apply: --help' ended 0 '^usage: '

	tree 6.12
	sed -i '1i/* A line more. */' "$TREE/fs/splice.c"
	apply "$TREE"
	ok 'apply: what has moved is told, by file and hunk' ended 0 'fs/splice.c: hunk 2 fits at line [0-9]+, offset'

	# A tree of hard links is how kernels are built from an untouched one.
	tree 6.12
	before=$(sum "$TREE")
	rm -rf "$WORK/links"
	cp -al "$TREE" "$WORK/links"
	apply "$WORK/links"
	ok 'apply: a tree of hard links leaves the other alone' eval 'ended 0 patched && same "$before" "$TREE"'

	# Nothing stops root from writing.
	tree 6.12
	chmod -R a+rX "$TREE" "$WORK/checkout"
	before=$(sum "$TREE")
	if (($(id -u) != 0)); then
		chmod -R a-w "$TREE"
		apply "$TREE"
		chmod -R u+w "$TREE"
		ok 'apply: a read-only tree is named and left alone' eval 'ended 1 "not writable" && one_line'
	elif command -v setpriv >/dev/null; then
		run setpriv --reuid=65534 --regid=65534 --clear-groups "$WORK/checkout/core-hooks/apply" "$TREE"
		ok 'apply: a read-only tree is named and left alone' \
			eval 'ended 1 "not writable" && one_line && same "$before" "$TREE"'
		# The folder that counts is the file's own.
		chmod -R a+w "$TREE"
		chmod a-w "$TREE/io_uring"
		before=$(sum "$TREE")
		run setpriv --reuid=65534 --regid=65534 --clear-groups "$WORK/checkout/core-hooks/apply" "$TREE"
		ok 'apply: a read-only folder in the tree too' \
			eval 'ended 1 "io_uring: not writable" && same "$before" "$TREE"'
	else
		skip 'apply: a read-only tree is named and left alone' 'root, and no setpriv'
	fi
}

for series in $(all_series); do
	if base "$series"; then
		test_apply "$series"
	else
		skip "apply $series" "$WHY"
	fi
done
if base 6.12; then test_apply_once; else skip 'apply: bad input' "$WHY"; fi
