"""What a transaction locks before it changes anything.

SQLite has one writer at a time. Here, what engines do all the time goes on side by side: these changes share the lock
of the store and lock the rows of the runs that they are about, in the order of their keys. Every other change has the
store for itself, as it would have the file, so that what it reads is what it writes on.
"""

from collections.abc import Sequence
from typing import NamedTuple

from handrail_orchestrator.store import changes as c
from handrail_orchestrator.store.claiming import Beat, Claim, ClaimRings, ClaimRun, HandBack
from handrail_orchestrator.store.recorded import RecordResult
from handrail_orchestrator.store.starts import StartRun
from handrail_orchestrator.store.traces import KeepTrace

STORE, AUDIT, CLAIMS = 1, 2, 3
"""Locks of a store by number: of all of it, of the end of its audit log, of what is due."""

SHARING: frozenset[type] = frozenset(
    {
        c.RecordStep, RecordResult, c.NoteStarted, c.OpenWait, c.ReopenWait, c.Suspend, c.EndRun, HandBack, Claim, Beat,
        c.Send, c.MoveReview, c.ReadAnswer, StartRun, c.StartMany, KeepTrace, ClaimRun, ClaimRings,
    }
)  # fmt: skip
"""Changes that go on beside each other; they are about runs, whose rows are locked."""


class Locks(NamedTuple):
    """What some changes lock."""

    is_shared: bool
    """Whether others of their kind may go on beside them."""
    numbers: tuple[int, ...] = ()
    """Of the store's locks beside the first, those that they have for themselves; in order."""
    keys: tuple[int, ...] = ()
    """The runs that they are about."""
    ids: tuple[str, ...] = ()
    """More of them, by their ids."""
    items: tuple[int, ...] = ()
    """The review items whose runs they are about."""


def locks_of(changes: Sequence[c.Change]) -> Locks:
    """Return what changes lock that are written in one transaction."""
    changes = [c.plain(each) for each in changes]
    if not all(_shares(each) for each in changes):
        return Locks(is_shared=False)
    keys = {key for each in changes if (key := c.run_of(each)) is not None}
    numbers: set[int] = set()
    ids: set[str] = set()
    items: set[int] = set()
    for change in map(c.plain, changes):
        match change:
            case c.OpenWait(review=None, child=None) | c.RecordStep(audit=None):
                pass
            case c.OpenWait(child=StartRun() as child):  # its end must not be missed
                ids.add(child.id)
                numbers.add(AUDIT)
            case c.OpenWait() | c.RecordStep():
                numbers.add(AUDIT)
            case c.MoveReview():
                numbers.add(AUDIT)
                items.add(change.id)
            case c.Send() | ClaimRun():
                ids.add(change.run_id)
            case Claim() | ClaimRings():
                numbers.add(CLAIMS)
            case _:
                pass
    return Locks(True, tuple(sorted(numbers)), tuple(sorted(keys)), tuple(sorted(ids)), tuple(sorted(items)))


def _shares(change: c.Change) -> bool:
    change = c.plain(change)
    if isinstance(change, c.EndRun):  # one that leaves something open ends runs and questions of others
        return change.status == "completed" and not change.has_dependants
    return type(change) in SHARING
