"""Which item belongs to which: the pairing of two lists with the greatest total of weights."""

from collections import deque
from collections.abc import Sequence
from typing import TypeAlias

from handrail_evals.libraries import needs

Weights: TypeAlias = Sequence[Sequence[float]]
"""How well each row (a value) fits each column (an expected value), 0 or more; every row has as many columns."""

Pair: TypeAlias = tuple[int, int]
"""A row and its column."""


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
    with needs("evals"):
        import numpy as np  # noqa: PLC0415 -- a second to load, for lists with partly right items only
        from scipy.optimize import linear_sum_assignment  # noqa: PLC0415

    rows, columns = linear_sum_assignment(np.asarray(weights, dtype=float), maximize=True)
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
