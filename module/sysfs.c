// SPDX-License-Identifier: GPL-2.0-only
/* /sys/kernel/agentns/: what the module is, and its knobs. */
#include <linux/agentns_stamp.h>
#include <linux/kobject.h>
#include <linux/kstrtox.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "authority.h"
#include "reaper.h"
#include "registry.h"
#include "session.h"
#include "sysfs.h"

struct kobject *agentns_sessions_kobj;
static struct kobject *agentns_kobj;

/* Digits and a newline: kstrtouint() lets a sign pass, and bytes after a NUL. */
static int agentns_parse_uint(const char *buf, size_t count,
			      unsigned int *value)
{
	size_t digits = strspn(buf, "0123456789");

	if (!digits || digits + (buf[digits] == '\n') != count)
		return -EINVAL;
	return kstrtouint(buf, 10, value) ? -EINVAL : 0;
}

static ssize_t abi_show(struct kobject *kobj, struct kobj_attribute *attr,
			char *buf)
{
	return sysfs_emit(buf, "%d\n", AGENTNS_ABI);
}

static struct kobj_attribute abi_attr = __ATTR_RO(abi);

static ssize_t features_show(struct kobject *kobj, struct kobj_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "counters\ncounters_ex\nbudget\nbudget_ex\nkill\nnesting\nio_uring\n"
			  "clone3\nsetns\nlist\nopen\n"
			  "stop\ndeny\ngrace\nseal\ndefaults\ntable\n%s",
			  agentns_stamps_active() ? "stamps\n" : "");
}

static struct kobj_attribute features_attr = __ATTR_RO(features);

static ssize_t sessions_live_show(struct kobject *kobj,
				  struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", agentns_registry_count());
}

static struct kobj_attribute sessions_live_attr = __ATTR_RO(sessions_live);

static ssize_t max_session_dirs_show(struct kobject *kobj,
				     struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(agentns_max_session_dirs));
}

static ssize_t max_session_dirs_store(struct kobject *kobj,
				      struct kobj_attribute *attr,
				      const char *buf, size_t count)
{
	unsigned int value;
	int ret = agentns_may_turn_knobs();

	if (!ret)
		ret = agentns_parse_uint(buf, count, &value);
	if (ret)
		return ret;
	WRITE_ONCE(agentns_max_session_dirs, value);
	return count;
}

static struct kobj_attribute max_session_dirs_attr =
	__ATTR_RW(max_session_dirs);

static ssize_t sweep_interval_show(struct kobject *kobj,
				   struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(agentns_sweep_interval));
}

static ssize_t sweep_interval_store(struct kobject *kobj,
				    struct kobj_attribute *attr,
				    const char *buf, size_t count)
{
	unsigned int value;
	int ret = agentns_may_turn_knobs();

	if (!ret)
		ret = agentns_parse_uint(buf, count, &value);
	if (ret)
		return ret;
	/* A day, like the default lifetime, is as rare as it gets. */
	if (!value || value > 86400)
		return -EINVAL;
	WRITE_ONCE(agentns_sweep_interval, value);
	agentns_reaper_sweep();
	return count;
}

static struct kobj_attribute sweep_interval_attr = __ATTR_RW(sweep_interval);

static struct attribute *agentns_attrs[] = {
	&abi_attr.attr,
	&features_attr.attr,
	&sessions_live_attr.attr,
	&max_session_dirs_attr.attr,
	&sweep_interval_attr.attr,
	NULL
};

static const struct attribute_group agentns_group = {
	.attrs = agentns_attrs,
};

static const struct attribute_group *agentns_groups[] = {
	&agentns_group,
	&agentns_defaults_group,
	&agentns_stamps_group,
	NULL
};

int __init agentns_sysfs_init(void)
{
	int err = -ENOMEM;

	agentns_kobj = kobject_create_and_add("agentns", kernel_kobj);
	if (!agentns_kobj)
		return err;
	agentns_sessions_kobj = kobject_create_and_add("sessions",
						       agentns_kobj);
	if (!agentns_sessions_kobj)
		goto put_kobj;
	err = sysfs_create_groups(agentns_kobj, agentns_groups);
	if (err)
		goto put_sessions;
	return 0;

put_sessions:
	kobject_put(agentns_sessions_kobj);
put_kobj:
	kobject_put(agentns_kobj);
	return err;
}

void agentns_sysfs_exit(void)
{
	sysfs_remove_groups(agentns_kobj, agentns_groups);
	kobject_put(agentns_sessions_kobj);
	kobject_put(agentns_kobj);
}
