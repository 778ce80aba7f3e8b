// SPDX-License-Identifier: GPL-2.0-only
/*
 * agentns completion - print the completion for a shell.
 *
 * The scripts say what the option tables say, as they are made from them when
 * the programs are built.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "column.h"
#include "commands.h"
#include "unshare-command.h"

static const struct option_spec options[] = { { 0 } };

const struct command command_completion = {
	.name = "agentns completion",
	.summary = "print the completion script for a shell",
	.operands = "bash|zsh",
	.about =
"Print the script that completes agentns and agentns-unshare in a shell. The\n"
"scripts are installed with the programs; to try one in a running bash:\n"
"\n"
"  . <(agentns completion bash)",
	.options = options,
	.complete = COMPLETE_WORDS,
	.words = "bash zsh",
	.run = cmd_completion,
};

static const struct option_spec *const *option_lists(const struct command *c)
{
	static const struct option_spec *lists[3];

	lists[0] = c->options;
	lists[1] = common_options;
	return lists;
}

/* "ID,PARENT,..." with @separator for the comma */
static void print_columns(const struct command *c, char separator)
{
	const struct column *column;

	for (column = c->columns; column->name; column++)
		printf("%s%c", column->name, column[1].name ? separator : '\'');
}

/* ---- bash ---- */

static const char bash_head[] =
"# bash completion for agentns and agentns-unshare; made by 'agentns completion bash'\n"
"\n"
"_agentns_words()\n"
"{\n"
"	mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\")\n"
"}\n"
"\n"
"# The last of a comma-separated list; the part before it stays.\n"
"_agentns_columns()\n"
"{\n"
"	local before=\n"
"	case $cur in *,*) before=${cur%,*}, ;; +*) before=+ ;; esac\n"
"	compopt -o nospace\n"
"	mapfile -t COMPREPLY < <(compgen -P \"$before\" -W \"$1\" -- \"${cur#\"$before\"}\")\n"
"}\n"
"\n"
"_agentns_sessions()\n"
"{\n"
"	_agentns_words \"$(command agentns ls -n -r -o ID 2>/dev/null)\"\n"
"}\n"
"\n"
"_agentns()\n"
"{\n"
"	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
"	local command=${COMP_WORDS[0]##*/} i first=1 word own=0\n"
"\n"
"	COMPREPLY=()\n"
"	# --name=value is three words here.\n"
"	if [[ $cur == '=' ]]; then\n"
"		cur=\n"
"	elif [[ $prev == '=' ]] && ((COMP_CWORD > 1)); then\n"
"		prev=${COMP_WORDS[COMP_CWORD-2]}\n"
"	fi\n"
"	if [[ $command == agentns ]] && ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} != -* ]]; then\n"
"		command=agentns\\ ${COMP_WORDS[1]} first=2\n"
"	fi\n"
"	# Where options end at the first operand, that is a command, and the rest is its own.\n"
"	case $command in\n";

static const char bash_middle[] =
"		for ((i = first; i < COMP_CWORD; i++)); do\n"
"			word=${COMP_WORDS[i]}\n"
"			if [[ $word == -- ]]; then\n"
"				((i++))\n"
"				break\n"
"			elif [[ $word != -* && $word != '=' && ${COMP_WORDS[i-1]} != '=' ]]; then\n"
"				_agentns_takes \"${COMP_WORDS[i-1]}\" || break\n"
"			fi\n"
"		done\n"
"		if ((i < COMP_CWORD)); then\n"
"			((i += own))\n"
"			((own && i < COMP_CWORD)) && [[ ${COMP_WORDS[i]} == -- ]] && ((i++))\n"
"			if declare -F _command_offset >/dev/null; then\n"
"				_command_offset \"$i\"\n"
"			else\n"
"				compopt -o default\n"
"			fi\n"
"			return\n"
"		fi\n"
"		;;\n"
"	esac\n"
"\n";

static void bash_argument(const struct command *c, enum complete complete,
			  const char *words)
{
	switch (complete) {
	case COMPLETE_NOTHING:
		fputs(":", stdout);
		break;
	case COMPLETE_WORDS:
		printf("_agentns_words '%s'", words);
		break;
	case COMPLETE_FILE:
		fputs("compopt -o default", stdout);
		break;
	case COMPLETE_DIRECTORY:
		fputs("compopt -o dirnames", stdout);
		break;
	case COMPLETE_USER:
		fputs("mapfile -t COMPREPLY < <(compgen -u -- \"$cur\")",
		      stdout);
		break;
	case COMPLETE_GROUP:
		fputs("mapfile -t COMPREPLY < <(compgen -g -- \"$cur\")",
		      stdout);
		break;
	case COMPLETE_COLUMNS:
		fputs("_agentns_columns '", stdout);
		print_columns(c, ' ');
		break;
	case COMPLETE_SESSION:
	case COMPLETE_PROCESS:
		fputs("_agentns_sessions", stdout);
		break;
	case COMPLETE_COMMAND:
		fputs("mapfile -t COMPREPLY < <(compgen -c -- \"$cur\")",
		      stdout);
		break;
	}
}

