# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only
#
# What every program under tests/ shares. Source it after `set -eu`. It answers --help.
#
# Messages go to standard error, one line each, and name the object, what is wrong and what to do next: standard
# output belongs to the result (a folder, the guest's output, TAP).

# What a program's first comment says, from its usage on.
case ${1-} in
-h | --help) sed -n '4,/^set /{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
esac

LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# The root of the checkout; the programs that source this read it.
TOP=$(cd "$LIB/../.." && pwd -P)
PROG=${PROG:-${0##*/}}

# CI starts things without a HOME now and then.
: "${HOME:=$(getent passwd "$(id -u)" | cut -d: -f6)}"
export HOME
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/agentns

# Not part of `make deps`: what `make deb` needs besides, what docs/screens/remake does, what `make bench` does, what the
# kernel's bindeb-pkg of any series takes, what `make check-debian` does, and a kernel with BTF.
PACKAGE_PACKAGES=(gcc make libc6-dev dpkg-dev debhelper dh-dkms lintian rsync scdoc)
SCREEN_PACKAGES=(tmux python3)
BENCH_PACKAGES=(python3 binutils gnuplot-nox)
BINDEB_PACKAGES=(dpkg-dev debhelper fakeroot libdw-dev python3)
GUEST_PACKAGES=(mmdebstrap qemu-system-x86 e2fsprogs apt-utils openssl debian-archive-keyring)
BTF_PACKAGES=(dwarves)

make_cache() {
	mkdir -p "$CACHE/log" 2>/dev/null || true
	[[ -w $CACHE/log ]] ||
		die "cannot write to the cache folder $CACHE: set XDG_CACHE_HOME to a writable place"
}

say() { printf '%s: %s\n' "$PROG" "$*" >&2; }

# DIE_STATUS: the exit status of die, set before this file is sourced by a program with statuses of its own.
die() {
	say "$*"
	exit "${DIE_STATUS:-1}"
}

# Packages of Debian 12, and nothing that comes with every installation of it.
BUILD_PACKAGES=(gcc g++ make libc6-dev gcc-multilib bc bison flex libelf-dev libssl-dev openssl lz4 xz-utils rsync cpio kmod patch)
VM_PACKAGES=(qemu-system-x86 dkms e2fsprogs)
USERSPACE_PACKAGES=(pkg-config libsmartcols-dev libjson-c-dev libncurses-dev scdoc)
# What the tests of userspace/ look at its results with. Without them those are skipped, and the skips are told of.
CHECK_PACKAGES=(valgrind strace python3-jsonschema mandoc man-db groff-base zsh)
# What tests/selftests/tracing.sh listens to trace events with; likewise.
TRACE_PACKAGES=(linux-perf trace-cmd bpftrace)
# What the tests of file stamps, and the demo, make file systems, copies and policies of security modules with.
STAMP_PACKAGES=(attr e2fsprogs xfsprogs btrfs-progs rsync apparmor checkpolicy)
# What searches tests/models.
MODEL_PACKAGES=(spin gcc libc6-dev)
# What reads the code without running it (tests/static), and what the nightly form of that does besides: the oldest clang
# of Debian 12 that every series takes.
STATIC_PACKAGES=(sparse coccinelle perl shellcheck clang-tidy)
NIGHTLY_PACKAGES=(clang-19 lld-19 llvm-19)
# What feeds the parsers of userspace/ (libFuzzer).
FUZZ_PACKAGES=(clang libclang-rt-14-dev)
# What tests/selftests/kfunc.c links with.
KFUNC_PACKAGES=(libbpf-dev)
# What the kernel's own selftests link with.
UPSTREAM_PACKAGES=(libcap-dev)

missing_packages() {
	local p
	for p; do
		[[ $(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null) == installed ]] || printf '%s\n' "$p"
	done
}

# need_packages PACKAGE...: installs those that are missing as root, else dies with the one command that would.
need_packages() {
	local missing log
	command -v dpkg-query >/dev/null || return 0 # not Debian: the tools are looked for where they are used
	mapfile -t missing < <(missing_packages "$@")
	((${#missing[@]})) || return 0
	local command=(apt-get install -y --no-install-recommends "${missing[@]}")
	if (($(id -u) != 0)); then
		die "missing packages: ${missing[*]}; install them with: sudo ${command[*]}"
	fi
	make_cache
	log=$CACHE/log/apt.log
	say "installing ${missing[*]}; log $log"
	export DEBIAN_FRONTEND=noninteractive
	if ! "${command[@]}" -o DPkg::Lock::Timeout=300 </dev/null >"$log" 2>&1; then
		# Most often the lists are old or absent; they are fetched only then, as that takes a while.
		if ! apt-get update -o Acquire::Retries=2 </dev/null >>"$log" 2>&1 ||
			! "${command[@]}" -o DPkg::Lock::Timeout=300 </dev/null >>"$log" 2>&1; then
			die "cannot install ${missing[*]}: $(grep '^E:' "$log" | tail -n 1)" \
				"(log $log); check the network, then run: apt-get update && ${command[*]}"
		fi
	fi
}

# offered PACKAGE: does the machine's own release have it, installed or not?
offered() {
	dpkg-query -W "$1" >/dev/null 2>&1 && return
	[[ -n $(apt-cache madison "$1" 2>/dev/null) ]] && return
	# A fresh machine's apt has no lists and so knows nothing.
	[[ -z $(apt-get indextargets 'Created-By: Packages' 2>/dev/null) ]] && (($(id -u) == 0)) || return 1
	make_cache
	say "fetching apt's lists; log $CACHE/log/apt.log"
	apt-get update -o Acquire::Retries=2 </dev/null >"$CACHE/log/apt.log" 2>&1 || return 1
	[[ -n $(apt-cache madison "$1" 2>/dev/null) ]]
}

need_tools() {
	local t
	for t; do
		command -v "$t" >/dev/null || die "$t is not on PATH: run make deps, or install what provides it"
	done
}

# need_space MIB: dies unless the cache's disk has that much left.
need_space() {
	local free
	make_cache
	free=$(df --output=avail -B1M "$CACHE" | tail -n 1)
	((free >= $1)) ||
		die "only $((free)) MiB free for the cache $CACHE and this step wants $1:" \
			"make room, or set XDG_CACHE_HOME to a larger disk"
}

# lock NAME WHAT [COMMAND]: one holder at a time for as long as the calling program lives. Says what it waits for, and
# does not wait on when COMMAND says that there is nothing left to do.
lock() {
	local fd
	make_cache
	exec {fd}>>"$CACHE/$1.lock"
	flock -w 2 "$fd" && return
	say "waiting for another $2 to finish"
	until flock -w 2 "$fd"; do
		[[ -z ${3-} ]] || ! "$3" >/dev/null || return 0
	done
}

# flavour_label FLAVOUR SERIES: what a kernel with tests/kernel/config.FLAVOUR is called. These are btf, debug, kcsan,
# kcov and ibt, and each is an option of the programs that take a kernel.
flavour_label() {
	case $1 in
	debug) printf '%s for debugging\n' "$2" ;;
	*) printf '%s with %s\n' "$2" "${1^^}" ;;
	esac
}

# flavour_slowness FLAVOUR: how many times as long things may take there.
flavour_slowness() {
	case $1 in
	debug | kcsan | kcov) echo 5 ;;
	*) echo 1 ;;
	esac
}

# objtool_warnings LOG: shows the first of them; are there any?
objtool_warnings() { grep -m 8 'warning: objtool' "$1"; }

hash_files() {
	# Names and contents of the files given, in an order that does not depend on the locale or the caller.
	printf '%s\0' "$@" | LC_ALL=C sort -z | xargs -0 -r sha256sum -- | sha256sum | cut -c1-16
}

# compiled NAME: the program of tests/vm/NAME.c, compiled once for each version of it.
compiled() {
	local program
	program=$CACHE/vm/$1-$(hash_files "$TOP/tests/vm/$1.c")
	if [[ ! -x $program ]]; then
		mkdir -p "$CACHE/vm"
		gcc -static -O2 -Wall -Wno-unused-result -o "$program.$$" "$TOP/tests/vm/$1.c" >&2 ||
			die "cannot compile tests/vm/$1.c: see above; make deps installs the compiler"
		mv "$program.$$" "$program"
	fi
	printf '%s\n' "$program"
}

# note_emulator_death STATUS LOG: let emulator_fault know how QEMU ended.
EMULATOR_DIED='emulator: QEMU itself was ended by signal'
note_emulator_death() {
	case $1 in
	134 | 135 | 136 | 139) printf '\n%s %s\n' "$EMULATOR_DIED" $(($1 - 128)) >>"$2" ;; # ABRT BUS FPE SEGV
	esac
}

# emulator_fault LOG: did the emulator, not the kernel, bring that machine down?
#
# Linux rewrites its own code while other processors run it, by way of a breakpoint (int3). In QEMU's parallel emulation
# a processor may translate the old byte between the moment when another's write has thrown translations away and the
# moment when the byte is written, and then goes on executing a breakpoint that memory does not hold. The oops proves
# it: the byte where the breakpoint was executed, just before the one in brackets, is not cc.
#
# QEMU now and then dies itself, too; nothing that a guest does should be able to do that to it.
emulator_fault() {
	local code
	[[ $(tail -n 1 "$1") != "$EMULATOR_DIED"* ]] || return 0
	grep -a -m 1 -E 'BUG:|WARNING:|Oops' "$1" | grep -q 'Oops: int3' || return 1
	code=$(grep -a -m 1 -A 12 'Oops: int3' "$1" | grep -m 1 'Code:' | grep -oE '[0-9a-f]{2} <[0-9a-f]{2}>')
	[[ -n $code && $code != cc* ]]
}
