// better-auth's phone number plugin with the codes of otpd.
//
// The plugin makes a code of its own and hands it to `sendOTP`. otpd makes its codes itself, which
// is how it counts guesses and repeats a code in a resend; so that one is ignored, and `verifyOTP`
// has otpd check what the user typed.

import { randomBytes } from "node:crypto";
import { APIError, getIP } from "better-auth/api";
import { phoneNumber } from "better-auth/plugins/phone-number";

const verificationCookie = "otpd_verification";
const deviceCookie = "otpd_device";
const aDay = 86_400;
const kept = (ctx, maxAge) => ({
  path: "/",
  httpOnly: true,
  sameSite: "lax",
  secure: ctx.context.baseURL.startsWith("https:"),
  maxAge,
});

/** One for each browser, so that strangers cannot hold up a user at a browser that he has used before. */
function deviceOf(ctx) {
  const value = ctx.getCookie(deviceCookie);
  const device = /^[A-Za-z0-9_-]{22}$/.test(value ?? "") ? value : randomBytes(16).toString("base64url");
  ctx.setCookie(deviceCookie, device, kept(ctx, 400 * aDay));
  return device;
}

/** What both calls say. `advanced.ipAddress` names the header of your proxy that has the address. */
function about(phone_number, ctx) {
  const purpose = ctx.path.includes("password") ? "password-reset" : "login";
  const end_user_ip = ctx.request ? getIP(ctx.request, ctx.context.options) : null;
  return { phone_number, purpose, end_user_ip, device: deviceOf(ctx) };
}

function asApiError(error) {
  const status = { 422: "BAD_REQUEST", 429: "TOO_MANY_REQUESTS", 403: "FORBIDDEN" }[error.status] ?? "SERVICE_UNAVAILABLE";
  const headers = error.retryAfterSeconds === undefined ? {} : { "Retry-After": String(error.retryAfterSeconds) };
  return new APIError(status, { code: error.code.toUpperCase(), message: error.problem.detail }, headers);
}

/** `otpd` is an Otpd of clients/typescript; `options` are those of the plugin. */
export function otpdPhoneNumber(otpd, options = {}) {
  async function sendOTP({ phoneNumber }, ctx) {
    try {
      const sent = await otpd.send(about(phoneNumber, ctx));
      await ctx.setSignedCookie(verificationCookie, sent.verification_id, ctx.context.secret, kept(ctx, sent.expires_in_seconds));
    } catch (error) {
      // The SMS may be on its way: the user is asked for the code as after a success.
      if (error.name === "NoAnswer" || error.code === "delivery_unknown") return;
      throw error.name === "OtpdError" ? asApiError(error) : error;
    }
  }

  async function verifyOTP({ phoneNumber, code }, ctx) {
    const verification_id = (await ctx.getSignedCookie(verificationCookie, ctx.context.secret)) || null;
    try {
      await otpd.verify({ ...about(phoneNumber, ctx), code, verification_id });
      return true;
    } catch (error) {
      if (error.name !== "OtpdError") throw error;
      if (["invalid_code", "no_active_otp", "validation_failed"].includes(error.code)) return false;
      throw asApiError(error);
    }
  }

  return phoneNumber({
    phoneNumberValidator: (number) => /^\+[1-9][0-9]{9,14}$/.test(number),
    ...options,
    sendOTP,
    sendPasswordResetOTP: sendOTP,
    verifyOTP,
  });
}
