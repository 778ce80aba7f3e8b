/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One table for a command's options: getopt_long() reads by it, --help prints
 * it, and shell completion is generated from it.
 */
#ifndef AGENTNS_OPTIONS_H
#define AGENTNS_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

/* How a shell completes an argument. */
enum complete {
	COMPLETE_NOTHING,	/* only the user knows */
	COMPLETE_WORDS,		/* one of option_spec.words */
	COMPLETE_FILE,
	COMPLETE_DIRECTORY,
	COMPLETE_USER,
	COMPLETE_GROUP,
	COMPLETE_COLUMNS,	/* the command's columns, comma-separated */
	COMPLETE_SESSION,	/* a live session's id */
	COMPLETE_PROCESS,	/* a session's id or a PID */
	COMPLETE_COMMAND,	/* a command with its arguments */
};

/**
 * struct option_spec - one option
 * @letter: its short form, or a number from 256 up when it has none
 * @name: its long form
 * @arg: what its argument is called in --help; NULL when it takes none
 * @help: for --help, at most 55 characters a line; later lines are indented
 * @complete: how a shell completes the argument
 * @words: what there is to choose from, separated by blanks
 */
struct option_spec {
	int letter;
	const char *name;
	const char *arg;
	const char *help;
	enum complete complete;
	const char *words;
};

struct column;

/**
 * struct command - one program or subcommand
 * @name: "agentns ls", as in messages and in the usage line
 * @summary: one line for the list of subcommands
 * @operands: what stands in the usage line behind the name
 * @about: paragraph under the usage line
 * @options: ended by one without a name; --help and --version follow by
 *	themselves
 * @columns: what -o takes, ended by one without a name; NULL for none
 * @notes: paragraphs under the options; may be NULL
 * @complete: how a shell completes the operands
 * @words: what there is to choose from, for COMPLETE_WORDS
 * @subcommands: ended by NULL; NULL for none
 * @runs_command: the first operand ends the options, as the rest is a command
 * @run: the main function, called with @name in argv[0]
 */
struct command {
	const char *name;
	const char *summary;
	const char *operands;
	const char *about;
	const struct option_spec *options;
	const struct column *columns;
	const char *notes;
	enum complete complete;
	const char *words;
	const struct command *const *subcommands;
	bool runs_command;
	int (*run)(int argc, char **argv);
};

/* The options that every command has. */
extern const struct option_spec common_options[];

#define OPTIONS_MAX	40

/* struct option_parser - the table as getopt_long() wants it */
struct option_parser {
	const struct command *command;
	struct option longs[OPTIONS_MAX + 1];
	char shorts[2 * OPTIONS_MAX + 2];
};

/**
 * options_begin - prepare for reading a command's options
 * @parser: is set
 * @command: whose
 */
void options_begin(struct option_parser *parser, const struct command *command);

/**
 * options_next - read one option
 * @parser: from options_begin()
 * @argc: as main() got it
 * @argv: as main() got it
 *
 * --help and --version are acted on here, and a bad option ends the program.
 *
 * Return: the option's @letter, its argument being in optarg, or -1 when
 * there is none left: the operands begin at optind.
 */
int options_next(struct option_parser *parser, int argc, char **argv);

/* command_help - print what --help prints */
void command_help(const struct command *command);

/* command_word - the last word of a command's name: "ls" */
const char *command_word(const struct command *command);

/* usage_hint - exit for bad usage, after a message said what is bad */
void usage_hint(const struct command *command) __attribute__((noreturn));

/* no_operands - end the program when there are operands left, as usage_hint() */
void no_operands(const struct command *command, int argc, char **argv);

#endif /* AGENTNS_OPTIONS_H */
