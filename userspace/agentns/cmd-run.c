// SPDX-License-Identifier: GPL-2.0-only
/* agentns run - execute a command in a new session, with a budget. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "budget-option.h"
#include "commands.h"
#include "escape.h"
#include "problem.h"
#include "run.h"

enum { OPT_INTENT = 256, OPT_BUDGET, OPT_ON_EXCEED, OPT_GRACE, OPT_SEAL,
       OPT_USER, OPT_GROUP, OPT_CWD, OPT_ENV, OPT_STATS, OPT_JSON_STATS };

static const struct option_spec options[] = {
	{ OPT_INTENT, "intent", "TAG",
	  "what the session is for: up to 63 bytes of UTF-8", 0, NULL },
	{ OPT_BUDGET, "budget", "SPEC",
	  BUDGET_HELP, 0, NULL },
	{ OPT_ON_EXCEED, "on-exceed", "WHAT",
	  ACTION_HELP "; default: kill",
	  COMPLETE_WORDS, ACTION_WORDS },
	{ OPT_GRACE, "grace", "TIME",
	  "with --on-exceed term: SIGKILL follows after TIME", 0, NULL },
	{ OPT_SEAL, "seal", NULL,
	  "nobody in the session can leave it or loosen its\n"
	  "budget, whatever the privileges", 0, NULL },
	{ OPT_USER, "user", "USER",
	  "run CMD as USER, with that user's groups", COMPLETE_USER, NULL },
	{ OPT_GROUP, "group", "GROUP",
	  "run CMD with GROUP as its group", COMPLETE_GROUP, NULL },
	{ OPT_CWD, "cwd", "DIR", "run CMD in DIR", COMPLETE_DIRECTORY, NULL },
	{ OPT_ENV, "env", "NAME=VALUE",
	  "a variable of CMD's environment; NAME alone unsets\n"
	  "it; may be given again", 0, NULL },
	{ OPT_STATS, "stats", NULL,
	  "print on standard error what the session did", 0, NULL },
	{ OPT_JSON_STATS, "json-stats", "FILE",
	  "write that to FILE, as JSON", COMPLETE_FILE, NULL },
	{ 0 }
};

const struct command command_run = {
	.name = "agentns run",
	.summary = "execute a command in a new session",
	.operands = "[OPTION...] [--] CMD [ARG...]",
	.about =
"Create an agent session and execute CMD in it. What CMD starts is in the\n"
"session too, and stays in it when CMD ends.",
	.options = options,
	.notes =
"Environment of CMD: AGENTNS_SESSION_ID, AGENTNS_INTENT, and TRACEPARENT, whose\n"
"trace id is the session's.\n"
"\n"
"Exit status: that of CMD, 128+N when signal N ended it; 124 when a limit of\n"
"the budget ended it; 126 when CMD cannot be executed and 127 when it is not\n"
"found; 1 when the session or an option is refused: CMD is not executed then;\n"
"2 for bad usage.\n"
"\n"
"Example: agentns run --intent nightly --budget wall=1h,fork=1000 -- make -j4",
	.complete = COMPLETE_COMMAND,
	.runs_command = true,
	.run = cmd_run,
};

static bool number_id(const char *text, unsigned int *id)
{
	char *end;
	unsigned long value;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (*end || errno || value >= UINT_MAX)
		return false;
	*id = value;
	return true;
}

static void out_of_memory(void)
{
	errx(EXIT_FAILURE, "cannot start the command: out of memory");
}

static void set_user(struct run *run, const char *name)
{
	struct passwd *pw;
	int n = 64;

	run->user = name;
	pw = getpwnam(name);
	if (!pw && number_id(name, &run->uid))
		pw = getpwuid(run->uid);
	else if (!pw)
		errx(EXIT_USAGE, "there is no user \"%s\"", shown(name));
	if (!pw) {
		/* A number without an entry: no groups, and no home. */
		if (run->gid == (gid_t)-1)
			errx(EXIT_USAGE, "user \"%s\" has no entry among the users: give --group, too",
			     shown(name));
		run->n_groups = 0;
		return;
	}
	run->uid = pw->pw_uid;
	if (run->gid == (gid_t)-1)
		run->gid = pw->pw_gid;
	do {
		run->n_groups = n;
		run->groups = reallocarray(run->groups, n, sizeof(gid_t));
		if (!run->groups)
			out_of_memory();
		n *= 2;
	} while (getgrouplist(pw->pw_name, pw->pw_gid, run->groups,
			      &run->n_groups) < 0 && n <= 1 << 17);
	if (setenv("HOME", pw->pw_dir, 1) || setenv("USER", pw->pw_name, 1) ||
	    setenv("LOGNAME", pw->pw_name, 1) ||
	    setenv("SHELL", *pw->pw_shell ? pw->pw_shell : "/bin/sh", 1))
		out_of_memory();
}

