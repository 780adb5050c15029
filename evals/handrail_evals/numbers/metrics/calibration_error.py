"""The expected calibration error: how far confidence is from truth, on average."""

from typing import TYPE_CHECKING

from handrail_evals.errors import TooFewCases
from handrail_evals.numbers.metrics.certainty import Certainty
from handrail_evals.numbers.metrics.confident import Confident
from handrail_evals.numbers.metrics.ranking import Ranking
from handrail_evals.numbers.metrics.resampling import Kinds
from handrail_evals.numbers.metrics.value import Metric, MetricValue
from handrail_evals.numbers.statistics.interval import Interval

if TYPE_CHECKING:
    from handrail_evals.numbers.metrics.resampling import Floats

ECE = Metric("confidence", "ece", "score", higher_is_better=False)


def calibration_error(answers: Confident, ranking: Ranking, certainty: Certainty) -> MetricValue:
    """Return the expected calibration error (ECE), 0 (best) to 1, over bins of about equally many answers.

    It is the mean over the answers of the distance, in their bin, between mean confidence and share right. Noise alone
    makes it larger than 0, and more so on a resample, so the usual bootstrap intervals miss the truth where confidences
    are honest. Here the lower end takes off the noise of all bins (its upper quantile over resamples) and the upper end
    is the resamples' own upper quantile: on simulated honest and dishonest confidences it held the truth in 92 to 100%
    of the cases at a level of 95%, BCa in 0 to 92%.
    """
    import numpy as np  # noqa: PLC0415 -- a ranking has loaded it

    bins = ranking.bin_of_answers()
    rows = np.zeros((len(answers), ranking.bins + 1))
    rows[np.arange(len(answers)), bins] = np.asarray(answers.right, dtype=np.float64) - answers.confidences
    rows[:, -1] = 1.0
    gaps = gaps_of(rows.sum(axis=0)[None, :])[0]
    error = float(np.abs(gaps).sum())
    try:
        kinds = Kinds.of_each(rows, answers.clusters)
    except TooFewCases as few:
        return ECE.alone(error, str(few), coverage=answers.coverage)
    seen = gaps_of(kinds.drawn(certainty))
    upper = (1.0 + certainty.level) / 2.0
    noise = float(np.quantile(np.abs(seen - gaps).sum(axis=1), upper))
    highest = float(np.quantile(np.abs(seen).sum(axis=1), upper))
    units = len(kinds.kind_of)
    interval = Interval(
        estimate=error,
        low=max(0.0, error - noise),
        high=max(error, highest),
        level=certainty.level,
        cases=len(answers),
        method="bootstrap, noise taken off" + (f", {units} clusters" if units < len(answers) else ""),
    )
    return ECE.of(interval, coverage=answers.coverage)


def gaps_of(sums: "Floats") -> "Floats":
    """Return each bin's share of all answers times its gap, from sums of gaps and the number of answers."""
    gaps: Floats = sums[:, :-1] / sums[:, -1:]
    return gaps
