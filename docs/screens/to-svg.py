#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Draw what tmux capture-pane -e prints, from standard input, as SVG.

Only what such a capture has: text, and SGR sequences for colours, bold,
underlined and reverse.
"""
import re
import sys
import unicodedata
from xml.sax.saxutils import escape

WIDTH, HEIGHT, MARGIN = 8.4, 18, 10		# of a character, in pixels
INK, PAPER = '#d0d0d0', '#16181c'
# The sixteen colours of a terminal, as xterm has them but for darker backgrounds' sake.
COLOURS = ('#303338 #e0605e #7bc275 #d9b65b #6a9fe8 #c983d6 #5fc0c4 #d0d0d0 '
           '#70757d #ff8a88 #a0e59a #f5d98b #94bfff #e6a8f2 #8fe6ea #ffffff').split()


def colour(number):
    if number < 16:
        return COLOURS[number]
    if number >= 232:
        return '#' + 3 * ('%02x' % (8 + 10 * (number - 232)))
    number -= 16
    steps = (0, 95, 135, 175, 215, 255)
    return '#%02x%02x%02x' % (steps[number // 36], steps[number // 6 % 6], steps[number % 6])


class Style:
    def __init__(self):
        self.reset()

    def reset(self):
        self.ink = self.paper = None
        self.bold = self.underlined = self.reverse = False

    def apply(self, codes):
        codes = [int(c or 0) for c in codes.split(';')]
        while codes:
            c = codes.pop(0)
            if c == 0:
                self.reset()
            elif c == 1:
                self.bold = True
            elif c == 22:
                self.bold = False
            elif c in (4, 24):
                self.underlined = c == 4
            elif c in (7, 27):
                self.reverse = c == 7
            elif c in (38, 48) and len(codes) >= 2 and codes[0] == 5:
                setattr(self, 'ink' if c == 38 else 'paper', colour(codes[1]))
                del codes[:2]
            elif c in (39, 49):
                setattr(self, 'ink' if c == 39 else 'paper', None)
            elif c // 10 in (3, 9):
                self.ink = COLOURS[c % 10 + (8 if c >= 90 else 0)]
            elif c // 10 in (4, 10):
                self.paper = COLOURS[c % 10 + (8 if c >= 100 else 0)]
            else:
                sys.exit('to-svg.py: SGR %d is not known' % c)

    def colours(self):
        ink, paper = self.ink or INK, self.paper
        return (paper or PAPER, ink) if self.reverse else (ink, paper)


def places(text):
    return sum(0 if unicodedata.combining(c) else
               2 if unicodedata.east_asian_width(c) in 'WF' else 1 for c in text)


def draw(text, column, row, style):
    width, x, y = places(text) * WIDTH, MARGIN + column * WIDTH, MARGIN + row * HEIGHT
    ink, paper = style.colours()
    if paper:
        yield '<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>' % (x, y, width, HEIGHT, paper)
    if text.strip():
        yield '<text x="%.1f" y="%d" textLength="%.1f" fill="%s"%s%s>%s</text>' % (
            x, y + 13, width, ink, ' font-weight="bold"' if style.bold else '',
            ' text-decoration="underline"' if style.underlined else '', escape(text))


def main():
    lines = sys.stdin.read().rstrip('\n').split('\n')
    style, out, widest = Style(), [], 0
    for row, line in enumerate(lines):
        column = 0
        # Text and the codes of an SGR sequence by turns.
        for i, part in enumerate(re.split(r'\x1b\[([0-9;]*)m', line)):
            if i % 2:
                style.apply(part)
            elif '\x1b' in part:
                sys.exit('to-svg.py: an unknown sequence in line %d' % (row + 1))
            elif part:
                out += draw(part, column, row, style)
                column += places(part)
        widest = max(widest, column)
    width, height = 2 * MARGIN + widest * WIDTH, 2 * MARGIN + len(lines) * HEIGHT
    print('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" '
          'font-family="DejaVu Sans Mono,Menlo,Consolas,monospace" font-size="14" xml:space="preserve">'
          % (width, height, width, height))
    print('<rect width="100%%" height="100%%" rx="6" fill="%s"/>' % PAPER)
    print('\n'.join(out))
    print('</svg>')


main()
