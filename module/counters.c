// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is counted is kept by the CPU that does the work: what it has left of
 * the session's grants, and what it wrote and forked. Counters of a session
 * and its descendants are sums that are made when somebody asks; a session that
 * ends leaves its sums with its parent.
 */
#include <linux/ktime.h>

#include "counters.h"
#include "credit.h"

/**
 * agentns_elapsed_ns - age of a session
 * @s: pinned, or kept in memory by RCU
 *
 * Return: nanoseconds of the boot-time clock since it was created.
 */
u64 agentns_elapsed_ns(const struct agentns_session *s)
{
	return ktime_get_boottime_ns() - s->created_ns;
}

/*
 * A word that its CPU may be changing; it is used once, so it is read once. By
 * a plain read, as in __percpu_counter_sum(): of READ_ONCE() the compiler makes
 * an instruction of its own, for each counter of each CPU and descendant.
 */
#define agentns_peek(word)	data_race(word)

/*
 * Add what one session itself did, and its ended descendants. By a sum of its
 * own, which lies in registers: there may be many CPUs and descendants.
 */
static void agentns_counters_add(const struct agentns_session *s,
				 struct agent_ns_counters_uapi *sum)
{
	struct agent_ns_counters_uapi own = {
		.total_syscalls	= s->granted[AGENTNS_SYSCALLS],
		.openat_count	= s->granted[AGENTNS_OPENS],
		.connect_count	= s->granted[AGENTNS_CONNECTS],
		.unlink_count	= s->granted[AGENTNS_UNLINKS],
		.write_bytes	= s->past_written,
		.fork_count	= s->past_forked,
	};
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct agentns_cpu *share = per_cpu_ptr(s->cpu, cpu);

		/* What is left of it was not used. */
		own.total_syscalls -= agentns_peek(share->credit[AGENTNS_SYSCALLS]);
		own.openat_count -= agentns_peek(share->credit[AGENTNS_OPENS]);
		own.connect_count -= agentns_peek(share->credit[AGENTNS_CONNECTS]);
		own.unlink_count -= agentns_peek(share->credit[AGENTNS_UNLINKS]);
		own.write_bytes += agentns_peek(share->written);
		own.fork_count += agentns_peek(share->forked);
	}
	sum->total_syscalls += own.total_syscalls;
	sum->openat_count += own.openat_count;
	sum->connect_count += own.connect_count;
	sum->unlink_count += own.unlink_count;
	sum->write_bytes += own.write_bytes;
	sum->fork_count += own.fork_count;
}

static void agentns_counters_sum(struct agentns_session *s,
				 struct agent_ns_counters_uapi *counters)
{
	struct agentns_session *pos;

	lockdep_assert_held(&s->root->tree_lock);

	*counters = (struct agent_ns_counters_uapi) { };
	agentns_for_each_descendant(pos, s)
		agentns_counters_add(pos, counters);
}

/**
 * agentns_counters_read - sum up what a session and its descendants did
 * @s: pinned, or ending and not yet unlinked
 * @counters: where the sums go
 *
 * Never less than an earlier reading: each counter only grows, and an ending
 * session's move to its parent happens under the tree lock.
 *
 * Context: Process context; takes the tree lock.
 */
void agentns_counters_read(struct agentns_session *s,
			   struct agent_ns_counters_uapi *counters)
{
	spin_lock(&s->root->tree_lock);
	agentns_counters_sum(s, counters);
	spin_unlock(&s->root->tree_lock);
	counters->elapsed_ns = agentns_elapsed_ns(s);
}

/**
 * agentns_counters_read_ex - sum up all that is counted of a session
 * @s: pinned, or ending and not yet unlinked
 * @ex: where the sums go
 *
 * Context: Process context; takes the tree lock.
 */
void agentns_counters_read_ex(struct agentns_session *s,
			      struct agent_ns_counters_ex *ex)
{
	spin_lock(&s->root->tree_lock);
	agentns_counters_sum(s, &ex->counters);
	ex->tasks = max(agentns_used(s, AGENTNS_TASKS), 0LL);
	ex->cpu_ns = max(agentns_used(s, AGENTNS_CPU), 0LL);
	ex->descendants = s->descendants;
	ex->crossings = s->crossings;
	spin_unlock(&s->root->tree_lock);
	ex->counters.elapsed_ns = agentns_elapsed_ns(s);
}

/**
 * agentns_counters_fold - leave an ending session's sums with its parent
 * @s: session without references and descendants, its credit retired; its
 *	tree lock is held
 */
void agentns_counters_fold(struct agentns_session *s)
{
	struct agentns_session *parent = s->parent;
	enum agentns_resource res;
	int cpu;

	lockdep_assert_held(&s->root->tree_lock);

	/* Its credit is retired, so that is what it used. */
	for (res = 0; res < AGENTNS_NR_RESOURCES; res++)
		parent->granted[res] += s->granted[res];
	parent->past_written += s->past_written;
	parent->past_forked += s->past_forked;

	for_each_possible_cpu(cpu) {
		const struct agentns_cpu *share = per_cpu_ptr(s->cpu, cpu);

		parent->past_written += share->written;
		parent->past_forked += share->forked;
	}
}
