"""What becomes of a version in shadow: it is let in when it decides more than the one that serves, sure of both."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from handrail_evals.decide.gate import Terms
from handrail_evals.decide.learning.paying import GROWTH
from handrail_evals.decide.pairing import Paired
from handrail_evals.decide.rollout_evidence import verdict_of
from handrail_ground.shares import decimal
from handrail_orchestrator.records.rollout import RolloutVerdict

PATIENCE = 2_000
"""Cases after which a version that is not shown to be better is given up, all of them answered blind."""
LEAST_BETTER = 0.005
"""Of the cases: so much more it must be shown to decide, or at least not so much less."""

Fate: TypeAlias = Literal["serving", "given_up", "shadow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadowed:
    """How a version in shadow does beside the one that serves, on the same cases."""

    pairs: Sequence[Paired]
    """Whether the one that serves accepts a case (1 or 0), and whether the version would by its own threshold."""
    threshold: float | None
    """The version's, by its own labels and its own part of delta; None: they allow none yet."""
    is_stopped: bool
    """Whether a person paused what is promised of the step."""
    examples: int
    """Labels that the version learned from."""
    labels: int
    """Labels that there are to learn from now."""
    fair_trial: int = 0
    """Cases on which it is tried at least, however many labels come: what it takes while nothing is accepted."""


@dataclass(frozen=True, slots=True)
class VersionFate:
    """What becomes of a version in shadow, and why."""

    fate: Fate
    why: str
    verdict: RolloutVerdict | None = None


def fate_of(shadowed: Shadowed, *, about: str) -> VersionFate:
    """Return what becomes of a version in shadow."""
    cases = len(shadowed.pairs)
    outgrown = shadowed.labels >= GROWTH * shadowed.examples and cases >= shadowed.fair_trial
    is_late = cases >= max(PATIENCE, shadowed.fair_trial) or outgrown
    if shadowed.threshold is None:
        why = f"{cases:,} cases have carried no threshold for it"
        if outgrown:
            why += f", and there are {shadowed.labels:,} answers to learn from, of which it knew {shadowed.examples:,}"
        return VersionFate("given_up" if is_late else "shadow", why)
    if shadowed.is_stopped:
        return VersionFate("shadow", "a person paused what is promised of this step")
    before = sum(each.baseline for each in shadowed.pairs)
    after = sum(each.candidate for each in shadowed.pairs)
    seen = f"of the last {cases:,} cases {after:,.0f} would be decided without a person, {before:,.0f} are"
    verdict = verdict_of(
        shadowed.pairs, Terms(margin=LEAST_BETTER), about=about, seen=seen, source="the same cases, by both models"
    )
    if verdict.allows and after > before:
        return VersionFate(
            "serving", f"its own labels carry a threshold of {decimal(shadowed.threshold)}; {seen}", verdict
        )
    why = f"it is not shown to be better: {verdict.reason}" if is_late else verdict.reason
    return VersionFate("given_up" if is_late else "shadow", why, verdict)
