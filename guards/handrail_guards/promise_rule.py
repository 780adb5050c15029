"""The rule that a promise is kept by just now, what it speaks of, and the port that it is read through."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

from handrail_ground.hashing import hash_of_data
from handrail_guards.errors import InvalidGuard
from handrail_guards.numbers import is_share
from handrail_guards.promise_grades import NO_GRADES, Grades, checked_grades, share_at
from handrail_guards.promise_part import PartKind, PromisePart

MARK_DIGITS = 12
MOST_REMEMBERED = 1_000
"""Marks that are remembered: each call of a step asks for the same few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseSubject:
    """What a promise speaks of: another prompt, model, server or kind of confidence is another thing altogether."""

    step: str
    prompt_version: str
    """Hash of the prompt, the options with their order and wording, the schema and the examples."""
    model: str
    """Who answered, by the answer's own name for itself."""
    confidence_source: str
    servers: tuple[str, ...] = ()
    """Where the step's models are asked, as far as they say so: one model is not as sure on every server."""
    by: str = ""
    """What says which group a case is of; empty: there are no groups."""
    group: str = ""
    """The group whose cases it speaks of."""
    about: PartKind = "wrong"
    """What of its answers is bounded."""
    of: str = ""
    """The label or the field."""
    counted: str = ""
    """Which labels count, and how; empty: the one that each distinct input has."""

    @property
    def mark(self) -> str:
        """Return twelve hexadecimal digits that change with any of it."""
        return _mark(self)

    @property
    def judge(self) -> "PromiseSubject":
        """Return who judges, whatever the case and whatever is bounded."""
        return replace(self, by="", group="", about="wrong", of="", counted="")

    @property
    def part(self) -> tuple[str, str, PartKind, str]:
        """Return which of its cases and what of them it speaks of, whoever judges."""
        return self.by, self.group, self.about, self.of


@lru_cache(MOST_REMEMBERED)
def _mark(subject: PromiseSubject) -> str:
    told: list[object] = [subject.step, subject.prompt_version, subject.model, subject.confidence_source]
    told += subject.servers
    if subject.by or subject.about != "wrong":
        told.append([subject.by, subject.group, subject.about, subject.of])
    if subject.counted:
        told.append({"counted": subject.counted})
    return hash_of_data(told, digits=MARK_DIGITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseRule:
    """What a promise lets accept now, and which shares of the cases people are asked about blind.

    Raises:
        InvalidGuard: a share is none, or the grades do not lead to the threshold.
    """

    promise: int
    """The promise's number in its store; 0: nothing was ever recorded for it."""
    number: int
    """The rule's number, rising; 0: the one that everything begins with."""
    threshold: float | None = None
    """Accepted is what has this confidence or more; None: nothing is."""
    accepted_share: float = 1.0
    """The share of the accepted cases that people are asked about blind, above 0; with grades, on average."""
    below_share: float = 1.0
    """The same for those that are not accepted: all are asked, and so many do not see the suggestion."""
    band_from: float | None = None
    """From this confidence on up to the threshold nobody sees the suggestion; None: there is no such band."""
    labels: int = 0
    """Answers that were given blind and counted by then."""
    date: str = ""
    """The day it was set, as 2026-01-31."""
    why: str = ""
    """Why nothing is accepted, where that has another reason than that labels are missing."""
    stale: str = ""
    """What the promise was kept for before, where another model, prompt or server answers now."""
    believed: tuple[float, ...] = ()
    """All thresholds that the labels allow, falling down to the one in force; empty: that one alone is known."""
    counts: bool = True
    """Whether cases judged by it are counted; not so of one group too many."""
    grades: Grades = NO_GRADES
    """Which share of the accepted cases that is by their confidence; empty: the same of all."""

    def __post_init__(self) -> None:
        for name in ("accepted_share", "below_share"):
            value = getattr(self, name)
            if not is_share(value) or value <= 0:
                raise InvalidGuard(f"{name} of a promise's rule is {value!r}; give a share above 0 and up to 1")
        checked_grades(self.grades, self.threshold)

    def accepts(self, score: float) -> bool:
        """Return whether a case with this confidence is accepted."""
        return self.threshold is not None and score >= self.threshold

    def allows(self, threshold: float) -> bool:
        """Return whether the labels allow this very threshold: a stricter one need not be as good."""
        return threshold == self.threshold or threshold in self.believed

    def share(self, score: float) -> float:
        """Return the chance of a case with this confidence to be asked blind."""
        graded = share_at(self.grades, score)
        return self.even_share(score) if graded is None else graded

    def even_share(self, score: float) -> float:
        """Return what that chance would be if the same share of all accepted cases were asked."""
        if self.accepts(score):
            return self.accepted_share
        return 1.0 if self.band_from is not None and score >= self.band_from else self.below_share


BEGINNING = PromiseRule(promise=0, number=0)
"""The rule before anything is known: nothing is accepted, and everything is asked blind."""


class PromiseRules(Protocol):
    """Whoever knows the rules in force: a store, as a step sees it."""

    def rule(self, part: PromisePart, subject: PromiseSubject) -> PromiseRule:
        """Return the rule in force for a part of a promise and what judged.

        Never raises: a store that cannot be read is a reason to accept nothing, and the rule says so.
        """
        ...
