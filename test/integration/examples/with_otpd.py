#!/usr/bin/env python3
"""Runs a command with an otpd of its own, which sends to the stub:

    with_otpd.py --otpd PROGRAM --stub PROGRAM COMMAND [ARGUMENT...]

The command's environment has OTPD_URL, OTPD_TOKEN, STUB_URL, the authority of the stub's certificate (NODE_EXTRA_CA_CERTS), and
RECEIVER_PORT and WEBHOOK_SECRET of a webhook that takes all events, and HOOK_SECRET of a hook for Supabase. Exits with the command's status."""

import argparse
import base64
import json
import os
import re
import secrets
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.request

root = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
CONFIG = """
[auth]
web_otp_hosts = ["login.example"]
[[webhook]]
name = "example"
url = "http://127.0.0.1:{port}/webhook"
secrets = ["{secret}"]
allow_private = true
[[hook]]
client = "default"
provider = "supabase"
secret = "v1,{hook}"
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Otpd:
    def __init__(self, otpd, stub):
        self.place = tempfile.TemporaryDirectory()
        self.running = []
        self.token, self.admin_token = secrets.token_hex(16), secrets.token_hex(16)
        self.receiver_port, admin_port = free_port(), free_port()
        self.admin_url = f"http://127.0.0.1:{admin_port}"
        self.webhook_secret, self.hook_secret = ("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2))
        folder = self.place.name
        self.ca = f"{folder}/ca.pem"
        subprocess.run([os.path.join(root, "script/certificate"), folder, "localhost", "127.0.0.1"], check=True, capture_output=True)
        with open(f"{folder}/config.toml", "w", encoding="utf-8") as file:
            file.write(CONFIG.format(port=self.receiver_port, secret=self.webhook_secret, hook=self.hook_secret))
        self.stub_url = "https://" + self.start(stub, {}, "--listen", "127.0.0.1:0", "--api-key", "stub-api-key", "--tls-cert",
                                                f"{folder}/server.pem", "--tls-key", f"{folder}/server.key")
        self.url = "http://" + self.start(otpd, {
            "BRIDGEXAPI_API_KEY": "stub-api-key", "OTPD_BRIDGEXAPI_CA_FILE": self.ca, "OTPD_BRIDGEXAPI_BASE_URL": self.stub_url,
            "API_AUTH_TOKEN": self.token, "OTPD_ADMIN_TOKEN": self.admin_token, "OTPD_DELIVERY_INTERVAL_MS": "500"}, "--listen", "127.0.0.1:0", "--admin-listen", f"127.0.0.1:{admin_port}")

    def start(self, program, environment, *arguments):
        process = subprocess.Popen([program, *arguments], cwd=self.place.name, env=environment, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.running.append(process)
        said = []
        for line in process.stdout:
            said.append(line)
            listens = re.search(r'"event":"listening".*"listener":"(?:api|stub)"', line)
            if listens:
                # Reads the rest of its output, so that it does not block.
                threading.Thread(target=process.stdout.read, daemon=True).start()
                return json.loads(line)["address"]
        self.stop()
        sys.exit("".join(said) + f"{program} did not start")

    def texts(self, number):
        """The SMS to a number, the first one first."""
        url = f"{self.stub_url}/__stub/messages?number={number.lstrip('+')}"
        with urllib.request.urlopen(url, context=ssl.create_default_context(cafile=self.ca)) as answer:
            return [message["text"] for message in json.load(answer)["messages"]]

    def code(self, number):
        return re.search(r"\b\d{6}\b", self.texts(number)[-1])[0]

    def stop(self):
        for process in reversed(self.running):
            process.terminate()
            process.wait()
        self.place.cleanup()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--otpd", required=True)
    arguments.add_argument("--stub", required=True)
    arguments.add_argument("command", nargs=argparse.REMAINDER)
    given = arguments.parse_args()
    server = Otpd(given.otpd, given.stub)
    try:
        status = subprocess.run(given.command, env=os.environ | {
            "OTPD_URL": server.url, "OTPD_TOKEN": server.token, "STUB_URL": server.stub_url, "NODE_EXTRA_CA_CERTS": server.ca,
            "RECEIVER_PORT": str(server.receiver_port), "WEBHOOK_SECRET": server.webhook_secret, "HOOK_SECRET": server.hook_secret}).returncode
    finally:
        server.stop()
    sys.exit(status)


if __name__ == "__main__":
    main()
