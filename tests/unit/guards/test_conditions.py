from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from handrail_guards.chain import run_guards
from handrail_guards.check import Check
from handrail_guards.conditions import in_range, one_of, satisfies
from handrail_guards.cross_field import dates_in_order, sums
from handrail_guards.errors import InvalidGuard
from handrail_guards.guard import GuardContext


def passes(guard: Check, value: Any) -> bool:
    return run_guards([guard], value, GuardContext()).blocking is None


def test_one_of_does_not_take_true_for_one() -> None:
    guard = one_of([1, "EUR"])
    assert passes(guard, "EUR")
    assert passes(guard, 1)
    assert not passes(guard, True)
    assert not passes(guard, "eur")


def test_a_range_includes_its_bounds_and_excludes_nan() -> None:
    guard = in_range(0, 1)
    assert [passes(guard, value) for value in (0, 1.0, 0.5, -0.1, 1.1, float("nan"), True, "x")] == [
        True, True, True, False, False, False, False, False,
    ]  # fmt: skip


def test_fix_moves_a_number_to_the_nearest_bound() -> None:
    guard = in_range(0, 10, fields="n", on_fail="fix")
    assert [run_guards([guard], {"n": n}, GuardContext()).value["n"] for n in (-3, 4, 99)] == [0, 4, 10]


def test_dates_have_ranges_too() -> None:
    assert passes(in_range(date(2020, 1, 1)), date(2021, 1, 1))
    assert not passes(in_range(at_most=date(2020, 1, 1)), date(2021, 1, 1))


def test_a_rule_of_your_own_tells_its_reason() -> None:
    result = run_guards([satisfies("even", lambda n: n % 2 == 0, "must be even")], 3, GuardContext())
    assert result.blocking is not None
    assert (result.blocking.guard, result.blocking.reason) == ("even", "must be even")


def test_parts_must_add_up_exactly_unless_tolerated() -> None:
    bill = {"lines": [{"amount": 0.1}, {"amount": 0.2}], "total": Decimal("0.3"), "text": "RM 1,007.50", "half": 1007}
    assert passes(sums("lines.*.amount", "total"), bill)
    assert not passes(sums(["total"], "lines.0.amount"), bill)
    assert not passes(sums("half", "text"), bill)
    assert passes(sums("half", "text", tolerance=0.5), bill)


def test_a_missing_total_passes_and_missing_parts_fail() -> None:
    assert passes(sums("lines.*.amount", "total"), {"lines": []})
    assert not passes(sums("lines.*.amount", "total"), {"lines": [], "total": 5})


def test_what_is_no_number_fails() -> None:
    assert not passes(sums("a", "b"), {"a": "about 5", "b": 5})
    assert not passes(sums("a", "b"), {"a": float("nan"), "b": 5})
    assert not passes(sums("a", "b"), {"a": "1,234", "b": 1234})  # 1234, or 1.234


def test_dates_must_not_run_backwards() -> None:
    guard = dates_in_order("ordered", "shipped", "paid")
    assert passes(guard, {"ordered": date(2024, 1, 1), "shipped": "2024-01-01", "paid": datetime(2024, 1, 2, 9)})  # noqa: DTZ001
    assert passes(guard, {"ordered": date(2024, 1, 1), "paid": "3 March 2024"})
    assert not passes(guard, {"ordered": date(2024, 1, 2), "paid": date(2024, 1, 1)})
    assert not passes(guard, {"ordered": "01/02/2024", "paid": date(2025, 1, 1)})  # January or February
    assert not passes(dates_in_order("a", "b", strictly=True), {"a": date(2024, 1, 1), "b": date(2024, 1, 1)})


@pytest.mark.parametrize(
    "build",
    [
        lambda: one_of([]),
        lambda: one_of("EUR"),
        in_range,
        lambda: in_range(2, 1),
        lambda: satisfies("x", bool, " "),
        lambda: satisfies("", bool, "why"),
        lambda: sums((), "total"),
        lambda: sums("a", "b", tolerance=-1),
        lambda: dates_in_order("a"),
        lambda: dates_in_order("a", ""),
    ],
)
def test_misuse_is_refused_when_the_guard_is_built(build: Any) -> None:
    with pytest.raises(InvalidGuard):
        build()
