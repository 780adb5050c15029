"""The port to a server that answers many questions together, later and for less: questions in, replies by id out."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from handrail_ground.errors import HandrailError, Order
from handrail_guards.errors import InvalidGuard
from handrail_guards.numbers import is_count, is_finite

LOOKS_LATER_BY = 1.5
"""Each look at a batch comes so many times later than the one before."""
LISTED_LATE_SECONDS = 600.0
"""For how long a server's list may not show a batch yet, such as one that another process sent at the same moment."""
LAST_LOOKS = 8
"""How often a batch that was stopped is looked at, until it has ended: what it had answered is paid for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batching:
    """How the questions of a step are sent together, where they are.

    Raises:
        InvalidGuard: a number that cannot work.
    """

    gather_seconds: float = 30.0
    """How long runs are waited for whose questions go into the same batch, 0 or more."""
    most: int = 50_000
    """Questions of one batch, 1 or more; a server may take fewer."""
    look_seconds: float = 10.0
    """After how long a batch is first looked at, more than 0."""
    last_look_seconds: float = 300.0
    """One that is over is noticed after at most this long."""
    hours: float = 26.0
    """After how long one is given up and its questions are asked singly; servers promise a day."""

    def __post_init__(self) -> None:
        least = {"gather_seconds": 0.0, "look_seconds": 0.001, "last_look_seconds": 0.001, "hours": 0.001}
        for name, smallest in least.items():
            if not (is_finite(getattr(self, name)) and getattr(self, name) >= smallest):
                raise InvalidGuard(f"Batching({name}={getattr(self, name)!r}): give a number, {smallest:g} or more")
        if not is_count(self.most, least=1):
            raise InvalidGuard(f"Batching(most={self.most!r}): give a whole number, 1 or more")

    def looks(self) -> Iterator[float]:
        """Return after how many seconds a batch is looked at, each time later, without end."""
        seconds = self.look_seconds
        while True:
            yield seconds
            seconds = min(seconds * LOOKS_LATER_BY, max(self.last_look_seconds, self.look_seconds))


class BatchFailed(HandrailError):
    """A server did not do what it was asked with a batch; ``passing``: the same may work later."""

    def __init__(self, reason: str, *, passing: bool, is_open: bool = False) -> None:
        """Say why, in plain words; ``is_open``: its answer was lost, and it may have done it all the same."""
        super().__init__(reason)
        self.reason = reason
        self.passing = passing
        self.is_open = is_open


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchQuestion:
    """What one model is asked, to be sent together with others."""

    group: str
    """What all questions of one batch have in common: where and whom they ask."""
    body: str
    """The request as JSON text, as the server takes it."""
    asked: str
    """A mark of what is asked; an answer to something else is no answer to it."""
    holds_pictures: bool = False
    """Whether pictures are in the body, which no record keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReply:
    """What came back for one question."""

    body: str = ""
    """What the server answered, as JSON text in its own words; empty: there is no answer."""
    reason: str = ""
    """Why there is none, in plain words."""
    batch: str = ""
    """The server's name for the batch; empty: it was never sent."""
    asked: str = ""
    """The mark of the question."""
    charged: bool = False
    """Whether it may be charged for, though there is no answer: what it cost is unknown then, and not nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchStanding:
    """How far a batch is."""

    id: str
    state: Literal["working", "ended"]
    told: str = ""
    """How it ended, in the server's own word, and why where it says so."""
    again: bool = False
    """Whether it was not begun, and may be sent again later."""
    files: tuple[str, ...] = ()
    """Where its replies are, also those of a batch that expired or was cancelled on the way."""
    charged: bool = True
    """Whether what it did not bring may be charged for all the same; one that was refused charges nothing."""
    stopped: bool = False
    """Whether somebody stopped it before it was over."""


