/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fuzzer of the kernel's side of agent sessions. It makes programs, short
 * sequences of calls, and runs them in several processes and threads at once;
 * one that reaches code which none had reached is kept, and changed further.
 * How it is started, and what for, says the program run in this folder.
 */
#ifndef AGENTNS_FUZZ_H
#define AGENTNS_FUZZ_H

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include <linux/agent_namespaces.h>
#include <linux/types.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof(*(array)))

#define MAX_ARGS	5
#define MAX_CALLS	12
#define MAX_RUNNERS	4
#define MAX_THREADS	4	/* of a runner */
#define RING_SIZE	64
#define CORPUS_SIZE	1024
#define PCS_SIZE	16384
#define SIDS_SIZE	16
#define MAX_OPS		96
#define MAX_SECTIONS	16
#define MAX_FILES	48	/* of a folder */

/*
 * Arguments are written down as numbers from which values.c makes values, so
 * that a program can be changed without knowledge of what it does.
 */
struct call {
	__u8 op;
	__u8 under_way;
	__u16 error;		/* how it ended: 0 or an errno */
	__u32 seq;		/* when it began, 0 for not yet */
	__u32 arg[MAX_ARGS];
};

struct program {
	__u8 length;
	__u8 persona;
	__u16 life;		/* which runner it was in, of many in its place */
	struct call call[MAX_CALLS];
};

/* What a thread did of late: a machine that crashes leaves that behind. */
struct ring {
	__u32 programs;
	struct program program[RING_SIZE];
};

/* Files that were found below a folder. */
enum folder { SYSCTLS, MODULE_FILES, SESSION_FILES, FOLDERS };

struct names {
	__u32 n;
	char name[MAX_FILES][48];
};

struct section {
	char name[24];
	__u64 address;
};

/*
 * All that runners and threads share. In a test machine it lies in a file of
 * the host's, see tests/vm/run --shared-memory: it outlives the machine, and
 * the next one goes on with the corpus. What is not kept is cleared.
 */
struct state {
	__u64 magic;		/* of this layout and table of operations */

	/* kept */
	__u32 corpus_length;
	struct program corpus[CORPUS_SIZE];

	/* cleared */
	__u64 seed;
	__u32 runners, threads, cpus;
	__u32 feedback;	/* KCOV is there */
	__u32 seq, seeds_taken;
	__u32 lives, killed, stuck, stopped;
	__u64 beats[MAX_RUNNERS];
	__u64 done[MAX_OPS], succeeded[MAX_OPS];
	__u32 npcs, new_programs;
	__u64 pcs[PCS_SIZE];
	__u32 sids, dirs;
	__u8 sid[SIDS_SIZE][AGENT_NS_ID_BYTES];	/* of late */
	__u8 dir[SIDS_SIZE][AGENT_NS_ID_BYTES];	/* with a directory */
	struct section section[MAX_SECTIONS];
	struct names names[FOLDERS];
	struct ring ring[MAX_RUNNERS][MAX_THREADS];
};

#define STATE_BYTES	1048576

/* Who a runner is. */
enum persona { ROOT, NOBODY, NAMESPACE_ROOT, PERSONAS };

/* How values are made of a call's numbers, see values.c. */
enum type {
	NONE,
	UNUSED,			/* zero, as the interface asks, and rubbish */
	NUMBER, SIZE, OFFSET, COUNT,
	OUT,			/* memory that the kernel is to write to */
	BYTES,			/* memory that it is to read */
	SID, TAG, BUDGET, BUDGET_EX, LIST_REQUEST,
	TEXT,			/* for a file; its length in thread.text_length */
	MESSAGE,		/* of netlink, likewise */
	NS_FD, PID_FD, ANY_FD, SOCKET_FD,
	SLOT,			/* where a new descriptor goes */
	PID, SIGNAL,
	CLONE_FLAGS, CLONE_SIZE, UNSHARE_FLAGS, SETNS_FLAGS, EXIT_SIGNAL,
	IOCTL,
	/* strings, all of them good, see files.c */
	SESSION_FILE, MODULE_FILE, SYSCTL_FILE, PROC_FILE, NS_FILE, SCRATCH_FILE,
	ATTRIBUTE,
	TYPES
};

#define FIRST_STRING	SESSION_FILE

struct thread;

