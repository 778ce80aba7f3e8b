# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How a check is run, what is remembered of it and what is suppressed. Sourced by tests/static/run.
#
# The check NAME-REST is three functions, which get REST:
#
#   files_NAME   prints the files of $ROOT that it is for, one a line, relative to it
#   context_NAME prints what else the result hangs on: versions of tools, files that all are read with
#   headers_NAME prints the headers among which are those that the files include; not there when that does not matter
#   find_NAME    prints the findings in the files that follow REST, as FILE:LINE: TEXT; other than 0 when the tool failed

TESTS=0 FAILED=0
JOBS=${AGENTNS_STATIC_JOBS:-$(nproc)}
# A clean file leaves its name and that of its content here.
STAMPS=$CACHE/static

# tracked PATTERN...: the files of $ROOT that git knows or would take; of a copy without git, all of them.
tracked() {
	if [[ -e $ROOT/.git ]]; then
		git -C "$ROOT" ls-files -co --exclude-standard -- "$@"
	else
		(cd "$ROOT" && find . -type f -printf '%P\n') | while IFS= read -r f; do
			for p; do
				# shellcheck disable=SC2053 # a pattern
				[[ $f != $p ]] || { printf '%s\n' "$f" && break; }
			done
		done
	fi | while IFS= read -r f; do
		# Deleted and not yet committed.
		[[ ! -f $ROOT/$f ]] || printf '%s\n' "$f"
	done | LC_ALL=C sort -u
}

# contents FILE...: of $ROOT, as one word for a context.
contents() {
	(cd "$ROOT" && hash_files "$@")
}

