"""Events: what happened to a case at a moment, made from the records of its steps."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Literal, TypeAlias

from handrail_orchestrator.process_map.activity import activity_of
from handrail_orchestrator.step_kind import OF_THE_ENGINE, StepKind
from handrail_orchestrator.store.flows import LoggedStep
from handrail_orchestrator.store.rows import RunStatus, StepStatus

Transition: TypeAlias = Literal["schedule", "start", "complete"]
"""Of the standard life cycle of XES: ``schedule`` is when people were asked, ``start`` when somebody took the question.

A step that failed completes too, as its status says, so that both ends of each call are there to be paired.
"""
ORDER: dict[Transition, int] = {"schedule": 0, "start": 1, "complete": 2}


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event."""

    at: float
    """In seconds since the epoch."""
    activity: str
    transition: Transition
    step: str
    """The step's name in its run, such as ``route#2``: pairs what began with what ended."""
    seq: int
    kind: StepKind
    status: StepStatus
    attempt: int
    resource: str | None
    """Who did it: ``person:<name>``, ``model:<name>``, ``policy:<name>``, ``rule``; else who answers for it."""
    owner: str | None
    """Who answers for the step."""
    cost: float | None
    """What it cost, on its completion."""


@dataclass(frozen=True, slots=True)
class LogCase:
    """One run with its events, in the order in which they happened."""

    id: str
    workflow: str
    version: int
    status: RunStatus
    created: float
    events: Sequence[LogEvent]


def cases(steps: Iterable[LoggedStep]) -> Iterator[LogCase]:
    """Yield the cases of steps that come run by run; one run is in memory at a time."""
    for _, group in groupby(steps, key=attrgetter("run")):
        rows = list(group)
        run = rows[0]
        own = (
            row for row in rows if row.name is not None and row.seq > row.copied_seq and row.kind not in OF_THE_ENGINE
        )
        events = sorted((event for row in own for event in _events(row)), key=_place)
        yield LogCase(run.run_id, run.workflow, run.version, run.run_status, run.created, events)


def _place(event: LogEvent) -> tuple[float, int, int]:
    return event.at, event.seq, ORDER[event.transition]


def _events(row: LoggedStep) -> Iterator[LogEvent]:
    """Yield what happened to a step; what its run copied, or nobody did, has no events."""
    for transition, at in _moments(row):
        if at is not None:
            yield LogEvent(
                at,
                activity_of(row.name or ""),
                transition,
                row.name or "",
                row.seq,
                row.kind,
                row.status,
                row.attempt,
                row.decided_by or row.owner,
                row.owner,
                row.money if transition == "complete" else None,
            )


def _moments(row: LoggedStep) -> Iterator[tuple[Transition, float | None]]:
    if row.kind == "human":
        yield "schedule", row.queued
        # nobody took what a policy answered: it takes no time
        yield "start", row.taken if row.taken is not None and _is_before(row.taken, row.ended) else row.ended
    else:
        yield "start", row.started if row.started is not None else row.queued
    yield "complete", row.ended


def _is_before(moment: float, end: float | None) -> bool:
    return end is None or moment <= end
