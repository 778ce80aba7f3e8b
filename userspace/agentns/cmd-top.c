// SPDX-License-Identifier: GPL-2.0-only
/* agentns top - sessions, live, and what can be done to them. */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "commands.h"
#include "escape.h"
#include "problem.h"
#include "table.h"
#include "target.h"
#include "top.h"

static const struct option_spec options[] = {
	{ 'd', "delay", "SECONDS", "read every so often; default: 2", 0, NULL },
	{ 's', "sort", "COLUMN",
	  "by this first, as 'agentns ls' names it; default:\n"
	  "SYSCALLS", COMPLETE_WORDS,
#define X(heading, member, counter, limit, text) #heading " "
	  RESOURCES(X)
#undef X
	},
	SYSROOT_OPTION_SPEC,
	{ 0 }
};

const struct command command_top = {
	.name = "agentns top",
	.summary = "show sessions, live",
	.operands = "[OPTION...]",
	.about =
"Show the sessions that are busiest, live; kill, stop and limit them by a key.\n"
"'h' shows the keys.",
	.options = options,
	.run = cmd_top,
};

static double delay = 2;

static void set_delay(const char *text)
{
	char *end;

	delay = strtod(text, &end);
	if (end != text && !*end && delay >= 0.1 && delay <= 3600)
		return;
	warnx("bad --delay \"%s\": seconds from 0.1 to 3600 are wanted",
	      shown(text));
	usage_hint(&command_top);
}

static void set_sort(struct top *top, const char *name)
{
	int i;

	for (i = 0; i < N_RESOURCES; i++) {
		if (!strcasecmp(resources[i].name, name)) {
			top->sort = i;
			return;
		}
	}
	warnx("there is nothing \"%s\" to sort by", shown(name));
	usage_hint(&command_top);
}

static const char *parse_options(int argc, char **argv, struct top *top)
{
	struct option_parser parser;
	const char *root = NULL;
	int c;

	options_begin(&parser, &command_top);
	while ((c = options_next(&parser, argc, argv)) != -1) {
		switch (c) {
		case 'd':
			set_delay(optarg);
			break;
		case 's':
			set_sort(top, optarg);
			break;
		default:
			root = optarg;
		}
	}
	no_operands(&command_top, argc, argv);
	return root;
}

static void __attribute__((format(printf, 2, 3)))
say(struct top *top, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(top->message, sizeof(top->message), fmt, args);
	va_end(args);
}

static void signal_chosen(struct top *top, int sig, const char *what)
{
	char question[80], id[AGENTNS_ID_BUFSIZE];
	unsigned int count = 0;
	int ret;

	agentns_id_format(&top->chosen, id);
	snprintf(question, sizeof(question), "%s session %.12s? (y) ", what,
		 id);
	if (!top_screen_confirm(question)) {
		say(top, "nothing was done");
		return;
	}
	if (sig == SIGKILL)
		ret = agentns_session_kill(top->handle, &top->chosen);
	else
		ret = agentns_session_signal(top->handle, &top->chosen, sig,
					     &count);
	if (ret)
		say(top, "session %.12s: %s", id,
		    sig == SIGKILL ? problem_control(ret, "kill") :
				     problem_signal(ret, sig));
	else if (sig == SIGKILL)
		say(top, "session %.12s: killed", id);
	else
		say(top, "session %.12s: %u process%s", id, count,
		    count == 1 ? "" : "es");
}

static void limit_chosen(struct top *top)
{
	struct agent_ns_budget_ex budget = { 0 };
	struct agentns_budget_error bad;
	char spec[200], id[AGENTNS_ID_BUFSIZE];
	int i, ret = 0;

	if (!top_screen_ask("limits (such as wall=1h,fork=1000): ", spec,
			    sizeof(spec)))
		return;
	if (agentns_budget_parse(spec, &budget, &bad)) {
		say(top, "\"%s\": %s", shown_n(spec + bad.offset, bad.length),
		    bad.reason);
		return;
	}
	agentns_id_format(&top->chosen, id);
	for (i = 0; i < N_RESOURCES && !ret; i++) {
		uint64_t limit = resource_limit(i, &budget);

		if (limit)
			ret = agentns_session_set_limit(top->handle,
					&top->chosen, resources[i].limit_key,
					limit);
		if (ret)
			say(top, "session %.12s: %s: %s", id,
			    resources[i].limit_key,
			    problem_control(ret, resources[i].limit_key));
	}
	if (!ret)
		say(top, "session %.12s: limits are set", id);
}

