"""Which texts count as nearly the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_ai_steps.models.local.kept_out import groups_of

pytestmark = pytest.mark.dear

LONG = "my card was charged twice for the same order this month and nobody answers"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Reset my password", "reset  my password!", True),
        ("Invoice 17 is wrong", "invoice 4711 is wrong", True),
        ("please refund me", "please refund me #3", True),
        ("please refund me", "ple\u00adase refu\u200bnd me", True),
        (LONG, LONG.replace("twice", "twise"), True),
        (LONG, f"{LONG}, thanks", True),
        (LONG, "my card was declined when I paid for an order this month", False),
        ("I cannot log in", "I cannot pay", False),
        ("yes", "no", False),
        ("", "...", False),
        ("", " ", True),
    ],
)
def test_copies_are_found_and_other_texts_are_not(one: str, other: str, same: bool) -> None:  # noqa: FBT001 -- a column
    assert groups_of([one, "something else entirely", other]).tolist() == [0, 1, 0 if same else 2]


@given(st.lists(st.text(max_size=30), max_size=20))
def test_equal_texts_are_always_one_group(texts: list[str]) -> None:
    groups = groups_of([*texts, *texts]).tolist()

    assert groups[: len(texts)] == groups[len(texts) :]
    assert all(group <= place for place, group in enumerate(groups))


def test_no_text_is_in_no_group() -> None:
    assert groups_of([]).tolist() == []
