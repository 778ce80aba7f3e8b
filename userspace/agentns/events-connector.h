/* SPDX-License-Identifier: GPL-2.0-only */
/* Namespace events of the kernel's process connector. */
#ifndef AGENTNS_EVENTS_CONNECTOR_H
#define AGENTNS_EVENTS_CONNECTOR_H

#include <stdbool.h>

/**
 * print_connector_events - print them as they come, one a line
 * @json: as JSON objects
 * @processes: fork, exec and exit of processes besides
 *
 * Ends by SIGINT, SIGTERM or SIGHUP, as if that had not been caught, and when
 * standard output can take no more. When it cannot begin it says why and exits.
 *
 * Return: EXIT_SUCCESS.
 */
int print_connector_events(bool json, bool processes);

#endif /* AGENTNS_EVENTS_CONNECTOR_H */
