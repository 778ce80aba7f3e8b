/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's harness, whose tests may take SLOWNESS times as long on a kernel
 * that is as slow: see the Makefile.
 */
#ifndef AGENTNS_HARNESS_H
#define AGENTNS_HARNESS_H

#include "kselftest_harness.h"

#ifndef SLOWNESS
#define SLOWNESS	1
#endif

/* Of a test that hangs: longer than WAIT_FOR()'s waits, so those end first. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	(60 * SLOWNESS)

#undef TEST_F_TIMEOUT
#define TEST_F_TIMEOUT(fixture_name, test_name, timeout)		\
	__TEST_F_IMPL(fixture_name, test_name, -1, (timeout) * SLOWNESS)

#endif
