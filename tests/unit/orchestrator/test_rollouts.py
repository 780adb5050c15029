"""A step that is rolled out bit by bit: who decides, what is recorded, what people say of it; a challenger beside."""

import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from handrail import (
    Auditing,
    Client,
    Doubtful,
    Escalation,
    Orchestrator,
    Run,
    Says,
    ScriptedModel,
    Workflow,
    classify,
    confidence,
    workflow,
)
from handrail.ai_steps import AIStep, Answer, ModelRequest
from handrail.guards import Rollout, only, shadow, share
from handrail.orchestrator import (
    Misuse,
    NotAllowed,
    NotPromoted,
    RolloutRecord,
    RolloutVerdict,
    UnknownRollout,
    WrongState,
)
from handrail.testing import Rehearsal, assert_replays, recorded_run
from handrail_orchestrator.context import StepContext
from handrail_orchestrator.embedded.challengers import Challenge, Challengers
from handrail_orchestrator.embedded.library import Library
from handrail_orchestrator.errors import StoreError
from handrail_orchestrator.store.queries import JudgedQuery
from handrail_orchestrator.store.rollouts import RecordChallenge, RolloutKey, RolloutRow
from handrail_orchestrator.store.sqlite.store import SqliteStore

Team = Literal["cards", "loans"]
SURE, UNSURE = "my card is gone", "hm"


def route(rollout: Rollout | None, **changes: Any) -> AIStep[Team]:
    def says(request: ModelRequest) -> Says:
        return Says("cards", confidence=0.4 if UNSURE in request.text else 0.95)

    options: dict[str, Any] = {"escalate": Escalation(queue="desk"), "models": [ScriptedModel(says, name="champion")]}
    return classify(
        "route", Team, "Which team?", accept=confidence(at_least=0.8), rollout=rollout, **(options | changes)
    )


def triage(step: AIStep[Team]) -> Workflow[str, str]:
    @workflow(version=1, name="triage")
    async def flow(run: Run, text: str) -> str:
        return await run.decide(step, text)

    return flow


def carried(record: RolloutRecord) -> RolloutVerdict:
    return RolloutVerdict(
        allows=True, reason="not worse", cases=400, missing=None, margin=0.02, level=0.95, about=record.subject,
        source="test",
    )  # fmt: skip


def too_few(record: RolloutRecord) -> RolloutVerdict:
    return replace(carried(record), allows=False, reason="can't tell: about 120 more cases needed", missing=120)


@asynccontextmanager
async def judged(step: AIStep[Team], text: str = SURE) -> AsyncIterator[tuple[Rehearsal, Any]]:
    """Lend a rehearsal that has judged one text in run T1, and what the judgement came to."""
    async with Rehearsal(workflows=[triage(step)]) as rehearsal:
        await rehearsal.start(triage_of(rehearsal), text, id="T1")
        await rehearsal.settle()
        yield rehearsal, rehearsal.steps("T1")[0].outcome


def triage_of(rehearsal: Orchestrator) -> Workflow[str, str]:
    (flow,) = rehearsal.workflows
    return flow


# -- who decides


async def test_in_shadow_people_decide_and_do_not_see_what_was_suggested() -> None:
    async with judged(route(shadow)) as (rehearsal, outcome):
        assert isinstance(outcome, Doubtful)
        assert (outcome.code, outcome.suggestion, outcome.reason) == ("rollout", "cards", "in shadow: people decide")
        assert outcome.judgement.accepted_by is not None, "what it would have been accepted by is known all the same"
        assert outcome.judgement.drawn, "whom chance keeps out is a sample of all, and decided blind"
        (item,) = rehearsal.reviews()
        assert (item.kind, item.queue, item.suggestion, item.confidence) == ("decide", "desk", None, None)
        await rehearsal.decide(item.id, value="loans", by="ann")
        await rehearsal.settle()
        assert rehearsal.run("T1").output == "loans"
        (record,) = rehearsal.judgements(JudgedQuery("route"))
        assert (record.outcome, record.decision, record.decided_by) == (outcome, "loans", "person:ann")


async def test_a_run_that_is_in_goes_on_by_itself_and_says_so() -> None:
    async with judged(route(share(1.0))) as (rehearsal, outcome):
        assert rehearsal.run("T1").output == "cards"
        assert (outcome.kind, outcome.judgement.rolled_out.let_through) == ("accepted", True)
        assert not rehearsal.reviews()


