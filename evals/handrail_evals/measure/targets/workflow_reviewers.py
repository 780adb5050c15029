"""The world in which a workflow's cases are played: when they begin, how far time goes, and reviewers by script.

A script says who answers a workflow's questions in an evaluation, how long it takes them, and how late.
"""

import hashlib
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from handrail_evals.errors import InvalidCase, InvalidSetting
from handrail_evals.measure.case import AnyCase
from handrail_evals.measure.fingerprint import hash_of, jsonable
from handrail_ground.code_hash import hash_of_function
from handrail_orchestrator.limits import Limit
from handrail_orchestrator.records.item import ReviewItem
from handrail_orchestrator.testing import LEAVE_OPEN
from handrail_orchestrator.testing.reviewers import LeftOpen
from handrail_orchestrator.workflow import Workflow

Script: TypeAlias = Callable[[ReviewItem, AnyCase], Any]
"""Returns the answer as JSON data, right or wrong, or ``LEAVE_OPEN``: nobody ever answers."""

Minutes: TypeAlias = float | Callable[[ReviewItem, AnyCase], float]
"""0 or more: the same for every question, or worked out for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """How the cases of a workflow are played.

    Raises:
        InvalidSetting: ``start`` has no time zone, or ``horizon`` is not above 0.
    """

    start: datetime = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    """When every case begins: a Monday morning."""
    horizon: timedelta = timedelta(days=366)
    """A run that has not ended after so much simulated time counts as waiting; above 0."""
    limits: Mapping[str, Limit] = field(default_factory=dict)
    """Those that steps ask for by name; each case has them to itself."""
    children: tuple[Workflow[Any, Any], ...] = ()
    """Workflows that runs start and that the code does not name itself; those that it names are found."""

    def __post_init__(self) -> None:
        start: Any = self.start  # whatever somebody without a type checker gave, as below
        if not isinstance(start, datetime) or start.utcoffset() is None:
            raise InvalidSetting(f"start is {start!r}, no moment with a time zone: use datetime(..., tzinfo=UTC)")
        horizon: Any = self.horizon
        if not isinstance(horizon, timedelta) or horizon <= timedelta(0):
            raise InvalidSetting(f"horizon is {self.horizon!r}; give a timedelta above 0, such as timedelta(days=30)")

    @property
    def told(self) -> list[str]:
        """Return what answers may depend on, as part of a target's version."""
        limits = [f"{name} {self.limits[name]}" for name in sorted(self.limits)]
        return [self.start.isoformat(), str(self.horizon), *limits]


DEFAULTS: Final = Simulation()


@dataclass(frozen=True, slots=True)
class Reviewers:
    """People who answer a workflow's questions by a script that may look at the case.

    Each question is worked on by itself: two that are open at once do not wait for each other.

    Raises:
        InvalidSetting: a number of minutes is below 0, or not finite.
    """

    script: Script
    _: KW_ONLY
    minutes: Minutes
    """Hands-on time for one decision."""
    delay_minutes: Minutes
    """From the question until somebody takes it; the answer comes ``minutes`` later."""
    name: str = "scripted"
    """Who has decided, as records show it."""

    def __post_init__(self) -> None:
        for setting in ("minutes", "delay_minutes"):
            if not callable(getattr(self, setting)):
                _require_minutes(setting, getattr(self, setting))

    @property
    def version(self) -> str:
        """Return what changes when their answers or their times may: a hash of the script and the settings."""
        return hash_of([_told(each) for each in (self.script, self.minutes, self.delay_minutes)])


