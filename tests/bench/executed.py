# SPDX-License-Identifier: GPL-2.0-only
"""What a counted call executes, instruction by instruction: run in gdb by tests/bench/run.

The environment: BENCH_GDB is the machine's socket, BENCH_MODULE the module and BENCH_TEXT where its code is. steps.c runs there. Prints
what is executed in a session and not outside: how many LOCK prefixes, indirect jumps and writes to memory other than
the task's stack and the processor's own (%gs:), as figures; each of them, and with all of the way, on standard error.
"""
import os
import re
import sys

import gdb

MARKS = {0xa6e71: "outside", 0xa6e72: "inside"}
CALLS = {110: "getppid", 18: "write"}
STACK = 16384
# The last operand is memory and is read, or is no memory at all.
READS = re.compile(r"^(cmp|test|bt[lqw]?$|lea|nop|data16|call|jmp|prefetch|push|ud|verw|lfence|mul|div|imul|idiv)")
MEMORY = re.compile(r"(%[a-f]s:)?(-?0x[0-9a-f]+|-?[0-9]+)?\((%\w+)?(?:,(%\w+)(?:,(\d))?)?\)$|(%gs:)(-?0x[0-9a-f]+)$")


def register(name):
    return int(gdb.parse_and_eval("$" + name)) & (1 << 64) - 1


def here():
    pc = register("rip")
    return pc, gdb.selected_frame().architecture().disassemble(pc)[0]["asm"].replace("\t", " ")


def written(asm):
    """The address that this instruction writes to, "own" for the processor's memory, or None."""
    words = re.sub(r"^(lock|repz?|repnz|notrack|cs|data16) ", "", asm).split(" <")[0].split("#")[0].strip()
    name, _, operands = words.partition(" ")
    m = MEMORY.search(operands.strip())
    if not m or READS.match(name):
        return None
    if "%gs:" in m.group():
        return "own"
    number = int(m.group(2) or "0", 0)
    for part, scale in ((m.group(3), 1), (m.group(4), int(m.group(5) or 1))):
        if part:
            number += register(part[1:]) * scale
    return number & (1 << 64) - 1


def steps():
    """From the call's entry to its way back: address, instruction and what it writes to."""
    way = []
    while True:
        pc, asm = here()
        if pc < 1 << 47:
            return way
        way.append((pc, asm, written(asm), register("rsp")))
        gdb.execute("stepi", to_string=True)


def place(pc):
    text = gdb.execute(f"info symbol {pc}", to_string=True).split(" in section")[0]
    return text.strip() if "No symbol" not in text else hex(pc)


def judge(call, inside, outside):
    known = {pc for pc, *_ in outside}
    counts = {"lock": 0, "indirect": 0, "shared_writes": 0}
    for pc, asm, to, stack in inside:
        if pc in known:
            continue
        found = None
        if re.match(r"lock |xchg .*\(", asm):
            found = "lock"
        elif re.match(r"(notrack )?(call|jmp)q? +\*", asm) or "indirect_thunk" in asm:
            found = "indirect"
        elif isinstance(to, int) and abs(to - stack) > STACK:
            found = "shared_writes"
        if found:
            counts[found] += 1
        print(f"{call} {found or ''}\t{place(pc)}\t{asm}" + (f"\t-> {to:#x}" if isinstance(to, int) else ""),
              file=sys.stderr)
    for name, n in counts.items():
        print(f"exact executed.{call}_{name} {n}")
    print(f"exact executed.{call} {len(inside) - len(outside)}")


def main():
    gdb.execute("set pagination off")
    gdb.execute("set confirm off")
    gdb.execute("set disassembly-flavor att")
    gdb.execute(f"target remote {os.environ['BENCH_GDB']}", to_string=True)
    gdb.execute(f"add-symbol-file {os.environ['BENCH_MODULE']} {os.environ['BENCH_TEXT']}", to_string=True)
    gdb.execute("hbreak *entry_SYSCALL_64", to_string=True)
    ways, left = {}, set(MARKS.values())
    while left:
        gdb.execute("continue", to_string=True)
        who, call = MARKS.get(register("r15")), CALLS.get(register("rax"))
        if not who or not call:
            continue
        if len(ways) == 4:
            gdb.execute("set $r14 = 1")
            left.discard(who)
        elif (who, call) not in ways:
            ways[who, call] = steps()
    gdb.execute("delete breakpoints")
    gdb.execute("detach", to_string=True)
    for call in CALLS.values():
        judge(call, ways["inside", call], ways["outside", call])


main()
