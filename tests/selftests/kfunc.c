// SPDX-License-Identifier: GPL-2.0-only
// build: -lbpf
/*
 * bpf_agent_session_id(), by which a BPF program learns what session current
 * is in.
 */
#include <linux/perf_event.h>
#include <sys/ioctl.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "agentns-bpf.h"
#include "agentns-test.h"

#define KFUNC	"bpf_agent_session_id"

/* A wrong size is one that the function, not the verifier, refuses. */
#define MOST	(2 * AGENT_NS_ID_BYTES)

/* What a program has found; memory of a map, which the kernel shares with us. */
struct answer {
	__u8 id[MOST];
	__s32 ret;
	__u32 given;
};

static struct btf *types;
static int kfunc;

/* One skip for all of it. */
static void __attribute__((constructor)) find_kfunc(void)
{
	/* It would have more to say than the one line. */
	libbpf_set_print(NULL);
	types = btf__load_vmlinux_btf();
	if (!types)
		ksft_exit_skip("no BTF here: tests/selftests/run --btf has it\n");
	kfunc = btf__find_by_name_kind(types, KFUNC, BTF_KIND_FUNC);
	if (kfunc < 0)
		ksft_exit_skip("no " KFUNC "() here: Linux 6.12 and later have it\n");
}

#define ASK()		\
	INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, kfunc)

/* A way to have a program run: its type, and what it is attached to. */
struct way {
	enum bpf_prog_type type;
	enum bpf_attach_type attach;
	const char *target;	/* by name in the kernel's types */
	int target_kind;
	bool by_number;		/* runs at each call: word 1 says which it is */
	int (*open)(int prog);
};

static char said[1 << 20];

/* A descriptor, or an errno below zero; the verifier's words are in said. */
static int load(const struct way *way, const struct bpf_insn *insns, int n)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .log_buf = said,
		    .log_size = sizeof(said), .log_level = 1);

	*said = 0;
	opts.expected_attach_type = way->attach;
	if (way->target)
		opts.attach_btf_id = btf__find_by_name_kind(types, way->target,
							    way->target_kind);
	return bpf_prog_load(way->type, NULL, "GPL", insns, n, &opts);
}

/* A program that does no more than call it, with these arguments. */
#define LOAD_ASKING(way, ...) ({					\
	const struct bpf_insn _insns[] = {				\
		__VA_ARGS__, ASK(), SET(R0, 0), RETURN(),		\
	};								\
									\
	load(way, _insns, ARRAY_SIZE(_insns)); })

static int open_tracing(int prog)
{
	return bpf_raw_tracepoint_open(NULL, prog);
}

/* Such a program runs for whoever comes by, not for the opener alone. */
static int open_event(struct perf_event_attr *attr, int prog)
{
	int fd;

	attr->size = sizeof(*attr);
	fd = syscall(SYS_perf_event_open, attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog) ||
	    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		return -errno;
	return fd;
}

static int open_kprobe(int prog)
{
	struct perf_event_attr attr = {
		.kprobe_func = (unsigned long)"__x64_sys_getpgid",
	};
	char text[16];

	if (read_file(text, sizeof(text),
		      "/sys/bus/event_source/devices/kprobe/type"))
		return -ENOENT;
	attr.type = atoi(text);
	return open_event(&attr, prog);
}

static int open_tracepoint(int prog)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT };
	char text[16];

	if (read_file(text, sizeof(text),
		      "/sys/kernel/tracing/events/raw_syscalls/sys_enter/id"))
		return -ENOENT;
	attr.config = atoi(text);
	return open_event(&attr, prog);
}

/* A clock interrupts the opener each millisecond of its running. */
static int open_clock(int prog)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = 1000000,
	};

	return open_event(&attr, prog);
}

static const struct way tp_btf = {
	.type = BPF_PROG_TYPE_TRACING,
	.attach = BPF_TRACE_RAW_TP,
	.target = "btf_trace_sys_enter",
	.target_kind = BTF_KIND_TYPEDEF,
	.by_number = true,
	.open = open_tracing,
};

/* The kernel's types have no system calls without arguments, like getppid. */
static const struct way fentry = {
	.type = BPF_PROG_TYPE_TRACING,
	.attach = BPF_TRACE_FENTRY,
	.target = "__x64_sys_getpgid",
	.target_kind = BTF_KIND_FUNC,
	.open = open_tracing,
};

