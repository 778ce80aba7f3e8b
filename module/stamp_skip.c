// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which files get no stamps: by file system type and by path.
 *
 * A path is looked up once, when it is set, and is from then on the file or
 * folder that it was: compared are a device and what the file system itself
 * names an inode by in file handles, which tells subvolumes apart. Nothing is
 * pinned by it, so that no unmount is busy for it.
 */
#include <linux/dcache.h>
#include <linux/exportfs.h>
#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/string_helpers.h>
#include <linux/sysfs.h>

#include "stamp_skip.h"

#define AGENTNS_SKIP_MAX	64	/* entries of a list */
#define AGENTNS_SKIP_FH_WORDS	10	/* of a file handle; btrfs's is the longest */

/**
 * struct agentns_skip_id - what a file is known by, without pinning it
 * @dev: device of its super block
 * @words: how many of @fh
 * @fh: what the file system makes of it
 */
struct agentns_skip_id {
	dev_t dev;
	int words;
	u32 fh[AGENTNS_SKIP_FH_WORDS];
};

/**
 * struct agentns_skip_entry - one entry
 * @name: as it was written; points into the list's text
 * @id: of a path
 */
struct agentns_skip_entry {
	char *name;
	struct agentns_skip_id id;
};

/**
 * struct agentns_skip_list - a list, constant once it is published
 * @rcu: it is freed after a grace period
 * @text: what was written, in pieces
 * @n: number of entries
 * @entry: the entries
 */
struct agentns_skip_list {
	struct rcu_head rcu;
	char *text;
	unsigned int n;
	struct agentns_skip_entry entry[];
};

struct agentns_skip_list __rcu *agentns_skip_fstypes;
struct agentns_skip_list __rcu *agentns_skip_paths;

/* Of those who replace one. */
static DEFINE_MUTEX(agentns_skip_lock);

bool __agentns_skip_fstype(const struct super_block *sb)
{
	const struct agentns_skip_list *list;
	bool found = false;
	unsigned int i;

	rcu_read_lock();
	list = rcu_dereference(agentns_skip_fstypes);
	for (i = 0; list && i < list->n && !found; i++)
		found = !strcmp(list->entry[i].name, sb->s_type->name);
	rcu_read_unlock();
	return found;
}

/* File systems without handles have numbers and generations alone. */
static void agentns_skip_identify(struct inode *inode,
				  struct agentns_skip_id *id)
{
	const struct export_operations *ops = inode->i_sb->s_export_op;

	memset(id, 0, sizeof(*id));
	id->dev = inode->i_sb->s_dev;
	id->words = AGENTNS_SKIP_FH_WORDS;
	if (ops && ops->encode_fh &&
	    ops->encode_fh(inode, id->fh, &id->words, NULL) != FILEID_INVALID &&
	    id->words <= AGENTNS_SKIP_FH_WORDS)
		return;
	memset(id->fh, 0, sizeof(id->fh));
	id->words = 3;
	id->fh[0] = inode->i_ino;
	id->fh[1] = (u64)inode->i_ino >> 32;
	id->fh[2] = inode->i_generation;
}

static bool agentns_skip_same(const struct agentns_skip_id *a,
			      const struct agentns_skip_id *b)
{
	return a->dev == b->dev && a->words == b->words &&
	       !memcmp(a->fh, b->fh, a->words * sizeof(u32));
}

static bool agentns_skip_find(const struct agentns_skip_id *id)
{
	const struct agentns_skip_list *list;
	bool found = false;
	unsigned int i;

	rcu_read_lock();
	list = rcu_dereference(agentns_skip_paths);
	for (i = 0; list && i < list->n && !found; i++)
		found = agentns_skip_same(&list->entry[i].id, id);
	rcu_read_unlock();
	return found;
}

/* From the file up to the root of its file system. */
bool __agentns_skip_path(struct dentry *dentry, struct inode *inode)
{
	struct dentry *d = dget(dentry), *parent;
	struct agentns_skip_id id;
	bool found;

	for (;;) {
		agentns_skip_identify(inode, &id);
		found = agentns_skip_find(&id);
		if (found || IS_ROOT(d))
			break;
		parent = dget_parent(d);
		dput(d);
		d = parent;
		inode = d_inode(d);
	}
	dput(d);
	return found;
}

static void agentns_skip_free(struct agentns_skip_list *list)
{
	if (!list)
		return;
	kfree(list->text);
	kfree(list);
}

