// SPDX-License-Identifier: LGPL-2.1-or-later
/* /proc/agent_sessions: all sessions in one file, a line each. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* Reading much at once saves calls; no line is nearly as long. */
#define BUFFER_SIZE	65536
/* Later modules may have more columns than this library knows. */
#define COLUMNS_MAX	128

struct agentns__table {
	int fd;
	uint64_t has;		/* mask of AGENTNS_FIELD_* */
	size_t n_columns;
	size_t id_column;
	/* NULL: of no interest */
	const struct agentns__field *columns[COLUMNS_MAX];
	char *at;		/* what was read and not yet looked at */
	char *end;
	char buf[BUFFER_SIZE];
};

/* Return: bytes read, 0 at the end, or -errno. */
static ssize_t fill(struct agentns__table *t)
{
	size_t rest = t->end - t->at;
	ssize_t n;

	if (rest == sizeof(t->buf))
		return -EBADMSG;
	memmove(t->buf, t->at, rest);
	t->at = t->buf;
	t->end = t->buf + rest;
	do
		n = read(t->fd, t->end, sizeof(t->buf) - rest);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	t->end += n;
	return n;
}

/* The next line, as a string; NULL at the end, or with *@error. */
static char *next_line(struct agentns__table *t, int *error)
{
	size_t searched = 0;

	*error = 0;
	for (;;) {
		size_t have = t->end - t->at;
		char *newline = NULL;
		ssize_t n;

		if (have > searched)
			newline = memchr(t->at + searched, '\n',
					 have - searched);
		if (newline) {
			char *line = t->at;

			*newline = '\0';
			t->at = newline + 1;
			/* A NUL inside would hide what follows. */
			if (strlen(line) == (size_t)(newline - line))
				return line;
			*error = -EBADMSG;
			return NULL;
		}
		searched = have;
		n = fill(t);
		if (n > 0)
			continue;
		/* The last line ends in a newline, too. */
		*error = n < 0 ? n : searched ? -EBADMSG : 0;
		return NULL;
	}
}

static const struct agentns__field *find_field(const char *column)
{
	size_t i;

	for (i = 0; i < AGENTNS__N_FIELDS; i++)
		if (!strcmp(agentns__fields[i].column, column))
			return &agentns__fields[i];
	return NULL;
}

/* The names of the columns; the tag stands last, because it may have blanks. */
static int read_headings(struct agentns__table *t)
{
	const struct agentns__field *last;
	char *line, *name;
	int error;

	line = next_line(t, &error);
	if (!line)
		return error ? error : -EBADMSG;
	t->id_column = COLUMNS_MAX;
	while ((name = strsep(&line, " "))) {
		if (t->n_columns == COLUMNS_MAX)
			return -EBADMSG;
		if (!strcmp(name, "id"))
			t->id_column = t->n_columns;
		else
			t->columns[t->n_columns] = find_field(name);
		if (t->columns[t->n_columns])
			t->has |= t->columns[t->n_columns]->mask;
		t->n_columns++;
	}
	last = t->columns[t->n_columns - 1];
	if (t->id_column == COLUMNS_MAX || !last ||
	    last->mask != AGENTNS_FIELD_INTENT)
		return -EBADMSG;
	return 0;
}

int agentns__table_open(struct agentns *handle, struct agentns__table **table)
{
	struct agentns__table *t;
	int fd, ret;

	fd = openat(handle->root_fd, AGENTNS_TABLE, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	t = malloc(sizeof(*t));
	if (!t) {
		close(fd);
		return -ENOMEM;
	}
	memset(t, 0, offsetof(struct agentns__table, buf));
	t->fd = fd;
	t->at = t->buf;
	t->end = t->buf;
	ret = read_headings(t);
	if (ret)
		agentns__table_close(t);
	else
		*table = t;
	return ret;
}

void agentns__table_close(struct agentns__table *table)
{
	close(table->fd);
	free(table);
}

int agentns__table_next(struct agentns__table *t,
			struct agentns_session *session, uint64_t fields)
{
	struct agentns_session read = { .fields = fields & t->has };
	char *line, *value;
	size_t i;
	int ret;

	line = next_line(t, &ret);
	if (!line)
		return ret;
	for (i = 0; i < t->n_columns; i++) {
		const struct agentns__field *field = t->columns[i];

		value = line;
		if (i + 1 < t->n_columns) {
			line = strchr(value, ' ');
			if (!line)
				return -EBADMSG;
			*line++ = '\0';
		}
		if (i == t->id_column)
			ret = agentns_id_parse(value, &read.id);
		else if (field && fields & field->mask)
			ret = field->set(&read, field->offset, value);
		if (ret)
			return -EBADMSG;
	}
	*session = read;
	return 1;
}
