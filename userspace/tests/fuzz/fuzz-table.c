// SPDX-License-Identifier: GPL-2.0-only
/* /proc/agent_sessions, with its headings or, by the first byte, after good ones. */
#include <agentns.h>

#include "fuzz.h"

static const char headings[] =
	"id parent depth sealed action total_syscalls max_syscalls unknown tasks cpu_ns intent\n";

static struct agentns *handle;
static int table_fd;

static void set_up(void)
{
	table_fd = fuzz_file("");
	fuzz_root();
	fuzz_link("proc/agent_sessions", table_fd);
	must(!agentns_open(&handle, fuzz_root_path));
}

static void read_table(uint64_t fields)
{
	struct agentns_session session;
	struct agentns_iter *iter;
	int ret;

	/* Without a table that can be read there is no module at all. */
	if (agentns_iter_open(handle, &iter))
		return;
	while ((ret = agentns_iter_next_fields(iter, &session, fields)) > 0) {
		must(memchr(session.intent, '\0', sizeof(session.intent)));
		must(!(session.fields & ~fields));
	}
	must(ret <= 0);
	agentns_iter_close(iter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!handle)
		set_up();
	if (!size)
		return 0;
	fuzz_fill(table_fd, headings, data[0] & 1 ? strlen(headings) : 0);
	must(lseek(table_fd, 0, SEEK_END) >= 0);
	must(write(table_fd, data + 1, size - 1) == (ssize_t)size - 1);
	read_table(AGENTNS_FIELD_ALL);
	read_table(AGENTNS_FIELD_PARENT | AGENTNS_FIELD_INTENT);
	return 0;
}