/* Blanks and newlines separate; \040 is a blank within. */
static struct agentns_skip_list *agentns_skip_parse(const char *text)
{
	struct agentns_skip_list *list;
	char *rest, *name;

	list = kzalloc(struct_size(list, entry, AGENTNS_SKIP_MAX), GFP_KERNEL);
	if (!list)
		return ERR_PTR(-ENOMEM);
	list->text = kstrdup(text, GFP_KERNEL);
	if (!list->text) {
		kfree(list);
		return ERR_PTR(-ENOMEM);
	}
	rest = list->text;
	while ((name = strsep(&rest, " \t\n"))) {
		if (!*name)
			continue;
		if (list->n == AGENTNS_SKIP_MAX) {
			agentns_skip_free(list);
			return ERR_PTR(-E2BIG);
		}
		string_unescape_inplace(name, UNESCAPE_OCTAL);
		list->entry[list->n++].name = name;
	}
	return list;
}

static void agentns_skip_publish(struct agentns_skip_list __rcu **where,
				 struct agentns_skip_list *list)
{
	struct agentns_skip_list *old;

	if (list && !list->n) {
		agentns_skip_free(list);
		list = NULL;
	}
	mutex_lock(&agentns_skip_lock);
	old = rcu_replace_pointer(*where, list,
				  lockdep_is_held(&agentns_skip_lock));
	mutex_unlock(&agentns_skip_lock);
	if (!old)
		return;
	synchronize_rcu();
	agentns_skip_free(old);
}

/**
 * agentns_skip_set_fstypes - replace the list of file system types
 * @text: names, as in /proc/filesystems; need not be known yet
 *
 * Context: May sleep; waits for a grace period.
 * Return: 0, -E2BIG for more than 64, -ENOMEM.
 */
int agentns_skip_set_fstypes(const char *text)
{
	struct agentns_skip_list *list = agentns_skip_parse(text);

	if (IS_ERR(list))
		return PTR_ERR(list);
	agentns_skip_publish(&agentns_skip_fstypes, list);
	return 0;
}

/**
 * agentns_skip_set_paths - replace the list of paths
 * @text: absolute paths, from where current is, of what is there
 *
 * Context: May sleep; waits for a grace period.
 * Return: 0, -EINVAL for a path that is not absolute, -E2BIG for more than 64,
 * -ENOMEM, or why one was not found.
 */
int agentns_skip_set_paths(const char *text)
{
	struct agentns_skip_list *list = agentns_skip_parse(text);
	unsigned int i;
	int err = 0;

	if (IS_ERR(list))
		return PTR_ERR(list);
	for (i = 0; i < list->n; i++) {
		struct agentns_skip_entry *entry = &list->entry[i];
		struct path path;

		if (*entry->name != '/')
			err = -EINVAL;
		else
			err = kern_path(entry->name, LOOKUP_FOLLOW, &path);
		if (err)
			break;
		agentns_skip_identify(d_inode(path.dentry), &entry->id);
		path_put(&path);
	}
	if (err) {
		agentns_skip_free(list);
		return err;
	}
	agentns_skip_publish(&agentns_skip_paths, list);
	return 0;
}

/**
 * agentns_skip_show - a list as it can be written again, an entry a line
 * @where: the list
 * @buf: a page
 *
 * Context: May sleep.
 * Return: length of what was written to @buf.
 */
ssize_t agentns_skip_show(struct agentns_skip_list __rcu **where, char *buf)
{
	const struct agentns_skip_list *list;
	ssize_t len = 0;
	unsigned int i;
	int n;

	mutex_lock(&agentns_skip_lock);
	list = rcu_dereference_protected(*where,
					 lockdep_is_held(&agentns_skip_lock));
	for (i = 0; list && i < list->n; i++) {
		n = string_escape_mem(list->entry[i].name,
				      strlen(list->entry[i].name), buf + len,
				      PAGE_SIZE - len, ESCAPE_OCTAL,
				      " \t\n\\");
		/* What was written fitted into a page; escapes may not. */
		if (len + n + 1 >= PAGE_SIZE)
			break;
		len += n;
		buf[len++] = '\n';
	}
	mutex_unlock(&agentns_skip_lock);
	return len;
}

/* Nobody looks at the lists any more. */
void agentns_skip_exit(void)
{
	agentns_skip_publish(&agentns_skip_fstypes, NULL);
	agentns_skip_publish(&agentns_skip_paths, NULL);
}
