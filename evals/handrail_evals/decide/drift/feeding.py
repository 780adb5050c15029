"""Telling a watch what a store remembers: every case that was routed, and every audit that was answered."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from handrail_evals.decide.corrections.record import Answers, Judgements, Recorded, opened, read_records
from handrail_evals.decide.drift.seen import Audited, Routed
from handrail_evals.decide.drift.watch import Watch
from handrail_evals.decide.drift.watch_file import WatchFile
from handrail_evals.errors import DataError
from handrail_evals.measure.fingerprint import input_key
from handrail_guards.acceptor import Acceptor
from handrail_guards.guarantee import ScoreName, score_of
from handrail_orchestrator.rollout.desk import HoldsRollouts, hold_at

if TYPE_CHECKING:
    from handrail_ai_steps.step import AIStep

SETTLED_SECONDS = 5.0
"""A judgement is told this long after it was made: others, made a moment earlier elsewhere, may be recorded later."""

APART_SECONDS = 60.0
"""How far the clocks of processes on one store may be apart: a watch was told too early of what is further ahead."""

AT_ONCE = 500
"""Cases told between two writes of the file."""

START = (0.0, "")
"""Before the first case."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, at a time in seconds since the epoch."""

    at: float
    what: Routed | Audited


def feed(
    watch: WatchFile,
    store: Judgements | str,
    *,
    step: "str | AIStep[Any]",
    score: ScoreName = "confidence",
    acceptor: Acceptor | None = None,
    now: float | None = None,
) -> Watch:
    """Tell a watch what happened in a store since it was last told, in the order in which it happened; return it.

    Call it every minute or so, from one process or several. It may be killed at any moment: the file remembers which
    case was told last, and is written with what followed from it. ``step`` is the AI step or its name; ``score`` is
    what its acceptance looks at; ``now`` is the time in seconds since the epoch, for tests.

    Where the watch raises the audits or stops, what is rolled out of the step bit by bit is held in the store, by
    ``policy:watch``, and people are told, before the file is written.

    Raises:
        UnreadableWatch: the watch's file is gone or damaged.
        StoreError: the store cannot be read, or a hold not be written.
        InvalidGuard: the score is an acceptor's and there is none.
        DataError: the clock was set back behind the latest case that the watch was told of.
    """
    current = time.time() if now is None else now
    _require_in_order(watch.now, current)
    with opened(store) as judgements:
        events = _events(watch.now, judgements, step, score, acceptor, current)
    name = step if isinstance(step, str) else step.name
    for start in range(0, len(events), AT_ONCE):
        watch.update(partial(_told, events=events[start : start + AT_ONCE], store=store, step=name))
    return watch.now


def _require_in_order(watch: Watch, now: float) -> None:
    """Check that what is judged now comes after what the watch was told of, or it would be told of none of it.

    Raises:
        DataError: the clock was set back, or was ahead before.
    """
    if watch.told is None or watch.told[0] <= now + APART_SECONDS:
        return
    latest, today = (datetime.fromtimestamp(each, UTC).isoformat(timespec="seconds") for each in (watch.told[0], now))
    raise DataError(
        f"the clock was set back: the watch was told of {watch.told[1]!r}, judged at {latest}, and now it is {today}."
        " Until then it would be told of no case and no audit: set the clock right, or arm the watch anew"
        " (`WatchFile(...).rearm(reference)`)"
    )


def _told(watch: Watch, *, events: Sequence[Event], store: Judgements | str, step: str) -> Watch:
    """Return the watch after some events; when it fires, what is rolled out of the step is held before anybody knows.

    So a process that dies in between has held it once too often, and never too seldom: the watch fires again.
    """
    after = _after(watch, events)
    fired = [each for each in after.changes if each.kind in {"raised", "stopped"} and each not in watch.changes]
    for change in fired:
        why, is_certain = f"its watch fired: {change}", change.kind == "stopped"
        if isinstance(store, str):
            hold_at(store, step, why=why, is_certain=is_certain)
        elif isinstance(store, HoldsRollouts):
            store.hold_fired(step, why=why, is_certain=is_certain)
    return after


def _events(
    known: Watch,
    store: Judgements,
    step: "str | AIStep[Any]",
    score: ScoreName,
    acceptor: Acceptor | None,
    now: float,
) -> list[Event]:
    """Return what a watch has not been told yet, in the order in which it happened."""
    name, answers = (step, Answers()) if isinstance(step, str) else (step.name, Answers(step.task.output))
    told = known.told or START
    waited_for = sorted(known.awaited | known.aside)
    events = [event for case in waited_for for event in _audit(store, name, case, answers, now)]
    for record in read_records(store, step=name, since=told[0]):
        if record is None or record.copied or (record.ended, record.case) <= told:
            continue
        if record.ended <= now - SETTLED_SECONDS:
            found = score_of(record.judgement, score, acceptor)
            # what is kept back by a rollout alone is watched as what is let through: its rule would accept it
            routed = Routed(found, record.would_accept, case=record.case, drawn=record.drawn)
            events += [Event(record.ended, routed), *(_answer(record, answers) if record.drawn else ())]
    return sorted(events, key=lambda event: (event.at, event.what.case, isinstance(event.what, Audited)))


def _audit(store: Judgements, step: str, case: str, answers: Answers, now: float) -> Iterator[Event]:
    """Yield what came of an audit that the watch waits for."""
    record = _find(store, step, case)
    if record is None:  # its run was pruned: nobody can say any more
        yield Event(now, Audited(case, None))
    else:
        yield from _answer(record, answers)


def _find(store: Judgements, step: str, case: str) -> Recorded | None:
    """Return the judgement that a case is called by; both of ``run id/step name`` may have slashes."""
    parts = case.split("/")
    for place in range(len(parts) - 1, 0, -1):
        for record in read_records(store, step=step, run_id="/".join(parts[:place])):
            if record is not None and record.case == case:
                return record
    return None


def _answer(record: Recorded, answers: Answers) -> Iterator[Event]:
    """Yield what came of the audit of a drawn case, nothing while it is open."""
    at = record.ended if record.decided_at is None else record.decided_at
    match record.open_because:
        case "undecided":
            return
        case "cancelled" | "by_policy":
            yield Event(at, Audited(record.case, None))
        case None:
            read = record.input if record.text is None else record.text
            right = answers.agree(record.value, record.decision)
            yield Event(at, Audited(record.case, right, cluster=input_key(read)))


def _after(watch: Watch, events: Sequence[Event]) -> Watch:
    """Return the watch after some events; what it knows already changes nothing."""
    for event in events:
        at = datetime.fromtimestamp(event.at, UTC)
        match event.what:
            case Routed() as routed if (event.at, routed.case) > (watch.told or START):
                watch = replace(watch.routed(routed, at=at), told=(event.at, routed.case))
            case Audited() as audit if audit.case in watch.awaited | watch.aside:
                watch = watch.audited(audit, at=at)
            case _:
                pass
    return watch
