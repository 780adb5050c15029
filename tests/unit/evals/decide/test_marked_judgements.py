"""Judgements whose values plain JSON cannot tell apart: they count like any other, and show as plain values."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from handrail import Accepted, Auditing, Client, Doubtful, Run, workflow
from handrail.calibration import read_labels, read_records
from handrail.cli import app
from handrail.drift import Seen, Watch, WatchFile, WatchSettings, feed, write_watch
from handrail.evals import observe_run, past_runs
from handrail.orchestrator import Misuse, ReviewItem, ReviewQuery
from handrail.testing import Rehearsal, ScriptedReviewers
from handrail_guards.confidence import Confidence
from handrail_guards.outcome import Judgement
from handrail_guards.verdict import Span, Verdict
from tests.stores import store_in

LATER = 4e9
"""Long after every case was judged, in seconds since the epoch."""


class Refund(BaseModel):
    amount: int


class Charge(BaseModel):
    amount: int


@dataclass(frozen=True)
class Visit:
    when: datetime


NINE = datetime(2026, 7, 1, 9, tzinfo=ZoneInfo("Europe/Berlin"))
VALUES = {
    "a member of a union": (Refund | Charge, Charge(amount=3), {"amount": 3}, {"amount": 4}),
    "a moment in a zone": (Visit, Visit(NINE), {"when": NINE.isoformat()}, {"when": "2026-07-02T09:00:00+02:00"}),
}
"""The type, a value, what people see of it, and another answer."""


@dataclass(frozen=True)
class Read:
    """A judge that is as sure as the text says."""

    output_type: Any
    value: Any
    audit: Auditing = field(default=Auditing(0.5))
    name: str = "read"

    async def __call__(self, text: str) -> Accepted[Any] | Doubtful[Any]:
        sure = float(text.split(maxsplit=1)[0])
        judgement = Judgement(
            confidence=Confidence(sure, "local"),
            task="read",
            model="m",
            prompt_version="v",
            source=text,
            fields={"amount": Confidence(sure, "local")},
            evidence={"amount": (Span(0, 3),)},
            verdicts=(Verdict("sums", passed=False, reason="unlikely", field="amount"),),
        )
        return Accepted(self.value, judgement) if sure > 0.8 else Doubtful(self.value, "guard", "unlikely", judgement)


EVERYTHING = ReviewQuery(states=("open", "leased", "decided"), limit=100)
NOT_DRAWN = [n for n in range(1, 40, 2) if not Auditing(0.5).draws(f"r{n}/read")]
AGREED = next(f"r{n}" for n in NOT_DRAWN if n % 10 != 3)
"""A run whose value was in doubt, shown with its suggestion, and right."""
CORRECTED = next(f"r{n}" for n in NOT_DRAWN if n % 10 == 3)
"""A run whose value was in doubt, shown with its suggestion, and wrong."""


def item_of(client: Client, run_id: str) -> ReviewItem:
    (item,) = client.reviews(ReviewQuery(states=EVERYTHING.states, run_id=run_id))
    return item


@pytest.fixture(params=VALUES)
def case(request: pytest.FixtureRequest) -> tuple[Any, Any, Any, Any]:
    found: tuple[Any, Any, Any, Any] = VALUES[request.param]
    return found


@pytest.fixture
async def played(
    case: tuple[Any, Any, Any, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Rehearsal]:
    """Forty runs, every second one in doubt; whoever decides finds each fourth value wrong."""
    monkeypatch.chdir(tmp_path)
    kind, value, shown, other = case
    judge = Read(kind, value)

    @workflow(version=1)
    async def reading(run: Run, text: str) -> str:
        return repr(await run.decide(judge, text))

    def answer(item: ReviewItem) -> Any:
        return other if item.run_id.endswith(("3", "6")) else shown

    people = ScriptedReviewers(answer, name="ann")
    async with Rehearsal(workflows=[reading], reviewers=people, store=store_in(tmp_path)) as rehearsal:
        texts = [(f"r{n}", f"{0.4 if n % 2 else 0.9} number {n}") for n in range(40)]
        await rehearsal.start_many(reading, texts)
        await rehearsal.settle()
        while await rehearsal.answer():
            await rehearsal.settle()
        yield rehearsal


@pytest.mark.dear
async def test_they_read_as_judgements_with_plain_values(played: Rehearsal, case: tuple[Any, Any, Any, Any]) -> None:
    _, _, shown, other = case
    records = [each for each in read_records(played, step="read") if each is not None]

    assert len(records) == 40
    assert all(record.value == shown for record in records)
    assert all(record.decision in (shown, other) for record in records if record.open_because is None)
    assert {record.accepted for record in records} == {True, False}


@pytest.mark.dear
async def test_they_are_labels(played: Rehearsal) -> None:
    labels = read_labels(played, step="read")
    drawn = [f"r{n}/read" for n in range(40) if Auditing(0.5).draws(f"r{n}/read")]

    assert labels.left_out.unreadable == 0
    accepted = [name for name in drawn if int(name[1:-5]) % 2 == 0]
    assert [audit.case for audit in labels.audits] == sorted(accepted, key=lambda name: int(name[1:-5]))
    assert {audit.case for audit in labels.audits if not audit.right} == {
        name for name in accepted if name[:-5].endswith(("3", "6"))
    }
    assert {each.case for each in labels.decided if each.changed} == {
        each.case for each in labels.decided if each.run_id.endswith(("3", "6"))
    }


@pytest.mark.dear
@pytest.mark.usefixtures("either_store")
async def test_they_are_read_by_the_address_of_a_store(played: Rehearsal) -> None:
    store = store_in(Path.cwd())
    assert played.store == store
    assert read_labels(store, step="read") == read_labels(played, step="read")


async def test_a_store_in_memory_is_read_through_who_holds_it() -> None:
    async with Rehearsal(workflows=[]) as rehearsal:
        with pytest.raises(Misuse, match="give the client"):
            read_labels(rehearsal.store, step="read")


@pytest.mark.dear
async def test_a_watch_hears_of_them(played: Rehearsal) -> None:
    settings = WatchSettings(
        target=0.05, audit_rate=0.5, raised_rate=0.8, cases_per_false_alarm=1_000, audits_per_false_stop=100,
        settled_after=100, most_awaited=1_000,
    )  # fmt: skip
    reference = [Seen(score, accepted=score > 0.8) for score in (0.4, 0.9) * 100]
    write_watch(Path("w.json"), Watch.armed(settings, reference, at=datetime(2026, 1, 1, tzinfo=UTC)))
    labels = read_labels(played, step="read")

    watch = feed(WatchFile(Path("w.json")), played, step="read", now=LATER)

    assert watch.routed_cases == 40
    assert (watch.audits, watch.wrong) == (len(labels.audits), sum(not audit.right for audit in labels.audits))
    assert not watch.awaited


@pytest.mark.dear
async def test_traces_and_results_show_plain_values(played: Rehearsal, case: tuple[Any, Any, Any, Any]) -> None:
    _, _, shown, other = case
    flow = observe_run(played, AGREED).flow
    assert flow is not None
    assert [(step.name, step.output) for step in flow.steps] == [("read", shown), ("read/review", shown)]
    flow = observe_run(played, CORRECTED).flow
    assert flow is not None
    assert [(step.name, step.output) for step in flow.steps] == [("read", shown), ("read/review", other)]
    for result in past_runs(played, "reading"):
        assert "$exact" not in json.dumps(result.to_data(), default=str)


@pytest.mark.dear
async def test_a_suggestion_taken_as_it_is_keeps_what_json_does_not_say(
    played: Rehearsal, case: tuple[Any, Any, Any, Any]
) -> None:
    _, value, shown, _ = case
    item = item_of(played, AGREED)

    assert (item.suggestion, item.decision) == (shown, shown)
    assert played.run(AGREED).output == repr(value)


@pytest.mark.dear
async def test_an_item_shows_what_its_judgement_said(played: Rehearsal) -> None:
    detail = played.review(item_of(played, AGREED).id)
    assert detail.said is not None
    assert (detail.said.confidence, detail.said.evidence) == ({"amount": 0.4}, {"amount": ["0.4"]})
    assert [verdict.guard for verdict in detail.said.failed] == ["sums"]
    assert [(change.actor, change.action) for change in detail.history][1:] == [("person:ann", "decide")]
    blind = next(item for item in played.reviews(EVERYTHING) if item.code == "drawn")
    assert (played.review(blind.id).judgement, blind.suggestion) == (None, None)


@pytest.mark.dear
async def test_commands_show_plain_values(played: Rehearsal, case: tuple[Any, Any, Any, Any]) -> None:
    _, _, shown, _ = case
    number = item_of(played, AGREED).id
    told = [
        (
            await asyncio.to_thread(CliRunner().invoke, app, [*command, "--store", store_in(Path.cwd()), *json_option])
        ).stdout
        for command in (["review", "show", str(number)], ["runs", "show", AGREED], ["review", "list"], ["runs", "list"])
        for json_option in ([], ["--json"])
    ]

    assert not [text for text in told if "$exact" in text]
    assert json.loads(told[1])["suggestion"] == shown
    (judged, answered) = json.loads(told[3])["steps"]
    assert (judged["output"]["suggestion"], answered["output"]) == (shown, shown)
