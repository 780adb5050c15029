"""Items matched with expected ones: as many as there can be, and never one twice."""

import operator
import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_evals.errors import InvalidScore, InvalidSetting, InvalidValue
from handrail_evals.measure.case import Case
from handrail_evals.measure.scorer import Answered, Counts
from handrail_evals.measure.scorers.exact import exact
from handrail_evals.measure.scorers.fields import fields
from handrail_evals.measure.scorers.list_match import best_pairs, heaviest_pairs, list_match, pairs_in_order, set_match
from handrail_evals.measure.scorers.normalised import normalised
from handrail_evals.measure.scorers.similarity import similarity
from handrail_evals.measure.scorers.within import within
from handrail_evals.measure.target import Observation
from handrail_ground.optional import LibraryMissing, OptionalLibrary

letters = st.lists(st.sampled_from(["a", "b", "c"]), max_size=6)
small_numbers = st.lists(st.integers(0, 9), max_size=5)


def grids(weights: st.SearchStrategy[float]) -> st.SearchStrategy[list[list[float]]]:
    sizes = st.tuples(st.integers(0, 5), st.integers(0, 5))
    return sizes.flatmap(
        lambda size: st.lists(st.lists(weights, min_size=size[1], max_size=size[1]), min_size=size[0], max_size=size[0])
    )


def answered(output: Any, expected: Any) -> Answered[str, Any, Any]:
    return Answered(Case("one", "input", expected), Observation(output))


def total(weights: Sequence[Sequence[float]], pairs: Sequence[tuple[int, int]]) -> float:
    return sum(weights[row][column] for row, column in pairs)


def every_pairing(weights: Sequence[Sequence[float]]) -> list[list[tuple[int, int]]]:
    """Return every way to pair all rows of the shorter side."""
    rows, columns = len(weights), len(weights[0]) if weights else 0
    if rows <= columns:
        return [list(enumerate(chosen)) for chosen in permutations(range(columns), rows)]
    return [sorted((row, column) for column, row in enumerate(chosen)) for chosen in permutations(range(rows), columns)]


def most_in_order(weights: Sequence[Sequence[float]]) -> float:
    """Return the greatest total without crossing pairs, by trying everything."""
    if not weights or not weights[0]:
        return 0.0
    rest = [row[1:] for row in weights]
    return max(
        most_in_order(weights[1:]),
        most_in_order(rest),
        weights[0][0] + most_in_order([row[1:] for row in weights[1:]]),
    )


@given(grids(st.sampled_from([0.0, 0.25, 0.5, 1.0])) | grids(st.sampled_from([0.0, 1.0])) | grids(st.floats(0, 1)))
def test_the_best_pairing_is_as_good_as_the_best_of_all(weights: list[list[float]]) -> None:
    best = max((total(weights, pairs) for pairs in every_pairing(weights)), default=0.0)

    for pairs in (best_pairs(weights), heaviest_pairs(weights) if weights else []):
        assert total(weights, pairs) == pytest.approx(best)
        assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
        assert all(weights[row][column] > 0 for row, column in pairs)


@given(grids(st.sampled_from([0.0, 0.5, 1.0])))
def test_the_best_pairing_in_order_is_the_best_of_all_without_crossings(weights: list[list[float]]) -> None:
    pairs = pairs_in_order(weights)

    assert total(weights, pairs) == pytest.approx(most_in_order(weights))
    assert pairs == sorted(pairs)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)


@given(letters, letters)
def test_counting_equal_items_and_pairing_them_say_the_same(output: list[str], expected: list[str]) -> None:
    counted = set_match()(answered(output, expected))
    paired = list_match(lambda value, right: value == right)(answered(output, expected))

    assert (counted.value, counted.fields) == (paired.value, paired.fields)
    assert counted.value == list_match(normalised()).compare(output, expected)


@given(letters, letters)
def test_hits_and_the_rest_add_up_to_what_is_there(output: list[str], expected: list[str]) -> None:
    score = set_match()(answered(output, expected))
    counts = score.fields.get("[]", Counts())

    assert counts.hits == (Counter(output) & Counter(expected)).total()
    assert counts.hits + counts.extra == len(output)
    assert counts.hits + counts.missed == len(expected)
    assert 0.0 <= score.value <= 1.0
    assert (score.value == 1.0) == (sorted(output) == sorted(expected)) == (score.reason == "")


@given(small_numbers, small_numbers, st.booleans())
def test_the_score_is_symmetric(one: list[int], other: list[int], ordered: bool) -> None:  # noqa: FBT001
    scorer = list_match(lambda a, b: 1 - abs(a - b) / 10, ordered=ordered)

    assert scorer.compare(one, other) == pytest.approx(scorer.compare(other, one))
    assert scorer.compare(one, one) == 1.0


@pytest.mark.slow
@given(small_numbers, small_numbers)
def test_keeping_the_order_never_scores_more(one: list[int], other: list[int]) -> None:
    ordered, any_order = list_match(exact(), ordered=True), list_match(exact())

    assert ordered.compare(one, other) <= any_order.compare(one, other)


