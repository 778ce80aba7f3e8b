// SPDX-License-Identifier: GPL-2.0-only
/* agentns - the command line for agent sessions: finding the subcommand. */
#include <err.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "escape.h"
#include "problem.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "run",  cmd_run,  "execute a command in a new session" },
	{ "ls",   cmd_ls,   "list sessions" },
	{ "show", cmd_show, "show one session" },
	{ "events", cmd_events, "print events as they happen" },
};

#define N_COMMANDS	(sizeof(commands) / sizeof(commands[0]))

static void help(void)
{
	size_t i;

	fputs("Usage: agentns COMMAND [ARG...]\n"
	      "\n"
	      "Start, list and look at Linux agent sessions.\n"
	      "\n"
	      "Commands:\n", stdout);
	for (i = 0; i < N_COMMANDS; i++)
		printf(" %-6s %s\n", commands[i].name, commands[i].summary);
	fputs("\n"
	      "Options:\n"
	      COMMON_HELP
	      "\n"
	      "'agentns COMMAND --help' tells more.\n", stdout);
}

void common_option(int option, const char *command, const char *text)
{
	switch (option) {
	case 'h':
		if (text)
			fputs(text, stdout);
		else
			help();
		exit(EXIT_SUCCESS);
	case 'V':
		puts("agentns " AGENTNS_VERSION);
		exit(EXIT_SUCCESS);
	default:	/* getopt has said what is wrong */
		usage_hint(command);
	}
}

void usage_hint(const char *command)
{
	fprintf(stderr, "Try 'agentns %s%s--help' for more information.\n",
		command ? command : "", command ? " " : "");
	exit(EXIT_USAGE);
}

struct agentns *open_handle(const char *root)
{
	struct agentns *handle;
	int ret;

	ret = agentns_open(&handle, root);
	if (ret)
		errx(EXIT_FAILURE, "cannot open \"%s\": %s",
		     escape(root ? root : "/"), strerror(-ret));
	return handle;
}

/* getopt begins its messages with argv[0], which is the bare "run" here. */
static void name_in_messages(char **argv)
{
	static char name[32];

	snprintf(name, sizeof(name), "%s %s", program_invocation_short_name,
		 argv[0]);
	argv[0] = name;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { COMMON_LONG_OPTIONS };
	size_t i;
	int c;

	setlocale(LC_ALL, "");
	atexit(close_stdout);
	while ((c = getopt_long(argc, argv, "+" COMMON_SHORT_OPTIONS, options,
				NULL)) != -1)
		common_option(c, NULL, NULL);
	if (optind == argc) {
		warnx("no command was given");
		usage_hint(NULL);
	}
	argc -= optind;
	argv += optind;
	optind = 0;	/* glibc: start anew, and heed the new leading '+' */
	for (i = 0; i < N_COMMANDS; i++) {
		if (!strcmp(argv[0], commands[i].name)) {
			name_in_messages(argv);
			return commands[i].run(argc, argv);
		}
	}
	warnx("there is no command \"%s\"", escape(argv[0]));
	usage_hint(NULL);
}
