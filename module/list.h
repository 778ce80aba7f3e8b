/* SPDX-License-Identifier: GPL-2.0-only */
/* Listing agent namespaces, and opening one by its session id. */
#ifndef _AGENTNS_LIST_H
#define _AGENTNS_LIST_H

#include <linux/compiler.h>
#include <linux/types.h>

long agentns_list(const void __user *req, u64 __user *ids, size_t nr_ids);
long agentns_open_id(const void __user *id);

#endif /* _AGENTNS_LIST_H */
