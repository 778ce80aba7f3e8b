// SPDX-License-Identifier: GPL-2.0-only
/* agentns kill, stop and cont - signal all processes of sessions. */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "commands.h"
#include "escape.h"
#include "problem.h"
#include "target.h"

#define ALL_OPTION \
	{ 'a', "all", NULL, "all sessions that there are", 0, NULL }
#define VERBOSE_OPTION \
	{ 'v', "verbose", NULL, "say what was done", 0, NULL }

static const struct option_spec kill_options[] = {
	ALL_OPTION,
	{ 's', "signal", "SIGNAL",
	  "another signal than KILL, by name or number",
	  COMPLETE_WORDS, "HUP INT QUIT KILL USR1 USR2 TERM STOP CONT" },
	VERBOSE_OPTION,
	{ 0 }
};

static const struct option_spec stop_options[] = {
	ALL_OPTION,
	VERBOSE_OPTION,
	{ 0 }
};

const struct command command_kill = {
	.name = "agentns kill",
	.summary = "end all processes of a session",
	.operands = "[OPTION...] PID|ID...",
	.about =
"Send SIGKILL to all processes of a session and of the sessions in it. The\n"
"kernel does it, and nobody escapes by forking. PID names the whole session\n"
"that the process is in.\n"
"\n"
TARGET_OPERAND_HELP,
	.options = kill_options,
	.complete = COMPLETE_PROCESS,
	.run = cmd_kill,
};

const struct command command_stop = {
	.name = "agentns stop",
	.summary = "stop all processes of a session, for 'agentns cont'",
	.operands = "[OPTION...] PID|ID...",
	.about =
"Send SIGSTOP to all processes of a session and of the sessions in it, until\n"
"none is left that runs.\n"
"\n"
TARGET_OPERAND_HELP,
	.options = stop_options,
	.complete = COMPLETE_PROCESS,
	.run = cmd_stop,
};

const struct command command_cont = {
	.name = "agentns cont",
	.summary = "let a stopped session go on",
	.operands = "[OPTION...] PID|ID...",
	.about =
"Send SIGCONT to all stopped processes of a session and of the sessions in it.\n"
"\n"
TARGET_OPERAND_HELP,
	.options = stop_options,
	.complete = COMPLETE_PROCESS,
	.run = cmd_cont,
};

/**
 * struct request - what to do to every session named
 * @command: on whose behalf
 * @sig: the signal
 * @past: what was done, for --verbose
 * @all: to all sessions
 * @verbose: say what was done
 */
struct request {
	const struct command *command;
	int sig;
	const char *past;
	bool all;
	bool verbose;
};

static int parse_signal(const char *text)
{
	const char *name = strncasecmp(text, "SIG", 3) ? text : text + 3;
	char *end;
	long number;
	int sig;

	number = strtol(text, &end, 10);
	if (end != text && !*end && number > 0 && number < NSIG)
		return number;
	for (sig = 1; sig < NSIG; sig++) {
		const char *abbrev = sigabbrev_np(sig);

		if (abbrev && !strcasecmp(abbrev, name))
			return sig;
	}
	warnx("there is no signal \"%s\"", shown(text));
	usage_hint(&command_kill);
}

/* Return: an exit status. */
static int tell(const struct request *req, const char *what,
		unsigned int count, int error)
{
	if (req->verbose || (error && count))
		printf("%s: %u process%s %s\n", what, count,
		       count == 1 ? "" : "es", req->past);
	if (!error)
		return EXIT_SUCCESS;
	warnx("cannot %s %s: %s", command_word(req->command), what,
	      problem_signal(error, req->sig));
	return EXIT_FAILURE;
}

/*
 * The kernel's own kill where there is a directory; else, and for the other
 * signals, process by process.
 */
static int signal_session(const struct request *req, struct agentns *handle,
			  const struct agentns_session *session, bool hidden)
{
	char id[AGENTNS_ID_BUFSIZE], what[AGENTNS_ID_BUFSIZE + 8];
	unsigned int count = 0;
	int ret;

	agentns_id_format(&session->id, id);
	if (req->sig == SIGKILL && !hidden) {
		ret = agentns_session_kill(handle, &session->id);
		/* It has ended of itself: that is what was asked for. */
		if (ret == -ENOENT)
			ret = 0;
		if (ret) {
			warnx("cannot kill session %s: %s", id,
			      problem_control(ret, "kill"));
			return EXIT_FAILURE;
		}
		if (req->verbose)
			printf("session %s: killed\n", id);
		return EXIT_SUCCESS;
	}
	snprintf(what, sizeof(what), "session %s", id);
	ret = agentns_session_signal(handle, &session->id, req->sig, &count);
	return tell(req, what, count, ret);
}

