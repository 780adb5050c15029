"""The rule that a promise is kept by just now, the port that it is read through, and one call that is judged by it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from handrail_ground.hashing import hash_of_data
from handrail_guards.acceptance import Doubt
from handrail_guards.errors import InvalidGuard
from handrail_guards.numbers import is_share
from handrail_guards.outcome import AcceptedBy, Judgement, PromisedBy
from handrail_guards.promise import PromiseTerms

MARK_DIGITS = 12


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

    @property
    def mark(self) -> str:
        """Return twelve hexadecimal digits that change with any of it."""
        told = [self.step, self.prompt_version, self.model, self.confidence_source, *self.servers]
        return hash_of_data(told, digits=MARK_DIGITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseRule:
    """What a promise lets accept now, and which shares of the cases people are asked about blind.

    Raises:
        InvalidGuard: a share is none.
    """

    promise: int
    """The promise's number in its store; 0: nothing was ever recorded for it."""
    number: int
    """The rule's number, rising; 0: the one that everything begins with."""
    threshold: float | None = None
    """Accepted is what has this confidence or more; None: nothing is."""
    accepted_share: float = 1.0
    """The share of the accepted cases that people are asked about blind, above 0."""
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
    """The model that the promise was kept for before, where another one answers now."""

    def __post_init__(self) -> None:
        for name in ("accepted_share", "below_share"):
            value = getattr(self, name)
            if not is_share(value) or value <= 0:
                raise InvalidGuard(f"{name} of a promise's rule is {value!r}; give a share above 0 and up to 1")

    def accepts(self, score: float) -> bool:
        """Return whether a case with this confidence is accepted."""
        return self.threshold is not None and score >= self.threshold

    def share(self, score: float) -> float:
        """Return the chance of a case with this confidence to be asked blind."""
        if self.accepts(score):
            return self.accepted_share
        return 1.0 if self.band_from is not None and score >= self.band_from else self.below_share


BEGINNING = PromiseRule(promise=0, number=0)
"""The rule before anything is known: nothing is accepted, and everything is asked blind."""


class PromiseRules(Protocol):
    """Whoever knows the rules in force: a store, as a step sees it."""

    def rule(self, terms: PromiseTerms, subject: PromiseSubject) -> PromiseRule:
        """Return the rule in force for what judged; one that cannot be read accepts nothing, and says so.

        Never raises: a store that cannot be read is a reason to accept nothing.
        """
        ...


@dataclass(frozen=True, slots=True)
class PromiseInCall:
    """What one call of a step accepts by: the rule in force when it was first asked for, and no other during it."""

    terms: PromiseTerms
    rules: PromiseRules
    servers: tuple[str, ...] = ()
    """Where the step's models are asked."""
    _read: dict[PromiseSubject, PromiseRule] = field(default_factory=dict, compare=False, repr=False)

    def doubt(self, judgement: Judgement, *, final: bool = True) -> Doubt | None:
        """Return why the value is in doubt, or None to accept it.

        Guards that cost money are asked whatever the rule says: a promise speaks of what they let pass.
        """
        score = judgement.confidence.value
        if score is None:
            return Doubt("no_confidence", f"no confidence: {judgement.confidence.detail or 'the model gave none'}")
        if not final:
            return None
        rule = self._rule(judgement)
        if rule.stale:
            return Doubt(
                "stale_acceptance",
                f"the promise ({self.terms.told}) was kept for {rule.stale}, and this answer is of {judgement.model}:"
                " it begins anew, and people decide until there are labels",
            )
        if rule.threshold is None:
            missing = f"{rule.labels:,} labels allow no threshold yet"
            return Doubt("rule", f"the promise ({self.terms.told}) accepts nothing: {rule.why or missing}")
        if score < rule.threshold:
            return Doubt("low_confidence", f"confidence {score:.3f} < {rule.threshold:.3f}, set for {self.terms.told}")
        return None

    def accepted_by(self, judgement: Judgement) -> AcceptedBy:
        """Return the rule that a judgement met, and what it promises."""
        rule = self._rule(judgement)
        met = "no threshold" if rule.threshold is None else f"confidence at least {rule.threshold:.3f}"
        return AcceptedBy(
            rule=f"{met}, set for {self.terms.told} on {rule.labels:,} labels of {rule.date}",
            score="confidence",
            threshold=rule.threshold,
            target=self.terms.wrong_at_most,
            delta=self.terms.delta,
            risk=self.terms.wrong_at_most,
            labels=rule.labels,
            mark=f"promise {rule.promise} rule {rule.number}",
        )

    def told(self, judgement: Judgement) -> Judgement:
        """Return a judgement that says by which rule it was judged, where its value could have been accepted."""
        score = judgement.confidence.value
        if score is None:
            return judgement
        rule = self._rule(judgement)
        subject = self._subject(judgement)
        promised = PromisedBy(
            promise=rule.promise, rule=rule.number, subject=subject.mark, score=score, share=rule.share(score)
        )
        return replace(judgement, promised=promised)

    def _subject(self, judgement: Judgement) -> PromiseSubject:
        return subject_of_judgement(judgement, self.servers)

    def _rule(self, judgement: Judgement) -> PromiseRule:
        subject = self._subject(judgement)
        if subject not in self._read:
            self._read[subject] = self.rules.rule(self.terms, subject)
        return self._read[subject]


def subject_of_judgement(judgement: Judgement, servers: Sequence[str] = ()) -> PromiseSubject:
    """Return what a judgement was made by."""
    return PromiseSubject(
        step=judgement.task,
        prompt_version=judgement.prompt_version,
        model=judgement.model,
        confidence_source=judgement.confidence.source,
        servers=tuple(servers),
    )
