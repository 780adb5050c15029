"""A server that is killed while people decide: what was answered with success counts, and counts once."""

import random
import signal
import socket
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx2
import pytest

from handrail import Client
from handrail.testing import FakeClock
from tests.acceptance.console import flows
from tests.acceptance.console.desk import Desk, do, end_serving, eventually, in_the_shell, start_serving

pytestmark = pytest.mark.slow

ITEMS = 60
KILLS = 8
LABELS = ("billing", "refund", "fraud", "bug")


@dataclass
class Decider:
    """A client that decides one item after another, and asks again when it heard nothing."""

    address: str
    label: str
    told: dict[int, str] = field(default_factory=dict)
    """What was answered with success, by item."""
    unheard: set[int] = field(default_factory=set)
    """Items whose answer was sent, and nothing came back."""
    answers: int = 0
    is_over: bool = False

    def work(self) -> None:
        """Decide until nothing is left."""
        with httpx2.Client(base_url=f"{self.address}/api/v1", timeout=60) as http:
            while not self.is_over:
                try:
                    self.is_over = not self._one(http)
                except httpx2.TransportError:  # killed: it comes back
                    threading.Event().wait(0.01)

    def _one(self, http: httpx2.Client) -> bool:
        review = http.post("/reviews/next", json={"queue": "desk"}).raise_for_status().json()["review"]
        if review is None:
            return False
        number = int(review["id"])
        self.unheard.add(number)
        body = {"value": self.label, "version": review["version"], "shown": review["digest"], "undo_seconds": 0.3}
        answer = http.post(f"/reviews/{number}/decide", json=body)
        self.answers += 1
        if answer.status_code == 200:
            self.told[number] = self.label
        else:  # another client of the same person was faster
            assert answer.status_code == 409, answer.text
        return True


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def statuses_of(desk: Desk) -> dict[str, int]:
    """Return how many runs have each status."""

    async def counted(client: Client) -> dict[str, int]:
        return {status: count for (_, _, status), count in client.counts().items()}

    return desk.move(counted)


def _have_answered(deciders: list[Decider], count: int) -> bool:
    return sum(each.answers for each in deciders) >= count or all(each.is_over for each in deciders)


def test_a_killed_server_loses_no_answer_and_doubles_none(tmp_path: Path) -> None:
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    chance = random.Random(seed)
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    Desk(store).ask(*((flows.tickets, f"T-{number}", f"ticket {number}") for number in range(ITEMS)))
    options = ("--port", str(free_port()), "--workflows", f"{flows.__file__}:tickets")
    desk = start_serving(store, tmp_path, options)
    deciders = [Decider(desk.address, label) for label in LABELS[:2]]
    threads = [threading.Thread(target=each.work) for each in deciders]
    for thread in threads:
        thread.start()
    try:
        for _ in range(KILLS):
            enough = sum(each.answers for each in deciders) + chance.randrange(1, 7)
            eventually(partial(_have_answered, deciders, enough))
            threading.Event().wait(chance.random() * 0.03)
            end_serving(desk, signal.SIGKILL)
            desk = start_serving(store, tmp_path, options)
        for thread in threads:
            thread.join()
        numbers = range(1, ITEMS + 1)
        eventually(lambda: all(item.state == "decided" for item in map(desk.item, numbers)))
        eventually(lambda: statuses_of(desk) == {"completed": ITEMS})
    finally:
        for each in deciders:
            each.is_over = True
        for thread in threads:
            thread.join()
        end_serving(desk)
    for number in numbers:
        item = desk.item(number)
        told = {each.told[number] for each in deciders if number in each.told}
        assert len(told) < 2, f"item {number} was said to be decided twice"
        assert item.decision in (told or LABELS)
        assert told or any(number in each.unheard for each in deciders)
        actions = Counter(change.action for change in item.history)
        assert (actions["decide"], actions["commit"]) == (1, 1), f"item {number}: {actions}"
    verified = in_the_shell("audit", "verify", "--store", store)
    assert verified.exit_code == 0, verified.output


def test_what_a_killed_server_had_lent_is_offered_again(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    Desk(store).ask((flows.tickets, "T-1", "ticket"))
    desk = start_serving(store, tmp_path)
    taken = httpx2.post(f"{desk.address}/api/v1/reviews/next", json={"queue": "desk"}, timeout=60).json()["review"]
    end_serving(desk, signal.SIGKILL)
    assert desk.item(taken["id"]).lease_owner == "ann"

    async def offered(at: float) -> object:
        async with Client(store, clock=FakeClock(datetime.fromtimestamp(at, UTC))) as client:
            return await client.next_review(by="ben", queue="desk")

    assert do(offered(taken["lease_until"] - 1.0)) is None
    assert do(offered(taken["lease_until"] + 1.0)) is not None
