# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
#
# How programs that were built with sanitizers are to tell of what they find; wants
# the folder of this file in $here. Lost memory is looked for, and the status is none
# that a program has itself: theirs is 1, as that of many a failure. Memory of
# libraries without frame pointers is told apart by a slower walk over the stack.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=1:exitcode=99:fast_unwind_on_malloc=0
# shellcheck disable=SC2154 # set where this is sourced
LSAN_OPTIONS=${LSAN_OPTIONS:+$LSAN_OPTIONS:}suppressions=$here/lsan.supp:print_suppressions=0
export ASAN_OPTIONS LSAN_OPTIONS
