import json
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from handrail_guards.chain import run_guards
from handrail_guards.errors import InvalidGuard
from handrail_guards.grounding import grounded, locate
from handrail_guards.guard import GuardContext
from handrail_guards.values.day import Date
from handrail_guards.values.money import Money
from handrail_guards.values.month_names import months_of
from handrail_guards.values.percentage import Percentage
from handrail_guards.values.written_date import read_date
from handrail_guards.values.written_number import read_number

RECEIPTS = Path(__file__).parents[3].parent / "shared" / "data" / "receipts" / "receipts.dev.jsonl"


class Currency(Enum):
    RM = "RM"


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ("Main Street 5", "MAIN\n street, 5"),
        ("S/B Mart", "the S/B Mart."),
        ("Café", "CAFE\u0301 Noir"),
        ("東京", "住所:東京都"),
        ("\uff21\uff22\uff23", "abc"),  # full width
        ("1,007.50", "Total: 1007.50"),
        ("1007.50", "Total: RM1,007.50"),
        ("RM8.20", "8.20"),
        ("$10.30", "TOTAL $ 10.30"),
        ("0.28", ".28"),
        ("8.20", "8.20SR"),
        ("06/03/2018", "on 06-03-2018"),
        ("06/03/2018", "06/03/201810:23:45"),
        ("06/03/2018", "6/3/18"),
        ("2018-03-06", "06/03/2018"),
        ("10 MAY 2018", "2018-05-10"),
        ("May 10, 2018", "10.05.2018"),
        ("20180304", "04/03/2018"),
        (date(2018, 3, 6), "06/03/2018"),
        (date(2017, 10, 5), "5 octobre 2017"),
        (date(1998, 12, 31), "98/12/31"),
        (datetime(2018, 3, 6, 15, 41), "06/03/2018 3:41 PM"),  # noqa: DTZ001 -- receipts have no time zone
        (time(15, 41, 52), "at 15:41:52"),
        (45, "qty 45"),
        (45.0, "45.00"),
        (Decimal(-5), "(5.00)"),
        (Decimal(5), "- 5.00"),
        (0.2, "20 %"),
        (1234, "1.234"),
        (Currency.RM, "RM 5"),
        ("EUR", "Total € 12.00"),
        ("€", "12.00 EUR"),
        (Decimal("22.65"), "RM1.36\nRM22.65"),
        (Decimal("1.36"), "RM1.36 RM22.65"),
        (Decimal("22.65"), "RM1.36RM22.65"),
        (Decimal("12.50"), "12,50 EUR 3 pieces"),
        (3, "12,50 EUR 3 pieces"),
        (Decimal("120.00"), "QTY 2 120.00"),
        (2, "QTY 2 120.00"),
        (Decimal("2120.00"), "Total 2 120.00"),
        (Decimal("567.00"), "1 234 567.00"),
        (Decimal(-45), "(45.00 EUR)"),
        (Decimal(-45), "45.00-"),
        (Decimal(-45), "45.00 CR"),
        (Decimal("35.13"), "the tax that is in this fee (35,13 €)"),
        (Decimal("-35.13"), "the tax that is in this fee (35,13 €)"),
        (Decimal("123456.00"), "₹ 1,23,456.00"),
        (Decimal(1_500_000), "Revenue: $1.5M"),
        (5, "CHF 5.-"),
        (Decimal("3.50"), "3,50.-"),
        (Decimal("1234.56"), "1 .234,56"),
        (Decimal("1234.50"), "Total 1 2 3 4 . 5 0"),
        (Decimal("163.16"), "858,75 19 163,16"),
        (date(2024, 3, 4), "4 มีนาคม 2567"),
        (date(2024, 10, 10), "10 10 2024"),
        ("12-06-2018 14:03:11", "12-06-2018 14:03:11"),
        ("12-06-2018 14:03", "on 12/06/2018 at 14:03:11"),
        ("Euro", "12.00 €"),
        ("EUR", "12 Euro"),
        (date(2024, 4, 3), "\U0001f600 2024年4月3日"),
        ("+49 30 1234567", "Tel. +49-30-1234567"),
        (date(2024, 4, 3), "2024年4月3日"),
    ],
)
def test_a_value_is_found_however_it_is_written(value: Any, source: str) -> None:
    assert locate(value, source)


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ("Main St", "Main Street"),
        ("99 MART S", "99 MART S/B"),
        ("8768 6092", "03-8768 6092"),
        ("B & EST", "B & BEST"),
        (", Main Street", "9, Main Street"),
        ("5.00", "45.00"),
        ("5.00", "15:00"),
        ("45.0", "45.00"),
        ("045.00", "45.00"),
        ("45.00", "EUR 46.00"),
        ("USD 45.00", "EUR 45.00"),
        ("USD 12.50", "12,50 EUR 3 pieces"),
        (Decimal(45), "Total: -45.00 EUR"),
        (Decimal(45), "Total (45.00)"),
        (Decimal(45), "Credit 45.00-"),
        (Decimal(45), "Credit 45.00 CR"),
        (Decimal("2120.00"), "2\t120.00"),
        ("12-06-2018 14:03:11", "12-06-2018 14:04:11"),
        ("45.00", "Total: -45.00"),
        ("USD", "Total € 12.00"),
        ("EUR", "EUROPE"),
        (Decimal("0.00"), "QTY 2 120.00"),
        ("12", "12B Main Street"),
        ("06/03/2018", "03/06/2018"),
        ("6/03/2018", "06/03/2018"),
        ("06/03/2018", "06/03/2019"),
        ("2018-02-30", "30/02/2018"),
        (date(2018, 3, 6), "06/04/2018"),
        (datetime(2018, 3, 6, 15, 41), "06/03/2018 15:42"),  # noqa: DTZ001 -- receipts have no time zone
        (time(15, 41), "3:41"),
        (5, "15 or 5.5 or 2018-05-05 or 12:05"),
        (Decimal(-5), "5.00"),
        (Decimal("NaN"), "NaN"),
        (float("nan"), "nan or 0"),
        (float("inf"), "inf, Infinity"),
        ("!?", "!?"),
    ],
)
def test_what_is_not_there_is_not_found(value: Any, source: str) -> None:
    assert locate(value, source) == ()


