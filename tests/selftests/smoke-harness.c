// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's test harness works here, and so does what tests are going to lean on.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <linux/agent_namespaces.h>

#include "agentns-harness.h"

/* File labels do not pass through the 9p root: the ext4 disk has to take them. */
TEST(scratch_takes_attributes)
{
	int fd = open("file", O_RDWR | O_CREAT, 0600);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, fsetxattr(fd, "user.agentns-test", "x", 1, 0));
	EXPECT_EQ(0, fsetxattr(fd, "security.agentns-test", "x", 1, 0));
	close(fd);
}

TEST(tmpfs_takes_attributes)
{
	int fd = open("/tmp/agentns-test", O_RDWR | O_CREAT, 0600);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, fsetxattr(fd, "security.agentns-test", "x", 1, 0));
	close(fd);
}

TEST(outside_a_session_the_id_is_zeros)
{
	static const __u8 zeros[AGENT_NS_ID_BYTES];
	__u8 id[AGENT_NS_ID_BYTES];

	memset(id, 0xff, sizeof(id));
	ASSERT_EQ(0, prctl(PR_GET_AGENT_SESSION_ID, id, 0, 0, 0));
	EXPECT_EQ(0, memcmp(id, zeros, sizeof(id)));
}

TEST_HARNESS_MAIN