static void tag_chosen(struct top *top)
{
	char tag[AGENTNS_INTENT_BUFSIZE], id[AGENTNS_ID_BUFSIZE];
	int ret;

	if (!top_screen_ask("intent: ", tag, sizeof(tag)))
		return;
	agentns_id_format(&top->chosen, id);
	ret = agentns_session_set_intent(top->handle, &top->chosen, tag);
	if (ret)
		say(top, "session %.12s: %s", id, ret == -EINVAL ?
		    problem_intent(ret) : problem_control(ret, "intent"));
	else
		say(top, "session %.12s: its intent is set", id);
}

static void on_chosen(struct top *top, int key)
{
	if (!top->n_entries) {
		say(top, "there is no session");
		return;
	}
	switch (key) {
	case 'k':
		signal_chosen(top, SIGKILL, "kill");
		break;
	case 't':
		signal_chosen(top, SIGSTOP, "stop");
		break;
	case 'c':
		signal_chosen(top, SIGCONT, "continue");
		break;
	case 'l':
		limit_chosen(top);
		break;
	case 'i':
		tag_chosen(top);
		break;
	}
}

static void sort_by(struct top *top, int step)
{
	top->sort = (top->sort + N_RESOURCES + step) % N_RESOURCES;
	/* What was read is of another resource. */
	top->read_ns = 0;
	top->n_entries = 0;
	if (top_read(top))
		top->n_entries = 0;
}

/* Return: whether to go on. */
static bool act(struct top *top, int key)
{
	long page = top_screen_height(), at = top->selected;

	*top->message = '\0';
	switch (key) {
	case 'q':
	case TOP_GONE:
		return false;
	case TOP_UP:
		top_select(top, at - 1);
		break;
	case TOP_DOWN:
		top_select(top, at + 1);
		break;
	case TOP_PAGE_UP:
		top_select(top, at - page);
		break;
	case TOP_PAGE_DOWN:
		top_select(top, at + page);
		break;
	case TOP_HOME:
		top_select(top, 0);
		break;
	case TOP_END:
		top_select(top, top->n_entries);
		break;
	case '<':
	case TOP_LEFT:
		sort_by(top, -1);
		break;
	case '>':
	case TOP_RIGHT:
		sort_by(top, 1);
		break;
	case 'r':
		top->by_rate = !top->by_rate;
		top_sort(top);
		break;
	case 'R':
		top->reverse = !top->reverse;
		top_sort(top);
		break;
	case 'h':
	case '?':
		top_screen_help();
		break;
	default:
		on_chosen(top, key);
	}
	return true;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

static int read_again(struct top *top)
{
	int ret = top_read(top);

	if (ret) {
		top_screen_close();
		warnx("cannot list agent sessions: %s", problem_read(ret));
	}
	return ret;
}

int cmd_top(int argc, char **argv)
{
	struct top top = { .sort = RES_SYSCALLS, .by_rate = true };
	uint64_t next;
	bool more = true;

	top.handle = open_handle(parse_options(argc, argv, &top));
	/* Before the screen is taken, so that a message stays to be read. */
	if (read_again(&top))
		return EXIT_FAILURE;
	top_screen_open();
	next = now_ms() + delay * 1000;
	while (more) {
		uint64_t now;
		int key;

		top_read_rows(&top, top_screen_height());
		top_screen_draw(&top);
		now = now_ms();
		key = top_screen_key(now < next ? next - now : 0);
		if (key >= 0)
			more = act(&top, key);
		if (now_ms() < next)
			continue;
		if (read_again(&top))
			return EXIT_FAILURE;
		next = now_ms() + delay * 1000;
	}
	top_screen_close();
	top_free(&top);
	agentns_close(top.handle);
	return EXIT_SUCCESS;
}