async def test_whoever_is_to_see_the_suggestion_sees_it() -> None:
    async with judged(route(share(0.0, is_shown=True))) as (rehearsal, outcome):
        (item,) = rehearsal.reviews()
        assert (item.suggestion, item.code, outcome.judgement.drawn) == ("cards", "rollout", False)


async def test_a_value_in_doubt_keeps_its_own_reason_and_is_decided_blind_like_the_others() -> None:
    async with judged(route(shadow), UNSURE) as (rehearsal, outcome):
        assert (outcome.code, outcome.judgement.drawn) == ("low_confidence", True)
        assert [item.suggestion for item in rehearsal.reviews()] == [None]


async def test_a_slice_is_told_by_what_the_step_was_called_with() -> None:
    long_ones = only("long ones", lambda case: len(case.value) > 10 and case.workflow == "triage")
    async with judged(route(long_ones)) as (rehearsal, outcome):
        assert (outcome.kind, outcome.judgement.rolled_out.slice) == ("accepted", "long ones")
        await rehearsal.start(triage_of(rehearsal), "short", id="T2")
        await rehearsal.settle()
        found = rehearsal.steps("T2")[0].outcome
        assert isinstance(found, Doubtful)
        assert (found.code, found.judgement.drawn) == ("rollout", False), "no sample of all: a slice tells them apart"


async def test_a_slice_is_told_by_the_tags_that_a_run_has_when_it_asks() -> None:
    step = route(only("pilot", customer="acme"))

    @workflow(version=1, name="triage")
    async def flow(run: Run, text: str) -> str:
        await run.tag(customer=text.split(maxsplit=1)[0])
        return await run.decide(step, text)

    async with Rehearsal(workflows=[flow]) as rehearsal:
        await rehearsal.start_many(flow, [("in", "acme lost its card"), ("out", "other lost its card")])
        await rehearsal.settle()
        assert [rehearsal.run(each).status for each in ("in", "out")] == ["completed", "waiting"]


async def test_audits_of_what_is_let_through_go_on_as_before() -> None:
    async with judged(route(share(1.0), audit=Auditing(1.0))) as (rehearsal, outcome):
        assert (outcome.kind, outcome.judgement.drawn) == ("accepted", True)
        assert [item.kind for item in rehearsal.reviews()] == ["audit"]


@pytest.mark.slow
async def test_the_share_of_runs_that_go_on_by_themselves_is_as_said() -> None:
    async with Rehearsal(workflows=[triage(route(share(0.2)))]) as rehearsal:
        await rehearsal.start_many(triage_of(rehearsal), [(f"T-{n}", SURE) for n in range(400)])
        await rehearsal.settle()
        ended = [rehearsal.run(f"T-{n}").status == "completed" for n in range(400)]
        assert 45 < sum(ended) < 120
        for n, done in enumerate(ended):
            outcome = rehearsal.steps(f"T-{n}")[0].outcome
            assert outcome is not None
            assert outcome.judgement.rolled_out is not None
            assert outcome.judgement.rolled_out.let_through == done


# -- what people say of it


@pytest.mark.dear
async def test_a_promotion_lets_more_runs_through_and_takes_it_from_none() -> None:
    async with Rehearsal(workflows=[triage(route(share(0.1)))]) as rehearsal:
        await rehearsal.start_many(triage_of(rehearsal), [(f"T-{n}", SURE) for n in range(200)])
        await rehearsal.settle()
        promoted = await rehearsal.promote_rollout("triage/route", to=0.5, by="ann", why="400 cases", verdict=carried)
        assert (promoted.share, promoted.is_promoted, promoted.by, promoted.why) == (
            0.5,
            True,
            "person:ann",
            "400 cases",
        )
        before = {n for n in range(200) if rehearsal.run(f"T-{n}").status == "completed"}
        await rehearsal.start_many(triage_of(rehearsal), [(f"T-{n}/again", SURE) for n in range(200)])
        await rehearsal.settle()
        after = sum(rehearsal.run(f"T-{n}/again").status == "completed" for n in range(200))
        assert len(before) < 45
        assert 70 < after < 130
        (change,) = rehearsal.rollout_history("triage/route")
        assert (change.action, change.share, change.by, change.verdict) == (
            "promote",
            0.5,
            "person:ann",
            carried(promoted),
        )


