"""Rows of a list that windows found, put together by where they stand: none twice, and none lost."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handrail_ai_steps.documents.windows import PageWindow
from handrail_ground.hashing import canonical
from handrail_guards.grounding.locate import locate


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A row with the page that it stands on."""

    value: Any
    """As JSON data."""
    page: int | None
    """Index of its page in the whole document; None: it was not found on any."""
    source: int
    """Which of the windows that have the list says so."""
    index: int
    """Its index in the list of that window."""


def placed_rows(rows: Sequence[Any], window: PageWindow, *, source: int) -> list[PlacedRow]:
    """Return the rows of a window in their order, each with its page: where most of its values stand in one line.

    The n-th of equal rows stands at the n-th such line.
    """
    text, starts = window.document.text, window.document.page_starts
    lines = _line_starts(text)
    taken: Counter[int] = Counter()
    placed: list[PlacedRow] = []
    for index, row in enumerate(rows):
        line = _line_of(row, text, lines, taken)
        page = None
        if line is not None:
            taken[line] += 1
            page = window.first + bisect_right(starts, lines[line]) - 1
        placed.append(PlacedRow(row, page, source, index))
    return placed


def joined(before: Sequence[PlacedRow], after: Sequence[PlacedRow], shared: Sequence[int]) -> list[PlacedRow]:
    """Return the rows of two windows that share pages, each row once.

    Of the rows on a shared page both windows should have the same; a row that one of them has more often than the
    other is there as often as the one that has it more often.
    """
    had = Counter(canonical(each.value) for each in before if each.page in shared)
    new: list[PlacedRow] = []
    for each in after:
        key = canonical(each.value)
        if each.page in shared and had[key] > 0:
            had[key] -= 1
        else:
            new.append(each)
    late = [each for each in new if each.page in shared]
    if not late:
        return [*before, *new]
    # what only the later window saw on a shared page stands behind what both saw there
    last = max((at for at, each in enumerate(before) if each.page is not None and each.page <= max(shared)), default=-1)
    rest = [each for each in new if each.page not in shared]
    return [*before[: last + 1], *late, *before[last + 1 :], *rest]


def _line_of(row: Any, text: str, lines: Sequence[int], taken: Mapping[int, int]) -> int | None:
    """Return the line on which most values of a row stand, the first of those that no row has yet."""
    found: Counter[int] = Counter()
    for leaf in _leaves(row):
        found.update({bisect_right(lines, span.start) - 1 for span in locate(leaf, text)})
    if not found:
        return None
    most = max(found.values())
    full = [line for line, count in found.items() if count == most]
    return min(full, key=lambda line: (taken.get(line, 0), line))


def _line_starts(text: str) -> list[int]:
    return [0, *(at + 1 for at, char in enumerate(text) if char in "\n\f")]


def _leaves(value: Any) -> Iterator[str | int | float]:
    match value:
        case dict():
            for each in value.values():
                yield from _leaves(each)
        case list():
            for each in value:
                yield from _leaves(each)
        case bool() | None:
            pass
        case str() if not value.strip():
            pass
        case str() | int() | float():
            yield value
        case _:
            pass
