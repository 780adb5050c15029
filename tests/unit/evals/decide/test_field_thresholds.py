"""Each field of a record has a threshold that keeps its promise, and so has the record as a whole."""

import random
from decimal import Decimal

import pytest
from pydantic import BaseModel

from handrail import Case, Says, ScriptedModel, confidence, each_field, extract
from handrail.ai_steps import EachField, ModelRequest
from handrail.calibration import InvalidLabels, JudgedCase, Promise, calibrate_fields, field_reach, judge_cases
from handrail.guards import Confidence, Judgement, Never
from handrail_evals.decide.calibrate.field_thresholds import each_row, fields_right

WRONG_BELOW = {"number": 0.1, "lines.0.total": 0.4, "lines.1.total": 0.4}
"""A field is wrong where it is less sure than that."""


def case_of(number: int, chance: random.Random, group: str = "") -> JudgedCase:
    sure = {path: chance.random() for path in WRONG_BELOW}
    right = {path: score >= WRONG_BELOW[path] for path, score in sure.items()}
    judgement = Judgement(
        confidence=Confidence(min(sure.values()), "local"),
        fields={path: Confidence(score, "local") for path, score in sure.items()},
    )
    return JudgedCase(
        judgement=judgement, right=all(right.values()), case=f"c-{number}", group=group, fields_right=right
    )


def cases_of(count: int, seed: int = 1) -> list[JudgedCase]:
    chance = random.Random(seed)
    return [case_of(number, chance, "seen" if number % 3 else "never seen") for number in range(count)]


@pytest.mark.dear
def test_each_field_has_its_own_threshold_and_rows_have_one_together() -> None:
    found = calibrate_fields(cases_of(3_000), promise=Promise(target=0.05, delta=0.05))
    thresholds = {name: each.threshold for name, each in found.fields.items()}
    assert set(thresholds) == {"number", "lines.*.total"}
    assert thresholds["number"] is not None
    assert thresholds["lines.*.total"] is not None
    assert thresholds["number"] < 0.2
    assert thresholds["lines.*.total"] > 0.3
    assert found.record.threshold is not None
    rule = found.rule
    assert isinstance(rule, EachField)
    chance = random.Random(5)
    for number in range(100):
        case = case_of(number, chance)
        sure = {each_row(path): each.value or 0.0 for path, each in sorted(case.judgement.fields.items())}
        above = all(sure[name] >= (threshold or 0.0) for name, threshold in thresholds.items())
        if rule.doubt(case.judgement) is None:
            assert above


def test_a_field_without_a_threshold_lets_nothing_be_accepted() -> None:
    found = calibrate_fields(cases_of(40), promise=Promise(target=0.05, delta=0.05))
    assert found.fields["number"].labels_missing > 0
    assert isinstance(found.rule, Never)


@pytest.mark.slow
def test_the_promises_of_all_fields_hold_at_once_as_often_as_is_said() -> None:
    broken = 0
    for seed in range(80):
        chance = random.Random(seed)
        cases = []
        for number in range(400):
            scores = {name: chance.random() for name in ("a", "b", "c")}
            right = {name: chance.random() < 0.8 + 0.2 * score for name, score in scores.items()}
            fields = {name: Confidence(score, "local") for name, score in scores.items()}
            judgement = Judgement(confidence=Confidence(min(scores.values()), "local"), fields=fields)
            cases.append(
                JudgedCase(judgement=judgement, right=all(right.values()), case=str(number), fields_right=right)
            )
        found = calibrate_fields(cases, promise=Promise(target=0.1, delta=0.1))
        for each in found.fields.values():
            if each.threshold is not None and (1 - (0.8 + 0.2 * (1 + each.threshold) / 2)) > 0.1:
                broken += 1
                break
    assert broken <= 80 * 0.1 + 3 * (80 * 0.1 * 0.9) ** 0.5


def test_what_fields_reach_is_told_for_all_and_by_group() -> None:
    reach = {(each.field, each.group): each for each in field_reach(cases_of(900))}
    assert {field for field, _ in reach} == {"", "number", "lines.*.total"}
    assert {group for _, group in reach} == {"", "seen", "never seen"}
    number = reach["number", ""]
    assert number.cases == reach["number", "seen"].cases + reach["number", "never seen"].cases == 900
    assert number.coverage[0.02] <= number.coverage[0.05]
    assert abs(number.coverage[0.02] - 0.9) < 0.06
    tied = [
        JudgedCase(
            judgement=Judgement(confidence=Confidence(0.9, "vote"), fields={"a": Confidence(0.9, "vote")}),
            right=right,
            case=str(right),
            fields_right={"a": right},
        )
        for right in (True, False)
    ]
    assert field_reach(tied)[1].coverage == {0.02: 0.0, 0.05: 0.0}


def test_a_missing_field_and_another_length_are_wrong() -> None:
    value = {"a": 1, "lines": [{"t": 1}], "extra": None}
    label = {"a": 1, "lines": [{"t": 1}, {"t": 2}], "extra": None}
    assert fields_right(value, label, ["a", "lines.#", "lines.0.t", "lines.1.t", "extra"]) == {
        "a": True,
        "lines.#": False,
        "lines.0.t": True,
        "lines.1.t": False,
        "extra": True,
    }


class Receipt(BaseModel):
    company: str
    total: Decimal


@pytest.mark.dear
async def test_a_step_and_labelled_cases_are_all_it_takes() -> None:
    def reads(request: ModelRequest) -> Says:
        number = int(request.text)
        total = "10.00" if number % 10 else "99.00"
        sure = {"company": 0.9, "total": 0.95 if number % 10 else 0.3}
        return Says({"company": "ACME", "total": total}, min(sure.values()), fields=sure)

    step = extract("receipt", Receipt, "Read it.", models=ScriptedModel(reads), accept=each_field(at_least=0.5))
    cases = [
        Case(name=f"r-{number}", input=str(number), expected=Receipt(company="ACME", total=Decimal("10.00")))
        for number in range(400)
    ]
    judged = await judge_cases(step, cases)
    found = calibrate_fields(judged.cases, promise=Promise(target=0.05, delta=0.05))
    assert found.fields["total"].threshold == 0.95
    assert found.fields["company"].threshold == 0.9


def test_cases_without_fields_are_refused_with_what_to_do() -> None:
    plain = JudgedCase(judgement=Judgement(confidence=Confidence(0.9, "vote")), right=True, case="one")
    with pytest.raises(InvalidLabels, match="which fields are right"):
        calibrate_fields([plain], promise=Promise(target=0.05, delta=0.05))
    assert confidence(at_least=0.5) is not None
