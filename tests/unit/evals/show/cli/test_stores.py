"""``handrail eval`` on what people decided: labels, audits and thresholds read from a store."""

import asyncio
import importlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from handrail_evals.decide.calibrate.acceptance_file import read_acceptance
from handrail_evals.decide.drift.seen import Seen
from handrail_evals.decide.drift.settings import WatchSettings
from handrail_evals.decide.drift.watch import Watch
from handrail_evals.decide.drift.watch_file import write_watch
from handrail_orchestrator.store import open_store
from handrail_orchestrator.store.outbox import DeclareNotices
from handrail_orchestrator.testing import Rehearsal, ScriptedReviewers
from tests.stores import store_in
from tests.unit.evals.show.cli.commands import handrail

STORED = """
from typing import Literal
from handrail import Says, ScriptedModel, classify
from handrail import Auditing, confidence
from handrail import Run, workflow

def guess(request):
    number = int(request.text.split()[-1])
    right = "cat" if number % 2 else "dog"
    return Says(right if number % 50 else "cat", 0.95 if number % 10 else 0.6)

route = classify("route", Literal["cat", "dog"], "Which?", models=ScriptedModel(guess, name="guess"),
                 accept=confidence(at_least=0.9), audit=Auditing(0.5))

@workflow(version=1)
async def triage(run: Run, text: str) -> str:
    return await run.decide(route, text)
"""


@pytest.fixture
def stored(tmp_path: Path) -> str:
    """Return a store of three hundred runs, a half of them audited, every question answered."""
    Path("stored.py").write_text(STORED, encoding="utf-8")
    sys.path.insert(0, str(Path.cwd()))
    triage: Any = importlib.import_module("stored").triage
    know = ScriptedReviewers(lambda item: "cat" if int(item.context.split()[-1]) % 2 else "dog")

    async def work() -> None:
        async with Rehearsal(workflows=[triage], reviewers=know, store=store_in(tmp_path)) as rehearsal:
            await rehearsal.start_many(triage, [(f"r{n}", f"animal {n}") for n in range(300)])
            await rehearsal.settle()
            while await rehearsal.answer():
                await rehearsal.settle()

    asyncio.run(work())
    return store_in(tmp_path)


@pytest.mark.dear
def test_what_people_decided_is_read_from_a_store(stored: str) -> None:
    said = handrail("labels", "route", "--store", stored, "--out", "train.jsonl", "--give-up", "0.2")
    data = json.loads(handrail("labels", "route", "--store", stored, "--json").stdout)

    assert 120 < data["audits"] < 180
    assert data["answered"] == 1.0
    assert "they may only train" in said.stdout
    assert len(Path("train.jsonl").read_text(encoding="utf-8").splitlines()) > data["corrections"]


@pytest.mark.slow
@pytest.mark.parametrize("command", [("labels",), ("watch", "--file", "route.watch.json")])
def test_a_misspelt_step_is_refused_with_those_that_there_are(stored: str, command: tuple[str, ...]) -> None:
    settings = WatchSettings(
        target=0.02,
        audit_rate=0.05,
        raised_rate=0.5,
        cases_per_false_alarm=10_000,
        audits_per_false_stop=1_000,
        settled_after=200,
        most_awaited=300,
    )
    reference = [Seen(0.9, True) for _ in range(200)]
    write_watch(Path("route.watch.json"), Watch.armed(settings, reference, at=datetime.now(UTC)))
    name, *options = command

    said = handrail(name, "rout", "--store", stored, *options, code=2).stderr.replace("\n", " ")

    assert "no AI step 'rout' has judged there; there are route" in said


@pytest.mark.dear
def test_a_step_is_calibrated_on_the_audits_of_a_store(stored: str) -> None:
    handrail("calibrate", "stored.py:route", "--store", stored, "--target", "0.1", "--delta", "0.05", "--out", "a.json")

    rule = read_acceptance(Path("a.json"))
    assert (rule.step, rule.model) == ("route", "guess")
    assert rule.threshold is not None


def test_a_store_without_audits_sets_no_threshold() -> None:
    Path("stored.py").write_text(STORED, encoding="utf-8")
    open_store("sqlite:///s.db").close()

    said = handrail(
        "calibrate", "stored.py:route", "--store", "sqlite:///s.db", "--target", "0.1", "--delta", "0.05", code=2
    )
    neither = handrail("calibrate", "stored.py:route", "--target", "0.1", "--delta", "0.05", code=2)

    assert "no case of the step was drawn" in said.stderr
    assert "--cases FILE or --store" in neither.stderr.replace("\n", " ")


@pytest.mark.dear
@pytest.mark.usefixtures("either_store")
def test_a_promise_that_may_not_hold_is_told_once(stored: str) -> None:
    settings = WatchSettings(
        target=0.02,
        audit_rate=0.05,
        raised_rate=0.5,
        cases_per_false_alarm=100,
        audits_per_false_stop=1_000,
        settled_after=2_000,
        most_awaited=300,
    )
    reference = [Seen(0.5 + n / 10_000, accepted=False) for n in range(200)]  # nothing was as sure as what came since
    write_watch(Path("route.watch.json"), Watch.armed(settings, reference, at=datetime.now(UTC)))
    store = open_store(stored)
    store.apply([DeclareNotices(("promise",), 80, 0.8)])
    for _ in range(2):
        handrail("watch", "route", "--store", stored, "--file", "route.watch.json")
    (notice,) = store.new_notices(datetime.now(UTC).timestamp() + 60, 10)
    store.close()

    assert (notice.kind, notice.title) == ("promise", "route is audited more: its promise may not hold")
