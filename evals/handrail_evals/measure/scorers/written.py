"""Whether two texts write the same amount or the same day, each in its own way."""

from decimal import Decimal

from handrail_guards.grounding.amounts import Number, read_number
from handrail_guards.grounding.dates import read_date


def same_amount(text: str, expected: str) -> bool | None:
    """Return whether two texts are the same amount; None when one of them is no amount.

    ``RM 1,234.50`` is ``1234.5``: one may lack the currency, but two must agree. Where both could be read in two ways
    (``1,234``, ``1.234``) they must be written alike.
    """
    found, wanted = read_number(text), read_number(expected)
    if found is None or wanted is None:
        return None
    if found.currencies and wanted.currencies and not found.currencies & wanted.currencies:
        return False
    if len(found.written) > 1 and len(wanted.written) > 1 and found.written == wanted.written:
        return digits_of(found, text) == digits_of(wanted, expected) and amounts(found) == amounts(wanted)
    return bool(amounts(found) & amounts(wanted))


def digits_of(number: Number, text: str) -> str:
    """Return a number's digits with their separators, as they stand in the text that it is."""
    return text.strip()[number.span.start : number.span.end]


def amounts(number: Number) -> frozenset[Decimal]:
    """Return what a number may be, with its sign; a percentage as a share of one."""
    unit = Decimal("0.01") if number.percent else Decimal(1)
    sign = -1 if number.negative else 1
    return frozenset(sign * unit * Decimal(written) for written in number.written)


def same_day(text: str, expected: str) -> bool | None:
    """Return whether two texts are the same day; None when one of them is no date.

    A date like ``06/03/2018`` may be either of two days, and is right when one of them is expected; two such dates
    must have their numbers in the same order.
    """
    found, wanted = read_date(text), read_date(expected)
    if found is None or wanted is None:
        return None
    if found.order is not None and wanted.order is not None:
        return found.order == wanted.order
    return bool(found.readings & wanted.readings)
