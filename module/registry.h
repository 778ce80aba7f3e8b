/* SPDX-License-Identifier: GPL-2.0-only */
/* All sessions, by namespace id and by session id. */
#ifndef _AGENTNS_REGISTRY_H
#define _AGENTNS_REGISTRY_H

#include <linux/types.h>

struct agentns_session;
struct list_head;

extern struct list_head agentns_sessions;

void agentns_registry_add(struct agentns_session *s);
void agentns_registry_remove(struct agentns_session *s);
unsigned int agentns_registry_count(void);
struct agentns_session *agentns_registry_get(const u8 *id);
struct agentns_session *agentns_registry_after(u64 ns_id);

#endif /* _AGENTNS_REGISTRY_H */
