"""Changes of several runs that are sent to the database before its first answer: each is about a run of its own."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from handrail_orchestrator.errors import Fenced, OrchestratorError
from handrail_orchestrator.store import changes as c
from handrail_orchestrator.store.changes import ClaimedChange
from handrail_orchestrator.store.recorded import RecordResult
from handrail_orchestrator.store.sql import lifecycle, starting, steps
from handrail_orchestrator.store.sql.transaction import Transaction
from handrail_orchestrator.store.starts import FIRST_CLAIM, Started, StartRun

Of = tuple[int | None, int | None]
"""A run and the claim by which an execution has it."""
Early = dict[int, object]
"""Replies to changes by their places, of those that were made with an earlier one."""

TOGETHER: frozenset[type] = frozenset({c.RecordStep, RecordResult, c.EndRun, StartRun})
"""Kinds of changes of which many may be made at once."""

Result = c.RecordStep | RecordResult
T = TypeVar("T", bound=Result | c.EndRun)
_RESULTS: tuple[type[Result], ...] = (RecordResult, c.RecordStep)
_ENDS = (c.EndRun,)

Given = tuple[int | None, int, c.Change]
"""The claim under which a change is made, the run that has it, and the change itself; the run counts with a claim."""


def claimed(change: c.Change) -> Given:
    """Return a change with the claim under which it is made."""
    if isinstance(change, RecordResult):  # the most frequent first
        return change.claim, change.run, change
    if isinstance(change, c.RecordStep):
        return change.claim, change.row.run, change
    if isinstance(change, ClaimedChange):
        return change.claim, c.run_of(change.change) or 0, change.change
    return None, 0, change


def made_together(
    tx: Transaction,
    given: Sequence[Given],
    at: int,
    early: Early,
    owned: dict[int, int],
    refused: dict[Of, OrchestratorError],
) -> bool:
    """Make a change with others of its kind behind it, and put their replies into ``early``; False: there are none.

    Only ends and results stand between them, each of other runs: neither looks at what the other writes.
    """
    first = given[at][2]
    if isinstance(first, StartRun):
        return _started_together(tx, given, at, early, owned)
    if isinstance(first, c.EndRun):
        ends = _alike(_ENDS, given, at, early, owned, refused)
        if len(ends) < 2:
            return False
        _note(early, ends, lifecycle.end_each(tx, [*ends.values()]), owned, refused)
        for change in ends.values():
            owned.pop(change.key, None)
        return True
    results = _alike(_RESULTS, given, at, early, owned, refused)
    if len(results) < 2:
        return False
    _note(early, results, steps.record_each(tx, [*results.values()]), owned, refused)
    return True


def _note(
    early: Early,
    made: Mapping[int, Result | c.EndRun],
    replies: Sequence[Fenced | None],
    owned: Mapping[int, int],
    refused: dict[Of, OrchestratorError],
) -> None:
    early.update(zip(made, replies, strict=True))
    if not any(replies):
        return
    for change, reply in zip(made.values(), replies, strict=True):
        if reply is not None:
            run = c.run_of(change) or 0
            refused[run, owned[run]] = reply


def _started_together(tx: Transaction, given: Sequence[Given], at: int, early: Early, owned: dict[int, int]) -> bool:
    found: list[StartRun] = []
    for _, _, change in given[at:]:
        if not isinstance(change, StartRun) or not starting.starts_here(tx, change):
            break
        found.append(change)
    if len(found) < 2:
        return False
    for place, started in enumerate(starting.start_each(tx, found), start=at):
        early[place] = started
        if isinstance(started, Started) and started.new:
            owned[started.key] = FIRST_CLAIM
    return True


def _alike(
    kinds: tuple[type[T], ...],
    given: Sequence[Given],
    at: int,
    early: Early,
    owned: Mapping[int, int],
    refused: Mapping[Of, OrchestratorError],
) -> dict[int, T]:
    """Return the changes of some kinds from a place on that may be made at once, one for each run, by their places."""
    found: dict[int, T] = {}
    seen: set[int] = set()
    for place, (claim, run, change) in enumerate(given[at:], at):
        if place in early:
            continue
        if claim is None or not (isinstance(change, RecordResult) or _is_plain(change)):
            break
        if run in seen:
            continue
        seen.add(run)
        if isinstance(change, kinds) and owned.get(run) == claim and (not refused or (run, claim) not in refused):
            found[place] = change
    return found


def _is_plain(change: c.Change) -> bool:
    """Return whether a change is a result with nothing beside it, or an end that leaves nothing open."""
    if isinstance(change, c.RecordStep):
        return change.audit is None and not change.cases
    return isinstance(change, c.EndRun) and lifecycle.is_plain_end(change)
