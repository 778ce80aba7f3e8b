/* SPDX-License-Identifier: GPL-2.0-only */
/* The intent tag of a session. */
#ifndef _AGENTNS_INTENT_H
#define _AGENTNS_INTENT_H

#include <linux/types.h>

struct agentns_session;

int agentns_intent_check(const char *tag, size_t len);
size_t agentns_intent_clip(const char *tag, size_t len);
int agentns_intent_set(struct agentns_session *s, const char *tag, size_t len,
		       bool limit_rate);
void agentns_intent_copy(struct agentns_session *s, char *tag);

#endif /* _AGENTNS_INTENT_H */
