"""What each sealed value is: known where it is written and where it is read, so that none is taken for another."""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from handrail_orchestrator.asked import keyed_name
from handrail_orchestrator.sealing.sealer import Place
from handrail_orchestrator.store.rows import AUDIT
from handrail_orchestrator.store.sealing import KnownIds

Places: TypeAlias = Callable[[Any, KnownIds], Sequence[Place]]
"""What a field of a row may hold, given the row; the first is what it is sealed as, if it is written from there."""

UNNAMED = ""
"""The name of what has none, which the store refuses."""
_ROUND = re.compile(r"^\[\d+\]/")
_ENDED = re.compile(r"!\d+$")
_JUDGED = re.compile(rf"/(review|{AUDIT})$")


def stem(name: str) -> str:
    """Return the name that a step, event or item had first: later rounds and retries put something around it."""
    return _ENDED.sub("", _ROUND.sub("", name)) if name else UNNAMED


def judged(name: str) -> str:
    """Return the step whose judgement an item is about."""
    return _JUDGED.sub("", stem(name))


def of_run(column: str, run: str = "run_id") -> Places:
    """Return what a column of a run is, of whatever has the run's id."""
    return lambda row, _ids: (("run", getattr(row, run), column),)


def of_key(column: str, key: str = "key") -> Places:
    """Return the same of whatever has the run's key."""
    return lambda row, ids: (("run", ids.run(getattr(row, key)), column),)


def of_step(column: str) -> Places:
    """Return what a column of a step is, of whatever has the step's record; what its child or its answer left there."""

    def places(row: Any, ids: KnownIds) -> Sequence[Place]:
        run, name = ids.run(row.run), stem(row.name)
        own: Place = ("step", run, name, column)
        if row.kind == "child" and column in {"output", "error"}:
            return own, ("run", row.owner, column)
        if column == "error":  # of a wait that nobody answered
            return own, ("step", run, name, "note")
        return (own,)

    return places


def of_asked(column: str) -> Places:
    """Return what a column of a question is, of the question as a run puts it."""
    return lambda item, ids: (("step", ids.run(item.run), stem(item.step), column),)


def of_item(column: str, number: str = "id") -> Places:
    """Return the same of whatever has the number of the item."""

    def places(row: Any, ids: KnownIds) -> Sequence[Place]:
        run, step = ids.step_of(getattr(row, number))
        return (("step", run, stem(step), column),)

    return places


def of_named(column: str, step: Callable[[Any], str], run: Callable[[Any], str | None]) -> Places:
    """Return what a column of a step is, of whatever says which run and step it is about."""
    return lambda row, _ids: (("step", run(row), stem(step(row)), column),)


def of_row(column: str) -> Places:
    """Return the same of whatever has ``run_id`` and ``step``."""
    return of_named(column, lambda row: str(row.step), lambda row: row.run_id)


def of_decision(column: str) -> Places:
    """Return what a column of an exported decision may be; of a child run its end."""
    own = of_row(column)
    return lambda row, ids: (*own(row, ids), *([("run", None, column)] if row.kind == "child" else []))


def of_challenge(column: str) -> Places:
    """Return what a column of a challenger's answer is."""
    return lambda row, ids: (("step", ids.run(row.run), stem(row.step), column),)


def of_read_answer(change: Any, ids: KnownIds) -> Sequence[Place]:
    """Return what the verdicts on an answer are that a run has read."""
    return (("step", ids.run(change.run), stem(change.name), "verdicts"),)


def of_asked_about(row: Any, _ids: KnownIds) -> Sequence[Place]:
    """Return what people may have answered about a judgement."""
    return tuple(("step", row.run_id, f"{stem(row.step)}/{asked}", "output") for asked in ("review", AUDIT))


def of_event(row: Any, ids: KnownIds) -> Sequence[Place]:
    """Return what the payload of an event is: sent to the run, or by a key."""
    name = stem(row.name)
    return ("event", ids.run(row.run), name), ("keyed", name)


def sent(change: Any, _ids: KnownIds) -> Sequence[Place]:
    """Return what the payload of an event is that is sent to a run."""
    return (("event", change.run_id, change.name),)


def sent_to(change: Any, _ids: KnownIds) -> Sequence[Place]:
    """Return what the payload of an event is that is sent by its key."""
    return (("keyed", keyed_name(change.name, change.key)),)


def of_outcome(change: Any, _ids: KnownIds) -> Sequence[Place]:
    """Return what an outcome is, of whatever has the run's id."""
    return (("outcome", change.run_id, change.name),)


def of_outcome_row(row: Any, ids: KnownIds) -> Sequence[Place]:
    """Return the same of whatever has the run's key."""
    return (("outcome", ids.run(row.run), row.name),)


def of_notice(column: str) -> Places:
    """Return what is told, of a notice; the title of an item may stand there."""

    def places(notice: Any, _ids: KnownIds) -> Sequence[Place]:
        own: Place = ("notice", notice.key, column)
        return (own, ("step", getattr(notice, "run_id", None), None, "title")) if column == "title" else (own,)

    return places


def fixed(*places: Place) -> Places:
    """Return what a field may hold that does not say whose it is."""
    return lambda _row, _ids: places


def of_field(kind: str, field: str, column: str) -> Places:
    """Return what is called by another field of its row."""
    return lambda row, _ids: ((kind, getattr(row, field), column),)


ANY_ERROR: Places = fixed(("step", None, None, "error"), ("run", None, "error"), ("step", None, None, "note"))
"""What ended a step, where nobody says which child run did."""
IN_LOG: Places = fixed(("step", None, None, "output"), ("step", None, None, "note"), ("log", "why"))
"""The chain of the audit log says where its rows belong."""
