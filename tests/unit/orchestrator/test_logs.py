"""Log lines carry the run, step and attempt they were written in."""

import json
import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest

from handrail import Retry, Run, StepFailed, action, rule, workflow
from handrail_orchestrator.logs import json_handler
from handrail_orchestrator.testing import Faults, Rehearsal

log = logging.getLogger("shop.orders")


class Lines:
    """The JSON lines that a handler wrote."""

    def __init__(self, stream: StringIO) -> None:
        self._stream = stream

    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._stream.getvalue().splitlines()]

    def saying(self, message: str) -> list[dict[str, Any]]:
        return [line for line in self.all() if line["message"] == message]


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler = json_handler()
    assert isinstance(handler, logging.StreamHandler)
    stream = StringIO()
    handler.setStream(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield Lines(stream)
    root.removeHandler(handler)
    root.setLevel(level)


@action(retry=Retry(attempts=3))
async def charge(amount: int) -> int:
    log.info("charging %d", amount)
    return amount


@rule
def tax(amount: int) -> int:
    log.info("taxing")
    return amount // 5


@workflow(version=1)
async def order(run: Run, amount: int) -> int:
    log.info("ordering")
    return await run.step(charge, amount) + await run.step(tax, amount)


async def test_a_line_has_time_level_logger_and_message_beside_its_ids(lines: Lines) -> None:
    async with Rehearsal(workflows=[order]) as rehearsal:
        await rehearsal.play(order, 10, id="o-1")
    (line,) = lines.saying("charging 10")
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "info",
        "logger": "shop.orders",
        "message": "charging 10",
        "run": "o-1",
        "step": "charge",
        "attempt": 1,
    }


async def test_a_line_of_the_workflow_has_its_run_and_no_step(lines: Lines) -> None:
    async with Rehearsal(workflows=[order]) as rehearsal:
        await rehearsal.play(order, 10, id="o-1")
    (line,) = lines.saying("ordering")
    assert line["run"] == "o-1"
    assert "step" not in line


async def test_a_line_of_a_body_in_a_thread_has_its_step(lines: Lines) -> None:
    async with Rehearsal(workflows=[order]) as rehearsal:
        await rehearsal.play(order, 10, id="o-1")
    (line,) = lines.saying("taxing")
    assert (line["run"], line["step"]) == ("o-1", "tax")


async def test_runs_side_by_side_do_not_mix_their_ids(lines: Lines) -> None:
    async with Rehearsal(workflows=[order]) as rehearsal:
        await rehearsal.start_many(order, [(f"o-{n}", n) for n in range(20)])
        await rehearsal.settle()
    charged = {line["run"]: line["message"] for line in lines.all() if line.get("step") == "charge"}
    assert charged == {f"o-{n}": f"charging {n}" for n in range(20)}


async def test_a_line_names_the_attempt(lines: Lines) -> None:
    async with Rehearsal(workflows=[order], faults=Faults().fail("charge", times=2)) as rehearsal:
        await rehearsal.play(order, 10, id="o-1")
    (line,) = lines.saying("charging 10")
    assert line["attempt"] == 3


async def test_the_failure_of_a_run_is_one_warning_with_its_id(lines: Lines) -> None:
    async with Rehearsal(workflows=[order], faults=Faults().fail("charge", times=3)) as rehearsal:
        with pytest.raises(StepFailed):
            await rehearsal.play(order, 10, id="o-1")
    (line,) = [each for each in lines.all() if each["level"] == "warning"]
    assert line["run"] == "o-1"
    assert "step 'charge' failed with InjectedFault" in line["message"]


def test_a_line_outside_any_run_has_no_ids_and_an_error_has_its_trace(lines: Lines) -> None:
    try:
        int("no such order")
    except ValueError:
        log.exception("cannot order")
    (line,) = lines.saying("cannot order")
    assert set(line) == {"time", "level", "logger", "message", "error"}
    assert line["error"].endswith("'no such order'")
