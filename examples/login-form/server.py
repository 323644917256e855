#!/usr/bin/env python3
"""A login by SMS: form, timer for the next code, WebOTP, and the cookie that makes a browser a known device.

    OTPD_URL=http://127.0.0.1:8000 [OTPD_TOKEN=...] examples/login-form/server.py [PORT]

Only this server calls otpd. Cookies are Secure: browsers accept them on http://localhost, and elsewhere with https only."""

import collections
import html
import http.server
import os
import re
import secrets
import sys
import time
import urllib.parse

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "../python"))
from otpd_client import NoAnswer, Otpd, OtpdError  # noqa: E402

SESSIONS_MAX = 10_000
OTPD_IS_BUSY = "We could not send a code. Try again later."
TEXTS = {
    "invalid_code": "That code is not right.",
    "no_active_otp": "That code has expired. Send a new one.",
    "attempts_exceeded": "Too many wrong codes.",
    "cooldown_active": "We sent a code a moment ago.",
    "limit_exceeded": "Too many requests.",
    "validation_failed": "Please check what you typed.",
    "destination_not_allowed": "We cannot send codes to this number.",
    "delivery_unknown": "Enter the code if it arrives.",
}
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Log in</title>
<script src="/page.js" defer></script></head><body><main><h1>Log in</h1><p id="notice" role="status">{notice}</p>{form}</main></body></html>
"""
NUMBER_FORM = """<form method="post" action="/number">
<label for="number">Mobile number, with country code</label>
<input id="number" name="number" type="tel" autocomplete="tel" placeholder="+31612345678" required autofocus><button>Send a code</button></form>"""
CODE_FORM = """<form method="post" action="/code">
<label for="code">Code from the SMS to {number}</label>
<input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="12" required autofocus><button>Continue</button></form>
<form method="post" action="/resend"><button id="resend" data-wait="{wait}">Send again</button></form>
<form method="post" action="/restart"><button>Another number</button></form>"""


class Sessions:
    """In memory, for one process. Of too many, the oldest ends. Safe without a lock: each step is one call of a dictionary."""

    def __init__(self):
        self.all = collections.OrderedDict()

    def find(self, name):
        return self.all.get(name)

    def begin(self, **values):
        name = secrets.token_urlsafe(24)
        self.all[name] = values
        while len(self.all) > SESSIONS_MAX:
            self.all.popitem(last=False)
        return name

    def end(self, name):
        self.all.pop(name, None)


class Handler(http.server.BaseHTTPRequestHandler):
    otpd: Otpd
    sessions = Sessions()
    # One request for each connection (HTTP/1.0): a body that is not read is never taken for the next request.
    timeout = 60

    def do_GET(self):
        self.begin()
        if self.path == "/page.js":
            with open(os.path.join(here, "page.js"), "rb") as file:
                return self.answer(200, file.read(), "text/javascript; charset=utf-8")
        if self.path != "/":
            return self.answer(404, b"Not found", "text/plain")
        return self.show()

    def do_POST(self):
        self.begin()
        origin = self.headers.get("Origin")
        if origin and urllib.parse.urlsplit(origin).netloc != self.headers.get("Host"):
            return self.answer(403, b"Not from another site", "text/plain")
        size = self.headers.get("Content-Length") or ""
        if not re.fullmatch(r"[0-9]{1,3}", size):
            return self.answer(413, b"Too large, or of unknown size", "text/plain")
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(size)).decode("utf-8", "replace")))
        steps = {"/number": self.take_number, "/code": self.take_code, "/resend": self.resend, "/restart": self.restart}
        if self.path not in steps:
            return self.answer(404, b"Not found", "text/plain")
        steps[self.path](form)
        return self.answer(303, b"", "text/plain")

    def begin(self):
        # Not http.cookies: it refuses all for a name of another application that it does not like.
        cookies = dict(part.strip().split("=", 1) for part in (self.headers.get("Cookie") or "").split(";") if "=" in part)
        self.session_name = cookies.get("__Host-session")
        self.session = self.sessions.find(self.session_name)
        # One for each browser. A value that is not ours is replaced: otpd would refuse some of them.
        self.device = cookies.get("__Host-device", "")
        if not re.fullmatch(r"[A-Za-z0-9_-]{22}", self.device):
            self.device = secrets.token_urlsafe(16)
        # Behind a proxy of yours: from the header that it sets, never from one that the browser sent.
        self.asks = {"end_user_ip": self.client_address[0], "device": self.device}

    def take_number(self, form):
        number = re.sub(r"[\s().-]", "", form.get("number", ""))
        self.change_session(number=number, notice="")
        self.send(number)

    def resend(self, _form):
        if self.session and self.session.get("number"):
            self.send(self.session["number"])

    def restart(self, _form):
        self.change_session(notice="")

    def send(self, number):
        session = self.session
        try:
            sent = self.otpd.send(number, **self.asks)
            session.update(id=sent["verification_id"], next_at=time.time() + sent["cooldown_seconds"], notice="We sent a code.")
        except OtpdError as error:
            session["notice"] = TEXTS.get(error.code, OTPD_IS_BUSY)
            if error.code == "delivery_unknown":
                session["is_sent"] = True
            elif error.retry_after:
                session["next_at"] = time.time() + error.retry_after
                # This browser's own code is still good.
                session["is_sent"] = "id" in session or "expires_in_seconds" in error.problem
        except NoAnswer:
            session.update(is_sent=True, notice=TEXTS["delivery_unknown"])

    def take_code(self, form):
        if not self.session or not self.session.get("number"):
            return
        number, name = self.session["number"], self.session.get("id")
        try:
            self.otpd.verify(number, form.get("code", ""), name, **self.asks)
        except OtpdError as error:
            left = error.problem.get("attempts_left")
            self.session["notice"] = TEXTS.get(error.code, "We could not check the code. Try again.") + \
                (f" {left} attempts left." if left else "")
        except NoAnswer:
            self.session["notice"] = "We could not check the code. Try again."
        else:
            self.change_session(user=number, notice="")

    def change_session(self, **values):
        """Under a new name, so that one that somebody has planted or seen is worth nothing."""
        self.sessions.end(self.session_name)
        self.session_name = self.sessions.begin(**values)
        self.session = self.sessions.find(self.session_name)

    def show(self):
        session = self.session or {}
        form = NUMBER_FORM
        if session.get("user"):
            form = f'<p id="user">You are logged in as {html.escape(session["user"])}.</p>' \
                   '<form method="post" action="/restart"><button>Log out</button></form>'
        elif session.get("id") or session.get("is_sent"):
            wait = max(0, round(session.get("next_at", 0) - time.time() + 0.5))
            form = CODE_FORM.format(number=html.escape(session["number"]), wait=wait)
        page = PAGE.format(notice=html.escape(session.get("notice", "")), form=form)
        self.answer(200, page.encode(), "text/html; charset=utf-8")

    def answer(self, status, body, content_type):
        self.send_response(status)
        if status == 303:
            self.send_header("Location", "/")
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Security-Policy", "default-src 'none'; script-src 'self'; form-action 'self'; base-uri 'none'; "
                                                    "frame-ancestors 'none'")
        kept = "Path=/; Secure; HttpOnly; SameSite=Lax"
        self.send_header("Set-Cookie", f"__Host-device={self.device}; {kept}; Max-Age=34560000")
        if self.session:
            self.send_header("Set-Cookie", f"__Host-session={self.session_name}; {kept}")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):  # would have the addresses of users
        pass


def serve(url, token, port):
    Handler.otpd = Otpd(url, token)
    return http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)


if __name__ == "__main__":
    server = serve(os.environ["OTPD_URL"], os.environ.get("OTPD_TOKEN"), int(sys.argv[1]) if len(sys.argv) > 1 else 8080)
    print(f"login form on http://localhost:{server.server_port}", flush=True)
    server.serve_forever()
