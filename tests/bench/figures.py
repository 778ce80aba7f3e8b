# SPDX-License-Identifier: GPL-2.0-only
"""Figures of tests/bench, and what is computed from them."""
import json
import re

NAME = re.compile(r"[a-z][a-z_0-9]*\.[a-z_]+[a-z_0-9]*")


def load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def figures(data):
    return {**data["about"], **data["exact"]}


def series(data):
    return ".".join(data["kernel"].split(".")[:2])


def value(data, formula):
    """A number, or the reason why there is none."""
    have = figures(data)
    for name in NAME.findall(formula):
        if name not in have:
            # A part that could not be set up says so once, for its first figure.
            part = name.split(".")[0] + "."
            why = data["missing"].get(name) or next(
                (w for n, w in data["missing"].items() if n.startswith(part)), "no figure " + name)
            return "skipped: " + why
    return eval(NAME.sub(lambda m: repr(have[m.group()]), formula), {"__builtins__": {}})  # pylint: disable=eval-used


def show(number):
    if isinstance(number, str):
        return number
    if number == int(number) or abs(number) >= 1000:
        return f"{number:,.0f}"
    return f"{number:.3f}" if abs(number) < 10 else f"{number:.1f}"


def table(head, rows):
    """Of Markdown."""
    lines = ["| " + " | ".join(cells) + " |" for cells in [head, *rows]]
    return [lines[0], "|---" * len(head) + "|", *lines[1:]]
