/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of 'agentns top' share. */
#ifndef AGENTNS_TOP_H
#define AGENTNS_TOP_H

#include <stdbool.h>
#include <stddef.h>

#include <agentns.h>

#include "resource.h"

/**
 * struct top_entry - one session, as far as it takes to sort
 * @id: which
 * @value: of the resource that is sorted by
 * @rate: how much of it in the last second; less than 0: not known yet
 */
struct top_entry {
	struct agent_session_id_uapi id;
	uint64_t value;
	double rate;
};

/**
 * struct top_row - a session that is on the screen
 * @session: all of it
 * @time_ns: when it was read, on the monotonic clock
 * @rates: of each resource, a second; less than 0: not known yet
 */
struct top_row {
	struct agentns_session session;
	uint64_t time_ns;
	double rates[N_RESOURCES];
};

/**
 * struct top - the state of the program
 * @handle: where sessions are read
 * @sort: by which resource
 * @by_rate: by its rate, not its value
 * @reverse: the least first
 * @entries: all sessions, in order
 * @n_entries: how many
 * @read_ns: when they were read; 0 for never
 * @rows: those on the screen, from @first on
 * @n_rows: how many
 * @first: the entry at the top of the screen
 * @selected: the entry that commands are for
 * @chosen: its session: the selection stays with it
 * @message: what is told in the last line
 */
struct top {
	struct agentns *handle;
	enum resource_id sort;
	bool by_rate;
	bool reverse;
	struct top_entry *entries;
	size_t n_entries;
	uint64_t read_ns;
	struct top_row *rows;
	size_t n_rows;
	size_t first;
	size_t selected;
	struct agent_session_id_uapi chosen;
	char message[256];
};

/*
 * top_read - read all sessions and sort them
 *
 * Of each session one file is read, whatever is shown: ten thousand of them
 * are to fit into a second. Return: 0 or a negative errno.
 */
int top_read(struct top *top);

/* top_sort - sort again, after @sort, @by_rate or @reverse have changed */
void top_sort(struct top *top);

/* top_read_rows - read what @height lines of the screen show */
void top_read_rows(struct top *top, size_t height);

/* top_select - move the selection to an entry that there is */
void top_select(struct top *top, long entry);

/* top_free - free what the others allocated */
void top_free(struct top *top);

/* ---- the screen ---- */

/* top_screen_open - take the terminal; exits when there is none */
void top_screen_open(void);
void top_screen_close(void);

/* top_screen_height - how many sessions fit */
size_t top_screen_height(void);

void top_screen_draw(const struct top *top);

/* top_screen_key - wait for a key; -1 after @ms */
int top_screen_key(int ms);

/* top_screen_ask - read a line; false when it was given up or left empty */
bool top_screen_ask(const char *question, char *buf, size_t size);

/* top_screen_confirm - ask for y */
bool top_screen_confirm(const char *question);

/* top_screen_help - show the keys until one is pressed */
void top_screen_help(void);

/* Keys, apart from characters. */
enum { TOP_UP = 1000, TOP_DOWN, TOP_PAGE_UP, TOP_PAGE_DOWN, TOP_HOME, TOP_END,
       TOP_LEFT, TOP_RIGHT, TOP_RESIZE, TOP_GONE };

#endif /* AGENTNS_TOP_H */
