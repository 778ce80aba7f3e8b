/* SPDX-License-Identifier: GPL-2.0-only */
/* The prctl operations. */
#ifndef _AGENTNS_PRCTL_H
#define _AGENTNS_PRCTL_H

long agentns_prctl_hook(int option, unsigned long arg2, unsigned long arg3,
			unsigned long arg4, unsigned long arg5);

#endif /* _AGENTNS_PRCTL_H */
