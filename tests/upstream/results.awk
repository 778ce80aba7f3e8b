# SPDX-License-Identifier: GPL-2.0-only
#
# The output of in-guest, as lines of three fields with tabs between them: key, result, what the test says of itself.
# A program's own end is a result, and so is the machine's. Variables: folder, status (the machine's).

function put(key, result, text) {
	gsub(/\t/, " ", text)
	printf "%s/%s\t%s\t%s\n", folder, key, result, text
}

/^#@ begin / {
	program = substr($0, 10)
	running = 1
	next
}

/^#@ end / {
	put(program, "exit " $NF, "")
	running = 0
	next
}

running && match($0, /^(not )?ok [0-9]+/) {
	number = substr($0, 1, RLENGTH)
	sub(/.* /, "", number)
	text = substr($0, RLENGTH + 1)
	sub(/^[ -]+/, "", text)
	result = /^not/ ? "fail" : "pass"
	if (toupper($0) ~ /# *SKIP/)
		result = "skip"
	else if (toupper($0) ~ /# *XFAIL/)
		result = "xfail"
	put(program " " number, result, text)
}

END {
	if (running)
		put(program, "did not end", "")
	put("the machine", "status " status, "")
}
