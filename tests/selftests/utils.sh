# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The programs of util-linux, and readers of /proc/PID/ns as CRIU is one, with an eighth name there.

# shellcheck source=tests/lib/checks.sh
. "$(dirname "$0")/../lib/checks.sh"

printf 'TAP version 13\n'
# shellcheck disable=SC2016 # for the shell inside
agentns-unshare sh -c 'echo $$ >pid; exec sleep 1000' &
until [[ -s pid ]]; do sleep 0.1; done
pid=$(cat pid)
trap 'kill $pid; wait' EXIT
id=$(cat "/proc/$pid/agent_session")

check 'lsns lists the other namespaces of a process in a session' \
	bash -c "lsns -n -o TYPE -p $pid | sort | tr '\n' ' ' | grep -q 'ipc mnt net pid .*user uts'"
check 'lsns -J is JSON' bash -c "lsns -J | python3 -c 'import json, sys; json.load(sys.stdin)'"
check 'lsns of everything' lsns
check 'unshare(1) stays in the session' \
	bash -c "[[ \$(nsenter --target $pid --all unshare --uts --ipc --net true; echo \$?) == 0 ]]"
check 'nsenter(1) with all that it knows' nsenter --target "$pid" --all true
check 'unshare(1) with all that it knows' unshare --mount --uts --ipc --net --pid --fork --cgroup --time true
# What CRIU's parser wants of each link: NAME:[DECIMAL], and one inode a name.
check 'each link of /proc/PID/ns is NAME:[NUMBER], ours among them' bash -c "
	cd /proc/$pid/ns
	for l in *; do
		[[ \$(readlink \$l) =~ ^([a-z]+):\[([0-9]+)\]\$ ]] || exit 1
		[[ \$(stat -L -c %i \$l) == \${BASH_REMATCH[2]} ]] || exit 1
	done
	[[ \$(readlink agent) == agent:* ]]"
check 'setns by the number of its type, from python' python3 - "$pid" "$id" <<'P'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
fd = os.open("/proc/%s/ns/agent" % sys.argv[1], os.O_RDONLY)
assert libc.setns(fd, 0x1) == 0, os.strerror(ctypes.get_errno())
assert open("/proc/self/agent_session").read().strip() == sys.argv[2]
P
printf '1..%d\n' "$n"
