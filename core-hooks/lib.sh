# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only
#
# What apply and check share: reading a kernel source tree, reading a series,
# and telling what the one is to the other. Source it with PROG set.
#
# A function that can meet bad input returns 1 with one line in PROBLEM, which
# names the object, what is wrong and what to do next: apply stops there, check
# goes on with the next tree.

HOOKS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PATCHES=$HOOKS/patches
PROBLEM=

say() {
	printf '%s: %s\n' "$PROG" "$*" >&2
}

die() {
	say "$*"
	exit 1
}

need_program() { # NAME PACKAGE
	command -v "$1" >/dev/null ||
		die "the program '$1' is missing: apt install $2"
}

# The series that there are, oldest first.
all_series() {
	find "$PATCHES" -mindepth 1 -maxdepth 1 -type d -name '[0-9]*.[0-9]*' \
		-printf '%f\n' | LC_ALL=C sort -V
}

have_series() { # for messages
	local list
	mapfile -t list < <(all_series)
	printf '%s' "${list[*]}"
}

makefile_value() { # KSRC NAME
	sed -n "s/^$2[[:space:]]*=[[:space:]]*//p" "$1/Makefile" | head -n 1
}

# read_tree KSRC: sets TREE_SERIES (6.12) and TREE_RELEASE (6.12.117).
read_tree() {
	local version patchlevel sublevel extra
	if [[ ! -d $1 ]]; then
		PROBLEM="$1: no such directory; give the top folder of an unpacked kernel source"
		return 1
	fi
	if [[ ! -f $1/Makefile || ! -f $1/kernel/nsproxy.c || ! -f $1/init/Kconfig ]]; then
		PROBLEM="$1: not a kernel source tree (no Makefile, kernel/nsproxy.c and init/Kconfig in it); a headers package is not enough, give the unpacked source"
		return 1
	fi
	version=$(makefile_value "$1" VERSION)
	patchlevel=$(makefile_value "$1" PATCHLEVEL)
	sublevel=$(makefile_value "$1" SUBLEVEL)
	extra=$(makefile_value "$1" EXTRAVERSION)
	if [[ ! $version =~ ^[0-9]+$ || ! $patchlevel =~ ^[0-9]+$ ]]; then
		PROBLEM="$1/Makefile: names no VERSION and PATCHLEVEL; is it the kernel's own?"
		return 1
	fi
	TREE_SERIES=$version.$patchlevel
	TREE_RELEASE=$TREE_SERIES.${sublevel:-0}$extra
}

