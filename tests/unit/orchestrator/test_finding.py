"""Finding a label among many by a part of its name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_orchestrator.cli.finding import found, marks, plain

LABELS = ["card_payment_fee", "lost card", "fee for a card", "café", "CARD", "Straße", "日本語の請求", "refund"]


def names(typed: str) -> list[str]:
    return [LABELS[place] for place in found(LABELS, typed)]


@pytest.mark.parametrize(
    ("typed", "labels"),
    [
        ("", LABELS),
        ("card", ["CARD", "card_payment_fee", "lost card", "fee for a card"]),
        ("ard", ["card_payment_fee", "lost card", "fee for a card", "CARD"]),
        ("fee card", ["card_payment_fee", "fee for a card"]),
        ("cafe", ["café"]),
        ("CAFÉ", ["café"]),
        ("strasse", ["Straße"]),
        ("請求", ["日本語の請求"]),
        ("payment fee", ["card_payment_fee"]),
        ("nothing like it", []),
    ],
)
def test_a_part_of_a_label_finds_it_the_best_first(typed: str, labels: list[str]) -> None:
    assert names(typed) == labels


labels = st.lists(st.text(max_size=8), max_size=12)


@given(labels, st.text(max_size=4))
def test_what_is_found_holds_what_was_typed_and_nothing_that_does_is_left_out(texts: list[str], typed: str) -> None:
    places = found(texts, typed)
    assert sorted(places) == [
        place for place, text in enumerate(texts) if all(word in plain(text) for word in plain(typed).split())
    ]
    assert found(texts, "") == list(range(len(texts)))


@given(labels)
def test_no_label_that_is_longer_comes_before_the_one_that_was_typed(texts: list[str]) -> None:
    for text in texts:
        first = texts[found(texts, text)[0]]
        assert not plain(text).split() or plain(first).split() == plain(text).split()


@pytest.mark.parametrize(
    ("label", "typed", "lit"),
    [("Straße", "ss", ["ß"]), ("fee for a card", "card fee", ["card", "fee"]), ("café", "FE", ["fé"]), ("x", "y", [])],
)
def test_what_was_found_is_marked(label: str, typed: str, lit: list[str]) -> None:
    assert [label[start:end] for start, end in marks(label, typed)] == lit
