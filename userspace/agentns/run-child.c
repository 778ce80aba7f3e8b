// SPDX-License-Identifier: GPL-2.0-only
/* agentns run: entering the session, and holding it from outside. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "escape.h"
#include "notify.h"
#include "run.h"

static int change_user(const struct run *run, int *error)
{
	if (run->n_groups >= 0 && setgroups(run->n_groups, run->groups)) {
		*error = -errno;
		return STAGE_GROUP;
	}
	if (run->gid != (gid_t)-1 && setresgid(run->gid, run->gid, run->gid)) {
		*error = -errno;
		return STAGE_GROUP;
	}
	if (run->uid != (uid_t)-1 && setresuid(run->uid, run->uid, run->uid)) {
		*error = -errno;
		return STAGE_USER;
	}
	return 0;
}

/* What tells the command, and programs on other machines, where they are. */
static int export(const struct run *run)
{
	struct agent_session_id_uapi id;
	char text[AGENTNS_ID_BUFSIZE], trace[TRACEPARENT_BUFSIZE];
	int ret = agentns_get_id(&id);

	if (ret)
		return ret;
	if (setenv("AGENTNS_SESSION_ID", agentns_id_format(&id, text), 1) ||
	    setenv("TRACEPARENT", session_traceparent(&id, run->parent_trace,
						      trace), 1))
		return -errno;
	/* It belongs to the trace that was left. */
	unsetenv("TRACESTATE");
	if (run->parent_trace ?
	    setenv(PARENT_TRACEPARENT_ENV, run->parent_trace, 1) :
	    unsetenv(PARENT_TRACEPARENT_ENV))
		return -errno;
	if (run->intent ? setenv("AGENTNS_INTENT", run->intent, 1) :
	    unsetenv("AGENTNS_INTENT"))
		return -errno;
	return 0;
}

/*
 * The budget comes late, so that it has the command to itself. The user after
 * it: what it takes root for is done then.
 */
int run_setup(void *data, struct spawn_child *child, int *error)
{
	const struct run *run = data;
	int stage;

	*error = agentns_create();
	if (*error)
		return STAGE_CREATE;
	if (run->intent) {
		*error = agentns_set_intent(run->intent);
		if (*error)
			return STAGE_INTENT;
	}
	*error = export(run);
	if (*error)
		return STAGE_ENV;
	spawn_ready(child);
	if (run->spec) {
		*error = agentns_set_budget(&run->budget);
		if (*error)
			return STAGE_BUDGET;
	}
	if (run->seal) {
		*error = agentns_seal();
		if (*error)
			return STAGE_SEAL;
	}
	stage = change_user(run, error);
	if (!stage && run->cwd && chdir(run->cwd)) {
		*error = -errno;
		return STAGE_CWD;
	}
	return stage;
}

void run_started(void *data, pid_t pid)
{
	struct run *run = data;
	char path[40], id[AGENTNS_ID_BUFSIZE], status[400];
	char *intent = NULL;

	if (agentns_pid_id(run->handle, pid, &run->session.id))
		return;
	if (run->intent)
		intent = escape(run->intent);
	if (run->spec || run->stats || run->json) {
		snprintf(path, sizeof(path), "/proc/%ld/ns/agent", (long)pid);
		run->ns_fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	snprintf(status, sizeof(status), "agent session %s%s%s",
		 agentns_id_format(&run->session.id, id),
		 run->intent ? ": " : "", intent ? intent : "");
	notify_status(status);
	free(intent);
}
