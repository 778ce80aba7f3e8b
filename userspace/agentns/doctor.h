/* SPDX-License-Identifier: GPL-2.0-only */
/* The checks of 'agentns doctor'. */
#ifndef AGENTNS_DOCTOR_H
#define AGENTNS_DOCTOR_H

#include <stdbool.h>

#include <agentns.h>

enum doctor_result {
	DOCTOR_OK,
	DOCTOR_WARNING,		/* works, but something is odd */
	DOCTOR_FAILED,
	DOCTOR_SKIPPED,
};

/**
 * struct doctor_check - one check
 * @name: what is looked at
 * @result: how it went
 * @detail: what was found; for free()
 * @fix: the command that mends it, when it failed; for free()
 */
struct doctor_check {
	const char *name;
	enum doctor_result result;
	char *detail;
	char *fix;
};

/**
 * struct doctor - what checks know of one another
 * @root: prefix of all paths; "" for the running system
 * @handle: on @root
 * @release: the running kernel's
 * @module: path of the module's file below /lib/modules/RELEASE, or NULL
 * @number: of the kernel's hooks; 0 when nothing tells
 * @loaded: is agentns.ko loaded?
 * @unwritten: why the test session could not write a file; negative errno
 * @stamped: id that the test session's file was stamped with, or empty
 */
struct doctor {
	const char *root;
	struct agentns *handle;
	char release[128];
	char *module;
	unsigned int number;
	bool loaded;
	int unwritten;
	char stamped[64];
};

void doctor_begin(struct doctor *doctor);
void doctor_end(struct doctor *doctor);

/* Checks, in the order in which they depend on one another. */
void doctor_hooks(struct doctor *doctor, struct doctor_check *check);
void doctor_headers(struct doctor *doctor, struct doctor_check *check);
void doctor_module(struct doctor *doctor, struct doctor_check *check);
void doctor_signature(struct doctor *doctor, struct doctor_check *check);
void doctor_loaded(struct doctor *doctor, struct doctor_check *check);
void doctor_lsm(struct doctor *doctor, struct doctor_check *check);
void doctor_knobs(struct doctor *doctor, struct doctor_check *check);
void doctor_capability(struct doctor *doctor, struct doctor_check *check);
void doctor_session(struct doctor *doctor, struct doctor_check *check);
void doctor_stamp(struct doctor *doctor, struct doctor_check *check);

#endif /* AGENTNS_DOCTOR_H */
