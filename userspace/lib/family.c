// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which sessions are within another one, those without a directory too. */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <search.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"

/*
 * struct node - what is known of a session
 * @parent: from the list of sessions; meaningless when @found
 * @found: it was looked at, and this will not change
 * @within: is it in the family? Once @found.
 */
struct node {
	struct agent_session_id_uapi id;
	struct agent_session_id_uapi parent;
	bool found;
	bool within;
};

static int compare(const void *a, const void *b)
{
	const struct node *m = a, *n = b;

	return agentns_id_cmp(&m->id, &n->id);
}

static struct node *find(const struct agentns__family *family,
			 const struct agent_session_id_uapi *id)
{
	struct node key = { .id = *id };
	void *at = tfind(&key, &family->nodes, compare);

	return at ? *(struct node **)at : NULL;
}

static struct node *add(struct agentns__family *family,
			const struct agent_session_id_uapi *id)
{
	struct node *node = find(family, id);

	if (node)
		return node;
	node = calloc(1, sizeof(*node));
	if (!node)
		return NULL;
	node->id = *id;
	if (tsearch(node, &family->nodes, compare))
		return node;
	free(node);
	return NULL;
}

static int read_list(struct agentns__family *family)
{
	struct agentns_session session;
	struct agentns_iter *iter;
	int ret;

	ret = agentns_iter_open(family->handle, &iter);
	if (ret)
		return ret;
	while ((ret = agentns_iter_next_fields(iter, &session,
					       AGENTNS_FIELD_PARENT)) > 0) {
		struct node *node = add(family, &session.id);

		if (!node) {
			ret = -ENOMEM;
			break;
		}
		node->parent = session.parent;
	}
	agentns_iter_close(iter);
	return ret;
}

int agentns__family_open(struct agentns__family *family,
			 struct agentns *handle,
			 const struct agent_session_id_uapi *id)
{
	static const struct agent_session_id_uapi initial = { 0 };
	struct node *root;

	*family = (struct agentns__family){
		.handle = handle, .all = agentns_id_is_zero(id),
		.root_fd = -1, .initial_fd = -1,
	};
	if (family->all)
		return 0;
	root = add(family, id);
	if (!root)
		return -ENOMEM;
	root->found = true;
	root->within = true;
	/* Open, so that their numbers stay theirs. */
	family->root_fd = agentns_open_session(id);
	family->initial_fd = agentns_open_session(&initial);
	return 0;
}

void agentns__family_close(struct agentns__family *family)
{
	tdestroy(family->nodes, free);
	if (family->root_fd >= 0)
		close(family->root_fd);
	if (family->initial_fd >= 0)
		close(family->initial_fd);
}

int agentns__family_refresh(struct agentns__family *family)
{
	family->error = 0;
	family->rereads = 0;
	return read_list(family);
}

/* By the list: 1, 0, or -ENODATA when it does not go that far up. */
static int by_list(const struct agentns__family *family, struct node *node)
{
	int depth;

	for (depth = 0; node && depth <= AGENT_NS_DEPTH_MAX; depth++) {
		if (node->found)
			return node->within;
		if (agentns_id_is_zero(&node->parent))
			return 0;
		node = find(family, &node->parent);
	}
	return -ENODATA;
}

/*
 * By the namespaces themselves: from @fd upward, which is closed. Who is below
 * the family's first does not meet the initial namespace before it, and nobody
 * is shown more than that.
 */
static int climb(const struct agentns__family *family, int fd)
{
	int depth, parent, ret = -EPERM;

	for (depth = 0; depth <= AGENT_NS_DEPTH_MAX && ret == -EPERM; depth++) {
		if (agentns__same_file(fd, family->root_fd)) {
			ret = 1;
		} else if (agentns__same_file(fd, family->initial_fd)) {
			ret = 0;
		} else {
			parent = ioctl(fd, NS_GET_PARENT);
			if (parent < 0)
				break;
			close(fd);
			fd = parent;
		}
	}
	close(fd);
	return ret;
}

static int by_namespace(const struct agentns__family *family,
			const struct agent_session_id_uapi *id)
{
	int fd;

	if (family->root_fd < 0)
		return family->root_fd;
	fd = agentns_open_session(id);
	return fd < 0 ? fd : climb(family, fd);
}

/* It may be younger than the list; not each that cannot be found is. */
#define REREADS_MAX	3

static int look_up(struct agentns__family *family,
		   const struct agent_session_id_uapi *id)
{
	int ret, error;

	ret = by_list(family, find(family, id));
	if (ret >= 0)
		return ret;
	error = by_namespace(family, id);
	if (error >= 0 || error == -ENOENT || error == -ENOMEM)
		return error;
	while (ret < 0 && family->rereads < REREADS_MAX) {
		family->rereads++;
		if (read_list(family))
			break;
		ret = by_list(family, find(family, id));
	}
	return ret < 0 ? error : ret;
}

bool agentns__family_has(struct agentns__family *family,
			 const struct agent_session_id_uapi *id)
{
	struct node *node;
	int ret;

	if (family->all || agentns_id_is_zero(id))
		return !agentns_id_is_zero(id);
	ret = look_up(family, id);
	/* It has ended: nobody is in it any more. */
	if (ret == -ENOENT)
		return false;
	if (ret < 0) {
		family->error = ret == -ENOSYS ? -EOPNOTSUPP : ret;
		return false;
	}
	node = add(family, id);
	if (node) {
		node->found = true;
		node->within = ret;
	}
	return ret;
}
