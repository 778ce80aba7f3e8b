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
mkdir -p "$root/dev"
cat >"$root/dev/kmsg" <<'END'
6,1,1,-;agentns: this kernel has hooks number 8, the module was written for number 9: install
12,2,2,-;agentns: this kernel has hooks number 10, as a user says
END
doctor 1 hooks ok "*number*8" "*" "what the kernel itself says of them goes before that"
rm "$root/dev/kmsg"
doctor 1 module failed "*" "*dkms install agentns/*-k $release*" "no module"
put /lib/modules/$release/modules.dep "updates/dkms/agentns.ko: kernel/x.ko"
put /lib/modules/$release/updates/dkms/agentns.ko "not signed, and long enough"
doctor 1 module ok "*updates/dkms/agentns.ko*" "*" "the module"
doctor 1 loaded failed "*" "*modprobe agentns*" "not loaded"

# made_for RELEASE NUMBER - a module that says so
made_for() {
	printf 'const char info[] __attribute__((section(".modinfo"))) = "vermagic=%s SMP\\0agentns_hooks=%s";\n' \
		"$1" "$2" >"$tmp/m.c"
	$CC -c -o "$root/lib/modules/$release/updates/dkms/agentns.ko" "$tmp/m.c"
}
rebuilt="*dkms install --force agentns/*-k $release*"
if PATH=$PATH:/usr/sbin:/sbin command -v modinfo >/dev/null; then
	made_for $release 7
	doctor 1 module ok "*agentns.ko,*number*7" "*modprobe agentns*" "a module for these hooks"
	made_for 6.12.0-other 7
	doctor 1 module failed "*6.12.0-other*" "$rebuilt" "a module for another kernel"
	made_for $release 6
	doctor 1 module failed "*number*6*number*7" "*apt-get install*agentns-dkms*" \
		"a module older than the hooks"
	put /usr/src/agentns-0.1.0/module/main.c "#define AGENTNS_WANTED_HOOKS	7"
	doctor 1 module failed "*" "$rebuilt" "and its source is not"
	rm -r "$root/usr/src"
	made_for $release 8
	doctor 1 module failed "*number*8*number*7" "*make kernel-deb*" "a module newer than the hooks"
	mkdir -p "$root/sys/module/agentns"
	doctor 1 module warning "*number*8*" "*" "is told of beside one that is loaded"
	rmdir "$root/sys/module/agentns"
else
	skip "what a module was built for (modinfo is missing)"
fi
put /lib/modules/$release/updates/dkms/agentns.ko "not signed, and long enough"
mv "$root/lib/modules/$release/build" "$tmp/build"
doctor 1 headers warning "*installed*cannot*rebuilt" "*modprobe agentns*" \
	"no headers, and a module that needs none"
mv "$tmp/build" "$root/lib/modules/$release/build"
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
lsm="lsm=lockdown,yama,agentns"
doctor 1 "security.x20module" failed "*" "*reboot*$lsm*boot?loader*" \
	"stamps without a place in the order"
put /etc/kernel/cmdline "root=/dev/sda"
doctor 1 "security.x20module" failed "*" "*sed -i*$lsm/?*/etc/kernel/cmdline*kernel-install add $release*" \
	"mended where kernel-install makes entries"
put /usr/sbin/grubby ""
doctor 1 "security.x20module" failed "*" "*grubby*--args=$lsm &&*" "mended with grubby"
put /usr/sbin/update-grub ""
doctor 1 "security.x20module" failed "*" "*/etc/default/grub.d/agentns.cfg*update-grub*" \
	"mended as on Debian"
# Is that a command? It is run, all but the end.
mend=$(sed -n 's/^  \(mkdir .*\) && update-grub && reboot$/\1/p' "$tmp/out" |
	sed "s,/etc/default,$tmp,g")
# shellcheck source=/dev/null
sh -c "$mend" && (GRUB_CMDLINE_LINUX=quiet && . "$tmp/grub.d/agentns.cfg" &&
	[ "$GRUB_CMDLINE_LINUX" = "quiet $lsm" ])
result_of $? "by a command that does it"
rm -r "$root/sys/kernel/security"
doctor 1 "security.x20module" failed "*" "*mount -t securityfs*" \
	"stamps with an order that cannot be read"
put /sys/kernel/agentns/features stamps
doctor 0 "security.x20module" skipped "*not*mounted*" "" "nor need it be, with stamps"
rm "$root/sys/kernel/agentns/features"
put /sys/kernel/security/lsm "lockdown,agentns"
doctor 0 "security.x20module" ok "*lockdown,agentns*" "" "a place in the order"

tap_done
