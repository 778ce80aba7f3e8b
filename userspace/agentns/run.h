/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of 'agentns run' share. */
#ifndef AGENTNS_RUN_H
#define AGENTNS_RUN_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include <agentns.h>

#include "spawn.h"
#include "trace-context.h"

/* The status that says: the budget ended it. As timeout(1) has it. */
#define EXIT_BUDGET	124

/**
 * struct run - what was asked for, and what came of it
 * @argv: the command
 * @intent: the tag; NULL for none
 * @spec: the budget as it was given; NULL for none
 * @budget: the same, read; with action and grace
 * @seal: seal the session
 * @user: name of the user to become, as given; NULL for none
 * @group: name of the group to become, as given; NULL for none
 * @uid: who to become; -1 for nobody else
 * @gid: the same
 * @groups: supplementary groups of @user
 * @n_groups: how many; -1 to leave them
 * @cwd: where to run the command; NULL for here
 * @stats: print a summary at the end
 * @json_name: file for statistics; NULL for none
 * @json: the same, open
 * @parent_trace: the TRACEPARENT that was inherited; NULL for none
 * @handle: for reading the session
 * @ns_fd: holds the session until its counters were read; -1 for none
 * @session: the session as it was at the end; only the id when the rest is
 *	not known
 * @exceeded: names of the limits that were reached, separated by blanks
 * @started_ns: wall clock, nanoseconds since the epoch
 */
struct run {
	char **argv;
	const char *intent;
	const char *spec;
	struct agent_ns_budget_ex budget;
	bool seal;
	const char *user;
	const char *group;
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	int n_groups;
	const char *cwd;
	bool stats;
	const char *json_name;
	FILE *json;
	char *parent_trace;
	struct agentns *handle;
	int ns_fd;
	struct agentns_session session;
	char exceeded[256];
	uint64_t started_ns;
};

/* Steps of run_setup(), for spawn_failure. */
enum run_stage {
	STAGE_CREATE = 1,
	STAGE_INTENT,
	STAGE_BUDGET,
	STAGE_SEAL,
	STAGE_GROUP,
	STAGE_USER,
	STAGE_CWD,
	STAGE_ENV,
};

/* run_setup - in the child: enter a session as asked; see struct spawn */
int run_setup(void *run, struct spawn_child *child, int *error);

/* run_started - in the parent: take hold of the child's session */
void run_started(void *run, pid_t pid);

/* run_finish - read what the session did, and which limits were reached */
void run_finish(struct run *run);

/* run_summary - print --stats */
void run_summary(const struct run *run, int status);

/* run_json - write --json-stats; returns whether that went well */
bool run_json(const struct run *run, int status, bool by_budget);

#endif /* AGENTNS_RUN_H */
