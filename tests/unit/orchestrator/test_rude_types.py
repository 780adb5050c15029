"""Code of a type, such as a validator, may raise whatever it likes: the value is refused, and nobody else is harmed."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

from handrail import Accepted, Doubtful, Escalation, Orchestrator, Run, workflow
from handrail.guards import Confidence, Judgement
from handrail.orchestrator import AnswerRefused, NotStorable, ReviewError


class Own(BaseException):
    """A user's class that is no ``Exception``."""


class Leaving(Exception):
    """An exception that would end the process when it is asked for its text."""

    def __str__(self) -> NoReturn:
        raise SystemExit(0)


KINDS: list[type[BaseException]] = [
    SystemExit, KeyboardInterrupt, GeneratorExit, asyncio.CancelledError, StopAsyncIteration, Own, Leaving,
]  # fmt: skip
thrown: list[type[BaseException]] = []


@dataclass
class Amount:
    cents: int

    def __post_init__(self) -> None:
        if self.cents == 13 and thrown:
            raise thrown[0]


class Teller:
    """A judge in doubt, whose guards look at what people answer."""

    name = "teller"
    output_type = int
    person_checks = ("known",)

    async def __call__(self, text: str) -> Accepted[int] | Doubtful[int]:
        judgement = Judgement(confidence=Confidence(0.5, "rule"), task=self.name)
        return Doubtful(None, "rule", f"no idea of {text}", judgement, Escalation())

    def objections(self, value: Any, /, text: str) -> NoReturn:
        del value, text
        raise thrown[0]


teller = Teller()


@workflow(version=1)
async def takes(_run: Run, amount: Amount) -> int:
    return amount.cents


@workflow(version=1)
async def waits(run: Run, text: str) -> int:
    match text:
        case "event":
            return (await run.event("paid", Amount)).cents
        case "ask":
            return (await run.ask("How much?", Amount)).cents
        case _:
            return await run.decide(teller, text)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_value_whose_type_raises_is_refused_wherever_it_comes_from(
    tmp_path: Path, kind: type[BaseException]
) -> None:
    thrown[:] = []
    amount = Amount(13)
    thrown[:] = [kind]
    async with Orchestrator(f"sqlite:///{tmp_path / 'r.db'}", workflows=[takes, waits]) as o:
        with pytest.raises(NotStorable):
            await o.start(takes, amount)
        paid, asked, judged = [await o.start(waits, each, id=each) for each in ("event", "ask", "judge")]
        await o.send("event", "paid", {"cents": 13})
        await o.idle()
        assert o.run("event").status == "waiting", "an event that does not fit is not taken"
        await o.send("event", "paid", {"cents": 5})
        assert await paid.result() == 5
        question, doubt = sorted(o.reviews(), key=lambda each: each.run_id)
        with pytest.raises(ReviewError):
            await o.decide(question.id, {"cents": 13}, by="ann")
        await o.decide(question.id, {"cents": 5}, by="ann")
        assert await asked.result() == 5
        with pytest.raises(AnswerRefused, match=kind.__name__):
            await o.decide(doubt.id, 7, by="ann")
        await o.decide(doubt.id, 7, by="ann", despite=["teller"])
        assert await judged.result() == 7
