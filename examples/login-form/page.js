// The timer of "Send again", and WebOTP: Chrome on Android passes the code of the SMS to the page.
"use strict";

const resend = document.getElementById("resend");
if (resend) {
  const until = Date.now() + Number(resend.dataset.wait) * 1000;
  const show = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    resend.disabled = left > 0;
    resend.textContent = left > 0 ? `Send again in ${left} s` : "Send again";
    if (left > 0) setTimeout(show, 1000);
  };
  show();
}

const code = document.getElementById("code");
if (code && "OTPCredential" in window) {
  const ended = new AbortController();
  for (const form of document.forms) form.addEventListener("submit", () => ended.abort());
  navigator.credentials
    .get({ otp: { transport: ["sms"] }, signal: ended.signal })
    .then((sms) => {
      code.value = sms.code;
      code.form.requestSubmit();
    })
    .catch(() => {}); // no SMS in time, or the user types the code
}
