"""The rule that judges the cases of a stream: it follows the keeper as that of a step does."""

from dataclasses import dataclass

from handrail_evals.decide.keeping.draws import DrawnCase, PlacedGrades
from handrail_evals.decide.keeping.keeper import PromiseKeeper
from handrail_evals.decide.keeping.ledger import loosest_place
from handrail_evals.decide.keeping.state import SHARE_STEP
from handrail_guards.promise_grades import NO_GRADES, Grades, share_at


@dataclass(slots=True)
class RuleInForce:
    """A threshold, and the share of what is accepted that people are asked about blind."""

    threshold: float | None = None
    """None: nothing is accepted."""
    place: int = -1
    """Of the threshold on the ladder."""
    share: float = 1.0
    grades: Grades = NO_GRADES
    placed: PlacedGrades = ()

    def follow(self, keeper: PromiseKeeper, wanted: float) -> None:
        """Take over the keeper's threshold, and the share that is wanted, where either has moved far enough."""
        if keeper.in_force == self.place and SHARE_STEP * self.share < wanted <= self.share / SHARE_STEP:
            return
        self.threshold, self.place, self.share = keeper.threshold, keeper.in_force, wanted
        self.grades = keeper.grades(wanted)
        self.placed = tuple((loosest_place(each.down_to, keeper.ladder), each.share) for each in self.grades)

    def judged(self, score: float) -> tuple[bool, float]:
        """Return whether an answer with a score is accepted, and the share of those like it that people are asked."""
        if self.threshold is None or score < self.threshold:
            return False, 1.0
        return True, share_at(self.grades, score) or self.share

    def case(self, number: int, score: float, share: float, *, drawn: bool, right: bool) -> DrawnCase:
        """Return a case as the ledger has it, with what people say of it where they are asked."""
        return DrawnCase(
            number=number,
            score=score,
            share=share,
            drawn=drawn,
            in_force=self.place,
            accepted_share=self.share,
            below_share=1.0,
            verdict=("right" if right else "wrong") if drawn else None,
            grades=self.placed,
        )
