"""The example of an evaluation, run whole: what its numbers must come to, whatever the model learned."""

import json
from collections import Counter
from pathlib import Path

import pytest

from examples.triage_eval import DELAY_MINUTES, MINUTES, labelled, model_in, route_suite_with, suite, suite_with
from handrail import Says, ScriptedModel
from handrail.demo.triage import KNOWN_SENDERS, THRESHOLD
from handrail_ai_steps.model import ModelRequest
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.result.result import Result
from handrail_evals.measure.running.runner import run_suite
from handrail_evals.measure.running.settings import RunSettings
from handrail_evals.numbers.metrics.answers import Right
from handrail_evals.numbers.metrics.flow import attribution, deciders, flows
from handrail_evals.numbers.statistics.intervals import Certainty

TRUTH = {ticket.message: team for ticket, team in labelled()}
CERTAINTY = Certainty(resamples=100)


def fallible(request: ModelRequest) -> Says:
    """Stand in for a model: in doubt on a third of the tickets, and wrong on each seventh of the others."""
    size = len(request.text)
    team = TRUTH[request.text]
    wrong = "sales" if team == "billing" else "billing"
    return Says(wrong if size % 7 == 0 else team, 0.5 if size % 3 == 0 else 0.95)


def by_case(result: Result) -> dict[str, CaseResult]:
    return {each.case: each for each in result.cases}


def questions(case: CaseResult) -> int:
    return 0 if case.flow is None else case.flow.questions


def check_what_must_hold(result: Result) -> None:
    assert result.is_complete
    assert len(result.cases) == 304
    asked = [each for each in result.cases if questions(each)]
    assert {each.accepted for each in asked} == {False}
    assert sum(each.accepted is True for each in result.cases) == 304 - len(asked)
    assert {each.scores["exact"] for each in asked} == {1.0}  # people know the truth here
    assert sum(each.human_minutes or 0.0 for each in result.cases) == pytest.approx(MINUTES * len(asked))
    assert {each.flow.cycle_seconds for each in asked if each.flow} == {(DELAY_MINUTES + MINUTES) * 60.0}
    assert {each.flow.cycle_seconds for each in result.cases if each.flow and not questions(each)} == {0.0}

    measured = {value.name: value.value for value in flows(result.cases, CERTAINTY)}
    assert (measured["completion"], measured["rework"]) == (1.0, 0.0)
    assert measured["exception_rate"] == pytest.approx(len(asked) / 304)
    assert measured["approval_delay_p50"] == (DELAY_MINUTES + MINUTES) * 60.0
    shares = {value.name: value.value for value in deciders(result.cases, CERTAINTY)}
    assert sum(share or 0.0 for share in shares.values()) == pytest.approx(1.0)
    assert shares["decided_by_person"] == pytest.approx(len(asked) / decisions(result))

    found = attribution(result.cases, Right("exact"), CERTAINTY)
    assert found is not None
    assert {blame.step for blame in found.blames} <= {"route", "known_sender"}
    assert sum(blame.failures for blame in found.blames) == found.failures == failures(result)


def decisions(result: Result) -> int:
    return sum(step.decider is not None for each in result.cases if each.flow for step in each.flow.steps)


def failures(result: Result) -> int:
    return sum(each.scores["exact"] == 0.0 for each in result.cases)


async def test_the_numbers_of_a_scripted_model_are_what_its_script_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # nothing may be written
    measured = suite_with(ScriptedModel(fallible))
    result = (await run_suite(measured, settings=RunSettings(10))).result

    check_what_must_hold(result)
    asked_by_model = [ticket.message for ticket, _ in labelled() if ticket.sender.casefold() not in KNOWN_SENDERS]
    doubtful = sum(len(text) % 3 == 0 for text in asked_by_model)
    wrong = sum(len(text) % 3 != 0 and len(text) % 7 == 0 for text in asked_by_model)
    by_rule = [each for each in result.cases if each.flow and [step.name for step in each.flow.steps][1] != "route"]
    wrong_by_rule = sum(each.scores["exact"] == 0.0 for each in by_rule)
    assert sum(map(questions, result.cases)) == doubtful
    assert len(by_rule) == 304 - len(asked_by_model)
    found = attribution(result.cases, Right("exact"), CERTAINTY)
    assert found is not None
    assert Counter({blame.step: blame.failures for blame in found.blames}) == Counter(
        {"route": wrong, "known_sender": wrong_by_rule}
    )
    assert not list(tmp_path.iterdir())


async def test_the_same_suite_gives_the_same_answers_flows_and_minutes_again() -> None:
    one = (await run_suite(suite_with(ScriptedModel(fallible)), settings=RunSettings(1))).result
    many = (await run_suite(suite_with(ScriptedModel(fallible)), settings=RunSettings(25))).result

    assert one.header.target_version == many.header.target_version
    first, second = by_case(one), by_case(many)
    assert {name: (case.output, case.flow, case.human_minutes) for name, case in first.items()} == {
        name: (case.output, case.flow, case.human_minutes) for name, case in second.items()
    }


async def test_the_step_alone_is_asked_about_the_tickets_that_no_rule_knows() -> None:
    measured = route_suite_with(ScriptedModel(fallible))
    result = (await run_suite(measured)).result

    known = sum(ticket.sender.casefold() in KNOWN_SENDERS for ticket, _ in labelled())
    assert len(result.cases) == 304 - known
    wrong = sum(len(case.input) % 7 == 0 for case in measured.cases)
    assert failures(result) == wrong


@pytest.mark.slow
@pytest.mark.timeout(600)  # trains a model, on whatever cores are left
async def test_the_trained_model_is_right_where_it_is_sure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    measured = suite()
    result = (await run_suite(measured, out=tmp_path / "triage.jsonl")).result

    check_what_must_hold(result)
    accepted = [each for each in result.cases if each.accepted]
    by_model = [each for each in accepted if each.confidence is not None]
    assert all((each.confidence or 0.0) >= THRESHOLD for each in by_model)
    assert 0.5 <= len(accepted) / 304 <= 0.9
    assert sum(each.scores["exact"] or 0.0 for each in accepted) / len(accepted) >= 0.94
    assert sum(each.scores["exact"] or 0.0 for each in result.cases) / 304 >= 0.96

    lines = (tmp_path / "triage.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 305
    assert json.loads(lines[1])["flow"]["steps"]
    alone = (await run_suite(route_suite_with(model_in(tmp_path / "models" / "demo-route")))).result
    confident = {each.case for each in alone.cases if each.accepted}
    assert {each.case for each in by_model} == confident  # a step decides the same alone and in its workflow
