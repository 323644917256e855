// The console in a browser, against the API: sends, verifies, lets sends fail, looks up, and compares.
import assert from "node:assert/strict";
import { request } from "node:https";
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { startBrowser } from "./browser.mjs";
import { ask, startPrograms, stopPrograms } from "./programs.mjs";

const [directory, ...flags] = process.argv.slice(2);
const screenshots = flags.includes("--screenshots");
const token = "token-of-the-operator";
const say = (text) => console.log(`console: ${text}`);

const { stub, otpd, upstream, api, admin } = await startPrograms(directory, token, writeFileSync);
const page = await startBrowser(`${directory}/profile`);
await page.begin();
process.on("exit", () => {
  page.child.kill();
  stopPrograms();
});

const operator = (path, body) => ask(admin + path, { token, body });
const tell = (path, body) => new Promise((resolve, reject) => request(`${upstream}/__stub/${path}`, {
  method: body ? "POST" : "DELETE", ca: readFileSync(`${directory}/ca.pem`), headers: { "Content-Type": "application/json" },
}, (reply) => reply.resume().on("end", resolve)).on("error", reject).end(body && JSON.stringify(body)));
const countries = [31, 34, 49, 44, 33];
const number = (n, country = countries[n % countries.length]) => ({
  31: `316${20000000 + n * 613}`, 34: `346${20000000 + n * 613}`, 49: `4915${110000000 + n * 613}`,
  44: `4474${10000000 + n * 613}`, 33: `336${20000000 + n * 613}` })[country];
const send = (to, more = {}) => ask(`${api}/send-otp`, { body: { phone_number: to, ...more } });
const verify = (to, code) => ask(`${api}/verify-otp`, { body: { phone_number: to, code } });

async function shoot(name, width = 1280, scheme = "light", most = undefined) {
  if (!screenshots) return;
  await page.look(width, scheme);
  await page.shoot(`docs/images/console-${name}.png`, most);
  await page.look(1280, "light");
}
const show = async (view) => {
  await page.evaluate(`location.hash = "${view}"`);
  await page.until(`document.title.startsWith("${view}")`);
};
const text = (selector) => page.evaluate(`document.querySelector(${JSON.stringify(selector)})?.innerText ?? ""`);
// The cells of the table with this caption, by the text of their row's head.
const cells = (caption) => page.evaluate(`(() => {
  const table = [...document.querySelectorAll("table")].find((one) => one.caption?.innerText.startsWith(${JSON.stringify(caption)}));
  return Object.fromEntries([...(table?.tBodies[0].rows ?? [])].map((row) => [row.cells[0].innerText.trim(), [...row.cells].slice(1).map((cell) => cell.innerText.trim())]));
})()`);
const whole = (shown) => Number(shown.replaceAll(/[^\d.-]/g, ""));

const hasPlots = (await ask(`${admin}/console/uPlot.esm.js`)).status === 200; // else it was built without npm
const complaints = () => page.complaints.filter((line) => hasPlots || !line.includes("uPlot"));

// --- signing in ---------------------------------------------------------------------------------

await page.send("Page.navigate", { url: `${admin}/console` });
await page.until(`document.activeElement.id === "token"`);
await page.type("another-token-than-the-operators");
await page.press("Enter", "Enter", "\r");
await page.until(`document.body.innerText.includes("not the operator's token")`);
assert.ok(complaints().every((line) => line.includes("401")), "only the refusal is complained of");
page.complaints.length = 0;
await shoot("sign-in", 400, "light");
await page.type(token);
await page.press("Enter", "Enter", "\r");
await page.until(`document.querySelector("#state").innerText === "All well"`);
assert.equal(await page.evaluate("document.cookie"), "");
await page.until(`document.querySelectorAll(".tiles div").length === 8`);
await pause(3000);
await shoot("now-idle", 1280, "light");
await shoot("now-idle-dark", 1280, "dark");
say("signed in");

// --- a busy service -----------------------------------------------------------------------------

