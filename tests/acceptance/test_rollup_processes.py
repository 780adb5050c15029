"""Several processes roll up at once, and are killed at any moment: nothing is counted twice, and nothing is lost."""

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from handrail import Orchestrator
from handrail_orchestrator.store.figures import FigureQuery
from handrail_orchestrator.store.sqlite.store import SqliteStore
from tests.contract import flows
from tests.contract.audited import audited
from tests.unit.orchestrator.test_rollups import both

pytestmark = pytest.mark.acceptance

ROUNDS = 4
RUNS = 40


@contextmanager
def rolling(store: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.acceptance.roller", store], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "rolling\n"
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


async def test_what_killed_processes_rolled_up_is_what_every_record_comes_to(
    tmp_path: Path,
) -> None:
    path = tmp_path / "runs.db"
    store, chance = f"sqlite:///{path}", random.Random(8)
    async with Orchestrator(store, workflows=[flows.add, flows.fail, audited]) as engine:
        for number in range(ROUNDS):
            with rolling(store), rolling(store):
                await engine.start_many(flows.add, [(f"a{number}.{each}", each) for each in range(RUNS)])
                await engine.start_many(audited, [(f"s{number}.{each}", "sure") for each in range(4)])
                await engine.start(flows.fail, 1, id=f"f{number}")
                await engine.idle()
                for item in engine.reviews()[:2]:
                    await engine.decide(item.id, chance.choice(["billing", "bugs"]), by="ann")
                await engine.outcome(f"a{number}.0", "reopened", value=chance.random() < 0.5)
                await engine.retry(f"f{number // 2}")
                await engine.idle()
        while await engine.roll_up():
            pass
        stats, counted = engine.stats("24h"), engine.stats("24h", from_records=True)
        assert stats.funnel == counted.funnel
        assert stats.funnel.started == ROUNDS * (RUNS + 4 + 1)
        assert stats.steps == counted.steps
        assert (stats.outcomes, stats.audits) == (counted.outcomes, counted.audits)
        assert stats.audits.whole == 2 * ROUNDS
    opened = SqliteStore(str(path))
    try:
        rolled, by_record = both(opened, 0.0, 4e9)
        assert rolled == by_record
        with opened.figures() as stored:
            everything = FigureQuery(since=0.0, until=4e9)
            assert not list(stored.rest(everything)), "all of them have ended, and were rolled up"
    finally:
        opened.close()
