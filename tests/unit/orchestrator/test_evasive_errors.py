"""An error whose own code is in the way of looking at it is its run's failure, as any other is."""

import asyncio
from pathlib import Path
from typing import Any, Literal, NoReturn

import pytest

from handrail import Accepted, Default, Doubtful, Orchestrator, Run, StepFailed, action, rule, workflow
from handrail.guards import Confidence, Judgement

GENEROUS = 60.0
Team = Literal["billing", "bugs"]


class Evasive(BaseException):
    """An error that would end the process when anything is asked of it."""

    def __getattribute__(self, name: str) -> NoReturn:
        raise SystemExit(3)


def odd(name: str, attribute: str, raised: type[BaseException]) -> type[Exception]:
    """Make a class of errors that raise when they are asked for an attribute."""

    def get(_: object) -> NoReturn:
        raise raised

    return type(name, (Exception,), {attribute: property(get)})


class Undecided(Exception):
    """One that is neither true nor false."""

    def __bool__(self) -> bool:
        raise RuntimeError

    def __hash__(self) -> int:
        raise RuntimeError

    def __eq__(self, other: object) -> bool:
        raise RuntimeError


def nameless(_: type) -> NoReturn:
    """Return no name of a class."""
    raise RuntimeError


Anonymous: Any = type("Anonymous", (type,), {"__name__": property(nameless)})
Nameless: type[Exception] = Anonymous("Nameless", (Exception,), {})

KINDS: dict[str, type[BaseException]] = {
    "Evasive": Evasive,
    "Classless": odd("Classless", "__class__", KeyboardInterrupt),
    "Traceless": odd("Traceless", "__traceback__", RuntimeError),
    "Uncaused": odd("Uncaused", "__cause__", SystemExit),
    "Undecided": Undecided,
    "Nameless": Nameless,
}


def throw(kind: str) -> NoReturn:
    raise KINDS[kind]("odd")


@action
async def in_loop(kind: str) -> str:
    throw(kind)


@action
def in_thread(kind: str) -> str:
    throw(kind)


@rule
def quick(kind: str) -> str:
    throw(kind)


@action(timeout_seconds=GENEROUS, on_failure=Default("unknown"))
async def defaulted(kind: str) -> str:
    throw(kind)


@action
async def in_a_group(kind: str) -> str:
    raise BaseExceptionGroup("several", [KINDS[kind]("odd"), ValueError(kind)])


@action
async def before_another(kind: str) -> str:
    try:
        throw(kind)
    except BaseException as error:
        raise ValueError(kind) from error


class Route:
    """A judge."""

    name = "route"
    output_type = Team

    async def __call__(self, text: str) -> Accepted[Team] | Doubtful[Team]:
        if text in KINDS:
            throw(text)
        return Accepted("bugs", Judgement(confidence=Confidence(0.9, "local"), model="stub"))


route = Route()
STEPS: dict[str, Any] = {
    "loop": in_loop,
    "thread": in_thread,
    "quick": quick,
    "group": in_a_group,
    "cause": before_another,
}


@workflow(version=1)
async def by_place(run: Run, what: tuple[str, str]) -> str:
    place, kind = what
    match place:
        case "judge":
            return await run.decide(route, kind)
        case "workflow":
            throw(kind)
        case "workflow, after a step":
            try:
                return await run.step(in_loop, kind)
            except StepFailed:
                throw(kind)
        case "branch":

            async def branch() -> str:
                throw(kind)

            return str(await run.all(branch(), run.step(defaulted, kind)))
        case _:
            return str(await run.step(STEPS[place], kind))


@workflow(version=1)
async def by_default(run: Run, kind: str) -> str:
    return await run.step(defaulted, kind)


@pytest.mark.parametrize("kind", KINDS)
async def test_an_error_that_cannot_be_looked_at_fails_its_run_wherever_it_is_raised(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    places = [*STEPS, "judge", "workflow", "workflow, after a step", "branch"]
    url = f"sqlite:///{tmp_path / 'r.db'}"
    async with asyncio.timeout(GENEROUS), Orchestrator(url, workflows=[by_place, by_default]) as o:
        for place in places:
            await o.start(by_place, (place, kind), id=place)
        defaulted_one = await o.start(by_default, kind)
        assert await defaulted_one.result() == "unknown"
        await o.idle()
        for place in places:
            run = o.run(place)
            assert run.status == "failed", place
            said = f"{run.error}{[step.error for step in o.steps(place)]}"
            assert kind in said or place == "group", place
            for step in o.steps(place):
                assert step.status in {"done", "failed"}, place
    assert "fault of the engine" not in caplog.text
