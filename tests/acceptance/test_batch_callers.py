"""Programs that ask in a batch under one key, killed at each moment or at the same moment: paid for once."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.acceptance.batch_caller import asked
from tests.acceptance.processes import finish, kill, spawn
from tests.servers.batch_stub import BatchStub

ITEMS = 6
LOST = 4
"""The number of the item that no batch answers."""
HALF, WHOLE = 0.00006, 0.00012
WITHIN_SECONDS = 240


@pytest.fixture(scope="module")
def running() -> Iterator[BatchStub]:
    with BatchStub() as stub:
        yield stub


@pytest.fixture
def stub(running: BatchStub) -> BatchStub:
    running.reset()
    return running


def until(holds: Callable[[], Any]) -> None:
    end = time.monotonic() + WITHIN_SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def check_paid_once(stub: BatchStub, *answers: list[Any]) -> None:
    """Check that everybody has all answers, and that one batch was answered, the others stopped."""
    for answer in answers:
        assert [value for value, _ in answer] == [("alpha", "beta", "gamma")[n % 3] for n in range(ITEMS)]
        assert [spent for _, spent in answer] == pytest.approx([HALF] * ITEMS)
    seen = stub.seen()
    assert sorted(each["status"] for each in seen["batches"] if each["status"] != "cancelled") == ["completed"]
    assert seen["single"] == []


MOMENTS: dict[str, tuple[dict[str, Any], Callable[[BatchStub], bool]]] = {
    "between making it and hearing so": ({"hold_create": 9.0}, lambda stub: bool(stub.seen()["batches"])),
    "before the list shows it": ({"hold_create": 9.0, "list_late": 3}, lambda stub: bool(stub.seen()["batches"])),
    "while it is looked at": ({"looks": 10_000}, lambda stub: stub.seen()["looks"] > 1),
}


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_program_killed_at_any_moment_pays_for_nothing_twice(stub: BatchStub, moment: str) -> None:
    faults, reached = MOMENTS[moment]
    stub.misbehave(**faults)
    first = spawn("batch_caller.py", stub.url, str(ITEMS))
    until(lambda: reached(stub))
    kill(first)
    stub.misbehave(**{**dict.fromkeys(faults, 0), "looks": 3})
    stub.end_all()
    check_paid_once(stub, await asked(stub.url, ITEMS))


async def test_a_program_killed_with_everything_but_one_item_in_its_hands_has_paid_for_that_alone(
    stub: BatchStub,
) -> None:
    stub.misbehave(lose=[LOST], hold_single=9.0)
    first = spawn("batch_caller.py", stub.url, str(ITEMS))
    until(lambda: stub.seen()["single"])
    kill(first)
    stub.misbehave(hold_single=0.0)
    again = await asked(stub.url, ITEMS)
    assert stub.seen()["single"] == [str(LOST)] * 2  # of one that was asked singly nobody has a record
    assert [each["status"] for each in stub.seen()["batches"]] == ["completed"]
    assert sum(spent for _, spent in again) == pytest.approx((ITEMS - 1) * HALF + WHOLE)


async def test_programs_that_send_at_the_same_moment_pay_once(stub: BatchStub) -> None:
    """Each looks for a batch before any has made one, the list is late, and one is killed as soon as it has sent."""
    stub.misbehave(uploads_together=2, looks=30, list_late=6)
    both = [spawn("batch_caller.py", stub.url, str(ITEMS)) for _ in range(2)]
    await asyncio.to_thread(until, lambda: stub.seen()["uploads"] == 2)
    here = asyncio.create_task(asked(stub.url, ITEMS))
    await asyncio.to_thread(until, lambda: len(stub.seen()["batches"]) >= 2)
    kill(both.pop())
    there = json.loads(await asyncio.to_thread(finish, both.pop()))
    check_paid_once(stub, await here, there)
