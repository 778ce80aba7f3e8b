// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands.h"
#include "doctor.h"
#include "problem.h"
#include "provenance.h"
#include "table.h"

#define SYSCTL		"/proc/sys/kernel/agent_ns/"
#define SYSFS		"/sys/kernel/agentns/"

static void __attribute__((format(printf, 3, 4)))
found(struct doctor_check *check, enum doctor_result result,
      const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&check->detail, fmt, args) < 0)
		check->detail = NULL;
	va_end(args);
	check->result = result;
}

static FILE *open_file(const struct doctor *d, const char *path)
{
	char *full = format("%s%s", d->root, path);
	FILE *f = fopen(full, "re");

	free(full);
	return f;
}

static bool exists(const struct doctor *d, const char *path)
{
	char *full = format("%s%s", d->root, path);
	bool yes = !access(full, F_OK);

	free(full);
	return yes;
}

/* The first line of a file; false when it cannot be read. */
static bool read_line(const struct doctor *d, const char *path, char *buf,
		      size_t size)
{
	FILE *f = open_file(d, path);
	bool good;

	if (!f)
		return false;
	good = fgets(buf, size, f);
	fclose(f);
	if (good)
		buf[strcspn(buf, "\n")] = '\0';
	return good;
}

/* The first line that begins with @text; for free(), or NULL. */
static char *find_line(const struct doctor *d, const char *path,
		       const char *text)
{
	FILE *f = open_file(d, path);
	char *line = NULL;
	size_t size = 0;

	if (!f)
		return NULL;
	while (getline(&line, &size, f) > 0) {
		if (!strncmp(line, text, strlen(text))) {
			fclose(f);
			line[strcspn(line, "\n")] = '\0';
			return line;
		}
	}
	fclose(f);
	free(line);
	return NULL;
}

static bool has_line(const struct doctor *d, const char *path,
		     const char *text)
{
	char *line = find_line(d, path, text);

	free(line);
	return line;
}

void doctor_begin(struct doctor *d)
{
	struct utsname name;

	d->handle = open_handle(*d->root ? d->root : NULL);
	d->loaded = exists(d, "/sys/module/agentns");
	if (!read_line(d, "/proc/sys/kernel/osrelease", d->release,
		       sizeof(d->release)) && !uname(&name))
		snprintf(d->release, sizeof(d->release), "%s", name.release);
}

void doctor_end(struct doctor *d)
{
	agentns_close(d->handle);
	free(d->module);
}

/* ---- the kernel ---- */

/* An installed kernel that has the hooks, for free(); or NULL. */
static char *hooked_kernel(const struct doctor *d)
{
	char *pattern = format("%s/boot/config-*", d->root), *name = NULL;
	size_t skip = strlen(d->root), i;
	glob_t found_files;

	if (!glob(pattern, 0, NULL, &found_files)) {
		for (i = 0; !name && i < found_files.gl_pathc; i++)
			if (has_line(d, found_files.gl_pathv[i] + skip,
				     "CONFIG_AGENTNS_HOOKS=y"))
				name = format("%s",
					strstr(found_files.gl_pathv[i],
					       "/config-") + 8);
		globfree(&found_files);
	}
	free(pattern);
	return name;
}

static bool has_hooks(const struct doctor *d)
{
	static const char symbol[] = " agentns_register\n";
	char *line = NULL, *config;
	size_t size = 0;
	bool yes = false;
	FILE *f;

	if (d->loaded || exists(d, "/proc/self/ns/agent"))
		return true;
	f = open_file(d, "/proc/kallsyms");
	if (f) {
		ssize_t len, n = sizeof(symbol) - 1;

		while (!yes && (len = getline(&line, &size, f)) > 0)
			yes = len > n && !strcmp(line + len - n, symbol);
		free(line);
		fclose(f);
	}
	if (yes)
		return true;
	config = format("/boot/config-%s", d->release);
	yes = has_line(d, config, "CONFIG_AGENTNS_HOOKS=y");
	free(config);
	return yes;
}

/* The number of the hooks that the headers tell of; empty when they do not. */
static void hooks_number(const struct doctor *d, char *buf, size_t size)
{
	char *path = format("/lib/modules/%s/build/include/linux/agentns_hooks.h",
			    d->release);
	char *line = find_line(d, path, "#define AGENTNS_HOOKS_ABI");
	unsigned int number;

	*buf = '\0';
	if (line && sscanf(line, "#define AGENTNS_HOOKS_ABI %u", &number) == 1)
		snprintf(buf, size, ", number %u", number);
	free(line);
	free(path);
}

