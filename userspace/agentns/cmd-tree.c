// SPDX-License-Identifier: GPL-2.0-only
/* agentns tree - sessions with their processes in them. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "problem.h"
#include "session-columns.h"
#include "table.h"
#include "target.h"

/* These, then those of a session. */
enum {
	COL_NODE,
	COL_TYPE,
	COL_PID,
	COL_PPID,
	COL_USER,
	COL_STATE,
	COL_THREADS,
	COL_CMD,
	COL_SESSION,
	N_TREE_COLUMNS = COL_SESSION + N_SESSION_COLUMNS
};

static const struct column tree_columns[] = {
	[COL_NODE]	= { "NODE", "session id, or name of the process",
			    COLUMN_STRING },
	[COL_TYPE]	= { "TYPE", "session or process", COLUMN_STRING },
	[COL_PID]	= { "PID", "process id", COLUMN_NUMBER },
	[COL_PPID]	= { "PPID", "the parent process's id", COLUMN_NUMBER },
	[COL_USER]	= { "USER", "effective user of the process",
			    COLUMN_STRING },
	[COL_STATE]	= { "STATE", "state of the process, a letter as in ps",
			    COLUMN_STRING },
	[COL_THREADS]	= { "THREADS", "threads of the process", COLUMN_NUMBER },
	[COL_CMD]	= { "CMD", "command line of the process",
			    COLUMN_STRING },
	SESSION_COLUMNS(COL_SESSION),
#define X(heading, member, counter, limit, text) \
	SESSION_RESOURCE_COLUMNS(COL_SESSION, heading, text),
	RESOURCES(X)
#undef X
	[N_TREE_COLUMNS] = { 0 }
};

static const char default_columns[] =
	"NODE,PID,USER,SYSCALLS,WRITE_BYTES,FORKS,ELAPSED,INTENT";

static const struct option_spec options[] = {
	TABLE_OPTION_SPECS,
	SYSROOT_OPTION_SPEC,
	{ 0 }
};

const struct command command_tree = {
	.name = "agentns tree",
	.summary = "show sessions and their processes, nested",
	.operands = "[OPTION...] [PID|ID]",
	.about =
"Show agent sessions with the sessions and processes in them, or the one\n"
"session that is named.\n"
"\n"
TARGET_OPERAND_HELP,
	.options = options,
	.columns = tree_columns,
	.complete = COMPLETE_PROCESS,
	.run = cmd_tree,
};

/* A process, and whether it stands in the table already. */
struct member {
	struct agentns_process process;
	bool shown;
};

/*
 * Deeper ones stand beside those of this depth: each level makes a line longer,
 * and whoever makes processes says how deep they nest.
 */
#define NESTED_MAX	64

/* On the way down from a process: its line, and which child comes next. */
struct step {
	pid_t pid;
	void *line;
	size_t next;	/* in by_ppid */
};

struct tree {
	struct table_options options;
	const char *root;
	struct table *table;
	struct session_list list;
	bool *shown;	/* one for each of list.sessions */
	size_t *by_id;	/* list.sessions in order of their ids, */
	size_t *by_parent;	/* and of their parents' */
	struct member *members;	/* sorted by session and PID */
	size_t *by_ppid;	/* members in order of session, parent, PID */
	struct step *steps;	/* one for each of members */
	size_t n_members;
};

/* A row is one of the two. */
struct row {
	const struct tree *tree;
	const struct agentns_session *session;
	const struct agentns_process *process;
};

/* The words of /proc/PID/cmdline, "[NAME]" when it has none. */
static char *command_line(const struct row *row)
{
	const struct agentns_process *p = row->process;
	char path[PATH_MAX], text[4096];
	ssize_t n = -1, i;
	int fd;

	if (snprintf(path, sizeof(path), "%s/proc/%ld/cmdline",
		     row->tree->root ? row->tree->root : "", (long)p->pid) <
	    (int)sizeof(path)) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0) {
			n = read(fd, text, sizeof(text) - 1);
			close(fd);
		}
	}
	if (n <= 0)
		return format("[%s]", p->comm);
	while (n > 1 && !text[n - 1])
		n--;
	for (i = 0; i < n; i++)
		if (!text[i])
			text[i] = ' ';
	return format("%.*s", (int)n, text);
}

