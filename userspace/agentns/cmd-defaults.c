// SPDX-License-Identifier: GPL-2.0-only
/*
 * agentns defaults - set the module's knobs from files.
 *
 * For the service that does so at boot; the module itself keeps nothing.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "escape.h"
#include "problem.h"
#include "resource.h"
#include "table.h"
#include "target.h"

#define CONFIG_FILES	"/etc/agentns.d/*.conf"
#define SYSFS		"/sys/kernel/agentns/"
#define SYSCTL		"/proc/sys/kernel/agent_ns/"
#define SYSCTL_PREFIX	"kernel.agent_ns."

enum { OPT_CHECK = 256 };

static const struct option_spec options[] = {
	{ OPT_CHECK, "check", NULL, "read the files and set nothing", 0, NULL },
	{ OPT_SYSROOT, "sysroot", "DIR",
	  "use DIR/etc, DIR/proc and DIR/sys", COMPLETE_DIRECTORY, NULL },
	{ 0 }
};

const struct command command_defaults = {
	.name = "agentns defaults",
	.summary = "set knobs and default limits from files",
	.operands = "[OPTION...] [FILE...]",
	.about =
"Set the module's knobs and the limits of new sessions as the files say, by\n"
"default all of " CONFIG_FILES ", in the order of their names.",
	.options = options,
	.notes =
"A line of such a file is one of:\n"
" budget = SPEC              default limits of new sessions, as for 'run'\n"
" on-exceed = WHAT           what happens when they reach one\n"
" max_session_dirs = N       a file in " SYSFS "\n"
" kernel.agent_ns.NAME = N   a sysctl\n"
"Empty lines and lines that begin with # are comments.",
	.complete = COMPLETE_FILE,
	.run = cmd_defaults,
};

/**
 * struct place - where in the files we are, and what was wrong so far
 * @root: prefix of all paths; "" for the running system
 * @check: set nothing
 * @file: the file
 * @line: number of the line
 * @bad: something was wrong
 */
struct place {
	const char *root;
	bool check;
	const char *file;
	unsigned int line;
	bool bad;
};

static void __attribute__((format(printf, 2, 3)))
complain(struct place *p, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	warnx("%s:%u: %s", shown(p->file), p->line, text ? text : "");
	free(text);
	p->bad = true;
}

/* @name is safe: a word, or two of them around a slash. */
static void put(struct place *p, const char *folder, const char *name,
		const char *value)
{
	char *path = format("%s%s%s", p->root, folder, name);
	size_t len = strlen(value);
	int fd;

	if (p->check) {
		free(path);
		return;
	}
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		complain(p, "the loaded agentns.ko has no %s, or is not loaded",
			 name);
	else if (fd < 0)
		complain(p, "cannot set %s: %s", name,
			 problem_control(-errno, name));
	else if (write(fd, value, len) != (ssize_t)len)
		complain(p, "cannot set %s to \"%s\": %s", name, shown(value),
			 problem_control(-errno, name));
	if (fd >= 0)
		close(fd);
	free(path);
}

static void put_budget(struct place *p, const char *spec)
{
	struct agent_ns_budget_ex budget = { 0 };
	struct agentns_budget_error bad;
	char number[24];
	int i;

	if (agentns_budget_parse(spec, &budget, &bad)) {
		complain(p, "bad budget: \"%s\": %s",
			 shown_n(spec + bad.offset, bad.length), bad.reason);
		return;
	}
	for (i = 0; i < N_RESOURCES; i++) {
		unsigned long long limit = resource_limit(i, &budget);
		char *name;

		if (!limit)
			continue;
		snprintf(number, sizeof(number), "%llu", limit);
		name = format("defaults/%s", resources[i].limit_key);
		put(p, SYSFS, name, number);
		free(name);
	}
}

static bool is_word(const char *text, const char *also)
{
	const char *s;

	for (s = text; *s; s++)
		if (!(*s >= 'a' && *s <= 'z') && *s != '_' && !strchr(also, *s))
			return false;
	return *text;
}

static void take(struct place *p, const char *name, const char *value)
{
	size_t len = strlen(SYSCTL_PREFIX);
	__u32 action;

	if (!strcmp(name, "budget")) {
		put_budget(p, value);
	} else if (!strcmp(name, "on-exceed")) {
		if (agentns_action_parse(value, &action))
			complain(p, "there is no action \"%s\"", shown(value));
		else
			put(p, SYSFS, "defaults/action", value);
	} else if (!strncmp(name, SYSCTL_PREFIX, len) &&
		   is_word(name + len, "")) {
		put(p, SYSCTL, name + len, value);
	} else if (is_word(name, "/") && *name != '/' && !strstr(name, "//") &&
		   strncmp(name, "sessions/", 9)) {
		put(p, SYSFS, name, value);
	} else {
		complain(p, "\"%s\" is not the name of a setting", shown(name));
	}
}

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len && strchr(" \t\r\n", text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

static void take_line(struct place *p, char *line)
{
	char *equals, *name, *value;

	line = trim(line);
	if (!*line || *line == '#')
		return;
	equals = strchr(line, '=');
	if (!equals) {
		complain(p, "NAME = VALUE is wanted");
		return;
	}
	*equals = '\0';
	name = trim(line);
	value = trim(equals + 1);
	if (!*value)
		complain(p, "\"%s\" has no value", shown(name));
	else
		take(p, name, value);
}

static void take_file(struct place *p, const char *name)
{
	FILE *f = fopen(name, "re");
	char *line = NULL;
	size_t size = 0;

	if (!f) {
		warn("cannot read \"%s\"", shown(name));
		p->bad = true;
		return;
	}
	p->file = name;
	for (p->line = 1; getline(&line, &size, f) >= 0; p->line++)
		take_line(p, line);
	if (ferror(f)) {
		warnx("cannot read \"%s\"", shown(name));
		p->bad = true;
	}
	free(line);
	fclose(f);
}

static void take_default_files(struct place *p)
{
	char *pattern = format("%s" CONFIG_FILES, p->root);
	glob_t files;
	size_t i;

	/* Without one there is nothing to set. */
	if (!glob(pattern, 0, NULL, &files)) {
		for (i = 0; i < files.gl_pathc; i++)
			take_file(p, files.gl_pathv[i]);
		globfree(&files);
	}
	free(pattern);
}

int cmd_defaults(int argc, char **argv)
{
	struct place place = { .root = "" };
	struct option_parser parser;
	int c, i;

	options_begin(&parser, &command_defaults);
	while ((c = options_next(&parser, argc, argv)) != -1) {
		if (c == OPT_CHECK)
			place.check = true;
		else
			place.root = optarg;
	}
	if (optind == argc)
		take_default_files(&place);
	for (i = optind; i < argc; i++)
		take_file(&place, argv[i]);
	return place.bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
