"""Many inputs at once: order kept, one outcome each, and one that raises loses none of the others."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from handrail_ai_steps.errors import AIStepError, InvalidTask
from handrail_ground.errors import is_order
from handrail_ground.optional import LaterModule
from handrail_guards.numbers import is_count
from handrail_guards.outcome import Accepted, Doubtful

if TYPE_CHECKING:
    import asyncio

    from rich.progress import Progress
else:
    asyncio = LaterModule("asyncio")

T = TypeVar("T")
R = TypeVar("R")

DEFAULT_CONCURRENCY = 50


@dataclass(frozen=True, slots=True)
class Failed:
    """An item of a batch whose call raised."""

    error: BaseException
    """What it raised."""
    kind: Literal["failed"] = "failed"


BatchOutcome: TypeAlias = Accepted[T] | Doubtful[T] | Failed
"""What one item of a batch came to."""


def require_items(step: str, items: object) -> None:
    """Check that what is to be judged one by one is no single input: a text would be judged letter by letter.

    Raises:
        InvalidTask: it is a text, bytes, or a mapping, whose keys would be judged.
    """
    if isinstance(items, str | bytes | bytearray | Mapping):
        raise InvalidTask(f"step {step!r}: the items are one {type(items).__name__}; give a list of inputs")


async def run_batch(
    call: Callable[[Any], Awaitable[R]], items: Iterable[Any], *, concurrency: int, title: str | None = None
) -> list[R | Failed]:
    """Call once for every item, at most ``concurrency`` (1 or more) at a time, and return the results in order.

    Items are taken from the iterable as they are needed; where it raises, that is the last result. With a title, a
    progress bar is shown. Cancelling the batch cancels its calls.

    Raises:
        AIStepError: ``concurrency`` is no whole number, or below 1.
    """
    if not is_count(concurrency, least=1):
        raise AIStepError(f"concurrency is {concurrency!r}; give a whole number, 1 or more")
    results: dict[int, R | Failed] = {}
    queue = enumerate(_taken(items))
    total = len(items) if isinstance(items, Sized) else None
    bar = _bar(title, total) if title is not None else None
    workers = concurrency if total is None else min(concurrency, total)
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(_work(call, queue, results, bar))
    finally:
        if bar is not None:
            bar.stop()
    return [results[index] for index in range(len(results))]


async def _work(
    call: Callable[[Any], Awaitable[R]],
    queue: Iterator[tuple[int, Any]],
    results: dict[int, R | Failed],
    bar: "Progress | None",
) -> None:
    """Take items until there are none left; workers share the iterator, which no await interrupts."""
    for index, item in queue:
        if isinstance(item, _Broken):
            results[index] = Failed(item.error)
            return
        try:
            results[index] = await call(item)
        except BaseException as error:
            if is_order(error):
                raise
            results[index] = Failed(error)  # this item's outcome, and nobody else's
        if bar is not None:
            bar.advance(bar.task_ids[0])


@dataclass(frozen=True, slots=True)
class _Broken:
    """In place of an item: what the iterable raised."""

    error: BaseException


def _taken(items: Iterable[Any]) -> Iterator[Any]:
    """Yield the items, and in the end what the iterable raised: it must not lose what the others came to."""
    try:
        yield from items
    except BaseException as error:
        if is_order(error):
            raise
        yield _Broken(error)


def _bar(title: str, total: int | None) -> "Progress":
    from rich.console import Console  # noqa: PLC0415 -- loaded only for a progress bar
    from rich.progress import Progress  # noqa: PLC0415

    bar = Progress(console=Console(stderr=True), transient=True)
    bar.add_task(title, total=total)
    bar.start()
    return bar
