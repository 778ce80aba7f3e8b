#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# agentns doctor, on a tree of files in which one link after the other is mended.

set -u

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/programs-lib.sh
. "$(dirname "$0")/programs-lib.sh"

make_root
root=$tmp/root
release=6.12.0-agentns

# put FILE TEXT
put() {
	mkdir -p "$(dirname "$root$1")"
	printf '%s\n' "$2" >"$root$1"
}

# doctor STATUS CHECK RESULT DETAIL FIX TEXT - the four are case patterns
doctor() {
	agentns doctor --sysroot "$root" -r -n
	line=$(sed -n "s/^$2 //p" "$tmp/out")
	good=true
	[ "$status" = "$1" ] || good=false
	# shellcheck disable=SC2254
	case $line in $3*) ;; *) good=false ;; esac
	# shellcheck disable=SC2254
	case $line in $4) ;; *) good=false ;; esac
	# shellcheck disable=SC2254
	case $(sed -n '/^To mend/,$p' "$tmp/out") in $5) ;; *) good=false ;; esac
	result $good "$6"
	[ $good = true ] || sed 's/^/# /' "$tmp/out" "$tmp/err"
}

put /proc/sys/kernel/osrelease $release
put /proc/kallsyms "0000000000000000 T printk"
doctor 1 hooks failed "*$release*no*hooks*" "*core-hooks/apply*" \
	"a kernel without hooks"
agentns doctor --sysroot "$root" -J
status=$((status == 1 ? 0 : 99))
check_json '
c = {x["check"]: x for x in j["checks"]}
assert c["hooks"]["result"] == "failed" and "core-hooks/apply" in c["hooks"]["fix"], c
assert all(x["result"] == "skipped" and x["fix"] is None
	   for x in j["checks"][1:]) and len(c) == 10, c' "JSON, and what follows is skipped"
check_schema doctor "$tmp/out" "JSON as the schema has it"
put /boot/config-6.12.9-other CONFIG_AGENTNS_HOOKS=y
doctor 1 hooks failed "*6.12.9-other*" "*grub-reboot*6.12.9-other*" \
	"a kernel with hooks that is not the running one"
put /proc/kallsyms "0000000000000000 T agentns_register"
doctor 1 headers failed "*" "*apt-get install linux-headers-$release*" \
	"no headers"
put /lib/modules/$release/build/Makefile ""
put /lib/modules/$release/build/include/linux/agentns_hooks.h \
	"#define AGENTNS_HOOKS_ABI	7"
doctor 1 hooks ok "*number*7*" "*" "the number of the hooks"
doctor 1 module failed "*" "*dkms install agentns/*-k $release*" "no module"
put /lib/modules/$release/modules.dep "updates/dkms/agentns.ko: kernel/x.ko"
put /lib/modules/$release/updates/dkms/agentns.ko "not signed, and long enough"
doctor 1 module ok "*updates/dkms/agentns.ko*" "*" "the module"
doctor 1 loaded failed "*" "*modprobe agentns*" "not loaded"
put /sys/module/module/parameters/sig_enforce Y
doctor 1 signature failed "*" "*dkms*" "not signed, and it has to be"
printf '~Module signature appended~\n' >>"$root/lib/modules/$release/updates/dkms/agentns.ko"
doctor 1 signature ok "*signed*" "*modprobe*mokutil*" "signed"
mkdir -p "$root/sys/module/agentns"
doctor 1 loaded failed "*" "*mount*" "loaded without a sysfs"
put /sys/kernel/agentns/abi 1
put /sys/kernel/agentns/max_session_dirs 4096
doctor 1 knobs failed "*" "*mount*proc*" "no sysctls"
put /proc/sys/kernel/agent_ns/enabled 0
put /proc/sys/kernel/agent_ns/max_lifetime 86400
doctor 1 knobs failed "*" "*sysctl*enabled=1*" "switched off"
put /proc/sys/kernel/agent_ns/enabled 1
put /sys/kernel/agentns/max_session_dirs 0
doctor 1 knobs warning "*" "*" "no directories"
put /sys/kernel/agentns/max_session_dirs 4096
put /proc/self/status "CapEff:	0000000000000000"
doctor 1 capability failed "*" "*sudo*" "no capability"
put /proc/sys/kernel/agent_ns/unprivileged 1
doctor 0 capability ok "*unprivileged*" "" "anyone may"
put /proc/sys/kernel/agent_ns/unprivileged 0
put /proc/self/status "CapEff:	0000000000200000"
doctor 0 capability ok "*CAP_SYS_ADMIN*" "" "the capability"
doctor 0 session skipped "*" "" "no test session in a tree of files"
put /sys/kernel/security/lsm "lockdown,yama"
doctor 0 "security.x20module" skipped "*" "" "no stamps, no place in the order needed"
put /sys/kernel/agentns/stamps_failed 0
doctor 1 "security.x20module" failed "*" "*lsm=lockdown,yama,agentns*" \
	"stamps without a place in the order"
put /sys/kernel/security/lsm "lockdown,agentns"
doctor 0 "security.x20module" ok "*lockdown,agentns*" "" "a place in the order"

tap_done
