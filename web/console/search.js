// What is known of a number, and the timeline of a verification. The number travels in bodies only.
import { get, post } from "./api.js";
import { count, day, el, money, none, seconds, some, table, words } from "./format.js";
import { timeline } from "./timeline.js";

const isId = (text) => /^[0-9a-f]{64}$/i.test(text);

function limits(list) {
  return table("Limits, as they stand for this number", [
    ["Limit", (row) => (row.client ? `${row.name}, ${row.client}` : row.name), true],
    ["Left", (row) => count(row.remaining)],
    ["Of", (row) => count(row.limit)],
    ["Full again in", (row) => (row.reset_seconds ? seconds(row.reset_seconds) : none)],
    ["", (row) => (row.observe ? "observes" : row.remaining === 0 ? "refuses now" : ""), true],
    ["Counts by", (row) => words(row.key), true],
  ], list);
}

function ofClient(one, show) {
  const locked = one.locked_for_seconds > 0 ? `, locked for ${seconds(one.locked_for_seconds)}` : "";
  return el("section", {}, el("h3", {}, one.client),
    el("p", {}, `${some(one.known_devices, "known device")}; ${count(one.wrong_guesses)} of ${count(one.wrong_guesses_max)} wrong guesses${locked}.`),
    table(`Verifications of ${one.client}`, [
      ["Created", (row) => el("button", { class: "link", type: "button", onclick: () => show(row.verification_id) }, day(row.created_at)), true],
      ["Purpose", (row) => row.purpose, true],
      ["Status", (row) => words(row.status), true],
      ["Message", (row) => words(row.message?.status ?? none), true],
      ["Route", (row) => row.message?.route_id ?? none],
      ["Cost", (row) => money(row.message?.cost)],
      ["Error", (row) => row.message?.error ?? "", true],
    ], one.verifications, "None."));
}

export function open(root) {
  const field = el("input", { id: "query", autocomplete: "off", spellcheck: "false", required: true, placeholder: "+31612345678" });
  const note = el("p", { role: "alert", class: "wrong" });
  const found = el("div");
  const picture = el("div");
  const attempt = async (work) => {
    note.textContent = "";
    try {
      await work();
    } catch (error) {
      note.textContent = error.status === 404 ? "Nothing is known of it." : error.message;
    }
  };
  const show = (id) => attempt(async () => {
    picture.replaceChildren(timeline(await get(`verifications/${encodeURIComponent(id)}`)));
    picture.firstChild.focus();
    picture.scrollIntoView();
  });
  const find = (number) => attempt(async () => {
    const answer = await post("numbers/find", { phone_number: number });
    const where = answer.destination ?? {};
    found.replaceChildren(el("h2", {}, answer.phone_number),
      el("p", {}, `${where.country || "Unknown country"}: ${where.verdict ?? none}${where.why ? `, ${where.why}` : ""}.`),
      ...(answer.clients.length > 0 ? answer.clients.map((one) => ofClient(one, show)) : [el("p", {}, "No client knows this number.")]),
      limits(answer.limits));
  });
  const submit = (event) => {
    event.preventDefault();
    found.replaceChildren();
    picture.replaceChildren();
    const text = field.value.trim();
    return isId(text) ? show(text) : find(text.replace(/[\s().-]/g, ""));
  };
  root.append(el("h1", {}, "Search"),
    el("form", { class: "bar", onsubmit: submit }, el("label", { for: "query" }, "Number or verification id"), field, el("button", {}, "Find")),
    note, found, picture);
  field.focus();
  return {};
}
