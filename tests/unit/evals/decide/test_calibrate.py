"""A threshold keeps its promise, or there is none and the reason is said."""

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from handrail_evals.decide.calibrate.calibration import calibrate
from handrail_evals.decide.calibrate.choice import choose_score, choose_start, expected_coverage
from handrail_evals.decide.calibrate.groups import Workload, cost_view
from handrail_evals.decide.calibrate.labels import Audit, Correction, Scored
from handrail_evals.decide.calibrate.promise import Promise, at_most, labels_for, upper_bound
from handrail_evals.decide.calibrate.sequence import AcceptedTally, Ladder, scan, start
from handrail_evals.errors import InvalidLabels, InvalidSetting

TRAFFIC = [rank / 2000 for rank in range(2000)]
RISKS = st.floats(0.001, 0.999)


def drawn(chance: random.Random, labels: int, worst: float = 0.15) -> list[Audit]:
    """Return audits with uniform scores, whose risk falls in a straight line from ``worst`` at 0 to none at 1."""
    scores = [chance.random() for _ in range(labels)]
    return [Audit(score, chance.random() >= worst * (1 - score)) for score in scores]


def true_risk(threshold: float, worst: float = 0.15) -> float:
    return worst * (1 - threshold) / 2


@pytest.mark.parametrize(("target", "floor"), [(0.01, 299), (0.02, 149), (0.05, 59)])
def test_the_floor_is_what_error_free_labels_can_vouch_for(target: float, floor: int) -> None:
    promise = Promise(target)

    assert promise.floor == floor
    assert (1 - target) ** floor <= promise.delta < (1 - target) ** (floor - 1)


@pytest.mark.parametrize(("target", "floor"), [(0.01, 299), (0.02, 149), (0.05, 59)])
def test_one_label_under_the_floor_accepts_nothing_and_says_what_is_missing(target: float, floor: int) -> None:
    perfect = [Audit(0.9, right=True)] * floor

    below = calibrate(perfect[1:], traffic=[0.9], promise=Promise(target))
    at = calibrate(perfect, traffic=[0.9], promise=Promise(target))

    assert (below.threshold, below.labels_missing, below.coverage, below.bound) == (None, 1, 0.0, 1.0)
    assert "label 1 more" in below.reason
    assert (at.threshold, at.labels_missing, at.coverage) == (0.9, 0, 1.0)
    assert at.bound <= target


def test_no_labels_accept_nothing() -> None:
    nothing = calibrate([], traffic=TRAFFIC, promise=Promise(0.02))

    assert (nothing.threshold, nothing.labels_missing) == (None, 149)


def test_a_hopeless_score_accepts_nothing_whatever_the_number_of_labels() -> None:
    chance = random.Random(0)
    wrong_half_the_time = [Audit(chance.random(), chance.random() < 0.5) for _ in range(3000)]

    found = calibrate(wrong_half_the_time, traffic=TRAFFIC, promise=Promise(0.05))

    assert (found.threshold, found.labels_missing) == (None, 0)
    assert "wrong of" in found.reason


@pytest.mark.slow
@pytest.mark.parametrize(("target", "labels"), [(0.02, 300), (0.05, 300), (0.05, 1500)])
def test_the_promise_is_broken_in_at_most_one_of_twenty_repetitions(target: float, labels: int) -> None:
    chance = random.Random(f"{target} {labels}")
    repetitions, broken = 400, 0
    for _ in range(repetitions):
        traffic = [chance.random() for _ in range(500)]
        tally = AcceptedTally.of(drawn(chance, labels))
        passed = scan(tally, Ladder.of(traffic), Promise(target)).passed
        broken += passed is not None and true_risk(passed.rung.threshold) > target

    # 5% of 400 is 20; 29 are exceeded in 2 of 100 such simulations when the chance is exactly 5%.
    assert broken <= stats.binom.ppf(0.98, repetitions, 0.05)


