// SPDX-License-Identifier: GPL-2.0-only
/* The text of trace events, as a watcher reads it from its trace_pipe. */
#include <sys/syscall.h>

#include <agentns.h>

#include "fuzz.h"

#define TRACING	"sys/kernel/tracing"
/* A pipe takes so much without a reader. */
#define MOST	32768

static struct agentns_events *events;
static int pipe_fd;

/* The kernel fills a new instance with its files; here we do. */
int mkdirat(int dir_fd, const char *path, mode_t mode)
{
	static const char *const files[] = {
		"trace_clock", "buffer_size_kb", "buffer_percent",
		"events/agent_ns/enable",
	};
	char full[512], file[256];
	size_t i;

	if (syscall(SYS_mkdirat, dir_fd, path, mode))
		return -1;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(file, sizeof(file), TRACING "/%s/%s", path, files[i]);
		fuzz_folders(file, full);
		must(!symlink("/dev/null", full));
	}
	snprintf(file, sizeof(file), TRACING "/%s/trace_pipe", path);
	fuzz_folders(file, full);
	must(!mkfifo(full, 0600));
	pipe_fd = open(full, O_RDWR);
	must(pipe_fd >= 0);
	return 0;
}

static void set_up(void)
{
	static struct agentns *handle;
	char full[512];

	fuzz_root();
	fuzz_folders(TRACING "/instances/", full);
	fuzz_folders(TRACING "/events/agent_ns/", full);
	must(!agentns_open(&handle, fuzz_root_path));
	must(!agentns_events_open(handle, &events));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agentns_event event;
	int ret, bad = 0;

	if (!events)
		set_up();
	if (size > MOST)
		return -1;
	must(write(pipe_fd, data, size) == (ssize_t)size);
	/* So that nothing is left over for the next. */
	must(write(pipe_fd, "\n", 1) == 1);
	while ((ret = agentns_events_next(events, &event))) {
		if (ret < 0) {
			/* One event could not be read: others may follow. */
			must(++bad <= MOST);
			continue;
		}
		must(strcmp(agentns_event_name(event.type), "unknown"));
		must(memchr(event.intent, '\0', sizeof(event.intent)));
		must(memchr(event.resource, '\0', sizeof(event.resource)));
		must(memchr(event.action, '\0', sizeof(event.action)));
		must(memchr(event.comm, '\0', sizeof(event.comm)));
		must(event.pid >= 0 && event.tid >= 0);
	}
	return 0;
}
