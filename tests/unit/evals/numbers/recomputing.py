"""A metric measured anew on resampled cases by scipy, which ours are held against."""

from collections.abc import Callable, Sequence

import numpy as np
import scipy.stats
from numpy.typing import NDArray

from handrail_evals.numbers.statistics.clusters import group
from handrail_evals.numbers.statistics.intervals import Interval


def recomputed(
    metric: Callable[[NDArray[np.intp]], float],
    cases: int,
    clusters: Sequence[str | None] | None = None,
    *,
    seed: int,
    resamples: int = 2000,
) -> Interval:
    """Return the metric, which takes the positions of the chosen cases, with the BCa interval of its values."""
    members = [np.asarray(positions, dtype=np.intp) for positions in group(clusters, cases)]

    def measure(chosen: NDArray[np.intp]) -> float:
        return metric(np.concatenate([members[cluster] for cluster in chosen]))

    result = scipy.stats.bootstrap(
        (np.arange(len(members), dtype=np.intp),),
        measure,
        n_resamples=resamples,
        batch=1000,
        vectorized=False,
        method="BCa",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    estimate = measure(np.arange(len(members), dtype=np.intp))
    return Interval(
        estimate=estimate, low=float(result.low), high=float(result.high), level=0.95, cases=cases, method="BCa"
    )
