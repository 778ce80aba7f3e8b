# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# Just enough TAP for test scripts.

tap_count=0
tap_failed=0

# result true|false TEXT
result() {
	tap_count=$((tap_count + 1))
	if [ "$1" = true ]; then
		echo "ok $tap_count - $2"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - $2"
	fi
}

# result_of STATUS TEXT
result_of() {
	if [ "$1" = 0 ]; then
		result true "$2"
	else
		result false "$2"
	fi
}

skip() {
	result true "$1 # SKIP"
}

tap_done() {
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ]
	exit
}

# check_schema NAME FILE TEXT - is that JSON as the schema has it? NAME+: a document a line
schema_python=
for p in python3 /usr/bin/python3; do
	if "$p" -c 'import jsonschema; jsonschema.Draft202012Validator' 2>/dev/null; then
		schema_python=$p
		break
	fi
done
check_schema() {
	if [ -z "$schema_python" ]; then
		skip "$3 (python3-jsonschema is missing)"
		return
	fi
	schema_said=$("$schema_python" "$(dirname "$0")/check-schema.py" \
		"$(dirname "$0")/../schema/agentns.schema.json" "$1" "$2" 2>&1)
	result_of $? "$3"
	[ -z "$schema_said" ] || printf '%s\n' "$schema_said" | tail -n 5 | sed 's/^/# /'
}
