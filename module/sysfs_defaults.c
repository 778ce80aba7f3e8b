// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/agentns/defaults/: the budget that a new session starts with.
 * And how limits are written, here and in a session's directory.
 */
#include <linux/container_of.h>
#include <linux/kobject.h>
#include <linux/kstrtox.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "budget.h"
#include "sysfs.h"

/**
 * agentns_emit_limit - print a limit
 * @buf: a page of sysfs
 * @limit: the limit; 0 is none
 *
 * Return: how many bytes.
 */
ssize_t agentns_emit_limit(char *buf, u64 limit)
{
	if (!limit)
		return sysfs_emit(buf, "max\n");
	return sysfs_emit(buf, "%llu\n", limit);
}

/**
 * agentns_parse_limit - read a limit; "max" and 0 are none
 * @line: a string without a newline
 * @limit: where it goes
 *
 * Return: 0 or -EINVAL.
 */
int agentns_parse_limit(const char *line, u64 *limit)
{
	if (!strcmp(line, "max")) {
		*limit = 0;
		return 0;
	}
	/* kstrtou64() lets a sign and a newline pass. */
	if (line[strspn(line, "0123456789")])
		return -EINVAL;
	return kstrtou64(line, 10, limit) ? -EINVAL : 0;
}

/**
 * struct agentns_default - a file of the folder
 * @attr: what sysfs calls
 * @field: which kind of field of a budget it is
 * @which: which limit
 */
struct agentns_default {
	struct kobj_attribute attr;
	agentns_budget_field_fn *field;
	unsigned int which;
};

static ssize_t default_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	const struct agentns_default *file =
		container_of(attr, struct agentns_default, attr);
	struct agentns_budget budget;

	agentns_budget_get_default(&budget);
	if (file->field == agentns_budget_field_action)
		return sysfs_emit(buf, "%s\n",
				  agentns_action_names[budget.action]);
	if (file->field == agentns_budget_field_grace)
		return agentns_emit_limit(buf, budget.grace_ns);
	return agentns_emit_limit(buf, budget.limit[file->which]);
}

static ssize_t default_store(struct kobject *kobj, struct kobj_attribute *attr,
			     const char *buf, size_t count)
{
	const struct agentns_default *file =
		container_of(attr, struct agentns_default, attr);
	char line[32];
	size_t len = count;
	u64 value;
	int ret;

	if (len && buf[len - 1] == '\n')
		len--;
	/* 20 digits are the most, and a NUL in the middle is no value. */
	if (len >= sizeof(line) || strnlen(buf, len) != len)
		return -EINVAL;
	memcpy(line, buf, len);
	line[len] = 0;

	if (file->field == agentns_budget_field_action) {
		ret = match_string(agentns_action_names, agentns_nr_actions,
				   line);
		value = ret;
	} else {
		/* kstrtou64() takes no empty string. */
		ret = agentns_parse_limit(line, &value);
	}
	if (ret < 0)
		return -EINVAL;
	ret = agentns_budget_change_default(file->field, file->which, value);
	return ret ?: count;
}

#define AGENTNS_DEFAULT(_name, _field, _which)				\
	static struct agentns_default _name##_default = {		\
		.attr = __ATTR(_name, 0644, default_show, default_store), \
		.field = agentns_budget_field_##_field, .which = (_which), \
	}

AGENTNS_DEFAULT(max_syscalls, limit, AGENTNS_SYSCALLS);
AGENTNS_DEFAULT(max_write_bytes, limit, AGENTNS_BYTES);
AGENTNS_DEFAULT(max_forks, limit, AGENTNS_FORKS);
AGENTNS_DEFAULT(max_opens, limit, AGENTNS_OPENS);
AGENTNS_DEFAULT(max_connects, limit, AGENTNS_CONNECTS);
AGENTNS_DEFAULT(max_unlinks, limit, AGENTNS_UNLINKS);
AGENTNS_DEFAULT(max_tasks, limit, AGENTNS_TASKS);
AGENTNS_DEFAULT(max_cpu_ns, limit, AGENTNS_CPU);
AGENTNS_DEFAULT(max_elapsed_ns, limit, AGENTNS_ELAPSED);
AGENTNS_DEFAULT(max_descendants, limit, AGENTNS_DESCENDANTS);
AGENTNS_DEFAULT(grace_ns, grace, 0);
AGENTNS_DEFAULT(action, action, 0);

static struct attribute *agentns_defaults_attrs[] = {
	&max_syscalls_default.attr.attr,
	&max_write_bytes_default.attr.attr,
	&max_forks_default.attr.attr,
	&max_opens_default.attr.attr,
	&max_connects_default.attr.attr,
	&max_unlinks_default.attr.attr,
	&max_tasks_default.attr.attr,
	&max_cpu_ns_default.attr.attr,
	&max_elapsed_ns_default.attr.attr,
	&max_descendants_default.attr.attr,
	&grace_ns_default.attr.attr,
	&action_default.attr.attr,
	NULL
};

const struct attribute_group agentns_defaults_group = {
	.name = "defaults",
	.attrs = agentns_defaults_attrs,
};
