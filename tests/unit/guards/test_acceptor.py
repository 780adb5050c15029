"""A learned score of judgements: what it looks at, what it lacks, and what a file may hold."""

import dataclasses
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail.guards import Alternative, Confidence, InvalidGuard, Judgement, Verdict
from handrail_guards.acceptor import MEASURED, Acceptor, Term, features_of, fingerprint

SHARES = st.floats(0, 1)
NUMBERS = st.floats(-1e9, 1e9)
FEATURES = st.sampled_from(MEASURED) | st.text(min_size=1).map("passed:{}".format)


def judged(sure: float | None = 0.7, *others: float, **changes: Any) -> Judgement:
    confidence = Confidence.none() if sure is None else Confidence(sure, "local")
    alternatives = tuple(Alternative(value=str(rank), confidence=share) for rank, share in enumerate(others))
    return dataclasses.replace(Judgement(confidence=confidence, alternatives=alternatives), **changes)


def verdict(guard: str = "agreement", *, passed: bool, field: str | None = None) -> Verdict:
    return Verdict(guard, passed, "" if passed else "a second answer differs", field=field, on_fail="observe")


def term(feature: str = "log_odds", weight: float = 1.0, *, mean: float = 0.0, scale: float = 1.0) -> Term:
    return Term(feature=feature, mean=mean, scale=scale, weight=weight)


def acceptor(*terms: Term, intercept: float = 0.0, fitted_on: tuple[str, ...] = ()) -> Acceptor:
    return Acceptor(intercept=intercept, terms=terms or (term(),), fitted_on=fitted_on)


def test_a_judgement_shows_its_probabilities_as_features() -> None:
    features = features_of(judged(0.5, 0.25, 0.125, other_mass=0.125))

    assert features == {
        "log_odds": pytest.approx(0.0),
        "log_margin": pytest.approx(math.log(2)),
        "margin": pytest.approx(0.25),
        "entropy": pytest.approx(0.5 * math.log(2) + 0.25 * math.log(4) + 0.25 * math.log(8)),
        "other_mass": 0.125,
    }


def test_mass_that_nobody_reported_counts_as_one_more_label() -> None:
    assert features_of(judged(0.5, 0.25))["entropy"] == pytest.approx(features_of(judged(0.5, 0.25, 0.25))["entropy"])


def test_a_judgement_without_alternatives_shows_the_confidence_only() -> None:
    assert set(features_of(judged(0.7))) == {"log_odds"}


def test_without_a_confidence_there_are_no_features_and_no_score() -> None:
    unsure = judged(None, 0.2, verdicts=(verdict(passed=True),))

    assert features_of(unsure) == {}
    assert acceptor().score(unsure) is None
    assert acceptor().highest(unsure) is None


def test_a_guard_has_passed_when_each_of_its_verdicts_has() -> None:
    verdicts = (
        verdict("grounded", passed=True, field="total"),
        verdict("grounded", passed=False, field="date"),
        verdict("one_of", passed=True),
    )

    features = features_of(judged(verdicts=verdicts))

    assert (features["passed:grounded"], features["passed:one_of"]) == (0.0, 1.0)


def test_the_score_is_the_chance_of_the_summed_log_odds() -> None:
    fitted = acceptor(term("log_odds", 2.0, mean=1.0, scale=4.0), term("passed:agreement", 0.5), intercept=-1.0)

    score = fitted.score(judged(0.5, verdicts=(verdict(passed=True),)))

    assert score == pytest.approx(1 / (1 + math.exp(-(-1.0 + 2.0 * (0.0 - 1.0) / 4.0 + 0.5))))


def test_a_verdict_that_is_missing_leaves_no_score_but_a_highest_one() -> None:
    fitted = acceptor(term("log_odds"), term("passed:agreement", 3.0), term("passed:length", -1.0))
    early = judged(0.6)

    scores = [
        fitted.score(dataclasses.replace(early, verdicts=(verdict(passed=agrees), verdict("length", passed=short))))
        for agrees in (True, False)
        for short in (True, False)
    ]

    assert fitted.score(early) is None
    assert fitted.missing(early) == ("passed:agreement", "passed:length")
    assert fitted.highest(early) == max(score for score in scores if score is not None)


def test_what_is_no_verdict_cannot_come_later() -> None:
    assert acceptor(term("margin")).highest(judged(0.6)) is None


