"""Answers in order of their confidence, and the measures of that order under any weights.

Answers that are equally sure cannot be told apart, so they enter a curve, and fall into a bin, together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from handrail_evals.libraries import needs
from handrail_evals.numbers.metrics.confident import Confident

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from handrail_evals.numbers.metrics.resampling import Floats

MOST_BINS = 15
"""Bins of a calibration error, as is usual since Guo et al. 2017."""

IN_A_BIN = 20
"""Answers that a bin should hold on average; fewer answers get fewer bins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Answers from the least to the most confident, grouped where they are equally so."""

    order: "NDArray[np.intp]"
    """Positions of the answers, the least confident first."""
    starts: "NDArray[np.intp]"
    """Where in the order each group begins."""
    confidence: "Floats"
    """Of each group, 0 to 1."""
    right: "Floats"
    """For each answer in order, 1 where it is right."""
    bins: int
    """How many bins of equal mass there are."""

    @classmethod
    def of(cls, answers: Confident) -> "Ranking":
        """Return the ranking of one answer or more."""
        with needs("evals"):
            import numpy as np  # noqa: PLC0415 -- importing evals stays light

        confidences = np.asarray(answers.confidences, dtype=np.float64)
        order = np.argsort(confidences, kind="stable")
        values, starts = np.unique(confidences[order], return_index=True)
        return cls(
            order=order,
            starts=starts,
            confidence=values,
            right=np.asarray(answers.right, dtype=np.float64)[order],
            bins=min(MOST_BINS, max(1, len(answers) // IN_A_BIN)),
        )

    def counts(self, weights: "Floats") -> tuple["Floats", "Floats"]:
        """Return for each group how many answers it holds, and how many of them are right."""
        import numpy as np  # noqa: PLC0415 -- importing evals stays light

        ordered = weights[self.order]
        rightly = ordered * self.right
        if len(self.starts) == len(ordered):
            return ordered, rightly
        return np.add.reduceat(ordered, self.starts), np.add.reduceat(rightly, self.starts)

    def bin_of_answers(self) -> "NDArray[np.intp]":
        """Return the bin of each answer, by its position: the bin that the middle of its group falls into."""
        import numpy as np  # noqa: PLC0415 -- importing evals stays light

        held, _ = self.counts(np.ones(len(self.order)))
        middle = (np.cumsum(held) - held / 2.0) * (self.bins / len(self.order))
        bin_of_group = np.minimum(middle, self.bins - 1).astype(np.intp)
        bins = np.empty(len(self.order), dtype=np.intp)
        bins[self.order] = np.repeat(bin_of_group, held.astype(np.intp))
        return bins

    def curve(self, held: "Floats", rightly: "Floats") -> tuple["Floats", "Floats"]:
        """Return coverage and risk, 0 to 1, when each group and all more confident ones are accepted, strict first."""
        import numpy as np  # noqa: PLC0415 -- importing evals stays light

        accepted = np.cumsum(held[::-1])
        wrong = np.cumsum((held - rightly)[::-1])
        # Before the first drawn answer nothing is accepted, and nothing is wrong.
        return accepted / accepted[-1], wrong / np.maximum(accepted, 1e-300)

    def measures(self, weights: "Floats", risks: Sequence[float]) -> "Floats":
        """Return the area under the risk-coverage curve, and the coverage at each risk."""
        import numpy as np  # noqa: PLC0415 -- importing evals stays light

        held, rightly = self.counts(weights)
        coverage, risk = self.curve(held, rightly)
        area = float((held[::-1] * risk).sum() / held.sum())
        reached = [float((coverage * (risk <= most + 1e-12)).max()) for most in risks]
        return np.asarray([area, *reached], dtype=np.float64)