def test_the_spans_are_every_place_where_it_stands() -> None:
    source = "Total 8.20 ... card 8.20"
    assert [source[span.start : span.end] for span in locate(Decimal("8.2"), source)] == ["8.20", "8.20"]


def test_what_cannot_stand_in_a_text_is_misuse() -> None:
    for value in (True, object(), {"a": 1}):
        with pytest.raises(TypeError):
            locate(value, "True")


@given(
    st.dates(date(1970, 1, 1), date(2068, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%d %b %Y", "%B %d, %Y", "%Y%m%d"]),
)
def test_every_date_is_found_in_every_format(day: date, style: str) -> None:
    assert locate(day, f"on {day.strftime(style)}, paid")


@given(st.decimals(0, 9_999_999, places=2), st.sampled_from(["{:,.2f}", "{:.2f}", "EUR {:,.2f}"]))
def test_every_amount_is_found_in_every_format(amount: Decimal, style: str) -> None:
    written = style.format(amount)
    assert locate(amount, f"Total {written} due")
    assert locate(written, f"Total {amount:.2f}")


@given(st.text(min_size=1), st.text())
def test_any_text_may_be_looked_for_and_spans_lie_within_the_source(value: str, source: str) -> None:
    assert all(0 <= span.start < span.end <= len(source) for span in locate(value, source))


class Line(BaseModel):
    amount: Decimal


class Receipt(BaseModel):
    shop: str
    total: Decimal | None = None
    paid: bool = False
    lines: list[Line] = []


SOURCE = "ACME Ltd\nBread 2.00\nMilk 3.00\nTOTAL 5.00\nCASH 10.00"


@pytest.mark.parametrize(
    "written", ["△45.00", "▲¥45.00", "\u201045.00", "\u201145.00", "minus 45.00", "Moins: 45,00", "\u279645"]
)
def test_a_minus_in_any_spelling_makes_an_amount_negative(written: str) -> None:
    assert locate(Decimal(-45), f"Total: {written} EUR")
    assert not locate(Decimal(45), f"Total: {written} EUR")


def test_an_amount_that_is_taken_away_from_another_may_be_either() -> None:
    assert locate(Decimal(3), "5 minus 3")
    assert locate(Decimal(-3), "5 minus 3")


@pytest.mark.parametrize(
    ("source", "meant", "other"),
    [
        ("Netto 2.345,67\nGesamt 1.000 EUR", Decimal(1000), Decimal(1)),
        ("Net 2,345.67\nTotal 1,500 EUR", Decimal(1500), Decimal("1.5")),
        ("Net 12.34 USD\n1.500 kg", Decimal("1.5"), Decimal(1500)),
    ],
)
def test_a_number_is_read_by_the_decimal_mark_that_its_source_shows(
    source: str, meant: Decimal, other: Decimal
) -> None:
    assert locate(meant, source)
    assert not locate(other, source)


@pytest.mark.parametrize(
    ("value", "there", "elsewhere"),
    [
        ("INV-1-13", "INV 1/13", "INV-11-3"),
        ("12/3 Main St", "12/3 Main St", "1/23 Main St"),
        ("A+", "Grade: A+", "Grade: A"),
        ("A", "Grade: A - good", "Grade: A+"),
        ("AA-", "rated AA−.", "rated AA+."),
        ("O-", "Blood: O-", "Blood: O"),
        ("C", "in C, mostly", "in C++, mostly"),
        ("v1.2", "since v1.2.", "since v12"),
        ("v12", "since v12.", "since v1.2"),
        ("release 1.2.3", "Release 1.2.3", "release 12.3"),
        ("Tel. 030 1.23.45.67", "tel 030 1 23 45 67", "tel 030 1 23 45 68"),  # of many digits points set groups apart
        ("5‰", "a fee of 5 ‰", "a fee of 5%"),
        ("5%", "a fee of 5 %", "a fee of 5‰"),
        ("5%", "a fee of 5 percent", "a fee of 5 bps"),
        (Percentage(5), "a fee of 5 %", "a fee of 5 per mille"),
    ],
)
def test_what_keeps_digits_apart_or_ends_a_word_is_a_part_of_it(value: object, there: str, elsewhere: str) -> None:
    assert locate(value, there)
    assert not locate(value, elsewhere)


def test_verdicts_carry_the_evidence_of_each_field() -> None:
    receipt = Receipt(shop="Acme", total=Decimal(5), lines=[Line(amount=Decimal(2))])
    result = run_guards([grounded(fields=["shop", "total", "lines.*.amount"])], receipt, GuardContext(source=SOURCE))
    assert result.blocking is None
    evidence = {verdict.field: [SOURCE[span.start : span.end] for span in verdict.spans] for verdict in result.verdicts}
    assert evidence == {"shop": ["ACME"], "total": ["5.00"], "lines.0.amount": ["2.00"]}


def test_an_invented_value_blocks_and_names_its_field() -> None:
    receipt = Receipt(shop="Acme", total=Decimal(6))
    result = run_guards([grounded(on_fail="reask")], receipt, GuardContext(source=SOURCE))
    assert result.blocking is not None
    assert (result.blocking.field, result.blocking.on_fail) == ("total", "reask")


def test_what_was_not_extracted_passes() -> None:
    result = run_guards([grounded(fields=["shop", "total"])], Receipt(shop="ACME"), GuardContext(source=SOURCE))
    assert result.blocking is None


@pytest.mark.parametrize("empty", ["", "  ", "\n"])
def test_an_empty_text_is_no_extracted_value(empty: str) -> None:
    blocking = run_guards([grounded(fields=["shop"])], Receipt(shop=empty), GuardContext(source=SOURCE)).blocking
    assert blocking is not None
    assert "it is empty" in blocking.reason


def test_an_amount_that_stands_there_with_the_other_sign_only_is_told_so() -> None:
    context = GuardContext(source="CREDIT NOTE\nTotal: -45.00 EUR")
    blocking = run_guards([grounded(near=["total"])], {"total": Decimal("45.00")}, context).blocking
    assert blocking is not None
    assert blocking.reason == "'45.00' is in the source only as a negative amount"
    assert run_guards([grounded(near=["total"])], {"total": Decimal("-45.00")}, context).blocking is None


@pytest.mark.parametrize(
    ("shop", "passes"),
    [("ACME Trading Ltd", True), ("ACME Trading", False), ("Trading Ltd", False), ("Beta Inc", True)],
)
def test_a_text_that_lost_a_word_is_no_whole_line(shop: str, *, passes: bool) -> None:
    context = GuardContext(source="ACME Trading Ltd.\nSupplier: Beta Inc\nTOTAL 5.00")
    assert (run_guards([grounded(whole_line=True)], {"shop": shop}, context).blocking is None) is passes


AMOUNTS = st.decimals(0, 99_999, places=2).flatmap(
    lambda amount: st.sampled_from(
        [f"{amount:,.2f}", f"{amount:.2f}", f"RM{amount:.2f}", f"EUR {amount:,.2f}", f"{amount:.2f} €"]
    )
)
DAYS = st.dates(date(1970, 1, 1), date(2068, 12, 31)).flatmap(
    lambda day: st.sampled_from([day.strftime(style) for style in ("%Y-%m-%d", "%d.%m.%Y", "%d %b %Y", "%d/%m/%y")])
)
TOKENS = st.lists(
    AMOUNTS | DAYS | st.integers(0, 9999).map(str) | st.sampled_from(["TOTAL", "Qty", "x", "@"]), min_size=1, max_size=8
)


@given(TOKENS, st.sampled_from(["\n", "  ", " | ", "\t"]))
def test_every_number_and_date_of_a_source_is_located_in_it(tokens: list[str], between: str) -> None:
    source = between.join(tokens)
    for token in tokens:
        day, number = read_date(token), read_number(token)
        if day is not None or number is not None:
            assert locate(token, source), token
        if day is not None:  # of two days both, or the one that the others show
            assert any(locate(reading, source) for reading in day.readings), token
            alone = locate(token, token)[0]
            assert all(locate(reading, token) == (alone,) for reading in day.readings), token
        elif number is not None:
            assert all(locate(value, source) for value in number.values()), token


@pytest.mark.parametrize("given", [date(2024, 3, 4), "2024-03-04", "4 March 2024", Date.read("2024-03-04")])
def test_a_day_that_the_source_shows_to_be_another_is_not_in_it(given: object) -> None:
    assert locate(given, "Datum 03/04/2024")
    assert not locate(given, "Datum 03/04/2024, Lieferung 25/03/2024")
    assert locate(given, "Date 03/04/2024, shipped 03/25/2024")
    assert not locate(given, "Die Rechnung vom 03.04.2024 ist bis zum 30.04.2024 zu zahlen")


@pytest.mark.parametrize("given", ["120.00 EUR", Money.read("120.00 EUR")])
def test_an_amount_is_in_no_currency_that_its_source_does_not_name_but_others(given: object) -> None:
    assert not locate(given, "All amounts in USD\nTotal 120.00")
    assert not locate(given, "Net $ 100.00\nTotal 120.00")
    assert not locate(given, "Total $120.00 CAD")
    assert locate(given, "All amounts in EUR\nTotal 120.00")
    assert locate(given, "All amounts in Euro\nTotal 120.00\nUSD 131.00")
    assert locate(given, "Try our new pens\nTotal 120.00")


def test_near_asks_for_the_role_and_not_only_the_presence() -> None:
    guard = grounded(fields="total", near=["total", "amount due"])
    context = GuardContext(source="TOTAL 5.00\n\n\nCASH\n10.00")
    assert run_guards([guard], {"total": Decimal(5)}, context).blocking is None
    blocking = run_guards([guard], {"total": Decimal(10)}, context).blocking
    assert blocking is not None
    assert "not near" in blocking.reason


@pytest.mark.parametrize("near", ["total", ["--"]])
def test_near_must_be_words(near: Any) -> None:
    with pytest.raises(InvalidGuard, match="near"):
        grounded(near=near)


def test_no_beginning_of_a_month_name_means_two_months() -> None:
    assert {months_of(name) for name in ("Mar", "märz", "MAC", "maart", "mrt", "marzo")} == {frozenset({3})}
    assert {months_of(name) for name in ("May", "mai", "mei", "mayo", "maggio")} == {frozenset({5})}
    assert not months_of("ma")
    assert not months_of("marx")


def test_true_values_of_scanned_receipts_are_found_and_changed_ones_are_not() -> None:
    if not RECEIPTS.is_file():
        pytest.skip("the receipts are not beside the project")
    found = wrong = total = 0
    for line in RECEIPTS.read_text(encoding="utf-8").split("\n")[:150]:
        record = json.loads(line)
        source = "\n".join(each["text"] for each in record["lines"])
        company = record["fields"]["company"]
        total += 1
        found += bool(locate(company, source))
        wrong += bool(locate(company[:-1] + ("X" if company[-1] != "X" else "Y"), source))
    assert found / total >= 0.97
    assert wrong == 0


@pytest.mark.dear
@pytest.mark.parametrize(
    "piece",
    ["1 ", "1 2 3 4 ", "1,234 ", "1.", "12/", "(", "mar ", "٣", "a1 ", "9", "1,23,", "5.- ", "-", "EUR ", "1.5M "],
)
def test_a_long_text_of_nearly_numbers_and_dates_ends(piece: str) -> None:
    source = piece * 5_000 + "\n5.00 on 4 March 2024"
    assert locate(Decimal("5.00"), source)
    assert locate(date(2024, 3, 4), source)
    assert len(locate("03/04/1999 10:10", source)) == 0


@pytest.mark.parametrize(
    ("value", "source", "is_there"),
    [
        ("x > 5", "only if x < 5", False),
        ("x > 5", "only if x > 5", True),
        ("≥ 12", "age ≤ 12", False),
        ("≥ 12", "age >= 12", True),
        (">= 12", "age ⩾ 12", True),
        ("≥ 12", "age 12", False),
        ("age 12", "age ≥ 12", True),  # says less, and nothing else
        ("a != b", "a = b", False),
        ("<ann@acme.example>", "From: Ann <ann@acme.example>, today", True),
    ],
)
def test_what_is_compared_is_found_where_it_is_compared_so(value: str, source: str, *, is_there: bool) -> None:
    assert bool(locate(value, source)) == is_there


@pytest.mark.parametrize(
    ("value", "source"),
    [
        (Decimal(-45), "CR 45.00"),
        (Decimal(-45), "CR: EUR 45"),
        (Decimal(-45), "—45.00"),
        (Decimal(-45), "\u201245"),
        (Decimal(-45), "( 45.00 )"),
        (Decimal(-45), "45.00 -"),
        (Decimal("-1.12"), "Steuerbetrag in EUR -\r\n1,12"),
        (Decimal(45), "Total—45.00"),
        (Decimal(45_000_000), "45 млн"),
        (Decimal("1.2e6"), "1,2 mln zł"),
        (Decimal(45_000), "45 ribu"),
        (Decimal(45_000), "4.5万円"),
        (Decimal(45_000), "Rp45.000"),
        (Decimal("1234.56"), "1\u00b4234.56"),
        (Decimal(45_000), "45\u2007000"),
        (Decimal("45.50"), "45·50"),
        (Decimal("12.50"), "3x12.50"),
        (date(2024, 3, 4), "20240304T101112"),
        (date(2024, 3, 4), "04.03.2024-05.03.2024"),
    ],
)
def test_signs_scales_and_separators_of_other_countries_are_read(value: object, source: str) -> None:
    assert locate(value, source)


@pytest.mark.parametrize(
    ("value", "source"),
    [
        (Decimal(45), "CR 45.00"),
        (Decimal(45), "CR 12.00 CR 45.00"),
        (Decimal(45), "CR 45"),
        (Decimal(-45), "CR 45"),
        (Decimal(-45), "INV-45"),
        (Decimal(45), "—45"),
        (Decimal(45), "USD ―45"),
        (Decimal(45), "( 45.00 )"),
        (Decimal(45), "45 млн"),
        (Decimal("4.5"), "4.5億円"),
        (Decimal(45), "45 mil"),
        (Decimal(45), "45\u00b4000"),
        (Decimal(45), "45`000"),
        (Decimal(45), "45\u2007000"),
        (Decimal(45), "45·50"),
        (Decimal(45), "45 1/2"),
        (Decimal(45), "45\u200b6"),
        (Decimal(45), "45_000"),
        (Decimal(45), "0x45"),
        (100, "INV_100"),
        ("100", "INV_100"),
        ("INV-100", "INV-100_2"),
        ("INV-100", "2_INV-100"),
        ("INV100", "INV100\u200b5"),
        (date(2024, 3, 4), "A20240304"),
        (date(2024, 3, 4), "20240304B"),
        (date(2024, 3, 4), "4/3/2024/1"),
        (date(2024, 3, 4), "04.03.2024.5"),
    ],
)
def test_a_part_of_a_larger_number_or_of_an_identifier_is_not_found(value: object, source: str) -> None:
    assert not locate(value, source)


def test_what_may_be_the_number_of_a_shelf_is_looked_for_as_it_is_written() -> None:
    assert locate("CR 45", "on shelf CR 45")
    assert not locate("CR 45", "a credit of -45")


@pytest.mark.parametrize(
    ("value", "source", "is_there"),
    [
        (548, "含548大卡热量", True),
        ("21.56", "蛋白质21.56克", True),
        (45, "ราคา45บาท", True),
        (100, "合計100円", True),
        (5000, "5千円", True),
        (3, "2024年3月4日", False),
        (45, "A45大", False),
        (45, "\u30fc45", False),
        (4, "4万5千円", False),
        (40_000, "4万5千円", False),
        (5000, "4万5千円", False),
    ],
)
def test_a_number_ends_where_a_script_without_blanks_begins(value: object, source: str, *, is_there: bool) -> None:
    assert bool(locate(value, source)) is is_there
