# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Which steps of a model the code names, and which the models have. Sourced by tests/models/run.
#
# In a model's comment:   Step draw: agentns_draw_locked(), what more there is to say.
# In the code's comment:  Model: credit.pml, draw
#
# The comment in the code is in front of that function or in it.

# steps_of_models FOLDER: lines of MODEL, STEP: FUNCTION
steps_of_models() {
	local file
	for file in "$1"/*.pml; do
		sed -nE "s|^[[:space:]/*]*Step ([a-z ]+): ([a-z_]+)\(\).*|${file##*/}, \1: \2|p" "$file"
	done | LC_ALL=C sort
}

# steps_of_code FOLDER: likewise; the function is the next one to begin or the one that the comment is in.
steps_of_code() {
	# shellcheck disable=SC2016
	find "$1" -name '*.[ch]' -print0 | xargs -0 awk '
		# The name in front of the first parenthesis of a definition, which begins at the margin.
		/^[a-z].*\(/ && !/;$/ {
			name = $0
			sub(/\(.*/, "", name)
			sub(/.*[ *]/, "", name)
			for (i = 1; i <= waiting; i++)
				print step[i] ": " name
			waiting = 0
		}
		/^}/ { name = "" }
		match($0, /Model: [a-z]+\.pml, [a-z ]+/) {
			text = substr($0, RSTART + 7, RLENGTH - 7)
			sub(/ +$/, "", text)
			if (name != "")
				print text ": " name
			else
				step[++waiting] = text
		}' | LC_ALL=C sort
}

# steps_agree MODELS CODE FILE: writes to FILE what is in one folder and not in the other.
steps_agree() {
	diff <(steps_of_models "$1") <(steps_of_code "$2") >"$3" && [[ -n $(steps_of_models "$1") ]]
}
