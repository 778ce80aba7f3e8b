/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef AGENTNS_UNSHARE_COMMAND_H
#define AGENTNS_UNSHARE_COMMAND_H

#include "options.h"

extern const struct command command_unshare;

#endif /* AGENTNS_UNSHARE_COMMAND_H */
