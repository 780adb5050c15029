"""Ending spans in a thread of their own: an exporter that is slow, or raises, does so beside the runs."""

import logging
import os
import queue
import threading
import time
from collections.abc import Callable

from handrail_ground.errors import told_in_thread
from handrail_orchestrator.interrupts import is_for_us

MOST_WAITING = 20_000
"""Spans that wait to be ended; more are lost, which is said."""
SAY_EVERY_SECONDS = 60.0

_log = logging.getLogger("handrail.telemetry")

End = Callable[[], None]


class Complaints:
    """Says what goes wrong with telemetry in the log, once in a while."""

    def __init__(self) -> None:
        self._said = -SAY_EVERY_SECONDS
        self._more = 0

    def say(self, problem: str, error: BaseException | None = None) -> None:
        """Say what is wrong, unless something was said within the last minute."""
        if time.monotonic() < self._said + SAY_EVERY_SECONDS:
            self._more += 1
            return
        more, self._more, self._said = self._more, 0, time.monotonic()
        what = problem if error is None else f"{problem}: {told_in_thread(error)}"
        _log.warning("telemetry: %s; runs go on%s", what, f" ({more} more since it was last said)" if more else "")

    def foreign(self, problem: str, error: BaseException) -> None:
        """Say what a provider's code raised, in its ``except`` clause; what is meant for us is raised again."""
        if is_for_us(error):
            raise error
        self.say(problem, error)


class SpanEnds:
    """Ends spans in the order in which they came, in one thread of this process."""

    def __init__(self, complaints: Complaints) -> None:
        self._complaints = complaints
        self._process = 0
        self._queue: queue.SimpleQueue[End | threading.Event] = queue.SimpleQueue()

    def add(self, end: End) -> None:
        """Let something be done soon."""
        if self._process != os.getpid():
            self._begin()
        if self._queue.qsize() >= MOST_WAITING:
            self._complaints.say(f"{MOST_WAITING:,} spans wait for a slow exporter, further ones are lost")
            return
        self._queue.put(end)

    def drained(self, seconds: float) -> bool:
        """Wait until what was added so far is done; return whether it is."""
        if self._process != os.getpid():
            return True
        reached = threading.Event()
        self._queue.put(reached)
        return reached.wait(seconds)

    def _begin(self) -> None:
        """Begin in this process: what waited in the one it was forked from is that one's."""
        self._process = os.getpid()
        self._queue = queue.SimpleQueue()
        threading.Thread(target=self._work, args=(self._queue,), name="handrail-telemetry", daemon=True).start()

    def _work(self, waiting: "queue.SimpleQueue[End | threading.Event]") -> None:
        while True:
            each = waiting.get()
            try:
                if isinstance(each, threading.Event):
                    each.set()
                else:
                    each()
            except BaseException as error:  # noqa: BLE001 -- an exporter's code runs here, and must not end the thread
                self._complaints.say("a span could not be handed on", error)
