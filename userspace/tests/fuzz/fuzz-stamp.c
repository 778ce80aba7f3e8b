// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stamps on files: values of extended attributes, which end without a NUL.
 * The first byte says of which: security.agentns or user.prov.session.
 */
#include "fuzz.h"
#include "provenance.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct provenance p = { .kind = PROV_NONE };
	char *copy;

	if (!size)
		return 0;
	copy = malloc(size);
	must(copy);
	memcpy(copy, data + 1, size - 1);
	if (data[0] & 1) {
		if (!provenance_parse_stamp(copy, size - 1, &p)) {
			must(p.kind == PROV_SESSION || p.kind == PROV_PROCESS);
			must(p.vouched && p.has_time && !p.pid);
		}
	} else if (!provenance_parse(copy, size - 1, &p)) {
		must(!p.vouched);
		must(p.kind == PROV_SESSION || p.kind == PROV_PROCESS);
		must(memchr(p.comm, '\0', sizeof(p.comm)));
	}
	free(copy);
	return 0;
}
