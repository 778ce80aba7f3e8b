// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "notify.h"

void notify_status(const char *status)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *name = getenv("NOTIFY_SOCKET");
	char message[512];
	size_t len;
	int fd;

	if (!name || (*name != '/' && *name != '@'))
		return;
	len = strlen(name);
	if (len > sizeof(address.sun_path) - 1)
		return;
	memcpy(address.sun_path, name, len);
	if (*name == '@')	/* the abstract namespace */
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	snprintf(message, sizeof(message), "STATUS=%s", status);
	sendto(fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT,
	       (struct sockaddr *)&address,
	       offsetof(struct sockaddr_un, sun_path) + len);
	close(fd);
}
