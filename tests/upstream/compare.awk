# SPDX-License-Identifier: GPL-2.0-only
#
# Reads results of several runs, FILE being .../KERNEL.N.FOLDER, and prints a line for each that is not the same
# everywhere, and the sums: results, pass, fail, skip, unstable, different.

BEGIN { FS = "\t" }

FNR == 1 {
	kernel = FILENAME
	sub(/.*\//, "", kernel)
	sub(/\..*/, "", kernel)
	runs[kernel]++
	run = kernel SUBSEP runs[kernel]
}

{
	if (!($1 in text))
		order[++n] = $1
	text[$1] = $3
	seen[$1, run] = $2
	ran[program($1), run] = 1
}

# Not every run has every program.
function program(key) {
	return substr(key, 1, index(key " ", " ") - 1)
}

# Results of a key on a kernel, each once, with how often.
function outcome(key, kernel,    i, r, list, times, m, k, out) {
	for (i = 1; i <= runs[kernel]; i++) {
		if (!((program(key), kernel, i) in ran))
			continue
		r = ((key, kernel, i) in seen) ? seen[key, kernel, i] : "not there"
		if (!(r in times))
			list[++m] = r
		times[r]++
	}
	steady[kernel] = m == 1
	for (k = 1; k <= m; k++)
		out = out (k > 1 ? ", " : "") list[k] (m > 1 ? " x" times[list[k]] : "")
	return out
}

END {
	for (k = 1; k <= n; k++) {
		key = order[k]
		with = outcome(key, "patched")
		without = outcome(key, "unpatched")
		if (!steady["unpatched"]) {
			unstable++
			printf "unstable %s: patched %s; unpatched %s%s\n", key, with, without,
				text[key] == "" ? "" : " (" text[key] ")"
		} else if (with != without) {
			different++
			printf "different %s: patched %s; unpatched %s%s\n", key, with, without,
				text[key] == "" ? "" : " (" text[key] ")"
		} else if (with == "skip" || with == "exit 4")
			skip++
		else if (with == "pass" || with == "xfail" || with == "exit 0" || with == "status 0")
			pass++
		else
			fail++
	}
	print "sums", n + 0, pass + 0, fail + 0, skip + 0, unstable + 0, different + 0
}
