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
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands.h"
#include "doctor.h"
#include "problem.h"
#include "provenance.h"
#include "spawn.h"
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

void doctor_begin(struct doctor *d)
{
	struct utsname name;

	d->handle = open_handle(*d->root ? d->root : NULL);
	d->loaded = exists(d, "/sys/module/agentns");
	if (!read_line(d, "/proc/sys/kernel/osrelease", d->release,
		       sizeof(d->release)) && !uname(&name))
		snprintf(d->release, sizeof(d->release), "%s", name.release);
	d->module = module_file(d);
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

/* N of "#define NAME N" in a file; 0 when there is none. */
static unsigned int defined(const struct doctor *d, const char *path,
			    const char *name)
{
	char *text = format("#define %s", name);
	char *line = find_line(d, path, text);
	unsigned int number = 0;

	if (line)
		number = strtoul(line + strlen(text), NULL, 10);
	free(line);
	free(text);
	return number;
}

/*
 * What the kernel says of its hooks when a module comes, whether it takes it or
 * not: this is the running kernel itself, where headers may be another build's.
 * A message of user space has a facility, so that nobody can speak for it.
 */
static unsigned int number_in_log(const struct doctor *d)
{
	static const char *const words[] = {
		";agentns: this kernel has hooks number ",
		";agentns: agent sessions, hooks number ",
	};
	char *path = format("%s/dev/kmsg", d->root), record[8192];
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	unsigned int number = 0;
	char *text, *line;
	ssize_t n;
	size_t i;

	free(path);
	if (fd < 0)
		return 0;
	/* EPIPE: records were overwritten; the next read goes on behind them. */
	while ((n = read(fd, record, sizeof(record) - 1)) > 0 ||
	       (n < 0 && errno == EPIPE)) {
		record[n > 0 ? n : 0] = '\0';
		for (line = strtok_r(record, "\n", &text); line;
		     line = strtok_r(NULL, "\n", &text)) {
			char *said = strchr(line, ';');

			if (!said || strtoul(line, NULL, 10) >> 3)
				continue;
			for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
				if (!strncmp(said, words[i], strlen(words[i])))
					number = strtoul(said + strlen(words[i]),
							 NULL, 10);
		}
	}
	close(fd);
	return number;
}

/* The number of the running kernel's hooks; 0 when nothing tells. */
static unsigned int kernel_number(const struct doctor *d)
{
	unsigned int number = number_in_log(d);
	char *path;

	if (number)
		return number;
	path = format("/lib/modules/%s/build/include/linux/agentns_hooks.h",
		      d->release);
	number = defined(d, path, "AGENTNS_HOOKS_ABI");
	free(path);
	return number;
}

void doctor_hooks(struct doctor *d, struct doctor_check *check)
{
	char *other;

	if (has_hooks(d)) {
		d->number = kernel_number(d);
		if (d->number)
			found(check, DOCTOR_OK, "Linux %s has the hooks, number %u",
			      d->release, d->number);
		else
			found(check, DOCTOR_OK, "Linux %s has the hooks",
			      d->release);
		return;
	}
	other = hooked_kernel(d);
	found(check, DOCTOR_FAILED, "Linux %s has no agent session hooks%s%s",
	      d->release, other ? "; installed, but not running: " : "",
	      other ? other : "");
	check->fix = other ?
		format("grub-reboot 'Advanced options for Debian GNU/Linux>Debian GNU/Linux, with Linux %s' && reboot   # not Debian, or no GRUB: choose it in the boot menu",
		       other) :
		format("make kernel-deb && apt-get install ./debian/build/kernel/linux-image-*-agentns_*.deb ./debian/build/kernel/linux-headers-*-agentns_*.deb && reboot   # in a checkout of agentns, whose README.md says how to do it elsewhere than on Debian, with core-hooks/apply");
	free(other);
}

void doctor_headers(struct doctor *d, struct doctor_check *check)
{
	char *path = format("/lib/modules/%s/build/Makefile", d->release);

	if (exists(d, path)) {
		found(check, DOCTOR_OK, "/lib/modules/%s/build is there",
		      d->release);
	} else if (d->loaded || d->module) {
		found(check, DOCTOR_WARNING, "no headers of Linux %s: the module is %s, but cannot be rebuilt",
		      d->release, d->loaded ? "loaded" : "installed");
	} else {
		found(check, DOCTOR_FAILED, "no headers of Linux %s to build the module with",
		      d->release);
		check->fix = format("apt-get install linux-headers-%s",
				    d->release);
	}
	free(path);
}

/* ---- the module ---- */

/*
 * A field of the module's file, whatever it is compressed with; for free(), and
 * NULL when there is none, or no modinfo(8).
 */
static char *module_info(const struct doctor *d, const char *field)
{
	char *path, text[256] = "";
	FILE *f = NULL;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return NULL;
	path = d->module[0] == '/' ?
		format("%s%s", d->root, d->module) :
		format("%s/lib/modules/%s/%s", d->root, d->release, d->module);
	pid = fork();
	if (!pid) {
		int null = open("/dev/null", O_WRONLY);

		if (dup2(fds[1], STDOUT_FILENO) >= 0 &&
		    dup2(null, STDERR_FILENO) >= 0) {
			/* Where it is, and what users do not have in PATH. */
			execl("/usr/sbin/modinfo", "modinfo", "-F", field, path,
			      NULL);
			execl("/sbin/modinfo", "modinfo", "-F", field, path,
			      NULL);
			execlp("modinfo", "modinfo", "-F", field, path, NULL);
		}
		_exit(127);
	}
	free(path);
	close(fds[1]);
	if (pid > 0)
		f = fdopen(fds[0], "r");
	if (!f || !fgets(text, sizeof(text), f))
		*text = '\0';
	if (f)
		fclose(f);
	else
		close(fds[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	text[strcspn(text, "\n")] = '\0';
	return *text ? format("%s", text) : NULL;
}

/* What has dkms build the module anew, headers first where there are none. */
static char *rebuild(const struct doctor *d)
{
	char *build = format("/lib/modules/%s/build/Makefile", d->release);
	char *headers = exists(d, build) ? format("%s", "") :
		format("apt-get install linux-headers-%s && ", d->release);
	char *fix = format("%sdkms install --force agentns/" AGENTNS_VERSION " -k %s",
			   headers, d->release);

	free(headers);
	free(build);
	return fix;
}

/* Which of the two is behind decides what has to be replaced. */
static char *match_numbers(const struct doctor *d, unsigned int module)
{
	unsigned int source = defined(d, "/usr/src/agentns-" AGENTNS_VERSION "/module/main.c",
				      "AGENTNS_WANTED_HOOKS");

	if (source == d->number)
		return rebuild(d);
	if (module < d->number)
		return format("apt-get install --only-upgrade agentns-dkms   # the one that was released with this kernel");
	return format("make kernel-deb && apt-get install ./debian/build/kernel/linux-image-*-agentns_*.deb ./debian/build/kernel/linux-headers-*-agentns_*.deb && reboot   # in the checkout that this module is of");
}

/* Was the module's file built for this kernel, and for its hooks? */
static void check_module(const struct doctor *d, struct doctor_check *check)
{
	/* What the kernel has taken works; it is the next boot that will not. */
	enum doctor_result bad = d->loaded ? DOCTOR_WARNING : DOCTOR_FAILED;
	char *number = module_info(d, "agentns_hooks");
	char *magic = module_info(d, "vermagic");
	unsigned int hooks = number ? strtoul(number, NULL, 10) : 0;

	if (magic)
		magic[strcspn(magic, " ")] = '\0';
	if (magic && strcmp(magic, d->release)) {
		found(check, bad, "%s was built for Linux %s, not %s",
		      d->module, magic, d->release);
		check->fix = d->loaded ? NULL : rebuild(d);
	} else if (hooks && d->number && hooks != d->number) {
		found(check, bad, "%s was built for hooks number %u, this kernel has number %u",
		      d->module, hooks, d->number);
		check->fix = d->loaded ? NULL : match_numbers(d, hooks);
	} else if (hooks) {
		found(check, DOCTOR_OK, "built for it: %s, hooks number %u",
		      d->module, hooks);
	} else {
		found(check, DOCTOR_OK, "built for it: %s", d->module);
	}
	free(magic);
	free(number);
}

void doctor_module(struct doctor *d, struct doctor_check *check)
{
	if (d->module) {
		check_module(d, check);
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

/*
 * What adds agentns to the security modules at boot, by the way in which this
 * system has its kernel's command line made.
 */
static char *add_to_lsm(const struct doctor *d, const char *order)
{
	if (exists(d, "/usr/sbin/update-grub"))
		return format("mkdir -p /etc/default/grub.d && echo 'GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX lsm=%s,agentns\"' >/etc/default/grub.d/agentns.cfg && update-grub && reboot",
			      order);
	if (exists(d, "/usr/sbin/grubby"))
		return format("grubby --update-kernel=ALL --args=lsm=%s,agentns && reboot",
			      order);
	if (exists(d, "/etc/kernel/cmdline"))
		return format("sed -i '1s/$/ lsm=%s,agentns/' /etc/kernel/cmdline && kernel-install add %s /boot/vmlinuz-%s && reboot",
			      order, d->release, d->release);
	return format("reboot   # with lsm=%s,agentns on the kernel's command line, which is to be added in the boot loader's configuration before",
		      order);
}

void doctor_lsm(struct doctor *d, struct doctor_check *check)
{
	char order[512], list[520];

	if (!read_line(d, "/sys/kernel/security/lsm", order, sizeof(order))) {
		if (!can_stamp(d) || has_line(d, SYSFS "features", "stamps")) {
			found(check, DOCTOR_SKIPPED, "/sys/kernel/security is not mounted");
			return;
		}
		found(check, DOCTOR_FAILED, "files are not stamped, and without /sys/kernel/security the order of security modules is not known");
		check->fix = format("mount -t securityfs securityfs /sys/kernel/security && agentns doctor");
		return;
	}
	snprintf(list, sizeof(list), ",%s,", order);
	if (strstr(list, ",agentns,")) {
		found(check, DOCTOR_OK, "order: %s", order);
	} else if (can_stamp(d)) {
		found(check, DOCTOR_FAILED, "files are not stamped: agentns is not in the order %s",
		      order);
		check->fix = add_to_lsm(d, order);
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

static bool in_session(void)
{
	struct agent_session_id_uapi id = { { 0 } };

	return !agentns_get_id(&id) && !agentns_id_is_zero(&id);
}

void doctor_capability(struct doctor *d, struct doctor_check *check)
{
	unsigned long long caps = 0;
	char *line, text[16] = "";

	line = find_line(d, "/proc/self/status", "CapEff:");
	if (line)
		sscanf(line, "CapEff: %llx", &caps);
	free(line);
	read_line(d, SYSCTL "unprivileged", text, sizeof(text));
	if (in_session()) {
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
 * @file: why no test file could be written; negative errno
 * @stamp: what it is stamped with, or empty
 */
struct outcome {
	int error;
	struct agent_session_id_uapi id;
	struct agent_ns_counters_uapi counters;
	int file;
	char stamp[64];
};

static const char *test_folder(void)
{
	const char *folder = getenv("TMPDIR");

	return folder && *folder ? folder : "/tmp";
}

static void write_test_file(struct outcome *o)
{
	char *name = format("%s/agentns-doctor-XXXXXX", test_folder());
	struct provenance prov;
	int fd = mkstemp(name);

	if (fd < 0) {
		o->file = -errno;
		free(name);
		return;
	}
	if (write(fd, name, strlen(name)) < 0)
		o->file = -errno;
	close(fd);
	if (!o->file && !provenance_read(name, &prov) && prov.vouched)
		agentns_id_format(&prov.id, o->stamp);
	unlink(name);
	free(name);
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

/* The service manager is in no session, and so nor is what it starts. */
#define OUTSIDE	"systemd-run --pipe --quiet agentns doctor   # outside of the session that this shell is in"

/* What mends that no session could be created. */
static char *mend_create(int error)
{
	switch (-error) {
	case ENOSYS:
		return format("sysctl kernel.agent_ns.enabled=1");
	case EPERM:
		return format("sudo agentns doctor");
	case ENOSPC:
		return format(OUTSIDE);
	default:
		return format("echo 3 >/proc/sys/vm/drop_caches && agentns doctor   # the kernel has no memory for it: end what uses it up");
	}
}

void doctor_session(struct doctor *d, struct doctor_check *check)
{
	struct outcome o;
	char id[AGENTNS_ID_BUFSIZE];
	bool answered;
	int fds[2];
	pid_t pid;

	if (*d->root) {
		found(check, DOCTOR_SKIPPED, "--sysroot is not the running system");
		return;
	}
	if (pipe2(fds, O_CLOEXEC) || (pid = fork()) < 0) {
		found(check, DOCTOR_FAILED, "no process can be made: %s",
		      strerror(errno));
		check->fix = format("ulimit -u unlimited; ulimit -n 1024; agentns doctor   # or look at pids.max of the control group in /proc/self/cgroup");
		return;
	}
	if (!pid)
		test_child(fds[1]);
	close(fds[1]);
	answered = spawn_answer(pid, fds[0], &o, sizeof(o), SPAWN_ANSWER_MS);
	close(fds[0]);
	if (!answered) {
		found(check, DOCTOR_FAILED, "the test session was ended or stopped: a budget %s is too small for it",
		      in_session() ? "of the session around it" :
				     "of all new sessions");
		check->fix = in_session() ? format(OUTSIDE) :
			format("for f in " SYSFS "defaults/max_*; do echo max >$f; done   # and look for it in /etc/agentns.d");
		return;
	}
	if (o.error) {
		found(check, DOCTOR_FAILED, "no session can be created: %s",
		      problem_create(o.error));
		check->fix = mend_create(o.error);
		return;
	}
	if (!o.counters.total_syscalls) {
		found(check, DOCTOR_FAILED, "a test session counted nothing");
		check->fix = format("sysctl kernel.agent_ns.enabled=1 && agentns doctor   # again? modprobe -r agentns && modprobe agentns");
		return;
	}
	found(check, DOCTOR_OK, "a test session, %.8s..., counted %llu system calls",
	      agentns_id_format(&o.id, id),
	      (unsigned long long)o.counters.total_syscalls);
	d->unwritten = o.file;
	if (!strcmp(o.stamp, id))
		strcpy(d->stamped, o.stamp);
}

/* The type of the file system that a folder is in; empty when not known. */
static void type_of(const char *folder, char *type, size_t size)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	unsigned int major, minor;
	struct stat st;
	char *line = NULL, *dash;
	size_t room = 0;

	*type = '\0';
	if (!f)
		return;
	if (!stat(folder, &st)) {
		while (getline(&line, &room, f) > 0) {
			if (sscanf(line, "%*d %*d %u:%u", &major, &minor) != 2 ||
			    makedev(major, minor) != st.st_dev)
				continue;
			dash = strstr(line, " - ");
			if (!dash)
				continue;
			dash += 3;
			snprintf(type, size, "%.*s", (int)strcspn(dash, " "),
				 dash);
			break;
		}
	}
	free(line);
	fclose(f);
}

/* Does a list, of words separated by blanks and newlines, have @word? */
static bool knob_has(const struct doctor *d, const char *file, const char *word)
{
	FILE *f = open_file(d, file);
	char text[4096], *state, *w;
	bool has = false;
	size_t n;

	if (!f)
		return false;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	for (w = strtok_r(text, " \n", &state); w && !has;
	     w = strtok_r(NULL, " \n", &state))
		has = !strcmp(w, word);
	return has;
}

void doctor_stamp(struct doctor *d, struct doctor_check *check)
{
	const char *folder = test_folder(), *knob;
	char type[64];

	if (*d->stamped) {
		found(check, DOCTOR_OK, "a file that it wrote bears its id");
		return;
	}
	if (!can_stamp(d)) {
		found(check, DOCTOR_SKIPPED, "this module stamps no files");
		return;
	}
	if (*d->root) {
		found(check, DOCTOR_SKIPPED, "--sysroot is not the running system");
		return;
	}
	if (d->unwritten) {
		found(check, DOCTOR_FAILED, "no test file can be written in %s: %s",
		      folder, strerror(-d->unwritten));
		check->fix = format("TMPDIR=%s agentns doctor",
				    strcmp(folder, "/var/tmp") ? "/var/tmp" : "/tmp");
		return;
	}
	type_of(folder, type, sizeof(type));
	knob = knob_has(d, SYSFS "skip_fstypes", type) ? "skip_fstypes" :
	       knob_has(d, SYSFS "skip_paths", folder) ? "skip_paths" : NULL;
	if (knob) {
		found(check, DOCTOR_SKIPPED, "files in %s get no stamps, as %s says; TMPDIR=FOLDER has another looked at",
		      folder, knob);
		return;
	}
	found(check, DOCTOR_FAILED, "a file in %s was not stamped: its file system%s%s%s takes no such attribute",
	      folder, *type ? ", of type " : "", type, *type ? "," : "");
	check->fix = format("TMPDIR=%s agentns doctor   # and let agents write there, not in %s",
			    strcmp(folder, "/var/tmp") ? "/var/tmp" : "/srv",
			    folder);
}
