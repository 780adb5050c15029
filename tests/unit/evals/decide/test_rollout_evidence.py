"""What promotes a rollout: people's blind decisions, enough of them, of what is rolled out now; and what holds it."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from handrail import (
    Auditing,
    Case,
    Client,
    Orchestrator,
    Run,
    Says,
    ScriptedModel,
    Suite,
    Workflow,
    classify,
    confidence,
    exact,
    run_suite,
    workflow,
)
from handrail.ai_steps import AIStep, ModelRequest
from handrail.cli import app
from handrail.drift import Seen, Watch, WatchFile, WatchSettings, feed, write_watch
from handrail.evals import Terms, challenger_verdict, results_verdict, rollout_verdict, workflow_target
from handrail.guards import Rollout, shadow, share
from handrail.orchestrator import NotPromoted, ReviewQuery, RolloutRecord, RolloutVerdict
from handrail_evals.decide.pairing import Paired
from handrail_evals.decide.rollout_evidence import verdict_of
from handrail_evals.errors import DataError
from handrail_evals.measure.suite import AnySuite
from handrail_orchestrator.rollout.desk import rollout_record
from handrail_orchestrator.store.outbox import DeclareNotices
from handrail_orchestrator.store.rollouts import RolloutRow
from tests.stores import store_in

Animal = Literal["cat", "dog"]
TERMS = Terms(margin=0.05)
STORE = "sqlite:///runs.db"
LATER = 4e9
"""Long after every case was judged, in seconds since the epoch."""


def sure_cat(_request: ModelRequest) -> Says:
    return Says("cat", confidence=0.95)


def step(rollout: Rollout | None, **changes: Any) -> AIStep[Animal]:
    models = changes.pop("models", [ScriptedModel(sure_cat, name="guess")])
    return classify(
        "route", Animal, "Which?", models=models, accept=confidence(at_least=0.8), rollout=rollout, **changes
    )


def triage(judge: AIStep[Animal]) -> Workflow[str, str]:
    @workflow(version=1, name="triage")
    async def flow(run: Run, text: str) -> str:
        return await run.decide(judge, text)

    return flow


async def decided(judge: AIStep[Animal], texts: list[str], dogs: int = 0) -> None:
    """Execute a run for each text, and let people say of the first ones that it is a dog, of the others a cat."""
    async with Orchestrator(store_in(Path.cwd()), workflows=[triage(judge)], durability="process") as orchestrator:
        (flow,) = orchestrator.workflows
        known = len(orchestrator.runs(limit=10_000))
        await orchestrator.start_many(flow, [(f"T-{known + n}", text) for n, text in enumerate(texts)])
        await orchestrator.idle()
        for number, item in enumerate(sorted(orchestrator.reviews(ReviewQuery(limit=1_000)), key=lambda item: item.id)):
            await orchestrator.decide(item.id, value="dog" if number < dogs else "cat", by="ann")
        await orchestrator.idle()


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


async def verdict(terms: Terms = TERMS) -> RolloutVerdict:
    async with Client(STORE) as client:
        return rollout_verdict(client, client.rollout("triage/route"), terms)


def texts(count: int, start: int = 0) -> list[str]:
    return [f"animal {number}" for number in range(start, start + count)]


@pytest.mark.dear
async def test_too_few_cases_promote_nothing_and_how_many_are_missing_is_said() -> None:
    await decided(step(shadow), texts(40))
    found = await verdict()
    assert (found.allows, found.cases) == (False, 40)
    assert found.missing is not None
    assert "more cases needed" in found.reason
    await decided(step(shadow), texts(found.missing + 1, start=40))
    enough = await verdict()
    assert (enough.allows, enough.missing) == (True, None)


async def test_no_case_at_all_says_how_many_it_takes() -> None:
    await decided(step(shadow), [])
    async with Orchestrator(STORE, workflows=[triage(step(shadow))]) as orchestrator:
        await orchestrator.start(triage_of(orchestrator), "one", id="only")
        await orchestrator.idle()
    found = await verdict()
    assert (found.allows, found.cases) == (False, 0)
    assert found.missing is not None
    assert found.missing > 50


def triage_of(orchestrator: Orchestrator) -> Workflow[str, str]:
    (flow,) = orchestrator.workflows
    return flow


@pytest.mark.dear
async def test_one_that_is_worse_than_the_margin_is_not_promoted_however_many_cases_there_are() -> None:
    await decided(step(shadow), texts(150), dogs=30)
    found = await verdict()
    assert not found.allows
    assert "people have 30 otherwise" in found.reason


@pytest.mark.dear
async def test_copies_of_one_input_count_once() -> None:
    await decided(step(shadow), ["the same animal"] * 120 + ["another"])
    assert not (await verdict()).allows


@pytest.mark.dear
async def test_decisions_with_the_suggestion_in_view_are_no_evidence() -> None:
    await decided(step(share(0.0, is_shown=True)), texts(120))
    found = await verdict()
    assert (found.allows, found.cases) == (False, 0)


@pytest.mark.dear
async def test_what_another_prompt_or_model_did_is_no_evidence() -> None:
    await decided(step(shadow), texts(120))
    assert (await verdict()).allows
    await decided(step(shadow, models=[ScriptedModel(sure_cat, name="another")]), texts(3, start=200))
    found = await verdict()
    assert (found.allows, found.cases) == (False, 3)


@pytest.mark.dear
async def test_what_was_seen_before_a_hold_promotes_nothing_after_it() -> None:
    await decided(step(shadow), texts(120))
    async with Client(STORE) as client:
        await client.hold_rollout("triage/route", by="ann", why="odd")
        await client.resume_rollout("triage/route", by="ann", why="fine")
    assert (await verdict()).cases == 0


@pytest.mark.dear
async def test_a_promotion_carries_its_verdict_into_the_record() -> None:
    await decided(step(shadow), texts(120))
    async with Client(STORE) as client:
        with pytest.raises(NotPromoted, match=r"about .* more cases needed"):
            await client.promote_rollout(
                "triage/route", to=0.1, by="ann", why="try",
                verdict=lambda record: rollout_verdict(client, record, Terms(margin=0.01)),
            )  # fmt: skip
        record = await client.promote_rollout(
            "triage/route", to=0.1, by="ann", why="good", verdict=lambda record: rollout_verdict(client, record, TERMS)
        )
        assert record.share == 0.1
        (change,) = client.rollout_history("triage/route")
        assert change.verdict is not None
        assert (change.verdict.cases, change.verdict.margin, change.verdict.level) == (120, 0.05, 0.95)


@pytest.mark.dear
async def test_a_challenger_is_compared_on_what_people_decided_blind() -> None:
    def knowing(request: ModelRequest) -> Says:
        return Says("dog" if int(request.text.rpartition(" ")[2]) < 30 else "cat", confidence=0.9)

    judge = step(shadow, challenger=ScriptedModel(knowing, name="new"))
    await decided(judge, texts(150), dogs=30)
    async with Client(STORE) as client:
        record = client.rollout("triage/route")
        found = challenger_verdict(client, record, TERMS)
        ours = rollout_verdict(client, record, TERMS)
    assert (found.allows, found.cases, found.about) == (True, 150, "new")
    assert found.reason.startswith("better: ")
    assert found.reason.endswith("of 150 cases the step has 120 as people do, its challenger 150")
    assert not ours.allows, "what a challenger does promotes nothing of the step"


@given(st.integers(2, 400), st.data())
def test_more_right_answers_never_forbid_what_fewer_allow(cases: int, data: st.DataObject) -> None:
    wrong = data.draw(st.integers(1, cases))

    def said(errors: int) -> RolloutVerdict:
        pairs = [Paired(f"c{n}", f"h{n}", None, 1.0, float(n >= errors)) for n in range(cases)]
        return verdict_of(pairs, TERMS, about="x", seen="", source="")

    if said(wrong).allows:
        assert said(wrong - 1).allows
    if said(wrong).allows:
        assert wrong / cases < TERMS.margin


# -- versions: results of one suite


@pytest.mark.slow
async def test_a_version_is_promoted_by_a_suite_run_on_both() -> None:
    def suite(version: int, right: int) -> AnySuite:
        @workflow(version=version, name="double")
        async def double(_run: Run, number: int) -> int:
            return number * 2 if number < right else 0

        cases = [Case(f"c{n}", n, n * 2) for n in range(120)]
        return Suite("doubles", workflow_target(double), cases=cases, scorers=[exact()])

    old, new, bad = [
        (await run_suite(suite(version, right))).result for version, right in ((1, 119), (2, 120), (2, 60))
    ]
    record = versioned()
    good = results_verdict(old, new, record, {"exact": TERMS})
    assert (good.allows, good.cases, good.missing) == (True, 120, None)
    assert not results_verdict(old, bad, record, {"exact": TERMS}).allows
    with pytest.raises(DataError, match="both results measure the same 'double'"):
        results_verdict(new, new, record, {"exact": TERMS})
    other = versioned("triage")
    with pytest.raises(DataError, match="measures 'double', and triage@2 is to be promoted"):
        results_verdict(old, new, other, {"exact": TERMS})
    with pytest.raises(DataError, match="its evidence is a suite run on both versions"):
        rollout_verdict(Any, record, TERMS)  # type: ignore[arg-type]  # nothing is read


def versioned(name: str = "double") -> RolloutRecord:
    return rollout_record(RolloutRow(name, "", 2, "version 2", "10% of the runs", 0.1, "", 1.0, "", 1.0))


# -- what holds it


SETTINGS = WatchSettings(
    target=0.05, audit_rate=0.2, raised_rate=0.5, cases_per_false_alarm=1_000, audits_per_false_stop=100,
    settled_after=100, most_awaited=1_000,
)  # fmt: skip


def armed() -> WatchFile:
    usual = [Seen(0.95, accepted=True)] * 400
    write_watch(Path("w.json"), Watch.armed(SETTINGS, usual, at=datetime(2026, 1, 1, tzinfo=UTC)))
    return WatchFile(Path("w.json"))


@pytest.mark.dear
async def test_a_watch_that_fires_holds_what_is_rolled_out_and_tells_people_once(either_store: Path) -> None:
    store = store_in(either_store)
    live = armed()
    async with Client(store, create=True) as client:
        await client._change(DeclareNotices(("hold",), 90, 0.5))  # noqa: SLF001 -- what a configuration declares
    await decided(step(share(0.2)), texts(80), dogs=70)
    before = Path("w.json").read_bytes()

    feed(live, store, step="route", now=LATER)
    Path("w.json").write_bytes(before)  # as if it had died before it wrote what it knew
    feed(WatchFile(Path("w.json")), store, step="route", now=LATER)

    async with Client(store) as client:
        record = client.rollout("triage/route")
        assert (record.is_held, record.share, record.by) == (True, 0.0, "policy:watch")
        assert record.why.startswith("its watch fired: ")
        assert [change.action for change in client.rollout_history("triage/route")] == ["hold"]
        (row,) = client._open_store.within._rows("SELECT kind, title FROM notices")  # type: ignore[attr-defined]  # noqa: SLF001 -- nobody else has asked for it
        assert row == ("hold", "triage/route is held: people decide until somebody resumes it")


@pytest.mark.dear
async def test_a_client_that_is_open_holds_too_and_a_watch_that_does_not_fire_holds_nothing() -> None:
    live = armed()
    await decided(step(share(0.2)), texts(40))
    async with Client(STORE) as client:
        assert feed(live, client, step="route", now=LATER).accepting
        assert not client.rollout("triage/route").is_held
        assert client.hold_fired("route", why="odd", is_certain=False) == ["triage/route"]
        assert client.hold_fired("route", why="odd", is_certain=True) == []


async def test_an_alarm_that_is_not_certain_leaves_what_every_run_has_to_the_watch() -> None:
    await decided(step(share(1.0)), texts(3))
    async with Client(STORE) as client:
        assert client.hold_fired("route", why="scores moved", is_certain=False) == []
        assert client.hold_fired("route", why="audits were wrong", is_certain=True) == ["triage/route"]


@pytest.mark.dear
async def test_in_shadow_a_watch_sees_what_would_be_let_through_as_such() -> None:
    live = armed()
    await decided(step(shadow, audit=Auditing(0.1)), texts(40))
    found = feed(live, STORE, step="route", now=LATER)
    assert (found.routed_cases, found.audits, found.wrong, found.phase) == (40, 40, 0, "usual")


# -- the command


async def rollout(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, ["rollout", *arguments, "--store", STORE])


@pytest.mark.dear
async def test_the_command_promotes_on_evidence_alone_and_says_what_is_missing() -> None:
    await decided(step(shadow), texts(40))
    refused = await rollout("promote", "triage/route", "--to", "0.1", "--margin", "0.05", "--why", "try", "--as", "ann")
    assert refused.exit_code == 3
    assert "more cases needed" in refused.stderr
    as_json = ("--margin", "0.05", "--why", "try", "--as", "ann", "--json")
    told = json.loads((await rollout("promote", "triage/route", "--to", "0.1", *as_json)).stdout)
    assert (told["promoted"], told["missing"] > 0) == (False, True)
    await decided(step(shadow), texts(80, start=40))
    assert "may be promoted: not worse by 0.05" in (await rollout("status", "--margin", "0.05")).stdout
    promoted = await rollout(
        "promote", "triage/route", "--to", "0.1", "--margin", "0.05", "--why", "good", "--as", "ann"
    )
    assert (promoted.exit_code, promoted.stdout) == (0, "triage/route  in 10% of the runs, promoted\n")


@pytest.mark.dear
async def test_the_command_shows_holds_and_resumes() -> None:
    await decided(step(shadow, challenger=ScriptedModel(sure_cat, name="new")), texts(5), dogs=1)
    shown = (await rollout("status")).stdout
    assert "triage/route  in 0% of the runs" in shown
    assert "0 let through, 5 kept back, of 5 judgements" in shown
    assert "4 of 5 that they decided blind are as it has them, 0 undecided" in shown
    assert "new is asked too, and decides nothing" in shown
    (line,) = (await rollout("status", "triage/route", "--json", "--margin", "0.05")).stdout.splitlines()
    told = json.loads(line)
    assert told["evidence"] == {
        "judged": 5, "let_through": 0, "held_back": 5, "undecided": 0, "decided": 5, "agreed": 4,
    }  # fmt: skip
    assert (told["verdict"]["allows"], told["challenger_verdict"]["cases"]) == (False, 5)
    assert (await rollout("hold", "triage/route", "--why", "odd", "--as", "ann")).stdout == (
        "triage/route  HELD, nothing is let loose\n"
    )
    assert (await rollout("resume", "triage/route", "--why", "fine", "--as", "ann")).exit_code == 0
    history = (await rollout("history", "triage/route")).stdout
    assert [line.partition("UTC  ")[2] for line in history.splitlines()] == [
        "hold by person:ann: odd",
        "resume by person:ann: fine",
    ]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("promote", "triage/route", "--to", "0.1", "--why", "x", "--as", "ann"), "say --margin"),
        (("promote", "triage/route", "--to", "10", "--margin", "0.05", "--why", "x", "--as", "ann"), "from 0 to 1"),
        (("promote", "triage/route", "--to", "0.1", "--margin", "5", "--why", "x", "--as", "ann"), "margin is 5.0"),
        (("hold", "triage/rout", "--why", "x", "--as", "ann"), "there are triage/route"),
        (("hold", "triage/route", "--why", " ", "--as", "ann"), "say why"),
        (
            (
                "promote",
                "triage/route",
                "--to",
                "0.1",
                "--margin",
                "0.05",
                "--why",
                "x",
                "--as",
                "ann",
                "--baseline",
                "a",
            ),
            "give both results",
        ),
    ],
)
async def test_what_cannot_be_is_refused_with_what_to_do(call: tuple[str, ...], said: str) -> None:
    await decided(step(shadow), texts(2))
    found = await rollout(*call)
    assert found.exit_code == 2
    assert said in found.stderr
