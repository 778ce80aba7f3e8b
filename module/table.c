// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/agent_sessions: what the sessions' directories in sysfs hold, a line a
 * session. Whoever lists ten thousand sessions opens one file for it.
 *
 * The position in the file is the namespace id of the session that comes next,
 * so that nothing is held between two reads, and within one, while a line is
 * made, a reference to that line's session: no RCU section, no list lock.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>

#include "budget.h"
#include "counters.h"
#include "intent.h"
#include "registry.h"
#include "session.h"
#include "table.h"

#define AGENTNS_TABLE	"agent_sessions"

/* Sessions without a directory that are passed over without a pause. */
#define AGENTNS_TABLE_STRIDE	1024

/*
 * One that is shown to anybody: with a directory in sysfs, which anybody may
 * read, too. Returns a reference to the first such one above @ns_id, NULL, or
 * -EINTR.
 */
static struct agentns_session *agentns_table_after(u64 ns_id)
{
	struct agentns_session *s, *found = NULL;
	unsigned int left;

	/* Whoever seeks far ahead has all lines before made in one go. */
	if (fatal_signal_pending(current))
		return ERR_PTR(-EINTR);
	do {
		left = AGENTNS_TABLE_STRIDE;
		rcu_read_lock();
		s = agentns_registry_after(ns_id);
		if (!s) {
			rcu_read_unlock();
			break;
		}
		list_for_each_entry_from_rcu(s, &agentns_sessions, node) {
			ns_id = s->ns_id;
			if (s->dir && agentns_session_tryget(s)) {
				found = s;
				break;
			}
			if (!--left)
				break;
		}
		rcu_read_unlock();
		cond_resched();
	} while (!found && !left);
	return found;
}

static void agentns_table_put(void *v)
{
	if (!IS_ERR_OR_NULL(v) && v != SEQ_START_TOKEN)
		agentns_session_put(v);
}

static void *agentns_table_start(struct seq_file *m, loff_t *pos)
{
	struct agentns_session *s;

	if (!*pos)
		return SEQ_START_TOKEN;
	s = agentns_table_after(*pos - 1);
	if (!IS_ERR_OR_NULL(s))
		*pos = s->ns_id;
	return s;
}

static void *agentns_table_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct agentns_session *s = agentns_table_after(*pos);

	agentns_table_put(v);
	/* Behind the last: where the next session will stand, if any. */
	*pos = IS_ERR_OR_NULL(s) ? *pos + 1 : s->ns_id;
	return s;
}

static void agentns_table_stop(struct seq_file *m, void *v)
{
	agentns_table_put(v);
}

static void agentns_put_limit(struct seq_file *m, u64 limit)
{
	if (limit)
		seq_put_decimal_ull(m, " ", limit);
	else
		seq_puts(m, " max");
}

/* In the order of agentns_show_session(); readers go by these names. */
static void agentns_show_headings(struct seq_file *m)
{
	enum agentns_limit i;

	seq_puts(m, "id parent depth inum sealed action grace_ns crossings");
	seq_puts(m, " descendants tasks cpu_ns total_syscalls openat_count");
	seq_puts(m, " write_bytes connect_count unlink_count fork_count");
	seq_puts(m, " elapsed_ns");
	for (i = 0; i < AGENTNS_NR_LIMITS; i++) {
		seq_putc(m, ' ');
		seq_puts(m, agentns_limit_names[i]);
	}
	seq_puts(m, " intent\n");
}

static void agentns_show_session(struct seq_file *m, struct agentns_session *s)
{
	static const u8 none[AGENT_NS_ID_BYTES];
	struct agent_ns_counters_ex ex;
	char intent[AGENT_NS_INTENT_MAX + 1];
	struct agentns_budget budget;
	enum agentns_limit i;

	agentns_intent_copy(s, intent);
	agentns_budget_get(s, &budget);
	agentns_counters_read_ex(s, &ex);

	seq_printf(m, "%*phN %*phN", AGENT_NS_ID_BYTES, s->id,
		   AGENT_NS_ID_BYTES, s->parent ? s->parent->id : none);
	seq_put_decimal_ull(m, " ", s->depth);
	seq_put_decimal_ull(m, " ", s->ns.inum);
	seq_put_decimal_ull(m, " ", READ_ONCE(s->sealed));
	seq_putc(m, ' ');
	seq_puts(m, agentns_action_names[budget.action]);
	agentns_put_limit(m, budget.grace_ns);
	seq_put_decimal_ull(m, " ", ex.crossings);
	seq_put_decimal_ull(m, " ", ex.descendants);
	seq_put_decimal_ull(m, " ", ex.tasks);
	seq_put_decimal_ull(m, " ", ex.cpu_ns);
	seq_put_decimal_ull(m, " ", ex.counters.total_syscalls);
	seq_put_decimal_ull(m, " ", ex.counters.openat_count);
	seq_put_decimal_ull(m, " ", ex.counters.write_bytes);
	seq_put_decimal_ull(m, " ", ex.counters.connect_count);
	seq_put_decimal_ull(m, " ", ex.counters.unlink_count);
	seq_put_decimal_ull(m, " ", ex.counters.fork_count);
	seq_put_decimal_ull(m, " ", ex.counters.elapsed_ns);
	for (i = 0; i < AGENTNS_NR_LIMITS; i++)
		agentns_put_limit(m, budget.limit[i]);
	/* Last, because it may hold blanks; never a newline. */
	seq_putc(m, ' ');
	seq_puts(m, intent);
	seq_putc(m, '\n');
}

static int agentns_table_show(struct seq_file *m, void *v)
{
	if (v == SEQ_START_TOKEN)
		agentns_show_headings(m);
	else
		agentns_show_session(m, v);
	return 0;
}

static const struct seq_operations agentns_table_ops = {
	.start	= agentns_table_start,
	.next	= agentns_table_next,
	.stop	= agentns_table_stop,
	.show	= agentns_table_show,
};

static int agentns_table_open(struct inode *inode, struct file *file)
{
	return seq_open(file, &agentns_table_ops);
}

/*
 * Anybody may read, into memory that does not arrive for as long as he likes (a
 * mapping of a FUSE server of his own, say), and removing the file waits for
 * reads. So one that is under way keeps the module busy.
 */
static ssize_t agentns_table_read(struct kiocb *iocb, struct iov_iter *to)
{
	ssize_t n;

	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	n = seq_read_iter(iocb, to);
	module_put(THIS_MODULE);
	return n;
}

static const struct proc_ops agentns_table_proc_ops = {
	.proc_open	= agentns_table_open,
	.proc_read_iter	= agentns_table_read,
	.proc_lseek	= seq_lseek,
	.proc_release	= seq_release,
};

/**
 * agentns_table_init - make /proc/agent_sessions
 *
 * Return: 0 or -ENOMEM.
 */
int __init agentns_table_init(void)
{
	if (!proc_create(AGENTNS_TABLE, 0444, NULL, &agentns_table_proc_ops))
		return -ENOMEM;
	return 0;
}

/**
 * agentns_table_exit - remove it
 *
 * A descriptor that is still open reads nothing more.
 */
void agentns_table_exit(void)
{
	remove_proc_entry(AGENTNS_TABLE, NULL);
}
