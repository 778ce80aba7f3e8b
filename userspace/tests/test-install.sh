#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# make install: every file in its place, and a program builds against them.

set -u

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"

here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM HUP

if [ -n "${SANITIZE:-}" ]; then
	skip "make install (objects for the sanitizers are not installed)"
	tap_done
fi

O=$(cd "$BUILD" && pwd)
"$MAKE" -s -C "$here/.." O="$O" CC="$CC" DESTDIR="$tmp/dest" prefix=/usr \
	LIBDIR=/usr/lib/triplet install >"$tmp/log" 2>&1
result_of $? "make install with DESTDIR, prefix and LIBDIR"
sed 's/^/# /' "$tmp/log"

# The pages of the library's functions are counted by test-manual.sh; one stands for all.
(cd "$tmp/dest" && find . ! -type d ! \( -name 'agentns_*.3' ! -name agentns_abi.3 \) | sed 's/^\.//' | LC_ALL=C sort) >"$tmp/got"
LC_ALL=C sort >"$tmp/want" <<'END'
/usr/bin/agentns
/usr/bin/agentns-unshare
/usr/include/agentns.h
/usr/include/linux/agent_namespaces.h
/usr/lib/systemd/system/agentns-defaults.service
/usr/lib/systemd/system/agentns@.service
/usr/lib/triplet/libagentns.a
/usr/lib/triplet/libagentns.so
/usr/lib/triplet/libagentns.so.0
/usr/lib/triplet/libagentns.so.0.0.0
/usr/lib/triplet/pkgconfig/libagentns.pc
/usr/libexec/agentns/agentns
/usr/share/agentns/agentns.schema.json
/usr/share/bash-completion/completions/agentns
/usr/share/bash-completion/completions/agentns-unshare
/usr/share/man/man1/agentns-unshare.1
/usr/share/man/man1/agentns.1
/usr/share/man/man3/agentns_abi.3
/usr/share/man/man3/libagentns.3
/usr/share/man/man4/agentns.4
/usr/share/man/man7/agent_namespaces.7
/usr/share/zsh/site-functions/_agentns
END
diff "$tmp/want" "$tmp/got" >"$tmp/diff"
result_of $? "the files that are installed"
sed 's/^/# /' "$tmp/diff"

if command -v systemd-analyze >/dev/null; then
	# It wants the programs where the units say they are.
	mkdir -p "$tmp/units"
	for unit in agentns@.service agentns-defaults.service; do
		sed "s|/usr/bin|$tmp/dest/usr/bin|" "$tmp/dest/usr/lib/systemd/system/$unit" \
			>"$tmp/units/$unit"
	done
	systemd-analyze verify --man=no "$tmp/units/agentns@x.service" \
		"$tmp/units/agentns-defaults.service" >"$tmp/log" 2>&1
	result_of $? "systemd takes the units"
	[ ! -s "$tmp/log" ]
	result_of $? "and has nothing to say of them"
	sed 's/^/# /' "$tmp/log"
else
	skip "systemd takes the units (systemd-analyze is missing)"
fi

cat >"$tmp/user.c" <<'END'
#include <agentns.h>
int main(void) { return agentns_supported() && 0; }
END
PKG_CONFIG_PATH=$tmp/dest/usr/lib/triplet/pkgconfig
PKG_CONFIG_SYSROOT_DIR=$tmp/dest
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
# shellcheck disable=SC2046 # several flags
$CC -o "$tmp/user" "$tmp/user.c" $(pkg-config --cflags --libs libagentns) &&
	LD_LIBRARY_PATH=$tmp/dest/usr/lib/triplet "$tmp/user"
result_of $? "a program builds by pkg-config and runs"

tap_done
