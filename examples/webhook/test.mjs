// Against otpd and the stub: script/examples webhook

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { Webhook } from "standardwebhooks";

import { receiver } from "./receiver.mjs";

const { OTPD_URL, OTPD_TOKEN, STUB_URL, RECEIVER_PORT, WEBHOOK_SECRET, HOOK_SECRET } = process.env;

const requests = []; // as they came
const events = [];
const waiting = [];
let fails = async () => {}; // what the next events meet
const server = receiver(WEBHOOK_SECRET, async (event) => {
  await fails();
  events.push(event);
  for (const look of waiting) look();
});
server.on("request", (request) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => requests.push({ headers: request.headers, body: Buffer.concat(parts) }));
});
before(() => new Promise((resume) => server.listen(RECEIVER_PORT, "127.0.0.1", resume)));
after(() => server.close());

const event = (type, id) =>
  new Promise((resume) => {
    const look = () => {
      const found = events.find((one) => one.type === type && one.data.verification_id === id);
      if (found) resume(found);
    };
    waiting.push(look);
    look();
  });
const ask = async (url, body) => {
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${OTPD_TOKEN}` };
  return (await fetch(url, { method: "POST", headers, body: JSON.stringify(body) })).json();
};
const post = (headers, body) => fetch(`http://127.0.0.1:${RECEIVER_PORT}/webhook`, { method: "POST", headers, body });

test("events of otpd are verified, from the send to the verified code", async () => {
  const phone_number = "+31612343001";
  const sent = await ask(`${OTPD_URL}/v1/send-otp`, { phone_number, reference: "order-4711" });
  const { data } = await event("verification.accepted", sent.verification_id);
  assert.equal(data.reference, "order-4711");
  assert.equal(data.bx_message_id, sent.bx_message_id);
  await ask(`${STUB_URL}/__stub/messages`, { bx_message_id: sent.bx_message_id, state: "DELIVERED" });
  await event("verification.delivered", sent.verification_id);
  const { messages } = await (await fetch(`${STUB_URL}/__stub/messages?number=${phone_number.slice(1)}`)).json();
  const code = messages[0].text.match(/\b\d{6}\b/)[0];
  await ask(`${OTPD_URL}/v1/verify-otp`, { phone_number, code, verification_id: sent.verification_id });
  await event("verification.verified", sent.verification_id);
});

test("an event that comes twice is taken once, and a forged one never", async () => {
  const { headers, body } = requests[0];
  const signed = Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("webhook-")));
  const before = events.length;
  assert.equal((await post(signed, body)).status, 204);
  assert.equal((await post(signed, Buffer.concat([body, Buffer.from(" ")]))).status, 401);
  assert.equal((await post({ ...signed, "webhook-id": "msg_other" }, body)).status, 401);
  assert.equal((await post({ ...signed, "webhook-timestamp": "1700000000" }, body)).status, 401);
  assert.equal((await post({}, body)).status, 401);
  assert.equal(events.length, before);
});

test("an event that comes again while its work goes on is not taken for done", async () => {
  const body = JSON.stringify({ type: "verification.accepted", timestamp: new Date().toISOString(), data: {} });
  const headers = { "webhook-id": "msg_slow", "webhook-timestamp": String(Math.floor(Date.now() / 1000)) };
  headers["webhook-signature"] = new Webhook(WEBHOOK_SECRET).sign("msg_slow", new Date(), body);
  let fail;
  let begun;
  const hasBegun = new Promise((resume) => (begun = resume));
  const failure = new Promise((_, reject) => (fail = () => reject(new Error("no database"))));
  fails = () => (begun(), failure);
  const first = post(headers, body);
  await hasBegun;
  const second = post(headers, body);
  await new Promise((resume) => server.once("request", (request) => request.on("end", resume)));
  fail();
  assert.deepEqual([(await first).status, (await second).status], [500, 500]);
  fails = async () => {};
  assert.equal((await post(headers, body)).status, 204);
});

test("the other way: a hook that an identity provider signs sends its code once", async () => {
  const body = await readFile("test/hooks/supabase.json", "utf8");
  const { sms } = JSON.parse(body);
  const ask = (id, at, text) => {
    const headers = { "Content-Type": "application/json", "webhook-id": id, "webhook-timestamp": String(Math.floor(at / 1000)) };
    headers["webhook-signature"] = new Webhook(HOOK_SECRET).sign(id, new Date(at), body);
    return fetch(`${OTPD_URL}/hooks/default/supabase`, { method: "POST", headers, body: text });
  };
  assert.equal((await ask("msg_1", Date.now(), body)).status, 200);
  assert.equal((await ask("msg_2", Date.now(), body)).status, 200);
  assert.equal((await ask("msg_3", Date.now(), `${body} `)).status, 401);
  assert.equal((await ask("msg_4", Date.now() - 302_000, body)).status, 401);
  const { messages } = await (await fetch(`${STUB_URL}/__stub/messages?number=${sms.phone}`)).json();
  assert.equal(messages.length, 1);
  assert.match(messages[0].text, new RegExp(sms.otp));
});
