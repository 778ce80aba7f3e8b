// SPDX-License-Identifier: GPL-2.0-only
/*
 * PR_LIST_AGENT_NS and PR_OPEN_AGENT_NS.
 *
 * The former is listns(2) for kernels that lack it, with the same structure and
 * order and the same rule of who sees what (kernel/nstree.c). An owner that does
 * not exist has nothing to list here, and is EINVAL there.
 */
#include <linux/agentns_hooks.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/minmax.h>
#include <linux/pid_namespace.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>

#include "compat/nstree.h"
#include "list.h"
#include "registry.h"
#include "session.h"

/* As many as listns(2) gives in one call. */
#define AGENTNS_LIST_MAX	1000000

/* Ids on their way to user space, and sessions looked at without a pause. */
#define AGENTNS_LIST_BATCH	64
#define AGENTNS_LIST_STRIDE	1024

/**
 * struct agentns_listing - what one call is to list
 * @after: the namespace id behind which it goes on
 * @user_ns: owner that is asked for, current's own, or NULL
 * @user_ns_id: namespace id of the owner that is asked for, or 0
 * @own: current's session, pinned by its nsproxy, or NULL
 * @all: current sees all namespaces
 */
struct agentns_listing {
	u64 after;
	const struct user_namespace *user_ns;
	u64 user_ns_id;
	const struct agentns_session *own;
	bool all;
};

/* Who sees namespaces that it is not in, by the rule of listns(2). */
static bool agentns_sees_all(void)
{
	return task_active_pid_ns(current) == &init_pid_ns &&
	       ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN);
}

static int agentns_read_req(const void __user *from, struct agent_ns_id_req *req)
{
	u32 size;
	int err;

	if (get_user(size, (const u32 __user *)from))
		return -EFAULT;
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < AGENT_NS_ID_REQ_SIZE_VER0)
		return -EINVAL;
	err = copy_struct_from_user(req, sizeof(*req), from, size);
	if (err)
		return err;
	if (req->spare || req->spare2)
		return -EINVAL;
	if (req->ns_type & ~AGENT_NS)
		return -EOPNOTSUPP;
	return 0;
}

static int agentns_listing_owner(struct agentns_listing *listing, u64 id)
{
	if (id == AGENT_NS_CURRENT_USER)
		listing->user_ns = current_user_ns();
	else if (!id || agentns_user_ns_id(&init_user_ns))
		listing->user_ns_id = id;
	else
		return -EOPNOTSUPP;
	return 0;
}

/* The owner of a session that has ended may be gone: nothing looks into it. */
static bool agentns_owner_asked(const struct agentns_listing *listing,
				const struct user_namespace *user_ns, u64 id)
{
	if (listing->user_ns)
		return user_ns == listing->user_ns;
	return !listing->user_ns_id || id == listing->user_ns_id;
}

/*
 * Where activity is told by two numbers that change one after the other, a look
 * without the lock may miss a session that lives; one with it does not.
 */
static bool agentns_active(struct agentns_session *s)
{
	bool active;

	if (agentns_ns_active(&s->ns, READ_ONCE(s->nr_children)))
		return true;
	if (!READ_ONCE(s->nr_children))
		return false;
	spin_lock(&s->root->tree_lock);
	active = agentns_ns_active(&s->ns, s->nr_children);
	spin_unlock(&s->root->tree_lock);
	return active;
}

static bool agentns_listed(const struct agentns_listing *listing,
			   struct agentns_session *s)
{
	if (!agentns_owner_asked(listing, s->user_ns, s->user_ns_id))
		return false;
	if (!listing->all && s != listing->own)
		return false;
	return agentns_active(s);
}

/* The initial agent namespace, which has no session and comes first. */
static bool agentns_init_listed(const struct agentns_listing *listing)
{
	if (listing->after >= AGENT_NS_INIT_ID)
		return false;
	if (!agentns_owner_asked(listing, &init_user_ns,
				 agentns_user_ns_id(&init_user_ns)))
		return false;
	return listing->all || !listing->own;
}

