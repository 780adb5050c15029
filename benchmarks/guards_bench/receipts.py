"""Grounding on scanned receipts: what is true must be found, what is corrupted by one edit must not."""

import random
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.figure import Bar, Figure, at_least, at_most, percent
from guards_bench.corruption import KINDS, corrupted
from guards_bench.records import records
from handrail_guards.grounding import grounded
from handrail_guards.guard import GuardContext
from handrail_guards.values.written_date import read_date
from handrail_guards.values.written_number import read_number

# Least share of true values accepted, of those whose letters and digits the scan has in that order, and most of
# corrupted ones, in percent. An address that lost a word of one letter at its end is still in the scan.
BARS = {"company": (99.0, 0.0), "address": (99.0, 0.1), "date": (99.0, 2.0), "total": (99.0, 3.0)}
ROUNDS = 5
"""Corruptions of each kind for each value."""


def receipts(data: Path) -> list[Figure]:
    """Return the shares accepted by field: values as text, then dates and totals as typed values."""
    scans = [
        ("\n".join(line["text"] for line in record["lines"]), record["fields"])
        for record in records(data / "receipts" / "receipts.dev.jsonl")
    ]
    figures: list[Figure] = []
    for field, bars in BARS.items():
        pairs = [(fields[field], source) for source, fields in scans if fields.get(field)]
        figures += _measured(field, pairs, str, (at_least(bars[0]), at_most(bars[1])))
    for field, typed in (("date", _day), ("total", _amount)):
        pairs = [(fields[field], source) for source, fields in scans if fields.get(field)]
        figures += _measured(f"{field}, typed", pairs, typed, (None, None))
    return figures


def _measured(
    name: str,
    pairs: list[tuple[str, str]],
    typed: Callable[[str], Any],
    bars: tuple[Bar | None, Bar | None],
) -> list[Figure]:
    chance = random.Random(0)
    found = sum(_accepts(typed(value), source) for value, source in pairs)
    written = sum(_letters(value) in _letters(source) for value, source in pairs)
    tried = passed = 0
    by_kind = dict.fromkeys(KINDS, 0)
    for value, source in pairs:
        for kind in KINDS * ROUNDS:
            wrong = corrupted(value, kind, chance)
            if wrong is None or (typed is not str and typed(wrong) == typed(value)):
                continue
            tried += 1
            if _accepts(typed(wrong), source):
                passed += 1
                by_kind[kind] += 1
    ceiling = f"{percent(found, len(pairs)):.1f}% of all labels; {percent(written, len(pairs)):.1f}% are in the scan"
    kinds = ", ".join(f"{kind} {count}" for kind, count in by_kind.items() if count)
    return [
        Figure(
            "grounding",
            f"{name}: true accepted, of those in the scan",
            min(100.0, percent(found, written)),
            bar=bars[0],
            note=ceiling,
        ),
        Figure(
            "grounding",
            f"{name}: corrupted accepted",
            percent(passed, tried),
            bar=bars[1],
            note=f"{passed} of {tried}" + (f": {kinds}" if kinds else ""),
        ),
    ]


def _accepts(value: Any, source: str) -> bool:
    if value is None:
        return False
    said = grounded().check(value, GuardContext(source=source))
    return all(verdict.passed for verdict in (said if isinstance(said, tuple) else (said,)))


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _day(text: str) -> date | None:
    """Return the day a date means where the day comes first, as on these receipts; None when it is no date."""
    written = read_date(text)
    if written is None:
        return None
    if written.order is None:
        return next(iter(written.readings))
    return next((each for each in written.readings if each.day == written.order[0]), None)


def _amount(text: str) -> Decimal | None:
    number = read_number(text)
    return next(iter(number.values())) if number else None
