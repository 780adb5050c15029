"""Text in the lines of a terminal: never wider than that, nothing of it lost, and what belongs together kept so."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len, get_character_cell_size

from handrail_orchestrator.cli.wrapping import fitting, padded, width_of, without_last, wrapped

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
HEART = "\u2764\ufe0f"
FLAG = "\U0001f1e9\U0001f1ea"

pieces = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            " ",
            "   ",
            "\n",
            "\t",
            "word",
            "a" * 30,
            "日本語のテキスト",
            "한국어 문장",
            FAMILY,
            HEART,
            FLAG,
            "e\u0301",
            "\u0301" * 5,
        ]
    ),
    st.sampled_from(
        ["שלום עולם", "مرحبا بالعالم", "नमस्ते", "\u200d", "\u200c", "    indented", "👍🏽", "1\ufe0f\u20e3"]
    ),
)
texts = st.lists(pieces, max_size=12).map("".join)
columns = st.integers(2, 60)


def seen(text: str) -> str:
    return "".join(text.split())


@given(texts, columns)
@example(" " * 30 + "x y", 5)
@example("ab" + "日" * 3, 4)
@example(FAMILY, 4)
def test_no_line_is_wider_than_the_terminal(text: str, wide: int) -> None:
    for line in wrapped(text, wide):
        assert cell_len(line) <= wide
        assert sum(map(get_character_cell_size, line)) <= wide, "a terminal that joins no emoji needs these"


@given(texts, columns)
@example(" " * 30 + "x y", 5)
@example("a b" + " " * 40 + "c", 3)
def test_nothing_but_white_space_is_left_out(text: str, wide: int) -> None:
    assert seen("".join(wrapped(text, wide))) == seen(text)


@given(st.lists(st.sampled_from(["e\u0301", "👍🏽", HEART, FAMILY, "q", "日"]), max_size=30), st.integers(8, 20))
def test_a_character_keeps_its_marks(characters: list[str], wide: int) -> None:
    whole = "".join(characters)
    ends = {len("".join(characters[:count])) for count in range(len(characters) + 1)}
    end = 0
    for line in wrapped(whole, wide):
        end += len(line)
        assert end in ends


@given(texts, columns)
def test_every_line_of_the_text_begins_a_line(text: str, wide: int) -> None:
    assert wrapped(text, wide) == [line for each in text.split("\n") for line in wrapped(each, wide)]


@pytest.mark.parametrize(
    ("text", "wide", "lines"),
    [
        ("two charges of 49.00 EUR", 12, ["two charges", "of 49.00 EUR"]),
        ("    indented and long", 14, ["    indented", "    and long"]),
        ("日本語のテキスト", 7, ["日本語", "のテキ", "スト"]),
        ("uncuttable", 4, ["uncu", "ttab", "le"]),
        (f"{FAMILY} {FAMILY}", 9, [FAMILY, FAMILY]),
        ("a\n\nb", 5, ["a", "", "b"]),
        ("", 5, [""]),
    ],
)
def test_lines_are_broken_where_people_would(text: str, wide: int, lines: list[str]) -> None:
    assert wrapped(text, wide) == lines


@given(texts.map(lambda text: text.replace("\n", " ").replace("\t", " ")), columns)
def test_what_is_cut_says_so_and_fits(text: str, wide: int) -> None:
    cut = fitting(text, wide)
    assert width_of(cut) <= wide
    assert cut == text or (cut.endswith("…") and text.startswith(cut[:-1]))
    assert width_of(padded(cut, wide)) == wide


@pytest.mark.parametrize(
    ("text", "left"), [("", ""), ("ab", "a"), ("ne\u0301", "n"), (f"a{FAMILY}", "a"), ("日本", "日"), (HEART, "")]
)
def test_what_is_deleted_is_what_people_see_as_one_character(text: str, left: str) -> None:
    assert without_last(text) == left
