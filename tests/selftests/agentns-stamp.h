/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of file stamps share: reading a stamp, working in a session,
 * the names of the knobs.
 */
#ifndef AGENTNS_STAMP_H
#define AGENTNS_STAMP_H

#include <endian.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "agentns-test.h"

#define STAMP		AGENT_NS_STAMP_XATTR
#define PROV_SESSION	AGENT_NS_HINT_SESSION
#define PROV_TS		AGENT_NS_HINT_TS
#define PROV_INTENT	AGENT_NS_HINT_INTENT

/* Knobs and counters, below SYSFS. */
#define STAMP_OUTSIDE	"stamp_outside"
#define STAMPS_FAILED	"stamps_failed"
#define SKIP_FSTYPES	"skip_fstypes"
#define SKIP_PATHS	"skip_paths"

/* A stamp, whatever its form in the attribute. */
struct stamp {
	char id[HEX_ID + 1], parent[HEX_ID + 1];
	unsigned int uid;
	__u64 seconds;
};

/* 0, or an errno: ENODATA for none, EBADMSG for one that is no stamp. */
static inline int stamp_parse(struct stamp *s, const void *value, ssize_t n)
{
	const struct agent_ns_stamp *v = value;

	memset(s, 0, sizeof(*s));
	if (n < 0)
		return errno;
	if (n != sizeof(*v) || v->version != AGENT_NS_STAMP_VERSION)
		return EBADMSG;
	hex_id(v->session, s->id);
	hex_id(v->parent, s->parent);
	s->uid = le32toh(v->uid);
	s->seconds = le64toh(v->seconds);
	return 0;
}

/* Of a file by its name; a symbolic link is the file itself. */
static inline int stamp_get(const char *path, struct stamp *s)
{
	char value[256];

	return stamp_parse(s, value,
			   lgetxattr(path, STAMP, value, sizeof(value)));
}

static inline int stamp_fget(int fd, struct stamp *s)
{
	char value[256];

	return stamp_parse(s, value,
			   fgetxattr(fd, STAMP, value, sizeof(value)));
}

/* The id in a file's stamp: "" for none, "?" where it cannot be read. */
static inline const char *stamp_id(const char *path)
{
	static struct stamp s;
	int err = stamp_get(path, &s);

	return !err ? s.id : err == ENODATA || err == EOPNOTSUPP ? "" : "?";
}

/* An attribute as text: "" for none, "?" where it cannot be read. */
static inline const char *attr(const char *path, const char *name)
{
	static char text[256];
	ssize_t n = lgetxattr(path, name, text, sizeof(text) - 1);

	if (n < 0)
		return errno == ENODATA || errno == EOPNOTSUPP ||
		       errno == EPERM ? "" : "?";
	text[n] = 0;
	return text;
}

/* Stamp and hint, which come one after the other. */
static inline bool told_of(const char *path, const char *id)
{
	return !strcmp(id, stamp_id(path)) &&
	       !strcmp(id, attr(path, PROV_SESSION));
}

/* A valid stamp of somebody else, as a forger would write it. */
static inline void stamp_forge(struct agent_ns_stamp *v)
{
	memset(v, 0, sizeof(*v));
	v->version = AGENT_NS_STAMP_VERSION;
	memset(v->session, 0xee, sizeof(v->session));
}

#define FORGED	"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"

static inline int sysfs_set(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), SYSFS "%s", name);
	return write_file(path, text);
}

static inline __u64 sysfs_get(const char *name)
{
	char text[64];

	if (read_file(text, sizeof(text), SYSFS "%s", name))
		return ~0ULL;
	return strtoull(text, NULL, 10);
}

/* What stamps need of the kernel's command line; see stamp_lsm.sh. */
static inline bool stamps_active(void)
{
	char text[1024];

	return !read_file(text, sizeof(text), SYSFS "features") &&
	       strstr(text, "stamps");
}

/* Kept in memory that children share: the id of the session of in_session(). */
struct stamp_child {
	char id[HEX_ID + 1];
};

/*
 * Run @fn in a child, in a new session whose id is left in @id. What it
 * returns, or 1000 and a signal's number; -1 where there is no session.
 */
static inline int in_session(char *id, int (*fn)(void *), void *arg)
{
	struct stamp_child *child = shared(sizeof(*child));
	pid_t pid = fork();
	int ret;

	if (!pid) {
		if (enter_session())
			_exit(255);
		own_id(child->id);
		_exit(fn(arg));
	}
	ret = reap(pid);
	strcpy(id, child->id);
	munmap(child, sizeof(*child));
	return ret == 255 ? -1 : ret;
}

/* A file with some bytes in it, made by the caller; 0 or an errno. */
static inline int make_file(const char *path, size_t size)
{
	static const char block[4096];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int err = fd < 0 ? errno : 0;

	for (; !err && size; size -= size < 4096 ? size : 4096)
		err = ERR(write(fd, block, size < 4096 ? size : 4096));
	close(fd);
	return err;
}

/* The same in a session of its own, whose id is left in @id. */
static inline int make_file_fn(void *path)
{
	return make_file(path, 5000);
}

static inline int make_stamped(char *id, const char *path)
{
	return in_session(id, make_file_fn, (void *)path);
}

/* Run a command of the shell; its exit status. */
static inline int sh(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

static inline int sh(const char *fmt, ...)
{
	char command[2048];
	va_list ap;
	int status;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   1000 + WTERMSIG(status);
}

/*
 * Mount an image by a loop device that goes with the mount; 0 or a status.
 * mount(8)'s own way would keep the device open for writing meanwhile, which
 * kernels without CONFIG_BLK_DEV_WRITE_MOUNTED refuse.
 */
static inline int loop_mount(const char *type, const char *image,
			     const char *folder)
{
	return sh("d=$(losetup -f --show %s) || exit 1; mount -t %s $d %s; "
		  "s=$?; losetup -d $d; exit $s", image, type, folder);
}

/*
 * In a mount namespace of the test's own, a new file system on "m"; its image
 * is "image". @make is a command without the image's name, NULL for none. 0,
 * or an errno: EINVAL when it cannot be made, ENODEV when not mounted.
 */
static inline int image_fs(const char *type, const char *make,
			   const char *size)
{
	umask(0);
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    sh("rm -rf image m && mkdir m"))
		return EIO;
	if (!make)
		return ERR(mount("none", "m", type, 0, NULL));
	if (sh("truncate -s %s image && %s image >log 2>&1", size, make))
		return EINVAL;
	return loop_mount(type, "image", "m") ? ENODEV : 0;
}

/* u::rwx u:1:rwx g::r-x m::rwx o::r-x, which mode bits cannot say. */
static inline int default_acl(const char *path)
{
	static const __u32 acl[] = {
		2, 0x70001, -1, 0x70002, 1, 0x50004, -1, 0x70010, -1,
		0x50020, -1,
	};

	return ERR(setxattr(path, "system.posix_acl_default", acl,
			    sizeof(acl), 0));
}

#endif /* AGENTNS_STAMP_H */
