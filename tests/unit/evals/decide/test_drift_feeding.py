"""Feeding a watch from a store: every case and audit once, in order, whatever dies in between."""

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from typer.testing import CliRunner

from handrail import Auditing, Run, Says, ScriptedModel, classify, confidence, workflow
from handrail.cli import app
from handrail_ai_steps.model import ModelRequest
from handrail_evals.decide.drift.feeding import feed
from handrail_evals.decide.drift.seen import Audited, Routed, Seen
from handrail_evals.decide.drift.settings import WatchSettings
from handrail_evals.decide.drift.watch import Watch
from handrail_evals.decide.drift.watch_file import WatchFile, write_watch
from handrail_evals.errors import DataError
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.store import ReviewQuery
from handrail_orchestrator.testing import LEAVE_OPEN, FakeClock, Rehearsal, ScriptedReviewers

SETTINGS = WatchSettings(
    target=0.05,
    audit_rate=0.2,
    raised_rate=0.5,
    cases_per_false_alarm=1_000,
    audits_per_false_stop=100,
    settled_after=100,
    most_awaited=1_000,
)
ARMED = datetime(2026, 1, 1, tzinfo=UTC)
LATER = 4e9
"""Long after every case was judged, in seconds since the epoch."""


def guess(request: ModelRequest) -> Says:
    """Be as sure as the text says: ``number confidence``."""
    return Says("cat", float(request.text.split()[1]))


route = classify(
    "route",
    Literal["cat", "dog"],
    "Which?",
    models=ScriptedModel(guess, name="guess"),
    accept=confidence(at_least=0.8),
    audit=Auditing(0.5),
)


@workflow(version=1)
async def triage(run: Run, text: str) -> str:
    return await run.decide(route, text)


def truth(item: ReviewItem) -> str:
    """Say that every second animal is a dog: half of what is accepted is wrong."""
    return "dog" if int(item.context.split()[0]) % 2 else "cat"


def everything(run_id: str) -> ReviewQuery:
    return ReviewQuery(states=("open", "leased", "decided", "cancelled"), run_id=run_id)


def agree(item: ReviewItem) -> object:
    return "cat" if item.step else None


def silent(item: ReviewItem) -> object:
    return LEAVE_OPEN if item.step else None


def know(item: ReviewItem) -> object:
    return truth(item)


async def played(count: int, script: Callable[[ReviewItem], object] = know, *, store: str = "s.db") -> Rehearsal:
    """Return a rehearsal, left, whose runs judged one case a minute, each question answered ten minutes later."""
    chance = random.Random(3)
    rehearsal = Rehearsal(
        workflows=[triage],
        reviewers=ScriptedReviewers(script),
        store=f"sqlite:///{store}",
        clock=FakeClock(),
    )
    async with rehearsal:
        for number in range(count):
            await rehearsal.start(triage, f"{number} {0.5 + chance.random() / 2:.3f}", id=f"day/{number}")
            await rehearsal.settle()
            await rehearsal.advance(minutes=1)
            if number % 10 == 9:
                await rehearsal.answer()
                await rehearsal.settle()
    return rehearsal


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WatchFile:
    monkeypatch.chdir(tmp_path)
    chance = random.Random(4)
    reference = [Seen(score, score >= 0.8) for score in (0.5 + chance.random() / 2 for _ in range(400))]
    write_watch(Path("w.json"), Watch.armed(SETTINGS, reference, at=ARMED))
    return WatchFile(Path("w.json"))


@pytest.mark.dear
async def test_every_case_and_audit_is_told_once(live: WatchFile) -> None:
    async with await played(60, agree) as client:
        first = feed(live, client, step=route, now=LATER)
        again = feed(live, client, step=route, now=LATER)

    assert first.routed_cases == 60
    assert first.audits > 5
    assert not first.awaited
    assert again == first


