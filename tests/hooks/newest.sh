# shellcheck shell=bash disable=SC2016
# SPDX-License-Identifier: GPL-2.0-only
#
# core-hooks/check --newest, on packages made here: apt's programs are replaced by ones that know three of them.
# Sourced by tests/hooks/run.

# source_package SERIES VERSION TREE: as the distribution packs it.
source_package() {
	local name=linux-source-$1 folder=$WORK/package
	rm -rf "$folder"
	mkdir -p "$folder"/{DEBIAN,usr/src} "$WORK/debs"
	tar -C "$3" --transform "s,^\.,$name," -c . | xz -0 >"$folder/usr/src/$name.tar.xz"
	printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\nDescription: test\n' \
		"$name" "$2" >"$folder/DEBIAN/control"
	dpkg-deb --root-owner-group -Znone -b "$folder" "$WORK/debs/${name}_$2_all.deb" >/dev/null
}

fake_apt() {
	mkdir -p "$WORK/bin"
	cat >"$WORK/bin/apt-get" <<-'END'
		#!/bin/bash
		case " $* " in
		*' indextargets '*) . /etc/os-release; echo "http://mirror.invalid/x/ $VERSION_CODENAME main" ;;
		*' update '*) [[ ! -e ${0%/*}/offline ]] || { echo 'E: Failed to fetch: no route'; exit 100; } ;;
		*' download '*)
			what=${*: -1}
			echo "$what" >>"${0%/*}/downloads"
			cp "${0%/*}/../debs/${what%=*}_${what#*=}_all.deb" .
			;;
		esac
	END
	cat >"$WORK/bin/apt-cache" <<-'END'
		#!/bin/bash
		case " $* " in
		*' pkgnames '*) printf 'linux-source-%s\n' 6.12 4.9 99.1; echo linux-source-6.12-extra ;;
		*' linux-source-6.12 '*)
			echo 'linux-source-6.12 | 6.12.9-1 | http://mirror.invalid/x stable/main amd64 Packages'
			echo 'linux-source-6.12 | 6.12.100-1 | http://mirror.invalid/x stable-security/main amd64 Packages'
			;;
		*' madison '*)
			name=${*: -1}
			echo "$name | ${name#linux-source-}.1-1 | http://mirror.invalid/x unstable/main amd64 Packages"
			;;
		esac
	END
	chmod +x "$WORK/bin"/apt-*
}

newest() {
	run env PATH="$WORK/bin:$PATH" XDG_CACHE_HOME="$WORK/cache" "$WORK/checkout/core-hooks/check" --newest
}

test_newest() {
	tree 6.12
	source_package 6.12 6.12.100-1 "$TREE"
	sed -i 's/^VERSION = .*/VERSION = 99/; s/^PATCHLEVEL = .*/PATCHLEVEL = 1/' "$TREE/Makefile"
	# So that no series fits it.
	sed -i 's/goto bad_fork_put_pidfd;/goto bad_fork_put;/' "$TREE/kernel/fork.c"
	source_package 99.1 99.1.1-1 "$TREE"
	fake_apt
	newest
	ok 'check --newest: the newest of the suites is taken' ended 1 '^6\.12 +6\.12\.100-1 .* ok +stable-security'
	ok 'check --newest: a kernel without a series is compared with the nearest' \
		ended 1 '^[0-9.]+ +99\.1\.1-1 .* no .* BAD +unstable' 'fs/nsfs.c is missing' 'kernel/fork.c: hunk [0-9]+ does not fit' 'no series for Linux 99\.1'
	ok 'check --newest: one that is too old is not looked at' ended 1 'Linux 4\.9 is older'
	ok 'check --newest: nothing is downloaded twice' eval 'newest; [[ $(sort "$WORK/bin/downloads" | uniq -d) == "" ]]'
	rm -rf "$WORK/cache/agentns/newest"/{debs,trees} "$WORK/debs/linux-source-6.12_"*
	newest
	ok 'check --newest: a download that fails is named' ended 1 '6\.12\.100-1 cannot be downloaded' 'BAD +stable-security'
	echo rubbish >"$WORK/debs/linux-source-6.12_6.12.100-1_all.deb"
	newest
	ok 'check --newest: a damaged package is named' ended 1 '6\.12\.100-1 cannot be unpacked'
	touch "$WORK/bin/offline"
	newest
	ok 'check --newest: without a network it says so' eval 'ended 1 "lists cannot be read: .*no route; check the network"'
}

if ! command -v dpkg-deb >/dev/null || ! grep -q '^ID=debian' /etc/os-release 2>/dev/null; then
	skip 'check --newest' 'this is not Debian'
elif base 6.12; then
	test_newest
else
	skip 'check --newest' "$WHY"
fi
