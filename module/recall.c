// SPDX-License-Identifier: GPL-2.0-only
/*
 * Credit on its way back to the pools: when one of them runs dry or a limit is
 * set, when a gate is shut, when a CPU goes, and when a session has ended.
 */
#include <linux/atomic.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/rculist.h>
#include <linux/smp.h>

#include "recall.h"
#include "registry.h"
#include "session.h"

/*
 * A CPU gives up its credit of one session: this one, with interrupts off, or
 * one that spends nothing for it any more. Whoever holds the tree lock enters it
 * in the books.
 *
 * Model: credit.pml, surrender
 */
static s64 agentns_surrender(struct agentns_cpu *cpu, enum agentns_resource res)
{
	s64 credit = cpu->credit[res];

	WRITE_ONCE(cpu->credit[res], 0);
	return credit;
}

/*
 * As many sessions are asked for by one interrupt, which is short whatever the
 * size of the tree.
 */
#define AGENTNS_RECALL_BATCH	16

/*
 * On the stack of whoever holds the tree lock, and written by nobody else but
 * for what CPUs that are asked add.
 */
struct agentns_recall {
	enum agentns_resource res;
	unsigned int nr;	/* sessions that are asked for */
	bool everywhere;	/* a CPU without credit may be about to get some */
	struct agentns_recalled {
		struct agentns_session *s;
		atomic64_t back;	/* units that they gave up */
	} of[AGENTNS_RECALL_BATCH];
};

/*
 * On a CPU that was asked, by IPI.
 *
 * Model: credit.pml, ipi
 */
static void agentns_recall_cpu(void *data)
{
	struct agentns_recall *recall = data;
	unsigned int i;

	for (i = 0; i < recall->nr; i++) {
		struct agentns_recalled *of = &recall->of[i];
		s64 n = agentns_surrender(this_cpu_ptr(of->s->cpu), recall->res);

		if (n)
			atomic64_add(n, &of->back);
	}
}

/*
 * Has a CPU to be asked? Whoever adds to its credit meanwhile has flagged that,
 * as the others who add hold the tree lock. Accounting of CPU time subtracts:
 * one that shows none may be in debt by now.
 *
 * Model: credit.pml, ask
 */
static bool agentns_recall_asks(int cpu, void *data)
{
	const struct agentns_recall *recall = data;
	unsigned int i;

	if (recall->everywhere)
		return true;
	for (i = 0; i < recall->nr; i++) {
		const struct agentns_cpu *share =
			per_cpu_ptr(recall->of[i].s->cpu, cpu);

		if (READ_ONCE(share->credit[recall->res]))
			return true;
	}
	return false;
}

/*
 * Those of one batch, if any. With preemption off since they were looked at.
 *
 * Model: credit.pml, batch of a recall
 */
static void agentns_recall_batch(struct agentns_recall *recall)
{
	unsigned int i;

	if (!recall->nr)
		return;
	on_each_cpu_cond(agentns_recall_asks, agentns_recall_cpu, recall, true);
	for (i = 0; i < recall->nr; i++)
		agentns_grant(recall->of[i].s, recall->res,
			      -atomic64_read(&recall->of[i].back));
	recall->nr = 0;
	recall->everywhere = false;
}

/*
 * Take in what a session has on CPUs that are not there, and ask for what it
 * has on others. Nobody is asked for a session that has nothing.
 *
 * Only a CPU that has gone and is not yet forgotten has anything there:
 * agentns_cpu_dead() takes it under the tree lock before the CPU may come
 * again. Credit first, then whether it is there: one that is coming has
 * interrupts, which give back, before it has tasks.
 *
 * Model: credit.pml, look
 */
static void agentns_recall_look(struct agentns_recall *recall,
				struct agentns_session *s)
{
	enum agentns_resource res = recall->res;
	struct agentns_recalled *of;
	bool out = false;
	s64 back = 0;
	int cpu;

	/*
	 * Before the IPIs: credit that comes back later counts anew. Who found
	 * it flagged already adds before the IPI that it keeps out.
	 */
	if (READ_ONCE(s->refunded[res])) {
		WRITE_ONCE(s->refunded[res], false);
		/*
		 * Before it is read which CPUs there are; pairs with the one in
		 * set_cpu_online(): a CPU that is not asked sees it cleared.
		 */
		smp_mb();
		recall->everywhere = true;
		out = true;
	}
	for_each_possible_cpu(cpu) {
		struct agentns_cpu *share = per_cpu_ptr(s->cpu, cpu);

		if (!READ_ONCE(share->credit[res]))
			continue;
		/* Pairs with the locks that a CPU takes as it comes online. */
		smp_rmb();
		if (cpu_online(cpu))
			out = true;
		else
			back += agentns_surrender(share, res);
	}
	if (back)
		agentns_grant(s, res, -back);
	if (!out)
		return;

