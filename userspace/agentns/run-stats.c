// SPDX-License-Identifier: GPL-2.0-only
/* agentns run: what the session did, when its command has ended. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "escape.h"
#include "problem.h"
#include "resource.h"
#include "run.h"

/*
 * A session without a directory is read from inside. A process that enters it
 * for that adds the two or three calls that it does to what it reads; where the
 * budget has stopped the session, it is stopped as well, and nothing is known.
 */
static int read_inside(struct run *run)
{
	struct agent_ns_counters_uapi *counters = &run->session.counters;
	int fds[2], ret = -EIO;
	pid_t pid;

	if (run->ns_fd < 0 || pipe(fds))
		return -EIO;
	pid = fork();
	if (!pid) {
		ret = agentns_enter(run->ns_fd);
		if (!ret)
			ret = agentns_get_counters(counters);
		_exit(ret || write(fds[1], counters, sizeof(*counters)) !=
			     sizeof(*counters));
	}
	close(fds[1]);
	if (pid > 0 && spawn_answer(pid, fds[0], counters, sizeof(*counters),
				    SPAWN_ANSWER_MS))
		ret = 0;
	close(fds[0]);
	if (!ret)
		run->session.fields = AGENTNS_FIELD_COUNTERS;
	return ret;
}

static void add_exceeded(struct run *run, const char *name)
{
	size_t used = strlen(run->exceeded);

	snprintf(run->exceeded + used, sizeof(run->exceeded) - used, "%s%s",
		 used ? " " : "", name);
}

/*
 * The kernel says which limits were reached; a module that does not is asked
 * for the counters, which stand at the limit then.
 */
static void find_exceeded(struct run *run)
{
	const struct agentns_session *s = &run->session;
	int i;

	if (!agentns_session_exceeded(run->handle, &s->id, run->exceeded,
				      sizeof(run->exceeded)))
		return;
	*run->exceeded = '\0';
	for (i = 0; i < N_RESOURCES; i++) {
		uint64_t limit = resource_limit(i, &run->budget);

		if (limit && i != RES_SESSIONS && resource_known(i, s) &&
		    resource_counter(i, s) >= limit)
			add_exceeded(run, resources[i].limit_key);
	}
}

void run_finish(struct run *run)
{
	struct agentns_session session;

	if (agentns_id_is_zero(&run->session.id))
		return;
	if (!agentns_session_read(run->handle, &run->session.id, &session))
		run->session = session;
	else
		read_inside(run);
	if (run->spec)
		find_exceeded(run);
}

static double seconds(struct timeval tv)
{
	return tv.tv_sec + tv.tv_usec / 1e6;
}

void run_summary(const struct run *run, int status)
{
	const struct agentns_session *s = &run->session;
	char id[AGENTNS_ID_BUFSIZE], used[RESOURCE_BUFSIZE];
	char max[RESOURCE_BUFSIZE];
	struct rusage usage;
	int i;

	fprintf(stderr, "\nsession      %s\n", agentns_id_format(&s->id, id));
	if (run->intent)
		fprintf(stderr, "intent       %s\n", shown(run->intent));
	fprintf(stderr, "status       %d%s%s\n", status,
		*run->exceeded ? ", limits reached: " : "", run->exceeded);
	if (!s->fields)
		fprintf(stderr, "counters     not known: the session could not be read\n");
	for (i = 0; i < N_RESOURCES; i++) {
		uint64_t limit = resource_limit(i, &run->budget);

		if (!resource_known(i, s) || i == RES_TASKS ||
		    i == RES_SESSIONS)
			continue;
		fprintf(stderr, "%-12s %s%s%s\n", resources[i].name,
			resource_print(i, resource_counter(i, s), used),
			limit ? " of " : "",
			limit ? resource_print(i, limit, max) : "");
	}
	if (!getrusage(RUSAGE_CHILDREN, &usage))
		fprintf(stderr, "command      %.3f user, %.3f system, %ld KiB\n",
			seconds(usage.ru_utime), seconds(usage.ru_stime),
			usage.ru_maxrss);
}

static void add(struct json_object *object, const char *key,
		struct json_object *value)
{
	json_object_object_add(object, key, value);
}

/* What need not be UTF-8 is escaped: JSON must be. */
static struct json_object *text(const char *value)
{
	struct json_object *string;
	char *safe;

	if (!value)
		return NULL;
	safe = escape(value);
	string = json_object_new_string(safe);
	free(safe);
	return string;
}

static struct json_object *command(char **argv)
{
	struct json_object *array = json_object_new_array();

	for (; *argv; argv++)
		json_object_array_add(array, text(*argv));
	return array;
}

static struct json_object *exceeded(const struct run *run)
{
	struct json_object *array = json_object_new_array();
	const char *s = run->exceeded;

	while (*s) {
		size_t len = strcspn(s, " ");

		json_object_array_add(array, json_object_new_string_len(s, len));
		s += len + (s[len] == ' ');
	}
	return array;
}

static void add_resources(struct json_object *object, const struct run *run)
{
	struct json_object *counters = json_object_new_object();
	struct json_object *limits = json_object_new_object();
	int i;

	for (i = 0; i < N_RESOURCES; i++) {
		uint64_t limit = resource_limit(i, &run->budget);

		if (resource_known(i, &run->session))
			add(counters, resources[i].counter_key,
			    json_object_new_uint64(resource_counter(i,
							&run->session)));
		add(limits, resources[i].limit_key,
		    limit ? json_object_new_uint64(limit) : NULL);
	}
	add(object, "counters", counters);
	add(object, "limits", limits);
}

bool run_json(const struct run *run, int status, bool by_budget)
{
	const struct agent_session_id_uapi *id = &run->session.id;
	struct json_object *object = json_object_new_object();
	char buf[AGENTNS_ID_BUFSIZE], trace[TRACEPARENT_BUFSIZE];
	bool good;
	int error;

	add(object, "id", json_object_new_string(agentns_id_format(id, buf)));
	add(object, "parent", run->session.fields & AGENTNS_FIELD_PARENT ?
	    json_object_new_string(agentns_id_format(&run->session.parent,
						     buf)) : NULL);
	add(object, "intent", text(run->intent));
	add(object, "command", command(run->argv));
	add(object, "started_ns", json_object_new_uint64(run->started_ns));
	add(object, "status", json_object_new_int(status));
	add(object, "ended_by_budget", json_object_new_boolean(by_budget));
	add(object, "exceeded", exceeded(run));
	if (run->spec)
		add(object, "action", json_object_new_string(
				agentns_action_name(run->budget.action)));
	add_resources(object, run);
	add(object, "traceparent", json_object_new_string(
			session_traceparent(id, run->parent_trace, trace)));
	add(object, "parent_traceparent", text(run->parent_trace));
	fprintf(run->json, "%s\n",
		json_object_to_json_string_ext(object,
					       JSON_C_TO_STRING_PRETTY |
					       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
	/* The caller says why; the first reason is the one that counts. */
	good = !fflush(run->json) && !ferror(run->json);
	error = errno;
	if (fclose(run->json) && good) {
		good = false;
		error = errno;
	}
	errno = error;
	return good;
}
