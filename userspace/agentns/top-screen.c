// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include <curses.h>

#include "escape.h"
#include "problem.h"
#include "top.h"

/* Lines that are no sessions: title, headings, message. */
#define OTHER_LINES	3
/* From here on, of a limit, a row is marked. */
#define NEAR_LIMIT	0.9

enum { PAIR_NEAR = 1 };

/* What is shown of each session, from left to right, while there is room. */
static const struct {
	enum resource_id resource;
	bool rate;
	const char *heading;
	int width;
} cells[] = {
	{ RES_SYSCALLS,	   true,  "CALLS/S", 9 },
	{ RES_WRITE_BYTES, true,  "WRITE/S", 9 },
	{ RES_CPU,	   true,  "CPU%", 7 },
	{ RES_TASKS,	   false, "TASKS", 7 },
	{ RES_SYSCALLS,	   false, "SYSCALLS", 9 },
	{ RES_WRITE_BYTES, false, "WRITTEN", 9 },
	{ RES_ELAPSED,	   false, "ELAPSED", 10 },
	{ RES_FORKS,	   false, "FORKS", 7 },
	{ RES_OPENS,	   false, "OPENS", 7 },
	{ RES_CONNECTS,	   false, "CONNECTS", 9 },
	{ RES_UNLINKS,	   false, "UNLINKS", 8 },
};

#define N_CELLS		(sizeof(cells) / sizeof(cells[0]))
#define ID_WIDTH	12
/* What the tag has at the least, before another column gets room. */
#define INTENT_WIDTH	16

static SCREEN *screen;

void top_screen_open(void)
{
	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
		errx(EXIT_FAILURE, "standard input and output are no terminal (use 'agentns ls')");
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		errx(EXIT_FAILURE, "the terminal \"%s\" is not known or cannot move its cursor (set TERM, or use 'agentns ls')",
		     shown(getenv("TERM") ? getenv("TERM") : ""));
	set_escdelay(25);
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	if (has_colors() && !getenv("NO_COLOR")) {
		start_color();
		use_default_colors();
		init_pair(PAIR_NEAR, COLOR_RED, -1);
	}
}

void top_screen_close(void)
{
	if (!screen)
		return;
	endwin();
	delscreen(screen);
	screen = NULL;
}

size_t top_screen_height(void)
{
	return LINES > OTHER_LINES ? LINES - OTHER_LINES : 0;
}

/* Four significant places at the most: 9999, 12.3k, 1.2G. */
static void short_number(double value, unsigned int base, char buf[24])
{
	static const char units[] = " kMGTPE";
	size_t unit = 0;

	while (value >= 10000 && unit < sizeof(units) - 2) {
		value /= base;
		unit++;
	}
	if (unit)
		snprintf(buf, 24, "%.*f%c", value < 100, value, units[unit]);
	else
		snprintf(buf, 24, "%.0f", value);
}

static void short_time(double seconds, char buf[24])
{
	if (seconds < 100)
		snprintf(buf, 24, "%.1fs", seconds);
	else if (seconds < 6000)
		snprintf(buf, 24, "%.0fm%02.0fs", (double)(int)(seconds / 60),
			 (double)((int)seconds % 60));
	else
		snprintf(buf, 24, "%.0fh%02.0fm",
			 (double)(long)(seconds / 3600),
			 (double)((long)seconds % 3600 / 60));
}

static void cell_text(const struct top_row *row, size_t column, char buf[24])
{
	enum resource_id res = cells[column].resource;
	bool bytes = res == RES_WRITE_BYTES;

	strcpy(buf, "-");
	if (!resource_known(res, &row->session))
		return;
	if (!cells[column].rate) {
		uint64_t value = resource_counter(res, &row->session);

		if (resource_is_time(res))
			short_time(value / 1e9, buf);
		else
			short_number(value, bytes ? 1024 : 1000, buf);
	} else if (row->rates[res] >= 0) {
		if (res == RES_CPU)
			snprintf(buf, 24, "%.1f", row->rates[res] / 1e7);
		else
			short_number(row->rates[res], bytes ? 1024 : 1000, buf);
	}
}

static bool near_limit(const struct agentns_session *s)
{
	int i;

	for (i = 0; i < N_RESOURCES; i++) {
		uint64_t limit = resource_limit(i, &s->budget);

		if (limit && resource_known(i, s) &&
		    resource_counter(i, s) >= NEAR_LIMIT * limit)
			return true;
	}
	return false;
}

/* As much of a string as fits, and no half of a wide character. */
static void add_fitting(int y, int x, const char *text)
{
	wchar_t wide[512];
	int room = COLS - x, used = 0, i;
	size_t n;

	n = mbstowcs(wide, text, 511);
	if (n == (size_t)-1)
		n = swprintf(wide, 512, L"%s", "?");
	wide[n < 511 ? n : 511] = L'\0';
	for (i = 0; wide[i]; i++) {
		int width = wcwidth(wide[i]);

		if (width < 0) {
			wide[i] = L'?';
			width = 1;
		}
		if (used + width > room)
			break;
		used += width;
	}
	if (room > 0)
		mvaddnwstr(y, x, wide, i);
}

static bool fits(int x, size_t column)
{
	return x + cells[column].width + 1 + INTENT_WIDTH <= COLS;
}

