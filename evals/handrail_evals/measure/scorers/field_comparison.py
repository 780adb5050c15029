"""Compares two values field by field, down to their leaves, and counts what is right and wrong.

Paths such as ``address.city`` and ``lines[].total`` say, as a tree, which comparator compares which field.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from handrail_evals.errors import InvalidSetting
from handrail_evals.measure.scorer import Counts
from handrail_evals.measure.scorers.comparator import MOST, Comparator, joined, shown
from handrail_evals.measure.scorers.exact import Exact, bare, items, record
from handrail_evals.measure.scorers.list_match import all_atoms, best_pairs, equal_pairs

ITEM = "[]"
"""The part of a path that stands for every item of a list."""

Path: TypeAlias = tuple[str, ...]
"""A path as its parts, ``("lines", "[]", "total")``."""

Shape: TypeAlias = Literal["nothing", "record", "list", "leaf"]

_LEAVES = frozenset({str, int, float, bool})


class Miss(NamedTuple):
    """One value that is not wholly right; a tuple, as pairing the items of two lists makes thousands."""

    path: str
    value: Any
    """None: it was missed."""
    expected: Any
    """None: nothing was expected."""

    def __str__(self) -> str:
        """Return it in words."""
        where = self.path or "the whole"
        if self.expected is None:
            return f"{where}: {shown(self.value)} where nothing is expected"
        if self.value is None:
            return f"{where}: {shown(self.expected)} missed"
        return f"{where}: {shown(self.value)}, not {shown(self.expected)}"


class FieldTally:
    """Counts of hits, extra and missed values by field path."""

    __slots__ = ("hits", "misses", "rows")

    def __init__(self) -> None:
        self.rows: dict[str, list[float]] = {}
        """Hits, extra and missed by path."""
        self.misses: list[Miss] = []
        """What is not wholly right, in the order it was found."""
        self.hits = 0.0
        """Hits of all fields together."""

    def add(self, path: str, hits: float, extra: float, missed: float) -> None:
        """Count one comparison."""
        self.hits += hits
        row = self.rows.get(path)
        if row is None:
            self.rows[path] = [hits, extra, missed]
        else:
            row[0] += hits
            row[1] += extra
            row[2] += missed

    def add_all(self, other: "FieldTally") -> None:
        """Count what another tally counted."""
        for path, row in other.rows.items():
            self.add(path, *row)
        self.misses += other.misses

    @property
    def f1(self) -> float:
        """Return the F1 of all fields together: 1 when there was nothing to find and nothing was found."""
        extra = sum(row[1] for row in self.rows.values())
        missed = sum(row[2] for row in self.rows.values())
        total = 2 * self.hits + extra + missed
        return 2 * self.hits / total if total else 1.0

    @property
    def counts(self) -> Mapping[str, Counts]:
        """Return the counts by path."""
        return {path: Counts(*row) for path, row in self.rows.items()}

    @property
    def reason(self) -> str:
        """Return the first values that are not right, in words; empty when all are."""
        return joined([str(miss) for miss in self.misses[:MOST]], len(self.misses))


@dataclass(frozen=True, slots=True)
class FieldNode:
    """One field and what is below it."""

    comparator: Comparator | None = None
    """What compares the field as a whole; None where its parts are compared, each on its own."""
    left_out: bool = False
    """Whether the field is not compared at all."""
    below: Mapping[str, "FieldNode"] = field(default_factory=dict)
    """The parts with a comparator of their own, or one further below."""


def field_tree(comparators: Mapping[str, Comparator | None], *, scorer: str) -> FieldNode:
    """Return the tree of some paths with their comparators; None leaves a field out.

    Raises:
        InvalidSetting: a path cannot be read, or ends where another goes on.
    """
    given = [(parts_of(path, scorer=scorer), comparator) for path, comparator in comparators.items()]
    return node_of(given, (), scorer)


def node_of(given: Sequence[tuple[Path, Comparator | None]], here: Path, scorer: str) -> FieldNode:
    """Return the node of the paths that begin with ``here``."""
    if any(path == here for path, _ in given):
        if len(given) > 1:
            raise InvalidSetting(
                f"{scorer}: {joined_path(here)!r} is compared as a whole, and another path speaks of it or a part of"
                " it; keep one of them"
            )
        comparator = given[0][1]
        return FieldNode(comparator, left_out=comparator is None)
    groups: dict[str, list[tuple[Path, Comparator | None]]] = {}
    for each in given:
        groups.setdefault(each[0][len(here)], []).append(each)
    return FieldNode(below={part: node_of(group, (*here, part), scorer) for part, group in groups.items()})


def parts_of(path: str, *, scorer: str) -> Path:
    """Return the names in a path, with ``[]`` where it goes into the items of a list.

    Raises:
        InvalidSetting: it is no path.
    """
    given: Any = path  # whatever a caller without a type checker gave
    parts: list[str] = []
    for index, section in enumerate(given.split(".") if isinstance(given, str) else [""]):
        name = section
        while name.endswith(ITEM):
            name = name.removesuffix(ITEM)
        depth = (len(section) - len(name)) // len(ITEM)
        if any(sign in name for sign in "[]*") or (not name and (index or not depth)):
            raise InvalidSetting(
                f"{scorer}: {path!r} is no path to a field; write 'total', 'address.city' or 'lines[].total', where []"
                " stands for every item"
            )
        parts += [name] if name else []
        parts += [ITEM] * depth
    return tuple(parts)


def joined_path(parts: Iterable[str]) -> str:
    """Return a path as people write it."""
    path = ""
    for part in parts:
        path += part if part == ITEM or not path else f".{part}"
    return path


_UNNAMED: Final = FieldNode()


@dataclass(frozen=True, slots=True)
class FieldComparison:
    """Counts hits, extra and missed values; every value of either side is counted once."""

    tree: FieldNode
    others: Comparator | None
    """For fields that the tree does not name; None leaves them out."""

    def tally(self, value: object, expected: object) -> FieldTally:
        """Return the counts of two values."""
        counted = FieldTally()
        self._walk(self.tree, value, expected, "", counted)
        return counted

    def _walk(self, node: FieldNode, value: object, expected: object, path: str, counted: FieldTally) -> None:
        if node.left_out:
            return
        if node.comparator is not None:
            self._leaf(node.comparator, filled(value), filled(expected), path, counted)
            return
        if not node.below and (self.others is None or (type(value) in _LEAVES and type(expected) in _LEAVES)):
            self._leaf(self.others, value, expected, path, counted)
            return
        (shape, parts), (right_shape, right) = shape_of(value), shape_of(expected)
        if "nothing" not in {shape, right_shape} and shape != right_shape:
            self._walk(node, value, None, path, counted)
            self._walk(node, None, expected, path, counted)
        elif "record" in {shape, right_shape}:
            self._records(node, parts or {}, right or {}, path, counted)
        elif "list" in {shape, right_shape}:
            self._lists(node.below.get(ITEM, _UNNAMED), parts or (), right or (), f"{path}{ITEM}", counted)
        else:
            ours, theirs = (None if shape == "nothing" else value), (None if right_shape == "nothing" else expected)
            self._leaf(self.others, ours, theirs, path, counted)

    def _records(
        self, node: FieldNode, value: Mapping[str, Any], expected: Mapping[str, Any], path: str, counted: FieldTally
    ) -> None:
        start = f"{path}." if path else ""
        for name in expected if value.keys() <= expected.keys() else {**expected, **value}:
            below = node.below.get(name, _UNNAMED)
            self._walk(below, value.get(name), expected.get(name), f"{start}{name}", counted)

    def _lists(
        self, node: FieldNode, values: Sequence[Any], expected: Sequence[Any], path: str, counted: FieldTally
    ) -> None:
        """Count the items, matched so that as much as can be is right."""
        comparator = node.comparator or self.others
        if not node.below and isinstance(comparator, Exact) and all_atoms(values) and all_atoms(expected):
            pairs = equal_pairs(values, expected)
            cells = {pair: self._cell(node, values[pair[0]], expected[pair[1]], path) for pair in pairs}
        else:
            cells = self._diagonal(node, values, expected, path)
            pairs = list(cells)
            if not cells and values and expected:
                grid = [[self._cell(node, value, right, path) for right in expected] for value in values]
                pairs = best_pairs([[cell.hits for cell in row] for row in grid])
                cells = {(row, column): grid[row][column] for row, column in pairs}
        for cell in cells.values():
            counted.add_all(cell)
        rows, columns = {row for row, _ in pairs}, {column for _, column in pairs}
        for row, value in enumerate(values):
            if row not in rows:
                self._walk(node, value, None, path, counted)
        for column, right in enumerate(expected):
            if column not in columns:
                self._walk(node, None, right, path, counted)

    def _diagonal(
        self, node: FieldNode, values: Sequence[Any], expected: Sequence[Any], path: str
    ) -> dict[tuple[int, int], FieldTally]:
        """Return the items paired in order when they are all right so: no pairing is better, and most answers are."""
        if len(values) != len(expected):
            return {}
        cells: dict[tuple[int, int], FieldTally] = {}
        for index, (value, right) in enumerate(zip(values, expected, strict=True)):
            cell = self._cell(node, value, right, path)
            if cell.misses:
                return {}
            cells[index, index] = cell
        return cells

    def _cell(self, node: FieldNode, value: object, expected: object, path: str) -> FieldTally:
        counted = FieldTally()
        self._walk(node, value, expected, path, counted)
        return counted

    @staticmethod
    def _leaf(comparator: Comparator | None, value: object, expected: object, path: str, counted: FieldTally) -> None:
        if comparator is None or (value is None and expected is None):
            return
        if value is None or expected is None:
            counted.add(path, 0.0, float(expected is None), float(value is None))
        else:
            right = comparator.compare(value, expected)
            counted.add(path, right, 1.0 - right, 1.0 - right)
            if right == 1.0:
                return
        counted.misses.append(Miss(path, value, expected))


def shape_of(value: object) -> tuple[Shape, Any]:
    """Return what kind of thing a value is, with its parts; None and an empty list or record are nothing."""
    if type(value) in _LEAVES:
        return "leaf", None
    value = bare(value)
    if value is None:
        return "nothing", None
    fields = record(value)
    if fields is not None:
        return ("record", fields) if fields else ("nothing", None)
    listed = items(value)
    if listed is not None:
        return ("list", listed) if listed else ("nothing", None)
    return "leaf", None


def filled(value: object) -> Any:
    """Return a value, None in place of an empty list or record."""
    return None if value is None or shape_of(value)[0] == "nothing" else value
