// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <err.h>
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "escape.h"
#include "filter.h"
#include "table.h"

/* Parentheses and "!" nest this deep: the parser recurses. */
#define DEPTH_MAX	50

/* So long may a chain of comparisons be: evaluation recurses. */
#define COMPARISONS_MAX	1000

enum op { OP_OR, OP_AND, OP_NOT, OP_TRUE, OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT,
	  OP_GE, OP_MATCH, OP_NO_MATCH };

/**
 * struct filter - a node of the expression
 * @op: what it does
 * @left: operand of OP_OR, OP_AND and OP_NOT
 * @right: the other one of OP_OR and OP_AND
 * @column: what the other operators look at
 * @number: is the column a number?
 * @text: what it is compared with
 * @value: the same as a number
 * @regex: for OP_MATCH and OP_NO_MATCH
 */
struct filter {
	enum op op;
	struct filter *left;
	struct filter *right;
	size_t column;
	bool number;
	char *text;
	long double value;
	regex_t regex;
};

struct parser {
	const char *start;
	const char *at;
	const struct column *columns;
	char *error;
	unsigned int depth;
	unsigned int comparisons;
};

static struct filter *parse_or(struct parser *p);

static struct filter *node(enum op op, struct filter *left,
			   struct filter *right)
{
	struct filter *f = calloc(1, sizeof(*f));

	if (!f)
		err(EXIT_FAILURE, "cannot read the filter");
	f->op = op;
	f->left = left;
	f->right = right;
	return f;
}

static struct filter *fail(struct parser *p, const char *what)
{
	if (!p->error)
		p->error = format("%s at character %zu", what,
				  (size_t)(p->at - p->start) + 1);
	return NULL;
}

static void blanks(struct parser *p)
{
	p->at += strspn(p->at, " \t\n");
}

/* Eat @symbol, or the whole word @word. */
static bool eat(struct parser *p, const char *symbol, const char *word)
{
	size_t len = strlen(symbol);

	blanks(p);
	if (!strncmp(p->at, symbol, len)) {
		p->at += len;
		return true;
	}
	len = word ? strlen(word) : 0;
	if (len && !strncasecmp(p->at, word, len) &&
	    !isalnum((unsigned char)p->at[len]) && p->at[len] != '_') {
		p->at += len;
		return true;
	}
	return false;
}

static bool eat_op(struct parser *p, enum op *op)
{
	static const struct {
		const char *symbol;
		const char *word;
		enum op op;
	} ops[] = {
		{ "==", "eq", OP_EQ }, { "!=", "ne", OP_NE },
		{ "=~", NULL, OP_MATCH }, { "!~", NULL, OP_NO_MATCH },
		{ "<=", "le", OP_LE }, { ">=", "ge", OP_GE },
		{ "<", "lt", OP_LT }, { ">", "gt", OP_GT },
	};
	size_t i;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (eat(p, ops[i].symbol, ops[i].word)) {
			*op = ops[i].op;
			return true;
		}
	}
	return false;
}

/* A word, or a string in quotes of either kind, in which \ takes its meaning. */
static char *parse_value(struct parser *p)
{
	char *text, *out;
	size_t len;

	blanks(p);
	text = out = malloc(strlen(p->at) + 1);
	if (!text)
		err(EXIT_FAILURE, "cannot read the filter");
	if (*p->at == '"' || *p->at == '\'') {
		char quote = *p->at;
		const char *s;

		for (s = p->at + 1; *s && *s != quote; s++) {
			if (*s == '\\' && (s[1] == quote || s[1] == '\\'))
				s++;
			*out++ = *s;
		}
		if (*s == quote) {
			*out = '\0';
			p->at = s + 1;
			return text;
		}
		fail(p, "a string that does not end");
	} else {
		len = strcspn(p->at, " \t\n()&|!<>=~\"'");
		if (len) {
			memcpy(text, p->at, len);
			text[len] = '\0';
			p->at += len;
			return text;
		}
		fail(p, "a value is missing");
	}
	free(text);
	return NULL;
}

static bool set_value(struct parser *p, struct filter *f)
{
	char *end;

	if (f->op == OP_MATCH || f->op == OP_NO_MATCH) {
		char reason[100];
		int ret = regcomp(&f->regex, f->text, REG_EXTENDED | REG_NOSUB);

		if (!ret)
			return true;
		regerror(ret, &f->regex, reason, sizeof(reason));
		f->op = OP_TRUE;	/* there is no regex to free */
		fail(p, reason);
		return false;
	}
	if (!f->number)
		return true;
	f->value = strtold(f->text, &end);
	/* strtold() knows "nan", too, which is equal to nothing. */
	if (end != f->text && !*end && !isnan(f->value))
		return true;
	fail(p, "this column is compared with a number; there is none");
	return false;
}

