// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/agentns/sessions/ID/: one session.
 *
 * A directory does not keep its session alive: each access takes a reference
 * and fails with ENODEV when the session has ended. It keeps the session's
 * memory, which is freed after the directory.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/error-injection.h>
#include <linux/kobject.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "authority.h"
#include "budget.h"
#include "counters.h"
#include "intent.h"
#include "kill.h"
#include "session.h"
#include "sysfs.h"

unsigned int agentns_max_session_dirs = 4096;
static atomic_t agentns_session_dirs;

/**
 * struct agentns_dir - a session's directory
 * @kobj: the directory
 * @session: constant; its memory, not a reference
 * @crossings: the file of that name, with a reference; constant
 * @remove: work item, as removal waits for accesses to end
 */
struct agentns_dir {
	struct kobject kobj;
	struct agentns_session *session;
	struct kernfs_node *crossings;
	struct work_struct remove;
};

/**
 * struct agentns_attr - a file in it
 * @attr: name and mode
 * @show: print it
 * @store: set it; the buffer is a string of one line, without its newline
 * @arg: which limit or counter, for @show and @store
 */
struct agentns_attr {
	struct attribute attr;
	ssize_t (*show)(struct agentns_session *s, unsigned int arg, char *buf);
	int (*store)(struct agentns_session *s, unsigned int arg, char *line);
	unsigned int arg;
};

#define AGENTNS_ATTR(_var, _name, _mode, _show, _store, _arg)		\
	static struct agentns_attr _var##_attr = {			\
		.attr = { .name = (_name), .mode = (_mode) },		\
		.show = (_show), .store = (_store), .arg = (_arg),	\
	}

static struct agentns_dir *to_dir(struct kobject *kobj)
{
	return container_of(kobj, struct agentns_dir, kobj);
}

static ssize_t intent_show(struct agentns_session *s, unsigned int arg,
			   char *buf)
{
	char intent[AGENT_NS_INTENT_MAX + 1];

	agentns_intent_copy(s, intent);
	return sysfs_emit(buf, "%s\n", intent);
}

static int intent_store(struct agentns_session *s, unsigned int arg, char *line)
{
	size_t len = strlen(line);

	return agentns_may_manage(s) ?:
	       agentns_intent_set(s, line, agentns_intent_clip(line, len),
				  false);
}

static ssize_t parent_show(struct agentns_session *s, unsigned int arg,
			   char *buf)
{
	static const u8 none[AGENT_NS_ID_BYTES];

	return sysfs_emit(buf, "%*phN\n", AGENT_NS_ID_BYTES,
			  s->parent ? s->parent->id : none);
}

static ssize_t depth_show(struct agentns_session *s, unsigned int arg,
			  char *buf)
{
	return sysfs_emit(buf, "%u\n", s->depth);
}

static ssize_t inum_show(struct agentns_session *s, unsigned int arg, char *buf)
{
	return sysfs_emit(buf, "%u\n", s->ns.inum);
}

static ssize_t action_show(struct agentns_session *s, unsigned int arg,
			   char *buf)
{
	struct agentns_budget budget;

	agentns_budget_get(s, &budget);
	return sysfs_emit(buf, "%s\n", agentns_action_names[budget.action]);
}

static int action_store(struct agentns_session *s, unsigned int arg, char *line)
{
	int action = match_string(agentns_action_names, agentns_nr_actions,
				  line);

	if (action < 0)
		return -EINVAL;
	return agentns_budget_change(s, agentns_budget_field_action, 0, action);
}

static int kill_store(struct agentns_session *s, unsigned int arg, char *line)
{
	int err;

	if (strcmp(line, "1"))
		return -EINVAL;
	err = agentns_may_narrow(s);
	if (!err)
		agentns_kill(s, "sysfs");
	return err;
}

static ssize_t sealed_show(struct agentns_session *s, unsigned int arg,
			   char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(s->sealed));
}

static int sealed_store(struct agentns_session *s, unsigned int arg, char *line)
{
	int err;

	if (strcmp(line, "1"))
		return -EINVAL;
	err = agentns_may_narrow(s);
	if (!err)
		agentns_seal(s);
	return err;
}

