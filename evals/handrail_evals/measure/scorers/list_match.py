"""How much of a list is right: its items matched with the expected ones."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from handrail_evals.errors import InvalidSetting, InvalidValue
from handrail_evals.measure.scorer import AnyAnswer, Counts, Score
from handrail_evals.measure.scorers.comparator import Comparator, ComparatorLike, as_comparator, listed
from handrail_evals.measure.scorers.exact import Exact, items
from handrail_ground.optional import OptionalLibrary

if TYPE_CHECKING:
    import numpy as np
    from scipy import optimize
else:
    np = OptionalLibrary("numpy", extra="evals")
    optimize = OptionalLibrary("scipy.optimize", extra="evals")

Weights: TypeAlias = Sequence[Sequence[float]]
"""How well each row (a value) fits each column (an expected value), 0 or more; every row has as many columns."""

Pair: TypeAlias = tuple[int, int]
"""A row and its column."""

ITEMS = "[]"
"""What the counts of a list's items are called among a score's fields."""

_ATOMS = frozenset({str, int, bool, type(None)})


def best_pairs(weights: Weights) -> list[Pair]:
    """Return the pairing of rows and columns with the greatest total, pairs of weight 0 left out, in order of rows.

    Raises:
        LibraryMissing: there are partly right items to weigh against each other, and scipy is not installed.
    """
    favourites = [max(range(len(row)), key=row.__getitem__, default=None) for row in weights]
    wanted = [(index, best) for index, best in enumerate(favourites) if best is not None and weights[index][best] > 0]
    if len({best for _, best in wanted}) == len(wanted):
        return wanted  # every row gets what fits it best: no total is greater
    if all(weight in {0.0, 1.0} for row in weights for weight in row):
        return most_pairs(weights)
    return heaviest_pairs(weights)


def most_pairs(weights: Weights) -> list[Pair]:
    """Return as many pairs of weight above 0 as there can be (augmenting paths, Kuhn 1955, breadth first)."""
    row_of: dict[int, int] = {}  # by column
    for start in range(len(weights)):
        came_from: dict[int, int] = {}  # the row that each column was reached from
        waiting = deque([start])
        free: int | None = None
        while waiting and free is None:
            row = waiting.popleft()
            for column, weight in enumerate(weights[row]):
                if weight > 0 and column not in came_from:
                    came_from[column] = row
                    if column not in row_of:
                        free = column
                        break
                    waiting.append(row_of[column])
        column_of = {row: column for column, row in row_of.items()} if free is not None else {}
        while free is not None:  # hand every column on the way to the row that asked for it
            row = came_from[free]
            row_of[free] = row
            free = column_of.get(row)
    return sorted((row, column) for column, row in row_of.items())


def heaviest_pairs(weights: Weights) -> list[Pair]:
    """Return the pairing with the greatest total, by scipy's ``linear_sum_assignment``.

    Raises:
        LibraryMissing: scipy is not installed.
    """
    rows, columns = optimize.linear_sum_assignment(np.asarray(weights, dtype=float), maximize=True)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [(row, column) for row, column in pairs if weights[row][column] > 0]


def pairs_in_order(weights: Weights) -> list[Pair]:
    """Return the pairing with the greatest total in which no two pairs cross, pairs of weight 0 left out."""
    columns = len(weights[0]) if weights else 0
    # best[row][column]: the greatest total of the rows and columns from there on
    best = [[0.0] * (columns + 1) for _ in range(len(weights) + 1)]
    for row in reversed(range(len(weights))):
        here, below = best[row], best[row + 1]
        for column in reversed(range(columns)):
            here[column] = max(below[column], here[column + 1], weights[row][column] + below[column + 1])
    pairs: list[Pair] = []
    row = column = 0
    while row < len(weights) and column < columns:
        weight, total = weights[row][column], best[row][column]
        if weight > 0 and total == weight + best[row + 1][column + 1]:
            pairs.append((row, column))
            row, column = row + 1, column + 1
        elif total == best[row + 1][column]:
            row += 1
        else:
            column += 1
    return pairs


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

    def compare(self, value: object, expected: object, /) -> float:
        """Return the F1 of the items, 0 to 1.

        Raises:
            InvalidValue: the expected value is no list.
        """
        values, wanted = self._lists(value, expected)
        return f1(self.matched(values, wanted)[1]) if values is not None else 0.0

    def __call__(self, answer: AnyAnswer, /) -> Score:
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

    def _lists(self, value: object, expected: object) -> tuple[Sequence[Any] | None, Sequence[Any]]:
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
