"""Expected, got and what the baseline said, beside each other: one row a field, or one for the whole answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from handrail_evals.measure.case import UNLABELLED
from handrail_evals.measure.result.case_result import CaseResult
from handrail_evals.measure.scorer import Counts
from handrail_evals.numbers.metrics.flow import same_json
from handrail_evals.show.report.diff import Piece, difference
from handrail_evals.show.report.text import Excerpt, excerpt, visible

MOST = 1200
"""Characters of one value."""
COMMON = 0.3
"""Texts that share less than this part of their characters are not shown word against word: it would be confetti."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A value, and where it differs from the one beside it."""

    value: Excerpt
    pieces: tuple[Piece, ...] = ()
    """The value's text in pieces, the ones that differ marked; empty: shown as it is."""


@dataclass(frozen=True, slots=True)
class Row:
    """One field, or the whole answer."""

    field: str
    """Empty for the whole answer."""
    expected: Cell | None
    """None: nobody said what is right."""
    got: Cell | None
    """None: there is no answer, or none for this field."""
    baseline: Cell | None
    """None: the baseline has no answer to this."""
    is_right: bool | None
    """Whether the scorer, or else equality, says that it is right; None: nobody can say."""


def rows(now: CaseResult, before: CaseResult | None, metric: str) -> tuple[Row, ...]:
    """Return what to hold against each other; objects with fields are held field against field."""
    expected, got = now.expected, now.output if now.answered else _ABSENT
    earlier = before.output if before is not None and before.answered else _ABSENT
    if isinstance(expected, dict) and isinstance(got, dict):
        old = earlier if isinstance(earlier, dict) else {}
        names = dict.fromkeys([*expected, *got])
        judged = now.fields.get(metric, {})
        return tuple(
            _row(name, _of(expected, name), _of(got, name), _of(old, name), judged.get(name)) for name in names
        )
    return (_row("", _ABSENT if expected is UNLABELLED else expected, got, earlier, None),)


_ABSENT: Any = object()


def _of(values: Mapping[str, Any], name: str) -> Any:
    return values.get(name, _ABSENT)


def _row(field: str, expected: Any, got: Any, before: Any, counts: Counts | None) -> Row:
    right: bool | None = None
    if counts is not None:
        right = not counts.extra and not counts.missed
    elif expected is not _ABSENT:
        right = got is not _ABSENT and same_json(expected, got)
    against = difference(expected, got) if _are_texts(expected, got) else ()
    changed = difference(before, got) if _are_texts(before, got) else ()
    return Row(
        field=visible(field),
        expected=_cell(expected, _side(against, "gone")),
        got=_cell(got, _side(against, "new")),
        baseline=_cell(before, _side(changed, "gone")),
        is_right=right,
    )


def _cell(value: Any, pieces: tuple[Piece, ...]) -> Cell | None:
    return None if value is _ABSENT else Cell(excerpt(value, MOST), pieces)


def _are_texts(one: Any, other: Any) -> bool:
    """Tell whether both are texts of more than a word, short enough to be shown whole."""
    return all(isinstance(each, str) and " " in each.strip() and len(each) <= MOST for each in (one, other))


def _side(pieces: tuple[Piece, ...], kind: str) -> tuple[Piece, ...]:
    """Return the pieces of one side, or none where the two have too little in common."""
    total = sum(len(each.text) for each in pieces)
    common = sum(len(each.text) for each in pieces if each.kind == "same")
    if not pieces or 2 * common < COMMON * (total + common):
        return ()
    kept = [each for each in pieces if each.kind in {"same", kind}]
    # What was left out parted neighbours of one kind.
    return tuple(
        Piece(each, "".join(piece.text for piece in run)) for each, run in groupby(kept, key=lambda piece: piece.kind)
    )