static char *user_name(uid_t uid)
{
	struct passwd *pw = getpwuid(uid);

	return pw ? format("%s", pw->pw_name) : format("%u", uid);
}

static char *process_cell(const struct row *row, size_t column)
{
	const struct agentns_process *p = row->process;
	char id[AGENTNS_ID_BUFSIZE];

	switch (column) {
	case COL_NODE:
		return format("%s", p->comm);
	case COL_TYPE:
		return format("process");
	case COL_PID:
		return format("%ld", (long)p->pid);
	case COL_PPID:
		return format("%ld", (long)p->ppid);
	case COL_USER:
		return user_name(p->uid);
	case COL_STATE:
		return format("%c", p->state);
	case COL_THREADS:
		return format("%u", (unsigned int)p->threads);
	case COL_CMD:
		return command_line(row);
	case COL_SESSION + COL_ID:
		return format("%s", agentns_id_format(&p->session, id));
	default:
		return NULL;
	}
}

static char *tree_cell(const void *data, size_t column)
{
	const struct row *row = data;

	if (row->process)
		return process_cell(row, column);
	if (column == COL_NODE)
		column = COL_SESSION + COL_ID;
	if (column == COL_TYPE)
		return format("session");
	if (column < COL_SESSION)
		return NULL;
	return session_cell(row->session, column - COL_SESSION);
}

static int by_session_and_pid(const void *a, const void *b)
{
	const struct member *m = a, *n = b;
	int order = agentns_id_cmp(&m->process.session, &n->process.session);

	return order ? order : m->process.pid - n->process.pid;
}

static int by_session_and_ppid(const void *a, const void *b, void *data)
{
	const struct member *members = data;
	size_t i = *(const size_t *)a, j = *(const size_t *)b;
	const struct agentns_process *p = &members[i].process;
	const struct agentns_process *q = &members[j].process;
	int order = agentns_id_cmp(&p->session, &q->session);

	if (!order)
		order = (p->ppid > q->ppid) - (p->ppid < q->ppid);
	return order ? order : (i > j) - (i < j);
}

static void sort_members(struct tree *tree)
{
	size_t n = tree->n_members, i;

	tree->by_ppid = calloc(n + 1, sizeof(*tree->by_ppid));
	tree->steps = calloc(n + 1, sizeof(*tree->steps));
	if (!tree->by_ppid || !tree->steps)
		err(EXIT_FAILURE, "cannot list processes");
	if (!n)
		return;
	qsort(tree->members, n, sizeof(*tree->members), by_session_and_pid);
	for (i = 0; i < n; i++)
		tree->by_ppid[i] = i;
	qsort_r(tree->by_ppid, n, sizeof(*tree->by_ppid), by_session_and_ppid,
		tree->members);
}

static void read_members(struct tree *tree, struct agentns *handle)
{
	struct agentns_process_iter *iter;
	struct agentns_process p;
	size_t room = 0;
	int ret;

	ret = agentns_process_iter_open(handle, &iter);
	if (ret)
		errx(EXIT_FAILURE, "cannot list processes: %s",
		     problem_read(ret));
	while ((ret = agentns_process_iter_next(iter, &p)) > 0) {
		if (agentns_id_is_zero(&p.session))
			continue;
		if (tree->n_members == room) {
			room = room ? 2 * room : 64;
			tree->members = reallocarray(tree->members, room,
						     sizeof(*tree->members));
			if (!tree->members)
				err(EXIT_FAILURE, "cannot list processes");
		}
		tree->members[tree->n_members++] =
			(struct member) { .process = p };
	}
	agentns_process_iter_close(iter);
	if (ret)
		errx(EXIT_FAILURE, "cannot list processes: %s",
		     problem_read(ret));
	sort_members(tree);
}

