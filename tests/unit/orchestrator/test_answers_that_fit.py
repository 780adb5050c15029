"""An answer is recorded if its run can read it, and nothing that somebody said is lost; else it is refused at once."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict

from handrail import Client, Orchestrator, Run, Workflow, workflow
from handrail.orchestrator import ReviewError
from handrail_orchestrator.review.answers import problems


class Line(BaseModel):
    what: str
    amount: Decimal = Decimal(0)


class Invoice(BaseModel):
    number: str
    lines: list[Line] = []
    note: str | None = None


class Card(BaseModel):
    number: str


class Account(BaseModel):
    iban: str


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    number: str


def asking(kind: Any) -> Workflow[str, str]:
    @workflow(version=1)
    async def asks(run: Run, _text: str) -> str:
        return repr(await run.ask("Which?", kind, name="q"))

    return asks


async def waiting(store: Path, kind: Any) -> Workflow[str, str]:
    flow = asking(kind)
    async with Orchestrator(f"sqlite:///{store}", workflows=[flow]) as orchestrator:
        await orchestrator.start(flow, "", id="R")
        await orchestrator.idle()
    return flow


async def refused_without_the_code(store: Path, value: object) -> str:
    async with Client(f"sqlite:///{store}") as client:
        with pytest.raises(ReviewError) as refused:
            await client.decide(1, value, by="ann")
        item = client.review(1)
    assert (item.state, item.version) == ("open", 1)
    return str(refused.value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (date, "2026-02-30"),
        (date, "28.02.2026"),
        (datetime, "tomorrow"),
        (time, "25:00"),
        (timedelta, "a while"),
        (UUID, "x"),
        (list[date], ["2026-02-28", "2026-02-30"]),
        (date | None, "never"),
    ],
)
async def test_a_text_that_is_no_such_day_or_time_is_refused_where_the_code_is_not_known(
    tmp_path: Path, kind: Any, value: object
) -> None:
    await waiting(tmp_path / "s.db", kind)
    assert await refused_without_the_code(tmp_path / "s.db", value)


@pytest.mark.parametrize(
    ("kind", "value", "named"),
    [
        (Invoice, {"number": "7", "lins": []}, "lins"),
        (Invoice, {"number": "7", "lines": [{"what": "x", "amuont": "5"}]}, "amuont"),
        (list[Invoice], [{"number": "7", "notes": "x"}], "notes"),
        (Card | Account, {"number": "7", "iban": "DE1"}, "number"),
    ],
)
async def test_a_field_that_would_be_forgotten_is_refused(tmp_path: Path, kind: Any, value: object, named: str) -> None:
    await waiting(tmp_path / "s.db", kind)
    assert named in await refused_without_the_code(tmp_path / "s.db", value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Open, {"number": "7", "more": 1}),
        (dict[str, int], {"more": 1}),
        (Invoice, {"number": "7"}),
        (date, "2026-02-28"),
    ],
)
async def test_what_the_type_keeps_is_taken(tmp_path: Path, kind: Any, value: object) -> None:
    flow = await waiting(tmp_path / "s.db", kind)
    async with Orchestrator(f"sqlite:///{tmp_path}/s.db", workflows=[flow]) as orchestrator:
        await orchestrator.decide(1, value, by="ann")
        await orchestrator.idle()
        assert orchestrator.run("R").status == "completed"


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (Decimal, "207,50", "valid decimal"),
        (Decimal, "", "valid decimal"),
        (AwareDatetime, "2026-03-29T02:30", "timezone"),
        (bytes, "ü", "base64"),
        (Invoice, {"number": "7", "lines": [{"what": "x", "amount": "much"}]}, "valid decimal"),
    ],
)
async def test_a_question_of_the_workflow_takes_no_answer_that_its_type_refuses(
    tmp_path: Path, kind: Any, value: object, said: str
) -> None:
    flow = await waiting(tmp_path / "s.db", kind)
    async with Client(f"sqlite:///{tmp_path}/s.db") as client:
        client.use(flow)
        with pytest.raises(ReviewError, match=said):
            await client.decide(1, value, by="ann")
        assert [change.action for change in client.review_log(1)] == ["ask"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), Decimal("1.5"), {1, 2}, object(), 10**5_000, "\ud800", ["\ud800"], {1: 2.0}, b"x"],
    ids=["nan", "infinite", "decimal", "set", "object", "digits", "half a pair", "within", "key", "bytes"],
)
@pytest.mark.parametrize("kind", [float, str, Decimal, list[str], dict[str, float]], ids=str)
async def test_what_is_no_json_data_is_refused_in_words(tmp_path: Path, kind: Any, value: object) -> None:
    await waiting(tmp_path / "s.db", kind)
    assert await refused_without_the_code(tmp_path / "s.db", value)


async def test_checking_an_answer_executes_nothing(tmp_path: Path) -> None:
    executed: list[str] = []

    @workflow(version=1)
    async def asks(run: Run, _text: str) -> str:
        first = await run.ask("How much?", Decimal, name="first")
        executed.append(str(first))
        return str(first + await run.ask("And?", Decimal, name="second"))

    async with Orchestrator(f"sqlite:///{tmp_path}/s.db", workflows=[asks]) as orchestrator:
        await orchestrator.start(asks, "", id="R")
        await orchestrator.idle()
        await orchestrator.decide(1, "1.50", by="ann")
        await orchestrator.idle()
        before = len(executed)
        with pytest.raises(ReviewError, match="valid decimal"):
            await orchestrator.decide(2, "two", by="ann")
        assert len(executed) <= before + 1  # the workflow's own code is replayed, as after a restart
        assert [step.name for step in orchestrator.steps("R")] == ["first", "second"]
        await orchestrator.decide(2, "2.50", by="ann")
        await orchestrator.idle()
        assert orchestrator.run("R").output == "4.00"


async def test_what_a_suggestion_of_before_has_beside_its_type_may_stay_in_an_answer(tmp_path: Path) -> None:
    await waiting(tmp_path / "s.db", Invoice)
    async with Client(f"sqlite:///{tmp_path}/s.db") as client:
        item = replace(client.plain_review(1), suggestion={"number": "7", "was": "a field of version 1"})
    assert problems(item, {"number": "8", "was": "a field of version 1"}) == []
    assert problems(replace(item, suggestion={"number": "7"}), {"number": "8", "was": "x"}) != []
