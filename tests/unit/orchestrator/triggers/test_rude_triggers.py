"""What code of the user's raises beside runs ends nothing but what it was called for: the history says what it was."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from handrail import Orchestrator, Run, workflow
from handrail.orchestrator import (
    ByHand,
    Delivery,
    EndedRun,
    Trigger,
    TriggerHost,
    every,
    github,
    hmac_sha256,
    on,
    webhook,
)
from handrail.testing import FakeClock
from handrail_orchestrator.triggers import running
from tests.unit.orchestrator.triggers.test_webhook import JSON, mac
from tests.unit.orchestrator.triggers.trigger_flows import bare, history, report, until, utc

START = utc("2026-01-05T09:59")


class Own(BaseException):
    """A user's class that is no ``Exception``."""


class Mute(Exception):
    """An exception that has no text."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


def broken_text() -> Exception:
    return ValueError("cannot read \ud800 of it")


KINDS: dict[str, Callable[[], BaseException]] = {
    "SystemExit": lambda: SystemExit(0),
    "KeyboardInterrupt": KeyboardInterrupt,
    "GeneratorExit": GeneratorExit,
    "CancelledError": asyncio.CancelledError,
    "StopIteration": StopIteration,
    "Own": Own,
    "Mute": Mute,
    "ValueError": broken_text,
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def thrower(kind: str) -> Callable[[object], NoReturn]:
    def throw(_: object) -> NoReturn:
        error = KINDS[kind]()
        raise error

    return throw


@workflow(version=1)
async def apologize(_run: Run, failed: EndedRun) -> str:
    return failed.id


@asynccontextmanager
async def working(path: Path, *triggers: Any) -> AsyncIterator[tuple[Orchestrator, FakeClock]]:
    clock = FakeClock(START)
    async with Orchestrator(
        f"sqlite:///{path / 'runs.db'}", workflows=[bare, report, apologize], clock=clock, triggers=triggers
    ) as orchestrator:
        yield orchestrator, clock


async def still_works(orchestrator: Orchestrator) -> None:
    handle = await orchestrator.start(bare, None)
    assert await handle.result() == "ran"


@every_kind
async def test_a_schedule_whose_input_cannot_be_made_says_so_and_goes_on(tmp_path: Path, kind: str) -> None:
    rude = every("0 * * * *", workflow=report, make_input=thrower(kind), name="rude")
    polite = every("0 * * * *", workflow=bare, name="polite")
    async with working(tmp_path, rude, polite) as (orchestrator, clock):
        for hour in (10, 11):
            clock.move_to(utc(f"2026-01-05T{hour}:00").timestamp())
            await until(lambda: ("fired", f"2026-01-05T{hour}:00:00Z") in history(orchestrator, "polite"))  # noqa: B023
            await until(lambda: ("refused", f"2026-01-05T{hour}:00:00Z") in history(orchestrator, "rude"))  # noqa: B023
        refused = orchestrator.trigger_history("rude")[0]
        assert refused.reason is not None
        assert refused.reason.startswith(f"make_input failed with {kind}")
        await still_works(orchestrator)


@every_kind
async def test_a_delivery_that_code_chokes_on_is_answered_and_its_sender_is_told_no_secrets(
    tmp_path: Path, kind: str
) -> None:
    rude = webhook("/hooks/rude", workflow=bare, scheme=github("one"), make_input=thrower(kind))
    picky = webhook("/hooks/picky", workflow=bare, scheme=github("one"), only=thrower(kind))
    body = b'{"a": 1}'
    headers = {**JSON, "x-hub-signature-256": f"sha256={mac('one', body)}", "x-github-delivery": "d-1"}
    async with working(tmp_path, rude, picky) as (orchestrator, _):
        for path, what in (("/hooks/rude", "make_input"), ("/hooks/picky", "only")):
            hook = orchestrator.hook(path)
            assert hook is not None
            answer = await hook.deliver(headers, body)
            assert (answer.status, dict(answer.body)) == (422, {"problem": f"no input can be made of it ({kind})"})
            told = orchestrator.trigger_history(f"webhook:{path}")[0]
            assert told.action == "refused"
            assert told.reason is not None
            assert told.reason.startswith(f"{what} failed with {kind}")
        await still_works(orchestrator)


@pytest.mark.dear
@every_kind
async def test_the_end_of_a_run_that_code_chokes_on_holds_up_no_other(tmp_path: Path, kind: str) -> None:
    def choosy(ended: EndedRun) -> EndedRun:
        if ended.id == "first":
            thrower(kind)(ended)
        return ended

    async with working(tmp_path, on(bare, start=apologize, make_input=choosy, name="ends")) as (orchestrator, _):
        for run_id in ("first", "second"):
            await (await orchestrator.start(bare, None, id=run_id)).result()
        await until(lambda: [each[0] for each in history(orchestrator, "ends")].count("fired") == 1)
        assert [each[0] for each in history(orchestrator, "ends")] == ["declared", "refused", "fired"]


class Rude(Trigger):
    """A trigger of somebody's own that raises wherever it is called."""

    name = "rude"
    kind = "rude"
    says = "nothing good"
    workflow = bare

    def __init__(self, kind: str) -> None:
        self.throw = thrower(kind)
        self.begun = 0

    async def watch(self, host: TriggerHost) -> None:
        self.begun += 1
        self.throw(host)

    async def by_hand(self, host: TriggerHost, wish: ByHand) -> None:
        self.throw((host, wish))

    async def close(self) -> None:
        self.throw(None)