const rounds = screenshots ? 45 : 6; // of a second
let sent = 0;
for (let second = 0; second < rounds; ++second) {
  const until = Date.now() + 1000;
  const many = screenshots ? 10 + Math.round(6 * Math.sin(second / 4)) : 6;
  if (second === 3) await tell("faults", { fault: "vendor", endpoint: "send_sms", number: "34*", count: 5 });
  await Promise.all(Array.from({ length: many }, async () => {
    const to = number(++sent);
    const plan = sent % 3 === 0 ? { purpose: "login" } : { route_id: 1 + (sent % 2) };
    await pause(Math.random() * 800);
    const { body } = await send(to, plan);
    if (!body.debug_code || sent % 5 === 0) return;
    if (sent % 7 === 0) await verify(to, "000000");
    await verify(to, body.debug_code);
  }));
  if (second > rounds / 3) await send(`31655${String(10000 + second * 37).padStart(6, "0")}`, { end_user_ip: "203.0.113.9" }); // pumped
  await pause(Math.max(0, until - Date.now()));
}
for (let i = 0; i < 4; ++i) await send(number(4000)); // again, within its cooldown
for (let i = 0; i < 30; ++i) await send(`3165500${String(1000 + i)}`); // one prefix, never typed
say(`${sent} sends`);

await show("now");
const stats = (await operator("/stats")).body;
await pause(2500);
const shownSends = await cells("Sends");
for (const [outcome, count] of Object.entries(stats.counters.sends))
  if (count > 0) assert.equal(whole(shownSends[outcome.replaceAll("_", " ")][1]), count, `sends: ${outcome}`);
const shownChecks = await cells("Checks");
assert.equal(whole(shownChecks.verified[1]), stats.counters.checks.verified);
const shownRefusals = await cells("Refusals by limit");
assert.equal(whole(shownRefusals.cooldown[1]), stats.counters.refusals.cooldown);
assert.equal(await page.evaluate(`document.querySelectorAll(".uplot").length`), hasPlots ? 3 : 0);
await shoot("now-busy", 1280, "light");
await shoot("now-busy-dark", 1280, "dark");
await shoot("now-busy-400", 400, "light", 2400);
await shoot("now-busy-400-dark", 400, "dark", 2400);
say("now: as in /stats");

await pause(5000); // until the stub has delivered, and that was read
await show("routes");
await page.until(`document.querySelectorAll(".scroll tbody tr").length > 3`);
await pause(1500);
const shownRoutes = await cells("Each route in each country");
const { scores } = (await operator("/routes/scores")).body;
assert.equal(Object.keys(shownRoutes).length, scores.length);
for (const one of scores) assert.equal(whole(shownRoutes[`${one.route_id} ${one.country}`][0]), one.sent);
await shoot("routes", 1280, "light");
await shoot("routes-400-dark", 400, "dark", 2400);
await page.evaluate(`(() => { const one = document.querySelector("#country"); one.value = "NL"; one.dispatchEvent(new Event("change")); })()`);
await page.until(`[...document.querySelectorAll(".scroll tbody th")].every((one) => one.innerText.endsWith("NL"))`);
say("routes: as in /routes/scores");

await show("money");
await page.until(`document.querySelectorAll(".tiles div").length === 5`);
const { body: balance } = await operator("/balance");
const budgets = await cells("Budgets");
for (const one of balance.budgets) assert.equal(Number(budgets[one.name][1]), one.spent);
assert.ok((await text(".tiles")).includes(balance.balance.toLocaleString("en", { maximumFractionDigits: 4 })));
await shoot("money", 1280, "light");
await shoot("money-400-dark", 400, "dark");
say("money: as in /balance");

await show("abuse");
await page.until(`document.querySelectorAll(".scroll tbody tr").length > 2`);
const { body: abuse } = await operator("/abuse");
const prefixes = await cells("Prefixes");
assert.ok(abuse.prefixes.length > 0);
for (const one of abuse.prefixes) assert.equal(whole(prefixes[`${one.prefix}…`][1]), one.refused);
const guards = await cells("Conversion guards");
for (const one of abuse.guards.filter((guard) => guard.refused > 0)) assert.equal(whole(guards[one.name][1]), one.refused);
await shoot("abuse", 1280, "light");
await shoot("abuse-400-dark", 400, "dark", 2400);
say("abuse: as in /abuse");

