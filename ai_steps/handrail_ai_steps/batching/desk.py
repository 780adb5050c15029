"""Where a call that is part of a batch puts its question, and where it finds the reply."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from handrail_ai_steps.batching.model import takes_batches
from handrail_ai_steps.model import Model, ModelRequest, NoAnswer
from handrail_ground.optional import LaterModule
from handrail_guards.outcome import Attempt

if TYPE_CHECKING:
    from handrail_guards import batching
    from handrail_guards.batching import BatchReply
else:
    batching = LaterModule("handrail_guards.batching")


class BatchDesk(Protocol):
    """Whoever is asked first, before a model is."""

    async def reply_for(self, model: Model, request: ModelRequest) -> "BatchReply | None":
        """Return the reply to a request that a batch brought; None: it is asked singly.

        Raises:
            Unsent: there is none yet, and the call ends here.
        """
        ...


class Leaving:
    """Ends a call at its first question for a batch, and takes that along."""

    async def reply_for(self, model: Model, request: ModelRequest) -> "BatchReply | None":
        """Take the question along, where the model takes batches."""
        if not takes_batches(model):
            return None
        question = await model.batch_question(request)
        if isinstance(question, NoAnswer):
            return None
        raise batching.Unsent(question)


class Handed:
    """Has the reply to the first question of a call."""

    def __init__(self, reply: "BatchReply") -> None:
        self._reply: BatchReply | None = reply

    async def reply_for(self, model: Model, request: ModelRequest) -> "BatchReply | None":
        """Return the reply, once, if it is one to what is asked now."""
        if self._reply is None or not takes_batches(model):
            return None
        reply, self._reply = self._reply, None
        if not reply.body:
            without(reply, request, model)
            return None
        question = await model.batch_question(request)
        if isinstance(question, NoAnswer) or question.asked != reply.asked:
            changed = replace(reply, reason="what the step asks has changed since the batch was sent")
            without(changed, request, model)
            return None
        return reply


def without(reply: "BatchReply", request: ModelRequest, model: Model) -> None:
    """Note that a request is asked by itself, and why."""
    if request.record is not None:
        batch = f"batch {reply.batch}: " if reply.batch else "batch: "
        note = f"{batch}{reply.reason}; asked singly"
        money = None if reply.body or reply.charged else 0.0
        request.record.append(Attempt(model=model.name, result="failed", money=money, notes=(note,)))


_desk: ContextVar[BatchDesk | None] = ContextVar("handrail_batch_desk", default=None)

here = _desk.get


@contextmanager
def at(desk: BatchDesk) -> Iterator[None]:
    """Let the calls inside go by a desk."""
    token = _desk.set(desk)
    try:
        yield
    finally:
        _desk.reset(token)