async def test_without_evidence_nothing_is_promoted_and_what_is_missing_is_said() -> None:
    async with judged(route(shadow)) as (rehearsal, _):
        with pytest.raises(NotPromoted, match="about 120 more cases needed") as refused:
            await rehearsal.promote_rollout("triage/route", to=0.1, by="ann", why="try", verdict=too_few)
        assert refused.value.missing == 120
        other = lambda record: replace(carried(record), about="another prompt")  # noqa: E731
        with pytest.raises(NotPromoted, match="something else"):
            await rehearsal.promote_rollout("triage/route", to=0.1, by="ann", why="try", verdict=other)
        assert rehearsal.rollout("triage/route").share == 0.0
        assert rehearsal.rollout_history("triage/route") == []


async def test_going_back_to_less_takes_no_evidence() -> None:
    async with judged(route(share(0.5))) as (rehearsal, _):
        lowered = await rehearsal.promote_rollout("triage/route", to=0.1, by="ann", why="calm", verdict=too_few)
        assert lowered.share == 0.1


async def test_nothing_is_promoted_beyond_what_the_code_allows() -> None:
    async with judged(route(share(0.1, up_to=0.5))) as (rehearsal, _):
        with pytest.raises(Misuse, match=r"promoted to 50% of the runs, not to 80%: the code says so \(up_to=\)"):
            await rehearsal.promote_rollout("triage/route", to=0.8, by="ann", why="more", verdict=carried)
        for wrong in (1.5, -0.1, float("nan"), 20):
            with pytest.raises(Misuse, match="give a number from 0 to 1"):
                await rehearsal.promote_rollout("triage/route", to=wrong, by="ann", why="more", verdict=carried)


def unasked(_: RolloutRecord) -> RolloutVerdict:
    raise AssertionError("no evidence helps while it is held")


async def test_what_is_held_lets_nothing_through_until_it_is_resumed_where_it_was() -> None:
    async with judged(route(share(0.1))) as (rehearsal, _):
        await rehearsal.promote_rollout("triage/route", to=1.0, by="ann", why="good", verdict=carried)
        held = await rehearsal.hold_rollout("triage/route", by="ben", why="odd answers")
        assert (held.is_held, held.share) == (True, 0.0)
        await rehearsal.start(triage_of(rehearsal), SURE, id="T2")
        await rehearsal.settle()
        found = rehearsal.steps("T2")[0].outcome
        assert isinstance(found, Doubtful)
        assert found.reason == "the rollout is held: odd answers"
        with pytest.raises(WrongState, match=r"is held by person:ben \(odd answers\): resume it"):
            await rehearsal.promote_rollout("triage/route", to=0.5, by="ann", why="anyway", verdict=unasked)
        resumed = await rehearsal.resume_rollout("triage/route", by="ann", why="it was the weather")
        assert (resumed.is_held, resumed.share) == (False, 1.0)
        assert [change.action for change in rehearsal.rollout_history("triage/route")] == ["promote", "hold", "resume"]
        with pytest.raises(WrongState, match="is not held"):
            await rehearsal.resume_rollout("triage/route", by="ann", why="again")


async def test_a_hold_that_comes_between_looking_and_promoting_wins() -> None:
    async with judged(route(shadow)) as (rehearsal, _):

        def fires_meanwhile(record: RolloutRecord) -> RolloutVerdict:
            assert rehearsal.hold_fired("route", why="route drifted", is_certain=True) == ["triage/route"]
            return carried(record)

        with pytest.raises(WrongState, match="meanwhile"):
            await rehearsal.promote_rollout("triage/route", to=0.5, by="ann", why="good", verdict=fires_meanwhile)
        assert rehearsal.rollout("triage/route").is_held


@pytest.mark.parametrize(
    ("changed", "in_force"),
    [
        (route(share(0.1)), 1.0),
        (route(share(0.1), audit=Auditing(0.5)), 1.0),
        (route(share(0.1), models=[ScriptedModel(lambda _: "cards", name="another")]), 0.1),
        (route(share(0.1, up_to=0.5)), 0.1),
        (route(share(0.2)), 0.2),
    ],
)
async def test_a_promotion_holds_for_what_was_promoted_alone(
    changed: AIStep[Team], in_force: float, tmp_path: Path
) -> None:
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    await promoted_on(store, route(share(0.1)))
    async with Orchestrator(store, workflows=[triage(changed)]) as orchestrator:
        await orchestrator.start(triage_of(orchestrator), SURE, id="T2")
        await orchestrator.idle()
        assert orchestrator.rollout("triage/route").share == in_force


