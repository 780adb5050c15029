"""Passes over models that are down, so that a cascade loses no time on them; tries each again after a while."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from handrail_ai_steps.errors import InvalidTask
from handrail_ai_steps.fitting import named
from handrail_ai_steps.model import Answer, Model, NoAnswer, OnServer
from handrail_ai_steps.routing.circuit import Circuit, CircuitRule, Said, Way
from handrail_guards.numbers import is_count, is_finite


class ModelBreaker:
    """After some outages in a row a model is passed over; after a while one call tries it again.

    An outage is a server that cannot be reached, does not answer in time, is overloaded, asks for a pause, or knows the
    key or the model not. An answer that does not fit, a refusal and an input that is too long are none: the model is
    there. The last model of a step is always asked: nobody is left who could answer in its place. What is passed over
    is on the record of the call, with why.

    Steps that are given the same object know of each other's outages; it may be used from any thread and event loop.

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
        """Return the models that are passed over just now, and why."""
        with self._lock:
            return {key: each.reason for key, each in self._circuits.items() if each.is_down}

    @contextmanager
    def turn(self, model: Model) -> Iterator["Turn"]:
        """Let one call ask a model, or pass it over; what it says on the way is remembered when it ends."""
        key, now = _key(model), self._clock()
        with self._lock:
            circuit = self._circuits.get(key, Circuit())
            way, self._circuits[key] = circuit.enter(self._rule, now)
        turn = Turn(way, self._told(model, circuit, now))
        try:
            yield turn
        finally:
            # One that was asked although it is down, as the last that is left, says as much as a probe.
            counts = way == "probe" or (way == "pass_over" and turn.said != "nothing")
            with self._lock:
                self._circuits[key] = self._circuits[key].left(
                    turn.said, turn.told, self._rule, self._clock(), is_probe=counts
                )

    def _told(self, model: Model, circuit: Circuit, now: float) -> str:
        if circuit.look_at is None:
            return ""
        when = (
            "another call tries it" if circuit.probed else f"it is tried again in {circuit.look_at - now:.3g} seconds"
        )
        times = "1 outage" if circuit.failures == 1 else f"{circuit.failures} outages in a row"
        return f"{named(model)} was passed over after {times}, the last: {circuit.reason}; {when}"

    def __repr__(self) -> str:
        return f"ModelBreaker(failures={self._rule.failures}, probe_after_seconds={self._rule.probe_after_seconds:g})"


class Turn:
    """One call's turn at a model."""

    def __init__(self, way: Way, why: str) -> None:
        self.way = way
        """What it may do."""
        self.why = why
        """Why it is passed over, for the record."""
        self.said: Said = "nothing"
        self.told = ""

    def saw(self, answer: Answer | NoAnswer) -> None:
        """Note what the model said: the last word counts."""
        if isinstance(answer, Answer):
            self.said, self.told = "reached", ""
        elif answer.result == "over_budget":
            pass  # it was not asked
        elif answer.outage if answer.outage is not None else answer.result in {"failed", "timed_out"}:
            self.said, self.told = "outage", answer.reason
        elif answer.result != "timed_out":
            self.said, self.told = "reached", ""


def _key(model: Model) -> str:
    """Return what a model's outages go by: the same name is another model behind another server."""
    return f"{named(model)} at {model.server}" if isinstance(model, OnServer) else named(model)
