/* SPDX-License-Identifier: GPL-2.0-only */
/* For unit tests: a folder with "proc" and "sys" in it, for agentns_open(). */
#ifndef AGENTNS_FAKE_ROOT_H
#define AGENTNS_FAKE_ROOT_H

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

static char root[64];

static inline void put_dir(const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "%s/%s", root, path);
	if (mkdir(full, 0755) && errno != EEXIST)
		tap_bail("mkdir failed");
}

static inline void put(const char *path, const char *text)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	f = fopen(full, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		tap_bail("cannot write a file of the test tree");
}

static inline void drop(const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "%s/%s", root, path);
	if (remove(full))
		tap_bail("cannot remove a file of the test tree");
}

static inline void make_root(void)
{
	const char *tmp = getenv("TMPDIR");
	size_t len;

	len = snprintf(root, sizeof(root) - 6, "%.40s/agentns-test-",
		       tmp ? tmp : "/tmp");
	memset(root + len, 'X', 6);
	if (!mkdtemp(root))
		tap_bail("cannot make a temporary folder");
	put_dir("proc");
	put_dir("sys");
	put_dir("sys/kernel");
}

static inline int remove_one(const char *path, const struct stat *st, int type,
			     struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void remove_root(void)
{
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif /* AGENTNS_FAKE_ROOT_H */
