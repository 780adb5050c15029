from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from handrail_ai_steps.leaves import leaves, unsaid
from handrail_ai_steps.voting import vote
from handrail_guards.confidence import Confidence


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
    value = {"a": {"b": [1, "x", {}], "d": []}, "c": None}
    assert leaves(value) == {
        "a.b.#": "3",
        "a.b.0": "1",
        "a.b.1": '"x"',
        "a.b.2": "{}",
        "a.d.#": "0",
        "c": "null",
    }


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
        alike = sum(each.get(name) == winner.get(name) for each in samples)  # two that lack it agree about it
        assert confidence.value == alike / len(samples)


class Item(BaseModel):
    name: str
    tag: str | None = None


class Order(BaseModel):
    total: Decimal
    at: datetime | None = None
    items: list[Item] = []
    marks: set[str] = set()
    counts: dict[str, int] = {}


@pytest.mark.parametrize(
    ("samples", "path", "share"),
    [
        ([{"n": ["a", "b"]}, {"n": ["a", "b", "c"]}, {"n": ["a", "b", "c", "d"]}], "n.#", 1 / 3),
        ([{"n": []}, {"n": []}, {"n": ["x"]}], "n.#", 2 / 3),
        ([["a"], ["a"], ["a", "b"]], "#", 2 / 3),
        ([{"a": 1}, {"a": 1, "b": 2}, {"a": 1}], "b", 2 / 3),
        ([{"l": [{"a": 1}]}, {"l": [{"a": 1, "b": 2}]}, {"l": [{"a": 1}]}], "l.0.b", 2 / 3),
        ([{"a": None}, {"a": {"b": 1}}, {"a": None}], "a", 2 / 3),
        ([{"a": {}}, {"a": {"b": 1}}, {"a": {}}], "a", 2 / 3),
        (
            [Order(total=Decimal(1), items=[Item(name="a")]), Order(total=Decimal(1)), Order(total=Decimal(1))],
            "items.#",
            2 / 3,
        ),
        ([Order(total=Decimal(1), counts={"a": 1}), Order(total=Decimal(1)), Order(total=Decimal(1))], "counts", 2 / 3),
        (
            [
                Order(total=Decimal(1), items=[Item(name="a", tag="x")]),
                Order(total=Decimal(1), items=[Item(name="a")]),
                Order(total=Decimal(1), items=[Item(name="a")]),
            ],
            "items.0.tag",
            2 / 3,
        ),
    ],
)
def test_what_a_sample_lacks_is_a_disagreement(samples: list[Any], path: str, share: float) -> None:
    settled = vote(samples)
    assert settled.fields[path].value == pytest.approx(share)
    assert settled.confidence.value == pytest.approx(share)


@pytest.mark.parametrize(
    "samples",
    [
        [{"t": 5}, {"t": 5.0}, {"t": Decimal("5.00")}],
        [Order(total=Decimal("1.50")), Order(total=Decimal("1.5")), Order(total=Decimal("15e-1"))],
        [Order(total=Decimal(1), marks={"a", "b", "c"}), Order(total=Decimal(1), marks={"c", "a", "b"})],
        [
            Order(total=Decimal(1), at=datetime(2026, 1, 2, 12, tzinfo=UTC)),
            Order(total=Decimal(1), at=datetime(2026, 1, 2, 14, tzinfo=timezone(timedelta(hours=2)))),
        ],
        [0.0, -0.0, 0],
    ],
)
def test_equal_values_agree_however_they_were_written(samples: list[Any]) -> None:
    assert vote(samples).confidence.value == 1.0


@pytest.mark.parametrize("samples", [[1, True], [1, "1"], [None, "null"], [0, False], [Decimal("1.50"), "1.50"]])
def test_values_of_other_kinds_do_not_agree(samples: list[Any]) -> None:
    assert vote([{"a": each} for each in samples]).confidence.value == 0.5


def test_a_field_of_a_record_is_unsaid_unless_an_answer_spoke_of_it() -> None:
    order = Order(total=Decimal(1), items=[Item(name="a")])
    assert list(unsaid(order, {"total": 1, "items.0.name": 1})) == ["at", "items.0.tag", "marks", "counts"]
    assert not list(unsaid(order, {"total": 1, "at": 1, "items": 1, "marks": 1, "counts": 1}))
