"""Webhooks of a real server, called by several senders that try again, while it is killed and begun again."""

import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx
import pytest

from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.acceptance import hook_flow

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

SECRET = "whsec_of_this_test"
FLOW = Path(hook_flow.__file__)
DELIVERIES = 60
SENT = 3
SENDERS = 4


def free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


@contextmanager
def serving(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """Serve the webhooks and wait until somebody answers."""
    command = [
        sys.executable, "-m", "handrail", "serve", "--store", "sqlite:///runs.db", "--port", str(port),
        "--workflows", f"{FLOW}:book", "--triggers", f"{FLOW}:triggers",
    ]  # fmt: skip
    environment = {**os.environ, "HOOK_SECRET": SECRET}
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if "serving" in line:
                    break
            drained = threading.Thread(target=process.stderr.read, daemon=True)
            drained.start()
            yield process
        finally:
            kill_quietly(process)


def kill_quietly(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()


def signed(body: bytes) -> dict[str, str]:
    at = int(time.time())
    digest = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"content-type": "application/json", "stripe-signature": f"t={at},v1={digest}"}


def send(address: str, number: int) -> str:
    """Send a delivery until it is taken, as senders do; returns the run."""
    body = json.dumps({"id": f"evt_{number}", "type": "paid", "number": number}).encode()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            answer = httpx.post(address, content=body, headers=signed(body), timeout=20)
        except httpx.TransportError:
            time.sleep(0.05)
            continue
        if answer.status_code == 202:
            return str(answer.json()["run"])
        time.sleep(0.05)
    pytest.fail(f"delivery {number} was never taken")


def test_each_delivery_starts_one_run_though_it_is_sent_thrice_and_the_server_is_killed(tmp_path: Path) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}/hooks/stripe"
    numbers = [number for number in range(DELIVERIES) for _ in range(SENT)]
    with ThreadPoolExecutor(SENDERS) as senders:
        with serving(tmp_path, port) as first:
            begun = [senders.submit(send, address, number) for number in numbers]
            begun[len(begun) // 3].result()
            kill_quietly(first)
        with serving(tmp_path, port):
            runs = {future.result() for future in begun}
            assert runs == {f"evt_{number}" for number in range(DELIVERIES)}
            store = SqliteStore(str(tmp_path / "runs.db"), reading=True)
            try:
                deadline = time.monotonic() + 60
                while store.counts() != {("book", 1, "completed"): DELIVERIES} and time.monotonic() < deadline:
                    time.sleep(0.1)
                assert store.counts() == {("book", 1, "completed"): DELIVERIES}
            finally:
                store.close()


def test_who_is_not_signed_in_is_let_through_to_a_webhook_and_nowhere_else(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, port):
        host = f"http://127.0.0.1:{port}"
        body = json.dumps({"id": "evt_1", "type": "paid", "number": 1}).encode()
        elsewhere = {"host": "review.example.com", "origin": "https://evil.example"}
        assert (
            httpx.post(f"{host}/hooks/stripe", content=body, headers={**signed(body), **elsewhere}).status_code == 202
        )
        assert httpx.post(f"{host}/hooks/stripe", content=body, headers=elsewhere).status_code == 401
        assert httpx.get(f"{host}/hooks/stripe").status_code == 405
        assert httpx.post(f"{host}/hooks/other", content=body).status_code == 404
        assert httpx.get(f"{host}/queue", headers={"host": "review.example.com"}).status_code == 421
        large = json.dumps({"number": 1, "text": "x" * 2_000_000}).encode()
        plain = {"content-type": "application/json"}
        own = {**plain, "x-signature": hmac.new(SECRET.encode(), large, hashlib.sha256).hexdigest()}
        assert httpx.post(f"{host}/hooks/large", content=large, headers=own).status_code == 202
        assert httpx.post(f"{host}/hooks/stripe", content=large, headers=plain).status_code == 413
        assert httpx.post(f"{host}/hooks/large", content=large * 2, headers=plain).status_code == 413


def test_a_server_without_the_secret_does_not_begin(tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "handrail", "serve", "--store", "sqlite:///runs.db", "--port", "0",
        "--workflows", f"{FLOW}:book", "--triggers", f"{FLOW}:triggers",
    ]  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if name != "HOOK_SECRET"}
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 2
    assert "the environment variable HOOK_SECRET is not set" in ended.stderr
