"""A pick held against the baseline on cases that chose nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from handrail_evals.decide.comparison import Comparison, compare
from handrail_evals.decide.gate import Standing, Terms
from handrail_evals.decide.sweep_verdicts import corrected
from handrail_evals.decide.verdict import lines, to_data
from handrail_evals.errors import DataError
from handrail_evals.measure.sweeping.sweep import MeasuredCell


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What the held-out cases say of a pick."""

    picked: MeasuredCell
    baseline: MeasuredCell
    comparison: Comparison | None
    """None: one of the two is not measured in whole, or they cannot be compared."""
    why_not: str = ""
    picks: int
    """How many different picks these cases have judged by now, this one included; the interval counts them all."""

    @property
    def standing(self) -> Standing:
        """Return how the pick stands to the baseline."""
        return Standing.CANT_TELL if self.comparison is None else self.comparison.standing

    def lines(self) -> Iterator[str]:
        """Yield it in words."""
        if self.comparison is None:
            yield f"on the held-out cases: {self.why_not}"
            return
        first, *rest = lines(self.comparison)
        yield f"on the held-out cases: {first}"
        yield from (line for line in rest if not line.startswith(("baseline", "candidate")))
        if self.picks > 1:
            yield (
                f"these cases have judged {self.picks} picks by now, which the interval counts in; cases that nobody"
                " has seen tell more"
            )

    def to_data(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "standing": self.standing.value,
            "picks": self.picks,
            "why_not_compared": self.why_not or None,
            "comparison": None if self.comparison is None else to_data(self.comparison),
            "results": [str(each.evaluation.result.path) for each in (self.baseline, self.picked)],
        }


def confirm(baseline: MeasuredCell, pick: MeasuredCell, terms: Mapping[str, Terms], folder: Path) -> Confirmation:
    """Return what the held-out cases say of a pick; ``folder`` holds the results of all picks that they have judged."""
    own = baseline.evaluation.result.path
    picks = max(1, sum(1 for each in folder.glob("*.jsonl") if own is None or each.name != own.name))
    held = {
        name: Terms(margin=t.margin, level=corrected(t.level, picks), power=t.power, scale=t.scale)
        for name, t in terms.items()
    }
    comparison, why_not = None, ""
    try:
        comparison = compare(baseline.evaluation.result, pick.evaluation.result, held)
    except DataError as error:
        why_not = str(error)
    return Confirmation(picked=pick, baseline=baseline, comparison=comparison, why_not=why_not, picks=picks)
