// SPDX-License-Identifier: GPL-2.0-only
/* The files of /etc/agentns.d: whatever they say, only knobs are written to. */
#include <stdarg.h>
#include <sys/syscall.h>

#include "commands.h"
#include "fuzz.h"

#define ROOT	"/fuzz-root"
#define SYSFS	ROOT "/sys/kernel/agentns/"
#define SYSCTL	ROOT "/proc/sys/kernel/agent_ns/"

/* What the program prints before it ends it does not free. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

/* Knobs are opened by name; here they are no files at all. */
int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	if (!strncmp(path, ROOT, strlen(ROOT))) {
		must(!strncmp(path, SYSFS, strlen(SYSFS)) ||
		     !strncmp(path, SYSCTL, strlen(SYSCTL)));
		must(!strchr(path, '.') && !strstr(path, "//"));
		must(strncmp(path, SYSFS "sessions/", strlen(SYSFS) + 9));
		path = "/dev/null";
	}
	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char name[32];
	char *argv[] = {
		(char *)"agentns defaults", (char *)"--sysroot", (char *)ROOT,
		name, NULL,
	};
	static int fd = -1;

	if (fd < 0) {
		fd = fuzz_file("");
		/* What is wrong with the files is said, and not read here. */
		stderr = fopen("/dev/null", "w");
		must(stderr);
		snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	}
	fuzz_fill(fd, data, size);
	optind = 0;
	cmd_defaults(4, argv);
	return 0;
}