static const struct way kprobe = {
	.type = BPF_PROG_TYPE_KPROBE,
	.open = open_kprobe,
};

static const struct way tracepoint = {
	.type = BPF_PROG_TYPE_TRACEPOINT,
	.by_number = true,
	.open = open_tracepoint,
};

static const struct way perf_event = {
	.type = BPF_PROG_TYPE_PERF_EVENT,
	.open = open_clock,
};

static int new_map(enum bpf_map_type type, int size, int flags)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = flags);

	return bpf_map_create(type, NULL, sizeof(int), size, 1, &opts);
}

/* A program that asks, attached, and where its answers go. */
struct probe {
	struct answer *answer;
	int prog;
	int event;
};

/* It says that the buffer has @size bytes. Zero or an errno. */
static int attach(struct probe *p, const struct way *way, int size)
{
	int map = new_map(BPF_MAP_TYPE_ARRAY, sizeof(struct answer),
			  BPF_F_MMAPABLE);
	const struct bpf_insn insns[] = {
		way->by_number ? LOAD(R2, R1, 8) : SET(R2, SYS_getpgid),
		SKIP_UNLESS(R2, SYS_getpgid, 8),
		VALUE_OF(R1, map), WIDE(),
		SET(R2, size),
		ASK(),
		VALUE_OF(R1, map), WIDE(),
		STORE(R1, offsetof(struct answer, ret), R0),
		STORE_IMM(R1, offsetof(struct answer, given), 1),
		SET(R0, 0),
		RETURN(),
	};

	if (map < 0)
		return -map;
	p->answer = mmap(NULL, sizeof(struct answer), PROT_READ | PROT_WRITE,
			 MAP_SHARED, map, 0);
	if (p->answer == MAP_FAILED)
		return errno;
	p->prog = load(way, insns, ARRAY_SIZE(insns));
	close(map);
	if (p->prog < 0)
		return -p->prog;
	p->event = way->open(p->prog);
	return p->event < 0 ? -p->event : 0;
}

/* Have it asked for us; in hex what was found, or why nothing was. */
static const char *ask(struct probe *p, char *text)
{
	__u64 end = now_ns() + 5000000000ULL;

	memset(p->answer, 0xff, sizeof(*p->answer));
	__atomic_store_n(&p->answer->given, 0, __ATOMIC_SEQ_CST);
	syscall(SYS_getpgid, 0);
	while (!__atomic_load_n(&p->answer->given, __ATOMIC_ACQUIRE)) {
		if (now_ns() > end) {
			sprintf(text, "the program did not run");
			return text;
		}
	}
	if (p->answer->ret)
		sprintf(text, "error %d", p->answer->ret);
	else
		hex_id(p->answer->id, text);
	return text;
}

FIXTURE(kfunc) {
	struct probe probe;
};

FIXTURE_VARIANT(kfunc) {
	const struct way *way;
};

FIXTURE_VARIANT_ADD(kfunc, tp_btf) {
	.way = &tp_btf,
};

FIXTURE_VARIANT_ADD(kfunc, fentry) {
	.way = &fentry,
};

FIXTURE_VARIANT_ADD(kfunc, kprobe) {
	.way = &kprobe,
};

FIXTURE_VARIANT_ADD(kfunc, tracepoint) {
	.way = &tracepoint,
};

/* From an interrupt, in the middle of whatever current is doing. */
FIXTURE_VARIANT_ADD(kfunc, perf_event) {
	.way = &perf_event,
};

FIXTURE_SETUP(kfunc)
{
	ASSERT_EQ(0, attach(&self->probe, variant->way, AGENT_NS_ID_BYTES)) {
		TH_LOG("%s", said);
	}
}

FIXTURE_TEARDOWN(kfunc)
{
}

