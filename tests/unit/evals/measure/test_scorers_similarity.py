"""How much texts have in common, by two measures."""

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_evals.errors import InvalidSetting, InvalidValue
from handrail_evals.measure.case import Case
from handrail_evals.measure.scorer import Answered
from handrail_evals.measure.scorers.similarity import Measure, similarity
from handrail_evals.measure.target import Observation
from handrail_ground.optional import LibraryMissing, OptionalLibrary

measures = st.sampled_from(["edits", "words"])
short = st.text(alphabet="ab c", max_size=7)


def answered(output: Any, expected: Any) -> Answered[str, Any, Any]:
    return Answered(Case("one", "input", expected), Observation(output))


def distance(one: str, other: str) -> int:
    """Return the Levenshtein distance by its definition."""
    if not one or not other:
        return len(one) + len(other)
    replaced = distance(one[1:], other[1:]) + (one[0] != other[0])
    return min(replaced, distance(one[1:], other) + 1, distance(one, other[1:]) + 1)


@given(st.text(alphabet="ab", max_size=5), st.text(alphabet="ab", max_size=5))
def test_edits_are_counted_by_their_definition(one: str, other: str) -> None:
    longer = max(len(one), len(other))
    found = similarity().compare(one, other)

    assert found == pytest.approx(1 - distance(one, other) / longer if longer else 1.0)


@given(short | st.text(), short | st.text(), measures)
def test_similarity_is_symmetric_and_from_0_to_1(one: str, other: str, measure: Measure) -> None:
    scorer = similarity(measure)
    found = scorer.compare(one, other)

    assert 0.0 <= found <= 1.0
    assert found == pytest.approx(scorer.compare(other, one))
    assert scorer.compare(one, one) == 1.0


@pytest.mark.parametrize(
    ("output", "expected", "found"),
    [
        ("the card was stolen", "Stolen: the card!", 6 / 7),
        ("a a b", "a b b", 4 / 6),
        ("", "a", 0.0),
        ("?", "!", 1.0),
        ("北京", "北", 2 / 3),
        ("yes", "no", 0.0),
    ],
)
def test_words_are_counted_as_often_as_they_are_there(output: str, expected: str, found: float) -> None:
    assert similarity("words").compare(output, expected) == pytest.approx(found)


def test_composition_is_no_edit() -> None:
    assert similarity().compare("cafe\u0301", "café") == 1.0


def test_at_least_makes_it_right_or_wrong_and_says_why() -> None:
    scorer = similarity(at_least=0.8)
    wrong = scorer(answered("kitten", "sitting"))

    assert scorer(answered("mitten", "kitten")).value == 1.0
    assert (wrong.value, wrong.reason) == (0.0, "similarity 0.571, at least 0.8 is right")
    assert scorer.compare("mitten", "kitten") == 1.0


@pytest.mark.parametrize(("output", "found"), [(None, 0.0), (["a"], 0.0), (8, 1.0)])
def test_an_answer_that_is_no_text_is_wrong(output: object, found: float) -> None:
    assert similarity()(answered(output, "8")).value == found


def test_no_answer_is_like_no_answer() -> None:
    assert similarity().compare(None, None) == 1.0


def test_an_expected_value_that_is_no_text_is_an_error() -> None:
    with pytest.raises(InvalidValue, match="which is no text"):
        similarity().compare("a", ["a"])


@pytest.mark.parametrize("at_least", [0, -1, 1.1, float("nan")])
def test_a_threshold_outside_0_to_1_is_refused(at_least: float) -> None:
    with pytest.raises(InvalidSetting, match="at_least"):
        similarity(at_least=at_least)


def test_an_unknown_measure_is_refused() -> None:
    unknown: Any = "cosine"

    with pytest.raises(InvalidSetting, match="'edits' or 'words'"):
        similarity(unknown)


def take_away_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidfuzz.distance", None)
    unused = OptionalLibrary("rapidfuzz.distance", extra="evals")  # one that was used knows what it found
    monkeypatch.setattr("handrail_evals.measure.scorers.similarity.distance", unused)


def test_words_need_no_optional_library(monkeypatch: pytest.MonkeyPatch) -> None:
    take_away_the_library(monkeypatch)

    assert similarity("words").compare("a b", "b a") == 1.0
    assert similarity("edits").compare("a b", "a b") == 1.0


def test_edits_name_the_library_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    take_away_the_library(monkeypatch)

    with pytest.raises(LibraryMissing, match=r"rapidfuzz.*handrail\[evals\]"):
        similarity().compare("a", "b")


def test_the_version_holds_the_settings() -> None:
    versions = {similarity().version, similarity("words").version, similarity(at_least=0.5).version}

    assert len(versions) == 3
    assert similarity(name="draft").version in versions
