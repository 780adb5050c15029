"""A suggestion in which something is changed keeps its type, wherever the change fits it."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import pytest
from annotated_types import Lt
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, JsonValue

from handrail import Client, Doubtful, Orchestrator, Run, Workflow, workflow
from handrail.guards import Confidence, Judgement
from handrail.orchestrator import ReviewItem
from handrail_orchestrator.coding import codec_for
from handrail_orchestrator.correcting import corrected
from handrail_orchestrator.review.answers import recorded_answer
from handrail_orchestrator.unmarking import plain
from tests.unit.orchestrator.commands import STORE, done, handrail, working_in


class Refund(BaseModel):
    amount: int


class Charge(BaseModel):
    amount: Annotated[int, Lt(1000)]


@dataclass(frozen=True)
class Bill:
    lines: list[Refund | Charge]
    when: datetime | None
    day: str | date
    free: JsonValue
    note: str | None = None
    best: Refund | Charge | None = None


NINE = datetime(2026, 7, 1, 9, tzinfo=ZoneInfo("Europe/Berlin"))
BILL = Bill([Charge(amount=1), Refund(amount=2)], NINE, date(2026, 7, 1), {"a": [1]}, None, Charge(amount=7))


def answered(kind: Any, suggestion: Any, change: Callable[[Any], Any]) -> Any:
    """Return what a workflow gets when a person changes what is shown of a suggestion."""
    codec = codec_for(kind, where="it")
    stored = codec.encode(suggestion)
    exact = json.loads(stored) if stored.startswith('{"$exact"') else None
    item = ReviewItem(
        id=1, run_id="r", workflow="w", step="s", suggestion=plain(stored), exact_suggestion=exact,
        schema=codec.json_schema(),
    )  # fmt: skip
    answer = change(plain(stored))
    recorded = recorded_answer(item, answer)
    assert plain(recorded) == answer
    return codec.decode(recorded)


CHANGES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"note": "seen"}, {"note": "seen"}),
    ({"free": {"$exact": ["a", 1]}}, {"free": {"$exact": ["a", 1]}}),
    ({"day": "2026-07-02"}, {"day": date(2026, 7, 2)}),
    ({"lines": [{"amount": 5}, {"amount": 2}]}, {"lines": [Charge(amount=5), Refund(amount=2)]}),
    ({"lines": [{"amount": 2}]}, {"lines": [Refund(amount=2)]}),
    ({"when": "2026-07-02T09:00:00+02:00"}, {"when": datetime.fromisoformat("2026-07-02T09:00:00+02:00")}),
    ({"best": None, "when": None}, {"best": None, "when": None}),
    ({"best": {"amount": 8}}, {"best": Charge(amount=8)}),
]


@pytest.mark.parametrize(("changed", "expected"), CHANGES, ids=str)
def test_what_is_not_changed_keeps_its_types_and_so_does_the_change(
    changed: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = answered(Bill, BILL, lambda shown: {**shown, **changed})

    assert found == Bill(**{**vars(BILL), **expected})
    assert changed.keys() & {"when"} or getattr(found.when, "tzinfo", None) == NINE.tzinfo


@dataclass(frozen=True)
class Extra:
    best: Refund | Charge
    free: JsonValue
    rows: list[str] | tuple[str, ...]


def test_a_part_that_looks_like_a_mark_stays_what_it_was_beside_a_change() -> None:
    extra = Extra(Charge(amount=1), ["int", 3], ("a", "b"))

    found = answered(Extra, extra, lambda shown: {**shown, "best": {"amount": 2}})

    assert found == Extra(Charge(amount=2), ["int", 3], ("a", "b"))


def test_a_change_that_does_not_fit_the_type_is_of_the_first_that_it_fits() -> None:
    assert answered(Refund | Charge, Charge(amount=1), lambda _: {"amount": 2}) == Charge(amount=2)
    assert answered(Refund | Charge, Charge(amount=1), lambda _: {"amount": 2000}) == Refund(amount=2000)
    assert answered(str | date, date(2026, 7, 1), lambda _: "in July") == "in July"


@dataclass(frozen=True)
class Visit:
    """Some of everything that may be marked."""

    when: datetime | None
    who: str | date | None
    lines: list[Refund | Charge]
    best: Refund | Charge | None


KINDS: list[Any] = [
    Refund | Charge,
    list[Refund | Charge],
    dict[str, Refund | Charge],
    tuple[Refund | Charge, str | date],
    list[list[str] | tuple[str, ...]],
    dict[int, Refund | Charge],
    Visit,
]


@pytest.mark.dear
@given(st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(st.just(kind), st.from_type(kind), st.from_type(kind))))
def test_any_answer_is_read_as_what_it_shows(case: tuple[Any, Any, Any]) -> None:
    kind, suggestion, other = case
    codec = codec_for(kind, where="it")
    stored = codec.encode(suggestion)
    if not stored.startswith('{"$exact"') or kind == dict[int, Refund | Charge]:
        return
    answer = plain(codec.encode(other))
    exact = corrected(json.loads(stored), answer, codec.json_schema())
    if exact is not None:
        assert plain(codec.encode(codec.decode(json.dumps(exact)))) == answer


@dataclass(frozen=True)
class InDoubt:
    """A judge that suggests a charge."""

    output_type: Any = Refund | Charge
    name: str = "read"

    async def __call__(self, text: str) -> Doubtful[Refund | Charge]:
        judgement = Judgement(
            confidence=Confidence(0.4, "local"), task="read", model="m", prompt_version="v", source=text
        )
        return Doubtful(Charge(amount=1), "low_confidence", "unsure", judgement)


def reading() -> Workflow[str, str]:
    @workflow(version=1)
    async def read(run: Run, text: str) -> str:
        return repr(await run.decide(InDoubt(), text))

    return read


@pytest.mark.parametrize("door", ["api", "set", "prompt"])
def test_at_every_door_a_changed_suggestion_keeps_its_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    read = reading()

    async def go_on() -> str:
        async with Orchestrator(STORE, workflows=[read]) as orchestrator:
            handle = await orchestrator.start(read, "a text", id="one")
            await orchestrator.idle()
            if door == "api" and orchestrator.reviews():
                await orchestrator.decide(1, {"amount": 2}, by="ann")
                await orchestrator.idle()
            return str(await handle.result()) if orchestrator.run("one").status == "completed" else ""

    async def decision() -> Any:
        async with Client(STORE) as client:
            return client.review(1).decision

    with working_in(tmp_path, monkeypatch):
        found = asyncio.run(go_on())
        if door == "set":
            done("review", "decide", "1", "--set", "amount=2", "--as", "ann", "--store", STORE)
        elif door == "prompt":
            assert handrail("review", "next", "--as", "ann", "--store", STORE, typed="amount=2\na\n").exit_code == 0
        assert (found or asyncio.run(go_on())) == "Charge(amount=2)"
        assert asyncio.run(decision()) == {"amount": 2}
