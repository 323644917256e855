"""Draws the curves of docs/performance.md, section "Growth", as SVG: CPU by live codes, and resident memory during a soak."""

import html
import math
import os

from growth_lines import cpu_us, median, of, values

WIDTH, HEIGHT = 760, 320
LEFT, RIGHT, TOP, BOTTOM = 74, 90, 48, 52
STYLE = """
text { fill: #1f2328; font: 13px system-ui, sans-serif; }
.paper { fill: #ffffff; }
.title { font-size: 15px; font-weight: 600; }
.grid { stroke: #d1d9e0; stroke-width: 1; }
.curve { fill: none; stroke-width: 2.2; stroke-linejoin: round; }
.curve.c0 { stroke: #0b6bcb; } .curve.c1 { stroke: #c2410c; }
.point.c0 { fill: #0b6bcb; } .point.c1 { fill: #c2410c; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .paper { fill: #0d1117; }
  .grid { stroke: #30363d; }
  .curve.c0 { stroke: #58a6ff; } .curve.c1 { stroke: #ff9b50; }
  .point.c0 { fill: #58a6ff; } .point.c1 { fill: #ff9b50; }
}
"""


def nice_step(most):
    """The step that puts four to ten marks between 0 and `most`."""
    step = 10 ** math.floor(math.log10(most / 4))
    return next(step * factor for factor in (1, 2, 2.5, 5, 10) if most / (step * factor) <= 8)


class picture:
    """One panel: y from 0, x linear or logarithmic."""

    def __init__(self, title, x_title, x_range, y_most, logarithmic=False):
        self.scale = math.log10 if logarithmic else float
        self.x_from, self.x_to = map(self.scale, x_range)
        self.y_step = nice_step(y_most)
        self.y_most = self.y_step * math.ceil(y_most / self.y_step)
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(title)}">',
            f'<style>{STYLE}</style>', f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>']
        self.text(LEFT, 24, title, 'start', 'title')
        self.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_title)
        y = 0
        while y <= self.y_most * 1.0001:
            self.parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{self.y(y):.1f}" y2="{self.y(y):.1f}"/>')
            self.text(LEFT - 8, self.y(y) + 4, f'{y:g}', 'end')
            y += self.y_step

    def x(self, value):
        span = self.x_to - self.x_from or 1
        return LEFT + (WIDTH - LEFT - RIGHT) * (self.scale(value) - self.x_from) / span

    def y(self, value):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self.y_most

    def text(self, x, y, words, anchor='middle', style=''):
        self.parts.append(f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(words)}</text>')

    def mark(self, x, words):
        self.text(self.x(x), HEIGHT - BOTTOM + 18, words)

    def curve(self, points, colour, name, dots=True):
        path = ' '.join(f'{self.x(x):.1f},{self.y(y):.1f}' for x, y in points)
        self.parts.append(f'<polyline class="curve c{colour}" points="{path}"/>')
        if dots:
            self.parts += [f'<circle class="point c{colour}" r="3.5" cx="{self.x(x):.1f}" cy="{self.y(y):.1f}"/>' for x, y in points]
        last_x, last_y = points[-1]
        self.text(self.x(last_x) + 8, self.y(last_y) + 4, name, 'start')

    def write(self, path):
        with open(path, 'w', encoding='utf-8') as out:
            out.write('\n'.join([*self.parts, '</svg>', '']))


def live(lines, path):
    found = of(lines, 'live')
    if not found:
        return
    sizes = values(found, 'codes')
    curves = {load: [(codes, median(map(cpu_us, of(found, 'live', load=load, codes=codes)))) for codes in sizes] for load in ('check', 'send')}
    out = picture('CPU of the server for a request, us', 'live codes', (sizes[0], sizes[-1]), max(y for points in curves.values() for _, y in points), True)
    for codes in sizes:
        out.mark(codes, f'{codes:,}')
    for colour, (load, points) in enumerate(curves.items()):
        out.curve(points, colour, load)
    out.write(path)


def soak(lines, path):
    samples = of(lines, 'soak')
    if not samples:
        return
    points = [(line['requests'] / 1e6, line['resident_kib'] / 1024) for line in samples]
    most = points[-1][0]
    out = picture('Resident memory, MiB', 'million requests', (0, most), max(y for _, y in points))
    for part in range(5):
        out.mark(most * part / 4, f'{most * part / 4:.2g}')
    out.curve(points, 0, 'otpd', dots=False)
    out.write(path)


def write(lines, images):
    live(lines, os.path.join(images, 'growth-live.svg'))
    soak(lines, os.path.join(images, 'growth-soak.svg'))