@pytest.mark.dear
async def test_it_is_told_as_if_it_had_been_told_at_once(live: WatchFile) -> None:
    in_order = live.now
    async with await played(120) as client:
        fed = feed(live, client, step=route, now=LATER)
        events: list[tuple[float, str, Routed | Audited]] = []
        for number in range(120):
            run_id = f"day/{number}"
            (row,) = [each for each in client.steps(run_id) if each.name == "route"]
            judgement = row.output["judgement"]
            accepted = (row.decided_by or "").startswith("model:")
            case = f"{run_id}/route"
            events.append(
                (row.ended or 0.0, case, Routed(row.confidence, accepted, case=case, drawn=judgement["drawn"]))
            )
            events += [
                (item.decided or 0.0, case, Audited(case, item.decision == "cat"))
                for item in client.reviews(everything(run_id))
                if judgement["drawn"]
            ]
    for at, _, what in sorted(events, key=lambda event: (event[0], event[1], isinstance(event[2], Audited))):
        moment = datetime.fromtimestamp(at, UTC)
        in_order = in_order.routed(what, at=moment) if isinstance(what, Routed) else in_order.audited(what, at=moment)

    assert replace(fed, told=None, clusters=()) == in_order
    assert fed.phase == "stopped"  # half of what is accepted is wrong


@pytest.mark.dear
async def test_what_dies_half_way_is_told_on(live: WatchFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handrail_evals.decide.drift.feeding.AT_ONCE", 7)

    class Dying(WatchFile):
        left = 3

        def update(self, change: Callable[[Watch], Watch]) -> Watch:
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            return super().update(change)

    async with await played(60) as client:
        with pytest.raises(KeyboardInterrupt):
            feed(Dying(live.path), client, step="route", now=LATER)
        half = live.now.routed_cases
        whole = feed(live, client, step="route", now=LATER)

    assert 0 < half < 60
    assert whole.routed_cases == 60
    assert not whole.awaited


@pytest.mark.dear
async def test_an_audit_is_told_when_it_is_answered(live: WatchFile) -> None:
    async with await played(40, silent) as client:
        before = feed(live, client, step=route, now=LATER)
        for item in client.reviews():
            await client.decide(item.id, truth(item), by="ann")
        after = feed(live, client, step=route, now=LATER)

    assert len(before.awaited) > 3
    assert before.audits == 0
    assert not after.awaited
    assert after.audits == len(before.awaited)


@pytest.mark.dear
async def test_an_audit_whose_run_was_pruned_is_awaited_no_longer(live: WatchFile) -> None:
    async with await played(40, silent) as client:
        before = feed(live, client, step=route, now=LATER)
        await client.advance(days=2)
        await client.prune(older_than=timedelta(days=1))
        after = feed(live, client, step=route, now=LATER)

    assert len(before.awaited) > 3
    assert len(after.awaited) <= 1  # the newest run stays
    assert after.audits == 0


async def test_what_was_judged_a_moment_ago_waits(live: WatchFile) -> None:
    async with await played(3) as client:
        ended = max(step.ended or 0.0 for step in client.steps("day/2"))
        assert feed(live, client, step=route, now=ended).routed_cases == 2
        assert feed(live, client, step=route, now=ended + 6).routed_cases == 3


@pytest.mark.dear
def test_the_command_tells_and_says_how_it_stands(live: WatchFile) -> None:
    asyncio.run(played(120))
    command = ["eval", "watch", "route", "--store", "sqlite:///s.db", "--file", "w.json"]

    said = CliRunner().invoke(app, command)
    data = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)

    assert said.exit_code == 1
    assert said.stdout.startswith("not accepting: ")
    assert (data["phase"], data["accepting"]) == ("stopped", False)
    assert data["cases"] == live.now.routed_cases == 120


@pytest.mark.dear
async def test_a_clock_that_was_set_back_is_told_and_an_armed_watch_goes_on(live: WatchFile) -> None:
    async with await played(5, agree) as client:
        fed = feed(live, client, step=route, now=LATER)
        assert fed.told is not None
        before = fed.told[0] - 3600
        with pytest.raises(DataError, match="the clock was set back: the watch was told of 'day/4/route'"):
            feed(live, client, step=route, now=before)

        again = WatchFile(live.path, clock=lambda: datetime.fromtimestamp(before, UTC))
        again.rearm([Seen(score / 1000, score >= 800) for score in range(400, 1000)])
        assert feed(again, client, step=route, now=before).told == (before, "")
        assert feed(again, client, step=route, now=LATER).told == fed.told
