#!/usr/bin/env python3
"""Calls bridgexapi-stub the way the vendor's Python SDK calls the real service.

It sends the same bytes (the SDK's headers, on GETs too, all its query parameters, JSON bodies with its spacing), and interprets the
replies as the SDK does: it reads the same members of a success, and classifies an error by the text of `detail`, never by the status.
It needs the standard library only.

usage: sdk_calls.py PATH-OF-BRIDGEXAPI-STUB
"""

import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import unittest
from urllib.parse import urlencode

STUB = sys.argv.pop(1) if len(sys.argv) > 1 else "bridgexapi-stub"
KEY = "key-of-the-sdk-test"
ANSWER_SECONDS_MAX = 30

# The texts that the SDK searches in the lower-cased detail, in its order, and the exceptions that
# it raises.
CLASSES = [
    ("missing api key", "Authentication"),
    ("invalid or inactive api key", "Authentication"),
    ("missing x-api-key header", "Authentication"),
    ("invalid route_id", "InvalidRoute"),
    ("you are not authorized for route", "UnauthorizedRoute"),
    ("not authorized for the casino route", "UnauthorizedRoute"),
    ("sender id not allowed for route 8", "UnauthorizedRoute"),
    ("insufficient balance", "InsufficientBalance"),
    ("vendor send failed", "VendorSend"),
    ("pricing failed", "Validation"),
    ("estimate failed", "Validation"),
]


class Refused(Exception):
    """An error reply: `kind` is the SDK's class for it, `text` its message."""

    def __init__(self, kind, text, status):
        super().__init__(f"{kind}: {text} ({status})")
        self.kind, self.text, self.status = kind, text, status


def classify(status, body):
    """Raises what the SDK would raise for a reply that is not 2xx."""
    detail = body.get("detail")
    if isinstance(detail, list):
        first = detail[0] if detail else {}
        raise Refused("Validation", first.get("msg") or "Validation error.", status)
    if isinstance(detail, str):
        for part, kind in CLASSES:
            if part in detail.lower():
                raise Refused(kind, detail, status)
        raise Refused("ApiRequest", detail, status)
    raise Refused("ApiRequest", f"failed with status {status}", status)


class Client:
    """One persistent connection, like that of the SDK's session."""

    def __init__(self, address, trust, key=KEY):
        host, port = address.rsplit(":", 1)
        if trust:
            context = ssl.create_default_context(cafile=trust)
            self.connection = http.client.HTTPSConnection(host, int(port), context=context, timeout=ANSWER_SECONDS_MAX)
        else:
            self.connection = http.client.HTTPConnection(host, int(port), timeout=ANSWER_SECONDS_MAX)
        self.key = key

    def exchange(self, method, target, payload, headers):
        data = None if payload is None else json.dumps(payload).encode()
        self.connection.request(method, target, body=data, headers=headers)
        reply = self.connection.getresponse()
        return reply.status, reply.read()

    def call(self, method, path, query=None, payload=None):
        headers = {
            "User-Agent": "python-requests/2.28.1",
            "Accept-Encoding": "gzip, deflate",
            "Accept": "*/*",
            "Connection": "keep-alive",
            "Content-Type": "application/json",
            "X-API-KEY": self.key,
        }
        target = "/api/v1/" + path + ("?" + urlencode(query) if query else "")
        status, data = self.exchange(method, target, payload, headers)
        try:
            body = json.loads(data)
        except ValueError:
            raise Refused("ApiRequest", f"non-JSON response (status {status})", status) from None
        if not 200 <= status < 300:
            classify(status, body)
        return body

    def control(self, method, path, payload=None):
        status, data = self.exchange(method, "/__stub/" + path, payload, {"Content-Type": "application/json"})
        assert status == 200, data
        return json.loads(data)

    def send(self, **changes):
        return self.call("POST", "send_sms", payload=order(**changes))


def order(**changes):
    fields = {
        "route_id": 2,
        "caller_id": "BRIDGEXAPI",
        "numbers": ["31612345678"],
        "message": "Your verification code is 483921",
    }
    return {**fields, **changes}


