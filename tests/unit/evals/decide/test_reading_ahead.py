"""A look of a keeper that goes on: what is new is read before it is written, and all of it is written at once."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from handrail import Client, Orchestrator
from handrail.calibration import keep_promises
from handrail_evals.decide.keeping.ledger import drawn_case
from handrail_evals.decide.keeping.state import KeeperState, state_of
from handrail_orchestrator.store.promises import MovePromise, PromiseRow, SettleCases
from tests.unit.evals.decide.test_keeping import Desk, Written, desk, letter, mostly_right, sort_with

__all__ = ["desk"]

pytestmark = pytest.mark.slow


async def reckoned_from_the_ledger(client: Client) -> tuple[PromiseRow, str]:
    """Return a promise, and where its keeper stands by the ledger alone."""
    (row,) = client.promise_store.promises()
    ladder, settings = state_of(row).keeper.ladder, state_of(row).keeper.settings
    state = KeeperState.of_text(None, ladder, settings)
    rows = client.promise_store.promise_cases(row.stream, after=0, limit=10_000)
    counted = [each for each in rows if each.id > row.ladder_to and each.number <= row.read_to]
    state.read([(drawn_case(each, ladder), each.at) for each in counted])
    return row, state.as_text()


def test_a_keeper_that_goes_on_writes_a_look_at_once_and_takes_no_lease(desk: Desk) -> None:
    async def played() -> tuple[list[list[str]], PromiseRow, str]:
        found = []
        for count in (150, 70, 1):
            await desk.batch(count, mostly_right, keep=False)
            async with Written(desk.store) as client:
                await keep_promises(client)
                found.append(client.changes)
        async with Client(desk.store) as client:
            return found, *await reckoned_from_the_ledger(client)

    (first, *later), row, from_the_ledger = asyncio.run(played())
    assert first == ["TakePromise", "SettleCases", "NumberCases", "SetLadder", "MovePromise"]
    assert later == [["SettleCases", "NumberCases", "MovePromise"]] * 2
    assert (row.read_to, row.version, row.checkpoint) == (221, 3, from_the_ledger)


def test_what_somebody_else_settled_otherwise_meanwhile_is_read_anew(desk: Desk, tmp_path: Path) -> None:
    class Late(Written):
        """A client that is overtaken just before it writes."""

        overtaken = False

        async def change_promises(self, change: Any) -> Any:
            if self.overtaken and isinstance(change, SettleCases):
                with sqlite3.connect(tmp_path / "runs.db") as other:
                    sql = "UPDATE promise_cases SET verdict = 'given_up' WHERE id = ?"
                    other.execute(sql, (change.verdicts[3][0],))
                other.close()
            return await super().change_promises(change)

    async def played() -> tuple[list[tuple[int, int]], PromiseRow, str]:
        found: list[tuple[int, int]] = []
        for overtaken in (False, True, False):
            await desk.batch(50 if found else 150, mostly_right, keep=False)
            async with Late(desk.store) as client:
                client.overtaken = overtaken
                await keep_promises(client)
                (row,) = client.promise_store.promises()
                found.append((row.version, row.read_to))
        async with Client(desk.store) as client:
            return found, *await reckoned_from_the_ledger(client)

    found, row, from_the_ledger = asyncio.run(played())
    assert found == [(1, 150), (1, 150), (2, 250)]
    assert row.checkpoint == from_the_ledger


def test_what_a_keeper_decides_is_said_although_one_was_killed_before_it_said_so(desk: Desk) -> None:
    class KilledError(Exception):
        """As by a -9 between two transactions."""

    class Mortal(Client):
        async def change_promises(self, change: Any) -> Any:
            if isinstance(change, MovePromise):
                raise KilledError
            return await super().change_promises(change)

    class Later(Client):
        def now(self) -> float:
            return super().now() + 130  # its lease is over

    async def played() -> list[str]:
        await desk.batch(150, mostly_right, keep=False)
        sort = sort_with(letter())
        async with Orchestrator(desk.store, workflows=[sort]) as orchestrator:
            await orchestrator.start(sort, "open 0.9", id="open")
            await orchestrator.idle()
            await orchestrator.cancel("open")
        async with Mortal(desk.store) as client:
            with pytest.raises(KilledError):
                await keep_promises(client)
            (row,) = client.promise_store.promises()
            assert row.ladder is not None
            assert client.promise("sort/letter").answered == 151
        async with Later(desk.store) as client:
            for _ in range(2):
                await keep_promises(client)
            return [each.action for each in client.promise_history("sort/letter") if each.action != "rule"]

    assert asyncio.run(played()) == ["ladder", "given_up"]
