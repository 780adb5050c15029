"""Compares two values field by field, down to their leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from handrail_evals.measure.scorers.assignment import best_pairs
from handrail_evals.measure.scorers.comparator import Comparator
from handrail_evals.measure.scorers.exact import Exact
from handrail_evals.measure.scorers.field_tree import ITEM, FieldNode
from handrail_evals.measure.scorers.list_match import all_atoms, equal_pairs
from handrail_evals.measure.scorers.parts import bare, items, record
from handrail_evals.measure.scorers.tally import Miss, Tally

Shape: TypeAlias = Literal["nothing", "record", "list", "leaf"]

_LEAVES = frozenset({str, int, float, bool})
_UNNAMED: Final = FieldNode()


@dataclass(frozen=True, slots=True)
class FieldComparison:
    """Counts hits, extra and missed values; every value of either side is counted once."""

    tree: FieldNode
    others: Comparator | None
    """For fields that the tree does not name; None leaves them out."""

    def tally(self, value: Any, expected: Any) -> Tally:
        """Return the counts of two values."""
        counted = Tally()
        self._walk(self.tree, value, expected, "", counted)
        return counted

    def _walk(self, node: FieldNode, value: Any, expected: Any, path: str, counted: Tally) -> None:
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
        self, node: FieldNode, value: Mapping[str, Any], expected: Mapping[str, Any], path: str, counted: Tally
    ) -> None:
        start = f"{path}." if path else ""
        for name in expected if value.keys() <= expected.keys() else {**expected, **value}:
            below = node.below.get(name, _UNNAMED)
            self._walk(below, value.get(name), expected.get(name), f"{start}{name}", counted)

    def _lists(
        self, node: FieldNode, values: Sequence[Any], expected: Sequence[Any], path: str, counted: Tally
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
    ) -> dict[tuple[int, int], Tally]:
        """Return the items paired in order when they are all right so: no pairing is better, and most answers are."""
        if len(values) != len(expected):
            return {}
        cells: dict[tuple[int, int], Tally] = {}
        for index, (value, right) in enumerate(zip(values, expected, strict=True)):
            cell = self._cell(node, value, right, path)
            if cell.misses:
                return {}
            cells[index, index] = cell
        return cells

    def _cell(self, node: FieldNode, value: Any, expected: Any, path: str) -> Tally:
        counted = Tally()
        self._walk(node, value, expected, path, counted)
        return counted

    @staticmethod
    def _leaf(comparator: Comparator | None, value: Any, expected: Any, path: str, counted: Tally) -> None:
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


def shape_of(value: Any) -> tuple[Shape, Any]:
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


def filled(value: Any) -> Any:
    """Return a value, None in place of an empty list or record."""
    return None if value is None or shape_of(value)[0] == "nothing" else value
