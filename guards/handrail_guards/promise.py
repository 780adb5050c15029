"""A promise about what a step accepts, as pure data: whoever keeps it says from which confidence on, and by when."""

from dataclasses import dataclass

from handrail_guards.acceptance import Doubt
from handrail_guards.errors import InvalidGuard
from handrail_guards.escalation import Escalation
from handrail_guards.numbers import is_number
from handrail_guards.outcome import Judgement

AUDITS = Escalation(queue="audits", priority=40)
"""Where accepted values are asked blind, for a step that has no ``audit`` of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseTerms:
    """What is promised of the values that a step accepts; by itself it accepts none, because nobody keeps it.

    Raises:
        InvalidGuard: a number that is no share above 0 and below 1.
    """

    wrong_at_most: float
    """The largest share of wrong values among the accepted ones, above 0 and below 1."""
    sure: float = 0.95
    """The chance that this holds at all times at once, above 0 and below 1."""
    second_looks: bool = False
    """Whether a blind answer that contradicts the model counts only once another reviewer confirms it."""

    def __post_init__(self) -> None:
        for name, example in (("wrong_at_most", "0.02 for 2%"), ("sure", "0.95")):
            value = getattr(self, name)
            if not is_number(value) or not 0 < value < 1:
                raise InvalidGuard(f"promise({name}={value!r}): give a share above 0 and below 1, such as {example}")

    @property
    def delta(self) -> float:
        """Return the chance that the promise is ever broken."""
        return round(1.0 - self.sure, 12)

    @property
    def told(self) -> str:
        """Return it in one line."""
        looks = ", contradictions looked at twice" if self.second_looks else ""
        return f"at most {100 * self.wrong_at_most:.3g}% wrong, sure to {100 * self.sure:.4g}%{looks}"

    def doubt(self, judgement: Judgement, *, final: bool = True) -> Doubt:
        """Return that nobody keeps the promise here."""
        del judgement, final
        return Doubt(
            "rule",
            f"a promise ({self.told}) is kept from a store: nothing is accepted under it outside of run.decide, or"
            " without the rules of a store (step.with_rules, or handrail eval run --rules-from STORE)",
        )


def promise(*, wrong_at_most: float, sure: float = 0.95, second_looks: bool = False) -> PromiseTerms:
    """Promise that at most ``wrong_at_most`` of what is accepted is wrong, with the chance ``sure``; for ``accept=``.

    It begins with no labels: everything goes to people. What they answer blind is counted by whoever works on the
    store (``handrail work``, ``handrail serve``, ``handrail promise keep``), and the step accepts as soon and as much
    as the labels allow.

    With ``second_looks`` a blind answer that contradicts the model is put to another reviewer, and counts as wrong only
    if that one confirms it: where reviewers err, that gives back the coverage that their errors cost. How often they
    call a wrong value right is measured, and taken out of what is promised.

    Raises:
        InvalidGuard: a number that is no share above 0 and below 1.
    """
    return PromiseTerms(wrong_at_most=wrong_at_most, sure=sure, second_looks=second_looks)
