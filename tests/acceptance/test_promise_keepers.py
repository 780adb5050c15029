"""Keepers of promises as real processes: killed at each moment, doubled, frozen and woken, nothing is spent twice."""

import asyncio
import json
import os
import random
import signal
from pathlib import Path
from typing import Any, Literal

import pytest

from handrail import Client, Orchestrator, Run, Says, ScriptedModel, classify, workflow
from handrail.calibration import keep_promises
from handrail.guards import promise
from handrail.orchestrator import ReviewQuery
from handrail_evals.decide.keeping.keeper import KeeperSettings
from handrail_evals.decide.keeping.ladder import KeeperLadder
from handrail_evals.decide.keeping.ledger import drawn_case
from handrail_evals.decide.keeping.state import KeeperState
from handrail_orchestrator.store.promises import PromiseRow
from tests.acceptance.processes import finish, kill, spawn

pytestmark = [pytest.mark.acceptance, pytest.mark.slow, pytest.mark.timeout(300)]

Letter = Literal["a", "b"]
CHANGES = ("SettleCases", "TakePromise", "NumberCases", "SetLadder", "MovePromise")
LEASE = 130.0
"""Seconds after which a keeper that died keeps nobody waiting."""

letter = classify(
    "letter", Letter, "Which letter?",
    models=ScriptedModel(lambda request: Says("a", float(request.text.rsplit(maxsplit=1)[-1]))),
    accept=promise(wrong_at_most=0.1, sure=0.9),
)  # fmt: skip


@workflow(version=1)
async def sort(run: Run, text: str) -> Letter:
    return await run.decide(letter, text)


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'runs.db'}"
    return str(request.getfixturevalue("postgres_url"))


async def arrive(address: str, first: int, count: int) -> None:
    """Let cases come, and people answer all that they are asked."""
    chance = random.Random(first)
    cases = [(f"r-{number}", round(chance.random(), 4)) for number in range(first, first + count)]
    wrong = {name for name, score in cases if chance.random() < (0.01 if score > 0.3 else 0.5)}
    async with Orchestrator(address, workflows=[sort]) as orchestrator:
        await orchestrator.start_many(sort, [(name, f"{name} {score}") for name, score in cases])
        await orchestrator.idle()
        while items := orchestrator.reviews(ReviewQuery(limit=500)):
            for item in items:
                await orchestrator.decide(item.id, "b" if item.run_id in wrong else "a", by="ann")
            await orchestrator.idle()


def seen(address: str) -> tuple[PromiseRow, dict[str, Any], int]:
    """Return the promise, the keeper's state as the ledger alone gives it, and how many of its answers count."""

    async def look() -> tuple[PromiseRow, dict[str, Any], int]:
        async with Client(address) as client:
            (row,) = client.promise_store.promises()
            assert row.ladder is not None
            ladder = KeeperLadder.of_json(json.loads(row.ladder))
            state = KeeperState.of_text(None, ladder, KeeperSettings(target=row.target, delta=row.delta))
            rows = client.promise_store.promise_cases(row.stream, after=0, limit=100_000)
            counted = [each for each in rows if each.id > row.ladder_to and each.number <= row.read_to]
            state.read([(drawn_case(each, ladder), each.at) for each in counted])
            return row, json.loads(state.as_text()), sum(each.drawn for each in counted)

    return asyncio.run(look())


def said(address: str) -> list[str]:
    """Return what was decided about the promise, as its history has it."""

    async def look() -> list[str]:
        async with Client(address) as client:
            return [each.action for each in client.promise_history("sort/letter")]

    return asyncio.run(look())


def assert_nothing_is_spent_twice(address: str, read_to: int) -> PromiseRow:
    row, from_the_ledger, answers = seen(address)
    assert row.checkpoint is not None
    assert json.loads(row.checkpoint)["keeper"] == from_the_ledger["keeper"]
    assert json.loads(row.checkpoint)["scores"] == from_the_ledger["scores"]
    assert (row.read_to, from_the_ledger["keeper"]["labels"]) == (read_to, answers)
    return row


def test_a_keeper_that_goes_on_sees_what_another_process_has_moved_on_meanwhile(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'runs.db'}"

    async def look() -> list[int]:
        async with Client(address) as client:
            return [each.read for each in await keep_promises(client)]

    asyncio.run(arrive(address, 0, 150))
    found = [asyncio.run(look())]
    asyncio.run(arrive(address, 150, 50))
    assert finish(spawn("promise_keeper.py", address)) == "read 50\n"
    for first in (200, 250):
        asyncio.run(arrive(address, first, 50))
        found.append(asyncio.run(look()))
    assert found == [[50], [50], [50]]  # the first hundred gave the thresholds
    assert assert_nothing_is_spent_twice(address, 300).version == 4


def test_keepers_that_are_killed_doubled_or_frozen_spend_nothing_twice(address: str) -> None:
    asyncio.run(arrive(address, 0, 300))
    for number, change in enumerate(CHANGES):
        process = spawn("promise_keeper.py", address, "KILL", change, str(number * LEASE))
        output, errors = process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL, f"not killed at {change}: {output} {errors}"
    killed = assert_nothing_is_spent_twice(address, 300)
    assert killed.threshold is not None
    assert (killed.version, killed.rule) == (1, 1)
    assert said(address) == ["ladder", "rule"]

    asyncio.run(arrive(address, 300, 100))
    skews = [str((len(CHANGES) + number) * LEASE) for number in range(3)]
    keepers = [spawn("promise_keeper.py", address, "LET", "LIVE", skew) for skew in skews]
    for keeper in keepers:
        finish(keeper)
    doubled = assert_nothing_is_spent_twice(address, 400)
    assert doubled.version == 2

    asyncio.run(arrive(address, 400, 100))
    frozen = spawn("promise_keeper.py", address, "FREEZE", "MovePromise", str(8 * LEASE))
    try:
        assert frozen.stdout is not None
        assert frozen.stdout.readline() == "frozen\n"
        assert finish(spawn("promise_keeper.py", address, "LET", "LIVE", str(8 * LEASE))) == ""  # it has the lease
        assert finish(spawn("promise_keeper.py", address, "LET", "LIVE", str(9 * LEASE))) == "read 100\n"
        os.kill(frozen.pid, signal.SIGCONT)
        assert finish(frozen) == ""  # the other one was faster
    finally:
        kill(frozen)
    woken = assert_nothing_is_spent_twice(address, 500)
    assert woken.version == 3