@pytest.mark.slow
def test_more_labels_let_more_pass() -> None:
    chance = random.Random(1)

    def mean_coverage(labels: int) -> float:
        found = (calibrate(drawn(chance, labels), traffic=TRAFFIC, promise=Promise(0.05)) for _ in range(10))
        return sum(each.coverage for each in found) / 10

    few, more, many = map(mean_coverage, (300, 2000, 10_000))
    assert 0 < few < more < many < 0.69  # two thirds are all that truly keeps 5%


@pytest.mark.slow
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=59, max_size=400), st.sampled_from([0.05, 0.2]))
def test_what_is_accepted_was_vouched_for(labels: list[tuple[float, bool]], target: float) -> None:
    audits = [Audit(score, right) for score, right in labels]

    found = calibrate(audits, traffic=TRAFFIC, promise=Promise(target))

    if found.threshold is None:
        assert (found.accepted, found.coverage) == (0, 0.0)
    else:
        above = [audit for audit in audits if audit.score >= found.threshold]
        assert found.accepted == len(above)
        assert found.errors == sum(not audit.right for audit in above)
        assert found.coverage == len(above) / len(audits)
        assert found.bound <= target + 1e-12


@pytest.mark.slow
@given(st.lists(st.booleans(), min_size=300, max_size=300), st.randoms(use_true_random=False))
def test_the_order_of_the_labels_does_not_matter(rights: list[bool], chance: random.Random) -> None:
    audits = [Audit(index / 300, right) for index, right in enumerate(rights)]
    shuffled = chance.sample(audits, len(audits))

    first, second = (calibrate(each, traffic=TRAFFIC, promise=Promise(0.2)) for each in (audits, shuffled))

    assert replace(first, data_hash="") == replace(second, data_hash="")


@given(st.integers(0, 400), st.integers(1, 3000), RISKS)
def test_chances_are_those_of_scipy(errors: int, labels: int, risk: float) -> None:
    # what is smaller than the last of these is a chance for nobody, and its logarithm has lost digits in both
    assert at_most(errors, labels, risk) == pytest.approx(stats.binom.cdf(errors, labels, risk), rel=1e-7, abs=1e-200)


@given(st.integers(0, 200), st.integers(0, 3000), st.floats(0.001, 0.5))
def test_bounds_are_those_of_clopper_and_pearson(errors: int, more: int, delta: float) -> None:
    labels = errors + more
    expected = stats.beta.ppf(1 - delta, errors + 1, more) if more else 1.0

    assert upper_bound(errors, labels, delta) == pytest.approx(expected, abs=1e-9)


@given(st.integers(0, 20), st.floats(0.005, 0.5), st.floats(0.001, 0.5))
def test_as_many_labels_are_needed_as_vouch_for_the_risk(errors: int, risk: float, delta: float) -> None:
    needed = labels_for(errors, risk, delta)

    assert at_most(errors, needed, risk) <= delta < at_most(errors, needed - 1, risk)


def test_far_too_many_errors_are_certain_not_impossible() -> None:
    assert at_most(50_000, 60_000, 0.02) == 1.0
    assert at_most(0, 60_000, 0.02) == pytest.approx(0.0, abs=1e-300)


def test_a_ladder_has_equal_steps_of_coverage_from_strict_to_loose() -> None:
    rungs = Ladder.of(TRAFFIC).rungs

    assert [rung.coverage for rung in rungs] == [pytest.approx((step + 1) / len(rungs)) for step in range(len(rungs))]
    assert [rung.threshold for rung in rungs] == sorted((rung.threshold for rung in rungs), reverse=True)


@given(st.lists(st.sampled_from([0.1, 0.5, 0.9, 1.0]), min_size=1, max_size=50))
def test_equal_scores_share_one_step(scores: list[float]) -> None:
    rungs = Ladder.of(scores).rungs

    assert {rung.threshold for rung in rungs} == set(scores)
    assert len(rungs) == len(set(scores))
    assert all(rung.coverage == sum(score >= rung.threshold for score in scores) / len(scores) for rung in rungs)


