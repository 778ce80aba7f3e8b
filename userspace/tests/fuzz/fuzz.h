/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzz targets share. Each is one program of libFuzzer's, named for the
 * parser that it feeds: the sanitizers see reads and writes astray, must() what
 * else a parser has to keep to whatever it is given.
 */
#ifndef AGENTNS_FUZZ_H
#define AGENTNS_FUZZ_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Said before the report: which promise was broken. */
#define must(cond) do { \
	if (!(cond)) { \
		dprintf(STDERR_FILENO, "%s:%d: must: %s\n", __FILE__, \
			__LINE__, #cond); \
		__builtin_trap(); \
	} \
} while (0)

/*
 * A string for free(), without the NULs of @data: parsers take strings, and on
 * the heap and of its own size the sanitizers see one byte too many.
 */
static inline char *fuzz_string(const uint8_t *data, size_t size)
{
	size_t i, n = 0;
	char *text;

	for (i = 0; i < size; i++)
		n += data[i] != 0;
	text = malloc(n + 1);
	must(text);
	for (i = n = 0; i < size; i++)
		if (data[i])
			text[n++] = data[i];
	text[n] = '\0';
	return text;
}

/* A file in memory, for as long as the program runs. Return: its descriptor. */
static inline int fuzz_file(const char *content)
{
	int fd = memfd_create("fuzz", 0);

	must(fd >= 0);
	must(write(fd, content, strlen(content)) == (ssize_t)strlen(content));
	return fd;
}

static inline void fuzz_fill(int fd, const void *data, size_t size)
{
	must(!ftruncate(fd, 0));
	must(pwrite(fd, data, size, 0) == (ssize_t)size);
}

/*
 * A folder to be given as the root of a handle. Below the current one, which is
 * one for the purpose: a program that ends by a finding leaves it there.
 */
static char fuzz_root_path[] = "fuzz-root-XXXXXX";

static inline void fuzz_remove_root(void)
{
	char command[sizeof(fuzz_root_path) + 16];

	snprintf(command, sizeof(command), "rm -rf %s", fuzz_root_path);
	if (system(command))
		fprintf(stderr, "cannot remove %s\n", fuzz_root_path);
}

static inline const char *fuzz_root(void)
{
	must(mkdtemp(fuzz_root_path));
	atexit(fuzz_remove_root);
	return fuzz_root_path;
}

/* The folders on the way to @path below the root, which itself is not made. */
static inline void fuzz_folders(const char *path, char full[512])
{
	char *slash;

	snprintf(full, 512, "%s/%s", fuzz_root_path, path);
	for (slash = full + strlen(fuzz_root_path) + 1;
	     (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
}

/* A name below the root for a file of fuzz_file(). */
static inline void fuzz_link(const char *path, int fd)
{
	char full[512], target[32];

	fuzz_folders(path, full);
	snprintf(target, sizeof(target), "/proc/self/fd/%d", fd);
	must(!symlink(target, full));
}

#endif /* AGENTNS_FUZZ_H */
