#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: --append lsm=landlock,agentns,apparmor
# vm: --append lsm=agentns,landlock,selinux
# vm: --append lsm=selinux,agentns
# vm: --append lsm=landlock
# timeout: 200
# leaks: no
#
# Stamps beside the other security modules, in both orders: what those forbid is forbidden, their labels are whole. And
# without ours, which features and the kernel's log then say.
set -u

# shellcheck source=tests/lib/checks.sh
. "$(dirname "$0")/../lib/checks.sh"

active() { [[ ,$modules, == *,$1,* ]]; }
# session COMMAND: of the shell, in a session of its own, whose id is in the file id.
session() { agentns-unshare sh -c "cat /proc/self/agent_session >id; $1"; }
stamp() { getfattr -h -e hex -n security.agentns "$1" 2>/dev/null | grep -F security.agentns; }
stamped() { stamp "$1" | grep -qF -f id; }
bare() { ! stamp "$1"; }
fails() { ! "$@"; }

modules=$(cat /sys/kernel/security/lsm)
printf 'TAP version 13\n'
printf '# security modules, in order: %s\n' "$modules"
wanted=$(sed -n 's/.*[ ]lsm=\([^ ]*\).*/\1/p' /proc/cmdline)
for m in ${wanted//,/ }; do
	if [[ $m == agentns ]]; then
		check 'agentns is among them, as asked for' active agentns
	elif ! active "$m"; then
		skip "$m" "this kernel has no $m"
	fi
done

session 'touch f && mkdir d && ln -s f l && mkfifo p'
if ! active agentns; then
	check 'features has no "stamps"' fails grep -qx stamps /sys/kernel/agentns/features
	check 'the log says why, and what to do' bash -c 'dmesg | grep "agentns: .*lsm="'
	check 'sessions work all the same' grep -qxE '[0-9a-f]{32}' id
	check 'and files have no stamp' bare f
	check 'nor folders' bare d
else
	check 'features has "stamps"' grep -qx stamps /sys/kernel/agentns/features
	check 'nothing in the log asks for agentns in lsm=' bash -c '! dmesg | grep "agentns: .*lsm="'
	for f in f d l p; do
		check "a stamp: $f" stamped "$f"
	done
	stamp f >before
	check 'it cannot be forged' fails session 'setfattr -n security.agentns -v x f'
	check 'nor removed' fails session 'setfattr -x security.agentns f'
	stamp f >after
	check 'it is what it was' cmp before after
fi

if active landlock; then
	mkdir -p open closed
	: >closed/old
	cat >landlock.py <<'P'
import ctypes, os, struct
libc = ctypes.CDLL(None, use_errno=True)
WRITE, MAKE = 1 << 1, 1 << 8
attr = ctypes.create_string_buffer(struct.pack("=Q", WRITE | MAKE))
ruleset = libc.syscall(444, attr, 8, 0)
assert ruleset >= 0, os.strerror(ctypes.get_errno())
folder = os.open("open", os.O_PATH)
rule = ctypes.create_string_buffer(struct.pack("=Qi", WRITE | MAKE, folder))
assert libc.syscall(445, ruleset, 1, rule, 0) == 0
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.syscall(446, ruleset, 0) == 0
open("open/new", "w").write("x")
for name in "closed/new", "closed/old":
    try:
        open(name, "w")
    except PermissionError:
        continue
    raise SystemExit(name + " could be written to")
P
	check 'Landlock: what it allows works in a session, what it forbids does not' session 'python3 landlock.py'
	if active agentns; then
		check 'Landlock: the file that it allowed is stamped' stamped open/new
		check 'Landlock: the one that it did not is not' bare closed/old
	fi
fi

if active apparmor; then
	here=$(pwd -P)
	: >forbidden
	chmod 666 forbidden
	cat >profile <<P
profile agentns-test {
  capability,
  signal,
  ptrace,
  network,
  /** rix,
  /dev/** rw,
  $here/id w,
  $here/allowed w,
  deny $here/forbidden w,
}
P
	check 'AppArmor: a profile is loaded' apparmor_parser --replace --skip-cache profile
	confined() { session "aa-exec -p agentns-test -- sh -c '$1'"; }
	check 'AppArmor: what the profile allows works in a session' confined 'echo x >allowed'
	check 'AppArmor: and is stamped' stamped allowed
	check 'AppArmor: what it denies is denied' fails confined 'echo x >forbidden'
	check 'AppArmor: and is not stamped' bare forbidden
	check 'AppArmor: what it does not name is denied' fails confined 'echo x >other'
	check 'AppArmor: no such file is there' test ! -e other
	check 'AppArmor: who is not confined writes, and stamps' session 'echo x >forbidden'
	check 'AppArmor: (so it does)' stamped forbidden
	check 'AppArmor: the profile is in /proc' bash -c \
		'aa-exec -p agentns-test -- cat /proc/self/attr/current | grep -q "^agentns-test (enforce)"'
fi

if active selinux; then
	# Few types; what it does not know it allows. New files in a folder of file_t have a type of their own.
	cat >policy.conf <<'P'
class process
class file
class dir
class lnk_file
sid kernel
sid security
sid unlabeled
sid fs
sid file
class process { fork transition dyntransition }
class file { read write append create getattr setattr open relabelto relabelfrom }
class dir { read write add_name create getattr search }
class lnk_file { create read }
type kernel_t;
type file_t;
type made_t;
type made_dir_t;
type secret_t;
type unlabeled_t;
role system_r;
role system_r types { kernel_t };
allow kernel_t { kernel_t file_t made_t made_dir_t unlabeled_t }:process *;
allow kernel_t { kernel_t file_t made_t made_dir_t unlabeled_t }:file *;
allow kernel_t { kernel_t file_t made_t made_dir_t unlabeled_t }:dir *;
allow kernel_t { kernel_t file_t made_t made_dir_t unlabeled_t }:lnk_file *;
allow kernel_t secret_t:file { read getattr open setattr relabelto };
type_transition kernel_t file_t:file made_t;
type_transition kernel_t file_t:dir made_dir_t;
user system_u roles { system_r };
sid kernel system_u:system_r:kernel_t
sid security system_u:object_r:file_t
sid unlabeled system_u:object_r:unlabeled_t
sid fs system_u:object_r:file_t
sid file system_u:object_r:file_t
fs_use_xattr ext4 system_u:object_r:file_t;
P
	check 'SELinux: a policy is made' checkpolicy -U allow -o policy policy.conf
	mount -t selinuxfs none /sys/fs/selinux
	check 'SELinux: and loaded' dd if=policy of=/sys/fs/selinux/load bs=1M
	label() { getfattr -h --only-values -n security.selinux "$1" 2>/dev/null | tr -d '\0'; }
	is_labelled() { [[ $(label "$1") == system_u:object_r:$2 ]] || { label "$1" && false; }; }
	mkdir place
	setfattr -n security.selinux -v system_u:object_r:file_t place
	echo 1 >/sys/fs/selinux/enforce
	touch place/outside
	check 'SELinux: a label outside of sessions' is_labelled place/outside made_t
	session 'touch place/f && mkdir place/d && ln -s f place/l && echo x >place/outside'
	check 'SELinux: a file that a session has made has its label' is_labelled place/f made_t
	check 'SELinux: and its stamp' stamped place/f
	check 'SELinux: a folder has its label' is_labelled place/d made_dir_t
	check 'SELinux: and its stamp' stamped place/d
	check 'SELinux: a link has its label' is_labelled place/l file_t
	check 'SELinux: and its stamp' stamped place/l
	check 'SELinux: writing leaves the label' is_labelled place/outside made_t
	check 'SELinux: and stamps' stamped place/outside
	: >place/secret
	setfattr -n security.selinux -v system_u:object_r:secret_t place/secret
	check 'SELinux: what it denies is denied in a session' fails session 'echo x >>place/secret'
	check 'SELinux: and is not stamped' bare place/secret
	check 'SELinux: its label is what it was' is_labelled place/secret secret_t
	# Its own check stands before its own attribute, not the capability's.
	check 'SELinux: root in a session relabels what the policy lets it' \
		session 'setfattr -n security.selinux -v system_u:object_r:made_t place/f'
	check 'SELinux: a label that the policy does not know is refused' \
		fails session 'setpriv --bounding-set -all --inh-caps -all setfattr -n security.selinux -v nonsense place/f'
	check 'SELinux: other names in security.* want CAP_SYS_ADMIN still' \
		fails session 'chown 65534 place/f && setpriv --reuid 65534 setfattr -n security.other -v x place/f'
	check 'SELinux: and to be removed, too' bash -c 'setfattr -n security.other -v x place/f &&
		! setpriv --reuid 65534 setfattr -x security.other place/f && getfattr -n security.other place/f'
	echo 0 >/sys/fs/selinux/enforce
else
	touch other
	chown 65534 other
	setfattr -n security.other -v x other
	check 'other names in security.* want CAP_SYS_ADMIN still' \
		fails setpriv --reuid 65534 setfattr -n security.other -v y other
	check 'and to be removed, too' fails setpriv --reuid 65534 setfattr -x security.other other
	check 'in a session as well' fails session 'setpriv --reuid 65534 setfattr -x security.other other'
	check 'it is there still' getfattr -n security.other other
fi
printf '1..%d\n' "$n"
