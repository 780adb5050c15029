"""Promises for the models of a cascade, each kept for its own model's answers."""

from collections import Counter
from dataclasses import dataclass, field

from handrail_guards.acceptance import Doubt
from handrail_guards.errors import InvalidGuard
from handrail_guards.guarantee import GuaranteedThreshold
from handrail_guards.outcome import AcceptedBy, Judgement


@dataclass(frozen=True, slots=True)
class PerModel:
    """Accept an answer by the rule that was set for its model; an answer of any other model is stale.

    A later model meets only the cases that the earlier rules had in doubt, which are the hard ones. So its rule must
    have been set on such cases, and says so in ``after``; it is stale behind other rules than those.

    The joint promise: at most ``target`` of all accepted values is wrong, and this is untrue with a chance of at most
    ``delta``. Each rule breaks its own promise with at most its own delta, and a mixture of parts of which none is
    worse than the target is not worse either.

    Raises:
        InvalidGuard: there are no rules, or two of them are for the same model, or for different steps or prompts.
    """

    rules: tuple[GuaranteedThreshold, ...]
    """In the order in which the step asks their models."""
    _marks: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.rules:
            raise InvalidGuard("PerModel without rules accepts nothing; use Never(), or give the models' rules")
        model, rules = Counter(rule.model for rule in self.rules).most_common(1)[0]
        if rules > 1:
            raise InvalidGuard(f"PerModel has {rules} rules for {model}; keep the one that is in force")
        if len({(rule.step, rule.prompt_version) for rule in self.rules}) > 1:
            listed = ", ".join(f"{rule.model}: {rule.step} {rule.prompt_version}" for rule in self.rules)
            raise InvalidGuard(f"PerModel has rules of different steps or prompts ({listed}); give those of one step")
        object.__setattr__(self, "_marks", tuple(rule.mark for rule in self.rules))

    @property
    def target(self) -> float:
        """The joint promise: largest share of wrong values among all accepted ones, 0 to 1."""
        return max(rule.target for rule in self.rules)

    @property
    def delta(self) -> float:
        """Chance that the joint promise is broken, 0 to 1."""
        return min(1.0, sum(rule.delta for rule in self.rules))

    def doubt(self, judgement: Judgement, *, final: bool = True) -> Doubt | None:
        """Return why the value is in doubt, or None to accept it."""
        rule, behind = self._rule(judgement)
        return self._unknown(judgement) if rule is None else rule.doubt(judgement, final=final, behind=behind)

    def accepted_by(self, judgement: Judgement) -> AcceptedBy:
        """Return what the rule of the judgement's model vouches for."""
        rule, _ = self._rule(judgement)
        return AcceptedBy(rule="no rule of this model") if rule is None else rule.accepted_by(judgement)

    def _rule(self, judgement: Judgement) -> tuple[GuaranteedThreshold | None, tuple[str, ...]]:
        """Return the rule of the judgement's model, and the marks of the rules before it."""
        for place, rule in enumerate(self.rules):
            if rule.model == judgement.model:
                return rule, self._marks[:place]
        return None, ()

    def _unknown(self, judgement: Judgement) -> Doubt:
        known = ", ".join(rule.model for rule in self.rules)
        return Doubt(
            "stale_acceptance",
            f"the acceptance files are stale: they were set for the answers of {known}, this one is of"
            f" {judgement.model or 'no model'}; everything of it is reviewed until `handrail eval calibrate` ran",
        )
