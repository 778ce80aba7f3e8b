/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The subcommands, one file each.
 *
 * A cmd_* function gets "agentns NAME" in argv[0] and returns the program's
 * exit status. To add one: write cmd-NAME.c, declare it here, name it in the
 * table of agentns.c and in the Makefile, and describe it in man/agentns.1.scd.
 * The table of front.c is for those that have to start quickly.
 */
#ifndef AGENTNS_COMMANDS_H
#define AGENTNS_COMMANDS_H

#include <agentns.h>

#include "options.h"

int cmd_completion(int argc, char **argv);
int cmd_cont(int argc, char **argv);
int cmd_defaults(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_enter(int argc, char **argv);
int cmd_events(int argc, char **argv);
int cmd_kill(int argc, char **argv);
int cmd_ls(int argc, char **argv);
int cmd_metrics(int argc, char **argv);
int cmd_prov(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_stop(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_tree(int argc, char **argv);

extern const struct command command_agentns;
extern const struct command command_completion;
extern const struct command command_cont;
extern const struct command command_defaults;
extern const struct command command_doctor;
extern const struct command command_enter;
extern const struct command command_events;
extern const struct command command_kill;
extern const struct command command_ls;
extern const struct command command_metrics;
extern const struct command command_prov;
extern const struct command command_run;
extern const struct command command_set;
extern const struct command command_show;
extern const struct command command_stop;
extern const struct command command_top;
extern const struct command command_tree;

/* open_handle - a handle on @root or "/"; exits when there is none */
struct agentns *open_handle(const char *root);

/* run_command - call a command, whose word is in argv[0]; returns its status */
int run_command(const struct command *command, int argc, char **argv);

#endif /* AGENTNS_COMMANDS_H */
