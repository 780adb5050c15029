"""The ability of a model to be asked in a batch."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Protocol

from handrail_ai_steps.errors import InvalidTask
from handrail_ai_steps.fitting import named
from handrail_ai_steps.model import Answer, Model, ModelRequest, NoAnswer, OnServer
from handrail_guards.batching import BatchQuestion, BatchReply, BatchServer

if TYPE_CHECKING:
    from typing_extensions import TypeIs


class BatchModel(Model, Protocol):
    """A model whose server takes many requests together and answers them later, for less money."""

    @property
    def batch_group(self) -> str:
        """Return what the questions of one batch have in common."""
        ...

    async def batch_question(self, request: ModelRequest) -> BatchQuestion | NoAnswer:
        """Return a request as a batch holds it, or why it cannot be asked at all."""
        ...

    async def read(self, request: ModelRequest, reply: BatchReply) -> Answer | NoAnswer:
        """Return the answer that a reply holds; what is still missing then, such as another try, is asked singly."""
        ...

    async def batch_server(self) -> BatchServer:
        """Return who takes batches for it."""
        ...


@cache
def _is_one(kind: type) -> bool:
    members = ("batch_group", "batch_question", "read", "batch_server")
    return all(hasattr(kind, each) for each in members)


def takes_batches(model: Model) -> "TypeIs[BatchModel]":
    """Return whether a model can be asked in a batch; remembered, because it is asked for every case."""
    return _is_one(type(model))


def require_batches(step: str, models: Sequence[Model]) -> None:
    """Check that a step is not asked singly by mistake, or a server before the batch is.

    Raises:
        InvalidTask: a model on a server takes no batches, and stands before one that does, or none does.
    """
    for each in models:
        if takes_batches(each):
            return
        if isinstance(each, OnServer):
            raise InvalidTask(
                f"step {step!r}: {named(each)} takes no batches, and every case would be asked of it singly first; put"
                " a model that does before it, or ask singly with map or run.decide(step, ...)"
            )
