"""Guards on invoices: tax that adds up, a due day that is not too early, and the signs of credit notes."""

from collections.abc import Collection, Iterator
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from typing import Literal

from handrail_guards import fields as paths
from handrail_guards.check import Check, Fields, Finding, as_paths, failed
from handrail_guards.errors import InvalidGuard
from handrail_guards.exact import comparable, currencies_at, day_of, numbers_at, percent_of, tolerance_of
from handrail_guards.guard import GuardContext
from handrail_guards.numbers import is_count
from handrail_guards.verdict import OnFail

CREDIT_NOTES = frozenset({
    "381", "383", "396", "261", "credit_note", "credit note", "creditnote", "credit memo", "credit", "gutschrift",
    "rechnungskorrektur", "avoir", "note de crédit", "nota de crédito", "abono", "nota di credito", "creditnota",
})  # fmt: skip
"""What a credit note is called: its types in UNTDID 1001, and words of a few languages, without case."""

_HALF_A_CENT = Decimal("0.005")


def tax_adds_up(
    net: str,
    tax: Fields,
    total: str,
    *,
    rate: str | None = None,
    tolerance: float | Decimal = Decimal("0.01"),
    on_fail: OnFail = "review",
) -> Check:
    """Ask that net and tax be the total and, with ``rate``, that each tax be its net times its rate.

    ``net``, ``tax`` and ``rate`` may be lists (``taxes.*.basis``, ``taxes.*.amount``, ``taxes.*.rate``), row by row.
    ``tolerance`` is allowed on the sum and on each tax, which may also be rounded (half a cent more); it is in the
    currency of the amounts. Without any of the three amounts nothing is said; where some are missing it fails, but for
    a tax that is missing because net and total are the same. Amounts in several currencies fail.

    Raises:
        InvalidGuard: a malformed path, no tax, or a negative tolerance.
    """
    taxes = as_paths(tax)
    if not taxes or (rate is not None and len(taxes) > 1):
        raise InvalidGuard(f"tax_adds_up(tax={tax!r}): give its field, and a single one where there is a rate")
    allowed = tolerance_of(tolerance, "tax_adds_up")
    read = (net, *taxes, total, *(() if rate is None else (rate,)))
    for path in read:
        paths.check_path(path)

    def test(value: object, _: GuardContext) -> tuple[Finding, ...] | None:
        nets, totals = numbers_at(value, net), numbers_at(value, total)
        paid = {at: each for path in taxes for at, each in numbers_at(value, path).items()}
        if not nets and not totals and not paid:
            return None
        if not nets or not totals:
            return (failed(f"{net if not nets else total} is missing, so that the tax cannot be checked", path=total),)
        if len(mixed := currencies_at(value, (net, *taxes, total))) > 1:
            return (failed(f"amounts in {' and '.join(sorted(mixed))} cannot be added", path=total),)
        stated = next(iter(totals.values()))
        added = sum(nets.values(), Decimal()) + sum(paid.values(), Decimal())
        wrong = []
        if abs(added - stated) > allowed:
            parts = " + ".join(map(str, (*nets.values(), *paid.values())))
            wrong.append(failed(f"{parts} is {added}, not {stated}", path=total))
        if rate is not None:
            wrong += _wrong_rates(value, (net, taxes[0], rate), allowed)
        return tuple(wrong) or None

    return Check(name="tax_adds_up", test=test, on_fail=on_fail, reads=read)


