# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Checks that compile the module and the drop-in files for a patched kernel. Sourced by tests/static/run.

# The drop-in files belong into the kernel; here each is compiled as if it were a module of its own.
files_w1() { tracked 'module/*.c'; }
files_sparse() { tracked 'module/*.c' 'core-hooks/*.c'; }
files_clang() { files_w1; }

# kernel SERIES: sets KERNEL and, for compile(), HEADERS.
kernel() {
	KERNEL=$("$TOP/tests/kernel/build" "$1") && [[ -n $KERNEL ]] && HEADERS=$KERNEL/build
}

headers_w1() { tracked 'module/*.h' 'core-hooks/*.h' 'include/*.h'; }
headers_sparse() { headers_w1; }
headers_clang() { headers_w1; }

context_w1() {
	kernel "$1" && printf '%s\n' "${KERNEL##*/}" && gcc --version | head -n 1 && contents module/Kbuild
}

context_sparse() {
	context_w1 "$1" && sparse --version
}

context_clang() {
	context_w1 "$1" && clang-19 --version
}

# clang_headers SERIES: sets HEADERS. A kernel's flags are its compiler's, so clang wants a tree that it has prepared.
clang_headers() {
	local source tree=$CACHE/work/static-clang-$1 file
	HEADERS=$tree/build
	source=$(KSRC='' "$TOP/tests/kernel/source" "$1") || return 1
	rm -rf "$tree"
	mkdir -p "$tree/build"
	cp -al "$source" "$tree/source"
	# apply writes into these: they must not be the source's own.
	sed -n 's,^+++ b/\([^[:space:]]*\).*,\1,p' "$ROOT/core-hooks/patches/$1/"*.patch | sort -u | while IFS= read -r file; do
		cp -p "$source/$file" "$tree/own" && mv "$tree/own" "$tree/source/$file" || exit 1
	done || return 1
	"$ROOT/core-hooks/apply" "$tree/source" >&2 || return 1
	cp "$KERNEL/config" "$HEADERS/.config"
	make -s -C "$tree/source" O="$HEADERS" LLVM=-19 -j"$JOBS" olddefconfig modules_prepare >&2
}

# compile SERIES OPTION... -- FILE...: what make says, with paths as in the checkout. In a copy that the checks of a
# series share; a file that does not compile is no reason not to go on with the others.
compile() {
	local folder=$WORK/module-$1 options=() goals sources part f status=0
	shift
	while [[ $1 != -- ]]; do options+=("$1") && shift; done
	shift
	if [[ ! -d $folder ]]; then
		mkdir -p "$folder/hooks"
		cp -r "$ROOT/module" "$ROOT/include" "$folder/"
		find "$folder" -name '*.o' -delete
		mapfile -t sources < <(cd "$ROOT/core-hooks" && printf '%s\n' *.c)
		cp "${sources[@]/#/$ROOT/core-hooks/}" "$folder/hooks/"
		printf 'obj-m := %s\n' "${sources[*]/%.c/.o}" >"$folder/hooks/Kbuild"
	fi
	for part in module hooks; do
		goals=()
		for f; do
			case $part:$f in
			module:module/*.c | hooks:core-hooks/*.c) f=${f##*/} && goals+=("${f%.c}.o") ;;
			esac
		done
		((${#goals[@]})) || continue
		make -C "$HEADERS" "M=$folder/$part" -j"$JOBS" -k "${options[@]}" "${goals[@]}" >"$WORK/made" 2>&1 || status=$?
		# Some kernels compile from within the folder, some name all of the path.
		sed -E "s,$folder/$part/,,g; s,^\.\./include/,include/,; /^include/!s,^([a-z0-9_/]+\.[ch]:[0-9]+),${part/hooks/core-hooks}/\1," \
			"$WORK/made"
	done
	return "$status"
}

# reported STATUS: the findings in what make said, on standard input.
reported() {
	local said
	said=$(cat)
	grep -E '^[a-z][^ :]*:[0-9]+(:[0-9]+)?: (warning|error|fatal error):|^(WARNING|ERROR): modpost:' <<<"$said" |
		sed -E 's/^((WARNING|ERROR): modpost:)/module:0: \1/; s/^([^:]+:[0-9]+):[0-9]+:/\1:/' && return
	(($1 == 0)) || printf '%s\n' "$said" >&2
	return "$1"
}

find_w1() {
	local said status=0
	kernel "$1" || return 1
	said=$(compile "$1" W=1 -- "${@:2}") || status=$?
	reported "$status" <<<"$said"
}

# Sparse after W=1: what that has compiled is not compiled again.
find_sparse() {
	local said status=0
	kernel "$1" || return 1
	said=$(compile "$1" W=1 C=2 CHECK=sparse -- "${@:2}") || status=$?
	reported "$status" < <(grep -v '\[-W' <<<"$said")
}

find_clang() {
	local said status=0
	kernel "$1" && clang_headers "$1" || return 1
	# Without the objects that gcc has made.
	rm -rf "$WORK/module-$1"
	said=$(compile "$1" LLVM=-19 W=1 -- "${@:2}") || status=$?
	rm -rf "$WORK/module-$1" "$CACHE/work/static-clang-$1"
	reported "$status" <<<"$said"
}