/* The members of one session: [*first, *end), in by_ppid as well. */
static void range_of(const struct tree *tree,
		     const struct agent_session_id_uapi *id, size_t *first,
		     size_t *end)
{
	size_t low = 0, high = tree->n_members;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (agentns_id_cmp(&tree->members[middle].process.session,
				   id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*first = low;
	while (low < tree->n_members &&
	       !agentns_id_cmp(&tree->members[low].process.session, id))
		low++;
	*end = low;
}

/* The first place in by_ppid with this parent, or where it would be. */
static size_t first_of_parent(const struct tree *tree, pid_t ppid,
			      size_t first, size_t end)
{
	while (first < end) {
		size_t middle = first + (end - first) / 2;
		size_t i = tree->by_ppid[middle];

		if (tree->members[i].process.ppid < ppid)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

static struct step show_member(struct tree *tree, size_t i, size_t first,
			       size_t end, void *parent)
{
	struct member *m = &tree->members[i];
	struct row row = { tree, NULL, &m->process };
	void *line;

	m->shown = true;
	line = table_add(tree->table, tree_cell, &row, parent);
	return (struct step) {
		.pid = m->process.pid,
		.line = line ? line : parent,
		.next = first_of_parent(tree, m->process.pid, first, end),
	};
}

/* A child of the process of @step that is not in the table yet. */
static bool next_child(const struct tree *tree, struct step *step, size_t end,
		       size_t *child)
{
	while (step->next < end) {
		*child = tree->by_ppid[step->next];
		if (tree->members[*child].process.ppid != step->pid)
			return false;
		step->next++;
		if (!tree->members[*child].shown)
			return true;
	}
	return false;
}

/* Not by calling itself, as there is no end to how deep they nest. */
static void show_with_children(struct tree *tree, size_t i, size_t first,
			       size_t end, void *parent)
{
	size_t depth = 0;

	tree->steps[0] = show_member(tree, i, first, end, parent);
	for (;;) {
		size_t above = depth < NESTED_MAX ? depth : NESTED_MAX - 1;

		if (next_child(tree, &tree->steps[depth], end, &i))
			tree->steps[++depth] =
				show_member(tree, i, first, end,
					    tree->steps[above].line);
		else if (!depth--)
			break;
	}
}

static bool has_parent(const struct tree *tree, size_t i, size_t first,
		       size_t end)
{
	pid_t ppid = tree->members[i].process.ppid;

	/* A session's members are in the order of their PIDs. */
	while (first < end) {
		size_t middle = first + (end - first) / 2;
		pid_t pid = tree->members[middle].process.pid;

		if (pid == ppid)
			return true;
		if (pid < ppid)
			first = middle + 1;
		else
			end = middle;
	}
	return false;
}

static void show_members(struct tree *tree,
			 const struct agent_session_id_uapi *id, void *parent)
{
	size_t first, end, i;

	range_of(tree, id, &first, &end);
	for (i = first; i < end; i++)
		if (!has_parent(tree, i, first, end))
			show_with_children(tree, i, first, end, parent);
	/* Read while parents changed, they may point at one another. */
	for (i = first; i < end; i++)
		if (!tree->members[i].shown)
			show_with_children(tree, i, first, end, parent);
}

static int compare_ids(const void *a, const void *b, void *data)
{
	const struct agentns_session *sessions = data;

	return agentns_id_cmp(&sessions[*(const size_t *)a].id,
			      &sessions[*(const size_t *)b].id);
}

/* Children of one parent stay in the order of the list. */
static int compare_parents(const void *a, const void *b, void *data)
{
	const struct agentns_session *sessions = data;
	size_t i = *(const size_t *)a, j = *(const size_t *)b;
	int order = agentns_id_cmp(&sessions[i].parent, &sessions[j].parent);

	return order ? order : (i > j) - (i < j);
}

static size_t *make_index(const struct session_list *list,
			  int (*compare)(const void *, const void *, void *))
{
	size_t *index = calloc(list->n + 1, sizeof(*index)), i;

	if (!index)
		err(EXIT_FAILURE, "cannot list agent sessions");
	for (i = 0; i < list->n; i++)
		index[i] = i;
	if (list->n)
		qsort_r(index, list->n, sizeof(*index), compare,
			list->sessions);
	return index;
}

static void index_sessions(struct tree *tree)
{
	free(tree->by_id);
	free(tree->by_parent);
	tree->by_id = make_index(&tree->list, compare_ids);
	tree->by_parent = make_index(&tree->list, compare_parents);
}

/* The first place in by_parent with this parent, or where it would be. */
static size_t first_child(const struct tree *tree,
			  const struct agent_session_id_uapi *parent)
{
	size_t low = 0, high = tree->list.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		size_t i = tree->by_parent[middle];

		if (agentns_id_cmp(&tree->list.sessions[i].parent, parent) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool find_session(const struct tree *tree,
			 const struct agent_session_id_uapi *id, size_t *i)
{
	size_t low = 0, high = tree->list.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order;

		*i = tree->by_id[middle];
		order = agentns_id_cmp(&tree->list.sessions[*i].id, id);
		if (!order)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static void show_session(struct tree *tree, size_t i, void *parent)
{
	const struct agentns_session *s = &tree->list.sessions[i];
	struct row row = { tree, s, NULL };
	void *line;
	size_t j;

	tree->shown[i] = true;
	line = table_add(tree->table, tree_cell, &row, parent);
	if (!line)
		line = parent;
	show_members(tree, &s->id, line);
	for (j = first_child(tree, &s->id); j < tree->list.n; j++) {
		size_t child = tree->by_parent[j];

		if (agentns_id_cmp(&tree->list.sessions[child].parent, &s->id))
			break;
		if (!tree->shown[child])
			show_session(tree, child, line);
	}
}

/* Sessions without a directory are known by their processes alone. */
static void add_hidden(struct tree *tree, struct agentns *handle)
{
	struct agentns_session *sessions;
	size_t i, unused, known = tree->list.n, hidden = 0;

	index_sessions(tree);
	for (i = 0; i < tree->n_members; i++) {
		const struct agentns_process *p = &tree->members[i].process;
		struct agentns_session s = {
			.fields = AGENTNS_FIELD_COUNTERS,
			.id = p->session,
		};

		if ((i && !agentns_id_cmp(&p->session,
					  &tree->members[i - 1].process.session)) ||
		    find_session(tree, &p->session, &unused))
			continue;
		agentns_pid_intent(handle, p->pid, s.intent);
		agentns_pid_counters(handle, p->pid, &s.counters);
		sessions = reallocarray(tree->list.sessions, known + hidden + 1,
					sizeof(s));
		if (!sessions)
			err(EXIT_FAILURE, "cannot list agent sessions");
		tree->list.sessions = sessions;
		sessions[known + hidden++] = s;
	}
	tree->list.n += hidden;
	index_sessions(tree);
}

static void show_all(struct tree *tree)
{
	size_t i, j;

	for (i = 0; i < tree->list.n; i++)
		if (!find_session(tree, &tree->list.sessions[i].parent, &j))
			show_session(tree, i, NULL);
	for (i = 0; i < tree->list.n; i++)
		if (!tree->shown[i])
			show_session(tree, i, NULL);
}

static const char *parse_options(int argc, char **argv, struct tree *tree)
{
	struct option_parser parser;
	int c;

	options_begin(&parser, &command_tree);
	while ((c = options_next(&parser, argc, argv)) != -1)
		if (!table_option(&tree->options, c, optarg))
			tree->root = optarg;
	if (optind + 1 < argc) {
		warnx("more than one PID or session id was given");
		usage_hint(&command_tree);
	}
	return argv[optind];
}

int cmd_tree(int argc, char **argv)
{
	struct tree tree = { .root = NULL };
	struct agentns *handle;
	struct target target;
	const char *what;
	int status = EXIT_SUCCESS;
	size_t i;

	what = parse_options(argc, argv, &tree);
	tree.table = table_new("tree", &command_tree, &tree.options,
			       default_columns, "NODE");
	handle = open_handle(tree.root);
	if (what)
		status = target_find(handle, "show", what, &target);
	if (status)
		table_free(tree.table);
	if (status == EXIT_USAGE)
		usage_hint(&command_tree);
	if (!status) {
		read_sessions(handle, &tree.list, AGENTNS_FIELD_ALL);
		read_members(&tree, handle);
		add_hidden(&tree, handle);
		tree.shown = calloc(tree.list.n + 1, sizeof(*tree.shown));
		if (!tree.shown)
			err(EXIT_FAILURE, "cannot list agent sessions");
		if (!what)
			show_all(&tree);
		else if (find_session(&tree, &target.session.id, &i))
			show_session(&tree, i, NULL);
		table_print(tree.table);
	}
	free(tree.by_id);
	free(tree.by_parent);
	free(tree.shown);
	free(tree.list.sessions);
	free(tree.members);
	free(tree.by_ppid);
	free(tree.steps);
	agentns_close(handle);
	return status;
}
