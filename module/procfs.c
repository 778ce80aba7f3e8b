// SPDX-License-Identifier: GPL-2.0-only
/* agent_session, agent_intent and agent_counters of /proc/PID. */
#include <linux/seq_file.h>

#include "counters.h"
#include "intent.h"
#include "procfs.h"
#include "session.h"

static void agentns_show_id(struct seq_file *m, const struct agentns_session *s)
{
	static const u8 none[AGENT_NS_ID_BYTES];

	seq_printf(m, "%*phN\n", AGENT_NS_ID_BYTES, s ? s->id : none);
}

static void agentns_show_intent(struct seq_file *m, struct agentns_session *s)
{
	char intent[AGENT_NS_INTENT_MAX + 1] = { };

	if (s)
		agentns_intent_copy(s, intent);
	seq_printf(m, "%s\n", intent);
}

static void agentns_show_counters(struct seq_file *m, struct agentns_session *s)
{
	struct agent_ns_counters_uapi counters = { };

	if (s)
		agentns_counters_read(s, &counters);
	seq_printf(m, "{\"total_syscalls\":%llu,\"openat_count\":%llu,\"write_bytes\":%llu,\"connect_count\":%llu,\"unlink_count\":%llu,\"fork_count\":%llu,\"elapsed_ns\":%llu}\n",
		   counters.total_syscalls, counters.openat_count,
		   counters.write_bytes, counters.connect_count,
		   counters.unlink_count, counters.fork_count,
		   counters.elapsed_ns);
}

/**
 * agentns_proc_show_hook - one of the files of /proc/PID
 * @m: where to
 * @task: whose, pinned by the caller
 * @which: which
 *
 * Context: May sleep.
 * Return: 0.
 */
int agentns_proc_show_hook(struct seq_file *m, struct task_struct *task,
			   enum agentns_proc_file which)
{
	struct agentns_session *s = agentns_session_of(task);

	switch (which) {
	case AGENTNS_PROC_SESSION:
		agentns_show_id(m, s);
		break;
	case AGENTNS_PROC_INTENT:
		agentns_show_intent(m, s);
		break;
	case AGENTNS_PROC_COUNTERS:
		agentns_show_counters(m, s);
		break;
	}
	agentns_session_put(s);
	return 0;
}
