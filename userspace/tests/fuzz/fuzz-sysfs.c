// SPDX-License-Identifier: GPL-2.0-only
/*
 * The small files of the module's: those of a session's directory in sysfs, and
 * those beside it. The first byte says which one the rest is; the others are as
 * they should be.
 */
#include "fuzz.h"
#include "internal.h"

#define ID		"4526c93599eeae723deb7dc1b82b645c"
#define SESSION		"sys/kernel/agentns/sessions/" ID "/"

static const char *const others[] = {
	"sys/kernel/agentns/sessions_live", "sys/kernel/agentns/abi",
};

#define N_FILES	(AGENTNS__N_FIELDS + ARRAY_SIZE(others))

static struct agentns *handle;
static int fds[N_FILES];
static const char *good[N_FILES];

static const char *good_value(const char *name)
{
	if (strstr(name, "parent"))
		return ID "\n";
	return "1\n";
}

static void set_up(void)
{
	char path[256];
	size_t i;

	fuzz_root();
	for (i = 0; i < N_FILES; i++) {
		snprintf(path, sizeof(path), "%s%s",
			 i < AGENTNS__N_FIELDS ? SESSION : "",
			 i < AGENTNS__N_FIELDS ? agentns__fields[i].file :
			 others[i - AGENTNS__N_FIELDS]);
		good[i] = good_value(path + (i < AGENTNS__N_FIELDS ?
					     strlen(SESSION) : 0));
		fds[i] = fuzz_file(good[i]);
		fuzz_link(path, fds[i]);
	}
	must(!agentns_open(&handle, fuzz_root_path));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agent_session_id_uapi id, found;
	struct agentns_session session;
	uint64_t number;
	size_t i;

	if (!handle)
		set_up();
	if (!size)
		return 0;
	i = data[0] % N_FILES;
	fuzz_fill(fds[i], data + 1, size - 1);
	must(!agentns_id_parse(ID, &id));
	if (i < AGENTNS__N_FIELDS) {
		if (!agentns_session_read(handle, &id, &session)) {
			must(memchr(session.intent, '\0',
				    sizeof(session.intent)));
			must(session.fields);
		}
	} else {
		agentns_sessions_live(handle, &number);
		agentns_abi(handle, &number);
		must(agentns_session_find(handle, "4526", &found, 1) == 1);
	}
	fuzz_fill(fds[i], good[i], strlen(good[i]));
	return 0;
}