void doctor_hooks(struct doctor *d, struct doctor_check *check)
{
	char number[32], *other;

	if (has_hooks(d)) {
		hooks_number(d, number, sizeof(number));
		found(check, DOCTOR_OK, "Linux %s has the hooks%s", d->release,
		      number);
		return;
	}
	other = hooked_kernel(d);
	found(check, DOCTOR_FAILED, "Linux %s has no agent session hooks%s%s",
	      d->release, other ? "; installed, but not running: " : "",
	      other ? other : "");
	check->fix = other ?
		format("grub-reboot 'Advanced options for Debian GNU/Linux>Debian GNU/Linux, with Linux %s' && reboot",
		       other) :
		format("core-hooks/apply LINUX-SOURCE   # then build and boot it with CONFIG_AGENTNS_HOOKS=y, see README.md");
	free(other);
}

void doctor_headers(struct doctor *d, struct doctor_check *check)
{
	char *path = format("/lib/modules/%s/build/Makefile", d->release);

	if (exists(d, path)) {
		found(check, DOCTOR_OK, "/lib/modules/%s/build is there",
		      d->release);
	} else if (d->loaded) {
		found(check, DOCTOR_WARNING, "no headers of Linux %s: the module is loaded, but cannot be rebuilt",
		      d->release);
	} else {
		found(check, DOCTOR_FAILED, "no headers of Linux %s to build the module with",
		      d->release);
		check->fix = format("apt-get install linux-headers-%s",
				    d->release);
	}
	free(path);
}

/* ---- the module ---- */

/* The file that modprobe would load, from modules.dep. */
static char *module_file(const struct doctor *d)
{
	char *path = format("/lib/modules/%s/modules.dep", d->release);
	FILE *f = open_file(d, path);
	char *line = NULL, *name = NULL, *colon, *base;
	size_t size = 0;

	free(path);
	if (!f)
		return NULL;
	while (!name && getline(&line, &size, f) > 0) {
		colon = strchr(line, ':');
		if (!colon)
			continue;
		*colon = '\0';
		base = strrchr(line, '/');
		base = base ? base + 1 : line;
		if (!strncmp(base, "agentns.ko", 10) &&
		    (!base[10] || base[10] == '.'))
			name = format("%s", line);
	}
	free(line);
	fclose(f);
	return name;
}

void doctor_module(struct doctor *d, struct doctor_check *check)
{
	d->module = module_file(d);
	if (d->module) {
		found(check, DOCTOR_OK, "built for it: %s", d->module);
	} else if (d->loaded) {
		found(check, DOCTOR_WARNING, "loaded, but not among the modules of Linux %s: it will be missing after a reboot",
		      d->release);
	} else {
		found(check, DOCTOR_FAILED, "no agentns.ko for Linux %s",
		      d->release);
		check->fix = format("dkms install agentns/" AGENTNS_VERSION " -k %s",
				    d->release);
	}
}

/* Does the kernel take signed modules only? */
static bool must_be_signed(const struct doctor *d, bool *secure_boot)
{
	static const char path[] =
		"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
	char text[16];
	FILE *f;

	*secure_boot = false;
	f = open_file(d, path);
	if (f) {
		/* Four bytes of attributes, then the value. */
		*secure_boot = fread(text, 1, 5, f) == 5 && text[4] == 1;
		fclose(f);
	}
	if (read_line(d, "/sys/module/module/parameters/sig_enforce", text,
		      sizeof(text)) && *text == 'Y')
		return true;
	if (!read_line(d, "/sys/kernel/security/lockdown", text, sizeof(text)))
		return false;
	return !strstr(text, "[none]");
}

enum signature { SIGNED, UNSIGNED, SIGNATURE_UNKNOWN };

static enum signature signature_of(const struct doctor *d)
{
	static const char magic[] = "~Module signature appended~\n";
	enum signature result = SIGNATURE_UNKNOWN;
	char *path, tail[sizeof(magic) - 1];
	FILE *f;

	/* Compressed: the signature is inside. */
	if (!d->module || strcmp(d->module + strlen(d->module) - 3, ".ko"))
		return SIGNATURE_UNKNOWN;
	path = format("/lib/modules/%s/%s", d->release, d->module);
	f = open_file(d, path);
	free(path);
	if (!f)
		return SIGNATURE_UNKNOWN;
	if (!fseek(f, -(long)sizeof(tail), SEEK_END) &&
	    fread(tail, 1, sizeof(tail), f) == sizeof(tail))
		result = memcmp(tail, magic, sizeof(tail)) ? UNSIGNED : SIGNED;
	fclose(f);
	return result;
}