static struct filter *parse_comparison(struct parser *p)
{
	struct filter *f;
	size_t len, i;

	if (++p->comparisons > COMPARISONS_MAX)
		return fail(p, "there are too many comparisons");
	blanks(p);
	len = strspn(p->at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
	for (i = 0; p->columns[i].name; i++)
		if (len && strlen(p->columns[i].name) == len &&
		    !strncasecmp(p->columns[i].name, p->at, len))
			break;
	if (!p->columns[i].name)
		return fail(p, len ? "there is no such column" :
			    "a column is missing");
	p->at += len;
	f = node(OP_TRUE, NULL, NULL);
	f->column = i;
	f->number = p->columns[i].type != COLUMN_STRING;
	if (!eat_op(p, &f->op))
		return f;
	f->text = parse_value(p);
	if (f->text && set_value(p, f))
		return f;
	if (f->op == OP_MATCH || f->op == OP_NO_MATCH)
		f->op = OP_TRUE;
	filter_free(f);
	return NULL;
}

static struct filter *parse_not(struct parser *p)
{
	struct filter *f;

	if (++p->depth > DEPTH_MAX)
		return fail(p, "this is nested too deeply");
	if (eat(p, "(", NULL)) {
		f = parse_or(p);
		if (f && !eat(p, ")", NULL)) {
			filter_free(f);
			return fail(p, "\")\" is missing");
		}
	} else if (eat(p, "!", "not")) {
		f = parse_not(p);
		f = f ? node(OP_NOT, f, NULL) : NULL;
	} else {
		f = parse_comparison(p);
	}
	p->depth--;
	return f;
}

static struct filter *parse_chain(struct parser *p, enum op op,
				  const char *symbol, const char *word,
				  struct filter *(*next)(struct parser *p))
{
	struct filter *f = next(p), *right;

	while (f && eat(p, symbol, word)) {
		right = next(p);
		if (!right) {
			filter_free(f);
			return NULL;
		}
		f = node(op, f, right);
	}
	return f;
}

static struct filter *parse_and(struct parser *p)
{
	return parse_chain(p, OP_AND, "&&", "and", parse_not);
}

static struct filter *parse_or(struct parser *p)
{
	return parse_chain(p, OP_OR, "||", "or", parse_and);
}

struct filter *filter_parse(const char *text, const struct column *columns,
			    char **error)
{
	struct parser p = { .start = text, .at = text, .columns = columns };
	struct filter *f = parse_or(&p);

	if (f) {
		blanks(&p);
		if (!*p.at)
			return f;
		fail(&p, "an operator is missing");
		filter_free(f);
	}
	*error = p.error;
	return NULL;
}

bool filter_uses(const struct filter *f, size_t column)
{
	if (f->op <= OP_NOT)
		return filter_uses(f->left, column) ||
		       (f->right && filter_uses(f->right, column));
	return f->column == column;
}

static bool compare(enum op op, int order)
{
	switch (op) {
	case OP_EQ: return order == 0;
	case OP_NE: return order != 0;
	case OP_LT: return order < 0;
	case OP_LE: return order <= 0;
	case OP_GT: return order > 0;
	case OP_GE: return order >= 0;
	default: return false;
	}
}

static bool holds(const struct filter *f, const char *text)
{
	long double value;

	switch (f->op) {
	case OP_TRUE:
		if (f->number)
			return strtold(text, NULL) != 0;
		return *text != '\0';
	case OP_MATCH:
		return !regexec(&f->regex, text, 0, NULL, 0);
	case OP_NO_MATCH:
		return regexec(&f->regex, text, 0, NULL, 0) != 0;
	default:
		if (!f->number)
			return compare(f->op, strcmp(text, f->text));
		/* Without a value, such as no limit, nothing is true of it. */
		if (!*text)
			return f->op == OP_NE;
		value = strtold(text, NULL);
		return compare(f->op, value < f->value ? -1 :
				      value > f->value);
	}
}

bool filter_matches(const struct filter *f,
		    char *(*cell)(const void *row, size_t column),
		    const void *row)
{
	char *text;
	bool yes;

	switch (f->op) {
	case OP_OR:
		return filter_matches(f->left, cell, row) ||
		       filter_matches(f->right, cell, row);
	case OP_AND:
		return filter_matches(f->left, cell, row) &&
		       filter_matches(f->right, cell, row);
	case OP_NOT:
		return !filter_matches(f->left, cell, row);
	default:
		text = cell(row, f->column);
		yes = holds(f, text ? text : "");
		free(text);
		return yes;
	}
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	filter_free(f->left);
	filter_free(f->right);
	if (f->op == OP_MATCH || f->op == OP_NO_MATCH)
		regfree(&f->regex);
	free(f->text);
	free(f);
}
