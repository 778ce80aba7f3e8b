#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
# leaks: no
# thorough: yes
#
# agentns and agentns-unshare on a kernel that supports them.
exec sh "$(dirname "$0")/../../userspace/tests/test-live.sh"
