"""What people decided of one step's judgements, kept apart by what it may be used for."""

import math
from dataclasses import dataclass, replace
from typing import Any

from handrail_evals.decide.calibrate.acceptance_file import Subject
from handrail_evals.decide.calibrate.labels import Audit, Correction, JudgedCase
from handrail_evals.decide.corrections.decided import Decided
from handrail_evals.decide.corrections.left_out import LeftOut
from handrail_evals.errors import InvalidSetting
from handrail_evals.measure.case import Case
from handrail_guards.auditing import draw_of


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """An audit that was given up for training or for fitting a score: it will never calibrate."""

    judged: JudgedCase
    """For ``fit_acceptor``."""
    lesson: Correction | None
    """For ``as_examples``; None: its input is not one text, or its decision is not a label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """The decisions about one step; made by ``read_labels``."""

    subject: Subject | None
    """What the audits and the traffic speak of; None: the step has made no judgement that has a score."""
    audits: tuple[Audit, ...]
    """Drawn at random before they were routed, and decided blind: they may calibrate."""
    judged: tuple[JudgedCase, ...]
    """The same cases in the same order, with their judgements."""
    corrections: tuple[Correction, ...]
    """Doubtful cases that were not drawn, of all prompt versions and models: they train, and never calibrate."""
    traffic: tuple[float, ...]
    """Scores of cases that were not drawn, accepted or not: where the thresholds to try are taken from."""
    decided: tuple[Decided, ...]
    """Every case that a person decided, drawn or not, of all prompt versions and models."""
    answered: float | None
    """Share of the drawn cases that a person decided, 0 to 1; None: none was drawn.

    If it is low, the audits may be the easy ones of the sample.
    """
    left_out: LeftOut
    learned: tuple[str, ...] = ()
    """Drawn cases that are no audits because the model learned from their texts."""

    def as_cases(self) -> tuple[Case[Any, Any], ...]:
        """Return what people decided as cases of a suite for this step; ``drawn`` in their metadata tells them apart.

        A model that was trained on a case must not be measured on it: cases that were given up are not among these,
        corrections are.
        """
        return tuple(each.as_case() for each in self.decided)

    def give_up(self, share: float) -> tuple["Labels", tuple[GivenUp, ...]]:
        """Return the labels without a share (0 to 1) of their audits, and those audits.

        Chance takes them, by a hash of their names: whatever is chosen by score or by who was right would leave a
        sample that is not random. What is given up at one share is given up at every higher one, for ever. Copies are
        drawn by their cluster and go together: a model that was trained on one of them knows the others.

        Raises:
            InvalidSetting: the share is outside 0 to 1.
        """
        if not (math.isfinite(share) and 0 <= share <= 1):
            raise InvalidSetting(f"the share of audits to give up is {share!r}; give 0 to 1, such as 0.3")
        gone = {each.case for each in self.judged if draw_of(f"given up: {each.cluster or each.case}") < share}
        lessons = {each.case: each.lesson for each in self.decided}
        kept = replace(
            self,
            audits=tuple(audit for audit in self.audits if audit.case not in gone),
            judged=tuple(each for each in self.judged if each.case not in gone),
            decided=tuple(each for each in self.decided if each.case not in gone),
        )
        given = tuple(GivenUp(judged=e, lesson=lessons[e.case]) for e in self.judged if e.case in gone)
        return kept, given
