"""What has arrived of an answer before it is whole: a type of its own, which nothing takes for a value."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar

from handrail_ai_steps.errors import InvalidInput
from handrail_ai_steps.inputs import Input
from handrail_ground.optional import LaterModule
from handrail_guards.outcome import Accepted, Doubtful

if TYPE_CHECKING:
    import asyncio

    from handrail_ai_steps.arriving import ArrivedData
    from handrail_ai_steps.call import Call
    from handrail_ai_steps.task import Task
else:
    asyncio = LaterModule("asyncio")

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Unchecked(Generic[T_co]):
    """What a model has written so far of an answer that is to be a ``T``: to look at, and for nothing else.

    No guard has seen it, no rule has accepted it, and the outcome may have none of it.
    """

    so_far: Any
    """The fields that are there, by their names in Python, each of its own type; for a list, its first items. A text
    may be without its end, every other value is whole."""
    kind: Literal["unchecked"] = "unchecked"


OnData: TypeAlias = "Callable[[ArrivedData], None]"


class ShowsPartials(ABC, Generic[T_co]):
    """The part of an AI step that shows an answer while it is being written."""

    __slots__ = ()

    @property
    @abstractmethod
    def task(self) -> "Task":
        """Return what is asked."""

    @abstractmethod
    async def _outcome(
        self,
        values: tuple[Input, ...],
        named: dict[str, Input],
        call: "Call | None" = None,
        *,
        on_text: Callable[[str], None] | None = None,
        on_data: "OnData | None" = None,
    ) -> Accepted[T_co] | Doubtful[T_co]:
        """Judge an input."""

    def partial(
        self, *values: Input, **named: Input
    ) -> "AsyncGenerator[Unchecked[T_co] | Accepted[T_co] | Doubtful[T_co], None]":
        """Judge an input, and show the answer while the model writes it: what has arrived, and last the outcome.

        Each ``Unchecked`` holds everything so far, and takes the place of the one before; it may hold less, when an
        answer was sent back and another begins. A model that does not stream (a recording, votes, ``InstructorModel``)
        shows nothing before the outcome. Leaving the loop early and closing it stops the model.

        Raises:
            InvalidInput: the step answers with a text (``stream``) or a label, or a value cannot be shown to a model.
        """
        output = self.task.output
        if output.is_text or output.labels:
            other = "use stream(...)" if output.is_text else "await the step"
            raise InvalidInput(f"step {self.task.name!r} answers with no record that could arrive in parts; {other}")
        return self._pieces(values, named)

    async def _pieces(
        self, values: tuple[Input, ...], named: dict[str, Input]
    ) -> "AsyncGenerator[Unchecked[T_co] | Accepted[T_co] | Doubtful[T_co], None]":
        arrivals = _Arrivals(self.task.output.output_type)
        judging = asyncio.create_task(self._outcome(values, named, on_data=arrivals.push))
        judging.add_done_callback(lambda _: arrivals.news.set())
        try:
            while not judging.done():
                await arrivals.news.wait()
                arrivals.news.clear()
                if not judging.done() and (piece := arrivals.take()) is not None:
                    yield Unchecked(piece)
            yield judging.result()
        finally:
            if not judging.done():
                judging.cancel()
                await asyncio.wait([judging])


class _Arrivals:
    """The latest of what has arrived, read as the type has it when somebody asks."""

    def __init__(self, output_type: Any) -> None:
        self.news = asyncio.Event()
        self._output_type = output_type
        self._latest: ArrivedData | None = None
        self._shown: Any = None

    def push(self, data: "ArrivedData") -> None:
        """Take what has arrived in place of what came before."""
        self._latest = data
        self.news.set()

    def take(self) -> Any:
        """Return what has arrived, if it says more or something else than the last time."""
        from handrail_ai_steps.arriving import ArrivedData  # noqa: PLC0415 -- pydantic takes longest of all to load
        from handrail_ai_steps.partial_types import read_partly  # noqa: PLC0415 -- as above

        latest, self._latest = self._latest, None
        # A model of somebody's may hand over anything.
        found = read_partly(self._output_type, latest) if isinstance(latest, ArrivedData) else None
        if not isinstance(found, Mapping | list) or not found or found == self._shown:
            return None
        self._shown = found
        return found