/* Case patterns for the options of a command that take an argument. */
static void bash_takes(const struct command *c)
{
	const struct option_spec *spec;

	for (spec = c->options; spec->name; spec++) {
		if (!spec->arg)
			continue;
		printf("\t'%s:--%s'", c->name, spec->name);
		if (spec->letter < 256)
			printf(" | '%s:-%c'", c->name, spec->letter);
		fputs(") return 0 ;;\n", stdout);
	}
}

static void bash_command(const struct command *c)
{
	const struct option_spec *const *list, *spec;
	const struct command *const *sub;

	printf("\t'%s')\n\t\tcase $prev in\n", c->name);
	for (spec = c->options; spec->name; spec++) {
		if (!spec->arg)
			continue;
		printf("\t\t--%s", spec->name);
		if (spec->letter < 256)
			printf(" | -%c", spec->letter);
		fputs(") ", stdout);
		bash_argument(c, spec->complete, spec->words);
		fputs("; return ;;\n", stdout);
	}
	fputs("\t\tesac\n"
	      "\t\tcase $cur in\n"
	      "\t\t-*) _agentns_words '", stdout);
	for (list = option_lists(c); *list; list++) {
		for (spec = *list; spec->name; spec++) {
			printf("--%s ", spec->name);
			if (spec->letter < 256)
				printf("-%c ", spec->letter);
		}
	}
	fputs("' ;;\n\t\t*) ", stdout);
	if (c->subcommands) {
		fputs("_agentns_words '", stdout);
		for (sub = c->subcommands; *sub; sub++)
			printf("%s%s", command_word(*sub),
			       sub[1] ? " " : "'");
	} else {
		bash_argument(c, c->complete, c->words);
	}
	fputs(" ;;\n\t\tesac\n\t\t;;\n", stdout);
}

static void bash(void)
{
	const struct command *const *sub = command_agentns.subcommands;

	fputs(bash_head, stdout);
	printf("\t'%s'", command_unshare.name);
	for (; *sub; sub++)
		if ((*sub)->runs_command)
			printf(" | '%s'", (*sub)->name);
	fputs(")\n", stdout);
	/* An operand of its own comes before the command. */
	for (sub = command_agentns.subcommands; *sub; sub++)
		if ((*sub)->runs_command && (*sub)->complete != COMPLETE_COMMAND)
			printf("\t\t[[ $command == '%s' ]] && own=1\n",
			       (*sub)->name);
	fputs(bash_middle, stdout);
	fputs("\tcase $command in\n", stdout);
	bash_command(&command_unshare);
	bash_command(&command_agentns);
	for (sub = command_agentns.subcommands; *sub; sub++)
		bash_command(*sub);
	fputs("\tesac\n"
	      "}\n"
	      "\n"
	      "# Does this option take the next word? Uses $command of its caller.\n"
	      "_agentns_takes()\n"
	      "{\n"
	      "\tcase $command:$1 in\n", stdout);
	for (sub = command_agentns.subcommands; *sub; sub++)
		if ((*sub)->runs_command)
			bash_takes(*sub);
	fputs("\tesac\n"
	      "\treturn 1\n"
	      "}\n"
	      "\n"
	      "complete -F _agentns agentns agentns-unshare\n", stdout);
}

/* ---- zsh ---- */

/* For '...[text]' within single quotes. */
static void zsh_text(const char *text)
{
	for (; *text && *text != '\n'; text++) {
		switch (*text) {
		case '\'':
			fputs("'\\''", stdout);
			break;
		case '[': case ']': case ':': case '\\':
			printf("\\%c", *text);
			break;
		default:
			putchar(*text);
		}
	}
}

static void zsh_action(const struct command *c, enum complete complete,
		       const char *words)
{
	switch (complete) {
	case COMPLETE_NOTHING:
		fputs(" '", stdout);
		break;
	case COMPLETE_WORDS:
		printf("(%s)'", words);
		break;
	case COMPLETE_FILE:
		fputs("_files'", stdout);
		break;
	case COMPLETE_DIRECTORY:
		fputs("_files -/'", stdout);
		break;
	case COMPLETE_USER:
		fputs("_users'", stdout);
		break;
	case COMPLETE_GROUP:
		fputs("_groups'", stdout);
		break;
	case COMPLETE_COLUMNS:
		fputs("_sequence compadd - ", stdout);
		print_columns(c, ' ');
		break;
	case COMPLETE_SESSION:
		fputs("_agentns_sessions'", stdout);
		break;
	case COMPLETE_PROCESS:
		fputs("_agentns_processes'", stdout);
		break;
	case COMPLETE_COMMAND:
		fputs("_command_names -e'", stdout);
		break;
	}
}