static ssize_t limit_show(struct agentns_session *s, unsigned int arg,
			  char *buf)
{
	struct agentns_budget budget;

	agentns_budget_get(s, &budget);
	return agentns_emit_limit(buf, budget.limit[arg]);
}

static int limit_store(struct agentns_session *s, unsigned int arg, char *line)
{
	u64 limit;
	int ret = agentns_parse_limit(line, &limit);

	return ret ?: agentns_budget_change(s, agentns_budget_field_limit, arg,
					    limit);
}

static ssize_t grace_show(struct agentns_session *s, unsigned int arg,
			  char *buf)
{
	struct agentns_budget budget;

	agentns_budget_get(s, &budget);
	return agentns_emit_limit(buf, budget.grace_ns);
}

static int grace_store(struct agentns_session *s, unsigned int arg, char *line)
{
	u64 grace;
	int ret = agentns_parse_limit(line, &grace);

	return ret ?: agentns_budget_change(s, agentns_budget_field_grace, 0,
					    grace);
}

static ssize_t crossings_show(struct agentns_session *s, unsigned int arg,
			      char *buf)
{
	u64 crossings;

	spin_lock(&s->root->tree_lock);
	crossings = s->crossings;
	spin_unlock(&s->root->tree_lock);
	return sysfs_emit(buf, "%llu\n", crossings);
}

/* The limits that are reached, by name. */
static ssize_t exceeded_show(struct agentns_session *s, unsigned int arg,
			     char *buf)
{
	enum agentns_resource res;
	ssize_t n = 0;

	spin_lock(&s->root->tree_lock);
	for (res = 0; res < AGENTNS_NR_RESOURCES; res++)
		if (s->pool[res].crossed)
			n += sysfs_emit_at(buf, n, "%s\n",
					   agentns_limit_names[res]);
	if (s->elapsed_crossed)
		n += sysfs_emit_at(buf, n, "%s\n",
				   agentns_limit_names[AGENTNS_ELAPSED]);
	spin_unlock(&s->root->tree_lock);
	return n;
}

static ssize_t descendants_show(struct agentns_session *s, unsigned int arg,
				char *buf)
{
	u64 descendants;

	spin_lock(&s->root->tree_lock);
	descendants = s->descendants;
	spin_unlock(&s->root->tree_lock);
	return sysfs_emit(buf, "%llu\n", descendants);
}

/* What is no counter of struct agent_ns_counters_uapi: tasks, CPU time. */
static ssize_t used_show(struct agentns_session *s, unsigned int arg, char *buf)
{
	s64 used;

	spin_lock(&s->root->tree_lock);
	used = agentns_used(s, arg);
	spin_unlock(&s->root->tree_lock);
	return sysfs_emit(buf, "%lld\n", max(used, 0LL));
}

/* @arg is where in the structure the counter is. */
static ssize_t counter_show(struct agentns_session *s, unsigned int arg,
			    char *buf)
{
	struct agent_ns_counters_uapi counters;

	agentns_counters_read(s, &counters);
	return sysfs_emit(buf, "%llu\n", *(u64 *)((void *)&counters + arg));
}

