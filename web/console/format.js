// Values as text, and elements. Text is only ever added as text nodes.

export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export const none = "–";
const digits = (value, most) => value.toLocaleString("en", { maximumFractionDigits: most });
const known = (value) => value !== null && value !== undefined;

export const count = (value) => (known(value) ? digits(value, 0) : none);
export const rate = (value) => (known(value) ? digits(value, value < 10 ? 1 : 0) : none);
export const money = (value) => (known(value) ? digits(value, 4) : none);
export const percent = (value) => (known(value) ? `${digits(value * 100, 1)} %` : none);
export const words = (name) => String(name).replaceAll("_", " ");
export const clock = (at) => (at ? new Date(at).toLocaleTimeString("en-GB") : none);
export const day = (at) => (at ? new Date(at).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" }) : none);

export function seconds(value) {
  if (!known(value)) return none;
  if (value < 1) return `${digits(value * 1000, value < 0.01 ? 1 : 0)} ms`;
  if (value < 120) return `${digits(value, value < 10 ? 2 : 0)} s`;
  if (value < 7200) return `${Math.floor(value / 60)} min`;
  if (value < 172800) return `${Math.floor(value / 3600)} h ${Math.floor((value % 3600) / 60)} min`;
  return `${Math.floor(value / 86400)} d ${Math.floor((value % 86400) / 3600)} h`;
}

// A statistic of /routes/scores with its interval.
export function statistic(of, write) {
  if (!of) return none;
  if (!known(of.low)) return write(of.value);
  return el("span", { title: `95 %: ${write(of.low)} to ${write(of.high)}, ${of.samples} samples` }, write(of.value),
    el("small", {}, ` ${write(of.low)} – ${write(of.high)}`));
}

export const ago = (value) => (value < 1 ? "just now" : `${seconds(value)} ago`);
export const some = (value, noun) => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;

// columns: [heading, cell of a row, is it text?]; a wide table scrolls by itself and by keyboard.
export function table(caption, columns, rows, empty = "Nothing yet.") {
  const heads = columns.map(([name, , text]) => el("th", { scope: "col", class: text ? "" : "number" }, name));
  const lines = rows.map((row) => el("tr", {}, ...columns.map(([, cell, text], i) =>
    el(i === 0 ? "th" : "td", { class: text ? "" : "number", scope: i === 0 ? "row" : null }, cell(row)))));
  if (rows.length === 0) lines.push(el("tr", {}, el("td", { colspan: columns.length, class: "quiet" }, empty)));
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    el("table", {}, el("caption", {}, caption), el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...lines)));
}

// Replaces what `root` has. Its tables stay where they were scrolled to, and keep the focus.
export function refill(root, ...children) {
  const regions = () => [...root.querySelectorAll("[role=region]")];
  const before = regions().map((one) => [one.ariaLabel, one.scrollLeft, one === document.activeElement]);
  root.replaceChildren(...children);
  for (const one of regions()) {
    const [, left, hasFocus] = before.find(([name]) => name === one.ariaLabel) ?? [];
    one.scrollLeft = left ?? 0;
    if (hasFocus) one.focus({ preventScroll: true });
  }
}

export function tiles(pairs) {
  return el("dl", { class: "tiles" }, ...pairs.map(([name, value, more, kind]) =>
    el("div", { class: kind ?? "" }, el("dt", {}, name), el("dd", {}, value, more ? el("small", {}, more) : null))));
}