/*
 * Collect at most @want ids behind @listing->after.
 *
 * Return: whether there are more sessions to look at.
 */
static bool agentns_collect(struct agentns_listing *listing, u64 *ids,
			    unsigned int *nr, unsigned int want)
{
	unsigned int stride = AGENTNS_LIST_STRIDE;
	struct agentns_session *s;
	bool more = false;

	*nr = 0;
	if (agentns_init_listed(listing))
		ids[(*nr)++] = AGENT_NS_INIT_ID;

	rcu_read_lock();
	s = agentns_registry_after(listing->after);
	if (!s)
		goto out;
	list_for_each_entry_from_rcu(s, &agentns_sessions, node) {
		if (*nr == want || !stride--) {
			more = true;
			break;
		}
		listing->after = s->ns_id;
		if (agentns_listed(listing, s))
			ids[(*nr)++] = s->ns_id;
	}
out:
	rcu_read_unlock();
	listing->after = max_t(u64, listing->after, AGENT_NS_INIT_ID);
	return more;
}

static bool agentns_nothing_after(u64 ns_id)
{
	bool nothing;

	if (ns_id < AGENT_NS_INIT_ID)
		return false;
	rcu_read_lock();
	nothing = !agentns_registry_after(ns_id);
	rcu_read_unlock();
	return nothing;
}

/**
 * agentns_list - PR_LIST_AGENT_NS
 * @from: struct agent_ns_id_req of the caller
 * @ids: where the namespace ids go
 * @nr_ids: how many fit there
 *
 * Context: May sleep.
 * Return: how many there were, or a negative errno: see the uapi header.
 */
long agentns_list(const void __user *from, u64 __user *ids, size_t nr_ids)
{
	struct agentns_listing listing = { };
	u64 batch[AGENTNS_LIST_BATCH];
	struct agent_ns_id_req req;
	unsigned int n;
	long done = 0;
	bool more;
	int err;

	if (nr_ids > AGENTNS_LIST_MAX)
		return -EOVERFLOW;
	err = agentns_read_req(from, &req);
	if (err)
		return err;
	listing.own = current_session();
	listing.all = agentns_sees_all();
	listing.after = req.ns_id;
	err = agentns_listing_owner(&listing, req.user_ns_id);
	if (err)
		return err;
	if (req.ns_id && agentns_nothing_after(req.ns_id))
		return -ENOENT;

	for (more = nr_ids; more && done < nr_ids; done += n) {
		more = agentns_collect(&listing, batch, &n,
				       min_t(size_t, nr_ids - done,
					     AGENTNS_LIST_BATCH));
		if (copy_to_user(ids + done, batch, n * sizeof(*batch)))
			return -EFAULT;
		cond_resched();
	}
	return done;
}

static bool agentns_may_open(struct agentns_session *s)
{
	struct agentns_session *own = current_session();

	if (own && agentns_session_within(s, own))
		return true;
	return ns_capable(s->user_ns, CAP_SYS_ADMIN) || agentns_sees_all();
}

/**
 * agentns_open_id - PR_OPEN_AGENT_NS
 * @from: session id of the caller; zeros for the initial agent namespace
 *
 * Context: May sleep.
 * Return: a descriptor or a negative errno: see the uapi header.
 */
long agentns_open_id(const void __user *from)
{
	struct agentns_session *s;
	u8 id[AGENT_NS_ID_BYTES];
	long ret = -EPERM;

	if (copy_from_user(id, from, sizeof(id)))
		return -EFAULT;
	if (!memchr_inv(id, 0, sizeof(id))) {
		if (current_session() && !agentns_sees_all())
			return -EPERM;
		return agentns_open(NULL);
	}
	s = agentns_registry_get(id);
	if (!s)
		return -ENOENT;
	if (agentns_may_open(s))
		ret = agentns_open(&s->ns);
	agentns_session_put(s);
	return ret;
}
