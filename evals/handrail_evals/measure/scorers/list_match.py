"""How much of a list is right: its items matched with the expected ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from handrail_evals.errors import InvalidSetting
from handrail_evals.measure.scorer import Answered, Counts, Score
from handrail_evals.measure.scorers.assignment import Pair, best_pairs, pairs_in_order
from handrail_evals.measure.scorers.comparator import Comparator, ComparatorLike, as_comparator
from handrail_evals.measure.scorers.errors import InvalidValue
from handrail_evals.measure.scorers.exact import Exact
from handrail_evals.measure.scorers.parts import items
from handrail_evals.measure.scorers.shown import listed

ITEMS = "[]"
"""What the counts of a list's items are called among a score's fields."""

_ATOMS = frozenset({str, int, bool, type(None)})


@dataclass(frozen=True, slots=True, kw_only=True)
class ListMatch:
    """Matches the items of two lists; built by ``set_match`` and ``list_match``."""

    comparator: Comparator
    ordered: bool
    name: str
    needs_expected: Literal[True] = True
    counts_fields: Literal[True] = True
    """A case without an answer misses all that it should have found."""

    @property
    def version(self) -> str:
        """Return the kind, the order and the comparator."""
        return f"list_match/1 ordered={self.ordered} ({self.comparator.version})"

    def compare(self, value: Any, expected: Any, /) -> float:
        """Return the F1 of the items, 0 to 1.

        Raises:
            InvalidValue: the expected value is no list.
        """
        values, wanted = self._lists(value, expected)
        return f1(self.matched(values, wanted)[1]) if values is not None else 0.0

    def __call__(self, answer: Answered[Any, Any, Any], /) -> Score:
        """Score an answer, with what matched, what is extra and what was missed.

        Raises:
            InvalidValue: the expected value is no list.
        """
        values, wanted = self._lists(answer.output, answer.expected)
        if values is None:
            counts = Counts(0, 1, len(wanted))
            reason = f"a {type(answer.output).__name__} where a list is expected"
            return Score(0.0, reason=reason, fields={ITEMS: counts})
        pairs, counts = self.matched(values, wanted)
        score = f1(counts)
        fields = {ITEMS: counts} if values or wanted else {}
        return Score(score, reason="" if score == 1.0 else explained(values, wanted, pairs), fields=fields)

    def matched(self, values: Sequence[Any], expected: Sequence[Any]) -> tuple[list[Pair], Counts]:
        """Return which items belong together, and how many hits, extra and missed ones that makes."""
        compare = self.comparator.compare
        if not self.ordered and isinstance(self.comparator, Exact) and all_atoms(values) and all_atoms(expected):
            pairs = equal_pairs(values, expected)
            hits = float(len(pairs))
        else:
            weights = [[compare(value, right) for right in expected] for value in values]
            pairs = pairs_in_order(weights) if self.ordered else best_pairs(weights)
            hits = sum(weights[row][column] for row, column in pairs)
        return pairs, Counts(hits, len(values) - hits, len(expected) - hits)

    def _lists(self, value: Any, expected: Any) -> tuple[Sequence[Any] | None, Sequence[Any]]:
        """Return both as lists: None is one without items; a value that is no list is None."""
        wanted = () if expected is None else items(expected)
        if wanted is None:
            raise InvalidValue(
                scorer=self.name,
                problem=f"the expected value is a {type(expected).__name__}, which is no list; use exact() or fields()",
            )
        return (() if value is None else items(value)), wanted


def set_match(*, name: str = "set_match") -> ListMatch:
    """Score the F1 of the output's items, which must equal expected ones in any order; 1 when there are none in both.

    An item that is there twice must be expected twice. Equality is that of ``exact()``.
    """
    return ListMatch(comparator=Exact(), ordered=False, name=name)


def list_match(comparator: ComparatorLike, *, ordered: bool = False, name: str = "list_match") -> ListMatch:
    """Score the F1 of the output's items, each matched with at most one expected item; 1 when there are none in both.

    The matching is the one with the greatest total of what ``comparator`` says (0 to 1 a pair), so a half-right item is
    half a hit. With ``ordered`` matched items must come in the same order; what was left out or put in between shifts
    nothing.

    Raises:
        InvalidSetting: the comparator compares nothing.
    """
    if type(ordered) is not bool:
        raise InvalidSetting(f"{name}: ordered is {ordered!r}; give True or False")
    return ListMatch(comparator=as_comparator(comparator, where=name), ordered=ordered, name=name)


def f1(counts: Counts) -> float:
    """Return the F1 of an answer: 1 when there was nothing to find and nothing was found."""
    found = counts.f1
    return 1.0 if found is None else found


def all_atoms(values: Sequence[Any]) -> bool:
    """Return whether all are texts, integers, bools or None, which are equal only when their types are."""
    return all(type(value) in _ATOMS for value in values)


def equal_pairs(values: Sequence[Any], expected: Sequence[Any]) -> list[Pair]:
    """Return pairs of equal items, as many as there are, by counting: lists of thousands take milliseconds."""
    places: dict[tuple[type, Any], list[int]] = {}
    for column in reversed(range(len(expected))):
        places.setdefault((type(expected[column]), expected[column]), []).append(column)
    pairs: list[Pair] = []
    for row, value in enumerate(values):
        free = places.get((type(value), value))
        if free:
            pairs.append((row, free.pop()))
    return pairs


def explained(values: Sequence[Any], expected: Sequence[Any], pairs: Sequence[Pair]) -> str:
    """Return in words what matched, what is extra and what was missed."""
    rows, columns = {row for row, _ in pairs}, {column for _, column in pairs}
    extra = [value for row, value in enumerate(values) if row not in rows]
    missed = [value for column, value in enumerate(expected) if column not in columns]
    parts = [f"matched {len(pairs)} of {len(expected)} expected"]
    parts += [f"extra {listed(extra)}"] if extra else []
    parts += [f"missed {listed(missed)}"] if missed else []
    return "; ".join(parts)
