"""An even sample of what a promise had asked blind: it asks more of some cases than of others, by their scores.

A promise asks everybody about what it does not accept, a few in a hundred about what it does, and fewest about the
surest. A threshold set on all of these answers would hardly look at the surest cases: where those are not the best
ones, it would break its word. So each answer is kept with one level over its share, and the same part of all cases is
left, whatever their scores. The level is the half, quarter, eighth … that the least share so far has come to: it
depends on shares that were written before anybody answered.
"""

import math
from collections.abc import Iterable

from handrail_guards.auditing import Auditing, AuditRule, draw_of
from handrail_guards.outcome import Judgement


class EvenSample:
    """Tells which drawn cases are an even sample, as judgements are read in their order."""

    def __init__(self, audit: AuditRule | None = None) -> None:
        """Begin; ``audit`` is what else draws cases of the step, at a rate of its own."""
        self._rate = audit.rate if isinstance(audit, Auditing) else 0.0
        self._least: dict[tuple[str, str, str], float] = {}
        """By who judged, as each is calibrated alone: a new model begins with answers to everything."""

    def takes(self, case: str, judgement: Judgement) -> bool:
        """Return whether the next case is of the sample, should it be drawn; its share counts, drawn or not."""
        if judgement.promised is None:
            return True  # drawn at one rate, whatever its score, or never accepted
        share, judge = judgement.promised.share, _judge(judgement)
        least = self._least[judge] = min(self._least.get(judge, 1.0), share)
        level = 2.0 ** math.floor(math.log2(least))
        return is_kept(case, self._asked(level) / self._asked(share))

    def _asked(self, share: float) -> float:
        """Return the chance of a case to be drawn, by the promise or besides."""
        return share + self._rate * (1 - share)


def _judge(judgement: Judgement) -> tuple[str, str, str]:
    return judgement.prompt_version, judgement.model, judgement.confidence.source


def is_kept(case: str, chance: float) -> bool:
    """Return whether a case is kept with a chance: the same each time, and independent of every other draw."""
    return draw_of(f"even: {case}") < chance


def evenly(asked: Iterable[tuple[str, float]]) -> set[str]:
    """Return which of these cases, each with its share, are an even sample: at the least of the shares."""
    found = list(asked)
    least = min((share for _, share in found), default=1.0)
    return {case for case, share in found if is_kept(case, least / share)}
