/* SPDX-License-Identifier: GPL-2.0-only */
/* kernel.agent_ns.* */
#ifndef _AGENTNS_SYSCTL_H
#define _AGENTNS_SYSCTL_H

extern unsigned int agentns_enabled;
extern unsigned int agentns_max_lifetime;	/* seconds; 0: none */
extern unsigned int agentns_unprivileged;

int agentns_sysctl_init(void);
void agentns_sysctl_exit(void);

#endif /* _AGENTNS_SYSCTL_H */
