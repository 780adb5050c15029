"""A lane never takes a run that is on its way for one that waits: no case ends because somebody looked too early."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from handrail import Run, workflow
from handrail_evals.measure.case import Case
from handrail_evals.measure.targets.workflow import workflow_target
from handrail_evals.measure.targets.workflow_reviewers import Reviewers
from handrail_orchestrator.embedded import worker, writer
from tests.unit.evals.measure.workflow_cases import observed

DAYS = 8
"""Between the questions of a run: the clock jumps from each to the next."""


@pytest.fixture(params=["commits in the loop", "commits in the thread"])
def _looked_after_all_the_time(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Look after the store without a pause, as a long evaluation does in the end, while a thread takes its turns."""
    monkeypatch.setattr(worker, "ALONE_TICK_SECONDS", 0.0)
    if request.param == "commits in the thread":
        monkeypatch.setattr(writer, "MOST_HERE", 0)
    over = threading.Event()
    thread = threading.Thread(target=lambda: [None for _ in iter(over.is_set, True)])
    thread.start()
    yield
    over.set()
    thread.join()


@workflow(version=1)
async def haggle(run: Run, price: int) -> int:
    while not await run.ask(f"Is {price} fine?", bool, name="approve"):
        await run.sleep(timedelta(days=1))
        price -= 1
    return price


@pytest.mark.slow
@pytest.mark.usefixtures("_looked_after_all_the_time")
async def test_every_answer_is_given_and_every_day_passes() -> None:
    reviewers = Reviewers(lambda item, _case: item.title == "Is 0 fine?", minutes=0, delay_minutes=0)
    target = workflow_target(haggle, reviewers=reviewers)

    async with asyncio.timeout(100):
        seen = await observed(target, *[Case(f"n{n}", DAYS) for n in range(3)], at_once=3)

    flows = [each.flow for each in seen if each.flow is not None]
    assert [each.output for each in seen] == [0] * 3
    assert [(flow.ending, flow.questions) for flow in flows] == [("completed", DAYS + 1)] * 3
    assert {round(flow.cycle_seconds) for flow in flows} == {DAYS * 86_400}
