"""Values that may be read in two ways, decided by what the rest of their document shows, or left as they are."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from handrail_guards import fields
from handrail_guards.values.day import Date
from handrail_guards.values.day_order import chosen, order_of
from handrail_guards.values.decimal_mark import decimal_mark
from handrail_guards.values.money import Money
from handrail_guards.values.percentage import Percentage
from handrail_guards.values.roles import role_of
from handrail_guards.values.written import Written
from handrail_guards.values.written_date import find_dates, read_date
from handrail_guards.values.written_number import find_numbers
from handrail_guards.values.written_time import read_moment


@dataclass(frozen=True, slots=True)
class ReadingDecision:
    """What became of one value that may be read in several ways."""

    path: str
    """Its field; empty: it is the whole value."""
    value: Written[Any]
    """With one reading where it was decided, else with all of them."""
    readings: tuple[str, ...]
    """What it may be, as texts."""
    by: str
    """What decided, in words; empty: nothing did."""


def decided(
    value: Any, source: str, *, day_first: bool | None = None, exact: Collection[str] = ()
) -> tuple[Any, tuple[ReadingDecision, ...]]:
    """Return a value with its typed values decided as far as the source shows, and what became of each.

    A value that is clear, but stands in the source only in a way that may be read otherwise (``2024-03-04`` for
    ``03/04/2024``), was chosen by whoever read it, and is taken as the source writes it. Fields in ``exact``, and those
    inside them, were read from something that is clear by itself, and stay; the empty path is the whole value.

    A date that may be two days is decided, in this order, by a date of the source that is in the same style and clear;
    by the source's language, the country of a VAT number and the currency; by the day of issue, which is not after
    the day that is due; and by ``day_first``. An amount (``1,234``) is decided by the decimal marks of the source's
    clear amounts, a percentage by the percent signs beside its readings. What nothing decides keeps all its readings.
    """
    unclear, open_yet = dict(_unclear(value)), dict(_unclear(value))
    for path, leaf in _chosen(value, source, exact):
        unclear[path] = leaf
        found = _by_source(leaf, source)
        if found is None or found[0].readings == _leaf(value, path).readings:
            open_yet[path] = leaf  # else the source shows another reading than the one that was chosen: nothing decides
    for path, leaf in unclear.items():
        value = fields.put(value, path, leaf) if path else leaf
    settled = _settled(value, open_yet, source, day_first=day_first)
    for path, (leaf, _) in settled.items():
        value = fields.put(value, path, leaf) if path else leaf
    return value, tuple(
        ReadingDecision(path, settled[path][0], leaf.shown, settled[path][1])
        if path in settled
        else ReadingDecision(path, leaf, leaf.shown, "")
        for path, leaf in unclear.items()
    )


def _settled(
    value: Any, unclear: dict[str, Written[Any]], source: str, *, day_first: bool | None
) -> dict[str, tuple[Written[Any], str]]:
    """Return what is decided of values that are not clear, and by what."""
    settled: dict[str, tuple[Written[Any], str]] = {}
    for path, leaf in unclear.items():
        if (found := _by_source(leaf, source)) is not None:
            settled[path] = found
    settled |= _by_sequence(value, {path: leaf for path, leaf in unclear.items() if path not in settled}, settled)
    if day_first is not None:
        for path, leaf in unclear.items():
            if path not in settled and (found := _by_option(leaf, day_first=day_first)) is not None:
                settled[path] = found
    return settled


def _unclear(value: Any) -> Iterator[tuple[str, Written[Any]]]:
    for path, leaf in fields.leaves(value, Written):
        assert isinstance(leaf, Written)  # noqa: S101 -- leaves of this kind were asked for
        if len(leaf.readings) > 1:
            yield path, leaf


def _leaf(value: Any, path: str) -> Written[Any]:
    return next(leaf for at, leaf in fields.leaves(value, Written) if at == path and isinstance(leaf, Written))


def _chosen(value: Any, source: str, exact: Collection[str]) -> Iterator[tuple[str, Written[Any]]]:
    """Yield the clear values that the source writes only in ways that may be read otherwise, as it writes them."""
    if "" in exact:
        return
    for path, leaf in fields.leaves(value, Written):
        assert isinstance(leaf, Written)  # noqa: S101 -- leaves of this kind were asked for
        if len(leaf.readings) > 1 or any(path == each or path.startswith(f"{each}.") for each in exact):
            continue
        ways = list(_ways(leaf, source))
        if ways and all(len(readings) > 1 for readings, _ in ways):
            readings = {each for found, _ in ways for each in found}
            yield path, leaf.read_as(sorted(readings), ways[0][1])


def _ways(leaf: Written[Any], source: str) -> Iterator[tuple[frozenset[Any], str]]:
    """Yield everything in a source that a clear value may have been read from, with all that it may mean."""
    (meant,) = leaf.readings
    if isinstance(leaf, Date):
        for day in find_dates(source):
            if meant in day.readings:
                yield day.readings, source[day.span.start : day.span.end]
    elif isinstance(leaf, Money | Percentage):
        sign = -1 if meant < 0 else 1
        for number in find_numbers(source):
            if number.percent == isinstance(leaf, Percentage) and abs(meant) in number.plain():
                readings = frozenset(sign * each for each in number.plain())
                yield readings, source[number.span.start : number.span.end]


def _by_source(leaf: Written[Any], source: str) -> tuple[Written[Any], str] | None:
    if isinstance(leaf, Date):
        written = _of_numbers(leaf)
        shown = None if written is None else order_of(written.separator, source)
        return None if written is None or shown is None else _only(leaf, chosen(written, shown.order), shown.by)
    if isinstance(leaf, Money):
        mark = decimal_mark(source)
        if mark is None:
            return None
        meant = [each for each in leaf.readings if (each % 1 != 0) == (mark in leaf.written)]
        return _only(leaf, meant, f"{mark!r} is the decimal mark of the document's other amounts")
    if isinstance(leaf, Percentage):
        signed = {each for number in find_numbers(source) if number.percent for each in number.plain()}
        meant = [each for each in leaf.readings if abs(each) in signed]
        return _only(leaf, meant, "it stands in the document with a percent sign")
    return None


def _of_numbers(leaf: Date) -> Any:
    written = read_date(leaf.written)
    if written is None:
        moment = read_moment(leaf.written)
        written = None if moment is None else moment[0]
    return None if written is None or written.order is None else written


def _only(leaf: Written[Any], meant: Any, by: str) -> tuple[Written[Any], str] | None:
    listed = list(meant)
    return (leaf.meaning(listed[0]), by) if len(listed) == 1 else None


def _by_option(leaf: Written[Any], *, day_first: bool) -> tuple[Written[Any], str] | None:
    written = _of_numbers(leaf) if isinstance(leaf, Date) else None
    if written is None:
        return None
    return _only(
        leaf, chosen(written, "day_first" if day_first else "month_first"), f"the step says day_first={day_first}"
    )


def _by_sequence(
    value: Any, unclear: dict[str, Written[Any]], settled: dict[str, tuple[Written[Any], str]]
) -> dict[str, tuple[Written[Any], str]]:
    """Return the dates that only one order of issue and due day allows."""
    dates = {path: leaf for path, leaf in fields.leaves(value, Written) if isinstance(leaf, Date)}
    dates |= {path: leaf for path, (leaf, _) in settled.items() if isinstance(leaf, Date)}
    found: dict[str, tuple[Written[Any], str]] = {}
    for due_path, due in dates.items():
        if role_of(due_path, "date") != "due":
            continue
        for issued_path, issued in dates.items():
            if _parent(issued_path) != _parent(due_path) or role_of(issued_path, "date") != "issued":
                continue
            pairs = [(one, other) for one in issued.readings for other in due.readings if one <= other]
            for path, leaf, days in (
                (issued_path, issued, {one for one, _ in pairs}),
                (due_path, due, {other for _, other in pairs}),
            ):
                if path in unclear and len(days) == 1:
                    found[path] = (leaf.meaning(days.pop()), f"{issued_path} is not after {due_path}")
    return found


def _parent(path: str) -> str:
    return path.rpartition(".")[0]
