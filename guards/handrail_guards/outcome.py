"""What a judgement came to: a value that may be used, or one that may not.

``Accepted`` and ``Doubtful`` are different types on purpose: code that uses a doubtful value
without settling it (``run.decide``) does not pass the type check.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, Literal, TypeAlias, TypeVar

from handrail_guards.confidence import Confidence
from handrail_guards.escalation import Escalation
from handrail_guards.numbers import is_count, is_finite
from handrail_guards.rollout import RolledOut
from handrail_guards.verdict import Span, Verdict

T_co = TypeVar("T_co", covariant=True)

DoubtCode: TypeAlias = Literal[
    "low_confidence",
    "no_confidence",
    "guard",
    "refused",
    "truncated",
    "timed_out",
    "over_budget",
    "invalid",
    "unavailable",
    "stale_acceptance",
    "stopped",
    "rule",
    "unreadable",
    "contradiction",
    "rollout",
]
"""Why a value is in doubt, as a code to count by; the reason says it in words.

``contradiction``: two sources of one value disagree, such as the page of an invoice and the data in it. ``rollout``:
the step would have accepted it, and is not rolled out to this run.
"""

THRESHOLD_DECIDES: Final[frozenset[DoubtCode]] = frozenset(
    {"low_confidence", "no_confidence", "stale_acceptance", "stopped", "rule", "rollout"}
)
"""Doubts that come from the acceptance rule: there is a value, and another threshold might have accepted it."""

AttemptResult: TypeAlias = Literal["answered", "invalid", "refused", "truncated", "timed_out", "failed", "over_budget"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Another answer the model considered."""

    value: str
    """The label or value as text."""
    confidence: float
    """0 to 1."""
    source: str = ""
    """Who says so, where that is not the model that was asked: ``embedded``, ``form``, or a model's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDocument:
    """A document that was judged: where its text stands in the judgement's ``source``."""

    id: str
    """SHA-256 of its bytes, as 64 hexadecimal digits."""
    name: str
    document_kind: str
    """What it is by its content, such as ``pdf``."""
    start: int
    """Where its text begins in the source, in code points."""
    page_starts: tuple[int, ...] = (0,)
    """Where each page begins in its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePicture:
    """A picture that was judged; its bytes are in no record."""

    id: str
    """SHA-256 of the bytes of the file that it is from, as 64 hexadecimal digits."""
    name: str
    """Empty where inputs must not be kept."""
    media_type: str
    width: int
    """In pixels, as it was sent."""
    height: int
    size: int
    """In bytes, as it was sent."""
    page: int | None = None
    """The page of a document that it shows; None: it is a picture of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at one model: what it came to and what it cost.

    Raises:
        ValueError: money or tokens below 0, or no number, by which a budget would grow.
    """

    model: str
    """The name the answer itself gave, or the name asked for when there was no answer."""
    result: AttemptResult
    seconds: float = 0.0
    input_tokens: int | None = None
    """None: the server did not say."""
    output_tokens: int | None = None
    money: float | None = None
    """In the price table's currency; None: the price is unknown, which is not zero."""
    notes: tuple[str, ...] = ()
    """What was odd about the answer, in plain words."""
    cached_tokens: int | None = None
    """Of ``input_tokens``: what the server had in its cache; None: it did not say."""
    finish_reason: str = ""
    """Why the answer ended, in the server's own word; empty: it did not say."""
    written_tokens: int | None = None
    """Of ``input_tokens``: what the server put into its cache; None: it did not say."""
    reasoning_tokens: int | None = None
    """Of ``output_tokens``: what the model thought; None: the server did not say."""
    first_chunk_seconds: float | None = None
    """From the request to the first piece of a streamed answer; None: it came whole."""

    def __post_init__(self) -> None:
        if self.money is not None and not (is_finite(self.money) and self.money >= 0):
            raise ValueError(f"an attempt's money is {self.money!r}; give 0 or more, or None where it is not known")
        for name in ("input_tokens", "output_tokens", "cached_tokens", "written_tokens", "reasoning_tokens"):
            count = getattr(self, name)
            if count is not None and not is_count(count):
                raise ValueError(f"an attempt's {name} is {count!r}; give a whole number, 0 or more, or None")


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedBy:
    """The rule that accepted a value, with its bound: what it asked for, and what it promises."""

    rule: str
    """In plain words, such as ``confidence at least 0.8``."""
    score: str = ""
    """What its threshold is set on: ``confidence``, ``margin`` or ``acceptor``; empty: on no single number."""
    threshold: float | None = None
    """The least score that it accepts; None: it has no single one."""
    target: float | None = None
    """The promise, where labelled cases vouch for one: largest share of wrong values among the accepted, 0 to 1."""
    delta: float | None = None
    """Chance that the promise is broken, 0 to 1."""
    risk: float | None = None
    """Upper bound of the share of wrong values that the labelled cases showed, 0 to 1."""
    labels: int | None = None
    """How many labelled cases it was set on."""
    mark: str = ""
    """The acceptance file's, which changes with any of its fields; empty: it comes from none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromisedPart:
    """The rule of another part of the same promise."""

    promise: int
    """Its number in its store; 0: nothing was recorded for it yet."""
    rule: int
    """The rule's number; 0: the one that everything begins with."""
    subject: str
    """A mark of who judged, and of what is bounded."""
    score: float
    """What was compared with the threshold; -1: it is never accepted as another label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromisedBy:
    """The rule of a promise that a value was judged by, accepted or not, and its case's chance to be asked blind."""

    promise: int
    """The promise's number in its store; 0: nothing was recorded for it yet."""
    rule: int
    """The rule's number; 0: the one that everything begins with."""
    subject: str
    """A mark of who judged, which changes with the prompt, the model that answered and its server."""
    score: float
    """What was compared with the threshold, 0 to 1."""
    share: float
    """The chance of the case to be asked blind, above 0 and up to 1."""
    group: str = ""
    """The group that the case is of, where each has a promise of its own."""
    kind: str = ""
    """A mark of what the case belongs to, of which only the first one counts; empty: the input itself."""
    beside: tuple[PromisedPart, ...] = ()
    """The other parts of the promise that are about the case."""
    weight: float = 1.0
    """For how many cases a blind answer to it stands, beside one that is asked with an even share; above 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Everything known about how a value came to be, accepted or not."""

    confidence: Confidence
    task: str = ""
    """The AI step's name."""
    model: str = ""
    """Who answered, by the answer's own name for itself."""
    prompt_version: str = ""
    """Hash of the prompt, schema and examples."""
    fields: Mapping[str, Confidence] = field(default_factory=dict)
    """For extraction: confidence by field path."""
    alternatives: tuple[Alternative, ...] = ()
    """For classification: the other labels, most likely first."""
    field_alternatives: Mapping[str, tuple[Alternative, ...]] = field(default_factory=dict)
    """For extraction: what else a field may be, by field path, most likely first; what other sources say is here."""
    other_mass: float | None = None
    """For classification: probability on no label at all, 0 to 1; None when not known."""
    evidence: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    """Spans of the source by field path, the likeliest place first; the whole value under ``""``."""
    verdicts: tuple[Verdict, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    source: str = ""
    """The input as text, as people read it when they review; empty when it must not be kept."""
    documents: tuple[SourceDocument, ...] = ()
    """The documents among the inputs, by where they stand in ``source``."""
    pictures: tuple[SourcePicture, ...] = ()
    """The pictures among the inputs, in order."""
    drawn: bool = False
    """Whether the case was drawn for a blind audit, before it was known whether its value is accepted."""
    accepted_by: AcceptedBy | None = None
    """Of a value that a rule accepted: which; None in records of versions that did not keep it."""
    rolled_out: RolledOut | None = None
    """Of a step that is rolled out bit by bit: whether its value was let through in this run."""
    promised: PromisedBy | None = None
    """Of a value that a promise accepts or does not: by which rule it was judged."""


@dataclass(frozen=True, slots=True)
class Accepted(Generic[T_co]):
    """A value that may be used."""

    value: T_co
    judgement: Judgement
    kind: Literal["accepted"] = "accepted"

    @property
    def confidence(self) -> Confidence:
        """Return how sure the judgement is."""
        return self.judgement.confidence


@dataclass(frozen=True, slots=True)
class Doubtful(Generic[T_co]):
    """A value that may not be used until someone decides."""

    suggestion: T_co | None
    """What the model would have said; None when it said nothing usable."""
    code: DoubtCode
    reason: str
    """Why it is in doubt, in plain words."""
    judgement: Judgement
    escalation: Escalation = Escalation()
    kind: Literal["doubtful"] = "doubtful"

    @property
    def confidence(self) -> Confidence:
        """Return how sure the judgement is."""
        return self.judgement.confidence


Outcome: TypeAlias = Accepted[T_co] | Doubtful[T_co]
