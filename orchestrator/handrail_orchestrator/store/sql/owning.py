"""Claiming one run by its id, and the fence around each: only the execution that has its claim may write of it."""

import json
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from handrail_orchestrator.errors import Fenced
from handrail_orchestrator.store.claiming import ClaimRun, NotClaimed, NotClaimedReason
from handrail_orchestrator.store.rows import SUSPECT, ClaimedRun, RunStatus
from handrail_orchestrator.store.sql import claims, pauses
from handrail_orchestrator.store.sql.database import NUMBERS
from handrail_orchestrator.store.sql.transaction import Transaction

_FIND = """
SELECT runs.key, status, wake, owner, ended, crashes, workflows.name, workflows.version FROM runs
JOIN workflows ON workflows.id = runs.workflow WHERE runs.id = ?
"""
_OWNS = "SELECT 1 FROM runs WHERE key = ? AND owner = ? AND claim = ?"
_OWNED = f"SELECT key, claim FROM runs WHERE owner = ? AND key IN {NUMBERS}"  # noqa: S608 -- a constant
_CLAIM = claims.CLAIM + " WHERE key = ? " + claims.CLAIMED


def claim(tx: Transaction, change: ClaimRun) -> ClaimedRun | NotClaimed:
    """Own one run that is due, or, if so asked, one that another execution owns."""
    found = tx.execute(_FIND, (change.run_id,)).fetchone()
    if found is None:
        return NotClaimed("unknown", None, None)
    run = _Found._make(found)
    key, workflow, version, crashes = run.key, run.workflow, run.version, run.crashes
    tx.execute("DELETE FROM rung WHERE run = ?", (key,))
    if (reason := _why_not(tx, change, run)) is not None:
        return NotClaimed(reason, run.status, run.wake)
    row = tx.execute(_CLAIM, (tx.worker, change.now, key)).fetchone()
    claimed = claims.claimed_run(row, workflow, version)
    return claimed._replace(died_among=1) if crashes >= SUSPECT else claimed


class _Found(NamedTuple):
    """A run that somebody wants to claim."""

    key: int
    status: RunStatus
    wake: float | None
    owner: int | None
    ended: float | None
    crashes: int
    workflow: str
    version: int


def _why_not(tx: Transaction, change: ClaimRun, run: _Found) -> NotClaimedReason | None:
    """Return why a run cannot be claimed, if it cannot."""
    if run.ended is not None:
        return "ended"
    if run.owner is not None and not change.anew:
        return "owned"
    if run.owner is None and (run.wake is None or run.wake > change.now):
        return "not_due"
    if run.workflow in pauses.paused_workflows(tx):
        return "paused"
    return "alone" if run.crashes >= SUSPECT and change.busy else None


def owned_by(tx: Transaction, runs: AbstractSet[int]) -> dict[int, int]:
    """Return the claims by which the writing worker has runs, with some of these; whoever changes them says so there.

    What the last transaction knew is known still, where nobody else has written since. Of one run alone that is not
    known it is not worth a look.
    """
    if not runs:
        return tx.owned
    if not tx.is_alone() or tx.owner != tx.worker:
        tx.owned.clear()
        tx.owner = tx.worker
    unknown = runs - tx.owned.keys()
    if len(unknown) > 1:
        tx.owned.update(tx.execute(_OWNED, (tx.worker, json.dumps(list(unknown)))).fetchall())
    return tx.owned


def must_be_owned(tx: Transaction, run: int, claim_number: int) -> None:
    """Refuse what an execution writes that has lost its run.

    Raises:
        Fenced: the run was claimed anew since, by whomever, or given back.
    """
    if not tx.execute(_OWNS, (run, tx.worker, claim_number)).fetchone():
        raise Fenced(tx.path, f"run {run} was given to another execution")