@dataclass(frozen=True, slots=True)
class Truth:
    """A script that knows what is right: a case's ``steps`` by the question's step, or its ``expected``.

    A question of step ``route#2`` is looked up under that name first, then as ``route``; of a branch or a child run,
    such as ``all.0/route``, as ``route``. The suffix ``/review`` of a doubtful step's question does not count.

    Raises:
        InvalidCase: the case does not say what is right for a step (when it is asked).
    """

    expected: str | None = None
    """The step whose right answer is the case's ``expected``, where its ``steps`` do not say otherwise."""

    def __call__(self, item: ReviewItem, case: AnyCase) -> Any:
        """Return the right answer."""
        names = list(_names(item.step))
        for name in names:
            if name in case.steps:
                return jsonable(case.steps[name], where=f"{case.place}, steps[{name!r}]")
        if self.expected in names and case.is_labelled:
            return jsonable(case.expected, where=f"{case.place}, expected")
        raise InvalidCase(
            where=case.where,
            case=repr(case.name),
            problem=f"it does not say what is right for step {names[0]!r}, which a reviewer was asked: add it to the"
            " case's steps",
        )


def chance(item: ReviewItem, case: AnyCase, *, seed: int = 0) -> random.Random:
    """Return dice for one question, which fall the same in every run, whatever else runs beside it."""
    told = f"{seed}\n{case.name}\n{item.step}".encode()
    return random.Random(hashlib.blake2s(told).digest())  # noqa: S311 -- nothing secret, and repeatable


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody will answer to one question, and when."""

    item: ReviewItem
    answer: Any
    """JSON data."""
    minutes: float
    """Hands-on time."""
    at: float
    """Seconds since the epoch."""


@dataclass(slots=True)
class ScriptedDesk:
    """Scripted reviewers at work on one case."""

    reviewers: Reviewers
    case: AnyCase
    minutes: float = 0.0
    """Hands-on time so far."""
    _seen: set[int] = field(default_factory=set)
    _planned: list[Decision] = field(default_factory=list)

    def notice(self, items: Sequence[ReviewItem]) -> None:
        """Plan an answer to every question that is new."""
        for item in items:
            if item.id not in self._seen:
                self._seen.add(item.id)
                self._plan(item)

    def _plan(self, item: ReviewItem) -> None:
        reviewers = self.reviewers
        answer = reviewers.script(item, self.case)
        if isinstance(answer, LeftOpen):
            return
        delay = self._minutes("delay_minutes", reviewers.delay_minutes, item)
        minutes = self._minutes("minutes", reviewers.minutes, item)
        self._planned.append(Decision(item, answer, minutes, item.created + (delay + minutes) * 60.0))

    def _minutes(self, setting: str, minutes: Minutes, item: ReviewItem) -> float:
        if not callable(minutes):
            return minutes
        return _require_minutes(f"{self.case.place}: {setting} of step {item.step!r}", minutes(item, self.case))

    @property
    def next_due(self) -> float | None:
        """Return when the next answer comes, in seconds since the epoch; None when none will."""
        return min((each.at for each in self._planned), default=None)

    def take_due(self, now: float) -> list[Decision]:
        """Return the answers that have come by now, in the order they came, and forget them."""
        due = sorted((each for each in self._planned if each.at <= now), key=lambda each: (each.at, each.item.id))
        self._planned = [each for each in self._planned if each.at > now]
        return due


def _require_minutes(what: str, minutes: object) -> float:
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0.0 <= minutes < math.inf:
        raise InvalidSetting(f"{what} is {minutes!r}; give minutes, 0 or more, or a function that returns them")
    return minutes


def _names(step: str) -> Iterator[str]:
    """Yield the names that a question's truth may be found under, the exact one first."""
    full = step.removesuffix("/review")
    last = full.rpartition("/")[2]
    yield from dict.fromkeys([full, full.rpartition("#")[0] or full, last, last.partition("#")[0]])


def _told(part: Any) -> str:
    if not callable(part):
        return repr(part)
    return hash_of_function(part) + (repr(part) if is_dataclass(part) else "")


__all__ = ["LEAVE_OPEN", "Decision", "Minutes", "Reviewers", "Script", "ScriptedDesk", "Truth", "chance"]
