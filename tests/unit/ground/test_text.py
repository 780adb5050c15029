"""Text from outside: whatever it holds, nothing in it hides, moves the cursor or turns the reading order around."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_ground.text import UNSEEN, harmless

UNSEEN_CHARACTERS = st.characters(categories=("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"))
SEEN_CHARACTERS = st.characters(exclude_categories=("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"))
JOINERS = {"\u200c", "\u200d"}


@given(st.text(UNSEEN_CHARACTERS | st.characters()))
def test_nothing_unseen_is_left_but_line_feeds_tabs_and_joiners(text: str) -> None:
    left = {each for each in harmless(text) if unicodedata.category(each) in UNSEEN}

    assert left <= {"\n", "\t"} | JOINERS


@given(st.text(SEEN_CHARACTERS))
def test_what_people_can_see_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("a\u202eb", r"a\u202eb"),
        ("a\u2028b\u2029c", r"a\u2028b\u2029c"),
        ("\ufdd0", r"\ufdd0"),
        ("\U000e0041", r"\U000e0041"),
        ("\ud800", r"\ud800"),
        ("a\r\nb\tc", "a\\x0d\nb\tc"),
        ("👩\u200d🚀", "👩\u200d🚀"),
    ],
)
def test_what_nobody_sees_is_shown_as_its_code(text: str, shown: str) -> None:
    assert harmless(text) == shown


def test_a_page_may_write_it_in_its_own_way() -> None:
    assert harmless("a\x07b", lambda character: f"<{ord(character)}>") == "a<7>b"
