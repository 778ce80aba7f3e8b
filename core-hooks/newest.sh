# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: GPL-2.0-only
#
# check --newest: the newest linux-source packages of the distribution's
# suites, read with apt and without touching the machine's configuration: a
# sources list, package lists and downloads of our own. Sourced by check.

# Suites beyond the configured ones, of the mirror that is configured: where
# kernels appear before they reach a release.
FURTHER_SUITES=(bookworm-backports trixie trixie-backports unstable)
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# Checking takes the files that any series touches, for a kernel without a
# series of its own, and the headers.
wanted_members() {
	printf '%s\n' Makefile init/Kconfig kernel/nsproxy.c "${INNER_HEADERS[@]}" \
		'include/uapi/linux/*.h' 'include/uapi/asm-generic/*.h'
	sed -n 's,^+++ b/\([^[:space:]]*\).*,\1,p' "$PATCHES"/*/*.patch
}

apt_here() { # PROGRAM ARGUMENT...
	local program=$1
	shift
	LC_ALL=C "$program" -o Dir::Etc::sourcelist="$store/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferences=/dev/null \
		-o Dir::Etc::preferencesparts=/dev/null \
		-o Dir::State::lists="$store/lists" -o Dir::State::status=/dev/null \
		-o Dir::Cache="$store/apt" -o Acquire::Languages=none \
		-o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false \
		-o APT::Architecture=amd64 -o APT::Architectures=amd64 \
		-o APT::Sandbox::User= -o Acquire::Retries=2 "$@"
}

# The suites of this distribution that apt knows here, and those of its mirror
# that it does not.
write_sources() {
	local codename mirror='' target suite uri id
	# shellcheck source=/dev/null
	id=$(. /etc/os-release && printf '%s' "$ID")
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME-}")
	[[ $id == debian && -n $codename ]] ||
		die "--newest reads the suites of Debian, and this is $id; unpack a newer kernel and name it: check KSRC"
	[[ -r $KEYRING ]] ||
		die "$KEYRING is missing, so nothing that is downloaded can be trusted: apt install debian-archive-keyring"
	# shellcheck disable=SC2016 # apt's own variables
	mapfile -t targets < <(apt-get indextargets --format \
		'$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		grep " ${codename}[^ ]* main\$" | LC_ALL=C sort -u)
	for target in "${targets[@]}"; do
		read -r uri suite _ <<<"$target"
		[[ $suite != "$codename" ]] || mirror=$uri
	done
	[[ -n $mirror ]] ||
		die "apt-get indextargets names no mirror of $codename main: run apt-get update, or add the distribution's own line to sources.list"
	for suite in "${FURTHER_SUITES[@]}"; do
		[[ " ${targets[*]} " == *" $suite "* ]] || targets+=("$mirror $suite main")
	done
	printf "deb [signed-by=$KEYRING] %s\n" "${targets[@]}" >"$store/sources.list"
}

read_lists() {
	local first
	say "reading the package lists of $(cut -d' ' -f4 "$store/sources.list" | paste -sd' ')"
	# Yesterday's lists must not pass for today's.
	if ! apt_here apt-get update --error-on=any -qq </dev/null >"$work/update" 2>&1; then
		first=$(grep -m 1 -E '^(E|W|Err)' "$work/update" || head -n 1 "$work/update")
		die "the package lists cannot be read: ${first#*: }; check the network and the proxy of apt, then run check --newest again"
	fi
}

# PACKAGE VERSION SUITE of the newest linux-source of each kernel series.
newest_packages() {
	local package version where best suite
	apt_here apt-cache pkgnames linux-source- | grep -E '^linux-source-[0-9]+\.[0-9]+$' |
		LC_ALL=C sort -V | while read -r package; do
		best='' suite=''
		while IFS='|' read -r _ version where; do
			version=${version//[[:space:]]/}
			where=${where#"${where%%[![:space:]]*}"}
			where=${where#* }
			if [[ -z $best ]] || dpkg --compare-versions "$version" gt "$best"; then
				best=$version
				suite=${where%%/*}
			fi
		done < <(apt_here apt-cache madison "$package" | grep 'Packages$')
		[[ -z $best ]] || printf '%s %s %s\n' "$package" "$best" "$suite"
	done
}

# fetch PACKAGE VERSION: sets DEB. Older ones of the package go.
fetch() {
	local package=$1 version=$2 free error file
	DEB=$store/debs/${package}_${version//:/%3a}_all.deb
	mkdir -p "$store/debs"
	[[ ! -f $DEB ]] || return 0
	free=$(df --output=avail -B1M "$store" | tail -n 1)
	if ((free < 1024)); then
		PROBLEM="$package $version: only $((free)) MiB free at $store: make room, or set XDG_CACHE_HOME to a larger disk"
		return 1
	fi
	say "downloading $package $version"
	if ! (cd "$store/debs" && apt_here apt-get download -qq "$package=$version") \
		</dev/null >"$work/download" 2>&1 || [[ ! -f $DEB ]]; then
		error=$(grep -m 1 '^E:' "$work/download" || head -n 1 "$work/download")
		PROBLEM="$package $version cannot be downloaded: ${error#E: }; check the network, then run check --newest again"
		return 1
	fi
	for file in "$store/debs/${package}_"*.deb; do
		[[ $file == "$DEB" ]] || rm -f "$file"
	done
}

# unpack PACKAGE VERSION: sets TREE, with what checking takes of the source.
unpack() {
	local package=$1 version=$2 members key top
	mapfile -t members < <(wanted_members | LC_ALL=C sort -u)
	key=$(printf '%s\n' "${members[@]}" | sha256sum | cut -c1-12)
	TREE=$store/trees/$package-${version//:/.}-$key
	[[ ! -d $TREE ]] || return 0
	fetch "$package" "$version" || return 1
	mkdir -p "$store/trees"
	rm -rf "$store/trees/$package-"* "$store/trees/.new"
	mkdir "$store/trees/.new"
	say "unpacking $package $version"
	# The last tar fails for each member that this kernel does not have; what
	# is missing is told when it is looked for.
	dpkg-deb --fsys-tarfile "$DEB" |
		tar -xO --wildcards './usr/src/linux-source-*.tar.xz' | xz -dc |
		tar -x -C "$store/trees/.new" --strip-components=1 --wildcards \
			"${members[@]/#/$package/}" 2>"$work/unpack" || true
	top=$store/trees/.new
	if [[ ! -f $top/Makefile || ! -f $top/include/uapi/linux/sched.h ]]; then
		rm -f "$DEB"
		PROBLEM="$package $version cannot be unpacked: $(head -n 1 "$work/unpack"); its file was removed, run check --newest again"
		return 1
	fi
	mv -T "$top" "$TREE"
}

check_newest() {
	local package version suite lock list
	: "${HOME:=$(getent passwd "$(id -u)" | cut -d: -f6)}"
	store=${XDG_CACHE_HOME:-$HOME/.cache}/agentns/newest
	mkdir -p "$store"/{lists/partial,apt/archives/partial} 2>/dev/null ||
		die "$store: cannot be made; set XDG_CACHE_HOME to a writable place"
	for package in apt-get dpkg-deb xz; do
		command -v "$package" >/dev/null ||
			die "the program '$package' is missing: --newest needs Debian's apt, dpkg and xz-utils"
	done
	exec {lock}>>"$store/lock"
	if ! flock -n "$lock"; then
		say "waiting for another check --newest to finish"
		flock "$lock"
	fi
	write_sources
	read_lists
	mapfile -t list < <(newest_packages)
	((${#list[@]})) ||
		die "none of the suites offers a linux-source package; look at $store/sources.list"
	row "${TABLE_HEAD[@]}"
	for package in "${list[@]}"; do
		read -r package version suite <<<"$package"
		if [[ -z $(nearest_series "${package#linux-source-}") ]]; then
			row - "$version" - - - - - - "$suite"
			note "Linux ${package#linux-source-} is older than every series there is: not looked at"
			continue
		fi
		if unpack "$package" "$version"; then
			check_ksrc "$TREE" "$version" "$suite"
		else
			refuse "${package#linux-source-}" "$version" "$suite"
		fi
	done
}
