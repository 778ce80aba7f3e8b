// SPDX-License-Identifier: GPL-2.0-only
/* /sys/kernel/agentns/: the knobs and the counter of stamps on files. */
#include <linux/kobject.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "authority.h"
#include "stamp.h"
#include "stamp_skip.h"
#include "sysfs.h"

/* "0" or "1", and a newline or not. */
static ssize_t agentns_store_switch(const char *buf, size_t count,
				    void (*set)(bool on))
{
	int ret = agentns_may_turn_stamp_knobs();

	if (ret)
		return ret;
	if (!count || count > 2 || (count == 2 && buf[1] != '\n') ||
	    (*buf != '0' && *buf != '1'))
		return -EINVAL;
	set(*buf == '1');
	return count;
}

/*
 * A NUL within is no text: all of it counts or none. What fills a page may be
 * the beginning of more, which would come as a list of its own.
 */
static ssize_t agentns_store_list(const char *buf, size_t count,
				  int (*set)(const char *text))
{
	int ret = agentns_may_turn_stamp_knobs();

	if (ret)
		return ret;
	if (count >= PAGE_SIZE)
		return -E2BIG;
	if (strlen(buf) != count)
		return -EINVAL;
	return set(buf) ?: count;
}

static ssize_t stamp_outside_show(struct kobject *kobj,
				  struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", agentns_stamp_outside());
}

static ssize_t stamp_outside_store(struct kobject *kobj,
				   struct kobj_attribute *attr,
				   const char *buf, size_t count)
{
	return agentns_store_switch(buf, count, agentns_stamp_set_outside);
}

static struct kobj_attribute stamp_outside_attr = __ATTR_RW(stamp_outside);

static ssize_t stamp_hints_show(struct kobject *kobj,
				struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", agentns_stamp_hints());
}

static ssize_t stamp_hints_store(struct kobject *kobj,
				 struct kobj_attribute *attr,
				 const char *buf, size_t count)
{
	return agentns_store_switch(buf, count, agentns_stamp_set_hints);
}

static struct kobj_attribute stamp_hints_attr = __ATTR_RW(stamp_hints);

static ssize_t stamps_failed_show(struct kobject *kobj,
				  struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", agentns_stamps_failed());
}

static struct kobj_attribute stamps_failed_attr = __ATTR_RO(stamps_failed);

static ssize_t skip_fstypes_show(struct kobject *kobj,
				 struct kobj_attribute *attr, char *buf)
{
	return agentns_skip_show(&agentns_skip_fstypes, buf);
}

static ssize_t skip_fstypes_store(struct kobject *kobj,
				  struct kobj_attribute *attr,
				  const char *buf, size_t count)
{
	return agentns_store_list(buf, count, agentns_skip_set_fstypes);
}

static struct kobj_attribute skip_fstypes_attr = __ATTR_RW(skip_fstypes);

static ssize_t skip_paths_show(struct kobject *kobj,
			       struct kobj_attribute *attr, char *buf)
{
	return agentns_skip_show(&agentns_skip_paths, buf);
}

static ssize_t skip_paths_store(struct kobject *kobj,
				struct kobj_attribute *attr,
				const char *buf, size_t count)
{
	return agentns_store_list(buf, count, agentns_skip_set_paths);
}

static struct kobj_attribute skip_paths_attr = __ATTR_RW(skip_paths);

static struct attribute *agentns_stamps_attrs[] = {
	&stamp_outside_attr.attr,
	&stamp_hints_attr.attr,
	&stamps_failed_attr.attr,
	&skip_fstypes_attr.attr,
	&skip_paths_attr.attr,
	NULL
};

const struct attribute_group agentns_stamps_group = {
	.attrs = agentns_stamps_attrs,
};
