"""Text from outside is shown whole or cut with a note; nothing in it hides or turns around what it says."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from handrail_evals.show.report.charts import escaped
from handrail_evals.show.report.writing import MOST_WORDS, brief, columns, difference, excerpt, fitted, visible, words

ANY = st.text(alphabet=st.characters(), max_size=300)  # surrogates too: JSON may hold lone ones


@given(ANY)
def test_what_is_shown_holds_nothing_unseen(text: str) -> None:
    kept = set("\n\t\u200c\u200d")

    assert not [
        each
        for each in visible(text)
        if each not in kept and unicodedata.category(each) in {"Cc", "Cf", "Cn", "Co", "Cs"}
    ]


@given(ANY)
def test_what_is_shown_can_be_written_as_utf_8(text: str) -> None:
    assert visible(text).encode().decode() == visible(text)


@given(ANY)
def test_escaped_text_holds_no_markup(text: str) -> None:
    assert not set("<>\"'") & set(escaped(text))


def test_a_turned_reading_order_is_written_out() -> None:
    assert visible("\u202egnp.exe") == "⟨U+202E⟩gnp.exe"


def test_a_control_character_is_shown_as_its_picture() -> None:
    assert visible("a\x00b\x1b") == "a␀b␛"


def test_joined_scripts_and_emoji_are_left_as_they_are() -> None:
    persian, astronaut = "\u0646\u0645\u06cc\u200c\u062e", "\U0001f469\u200d\U0001f680"

    assert visible(persian + astronaut) == persian + astronaut


@given(st.text(max_size=500), st.integers(1, 100))
def test_an_excerpt_says_how_much_it_left_out(text: str, most: int) -> None:
    cut = excerpt(text, most)

    assert cut.left_out == max(0, len(text) - most)
    assert cut.text == visible(text[:most])


def test_another_value_than_text_is_told_apart_from_its_words() -> None:
    assert (excerpt("null").is_text, excerpt(None).is_text) == (True, False)
    assert excerpt({"total": 1.5}).text == '{\n  "total": 1.5\n}'


@given(st.text(max_size=300))
def test_a_brief_value_is_one_line(text: str) -> None:
    assert "\n" not in brief(text)


@given(st.text(max_size=100), st.integers(3, 40))
def test_a_fitted_name_is_no_wider_than_its_place(text: str, most: int) -> None:
    assert columns(fitted(text, most)) <= most


@given(st.text(max_size=200), st.text(max_size=200))
def test_the_pieces_of_a_difference_make_up_both_texts(before: str, after: str) -> None:
    pieces = difference(before, after)

    assert "".join(each.text for each in pieces if each.kind != "new") == visible(before)
    assert "".join(each.text for each in pieces if each.kind != "gone") == visible(after)


def test_a_difference_is_told_in_words() -> None:
    pieces = difference("the total is 10 euros", "the total is 12 euros")

    assert [(each.kind, each.text) for each in pieces if each.kind != "same"] == [("gone", "10"), ("new", "12")]


def test_a_long_text_is_compared_up_to_a_limit() -> None:
    assert len(words("word " * 100_000)) == 2 * MOST_WORDS
