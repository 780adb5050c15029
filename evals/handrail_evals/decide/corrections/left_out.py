"""What was read from a store and is no label, with the reason why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

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

    def __str__(self) -> str:
        """Return the counts in words, one a line; empty when nothing was left out."""
        lines = [
            f"{count} {kind}: {MEANING[reason]}"
            for kind, counts in (("audits", self.audits), ("corrections", self.corrections))
            for reason, count in counts.items()
        ]
        lines += [f"{self.copied} judgements: copied by a fork"] if self.copied else []
        lines += [f"{self.unreadable} judgements: the record cannot be read"] if self.unreadable else []
        return "\n".join(lines)
