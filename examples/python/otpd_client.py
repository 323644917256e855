"""A client of otpd in the standard library: copy it. A send is repeated with its Idempotency-Key, so there is at most one SMS."""

import http.client
import json
import random
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

LONGEST_PAUSE = 30  # seconds; who is told to wait longer shows that to the user


class OtpdError(Exception):
    """otpd refused. Decide by `code`, whose meaning never changes; `problem` has the rest."""

    def __init__(self, problem, retry_after):
        super().__init__(f"{problem['status']} {problem['code']}: {problem['detail']}")
        self.problem, self.code, self.status, self.retry_after = problem, problem["code"], problem["status"], retry_after


class NoAnswer(Exception):
    """There was no answer of otpd. After a send, show the code field: the SMS may be on its way."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """otpd never redirects, and the token is for no other server."""

    def redirect_request(self, *_):
        return None


class Otpd:
    _opener = urllib.request.build_opener(_NoRedirect)

    def __init__(self, url, token=None, attempts=4, pause=0.5, timeout=35):
        self.url, self.token = url.rstrip("/") + "/v1", token
        self.attempts, self.pause, self.timeout = attempts, pause, timeout

    def send(self, phone_number, idempotency_key=None, **more):
        """Sends a code. `more` are members of the request: purpose, end_user_ip, device ..."""
        key = idempotency_key or str(uuid.uuid4())
        return self._repeat("POST", "/send-otp", {"phone_number": phone_number, **more}, {"Idempotency-Key": key}, self.attempts)

    def verify(self, phone_number, code, verification_id, **more):
        """Checks a code, once: if the answer is lost, verification() shows whether it was right."""
        body = {"phone_number": phone_number, "code": code, "verification_id": verification_id, **more}
        return self._repeat("POST", "/verify-otp", body, {}, 1)

    def verification(self, verification_id, wait=0):
        """Shows a verification now, or after its next change within `wait` seconds."""
        return self._repeat("GET", f"/verifications/{urllib.parse.quote(verification_id, safe='')}?wait={wait}", None, {}, self.attempts)

    def _repeat(self, method, path, body, headers, attempts):
        data = None if body is None else json.dumps(body).encode()  # the same bytes in each attempt
        pause = self.pause
        for attempt in range(1, attempts + 1):
            wait = 0
            try:
                return self._ask(method, path, data, headers)
            except OtpdError as error:
                is_worth_it = error.status == 503 or error.code == "send_in_progress"
                if not is_worth_it or attempt == attempts or error.retry_after > LONGEST_PAUSE:
                    raise
                wait = error.retry_after
            except (OSError, http.client.HTTPException, ValueError) as error:  # lost, or a balancer's
                if attempt == attempts:
                    raise NoAnswer("no answer of otpd") from error
            time.sleep(max(pause, wait) + random.uniform(0, pause / 2))
            pause *= 2

    def _ask(self, method, path, data, headers):
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with self._opener.open(request, timeout=self.timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                if error.headers.get_content_type() != "application/problem+json":
                    raise ValueError(f"status {error.code}, not of otpd") from None
                raise OtpdError(json.load(error), int(error.headers.get("Retry-After", 0))) from None
