#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Is this the machine that the other tests believe to be in?
set -u

n=0
ok() { # TEXT CONDITION...
	local text=$1
	shift
	n=$((n + 1))
	if "$@"; then printf 'ok %d %s\n' "$n" "$text"; else printf 'not ok %d %s\n' "$n" "$text"; fi
}

root_is_read_only() { ! touch /usr/agentns-test 2>/dev/null; }
log_is_clean() { ! dmesg | grep -v 'Kernel memory leak detector' | grep -E 'BUG:|WARNING:|Oops|Call Trace'; }

printf 'TAP version 13\n1..8\n'
ok "the kernel is the patched one" grep -q -e -agentns /proc/version
ok "the hooks are configured" eval 'zcat /proc/config.gz | grep -qx CONFIG_AGENTNS_HOOKS=y'
ok "the module that dkms built is loaded" grep -q '^agentns ' /proc/modules
ok "modprobe finds it where dkms puts it" eval 'modinfo -n agentns | grep -q /updates/dkms/'
ok "the host's files are read-only" root_is_read_only
ok "/scratch is ext4" test "$(stat -f -c %T /scratch)" = ext2/ext3
ok "the project's programs are on PATH" test -n "$(command -v agentns-unshare)"
ok "the boot log is clean" log_is_clean