static void set_group(struct run *run, const char *name)
{
	struct group *gr = getgrnam(name);

	run->group = name;
	if (gr)
		run->gid = gr->gr_gid;
	else if (!number_id(name, &run->gid))
		errx(EXIT_USAGE, "there is no group \"%s\"", shown(name));
}

static void set_env(const char *text)
{
	const char *equals = strchrnul(text, '=');
	char *name = strndup(text, equals - text);

	if (!name)
		out_of_memory();
	if (!*name) {
		warnx("bad --env \"%s\": NAME=VALUE is wanted", shown(text));
		usage_hint(&command_run);
	}
	if (*equals ? setenv(name, equals + 1, 1) : unsetenv(name))
		out_of_memory();
	free(name);
}

static void set_grace(struct run *run, const char *text)
{
	uint64_t ns;

	if (agentns_time_parse(text, &ns)) {
		warnx("bad --grace \"%s\": a time is a number of seconds, or one with s, m or h",
		      shown(text));
		usage_hint(&command_run);
	}
	run->budget.grace_ns = ns;
}

/*
 * The user first, whatever the order of the options: --env has the last word
 * on the environment, and --group on the group.
 */
struct late_options {
	const char *user;
	const char **env;
	size_t n_env;
	bool on_exceed;
};

static void take_option(struct run *run, struct late_options *late, int c)
{
	switch (c) {
	case OPT_INTENT:
		run->intent = optarg;
		break;
	case OPT_BUDGET:
		run->spec = optarg;
		parse_budget(optarg, &run->budget);
		break;
	case OPT_ON_EXCEED:
		late->on_exceed = true;
		run->budget.action = parse_action(optarg);
		break;
	case OPT_GRACE:
		set_grace(run, optarg);
		break;
	case OPT_SEAL:
		run->seal = true;
		break;
	case OPT_USER:
		late->user = optarg;
		break;
	case OPT_GROUP:
		set_group(run, optarg);
		break;
	case OPT_CWD:
		run->cwd = optarg;
		break;
	case OPT_ENV:
		late->env[late->n_env++] = optarg;
		break;
	case OPT_STATS:
		run->stats = true;
		break;
	case OPT_JSON_STATS:
		run->json_name = optarg;
		break;
	}
}

static void check_options(const struct run *run,
			  const struct late_options *late)
{
	if (late->on_exceed && !run->spec) {
		warnx("--on-exceed without --budget: there is no limit to exceed");
		usage_hint(&command_run);
	}
	if (run->budget.grace_ns &&
	    (!run->spec || run->budget.action != AGENT_NS_ACTION_TERM)) {
		warnx("--grace goes with --budget and --on-exceed term");
		usage_hint(&command_run);
	}
}

static void parse_options(int argc, char **argv, struct run *run)
{
	struct late_options late = { .env = calloc(argc, sizeof(char *)) };
	struct option_parser parser;
	size_t i;
	int c;

	if (!late.env)
		out_of_memory();
	options_begin(&parser, &command_run);
	while ((c = options_next(&parser, argc, argv)) != -1)
		take_option(run, &late, c);
	check_options(run, &late);
	if (optind == argc) {
		warnx("no command was given to run");
		usage_hint(&command_run);
	}
	if (late.user)
		set_user(run, late.user);
	for (i = 0; i < late.n_env; i++)
		set_env(late.env[i]);
	free(late.env);
	run->argv = argv + optind;
}

static const char *problem_seal(int error)
{
	if (error == EOPNOTSUPP)
		return "the loaded agentns.ko cannot (load a later one)";
	return strerror(error);
}

