"""Several processes at the same review items, some of them killed: one answer each, nothing lost, no gap in the log."""

import asyncio
import random
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from handrail import Client, Orchestrator, Run, workflow
from handrail.orchestrator import ReviewQuery

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

ITEMS, PROCESSES, SECONDS, KILLED = 40, 5, 6.0, 2
EVERY = ReviewQuery(states=("open", "leased", "pending", "decided", "expired", "cancelled"), limit=10_000)
FINAL = {"decided", "expired", "cancelled"}


@workflow(version=1)
async def approve(run: Run, number: int) -> bool:
    return await run.ask(f"Approve {number}?", bool)


async def asked(url: str) -> None:
    async with Orchestrator(url, workflows=[approve]) as orchestrator:
        await orchestrator.start_many(approve, [(f"r{number}", number) for number in range(ITEMS)])
        await orchestrator.idle()


def at_work(url: str, name: str, seconds: float) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.acceptance.reviewer", url, name, str(seconds)], stdout=subprocess.PIPE, text=True
    )


async def finished(url: str) -> None:
    """Let every undo window end, answer what is left, and let the runs end."""
    async with Orchestrator(url, workflows=[approve]) as orchestrator:
        deadline = time.monotonic() + 60
        while (left := orchestrator.reviews(ReviewQuery(states=("open", "leased", "pending")))) and (
            time.monotonic() < deadline
        ):
            await orchestrator.fire_timers()
            for item in left:
                if item.state == "open" and item.assignee is None:
                    await orchestrator.decide(item.id, value=True, by="late")
                elif item.state != "pending":
                    await orchestrator.assign(item.id, by="late", to=None)
            await asyncio.sleep(0.05)
        await orchestrator.idle()


def test_no_item_has_two_answers_is_lost_or_has_a_gap_in_its_log(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    asyncio.run(asked(url))
    people = [at_work(url, f"p{number}", SECONDS) for number in range(PROCESSES)]
    chance = random.Random(7)
    for victim in people[:KILLED]:
        time.sleep(chance.uniform(0.5, 2.0))
        victim.kill()
    refused = [int(person.communicate(timeout=120)[0] or 0) for person in people]
    assert [person.returncode for person in people[KILLED:]] == [0] * (PROCESSES - KILLED)
    assert sum(refused) > 0, "they did not get in each other's way"
    asyncio.run(finished(url))
    asyncio.run(everything_is_accounted_for(url))


async def everything_is_accounted_for(url: str) -> None:
    async with Client(url) as client:
        items = client.reviews(EVERY)
        assert len(items) == ITEMS
        for item in items:
            log = client.review_log(item.id)
            assert [change.version for change in log] == list(range(1, item.version + 1))
            assert all(before.state not in FINAL or after.action == "note" for before, after in pairwise(log))
            counted = [each for each in log if each.state == "decided" and each.action in {"decide", "commit"}]
            run = client.run(item.run_id)
            if item.state == "decided":
                assert [each.decision for each in counted] == [item.decision]
                assert (run.status, run.output) == ("completed", item.decision)
            else:
                assert (item.state, counted, run.status) == ("cancelled", [], "cancelled")
