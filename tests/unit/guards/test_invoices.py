"""Guards on invoices: what adds up passes, what is missing or unclear never does."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from handrail_guards.chain import run_guards
from handrail_guards.check import Check
from handrail_guards.cross_field import sums
from handrail_guards.errors import InvalidGuard
from handrail_guards.guard import GuardContext
from handrail_guards.invoices import credit_note_sign, due_after_issue, tax_adds_up
from handrail_guards.values.day import Date
from handrail_guards.values.money import Money
from handrail_guards.values.percentage import Percentage


def told(guard: Check, value: Any) -> str:
    """Return why a guard blocks a value; empty: it does not."""
    blocking = run_guards([guard], value, GuardContext()).blocking
    return "" if blocking is None else f"{blocking.field}: {blocking.reason}"


TAX = tax_adds_up("net", "tax", "total")
RATED = tax_adds_up("rows.*.basis", "rows.*.tax", "total", rate="rows.*.rate")


@pytest.mark.parametrize(
    "invoice",
    [
        {"net": Decimal("473.00"), "tax": Decimal("56.87"), "total": Decimal("529.87")},
        {"net": Money.read("473,00 €"), "tax": Money.read("56,87 €"), "total": Money.read("529.87 EUR")},
        {"net": "473,00", "tax": "56,87 €", "total": "EUR 529.87"},
        {"net": Decimal("10.00"), "tax": Decimal("1.99"), "total": Decimal("12.00")},  # rounded by a cent
        {"net": Decimal("-7.67"), "tax": Decimal("-1.12"), "total": Decimal("-8.79")},
        {"net": Decimal(380), "tax": None, "total": Decimal(380)},  # no tax, and none needed
        {"net": None, "tax": None, "total": None},
    ],
)
def test_tax_that_adds_up_passes(invoice: Any) -> None:
    assert told(TAX, invoice) == ""


@pytest.mark.parametrize(
    ("invoice", "reason"),
    [
        ({"net": Decimal(473), "tax": Decimal(57), "total": Decimal("529.87")}, "total: 473 + 57 is 530, not 529.87"),
        ({"net": Decimal(473), "tax": None, "total": Decimal("529.87")}, "total: 473 is 473, not 529.87"),
        ({"net": None, "tax": Decimal(5), "total": Decimal(50)}, "total: net is missing"),
        ({"net": Decimal(45), "tax": Decimal(5), "total": None}, "total: total is missing"),
        ({"net": Money("45", "EUR"), "tax": Money("5", "USD"), "total": Money("50", "EUR")}, "EUR and USD cannot be"),
        ({"net": Money.read("1,234"), "tax": Decimal(0), "total": Decimal(1234)}, "may be 1.2340 or 1234"),
        ({"net": "1,234", "tax": Decimal(0), "total": Decimal(1234)}, "not one clear number"),
        ({"net": float("nan"), "tax": 0, "total": 0}, "not one clear number"),
        ({"net": True, "tax": 0, "total": 1}, "not one clear number"),
    ],
)
def test_tax_that_does_not_add_up_or_cannot_be_checked_is_told(invoice: Any, reason: str) -> None:
    assert reason in told(TAX, invoice)


def rows(*listed: tuple[Any, Any, Any], total: Any) -> dict[str, Any]:
    return {"rows": [dict(zip(("basis", "rate", "tax"), each, strict=True)) for each in listed], "total": total}


def test_each_tax_is_its_net_times_its_rate() -> None:
    seven, nineteen = Percentage(7), Percentage.read("19,00 %")
    right = rows((Decimal(275), seven, Decimal("19.25")), (Decimal(198), nineteen, Decimal("37.62")), total="529,87")
    assert told(RATED, right) == ""
    assert told(RATED, rows((Decimal("10.03"), "19 %", Decimal("1.91")), total=Decimal("11.94"))) == ""  # 1.9057
    swapped = rows((Decimal(275), nineteen, Decimal("19.25")), (Decimal(198), seven, Decimal("37.62")), total="529,87")
    assert told(RATED, swapped) == "rows.0.tax: 19.00% of 275 is 52.25, not 19.25"


def test_a_row_without_its_rate_or_with_an_unclear_one_is_told() -> None:
    assert "no rows.*.rate for the tax of 19.25" in told(
        RATED, rows((Decimal(275), None, Decimal("19.25")), total=Decimal("294.25"))
    )
    assert "rows.0.tax is missing" in told(RATED, rows((Decimal(275), 7, None), total=Decimal(275)))
    assert "may be 0.07 % or 7.00 %" in told(
        RATED, rows((Decimal(275), Decimal("0.07"), Decimal("19.25")), total=Decimal("294.25"))
    )


@pytest.mark.parametrize("tolerance", [-0.01, float("nan"), float("inf"), True, "0.1"])
def test_a_tolerance_is_a_number_of_0_or_more(tolerance: Any) -> None:
    with pytest.raises(InvalidGuard, match="tolerance"):
        tax_adds_up("net", "tax", "total", tolerance=tolerance)
    with pytest.raises(InvalidGuard, match="tolerance"):
        sums("parts", "total", tolerance=tolerance)


def test_a_sum_of_money_is_exact_and_its_tolerance_is_asked_for() -> None:
    lines = [{"amount": Money.read(each)} for each in ("160,00 €", "316,00 €", "20,00 €")]
    exact, to_the_cent = sums("lines.*.amount", "total"), sums("lines.*.amount", "total", tolerance=Decimal("0.01"))
    assert told(exact, {"lines": lines, "total": Money("496", "EUR")}) == ""
    assert "not 496.01" in told(exact, {"lines": lines, "total": Money("496.01", "EUR")})
    assert told(to_the_cent, {"lines": lines, "total": Money("496.01", "EUR")}) == ""
    assert "EUR and USD cannot be added" in told(exact, {"lines": lines, "total": Money("496", "USD")})


def test_a_line_without_an_amount_is_not_left_out_of_a_sum() -> None:
    lines = [{"amount": Decimal(5)}, {"amount": None}]
    assert "lines.1.amount is missing" in told(sums("lines.*.amount", "total"), {"lines": lines, "total": Decimal(5)})
    optional = sums(["net", "shipping"], "total")
    assert told(optional, {"net": Decimal(5), "shipping": None, "total": Decimal(5)}) == ""


DUE = due_after_issue("issued", "due", within_days=90)


@pytest.mark.parametrize(
    ("invoice", "reason"),
    [
        ({"issued": date(2024, 3, 4), "due": date(2024, 4, 3)}, ""),
        ({"issued": Date.read("4. März 2024"), "due": Date.read("2024-03-04 10:15")}, ""),
        ({"issued": "2024-03-04", "due": "3 April 2024"}, ""),
        ({"issued": date(2024, 3, 4), "due": None}, ""),
        ({"issued": None, "due": None}, ""),
        ({"issued": date(2024, 4, 3), "due": date(2024, 3, 4)}, "due: due (2024-03-04) is before issued (2024-04-03)"),
        ({"issued": date(2024, 3, 4), "due": date(2024, 12, 1)}, "more than 90 days after"),
        ({"issued": None, "due": date(2024, 3, 4)}, "due: issued is missing"),
        ({"issued": Date.read("03/04/2024"), "due": date(2024, 5, 1)}, "may be 2024-03-04 or 2024-04-03"),
    ],
)
def test_a_due_day_is_not_before_the_day_of_issue(invoice: Any, reason: str) -> None:
    assert reason in told(DUE, invoice)
    assert (told(DUE, invoice) == "") is (reason == "")


@pytest.mark.parametrize(
    ("invoice", "reason"),
    [
        ({"kind": "invoice", "total": Money("571.04", "EUR")}, ""),
        ({"kind": "credit_note", "total": Money("-233.47", "EUR")}, ""),
        ({"kind": "381", "total": Decimal("-8.79")}, ""),
        ({"kind": "Avoir", "total": Decimal(0)}, ""),
        ({"kind": None, "total": None}, ""),
        (
            {"kind": "credit_note", "total": Money("233.47", "EUR")},
            "total: 233.47 is positive, and kind is 'credit_note'",
        ),
        ({"kind": "invoice", "total": Decimal(-5)}, "total: -5 is negative, and kind is 'invoice'"),
        ({"kind": None, "total": Decimal(5)}, "kind: kind is missing"),
        ({"kind": "invoice", "total": Money.read("1,234")}, "may be"),
    ],
)
def test_the_amounts_of_a_credit_note_are_negative_and_others_are_not(invoice: Any, reason: str) -> None:
    guard = credit_note_sign("kind", "total")
    assert reason in told(guard, invoice)
    assert (told(guard, invoice) == "") is (reason == "")


def test_credit_notes_may_be_written_with_positive_amounts_too() -> None:
    guard = credit_note_sign("kind", ["total"], sign="positive", credit_notes=["CN"])
    assert told(guard, {"kind": "cn", "total": Decimal(5)}) == ""
    assert "is negative" in told(guard, {"kind": "CN", "total": Decimal(-5)})
    assert -Money("5", "EUR") == Money("-5", "EUR")


@pytest.mark.parametrize(
    "build",
    [
        lambda: tax_adds_up("net", (), "total"),
        lambda: tax_adds_up("net", ["a", "b"], "total", rate="rate"),
        lambda: tax_adds_up("", "tax", "total"),
        lambda: due_after_issue("a", "b", within_days=-1),
        lambda: credit_note_sign("kind", ()),
        lambda: credit_note_sign("kind", "total", credit_notes=()),
        lambda: credit_note_sign("kind", "total", sign="minus"),  # type: ignore[arg-type]  # whoever has no type checker
    ],
)
def test_a_guard_that_could_not_work_is_refused(build: Any) -> None:
    with pytest.raises(InvalidGuard):
        build()
