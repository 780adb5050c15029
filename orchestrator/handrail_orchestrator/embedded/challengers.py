"""Challengers: who is asked beside a step for comparison alone, in a thread of their own; no run waits for them."""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from handrail_ground.errors import is_order, told_in_thread
from handrail_orchestrator.context import StepContext, enter_step, leave_step
from handrail_orchestrator.store.rollouts import ChallengeRow, RecordChallenge

if TYPE_CHECKING:
    from handrail_orchestrator.embedded.library import BoundJudge
    from handrail_orchestrator.store.changes import Change

_log = logging.getLogger("handrail.challengers")

MOST_AT_ONCE = 16
"""Challengers at work; others wait for their turn."""
MOST_WAITING = 1_000
"""Calls that wait for their turn; one beyond them is left out, and that is recorded."""
SECONDS = 120.0
"""How long one may take."""
ENDED = "left out: its process ended before it had answered"
GRACE_SECONDS = 5.0
"""How much longer until one that does not end is given up, with the thread that it holds."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Challenge:
    """One call of a step that its challenger answers too."""

    run: int
    """The run's key."""
    step: str
    """The step's name in its run."""
    name: str
    """Who is asked, where the answer does not say so itself."""
    judge: "BoundJudge"
    context: StepContext
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Challengers:
    """Asks challengers in a thread of their own: one that blocks, fails or never answers holds up nobody else."""

    def __init__(
        self,
        record: "Callable[[Change], object]",
        now: Callable[[], float],
        *,
        seconds: float = SECONDS,
        grace: float = GRACE_SECONDS,
    ) -> None:
        self._record = record
        self._now = now
        self._seconds = seconds
        self._grace = grace
        self._engine = asyncio.get_running_loop()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._at_work: set[Challenge] = set()
        self._waiting: deque[Challenge] = deque()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

    def begin(self, challenge: Challenge) -> None:
        """Let a challenger answer, some time; what it comes to is recorded beside the step."""
        if self._closed:
            self._write(challenge, _Answered(error=ENDED))
            return
        if len(self._waiting) >= MOST_WAITING:
            self._write(challenge, _Answered(error=f"left out: {MOST_WAITING:,} others waited for their turn"))
            return
        self._idle.clear()
        self._waiting.append(challenge)
        self._go_on()

    def _go_on(self) -> None:
        while self._waiting and len(self._at_work) < MOST_AT_ONCE:
            challenge = self._waiting.popleft()
            self._at_work.add(challenge)
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                turning = threading.Thread(target=_turn, args=(self._loop,), name="handrail-challengers", daemon=True)
                turning.start()
            asyncio.run_coroutine_threadsafe(self._answered(challenge), self._loop)
            self._engine.call_later(self._seconds + self._grace, self._give_up, challenge)
        if not self._at_work:
            self._idle.set()

    async def _answered(self, challenge: Challenge) -> None:
        """Ask, in the challengers' thread, and hand what came of it to the engine's."""
        begun = time.monotonic()
        token = enter_step(challenge.context)
        try:
            answered = await _asked(challenge, self._seconds)
        finally:
            leave_step(token)
        with suppress(RuntimeError):  # the engine's loop is closed: nobody records any more
            self._engine.call_soon_threadsafe(
                self._ended, challenge, replace(answered, seconds=time.monotonic() - begun)
            )

    def _ended(self, challenge: Challenge, answered: "_Answered") -> None:
        if challenge not in self._at_work:
            return
        self._at_work.discard(challenge)
        self._write(challenge, answered)
        self._go_on()

    def _give_up(self, challenge: Challenge) -> None:
        """Leave one that does not even end when it is told to, and the thread that it holds, to themselves."""
        if challenge not in self._at_work:
            return
        self._leave_thread()
        left_out, self._waiting = self._waiting, deque()
        for each in left_out:
            self._write(each, _Answered(error="left out: a challenger before it held the thread and gave no answer"))
        self._ended(challenge, _late(self._seconds))

    def _write(self, challenge: Challenge, answered: "_Answered") -> None:
        if answered.error is not None:
            ids = {"run": challenge.context.run_id, "step": challenge.step}
            _log.info("a challenger gave no answer: %s", answered.error, extra=ids)
        row = ChallengeRow(
            challenge.run, challenge.step, self._now(), answered.model or challenge.name,
            answered.outcome, answered.error, answered.seconds, answered.money,
        )  # fmt: skip
        self._record(RecordChallenge(row))

    @property
    def at_work(self) -> int:
        """Return how many have not answered yet, those that wait for their turn included."""
        return len(self._at_work) + len(self._waiting)

    async def ended(self) -> None:
        """Wait until all have answered, or were given up."""
        await self._idle.wait()

    def close(self) -> None:
        """Wait for none of them: what they answer from now on counts for nothing, which is recorded."""
        self._closed = True
        for each in (*self._at_work, *self._waiting):
            self._write(each, _Answered(error=ENDED))
        self._at_work.clear()
        self._waiting.clear()
        self._idle.set()
        self._leave_thread()

    def _leave_thread(self) -> None:
        loop, self._loop = self._loop, None
        if loop is not None:
            with suppress(RuntimeError):  # it has ended by itself
                loop.call_soon_threadsafe(loop.stop)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    """What a challenger came to."""

    outcome: str | None = None
    error: str | None = None
    model: str = ""
    seconds: float = 0.0
    money: float | None = None


def _late(seconds: float) -> _Answered:
    return _Answered(error=f"no answer within {seconds:g} s", seconds=seconds)


async def _asked(challenge: Challenge, seconds: float) -> _Answered:
    judge = challenge.judge
    try:
        async with asyncio.timeout(seconds):
            function: Any = judge.step.function
            returned = judge.outcome_of(await function(*challenge.args, **challenge.kwargs))
        attempts = returned.judgement.attempts
        spent = [each.money for each in attempts]
        return _Answered(
            outcome=judge.outcome.encode(returned),
            model=returned.judgement.model,
            money=sum(each for each in spent if each is not None) if spent and None not in spent else None,
        )
    except TimeoutError:
        return _late(seconds)
    except BaseException as error:  # whatever it raises is its own affair: Ctrl-C comes to the main thread alone
        if is_order(error) and not isinstance(error, KeyboardInterrupt):
            raise
        return _Answered(error=told_in_thread(error))


def _turn(loop: asyncio.AbstractEventLoop) -> None:
    """Let a loop turn until it is told to stop, and close what is left in it."""
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left, timeout=GRACE_SECONDS))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()
