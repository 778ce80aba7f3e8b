// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files of a process: agent_counters, which is JSON, stat, whose name in
 * parentheses the process chose itself, and the others. The first byte says
 * which one the rest is.
 */
#include <agentns.h>

#include "fuzz.h"

static const struct {
	const char *path;
	const char *good;
} files[] = {
	{ "proc/7/agent_session", "4526c93599eeae723deb7dc1b82b645c\n" },
	{ "proc/7/agent_intent", "nightly build\n" },
	{ "proc/7/agent_counters",
	  "{\"total_syscalls\":1,\"openat_count\":2,\"write_bytes\":3,\"connect_count\":4,\"unlink_count\":5,\"fork_count\":6,\"elapsed_ns\":7}\n" },
	{ "proc/7/comm", "a\n" },
	{ "proc/7/stat", "7 (a) S 1 7 7 0 -1\n" },
};

#define N_FILES	(sizeof(files) / sizeof(files[0]))

static struct agentns *handle;
static int fds[N_FILES];

static void set_up(void)
{
	size_t i;

	fuzz_root();
	for (i = 0; i < N_FILES; i++) {
		fds[i] = fuzz_file(files[i].good);
		fuzz_link(files[i].path, fds[i]);
	}
	must(!agentns_open(&handle, fuzz_root_path));
}

static void read_process(void)
{
	struct agent_ns_counters_uapi counters;
	struct agent_session_id_uapi id;
	struct agentns_process_iter *iter;
	struct agentns_process process;
	char text[AGENTNS_INTENT_BUFSIZE];

	agentns_pid_id(handle, 7, &id);
	agentns_pid_counters(handle, 7, &counters);
	if (!agentns_pid_intent(handle, 7, text))
		must(memchr(text, '\0', sizeof(text)));
	if (!agentns_pid_comm(handle, 7, text, 16))
		must(strlen(text) < 16);
	must(!agentns_process_iter_open(handle, &iter));
	while (agentns_process_iter_next(iter, &process) > 0)
		must(memchr(process.comm, '\0', sizeof(process.comm)));
	agentns_process_iter_close(iter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t i;

	if (!handle)
		set_up();
	if (!size)
		return 0;
	i = data[0] % N_FILES;
	fuzz_fill(fds[i], data + 1, size - 1);
	read_process();
	fuzz_fill(fds[i], files[i].good, strlen(files[i].good));
	return 0;
}
