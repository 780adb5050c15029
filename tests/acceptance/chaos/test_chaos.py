"""Everything at once: processes killed, stopped and terminated, a store locked, a clock stepped, and rude code in it.

Each seed is a sequence of blows. A few run everywhere; ``HANDRAIL_CHAOS=long`` runs many, for longer.
"""

import json
import os
import random
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from handrail import Client
from handrail_orchestrator.errors import OrchestratorError
from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.acceptance.chaos.harm import Crew
from tests.acceptance.chaos.journeys import expected, keys

LONG = os.environ.get("HANDRAIL_CHAOS") == "long"
SEEDS = range(100 if LONG else 3)
BLOWS = 60 if LONG else 15
RUNS = 800 if LONG else 200
"""So many that most blows fall while there is work."""


class Reviewer(threading.Thread):
    """Answers questions from another thread, as people would."""

    def __init__(self, store: Path) -> None:
        super().__init__(daemon=True)
        self.store = store
        self.over = threading.Event()

    def run(self) -> None:
        import asyncio  # noqa: PLC0415 -- this thread's own loop

        asyncio.run(self._answer())

    async def _answer(self) -> None:
        while not self.over.wait(0.1):
            try:
                async with Client(f"sqlite:///{self.store}") as client:
                    for item in client.reviews():
                        await client.decide(item.id, 7, by="ann")
            except OrchestratorError:  # the store is locked, or not there yet
                continue


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.timeout(600)
def test_every_journey_arrives_once_whatever_happens_on_the_way(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    crew = Crew(tmp_path, RUNS, 2, chance)
    reviewer = Reviewer(crew.store)
    try:
        wait_until_begun(crew)
        reviewer.start()
        for _ in range(BLOWS):
            crew.one_blow()
        print(f"{len(keys_seen(crew))} of {4 * RUNS} actions before the last blow, of {dict(crew.harm)}")
        crew.arrive()
    finally:
        crew.give_up()
        reviewer.over.set()
    check(crew)


def wait_until_begun(crew: Crew) -> None:
    """Wait until the first run has reached the world."""
    while not crew.outbox.stat().st_size:
        time.sleep(0.05)


def keys_seen(crew: Crew) -> set[str]:
    """Return the keys of the actions that were executed so far."""
    return {line.split()[0] for line in crew.outbox.read_text(encoding="utf-8").splitlines()}


def check(crew: Crew) -> None:
    """Check that every run ended once and right, every result is recorded once, every action had its one key."""
    store = SqliteStore(str(crew.store))
    try:
        rows = store.runs(limit=10 * RUNS)
        assert Counter((row.workflow, row.status) for row in rows) == {
            ("journey", "completed"): RUNS,
            ("leg", "completed"): RUNS,
        }, crew.harm
        for row in rows:
            if row.workflow == "journey":
                assert json.loads(row.output or "") == expected(int(row.input)), row.id
            recorded = store.history(row.key).steps
            assert all(step.ended is not None for step in recorded), row.id
            assert [step.seq for step in recorded] == sorted({step.seq for step in recorded}), row.id
    finally:
        store.close()
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for line in crew.outbox.read_text(encoding="utf-8").splitlines():
        key, value = line.split()
        seen[key][value] += 1
    assert set(seen) == set().union(*(keys(n) for n in range(RUNS)))
    assert all(len(values) == 1 for values in seen.values()), "an action was executed with two different inputs"
