"""Records: frozen values that are read by the first look, and that anybody can make."""

import copy
import inspect
import json
import pickle
import re
from collections.abc import AsyncIterator
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any, Literal

import pytest

from handrail import (
    Accepted,
    Client,
    Doubtful,
    Orchestrator,
    Run,
    Says,
    ScriptedModel,
    action,
    classify,
    confidence,
    workflow,
)
from handrail.orchestrator import (
    JudgementRecord,
    ReviewDetail,
    ReviewItem,
    ReviewQuery,
    RunRecord,
    StepRecord,
)
from handrail.testing import Rehearsal
from handrail_orchestrator import store
from handrail_orchestrator.records.reading import run_record
from handrail_orchestrator.store import JudgedQuery
from handrail_orchestrator.store.rows import RunRow

route = classify(
    "route",
    Literal["cards", "loans"],
    "Which team?",
    models=ScriptedModel(lambda request: Says("cards", 0.9 if "sure" in request.text else 0.4)),
    accept=confidence(at_least=0.8),
)


@action
def send(team: str) -> dict[str, str]:
    if team == "loans":
        raise ValueError("no such desk")
    return {"sent": team}


@workflow(version=1)
async def triage(run: Run, text: str) -> dict[str, str]:
    return await run.step(send, await run.decide(route, text))


@pytest.fixture
async def client() -> AsyncIterator[Rehearsal]:
    async with Rehearsal(workflows=[triage]) as rehearsal:
        await rehearsal.start_many(triage, [("sure", "sure"), ("hm", "hm"), ("failed", "hmm")])
        await rehearsal.settle()
        hm, failed = rehearsal.reviews()
        await rehearsal.decide(hm.id, "cards", by="ann", note="it says so")
        await rehearsal.decide(failed.id, "loans", by="ann")
        await rehearsal.settle()
        yield rehearsal


def everything(client: Client) -> list[Any]:
    items = client.reviews(ReviewQuery(states=("open", "decided")))
    details = [client.review(item.id) for item in items]
    runs = client.runs()
    steps = [step for run in runs for step in client.steps(run.id)]
    changes = [change for detail in details for change in detail.history]
    return [*items, *details, *runs, *steps, *changes, *client.judgements(JudgedQuery())]


async def test_values_are_python_data(client: Rehearsal) -> None:
    _, asked, sent = client.steps("hm")
    item = client.reviews(ReviewQuery(states=("decided",), run_id="hm"))[0]

    assert (client.run("hm").input, client.run("hm").output, client.run("hm").error) == ("hm", {"sent": "cards"}, None)
    assert (asked.output, sent.input, sent.output) == ("cards", {"team": "cards"}, {"sent": "cards"})
    assert (item.suggestion, item.decision, item.context, item.choices) == ("cards", "cards", "hm", ("cards", "loans"))
    assert item.schema["enum"] == ["cards", "loans"]


async def test_an_ai_step_has_its_outcome_and_others_have_none(client: Rehearsal) -> None:
    accepted, doubtful = client.steps("sure")[0].outcome, client.steps("hm")[0].outcome

    assert isinstance(accepted, Accepted)
    assert accepted.value == "cards"
    assert isinstance(doubtful, Doubtful)
    assert (doubtful.suggestion, doubtful.code) == ("cards", "low_confidence")
    assert [step.outcome for step in client.steps("sure")[1:]] == [None]


async def test_a_failure_says_what_and_where(client: Rehearsal) -> None:
    error = client.run("failed").error

    assert error is not None
    assert (error.type, error.steps) == ("StepFailed", ("send",))
    assert "no such desk" in str(error)
    assert client.steps("failed")[-1].status == "failed"


async def test_an_item_read_by_itself_has_its_judgement_and_history(client: Rehearsal) -> None:
    (item,) = client.reviews(ReviewQuery(states=("decided",), run_id="hm"))
    detail = client.review(item.id)

    assert detail.judgement is not None
    assert (detail.judgement.task, detail.judgement.confidence.value) == ("route", 0.4)
    assert [(each.actor, each.action, each.decision, each.note) for each in detail.history][1:] == [
        ("person:ann", "decide", "cards", "it says so")
    ]
    assert client.review_log(item.id) == list(detail.history)
    assert not hasattr(item, "judgement"), "a list does not look as if nothing had failed"


def test_nothing_is_decoded_before_somebody_looks() -> None:
    row = RunRow(1, "r", "w", 1, "completed", None, None, 0, 0.0, 0.0, 1.0, None, "1", "{ no JSON", None, None)
    record = run_record(row)

    assert (record.id, record.status, record.input) == ("r", "completed", 1)
    with pytest.raises(ValueError, match="Expecting property name"):
        _ = record.output


async def test_records_are_frozen_equal_and_copied_whole(client: Rehearsal) -> None:
    one, other = everything(client), everything(client)

    assert one == other
    for record in one:
        name = fields(record)[0].name
        with pytest.raises(FrozenInstanceError):
            setattr(record, name, None)
        assert replace(record) == copy.copy(record) == pickle.loads(pickle.dumps(record)) == record  # noqa: S301 -- ours
        with pytest.raises(AttributeError, match="no_such"):
            _ = record.no_such
        assert repr(record).startswith(type(record).__name__)


async def test_json_of_a_record_is_json_and_names_each_value_once(client: Rehearsal) -> None:
    for record in everything(client):
        if not isinstance(record, JudgementRecord):
            assert json.loads(json.dumps(record.as_json())) == record.as_json()


def test_a_record_can_be_made_of_values_by_whoever_has_no_store() -> None:
    item = ReviewItem(
        id=7,
        run_id="r",
        workflow="w",
        step="route/review",
        suggestion="b",
        schema={"enum": ["a", "b"], "type": "string"},
    )

    assert (item.choices, item.state, item.as_json()["suggestion"]) == (("b", "a"), "open", "b")
    assert replace(item, version=2).version == 2
    assert ReviewDetail(id=7, run_id="r", workflow="w", step="s").said is None
    run = RunRecord(id="r", key=1, workflow="w", version=1, status="completed", created=0.0, output=[1])
    assert (run.has_ended, run.output) == (True, [1])
    assert StepRecord(name="s", seq=1, kind="rule", status="done").outcome is None


@pytest.mark.parametrize("kind", [Client, Orchestrator, Rehearsal])
def test_nobody_is_handed_a_row(kind: type[Client]) -> None:
    rows = {name for name in vars(store.rows) if name.endswith("Row")} | {"Store", "SqliteStore", "HistoryRows"}
    for name, method in inspect.getmembers(kind):
        if name.startswith("_"):
            continue
        getter = method.fget if isinstance(method, property) else method
        returned = str(inspect.signature(getter).return_annotation) if callable(getter) else ""
        assert not rows & set(re.findall(r"\w+", returned)), name
