// Against otpd and the stub: script/examples typescript

import assert from "node:assert/strict";
import { test } from "node:test";

import { NoAnswer, Otpd, OtpdError, SendError, VerifyError } from "./dist/index.js";

const { OTPD_URL: url, OTPD_TOKEN: token, STUB_URL: stub } = process.env;

const smsTo = async (number) => {
  const answer = await fetch(`${stub}/__stub/messages?number=${number.slice(1)}`);
  return (await answer.json()).messages.map((message) => message.text);
};
const codeOf = async (number) => (await smsTo(number)).at(-1).match(/\b\d{6}\b/)[0];

/** An Otpd whose first requests end as `faults` say, one after the other, after otpd has answered. */
const withFaults = (...faults) => {
  const keys = new Set();
  const otpd = new Otpd({
    url,
    token,
    pauseMs: 1,
    fetch: async (request) => {
      keys.add(request.headers.get("Idempotency-Key"));
      const answer = await fetch(request);
      const fault = faults.shift();
      return fault === undefined ? answer : fault();
    },
  });
  return { otpd, keys };
};
const lost = () => {
  throw new TypeError("fetch failed");
};
const balancer = () => new Response("<html>Bad Gateway", { status: 502, headers: { "Content-Type": "text/html" } });

test("a code is sent, verified and shown", async () => {
  const otpd = new Otpd({ url, token });
  const phone_number = "+31612340001";
  const sent = await otpd.send({ phone_number, reference: "order-4711" });
  assert.equal(sent.status, "otp_sent");
  const check = { phone_number, verification_id: sent.verification_id };
  const code = await codeOf(phone_number);
  await assert.rejects(otpd.verify({ ...check, code: code === "000000" ? "000001" : "000000" }), (error) => {
    assert.ok(error instanceof VerifyError && error instanceof OtpdError);
    assert.equal(error.code, "invalid_code");
    assert.equal(error.problem.attempts_left, 4);
    return true;
  });
  const verified = otpd.wait(sent.verification_id, (view) => view.state === "verified");
  assert.equal((await otpd.verify({ ...check, code })).verified, true);
  assert.equal((await verified).reference, "order-4711");
});

test("a send whose answers are lost is repeated with its key and sends one SMS", async () => {
  const phone_number = "+31612340002";
  const { otpd, keys } = withFaults(lost, balancer);
  const sent = await otpd.send({ phone_number });
  assert.equal(keys.size, 1);
  assert.equal((await smsTo(phone_number)).length, 1);
  assert.equal((await otpd.verification(sent.verification_id)).state, "active");
});

test("a send without any answer is told apart from a refusal", async () => {
  const phone_number = "+31612340003";
  await assert.rejects(withFaults(lost, lost, lost, lost).otpd.send({ phone_number }), NoAnswer);
  assert.equal((await smsTo(phone_number)).length, 1);
});

test("a refusal is an error with a code and the time to wait, and is not repeated", async () => {
  const phone_number = "+31612340004";
  const { otpd, keys } = withFaults();
  await otpd.send({ phone_number });
  await assert.rejects(otpd.send({ phone_number }), (error) => {
    assert.ok(error instanceof SendError);
    assert.equal(error.code, "cooldown_active");
    assert.ok(error.retryAfterSeconds > 0);
    return true;
  });
  assert.equal(keys.size, 2);
  await assert.rejects(new Otpd({ url, token: "wrong" }).send({ phone_number }), { code: "unauthorized" });
});

test("a check is not repeated", async () => {
  const phone_number = "+31612340005";
  const { otpd } = withFaults(undefined, lost);
  const { verification_id } = await otpd.send({ phone_number });
  await assert.rejects(otpd.verify({ phone_number, verification_id, code: await codeOf(phone_number) }), NoAnswer);
  assert.equal((await otpd.verification(verification_id)).state, "verified");
});