void doctor_signature(struct doctor *d, struct doctor_check *check)
{
	static const char *const words[] = {
		[SIGNED] = "signed",
		[UNSIGNED] = "not signed",
		[SIGNATURE_UNKNOWN] = "not known to be signed",
	};
	enum signature signature = signature_of(d);
	bool secure_boot, must = must_be_signed(d, &secure_boot);
	const char *boot = secure_boot ? "on" : "off";

	if (d->loaded) {
		found(check, DOCTOR_OK, "the kernel took the module; Secure Boot is %s",
		      boot);
	} else if (!must) {
		found(check, DOCTOR_OK, "the kernel asks for none; Secure Boot is %s; the module is %s",
		      boot, words[signature]);
	} else if (signature == UNSIGNED) {
		found(check, DOCTOR_FAILED, "the kernel takes signed modules only (Secure Boot is %s), and the module is not signed",
		      boot);
		check->fix = format("dkms remove agentns/" AGENTNS_VERSION " -k %s; dkms install agentns/" AGENTNS_VERSION " -k %s   # dkms signs with its own key",
				    d->release, d->release);
	} else {
		found(check, DOCTOR_OK, "the kernel asks for one (Secure Boot is %s); the module is %s",
		      boot, words[signature]);
	}
}

void doctor_loaded(struct doctor *d, struct doctor_check *check)
{
	uint64_t abi, live;

	if (!d->loaded) {
		bool secure_boot;

		found(check, DOCTOR_FAILED, "agentns.ko is not loaded");
		check->fix = must_be_signed(d, &secure_boot) ?
			format("modprobe agentns   # 'Key was rejected'? mokutil --import /var/lib/dkms/mok.pub && reboot") :
			format("modprobe agentns");
		return;
	}
	if (agentns_abi(d->handle, &abi)) {
		found(check, DOCTOR_FAILED, "agentns.ko is loaded, but " SYSFS " is not there");
		check->fix = format("mount -t sysfs sysfs /sys");
		return;
	}
	if (agentns_sessions_live(d->handle, &live))
		live = 0;
	found(check, DOCTOR_OK, "interface %" PRIu64 ", %" PRIu64 " session%s",
	      abi, live, live == 1 ? " lives" : "s live");
}

/* ---- its surroundings ---- */

/* Does this module stamp files, given a security module in the kernel? */
static bool can_stamp(const struct doctor *d)
{
	return exists(d, SYSFS "stamps_failed");
}

void doctor_lsm(struct doctor *d, struct doctor_check *check)
{
	char order[512], list[520];

	if (!read_line(d, "/sys/kernel/security/lsm", order, sizeof(order))) {
		found(check, DOCTOR_SKIPPED, "/sys/kernel/security is not mounted");
		return;
	}
	snprintf(list, sizeof(list), ",%s,", order);
	if (strstr(list, ",agentns,")) {
		found(check, DOCTOR_OK, "order: %s", order);
	} else if (can_stamp(d)) {
		found(check, DOCTOR_FAILED, "files are not stamped: agentns is not in the order %s",
		      order);
		check->fix = format("sed -i 's/^GRUB_CMDLINE_LINUX=\"/&lsm=%s,agentns /' /etc/default/grub && update-grub && reboot",
				    order);
	} else {
		found(check, DOCTOR_SKIPPED, "this module stamps no files and needs no place in the order %s",
		      order);
	}
}

void doctor_knobs(struct doctor *d, struct doctor_check *check)
{
	char enabled[16], lifetime[32], dirs[32];

	if (!read_line(d, SYSCTL "enabled", enabled, sizeof(enabled)) ||
	    !read_line(d, SYSCTL "max_lifetime", lifetime, sizeof(lifetime)) ||
	    !read_line(d, SYSFS "max_session_dirs", dirs, sizeof(dirs))) {
		found(check, DOCTOR_FAILED, "the sysctls kernel.agent_ns.* cannot be read");
		check->fix = format("mount -t proc proc /proc");
	} else if (strcmp(enabled, "1")) {
		found(check, DOCTOR_FAILED, "sessions are switched off: kernel.agent_ns.enabled is %s",
		      enabled);
		check->fix = format("sysctl kernel.agent_ns.enabled=1");
	} else if (!strcmp(dirs, "0")) {
		found(check, DOCTOR_WARNING, "max_session_dirs is 0: no session is listed or can be set from outside");
	} else {
		found(check, DOCTOR_OK, "enabled; max_lifetime %s s; %s session directories",
		      lifetime, dirs);
	}
}

#define CAP_SYS_ADMIN_BIT	21

