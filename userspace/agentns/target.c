// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "escape.h"
#include "problem.h"
#include "target.h"

struct search {
	struct agentns *handle;
	const char *verb;
	const char *what;
	struct target *target;
};

/* A PID has no leading zero; an id may. */
static pid_t parse_pid(const char *text)
{
	unsigned long value;
	size_t len = strspn(text, "0123456789");

	if (text[len] || !len || *text == '0')
		return 0;
	value = strtoul(text, NULL, 10);	/* ULONG_MAX when too big */
	return value > INT_MAX ? 0 : (pid_t)value;
}

static int no_support(const struct search *s)
{
	warnx("cannot %s %s: " NO_SUPPORT, s->verb, shown(s->what));
	return EXIT_FAILURE;
}

/* What /proc says about the session of a process; -errno. */
static int read_by_pid(const struct search *search, pid_t pid)
{
	struct target *t = search->target;
	struct agentns_session *s = &t->session;
	int ret;

	memset(s, 0, sizeof(*s));
	t->pid = pid;
	t->partial = true;
	if (agentns_pid_comm(search->handle, pid, t->comm, sizeof(t->comm)))
		strcpy(t->comm, "?");	/* it is there for the eye only */
	ret = agentns_pid_id(search->handle, pid, &s->id);
	if (!ret)
		ret = agentns_pid_intent(search->handle, pid, s->intent);
	if (!ret)
		ret = agentns_pid_counters(search->handle, pid, &s->counters);
	s->fields = AGENTNS_FIELD_INTENT | AGENTNS_FIELD_COUNTERS;
	return ret;
}

/* Return: an exit status, or -1 when there is no such process. */
static int find_by_pid(const struct search *search, pid_t pid)
{
	struct target *t = search->target;
	struct agentns_session session;
	int ret;

	ret = read_by_pid(search, pid);
	if (ret == -ESRCH)
		return -1;
	if (ret == -ENOSYS)
		return no_support(search);
	if (ret) {
		warnx("cannot %s the session of process %ld (%s): %s",
		      search->verb, (long)pid, shown(t->comm),
		      problem_read(ret));
		return EXIT_FAILURE;
	}
	if (agentns_id_is_zero(&t->session.id)) {
		warnx("process %ld (%s) is not in an agent session ('agentns ls' lists the sessions)",
		      (long)pid, shown(t->comm));
		return EXIT_FAILURE;
	}
	ret = agentns_session_read(search->handle, &t->session.id, &session);
	if (!ret) {
		t->session = session;
		t->partial = false;
	} else if (ret != -ENOENT) {
		/* No directory is fine while the process is there. */
		warnx("note: limits cannot be read from /sys/kernel/agentns: %s",
		      problem_read(ret));
	}
	return EXIT_SUCCESS;
}

/*
 * A session without a directory, of which one process is known: that may end,
 * or be elsewhere meanwhile, and the session go on with others.
 */
static void take_hidden(const struct search *search, pid_t pid,
			const struct agent_session_id_uapi *id)
{
	struct target *t = search->target;
	struct agentns_session *s = &t->session;
	struct agent_session_id_uapi after;

	if (read_by_pid(search, pid) || agentns_id_cmp(&s->id, id) ||
	    agentns_pid_id(search->handle, pid, &after) ||
	    agentns_id_cmp(&after, id)) {
		memset(s, 0, sizeof(*s));
		s->id = *id;
	}
	t->pid = 0;
}

static int ambiguous(const struct search *search, int found,
		     const struct agent_session_id_uapi *ids)
{
	char a[AGENTNS_ID_BUFSIZE], b[AGENTNS_ID_BUFSIZE];

	warnx("\"%s\" is the beginning of %s session ids, %s and %s%s: give more digits",
	      search->what, found > 2 ? "several" : "2",
	      agentns_id_format(&ids[0], a), agentns_id_format(&ids[1], b),
	      found > 2 ? " among them" : "");
	return EXIT_FAILURE;
}

/*
 * Sessions without a directory are known by their processes alone. @found of
 * those that have one match already.
 *
 * Return: how many match with such sessions, more than two for each larger
 * number; @pid is of the first, if that has no directory.
 */
