"""Made-up results of known truth: what a baseline and a candidate score on cases drawn at random."""

import random
from collections.abc import Callable, Sequence

from handrail_evals.decide.pairing import Paired
from handrail_evals.numbers.metrics.answers import average_repeats

BASE = 0.9
DISCORDANCE = 0.06

Draw = Callable[[random.Random], list[Paired]]


def independent(cases: int, *, drop: float = 0.0, discordance: float = DISCORDANCE) -> Draw:
    """Return a draw of right-or-wrong cases: a baseline at 90%, and a candidate that is truly ``drop`` worse."""
    gain, loss = (discordance - drop) / 2, (discordance + drop) / 2
    tables = ((0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0))
    weights = (gain, loss, BASE - loss, 1.0 - BASE - gain)

    def draw(chance: random.Random) -> list[Paired]:
        scores = chance.choices(tables, weights, k=cases)
        return [Paired(str(position), "", None, *both) for position, both in enumerate(scores)]

    return draw


def clustered(
    sizes: Callable[[random.Random], Sequence[int]], *, together: float, drop: float = 0.0, change: float = 0.12
) -> Draw:
    """Return a draw of documents with several cases each, on which the candidate changes as a whole.

    A document is changed for better or worse with chance ``change``; each of its cases follows with chance
    ``together``, which is also how strongly they move as one. The mean drop over cases is ``drop``.
    """
    tilt = drop / together
    moves, weights = (-1, 1, 0), ((change + tilt) / 2, (change - tilt) / 2, 1.0 - change)

    def draw(chance: random.Random) -> list[Paired]:
        pairs = []
        for document, size in enumerate(sizes(chance)):
            move = chance.choices(moves, weights)[0]
            for position in range(size):
                moved = move if chance.random() < together else 0
                both = (1.0, 0.0) if moved < 0 else (0.0, 1.0) if moved > 0 else (1.0, 1.0)
                pairs.append(Paired(f"{document}/{position}", "", str(document), *both))
        return pairs

    return draw


def repeated(cases: int, repeats: int) -> Draw:
    """Return a draw of cases asked ``repeats`` times of either side, each case with a chance of its own."""

    def draw(chance: random.Random) -> list[Paired]:
        pairs = []
        for position in range(cases):
            before, after = (min(1.0, chance.betavariate(9, 1)) for _ in range(2))
            scores = [
                average_repeats([float(chance.random() < share) for _ in range(repeats)]) for share in (before, after)
            ]
            pairs.append(Paired(str(position), "", None, scores[0] or 0.0, scores[1] or 0.0))
        return pairs

    return draw


def similarity(cases: int) -> Draw:
    """Return a draw of text similarities, most of them near 1, equally good on both sides."""

    def draw(chance: random.Random) -> list[Paired]:
        return [
            Paired(str(position), "", None, chance.betavariate(6, 1), chance.betavariate(6, 1))
            for position in range(cases)
        ]

    return draw
