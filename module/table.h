/* SPDX-License-Identifier: GPL-2.0-only */
/* /proc/agent_sessions */
#ifndef _AGENTNS_TABLE_H
#define _AGENTNS_TABLE_H

int agentns_table_init(void);
void agentns_table_exit(void);

#endif /* _AGENTNS_TABLE_H */
