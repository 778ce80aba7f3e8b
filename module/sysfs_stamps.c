// SPDX-License-Identifier: GPL-2.0-only
/* /sys/kernel/agentns/: the knobs and the counter of stamps on files. */
#include <linux/kobject.h>
#include <linux/kstrtox.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "authority.h"
#include "stamp.h"
#include "stamp_skip.h"
#include "sysfs.h"

/* "0" or "1", and a newline or not. */
static int agentns_parse_switch(const char *buf, size_t count, bool *on)
{
	if (!count || count > 2 || (count == 2 && buf[1] != '\n') ||
	    (*buf != '0' && *buf != '1'))
		return -EINVAL;
	*on = *buf == '1';
	return 0;
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
	int ret = agentns_may_turn_stamp_knobs();
	bool on;

	if (!ret)
		ret = agentns_parse_switch(buf, count, &on);
	if (ret)
		return ret;
	agentns_stamp_set_outside(on);
	return count;
}

static struct kobj_attribute stamp_outside_attr = __ATTR_RW(stamp_outside);

static ssize_t stamp_hints_show(struct kobject *kobj,
				struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(agentns_stamp_hints));
}

static ssize_t stamp_hints_store(struct kobject *kobj,
				 struct kobj_attribute *attr,
				 const char *buf, size_t count)
{
	int ret = agentns_may_turn_stamp_knobs();
	bool on;

	if (!ret)
		ret = agentns_parse_switch(buf, count, &on);
	if (ret)
		return ret;
	WRITE_ONCE(agentns_stamp_hints, on);
	return count;
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

/* A NUL within is no text: all of it counts or none. */
static ssize_t skip_fstypes_store(struct kobject *kobj,
				  struct kobj_attribute *attr,
				  const char *buf, size_t count)
{
	int ret = agentns_may_turn_stamp_knobs();

	if (!ret)
		ret = strlen(buf) == count ? agentns_skip_set_fstypes(buf) :
		      -EINVAL;
	return ret ?: count;
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
	int ret = agentns_may_turn_stamp_knobs();

	if (!ret)
		ret = strlen(buf) == count ? agentns_skip_set_paths(buf) :
		      -EINVAL;
	return ret ?: count;
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
