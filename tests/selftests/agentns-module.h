/* SPDX-License-Identifier: GPL-2.0-only */
/* Taking the module away and loading it again. */
#ifndef AGENTNS_MODULE_H
#define AGENTNS_MODULE_H

#include "agentns-test.h"

static char module_path[512];

static inline int load_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return errno;
	err = ERR(syscall(SYS_finit_module, fd, "", 0));
	close(fd);
	return err;
}

static inline int load(void)
{
	return load_file(module_path);
}

static inline int unload(void)
{
	return ERR(syscall(SYS_delete_module, "agentns", O_NONBLOCK));
}

/* The last references of sessions that have ended go after a grace period. */
static inline int unload_soon(void)
{
	int err = EAGAIN;

	(void)WAIT_FOR((err = unload()) != EAGAIN);
	return err;
}

static inline bool loaded(void)
{
	return !access("/sys/module/agentns", F_OK);
}

static inline int find_module(void)
{
	FILE *f = popen("/sbin/modinfo -n agentns", "r");

	if (!f || !fgets(module_path, sizeof(module_path), f))
		return ENOENT;
	module_path[strcspn(module_path, "\n")] = 0;
	return pclose(f) ? ENOENT : 0;
}

#endif /* AGENTNS_MODULE_H */
