/* SPDX-License-Identifier: GPL-2.0-only */
/* The stamps on files: extended attributes security.agentns and user.prov.*. */
#ifndef AGENTNS_PROVENANCE_H
#define AGENTNS_PROVENANCE_H

#include <stdbool.h>

#include <agentns.h>

enum prov_kind { PROV_NONE, PROV_SESSION, PROV_PROCESS };

/**
 * struct provenance - who wrote a file
 * @kind: what it bears
 * @vouched: the kernel says so; else it is a hint alone
 * @id: PROV_SESSION: of the session
 * @parent: PROV_SESSION, @vouched: of its parent; zeros for none
 * @comm: PROV_PROCESS: its name; empty where the kernel alone speaks
 * @pid: PROV_PROCESS: its process id; 0 likewise
 * @uid: PROV_PROCESS or @vouched: the user who wrote
 * @has_time: is @time known?
 * @time: seconds since the epoch
 * @intent: the session's tag; empty for none
 */
struct provenance {
	enum prov_kind kind;
	bool vouched;
	struct agent_session_id_uapi id;
	struct agent_session_id_uapi parent;
	char comm[64];
	unsigned long pid;
	unsigned long uid;
	bool has_time;
	unsigned long long time;
	char intent[AGENTNS_INTENT_BUFSIZE];
};

/*
 * provenance_parse - read the value of user.prov.session
 *
 * 32 hex digits, or "comm:COMM:pid:PID:uid:UID", where COMM may hold anything.
 * Return: 0 or -EBADMSG.
 */
int provenance_parse(const char *text, size_t len, struct provenance *prov);

/*
 * provenance_parse_stamp - read the value of security.agentns
 *
 * Return: 0 or -EBADMSG, also for a version that is not known.
 */
int provenance_parse_stamp(const void *value, size_t len,
			   struct provenance *prov);

/**
 * provenance_read - read a file's stamp
 * @path: the file; a symbolic link is not followed
 * @prov: is set on success; of kind PROV_NONE when there is no stamp, also
 *	where the file system knows no attributes
 *
 * What the kernel vouches for goes before the hints, which then tell no more
 * than what it leaves open: the intent tag, and a process's name and id.
 *
 * Return: 0, -EBADMSG, or why the file cannot be read.
 */
int provenance_read(const char *path, struct provenance *prov);

#endif /* AGENTNS_PROVENANCE_H */
