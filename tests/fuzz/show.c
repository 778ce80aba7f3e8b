// SPDX-License-Identifier: GPL-2.0-only
/* What a state has to tell when its machine has ended, however it did. */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

struct entry {
	const struct program *program;
	unsigned int runner, thread, at;
};

static __u32 seq_of(const struct entry *e)
{
	return e->program->call[e->at].seq;
}

static int compare(const void *a, const void *b)
{
	__u32 x = seq_of(a), y = seq_of(b);

	return x < y ? -1 : x > y;
}

/* Return: how many; those of one place in a ring. */
static unsigned int add_program(struct entry *list, const struct program *p,
				unsigned int runner, unsigned int thread)
{
	unsigned int n = 0, i;

	for (i = 0; i < p->length && i < MAX_CALLS; i++)
		if (p->call[i].seq)
			list[n++] = (struct entry) { p, runner, thread, i };
	return n;
}

static struct state *state_of(const char *file)
{
	struct state *s = state_read(file);

	if (s)
		files_use(s);
	else
		fprintf(stderr, "fuzz: %s: %m\n", file);
	return s;
}

/**
 * show_calls - print what threads have called of late, in its order
 * @file: a state
 *
 * Return: an exit status.
 */
int show_calls(const char *file)
{
	struct state *s = state_of(file);
	struct entry *list, *e;
	unsigned int r, t, p;
	size_t n = 0;

	list = calloc(MAX_RUNNERS * MAX_THREADS * RING_SIZE * MAX_CALLS,
		      sizeof(*list));
	if (!s || !list)
		return 1;
	for (r = 0; r < MAX_RUNNERS; r++)
		for (t = 0; t < MAX_THREADS; t++)
			for (p = 0; p < RING_SIZE; p++)
				n += add_program(&list[n],
						 &s->ring[r][t].program[p],
						 r, t);
	qsort(list, n, sizeof(*list), compare);
	for (e = list; e < list + n; e++) {
		static const char *const personas[PERSONAS] = {
			"root", "nobody", "root of a namespace",
		};

		printf("%u %u.%u.%u, %s: ", seq_of(e), e->runner,
		       e->program->life, e->thread,
		       personas[e->program->persona % PERSONAS]);
		call_print(&e->program->call[e->at]);
	}
	return 0;
}

/**
 * show_covered - print what code has been reached, and where the module lay
 * @file: a state
 *
 * Return: an exit status.
 */
int show_covered(const char *file)
{
	const struct state *s = state_of(file);
	unsigned int i;

	if (!s)
		return 1;
	for (i = 0; i < MAX_SECTIONS; i++)
		if (s->section[i].address)
			printf("section %s %llx\n", s->section[i].name,
			       s->section[i].address);
	for (i = 0; i < PCS_SIZE; i++)
		if (s->pcs[i])
			printf("pc %llx\n", s->pcs[i]);
	return 0;
}
