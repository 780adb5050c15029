"""Macro F1 in the gate: what each case adds to it, held to the definition and to simulation."""

import math
import random
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_evals.decide.comparison import compare
from handrail_evals.decide.gate import Standing, Terms
from handrail_evals.errors import DataError
from handrail_evals.measure.case import Case
from handrail_evals.measure.result.result import Result
from handrail_evals.measure.running.runner import run_suite
from handrail_evals.measure.scorers.exact import exact
from handrail_evals.measure.suite import Suite
from handrail_evals.numbers.macro_f1 import Answers, changes, pseudo_values
from handrail_evals.numbers.statistics.difference import paired_difference

LABELS = st.sampled_from("abc")
CASES = st.lists(
    st.lists(st.tuples(LABELS, st.none() | st.sampled_from("abcd")), min_size=1, max_size=2), min_size=2, max_size=8
)


def macro_f1(cases: Mapping[str, Answers]) -> float:
    """Return it by its definition."""
    parts = [(right, said, 1 / len(answers)) for answers in cases.values() for right, said in answers]
    scores = []
    for label in {part for right, said, _ in parts for part in (right, said) if part is not None}:
        right = sum(part for expected, _, part in parts if expected == label)
        said = sum(part for _, answer, part in parts if answer == label)
        both = sum(part for expected, answer, part in parts if expected == answer == label)
        scores.append(2 * both / (right + said))
    return sum(scores) / len(scores)


@given(CASES)
def test_a_pseudo_value_is_what_leaving_the_case_out_changes(answers: list[Answers]) -> None:
    cases = {str(number): each for number, each in enumerate(answers)}

    found = pseudo_values(cases)

    count = len(cases)
    for name, value in found.items():
        rest = {other: each for other, each in cases.items() if other != name}
        assert math.isclose(value, count * macro_f1(cases) - (count - 1) * macro_f1(rest), abs_tol=1e-9)


@given(CASES, st.data())
def test_a_change_is_what_one_answer_alone_does(answers: list[Answers], data: st.DataObject) -> None:
    before = {str(number): each for number, each in enumerate(answers)}
    said = st.none() | st.sampled_from("abcd")
    after = {name: [(right, data.draw(said)) for right, _ in each] for name, each in before.items()}

    found = changes(before, after)

    assert found.keys() == {name for name in before if sorted(map(str, before[name])) != sorted(map(str, after[name]))}
    for name, change in found.items():
        assert math.isclose(change, macro_f1(before | {name: after[name]}) - macro_f1(before), abs_tol=1e-9)


@pytest.mark.dear
async def test_cases_whose_answers_are_the_same_are_neither_better_nor_worse() -> None:
    terms = {"macro_f1": Terms(margin=0.02)}

    better = compare(await result("rare", 3), await result("rare", 2), terms).metrics["macro_f1"]
    same = compare(await result("rare", 3), await result("rare", 3), terms).metrics["macro_f1"]

    assert better.better == tuple(f"rare {10 * tens + 2}" for tens in range(10))
    assert better.worse == ()
    assert (same.better, same.worse) == ((), ())


@pytest.mark.slow
@pytest.mark.parametrize(("cases", "labels"), [(300, 5), (300, 20)])
def test_without_a_difference_a_false_alarm_is_rare(cases: int, labels: int) -> None:
    chance = random.Random(5)
    worse = covered = 0
    for _ in range(300):
        sides: list[dict[str, Answers]] = [{}, {}]
        for number in range(cases):
            right = chance.choices(range(labels), [1 / (place + 1) for place in range(labels)])[0]
            for side in sides:
                said = right if chance.random() < 0.85 else chance.randrange(labels)
                side[str(number)] = [(str(right), str(said))]
        before, after = map(pseudo_values, sides)
        difference = paired_difference([after[name] - before[name] for name in before])
        worse += difference.high < 0
        covered += difference.low <= 0 <= difference.high

    assert worse / 300 <= 0.05
    assert covered / 300 >= 0.93


async def result(rare: str, wrong_each: int) -> Result:
    """Return a result that is wrong on some of the rare label's cases only."""

    async def answer(text: str) -> str:
        label, number = text.split()
        return "common" if label == rare and int(number) % 10 < wrong_each else label

    texts = [f"common {n}" for n in range(900)] + [f"{rare} {n}" for n in range(100)]
    cases = [Case(text, text, text.split()[0]) for text in texts]
    return (await run_suite(Suite("rare", answer, cases=cases, scorers=[exact()]))).result


@pytest.mark.dear
async def test_a_drop_on_a_rare_label_is_seen_by_macro_f1_and_hardly_by_accuracy() -> None:
    before, after = await result("rare", 1), await result("rare", 4)

    comparison = compare(before, after, {"macro_f1": Terms(margin=0.02), "exact": Terms(margin=0.05)})

    judged = {name: each.judgement for name, each in comparison.metrics.items()}
    assert judged["macro_f1"].standing is Standing.WORSE
    assert judged["macro_f1"].difference.estimate < -0.08
    assert -0.05 < judged["exact"].difference.estimate < 0
    assert comparison.metrics["macro_f1"].judgement.mcnemar is None


@pytest.mark.dear
async def test_identical_answers_are_not_worse() -> None:
    before = await result("rare", 1)

    assert compare(before, before, {"macro_f1": Terms(margin=0.02)}).standing is Standing.NOT_WORSE


async def test_macro_f1_of_what_are_no_labels_is_refused() -> None:
    async def same(text: str) -> str:
        return text

    texts = [f"a long text of its own, number {number}" for number in range(60)]
    suite = Suite("texts", same, cases=[Case(text, text, text) for text in texts], scorers=[exact()])
    made = (await run_suite(suite)).result

    with pytest.raises(DataError, match="macro_f1 is of labels"):
        compare(made, made, {"macro_f1": Terms(margin=0.02)})
