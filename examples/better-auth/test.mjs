// Against otpd and the stub: script/examples better-auth

import assert from "node:assert/strict";
import { test } from "node:test";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";

import { Otpd } from "../../clients/typescript/dist/index.js";
import { otpdPhoneNumber } from "./otpd-phone-number.mjs";

const { OTPD_URL, OTPD_TOKEN, STUB_URL } = process.env;
const database = { user: [], session: [], account: [], verification: [] };
const auth = betterAuth({
  baseURL: "http://localhost:3000",
  secret: "a secret of this test, of at least thirty-two characters",
  database: memoryAdapter(database),
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { disabled: true },
  emailAndPassword: { enabled: true },
  plugins: [
    otpdPhoneNumber(new Otpd({ url: OTPD_URL, token: OTPD_TOKEN }), {
      signUpOnVerification: { getTempEmail: (number) => `${number.slice(1)}@users.example` },
    }),
  ],
});

class Browser {
  #cookies = new Map();
  async post(path, body) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { "Content-Type": "application/json", Origin: "http://localhost:3000", Cookie: cookie };
    const request = new Request(`http://localhost:3000/api/auth${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    const answer = await auth.handler(request);
    this.attributes = answer.headers.getSetCookie();
    for (const one of this.attributes) this.#cookies.set(...one.split(";")[0].split(/=(.*)/s).slice(0, 2));
    return { status: answer.status, headers: answer.headers, body: await answer.json() };
  }
}

const codeOf = async (number) => {
  const answer = await fetch(`${STUB_URL}/__stub/messages?number=${number.slice(1)}`);
  return (await answer.json()).messages.at(-1).text.match(/\b\d{6}\b/)[0];
};

test("a user signs in with the code of otpd, and with no other", async () => {
  const browser = new Browser();
  const phoneNumber = "+31612344001";
  assert.equal((await browser.post("/phone-number/send-otp", { phoneNumber })).status, 200);
  assert.equal(browser.attributes.filter((one) => /^otpd_\w+=.*HttpOnly.*SameSite=Lax/.test(one)).length, 2);
  const code = await codeOf(phoneNumber);
  const unused = database.verification[0].value.split(":")[0]; // better-auth's own
  if (unused !== code) {
    const refused = await browser.post("/phone-number/verify", { phoneNumber, code: unused });
    assert.equal(refused.status, 400);
    assert.equal(refused.body.code, "INVALID_OTP");
  }
  const verified = await browser.post("/phone-number/verify", { phoneNumber, code });
  assert.equal(verified.status, 200);
  assert.ok(verified.body.token);
  assert.equal(verified.body.user.phoneNumberVerified, true);
  assert.equal((await browser.post("/phone-number/verify", { phoneNumber, code })).status, 400);
});

test("a refusal of otpd reaches the page with its code and the time to wait", async () => {
  const browser = new Browser();
  const phoneNumber = "+31612344002";
  await browser.post("/phone-number/send-otp", { phoneNumber });
  const refused = await browser.post("/phone-number/send-otp", { phoneNumber });
  assert.equal(refused.status, 429);
  assert.equal(refused.body.code, "COOLDOWN_ACTIVE");
  assert.ok(Number(refused.headers.get("Retry-After")) > 0);
});

test("a code for a login resets no password, and one for that does", async () => {
  const browser = new Browser();
  const phoneNumber = "+31612344003";
  await browser.post("/phone-number/send-otp", { phoneNumber });
  const login = await codeOf(phoneNumber);
  await browser.post("/phone-number/verify", { phoneNumber, code: login });
  await browser.post("/phone-number/request-password-reset", { phoneNumber });
  const reset = { phoneNumber, newPassword: "a new and long password" };
  if (login !== (await codeOf(phoneNumber)))
    assert.equal((await browser.post("/phone-number/reset-password", { ...reset, otp: login })).status, 400);
  assert.equal((await browser.post("/phone-number/reset-password", { ...reset, otp: await codeOf(phoneNumber) })).status, 200);
  const signedIn = await browser.post("/sign-in/phone-number", { phoneNumber, password: reset.newPassword });
  assert.equal(signedIn.status, 200);
});
