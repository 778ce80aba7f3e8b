/* SPDX-License-Identifier: GPL-2.0-only */
/* What 'systemctl status' shows of a service. */
#ifndef AGENTNS_NOTIFY_H
#define AGENTNS_NOTIFY_H

/*
 * notify_status - tell the service manager a line of status, where there is one
 *
 * It goes by $NOTIFY_SOCKET, as of sd_notify(3). Nothing depends on it: failures
 * are not told.
 */
void notify_status(const char *status);

#endif /* AGENTNS_NOTIFY_H */