// --- search -------------------------------------------------------------------------------------

await tell("faults", { fault: "vendor", endpoint: "send_sms", count: 1 });
const user = number(4001, 31);
const markup = `<img/src=x/onerror="document.title='hacked'">&'`;
const first = (await send(user, { purpose: "login", reference: markup })).body;
await verify(user, "000000");
await pause(5000);
await verify(user, first.debug_code);
await show("search");
await page.until(`document.activeElement.id === "query"`);
await page.type("00316");
await page.press("Enter", "Enter", "\r");
await page.until(`document.querySelector("main [role=alert]:not(:empty)")?.innerText === "phone_number must be between 10 and 15 digits."`);
assert.ok(complaints().every((line) => line.includes("422")), "only the refusal is complained of");
page.complaints.length = 0;
await page.evaluate(`document.querySelector("#query").select()`);
await page.type(`+${user}`);
await page.press("Enter", "Enter", "\r");
await page.until(`document.querySelector("table button")`);
const found = (await operator("/numbers/find", { phone_number: `+${user}` })).body;
assert.ok((await text("main h2")).includes(found.phone_number));
assert.ok(!(await page.evaluate("document.querySelector('main').innerText")).includes(user), "the number is masked");
await page.evaluate(`document.querySelector("table button").focus()`);
await page.press("Enter", "Enter", "\r");
await page.until(`document.querySelectorAll(".picture circle").length > 0`);
const verification = (await operator(`/verifications/${first.verification_id}`)).body;
assert.equal(await page.evaluate(`document.querySelectorAll(".picture circle").length`), verification.events.length);
assert.equal(await text("section .id"), verification.verification_id);
assert.ok((await page.evaluate(`[...document.querySelectorAll(".facts dd")].map((one) => one.innerText)`)).includes(markup), "markup of others is text");
assert.equal(await page.evaluate("document.querySelectorAll('main img').length"), 0);
await shoot("search", 1280, "light", 2000);
await shoot("search-400-dark", 400, "dark", 2800);
assert.ok(page.requests.every((url) => !url.includes(user)), "no request has the number in its target");
say("search: as in /numbers/find and /verifications/{id}");

// --- by keyboard, narrow, and hidden --------------------------------------------------------------

await page.look(400, "light");
for (const view of ["now", "routes", "money", "abuse", "search"]) {
  await show(view);
  await pause(1200);
  assert.ok(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), `${view} fits into 400 px`);
}
await page.look(1280, "light");
await show("now");
await page.evaluate(`document.activeElement.blur()`);
const reached = [];
for (let i = 0; i < 14; ++i) {
  await page.press("Tab");
  reached.push(await page.evaluate("document.activeElement.innerText.trim()"));
}
for (const link of ["To the content", "Now", "Routes", "Money", "Abuse", "Search", "Sign out"]) assert.ok(reached.includes(link), `${link} by Tab`);
await page.evaluate(`Object.defineProperty(document, "hidden", { get: () => globalThis.isHidden ?? false }); globalThis.isHidden = true`);
await pause(1500);
const before = page.requests.length;
await pause(4000);
assert.equal(page.requests.length, before, "a hidden tab asks nothing");
await page.evaluate("globalThis.isHidden = false");
say("keyboard, 400 px and a hidden tab");

// --- tables that are filled again, and answers that come late -------------------------------------

await page.look(400, "light");
await show("routes");
await page.until(`document.querySelector(".scroll")?.scrollWidth > 450`);
await page.evaluate(`globalThis.old = document.querySelector(".scroll"); old.scrollLeft = 60; old.focus(); document.querySelector("#window").dispatchEvent(new Event("change"))`);
await page.until(`document.querySelector(".scroll") !== old`);
assert.deepEqual(await page.evaluate(`[document.querySelector(".scroll").scrollLeft, document.activeElement === document.querySelector(".scroll")]`), [60, true]);
await page.look(1280, "light");
await page.evaluate(`document.querySelector('nav a[href="#money"]').focus()`);
await page.press("Enter", "Enter", "\r");
await page.until(`document.title.startsWith("money")`);
assert.equal(await page.evaluate("document.activeElement.hash"), "#money", "a tab keeps the focus");

