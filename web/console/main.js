// Signs in, switches between the views, and says at the top of each what is wrong. Nothing is asked while the tab is hidden.
import { get, Refused, token } from "./api.js";
import { clock, el, seconds } from "./format.js";
import * as abuse from "./abuse.js";
import * as money from "./money.js";
import * as now from "./now.js";
import { closePlots } from "./plot.js";
import * as routes from "./routes.js";
import * as search from "./search.js";

const views = { now, routes, money, abuse, search };
const part = (id) => document.getElementById(id);
const main = part("main");
let view = null; // the open one
let note = null; // what keeps it from being fresh
let answered = null; // the last answer of /stats
const notTheToken = "This is not the operator's token.";
const patience = 8000; // ms for it

// Spoken only when the kind of a fault changes, not with each number in it.
function say(kind, state, faults) {
  part("banner").className = kind;
  part("state").textContent = state;
  part("faults").textContent = faults.join(" · ");
  const spoken = [state, ...faults].join(". ").replace(/\d+([.,]\d+)?/g, "").trim();
  if (part("spoken").dataset.kind === spoken) return;
  part("spoken").dataset.kind = spoken;
  part("spoken").textContent = [state, ...faults].join(". ");
}

function onStats(stats) {
  answered = stats.at;
  now.record(stats);
  document.body.classList.remove("stale");
  const uptime = `otpd ${stats.version}, up ${seconds(stats.uptime_seconds)}`;
  if (stats.faults.length > 0) say("bad", stats.faults.length === 1 ? "1 fault" : `${stats.faults.length} faults`, stats.faults);
  else say(stats.ready ? "good" : "bad", stats.ready ? "All well" : "Not ready", [uptime]);
  view?.onStats?.();
}

function onFailure(error) {
  if (error.status === 401) return signOut(notTheToken);
  document.body.classList.add("stale");
  const isLost = error.status === 0;
  const why = isLost && answered ? null : error.message;
  say("bad", isLost ? "No answer" : "Not readable", [why, answered && `figures of ${clock(answered)}`, "asking again"].filter(Boolean));
  return undefined;
}

function tabs(current) {
  const link = (name) => el("a", { href: `#${name}`, "aria-current": name === current ? "page" : null }, name[0].toUpperCase() + name.slice(1));
  const links = part("tabs").querySelectorAll("a");
  for (const one of links) // they stay, since one of them may have the focus
    if (one.hash === `#${current}`) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  part("tabs").hidden = false;
  if (links.length > 0) return;
  part("tabs").replaceChildren(...Object.keys(views).map(link), el("button", { type: "button", class: "link", onclick: () => signOut("") }, "Sign out"));
}

// What comes after the sign-out is not shown.
async function refresh(of) {
  of.due = performance.now() + of.every * 1000;
  const asker = token.get();
  try {
    await of.refresh();
    if (of === view) note.textContent = "";
  } catch (error) {
    if (asker !== token.get()) return;
    if (error.status === 401) onFailure(error);
    else if (of === view) note.textContent = error.message;
  }
}

function open() {
  if (!token.get()) return signOut("");
  const name = Object.hasOwn(views, location.hash.slice(1)) ? location.hash.slice(1) : "now";
  tabs(name);
  document.title = `${name} – otpd console`;
  note = el("p", { class: "wrong", role: "alert" });
  closePlots();
  main.replaceChildren(note);
  view = views[name].open(main);
  const opened = view;
  for (const control of view.controls ?? []) control.addEventListener("change", () => refresh(opened));
  if (view.refresh) refresh(view);
  return undefined;
}

function signOut(why) {
  token.clear();
  closePlots();
  view = answered = null;
  document.body.classList.remove("stale");
  part("tabs").hidden = true;
  say("", "Not signed in", []);
  const form = part("login").content.cloneNode(true).querySelector("form");
  form.querySelector("[role=alert]").textContent = why;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = form.querySelector("input").value.trim();
    if (/[^!-~]/.test(text)) return signOut(notTheToken); // no header can have it
    token.set(text);
    open();
    return tick();
  });
  main.replaceChildren(form);
  form.querySelector("input").focus();
}

let asking = null; // the token of the question that waits for its answer
let askedAt = 0;
async function tick() {
  const asker = token.get();
  if (document.hidden || !asker) return;
  if (asking === asker) {
    if (performance.now() - askedAt > patience) onFailure(new Refused(0, "The service does not answer."));
    return;
  }
  asking = asker;
  askedAt = performance.now();
  const answer = await get("stats").catch((error) => error);
  if (asking === asker) asking = null;
  if (asker !== token.get()) return; // signed out meanwhile
  try {
    if (answer instanceof Error) throw answer;
    onStats(answer);
  } catch (error) {
    onFailure(error);
  }
  if (view?.refresh && performance.now() >= view.due) refresh(view);
}

addEventListener("hashchange", (event) => {
  if (location.hash !== "#main") open();
  else if (event.oldURL) history.replaceState(null, "", event.oldURL);
});
document.addEventListener("visibilitychange", tick);
setInterval(tick, 1000);
open();
tick();