struct op {
	const char *name;
	unsigned int weight;	/* how often, of the sum of all */
	long (*run)(struct thread *t, const struct op *op, const __u64 *v);
	long number;		/* which of those that @run does */
	enum type type[MAX_ARGS];
};

extern const struct op ops[];
extern const unsigned int nr_ops;

/* Memory of one argument; behind it nothing is mapped. */
#define ARENA_BYTES	8192

/* Descriptors of a runner: agent namespaces, others, pidfds, the rest. */
enum { AGENT_FDS = 0, OTHER_FDS = 16, PID_FDS = 24, REST_FDS = 40, MAX_FDS = 64 };

struct kcov {
	int fd;			/* -1: there is none */
	__u64 *area;
};

struct thread {
	struct state *state;
	struct ring *ring;
	int *fd;		/* MAX_FDS of them, the runner's */
	__u64 random;
	unsigned int runner, number, life;
	enum persona persona;
	bool child;		/* forked by a program */
	bool moved;		/* from its runner's processor */
	bool gone;
	pthread_t id;
	const struct ring *replayed;
	unsigned int programs;		/* of its own */
	struct kcov kcov, child_kcov;
	__u8 *arena[MAX_ARGS];
	__u8 *read_only, *unmapped;
	char path[MAX_ARGS][128];
	__u8 own_sid[AGENT_NS_ID_BYTES];
	bool own_dir;			/* it has a directory */
	size_t text_length;
	struct program *program;	/* in the ring */
	unsigned int at;
};

/* A system call that touches no memory of ours, errno neither. */
static inline long raw6(long number, long a, long b, long c, long d, long e,
			long f)
{
	register long r10 asm("r10") = d;
	register long r8 asm("r8") = e;
	register long r9 asm("r9") = f;
	long result;

	asm volatile("syscall"
		     : "=a" (result)
		     : "0" (number), "D" (a), "S" (b), "d" (c), "r" (r10),
		       "r" (r8), "r" (r9)
		     : "rcx", "r11", "memory");
	return result;
}

#define RAW(number, a, b, c, d, e, f, ...)				\
	raw6(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), \
	     (long)(f))
#define raw(...)	RAW(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/* splitmix64 */
static inline __u64 random_number(__u64 *state)
{
	__u64 z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static inline __u32 random_below(__u64 *state, __u32 n)
{
	return (random_number(state) >> 32) * n >> 32;
}

/* state.c */
struct state *state_open(const char *file, bool fresh);
struct state *state_read(const char *file);
void state_clear(struct state *s);
bool state_add_pc(struct state *s, __u64 pc);
void state_keep(struct state *s, const struct program *p, unsigned int length);
void state_add_sid(struct state *s, const __u8 *sid, bool dir);
__u64 state_calls(const struct state *s);

/* kcov.c */
struct kcov kcov_open(void);
bool kcov_enable(struct kcov *k);
void kcov_disable(struct kcov *k);
void kcov_restart(struct kcov *k);
bool kcov_collect(struct kcov *k, struct state *s);
void kcov_forget(struct kcov *k);
void kcov_note_sections(struct state *s);

/* program.c */
void program_seeds(struct state *s);
void program_make(struct thread *t, struct program *p);
void call_reset(struct call *c);
void call_print(const struct call *c);

/* show.c */
int show_calls(const char *file);
int show_covered(const char *file);
int show_made(const char *file);
void show_stuck(const struct state *s, unsigned int place, unsigned int life,
		pid_t pid);

/* values.c */
bool thread_memory(struct thread *t);
__u64 value_of(struct thread *t, unsigned int i, enum type type, __u32 code);
const char *value_text(enum type type, __u32 code, char *text, size_t size);

/* text.c */
size_t text_of(__u32 code, __u8 *text, size_t size);
size_t message_of(__u32 code, __u8 *message, size_t size);

/* files.c */
void files_use(struct state *s);
void files_find(struct state *s);
void files_restore(void);
bool files_as_before(void);
bool files_session_dir(const __u8 *sid);
void file_path(enum type type, struct thread *t, __u32 code, char *path,
	       size_t size);

/* ops.c */
void keep_fd(struct thread *t, unsigned int slot, long fd);
long run_program(struct thread *t, unsigned int from);
bool thread_reset(struct thread *t);

/* runner.c */
void runner_live(struct state *s, unsigned int number, unsigned int life,
		 enum persona persona, const struct ring *replayed,
		 struct kcov kcov[][2]);

#endif /* AGENTNS_FUZZ_H */
