"""A stand-in for Slack's API on loopback: it keeps what it is asked, and answers as Slack does."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
TOKEN = "xoxb-not-a-real-token"
EMAILS = {"U1": "ann@example.com", "U2": "bob@example.com", "U9": "stranger@example.com"}


class SlackStub(ThreadingHTTPServer):
    """Keeps calls by method, in order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.fails: dict[str, tuple[int, dict[str, Any], dict[str, str]]] = {}
        """What it answers to a method instead: status, body, headers."""
        self.drips_for_ever = False
        """Whether its answers come in single bytes that say nothing, a few a second."""
        self.changed = threading.Condition()

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/api"

    def asked(self, method: str) -> list[dict[str, Any]]:
        with self.changed:
            return [body for name, body in self.calls if name == method]

    def wait_for(self, method: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until a method was called so often."""
        with self.changed:
            assert self.changed.wait_for(lambda: sum(name == method for name, _ in self.calls) >= count, 60), (
                f"{method} was not called {count} times: {[name for name, _ in self.calls]}"
            )
        return self.asked(method)


class _Answering(BaseHTTPRequestHandler):
    server: SlackStub

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
        method = self.path.rpartition("/")[2]
        if self.headers.get("content-type", "").startswith("application/json"):
            asked = json.loads(body)
        else:
            asked = {name: values[0] for name, values in parse_qs(body).items()}
        if self.path.startswith("/api/") and self.headers.get("authorization") != f"Bearer {TOKEN}":
            self._answer(200, {"ok": False, "error": "invalid_auth"}, {})
            return
        with self.server.changed:
            self.server.calls.append((method, asked))
            self.server.changed.notify_all()
        status, told, headers = self.server.fails.get(method, (200, self._usual(method, asked), {}))
        self._answer(status, told, headers)

    @staticmethod
    def _usual(method: str, asked: dict[str, Any]) -> dict[str, Any]:
        match method:
            case "users.info":
                user = {"id": asked["user"], "profile": {"email": EMAILS.get(asked["user"])}}
                return {"ok": True, "user": user}
            case "views.open":
                return {"ok": True, "view": {"id": "V1"}}
            case _:
                return {"ok": True}

    def _answer(self, status: int, told: dict[str, Any], headers: dict[str, str]) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        for name, value in {
            "content-length": str(len(body) + 10_000 * self.server.drips_for_ever),
            "content-type": "application/json",
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):  # nobody listens any more
            while self.server.drips_for_ever:
                self.wfile.write(b" ")
                time.sleep(0.02)
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's name
        """Say nothing."""


@contextmanager
def slack_stub() -> Iterator[SlackStub]:
    server = SlackStub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def signed(payload: dict[str, Any], at: float, *, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    """Return the body and the headers of a request that Slack makes."""
    body = urlencode({"payload": json.dumps(payload)}).encode()
    signature = hmac.new(secret.encode(), b"v0:%d:%s" % (int(at), body), hashlib.sha256).hexdigest()
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": str(int(at)),
        "x-slack-signature": f"v0={signature}",
    }
    return body, headers
