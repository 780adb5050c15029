"""Labels that are not what they seem: copies, clusters, labels given with the suggestion in view, wrong ones, ties."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from handrail.guards import Alternative, Confidence, Judgement
from handrail_evals.decide.calibrate.acceptance_file import Subject, guarantee
from handrail_evals.decide.calibrate.calibration import calibrate
from handrail_evals.decide.calibrate.choice import fit_acceptor
from handrail_evals.decide.calibrate.groups import Looks, recalibrate
from handrail_evals.decide.calibrate.labels import Audit, JudgedCase, Scored, audits_of
from handrail_evals.decide.calibrate.promise import Promise
from handrail_evals.decide.calibrate.sequence import AcceptedCounts, AcceptedTally, Ladder, scan
from handrail_evals.errors import InvalidLabels
from handrail_guards.guarantee import GuaranteedThreshold

SCORES = st.floats(0, 1)
ROWS = st.lists(st.tuples(SCORES, st.booleans(), st.sampled_from(["", "a", "b", "c"])), max_size=40)


def drawn(chance: random.Random, labels: int, worst: float = 0.15) -> list[Audit]:
    """Return audits with uniform scores, whose risk falls in a straight line from ``worst`` at 0 to none at 1."""
    scores = [chance.random() for _ in range(labels)]
    return [Audit(s, chance.random() >= worst * (1 - s), case=f"a{n}") for n, s in enumerate(scores)]


def copied(audits: list[Audit], times: int) -> list[Audit]:
    """Return each audit several times under other names, with what the copies share as their cluster."""
    return [Audit(a.score, a.right, f"{a.case}-{n}", cluster=a.case) for a in audits for n in range(times)]


class Row(NamedTuple):
    """A labelled case as the tests count it, made quickly: thousands of times a simulation."""

    score: float
    right: bool
    cluster: str = ""


def accepted_from(rows: Sequence[Row], promise: Promise) -> float | None:
    """Return the threshold that ``calibrate`` sets without traffic, without hashing and explaining what it did."""
    tally = AcceptedTally.of(rows)
    passed = scan(tally, Ladder.of(tally.scores), promise).passed
    return passed.rung.threshold if passed else None


@pytest.mark.parametrize("worst", [0.0, 0.1, 0.3])
def test_the_simulations_threshold_is_that_of_calibrate(worst: float) -> None:
    for labels in (40, 150, 600):
        audits = copied(drawn(random.Random(labels), labels, worst), 2)
        rows = [Row(each.score, each.right, each.cluster) for each in audits]

        assert accepted_from(rows, Promise(0.05)) == calibrate(audits, promise=Promise(0.05)).threshold


def true_risk(threshold: float, worst: float = 0.15) -> float:
    return worst * (1 - threshold) / 2


# -- copies and clusters


@pytest.mark.parametrize("times", [2, 5])
def test_copies_count_once(times: int) -> None:
    once = drawn(random.Random(1), 600)

    alone, copies = (calibrate(each, promise=Promise(0.05)) for each in (once, copied(once, times)))

    same = ("threshold", "labels", "accepted", "errors", "bound", "labels_missing")
    assert [getattr(copies, name) for name in same] == [getattr(alone, name) for name in same]
    assert copies.coverage == pytest.approx(alone.coverage)
    assert copies.copies == (times - 1) * 600
    assert "labels were not counted: they share their input or cluster with another" in copies.reason


def test_copies_do_not_make_up_for_missing_labels() -> None:
    few = [Audit(0.9, right=True, case=f"a{n}") for n in range(40)]

    found = calibrate(copied(few, 10), promise=Promise(0.05))

    assert (found.threshold, found.labels, found.labels_missing) == (None, 40, 19)


@pytest.mark.parametrize("times", [2, 5])
def test_copies_without_a_cluster_are_suspected(times: int) -> None:
    audits = drawn(random.Random(1), 600)
    nameless = [replace(a, cluster="") for a in copied(audits, times)]

    assert f"only 600 of {600 * times:,} scores differ" in calibrate(nameless, promise=Promise(0.05)).reason
    assert "scores differ" not in calibrate(audits, promise=Promise(0.05)).reason


def test_a_look_reads_so_many_labels_that_count() -> None:
    audits = copied(drawn(random.Random(1), 700), 2)

    found = recalibrate(audits, promise=Promise(0.05), looks=Looks((500, 1000)), taken=0)

    assert found == calibrate(audits[:1000], promise=Looks((500, 1000)).share(Promise(0.05)))
    assert found is not None
    assert (found.labels, found.cases) == (500, 1000)
    assert recalibrate(audits, promise=Promise(0.05), looks=Looks((500, 1000)), taken=found.labels) is None


@pytest.mark.slow
@pytest.mark.parametrize("times", [3, 5])
def test_with_copies_the_promise_is_broken_in_at_most_one_of_twenty_repetitions(times: int) -> None:
    chance = random.Random(times)
    repetitions, broken = 300, 0
    for _ in range(repetitions):
        once = ((chance.random(), f"a{n}") for n in range(300))
        rows = [(score, chance.random() >= 0.15 * (1 - score), cluster) for score, cluster in once]
        found = accepted_from([Row(*row) for row in rows for _ in range(times)], Promise(0.05))
        broken += found is not None and true_risk(found) > 0.05

    assert broken <= stats.binom.ppf(0.98, repetitions, 0.05)


def test_a_frequent_input_that_goes_wrong_is_not_hidden_by_counting_it_once() -> None:
    fine = [Audit(0.99, right=True, case=f"a{n}") for n in range(500)]
    hello = [Audit(0.99, right=False, case=f"h{n}", cluster="hello") for n in range(100)]

    found = calibrate([*fine, *hello], promise=Promise(0.05))

    assert found.threshold is None


@given(ROWS, SCORES)
def test_clusters_are_labels_wrong_by_the_share_of_their_cases(
    rows: list[tuple[float, bool, str]], threshold: float
) -> None:
    audits = [Audit(score, right, cluster=cluster) for score, right, cluster in rows]

    counts = AcceptedTally.of(audits).at_least(threshold)

    above = [audit for audit in audits if audit.score >= threshold]
    alone = [audit for audit in above if not audit.cluster]
    clusters = {audit.cluster for audit in above} - {""}
    assert counts.accepted == len(alone) + len(clusters)
    assert counts.errors <= counts.accepted
    wrong = sum(not audit.right for audit in above)
    assert counts.errors >= counts.accepted * (wrong / max(1, len(above))) - 1e-9
    assert (counts.errors == 0) == (wrong == 0)


@given(ROWS)
def test_without_clusters_every_label_counts(rows: list[tuple[float, bool, str]]) -> None:
    audits = [Audit(score, right) for score, right, _ in rows]

    assert AcceptedTally.of(audits).at_least(0.0) == AcceptedCounts(len(rows), sum(not right for _, right, _ in rows))


def test_an_acceptor_knows_the_copies_of_what_it_was_fitted_on() -> None:
    chance = random.Random(3)

    def judged(name: str, cluster: str) -> JudgedCase:
        sure = chance.random()
        judgement = Judgement(
            confidence=Confidence(sure, "local"), alternatives=(Alternative(value="b", confidence=(1 - sure) / 2),)
        )
        return JudgedCase(judgement=judgement, right=chance.random() < sure, case=name, cluster=cluster)

    acceptor = fit_acceptor([judged(f"d{n}", f"text {n}") for n in range(200)])

    with pytest.raises(InvalidLabels, match="or on copies of them"):
        audits_of([judged("other name", "text 7")], "acceptor", acceptor)
    assert len(audits_of([judged("other name", "text 700")], "acceptor", acceptor)) == 1


# -- labels given with the suggestion in view


def test_labels_given_with_the_suggestion_in_view_are_refused_and_it_is_said_why() -> None:
    audits = [replace(a, blind=a.case != "a3") for a in drawn(random.Random(0), 200)]

    with pytest.raises(InvalidLabels, match=r"1 of 200 labels .* suggestion in view \('a3'\): people agree"):
        calibrate(audits, promise=Promise(0.05))
    assert calibrate(audits, promise=Promise(0.05), accept_seen=True).labels == 200


def test_labels_that_were_seen_are_told_wherever_the_promise_is() -> None:
    audits = [replace(a, blind=a.case not in {"a3", "a9"}) for a in drawn(random.Random(0), 400)]
    subject = Subject(step="route", prompt_version="a1", model="m", confidence_source="local", score="confidence")

    found = calibrate(audits, promise=Promise(0.05), accept_seen=True)
    rule = GuaranteedThreshold.from_json(guarantee(found, subject, day=date(2026, 1, 31)).to_json())
    unsure = Judgement(confidence=Confidence(0.01, "local"), task="route", prompt_version="a1", model="m")
    doubt = rule.doubt(unsure)

    told = "2 labels were given with the suggestion in view"
    assert (found.seen, rule.seen) == (2, 2)
    assert told in found.reason
    assert doubt is not None
    assert told in doubt.reason


def test_a_promise_on_blind_labels_reads_as_it_always_did() -> None:
    subject = Subject(step="route", prompt_version="a1", model="m", confidence_source="local", score="confidence")

    rule = guarantee(calibrate(drawn(random.Random(0), 400), promise=Promise(0.05)), subject, day=date(2026, 1, 31))

    assert "seen" not in rule.to_json()
    assert GuaranteedThreshold.from_json(rule.to_json()) == rule
    assert replace(rule, seen=1).mark != rule.mark


# -- labels that are wrong


@pytest.mark.parametrize("told", ["no", "", None, float("nan"), 2, 0.5])
def test_a_label_is_yes_or_no_and_nothing_that_python_takes_for_it(told: Any) -> None:
    with pytest.raises(InvalidLabels, match="right, of audit 'a7'"):
        Audit(0.9, told, case="a7")
    with pytest.raises(InvalidLabels, match="blind, of audit 'a7'"):
        Audit(0.9, right=True, case="a7", blind=told)
    with pytest.raises(InvalidLabels, match="right, of a scored case"):
        Scored(0.9, told)


def test_labels_of_other_libraries_count() -> None:
    audits = [Audit(each.score, np.bool_(each.right)) for each in drawn(random.Random(0), 200)]  # type: ignore[arg-type]
    assert calibrate(audits, promise=Promise(0.05)).labels == 200


def flipped(audits: list[Audit], share: float) -> list[Audit]:
    """Return audits of which a share of the labels says the opposite."""
    chance = random.Random(9)
    return [replace(a, right=a.right != (chance.random() < share)) for a in audits]


def test_the_surest_wrong_values_are_named_when_nothing_is_accepted() -> None:
    audits = flipped(drawn(random.Random(2), 1000, worst=0.02), 0.05)

    found = calibrate(audits, promise=Promise(0.02))

    surest = sorted((a for a in audits if not a.right), key=lambda a: -a.score)[:10]
    assert found.threshold is None
    assert found.sure_errors == tuple(surest)
    assert "look at these labels first" in found.reason
    assert surest[0].case in found.reason
    assert "more labels like these would not help" in found.reason
    assert found.labels_missing == 0


def test_the_surest_wrong_values_are_known_when_something_is_accepted_too() -> None:
    audits = drawn(random.Random(2), 1000)

    found = calibrate(audits, promise=Promise(0.05))

    assert found.threshold is not None
    assert len(found.sure_errors) == 10
    assert "look at these labels" not in found.reason


# -- too few labels for a score that could do


def test_it_is_said_how_many_labels_would_do() -> None:
    audits = [Audit(n / 150, right=n % 100 != 60, case=f"a{n}") for n in range(150)]

    found = calibrate(audits, promise=Promise(0.02))

    assert found.threshold is None
    assert 300 < found.labels_missing < 3000
    assert f"{found.labels_missing:,} more than there are" in found.reason
    assert "choose_start" not in found.reason


@pytest.mark.slow
@pytest.mark.parametrize(("worst", "labels", "target"), [(0.3, 200, 0.05), (0.1, 200, 0.02), (0.5, 300, 0.05)])
def test_so_many_labels_probably_let_something_pass(worst: float, labels: int, target: float) -> None:
    chance = random.Random(5)
    promise = Promise(target)
    asked = passed = 0
    while asked < 60:
        first = calibrate(drawn(chance, labels, worst), promise=promise)
        if first.labels_missing:
            asked += 1
            again = calibrate(drawn(chance, first.labels + first.labels_missing, worst), promise=promise)
            passed += again.threshold is not None

    assert passed / asked > 0.5  # the slope is an estimate from few labels, and only hard draws of them ask for it


# -- thresholds from the labels themselves


@pytest.mark.slow
@pytest.mark.parametrize("values", [None, 11, 101])
@pytest.mark.parametrize("labels", [150, 600])
def test_thresholds_from_the_labels_own_scores_keep_the_promise(values: int | None, labels: int) -> None:
    chance = random.Random(f"{values} {labels}")
    repetitions, broken = 400, 0
    for _ in range(repetitions):
        scores = [chance.random() for _ in range(labels)]
        rows = [Row(score, chance.random() >= 0.15 * (1 - score)) for score in scores]
        if values is not None:  # rounded down, so that the risk at a value is that of the scores it stands for
            rows = [Row(int(each.score * (values - 1)) / (values - 1), each.right) for each in rows]
        found = accepted_from(rows, Promise(0.05))
        broken += found is not None and true_risk(found) > 0.05

    assert broken <= stats.binom.ppf(0.98, repetitions, 0.05)


def test_few_labels_and_no_traffic_accept_nothing() -> None:
    assert calibrate([], promise=Promise(0.02)).labels_missing == 149


# -- ties


@pytest.mark.parametrize("digits", [1, 2])
def test_few_values_are_said(digits: int) -> None:
    audits = [replace(a, score=round(a.score, digits)) for a in drawn(random.Random(4), 1000)]
    values = len({a.score for a in audits})

    found = calibrate(audits, promise=Promise(0.05))

    assert found.distinct_scores == values
    assert (f"your scores have only {values} values" in found.reason) == (values <= 100)


def test_many_equal_scores_are_said() -> None:
    audits = [replace(a, score=min(a.score, 0.6)) for a in drawn(random.Random(4), 1000)]

    assert "of your scores are 0.6" in calibrate(audits, promise=Promise(0.05)).reason


def test_scores_that_differ_need_no_word_about_ties() -> None:
    found = calibrate(drawn(random.Random(4), 1000), promise=Promise(0.05))

    assert "your scores" not in found.reason
