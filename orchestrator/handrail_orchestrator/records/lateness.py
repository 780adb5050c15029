"""What happens to one item when it is late: its policies, with the moments at which they fire."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from handrail_guards.calendar import WorkingHours
from handrail_guards.escalation import Escalation
from handrail_guards.late import Late, LatePolicy

HOUR_SECONDS = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPolicy:
    """A policy and when it fires."""

    policy: LatePolicy
    at: float
    """The moment, in seconds since the epoch."""
    after_hours: float = 0.0
    """Hours after the one before it."""
    to: str | None = None
    """Whom it hands the item to."""
    answer: str | None = None
    """What it answers, as JSON text."""

    @property
    def value(self) -> Any:
        """Return what it answers, as JSON data."""
        return None if self.answer is None else json.loads(self.answer)


@dataclass(frozen=True, slots=True)
class LatePlan:
    """The policies of one item in the order in which they fire."""

    policies: tuple[PlannedPolicy, ...] = ()
    hours: WorkingHours | None = None
    """Whose hours lie between them."""

    @classmethod
    def of(cls, escalation: Escalation, asked: float) -> "tuple[float | None, Self]":
        """Return when a question asked now is due, and what happens then.

        Raises:
            InvalidGuard: so many working hours will not pass.
            LibraryMissing: a country's holidays are needed, and ``holidays`` is not installed.
        """
        if escalation.due_hours is None:
            return None, cls()
        hours = escalation.working_hours
        due = at = _after(hours, asked, escalation.due_hours)
        planned: list[PlannedPolicy] = []
        for late in escalation.chain:
            at = _after(hours, at, late.after_hours)
            planned.append(_planned(late, at))
        if hours is not None and any(each.after_hours for each in planned[1:]):
            return due, cls(tuple(planned), hours.with_dates(asked, at))
        return due, cls(tuple(planned))

    def after(self, fired: int, now: float) -> Self:
        """Return the plan once so many have fired, the last of them now.

        One that fired later than planned, as when nothing was running, leaves those that follow it their hours.
        """
        at, moved = now, list(self.policies[:fired])
        for late in self.policies[fired:]:
            at = max(late.at, _after(self.hours, at, late.after_hours))
            moved.append(replace(late, at=at))
        return replace(self, policies=tuple(moved))

    def timer(self, fired: int) -> float | None:
        """Return when the next one fires after so many; None: there is none."""
        return self.policies[fired].at if fired < len(self.policies) else None

    def text(self) -> str | None:
        """Return it as it is stored, as JSON text; None: nothing ever happens."""
        if not self.policies:
            return None
        told: list[dict[str, Any]] = [_told(each) for each in self.policies]
        if self.hours is not None:
            told[0]["working_hours"] = self.hours.as_json()
        return json.dumps(told)

    @classmethod
    def read(cls, stored: Sequence[dict[str, Any]] | None) -> Self:
        """Return what ``text`` wrote, given as JSON data."""
        if not stored:
            return cls()
        hours = stored[0].get("working_hours")
        policies = tuple(
            PlannedPolicy(**{name: value for name, value in each.items() if name != "working_hours"}) for each in stored
        )
        return cls(policies, None if hours is None else WorkingHours.from_json(hours))


def _after(hours: WorkingHours | None, start: float, passed: float) -> float:
    return start + passed * HOUR_SECONDS if hours is None else hours.after(start, passed)


def _planned(late: Late, at: float) -> PlannedPolicy:
    return PlannedPolicy(policy=late.policy, at=at, after_hours=late.after_hours, to=late.to, answer=late.answer)


def _told(planned: PlannedPolicy) -> dict[str, Any]:
    told: dict[str, Any] = {"policy": planned.policy, "at": planned.at}
    if planned.after_hours:
        told["after_hours"] = planned.after_hours
    if planned.to is not None:
        told["to"] = planned.to
    if planned.answer is not None:
        told["answer"] = planned.answer
    return told
