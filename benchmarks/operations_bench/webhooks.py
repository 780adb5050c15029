"""Webhooks under load: deliveries, each posted three times by four connections, and a kill -9 in the middle."""

import hashlib
import hmac
import http.client
import json
import multiprocessing
import os
import random
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bench.figure import Figure, at_least, at_most
from handrail import Run, workflow
from handrail.orchestrator import Delivery, from_environment, stripe, webhook
from operations_bench.amount import Bench

PART = "webhooks"
TIMES_POSTED, CONNECTIONS = 3, 4
VARIABLE, SECRET = "HOOK_SECRET", "whsec_of_the_benchmark"
PATH = "/hooks/bench"
PATIENCE_SECONDS = 600.0

fork = multiprocessing.get_context("fork")


@workflow(version=1)
async def taken(_run: Run, delivery: Delivery) -> str:
    """Do nothing more: what is measured is how runs begin."""
    return delivery.id


def triggers() -> list[object]:
    """Return the webhook, for the server's process."""
    return [webhook(PATH, workflow=taken, scheme=stripe(from_environment(VARIABLE)))]


@contextmanager
def serving(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """Serve it, and wait until it answers."""
    here = str(Path(__file__))
    command = [
        sys.executable, "-m", "handrail", "serve", "--store", "sqlite:///runs.db", "--port", str(port),
        "--workflows", f"{here}:taken", "--triggers", f"{here}:triggers",
    ]  # fmt: skip
    environment = {**os.environ, VARIABLE: SECRET, "PYTHONPATH": str(Path(__file__).parents[1])}
    with (
        (folder / "log").open("a") as log,
        subprocess.Popen(command, cwd=folder, env=environment, stderr=log, text=True) as process,
    ):
        try:
            _answers(port)
            yield process
        finally:
            process.kill()
            process.wait()


def _answers(port: int) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError("the server does not answer")


def post(port: int, numbers: list[int], number: int, folder: Path) -> None:
    """Post deliveries over one connection, each until it is taken; write down what was answered, and how fast."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    answered: list[tuple[str, float]] = []
    with (folder / f"posted-{number}").open("ab", buffering=0) as progress:
        for each in numbers:
            body = json.dumps({"id": f"evt_{each}", "type": "paid", "number": each}).encode()
            while True:
                begun = time.perf_counter()
                try:
                    connection.request("POST", PATH, body, _headers(body))
                    answer = connection.getresponse()
                    told = answer.read()
                except (OSError, http.client.HTTPException):
                    connection.close()
                    time.sleep(0.02)
                    continue
                if answer.status == 202:
                    answered.append((str(json.loads(told)["run"]), time.perf_counter() - begun))
                    break
                time.sleep(0.02)
            progress.write(b".")
    (folder / f"answered-{number}").write_text(json.dumps(answered))


def _headers(body: bytes) -> dict[str, str]:
    at = int(time.time())
    signature = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"content-type": "application/json", "stripe-signature": f"t={at},v1={signature}"}


def _posted(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("posted-*"))


def webhook_rows(bench: Bench, folder: Path) -> Iterable[Figure]:
    """Post them all while the server is killed once and begun again, then count."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        port = int(made.getsockname()[1])
    numbers = [number for number in range(bench.amount.deliveries) for _ in range(TIMES_POSTED)]
    random.Random(12).shuffle(numbers)
    shares = [numbers[begin::CONNECTIONS] for begin in range(CONNECTIONS)]
    senders = [fork.Process(target=post, args=(port, share, n, folder)) for n, share in enumerate(shares)]
    begun = time.monotonic()
    try:
        with serving(folder, port) as server:
            for sender in senders:
                sender.start()
            while _posted(folder) < len(numbers) // 2:
                time.sleep(0.01)
            server.kill()
            server.wait()
        with serving(folder, port):
            for sender in senders:
                sender.join(PATIENCE_SECONDS)
            seconds = time.monotonic() - begun
            yield from _counted(folder, bench.amount.deliveries, len(numbers) / seconds)
    finally:
        for sender in senders:
            sender.kill()


def _counted(folder: Path, deliveries: int, rate: float) -> Iterable[Figure]:
    answered = [tuple(each) for n in range(CONNECTIONS) for each in json.loads((folder / f"answered-{n}").read_text())]
    with closing(sqlite3.connect(folder / "runs.db")) as connection:
        runs = Counter(run for (run,) in connection.execute("SELECT id FROM runs"))
    wanted = {f"evt_{number}" for number in range(deliveries)}
    taken_times = sorted(seconds for _, seconds in answered)
    wrong = sum(run not in wanted for run, _ in answered) + deliveries * TIMES_POSTED - len(answered)
    yield Figure(
        PART,
        f"runs of {deliveries:,} deliveries, posted {TIMES_POSTED} times",
        float(len(runs)),
        "",
        bar=at_least(deliveries),
    )
    yield Figure(PART, "deliveries lost", float(len(wanted - set(runs))), "", bar=at_most(0.0, 0.0))
    yield Figure(PART, "runs that no delivery is for", float(len(set(runs) - wanted)), "", bar=at_most(0.0, 0.0))
    yield Figure(PART, "posts not answered with their run", float(wrong), "", bar=at_most(0.0, 0.0))
    yield Figure(PART, f"posts taken, {CONNECTIONS} connections, restart included", rate, "/s")
    yield Figure(PART, "answered within, p95", 1_000 * taken_times[int(0.95 * len(taken_times))], "ms")
