# SPDX-License-Identifier: GPL-2.0-only
"""How costs grow: a + b f(n), as near as may be to all points of an axis, in parts of what is there."""
import math
import operator

from figures import show, table, value

CONSTANT, LINEAR, LOG = "constant", "n", "log2 n"
F = {CONSTANT: lambda n: 0, LINEAR: lambda n: n, LOG: math.log2}

PROCESSORS, SESSIONS, TASKS, DEPTHS = (1, 4, 8, 16), (1, 100, 1000, 10000), (10, 100, 300, 1000), (2, 8, 16, 32)

# What n is, how far the formula is taken, and its lines: a text, the figure, the formula's kind.
AXES = (
    ("possible processors", PROCESSORS, (1024,), (
        ("create a session", "processors_{n}.create", LINEAR),
        ("end one, and all that follows", "processors_{n}.create_and_destroy - processors_{n}.mean_setns"
         " - processors_{n}.create", LINEAR),
        ("bytes of one", "processors_{n}.bytes", LINEAR),
        ("gigabytes of a million", "processors_{n}.bytes / 1000", LINEAR),
        ("read all counters of one", "processors_{n}.above_0 - processors_{n}.prctl", LINEAR),
        ("... for each live session below it", "(processors_{n}.above_100 - processors_{n}.above_10) / 90", LINEAR),
    )),
    ("live sessions", SESSIONS, (1000000,), (
        ("getppid outside", "beside_{n}.getppid", CONSTANT),
        ("getppid in one of them, limited", "inside_of_{n}.getppid", CONSTANT),
        ("write of one byte in one of them, limited", "inside_of_{n}.write", CONSTANT),
        ("create one more", "beside_{n}.create", LOG),
        ("list all by prctl", "beside_{n}.list_prctl", LINEAR),
    )),
    ("tasks", TASKS, (1000000,), (
        ("list 100 sessions by prctl", "tasks_{n}.list_prctl", CONSTANT),
        ("kill so many in a session, until they are gone", "kill_session_{n}.all", LINEAR),
        ("... the call alone", "kill_session_{n}.call", LINEAR),
        ("write 0 to enabled", "tasks_{n}.disable", LINEAR),
    )),
    ("depth, with limits on each level", DEPTHS, (), (
        ("getppid as a mean, drawing of credit included", "depth_{n}.mean_getppid", LINEAR),
        ("create a session of that depth", "depth_{n}.create", LINEAR),
    )),
)


def line(xs, ys):
    """The a and b for which the squares of (a + b x - y) / y are least in sum; b is 0 where all x are one.

    Nor is it ever less: more to do does not cost less. What falls is what somebody else happened to do, and no line
    through that says anything of what lies behind the last point.
    """
    w = [1 / max(abs(y), 1) ** 2 for y in ys]
    total = sum(w)
    x0 = sum(map(operator.mul, w, xs)) / total
    y0 = sum(map(operator.mul, w, ys)) / total
    square = sum(v * (x - x0) ** 2 for v, x in zip(w, xs))
    b = max(sum(v * (x - x0) * (y - y0) for v, x, y in zip(w, xs, ys)) / square, 0) if square else 0
    # Free of what is beyond a figure's digits.
    return round(y0 - b * x0, 6), round(b, 6)


class Fit:
    """One line of an axis, of one kernel."""

    def __init__(self, data, points, far, formula, kind):
        self.points = points
        self.kind = kind
        self.values = [value(data, formula.format(n=n)) for n in points]
        self.why = next((v for v in self.values if isinstance(v, str)), None)
        if self.why:
            return
        self.a, self.b = line([F[kind](n) for n in points], self.values)
        self.off = max(abs(self.at(n) - v) / max(abs(v), 1) for n, v in zip(points, self.values))
        self.far = [self.at(n) for n in far]

    def at(self, n):
        return self.a + self.b * F[self.kind](n)

    def text(self):
        return show(self.a) + (f" + {show(self.b)} {self.kind}" if self.b else "")


def fits(data, axis):
    _, points, far, lines = axis
    return [(text, Fit(data, points, far, formula, kind)) for text, formula, kind in lines]


def document(data):
    """Tables in Markdown, one an axis."""
    out = []
    for axis in AXES:
        name, points, far, _ = axis
        rows = []
        for text, fit in fits(data, axis):
            if fit.why:
                rows.append([text, fit.why] + [""] * (len(points) + 1 + len(far)))
                continue
            rows.append([text, fit.text(), *(show(round(v, 2)) for v in fit.values), f"{100 * fit.off:.1f} %",
                         *map(show, fit.far)])
        head = ["", f"formula; n: {name}", *(f"{n:,}" for n in points), "off by", *(f"predicted: {n:,}" for n in far)]
        out += ["", *table(head, rows)]
    return out
