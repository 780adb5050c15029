"""Moments and lengths of time that cannot be are refused where they are given: by name, and with what to give."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from handrail import (
    Client,
    Escalation,
    HandrailError,
    Limit,
    Orchestrator,
    Retry,
    Run,
    StepFailed,
    action,
    rule,
    workflow,
)
from handrail.orchestrator import (
    Breaker,
    HttpService,
    OpenTelemetry,
    Settings,
    SmtpServer,
)
from handrail.testing import FakeClock, Faults
from handrail_orchestrator.retention import Retention
from handrail_orchestrator.statistics.window import window_of
from handrail_orchestrator.triggers.every import times
from handrail_orchestrator.triggers.folder import folder
from handrail_orchestrator.triggers.signatures import stripe

NO_NUMBERS = ["10", "soon", True, float("nan"), float("inf"), 10**400, b"1", [], {}, datetime(2026, 1, 1, tzinfo=UTC)]
"""What nobody means by a number of seconds; the last but one is more than a float can hold."""
SPAN = timedelta(seconds=1)
NO_SPANS = [*NO_NUMBERS, 1.0, Decimal(1), date(2026, 1, 1), timedelta(microseconds=-1)]
NO_MOMENTS = [
    *(each for each in NO_NUMBERS if not isinstance(each, datetime)),
    1.0,
    date(2026, 1, 1),
    datetime(2026, 1, 1),  # noqa: DTZ001 -- that it is refused is the point
    SPAN,
]


@workflow(version=1)
async def counted(run: Run, n: int) -> int:
    """Return what it is given."""
    del run
    return n


@workflow(version=1)
async def asked(run: Run, n: int) -> int:
    """Ask a person."""
    del n
    return await run.ask("How many?", int)


@workflow(version=1)
async def plain(run: Run) -> None:
    """Do nothing."""
    del run


async def body(n: int) -> int:
    """Be a step."""
    return n


def number(n: int) -> int:
    """Be a rule."""
    return n


SETTINGS: dict[str, Callable[[Any], object]] = {
    "lease_seconds": lambda given: Settings(lease_seconds=given),
    "grace_seconds": lambda given: Settings(grace_seconds=given),
    "concurrency": lambda given: Settings(concurrency=given),
    "first_seconds": lambda given: Retry(2, first_seconds=given),
    "max_seconds": lambda given: Retry(2, max_seconds=given),
    "attempts": Retry,
    "probe_after_seconds": lambda given: Breaker(probe_after_seconds=given),
    "release_per_second": lambda given: Breaker(release_per_second=given),
    "timeout_seconds of an action": lambda given: action(timeout_seconds=given)(body),
    "deadline_seconds": lambda given: action(deadline_seconds=given)(body),
    "timeout_seconds of a rule": lambda given: rule(timeout_seconds=given)(number),
    "deadline_seconds of a workflow": lambda given: workflow(version=1, deadline_seconds=given)(counted.function),
    "due_hours": lambda given: Escalation(due_hours=given),
    "per_second": lambda given: Limit(per_second=given),
    "concurrent": lambda given: Limit(concurrent=given),
    "timeout_seconds": lambda given: HttpService("http://a.example/", honours_keys=True, timeout_seconds=given),
    "timeout_seconds of mail": lambda given: SmtpServer("a.example", sender="a@a.example", timeout_seconds=given),
    "port": lambda given: SmtpServer("a.example", sender="a@a.example", port=given),
    "tolerance_seconds": lambda given: stripe("x" * 40, tolerance_seconds=given),
    "settle_seconds": lambda given: folder("in", workflow=plain, make_input=lambda _: None, settle_seconds=given),
    "poll_seconds": lambda given: folder("in", workflow=plain, make_input=lambda _: None, poll_seconds=given),
    "flush_seconds": lambda given: OpenTelemetry(flush_seconds=given),
    "every_seconds": lambda given: Retention(object(), every_seconds=given),  # type: ignore[arg-type]
    "seconds": lambda given: Faults().slow("send", seconds=given),
    "count": lambda given: times("0 9 * * *", after=datetime.now(UTC), count=given),
}


@pytest.mark.parametrize("named", SETTINGS)
def test_a_setting_that_is_no_number_is_refused_by_its_name(named: str) -> None:
    for given in (*NO_NUMBERS, SPAN, -1.0):
        with pytest.raises(HandrailError, match=rf"(?s)\b{named.split(maxsplit=1)[0]}\b.*(give|needs|never tries)"):
            SETTINGS[named](given)


@pytest.mark.parametrize("given", NO_MOMENTS)
def test_what_is_no_moment_is_refused(given: Any) -> None:
    for call in (lambda: times("0 9 * * *", after=given, count=1), lambda: FakeClock(given)):
        with pytest.raises(HandrailError, match=r"(after|start)=.*(give|use) datetime\(\.\.\., tzinfo=UTC\)"):
            call()


@pytest.mark.parametrize(
    "given", [7, None, (), b"7d", (1.0,), (1.0, "2026-01-01"), (None, 2.0), ([], True), {1: 2, 3: 4}]
)
def test_what_is_no_window_is_refused(given: Any) -> None:
    with pytest.raises(HandrailError, match=r"window.*give"):
        window_of(given, now=1_800_000_000.0)


async def test_a_client_refuses_times_that_cannot_be_and_does_nothing(tmp_path: Path) -> None:
    async with (
        Orchestrator(f"sqlite:///{tmp_path}/runs.db", workflows=[counted, asked]) as engine,
        Client(engine.store) as client,
    ):
        assert await (await engine.start(counted, 1, id="ended")).result() == 1
        await engine.start(asked, 1, id="asks")
        await engine.idle()
        item = engine.reviews()[0].id
        calls: dict[str, tuple[list[Any], Callable[[Any], Awaitable[object]]]] = {
            "at": (NO_MOMENTS, lambda given: engine.start(counted, 2, at=given)),
            "after": (NO_SPANS, lambda given: engine.start(counted, 2, after=given)),
            r"at\b": (NO_MOMENTS, lambda given: client.start("counted", 2, at=given)),
            r"after\b": (NO_SPANS, lambda given: client.start("counted", 2, after=given)),
            "older_than": (NO_SPANS, lambda given: engine.prune(older_than=given)),
            r"older_than\b": (NO_SPANS, lambda given: client.prune(older_than=given)),
            "outcome": ([*NO_MOMENTS[:3], SPAN], lambda given: client.outcome("ended", "late", at=given)),
            "put away": ([*NO_NUMBERS, SPAN], lambda given: client.snooze(item, by="ann", until=given)),
            "undo_seconds": ([*NO_NUMBERS, -1.0], lambda given: client.decide(item, 1, by="ann", undo_seconds=given)),
            "patience_seconds": ([*NO_NUMBERS, -1.0], lambda given: engine.settled(patience_seconds=given)),
        }
        for named, (wrong, call) in calls.items():
            for given in wrong:
                with pytest.raises(HandrailError, match=rf"{named}.*(give|use)"):
                    await call(given)
        for given in (*NO_NUMBERS, -1.0, 0):
            with pytest.raises(HandrailError, match=r"'counted' are kept for .*give seconds above 0"):
                await client.remember_retention({"counted": given})  # type: ignore[dict-item]
        assert [run.id for run in client.runs()] == ["ended", "asks"]
        assert client.outcomes("ended") == []
        assert client.review(item).state == "open"


async def test_runs_that_wait_for_what_is_no_time_fail_and_say_so(tmp_path: Path) -> None:
    waits: dict[str, Callable[[Run, Any], Awaitable[object]]] = {
        "duration": lambda run, given: run.sleep(given),
        "when": lambda run, given: run.sleep_until(given),
        "within": lambda run, given: run.event("paid", int, within=given),
    }
    wrong: dict[str, list[Any]] = {
        "duration": ["10", True, b"1", None, [], 10**400, date(2026, 1, 1)],
        "when": NO_MOMENTS,
        "within": [each for each in NO_SPANS if not isinstance(each, timedelta)],
    }

    @workflow(version=1)
    async def waiting(run: Run, which: tuple[str, int]) -> None:
        await waits[which[0]](run, wrong[which[0]][which[1]])

    async with Orchestrator(f"sqlite:///{tmp_path}/runs.db", workflows=[waiting]) as engine:
        for named, given in wrong.items():
            for index in range(len(given)):
                run = await engine.start(waiting, (named, index))
                with pytest.raises(StepFailed, match=rf"Misuse.*{named}=.*(give|use)"):
                    await run.result()


async def test_a_length_below_zero_is_over_at_once_where_it_is_reckoned_by_a_run(tmp_path: Path) -> None:
    @workflow(version=1)
    async def late(run: Run) -> str:
        await run.sleep(timedelta(seconds=-1))
        await run.sleep(Decimal("-0.5"))  # type: ignore[arg-type]
        return "over"

    async with Orchestrator(f"sqlite:///{tmp_path}/runs.db", workflows=[late]) as engine:
        assert await (await engine.start(late, None)).result() == "over"