const submit = (query) => page.evaluate(`document.querySelector("#query").value = ${JSON.stringify(query)}; document.querySelector("main form").requestSubmit()`);
await show("search");
let release = await page.hold("/numbers/find");
await submit(`+${user}`);
await release.hasOne();
await submit(first.verification_id);
await page.until(`document.querySelectorAll(".picture circle").length > 0`);
await release();
await pause(500);
assert.equal(await text("main h2"), "Verification", "a search that was given up is not shown");
assert.equal(await page.evaluate(`document.querySelectorAll(".picture circle").length`), verification.events.length);

await show("now");
release = await page.hold("/stats");
await release.hasOne();
await page.until(`document.querySelector("#state").innerText === "No answer"`);
await release();
await page.until(`document.querySelector("#state").innerText !== "No answer"`);
release = await page.hold("/stats");
await release.hasOne();
await page.evaluate(`[...document.querySelectorAll("nav button")].at(-1).click()`);
await release();
await pause(500);
assert.equal(await text("#banner"), "Not signed in", "who has signed out reads of no fault, and of none that is gone");
await page.type(token);
await page.press("Enter", "Enter", "\r");
await page.until(`document.querySelectorAll(".tiles div").length === 8`);
say("what is late or given up is not shown");

const liveCodes = () => page.evaluate(`document.querySelector(".tiles div:nth-child(7) dd").firstChild.data`);
const ahead = { ...(await operator("/stats")).body, at: new Date(Date.now() + 3600_000).toISOString() };
await page.evaluate(`import("./console/now.js").then(({ record }) => record(${JSON.stringify(ahead)}))`);
const liveBefore = await liveCodes();
assert.equal((await send(number(4000))).status, 200);
await page.until(`document.querySelector(".tiles div:nth-child(7) dd").firstChild.data !== ${JSON.stringify(liveBefore)}`);
say("the Now view goes on after the service's clock went back");

const ticks = () => readFileSync(`/proc/${otpd.child.pid}/stat`, "utf8").split(") ")[1].split(" ").slice(11, 13).reduce((sum, n) => sum + Number(n), 0);
const from = ticks();
await pause(20000);
say(`looked at, an idle otpd uses ${((ticks() - from) / 20).toFixed(2)} % of a core`);
assert.deepEqual(complaints(), [], "neither a script nor the policy complains");

// --- a failing service --------------------------------------------------------------------------

await tell("faults", { fault: "vendor", endpoint: "send_sms" });
for (let i = 0; i < 12; ++i) {
  await send(number(5000 + i));
  await pause(150);
}
await page.until(`/of \\d+ sends? failed/.test(document.querySelector("#faults").innerText)`);
stub.child.removeAllListeners("exit").kill("SIGKILL");
let more = 6000;
const tries = setInterval(() => send(number(++more)).catch(() => {}), 250);
await page.until(`document.querySelector("#faults").innerText.includes("not ready")`);
assert.ok((await operator("/stats")).body.faults.length > 0);
await shoot("now-failing", 1280, "light");
await shoot("now-failing-400-dark", 400, "dark", 2400);
say(`failing: ${await text("#faults")}`);
clearInterval(tries);
otpd.child.removeAllListeners("exit").kill("SIGKILL");
await page.until(`document.querySelector("#state").innerText === "No answer"`);
await shoot("no-answer", 1280, "dark");
say("without an answer, the page says so");

const foreign = page.requests.filter((url) => !url.startsWith(admin) && !url.startsWith("data:") && url !== "about:blank");
assert.deepEqual(foreign, [], "every request goes to otpd");
say("all is well");
process.exit(0);
