#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# leaks: no
# timeout: 300
#
# The distribution's dkms with its own folders: the module installed for the patched kernel, beside a kernel without
# the hooks. What the host's dkms built is put in place; nothing is compiled here.
set -u

# The mounts below are for this script alone.
[[ -n ${AGENTNS_OWN_MOUNTS:-} ]] || AGENTNS_OWN_MOUNTS=1 exec unshare -m bash "$0"

n=0
ok() { # TEXT CONDITION...
	local text=$1
	shift
	n=$((n + 1))
	if "$@"; then
		printf 'ok %d %s\n' "$n" "$text"
	else
		printf 'not ok %d %s\n' "$n" "$text"
		sed 's/^/# /' log
	fi
}
exits() { # STATUS COMMAND...
	local want=$1 got=0
	shift
	"$@" >log 2>&1 </dev/null || got=$?
	((got == want)) || printf '# %s exits with %s, not %s\n' "$*" "$got" "$want"
	((got == want))
}
says() { grep -q -- "$1" log; }

kernel=$(uname -r)
stock=6.1.0-0-stock
for folder in /lib/modules /usr/src /var/lib/dkms; do
	mount -t tmpfs none "$folder" || exit 1
done
cp -a "$AGENTNS_MODULE/lib/modules/." /lib/modules/
cp -a "$AGENTNS_MODULE/src/." /usr/src/
cp -a "$AGENTNS_MODULE/dkms/." /var/lib/dkms/
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' /usr/src/agentns-*/dkms.conf)
# The only link that holds a path of the machine that built it.
ln -sfn "/usr/src/agentns-$version" "/var/lib/dkms/agentns/$version/source"
module=/lib/modules/$kernel/updates/dkms/agentns.ko

mkdir -p "/lib/modules/$stock/build/include"
printf 'CONFIG_MODULES=y\n# CONFIG_AGENTNS_HOOKS is not set\n' >"/lib/modules/$stock/build/.config"

printf 'TAP version 13\n1..8\n'
exits 0 dkms status
ok "dkms lists the module as installed for the patched kernel" says "^agentns/$version, $kernel, x86_64: installed"
ok "autoinstall on a kernel without the hooks is no failure" exits 0 dkms autoinstall -k "$stock"
ok "and it says why there is no module" says "Linux $stock lacks the agent session hooks"
ok "an explicit build for that kernel is skipped" exits 77 dkms build "agentns/$version" -k "$stock"
ok "with the reason" says "Linux $stock lacks the agent session hooks"
ok "the module is where depmod and modprobe expect it" test -f "$module"
ok "dkms remove" exits 0 dkms remove "agentns/$version" --all
ok "leaves no module" test ! -e "$module"
