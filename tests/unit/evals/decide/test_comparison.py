"""Two results side by side: worse, not worse, or too few cases; and what must not be compared is refused."""

import random
from dataclasses import replace
from typing import Any

import pytest

from handrail_evals.decide.comparison import Comparison, compare
from handrail_evals.decide.gate import Standing, Terms
from handrail_evals.decide.verdict import headline, lines, to_data, to_markdown
from handrail_evals.errors import ChangedScorer, DataError, LowOverlap, Unfinished, UnknownMetric
from handrail_evals.measure.case import Case
from handrail_evals.measure.result.case_result import CaseResult, Crash
from handrail_evals.measure.result.result import Result
from handrail_evals.measure.running.runner import run_suite
from handrail_evals.measure.scorer import Answered
from handrail_evals.measure.suite import Suite
from handrail_evals.measure.target import Observation

MARGIN = {"right": Terms(margin=0.02)}


def right(answer: Answered[str, object, str]) -> bool:
    return answer.output == answer.expected


async def result(accuracy: float, count: int = 1000, *, seed: int = 1, must_pass: str = "") -> Result:
    """Return a real result whose target is right on that share of the cases; equal seeds are wrong on the same."""
    chance = random.Random(seed)
    wrong = {f"c{number}" for number in range(count) if chance.random() >= accuracy}

    async def answer(text: str) -> Observation[str]:
        return Observation("no" if text in wrong else text.upper(), money=0.01, input_tokens=1)

    cases = [Case(f"c{n}", f"c{n}", f"C{n}", must_pass=f"c{n}" == must_pass) for n in range(count)]
    return (await run_suite(Suite("made", answer, cases=cases, scorers=[right]))).result


async def test_identical_answers_are_not_worse_however_few() -> None:
    baseline = await result(0.9, 40)

    comparison = compare(baseline, await result(0.9, 40), MARGIN)

    assert comparison.standing is Standing.NOT_WORSE
    assert "identical" in comparison.metrics["right"].judgement.reason


@pytest.mark.dear
async def test_a_true_drop_is_worse_and_the_cases_are_named() -> None:
    comparison = compare(await result(0.95), await result(0.80, seed=2), MARGIN)

    assert comparison.standing is Standing.WORSE
    assert comparison.standing.exit_code == 1
    assert len(comparison.metrics["right"].worse) > len(comparison.metrics["right"].better)


async def test_few_cases_cannot_tell_and_say_how_many_more() -> None:
    comparison = compare(await result(0.9, 60), await result(0.88, 60, seed=3), MARGIN)

    assert comparison.standing is Standing.CANT_TELL
    assert comparison.standing.exit_code == 3
    assert "more cases needed" in headline(comparison)


@pytest.mark.dear
async def test_a_failing_must_pass_case_is_worse_whatever_the_averages_say() -> None:
    baseline = await result(0.90)
    broken = next(each.case for each in baseline.cases if each.scores["right"] == 0.0)

    comparison = compare(baseline, await result(0.90, must_pass=broken), MARGIN)

    assert comparison.standing is Standing.WORSE
    assert comparison.broken == (broken,)
    assert headline(comparison) == "WORSE: 1 must-pass case fails"


async def test_a_changed_scorer_is_refused_and_says_how_to_score_anew() -> None:
    baseline = await result(0.9, 40)
    changed = replace(baseline, header=replace(baseline.header, scorers={"right": "another version"}))

    with pytest.raises(ChangedScorer, match="--answers-from"):
        compare(baseline, changed, MARGIN)


async def test_few_common_cases_are_refused_with_the_reason() -> None:
    with pytest.raises(LowOverlap, match="only in the candidate, first 'c40'"):
        compare(await result(0.9, 40), await result(0.9, 50), MARGIN)


async def test_another_input_is_another_case() -> None:
    baseline = await result(0.9, 40)
    other = replace(baseline, cases=tuple(replace(each, input_hash="other") for each in baseline.cases))

    with pytest.raises(LowOverlap, match="40 with another input"):
        compare(baseline, other, MARGIN)


async def test_another_expected_value_is_another_case() -> None:
    baseline = await result(0.9, 40)
    relabelled = tuple(replace(each, expected="?", scores={"right": 0.0}) for each in baseline.cases)

    with pytest.raises(LowOverlap, match="40 with another input or expected value"):
        compare(baseline, replace(baseline, cases=relabelled), MARGIN)


def crashed(case: CaseResult) -> CaseResult:
    return replace(case, scores={}, error=Crash(type="ConnectionError", message="gone"))


def shifted(baseline: Result, losses: int) -> Result:
    lost = [replace(each, scores={"right": 0.0}, output="no") for each in baseline.cases[:losses]]
    return replace(baseline, cases=(*lost, *baseline.cases[losses:]))


async def test_two_p_values_that_disagree_are_explained() -> None:
    baseline = await result(1.0, 200)

    few, many = (compare(baseline, shifted(baseline, losses), MARGIN) for losses in (4, 40))

    assert few.standing is many.standing is Standing.WORSE
    assert "p = 0.125; that test counts only the cases that differ" in "\n".join(lines(few))
    assert "that test" not in "\n".join(lines(many))


