// SPDX-License-Identifier: GPL-2.0-only
/* W3C trace contexts of sessions. */
#include <string.h>

#include "tap.h"
#include "trace-context.h"

static const char *const bad[] = {
	"",
	"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
	"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-011",
	"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	"00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	"00-00000000000000000000000000000000-b7ad6b7169203331-01",
	"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
	"00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
	"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x",
	"00-0af7651916cd43dd8448eb211c80319cb-7ad6b7169203331-01",
};

int main(void)
{
	static const char good[] =
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
	struct agent_session_id_uapi id;
	char buf[TRACEPARENT_BUFSIZE], span[SPAN_ID_BUFSIZE];
	size_t i;

	ok(traceparent_valid(good), "a valid traceparent");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!traceparent_valid(bad[i]), "not valid: \"%s\"", bad[i]);
	agentns_id_parse("4526c93599eeae723deb7dc1b82b645c", &id);
	ok_str(session_traceparent(&id, NULL, buf),
	       "00-4526c93599eeae723deb7dc1b82b645c-3deb7dc1b82b645c-01",
	       "a session's own");
	ok(traceparent_valid(buf), "which is valid");
	ok_str(session_traceparent(&id, good, buf),
	       "00-4526c93599eeae723deb7dc1b82b645c-3deb7dc1b82b645c-00",
	       "the sampling decision is kept");
	agentns_id_parse("4526c93599eeae720000000000000000", &id);
	ok_str(session_span_id(&id, span), "4526c93599eeae72",
	       "a span id is never 0");
	return tap_done();
}
