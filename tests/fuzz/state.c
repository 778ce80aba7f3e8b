// SPDX-License-Identifier: GPL-2.0-only
/* What runners and threads share, and the host looks at afterwards. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

static_assert(sizeof(struct state) <= STATE_BYTES, "the state has grown");

/* Another table of operations reads another program out of the same numbers. */
static __u64 state_magic(void)
{
	__u64 hash = 0x6167656e74667a00ULL + sizeof(struct state);

	for (unsigned int i = 0; i < nr_ops; i++) {
		for (const char *c = ops[i].name; *c; c++)
			hash = (hash ^ *c) * 0x100000001b3ULL;
		for (unsigned int a = 0; a < MAX_ARGS; a++)
			hash = (hash ^ ops[i].type[a]) * 0x100000001b3ULL;
	}
	return hash;
}

static struct state *state_map(const char *file, int flags)
{
	int fd = -1;
	void *s;

	if (file) {
		fd = open(file, flags | O_CLOEXEC);
		if (fd < 0)
			return NULL;
	}
	s = mmap(NULL, STATE_BYTES,
		 flags == O_RDONLY ? PROT_READ : PROT_READ | PROT_WRITE,
		 MAP_SHARED | (file ? 0 : MAP_ANONYMOUS), fd, 0);
	if (file)
		close(fd);
	return s == MAP_FAILED ? NULL : s;
}

/* In @file, or nowhere. A corpus that fits is kept, unless @fresh. */
struct state *state_open(const char *file, bool fresh)
{
	struct state *s = state_map(file, O_RDWR);

	if (s && (fresh || s->magic != state_magic() ||
		  s->corpus_length > CORPUS_SIZE)) {
		memset(s, 0, sizeof(*s));
		s->magic = state_magic();
	}
	return s;
}

/* To be looked at; NULL with ESTALE where another program has written it. */
struct state *state_read(const char *file)
{
	struct state *s = state_map(file, O_RDONLY);

	if (s && s->magic != state_magic()) {
		errno = ESTALE;
		return NULL;
	}
	return s;
}

void state_clear(struct state *s)
{
	const size_t from = offsetof(struct state, seed);

	memset((char *)s + from, 0, sizeof(*s) - from);
}

/* Return: whether it is new. */
bool state_add_pc(struct state *s, __u64 pc)
{
	unsigned int at = (pc * 0x9e3779b97f4a7c15ULL) >> 50;
	__u64 there;

	static_assert(PCS_SIZE == 1 << (64 - 50), "the hash has other bits");
	for (unsigned int i = 0; i < PCS_SIZE; i++, at++) {
		__u64 *slot = &s->pcs[at % PCS_SIZE];

		there = __atomic_load_n(slot, __ATOMIC_RELAXED);
		if (!there && __atomic_compare_exchange_n(slot, &there, pc,
							  false,
							  __ATOMIC_RELAXED,
							  __ATOMIC_RELAXED)) {
			__atomic_fetch_add(&s->npcs, 1, __ATOMIC_RELAXED);
			return true;
		}
		if (there == pc)
			return false;
	}
	return false;
}

/* The first @length calls of a program that has reached new code. */
void state_keep(struct state *s, const struct program *p, unsigned int length)
{
	unsigned int at = __atomic_fetch_add(&s->corpus_length, 1,
					     __ATOMIC_RELAXED);
	struct program *kept;

	if (at >= CORPUS_SIZE) {
		__atomic_store_n(&s->corpus_length, CORPUS_SIZE,
				 __ATOMIC_RELAXED);
		at %= CORPUS_SIZE;
	}
	kept = &s->corpus[at];
	/* Who takes it while it is written has a program like any other. */
	memcpy(kept->call, p->call, length * sizeof(*p->call));
	kept->persona = p->persona;
	kept->length = length;
	__atomic_fetch_add(&s->new_programs, 1, __ATOMIC_RELAXED);
}

/* One that there is, and has a directory, where @dir. */
void state_add_sid(struct state *s, const __u8 *sid, bool dir)
{
	unsigned int at = __atomic_fetch_add(&s->sids, 1, __ATOMIC_RELAXED);

	memcpy(s->sid[at % SIDS_SIZE], sid, AGENT_NS_ID_BYTES);
	if (!dir)
		return;
	at = __atomic_fetch_add(&s->dirs, 1, __ATOMIC_RELAXED);
	memcpy(s->dir[at % SIDS_SIZE], sid, AGENT_NS_ID_BYTES);
}

__u64 state_calls(const struct state *s)
{
	__u64 n = 0;

	for (unsigned int i = 0; i < nr_ops; i++)
		n += s->done[i];
	return n;
}
