/* SPDX-License-Identifier: GPL-2.0-only */
/* What a column of a table is called, and how it is shown. */
#ifndef AGENTNS_COLUMN_H
#define AGENTNS_COLUMN_H

enum column_type {
	COLUMN_STRING,
	COLUMN_NUMBER,		/* to the right; a number in JSON */
	COLUMN_BOOLEAN,
};

/**
 * struct column - one column
 * @name: its heading; in lower case its key in JSON
 * @help: what is in it
 * @type: of its values
 */
struct column {
	const char *name;
	const char *help;
	enum column_type type;
};

#endif /* AGENTNS_COLUMN_H */
