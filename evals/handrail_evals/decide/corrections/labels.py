"""What people decided of one step's judgements, kept apart by what it may be used for; what is no label, and why."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from handrail_ai_steps.models.local import LabelledText
from handrail_evals.decide.calibrate.acceptance_file import Subject
from handrail_evals.decide.calibrate.labels import Audit, Correction, JudgedCase
from handrail_evals.errors import InvalidLabels, InvalidSetting
from handrail_evals.measure.case import AnyCase, Case, Metadatum
from handrail_guards.auditing import draw_of

Reason: TypeAlias = Literal[
    "other_version",
    "other_model",
    "blocked",
    "no_score",
    "fitted",
    "learned",
    "undecided",
    "cancelled",
    "by_policy",
    "no_text",
    "no_label",
]
"""Why a case is no label, as a code to count by."""

MEANING: Mapping[Reason, str] = {
    "other_version": "judged with another prompt version",
    "other_model": "judged by another model, or with another kind of confidence",
    "blocked": "in doubt whatever the threshold: a guard, a refusal, an answer that cannot be used",
    "no_score": "judged without the score that the threshold is set on",
    "fitted": "the score was fitted on it",
    "learned": "the model learned from its text",
    "undecided": "nobody has decided yet",
    "cancelled": "the run ended before anybody decided",
    "by_policy": "nobody decided in time, and a policy did",
    "no_text": "the input is not one text",
    "no_label": "the decision is not a label",
}
"""The reasons in words."""

UNEVEN = "a promise asked for such answers more often than for others: without them the rest is an even sample"
"""Why an answer that was given blind is no audit."""

UNANSWERED: tuple[Reason, ...] = ("undecided", "cancelled", "by_policy")
"""Reasons why a case that was drawn is missing from the sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """How many cases are no labels, by the first reason that applies.

    Drawn cases that nobody decided are missing from the sample: if people leave the hard ones, the rest is no random
    sample any more, and no threshold should be set on it.
    """

    audits: Mapping[Reason, int] = field(default_factory=dict)
    """Of the cases that were drawn."""
    corrections: Mapping[Reason, int] = field(default_factory=dict)
    """Of the doubtful cases that were not drawn."""
    copied: int = 0
    """Judgements that a fork took over from another run, where they count."""
    unreadable: int = 0
    """Records that do not read as a judgement: of values that plain JSON cannot tell apart, or of foreign code."""
    evened: int = 0
    """Blind answers of kinds that a promise asked for more often than for others: they train, and calibrate nothing."""

    def __str__(self) -> str:
        """Return the counts in words, one a line; empty when nothing was left out."""
        lines = [
            f"{count} {kind}: {MEANING[reason]}"
            for kind, counts in (("audits", self.audits), ("corrections", self.corrections))
            for reason, count in counts.items()
        ]
        lines += [f"{self.evened} audits: {UNEVEN}"] if self.evened else []
        lines += [f"{self.copied} judgements: copied by a fork"] if self.copied else []
        lines += [f"{self.unreadable} judgements: the record cannot be read"] if self.unreadable else []
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A case with what a person decided: drawn ones are a sample of all cases, the others are the hard ones."""

    case: str
    """``run id/step name``."""
    run_id: str
    workflow: str
    step: str
    """The step's name in its run, such as ``route#2``."""
    input: Any
    """What the step was called with: its only value, or a tuple of several; as JSON data."""
    suggestion: Any
    """The accepted value or the suggestion, as JSON data; None also when there was none."""
    decision: Any
    """What the person decided, as JSON data."""
    changed: bool
    """Whether the decision differs from the suggestion."""
    drawn: bool
    """Whether it was drawn at random before it was routed, and decided blind."""
    judged: JudgedCase
    """With its judgement, whatever the prompt version and model."""
    lesson: Correction | None
    """What a model can learn from it; None: its input is not one text, or its decision is not a label."""

    def as_case(self) -> AnyCase:
        """Return it as a case for the step: the decision is expected of the same input."""
        about: dict[str, Metadatum] = {"workflow": self.workflow, "drawn": self.drawn, "changed": self.changed}
        if self.judged.group:
            about["group"] = self.judged.group
        return Case(self.case, self.input, self.decision, metadata=about, cluster=self.run_id, blind=self.drawn)


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

    def as_cases(self) -> tuple[AnyCase, ...]:
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


def as_examples(corrections: Iterable[Correction], *, given_up: Iterable[GivenUp] = ()) -> tuple[LabelledText, ...]:
    """Return what the local model learns from: corrections, and audits that were given up for it.

    An audit that calibrates has no place here: its type says so, and ``Labels.give_up`` takes it out of the others.
    A decision that no label fits becomes an example out of scope. What holds no text and label is left out.

    Raises:
        InvalidLabels: something is neither a correction nor given up, for callers without a type checker.
    """
    own, given = tuple(corrections), tuple(given_up)
    _require(own, Correction)
    _require(given, GivenUp)
    lessons = (*own, *(each.lesson for each in given if each.lesson is not None))
    return tuple(LabelledText(each.text, each.label) for each in lessons)


def _require(found: Iterable[Any], kind: type) -> None:
    wrong = next((each for each in found if not isinstance(each, kind)), None)
    if wrong is not None:
        raise InvalidLabels(
            f"a {type(wrong).__name__} where a {kind.__name__} belongs: what calibrates may not train; take audits out"
            " with Labels.give_up, and give what it returns as given_up"
        )