static int explain(const struct spawn_failure *f, const struct run *run)
{
	const char *command = run->argv[0];

	switch (f->stage) {
	case STAGE_CREATE:
		warnx("cannot create an agent session: %s",
		      problem_create(-f->error));
		return EXIT_FAILURE;
	case STAGE_INTENT:
		warnx("cannot set the intent \"%s\": %s", shown(run->intent),
		      problem_intent(-f->error));
		return EXIT_FAILURE;
	case STAGE_BUDGET:
		warnx("cannot set the budget \"%s\": %s", shown(run->spec),
		      problem_budget(-f->error));
		return EXIT_FAILURE;
	case STAGE_SEAL:
		warnx("cannot seal the session: %s", problem_seal(f->error));
		return EXIT_FAILURE;
	case STAGE_GROUP:
		warnx("cannot become group \"%s\": %s",
		      shown(run->group ? run->group : run->user),
		      strerror(f->error));
		return EXIT_FAILURE;
	case STAGE_USER:
		warnx("cannot become user \"%s\": %s", shown(run->user),
		      strerror(f->error));
		return EXIT_FAILURE;
	case STAGE_CWD:
		warnx("cannot go to the folder \"%s\": %s", shown(run->cwd),
		      strerror(f->error));
		return EXIT_FAILURE;
	case SPAWN_EXEC:
		warnx("cannot execute \"%s\": %s", shown(command),
		      strerror(f->error));
		return f->error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
	default:
		warnx("cannot start a process for \"%s\": %s", shown(command),
		      strerror(f->error));
		return EXIT_FAILURE;
	}
}

/* Does a command end with @status that the budget ends? */
static bool as_by_budget(const struct run *run, int status)
{
	if (!run->spec)
		return false;
	if (status == EXIT_SIGNAL + SIGKILL)
		return run->budget.action == AGENT_NS_ACTION_KILL ||
		       (run->budget.action == AGENT_NS_ACTION_TERM &&
			run->budget.grace_ns);
	return status == EXIT_SIGNAL + SIGTERM &&
	       run->budget.action == AGENT_NS_ACTION_TERM;
}

static void begin(struct run *run)
{
	const char *trace = getenv("TRACEPARENT");
	struct timespec now;

	if (run->intent && strlen(run->intent) > AGENT_NS_INTENT_MAX)
		warnx("warning: the intent is longer than %d bytes; the kernel keeps its beginning",
		      AGENT_NS_INTENT_MAX);
	if (trace && traceparent_valid(trace)) {
		run->parent_trace = strdup(trace);
		if (!run->parent_trace)
			out_of_memory();
	}
	if (run->json_name) {
		run->json = fopen(run->json_name, "we");
		if (!run->json)
			err(EXIT_FAILURE, "cannot write \"%s\"",
			    shown(run->json_name));
	}
	clock_gettime(CLOCK_REALTIME, &now);
	run->started_ns = now.tv_sec * 1000000000ULL + now.tv_nsec;
	run->handle = open_handle(NULL);
}

static int end(struct run *run, int status)
{
	bool by_budget = as_by_budget(run, status);

	/* Some thirty files, which most commands need nobody to read. */
	if (by_budget || run->stats || run->json)
		run_finish(run);
	by_budget = by_budget && *run->exceeded;
	if (by_budget) {
		warnx("the budget ended \"%s\": %s reached", shown(run->argv[0]),
		      run->exceeded);
		status = EXIT_BUDGET;
	}
	if (run->stats)
		run_summary(run, status);
	if (run->json && !run_json(run, status, by_budget))
		warn("cannot write \"%s\"", shown(run->json_name));
	return status;
}

/* Else all is quiet, and looks as if it worked. */
static void tell_stopped(void *data, pid_t pid)
{
	const struct run *run = data;

	if (run->spec && run->budget.action == AGENT_NS_ACTION_STOP)
		warnx("\"%s\" was stopped, as at a limit of its budget (raise that with 'agentns set --budget KEY=LIMIT %ld', or end it with 'agentns kill %ld')",
		      shown(run->argv[0]), (long)pid, (long)pid);
}

int cmd_run(int argc, char **argv)
{
	struct run run = {
		.budget.action = AGENT_NS_ACTION_KILL,
		.uid = -1, .gid = -1, .n_groups = -1, .ns_fd = -1,
	};
	struct spawn spawn = {
		.setup = run_setup, .started = run_started,
		.stopped = tell_stopped, .data = &run,
	};
	struct spawn_failure failure;
	int status;

	parse_options(argc, argv, &run);
	begin(&run);
	status = spawn_wait(run.argv, &spawn, &failure);
	status = status < 0 ? explain(&failure, &run) : end(&run, status);
	agentns_close(run.handle);
	free(run.groups);
	free(run.parent_trace);
	return status;
}
