"""The port to whoever knows which models are down for several processes, such as the store that a run is in.

Who knows it is known to the code that is called inside (a context variable), so that steps need not carry it along.
"""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

Way: TypeAlias = Literal["go", "probe", "pass_over"]
"""What a caller may do; ``probe``: ask, for all others."""

Said: TypeAlias = Literal["outage", "reached", "nothing"]
"""What asking told of whether the model is there; ``nothing``: it was not asked, or stopped before it could say."""


@dataclass(frozen=True, slots=True)
class CircuitRule:
    """When a model counts as down, and when it is tried again."""

    failures: int
    probe_after_seconds: float


@dataclass(frozen=True, slots=True)
class Passage:
    """What a caller may do, and what is known of the model."""

    way: Way
    failures: int = 0
    """Outages in a row."""
    last: str = ""
    """The last one, in a word or in several."""
    seconds: float | None = None
    """Until somebody tries again; None: somebody does now, or it is up."""


class ModelCircuits(Protocol):
    """Knows what all processes have seen of some models, each by its name and its server."""

    @property
    def is_open(self) -> bool:
        """Whether it can still be asked: what goes on after its run is over knows of its own outages alone."""
        ...

    async def enter(self, model: str, rule: CircuitRule) -> Passage:
        """Return what a caller may do."""
        ...

    def left(self, model: str, rule: CircuitRule, said: Said, last: str, way: Way) -> None:
        """Take note of what a call came to that entered this way; ``last`` is a word for its outage."""
        ...


_circuits: ContextVar[ModelCircuits | None] = ContextVar("handrail_model_circuits", default=None)

share_circuits = _circuits.set


def shared_circuits() -> ModelCircuits | None:
    """Return who knows of outages in other processes; None: nobody, as outside of runs."""
    circuits = _circuits.get()
    return circuits if circuits is not None and circuits.is_open else None
