# SPDX-License-Identifier: GPL-2.0-only
#
# Reads results of several runs, FILE being .../KERNEL.N.FOLDER, and prints a line for each that is not the same
# everywhere, and the sums: results, pass, fail, skip, unstable, different. Such a line begins with
#
#   different	steady on each kernel and not the same, or too unlike to be so by chance
#   suspect	steady on the unpatched kernel alone, in less than `more` runs: too few to say which of the others
#   unstable	changing, on both in the same way as far as can be told
#
# A suspect counts as a difference.

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

# Results of a key on a kernel, each once, with how often. Sets steady, many, and times by result.
function outcome(key, kernel,    i, r, list, m, k, out) {
	split("", times)
	many[kernel] = 0
	for (i = 1; i <= runs[kernel]; i++) {
		if (!((program(key), kernel, i) in ran))
			continue
		r = ((key, kernel, i) in seen) ? seen[key, kernel, i] : "not there"
		if (!(r in times))
			list[++m] = r
		times[r]++
		many[kernel]++
	}
	steady[kernel] = m == 1
	usual = list[1]
	for (k = 1; k <= m; k++) {
		out = out (k > 1 ? ", " : "") list[k] (m > 1 ? " x" times[list[k]] : "")
		if (times[list[k]] > times[usual])
			usual = list[k]
	}
	return out
}

function often(key, kernel, result,    i, m) {
	for (i = 1; i <= runs[kernel]; i++)
		m += (key, kernel, i) in seen && seen[key, kernel, i] == result
	return m + 0
}

function log_choose(n, k,    i, sum) {
	for (i = 1; i <= k; i++)
		sum += log(n - k + i) - log(i)
	return sum + 0
}

# Fisher's exact test, two-sided: how probable is it that a of n and b of m differ so much, or more, by chance?
function chance(a, n, b, m,    k, all, p, this, sum) {
	all = log_choose(n + m, a + b)
	this = exp(log_choose(n, a) + log_choose(m, b) - all)
	for (k = 0; k <= a + b; k++) {
		if (k > n || a + b - k > m)
			continue
		p = exp(log_choose(n, k) + log_choose(m, a + b - k) - all)
		if (p <= this * 1.000001)
			sum += p
	}
	return sum
}

function verdict(key,    a, b) {
	with = outcome(key, "patched")
	without = outcome(key, "unpatched")
	if (steady["patched"] && steady["unpatched"])
		return with == without ? "same" : "different"
	if (steady["unpatched"] && many["patched"] < more)
		return "suspect"
	# How often was what is usual without the hooks?
	b = times[usual]
	a = often(key, "patched", usual)
	return chance(a, many["patched"], b, many["unpatched"]) < 0.01 ? "different" : "unstable"
}

END {
	for (k = 1; k <= n; k++) {
		key = order[k]
		v = verdict(key)
		sum[v]++
		if (v != "same")
			printf "%s %s: patched %s; unpatched %s%s\n", v, key, with, without,
				text[key] == "" ? "" : " (" text[key] ")"
		else if (with == "skip" || with == "exit 4")
			skip++
		else if (with == "pass" || with == "xfail" || with == "exit 0" || with == "status 0")
			pass++
		else
			fail++
	}
	print "sums", n + 0, pass + 0, fail + 0, skip + 0, sum["unstable"] + 0, sum["different"] + sum["suspect"] + 0
}