@pytest.mark.dear
@every_kind
async def test_a_trigger_that_raises_is_begun_again_and_ends_neither_the_process_nor_its_neighbours(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "AGAIN_SECONDS", 0.01)
    rude = Rude(kind)
    async with working(tmp_path, rude, every("0 * * * *", workflow=bare, name="polite")) as (orchestrator, clock):
        await until(lambda: rude.begun >= 3)
        await orchestrator.fire_trigger("rude", by="ann")
        await until(lambda: ("refused", "hand:1") in history(orchestrator, "rude"))
        clock.move_to(utc("2026-01-05T10:00").timestamp())
        await until(lambda: ("fired", "2026-01-05T10:00:00Z") in history(orchestrator, "polite"))
        await still_works(orchestrator)


async def test_what_is_wrong_with_a_delivery_can_be_recorded_whatever_it_repeats(tmp_path: Path) -> None:
    """A signed body may hold half of a character, and what code says of it then does, too."""

    def strict(delivery: Any) -> None:
        raise ValueError(f"unknown customer {delivery.data['name']}")

    hooked = webhook("/hooks/in", workflow=bare, scheme=hmac_sha256("one", header="X-Sig"), make_input=strict)
    body = b'{"name": "\\ud800"}'
    async with working(tmp_path, hooked) as (orchestrator, _):
        hook = orchestrator.hook("/hooks/in")
        assert hook is not None
        assert (await hook.deliver({**JSON, "x-sig": mac("one", body)}, body)).status == 422
        reason = orchestrator.trigger_history("webhook:/hooks/in")[0].reason
        assert reason == "make_input failed with ValueError: unknown customer \\ud800"


async def says_later(_: Delivery) -> bool:
    return False


@pytest.mark.parametrize("only", [says_later, lambda _: None, lambda _: 1, lambda _: "yes", lambda _: float("nan")])
async def test_a_delivery_is_neither_taken_nor_forgotten_by_what_is_neither_true_nor_false(
    tmp_path: Path, only: Callable[[Delivery], Any]
) -> None:
    picky = webhook("/hooks/picky", workflow=bare, scheme=github("one"), only=only)
    body = b'{"a": 1}'
    headers = {**JSON, "x-hub-signature-256": f"sha256={mac('one', body)}", "x-github-delivery": "d-1"}
    async with working(tmp_path, picky) as (orchestrator, _):
        hook = orchestrator.hook("/hooks/picky")
        assert hook is not None
        assert (await hook.deliver(headers, body)).status == 422
        assert "must return True or False" in str(orchestrator.trigger_history("webhook:/hooks/picky")[0].reason)
        assert orchestrator.runs() == []