void doctor_capability(struct doctor *d, struct doctor_check *check)
{
	struct agent_session_id_uapi id = { { 0 } };
	unsigned long long caps = 0;
	char *line, text[16] = "";

	line = find_line(d, "/proc/self/status", "CapEff:");
	if (line)
		sscanf(line, "CapEff: %llx", &caps);
	free(line);
	read_line(d, SYSCTL "unprivileged", text, sizeof(text));
	if (!agentns_get_id(&id) && !agentns_id_is_zero(&id)) {
		found(check, DOCTOR_OK, "in a session: anyone may nest");
	} else if (!strcmp(text, "1")) {
		found(check, DOCTOR_OK, "kernel.agent_ns.unprivileged is 1: anyone may");
	} else if (caps >> CAP_SYS_ADMIN_BIT & 1) {
		found(check, DOCTOR_OK, "CAP_SYS_ADMIN");
	} else {
		found(check, DOCTOR_FAILED, "this user may not create sessions: it takes CAP_SYS_ADMIN");
		check->fix = format("sudo agentns doctor   # or let anyone: sysctl kernel.agent_ns.unprivileged=1");
	}
}

/* ---- a test session ---- */

/**
 * struct outcome - what the child in the test session tells
 * @error: why a session could not be created; negative errno
 * @id: its session
 * @counters: what was counted
 * @stamp: what a file that it wrote is stamped with, or empty
 */
struct outcome {
	int error;
	struct agent_session_id_uapi id;
	struct agent_ns_counters_uapi counters;
	char stamp[64];
};

static void write_test_file(struct outcome *o)
{
	char name[] = "/tmp/agentns-doctor-XXXXXX";
	struct provenance prov;
	int fd = mkstemp(name);
	ssize_t n;

	if (fd < 0)
		return;
	n = write(fd, name, sizeof(name));
	close(fd);
	if (n > 0 && !provenance_read(name, &prov) && prov.vouched)
		agentns_id_format(&prov.id, o->stamp);
	unlink(name);
}

static void __attribute__((noreturn)) test_child(int fd)
{
	struct outcome o;

	memset(&o, 0, sizeof(o));
	o.error = agentns_create();
	if (!o.error)
		o.error = agentns_get_id(&o.id);
	if (!o.error) {
		write_test_file(&o);
		o.error = agentns_get_counters(&o.counters);
	}
	_exit(write(fd, &o, sizeof(o)) != sizeof(o));
}

void doctor_session(struct doctor *d, struct doctor_check *check)
{
	struct outcome o;
	char id[AGENTNS_ID_BUFSIZE];
	ssize_t n;
	int fds[2];
	pid_t pid;

	if (*d->root) {
		found(check, DOCTOR_SKIPPED, "--sysroot is not the running system");
		return;
	}
	check->fix = format("agentns run -- true");
	if (pipe2(fds, O_CLOEXEC) || (pid = fork()) < 0) {
		found(check, DOCTOR_FAILED, "no process can be made: %s",
		      strerror(errno));
		return;
	}
	if (!pid)
		test_child(fds[1]);
	close(fds[1]);
	n = read(fds[0], &o, sizeof(o));
	close(fds[0]);
	waitpid(pid, NULL, 0);
	if (n != sizeof(o)) {
		found(check, DOCTOR_FAILED, "the test process died");
		return;
	}
	if (o.error) {
		found(check, DOCTOR_FAILED, "no session can be created: %s",
		      problem_create(o.error));
		return;
	}
	if (!o.counters.total_syscalls || !o.counters.write_bytes) {
		found(check, DOCTOR_FAILED, "a test session counted nothing");
		return;
	}
	free(check->fix);
	check->fix = NULL;
	strcpy(d->stamped, o.stamp);
	found(check, DOCTOR_OK, "a test session, %.8s..., counted %llu system calls",
	      agentns_id_format(&o.id, id),
	      (unsigned long long)o.counters.total_syscalls);
	if (strcmp(d->stamped, id))
		*d->stamped = '\0';
}

void doctor_stamp(struct doctor *d, struct doctor_check *check)
{
	if (*d->stamped) {
		found(check, DOCTOR_OK, "a file that it wrote bears its id");
	} else if (!can_stamp(d)) {
		found(check, DOCTOR_SKIPPED, "this module stamps no files");
	} else if (!has_line(d, SYSFS "features", "stamps")) {
		found(check, DOCTOR_SKIPPED, "the security module is not active");
	} else if (*d->root) {
		found(check, DOCTOR_SKIPPED, "--sysroot is not the running system");
	} else {
		found(check, DOCTOR_WARNING, "a file in /tmp was not stamped; does its file system have extended attributes?");
	}
}