@given(
    SHARES,
    st.lists(SHARES, max_size=4),
    SHARES,
    st.sampled_from([verdict(passed=True), verdict(passed=False)]),
    st.lists(NUMBERS, min_size=6, max_size=6),
)
def test_no_verdict_lifts_the_score_above_the_highest(
    sure: float, others: list[float], elsewhere: float, later: Verdict, weights: list[float]
) -> None:
    early = judged(sure, *others, other_mass=elsewhere)
    known = [*features_of(early), "passed:agreement"]
    fitted = acceptor(*(term(name, weight) for name, weight in zip(known, weights, strict=False)))

    highest = fitted.highest(early)
    final = fitted.score(dataclasses.replace(early, verdicts=(later,)))

    assert highest is not None
    assert final is not None
    assert 0.0 <= final <= highest <= 1.0


def test_a_surer_answer_has_a_higher_score_up_to_certainty() -> None:
    scores = [acceptor().score(judged(sure)) for sure in (0.0, 0.5, 0.9, 0.99, 0.999999, 1.0)]

    assert scores == sorted(set(scores), key=lambda score: score or 0.0)
    assert all(score is not None and 0 < score < 1 for score in scores)


def test_it_knows_the_cases_it_was_fitted_on_without_telling_their_names() -> None:
    fitted = acceptor(fitted_on=(fingerprint("ticket 7"),))

    assert (fitted.knows("ticket 7"), fitted.knows("ticket 8")) == (True, False)
    assert "ticket" not in json.dumps(fitted.to_data()).replace("fitted_on", "")


@given(
    st.builds(
        Acceptor,
        intercept=NUMBERS,
        terms=st.lists(
            st.builds(Term, feature=FEATURES, mean=NUMBERS, scale=st.floats(1e-9, 1e9), weight=NUMBERS),
            min_size=1,
            max_size=6,
            unique_by=lambda each: each.feature,
        ).map(tuple),
        fitted_on=st.lists(st.text().map(fingerprint), max_size=5, unique=True).map(sorted).map(tuple),
    ),
    SHARES,
    SHARES,
)
def test_data_and_acceptor_are_the_same_and_its_score_is_a_share(written: Acceptor, sure: float, other: float) -> None:
    read = Acceptor.from_data(json.loads(json.dumps(written.to_data(), allow_nan=False)))
    score = read.highest(judged(sure, other, other_mass=other))

    assert read == written
    assert score is not None
    assert 0 <= score <= 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"intercept": float("nan")}, "'intercept' is nan"),
        ({"intercept": True}, "'intercept' is True"),
        ({"terms": []}, "without terms"),
        ({"terms": {}}, "'terms' is a dict"),
        ({"terms": [3]}, "int where the JSON object of an acceptor term"),
        ({"terms": [{"feature": "log_odds"}]}, "missing or unknown fields: mean, scale, weight"),
        ({"fitted_on": ["a"]}, "'fitted_on' is a list"),
        ({"fitted_on": "not a fingerprint"}, "'not' is no fingerprint"),
        ({"more": 1}, "missing or unknown fields: more"),
    ],
)
def test_damaged_data_is_refused_by_field(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidGuard, match=said):
        Acceptor.from_data({**acceptor().to_data(), **change})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"feature": "mood"}, "'mood' is unknown"),
        ({"feature": "passed:"}, "'passed:' is unknown"),
        ({"feature": ["log_odds"]}, "is unknown"),
        ({"mean": 1e300}, "'mean of log_odds' is 1e\\+300"),
        ({"scale": 0}, "'scale of log_odds' is 0"),
        ({"weight": "2"}, "'weight of log_odds' is '2'"),
    ],
)
def test_a_damaged_term_is_refused_by_feature_and_field(change: dict[str, Any], said: str) -> None:
    data = acceptor().to_data()
    data["terms"] = [{**data["terms"][0], **change}]

    with pytest.raises(InvalidGuard, match=said):
        Acceptor.from_data(data)


def test_a_feature_counts_once() -> None:
    with pytest.raises(InvalidGuard, match="'margin' is there twice"):
        acceptor(term("margin"), term("margin"))


def test_no_data_is_no_acceptor() -> None:
    with pytest.raises(InvalidGuard, match="list where the JSON object of an acceptor belongs"):
        Acceptor.from_data([])