static int find_hidden(const struct search *search,
		       struct agent_session_id_uapi ids[2], int found,
		       pid_t *pid)
{
	struct agentns_process_iter *iter;
	struct agentns_process p;
	char text[AGENTNS_ID_BUFSIZE];

	if (agentns_process_iter_open(search->handle, &iter))
		return found;
	while (agentns_process_iter_next(iter, &p) > 0) {
		agentns_id_format(&p.session, text);
		if (agentns_id_is_zero(&p.session) ||
		    strncasecmp(text, search->what, strlen(search->what)) ||
		    (found > 0 && !agentns_id_cmp(&ids[0], &p.session)) ||
		    (found > 1 && !agentns_id_cmp(&ids[1], &p.session)))
			continue;
		if (!found)
			*pid = p.pid;
		if (found < 2)
			ids[found] = p.session;
		found++;
	}
	agentns_process_iter_close(iter);
	return found;
}

static int not_found(const struct search *search, bool maybe_pid)
{
	warnx("there is no %ssession %s%s ('agentns ls' lists the sessions)",
	      maybe_pid ? "process and no " : "", search->what,
	      strlen(search->what) < AGENTNS_ID_STRLEN ? "..." : "");
	return EXIT_FAILURE;
}

static int find_by_id(const struct search *search, bool maybe_pid)
{
	const char *what = search->what;
	struct agent_session_id_uapi ids[2];
	pid_t pid = 0;
	int ret;

	ret = agentns_session_find(search->handle, what, ids, 2);
	if (ret == -EINVAL && maybe_pid) {
		warnx("there is no process %s ('agentns ls' lists the sessions)",
		      what);
		return EXIT_FAILURE;
	}
	if (ret == -EINVAL) {
		warnx("\"%s\" is neither a PID nor a session id (4 to 32 hex digits)",
		      shown(what));
		return EXIT_USAGE;
	}
	if (ret == -ENOSYS)
		return no_support(search);
	/* A whole id that has a directory is no other's. */
	if (!ret || (ret == 1 && strlen(what) < AGENTNS_ID_STRLEN))
		ret = find_hidden(search, ids, ret, &pid);
	if (ret < 0) {
		warnx("cannot look for session %s: %s", what,
		      problem_read(ret));
		return EXIT_FAILURE;
	}
	if (ret > 1)
		return ambiguous(search, ret, ids);
	if (!ret)
		return not_found(search, maybe_pid);
	if (pid) {
		take_hidden(search, pid, &ids[0]);
		return EXIT_SUCCESS;
	}
	ret = agentns_session_read(search->handle, &ids[0],
				   &search->target->session);
	if (!ret)
		return EXIT_SUCCESS;
	if (ret == -ENOENT)
		warnx("cannot %s %s: it has ended ('agentns ls' lists the sessions that live)",
		      search->verb, what);
	else
		warnx("cannot %s session %s: %s", search->verb, what,
		      problem_read(ret));
	return EXIT_FAILURE;
}

int target_find(struct agentns *handle, const char *verb, const char *what,
		struct target *target)
{
	struct search search = { handle, verb, what, target };
	pid_t pid = parse_pid(what);
	int ret = -1;

	memset(target, 0, sizeof(*target));
	if (pid)
		ret = find_by_pid(&search, pid);
	if (ret >= 0)
		return ret;
	memset(target, 0, sizeof(*target));
	return find_by_id(&search, pid);
}

const char *problem_control(int error, const char *file)
{
	static char text[160];

	switch (-error) {
	case EACCES:
	case EROFS:
		return "permission denied (it takes root: run it with sudo)";
	case EPERM:
		return "permission denied (from inside a session that takes CAP_SYS_ADMIN and no seal: run it outside, as root)";
	case EINVAL:
	case ERANGE:
		return "the kernel does not take that value";
	case EOPNOTSUPP:
		snprintf(text, sizeof(text), "the loaded agentns.ko has no %s (load a later one)",
			 file);
		return text;
	default:
		return problem_read(error);
	}
}
