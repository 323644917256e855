#!/usr/bin/env python3
"""The login form in headless Chromium, which is driven through its debugging pipe: browser_test.py --otpd PROGRAM --stub PROGRAM"""

import argparse
import json
import os
import select
import subprocess
import sys
import tempfile
import threading
import time

import with_otpd

sys.path.insert(0, os.path.join(with_otpd.root, "examples/login-form"))
import server as login_form  # noqa: E402

PATIENCE = 60  # seconds


class Chromium:
    def __init__(self):
        self.place = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        its_input, self.orders = os.pipe()
        self.answers, its_output = os.pipe()
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{its_input} 4>&{its_output}', "chromium", "chromium", "--headless", "--no-sandbox",
             "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", f"--user-data-dir={self.place.name}",
             "--remote-debugging-pipe", "about:blank"],
            pass_fds=(its_input, its_output), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(its_input)
        os.close(its_output)
        self.unread, self.last, self.session = b"", 0, None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.ask("Page.enable")

    def ask(self, method, **params):
        self.last += 1
        order = {"id": self.last, "method": method, "params": params} | ({"sessionId": self.session} if self.session else {})
        os.write(self.orders, json.dumps(order).encode() + b"\0")
        end = time.monotonic() + PATIENCE
        while True:
            while b"\0" not in self.unread:
                if not select.select([self.answers], [], [], max(0, end - time.monotonic()))[0]:
                    raise TimeoutError(method)
                part = os.read(self.answers, 65536)
                if not part:
                    raise ConnectionError("Chromium has ended")
                self.unread += part
            text, _, self.unread = self.unread.partition(b"\0")
            answer = json.loads(text)
            if answer.get("id") == self.last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def value(self, script):
        return self.ask("Runtime.evaluate", expression=script)["result"].get("value")

    def until(self, script):
        """Waits until a script is true, in whatever page is shown by then."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if self.value(script):
                    return
            except RuntimeError:  # between two pages
                pass
            time.sleep(0.05)
        raise TimeoutError(script + " in " + str(self.value("document.documentElement.outerHTML")))

    def stop(self):
        self.process.kill()
        self.process.wait()
        os.close(self.orders)
        os.close(self.answers)
        self.place.cleanup()


def check(what, is_so):
    if not is_so:
        raise AssertionError(what)
    print(f"ok: {what}")


def log_in(browser, otpd, port):
    number = "+31612345001"
    # An SMS comes to phones only, so the page gets a WebOTP that this test answers.
    browser.ask("Page.addScriptToEvaluateOnNewDocument", source="""
        window.OTPCredential = class {};
        navigator.credentials.get = (options) => new Promise((resume) => { window.asked = options; window.give = resume; });""")
    browser.ask("Page.navigate", url=f"http://localhost:{port}/")
    browser.until("document.getElementById('number') !== null")
    browser.value(f"document.getElementById('number').value = '{number}'; document.querySelector('form button').click()")
    browser.until("document.getElementById('code') !== null && document.getElementById('resend').disabled")
    check("the code field has the focus", browser.value("document.activeElement.id") == "code")
    check("the timer counts down", browser.value("/^Send again in [0-9]+ s$/.test(document.getElementById('resend').textContent)"))
    before = browser.value("parseInt(document.getElementById('resend').textContent.match(/[0-9]+/)[0])")
    browser.until(f"parseInt(document.getElementById('resend').textContent.match(/[0-9]+/)[0]) < {before}")
    check("scripts see no cookie", browser.value("document.cookie") == "")
    cookies = {each["name"]: each for each in browser.ask("Network.getCookies")["cookies"]}
    check("the browser keeps both cookies", set(cookies) == {"__Host-device", "__Host-session"})
    check("they are HttpOnly, Secure and SameSite",
          all(each["httpOnly"] and each["secure"] and each["sameSite"] == "Lax" for each in cookies.values()))
    check("the page asks for the code of an SMS", browser.value("window.asked.otp.transport.join()") == "sms")
    browser.value(f"window.give({{code: '{otpd.code(number)}'}})")
    browser.until("document.getElementById('user') !== null")
    check("the user is logged in", number in browser.value("document.getElementById('user').textContent"))
    after = {each["name"]: each["value"] for each in browser.ask("Network.getCookies")["cookies"]}
    check("the device stays, and the session is a new one", after["__Host-device"] == cookies["__Host-device"]["value"]
          and after["__Host-session"] != cookies["__Host-session"]["value"])


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--otpd", required=True)
    arguments.add_argument("--stub", required=True)
    given = arguments.parse_args()
    otpd = with_otpd.Otpd(given.otpd, given.stub)
    form = login_form.serve(otpd.url, otpd.token, 0)
    threading.Thread(target=form.serve_forever, daemon=True).start()
    browser = None
    try:
        browser = Chromium()
        log_in(browser, otpd, form.server_port)
    finally:
        if browser:
            browser.stop()
        form.shutdown()
        otpd.stop()


main()