/* In none, in one, in one inside it, in the outer one again, in none again. */
TEST_F(kfunc, follows_the_task)
{
	int outside = agent_fd(getpid()), outer;
	char id[HEX_ID + 1], inner_id[HEX_ID + 1], text[64];

	ASSERT_GE(outside, 0);
	EXPECT_STREQ(NO_SESSION, ask(&self->probe, text));

	ASSERT_EQ(0, enter_session());
	own_id(id);
	EXPECT_STRNE(NO_SESSION, id);
	EXPECT_STREQ(id, ask(&self->probe, text));

	outer = agent_fd(getpid());
	ASSERT_EQ(0, enter_session());
	own_id(inner_id);
	EXPECT_STRNE(id, inner_id);
	EXPECT_STREQ(inner_id, ask(&self->probe, text));

	ASSERT_EQ(0, ERR(setns(outer, 0)));
	EXPECT_STREQ(id, ask(&self->probe, text));
	ASSERT_EQ(0, ERR(setns(outside, 0)));
	EXPECT_STREQ(NO_SESSION, ask(&self->probe, text));
}

/* It is current that counts, not who has loaded the program. */
TEST(answers_for_current)
{
	char id[HEX_ID + 1], text[64];
	int *turn = shared(4096);
	struct probe probe;
	pid_t pid;

	ASSERT_EQ(0, attach(&probe, &tp_btf, AGENT_NS_ID_BYTES));
	pid = fork();
	if (!pid) {
		spin_until(turn, 1);
		_exit(!!strcmp(NO_SESSION, ask(&probe, text)));
	}
	ASSERT_EQ(0, enter_session());
	own_id(id);
	EXPECT_STREQ(id, ask(&probe, text));
	raise_flag(turn);
	EXPECT_EQ(0, reap(pid));
	EXPECT_STREQ(id, ask(&probe, text));
}

/* Nothing is written where the size is another than that of an id. */
TEST(other_sizes)
{
	static const int sizes[] = { 0, 8, 15, 17, MOST };
	struct probe probes[ARRAY_SIZE(sizes)];
	__u8 untouched[MOST];
	char text[64];

	memset(untouched, 0xff, sizeof(untouched));
	for (int i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(0, attach(&probes[i], &tp_btf, sizes[i])) {
			TH_LOG("size %d: %s", sizes[i], said);
		}
	}
	for (int inside = 0; inside < 2; inside++) {
		if (inside)
			ASSERT_EQ(0, enter_session());
		for (int i = 0; i < ARRAY_SIZE(sizes); i++) {
			EXPECT_STREQ("error -22", ask(&probes[i], text)) {
				TH_LOG("size %d", sizes[i]);
			}
			EXPECT_EQ(0, memcmp(untouched, probes[i].answer->id,
					    MOST));
		}
	}
}

#define PAIR	" memory, len pair leads to invalid memory access"

/* Of the stack Linux 6.12 says EINVAL, of the rest EACCES. */
#define REFUSED(...) ({							\
	int _err = LOAD_ASKING(__VA_ARGS__);				\
									\
	_err == -EACCES || _err == -EINVAL; })

/* The verifier refuses memory that is not the program's to write to. */
TEST(bad_buffers)
{
	int small = new_map(BPF_MAP_TYPE_ARRAY, AGENT_NS_ID_BYTES - 1, 0);
	int locked = new_map(BPF_MAP_TYPE_ARRAY, AGENT_NS_ID_BYTES,
			     BPF_F_RDONLY_PROG);

	ASSERT_GE(small, 0);
	ASSERT_GE(locked, 0);

	/* One that is right, so that the others differ in one thing. */
	EXPECT_LE(0, LOAD_ASKING(&tp_btf, COPY(R1, STACK), ADD(R1, -16),
				 SET(R2, 16))) {
		TH_LOG("%s", said);
	}
	/* Too short, on the stack and in a map. */
	EXPECT_TRUE(REFUSED(&tp_btf, COPY(R1, STACK), ADD(R1, -15),
			    SET(R2, 16)));
	EXPECT_NE(NULL, strstr(said, PAIR));
	EXPECT_TRUE(REFUSED(&tp_btf, VALUE_OF(R1, small), WIDE(),
			    SET(R2, 16)));
	EXPECT_NE(NULL, strstr(said, PAIR));
	EXPECT_TRUE(REFUSED(&tp_btf, VALUE_OF(R1, locked), WIDE(),
			    SET(R2, 16)));
	EXPECT_NE(NULL, strstr(said, "write into map forbidden"));
	/* A size that nobody knows, no pointer at all, and NULL. */
	EXPECT_TRUE(REFUSED(&tp_btf, LOAD(R2, R1, 8),
			    COPY(R1, STACK), ADD(R1, -16)));
	EXPECT_TRUE(REFUSED(&tp_btf, LOAD(R1, R1, 8), SET(R2, 16)));
	EXPECT_TRUE(REFUSED(&tp_btf, SET(R1, 0), SET(R2, 16)));
}