@pytest.mark.dear
@pytest.mark.parametrize("labels", [150, 300, 1000, 3000, 100_000])
def test_the_first_threshold_tolerates_its_part_of_the_errors(labels: int) -> None:
    promise = Promise(0.02)
    ladder = Ladder.of(TRAFFIC)
    tally = AcceptedTally.of(Audit(rank / labels, right=True) for rank in range(labels))
    errors = min(8, int(0.15 * 0.02 * labels))

    first = start(ladder, tally, promise)

    accepted = [tally.at_least(rung.threshold).accepted for rung in ladder.rungs]
    assert at_most(errors, accepted[first], promise.target) <= promise.delta
    assert at_most(errors, accepted[first - 1], promise.target) > promise.delta


def test_corrections_cannot_calibrate() -> None:
    correction = Correction("my card is gone", "lost_card")

    with pytest.raises(InvalidLabels, match=r"label 1 is a Correction.*Corrections are the hard cases"):
        calibrate([Audit(0.9, right=True), correction], traffic=TRAFFIC, promise=Promise(0.02))  # type: ignore[list-item]


def test_development_cases_cannot_calibrate() -> None:
    with pytest.raises(InvalidLabels, match="label 0 is a Scored"):
        calibrate([Scored(0.9, right=True)], traffic=TRAFFIC, promise=Promise(0.02))  # type: ignore[list-item]


def test_a_case_counts_once() -> None:
    with pytest.raises(InvalidLabels, match=r"case 'a' is there twice \(label 1\)"):
        calibrate([Audit(0.9, right=True, case="a")] * 2, traffic=TRAFFIC, promise=Promise(0.02))


@pytest.mark.parametrize("score", [float("nan"), float("inf"), True, "0.9", None])
def test_a_score_is_a_finite_number(score: float) -> None:
    with pytest.raises(InvalidLabels, match="finite number"):
        Audit(score, right=True)
    with pytest.raises(InvalidLabels, match="finite number"):
        Scored(score, right=True)


def test_thresholds_need_other_scores() -> None:
    with pytest.raises(InvalidLabels, match="no scores to take thresholds from"):
        calibrate([Audit(0.9, right=True)], traffic=[], promise=Promise(0.02))


@pytest.mark.parametrize("share", [0, 1, -0.1, float("nan")])
def test_a_promise_is_between_never_and_always(share: float) -> None:
    with pytest.raises(InvalidSetting, match="target is"):
        Promise(share)
    with pytest.raises(InvalidSetting, match="delta is"):
        Promise(0.02, delta=share)


def test_the_cost_is_people_for_what_is_not_accepted_and_for_audits() -> None:
    audits = [Audit(0.9, right=index > 1) for index in range(400)] + [
        Audit(0.1, right=index > 99) for index in range(100)
    ]
    found = calibrate(audits, traffic=[0.9] * 80 + [0.1] * 20, promise=Promise(0.02))

    view = cost_view(found, Workload(cases=1000, minutes_each=3, audited=0.05))

    assert view.coverage == 0.8
    assert view.human_minutes == pytest.approx((200 + 0.05 * 800) * 3)
    assert view.expected_wrong == pytest.approx(800 * 2 / 400)
    assert view.promised_wrong == pytest.approx(16)


def test_without_a_threshold_people_do_everything() -> None:
    view = cost_view(calibrate([], traffic=TRAFFIC, promise=Promise(0.02)), Workload(cases=10, minutes_each=2))

    assert (view.coverage, view.human_minutes, view.expected_wrong, view.promised_wrong) == (0, 20, 0, 0)


@pytest.mark.parametrize(("cases", "minutes", "audited"), [(-1, 1.0, 0.0), (1, -1.0, 0.0), (1, 1.0, 1.5)])
def test_an_impossible_workload_is_refused(cases: int, minutes: float, audited: float) -> None:
    with pytest.raises(InvalidSetting, match="cannot be"):
        Workload(cases=cases, minutes_each=minutes, audited=audited)


@pytest.mark.slow
def test_the_score_that_tells_right_from_wrong_is_chosen() -> None:
    chance = random.Random(3)
    sharp = [Scored(audit.score, audit.right) for audit in drawn(chance, 1000)]
    blurred = [Scored(0.3 * case.score + 0.7 * chance.random(), case.right) for case in sharp]

    choice = choose_score({"blurred": blurred, "sharp": sharp}, promise=Promise(0.05), labels=1000)

    assert choice.score == "sharp"
    assert choice.expected_coverage["sharp"] > choice.expected_coverage["blurred"]


