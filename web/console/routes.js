// The scoreboard: how each route does in each country.
import { get } from "./api.js";
import { ago, count, el, money, percent, refill, seconds, statistic, table } from "./format.js";
import { bars } from "./plot.js";

const windows = [["3600", "1 hour"], ["21600", "6 hours"], ["86400", "24 hours"]];
const value = (of) => of?.value ?? null;

export function open(root) {
  const window_ = el("select", { id: "window" }, ...windows.map(([s, name]) => el("option", { value: s, selected: s === "86400" }, name)));
  const country = el("select", { id: "country" }, el("option", { value: "" }, "all"));
  const about = el("p", { class: "quiet" });
  const list = el("div");
  const plots = {
    delivered_share: bars("Delivered, % of accepted", "", [["delivered", "good"]], 100),
    verified_share: bars("Verified, % of accepted", "", [["verified", "blue"]], 100),
    seconds: bars("Seconds to delivery", "", [["95 %", "line"], ["median", "blue"]], 1),
    cost_per_verified: bars("Cost per verified user", "", [["cost", "warn"]], 0.001),
  };
  root.append(el("h1", {}, "Routes"),
    el("form", { class: "bar" }, el("label", { for: "window" }, "In the last"), window_, el("label", { for: "country" }, "Country"), country),
    about, el("div", { class: "plots wide" }, ...Object.values(plots).map((one) => one.figure)), list);

  const show = (answer) => {
    const chosen = country.value;
    const countries = [...new Set([...answer.scores.map((one) => one.country), chosen].filter(Boolean))].sort();
    country.replaceChildren(el("option", { value: "" }, "all"), ...countries.map((name) => el("option", { value: name, selected: name === chosen }, name)));
    const rows = answer.scores.filter((one) => !chosen || one.country === chosen);
    about.textContent = answer.age_seconds === null ? "Not read from the store yet." : `Read from the store ${ago(answer.age_seconds)}. The plots show the routes used most.`;
    refill(list, table("Each route in each country", [
      ["Route", (row) => `${row.route_id} ${row.country ?? ""}`, true],
      ["Sent", (row) => count(row.sent)],
      ["Accepted", (row) => statistic(row.accepted_share, percent)],
      ["Delivered", (row) => statistic(row.delivered_share, percent)],
      ["Verified", (row) => statistic(row.verified_share, percent)],
      ["Median", (row) => statistic(row.delivery_seconds_median, seconds)],
      ["95 %", (row) => statistic(row.delivery_seconds_p95, seconds)],
      ["Cost per SMS", (row) => statistic(row.cost_per_sent, money)],
      ["Cost per verified", (row) => statistic(row.cost_per_verified, money)],
    ], rows, "No sends in this time."));
    const heaviest = [...rows].sort((a, b) => b.sent - a.sent);
    const names = heaviest.map((row) => `${row.route_id} ${row.country ?? ""}`);
    const shares = (name) => heaviest.map((row) => (row[name] ? row[name].value * 100 : null));
    plots.delivered_share.draw([names, shares("delivered_share")]);
    plots.verified_share.draw([names, shares("verified_share")]);
    plots.seconds.draw([names, heaviest.map((row) => value(row.delivery_seconds_p95)), heaviest.map((row) => value(row.delivery_seconds_median))]);
    plots.cost_per_verified.draw([names, heaviest.map((row) => value(row.cost_per_verified))]);
  };
  const refresh = async () => {
    const asked = window_.value;
    const answer = await get(`routes/scores?window=${asked}`);
    if (asked === window_.value) show(answer);
  };
  return { every: 10, refresh, controls: [window_, country] };
}