/*
 * NULL from a map that has not got the key, and a program that does not look.
 * The verifier of 6.12 lets that pass, so the function has to look; that of 7.3
 * does not.
 */
TEST(nothing_found)
{
	int empty = new_map(BPF_MAP_TYPE_HASH, AGENT_NS_ID_BYTES, 0);
	int map = new_map(BPF_MAP_TYPE_ARRAY, sizeof(int), BPF_F_MMAPABLE);
	const struct bpf_insn insns[] = {
		STORE_IMM(STACK, -4, 0),
		MAP(R1, empty), WIDE(),
		COPY(R2, STACK),
		ADD(R2, -4),
		LOOK_UP(),
		COPY(R1, R0),
		SET(R2, AGENT_NS_ID_BYTES),
		ASK(),
		VALUE_OF(R1, map), WIDE(),
		STORE(R1, 0, R0),
		SET(R0, 0),
		RETURN(),
	};
	int prog, *ret;

	ASSERT_GE(empty, 0);
	ASSERT_GE(map, 0);
	ret = mmap(NULL, sizeof(*ret), PROT_READ | PROT_WRITE, MAP_SHARED, map,
		   0);
	ASSERT_NE(MAP_FAILED, ret);
	prog = load(&fentry, insns, ARRAY_SIZE(insns));
	if (prog < 0) {
		EXPECT_EQ(-EACCES, prog);
		EXPECT_NE(NULL, strstr(said, "Possibly NULL pointer")) {
			TH_LOG("%s", said);
		}
		return;
	}
	ASSERT_LE(0, open_tracing(prog));
	for (int inside = 0; inside < 2; inside++) {
		if (inside)
			ASSERT_EQ(0, enter_session());
		*ret = 0;
		syscall(SYS_getpgid, 0);
		EXPECT_EQ(-EINVAL, __atomic_load_n(ret, __ATOMIC_RELAXED));
	}
}

/* Types whose programs have other business than current's. */
TEST(other_types)
{
	static const enum bpf_prog_type others[] = {
		BPF_PROG_TYPE_SOCKET_FILTER, BPF_PROG_TYPE_XDP,
		BPF_PROG_TYPE_SCHED_CLS, BPF_PROG_TYPE_CGROUP_DEVICE,
	};
	const struct bpf_insn nothing[] = { SET(R0, 0), RETURN() };
	struct way way = { };

	for (int i = 0; i < ARRAY_SIZE(others); i++) {
		way.type = others[i];
		EXPECT_LE(0, load(&way, nothing, ARRAY_SIZE(nothing))) {
			TH_LOG("type %d: %s", way.type, said);
		}
		EXPECT_EQ(-EACCES, LOAD_ASKING(&way, COPY(R1, STACK),
					       ADD(R1, -16), SET(R2, 16)));
		EXPECT_NE(NULL, strstr(said, KFUNC " is not allowed")) {
			TH_LOG("type %d: %s", way.type, said);
		}
	}
}

/* The same program, attached all the while, without the module and with it. */
TEST(without_the_module)
{
	char id[HEX_ID + 1], text[64];
	struct probe probe;
	int err = EAGAIN;

	ASSERT_EQ(0, attach(&probe, &tp_btf, AGENT_NS_ID_BYTES));
	/* The sessions of other tests go after a grace period. */
	(void)WAIT_FOR((err = ERR(syscall(SYS_delete_module, "agentns",
					  O_NONBLOCK))) != EAGAIN);
	ASSERT_EQ(0, err);
	EXPECT_STREQ(NO_SESSION, ask(&probe, text));
	ASSERT_EQ(0, system("modprobe agentns"));
	EXPECT_STREQ(NO_SESSION, ask(&probe, text));
	ASSERT_EQ(0, enter_session());
	own_id(id);
	EXPECT_STREQ(id, ask(&probe, text));
}

TEST_HARNESS_MAIN
