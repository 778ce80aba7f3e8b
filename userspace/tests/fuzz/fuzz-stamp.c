// SPDX-License-Identifier: GPL-2.0-only
/* The stamps on files: values of extended attributes, which end without a NUL. */
#include "fuzz.h"
#include "provenance.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct provenance p = { .kind = PROV_NONE };
	char *copy = malloc(size ? size : 1);

	must(copy);
	memcpy(copy, data, size);
	if (!provenance_parse(copy, size, &p)) {
		must(p.kind == PROV_SESSION || p.kind == PROV_PROCESS);
		must(memchr(p.comm, '\0', sizeof(p.comm)));
	}
	free(copy);
	return 0;
}
