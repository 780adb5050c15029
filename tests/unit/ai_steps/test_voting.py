import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_steps.voting import leaves, vote
from guards.confidence import Confidence


def test_labels_are_settled_by_the_majority() -> None:
    settled = vote(["billing", "card", "billing"])
    assert settled.winner == 0
    assert settled.confidence == Confidence(2 / 3, "vote", "2 of 3 samples agree")
    assert list(settled.shares) == ["billing", "card"]
    assert settled.fields == {}


def test_a_single_sample_is_no_vote() -> None:
    assert vote(["billing"]).confidence.source == "none"


def test_a_sample_that_came_back_invalid_agrees_with_nobody() -> None:
    assert vote(["billing", "billing"], asked=4).confidence.value == 0.5


def test_a_record_is_as_sure_as_its_least_agreed_field() -> None:
    settled = vote([{"a": 1, "b": "x"}, {"a": 1, "b": "y"}, {"a": 1, "b": "x"}])
    assert settled.winner == 0
    assert settled.fields["a"].value == 1.0
    assert settled.fields["b"].value == pytest.approx(2 / 3)
    assert settled.confidence.value == pytest.approx(2 / 3)


def test_without_a_majority_the_record_most_like_the_others_wins() -> None:
    settled = vote(
        [{"a": 9, "b": 9, "c": 9}, {"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 2, "c": 4}, {"a": 1, "b": 5, "c": 3}]
    )
    assert settled.winner == 1


def test_lists_of_records_are_compared_by_position() -> None:
    settled = vote([{"lines": [{"t": 1}, {"t": 2}]}, {"lines": [{"t": 1}]}])
    assert settled.winner in {0, 1}
    assert settled.fields["lines.0.t"].value == 1.0


def test_leaves_name_every_value_once() -> None:
    assert leaves({"a": {"b": [1, "x", {}]}, "c": None}) == {"a.b.0": "1", "a.b.1": "x", "a.b.2": "{}", "c": "null"}


@given(st.lists(st.sampled_from("abc"), min_size=2, max_size=9), st.integers(0, 3))
def test_shares_never_exceed_one_and_the_winner_has_the_largest(samples: list[str], invalid: int) -> None:
    settled = vote(samples, asked=len(samples) + invalid)
    assert sum(settled.shares.values()) == pytest.approx(len(samples) / (len(samples) + invalid))
    assert settled.confidence.value == max(settled.shares.values())
    assert samples[settled.winner] == next(iter(settled.shares))


@given(st.lists(st.dictionaries(st.sampled_from("ab"), st.integers(0, 2), min_size=1), min_size=2, max_size=6))
def test_field_agreement_counts_the_samples_with_the_same_value(samples: list[dict[str, int]]) -> None:
    settled = vote(samples)
    winner = samples[settled.winner]
    for name, confidence in settled.fields.items():
        assert confidence.value == sum(name in each and each[name] == winner[name] for each in samples) / len(samples)
