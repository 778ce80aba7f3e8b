/* SPDX-License-Identifier: GPL-2.0-only */
/* BPF programs, written as instructions: a compiler would be one more package. */
#ifndef AGENTNS_BPF_H
#define AGENTNS_BPF_H

#include <linux/bpf.h>

#define INSN(c, dst, src, o, i) ((struct bpf_insn) {			\
	.code = (c), .dst_reg = (dst), .src_reg = (src), .off = (o),	\
	.imm = (i) })
#define SET(dst, imm)	INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm)
#define COPY(dst, src)	INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define ADD(dst, imm)	INSN(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, imm)
#define LOAD(dst, src, off)	\
	INSN(BPF_LDX | BPF_MEM | BPF_DW, dst, src, off, 0)
#define STORE(dst, off, src)	\
	INSN(BPF_STX | BPF_MEM | BPF_W, dst, src, off, 0)
#define STORE_IMM(dst, off, imm)	\
	INSN(BPF_ST | BPF_MEM | BPF_W, dst, 0, off, imm)
#define STORE_WIDE(dst, off, src)	\
	INSN(BPF_STX | BPF_MEM | BPF_DW, dst, src, off, 0)
#define ADD_REG(dst, src)	\
	INSN(BPF_ALU64 | BPF_ADD | BPF_X, dst, src, 0, 0)
#define SKIP_IF(reg, imm, n)	\
	INSN(BPF_JMP | BPF_JEQ | BPF_K, reg, 0, n, imm)
#define SKIP_UNLESS(reg, imm, n)	\
	INSN(BPF_JMP | BPF_JNE | BPF_K, reg, 0, n, imm)
#define SKIP_UNLESS_MORE(reg, imm, n)	\
	INSN(BPF_JMP | BPF_JSLE | BPF_K, reg, 0, n, imm)
#define JUMP(n)		INSN(BPF_JMP | BPF_JA, 0, 0, n, 0)
/* These two are 64 bits wide: a WIDE() has to follow. */
#define MAP(dst, fd)	\
	INSN(BPF_LD | BPF_IMM | BPF_DW, dst, BPF_PSEUDO_MAP_FD, 0, fd)
#define VALUE_OF(dst, fd)	\
	INSN(BPF_LD | BPF_IMM | BPF_DW, dst, BPF_PSEUDO_MAP_VALUE, 0, fd)
#define WIDE()		INSN(0, 0, 0, 0, 0)
#define CALL(function)	\
	INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ ## function)
#define LOOK_UP()	CALL(map_lookup_elem)
#define RETURN()	INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

enum { R0, R1, R2, R3, R4, R6 = 6, STACK = 10 };

#endif /* AGENTNS_BPF_H */