	of = &recall->of[recall->nr++];
	of->s = s;
	atomic64_set(&of->back, 0);
	if (recall->nr == AGENTNS_RECALL_BATCH)
		agentns_recall_batch(recall);
}

/* From here to the end no CPU goes away, so preemption is off. */
static void agentns_recall_begin(struct agentns_recall *recall,
				 enum agentns_resource res)
{
	recall->res = res;
	recall->nr = 0;
	recall->everywhere = false;
	preempt_disable();
}

static void agentns_recall_end(struct agentns_recall *recall)
{
	agentns_recall_batch(recall);
	preempt_enable();
}

/**
 * agentns_recall - call back all unspent credit and put it where it came from
 * @top: of this session and its descendants; its tree lock is held
 * @res: of what
 *
 * A CPU is interrupted for what it has; all of them are, where something was
 * given back to one of the batch since the last time.
 *
 * Not under cpus_read_lock, which nests outside locks that a fork holds here.
 * With preemption off no CPU goes away; one that comes has no credit but what
 * interrupts give back there, which is flagged.
 *
 * Context: Process context with interrupts on, the tree lock held. A CPU that
 * spins on the tree lock answers the IPI, as it spins with interrupts on, too.
 *
 * Model: credit.pml, recall
 */
void agentns_recall(struct agentns_session *top, enum agentns_resource res)
{
	struct agentns_recall recall;
	struct agentns_session *s;

	lockdep_assert_held(&top->root->tree_lock);

	agentns_recall_begin(&recall, res);
	agentns_for_each_descendant(s, top)
		agentns_recall_look(&recall, s);
	agentns_recall_end(&recall);
}

/**
 * agentns_recall_one - agentns_recall() of a session without its descendants
 * @s: the session; its tree lock is held
 * @res: of what
 *
 * Context: As there.
 */
void agentns_recall_one(struct agentns_session *s, enum agentns_resource res)
{
	struct agentns_recall recall;

	lockdep_assert_held(&s->root->tree_lock);

	agentns_recall_begin(&recall, res);
	agentns_recall_look(&recall, s);
	agentns_recall_end(&recall);
}

/*
 * A CPU has gone. It may not come again with credit: nobody could call that
 * back safely while the CPU is on its way, see agentns_recall_look().
 *
 * Model: credit.pml, dead
 */
static int agentns_cpu_dead(unsigned int cpu)
{
	enum agentns_resource res;
	struct agentns_session *s;

	rcu_read_lock();
	list_for_each_entry_rcu(s, &agentns_sessions, node) {
		struct agentns_cpu *share = per_cpu_ptr(s->cpu, cpu);

		/* Where it has ended, it keeps its parents until we are done. */
		spin_lock(&s->root->tree_lock);
		for (res = 0; res < AGENTNS_NR_RESOURCES; res++)
			agentns_grant(s, res, -agentns_surrender(share, res));
		spin_unlock(&s->root->tree_lock);
	}
	rcu_read_unlock();
	return 0;
}

static enum cpuhp_state agentns_cpuhp_state;

int __init agentns_recall_init(void)
{
	int ret = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN,
					    "agentns:dead", NULL,
					    agentns_cpu_dead);

	if (ret < 0)
		return ret;
	agentns_cpuhp_state = ret;
	return 0;
}

void agentns_recall_exit(void)
{
	cpuhp_remove_state_nocalls(agentns_cpuhp_state);
}

/**
 * agentns_retire_credit - return the credit of a session that has ended
 * @s: without references; its tree lock is held
 *
 * Nobody spends for it any more, so all CPUs' shares can be read directly.
 * What it was granted is then what it used.
 *
 * Context: Process context.
 *
 * Model: credit.pml, retire
 */
void agentns_retire_credit(struct agentns_session *s)
{
	u64 n[AGENTNS_NR_RESOURCES] = { };
	enum agentns_resource res;
	int cpu;

	lockdep_assert_held(&s->root->tree_lock);

	for_each_possible_cpu(cpu) {
		struct agentns_cpu *share = per_cpu_ptr(s->cpu, cpu);

		for (res = 0; res < AGENTNS_NR_RESOURCES; res++)
			n[res] += agentns_surrender(share, res);
	}
	for (res = 0; res < AGENTNS_NR_RESOURCES; res++)
		agentns_grant(s, res, -n[res]);
}
