"""Documents kept out in turn: those of one issuer together, or each by chance."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from handrail_ai_steps.models.extractor.sheet import Ints


def folds_of(groups: Sequence[int], count: int, seed: int) -> Ints:
    """Return for each document the fold in which it is kept out: groups stay whole, and folds alike in size."""
    chance = np.random.default_rng(seed)
    sizes = Counter(groups)
    order = sorted(chance.permutation(list(sizes)).tolist(), key=lambda each: -sizes[each])
    filled = [0] * count
    fold_of: dict[int, int] = {}
    for group in order:
        fold = min(range(count), key=filled.__getitem__)
        fold_of[group] = fold
        filled[fold] += sizes[group]
    return np.array([fold_of[each] for each in groups], np.int64)
