// SPDX-License-Identifier: GPL-2.0-only
/* Programs: made from nothing, or of those that have reached new code. */
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

static void call_make(__u64 *random, struct call *c)
{
	static unsigned int total;
	unsigned int op, at;

	if (!total)
		for (op = 0; op < nr_ops; op++)
			total += ops[op].weight;
	at = random_below(random, total);
	for (op = 0; at >= ops[op].weight; op++)
		at -= ops[op].weight;
	*c = (struct call) { .op = op };
	for (unsigned int i = 0; i < MAX_ARGS; i++)
		c->arg[i] = random_number(random);
}

static void insert(struct program *p, unsigned int at, const struct call *c)
{
	if (p->length == MAX_CALLS)
		p->length--;
	if (at > p->length)
		at = p->length;
	memmove(&p->call[at + 1], &p->call[at],
		(p->length - at) * sizeof(*p->call));
	p->call[at] = *c;
	p->length++;
}

static void take_out(struct program *p, unsigned int at)
{
	if (p->length < 2)
		return;
	p->length--;
	memmove(&p->call[at], &p->call[at + 1],
		(p->length - at) * sizeof(*p->call));
}

static void change_argument(__u64 *random, struct call *c)
{
	__u32 *arg = &c->arg[random_below(random, MAX_ARGS)];

	switch (random_below(random, 4)) {
	case 0:
		*arg = random_number(random);
		break;
	case 1:
		*arg ^= 1u << random_below(random, 32);
		break;
	case 2:
		/* Where it is, see value_of(), and not what. */
		*arg = (*arg & ~0xffu) | (random_number(random) & 0xff);
		break;
	default:
		*arg = (*arg & 0xff) | (__u32)random_number(random) << 8;
	}
}

/* The end of another, behind the beginning of this one. */
static void splice(__u64 *random, struct program *p,
		   const struct program *other)
{
	unsigned int n = other->length % (MAX_CALLS + 1), from;

	if (!n)
		return;
	p->length = 1 + random_below(random, p->length);
	for (from = random_below(random, n); from < n; from++)
		if (p->length < MAX_CALLS)
			p->call[p->length++] = other->call[from];
}

static const struct program *from_corpus(__u64 *random, const struct state *s)
{
	__u32 n = __atomic_load_n(&s->corpus_length, __ATOMIC_RELAXED);

	return &s->corpus[random_below(random, n < CORPUS_SIZE ? n :
						CORPUS_SIZE)];
}

static void change(__u64 *random, const struct state *s, struct program *p)
{
	unsigned int at = random_below(random, p->length);
	struct call c;

	switch (random_below(random, 8)) {
	case 0:
		call_make(random, &c);
		insert(p, at, &c);
		break;
	case 1:
		take_out(p, at);
		break;
	case 2:
		c = p->call[at];
		insert(p, random_below(random, p->length + 1), &c);
		break;
	case 3:
		splice(random, p, from_corpus(random, s));
		break;
	default:
		change_argument(random, &p->call[at]);
	}
}

static void make_new(struct thread *t, struct program *p)
{
	p->length = 1 + random_below(&t->random, MAX_CALLS);
	for (unsigned int i = 0; i < p->length; i++)
		call_make(&t->random, &p->call[i]);
	/* Outside of sessions there is less to do. The first is enter. */
	if (random_below(&t->random, 2))
		p->call[0] = (struct call) { .op = 0, .arg = { 1, 1, 1, 1 } };
}

/* What the last run has kept, which is to be seen to reach what it did. */
static struct program seeds[CORPUS_SIZE];
static unsigned int nr_seeds;

/* The corpus, which begins anew. */
void program_seeds(struct state *s)
{
	memcpy(seeds, s->corpus, sizeof(seeds));
	nr_seeds = s->corpus_length;
	s->corpus_length = 0;
}

/* It has not been made yet. */
void call_reset(struct call *c)
{
	c->under_way = 0;
	c->error = 0;
	c->seq = 0;
}

/* The next program for a thread. */
void program_make(struct thread *t, struct program *p)
{
	struct state *s = t->state;
	unsigned int changes, i;

	memset(p, 0, sizeof(*p));
	i = nr_seeds;
	if (s->seeds_taken < nr_seeds)
		i = __atomic_fetch_add(&s->seeds_taken, 1, __ATOMIC_RELAXED);
	if (i < nr_seeds && seeds[i].length && seeds[i].length <= MAX_CALLS) {
		*p = seeds[i];
	} else if (!s->corpus_length || !random_below(&t->random, 4)) {
		make_new(t, p);
	} else {
		*p = *from_corpus(&t->random, s);
		/* Somebody may have been writing it. */
		if (!p->length || p->length > MAX_CALLS)
			make_new(t, p);
		changes = 1 + random_below(&t->random, 4);
		for (i = 0; i < changes; i++)
			change(&t->random, s, p);
	}
	for (i = 0; i < p->length; i++) {
		p->call[i].op %= nr_ops;
		call_reset(&p->call[i]);
	}
	p->persona = t->persona;
	p->life = t->life;
}

void call_print(const struct call *c)
{
	const struct op *op = &ops[c->op % nr_ops];
	char text[256];

	printf("%s(", op->name);
	for (unsigned int i = 0; i < MAX_ARGS && op->type[i]; i++)
		printf("%s%s", i ? ", " : "",
		       value_text(op->type[i], c->arg[i], text, sizeof(text)));
	if (c->under_way)
		printf(") under way\n");
	else
		printf(") = %s\n", c->error ? strerror(c->error) : "good");
}