async def test_an_unfinished_result_is_refused() -> None:
    baseline = await result(0.9, 40)
    half = replace(baseline, cases=baseline.cases[:39])
    broken = replace(baseline, cases=(crashed(baseline.cases[0]), *baseline.cases[1:]))
    unscored = replace(baseline.cases[0], scores={"right": None}, crashes={"right": Crash(type="E", message="m")})

    with pytest.raises(Unfinished, match="39 of 40 cases were asked"):
        compare(baseline, half, MARGIN)
    with pytest.raises(Unfinished, match="1 cases crashed, first 'c0' with ConnectionError: gone"):
        compare(baseline, broken, MARGIN)
    with pytest.raises(Unfinished, match="first 'c0' with E: m"):
        compare(baseline, replace(baseline, cases=(unscored, *baseline.cases[1:])), MARGIN)


async def test_an_unknown_metric_is_refused_with_those_there_are() -> None:
    baseline = await result(0.9, 40)

    with pytest.raises(UnknownMetric, match="there are right, coverage, seconds"):
        compare(baseline, baseline, {"wrong": Terms(margin=0.1)})
    with pytest.raises(DataError, match="no metric"):
        compare(baseline, baseline, {})


async def test_money_is_better_when_it_is_less() -> None:
    baseline = await result(0.9, 100)
    dearer = replace(baseline, cases=tuple(replace(each, money=0.5) for each in baseline.cases))
    terms = {"money": Terms(margin=0.1)}

    assert compare(baseline, dearer, terms).standing is Standing.WORSE
    assert compare(dearer, baseline, terms).standing is Standing.BETTER


async def test_repeats_are_averaged_for_each_case() -> None:
    baseline = await result(0.9, 200)
    header = replace(baseline.header, repeats=2)
    twice = Result(header, (*baseline.cases, *(replace(each, repeat=1) for each in baseline.cases)))

    comparison = compare(twice, twice, MARGIN)

    assert comparison.metrics["right"].judgement.difference.cases == 200


@pytest.mark.dear
async def test_clusters_make_cases_count_for_less() -> None:
    before, after = await result(0.95, 400), await result(0.85, 400, seed=5)
    alone = compare(before, after, MARGIN).metrics["right"].judgement.difference
    sized = replace(after, cases=tuple(replace(c, cluster=f"d{i // 40}") for i, c in enumerate(after.cases)))

    clustered = compare(before, sized, MARGIN).metrics["right"].judgement.difference

    assert clustered.clusters == 10
    assert clustered.high - clustered.low > alone.high - alone.low


@pytest.fixture
async def worse() -> Comparison:
    return compare(await result(0.95), await result(0.80, seed=2), MARGIN)


@pytest.mark.dear
async def test_a_verdict_reads_the_same_in_words_data_and_markdown(worse: Comparison) -> None:
    data = to_data(worse)

    assert next(lines(worse)) == headline(worse) == data["headline"] == "WORSE"
    assert data["exit_code"] == 1
    assert to_markdown(worse).startswith("### WORSE\n\n| metric |")


@pytest.mark.dear
async def test_markdown_is_safe_from_the_names_of_cases(worse: Comparison) -> None:
    metric = replace(worse.metrics["right"], worse=("a|b `x` <img src=x>\n# head",), better=())

    text = to_markdown(replace(worse, metrics={"right": metric}))

    assert "`` a\\|b `x` <img src=x> # head ``" in text
    assert "\n# head" not in text


async def test_the_same_answers_at_another_price_are_worse_by_a_scorer_that_looks_at_the_price() -> None:
    price = 0.001

    async def route(text: str) -> Observation[str]:
        return Observation(text, money=price)

    def cheap(answer: Answered[str, object, str]) -> bool:
        return (answer.observation.money or 0) < 0.01

    suite: Suite[Any, Any, Any] = Suite(
        "priced", route, cases=[Case(f"c{n}", f"t{n}") for n in range(50)], scorers=[cheap]
    )
    before = (await run_suite(suite)).result
    price = 0.05
    after = (await run_suite(suite)).result

    assert compare(before, after, {"cheap": Terms(margin=0.02)}).standing is Standing.WORSE


@pytest.mark.parametrize(("unscored", "standing"), [(0, Standing.NOT_WORSE), (4, Standing.CANT_TELL)])
async def test_cases_that_lose_their_score_do_not_make_a_candidate_look_as_good(
    unscored: int, standing: Standing
) -> None:
    baseline = await result(1.0, 100)
    silent = (replace(each, scores={"right": None}) for each in baseline.cases[:unscored])
    candidate = replace(baseline, cases=(*silent, *baseline.cases[unscored:]))

    comparison = compare(baseline, candidate, MARGIN)

    assert comparison.standing is standing
    assert unscored == 0 or "4 cases that the baseline has a score for have none now" in headline(comparison)


async def test_a_few_lost_scores_among_many_cases_leave_a_verdict_that_holds_without_them() -> None:
    baseline, candidate = await result(1.0, 1000), await result(1.0, 1000)
    first = replace(candidate.cases[0], scores={"right": None})

    comparison = compare(baseline, replace(candidate, cases=(first, *candidate.cases[1:])), MARGIN)

    assert comparison.standing is Standing.NOT_WORSE