async def promoted_on(store: str, step: AIStep[Team]) -> None:
    async with Orchestrator(store, workflows=[triage(step)]) as orchestrator:
        await orchestrator.start(triage_of(orchestrator), SURE, id="T1")
        await orchestrator.idle()
        await orchestrator.promote_rollout("triage/route", to=1.0, by="ann", why="good", verdict=carried)


async def test_a_hold_holds_whatever_the_code_becomes(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    await promoted_on(store, route(share(0.1)))
    async with Client(store) as client:
        await client.hold_rollout("triage/route", by="ben", why="odd answers")
    changed = route(share(1.0), models=[ScriptedModel(lambda _: "cards", name="another")])
    async with Orchestrator(store, workflows=[triage(changed)]) as orchestrator:
        await orchestrator.start(triage_of(orchestrator), SURE, id="T2")
        await orchestrator.idle()
        assert orchestrator.run("T2").status == "waiting"


async def test_only_admins_say_how_far_something_is_rolled_out_where_people_are_known() -> None:
    async with judged(route(shadow)) as (rehearsal, _):
        await rehearsal.people.add("root", roles={"*": "admin"})
        await rehearsal.people.add("ann", roles={"*": "senior"}, by="root")
        refused = pytest.raises(NotAllowed, match="takes the role admin")
        with refused:
            await rehearsal.promote_rollout("triage/route", to=0.1, by="ann", why="good", verdict=carried)
        with refused:
            await rehearsal.hold_rollout("triage/route", by="ann", why="odd")
        with refused:
            await rehearsal.resume_rollout("triage/route", by="ann", why="odd")
        assert (await rehearsal.hold_rollout("triage/route", by="root", why="odd")).is_held


async def test_what_is_not_there_or_has_no_reason_is_refused() -> None:
    async with judged(route(shadow)) as (rehearsal, _):
        with pytest.raises(UnknownRollout, match="no rollout 'triage/rout' in this store; there are triage/route"):
            await rehearsal.hold_rollout("triage/rout", by="ann", why="odd")
        with pytest.raises(Misuse, match="say why"):
            await rehearsal.hold_rollout("triage/route", by="ann", why=" ")


# -- what is recorded


async def test_a_replay_never_changes_its_answer() -> None:
    async with judged(route(share(1.0))) as (rehearsal, outcome):
        await rehearsal.hold_rollout("triage/route", by="ann", why="odd")
        await assert_replays(triage_of(rehearsal), recorded_run(rehearsal, "T1"))
        assert rehearsal.steps("T1")[0].outcome == outcome
        held = await rehearsal.start(triage_of(rehearsal), SURE, id="T2")
        await rehearsal.settle()
        await rehearsal.resume_rollout("triage/route", by="ann", why="fine")
        rehearsal.crash()
        await rehearsal.settle()
        assert rehearsal.run(held.id).status == "waiting", "the question stays, though the step is let loose again"


class Dumb(SqliteStore):
    """A store that cannot say how far anything is rolled out."""

    def rollout(self, key: RolloutKey) -> RolloutRow | None:
        raise StoreError(self.path, f"no page of {key.target}")


async def test_a_store_that_cannot_say_how_far_lets_nothing_through() -> None:
    async with Rehearsal(workflows=[triage(route(share(1.0)))], store=Dumb(":memory:")) as rehearsal:
        await rehearsal.start(triage_of(rehearsal), SURE, id="T1")
        await rehearsal.settle()
        outcome = rehearsal.steps("T1")[0].outcome
        assert isinstance(outcome, Doubtful)
        assert outcome.code == "rollout"
        assert outcome.reason == "how far it is rolled out cannot be told: store :memory:: no page of triage/route"


# -- challengers


async def test_a_challenger_answers_beside_and_decides_nothing() -> None:
    new = ScriptedModel(lambda _: "loans", name="challenger")
    async with judged(route(None, challenger=new)) as (rehearsal, outcome):
        assert (rehearsal.run("T1").output, outcome.judgement.rolled_out) == ("cards", None)
        (found,) = rehearsal.challenges("T1")
        assert found.outcome is not None
        assert (found.step, found.challenger, found.outcome.kind, found.error) == (
            "route",
            "challenger",
            "accepted",
            None,
        )
        (record,) = rehearsal.judgements(JudgedQuery("route"))
        assert record.challenge is not None
        assert record.challenge.outcome == found.outcome
        assert rehearsal.rollout("triage/route").challenger == "challenger"


def breaking(_request: ModelRequest) -> str:
    raise RuntimeError("no such host")


async def test_a_challenger_that_breaks_touches_neither_answer_nor_run() -> None:
    class Leaving:
        name = "leaving"

        async def answer(self, _request: ModelRequest) -> Answer:
            raise SystemExit(3)

    class Interrupting:
        name = "interrupting"

        async def answer(self, _request: ModelRequest) -> Answer:
            raise KeyboardInterrupt

    for model in (ScriptedModel(breaking, name="breaking"), Leaving(), Interrupting()):
        async with judged(route(None, challenger=model)) as (rehearsal, outcome):
            assert (rehearsal.run("T1").output, outcome.kind) == ("cards", "accepted")
            (found,) = rehearsal.challenges("T1")
            assert found.outcome is None or found.outcome.kind == "doubtful"


@pytest.mark.dear
async def test_nobody_waits_for_a_challenger_that_blocks_its_thread() -> None:
    released = threading.Event()

    class Blocking:
        name = "blocking"

        async def answer(self, _request: ModelRequest) -> Answer:
            released.wait(60)
            raise RuntimeError("too late")

    async with Orchestrator(
        "sqlite:///:memory:", workflows=[triage(route(None, challenger=Blocking()))]
    ) as orchestrator:
        handle = await orchestrator.start(triage_of(orchestrator), SURE, id="T1")
        try:
            assert await handle.result() == "cards"
            assert orchestrator.challenges("T1") == []
            more = await orchestrator.start_many(triage_of(orchestrator), [(f"M-{n}", SURE) for n in range(40)])
            assert {await each.result() for each in more} == {"cards"}
        finally:
            released.set()
        await orchestrator.idle()
        assert sum(len(orchestrator.challenges(f"M-{n}")) for n in range(40)) == 40, "each in its turn"


async def test_what_a_process_had_not_answered_when_it_ended_is_told_as_left_out(tmp_path: Path) -> None:
    released = threading.Event()

    class Blocking:
        name = "blocking"

        async def answer(self, _request: ModelRequest) -> Answer:
            released.wait(60)
            raise RuntimeError("too late")

    store = f"sqlite:///{tmp_path / 'runs.db'}"
    try:
        async with Orchestrator(store, workflows=[triage(route(None, challenger=Blocking()))]) as orchestrator:
            handles = [await orchestrator.start(triage_of(orchestrator), SURE, id=f"M-{n}") for n in range(20)]
            assert {await each.result() for each in handles} == {"cards"}
    finally:
        released.set()
    async with Client(store) as client:
        for number in range(20):
            (found,) = client.challenges(f"M-{number}")
            assert found.error == "left out: its process ended before it had answered"


async def test_a_challenger_that_never_ends_is_given_up_and_those_behind_it_are_left_out() -> None:
    stuck, told = threading.Event(), list[RecordChallenge]()

    async def blocks(_text: str) -> object:
        stuck.wait(60)
        return None

    bound = Library().judge(route(None))
    judge = replace(bound, step=replace(bound.step, function=blocks))
    challengers = Challengers(told.append, time.time, seconds=0.05, grace=0.05)  # type: ignore[arg-type]  # only these are told
    try:
        for number in range(20):
            context = StepContext(f"T-{number}", "route")
            challengers.begin(
                Challenge(run=number, step="route", name="stuck", judge=judge, context=context, args=("x",), kwargs={})
            )
        await challengers.ended()
        errors = [each.row.error or "" for each in told]
        assert sum("left out" in each for each in errors) == 4
        assert sum("no answer within" in each for each in errors) == 16
        assert challengers.at_work == 0
    finally:
        stuck.set()
        challengers.close()


async def test_what_a_challenger_answered_goes_with_its_run() -> None:
    async with judged(route(None, challenger=ScriptedModel(lambda _: "loans", name="challenger"))) as (rehearsal, _):
        await rehearsal.start(triage_of(rehearsal), SURE, id="T2")
        await rehearsal.settle()
        await rehearsal.advance(seconds=1)
        assert await rehearsal.prune(older_than=timedelta()) == 1
        assert rehearsal._open_store.challenges(1) == []  # noqa: SLF001 -- of a run that is not there any more