@pytest.mark.slow
def test_a_start_chosen_on_development_cases_helps_where_the_usual_one_is_too_loose() -> None:
    chance = random.Random(8)
    promise, ladder = Promise(0.05), Ladder.of(TRAFFIC)
    development = [Scored(case.score, case.right) for case in drawn(chance, 2000, worst=0.4)]

    first_errors = choose_start(development, promise=promise, labels=1000)

    def found(audits: list[Audit], first_errors: int | None) -> bool:
        return scan(AcceptedTally.of(audits), ladder, promise, first_errors=first_errors).passed is not None

    samples = [drawn(chance, 1000, worst=0.4) for _ in range(100)]
    usual, chosen = (sum(found(audits, start) for audits in samples) for start in (None, first_errors))
    assert first_errors < 7  # the usual number at 1000 labels
    assert chosen > usual


def test_a_start_can_be_set_before_the_labels_are_seen() -> None:
    audits = [Audit(rank / 400, right=rank >= 200) for rank in range(400)]

    strict = calibrate(audits, traffic=TRAFFIC, promise=Promise(0.05), first_errors=0)
    loose = calibrate(audits, traffic=TRAFFIC, promise=Promise(0.05), first_errors=8)

    assert strict.threshold == pytest.approx(0.5, abs=0.05)
    assert loose.threshold is None


def test_a_start_beyond_the_labels_is_brought_down() -> None:
    perfect = [Audit(0.9, right=True)] * 60

    assert calibrate(perfect, traffic=[0.9], promise=Promise(0.05), first_errors=8).threshold == 0.9


def test_a_start_below_no_errors_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="first_errors is -1"):
        calibrate([], traffic=TRAFFIC, promise=Promise(0.05), first_errors=-1)


@pytest.mark.parametrize("labels", [60, 400])
def test_thresholds_with_no_label_between_them_pass_together(labels: int) -> None:
    same = [Audit(0.5, right=True)] * labels

    found = calibrate(same, traffic=[0.1, 0.2, 0.3, 0.4, 0.5], promise=Promise(0.05))

    assert found.threshold == 0.1  # no label lies between the steps: the loosest is as good as the strictest
    assert found.coverage == 1


def test_too_few_labels_are_expected_to_accept_nothing() -> None:
    assert expected_coverage([Scored(0.9, right=True)], promise=Promise(0.02), labels=148) == 0
    assert expected_coverage([Scored(0.9, right=True)], promise=Promise(0.02), labels=149) == 1


def test_a_choice_needs_scores() -> None:
    with pytest.raises(InvalidLabels, match="no scores to choose from"):
        choose_score({}, promise=Promise(0.02), labels=300)


def test_more_errors_at_the_start_than_labels_begin_where_all_labels_do() -> None:
    audits = drawn(random.Random(5), 400)

    found = calibrate(audits, promise=Promise(0.1), first_errors=10**9)

    assert found.threshold == calibrate(audits, promise=Promise(0.1), first_errors=400).threshold


@pytest.mark.parametrize("number", ["0.1", None, True])
def test_a_promise_is_made_of_numbers(number: Any) -> None:
    with pytest.raises(InvalidSetting, match="target is"):
        Promise(number)
    with pytest.raises(InvalidSetting, match="delta is"):
        Promise(0.1, number)


def test_a_promise_is_split_into_whole_parts() -> None:
    with pytest.raises(InvalidSetting, match=r"parts is 1\.5; give a whole number"):
        Promise(0.1).split(1.5)  # type: ignore[arg-type]


@pytest.mark.parametrize(("cases", "minutes"), [(float("inf"), 1.0), (1000, float("inf")), (float("nan"), 1.0)])
def test_work_without_end_has_no_costs(cases: Any, minutes: float) -> None:
    with pytest.raises(InvalidSetting, match="cannot be"):
        Workload(cases=cases, minutes_each=minutes)
