// The timeline of a verification as a picture: time runs down, each route has a lane.
import { day, el, money, seconds, table, words } from "./format.js";

const namespace = "http://www.w3.org/2000/svg";
const lane = 30;
const row = 46;

function svg(tag, attributes, ...children) {
  const made = document.createElementNS(namespace, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const good = ["accepted", "verified", "delivered"];
const bad = ["failed", "not_sent", "rejected", "wrong", "wrong_code", "exhausted", "unknown", "canceled", "replaced"];

// The word that says most of an event: of a step its outcome, of a delivery its status.
const word = (event) => String(event.outcome ?? event.status ?? event.state ?? event.event).toLowerCase();
function tone(event) {
  const texts = [word(event), event.event, event.error ? "failed" : ""];
  if (texts.some((text) => bad.includes(text))) return "bad";
  return texts.some((text) => good.includes(text)) ? "good" : "plain";
}

const shown = ["at", "event", "outcome", "status"];
const order = ["route_id", "cost", "price", "reason", "error", "seconds"]; // first, since a narrow picture cuts off the rest
const detail = (name, value) => {
  if (name === "price" || name === "cost") return `${name} ${money(value)} EUR`;
  return name === "route_id" ? `route ${value}` : `${words(name)} ${value}`;
};
const place = (name) => (order.includes(name) ? order.indexOf(name) : order.length);
const details = (event) => Object.entries(event)
  .filter(([name, value]) => !shown.includes(name) && value !== null && value !== "" && !(name === "price" && event.cost === value))
  .sort(([a], [b]) => place(a) - place(b)).map(([name, value]) => detail(name, value)).join(" · ");
const title = (event) => (word(event) === event.event ? words(event.event) : `${words(event.event)}: ${words(word(event))}`);

// An event without a route belongs to the one that accepted the message, if it is about the message.
function lanes(events) {
  const routes = [...new Set(events.map((event) => event.route_id).filter(Boolean))];
  let last = null;
  const places = events.map((event) => {
    last = event.route_id ?? last;
    const route = event.route_id ?? (event.event === "delivery" ? last : null);
    return route ? routes.indexOf(route) + 1 : 0;
  });
  return { routes, places };
}

function picture(events, width) {
  const { routes, places } = lanes(events);
  const x = (place) => 24 + place * lane;
  const y = (i) => 44 + i * row;
  const text = x(routes.length) + 24;
  const room = Math.max(12, Math.floor((width - text) / 6.4)); // characters of the small text
  const start = Date.parse(events[0].at);
  const parts = [];
  ["otpd", ...routes].forEach((name, place) => parts.push(
    svg("text", { x: x(place), y: 14, class: "head" }, place === 0 ? "otpd" : `R${name}`),
    svg("line", { x1: x(place), x2: x(place), y1: 22, y2: y(events.length - 1) + 16, class: "lane" })));
  const path = events.map((_, i) => `${x(places[i])},${y(i)}`).join(" ");
  parts.push(svg("polyline", { points: path, class: "way" }));
  events.forEach((event, i) => {
    const since = i === 0 ? "" : `+${seconds((Date.parse(event.at) - start) / 1000)}  `;
    const more = details(event);
    const small = svg("text", { x: text, y: y(i) + 15, class: "small" }, more.length > room ? `${more.slice(0, room - 1)}…` : more);
    small.append(svg("title", {}, more));
    parts.push(svg("circle", { cx: x(places[i]), cy: y(i), r: 7, class: tone(event) }),
      svg("text", { x: text, y: y(i), class: "event" }, since + title(event)), small);
  });
  const height = y(events.length - 1) + 30;
  return svg("svg", { width, height, role: "img", "aria-label": `Timeline of ${events.length} events; the table below has the same` }, ...parts);
}

export function timeline(of) {
  const facts = [["State", words(of.state)], ["Delivery", of.delivery ? words(of.delivery) : null], ["Purpose", of.purpose],
    ["Created", day(of.created_at)], ["Route", of.route_id], ["Cost", of.cost === null ? null : `${money(of.cost)} ${of.currency ?? ""}`],
    ["Attempts left", of.attempts_left], ["Expires in", of.expires_in_seconds > 0 ? seconds(of.expires_in_seconds) : null],
    ["Message", of.bx_message_id], ["Order", of.order_id], ["Reference", of.reference]]
    .filter(([, value]) => value !== null && value !== undefined && value !== "");
  const box = el("div", { class: "picture" });
  const events = of.events ?? [];
  if (events.length > 0)
    new ResizeObserver(() => box.replaceChildren(picture(events, Math.max(box.clientWidth, 260)))).observe(box);
  return el("section", { id: "timeline", tabindex: -1, "aria-label": "Verification" },
    el("h2", {}, "Verification"), el("p", { class: "id" }, of.verification_id),
    el("dl", { class: "facts" }, ...facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, String(value))))),
    box,
    el("details", {}, el("summary", {}, "The same as a table"),
      table("Events", [["At", (event) => event.at, true], ["Event", title, true], ["Details", details, true]], events)));
}
