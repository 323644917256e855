// What is known of a number, and the timeline of a verification. The number travels in bodies only.
import { get, post } from "./api.js";
import { count, day, el, money, none, seconds, some, table, words } from "./format.js";
import { timeline } from "./timeline.js";

const isId = (text) => /^[0-9a-f]{64}$/i.test(text);

function limits(list) {
  return table("Limits, as they stand for this number", [
    ["Limit", (row) => (row.client ? `${row.name}, ${row.client}` : row.name), true],
    ["Left", (row) => count(row.remaining)],
    ["Of", (row) => (row.name.startsWith("pumping_") ? none : count(row.limit))], // a guard admits more, the more codes are typed
    ["Full again in", (row) => (row.reset_seconds ? seconds(row.reset_seconds) : none)],
    ["", (row) => (row.observe ? "observes" : row.remaining === 0 ? "refuses now" : ""), true],
    ["Counts by", (row) => words(row.key), true],
  ], list);
}

// What holds this client's user up now, a sentence each.
function facts(one) {
  return [
    `${some(one.known_devices, "known device")}; ${count(one.wrong_guesses)} of ${count(one.wrong_guesses_max)} wrong guesses.`,
    one.locked_for_seconds > 0 ? `Locked for ${seconds(one.locked_for_seconds)}.` : "",
    one.devices_locked_for_seconds > 0 ? `Known devices are locked for ${seconds(one.devices_locked_for_seconds)}.` : "",
    ...one.cooldowns.map((each) => `Cooldown of ${each.purpose}${each.known_device ? " at a known device" : ""}: ${seconds(each.retry_after_seconds)}.`),
  ].filter(Boolean).join(" ");
}

function place(where) {
  const clients = where.denied_clients.length > 0 ? ` Denied by the countries of ${where.denied_clients.join(", ")}.` : "";
  const trusted = where.trusted ? " The conversion guard trusts it." : "";
  return `${where.country || "Unknown country"}: ${where.verdict}${where.why ? `, ${where.why}` : ""}.${clients}${trusted}`;
}

// Where clients are many, an answer has some of them, and names the next one.
async function findAll(number) {
  const all = await post("numbers/find", { phone_number: number });
  for (let next = all.next_client; next !== null;) {
    const more = await post("numbers/find", { phone_number: number, from_client: next });
    all.clients.push(...more.clients);
    const isKnown = (one) => all.limits.some((known) => known.name === one.name && known.client === one.client);
    all.limits.push(...more.limits.filter((one) => !isKnown(one))); // their figures may have changed meanwhile
    next = more.next_client;
  }
  return all;
}

function ofClient(one, show) {
  return el("section", {}, el("h3", {}, one.client),
    el("p", {}, facts(one)),
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
  let turn = 0; // only the last search is shown, whichever is answered first
  const attempt = async (ask, draw) => {
    const mine = ++turn;
    note.textContent = "";
    picture.replaceChildren();
    try {
      const answer = await ask();
      if (mine === turn) draw(answer);
    } catch (error) {
      if (mine === turn) note.textContent = error.status === 404 ? "Nothing is known of it." : error.message;
    }
  };
  const show = (id) => attempt(() => get(`verifications/${encodeURIComponent(id)}`), (answer) => {
    picture.replaceChildren(timeline(answer));
    picture.firstChild.focus();
    picture.scrollIntoView();
  });
  const find = (number) => attempt(() => findAll(number), (answer) => {
    found.replaceChildren(el("h2", {}, answer.phone_number), el("p", {}, place(answer.destination)),
      ...(answer.clients.length > 0 ? answer.clients.map((one) => ofClient(one, show)) : [el("p", {}, "No client knows this number.")]),
      limits(answer.limits));
  });
  const submit = (event) => {
    event.preventDefault();
    found.replaceChildren();
    const text = field.value.trim();
    return isId(text) ? show(text.toLowerCase()) : find(text.replace(/[\s().-]/g, ""));
  };
  root.append(el("h1", {}, "Search"),
    el("form", { class: "bar", onsubmit: submit }, el("label", { for: "query" }, "Number or verification id"), field, el("button", {}, "Find")),
    note, found, picture);
  field.focus();
  return {};
}
