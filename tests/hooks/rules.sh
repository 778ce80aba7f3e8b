# shellcheck shell=bash disable=SC2016,SC2034
# SPDX-License-Identifier: GPL-2.0-only
#
# What holds for the text of the whole checkout. Sourced by tests/hooks/run.

# version_macros FOLDER: where a kernel version is compared outside module/compat/. The pattern does not match itself.
version_macros() {
	local files
	if [[ -e $1/.git ]]; then
		mapfile -d '' files < <(git -C "$1" ls-files -z -co --exclude-standard)
	else
		mapfile -d '' files < <(cd "$1" && find . -type f -printf '%P\0')
	fi
	(cd "$1" && grep -nE 'LINUX_VERSION_[CMPS]|\<KERNEL_[V]ERSION|linux/version[.]h' -- "${files[@]}" /dev/null 2>/dev/null |
		grep -v '^module/compat/')
}

none_outside() {
	OUTPUT=$(version_macros "$1")
	STATUS=0
	[[ -z $OUTPUT ]]
}

ok 'rules: kernel versions are compared in module/compat/ alone' none_outside "$TOP"

mkdir -p "$WORK/rule/module/compat"
macro=LINUX_VERSION_
echo "#if ${macro}CODE > 1" | tee "$WORK/rule/module/compat/a.h" >"$WORK/rule/module/b.c"
ok 'rules: one that is elsewhere is found' eval '! none_outside "$WORK/rule" && [[ $OUTPUT == module/b.c:1:* ]]'

same_drop_ins() {
	STATUS=0
	OUTPUT=$(find "$TOP/core-hooks" -name 'agentns_*.[ch]' ! -name agentns_series.h)
	[[ $(sed 's,.*/,,' <<<"$OUTPUT" | sort | uniq -d) == '' && $(wc -l <<<"$OUTPUT") == 7 ]]
}
ok 'rules: each drop-in file and header is there once, for all series' same_drop_ins

# By that word core-hooks/lib.sh knows a file that has hooks.
named_hooks() {
	local series file
	STATUS=0
	OUTPUT=$(for series in $(all_series); do
		while IFS= read -r file; do
			awk -v file="b/$file" '/^\+\+\+ / { mine = $2 == file } mine && /^\+[^+]/ && tolower($0) ~ /agent/ { found = 1 }
				END { exit !found }' "$WORK/checkout/core-hooks/patches/$series"/*.patch || echo "$series: $file"
		done < <(touched "$series")
	done)
	[[ -z $OUTPUT ]]
}
ok 'rules: what a series adds to a file has the word agent' named_hooks
