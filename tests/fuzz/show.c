// SPDX-License-Identifier: GPL-2.0-only
/* What a state has to tell when its machine has ended, however it did. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/**
 * show_made - print the seed, and how many calls have been made
 * @file: a state
 *
 * Return: an exit status.
 */
int show_made(const char *file)
{
	const struct state *s = state_of(file);

	if (!s)
		return 1;
	printf("%llu %llu\n", s->seed, state_calls(s));
	return 0;
}

/* The first line of a file of a task's, without what it ends with. */
static void task_file(char *text, size_t size, pid_t pid, const char *task,
		      const char *file)
{
	char path[320];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/%s", pid, task, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, size - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = 0;
	text[strcspn(text, "\n")] = 0;
}

/* Its calls that have begun and not ended. */
static void show_under_way(const struct ring *ring, unsigned int life,
			   unsigned int thread)
{
	const struct program *p;
	unsigned int i;

	for (p = ring->program; p < ring->program + RING_SIZE; p++)
		for (i = 0; p->life == life && i < MAX_CALLS; i++)
			if (p->call[i].under_way) {
				printf("#   thread %u: ", thread);
				call_print(&p->call[i]);
			}
}

/**
 * show_stuck - print why a runner may have made no call for long
 * @s: the state
 * @place: the runner's
 * @life: which one it is in that place
 * @pid: its process
 *
 * What each of its tasks waits for, and which calls are under way.
 */
void show_stuck(const struct state *s, unsigned int place, unsigned int life,
		pid_t pid)
{
	char path[64], stat[64], wchan[64];
	const struct dirent *entry;
	const char *end;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	printf("# stuck, runner %u:", place);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		task_file(stat, sizeof(stat), pid, entry->d_name, "stat");
		task_file(wchan, sizeof(wchan), pid, entry->d_name, "wchan");
		end = strrchr(stat, ')');
		printf(" %c(%s)", end ? end[2] : '?', wchan);
	}
	if (dir)
		closedir(dir);
	printf("\n");
	for (unsigned int t = 0; t < s->threads; t++)
		show_under_way(&s->ring[place][t], life, t);
	fflush(stdout);
}
