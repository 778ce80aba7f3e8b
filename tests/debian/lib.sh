# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the programs of this folder share besides tests/lib/common.sh.

# bookworm_sources: the mirrors that this machine uses, in the suites of Debian 12, as lines of a sources.list.
bookworm_sources() {
	local lines
	# shellcheck disable=SC2016 # the format is apt's to expand
	lines=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
		awk '$2 == "Debian" && $3 ~ /^bookworm(-security|-updates)?$/ && $4 == "main" && !seen[$0]++ {
			print "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]", $1, $3, "main" }')
	[[ -n $lines ]] ||
		die "apt knows no mirror of Debian 12 (bookworm): run apt-get update, or add its line to /etc/apt/sources.list"
	printf '%s\n' "$lines"
}
