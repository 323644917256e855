"""Draws latencies at a constant rate as curves of percentiles: bench/latency_plot.py RESULTS PICTURE.svg

RESULTS is the output of script/bench, one JSON object per line; a curve shows the medians of its rounds. There is a panel per load
(checks, sends) and a colour per contestant; the lower rate is dashed. Both axes are logarithmic; that of the percentiles is by the
distance to 100 %.
"""

import html
import json
import math
import statistics
import sys

WIDTH, PANEL_HEIGHT, PANEL_GAP = 900, 320, 92
LEFT, RIGHT, TOP, BOTTOM = 84, 236, 78, 60
END_PERCENT = 99.99 # beyond this a round has too few requests
COLOURS = 3
PANELS = (("Checks", ("check", "nginx-fixed", "beast")), ("Sends", ("send", "nginx-proxy", "nginx-relay")))

STYLE = """
text { fill: #1f2328; font: 13px system-ui, sans-serif; }
.paper { fill: #ffffff; }
.faint { fill: #59636e; }
.title { font-size: 17px; font-weight: 600; }
.panel { font-size: 14px; font-weight: 600; }
.grid { stroke: #d1d9e0; stroke-width: 1; }
.axis { stroke: #59636e; stroke-width: 1; }
.curve { fill: none; stroke-width: 2.2; stroke-linejoin: round; }
.half { stroke-dasharray: 6 5; }
.curve.c0 { stroke: #0b6bcb; } .curve.c1 { stroke: #c2410c; } .curve.c2 { stroke: #15803d; }
.point.c0 { fill: #0b6bcb; } .point.c1 { fill: #c2410c; } .point.c2 { fill: #15803d; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .paper { fill: #0d1117; }
  .faint { fill: #9198a1; }
  .grid { stroke: #30363d; }
  .axis { stroke: #9198a1; }
  .curve.c0 { stroke: #58a6ff; } .curve.c1 { stroke: #ff9b50; } .curve.c2 { stroke: #4ade80; }
  .point.c0 { fill: #58a6ff; } .point.c1 { fill: #ff9b50; } .point.c2 { fill: #4ade80; }
}
"""


def medians(path):
    """{(contestant, share): {"rate": requests/s, "points": [(percent, milliseconds), ...]}}"""
    groups = {}
    with open(path, encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row["what"] == "paced":
                groups.setdefault((row["contestant"], row["share"]), []).append(row["load"])
    curves = {}
    for which, loads in groups.items():
        percents = [each for each in loads[0]["latency_us"] if each != "max" and float(each) <= END_PERCENT]
        points = [(float(each), statistics.median(load["latency_us"][each] for load in loads) / 1000) for each in percents]
        curves[which] = {"rate": statistics.median(load["asked_per_s"] for load in loads), "points": points}
    return curves


class Scale:
    """Maps a value to a position on a logarithmic axis."""

    def __init__(self, first, last, at_first, at_last):
        self.first, self.span = math.log10(first), math.log10(last) - math.log10(first)
        self.at_first, self.length = at_first, at_last - at_first

    def __call__(self, value):
        return self.at_first + self.length * (math.log10(value) - self.first) / self.span


def text(x, y, what, kind="", anchor="start", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}"{more}>{html.escape(what)}</text>'


def line(x1, y1, x2, y2, kind):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def plain(value):
    return f"{value:g}"


def bounds(curves):
    """The nearest 1, 2 or 5 times a power of ten below and above all values."""
    values = [latency for curve in curves.values() for _, latency in curve["points"]]
    steps = [digit * 10.0**power for power in range(-3, 6) for digit in (1, 2, 5)]
    lowest = max((step for step in steps if step <= min(values)), default=steps[0])
    highest = min((step for step in steps if step >= max(values)), default=steps[-1])
    return lowest, highest, [step for step in steps if lowest <= step <= highest]


def axes(x, y, ticks, top, bottom):
    right = WIDTH - RIGHT
    for tick in ticks:
        yield line(LEFT, y(tick), right, y(tick), "grid")
        yield text(LEFT - 10, y(tick) + 4.5, plain(tick), "faint", "end")
    for percent in (50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99):
        at = x(100 / (100 - percent))
        yield line(at, top, at, bottom, "grid")
        yield text(at, bottom + 20, plain(percent), "faint", "middle")
    yield line(LEFT, top, LEFT, bottom, "axis")
    yield line(LEFT, bottom, right, bottom, "axis")
    yield text((LEFT + right) / 2, bottom + 42, "percentile of the requests", "", "middle")
    middle = (top + bottom) / 2
    yield text(26, middle, "latency, ms", "", "middle", f' transform="rotate(-90 26 {middle:.1f})"')


def legend(curves, colour_of, top):
    x, y = WIDTH - RIGHT + 24, top + 14
    for (contestant, share), curve in curves.items():
        kind = f"c{colour_of[contestant]}{' half' if share <= 50 else ''}"
        yield line(x, y - 4, x + 30, y - 4, f"curve {kind}")
        yield text(x + 40, y, contestant)
        yield text(x + 40, y + 16, f"{share} %: {curve['rate']:,.0f} requests/s", "faint")
        y += 44


def panel(title, curves, top):
    bottom = top + PANEL_HEIGHT
    lowest, highest, ticks = bounds(curves)
    x = Scale(2, 100 / (100 - END_PERCENT), LEFT, WIDTH - RIGHT)
    y = Scale(lowest, highest, bottom, top)
    names = list(dict.fromkeys(contestant for contestant, _ in curves))
    colour_of = {name: index % COLOURS for index, name in enumerate(names)}
    yield text(LEFT, top - 12, title, "panel")
    yield from axes(x, y, ticks, top, bottom)
    for (contestant, share), curve in curves.items():
        at = [(x(100 / (100 - percent)), y(latency)) for percent, latency in curve["points"]]
        kind = f"c{colour_of[contestant]}"
        yield f'<polyline class="curve {kind}{" half" if share <= 50 else ""}" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in at)}"/>'
        yield from (f'<circle class="point {kind}" cx="{a:.1f}" cy="{b:.1f}" r="2.6"/>' for a, b in at)
    yield from legend(curves, colour_of, top)


def picture(curves):
    panels = []
    for title, prefixes in PANELS:
        of_panel = {which: curve for which, curve in curves.items() if which[0].startswith(prefixes)}
        if of_panel:
            panels.append((title, of_panel))
    if not panels:
        sys.exit("latency_plot: nothing was measured at a constant rate")
    height = TOP + len(panels) * PANEL_HEIGHT + (len(panels) - 1) * PANEL_GAP + BOTTOM
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">'
    yield "<title>Latency at a constant rate, by percentile</title>"
    yield f"<style>{STYLE}</style>"
    yield f'<rect class="paper" width="{WIDTH}" height="{height}"/>'
    yield text(LEFT, 26, "Latency at 50 % (dashed) and 80 % of each one's own maximum", "title")
    for index, (title, of_panel) in enumerate(panels):
        yield from panel(title, of_panel, TOP + index * (PANEL_HEIGHT + PANEL_GAP))
    yield "</svg>"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    drawn = "\n".join(picture(medians(sys.argv[1]))) + "\n"
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(drawn)


main()
