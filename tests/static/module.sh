# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Checks that compile the module and the drop-in files for a patched kernel. Sourced by tests/static/run.

# The drop-in files belong into the kernel; here each is compiled as if it were a module of its own.
files_w1() { tracked 'module/*.c'; }
files_clang() { files_w1; }

# A series has those drop-in files that its patches have compiled.
files_sparse() { # SERIES
	local file name
	files_w1
	tracked 'core-hooks/*.c' | while IFS= read -r file; do
		name=${file##*/}
		! grep -q "^+obj-.* ${name%.c}\.o$" "$ROOT/core-hooks/patches/$1/"*.patch || printf '%s\n' "$file"
	done
}

# The test kernel of that series, which need not have been built: its name is that of all that it would be made of.
kernel() { # SERIES
	KERNEL=$("$TOP/tests/kernel/build" --key "$1") && [[ -n $KERNEL ]]
}

# headers SERIES COMPILER: sets HEADERS to what modules are built with. Where the test kernel has been built that is what
# it left for that; otherwise, and for a compiler that is not its own, as a kernel's flags are its compiler's, a source
# tree that is prepared for modules and no more.
headers() {
	local tree=$TREES/$1 options=() source
	kernel "$1" || return 1
	HEADERS=$KERNEL/build
	if [[ $2 == gcc && -f $KERNEL/complete ]]; then
		return
	fi
	HEADERS=$tree/$2
	[[ ! -f $HEADERS/complete ]] || return 0
	[[ $2 != clang* ]] || options=("LLVM=${2#clang}")
	if [[ ! -f $tree/patched ]]; then
		source=$("$TOP/tests/kernel/source" "$1") && mkdir -p "$tree" && cp -al "$source" "$tree/source" || return 1
		# apply replaces files, and so leaves those of the source alone.
		"$TOP/core-hooks/apply" "$tree/source" >&2 && : >"$tree/patched" || return 1
	fi
	mkdir -p "$HEADERS"
	# As tests/kernel/build configures it.
	cat "$TOP/tests/kernel/config" "$TOP/tests/kernel/config.$1" "$TOP/tests/kernel/config.hooks" >"$HEADERS/fragment"
	make -s -C "$tree/source" O="$HEADERS" "${options[@]}" KCONFIG_ALLCONFIG="$HEADERS/fragment" allnoconfig >&2 &&
		make -s -C "$tree/source" O="$HEADERS" "${options[@]}" -j"$JOBS" modules_prepare >&2 && : >"$HEADERS/complete"
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
	headers "$1" gcc || return 1
	said=$(compile "$1" W=1 -- "${@:2}") || status=$?
	reported "$status" <<<"$said"
}

# Sparse after W=1: what that has compiled is not compiled again.
find_sparse() {
	local said status=0
	headers "$1" gcc || return 1
	said=$(compile "$1" W=1 C=2 CHECK=sparse -- "${@:2}") || status=$?
	reported "$status" < <(grep -v '\[-W' <<<"$said")
}

find_clang() {
	local said status=0
	headers "$1" clang-19 || return 1
	# Without the objects that gcc has made.
	rm -rf "$WORK/module-$1"
	said=$(compile "$1" LLVM=-19 W=1 -- "${@:2}") || status=$?
	rm -rf "$WORK/module-$1"
	reported "$status" <<<"$said"
}
