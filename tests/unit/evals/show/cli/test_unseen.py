"""``handrail eval run``, ``gate`` and ``calibrate`` measure no step on cases that its prompt shows."""

import json
from pathlib import Path

import pytest

from handrail import Case, ScriptedModel, Suite, classify, confidence, exact, run_suite
from handrail.ai_steps import SimilarExamples
from handrail.evals import InvalidSuite
from tests.unit.evals.show.cli.commands import handrail

SHOWN = """
import json
import sys
from pathlib import Path
from typing import Literal
from handrail import Says, ScriptedModel, Suite, classify, confidence, exact, read_cases
from handrail.ai_steps import SimilarExamples

def answer(request):
    Path("asked").touch()
    return Says("billing" if "charged" in request.text else "access", 0.9)

def built(examples=()):
    model = ScriptedModel(answer, name="small")
    return classify("route", Literal["billing", "access"], "Which team?", models=model,
                    accept=confidence(at_least=0.5), examples=examples)

def measured(step):
    return Suite("route", step, cases=read_cases("tickets.jsonl", input=str, expected=str), scorers=[exact()])

other = ScriptedModel(answer, name="other")
OTHERS = [("The parcel never came, where is it?", "access"), ("You took the money twice, I was charged", "billing")]
SAME = ("i was CHARGED for the big garden", "billing")
NEAR = ("I was charged for the big gardens", "billing")

plain, own_step = built(), built([*OTHERS, SAME])
pool_step, near_step = built(SimilarExamples([*OTHERS, SAME], 1)), built(SimilarExamples([*OTHERS, NEAR], 1))
apart_step = built(SimilarExamples(OTHERS, 1))
plain_suite, own, pool, near, apart = map(measured, (plain, own_step, pool_step, near_step, apart_step))
"""
THINGS = ("garden", "window", "bicycle", "kettle", "ladder")
ASKS = {"billing": "I was charged for the big", "access": "I cannot log in to see the small"}


@pytest.fixture(autouse=True)
def _suites(_folder: None) -> None:
    Path("shown.py").write_text(SHOWN, encoding="utf-8")
    lines = [
        json.dumps({"name": f"{team} {thing}", "input": f"{ask} {thing}", "expected": team})
        for team, ask in ASKS.items()
        for thing in THINGS
    ]
    Path("tickets.jsonl").write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.dear
@pytest.mark.parametrize("shown", ["own", "pool"])
def test_a_step_that_shows_a_measured_case_is_refused_before_anybody_is_asked(shown: str) -> None:
    handrail("run", "shown.py:plain_suite", "--out", "plain.jsonl")
    Path("asked").unlink()
    labelled = ("--cases", "tickets.jsonl", "--target", "0.5", "--delta", "0.1")

    for command in (
        ("run", f"shown.py:{shown}", "--out", "out.jsonl"),
        ("gate", f"shown.py:{shown}", "--baseline", "plain.jsonl", "--margin", "0.1", "--out", "out.jsonl"),
        ("calibrate", f"shown.py:{shown}_step", *labelled),
        ("sweep", f"shown.py:{shown}", "--vary", "model=own,shown.py:other", "--out", "sweep"),
    ):
        refused = handrail(*command, code=2)
        said = " ".join(refused.stderr.split())
        assert "step 'route' shows the model" in said
        assert "'billing garden' among its examples" in said
        assert "take it out of the examples, or out of the cases" in said
    assert not Path("asked").exists()
    assert not Path("out.jsonl").exists()


@pytest.mark.dear
def test_a_step_is_not_chosen_by_cases_that_are_nearly_shown_though_it_may_be_measured_on_them() -> None:
    refused = handrail("sweep", "shown.py:near", "--vary", "model=own,shown.py:other", "--out", "sweep", code=2)
    assert "'billing garden' among its examples, or nearly it" in " ".join(refused.stderr.split())
    handrail("run", "shown.py:near", "--out", "near.jsonl")


@pytest.mark.dear
def test_a_step_that_shows_other_cases_is_measured() -> None:
    handrail("run", "shown.py:apart", "--out", "apart.jsonl")
    handrail("gate", "shown.py:apart", "--baseline", "apart.jsonl", "--margin", "0.2", "--out", "again.jsonl")
    handrail("calibrate", "shown.py:apart_step", "--cases", "tickets.jsonl", "--target", "0.5", "--delta", "0.1")


def suite_of(pool: list[tuple[str, bool]], cases: list[Case[str, bool]]) -> Suite[str, bool, bool]:
    model = ScriptedModel(lambda _: True, name="yes")
    step = classify(
        "is_it", bool, "Is it?", models=model, accept=confidence(at_least=0.5), examples=SimilarExamples(pool, 1)
    )
    return Suite("is_it", step, cases=cases, scorers=[exact()])


async def test_the_last_of_many_cases_is_compared_too() -> None:
    words = ("alpha", "brava", "carlo", "delta", "eagle", "fruit", "grand", "hotel", "india", "julia")
    texts = [f"{one} {two} {three}" for one in words for two in words for three in words[:7]]
    cases: list[Case[str, bool]] = [Case(f"c{number}", text, expected=True) for number, text in enumerate(texts)]

    with pytest.raises(InvalidSuite, match="c699"):
        await run_suite(suite_of([(f"{texts[-1]}!", True)], cases))
