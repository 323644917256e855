// Plots by uPlot. A build without npm has none, and then only the tables are shown.
import { el } from "./format.js";

const uPlot = await import("./uPlot.esm.js").then((module) => module.default, () => null);
if (uPlot) document.head.append(el("link", { rel: "stylesheet", href: "console/uPlot.min.css" }));

const height = 170;
let ended = new AbortController(); // of the plots that are shown

export function closePlots() {
  ended.abort();
  ended = new AbortController();
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function options(title, unit, series, more) {
  const axis = { stroke: colour("quiet"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 } };
  const value = (_, number) => (number === null || number === undefined ? "–" : `${Number(number.toPrecision(3))}${unit}`);
  return {
    width: 300, height, ...more.options,
    legend: { live: more.live ?? true },
    cursor: { y: false, drag: { x: false } },
    scales: { x: { time: more.time ?? false, range: more.xRange }, y: more.log ? { distr: 3, range: (_, low, high) => [0.1, Math.max(high, more.top)] } : { range: (_, low, high) => [0, Math.max(high, more.top ?? 1) * 1.05] } },
    axes: [{ ...axis, ...more.x }, { ...axis, ...(more.log && { grid: { show: false }, ticks: { show: false } }), size: 56, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : `${Number(tick.toPrecision(4))}${unit}`)) }],
    series: [{ value: more.label }, ...series.map(([label, tone, path]) =>
      ({ label, stroke: colour(tone), value, width: 2, points: { show: more.points }, ...path?.(tone) }))],
  };
}

// Draws into a figure of its own, and again when width or colour scheme change.
export function plot(title, unit, series, more = {}) {
  if (!uPlot) return { figure: null, draw() {} };
  const box = el("div");
  const figure = el("figure", {}, el("figcaption", {}, title), box);
  let drawn = null;
  let last = null;
  const begin = () => {
    drawn?.destroy();
    drawn = last && new uPlot(options(title, unit, series, { ...more, ...more.of?.(last) }), last, box);
    if (drawn && box.clientWidth) drawn.setSize({ width: box.clientWidth, height });
  };
  const { signal } = ended;
  new ResizeObserver(() => drawn?.setSize({ width: box.clientWidth, height })).observe(box);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", begin, { signal });
  signal.addEventListener("abort", () => {
    drawn?.destroy();
    drawn = last = null;
  });
  return {
    figure,
    draw(data) {
      if (signal.aborted) return;
      last = data;
      if (drawn && !more.of) drawn.setData(data);
      else begin();
    },
  };
}

const clock = (at) => new Date(at * 1000).toLocaleTimeString("en-GB");

// By second: data is [times, values ...].
export const byTime = (title, unit, series, more = {}) => plot(title, unit, series, {
  time: true, ...more, label: (_, at) => (at ? clock(at) : "–"),
  x: { space: 80, values: (_, ticks) => ticks.map(clock) },
});

// A bar for each name: data is [names, values ...].
export function bars(title, unit, series, top) {
  let names = [];
  const filled = (tone, i) => ({
    fill: colour(tone), width: 0, paths: uPlot.paths.bars({ size: [0.7 - 0.3 * i, 48] }), points: { show: false },
  });
  const made = plot(title, unit, series.map(([label, tone], i) => [label, tone, () => filled(tone, i)]), {
    top, live: false,
    of: () => ({
      xRange: () => [-0.6, Math.max(names.length, 1) - 0.4],
      x: { space: 1, grid: { show: false }, splits: () => names.map((_, i) => i), values: () => names },
    }),
  });
  let last = null;
  const draw = ([all, ...values]) => {
    last = [all, ...values];
    if (!made.figure) return;
    const room = Math.max(3, Math.floor((made.figure.clientWidth - 90) / 42)); // for their names
    names = all.slice(0, room);
    made.draw([names.map((_, i) => i), ...values.map((list) => list.slice(0, room))]);
  };
  if (made.figure) new ResizeObserver(() => last && draw(last)).observe(made.figure);
  return { figure: made.figure, draw };
}
