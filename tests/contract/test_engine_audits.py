"""What every engine must do with cases that are drawn for a blind audit."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handrail import Auditing, Client, Orchestrator
from handrail.guards import draw_of
from handrail.orchestrator import ReviewError, ReviewQuery
from handrail_orchestrator.engine import Engine
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.store.sqlite.store import SqliteStore
from handrail_orchestrator.summary import summarize
from handrail_orchestrator.testing import Faults, Rehearsal, ScriptedReviewers, assert_replays, recorded_run
from tests.contract import audited as flows

ROOT = Path(__file__).parent.parent.parent

MakeEngine = Callable[[Path], AbstractAsyncContextManager[Orchestrator]]


@asynccontextmanager
async def on_a_file(folder: Path) -> AsyncIterator[Orchestrator]:
    async with Orchestrator(f"sqlite:///{folder / 'runs.db'}", workflows=flows.ALL) as orchestrator:
        yield orchestrator


@asynccontextmanager
async def in_memory(_folder: Path) -> AsyncIterator[Orchestrator]:
    async with Orchestrator("sqlite:///:memory:", workflows=flows.ALL) as orchestrator:
        yield orchestrator


ENGINES: dict[str, MakeEngine] = {"file": on_a_file, "memory": in_memory}


@pytest.fixture(params=ENGINES)
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Orchestrator]:
    async with ENGINES[request.param](tmp_path) as made:
        yield made


async def ended(engine: Engine, workflow: Any, text: str = "sure", run_id: str = "a") -> str:
    """Start a run, let it go as far as it can, and return its status."""
    await engine.start(workflow, text, id=run_id)
    await engine.idle()
    return engine.run(run_id).status


def judgement(engine: Engine, run_id: str = "a", step: str = "route") -> dict[str, Any]:
    (row,) = [each for each in engine.steps(run_id) if each.name == step]
    found: dict[str, Any] = row.output["judgement"]
    return found


def told_apart_by(one: ReviewItem, other: ReviewItem) -> set[str]:
    return {each.name for each in fields(ReviewItem) if getattr(one, each.name) != getattr(other, each.name)}


async def test_an_accepted_value_that_was_drawn_is_used_at_once_and_audited_blind(engine: Orchestrator) -> None:
    handle = await engine.start(flows.audited, "sure thing", id="a")
    assert await handle.result() == "billing"
    (item,) = engine.reviews()
    assert (item.run_id, item.step, item.kind, item.queue, item.priority) == ("a", "route/audit", "audit", "audits", 40)
    assert (item.title, item.context) == ("Which team owns this ticket?", "sure thing")
    assert (item.suggestion, item.confidence, item.source, item.alternatives) == (None, None, None, ())
    assert item.schema["enum"] == ["billing", "bugs"]
    assert "billing" not in item.reason
    assert "0.9" not in item.reason
    assert item.due == pytest.approx(item.created + 24 * 3600)
    assert judgement(engine)["drawn"] is True


async def test_a_doubtful_value_that_was_drawn_is_decided_blind_by_its_ordinary_item(engine: Orchestrator) -> None:
    handle = await engine.start(flows.audited, "hm", id="a")
    await engine.idle()
    (item,) = engine.reviews()
    assert (item.step, item.kind, item.queue) == ("route/review", "decide", "triage")
    assert (item.suggestion, item.confidence, item.source, item.alternatives) == (None, None, None, ())
    assert "0.4" not in item.reason
    await engine.decide(item.id, "billing", by="ann")
    assert await handle.result() == "billing"
    assert not engine.reviews(), "one case, one label"
    outcome = engine.steps("a")[0].output
    assert (outcome["suggestion"], outcome["code"], outcome["judgement"]["drawn"]) == ("bugs", "low_confidence", True)


async def test_reviewers_see_no_difference_between_what_was_accepted_and_what_was_not(engine: Orchestrator) -> None:
    await engine.start(flows.audited, "sure", id="a")
    await engine.start(flows.audited, "hm", id="b")
    await engine.idle()
    doubtful, accepted = sorted(engine.reviews(), key=lambda item: item.kind, reverse=True)
    differing = told_apart_by(doubtful, accepted)
    where = {"id", "run_key", "run_id", "step", "kind", "created", "context", "digest"}
    assert differing <= {*where, "queue", "priority", "due"}, "the last three are the user's to set alike"


async def test_what_was_not_drawn_is_as_it_always_was(engine: Orchestrator) -> None:
    ids = [f"r{n}" for n in range(40)]
    await engine.start_many(flows.sampled, [(run_id, "hm") for run_id in ids])
    await engine.idle()
    for item in engine.reviews():
        drawn = draw_of(f"{item.run_id}/route") < 0.5
        assert judgement(engine, item.run_id)["drawn"] is drawn
        assert item.suggestion == (None if drawn else "bugs")
        assert item.confidence == (None if drawn else 0.4)
        assert item.code == ("drawn" if drawn else "low_confidence")


async def test_the_draw_does_not_depend_on_what_was_judged(engine: Orchestrator) -> None:
    await engine.start_many(flows.sampled, [(f"r{n}", "sure" if n % 2 else "hm") for n in range(60)])
    await engine.idle()
    for n in range(60):
        assert judgement(engine, f"r{n}")["drawn"] is (draw_of(f"r{n}/route") < 0.5)


async def test_each_call_of_a_step_is_a_case_of_its_own(engine: Orchestrator) -> None:
    assert await ended(engine, flows.repeated) == "completed"
    names = ["route", *(f"route#{n}" for n in range(2, 21))]
    wanted = {f"{name}/audit" for name in names if flows.HALF.draws(f"a/{name}")}
    assert {item.step for item in engine.reviews()} == wanted
    assert 0 < len(wanted) < 20


async def test_without_auditing_nothing_is_drawn(engine: Orchestrator) -> None:
    await engine.start_many(flows.unaudited, [(f"r{n}", "sure" if n % 2 else "hm") for n in range(20)])
    await engine.idle()
    assert not any(judgement(engine, f"r{n}")["drawn"] for n in range(20))
    assert [item.suggestion for item in engine.reviews()] == ["bugs"] * 10


@pytest.mark.parametrize(
    ("workflow", "status"), [(flows.audited, "completed"), (flows.failing, "failed"), (flows.asking, "cancelled")]
)
async def test_an_audit_outlives_its_run_however_that_ended(engine: Orchestrator, workflow: Any, status: str) -> None:
    await ended(engine, workflow)
    await engine.cancel("a")
    assert engine.run("a").status == status
    (item,) = engine.reviews()
    assert (item.kind, item.state) == ("audit", "open")
    assert (await engine.decide(item.id, "bugs", by="ann")).decision == "bugs"


async def test_deciding_an_audit_changes_neither_the_run_nor_its_steps(engine: Orchestrator) -> None:
    await ended(engine, flows.asking)
    before = engine.run("a"), engine.steps("a")
    (audit,) = engine.reviews(ReviewQuery(queue="audits"))
    await engine.decide(audit.id, "bugs", by="ann", note="a crash, not a bill")
    await engine.idle()
    assert (engine.run("a"), engine.steps("a")) == before
    decided = engine.review(audit.id)
    assert (decided.state, decided.decision, decided.decided_by) == ("decided", "bugs", "person:ann")
    assert [change.action for change in engine.review_log(audit.id)] == ["ask", "decide"]
    (question,) = engine.reviews()
    await engine.decide(question.id, value=True, by="ann")
    await engine.idle()
    assert engine.run("a").output == "billing", "the accepted value was used, whatever the audit found"


async def test_an_audit_is_taken_skipped_and_decided_once_like_any_item(engine: Orchestrator) -> None:
    await ended(engine, flows.audited)
    taken = await engine.next_review(by="ann", queue="audits")
    assert taken is not None
    with pytest.raises(ReviewError, match="is being decided by ann"):
        await engine.decide(taken.id, "bugs", by="ben")
    await engine.skip(taken.id, by="ann")
    with pytest.raises(ReviewError, match="sales"):
        await engine.decide(taken.id, "sales", by="ben")
    await engine.decide(taken.id, "bugs", by="ben")
    with pytest.raises(ReviewError, match="was decided by person:ben"):
        await engine.decide(taken.id, "billing", by="ann")


async def test_a_retry_keeps_the_audit_and_makes_no_second_one(engine: Orchestrator) -> None:
    await ended(engine, flows.failing)
    (before,) = engine.reviews()
    await engine.retry("a")
    await engine.idle()
    assert engine.run("a").status == "failed"
    assert engine.reviews() == [before]


async def test_a_retry_asks_a_drawn_doubtful_value_blind_again(engine: Orchestrator) -> None:
    await ended(engine, flows.audited, "hm")
    await engine.cancel("a")
    await engine.retry("a")
    await engine.idle()
    (item,) = engine.reviews()
    assert (item.step, item.suggestion, item.code) == ("route/review", None, "drawn")


async def test_a_fork_after_the_judgement_makes_no_second_audit(engine: Orchestrator) -> None:
    await ended(engine, flows.audited)
    await engine.fork("a", step="send", id="b")
    await engine.idle()
    assert engine.run("b").status == "completed"
    assert [item.run_id for item in engine.reviews()] == ["a"]


async def test_a_fork_that_judges_anew_is_a_case_of_its_own(engine: Orchestrator) -> None:
    await ended(engine, flows.audited)
    await engine.fork("a", id="b")
    await engine.idle()
    assert {(item.run_id, item.step) for item in engine.reviews()} == {("a", "route/audit"), ("b", "route/audit")}


async def test_an_open_audit_is_not_counted_as_a_run_that_waits(engine: Orchestrator) -> None:
    await engine.start_many(flows.audited, [(f"r{n}", "sure") for n in range(3)] + [("doubtful", "hm")])
    await engine.idle()
    summary = summarize(engine)
    assert (summary.runs, summary.by_model, summary.waiting_for_person) == (4, 3, 1)
    for item in engine.reviews(ReviewQuery(queue="audits")):
        await engine.decide(item.id, "bugs", by="ann")
    assert summarize(engine) == summary, "an audit decides about no run"


async def test_pruning_a_run_takes_its_audits_along() -> None:
    async with Rehearsal(workflows=flows.ALL) as rehearsal:
        await rehearsal.start_many(flows.audited, [("decided", "sure"), ("open", "sure"), ("last", "sure")])
        await rehearsal.settle()
        item = next(each for each in rehearsal.reviews() if each.run_id == "decided")
        await rehearsal.decide(item.id, "bugs", by="ann")
        await rehearsal.advance(days=2)
        assert await rehearsal.prune(older_than=timedelta(days=1)) == 2
        every = ReviewQuery(states=("open", "leased", "decided", "expired", "cancelled"))
        assert [each.run_id for each in rehearsal.reviews(every)] == ["last"]


async def test_an_audited_run_replays(engine: Orchestrator) -> None:
    await ended(engine, flows.audited)
    await assert_replays(flows.audited, recorded_run(engine, "a"))
    await ended(engine, flows.audited, "hm", "b")
    await assert_replays(flows.audited, recorded_run(engine, "b"))


async def test_a_record_from_before_audits_is_still_read(engine: Orchestrator) -> None:
    await ended(engine, flows.audited)
    recorded = recorded_run(engine, "a")
    old = [step._replace(output=(step.output or "").replace(',"drawn":true', "")) for step in recorded.steps]
    assert "drawn" not in "".join(step.output or "" for step in old)
    await assert_replays(flows.audited, replace(recorded, steps=old))


class Raised:
    """A rule whose rate somebody changes while runs are executed."""

    def __init__(self) -> None:
        self.rate = 0.0

    @property
    def escalation(self) -> Any:
        return Auditing(self.rate).escalation

    def draws(self, key: str) -> bool:
        return draw_of(key) < self.rate


async def test_a_rate_may_be_raised_while_runs_are_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = Raised()
    monkeypatch.setattr(flows, "all_audited", flows.Route(rule))
    async with Rehearsal(workflows=flows.ALL) as rehearsal:
        await rehearsal.play(flows.audited, "sure", id="before")
        rule.rate = 1.0
        await rehearsal.play(flows.audited, "sure", id="after")
        assert [item.run_id for item in rehearsal.reviews()] == ["after"]


async def test_a_rule_that_crashes_fails_the_step_instead_of_leaving_the_case_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Broken(Raised):
        def draws(self, key: str) -> bool:
            raise ZeroDivisionError(key)

    monkeypatch.setattr(flows, "all_audited", flows.Route(Broken()))
    async with Rehearsal(workflows=flows.ALL) as rehearsal:
        await rehearsal.start(flows.audited, "sure", id="a")
        await rehearsal.settle()
        assert rehearsal.run("a").status == "failed"
        assert "ZeroDivisionError" in str(rehearsal.run("a").error)


async def test_scripted_reviewers_answer_audits_by_the_steps_name() -> None:
    reviewers = ScriptedReviewers.by_step({"route": "bugs"})
    async with Rehearsal(workflows=flows.ALL, reviewers=reviewers) as rehearsal:
        assert await rehearsal.play(flows.audited, "hm", id="a") == "bugs"
        assert await rehearsal.play(flows.audited, "sure", id="b") == "billing"
        assert await rehearsal.answer() == 1
        decided = rehearsal.reviews(ReviewQuery(states=("decided",)))
        assert {(item.step, item.decision) for item in decided} == {
            ("route/audit", "bugs"),
            ("route/review", "bugs"),
        }
    apart = ScriptedReviewers.by_step({"route/review": "bugs", "route/audit": "billing"})
    async with Rehearsal(workflows=flows.ALL, reviewers=apart) as rehearsal:
        await rehearsal.play(flows.audited, "sure", id="a")
        await rehearsal.answer()
        (item,) = rehearsal.reviews(ReviewQuery(states=("decided",)))
        assert item.decision == "billing"


# -- crashes


async def test_a_crash_before_the_record_leaves_one_audit() -> None:
    async with Rehearsal(workflows=flows.ALL, faults=Faults().crash("route", times=2)) as rehearsal:
        assert await rehearsal.play(flows.audited, "sure", id="a") == "billing"
        assert [item.step for item in rehearsal.reviews()] == ["route/audit"]


async def test_a_crash_after_the_record_leaves_one_audit() -> None:
    async with Rehearsal(workflows=flows.ALL, faults=Faults().crash("send", times=2)) as rehearsal:
        assert await rehearsal.play(flows.audited, "sure", id="a") == "billing"
        assert [item.step for item in rehearsal.reviews()] == ["route/audit"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_a_killed_process_neither_loses_nor_doubles_an_audit(tmp_path: Path, seed: int) -> None:
    runs, store = 150, tmp_path / "runs.db"
    command = [sys.executable, "-m", "tests.contract.audited", f"sqlite:///{store}", str(runs)]
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 3)):
        victim = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert victim.stdout is not None
        victim.stdout.readline()
        time.sleep(chance.random() * 0.15)
        victim.send_signal(signal.SIGKILL)
        victim.communicate()
    last = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert "idle" in last.stdout
    check_audits(SqliteStore(str(store)), runs)


def check_audits(store: SqliteStore, runs: int) -> None:
    """Check that what was drawn and accepted has one audit, and nothing else has."""
    audits = [item.run_id for item in store.reviews(ReviewQuery(queue="audits", limit=10 * runs))]
    drawn = {f"r{n}" for n in range(1, runs, 2) if flows.HALF.draws(f"r{n}/route")}
    questions = {item.run_id: item.suggestion for item in store.reviews(ReviewQuery(queue="triage", limit=10 * runs))}
    counts = store.counts()
    store.close()
    assert sorted(audits) == sorted(drawn)
    assert questions == {f"r{n}": None if flows.HALF.draws(f"r{n}/route") else '"bugs"' for n in range(0, runs, 2)}
    assert counts == {("sampled", 1, "completed"): runs // 2, ("sampled", 1, "waiting"): runs // 2}


async def test_an_audit_is_decided_from_a_client_that_executes_nothing(tmp_path: Path) -> None:
    async with on_a_file(tmp_path) as engine:
        await ended(engine, flows.audited)
    async with Client(f"sqlite:///{tmp_path / 'runs.db'}") as client:
        (item,) = client.reviews()
        await client.decide(item.id, "billing", by="ann")
        assert client.run("a").status == "completed"
