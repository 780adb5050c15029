"""What holds runs and questions back: pauses, as a store keeps them."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

PauseKind = Literal["workflow", "queue"]


class PauseRow(NamedTuple):
    """A workflow type, or a queue, that rests; the columns of table ``pauses`` in order."""

    kind: PauseKind
    name: str
    by: str | None
    """Who paused it, such as ``person:ann``; None: code did."""
    why: str | None
    at: float


class Pause(NamedTuple):
    """Let a workflow type or a queue rest. Reply: the ``PauseRow`` that holds now, which may be an earlier one."""

    row: PauseRow


class Resume(NamedTuple):
    """Let it go on. Reply: the ``PauseRow`` that is over; None: it did not rest."""

    kind: PauseKind
    name: str
    by: str | None
    now: float


ControlChange = Pause | Resume


class ControlStore(Protocol):
    """The part of a store that knows what is held back.

    Raises (every method):
        StoreError: the store cannot be read.
    """

    def pauses(self) -> Sequence[PauseRow]:
        """Return what rests, workflows first, by name."""
        ...
