// SPDX-License-Identifier: GPL-2.0-only
/*
 * All sessions: a list in the order of their namespace ids for walks, and trees
 * for finding one, by that id and by the session id. Those by session id are
 * many, as ids are random: to be made, found or ended beside 100,000 others
 * costs some steps more than beside ten.
 *
 * kernel/nstree.c keeps the namespaces of newer kernels in the same way.
 */
#include <linux/rbtree.h>
#include <linux/rculist.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "compat/nstree.h"
#include "registry.h"
#include "session.h"

/* Guards what follows; walks over the list alone use RCU. */
static DEFINE_SPINLOCK(agentns_registry_lock);
LIST_HEAD(agentns_sessions);
static struct rb_root agentns_by_ns_id = RB_ROOT;
static struct rb_root agentns_by_id[256];
static unsigned int agentns_nr_sessions;

static bool agentns_ns_id_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct agentns_session, by_ns_id)->ns_id <
	       rb_entry(b, struct agentns_session, by_ns_id)->ns_id;
}

static bool agentns_id_less(struct rb_node *a, const struct rb_node *b)
{
	return memcmp(rb_entry(a, struct agentns_session, by_id)->id,
		      rb_entry(b, struct agentns_session, by_id)->id,
		      AGENT_NS_ID_BYTES) < 0;
}

static int agentns_id_cmp(const void *id, const struct rb_node *node)
{
	return memcmp(id, rb_entry(node, struct agentns_session, by_id)->id,
		      AGENT_NS_ID_BYTES);
}

static struct rb_root *agentns_id_tree(const u8 *id)
{
	return &agentns_by_id[id[0]];
}

/* Nearly always behind the last one, whose place in the tree is known. */
static void agentns_ns_id_add(struct agentns_session *s)
{
	struct agentns_session *last = NULL;
	struct rb_node *before;

	lockdep_assert_held(&agentns_registry_lock);

	if (!list_empty(&agentns_sessions))
		last = list_last_entry(&agentns_sessions,
				       struct agentns_session, node);
	if (last && last->ns_id < s->ns_id) {
		rb_link_node(&s->by_ns_id, &last->by_ns_id,
			     &last->by_ns_id.rb_right);
		rb_insert_color(&s->by_ns_id, &agentns_by_ns_id);
		list_add_tail_rcu(&s->node, &agentns_sessions);
		return;
	}
	/* Two creators may come here in another order than they got ids. */
	rb_add(&s->by_ns_id, &agentns_by_ns_id, agentns_ns_id_less);
	before = rb_prev(&s->by_ns_id);
	list_add_rcu(&s->node, before ?
		     &rb_entry(before, struct agentns_session, by_ns_id)->node :
		     &agentns_sessions);
}

/**
 * agentns_registry_add - let a new session be found
 * @s: the session, published to the kernel
 *
 * Context: Process context.
 */
void agentns_registry_add(struct agentns_session *s)
{
	s->ns_id = agentns_ns_id(&s->ns);

	spin_lock(&agentns_registry_lock);
	rb_add(&s->by_id, agentns_id_tree(s->id), agentns_id_less);
	agentns_ns_id_add(s);
	WRITE_ONCE(agentns_nr_sessions, agentns_nr_sessions + 1);
	spin_unlock(&agentns_registry_lock);
}

/**
 * agentns_registry_remove - take back agentns_registry_add()
 * @s: session without references
 *
 * A walk that stands on it goes on from it for another grace period.
 *
 * Context: Process context.
 */
void agentns_registry_remove(struct agentns_session *s)
{
	spin_lock(&agentns_registry_lock);
	list_del_rcu(&s->node);
	rb_erase(&s->by_ns_id, &agentns_by_ns_id);
	rb_erase(&s->by_id, agentns_id_tree(s->id));
	WRITE_ONCE(agentns_nr_sessions, agentns_nr_sessions - 1);
	spin_unlock(&agentns_registry_lock);
}

/**
 * agentns_registry_count - how many sessions live
 *
 * Context: Any. The answer may be out of date when it arrives.
 */
unsigned int agentns_registry_count(void)
{
	return READ_ONCE(agentns_nr_sessions);
}

/**
 * agentns_registry_get - find a session by its id
 * @id: AGENT_NS_ID_BYTES bytes
 *
 * Context: Process context.
 * Return: a reference, or NULL.
 *
 * Model: session.pml, find
 */
struct agentns_session *agentns_registry_get(const u8 *id)
{
	struct agentns_session *s = NULL;
	struct rb_node *node;

	spin_lock(&agentns_registry_lock);
	node = rb_find(id, agentns_id_tree(id), agentns_id_cmp);
	if (node) {
		s = rb_entry(node, struct agentns_session, by_id);
		if (!agentns_session_tryget(s))
			s = NULL;
	}
	spin_unlock(&agentns_registry_lock);
	return s;
}

/**
 * agentns_registry_after - where a walk begins or goes on
 * @ns_id: a namespace id, whether anybody has it or not
 *
 * Context: RCU read lock held. Takes O(log n).
 * Return: the session with the least id above @ns_id, or NULL. It may have
 * ended; a walk over agentns_sessions can start from it all the same.
 */
struct agentns_session *agentns_registry_after(u64 ns_id)
{
	struct agentns_session *after = NULL;
	struct rb_node *node;

	spin_lock(&agentns_registry_lock);
	node = agentns_by_ns_id.rb_node;
	while (node) {
		struct agentns_session *s =
			rb_entry(node, struct agentns_session, by_ns_id);

		if (s->ns_id > ns_id) {
			after = s;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	spin_unlock(&agentns_registry_lock);
	return after;
}