def due_after_issue(issued: str, due: str, *, within_days: int | None = None, on_fail: OnFail = "review") -> Check:
    """Ask that a due day be no earlier than the day of issue, and with ``within_days`` not later than so many days on.

    Without a due day nothing is said; one without a day of issue fails, as nobody can compare it.

    Raises:
        InvalidGuard: a malformed path, or ``within_days`` is no whole number of 0 or more.
    """
    for path in (issued, due):
        paths.check_path(path)
    if within_days is not None and not is_count(within_days):
        raise InvalidGuard(f"due_after_issue(within_days={within_days!r}): give a whole number of days, such as 90")

    def test(value: object, _: GuardContext) -> Finding | None:
        days = [day_of(each, at) for at, each in paths.find(value, due)]
        if not days:
            return None
        begun = [day_of(each, at) for at, each in paths.find(value, issued)]
        if not begun:
            return failed(f"{issued} is missing, so that {due} ({days[0]}) cannot be checked", path=due)
        first, last = comparable(begun[0], days[0])
        if last < first:
            return failed(f"{due} ({days[0]}) is before {issued} ({begun[0]})", path=due)
        if within_days is not None and last - first > timedelta(days=within_days):
            return failed(f"{due} ({days[0]}) is more than {within_days} days after {issued} ({begun[0]})", path=due)
        return None

    return Check(name="due_after_issue", test=test, on_fail=on_fail, reads=(issued, due))


def credit_note_sign(
    kind: str,
    amounts: Fields,
    *,
    credit_notes: Collection[str] = CREDIT_NOTES,
    sign: Literal["negative", "positive"] = "negative",
    on_fail: OnFail = "review",
) -> Check:
    """Ask that the amounts of a credit note be negative, and those of any other paper positive; 0 is either.

    ``kind`` is the field that says what the paper is. Papers differ in how they write credit notes, so choose one sign
    for your data: with ``sign="positive"`` those of credit notes are positive too (as in invoices written as data), and
    then the kind alone says who pays. An amount without a kind fails: nobody knows what its sign should be.

    Raises:
        InvalidGuard: a malformed path, no amounts, an unknown sign, or no name for a credit note.
    """
    listed = as_paths(amounts)
    names = frozenset(name.casefold() for name in credit_notes)
    if not listed or not names or sign not in {"negative", "positive"}:
        raise InvalidGuard(
            f"credit_note_sign({kind!r}, {amounts!r}, sign={sign!r}): give amounts, names of credit notes, and"
            " sign='negative' or 'positive'"
        )
    for path in (kind, *listed):
        paths.check_path(path)

    def test(value: object, _: GuardContext) -> tuple[Finding, ...] | None:
        numbers = {at: each for path in listed for at, each in numbers_at(value, path).items()}
        if not numbers:
            return None
        said = [each.value if isinstance(each, Enum) else each for _, each in paths.find(value, kind)]
        if not said:
            return (failed(f"{kind} is missing, so that nobody knows what sign the amounts should have", path=kind),)
        is_credit = str(said[0]).strip().casefold() in names
        wanted = -1 if is_credit and sign == "negative" else 1
        wrong = [
            failed(f"{each} is {'negative' if each < 0 else 'positive'}, and {kind} is {said[0]!r}", path=at)
            for at, each in numbers.items()
            if each * wanted < 0
        ]
        return tuple(wrong) or None

    return Check(name="credit_note_sign", test=test, on_fail=on_fail, reads=(kind, *listed))


def _wrong_rates(value: object, read: tuple[str, str, str], allowed: Decimal) -> Iterator[Finding]:
    """Yield the taxes that are not their net times their rate; rows are told apart by their place in the list."""
    net, tax, rate = read
    rates = {_row(at, rate): percent_of(each, at) for at, each in paths.find(value, rate)}
    nets = {_row(at, net): each for at, each in numbers_at(value, net).items()}
    for at, paid in numbers_at(value, tax).items():
        row = _row(at, tax)
        if row not in rates or row not in nets:
            yield failed(f"there is no {net if row in rates else rate} for the tax of {paid}", path=at)
            continue
        due = nets[row] * rates[row] / 100
        if abs(due - paid) > allowed + _HALF_A_CENT:
            yield failed(f"{rates[row]}% of {nets[row]} is {due:.2f}, not {paid}", path=at)


def _row(at: str, pattern: str) -> tuple[str, ...]:
    return tuple(part for part, named in zip(at.split("."), pattern.split("."), strict=True) if named == paths.EVERY)
