"""Looking at contradictions again: what another reviewer confirms counts, and what reviewers miss is taken out.

Reviewers err. One who calls a right value wrong costs coverage: with 2% of that a promise of 2% accepts next to
nothing. So a blind answer that contradicts the model is put to another reviewer, who sees neither answer, and counts
as wrong only if that one does not give the model's answer either. One who calls a wrong value right breaks the promise
in silence. Let m be the chance of that at one look, the same for every reviewer and independent: a wrong value is then
counted with the chance (1 - m) ** 2 at least. Values that two found wrong are put to a third, and one who repeats the
model's answer missed it: m is at most m_U, the exact bound of Clopper and Pearson after 30, 90 and 270 of them, all
three at once with a chance of 1 - ``REVIEWERS_PART`` * delta. The promise is tested at target * (1 - m_U) ** 2 with the
rest of delta, and nothing is accepted before the first 30.

It may be tested again from the beginning each time the bound falls: the bets do not depend on it, so that a lower
target only ever makes less of the same ledger, and whatever is believed at one that is low enough is believed at
target * (1 - m) ** 2, for which the theorem of the keeper holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from handrail_evals.decide.calibrate.promise import upper_bound
from handrail_ground.shares import in_digits

LOOKS = (30, 90, 270)
"""Third looks after which the bound is computed."""
REVIEWERS_PART = 0.2
"""Of delta: for the bound on what reviewers miss."""


@dataclass(frozen=True, slots=True)
class LookWanted:
    """A case that is to be looked at again."""

    case: int
    item: int
    """The item of the first answer, whose question is asked again."""
    is_third: bool
    before: tuple[str, ...]
    """Who answered it."""


@dataclass(frozen=True, slots=True)
class MissedBound:
    """How often reviewers call a wrong value right, at most."""

    at_most: float
    looks: int
    repeated: int
    """Of the looks: those that gave the model's answer."""

    @property
    def counted(self) -> float:
        """Return the least share of wrong values that two looks count as wrong."""
        return (1 - self.at_most) ** 2

    @property
    def told(self) -> str:
        """Return it in one sentence."""
        return (
            f"of {self.looks:,} third looks at what two reviewers found wrong, {self.repeated:,} gave the model's"
            f" answer: a reviewer misses at most {in_digits(self.at_most)} of what is wrong"
        )


@dataclass(frozen=True, slots=True)
class ThirdLook:
    """What a third look says."""

    case: int
    repeated: bool | None
    """Whether it gave the model's answer; None: it is open."""
    is_new: bool
    """Whether that was not kept yet."""


def missed_bound(repeats: Sequence[bool | None], delta: float) -> MissedBound | None:
    """Return the bound that the third looks allow, in the order in which they were asked; None: too few are answered.

    ``delta`` is that of the promise. A look that is still open is None, and holds up the ones behind it.
    """
    known = next((place for place, each in enumerate(repeats) if each is None), len(repeats))
    best: MissedBound | None = None
    for looks in LOOKS:
        if looks <= known:
            repeated = sum(map(bool, repeats[:looks]))
            found = upper_bound(repeated, looks, REVIEWERS_PART * delta / len(LOOKS))
            if best is None or found < best.at_most:
                best = MissedBound(found, looks, repeated)
    return best if best is not None and best.at_most < 1 else None