def test_what_is_extra_and_what_was_missed_is_said() -> None:
    score = set_match()(answered(["a", "b", "b"], ["b", "c"]))

    assert score.value == pytest.approx(2 / 5)
    assert score.fields == {"[]": Counts(1, 2, 1)}
    assert score.reason == "matched 1 of 2 expected; extra 'a', 'b'; missed 'c'"


def test_a_long_reason_is_cut() -> None:
    score = set_match()(answered([], [f"{number}-{'x' * 100}" for number in range(9)]))

    assert score.reason.endswith("and 4 more")
    assert len(score.reason) < 400


@pytest.mark.parametrize(
    ("output", "expected", "score"),
    [([], [], 1.0), (None, [], 1.0), (None, None, 1.0), (None, ["a"], 0.0), (["a"], None, 0.0), ({"a"}, ["a"], 1.0)],
)
def test_no_items_are_an_answer(output: object, expected: object, score: float) -> None:
    assert set_match()(answered(output, expected)).value == score


def test_an_answer_that_is_no_list_is_wrong() -> None:
    score = set_match()(answered("ab", ["a", "b"]))

    assert (score.value, score.fields["[]"]) == (0.0, Counts(0, 1, 2))
    assert score.reason == "a str where a list is expected"


def test_an_expected_value_that_is_no_list_is_an_error() -> None:
    with pytest.raises(InvalidValue, match="which is no list"):
        set_match().compare(["a"], "a")


def test_one_and_true_are_different_items() -> None:
    assert set_match().compare([1, "1", None], [True, 1.0, "1"]) == pytest.approx(2 / 3)
    assert set_match().compare([1], [True]) == 0.0


def test_half_right_items_are_half_a_hit_each() -> None:
    score = list_match(similarity())(answered(["abcd", "wxyz"], ["wxyz", "abcx"]))

    assert score.fields == {"[]": Counts(1.75, 0.25, 0.25)}
    assert score.value == pytest.approx(0.875)


def test_the_total_decides_and_not_the_first_come() -> None:
    near = list_match(within(absolute=1))

    assert near.compare([1, 2], [2, 3]) == 1.0
    assert near.compare([2, 1], [3, 2]) == 1.0


def test_an_item_left_out_shifts_nothing_in_an_ordered_match() -> None:
    ordered = list_match(exact(), ordered=True)

    assert ordered(answered(["b", "c", "d"], ["a", "b", "c", "d"])).fields == {"[]": Counts(3, 0, 1)}
    assert ordered(answered(["d", "c"], ["c", "d"])).fields == {"[]": Counts(1, 1, 1)}


def test_lists_of_records_can_be_matched_by_their_fields() -> None:
    scorer = list_match(fields({"name": normalised()}))

    assert scorer.compare([{"name": "TEA", "n": 1}, {"name": "milk", "n": 2}], [{"name": "tea", "n": 1}]) == 2 / 3


@pytest.mark.dear
def test_long_lists_of_equal_items_need_no_depth() -> None:
    many = [["a"]] * 300

    assert set_match().compare(many, many[:200]) == pytest.approx(0.8)


def take_away_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    unused = OptionalLibrary("scipy.optimize", extra="evals")  # one that was used knows what it found
    monkeypatch.setattr("handrail_evals.measure.scorers.list_match.optimize", unused)


def test_right_or_wrong_items_need_no_optional_library(monkeypatch: pytest.MonkeyPatch) -> None:
    take_away_the_library(monkeypatch)

    assert list_match(normalised()).compare(["A", "a", "b"], ["a", "B", "A"]) == 1.0


def test_partly_right_items_name_the_library_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    take_away_the_library(monkeypatch)
    closeness = list_match(lambda a, b: 1 - abs(a - b) / 10)

    with pytest.raises(LibraryMissing, match=r"handrail\[evals\]"):
        closeness.compare([4, 5], [5, 9])


@pytest.mark.parametrize(
    "comparator", [exact, "exact", 1, None, dict, lambda: 1.0, lambda value: value, partial(pow, 1)]
)
def test_what_compares_nothing_is_refused_when_it_is_built(comparator: Any) -> None:
    with pytest.raises(InvalidSetting, match="compares nothing"):
        list_match(comparator)


def test_a_builtin_function_compares() -> None:
    assert list_match(operator.eq).compare(["a"], ["a"]) == 1.0
    assert list_match(min).compare([0.5], [1.0]) == 0.5  # a builtin that does not say what it takes


def test_an_order_that_is_no_bool_is_refused() -> None:
    wrong: Any = "yes"

    with pytest.raises(InvalidSetting, match="True or False"):
        list_match(exact(), ordered=wrong)


@pytest.mark.parametrize("found", [2, -0.1, float("nan"), "yes", None])
def test_a_comparison_outside_0_to_1_is_an_error(found: Any) -> None:
    with pytest.raises(InvalidScore, match="0 to 1"):
        list_match(lambda _value, _expected: found).compare([1], [1])


def test_the_version_changes_with_the_comparators_code() -> None:
    one, other = list_match(lambda a, b: a == b), list_match(operator.eq)

    assert one.version != other.version
    assert list_match(exact()).version == set_match().version
    assert list_match(exact(), ordered=True).version != set_match().version