def make_certificate(folder):
    """Makes a self-signed certificate for 127.0.0.1; returns its path and that of its key."""
    certificate, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    command = ["openssl", "req", "-x509", "-nodes", "-days", "2", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-keyout", key, "-out", certificate, "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


class SdkCalls:
    """The tests, which the two classes below run over HTTP and over HTTPS."""

    tls = False

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.trust = None
        arguments = [STUB, "--listen", "127.0.0.1:0", "--api-key", KEY, "--balance", "201.7", "--show-sms"]
        if cls.tls:
            cls.trust, key = make_certificate(cls.folder.name)
            arguments += ["--tls-cert", cls.trust, "--tls-key", key]
        cls.stub = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        cls.listening = json.loads(cls.stub.stdout.readline())

    @classmethod
    def tearDownClass(cls):
        cls.stub.send_signal(signal.SIGTERM)
        cls.printed = cls.stub.communicate(timeout=ANSWER_SECONDS_MAX)[0]
        cls.folder.cleanup()
        assert cls.stub.returncode == 0, cls.stub.returncode
        assert "to +31612345678" in cls.printed and "483921" in cls.printed, cls.printed

    def setUp(self):
        self.client = Client(self.listening["address"], self.trust)
        self.client.control("POST", "reset")

    def tearDown(self):
        self.client.connection.close()

    def refused(self, kind, text, call):
        with self.assertRaises(Refused) as caught:
            call()
        self.assertEqual(caught.exception.kind, kind)
        self.assertIn(text, caught.exception.text)
        return caught.exception

    def one_fault(self, **fault):
        self.client.control("POST", "faults", {"count": 1, **fault})

    # ---- calls --------------------------------------------------------------------------------------------------------

    def test_listening_line(self):
        self.assertEqual(self.listening["event"], "listening")
        self.assertEqual(self.listening["listener"], "stub")
        self.assertIs(self.listening["tls"], self.tls)

    def test_send(self):
        sent = self.client.send()
        self.assertEqual(sent["status"], "success")
        self.assertEqual(sent["message"], "SMS batch accepted via route 2")
        self.assertEqual((sent["order_id"], sent["route_id"], sent["count"]), (22000, 2, 1))
        self.assertEqual((sent["cost"], sent["balance_after"]), (0.088, 201.612))
        (message,) = sent["messages"]
        self.assertRegex(message["bx_message_id"], r"^BX-22000-[0-9a-f]{16}$")
        self.assertEqual((message["msisdn"], message["status"]), ("31612345678", "QUEUED"))
        (seen,) = self.client.control("GET", "requests")["requests"]
        self.assertEqual(json.loads(seen["body"]), order())
        self.assertEqual(seen["tls"] is not None, self.tls)
        self.assertEqual(self.client.control("GET", "violations")["violations"], [])

    def test_batch(self):
        sent = self.client.send(route_id=1, numbers=["34600000001", "34600000002"])
        self.assertEqual((sent["count"], sent["cost"]), (2, 0.102))

    def test_estimate(self):
        got = self.client.call("POST", "estimate", payload=order(route_id=1, numbers=["34600000001"]))
        expected = {
            "status": "success", "message": "Estimate calculated successfully.", "route_id": 1, "count": 1,
            "estimated_cost": 0.051, "currency": "EUR", "balance": 201.7, "sufficient_balance": True, "sandbox": False,
        }
        self.assertEqual(got, expected)
        self.client.control("POST", "config", {"balance": 0})
        self.assertIs(self.client.call("POST", "estimate", payload=order())["sufficient_balance"], False)

    def test_balance(self):
        got = self.client.call("GET", "balance")
        self.assertEqual(got, {"status": "success", "balance": 201.7, "currency": "EUR", "sandbox": False, "username": "demo"})

    def test_delivery_reports(self):
        sent = self.client.send()
        one = sent["messages"][0]["bx_message_id"]
        self.client.control("POST", "clock", {"advance_seconds": 60})
        report = self.client.call("GET", "dlr/" + one)
        self.assertEqual(report["status"], "DELIVERED")
        self.assertEqual((report["sms_order_id"], report["route_id"], report["error"]), (22000, 2, None))
        self.assertIsInstance(report["created_at"], str)
        self.assertEqual(self.client.call("GET", "dlr", {"limit": 50, "skip": 0})["messages"], [report])
        every = {"limit": 1, "skip": 0, "status": "DELIVERED", "msisdn": "31612345678", "order_id": 22000, "route_id": 2,
                 "from_date": "2020-01-01", "to_date": "2099-12-31"}
        self.assertEqual(self.client.call("GET", "dlr", every), {"total": 1, "skip": 0, "limit": 1, "messages": [report]})
        of_order = self.client.call("GET", "orders/22000/dlr", {"limit": 500, "skip": 0})
        self.assertEqual(of_order, {"total": 1, "skip": 0, "limit": 500, "messages": [report]})

    def test_failed_delivery(self):
        one = self.client.send()["messages"][0]["bx_message_id"]
        self.client.control("POST", "messages", {"bx_message_id": one, "state": "FAILED", "error": "Absent subscriber"})
        report = self.client.call("GET", "dlr/" + one)
        self.assertEqual((report["status"], report["error"]), ("FAILED", "Absent subscriber"))

    def test_routes(self):
        self.assertEqual([r["route_id"] for r in self.client.call("GET", "routes")["routes"]], [1, 2, 3, 4, 5, 7, 8])
        self.assertEqual(self.client.call("GET", "routes/8")["access_policy"], "whitelist")
        prices = {p["country_prefix"]: p["price"] for p in self.client.call("GET", "routes/3/pricing")["pricing"]}
        self.assertEqual(prices["31"], 0.091)

    def test_activity(self):
        self.client.send()
        summary = self.client.call("GET", "activity/summary")["summary"]
        self.assertEqual((summary["total_requests"], summary["active_api_keys"]), (1, 1))
        logs = self.client.call("GET", "activity/logs", {"page": 1, "limit": 20, "method": "POST", "route_id": "2"})
        self.assertEqual((logs["total"], logs["logs"][0]["route_id"]), (1, "2"))
        self.assertEqual(len(self.client.call("GET", "activity/usage", {"days": 7})["usage"]), 7)
        self.assertTrue(all(e["requests"] > 0 for e in self.client.call("GET", "activity/endpoints")["endpoints"]))

    # ---- errors, one test a class -------------------------------------------------------------------------------------

    def test_authentication(self):
        self.client.key = "nope"
        self.refused("Authentication", "Invalid or inactive API Key", lambda: self.client.call("GET", "balance"))
        self.client.key = ""
        self.refused("Authentication", "Missing API Key", lambda: self.client.call("GET", "balance"))
        self.client.control("POST", "config", {"errors": {"missing_key": {"status": 403, "detail": "Missing X-API-KEY header"}}})
        got = self.refused("Authentication", "Missing X-API-KEY header", lambda: self.client.call("GET", "balance"))
        self.assertEqual(got.status, 403)

    def test_invalid_route(self):
        self.refused("InvalidRoute", "Invalid route_id", lambda: self.client.send(route_id=9))
        self.refused("InvalidRoute", "Invalid route_id", lambda: self.client.call("GET", "routes/6"))

    def test_unauthorized_route(self):
        self.refused("UnauthorizedRoute", "for route 7", lambda: self.client.send(route_id=7))
        self.refused("UnauthorizedRoute", "casino route", lambda: self.client.send(route_id=5))
        self.refused("UnauthorizedRoute", "Sender ID", lambda: self.client.send(route_id=8, caller_id="STRANGER"))

    def test_insufficient_balance(self):
        self.client.control("POST", "config", {"balance": 0.087})
        self.refused("InsufficientBalance", "Insufficient balance", self.client.send)

    def test_vendor(self):
        self.one_fault(fault="vendor", reason="timeout")
        self.refused("VendorSend", "Vendor send failed: timeout", self.client.send)
        self.assertEqual(self.client.call("GET", "balance")["balance"], 201.7)

    def test_validation(self):
        self.refused("Validation", "at least 3 characters", lambda: self.client.send(caller_id="X"))
        self.one_fault(fault="status", status=422, detail=[])
        self.refused("Validation", "Validation error.", self.client.send)
        for text in ("Pricing failed: none", "Estimate failed: none"):
            self.client.control("POST", "config", {"errors": {"no_pricing": {"detail": text}}})
            self.refused("Validation", text, lambda: self.client.send(route_id=4))

    def test_generic(self):
        self.refused("ApiRequest", "DLR record not found", lambda: self.client.call("GET", "dlr/BX-1-0"))
        self.refused("ApiRequest", "No pricing available for destination", lambda: self.client.send(route_id=4))
        self.refused("ApiRequest", "same country", lambda: self.client.send(numbers=["31612345678", "34612345678"]))
        self.one_fault(fault="status", status=500, detail=None)
        self.refused("ApiRequest", "status 500", self.client.send)

    def test_not_json(self):
        self.one_fault(fault="html")
        self.refused("ApiRequest", "non-JSON response (status 502)", self.client.send)
        self.one_fault(fault="truncate")
        self.refused("ApiRequest", "non-JSON response (status 200)", self.client.send)

    # ---- what the SDK does not survive --------------------------------------------------------------------------------

    def test_known_weaknesses(self):
        self.one_fault(fault="array", status=500)
        with self.assertRaises(AttributeError):
            self.client.send()
        self.one_fault(fault="null_messages")
        self.assertIsNone(self.client.send()["messages"])
        self.one_fault(fault="unsuccess")
        self.assertEqual(self.client.send()["status"], "error")

    def test_network(self):
        self.one_fault(fault="drop_after")
        with self.assertRaises(http.client.RemoteDisconnected):
            self.client.send()
        self.assertEqual(self.client.control("GET", "messages")["total"], 1)
        self.one_fault(fault="cut")
        with self.assertRaises(http.client.IncompleteRead):
            self.client.send()


class OverHttp(SdkCalls, unittest.TestCase):
    pass


class OverHttps(SdkCalls, unittest.TestCase):
    tls = True


class Program(unittest.TestCase):
    """The command line."""

    def run_stub(self, *arguments):
        return subprocess.run([STUB, *arguments], capture_output=True, text=True, timeout=ANSWER_SECONDS_MAX)

    def test_help(self):
        got = self.run_stub("--help")
        self.assertEqual(got.returncode, 0)
        self.assertIn("--listen", got.stdout)

    def test_bad_arguments(self):
        for arguments in (["--nope"], ["--listen", "8000"], ["--listen", "127.0.0.1:99999"], ["--tls-cert", "x"],
                          ["--tls-max", "2"], ["--balance", "much"], ["--tls-cert", "/nonexistent", "--tls-key", "x"]):
            got = self.run_stub(*arguments)
            self.assertEqual(got.returncode, 2, arguments)
            self.assertEqual(got.stderr.count("\n"), 1, got.stderr)
            self.assertTrue(got.stderr.startswith("bridgexapi-stub: "), got.stderr)


if __name__ == "__main__":
    unittest.main()