# load_series SERIES DIR: takes the patches of the series apart into DIR, one
# piece for each file of each patch, so that what fits can be told file by
# file. Sets SERIES_FILES, the existing files that the series touches, and
# SERIES_LINES, the lines that it adds to them.
load_series() {
	local word rest list
	if [[ ! -d $PATCHES/$1 ]]; then
		PROBLEM="there is no series for Linux $1, only for $(have_series); docs/porting.md says how to make one"
		return 1
	fi
	list=("$PATCHES/$1"/*.patch)
	if [[ ! -f ${list[0]} ]]; then
		PROBLEM="$PATCHES/$1 holds no patches: is the checkout complete?"
		return 1
	fi
	mkdir -p "$2"
	rm -f "$2"/*
	SERIES_FILES=()
	SERIES_LINES=0
	PROBLEM=
	while read -r word rest; do
		case $word in
		file) SERIES_FILES+=("$rest") ;;
		lines) SERIES_LINES=$rest ;;
		problem) PROBLEM=$rest ;;
		esac
	done < <(split_patches "$2" "${list[@]}")
	[[ -z $PROBLEM ]]
}

split_patches() { # DIR PATCH...
	LC_ALL=C awk -v dir="$1" '
	function count(range, part, n) {	# -12,5 -> 5; -12 -> 1
		n = split(substr(range, 2), part, ",")
		return n > 1 ? part[2] + 0 : 1
	}
	function patch_name(path) {
		sub(/.*\//, "", path)
		return path
	}
	FNR == 1 {
		if (old || new)
			print "problem " last ": the last hunk is cut short; make the patch again"
		old = new = 0
		last = patch_name(FILENAME)
		number++
	}
	# In a hunk its own counts say where it ends, whatever its lines look like.
	old > 0 || new > 0 {
		print > out
		sign = substr($0, 1, 1)
		if (sign == "+") {
			new--
			lines++
		} else if (sign == "-") {
			old--
		} else if (sign == " " || $0 == "") {
			old--
			new--
		} else if (sign != "\\") {
			print "problem " last ": line " FNR " is not part of a hunk; make the patch again"
			exit
		}
		next
	}
	/^\\/ && out != "" { print > out; next }
	/^--- / { minus = $0; from = $2; next }
	/^\+\+\+ / {
		file = $2
		if (from == "/dev/null" || file == "/dev/null") {
			print "problem " last ": creates or deletes a file (" from " " file "); new files are drop-in files, put it beside apply"
			exit
		}
		sub(/^[^\/]*\//, "", file)
		if (!(file in seen))
			print "file " file
		seen[file] = 1
		name = file
		gsub(/\//, "%", name)
		if (out != "")
			close(out)
		out = sprintf("%s/%03d:%s", dir, number, name)
		print minus > out
		print > out
		next
	}
	/^@@ / && out != "" {
		print > out
		old = count($2)
		new = count($3)
	}
	END {
		if (old || new)
			print "problem " last ": the last hunk is cut short; make the patch again"
		print "lines " lines + 0
	}' "${@:2}"
}

# patch_file FILE OPTION... -- PIECE...: to a copy, without leaving anything
# beside it. What patch says goes to standard output.
patch_file() {
	local file=$1 options=() piece status=0
	shift
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	for piece; do
		LC_ALL=C patch --force --no-backup-if-mismatch --reject-file=- \
			"${options[@]}" "$file" "$piece" 2>&1 || status=1
	done
	return "$status"
}

# What patch said of a file, in a form that can be read without the patch.
name_hunks() { # FILE
	sed -n -E \
		-e "s|^Hunk #([0-9]+) FAILED at ([0-9]+)\..*|failed $1: hunk \1 does not fit (the patch expects it at line \2)|p" \
		-e "s|^Hunk #([0-9]+) succeeded at ([0-9]+) (with fuzz.*)\.|fuzz $1: hunk \1 fits at line \2 \3|p" \
		-e "s|^Hunk #([0-9]+) succeeded at ([0-9]+) \((offset.*)\)\.|offset $1: hunk \1 fits at line \2, \3|p"
}

# compare_tree KSRC DIR: what the loaded series is to that tree, which is only
# read. Leaves DIR/before, the touched files without the series, and DIR/after,
# the same files with it. Sets STATE:
#
#   applied	the tree has this very series
#   fits	it does not, and takes it; FIT is clean, offset or fuzz
#   fails	it does not take it
#   half	it has part of the series, or another version of it
#
# and NOTES, a line for each hunk that is not where it was.
compare_tree() {
	local ksrc=$1 dir=$2 file pieces backwards i word rest
	local found=() hooked with=() without=() odd=()
	FIT=clean
	NOTES=()
	for file in "${SERIES_FILES[@]}"; do
		if [[ ! -f $ksrc/$file ]]; then
			NOTES+=("$file is missing: unpack the source again, or find where the kernel has moved it")
		elif [[ ! -r $ksrc/$file ]]; then
			PROBLEM="$ksrc/$file cannot be read; run as the owner of the tree"
			return 1
		else
			found+=("$file")
		fi
	done
	rm -rf "$dir/before" "$dir/after"
	mkdir -p "$dir/before" "$dir/after"
	if ((${#found[@]})); then
		(cd "$ksrc" && cp --parents --no-preserve=all -t "$dir/before" -- "${found[@]}" &&
			cp --parents --no-preserve=all -t "$dir/after" -- "${found[@]}")
		# Whatever the hooks add to a file has this word, in some case.
		hooked=$(cd "$ksrc" && grep -il agent -- "${found[@]}") || true
	fi
	for file in "${found[@]}"; do
		pieces=("$dir"/pieces/*:"${file//\//%}")
		if [[ $'\n'$hooked$'\n' == *$'\n'"$file"$'\n'* ]]; then
			backwards=()
			for ((i = ${#pieces[@]} - 1; i >= 0; i--)); do
				backwards+=("${pieces[i]}")
			done
			# Without fuzz: a tree has these lines or it has not.
			if patch_file "$dir/before/$file" --reverse --fuzz=0 -- \
				"${backwards[@]}" >/dev/null; then
				with+=("$file")
				continue
			fi
			cp -- "$dir/after/$file" "$dir/before/$file"
			if grep -qi agentns "$ksrc/$file"; then
				odd+=("$file")
				continue
			fi
		fi
		without+=("$file")
		patch_file "$dir/after/$file" --fuzz=2 -- "${pieces[@]}" >"$dir/log" ||
			FIT=no
		[[ $(<"$dir/log") == *Hunk* ]] || continue
		while read -r word rest; do
			NOTES+=("$rest")
			case $FIT-$word in
			no-*) ;;
			*-fuzz) FIT=fuzz ;;
			clean-offset) FIT=offset ;;
			esac
		done < <(name_hunks "$file" <"$dir/log")
	done
	if ((${#with[@]} == ${#SERIES_FILES[@]})); then
		STATE=applied
	elif ((${#with[@]} + ${#odd[@]})); then
		STATE=half
		NOTES=()
		for file in "${without[@]}"; do
			NOTES+=("$file: has no hooks")
		done
		for file in "${odd[@]}"; do
			NOTES+=("$file: has hooks, and not those of this series")
		done
	elif [[ $FIT == no ]] || ((${#found[@]} < ${#SERIES_FILES[@]})); then
		STATE=fails
	else
		STATE=fits
	fi
}
