"""Workflows as targets: what is known of a run, and how a target identifies itself."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from handrail import Auditing, Run, Says, ScriptedModel, action, classify, confidence, step_context, workflow
from handrail_ai_steps.model import ModelRequest
from handrail_evals.errors import InvalidCase, InvalidSetting, InvalidSuite
from handrail_evals.measure.case import Case
from handrail_evals.measure.targets.workflow import workflow_target
from handrail_evals.measure.targets.workflow_reviewers import Reviewers, Simulation, Truth
from handrail_orchestrator.records.item import ReviewItem
from tests.unit.evals.measure.workflow_cases import Team, Ticket, observed, routing, steps, sure, truthful


async def test_a_run_decided_by_rule_needs_no_model_and_no_person() -> None:
    model = ScriptedModel([])
    (seen,) = await observed(workflow_target(routing(model)), Case("a", Ticket(text="invoice"), "billing"))

    assert (seen.output, seen.answered, seen.accepted) == ("billing", True, True)
    assert (seen.doubt, seen.confidence, seen.model) == ("", None, "")
    assert (seen.money, seen.input_tokens, seen.output_tokens, seen.human_minutes) == (0.0, 0, 0, 0.0)  # known
    assert (steps(seen)["known"].decided_by, steps(seen)["known"].output) == ("rule", "billing")
    assert model.requests == []


async def test_an_accepted_answer_carries_its_confidence_model_and_cost() -> None:
    said = Says("access", 0.9, money=0.25, input_tokens=40, output_tokens=2)
    (seen,) = await observed(workflow_target(routing(ScriptedModel([said]))), Case("a", Ticket(text="?"), "access"))

    route = steps(seen)["route"]
    assert (seen.output, seen.accepted, seen.confidence, seen.source) == ("access", True, 0.9, "stated")
    assert (seen.model, seen.money, seen.input_tokens, seen.output_tokens) == ("scripted", 0.25, 40, 2)
    assert (route.kind, route.decided_by, route.accepted, route.confidence) == ("ai", "model", True, 0.9)


@pytest.mark.parametrize("unknown", [ValueError("a fault of the step"), None])
async def test_what_models_took_is_unknown_after_a_failure_and_with_an_unknown_price(unknown: Any) -> None:
    class Unpriced(ScriptedModel):
        async def answer(self, request: ModelRequest) -> Any:
            if unknown is not None:
                raise unknown
            answer = await super().answer(request)
            unpriced = [replace(each, money=None, input_tokens=None) for each in answer.attempts]
            return replace(answer, attempts=tuple(unpriced))

    (seen,) = await observed(workflow_target(routing(Unpriced([Says("access", 0.9)]))), Case("a", Ticket(text="?")))

    assert (seen.answered, seen.money, seen.input_tokens) == (unknown is None, None, None)


async def test_without_reviewers_a_run_stops_at_its_first_question() -> None:
    (seen,) = await observed(workflow_target(routing(ScriptedModel(sure))), Case("a", Ticket(text="?"), "access"))

    assert seen.flow is not None
    assert (seen.answered, seen.output, seen.accepted, seen.doubt) == (False, None, False, "low_confidence")
    assert "0.4" in seen.reason
    assert (seen.flow.ending, seen.flow.cycle_seconds, seen.flow.questions) == ("waiting", 0.0, 0)
    assert seen.human_minutes is None
    assert (steps(seen)["route"].output, steps(seen)["route"].accepted) == ("access", False)
    assert steps(seen)["route/review"].seconds is None


async def test_reviewers_answer_after_their_delay_and_their_minutes() -> None:
    target = workflow_target(routing(ScriptedModel(sure)), reviewers=truthful())
    (seen,) = await observed(target, Case("a", Ticket(text="?"), "billing"))

    assert seen.flow is not None
    assert (seen.output, seen.answered, seen.accepted, seen.doubt) == ("billing", True, False, "low_confidence")
    assert seen.human_minutes == 2.0
    assert seen.flow.approval_seconds == (32 * 60.0,)
    assert seen.flow.cycle_seconds == 32 * 60.0
    review = steps(seen)["route/review"]
    assert (review.kind, review.decided_by, review.output, review.seconds) == ("human", "person", "billing", 32 * 60.0)


async def test_times_and_answers_may_depend_on_the_question_and_the_case() -> None:
    def minutes(_item: ReviewItem, case: Case[Any, Any]) -> float:
        return 5.0 if case.metadata["long"] else 1.0

    def hurried(_item: ReviewItem, case: Case[Any, Any]) -> Any:
        return "access" if case.metadata["long"] else case.expected

    reviewers = Reviewers(hurried, minutes=minutes, delay_minutes=0)
    target = workflow_target(routing(ScriptedModel(sure)), reviewers=reviewers)
    long, short = await observed(
        target,
        Case("long", Ticket(text="?"), "billing", metadata={"long": True}),
        Case("short", Ticket(text="?"), "billing", metadata={"long": False}),
    )

    assert (long.output, long.human_minutes) == ("access", 5.0)  # people can be wrong
    assert (short.output, short.human_minutes) == ("billing", 1.0)


async def test_what_is_scored_may_be_a_part_of_the_result() -> None:
    def length(team: str) -> int:
        return len(team)

    target = workflow_target(routing(ScriptedModel([])), answer=length)
    (seen,) = await observed(target, Case("a", Ticket(text="invoice"), 7))

    assert (seen.output, target.output_type) == (7, int)
    assert workflow_target(routing(ScriptedModel([])), answer=lambda team: team[0]).output_type is Any


async def test_a_persons_answer_carries_no_confidence_of_a_model() -> None:
    target = workflow_target(routing(ScriptedModel(sure)), reviewers=truthful())
    (seen,) = await observed(target, Case("a", Ticket(text="?"), "access"))

    assert (seen.confidence, seen.source, seen.model) == (None, None, "")
    assert (steps(seen)["route"].confidence, steps(seen)["route"].accepted) == (0.4, False)


async def test_json_data_become_the_workflows_input() -> None:
    target = workflow_target(routing(ScriptedModel([])))
    (seen,) = await observed(target, Case("a", {"text": "invoice"}, "billing"))
    assert seen.output == "billing"

    with pytest.raises(InvalidCase, match=r"cases.jsonl, line 4, case 'b': its input does not fit workflow 'triage'"):
        await observed(target, Case("b", {"subject": "?"}, "billing", where="cases.jsonl, line 4"))


async def test_a_child_runs_steps_and_questions_count() -> None:
    triage = routing(ScriptedModel(lambda _request: Says("access", 0.4, money=0.5, input_tokens=10)))

    @workflow(version=1)
    async def parent(run: Run, ticket: Ticket) -> tuple[str, ...]:
        return await run.all(
            run.child(triage, ticket), run.child(triage, Ticket(text="invoice")), run.child(triage, ticket)
        )

    case: Case[Any, Any] = Case("p", Ticket(text="?"), steps={"route": "billing"})
    (seen,) = await observed(workflow_target(parent, reviewers=truthful()), case)

    assert seen.flow is not None
    assert (list(seen.output), seen.accepted, seen.human_minutes) == (["billing"] * 3, False, 4.0)
    assert (seen.money, seen.input_tokens, seen.flow.questions) == (1.0, 20, 2)
    assert seen.flow.cycle_seconds == 32 * 60.0  # two questions side by side
    assert steps(seen)["triage/route/review"].decided_by == "person"
    assert steps(seen)["triage#2/known"].output == "billing"


@pytest.mark.parametrize("reviewers", [None, truthful()])
async def test_audits_are_no_questions_of_a_run(reviewers: Reviewers | None) -> None:
    audited = classify(
        "route", Team, "?", models=ScriptedModel(sure), accept=confidence(at_least=0.8), audit=Auditing(1.0)
    )

    @workflow(version=1)
    async def triage(run: Run, ticket: Ticket) -> str:
        team = await run.decide(audited, ticket.text)
        await run.sleep(60)
        return team

    target = workflow_target(triage, reviewers=reviewers)
    accepted, doubtful = await observed(
        target, Case("a", Ticket(text="sure"), "access"), Case("b", Ticket(text="?"), "billing")
    )

    assert accepted.flow is not None
    assert (accepted.output, accepted.accepted, accepted.human_minutes) == ("access", True, 0.0)
    assert (accepted.flow.ending, accepted.flow.questions) == ("completed", 0)
    assert (doubtful.output, doubtful.doubt) == (None if reviewers is None else "billing", "low_confidence")


async def test_a_case_leaves_nothing_to_the_next_one_in_its_lane() -> None:
    @workflow(version=1)
    async def mixed(run: Run, ticket: Ticket) -> str:
        if ticket.text == "event":
            await run.event("never", str, within=timedelta(days=400))
        if ticket.text == "ask":
            await run.ask("Well?", bool)
        return ticket.text

    names = ["event", "ask", "plain", "ask", "event", "plain"]
    cases: list[Case[Any, Any]] = [Case(f"{number}", Ticket(text=name)) for number, name in enumerate(names)]
    seen = await observed(workflow_target(mixed), *cases)

    endings = [(each.flow.ending, each.flow.cycle_seconds, len(each.flow.steps)) for each in seen if each.flow]
    assert endings == [("waiting" if name != "plain" else "completed", 0.0, int(name != "plain")) for name in names]


async def test_repeats_of_a_case_are_runs_of_their_own() -> None:
    keys: list[str] = []

    @action
    async def note() -> None:
        keys.append(step_context().idempotency_key)

    @workflow(version=1)
    async def noting(run: Run) -> None:
        await run.step(note)

    case: Case[Any, Any] = Case("same", None)
    await observed(workflow_target(noting), case, case, case)

    assert keys == ["same/note", "same~2/note", "same~3/note"]


def test_its_version_changes_with_the_models_the_reviewers_and_the_doubles() -> None:
    triage = routing(ScriptedModel([]))
    other = routing(ScriptedModel([], name="another"))
    versions = [
        workflow_target(triage).version,
        workflow_target(other).version,
        workflow_target(triage, reviewers=truthful()).version,
        workflow_target(triage, reviewers=truthful(minutes=3)).version,
        workflow_target(triage, reviewers=Reviewers(Truth(), minutes=2.0, delay_minutes=30.0)).version,
        workflow_target(triage, actions={"send": print}).version,
    ]

    assert len(set(versions)) == len(versions)
    assert workflow_target(routing(ScriptedModel([]))).version == versions[0]
    assert versions[0].startswith("3 ")


def test_it_is_called_like_its_workflow_and_knows_its_output_type() -> None:
    target = workflow_target(routing(ScriptedModel([])))

    assert (target.name, target.output_type) == ("triage", str)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: workflow_target(print), "no workflow"),  # type: ignore[call-overload]
        (lambda: workflow_target(routing(ScriptedModel([])), actions={"send": 3}), "give a function"),  # type: ignore[dict-item]
        (lambda: workflow_target(routing(ScriptedModel([])), answer="team"), "answer is 'team'"),  # type: ignore[call-overload]
        (lambda: Simulation(start=datetime(2026, 1, 1)), "time zone"),  # noqa: DTZ001
        (lambda: Simulation(horizon=timedelta(0)), "above 0"),
        (lambda: truthful(minutes=-1), "minutes is -1"),
        (lambda: truthful(delay_minutes=float("nan")), "delay_minutes is nan"),
    ],
)
def test_what_cannot_work_is_refused_when_it_is_built(build: Callable[[], Any], words: str) -> None:
    with pytest.raises((InvalidSuite, InvalidSetting), match=words):
        build()


async def test_minutes_below_zero_from_a_function_name_the_case() -> None:
    reviewers = truthful(minutes=lambda _item, _case: -2.0)

    with pytest.raises(InvalidSetting, match=r"case 'a': minutes of step 'route/review' is -2.0"):
        await observed(
            workflow_target(routing(ScriptedModel(sure)), reviewers=reviewers), Case("a", Ticket(text="?"), "billing")
        )
