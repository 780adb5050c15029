"""Amounts as documents write them: every reading is there, and the sign is never lost."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail_guards.values.money import Money
from handrail_guards.values.percentage import Percentage
from handrail_guards.values.written import UnclearValue
from handrail_guards.values.written_number import find_numbers

ONE_READING = [
    ("1234.56", "1234.56", None),
    ("1,234.56", "1234.56", None),
    ("1.234,56 €", "1234.56", "EUR"),
    ("1 234,56", "1234.56", None),
    ("1\u00a0234,56 €", "1234.56", "EUR"),
    ("1\u202f234,56 €", "1234.56", "EUR"),
    ("1'234.56", "1234.56", None),
    ("42'987,56", "42987.56", None),
    ("42’987.56 CHF", "42987.56", "CHF"),
    ("1,23,456.00", "123456.00", None),
    ("₹ 12,34,567", "1234567", "INR"),
    ("1.234.567,89 EUR", "1234567.89", "EUR"),
    ("1,234,567", "1234567", None),
    ("1 .234,56", "1234.56", None),
    ("0.025 €", "0.025", "EUR"),
    ("12345,678", "12345.678", None),
    (".89", "0.89", None),
    ("5.-", "5", None),
    ("CHF 5.-", "5", "CHF"),
    ("Fr. 5.--", "5", "CHF"),
    ("3,50.-", "3.50", None),
    ("10,- kr", "10", "kr"),
    ("12,50 Euro", "12.50", "EUR"),
    ("EUR 12,50", "12.50", "EUR"),
    ("US$ 1,007.50", "1007.50", "USD"),
    ("$10.30", "10.30", "$"),
    ("RM1,007.50", "1007.50", "MYR"),
    ("5 000,00 zł", "5000.00", "PLN"),
    ("1.5M", "1500000", None),
    ("$1.5M", "1500000", "$"),
    ("2,5 Mio. €", "2500000", "EUR"),
    ("1,5 Mrd. EUR", "1500000000", "EUR"),
    ("3 lakh", "300000", None),
    ("١٬٢٣٤٫٥٦", "1234.56", None),
    ("१,२३,४५६.००", "123456.00", None),
    ("\uff11\uff0c\uff12\uff13\uff14\uff0e\uff15\uff16", "1234.56", None),
    ("1 2 3 4 . 5 0", "1234.50", None),
    ("-1.234,56 €", "-1234.56", "EUR"),
    ("\u221212,00", "-12.00", None),
    ("1,00-", "-1.00", None),
    ("1,00- €", "-1.00", "EUR"),
    ("1,234.56 -", "-1234.56", None),
    ("(12.00)", "-12.00", None),
    ("($12.00)", "-12.00", "$"),
    ("USD (12.00)", "-12.00", "USD"),
    ("€-5", "-5", "EUR"),
    ("-€5", "-5", "EUR"),
    ("- 5.00", "-5.00", None),
    ("108.43 CR", "-108.43", None),
    ("108.43 DR", "108.43", None),
    ("+5.00", "5.00", None),
]

SEVERAL_READINGS = [
    ("1,234", {"1234", "1.234"}),
    ("1.234 €", {"1234", "1.234"}),
    ("-1,234", {"-1234", "-1.234"}),
    ("8.20K", {"8.20", "8200"}),
    ("₹ 1.5 Cr", {"-1.5", "15000000"}),
    ("2 billion", {"2000000000", "2000000000000"}),
]


@pytest.mark.parametrize(("written", "amount", "currency"), ONE_READING)
def test_an_amount_is_read_with_its_sign_and_currency(written: str, amount: str, currency: str | None) -> None:
    read = Money.read(written)
    assert read.readings == (Decimal(amount),)
    assert read.currency == currency
    assert Money.read(str(read)) == read


@pytest.mark.parametrize(("written", "amounts"), SEVERAL_READINGS)
def test_what_may_be_two_amounts_has_both_readings_and_no_value(written: str, amounts: set[str]) -> None:
    read = Money.read(written)
    assert set(read.readings) == set(map(Decimal, amounts))
    with pytest.raises(UnclearValue, match="may be"):
        _ = read.amount
    assert Money.read(str(read)) == read
    for reading in read.readings:
        assert read.meaning(reading).amount == reading


@pytest.mark.parametrize(
    "written", ["", "abc", "12.00 13.00", "USD 10 / EUR 9", "19 %", "4 March 2024", "12:30", "EUR"]
)
def test_what_is_no_single_amount_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="no amount of money"):
        Money.read(written)


REPORTED = [
    ("R$ -2,00", "-2.00"),  # scrapinghub/price-parser #29
    ("-$100,000.00", "-100000.00"),  # the same
    ("-2,525,077.54", "-2525077.54"),  # the same
    ("3.35", "3.35"),  # scrapinghub/price-parser #46
    ("3.3500", "3.3500"),  # the same
    (",89 €", "0.89"),  # scrapinghub/price-parser #58
    ("CHF 1'200.20", "1200.20"),  # scrapinghub/price-parser #61
    ("€ -15.00", "-15.00"),  # mktj/parsecurrency #13
    ("$108.43 cr", "-108.43"),  # invoice-x/invoice2data #240
    ("-$1,716.96", "-1716.96"),  # invoice-x/invoice2data #229
    ("27,80", "27.80"),  # invoice-x/invoice2data #12
    ("42'987,56", "42987.56"),  # invoice-x/invoice2data #306
    ("-950,00 €", "-950.00"),  # firefly-iii/firefly-iii #1938
    ("4.200,00 kr.", "4200.00"),  # ex-money/money #125
    ("2,50€", "2.50"),  # RubyMoney/monetize #129
    ("22,00$", "22.00"),  # RubyMoney/money #243
    ("1.234.123 €", "1234123"),  # caiogondim/parse-price.js #4
    ("1.355,90€", "1355.90"),  # deadlocker8/BudgetMaster #731
    ("€45.000,00", "45000.00"),  # career-ops-hq/career-ops #3238
    ("82,5k", "82500"),  # the same
    ("10,00,000.000", "1000000.000"),  # openexchangerates/accounting.js #200
]


@pytest.mark.parametrize(("written", "amount"), REPORTED)
def test_what_users_of_others_reported_is_read(written: str, amount: str) -> None:
    assert Money.read(written).amount == Decimal(amount)


@pytest.mark.parametrize(
    "written", ["3.350", "3.355", "-kr 6.645", "1.234 €"]
)  # price-parser #46 and #29, parse-price #4
def test_three_digits_behind_one_mark_are_never_guessed_at(written: str) -> None:
    assert len(Money.read(written).readings) == 2


LOCALES = {
    "en": (",", ".", "{}"),
    "de": (".", ",", "{} €"),
    "fr": ("\u202f", ",", "{} €"),
    "es": (".", ",", "{} €"),
    "pl": ("\u00a0", ",", "{} zł"),
    "de_CH": ("’", ".", "CHF {}"),
    "sv": ("\u00a0", ",", "{} kr"),
    "ar": ("\u066c", "\u066b", "{}"),
    "it": (".", ",", "€ {}"),
    "plain": ("", ".", "{}"),
}
NEGATIVES = ("-{}", "({})", "{}-", "\u2212{}")


def in_locale(amount: Decimal, locale: str, places: int) -> str:
    group, decimal, _ = LOCALES[locale]
    text = f"{abs(amount):,.{places}f}".replace(",", "G").replace(".", "D").replace("G", group).replace("D", decimal)
    return text.translate({ord(str(d)): 0x660 + d for d in range(10)}) if locale == "ar" else text


@given(
    st.decimals(-9_999_999, 9_999_999, places=3),
    st.sampled_from(sorted(LOCALES)),
    st.sampled_from(NEGATIVES),
    st.integers(0, 3),
)
def test_the_true_amount_is_among_the_readings_in_ten_locales(
    number: Decimal, locale: str, negative: str, places: int
) -> None:
    amount = round(number, places) if places else Decimal(int(number))
    written = in_locale(amount, locale, places)
    signed = negative.format(written) if amount < 0 else written
    read = Money.read(LOCALES[locale][2].format(signed))
    assert abs(amount) in {abs(each) for each in read.readings}
    assert all((each < 0) == (amount < 0) for each in read.readings if each)
    assert Money.read(str(read)) == read
    if places == 2:
        assert read.amount == amount


@given(st.decimals(-99_999, 99_999, places=4), st.sampled_from(["EUR", "USD", "CHF", None]))
def test_a_clear_amount_reads_the_same_again(amount: Decimal, currency: str | None) -> None:
    made = Money(amount, currency)
    assert Money.read(str(made)) == made


@pytest.mark.parametrize(
    ("written", "percents"),
    [
        ("19 %", {"19"}),
        ("7,7%", {"7.7"}),
        ("19", {"19"}),
        ("0.19", {"0.19", "19"}),
        ("7,000 %", {"7", "7000"}),
        ("-2,5 %", {"-2.5"}),
        ("١٩٪", {"19"}),
        ("12,5 percent", {"12.5"}),
    ],
)
def test_a_percentage_is_read(written: str, percents: set[str]) -> None:
    read = Percentage.read(written)
    assert set(read.readings) == set(map(Decimal, percents))
    assert Percentage.read(str(read)) == read


def test_a_percentage_is_a_share_of_one_too() -> None:
    assert Percentage.read("19 %").share == Decimal("0.19")
    with pytest.raises(ValueError, match="no percentage"):
        Percentage.read("19 €")


def test_a_tab_ends_a_number_and_a_blank_may() -> None:
    def numbers(source: str) -> list[set[str]]:
        return [set(each.written) for each in find_numbers(source)]

    assert numbers("2\t120.00") == [{"2"}, {"120.00"}]
    assert numbers("2 120.00") == [{"2"}, {"120.00"}, {"2120.00"}]
    assert [each.joined for each in find_numbers("2 120.00")] == [False, False, True]


@pytest.mark.slow
def test_of_a_long_row_of_numbers_no_more_are_joined_than_an_amount_has() -> None:
    """Every run of a row was a number: of 6,000 there were 18 million, and a check of such a text never ended."""
    row = " ".join(str(100 + number % 900) for number in range(6000))
    found = list(find_numbers(row))
    assert len(found) < 7 * 6000
    assert {"100", "101102", "993994995996997998999"} <= {text for each in found for text in each.written}
    assert max(len(text) for each in found for text in each.written) == 21
