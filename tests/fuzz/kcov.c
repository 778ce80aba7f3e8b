// SPDX-License-Identifier: GPL-2.0-only
/* Which code of ours the calls of a thread have reached. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kcov.h>

#include "fuzz.h"

#define SECTIONS	"/sys/module/agentns/sections"
#define AREA_WORDS	(16 << 10)

/* A descriptor that any one thread may use at a time, children's too. */
struct kcov kcov_open(void)
{
	struct kcov k = { .fd = open("/sys/kernel/debug/kcov",
				     O_RDWR | O_CLOEXEC) };

	if (k.fd < 0)
		return k;
	k.area = MAP_FAILED;
	if (!ioctl(k.fd, KCOV_INIT_TRACE, AREA_WORDS))
		k.area = mmap(NULL, AREA_WORDS * sizeof(*k.area),
			      PROT_READ | PROT_WRITE, MAP_SHARED, k.fd, 0);
	if (k.area == MAP_FAILED) {
		close(k.fd);
		k.fd = -1;
	}
	return k;
}

/* It is another's. */
void kcov_forget(struct kcov *k)
{
	if (k->fd < 0 || !k->area)
		return;
	munmap(k->area, AREA_WORDS * sizeof(*k->area));
	close(k->fd);
	k->fd = -1;
}

bool kcov_enable(struct kcov *k)
{
	if (k->fd >= 0 && raw(SYS_ioctl, k->fd, KCOV_ENABLE, KCOV_TRACE_PC))
		k->fd = -1;
	kcov_restart(k);
	return k->fd >= 0;
}

void kcov_disable(struct kcov *k)
{
	if (k->fd >= 0)
		raw(SYS_ioctl, k->fd, KCOV_DISABLE, 0);
}

void kcov_restart(struct kcov *k)
{
	if (k->fd >= 0)
		__atomic_store_n(k->area, 0, __ATOMIC_RELAXED);
}

/* What came since the last time. Return: whether any of it is new. */
bool kcov_collect(struct kcov *k, struct state *s)
{
	__u64 n, i;
	bool new = false;

	if (k->fd < 0)
		return false;
	n = __atomic_load_n(k->area, __ATOMIC_RELAXED);
	for (i = 1; i <= n && i < AREA_WORDS; i++)
		new |= state_add_pc(s, k->area[i]);
	kcov_restart(k);
	return new;
}

/* Where the module's sections lie: the addresses mean nothing without. */
void kcov_note_sections(struct state *s)
{
	struct dirent *entry;
	char path[300], text[32];
	unsigned int n = 0;
	DIR *dir = opendir(SECTIONS);
	FILE *file;

	while (dir && n < MAX_SECTIONS && (entry = readdir(dir))) {
		if (!strstr(entry->d_name, "text") ||
		    strlen(entry->d_name) >= sizeof(s->section[n].name))
			continue;
		snprintf(path, sizeof(path), SECTIONS "/%s", entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		if (fgets(text, sizeof(text), file)) {
			memcpy(s->section[n].name, entry->d_name,
			       strlen(entry->d_name) + 1);
			s->section[n++].address = strtoull(text, NULL, 16);
		}
		fclose(file);
	}
	if (dir)
		closedir(dir);
}
