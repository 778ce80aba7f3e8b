#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# agentns defaults, on a tree of files.

set -u

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/programs-lib.sh
. "$(dirname "$0")/programs-lib.sh"

make_root
knobs=$tmp/root/sys/kernel/agentns
sysctls=$tmp/root/proc/sys/kernel/agent_ns
conf=$tmp/root/etc/agentns.d
mkdir -p "$knobs/defaults" "$sysctls" "$conf"
for f in max_session_dirs defaults/max_forks defaults/max_elapsed_ns defaults/action; do
	echo old >"$knobs/$f"
done
echo old >"$sysctls/max_lifetime"

agentns defaults --sysroot "$tmp/root"
expect 0 "" "" "no file, nothing to set"
cat >"$conf/50-a.conf" <<'END'
# a comment

max_session_dirs = 10
budget = wall=1h,fork=1000
  on-exceed=term
kernel.agent_ns.max_lifetime = 5
END
echo "max_session_dirs = 20" >"$conf/60-b.conf"
echo "max_session_dirs = 30" >"$conf/70-c.other"
agentns defaults --check --sysroot "$tmp/root"
expect 0 "" "" "--check"
[ "$(cat "$knobs/max_session_dirs")" = old ]
result_of $? "--check sets nothing"
agentns defaults --sysroot "$tmp/root"
expect 0 "" "" "all is taken"
# A write replaces the beginning of a plain file.
[ "$(head -c 2 "$knobs/max_session_dirs") $(head -c 4 "$knobs/defaults/max_forks") $(head -c 13 \
		"$knobs/defaults/max_elapsed_ns") $(head -c 4 "$knobs/defaults/action") $(head -c 1 \
		"$sysctls/max_lifetime")" = "20 1000 3600000000000 term 5" ]
result_of $? "and set, the later file last"
cat >"$tmp/bad" <<'END'
budget = wall=1x
on-exceed = bogus
nonsense
max_forks =
../../etc/passwd = 1
sessions/x = 1
no_such_knob = 1
max_session_dirs = 40
END
agentns defaults --sysroot "$tmp/root" "$tmp/bad"
expect 1 "" "*bad:1: bad budget*wall=1x*bad:2: *bogus*bad:3: NAME = VALUE*bad:4: *no value*bad:5: *not the name*bad:6: *not the name*bad:7: *no no_such_knob*" \
	"each bad line is told of"
[ "$(head -c 2 "$knobs/max_session_dirs")" = 40 ]
result_of $? "and the others are applied"
agentns defaults "$tmp/none"
expect 1 "" "*cannot read*none*No such file*" "no such file"

tap_done