# find_included CHECK FILE...: sets INCLUDED[FILE] to the sums of all headers that it includes, and those include, by name.
declare -A INCLUDED
find_included() {
	local headers file sums
	mapfile -t headers < <("headers_${1%%-*}" "${1#*-}")
	shift
	while read -r file sums; do
		INCLUDED[$file]=$sums
	done < <(cd "$ROOT" && sha256sum -- "${headers[@]}" | awk '
		FILENAME == "-" {
			name = $2
			sub(/.*\//, "", name)
			sum[name] = sum[name] " " $1
			next
		}
		FNR == 1 {
			self = FILENAME
			if (FILENAME in is_file) {
				order[++n] = FILENAME
			} else {
				sub(/.*\//, "", self)
			}
		}
		/^[ \t]*#[ \t]*include[ \t]*["<]/ {
			name = $0
			sub(/^[^"<]*["<]/, "", name)
			sub(/[">].*/, "", name)
			sub(/.*\//, "", name)
			if (name in sum)
				includes[self] = includes[self] " " name
		}
		function visit(who,	i, k, names) {
			k = split(includes[who], names, " ")
			for (i = 1; i <= k; i++)
				if (!(names[i] in seen)) {
					seen[names[i]] = 1
					list = list sum[names[i]]
					visit(names[i])
				}
		}
		BEGIN {
			for (i = 1; i < ARGC; i++)
				if (ARGV[i] == "files")
					files = 1
				else if (ARGV[i] == "headers")
					files = 0
				else if (files)
					is_file[ARGV[i]] = 1
			for (i = 1; i < ARGC; i++)
				if (ARGV[i] == "files" || ARGV[i] == "headers")
					ARGV[i] = ""
		}
		END {
			for (i = 1; i <= n; i++) {
				split("", seen)
				list = ""
				visit(order[i])
				print order[i] list
			}
		}' - files "$@" headers "${headers[@]}")
}

# find_new CHECK FILE...: sets NEW to the files that are not known to be clean, and STAMP[FILE] to what will say so.
declare -A STAMP
find_new() {
	local check=$1 context file sum
	shift
	context=$({
		printf '%s\n' "$check"
		sed -n "/^${check%%-*}\>/p" "$HERE/suppress"
		cat "$HERE"/*.sh
		"context_${check%%-*}" "${check#*-}"
	} | sha256sum | cut -c1-16)
	NEW=()
	INCLUDED=()
	! declare -F "headers_${check%%-*}" >/dev/null || find_included "$check" "$@"
	mkdir -p "$STAMPS/$check"
	while read -r sum file; do
		[[ -z ${INCLUDED[$file]-} ]] || sum=$(printf '%s\n' "$sum" "${INCLUDED[$file]}" | sha256sum)
		STAMP[$file]=$STAMPS/$check/$context-${sum:0:24}-${file//\//%}
		if [[ -f ${STAMP[$file]} && -z ${AGENTNS_NIGHTLY:-} ]]; then
			printf '%s\0' "${STAMP[$file]}" >>"$WORK/seen"
		else
			NEW+=("$file")
		fi
	done < <(cd "$ROOT" && sha256sum -- "$@")
}

# unsuppressed CHECK: of the findings on standard input, those that tests/static/suppress does not name.
unsuppressed() {
	awk -F '\t+' -v check="$1" -v used="$WORK/used" -v list="$HERE/suppress" '
	FILENAME == list {
		if (/^#/ || NF < 3)
			next
		name[++n] = $1
		files[n] = "^(" $2 ")$"
		text[n] = $3
		next
	}
	{
		colon = index($0, ":")
		file = substr($0, 1, colon - 1)
		for (i = 1; i <= n; i++)
			if ((name[i] == check || index(check, name[i] "-") == 1) && file ~ files[i] && $0 ~ text[i]) {
				print i >> used
				next
			}
		print
	}' "$HERE/suppress" -
}

result() { # GOOD TEXT
	TESTS=$((TESTS + 1))
	if ((!$1)); then
		printf 'not '
		FAILED=$((FAILED + 1))
	fi
	printf 'ok %d %s\n' "$TESTS" "$2"
}

run_check() { # CHECK [FILE...]
	local check=$1 status=0 files file since=${EPOCHREALTIME/./}
	shift
	mapfile -t files < <("files_${check%%-*}" "${check#*-}")
	if (($#)); then
		files=("$@")
	fi
	if ((${#files[@]} == 0)); then
		result 0 "$check: there is nothing to check"
		return
	fi
	find_new "$check" "${files[@]}"
	: >"$WORK/found"
	if ((${#NEW[@]})); then
		"find_${check%%-*}" "${check#*-}" "${NEW[@]}" >"$WORK/all" 2>"$WORK/said" || status=$?
		sed -E 's/^([^ :]+:[0-9]+):[0-9]+:/\1:/' "$WORK/all" | LC_ALL=C sort -u | unsuppressed "$check" >"$WORK/found"
	fi
	if ((status)); then
		result 0 "$check: the tool ends with status $status"
		tail -n 20 "$WORK/said" | sed 's/^/# /'
	elif [[ -s $WORK/found ]]; then
		result 0 "$check: $(wc -l <"$WORK/found") findings"
		sed 's/^/# /' "$WORK/found"
	else
		result 1 "$check"
	fi
	for file in "${NEW[@]}"; do
		((status)) || grep -qF -- "$file:" "$WORK/found" || : >"${STAMP[$file]}"
	done
	printf '# %d files, %d of them new, %d ms\n' "${#files[@]}" "${#NEW[@]}" "$(((${EPOCHREALTIME/./} - since) / 1000))"
}

# A suppression that has nothing to suppress any more would hide the next finding.
needed_suppressions() {
	local unused
	unused=$(awk '
	FILENAME != list { used[$1] = 1; next }
	/^#/ || NF < 3 { next }
	!used[++n] { print "tests/static/suppress:" FNR ": " $0 }' list="$HERE/suppress" "$WORK/used" "$HERE/suppress")
	result "$((${#unused} == 0))" 'suppressions: each is still needed'
	[[ -z $unused ]] || sed 's/^/# /' <<<"$unused"
}

# What no checkout has had for a month.
forget_old() {
	[[ ! -s $WORK/seen ]] || xargs -0 touch -c <"$WORK/seen"
	mkdir -p "$STAMPS"
	find "$STAMPS" -type f -mtime +30 -delete
	# Nor what a run has left that was cut short.
	find "$CACHE/work" -maxdepth 1 -name 'static.*' -mtime +1 -exec rm -rf {} +
}

# each N COMMAND...: for N of the files on standard input at a time, one a line; $JOBS of these at once, each of which
# runs to its end before its output is printed, so that lines do not mix. A status up to 125 is no failure.
each() {
	# shellcheck disable=SC2016 # for the inner shell
	tr '\n' '\0' | xargs -0 -r -P "$JOBS" -n "$1" \
		bash -c 'out=$("$@" 2>&1); s=$?; [[ -z $out ]] || printf "%s\n" "$out"; exit $((s > 125))' - "${@:2}"
}
