"""The port to whoever answers: one request in, one answer or one refusal to answer out.

A model never raises for what a server may do (time-outs, refusals, broken answers): those are a
``NoAnswer`` with the reason, so that a person can decide instead. Misuse raises when the model is built.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from handrail_ai_steps.deadline import Deadline
from handrail_guards.acceptance import Doubt
from handrail_guards.confidence import Confidence
from handrail_guards.outcome import Alternative, Attempt, AttemptResult
from handrail_guards.verdict import Span

if TYPE_CHECKING:
    from handrail_ai_steps.arriving import ArrivedData
    from handrail_ai_steps.documents.document import Document
    from handrail_ai_steps.output import Output
    from handrail_ai_steps.pictures.image import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """An earlier answer to the same request, and why it was sent back."""

    answer: str
    """The rejected answer, as the JSON or text the model sent."""
    reason: str
    """Why, in words the model can act on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """What one model is asked, once."""

    task: str
    """The AI step's name."""
    prompt_version: str
    """Hash of the prompt template, schema and examples."""
    system: str
    """The rendered instructions and examples."""
    text: str
    """The input as text: what a local model reads, and the user message for the others."""
    documents: "tuple[Document, ...]" = ()
    """The documents among the inputs, whose texts stand in ``text``: for models that look at places, or at pages."""
    pictures: "tuple[Image, ...]" = ()
    """The pictures among the inputs, for models that see; a word stands for each in ``text``."""
    masked: bool = False
    """Whether personal data is hidden in the texts, so that nothing else that shows it may leave this process."""
    output_type: Any
    """The type the answer must have: a Literal, an Enum, a pydantic model, or ``str`` for free text."""
    json_schema: Mapping[str, Any] | None = None
    """JSON Schema of the answer; None for free text."""
    labels: tuple[str, ...] = ()
    """For classification: the labels as text, in order."""
    meanings: Mapping[str, str] = field(default_factory=dict)
    """What labels mean, of those that were explained; the instructions say it, too."""
    wants_confidence: bool = True
    """Whether the acceptance rule looks at the confidence."""
    rejections: tuple[Rejection, ...] = ()
    """What guards sent back, oldest first."""
    seconds: float = 60.0
    """Time left for this request, retries and re-asking included; more than 0."""
    max_money: float | None = None
    """Money left for this request; None: no limit."""
    max_tokens: int | None = None
    """Tokens left for this request, input and output together; None: no limit."""
    on_text: Callable[[str], None] | None = None
    """Called with each piece of a free-text answer as it arrives."""
    on_data: "Callable[[ArrivedData], None] | None" = field(default=None, repr=False, compare=False)
    """Called with all that has arrived of a structured answer, each time it is more; another answer begins anew."""
    reasks: int | None = None
    """How often an answer may still be sent back before it is given; None: as its own settings say."""
    on_chunk: Callable[[float], None] | None = field(default=None, repr=False, compare=False)
    """Called with the seconds since the piece before, for each piece of a streamed answer after the first."""
    deadline: Deadline | None = field(default=None, repr=False, compare=False)
    """What ``seconds`` was read from; who made it stops the model when it is over. None: only ``seconds`` counts."""
    record: list[Attempt] | None = field(default=None, repr=False, compare=False)
    """Where a model may write each try as it ends, so that what was spent is known of one that had to be stopped."""
    on_guessed: Callable[[int], None] | None = field(default=None, repr=False, compare=False)
    """Called with the tokens that a try is thought to have taken where its server does not say; they count as spent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that has the shape asked for; guards and acceptance have not looked at it yet."""

    value: Any
    """The answer, validated to the output type; for classification one of the labels' values."""
    raw: str
    """The answer as the model gave it."""
    confidence: Confidence
    model: str
    """The answer's own name for the model that gave it."""
    asked_as: str = ""
    """How the question was put or the answer drawn, where not in the usual way: a part of the prompt version on record,
    because what such answers' confidence means has to be measured apart."""
    fields: Mapping[str, Confidence] = field(default_factory=dict)
    alternatives: tuple[Alternative, ...] = ()
    field_alternatives: Mapping[str, tuple[Alternative, ...]] = field(default_factory=dict)
    evidence: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    """By field path where in the request's text it was read, the likeliest place first; empty: it does not say."""
    other_mass: float | None = None
    attempts: tuple[Attempt, ...] = ()
    """Every try this answer took, the last one included."""
    doubt: Doubt | None = None
    """Why a person must look at it, whatever the acceptance rule says, and no other model may answer in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """The model gave nothing that can be used, and why."""

    result: AttemptResult
    reason: str
    """In plain words, for the person who decides instead."""
    attempts: tuple[Attempt, ...] = ()
    outage: bool | None = None
    """Whether nobody was there to answer, whatever had been asked; None: judged by ``result``, where a model that
    failed or took too long is out."""


def timed_out(seconds: float, attempts: Sequence[Attempt], *, share_of: float | None = None) -> NoAnswer:
    """Return what a model that was stopped at its deadline comes to; the attempts are those it had made."""
    share = f", its share of {share_of:.3g}" if share_of is not None else ""
    reason = f"no answer within {seconds:.3g} seconds{share}"
    notes = [each.notes[-1] for each in attempts if each.notes]
    if notes and attempts[-1].result == "timed_out":
        reason += f": {notes.pop()}"
    if notes:
        reason += f"; before that: {notes[-1]}"
    return NoAnswer(result="timed_out", reason=reason, attempts=tuple(attempts))


@runtime_checkable
class Model(Protocol):
    """Whoever answers: a server, a model in this process, a recording, a script.

    What a model may know to do besides is an ability of its own (``Closing``, ``LabelsKnown``, ``ClosedOnly``,
    ``FullyNamed``): one that has its members is asked for it, one that lacks them is not.
    """

    @property
    def name(self) -> str:
        """Return the name the record shows, such as ``openai:gpt-5-mini``."""
        ...

    async def answer(self, request: ModelRequest) -> Answer | NoAnswer:
        """Answer the request, or say why there is no answer; never raises for what a server does."""
        ...


@runtime_checkable
class Closing(Protocol):
    """A model that holds connections, which cannot outlive their event loop."""

    async def aclose(self) -> None:
        """Close those of the running event loop."""
        ...


@runtime_checkable
class LabelsKnown(Protocol):
    """A model that knows its labels before it is asked, because it was trained on them."""

    def check_labels(self, labels: Sequence[str], /) -> None:
        """Check that it can answer each of these.

        Raises:
            InvalidTask: it could never answer one of them.
        """
        ...


@runtime_checkable
class ClosedOnly(Protocol):
    """A model that answers closed questions alone: yes or no, one of some options, a level, a record of such fields."""

    def check_output(self, output: "Output", /) -> None:
        """Check that it can be asked for this.

        Raises:
            InvalidTask: the answer may be something else, or one of more options than the model takes.
        """
        ...


@runtime_checkable
class FullyNamed(Protocol):
    """A model with a longer name that tells it from its like: one that was trained again, or is set otherwise."""

    @property
    def full_name(self) -> str:
        """Return the name by which recordings, rollouts and results know it."""
        ...


@runtime_checkable
class SeesPictures(Protocol):
    """A model that may look at pictures; one that is none of these is not asked about an input that holds any."""

    @property
    def sees_pictures(self) -> bool:
        """Return whether it does."""
        ...


@runtime_checkable
class OnServer(Protocol):
    """A model that is asked somewhere else: the same name is another model behind another server."""

    @property
    def server(self) -> str:
        """Return where, as records may show it."""
        ...


@runtime_checkable
class SettingsTold(Protocol):
    """A model that says what is sent with every question beside the question itself."""

    @property
    def settings_told(self) -> Mapping[str, Any]:
        """Return it by name, as records may show it: ``temperature``, ``seed`` … and more fields under ``extra``."""
        ...
