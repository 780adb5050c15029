"""Passes over models that are down, so that a cascade loses no time on them; tries each again after a while."""

import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from handrail_ai_steps.errors import InvalidTask
from handrail_ai_steps.fitting import named
from handrail_ai_steps.model import Answer, Model, NoAnswer, OnServer
from handrail_ai_steps.network import is_here
from handrail_ai_steps.routing.circuit import Circuit
from handrail_guards.model_circuits import CircuitRule, ModelCircuits, Passage, Said, Way, shared_circuits
from handrail_guards.numbers import is_count, is_finite


class ModelBreaker:
    """After some outages in a row a model is passed over; after a while one call tries it again.

    An outage is a server that cannot be reached, does not answer in time, is overloaded, asks for a pause, or knows the
    key or the model not. An answer that does not fit, a refusal and an input that is too long are none: the model is
    there. The last model of a step is always asked: nobody is left who could answer in its place. What is passed over
    is on the record of the call, with why.

    Steps that are given the same object know of each other's outages; it may be used from any thread and event loop.
    In a run, the outages of models on servers are known to all steps and all processes on its store: one call of all
    tries again. A model is known there by its name and its server's address, and by the machine if that is its own.

    Args:
        failures: outages in a row, 1 or more.
        probe_after_seconds: until one call tries again, above 0; and so on until one finds the model there.
        clock: gives seconds and never goes back.

    Raises:
        InvalidTask: a number that is none, or too small.
    """

    def __init__(
        self, failures: int = 5, probe_after_seconds: float = 30.0, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with every model up."""
        if not is_count(failures, least=1):
            raise InvalidTask(f"ModelBreaker(failures={failures!r}): give a whole number above 0")
        if not (is_finite(probe_after_seconds) and probe_after_seconds > 0):
            raise InvalidTask(f"ModelBreaker(probe_after_seconds={probe_after_seconds!r}): give a number above 0")
        self._rule = CircuitRule(failures, float(probe_after_seconds))
        self._clock = clock
        self._circuits: dict[str, Circuit] = {}
        self._lock = threading.Lock()

    def down(self) -> dict[str, str]:
        """Return the models passed over just now outside of runs, and why; ``Client.down()`` has the others."""
        with self._lock:
            return {key: each.reason for key, each in self._circuits.items() if each.is_down}

    @asynccontextmanager
    async def turn(self, model: Model) -> AsyncIterator["Turn"]:
        """Let one call ask a model, or pass it over; what it says on the way is remembered when it ends."""
        shared = shared_circuits()
        turn = (
            self._enter(model)
            if shared is None or not isinstance(model, OnServer)
            else await _SharedTurn.enter(shared, model, self._rule)
        )
        try:
            yield turn
        finally:
            turn.leave()

    def _enter(self, model: Model) -> "Turn":
        key, now = _key(model), self._clock()
        with self._lock:
            before = self._circuits.get(key, Circuit())
            way, self._circuits[key] = before.enter(self._rule, now)
        seconds = None if before.probed or before.look_at is None else before.look_at - now
        return _OwnTurn(self, key, model, Passage(way, before.failures, before.reason, seconds))

    def left(self, key: str, turn: "Turn") -> None:
        """Remember what a call came to."""
        # One that was asked although it is down, as the last that is left, says as much as a probe.
        counts = turn.way == "probe" or (turn.way == "pass_over" and turn.said != "nothing")
        with self._lock:
            self._circuits[key] = self._circuits[key].left(
                turn.said, turn.told, self._rule, self._clock(), is_probe=counts
            )

    def __repr__(self) -> str:
        return f"ModelBreaker(failures={self._rule.failures}, probe_after_seconds={self._rule.probe_after_seconds:g})"


class Turn(ABC):
    """One call's turn at a model."""

    def __init__(self, model: Model, passage: Passage) -> None:
        self.way: Way = passage.way
        """What it may do."""
        self.why = _why(model, passage)
        """Why it is passed over, for the record."""
        self.said: Said = "nothing"
        self.told = ""
        """What it said, for those who are told in this process."""
        self.word = ""
        """The same in a word, for those who are told through the store."""

    def saw(self, answer: Answer | NoAnswer) -> None:
        """Note what the model said: the last word counts."""
        if isinstance(answer, Answer):
            self._note("reached")
        elif answer.result == "over_budget":
            pass  # it was not asked
        elif answer.outage if answer.outage is not None else answer.result in {"failed", "timed_out"}:
            self._note("outage", answer.reason, "a time-out" if answer.result == "timed_out" else "a failure")
        elif answer.result != "timed_out":
            self._note("reached")

    def _note(self, said: Said, told: str = "", word: str = "") -> None:
        self.said, self.told, self.word = said, told, word

    @abstractmethod
    def leave(self) -> None:
        """Have it remembered."""


class _OwnTurn(Turn):
    """A turn that the breaker itself knows of."""

    def __init__(self, breaker: ModelBreaker, key: str, model: Model, passage: Passage) -> None:
        super().__init__(model, passage)
        self._breaker = breaker
        self._key = key

    def leave(self) -> None:
        """Have it remembered."""
        self._breaker.left(self._key, self)


class _SharedTurn(Turn):
    """A turn that all processes know of."""

    def __init__(self, shared: ModelCircuits, key: str, model: Model, rule: CircuitRule, passage: Passage) -> None:
        super().__init__(model, passage)
        self._shared = shared
        self._key = key
        self._rule = rule

    @classmethod
    async def enter(cls, shared: ModelCircuits, model: Model, rule: CircuitRule) -> "_SharedTurn":
        """Ask those who know what the others have seen."""
        key = _known_as(model)
        return cls(shared, key, model, rule, await shared.enter(key, rule))

    def leave(self) -> None:
        """Have it remembered."""
        self._shared.left(self._key, self._rule, self.said, self.word, self.way)


def _why(model: Model, passage: Passage) -> str:
    if not passage.failures:
        return ""
    when = "another call tries it" if passage.seconds is None else f"it is tried again in {passage.seconds:.3g} seconds"
    times = "1 outage" if passage.failures == 1 else f"{passage.failures} outages in a row"
    return f"{named(model)} was passed over after {times}, the last: {passage.last}; {when}"


def _key(model: Model) -> str:
    """Return what a model's outages go by: the same name is another model behind another server."""
    return f"{named(model)} at {model.server}" if isinstance(model, OnServer) else named(model)


def _known_as(model: Model) -> str:
    """Return what they go by among processes: a server on each machine is another one."""
    host = urlsplit(model.server).hostname if isinstance(model, OnServer) else None
    return f"{_key(model)} on {socket.gethostname()}" if host is not None and is_here(host) else _key(model)
