#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
# leaks: no
# thorough: yes
#
# agentns' commands that act on sessions, follow and enter them.
exec sh "$(dirname "$0")/../../userspace/tests/test-live-commands.sh"
