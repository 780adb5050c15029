"""One case of the population that promises are tried on."""

from dataclasses import dataclass

from handrail.guards import Alternative, Confidence, Judgement, Verdict
from handrail_evals.decide.calibrate.labels import JudgedCase, Scored


@dataclass(frozen=True, slots=True)
class Predicted:
    """What a model that never saw the text said about it."""

    name: str
    """The ticket's name; copies of one ticket are numbered."""
    shares: tuple[float, ...]
    """Probabilities of the likeliest labels, falling, 0 to 1 each."""
    right: bool
    """Whether the likeliest label is the true one; a text out of scope is never right."""
    agreed: bool
    """Whether a second model, of another kind, finds the same label likeliest."""

    def scored(self) -> Scored:
        """Return it under the confidence."""
        return Scored(self.shares[0], self.right)

    def judged(self) -> JudgedCase:
        """Return it as a step records it whose second model only observes."""
        top, *others = self.shares
        judgement = Judgement(
            confidence=Confidence(top, "local"),
            alternatives=tuple(Alternative(value=str(rank), confidence=share) for rank, share in enumerate(others)),
            verdicts=(Verdict("agreement", self.agreed, "" if self.agreed else "another label", on_fail="observe"),),
        )
        return JudgedCase(judgement=judgement, right=self.right, case=self.name)
