"""Which differences of writing count, and which never do."""

import unicodedata
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_evals.errors import InvalidValue
from handrail_evals.measure.case import Case
from handrail_evals.measure.scorer import Answered
from handrail_evals.measure.scorers.normalised import Normalised, normalised
from handrail_evals.measure.target import Observation


class Colour(Enum):
    RED = "Red"


def answered(output: Any, expected: Any) -> Answered[str, Any, Any]:
    return Answered(Case("one", "input", expected), Observation(output))


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("ACME  Ltd.", "Acme Ltd"),
        ("\tdon’t\n", "dont"),
        ("Smith,John", "smith john"),
        ("Straße", "STRASSE"),
        ("ＡＣＭＥ", "acme"),  # noqa: RUF001 -- full width, as on receipts from Asia
        ("cafe\u0301", "café"),
        ("S/B", "s b"),
        ("−5", "-5"),
        (8, "8"),
        (Decimal("8.20"), "8.20"),
        (date(2024, 5, 1), "2024-05-01"),
        (Colour.RED, "red"),
        (True, "true"),
        (None, None),
    ],
)
def test_writing_does_not_count(output: object, expected: object) -> None:
    assert normalised()(answered(output, expected)) is True
    assert normalised()(answered(expected, output)) is True


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("1.5", "15"),
        ("-5", "5"),
        (".5", "5"),
        ("C#", "C"),
        ("5%", "5"),
        ("AT&T", "ATT"),
        ("12/34", "1234"),
        ("no where", "nowhere"),
        ("café", "cafe"),
        ("$5", "5"),
        ("", None),
        ("None", None),
        (["a"], "a"),
        ("か", "が"),
    ],
)
def test_what_changes_the_meaning_counts(output: object, expected: object) -> None:
    assert normalised().compare(output, expected) == 0.0


@pytest.mark.parametrize(
    ("scorer", "output", "expected"),
    [
        (normalised(case=True), "Acme", "acme"),
        (normalised(punctuation=True), "Ltd.", "Ltd"),
        (normalised(punctuation=True), "-", ""),
    ],
)
def test_a_difference_that_was_asked_for_counts(scorer: Normalised, output: str, expected: str) -> None:
    assert scorer.compare(output, expected) == 0.0
    assert normalised().compare(output, expected) == 1.0


def test_accents_can_be_left_out_and_other_marks_cannot() -> None:
    scorer = normalised(accents=False)

    assert scorer.compare("Café Über", "cafe uber") == 1.0
    assert scorer.compare("か", "が") == 0.0


@pytest.mark.parametrize(
    ("output", "expected", "score"),
    [
        ("RM 1,234.50", "1234.5", 1.0),
        ("1.234,50 €", "1,234.50", 1.0),
        ("(5.00)", "-5", 1.0),
        ("5%", "0.05", 1.0),
        ("1,234", "1234", 1.0),
        ("1,234", "1,234", 1.0),
        ("USD 1,234", "1,234", 1.0),
        ("1,234", "1.234", 0.0),
        ("5%", "5", 0.0),
        ("$5", "€5", 0.0),
        ("-5", "5", 0.0),
        ("8.21", "8.20", 0.0),
        ("five", "5", 0.0),
    ],
)
def test_amounts_are_compared_as_numbers_when_asked(output: str, expected: str, score: float) -> None:
    assert normalised(amounts=True).compare(output, expected) == score
    assert normalised(amounts=True).compare(expected, output) == score


def test_an_identifier_keeps_its_zeros_unless_amounts_are_read() -> None:
    assert normalised().compare("007", "7") == 0.0
    assert normalised(amounts=True).compare("007", "7") == 1.0


@pytest.mark.parametrize(
    ("output", "expected", "score"),
    [
        ("3 Mar 2018", "2018-03-03", 1.0),
        (date(2018, 3, 3), "March 3, 2018", 1.0),
        ("06/03/2018", "2018-03-06", 1.0),
        ("06/03/2018", "2018-06-03", 1.0),
        ("06/03/2018", "6/3/18", 1.0),
        ("06/03/2018", "03/06/2018", 0.0),
        ("2018-03-06", "2018-03-07", 0.0),
        ("soon", "2018-03-07", 0.0),
    ],
)
def test_dates_are_compared_as_days_when_asked(output: object, expected: object, score: float) -> None:
    assert normalised(dates=True).compare(output, expected) == score
    assert normalised(dates=True).compare(expected, output) == score


@pytest.mark.parametrize("expected", [["a"], {"a": "b"}, object()])
def test_an_expected_value_with_parts_is_an_error(expected: object) -> None:
    with pytest.raises(InvalidValue, match=r"use exact\(\)"):
        normalised().compare("a", expected)


@given(st.text(), st.text(), st.booleans(), st.booleans())
def test_it_is_symmetric_and_forgives_unicode_form(one: str, other: str, case: bool, punctuation: bool) -> None:  # noqa: FBT001
    scorer = normalised(case=case, punctuation=punctuation)

    assert scorer.compare(one, other) == scorer.compare(other, one)
    assert scorer.compare(unicodedata.normalize("NFD", one), unicodedata.normalize("NFC", one)) == 1.0


@given(st.text(alphabet=st.characters(categories=["L", "N"]), max_size=8), st.integers(1, 3))
def test_white_space_is_one_space(word: str, spaces: int) -> None:
    assert normalised().compare(f" {word}{' ' * spaces}x\n", f"{word}\tx") == 1.0


def test_the_version_names_every_setting() -> None:
    assert (
        normalised(dates=True).version
        == "normalised/1 case=False punctuation=False accents=True amounts=False dates=True"
    )
