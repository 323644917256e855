"""Runs script/server with the built programs: what a first look shows.

    server_test.py ROOT OTPD STUB
"""

import atexit
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request

root, otpd, stub = sys.argv[1:]
faults = []


def expect(truth, fault):
    if not truth:
        faults.append(fault)


def post(address, path, body):
    request = urllib.request.Request(f"http://{address}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def lines_until(server, pattern):
    """The lines up to the one that has the pattern."""
    lines = []
    for line in server.stdout:
        lines.append(line.rstrip("\n"))
        if re.search(pattern, line):
            return lines
    sys.exit(f"script/server ended without {pattern}: {lines}")


def look(place, environment):
    """Starts the script, sends and verifies a code. Returns the lines up to the end of the SMS, and after it."""
    server = subprocess.Popen(["script/server", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"], cwd=place, text=True,
                              env={"PATH": os.environ["PATH"]} | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    atexit.register(server.terminate)
    lines = lines_until(server, "Ctrl-C stops")
    address = re.search(r"ready on http://([0-9.]+:[0-9]+)", "\n".join(lines))[1]
    sent = post(address, "/send-otp", {"phone_number": "+31612345678"})
    lines += lines_until(server, "'-{10,}'")
    shown = re.search(r"Your verification code is (\d+)", "\n".join(lines))
    expect(shown and shown[1] == sent["debug_code"], f"the SMS is not shown: {lines}")
    verified = post(address, "/verify-otp", {"phone_number": "+31612345678", "code": shown[1]})
    expect(verified["verified"] is True, f"the code of the SMS is refused: {verified}")
    server.send_signal(signal.SIGINT)
    rest = server.stdout.read().splitlines()
    expect(server.wait() == 0, f"script/server ends with {server.returncode}")
    return lines, rest


with tempfile.TemporaryDirectory() as place:
    os.makedirs(os.path.join(place, "build/release"))
    shutil.copytree(os.path.join(root, "script"), os.path.join(place, "script"))
    for program in (otpd, stub):
        os.symlink(program, os.path.join(place, "build/release", os.path.basename(program)))
    with open(os.path.join(place, "script/build"), "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\n")  # built already

    lines, rest = look(place, {})
    expect(not [line for line in lines + rest if '"level":"info"' in line], f"the log is shown: {lines + rest}")
    expect(rest == [], f"the end is not quiet: {rest}")
    banner = next(i for i, line in enumerate(lines) if "Ctrl-C stops" in line)
    after = [line for line in lines[banner + 1:] if line and not re.match(r"  [.|'][ -]?.*[.|']$", line)]
    expect(not after, f"after the banner is more than the SMS: {after}")

    lines, rest = look(place, {"OTPD_LOG_LEVEL": "info"})
    expect(any('"level":"info"' in line for line in rest), "OTPD_LOG_LEVEL does not show the log")

for fault in faults:
    print(fault, file=sys.stderr)
sys.exit(bool(faults))
