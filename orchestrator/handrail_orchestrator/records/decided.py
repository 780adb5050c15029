"""A decided item as statistics and labels look at it: what was suggested, what was answered, how long it took."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handrail_ground.hashing import canonical
from handrail_guards.outcome import Accepted, Doubtful
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.records.lazy import LazyRecord
from handrail_orchestrator.records.sameness import same

PERSON = "person:"
"""How the record of a decision by a person begins."""
_ABOUT = ("/review", "/audit", "/approval")
"""What the name of a question adds to that of the step it is about."""

ABSENT = "absent"
"""What stands for the field of an answer that lacks it; no JSON text is equal to it."""


def asked_about(step: str) -> str:
    """Return the name of the step that a question is about: ``all.0/route#2`` for ``all.0/route#2/review``."""
    for ending in _ABOUT:
        if step.endswith(ending):
            return step.removesuffix(ending)
    return step


def plain_step(step: str) -> str:
    """Return what a step that a question is about is called in code: ``route`` for ``all.0/route#2/review``."""
    return asked_about(step).rpartition("/")[2].partition("#")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedRecord(LazyRecord):
    """One decided item; values are JSON data, times are seconds since the epoch (UTC)."""

    item: ReviewItem
    version: int
    """The workflow's version."""
    input: Any = None
    """What the step that was judged was called with; None: nothing was judged."""
    outcome: Accepted[Any] | Doubtful[Any] | None = None
    """What it came to; None: nothing was judged, or the record does not read as a judgement."""
    taken: float | None = None
    """When whoever decided had taken it last; None: it was decided without taking it."""
    reopened: int = 0
    """How often it was opened again after an answer."""
    sent_up: int = 0
    """How often it was handed to a higher tier."""
    people: int = 0
    """How many people decided it or handed it on."""
    spans: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Where in the source whoever decided found what is in a field, by its path."""
    rerun: int = 0
    """Tries of steps, begun after the decision, that a retry of the run replaced."""

    @property
    def place(self) -> tuple[float, int]:
        """Return where it stands in the order of reading, for ``DecidedQuery.after``."""
        return self.item.decided or 0.0, self.item.id

    @property
    def person(self) -> str | None:
        """Return who decided; None: a policy did."""
        by = self.item.decided_by or ""
        return by.removeprefix(PERSON) if by.startswith(PERSON) else None

    @property
    def is_audit(self) -> bool:
        """Return whether it asks about a value that was accepted."""
        return self.item.kind == "audit"

    @property
    def is_blind(self) -> bool:
        """Return whether it was decided without the suggestion in view, as its case was drawn before it was routed."""
        return self.is_audit or self.item.code == "drawn"

    @property
    def has_suggestion(self) -> bool:
        """Return whether a model had said something usable, shown or not."""
        return self.item.suggestion is not None or self._judged_value is not None

    @property
    def suggestion(self) -> Any:
        """Return what a model had said, shown or not; None also when it said nothing usable."""
        shown = self.item.suggestion
        return self._judged_value if shown is None else shown

    @property
    def confidence(self) -> float | None:
        """Return how sure the model was, 0 to 1."""
        if self.item.confidence is not None or self.outcome is None:
            return self.item.confidence
        return self.outcome.confidence.value

    @property
    def weight(self) -> float:
        """Return for how many cases it stands beside one asked with an even share: a promise may ask more of some."""
        promised = None if self.outcome is None else self.outcome.judgement.promised
        return 1.0 if promised is None else promised.weight

    @property
    def answered(self) -> float:
        """Return when the answer that stands was given, which may be before it counted."""
        return self.item.answers[-1].at if self.item.answers else self.item.decided or 0.0

    @property
    def delay(self) -> float:
        """Return the approval delay in seconds; of what nobody took, until a policy answered: silence counts."""
        taken = self.item.first_taken
        return max(0.0, (self.answered if taken is None else taken) - self.item.created)

    @property
    def is_rework(self) -> bool:
        """Return whether it had to be done again: opened after an answer, or a step ran again after the decision."""
        return self.reopened > 0 or self.rerun > 0

    @property
    def seconds(self) -> float | None:
        """Return how long people were at it; None: nobody took it before deciding, and nothing showed it."""
        return seconds_at(self.item.hands_on, self.taken, self.answered)

    def independent_answers(self) -> dict[str, dict[str, str]]:
        """Return the answers of several people who did not see each other's, by field and person, as equal texts.

        Of the whole answer under ``""``. Whoever settled a difference had seen it, and is not among them; nothing is
        returned of an item that one person answered.
        """
        rules = self.item.rules
        if rules.reviewers < 2 or not rules.blind:
            return {}
        values = {each.by: each.value for each in self.item.answers[: rules.reviewers]}
        found = {"": {by: canonical(value) for by, value in values.items()}}
        if all(isinstance(value, Mapping) for value in values.values()):
            for name in dict.fromkeys(name for value in values.values() for name in value):
                found[name] = {by: canonical(v[name]) if name in v else ABSENT for by, v in values.items()}
        return found

    @property
    def _judged_value(self) -> Any:
        match self.outcome:
            case Accepted(value=value) | Doubtful(suggestion=value):
                return value
            case _:
                return None


def seconds_at(shown: float, taken: float | None, answered: float) -> float | None:
    """Return how long somebody was at an item.

    ``shown`` are the seconds that pages told of, which are at most those from taking to answering; without them it is
    the whole of that time.
    """
    span = None if taken is None else max(0.0, answered - taken)
    if shown <= 0.0:
        return span
    return shown if span is None else min(shown, span)


@dataclass(frozen=True, slots=True)
class DecidedText:
    """What a decided item was about."""

    place: int
    """Where its decision stands in the log: what was decided later has a higher number."""
    id: int
    queue: str
    workflow: str
    step: str
    context: Any
    """What was shown beside the question, as JSON data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerGiven:
    """How one person came to one answer."""

    item: int
    queue: str
    at: float
    """When, in seconds since the epoch."""
    is_suggestion: bool
    """Whether it is what was suggested, as it was."""
    seconds: float | None
    """How long the person was at it; None: nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAnswer:
    """What a person made of a case whose answer was known."""

    item: int
    queue: str
    title: str
    decided: float
    """When, in seconds since the epoch."""
    by: str
    """Who decided it."""
    said: Any
    """What the person answered, as JSON data."""
    right: Any
    """What is right."""

    @property
    def is_right(self) -> bool:
        """Return whether they are the same."""
        return same(self.said, self.right)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "item": self.item,
            "queue": self.queue,
            "title": self.title,
            "decided": self.decided,
            "by": self.by,
            "said": self.said,
            "right": self.right,
            "is_right": self.is_right,
        }