#define AGENTNS_LIMIT(_name, _res)					\
	AGENTNS_ATTR(_name, #_name, 0644, limit_show, limit_store, _res)
#define AGENTNS_COUNTER(_name)						\
	AGENTNS_ATTR(_name, #_name, 0444, counter_show, NULL,		\
		     offsetof(struct agent_ns_counters_uapi, _name))

AGENTNS_ATTR(intent, "intent", 0644, intent_show, intent_store, 0);
AGENTNS_ATTR(parent, "parent", 0444, parent_show, NULL, 0);
AGENTNS_ATTR(depth, "depth", 0444, depth_show, NULL, 0);
AGENTNS_ATTR(inum, "inum", 0444, inum_show, NULL, 0);
AGENTNS_ATTR(action, "action", 0644, action_show, action_store, 0);
AGENTNS_ATTR(kill, "kill", 0200, NULL, kill_store, 0);
AGENTNS_ATTR(sealed, "sealed", 0644, sealed_show, sealed_store, 0);
AGENTNS_ATTR(grace_ns, "grace_ns", 0644, grace_show, grace_store, 0);
AGENTNS_ATTR(crossings, "crossings", 0444, crossings_show, NULL, 0);
AGENTNS_ATTR(exceeded, "exceeded", 0444, exceeded_show, NULL, 0);
AGENTNS_ATTR(descendants, "descendants", 0444, descendants_show, NULL, 0);
AGENTNS_LIMIT(max_elapsed_ns, AGENTNS_ELAPSED);
AGENTNS_LIMIT(max_descendants, AGENTNS_DESCENDANTS);
AGENTNS_LIMIT(max_tasks, AGENTNS_TASKS);
AGENTNS_LIMIT(max_cpu_ns, AGENTNS_CPU);
AGENTNS_LIMIT(max_syscalls, AGENTNS_SYSCALLS);
AGENTNS_LIMIT(max_write_bytes, AGENTNS_BYTES);
AGENTNS_LIMIT(max_forks, AGENTNS_FORKS);
AGENTNS_LIMIT(max_opens, AGENTNS_OPENS);
AGENTNS_LIMIT(max_connects, AGENTNS_CONNECTS);
AGENTNS_LIMIT(max_unlinks, AGENTNS_UNLINKS);
AGENTNS_COUNTER(total_syscalls);
AGENTNS_COUNTER(openat_count);
AGENTNS_COUNTER(write_bytes);
AGENTNS_COUNTER(connect_count);
AGENTNS_COUNTER(unlink_count);
AGENTNS_COUNTER(fork_count);
AGENTNS_COUNTER(elapsed_ns);
AGENTNS_ATTR(tasks, "tasks", 0444, used_show, NULL, AGENTNS_TASKS);
AGENTNS_ATTR(cpu_ns, "cpu_ns", 0444, used_show, NULL, AGENTNS_CPU);

static struct attribute *agentns_session_attrs[] = {
	&intent_attr.attr,
	&parent_attr.attr,
	&depth_attr.attr,
	&inum_attr.attr,
	&action_attr.attr,
	&kill_attr.attr,
	&sealed_attr.attr,
	&grace_ns_attr.attr,
	&crossings_attr.attr,
	&exceeded_attr.attr,
	&descendants_attr.attr,
	&max_elapsed_ns_attr.attr,
	&max_descendants_attr.attr,
	&max_tasks_attr.attr,
	&max_cpu_ns_attr.attr,
	&max_syscalls_attr.attr,
	&max_write_bytes_attr.attr,
	&max_forks_attr.attr,
	&max_opens_attr.attr,
	&max_connects_attr.attr,
	&max_unlinks_attr.attr,
	NULL
};

static struct attribute *agentns_counter_attrs[] = {
	&total_syscalls_attr.attr,
	&openat_count_attr.attr,
	&write_bytes_attr.attr,
	&connect_count_attr.attr,
	&unlink_count_attr.attr,
	&fork_count_attr.attr,
	&elapsed_ns_attr.attr,
	&tasks_attr.attr,
	&cpu_ns_attr.attr,
	NULL
};

static const struct attribute_group agentns_session_group = {
	.attrs = agentns_session_attrs,
};

static const struct attribute_group agentns_counter_group = {
	.name = "counters",
	.attrs = agentns_counter_attrs,
};

static const struct attribute_group *agentns_session_groups[] = {
	&agentns_session_group,
	&agentns_counter_group,
	NULL
};

/*
 * A reference on the session that a directory is of, unless that has ended or
 * is not complete: the directory is there before it.
 */
static bool agentns_dir_tryget(struct agentns_session *s)
{
	/* Pairs with the release at the end of agentns_session_publish(). */
	return smp_load_acquire(&s->published) && agentns_session_tryget(s);
}

static ssize_t agentns_attr_show(struct kobject *kobj, struct attribute *attr,
				 char *buf)
{
	struct agentns_attr *file = container_of(attr, struct agentns_attr,
						 attr);
	struct agentns_session *s = to_dir(kobj)->session;
	ssize_t ret;

	if (!file->show)
		return -EIO;
	if (!agentns_dir_tryget(s))
		return -ENODEV;
	ret = file->show(s, file->arg, buf);
	agentns_session_put(s);
	return ret;
}

static ssize_t agentns_attr_store(struct kobject *kobj, struct attribute *attr,
				  const char *buf, size_t count)
{
	struct agentns_attr *file = container_of(attr, struct agentns_attr,
						 attr);
	struct agentns_session *s = to_dir(kobj)->session;
	size_t len = count;
	char *line;
	int ret;

	if (!file->store)
		return -EIO;
	/* As a shell's echo writes it. A NUL in the middle is no value. */
	if (len && buf[len - 1] == '\n')
		len--;
	if (strnlen(buf, len) != len)
		return -EINVAL;
	line = kmemdup_nul(buf, len, GFP_KERNEL);
	if (!line)
		return -ENOMEM;

	ret = -ENODEV;
	if (agentns_dir_tryget(s)) {
		ret = file->store(s, file->arg, line);
		agentns_session_put(s);
	}
	kfree(line);
	return ret ?: count;
}

static const struct sysfs_ops agentns_dir_ops = {
	.show	= agentns_attr_show,
	.store	= agentns_attr_store,
};

/* Nobody can reach the session through the directory any more. */
static void agentns_dir_release(struct kobject *kobj)
{
	struct agentns_dir *dir = to_dir(kobj);
	struct agentns_session *s = dir->session;

	sysfs_put(dir->crossings);
	kfree(dir);
	atomic_dec(&agentns_session_dirs);
	/* Last: it takes the session's hold on the module with it. */
	if (s)
		agentns_session_free(s);
}

static const struct kobj_type agentns_dir_type = {
	.release	= agentns_dir_release,
	.sysfs_ops	= &agentns_dir_ops,
	.default_groups	= agentns_session_groups,
};

static void agentns_dir_remove_work(struct work_struct *work)
{
	struct agentns_dir *dir = container_of(work, struct agentns_dir,
					       remove);

	kobject_del(&dir->kobj);
	kobject_put(&dir->kobj);
}

/**
 * agentns_dir_create - make a session's directory
 * @s: the session, not yet published
 *
 * Above the cap on directories the session gets none, which is no error. For
 * a nested session, and one that anybody may have made, the cap is half of it.
 *
 * Context: May sleep.
 * Return: 0 or a negative errno.
 */
int agentns_dir_create(struct agentns_session *s)
{
	unsigned int max = READ_ONCE(agentns_max_session_dirs);
	struct agentns_dir *dir;
	int err;

	/* Agents and users must not use up what their operator needs. */
	if (s->parent || !s->trusted)
		max /= 2;
	if (atomic_inc_return(&agentns_session_dirs) > max) {
		atomic_dec(&agentns_session_dirs);
		return 0;
	}
	dir = kzalloc(sizeof(*dir), GFP_KERNEL_ACCOUNT);
	if (!dir) {
		atomic_dec(&agentns_session_dirs);
		return -ENOMEM;
	}
	dir->session = s;
	INIT_WORK(&dir->remove, agentns_dir_remove_work);
	err = kobject_init_and_add(&dir->kobj, &agentns_dir_type,
				   agentns_sessions_kobj, "%*phN",
				   AGENT_NS_ID_BYTES, s->id);
	if (err) {
		/* The caller frees the session itself. */
		dir->session = NULL;
		kobject_put(&dir->kobj);
		return err;
	}
	dir->crossings = sysfs_get_dirent(dir->kobj.sd, "crossings");
	s->dir = dir;
	return 0;
}
ALLOW_ERROR_INJECTION(agentns_dir_create, ERRNO);

/**
 * agentns_dir_remove - remove the directory of a session that has ended
 * @dir: its directory; the session is freed after it
 *
 * Context: Any.
 */
void agentns_dir_remove(struct agentns_dir *dir)
{
	queue_work(agentns_wq, &dir->remove);
}

/**
 * agentns_dir_notify_crossings - wake whoever polls a session's crossings
 * @s: the session, pinned
 *
 * sysfs_notify() would look for the file, under a lock that whoever makes
 * directories holds, and may be kept from its processor with.
 *
 * Context: Process context.
 */
void agentns_dir_notify_crossings(struct agentns_session *s)
{
	if (s->dir)
		sysfs_notify_dirent(s->dir->crossings);
}
