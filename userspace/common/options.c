// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "column.h"
#include "escape.h"
#include "options.h"
#include "problem.h"

/* Where the text of an option begins in --help. */
#define HELP_INDENT	24

const struct option_spec common_options[] = {
	{ 'h', "help", NULL, "display this help", 0, NULL },
	{ 'V', "version", NULL, "display version", 0, NULL },
	{ 0 }
};

static void add_options(struct option_parser *p, size_t *used, char **shorts,
			const struct option_spec *spec)
{
	for (; spec->name; spec++) {
		assert(*used < OPTIONS_MAX);
		p->longs[(*used)++] = (struct option) {
			.name = spec->name,
			.has_arg = spec->arg ? required_argument : no_argument,
			.val = spec->letter,
		};
		if (spec->letter >= 256)
			continue;
		*(*shorts)++ = spec->letter;
		if (spec->arg)
			*(*shorts)++ = ':';
	}
}

void options_begin(struct option_parser *parser, const struct command *command)
{
	char *shorts = parser->shorts;
	size_t used = 0;

	memset(parser, 0, sizeof(*parser));
	parser->command = command;
	if (command->runs_command)
		*shorts++ = '+';
	add_options(parser, &used, &shorts, command->options);
	add_options(parser, &used, &shorts, common_options);
}

static void print_options(const struct option_spec *spec)
{
	for (; spec->name; spec++) {
		const char *text = spec->help, *end;
		char letter[4] = "   ";
		int len;

		if (spec->letter < 256)
			snprintf(letter, sizeof(letter), "-%c,", spec->letter);
		len = printf(" %s --%s%s%s", letter, spec->name,
			     spec->arg ? " " : "", spec->arg ? spec->arg : "");
		if (len >= HELP_INDENT) {
			putchar('\n');
			len = 0;
		}
		for (;;) {
			end = strchrnul(text, '\n');
			printf("%*s%.*s\n", HELP_INDENT - len, "",
			       (int)(end - text), text);
			if (!*end)
				break;
			text = end + 1;
			len = 0;
		}
	}
}

void command_help(const struct command *command)
{
	const struct command *const *sub = command->subcommands;
	const struct column *column;

	printf("Usage: %s %s\n\n%s\n\n", command->name, command->operands,
	       command->about);
	if (sub) {
		puts("Commands:");
		for (; *sub; sub++)
			printf(" %-12s %s\n", command_word(*sub),
			       (*sub)->summary);
		puts("\nOptions:");
	} else {
		printf("Options%s:\n",
		       command->runs_command ? ", before CMD" : "");
	}
	print_options(command->options);
	print_options(common_options);
	if (command->columns) {
		puts("\nColumns:");
		for (column = command->columns; column->name; column++)
			printf(" %16s  %s\n", column->name, column->help);
	}
	if (command->notes)
		printf("\n%s\n", command->notes);
}

const char *command_word(const struct command *command)
{
	const char *blank = strrchr(command->name, ' ');

	return blank ? blank + 1 : command->name;
}

void usage_hint(const struct command *command)
{
	fprintf(stderr, "Try '%s --help' for more information.\n",
		command->name);
	exit(EXIT_USAGE);
}

int options_next(struct option_parser *parser, int argc, char **argv)
{
	int c = getopt_long(argc, argv, parser->shorts, parser->longs, NULL);

	switch (c) {
	case 'h':
		command_help(parser->command);
		exit(EXIT_SUCCESS);
	case 'V':
		printf("%.*s " AGENTNS_VERSION "\n",
		       (int)strcspn(parser->command->name, " "),
		       parser->command->name);
		exit(EXIT_SUCCESS);
	case '?':	/* getopt has said what is wrong */
		usage_hint(parser->command);
	}
	return c;
}

void no_operands(const struct command *command, int argc, char **argv)
{
	if (optind == argc)
		return;
	warnx("unexpected argument \"%s\"", shown(argv[optind]));
	usage_hint(command);
}