static void zsh_option(const struct command *c, const struct option_spec *o)
{
	if (o->letter < 256)
		printf(" \\\n\t\t'(-%c --%s)'{-%c%s,--%s%s}'[", o->letter,
		       o->name, o->letter, o->arg ? "+" : "", o->name,
		       o->arg ? "=" : "");
	else
		printf(" \\\n\t\t'--%s%s[", o->name, o->arg ? "=" : "");
	zsh_text(o->help);
	if (!o->arg) {
		fputs("]'", stdout);
		return;
	}
	printf("]:%s:", o->arg);
	zsh_action(c, o->complete, o->words);
}

/* A function for a command, named by it with '_' for blanks. */
static void zsh_command(const struct command *c)
{
	const struct option_spec *const *list, *spec;
	const char *s;

	putchar('_');
	for (s = c->name; *s; s++)
		putchar(*s == ' ' ? '_' : *s);
	fputs("()\n{\n\t_arguments -s -S", stdout);
	if (c->runs_command)
		fputs(" -A '-*'", stdout);
	fputs(" :", stdout);
	for (list = option_lists(c); *list; list++)
		for (spec = *list; spec->name; spec++)
			zsh_option(c, spec);
	if (c->complete == COMPLETE_COMMAND) {
		fputs(" \\\n\t\t'(-):command:_command_names -e'"
		      " \\\n\t\t'*::argument:_normal'", stdout);
	} else if (c->runs_command && c->complete != COMPLETE_NOTHING) {
		fputs(" \\\n\t\t'(-)1:argument:", stdout);
		zsh_action(c, c->complete, c->words);
		fputs(" \\\n\t\t'(-)2:command:_command_names -e'"
		      " \\\n\t\t'*::argument:_normal'", stdout);
	} else if (c->complete != COMPLETE_NOTHING) {
		fputs(" \\\n\t\t'*:argument:", stdout);
		zsh_action(c, c->complete, c->words);
	}
	fputs("\n}\n\n", stdout);
}

static void zsh(void)
{
	const struct command *const *sub = command_agentns.subcommands;
	const struct option_spec *o;

	fputs("#compdef agentns agentns-unshare\n"
	      "# zsh completion; made by 'agentns completion zsh'\n"
	      "\n"
	      "_agentns_sessions()\n"
	      "{\n"
	      "\tlocal -a ids\n"
	      "\tids=(${(f)\"$(agentns ls -n -r -o ID 2>/dev/null)\"})\n"
	      "\tcompadd -a ids\n"
	      "}\n"
	      "\n"
	      "_agentns_processes()\n"
	      "{\n"
	      "\t_agentns_sessions\n"
	      "\t_pids\n"
	      "}\n"
	      "\n", stdout);
	zsh_command(&command_unshare);
	for (; *sub; sub++)
		zsh_command(*sub);
	fputs("_agentns_commands()\n"
	      "{\n"
	      "\tlocal -a commands\n"
	      "\tcommands=(\n", stdout);
	for (sub = command_agentns.subcommands; *sub; sub++) {
		printf("\t\t'%s:", command_word(*sub));
		zsh_text((*sub)->summary);
		fputs("'\n", stdout);
	}
	fputs("\t)\n"
	      "\t_describe command commands\n"
	      "}\n"
	      "\n"
	      "_agentns()\n"
	      "{\n"
	      "\tlocal context state state_descr line\n"
	      "\ttypeset -A opt_args\n"
	      "\n"
	      "\tif [[ $service == agentns-unshare ]]; then\n"
	      "\t\t_agentns-unshare\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\t_arguments -s -S -A '-*' :", stdout);
	for (o = common_options; o->name; o++)
		zsh_option(&command_agentns, o);
	fputs(" \\\n"
	      "\t\t'(-):command:_agentns_commands' \\\n"
	      "\t\t'*::argument:->command'\n"
	      "\t[[ $state == command ]] || return\n"
	      "\t# _arguments has made the subcommand the first word.\n"
	      "\t(( $+functions[_agentns_$words[1]] )) && _agentns_$words[1]\n"
	      "}\n"
	      "\n"
	      "_agentns \"$@\"\n", stdout);
}

int cmd_completion(int argc, char **argv)
{
	struct option_parser parser;

	options_begin(&parser, &command_completion);
	while (options_next(&parser, argc, argv) != -1)
		;
	if (optind + 1 == argc && !strcmp(argv[optind], "bash")) {
		bash();
	} else if (optind + 1 == argc && !strcmp(argv[optind], "zsh")) {
		zsh();
	} else {
		warnx("one shell is wanted: bash or zsh");
		usage_hint(&command_completion);
	}
	return EXIT_SUCCESS;
}
