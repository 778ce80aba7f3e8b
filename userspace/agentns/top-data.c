// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "top.h"

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static int by_id(const void *a, const void *b)
{
	const struct top_entry *s = a, *t = b;

	return agentns_id_cmp(&s->id, &t->id);
}

static int by_value(const void *a, const void *b, void *data)
{
	const struct top_entry *s = a, *t = b;
	const struct top *top = data;
	int order;

	if (top->by_rate && s->rate != t->rate)
		order = s->rate < t->rate ? 1 : -1;
	else if (s->value != t->value)
		order = s->value < t->value ? 1 : -1;
	else
		return by_id(a, b);
	return top->reverse ? -order : order;
}

void top_sort(struct top *top)
{
	size_t i;

	if (top->n_entries)
		qsort_r(top->entries, top->n_entries, sizeof(*top->entries),
			by_value, top);
	/* The selection stays with its session, while that lives. */
	for (i = 0; i < top->n_entries; i++)
		if (!agentns_id_cmp(&top->entries[i].id, &top->chosen))
			break;
	top_select(top, i < top->n_entries ? i : top->selected);
}

static void set_rates(struct top_entry *entries, size_t n,
		      const struct top *before, double seconds)
{
	size_t i;

	if (before->n_entries)
		qsort(before->entries, before->n_entries,
		      sizeof(*before->entries), by_id);
	for (i = 0; i < n; i++) {
		struct top_entry *old = before->n_entries ?
			bsearch(&entries[i], before->entries,
				before->n_entries, sizeof(*entries), by_id) :
			NULL;

		entries[i].rate = -1;
		if (old && entries[i].value >= old->value && seconds > 0)
			entries[i].rate = (entries[i].value - old->value) /
					  seconds;
	}
}

int top_read(struct top *top)
{
	uint64_t fields = resource_field(top->sort), now = now_ns();
	struct agentns_session session;
	struct top_entry *entries = NULL;
	struct agentns_iter *iter;
	size_t n = 0, room = 0;
	int ret;

	ret = agentns_iter_open(top->handle, &iter);
	if (ret)
		return ret;
	while ((ret = agentns_iter_next_fields(iter, &session, fields)) > 0) {
		if (n == room) {
			room = room ? 2 * room : 256;
			entries = reallocarray(entries, room, sizeof(*entries));
			if (!entries)
				err(EXIT_FAILURE, "cannot list sessions");
		}
		entries[n++] = (struct top_entry) {
			.id = session.id,
			.value = resource_counter(top->sort, &session),
		};
	}
	agentns_iter_close(iter);
	if (ret) {
		free(entries);
		return ret;
	}
	set_rates(entries, n, top, top->read_ns ?
		  (now - top->read_ns) / 1e9 : 0);
	free(top->entries);
	top->entries = entries;
	top->n_entries = n;
	top->read_ns = now;
	top_sort(top);
	return 0;
}

static void read_row(struct top *top, const struct top_entry *entry,
		     struct top_row *row, const struct top_row *before,
		     size_t n_before)
{
	const struct top_row *old = NULL;
	size_t i;

	memset(row, 0, sizeof(*row));
	/* One that has ended meanwhile is shown by its id alone. */
	if (agentns_session_read(top->handle, &entry->id, &row->session))
		row->session.id = entry->id;
	row->time_ns = now_ns();
	for (i = 0; i < n_before && !old; i++)
		if (!agentns_id_cmp(&before[i].session.id, &entry->id))
			old = &before[i];
	for (i = 0; i < N_RESOURCES; i++) {
		uint64_t now = resource_counter(i, &row->session);
		uint64_t then = old ? resource_counter(i, &old->session) : 0;

		row->rates[i] = -1;
		if (old && resource_known(i, &old->session) && now >= then &&
		    row->time_ns > old->time_ns)
			row->rates[i] = (now - then) * 1e9 /
					(row->time_ns - old->time_ns);
	}
}

void top_read_rows(struct top *top, size_t height)
{
	struct top_row *rows;
	size_t i, n;

	if (top->selected < top->first)
		top->first = top->selected;
	if (height && top->selected >= top->first + height)
		top->first = top->selected - height + 1;
	if (top->first + height > top->n_entries)
		top->first = top->n_entries > height ?
			     top->n_entries - height : 0;
	n = top->n_entries - top->first;
	if (n > height)
		n = height;
	rows = calloc(n + 1, sizeof(*rows));
	if (!rows)
		err(EXIT_FAILURE, "cannot read sessions");
	for (i = 0; i < n; i++)
		read_row(top, &top->entries[top->first + i], &rows[i],
			 top->rows, top->n_rows);
	free(top->rows);
	top->rows = rows;
	top->n_rows = n;
}

void top_select(struct top *top, long entry)
{
	if (entry >= (long)top->n_entries)
		entry = (long)top->n_entries - 1;
	if (entry < 0)
		entry = 0;
	top->selected = entry;
	if (top->n_entries)
		top->chosen = top->entries[entry].id;
}

void top_free(struct top *top)
{
	free(top->entries);
	free(top->rows);
}
