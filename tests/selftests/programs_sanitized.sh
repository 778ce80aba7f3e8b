#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
# leaks: no
# check-all: yes
#
# programs, by programs that were built with sanitizers.
SANITIZE=1 exec sh "$(dirname "$0")/../../userspace/tests/test-live.sh"