class BatchServer(Protocol):
    """A server that takes batches.

    Raises (every method):
        BatchFailed: it did not; what was asked may be asked again where that is ``passing``.
    """

    @property
    def most(self) -> int:
        """Return how many questions one batch may have."""
        ...

    @property
    def most_bytes(self) -> int:
        """Return how large all questions of a batch together may be."""
        ...

    async def find(self, key: str) -> Sequence[str]:
        """Return the batches that were sent under a key, the first one first, and those that were stopped last.

        The order is the same for whoever asks.
        """
        ...

    async def submit(self, key: str, questions: Sequence[tuple[str, str]], *, still: "StillOurs | None" = None) -> str:
        """Send questions, as (id, body), under a key by which the batch can be found, and return its name.

        ``still`` is asked at the last moment, and raises where somebody else sends them now.
        """
        ...

    async def look(self, batch: str) -> BatchStanding:
        """Return how far a batch is."""
        ...

    def replies(self, standing: BatchStanding) -> AsyncIterator[tuple[str, BatchReply]]:
        """Fetch what came back, each with the id of its question, in any order."""
        ...

    async def cancel(self, batch: str) -> None:
        """Stop a batch that nobody waits for."""
        ...

    async def tidy(self, standing: BatchStanding) -> None:
        """Delete what the server keeps of a batch whose replies are recorded."""
        ...

    async def delete(self, is_meant: Callable[[str], bool]) -> None:
        """Delete what the server keeps of all batches that are over and whose keys are meant."""
        ...


class StillOurs(Protocol):
    """Whoever knows whether this process may still send."""

    async def __call__(self) -> None:
        """Return only if it may."""
        ...


@runtime_checkable
class BatchedJudge(Protocol):
    """A judge whose model can be asked in a batch, such as an AI step."""

    @property
    def name(self) -> str:
        """Return its name."""
        ...

    @property
    def batch_groups(self) -> Sequence[str]:
        """Return the groups that its questions may be of."""
        ...

    @property
    def batching(self) -> Batching:
        """Return how its questions are sent together."""
        ...

    @property
    def can_batch(self) -> bool:
        """Return whether one of its models takes batches."""
        ...

    def require_batches(self) -> None:
        """Check that no model on a server is asked singly before one that takes batches.

        Raises:
            HandrailError: one is.
        """
        ...

    async def batch_question(self, *args: Any, **kwargs: Any) -> BatchQuestion | None:
        """Return what a call would ask the first of its models that takes batches; None: it asks none of them."""
        ...

    def handed(self, reply: BatchReply) -> AbstractContextManager[None]:
        """Return inside of what a call takes this reply in place of asking."""
        ...

    async def batch_server(self, group: str) -> BatchServer:
        """Return who takes the batches of a group that one of its questions named."""
        ...


@dataclass(slots=True)
class Sorted:
    """Replies by the questions that they are for."""

    replies: dict[str, BatchReply] = field(default_factory=dict)
    unknown: int = 0
    """Replies to questions that nobody asked."""
    twice: int = 0
    """Questions with several replies that differ: none of them is used."""

    def add(self, question: str, reply: BatchReply, known: Mapping[str, str]) -> None:
        """Take a reply; ``known`` has the mark of each question by its id."""
        asked = known.get(question)
        if asked is None:
            self.unknown += 1
            return
        before = self.replies.get(question)
        if before is None or (not before.body and reply.body and not before.reason.startswith(_TWICE)):
            self.replies[question] = BatchReply(body=reply.body, reason=reply.reason, batch=reply.batch, asked=asked)
        elif reply.body and before.body and reply.body != before.body:
            self.twice += 1
            told = f"{_TWICE}, differently"
            self.replies[question] = BatchReply(reason=told, batch=reply.batch, asked=asked, charged=True)

    def complete(self, standing: BatchStanding, known: Mapping[str, str]) -> dict[str, BatchReply]:
        """Return a reply for every question: those that did not come say so."""
        told = f"the batch ended as {standing.told!r} without a reply to it" if standing.told else "it did not come"
        charged = bool(standing.id) and standing.charged
        for question, asked in known.items():
            if question not in self.replies:
                self.replies[question] = BatchReply(reason=told, batch=standing.id, asked=asked, charged=charged)
        return self.replies


_TWICE = "the batch answered it twice"


class Unsent(Order):
    """Ends a call at the question that it would ask: it is sent with others."""

    def __init__(self, question: BatchQuestion) -> None:
        super().__init__("sent with others")
        self.question = question


Items: TypeAlias = Sequence[tuple[str, str]]
"""Questions of a batch: the id and the body of each."""


def parcels(questions: Items, *, most: int, most_bytes: int) -> Iterator[list[tuple[str, str]]]:
    """Cut questions into as few batches as a server takes, in order."""
    parcel: list[tuple[str, str]] = []
    size = 0
    for each in questions:
        length = len(each[1].encode()) + OVERHEAD
        if parcel and (len(parcel) >= most or size + length > most_bytes):
            yield parcel
            parcel, size = [], 0
        parcel.append(each)
        size += length
    if parcel:
        yield parcel


OVERHEAD = 200
"""Bytes around the body of each question, at most."""
