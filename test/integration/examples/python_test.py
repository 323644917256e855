#!/usr/bin/env python3
"""The examples of Python, against otpd and the stub: python_test.py --otpd PROGRAM --stub PROGRAM"""

import argparse
import contextlib
import http.client
import http.server
import json
import os
import re
import socket
import sys
import threading
import unittest
import urllib.parse
import urllib.request

import with_otpd

for example in ("python", "login-form"):
    sys.path.insert(0, os.path.join(with_otpd.root, "examples", example))
import otpd_client  # noqa: E402
import server as login_form  # noqa: E402

running = None  # the otpd of all tests


class Unlucky(otpd_client.Otpd):
    """Loses the first answers, after otpd has given them."""

    def __init__(self, *faults, **more):
        super().__init__(running.url, running.token, pause=0.001, **more)
        self.faults, self.keys = list(faults), set()

    def _ask(self, method, path, data, headers):
        self.keys.add(headers.get("Idempotency-Key"))
        answer = super()._ask(method, path, data, headers)
        if self.faults:
            raise self.faults.pop(0)
        return answer


class PythonClient(unittest.TestCase):
    def test_a_code_is_sent_verified_and_shown(self):
        client = otpd_client.Otpd(running.url, running.token)
        number = "+31612341001"
        name = client.send(number, purpose="payment")["verification_id"]
        code = running.code(number)
        wrong = "000001" if code == "000000" else "000000"
        with self.assertRaises(otpd_client.OtpdError) as refused:
            client.verify(number, wrong, name, purpose="payment")
        self.assertEqual((refused.exception.code, refused.exception.problem["attempts_left"]), ("invalid_code", 4))
        self.assertTrue(client.verify(number, code, name, purpose="payment")["verified"])
        self.assertEqual(client.verification(name)["state"], "verified")

    def test_an_id_is_one_segment_of_the_path(self):
        client = otpd_client.Otpd(running.url, running.token)
        name = client.send("+31612341005")["verification_id"]
        for odd in (name + "?wait=0#", "../config", f"{name}/../{name}"):
            with self.assertRaises(otpd_client.OtpdError) as refused:
                client.verification(odd)
            self.assertEqual(refused.exception.status, 404, odd)

    def test_a_send_whose_answers_are_lost_is_repeated_with_its_key_and_sends_one_sms(self):
        number = "+31612341002"
        client = Unlucky(ConnectionResetError(), http.client.IncompleteRead(b""), ValueError("a balancer's"))
        sent = client.send(number)
        self.assertEqual(len(client.keys), 1)
        self.assertEqual(len(running.texts(number)), 1)
        self.assertEqual(client.verification(sent["verification_id"])["state"], "active")

    def test_a_send_without_any_answer_is_told_apart_from_a_refusal(self):
        number = "+31612341003"
        with self.assertRaises(otpd_client.NoAnswer):
            Unlucky(ConnectionResetError(), ConnectionResetError(), attempts=2).send(number)
        self.assertEqual(len(running.texts(number)), 1)

    def test_a_refusal_has_a_code_and_the_time_to_wait_and_is_not_repeated(self):
        number = "+31612341004"
        client = Unlucky()
        client.send(number)
        with self.assertRaises(otpd_client.OtpdError) as refused:
            client.send(number)
        self.assertEqual(refused.exception.code, "cooldown_active")
        self.assertGreater(refused.exception.retry_after, 0)
        self.assertEqual(len(client.keys), 2)

    def test_a_redirection_is_not_followed_so_no_other_server_gets_the_token(self):
        asked = []

        class Redirecting(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_response(302)
                self.send_header("Location", f"http://localhost:{self.server.server_port}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Redirecting) as other:
            threading.Thread(target=other.serve_forever, daemon=True).start()
            client = otpd_client.Otpd(f"http://127.0.0.1:{other.server_port}", "a-token", attempts=1)
            try:
                with self.assertRaises(otpd_client.NoAnswer):
                    client.verification("id")
            finally:
                other.shutdown()
        self.assertEqual(asked, ["/v1/verifications/id?wait=0"])


class Versions(unittest.TestCase):
    """The paths under /v1, which the clients use."""

    def ask(self, url, token):
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request) as answer:
            return answer.read().decode()

    def test_they_answer_as_those_without_it_also_to_the_operator(self):
        self.assertEqual(self.ask(running.url + "/v1/config", running.token), self.ask(running.url + "/config", running.token))
        self.assertIn("spent_today", self.ask(running.admin_url + "/v1/balance", running.admin_token))
        self.assertIn("<html", self.ask(running.url + "/v1/docs", ""))

    def test_they_add_no_series_to_the_metrics(self):
        otpd_client.Otpd(running.url, running.token).send("+31612346001")
        metrics = self.ask(running.admin_url + "/metrics", running.admin_token)
        self.assertRegex(metrics, r'otpd_http_requests_total\{[^}]*route="/send-otp"[^}]*\} [1-9]')
        self.assertNotIn("/v1", metrics)


class Browser:
    """Keeps cookies, and follows redirections."""

    def __init__(self, port):
        self.port, self.cookies, self.attributes = port, {}, {}

    def ask(self, method, path, form=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = None if form is None else urllib.parse.urlencode(form)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            pair, _, rest = cookie.partition("; ")
            name, _, value = pair.partition("=")
            self.cookies[name], self.attributes[name] = value, set(rest.split("; "))
        connection.close()
        return self.ask("GET", answer.headers["Location"]) if answer.status == 303 else (answer.status, text)

    def post(self, path, **form):
        return self.ask("POST", path, form)[1]


class LoginForm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = login_form.serve(running.url, running.token, 0)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()

    def setUp(self):
        self.browser = Browser(self.server.server_port)

    def known_devices(self, number):
        body = json.dumps({"client": "default", "phone_number": number, "reason": "test"}).encode()
        request = urllib.request.Request(running.url + "/v1/numbers/forget-devices", body, {
            "Content-Type": "application/json", "Authorization": f"Bearer {running.token}"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["devices"]

    def test_a_user_logs_in_and_his_browser_becomes_a_known_device(self):
        number = "+31612342001"
        self.assertIn('name="number"', self.browser.ask("GET", "/")[1])
        device = self.browser.cookies["__Host-device"]
        page = self.browser.post("/number", number="+31 612-342001")
        self.assertIn("We sent a code.", page)
        self.assertRegex(page, 'autocomplete="one-time-code"')
        self.assertGreater(int(re.search('data-wait="([0-9]+)"', page)[1]), 0)
        session = self.browser.cookies["__Host-session"]
        code = running.code(number)
        self.assertNotIn(code, page)
        self.assertIn("4 attempts left", self.browser.post("/code", code="000001" if code == "000000" else "000000"))
        self.assertIn(f"logged in as {number}", self.browser.post("/code", code=f"{code[:3]} {code[3:]}"))
        self.assertNotEqual(self.browser.cookies["__Host-session"], session)
        self.assertEqual(self.browser.cookies["__Host-device"], device)
        self.assertIn('name="number"', self.browser.post("/restart"))
        self.assertEqual(self.known_devices(number), 1)

    def test_a_second_send_waits_and_keeps_the_code_field(self):
        number = "+31612342002"
        self.browser.post("/number", number=number)
        page = self.browser.post("/resend")
        self.assertIn("We sent a code a moment ago.", page)
        self.assertIn('name="code"', page)
        self.assertEqual(len(running.texts(number)), 1)

    def test_a_number_that_is_none_is_asked_for_again(self):
        page = self.browser.post("/number", number='"><script>')
        self.assertIn("Please check what you typed.", page)
        self.assertIn('name="number"', page)
        self.assertNotIn("<script>", page)

    def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(self):
        self.browser.post("/number", number="+31612342003")
        for name in ("__Host-device", "__Host-session"):
            self.assertLessEqual({"Secure", "HttpOnly", "SameSite=Lax", "Path=/"}, self.browser.attributes[name], name)
        self.browser.cookies["__Host-device"] = "not ours"
        self.browser.ask("GET", "/")
        self.assertRegex(self.browser.cookies["__Host-device"], "^[A-Za-z0-9_-]{22}$")

    def test_cookies_of_other_applications_are_none_of_its_business(self):
        self.browser.cookies["an:odd/name"] = '"x'
        self.browser.post("/number", number="+31612342006")
        self.assertIn('name="code"', self.browser.ask("GET", "/")[1])

    def test_a_form_of_another_site_is_refused(self):
        number = "+31612342004"
        status, _ = self.browser.ask("POST", "/number", {"number": number}, Origin="https://elsewhere.example")
        self.assertEqual(status, 403)
        self.assertEqual(running.texts(number), [])

    def answers_to(self, request):
        """What the server says until it closes the connection."""
        with socket.create_connection(("127.0.0.1", self.server.server_port), timeout=10) as connection:
            connection.sendall(request.encode())
            text = b""
            with contextlib.suppress(ConnectionResetError):  # since it has not read all
                while part := connection.recv(65536):
                    text += part
        return re.findall(rb"HTTP/1.[01] ([0-9]{3})", text)

    def test_a_body_that_is_not_read_is_no_second_request(self):
        number = "+31612342005"
        body = "number=" + urllib.parse.quote(number)
        hidden = f"POST /number HTTP/1.1\r\nHost: here\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        for head in ("POST /number HTTP/1.1\r\nHost: here\r\nOrigin: https://elsewhere.example\r\n", "GET / HTTP/1.1\r\nHost: here\r\n"):
            self.assertEqual(len(self.answers_to(f"{head}Content-Length: {len(hidden)}\r\n\r\n{hidden}")), 1, head)
        self.assertEqual(running.texts(number), [])

    def test_a_form_of_no_sensible_size_is_not_read(self):
        for size in ("-1", "1000000", "1e3", "9" * 5000):
            self.assertEqual(self.answers_to(f"POST /number HTTP/1.1\r\nHost: here\r\nContent-Length: {size}\r\n\r\n"), [b"413"], size)


class LockFiles(unittest.TestCase):
    def test_they_pin_every_package_by_its_hash_and_name_no_address(self):
        found = 0
        for folder in ("web", "web/lint", "clients/typescript", "examples/webhook", "examples/better-auth"):
            with open(os.path.join(with_otpd.root, folder, "package-lock.json"), encoding="utf-8") as file:
                packages = json.load(file)["packages"]
            for name, package in packages.items():
                self.assertNotIn("resolved", package, f"{folder}: {name}")
                self.assertEqual("integrity" in package, name != "", f"{folder}: {name}")
                found += 1
        self.assertGreater(found, 5)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--otpd", required=True)
    arguments.add_argument("--stub", required=True)
    given = arguments.parse_args()
    running = with_otpd.Otpd(given.otpd, given.stub)
    try:
        result = unittest.main(argv=sys.argv[:1], verbosity=2, exit=False).result
    finally:
        running.stop()
    sys.exit(not result.wasSuccessful())
