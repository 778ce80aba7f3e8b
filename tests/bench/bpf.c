// SPDX-License-Identifier: GPL-2.0-only
/*
 * What one would do with BPF instead: count each call, for each control group,
 * and the bytes that were written.
 */
#include "../selftests/agentns-bpf.h"
#include "bench.h"

/* Of struct pt_regs: the call's number at its exit. */
#define ORIG_AX		(15 * 8)

static int bpf(int cmd, union bpf_attr *attr)
{
	int ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return ret < 0 ? -errno : ret;
}

static int new_map(enum bpf_map_type type, int key_size, int entries)
{
	union bpf_attr attr = {
		.map_type = type, .key_size = key_size, .value_size = 8,
		.max_entries = entries,
	};

	return bpf(BPF_MAP_CREATE, &attr);
}

/* Load a program and attach it; a descriptor that keeps it so, or -errno. */
static int attach(const char *where, const struct bpf_insn *insns, int n)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
		.insns = (long)insns, .insn_cnt = n, .license = (long)"GPL",
	};
	int prog = bpf(BPF_PROG_LOAD, &attr), ret;

	if (prog < 0)
		return prog;
	attr = (union bpf_attr) {
		.raw_tracepoint = { .name = (long)where, .prog_fd = prog },
	};
	ret = bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
	close(prog);
	return ret;
}

int bpf_count_calls(void)
{
	int map = new_map(BPF_MAP_TYPE_PERCPU_ARRAY, 4, 1);
	const struct bpf_insn insns[] = {
		STORE_IMM(STACK, -4, 0),
		MAP(R1, map), WIDE(),
		COPY(R2, STACK), ADD(R2, -4),
		LOOK_UP(),
		SKIP_IF(R0, 0, 3),
		LOAD(R1, R0, 0), ADD(R1, 1), STORE_WIDE(R0, 0, R1),
		SET(R0, 0),
		RETURN(),
	};

	return map < 0 ? map : attach("sys_enter", insns, ARRAY_SIZE(insns));
}

/* Of each control group by itself. */
int bpf_count_by_cgroup(void)
{
	int map = new_map(BPF_MAP_TYPE_PERCPU_HASH, 8, 1024);
	const struct bpf_insn insns[] = {
		CALL(get_current_cgroup_id),
		STORE_WIDE(STACK, -8, R0),
		MAP(R1, map), WIDE(),
		COPY(R2, STACK), ADD(R2, -8),
		LOOK_UP(),
		SKIP_IF(R0, 0, 4),
		LOAD(R1, R0, 0), ADD(R1, 1), STORE_WIDE(R0, 0, R1),
		JUMP(10),
		/* The first call of its group. */
		SET(R1, 1), STORE_WIDE(STACK, -16, R1),
		MAP(R1, map), WIDE(),
		COPY(R2, STACK), ADD(R2, -8),
		COPY(R3, STACK), ADD(R3, -16),
		SET(R4, BPF_ANY),
		CALL(map_update_elem),
		SET(R0, 0),
		RETURN(),
	};

	return map < 0 ? map : attach("sys_enter", insns, ARRAY_SIZE(insns));
}

/* At the exit of write and pwrite64, what they answer. */
int bpf_count_bytes(void)
{
	int map = new_map(BPF_MAP_TYPE_PERCPU_ARRAY, 4, 1);
	const struct bpf_insn insns[] = {
		LOAD(R6, R1, 8),
		LOAD(R3, R1, 0), ADD(R3, ORIG_AX),
		COPY(R1, STACK), ADD(R1, -16),
		SET(R2, 8),
		CALL(probe_read_kernel),
		LOAD(R1, STACK, -16),
		SKIP_IF(R1, SYS_pwrite64, 1),
		SKIP_UNLESS(R1, SYS_write, 11),
		SKIP_UNLESS_MORE(R6, 0, 10),
		STORE_IMM(STACK, -4, 0),
		MAP(R1, map), WIDE(),
		COPY(R2, STACK), ADD(R2, -4),
		LOOK_UP(),
		SKIP_IF(R0, 0, 3),
		LOAD(R1, R0, 0), ADD_REG(R1, R6), STORE_WIDE(R0, 0, R1),
		SET(R0, 0),
		RETURN(),
	};

	return map < 0 ? map : attach("sys_exit", insns, ARRAY_SIZE(insns));
}

static void measure(const char *where, int program)
{
	if (program < 0)
		return missing(where, "getppid", -program);
	measure_calls(where);
}

void measure_bpf(void)
{
	int calls = bpf_count_calls(), bytes;

	measure("bpf", calls);
	bytes = bpf_count_bytes();
	measure("bpf_bytes", bytes);
	close(bytes);
	close(calls);
	calls = bpf_count_by_cgroup();
	measure("bpf_cgroup", calls);
	close(calls);
}
