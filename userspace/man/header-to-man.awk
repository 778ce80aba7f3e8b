# SPDX-License-Identifier: GPL-2.0-only
#
# awk -v version=V -v out=DIR -f header-to-man.awk agentns.h
#
# Writes DIR/NAME.3 for each function that has a comment in kernel-doc form:
# name and purpose, parameters, paragraphs, "Return:". The header is the one
# place where they are described.

function escape(text) {
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	sub(/^[.']/, "\\\\\\&&", text)
	return text
}

# @name in text is a parameter; name() another function.
function inline(text) {
	text = escape(text)
	while (match(text, /@[a-z_]+/))
		text = substr(text, 1, RSTART - 1) "\\fI" \
			substr(text, RSTART + 1, RLENGTH - 1) "\\fR" \
			substr(text, RSTART + RLENGTH)
	return text
}

function emit(line) {
	print line > file
}

function paragraphs(lines, n,    i, fresh) {
	fresh = 1
	for (i = 1; i <= n; i++) {
		if (lines[i] == "") {
			fresh = 1
			continue
		}
		if (lines[i] ~ /^- /) {
			emit(".IP \\(bu 2")
			sub(/^- /, "", lines[i])
		} else if (fresh && i > 1) {
			emit(".PP")
		}
		fresh = 0
		sub(/^ +/, "", lines[i])
		emit(inline(lines[i]))
	}
}

function page(    i, declaration) {
	file = out "/" name ".3"
	declaration = prototype
	gsub(/[ \t\n]+/, " ", declaration)
	sub(/ *__attribute__.*/, ";", declaration)
	emit(".\\\" Made from agentns.h: correct it there.")
	emit(".TH " name " 3 \"\" \"libagentns " version "\" \"agentns\"")
	emit(".SH NAME")
	emit(name " \\- " inline(purpose))
	emit(".SH SYNOPSIS")
	emit(".nf")
	emit("\\fB#include <agentns.h>\\fR")
	emit(".PP")
	emit("\\fB" escape(declaration) "\\fR")
	emit(".fi")
	if (n_text) {
		emit(".SH DESCRIPTION")
		paragraphs(text, n_text)
	}
	if (n_params) {
		emit(".SH PARAMETERS")
		for (i = 1; i <= n_params; i++) {
			emit(".TP")
			emit("\\fI" param[i] "\\fR")
			emit(inline(about[i]))
		}
	}
	if (n_result) {
		emit(".SH RETURN VALUE")
		paragraphs(result, n_result)
	}
	emit(".SH SEE ALSO")
	emit(".BR libagentns (3),")
	emit(".BR agent_namespaces (7)")
	close(file)
	pages++
}

/^\/\*\*$/ {
	state = "head"
	n_params = n_text = n_result = 0
	next
}

state == "head" {
	if (match($0, /^ \* [a-z_]+ - /)) {
		name = $2
		purpose = substr($0, RSTART + RLENGTH)
		state = "purpose"
	} else {
		state = ""	# a structure: the header is shown for those
	}
	next
}

(state != "" && state != "code") && /^ \*\/$/ {
	state = "code"
	prototype = ""
	next
}

state == "purpose" || state == "params" {
	line = $0
	sub(/^ \* ?/, "", line)
	if (match(line, /^@[a-z_]+: /)) {
		state = "params"
		n_params++
		param[n_params] = substr(line, 2, RLENGTH - 3)
		about[n_params] = substr(line, RLENGTH + 1)
	} else if (line == "") {
		state = "text"
	} else if (state == "params") {
		sub(/^[ \t]+/, "", line)
		about[n_params] = about[n_params] " " line
	} else {
		purpose = purpose " " line
	}
	next
}

state == "text" || state == "result" {
	line = $0
	sub(/^ \* ?/, "", line)
	if (line ~ /^Return: /) {
		state = "result"
		sub(/^Return: /, "", line)
	}
	if (state == "result")
		result[++n_result] = line
	else
		text[++n_text] = line
	next
}

state == "code" {
	prototype = prototype $0 "\n"
	if (/;/) {
		# The text ends in the empty line before "Return:".
		while (n_text && text[n_text] == "")
			n_text--
		page()
		state = ""
	}
}

END {
	exit !pages
}
