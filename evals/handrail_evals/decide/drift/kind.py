"""A kind of case that can be told without a label."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

from handrail_evals.decide.drift.seen import Seen

KindName: TypeAlias = Literal["lowest", "highest", "reviewed", "accepted", "unscored"]
"""Among the lowest or highest scores of the reference, in doubt or not, without a score."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a case can be."""

    name: KindName
    share: float = 0.0
    """The share of the reference that is meant by lowest or highest, 0 to 1; 0 for the other kinds."""
    edge: float = 0.0
    """The score that such cases lie below or above; 0 for the other kinds."""

    def fits(self, case: Seen) -> bool:
        """Return whether a case is of the kind; one without a score is below every score."""
        match self.name:
            case "lowest":
                return case.score is None or case.score < self.edge
            case "highest":
                return case.score is not None and case.score > self.edge
            case "reviewed":
                return not case.accepted
            case "accepted":
                return case.accepted
            case "unscored":
                return case.score is None
            case _ as unknown:
                assert_never(unknown)

    def __str__(self) -> str:
        """Return what a case of the kind is, as people read it."""
        match self.name:
            case "lowest" | "highest":
                return f"with a score among the {self.name} {self.share:.0%} of the reference"
            case "reviewed":
                return "sent to review"
            case "accepted":
                return "accepted"
            case "unscored":
                return "without a score"
            case _ as unknown:
                assert_never(unknown)