static void draw_headings(const struct top *top)
{
	int x = ID_WIDTH;
	size_t i;

	attron(A_REVERSE);
	mvhline(1, 0, ' ', COLS);
	mvaddnstr(1, 0, "ID", COLS);
	for (i = 0; i < N_CELLS; i++) {
		bool sorted = cells[i].resource == top->sort &&
			      cells[i].rate == top->by_rate;

		if (!fits(x, i))
			continue;
		if (sorted)
			attron(A_BOLD | A_UNDERLINE);
		mvprintw(1, x, "%*s", cells[i].width, cells[i].heading);
		if (sorted)
			attroff(A_BOLD | A_UNDERLINE);
		x += cells[i].width;
	}
	if (x + 1 < COLS)
		mvaddnstr(1, x + 1, "INTENT", COLS - x - 1);
	attroff(A_REVERSE);
}

static void draw_row(const struct top *top, size_t i)
{
	const struct top_row *row = &top->rows[i];
	attr_t attrs = top->first + i == top->selected ? A_REVERSE : A_NORMAL;
	char id[AGENTNS_ID_BUFSIZE], text[24], *intent;
	int y = i + 2, x = ID_WIDTH;
	size_t column;

	if (near_limit(&row->session))
		attrs |= A_BOLD | (has_colors() ? COLOR_PAIR(PAIR_NEAR) : 0);
	attrset(attrs);
	mvhline(y, 0, ' ', COLS);
	agentns_id_format(&row->session.id, id);
	mvaddnstr(y, 0, id, ID_WIDTH - 1 < COLS ? ID_WIDTH - 1 : COLS);
	for (column = 0; column < N_CELLS; column++) {
		if (!fits(x, column))
			continue;
		cell_text(row, column, text);
		mvprintw(y, x, "%*s", cells[column].width, text);
		x += cells[column].width;
	}
	intent = escape(row->session.fields ? row->session.intent : "(ended)");
	add_fitting(y, x + 1, intent);
	free(intent);
	attrset(A_NORMAL);
}

void top_screen_draw(const struct top *top)
{
	char title[160];
	size_t i;

	erase();
	snprintf(title, sizeof(title), "agentns top: %zu session%s, by %s%s%s",
		 top->n_entries, top->n_entries == 1 ? "" : "s",
		 resources[top->sort].name, top->by_rate ? " a second" : "",
		 top->reverse ? ", least first" : "");
	mvaddnstr(0, 0, title, COLS);
	if (LINES > 1)
		draw_headings(top);
	for (i = 0; i < top->n_rows && (int)i + 2 < LINES; i++)
		draw_row(top, i);
	if (LINES > 2)
		add_fitting(LINES - 1, 0, *top->message ? top->message :
			    "q quit  k kill  t stop  c continue  l limit  < > sort by  r rate  R reverse  h help");
	refresh();
}

/* Whoever ignores SIGHUP is told by that alone, and at once each time. */
static bool terminal_is_gone(void)
{
	struct pollfd terminal = { .fd = STDIN_FILENO };

	return poll(&terminal, 1, 0) > 0;
}

int top_screen_key(int ms)
{
	int key;

	timeout(ms);
	key = getch();
	switch (key) {
	case ERR:
		return terminal_is_gone() ? TOP_GONE : -1;
	case KEY_UP:
		return TOP_UP;
	case KEY_DOWN:
		return TOP_DOWN;
	case KEY_PPAGE:
		return TOP_PAGE_UP;
	case KEY_NPAGE:
		return TOP_PAGE_DOWN;
	case KEY_HOME:
		return TOP_HOME;
	case KEY_END:
		return TOP_END;
	case KEY_LEFT:
		return TOP_LEFT;
	case KEY_RIGHT:
		return TOP_RIGHT;
	case KEY_RESIZE:
		return TOP_RESIZE;
	}
	return key;
}

static void show_question(const char *question)
{
	move(LINES - 1, 0);
	clrtoeol();
	add_fitting(LINES - 1, 0, question);
	refresh();
}

bool top_screen_ask(const char *question, char *buf, size_t size)
{
	bool good;

	show_question(question);
	timeout(-1);
	echo();
	curs_set(1);
	good = getnstr(buf, size - 1) == OK && *buf;
	curs_set(0);
	noecho();
	return good;
}

bool top_screen_confirm(const char *question)
{
	int key;

	show_question(question);
	timeout(-1);
	key = getch();
	return key == 'y' || key == 'Y';
}

void top_screen_help(void)
{
	static const char *const lines[] = {
		"Keys of agentns top",
		"",
		"  Up Down PgUp PgDn Home End   select a session",
		"  < >, Left Right              sort by another column",
		"  r                            by value, or by what is added a second",
		"  R                            the least first, or the most",
		"",
		"  k    kill the selected session (SIGKILL)",
		"  t    stop it (SIGSTOP)",
		"  c    let it go on (SIGCONT)",
		"  l    set limits, as for --budget",
		"  i    set its intent tag",
		"",
		"  q    quit",
		"",
		"Red: nine tenths of a limit are used.",
		"",
		"Any key goes back.",
	};
	size_t i;

	erase();
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if ((int)i < LINES)
			mvaddnstr(i, 0, lines[i], COLS);
	refresh();
	timeout(-1);
	getch();
}
