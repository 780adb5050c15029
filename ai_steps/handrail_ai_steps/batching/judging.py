"""The part of an AI step that judges in batches, by itself or for a run."""

from abc import ABC, abstractmethod
from collections.abc import Coroutine, Iterable
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from handrail_ai_steps.batch import BatchOutcome, Failed, require_items
from handrail_ai_steps.batching import desk
from handrail_ai_steps.batching.model import require_batches, takes_batches
from handrail_ai_steps.errors import InvalidTask
from handrail_ai_steps.inputs import Input
from handrail_ai_steps.model import Model
from handrail_ground.errors import is_order
from handrail_ground.optional import LaterModule
from handrail_guards.batching import Batching, BatchQuestion, BatchReply, BatchServer, Unsent
from handrail_guards.numbers import is_text
from handrail_guards.outcome import Accepted, Doubtful

if TYPE_CHECKING:
    from handrail_ai_steps.batching import gathering
else:
    gathering = LaterModule("handrail_ai_steps.batching.gathering")

T_co = TypeVar("T_co", covariant=True)

LONGEST_KEY = 200
"""Characters of a batch's key: with what is added to it, it has to go where a provider takes 512 bytes."""


class JudgesInBatches(ABC, Generic[T_co]):
    """What a step does with the batches of its models' providers."""

    __slots__ = ()

    @property
    @abstractmethod
    def name(self) -> str:
        """Return the step's name."""

    @property
    @abstractmethod
    def models(self) -> tuple[Model, ...]:
        """Return the models, in the order to try."""

    @property
    @abstractmethod
    def batching(self) -> Batching:
        """Return how its questions are sent together."""

    @abstractmethod
    def __call__(self, *values: Input, **named: Input) -> Coroutine[Any, Any, Accepted[T_co] | Doubtful[T_co]]:
        """Judge an input."""

    async def batch(self, items: Iterable[Any], *, key: str | None = None) -> list[BatchOutcome[T_co]]:
        """Judge many inputs in batches of the model's provider, for half of the price and within a day.

        The first question of each item to a model that takes batches is sent with those of the others; what a batch
        leaves open (a failed request, an answer to be sent back) is asked singly. Returns what ``map`` does. Under a
        ``key`` the same items are sent once: a program that died meanwhile and starts again collects the same batch,
        and so does one that asks for the same at the same moment. Its replies stay at the provider until they run out
        there, or until ``delete_batch``.

        Raises:
            InvalidTask: none of its models takes batches, though one of them is asked on a server; the items are one
                text, or the key none that a header can hold.
        """
        require_batches(self.name, self.models)
        require_items(self.name, items)
        if key is not None:
            self._require_key(key)
        given = list(items)
        outcomes: dict[int, BatchOutcome[T_co]] = {}

        async def judge(index: int, item: Any) -> None:
            try:
                outcomes[index] = await (self(*item) if isinstance(item, tuple) else self(item))
            except BaseException as error:
                if is_order(error):
                    raise
                outcomes[index] = Failed(error)

        calls = [partial(judge, index, item) for index, item in enumerate(given)]
        await gathering.Gathering(self.batching, key).ask(calls)
        return [outcomes[index] for index in range(len(given))]

    async def delete_batch(self, key: str) -> None:
        """Delete the replies that the provider keeps of what was sent under a key, once their outcomes are safe.

        The same items under the same key are a new batch then. What is under way stays.

        Raises:
            InvalidTask: the key is none that a header can hold.
            BatchFailed: the provider did not do it.
        """
        self._require_key(key)
        for group in dict.fromkeys(self.batch_groups):
            await (await self.batch_server(group)).delete(partial(gathering.is_of, key))

    def _require_key(self, key: str) -> None:
        if not (is_text(key) and len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
            raise InvalidTask(
                f"step {self.name!r}: a batch's key is 1 to {LONGEST_KEY} characters of ASCII, on one line"
            )

    @property
    def batch_groups(self) -> tuple[str, ...]:
        """Return the groups that its questions may be of."""
        return tuple(each.batch_group for each in self.models if takes_batches(each))

    @property
    def can_batch(self) -> bool:
        """Return whether one of its models takes batches."""
        return any(takes_batches(each) for each in self.models)

    def require_batches(self) -> None:
        """Check that no model on a server is asked singly before one that takes batches.

        Raises:
            InvalidTask: one is.
        """
        require_batches(self.name, self.models)

    async def batch_question(self, *values: Input, **named: Input) -> BatchQuestion | None:
        """Return what a call asks the first of its models that takes batches; None: it comes to its end without."""
        try:
            with desk.at(desk.Leaving()):
                await self(*values, **named)
        except Unsent as unsent:
            return unsent.question
        return None

    def handed(self, reply: BatchReply) -> AbstractContextManager[None]:
        """Return inside of what a call takes this reply in place of asking."""
        return desk.at(desk.Handed(reply))

    async def batch_server(self, group: str) -> BatchServer:
        """Return who takes the batches of a group that one of its questions named.

        Raises:
            InvalidTask: no model of it asks in this group.
        """
        for each in self.models:
            if takes_batches(each) and each.batch_group == group:
                return await each.batch_server()
        raise InvalidTask(f"step {self.name!r} has no model that asks {group}")