static struct agentns_iter *list(struct agentns *handle)
{
	struct agentns_iter *iter;
	int ret = agentns_iter_open(handle, &iter);

	if (ret)
		errx(EXIT_FAILURE, "cannot list agent sessions: %s",
		     problem_read(ret));
	return iter;
}

/* Are there sessions that have no directory? A module may not say. */
static bool some_hidden(struct agentns *handle)
{
	struct agentns_iter *iter = list(handle);
	struct agentns_session session;
	uint64_t live, listed = 0;

	while (agentns_iter_next_fields(iter, &session, 0) > 0)
		listed++;
	agentns_iter_close(iter);
	return agentns_sessions_live(handle, &live) || live > listed;
}

/* Kill those that have a directory. */
static int kill_listed(const struct request *req, struct agentns *handle)
{
	struct agentns_iter *iter = list(handle);
	struct agentns_session session;
	int ret, status = EXIT_SUCCESS;

	while ((ret = agentns_iter_next_fields(iter, &session,
					       AGENTNS_FIELD_DEPTH)) > 0)
		/* What is inside goes with what is around it. */
		if (session.depth == 1 &&
		    signal_session(req, handle, &session, false))
			status = EXIT_FAILURE;
	agentns_iter_close(iter);
	if (ret)
		errx(EXIT_FAILURE, "cannot read an agent session: %s",
		     problem_read(ret));
	return status;
}

static int signal_all(const struct request *req, struct agentns *handle)
{
	static const struct agent_session_id_uapi all = { 0 };
	int ret, status = EXIT_SUCCESS;
	unsigned int count = 0;

	if (req->sig == SIGKILL) {
		/* Looked at before they end. */
		bool rest = some_hidden(handle);

		status = kill_listed(req, handle);
		if (!rest)
			return status;
	}
	ret = agentns_session_signal(handle, &all, req->sig, &count);
	return tell(req, "all sessions", count, ret) ? EXIT_FAILURE : status;
}

static int act(struct request *req, int argc, char **argv)
{
	struct agentns *handle;
	int i, status = EXIT_SUCCESS;

	if (req->all == (optind < argc)) {
		warnx(req->all ? "--all and sessions by name exclude each other" :
		      "no PID or session id was given");
		usage_hint(req->command);
	}
	handle = open_handle(NULL);
	if (req->all)
		status = signal_all(req, handle);
	for (i = optind; i < argc; i++) {
		struct target target;
		int ret;

		ret = target_find(handle, command_word(req->command), argv[i],
				  &target);
		if (!ret)
			ret = signal_session(req, handle, &target.session,
					     target.partial);
		if (ret && status != EXIT_FAILURE)
			status = ret;
	}
	agentns_close(handle);
	if (status == EXIT_USAGE)
		usage_hint(req->command);
	return status;
}

static int parse_and_act(struct request *req, int argc, char **argv)
{
	struct option_parser parser;
	int c;

	options_begin(&parser, req->command);
	while ((c = options_next(&parser, argc, argv)) != -1) {
		switch (c) {
		case 'a':
			req->all = true;
			break;
		case 's':
			req->sig = parse_signal(optarg);
			req->past = "signalled";
			break;
		case 'v':
			req->verbose = true;
			break;
		}
	}
	return act(req, argc, argv);
}

int cmd_kill(int argc, char **argv)
{
	struct request req = {
		.command = &command_kill, .sig = SIGKILL, .past = "killed",
	};

	return parse_and_act(&req, argc, argv);
}

int cmd_stop(int argc, char **argv)
{
	struct request req = {
		.command = &command_stop, .sig = SIGSTOP, .past = "stopped",
	};

	return parse_and_act(&req, argc, argv);
}

int cmd_cont(int argc, char **argv)
{
	struct request req = {
		.command = &command_cont, .sig = SIGCONT, .past = "continued",
	};

	return parse_and_act(&req, argc, argv);
}
