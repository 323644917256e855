// What is refused, and of whom.
import { get } from "./api.js";
import { ago, clock, count, el, refill, table } from "./format.js";

const kept = 60000; // ms
let answers = []; // of the last minute

const grown = (list, name) => {
  const before = answers[0][list].find((one) => one.name === name)?.refused ?? 0;
  return (row) => (row.refused < before ? row.refused : row.refused - before); // less: it was restarted
};

function limits(caption, list, empty) {
  const rows = answers.at(-1)[list].filter((row) => row.refused + row.observed > 0).sort((a, b) => b.refused - a.refused);
  return table(caption, [
    ["Name", (row) => row.name, true],
    ["Last minute", (row) => count(grown(list, row.name)(row))],
    ["Refused", (row) => count(row.refused)],
    ["Only observed", (row) => count(row.observed)],
  ], rows, empty);
}

export function open(root) {
  const body = el("div");
  root.append(el("h1", {}, "Abuse"), body);
  const refresh = async () => {
    const answer = await get("abuse");
    answers.push(answer);
    answers = answers.filter((one) => Date.parse(answer.at) - Date.parse(one.at) <= kept);
    const most = Math.max(1, ...answer.prefixes.map((row) => row.refused));
    refill(body,
      el("p", { class: "quiet" }, "This instance, since its start; the minute counts from when this page was opened. Of the prefixes, cooldowns do not count, and one that is quiet for an hour goes."),
      el("div", { class: "columns" },
        limits("Conversion guards: sent codes are not typed", "guards", "No guard has refused a send."),
        limits("Limits and budgets", "violations", "No limit has refused anything.")),
      table("Prefixes refused most", [
        ["Prefix", (row) => `${row.prefix}…`, true],
        ["Country", (row) => row.country, true],
        ["Refused", (row) => (row.over_by_at_most ? `≤ ${count(row.refused)}` : count(row.refused))],
        ["", (row) => el("meter", { min: 0, max: most, value: row.refused, "aria-label": `${count(row.refused)} refused` }), true],
        ["By", (row) => row.limits.replaceAll(",", ", "), true],
        ["Since", (row) => clock(row.first_at), true],
        ["Last", (row) => ago((Date.parse(answer.at) - Date.parse(row.last_at)) / 1000), true],
      ], answer.prefixes, "None."));
  };
  return { every: 5, refresh };
}
