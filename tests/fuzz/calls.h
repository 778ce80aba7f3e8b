/* SPDX-License-Identifier: GPL-2.0-only */
/* What the operations of ops.c do. Each: the call's result, or -errno. */
#ifndef AGENTNS_FUZZ_CALLS_H
#define AGENTNS_FUZZ_CALLS_H

#include "fuzz.h"

#define CALL(name) \
	long call_##name(struct thread *t, const struct op *op, const __u64 *v)

bool note_own_sid(struct thread *t);

/* calls.c: sessions, and the namespaces that they are among */
CALL(prctl);
CALL(prctl_other);
CALL(enter);
CALL(get_id);
CALL(open_id);
CALL(clone3);
CALL(clone);
CALL(unshare);
CALL(setns);
CALL(ioctl);
CALL(listns);
CALL(open_ns);
CALL(pidfd_open);
CALL(signal);
CALL(bind);
CALL(unbind);
CALL(handle);
CALL(exec);
CALL(pause);

/* calls_files.c: files of ours, files of theirs, and what is counted */
CALL(write_file);
CALL(read_file);
CALL(read_folder);
CALL(spend);
CALL(write);
CALL(send_file);
CALL(int80);
CALL(open);
CALL(name);
CALL(store);
CALL(uring);
CALL(attribute);
CALL(connector);
CALL(send);
CALL(receive);
CALL(close);

#endif /* AGENTNS_FUZZ_CALLS_H */
