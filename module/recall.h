/* SPDX-License-Identifier: GPL-2.0-only */
/* Credit on its way back to the pools. */
#ifndef _AGENTNS_RECALL_H
#define _AGENTNS_RECALL_H

#include <linux/init.h>

#include "credit.h"

struct agentns_session;

void agentns_recall(struct agentns_session *top, enum agentns_resource res);
void agentns_recall_one(struct agentns_session *s, enum agentns_resource res);
void agentns_retire_credit(struct agentns_session *s);
int agentns_recall_init(void);
void agentns_recall_exit(void);

#endif /* _AGENTNS_RECALL_H */
