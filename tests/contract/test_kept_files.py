"""What earlier versions wrote is opened and gone on with; see tests/fixtures/README.md."""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from handrail import Client, Orchestrator, RecordedModel
from handrail.testing import FakeClock
from handrail_ai_steps.models.local import LocalModel
from handrail_evals.decide.calibrate.acceptance_file import read_acceptance
from handrail_evals.decide.drift.seen import Audited, Routed
from handrail_evals.decide.drift.watch_file import WatchFile
from handrail_guards.guarantee import GuaranteedThreshold
from tests.contract import kept_flows

FIXTURES = Path(__file__).parents[1] / "fixtures"
VERSIONS = ("c3287ff", "format6", "format7", "format8")


@pytest.fixture(params=VERSIONS)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a copy of what a version wrote, to work on."""
    return Path(shutil.copytree(FIXTURES / request.param, tmp_path / request.param))


def store_of(kept: Path) -> str:
    return f"sqlite:///{kept / 'store.sqlite'}"


STATES = {
    "asked": "waiting",
    "answered-once": "waiting",
    "doubtful": "waiting",
    "sure": "completed",
    "refused-by-guard": "waiting",
    "audited": "completed",
    "event": "waiting",
    "wrong-event": "failed",
    "sleeping": "waiting",
    "family": "waiting",
    "both": "waiting",
    "failed": "failed",
    "done": "completed",
    "cancelled": "cancelled",
    "killed": "running",
}


async def test_every_run_of_a_kept_store_is_there_as_it_was(kept: Path) -> None:
    async with Client(store_of(kept)) as client:
        # An event of the wrong type failed its run once; since then it is refused, and the run waits for a right one.
        states = STATES if kept.name == "c3287ff" else {**STATES, "wrong-event": "waiting"}
        assert {run: client.run(run).status for run in STATES} == states
        assert client.steps("answered-once")[1].decided_by == "person:ann"


ANSWERS: dict[tuple[str, str], Any] = {
    ("asked", "ask"): True,
    ("asked", "ask#2"): False,
    ("answered-once", "ask#2"): True,
    ("doubtful", "route/review"): "billing",
    ("refused-by-guard", "read/review"): {"shop": "ACME", "total": 12.0},
    ("both", "left"): "l",
    ("both", "right"): "r",
    ("family/payment", "ask"): True,
    ("family/payment", "ask#2"): True,
}


@pytest.mark.dear
async def test_waiting_runs_of_a_kept_store_go_on_to_their_ends(kept: Path) -> None:
    async with Orchestrator(store_of(kept), workflows=kept_flows.ALL) as orchestrator:
        await orchestrator.send("event", "paid", 7)
        while items := [item for item in orchestrator.reviews() if (item.run_id, item.step) in ANSWERS]:
            for item in items:
                await orchestrator.decide(item.id, ANSWERS[item.run_id, item.step], by="carol")
            await orchestrator.idle()
        assert await (await orchestrator.start(kept_flows.payment, 5, id="asked")).result() == ["True", "False"]
        assert await (await orchestrator.start(kept_flows.payment, 6, id="answered-once")).result() == ["True", "True"]
        assert await (await orchestrator.start(kept_flows.both, 1, id="both")).result() == ("l", "r")
        assert await (await orchestrator.start(kept_flows.family, 7, id="family")).result() == ["True", "True"]
        assert (
            await (await orchestrator.start(kept_flows.ticket, "it is broken", id="doubtful")).result()
            == "noted billing"
        )
        assert await (await orchestrator.start(kept_flows.paid, 1, id="event")).result() == 7
        receipt = await orchestrator.start(kept_flows.receipt, "ACME total 12.00", id="refused-by-guard")
        assert await receipt.result() == kept_flows.Receipt(shop="ACME", total=12.0)
        assert orchestrator.run("sleeping").status == "waiting"


@pytest.mark.parametrize("kept", VERSIONS[:2], indirect=True)
async def test_questions_with_a_due_time_go_on_with_what_happens_when_they_are_late(kept: Path) -> None:
    with closing(sqlite3.connect(kept / "store.sqlite")) as store, store:  # as these versions wrote them
        (created,) = store.execute("SELECT max(created) FROM reviews").fetchone()
        due = created + 3600.0
        for run, when_late in (
            ("asked", "fail"),
            ("doubtful", "raise_priority"),
            ("refused-by-guard", "raise_priority"),
        ):
            (key,) = store.execute("SELECT key FROM runs WHERE id = ?", (run,)).fetchone()
            store.execute("UPDATE reviews SET due = ?, when_late = ? WHERE run = ?", (due, when_late, key))
            store.execute("UPDATE steps SET due = ? WHERE kind = 'human' AND run = ?", (due, key))
            store.execute("UPDATE runs SET wake = ? WHERE key = ?", (due, key))
        (raised,) = store.execute("SELECT id FROM reviews WHERE step = 'read/review'").fetchone()
        store.execute("UPDATE steps SET due = NULL WHERE name = 'read/review'")
        store.execute(
            "INSERT INTO review_log (review, at, actor, action, state, version)"
            " VALUES (?, ?, 'policy:raise_priority', 'raise_priority', 'open', 2)",
            (raised, due),
        )
        store.execute("UPDATE reviews SET version = 2 WHERE id = ?", (raised,))
    clock = FakeClock(datetime.fromtimestamp(due + 60.0, UTC))

    async with Orchestrator(store_of(kept), workflows=kept_flows.ALL, clock=clock) as orchestrator:
        await orchestrator.settled()
        failed, doubtful = (orchestrator.run(run) for run in ("asked", "doubtful"))
        assert failed.error is not None
        assert (failed.status, failed.error.type, doubtful.status) == ("failed", "WaitExpired", "waiting")
        priorities = {item.run_id: item.priority for item in orchestrator.reviews()}
        assert (priorities["doubtful"], priorities["refused-by-guard"]) == (100, 50), "being late counts once"
        assert await orchestrator.fire_timers() == 0


@pytest.mark.slow
async def test_a_run_whose_process_was_killed_goes_on(kept: Path) -> None:
    async with Orchestrator(store_of(kept), workflows=kept_flows.ALL) as orchestrator:
        killed = await orchestrator.start(kept_flows.noted, "kill", id="killed")
        assert not killed.new
        assert await killed.result() == "noted first, noted kill"


def test_a_kept_local_model_answers(kept: Path) -> None:
    pytest.importorskip("sklearn")
    model = LocalModel.load(kept / "route")
    assert [each.label for each in model.predict(["the card was swallowed", "refund the invoice"])] == [
        "cards",
        "billing",
    ]
    known = {"c3287ff": (None, None), "format6": (True, False), "format7": (True, False), "format8": (True, False)}[
        kept.name
    ]
    assert (model.learned_from("refund 3"), model.learned_from("refund the invoice")) == known


def test_a_kept_acceptance_file_still_states_its_promise(kept: Path) -> None:
    rule = read_acceptance(kept / "route.acceptance.json")
    assert isinstance(rule, GuaranteedThreshold)
    assert (rule.threshold, rule.target, rule.labels) == (0.8430977495622972, 0.05, 2000)
    assert rule.seen == {"c3287ff": 0, "format6": 3, "format7": 3, "format8": 3}[kept.name]


def test_a_kept_watch_goes_on_counting(kept: Path) -> None:
    watch = WatchFile(kept / "route.watch.json")
    assert watch.now.routed_cases == 40
    watch.routed(Routed(0.9, accepted=True, case="run-40/route", drawn=True))
    watch.audited(Audited("run-40/route", right=True))
    assert watch.now.routed_cases == 41


def test_a_kept_recording_names_its_model(kept: Path) -> None:
    assert RecordedModel.replay(kept / "recording.jsonl").name == "scripted"
