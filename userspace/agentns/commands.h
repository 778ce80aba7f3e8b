/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The subcommands, one file each.
 *
 * A cmd_* function gets "agentns NAME" in argv[0] and returns the program's
 * exit status. To add one: write cmd-NAME.c, declare it here, name it in the table
 * of agentns.c and in the Makefile.
 */
#ifndef AGENTNS_COMMANDS_H
#define AGENTNS_COMMANDS_H

#include <getopt.h>

#include <agentns.h>

int cmd_events(int argc, char **argv);
int cmd_ls(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_show(int argc, char **argv);

/* Options that every subcommand has. */
#define COMMON_SHORT_OPTIONS	"hV"
#define COMMON_LONG_OPTIONS \
	{ "help",	no_argument, NULL, 'h' }, \
	{ "version",	no_argument, NULL, 'V' }, \
	{ 0 }
#define COMMON_HELP \
	" -h, --help             display this help\n" \
	" -V, --version          display version\n"

/* common_option - act on -h, -V, or an option that is none; does not return */
void common_option(int option, const char *command, const char *help)
	__attribute__((noreturn));

/* usage_hint - exit for bad usage, after a message said what is bad */
void usage_hint(const char *command) __attribute__((noreturn));

/* open_handle - a handle on @root or "/"; exits when there is none */
struct agentns *open_handle(const char *root);

#endif /* AGENTNS_COMMANDS_H */
