// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages of the process connector, which anybody may send. The first byte says
 * how they are printed and from whom they are; each that is printed is an object
 * of JSON in a line of its own.
 */
#include <json-c/json.h>

#include "fuzz.h"

/* What is to be looked at is of no use to others. */
#pragma GCC diagnostic ignored "-Wgnu-variable-sized-type-not-at-end"
#include "events-connector.c"

static const uint8_t *message;
static size_t message_size;
static bool forged;

ssize_t recvfrom(int fd, void *restrict buf, size_t size, int flags,
		 struct sockaddr *restrict from, socklen_t *restrict from_size)
{
	struct sockaddr_nl *address = (struct sockaddr_nl *)from;

	(void)fd;
	(void)flags;
	if (!message) {
		errno = EAGAIN;
		return -1;
	}
	must(*from_size == sizeof(*address));
	memset(address, 0, sizeof(*address));
	address->nl_family = AF_NETLINK;
	address->nl_pid = forged ? 4711 : 0;
	if (size > message_size)
		size = message_size;
	memcpy(buf, message, size);
	message = NULL;
	return size;
}

static void check_line(const char *line, bool json)
{
	struct json_object *object;

	must(strchr(line, '\n') == line + strlen(line) - 1);
	if (!json)
		return;
	object = json_tokener_parse(line);
	must(json_object_is_type(object, json_type_object));
	json_object_put(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct listener l = { .fd = -1 };
	static char printed[512];

	if (!size)
		return 0;
	*printed = '\0';
	stdout = fmemopen(printed, sizeof(printed), "w");
	must(stdout);
	l.json = data[0] & 1;
	l.processes = data[0] & 2;
	forged = data[0] & 4;
	message = data + 1;
	message_size = size - 1;
	print_events(&l);
	must(!message);
	must(!fclose(stdout));
	must(!forged || !*printed);
	if (*printed)
		check_line(printed, l.json);
	return 0;
}
