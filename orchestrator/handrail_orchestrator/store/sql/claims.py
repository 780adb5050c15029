"""Who executes which run: workers, their fence, claims and take-overs."""

import json
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from handrail_orchestrator.errors import Fenced
from handrail_orchestrator.store.claiming import Beat, Claim, HandBack, Register, Release, TakeOver
from handrail_orchestrator.store.port import Claimed
from handrail_orchestrator.store.rows import DUE, SUSPECT, ClaimedRun
from handrail_orchestrator.store.sql import outbox, pauses, sharing, systems
from handrail_orchestrator.store.sql.database import NUMBERS
from handrail_orchestrator.store.sql.review_query import next_timer_sql
from handrail_orchestrator.store.sql.transaction import Transaction

_RECORDED = "(SELECT count(*) FROM steps WHERE steps.run = runs.key AND steps.status IN ('done', 'failed'))"

LEVELS = """
WITH RECURSIVE level(workflow, priority) AS (
    SELECT id, (SELECT max(priority) FROM runs WHERE workflow = workflows.id AND wake IS NOT NULL) FROM workflows
    UNION ALL SELECT workflow, (
        SELECT max(runs.priority) FROM runs
        WHERE runs.workflow = level.workflow AND wake IS NOT NULL AND runs.priority < level.priority
    ) FROM level WHERE priority IS NOT NULL
)
"""
"""The priorities that there are of runs with a time to go on, by workflow: one look at the index for each."""
_LEVELS = f"{LEVELS} SELECT workflow, priority FROM level WHERE priority IS NOT NULL"  # noqa: S608 -- as below

CLAIM = f"""
UPDATE runs SET status = 'running', owner = ?, wake = NULL, started = coalesce(started, ?), claim = claim + 1,
    claimed_steps = {_RECORDED}
"""  # noqa: S608 -- no value is put into the text
CLAIMED = """
RETURNING key, id, input, signals, created, deadline, cancel, crashes, code, parent,
    signals > 0 OR EXISTS (SELECT 1 FROM steps WHERE steps.run = runs.key), copied_seq, died_among, trace, undoing,
    round, round_seq, claim
"""
# Looked at by the row that is written: on a server, another may have claimed it since it was chosen. By no index.
_CLAIM = f"""
{CLAIM} WHERE +owner IS NULL AND key IN (
    SELECT key FROM runs WHERE workflow = ? AND {{which}} AND wake <= ?
    AND key NOT IN (SELECT CAST(value AS INTEGER) FROM json_each(?)) ORDER BY wake, key LIMIT ?
)
{CLAIMED}
"""  # noqa: S608 -- as above
_CLAIM_FRESH = _CLAIM.format(which=f"priority = ? AND crashes < {SUSPECT}")
_CLAIM_SUSPECTS = _CLAIM.format(which=f"crashes >= {SUSPECT} AND crashes = ? AND died_among = ?")

_FIRST_SUSPECT = f"""
SELECT runs.crashes, died_among FROM runs JOIN workflows ON workflows.id = runs.workflow
JOIN json_each(?) AS mine ON name = json_extract(mine.value, '$[0]')
    AND version = CAST(json_extract(mine.value, '$[1]') AS INTEGER)
WHERE crashes >= {SUSPECT} AND wake <= ? ORDER BY crashes, wake, runs.key LIMIT 1
"""  # noqa: S608 -- as above

# What was in flight with others is one of as many; what was the only suspect is the only one it can have been.
_BLAME = f"""
UPDATE runs SET
    crashes = CASE WHEN {_RECORDED} > claimed_steps THEN 1 ELSE crashes + 1 END,
    died_among = CASE WHEN {_RECORDED} > claimed_steps THEN 0 WHEN crashes >= {SUSPECT} THEN ? ELSE ? END,
    died_alone = CASE WHEN {_RECORDED} > claimed_steps THEN 0 ELSE died_alone END + CASE WHEN ? = 1 THEN 1 ELSE 0 END
WHERE owner = ?
"""  # noqa: S608 -- as above

_GIVE_BACK = f"UPDATE runs SET owner = NULL, status = 'pending', wake = {DUE} WHERE owner = ?"  # noqa: S608 -- a constant


def claim(tx: Transaction, change: Claim) -> Claimed:
    """Own due runs, the most urgent first and of those the oldest, and say when the next is due.

    Of runs that were in flight in two crashes, half of those that were in flight together are claimed at once, those
    that crashed least first: so the one that kills its process is found in few more deaths, and the others go on. One
    that was the only suspect in a crash is executed with nothing beside it, since it alone would be to blame. Runs of
    a workflow that is paused are left alone.
    """
    paused = pauses.paused_workflows(tx)
    if paused:
        change = change._replace(versions=[each for each in change.versions if each[0] not in paused])
    failing, next_look = systems.look(tx, change.versions, change.now)
    first = _first_suspect(tx, change) if change.suspects else None
    alone = first is not None and first[1] <= 1
    claimed: list[ClaimedRun] = []
    if first is not None and not (alone and change.busy):
        claimed = _claim_suspects(tx, change, *first)
    given = [] if alone else lanes(tx, change.versions)
    for lane in given:
        room = change.most - len(claimed)
        if room > 0:
            but = json.dumps(change.but)
            rows = tx.execute(
                _CLAIM_FRESH, (tx.worker, change.now, lane.workflow, lane.priority, change.now, but, room)
            )
            claimed += [claimed_run(row, lane.name, lane.version) for row in sorted(rows.fetchall(), key=itemgetter(0))]
    waits = alone and change.busy
    open_to_all = change.suspects and first is None
    next_wake = _next_wake(tx, change, given, suspects=open_to_all)
    if next_look is not None:
        next_wake = next_look if next_wake is None else min(next_wake, next_look)
    next_timer = tx.execute(*next_timer_sql(change.now)).fetchone()[0]
    return Claimed(claimed, next_wake, waits, next_timer, paused, failing)


class RunLane(NamedTuple):
    """Runs of one version of a workflow that are equally urgent."""

    workflow: int
    priority: int
    name: str
    version: int


def lanes(tx: Transaction, versions: Sequence[tuple[str, int]]) -> list[RunLane]:
    """Return where there are runs with a time to go on, the most urgent first, and of those in the order given."""
    known = {tx.workflow_ids.get(*each): each for each in versions}
    places = {workflow: place for place, workflow in enumerate(known)}
    found = [row for row in tx.execute(_LEVELS).fetchall() if row[0] in known]
    found.sort(key=lambda row: (-row[1], places[row[0]]))
    return [RunLane(workflow, priority, *known[workflow]) for workflow, priority in found]


def _first_suspect(tx: Transaction, change: Claim) -> tuple[int, int] | None:
    row = tx.execute(_FIRST_SUSPECT, (json.dumps(list(change.versions)), change.now)).fetchone()
    return None if row is None else (int(row[0]), int(row[1]))


def _claim_suspects(tx: Transaction, change: Claim, crashes: int, among: int) -> list[ClaimedRun]:
    claimed: list[ClaimedRun] = []
    most = min(max(1, (among + 1) // 2), change.most)
    for name, version in change.versions:
        workflow = tx.workflow_ids.get(name, version)
        parameters = (tx.worker, change.now, workflow, crashes, among, change.now, "[]", most - len(claimed))
        rows = tx.execute(_CLAIM_SUSPECTS, parameters).fetchall()
        claimed += [claimed_run(row, name, version) for row in sorted(rows, key=itemgetter(0))]
    return claimed


def claimed_run(row: tuple[Any, ...], workflow: str, version: int) -> ClaimedRun:
    """Return a run as its owner has it, from what a claim returns."""
    key, run_id, value, signals, created, deadline, cancel, *more = row
    return ClaimedRun(key, run_id, workflow, version, value, signals, created, deadline, bool(cancel), *more)


def _next_wake(tx: Transaction, change: Claim, given: list[RunLane], *, suspects: bool) -> float | None:
    fresh = "" if suspects else f" AND crashes < {SUSPECT}"
    wakes = [
        tx.execute(
            f"SELECT wake FROM runs WHERE workflow = ? AND priority = ? AND wake IS NOT NULL{fresh}"  # noqa: S608 -- constants
            f" AND key NOT IN {NUMBERS} ORDER BY wake LIMIT 1",
            (lane.workflow, lane.priority, json.dumps(change.but)),
        ).fetchone()
        for lane in given
    ]
    return min((row[0] for row in wakes if row), default=None)


def register(tx: Transaction, change: Register) -> int:
    """Sign a worker on."""
    row = tx.execute(
        "INSERT INTO workers (pid, host, beat, bell, lock, started) VALUES (?, ?, 0, ?, ?, ?) RETURNING id",
        (change.pid, change.host, change.bell, change.lock, change.now),
    ).fetchone()
    return int(row[0])


def beat(tx: Transaction, _change: Beat) -> None:
    """Show that the worker lives."""
    tx.execute("UPDATE workers SET beat = beat + 1 WHERE id = ?", (tx.worker,))


def release(tx: Transaction, _change: Release) -> None:
    """Give back every run of the worker, without blaming them, and sign it off."""
    tx.execute(_GIVE_BACK, (tx.worker,))
    sharing.give_back(tx, tx.worker)
    tx.execute("DELETE FROM workers WHERE id = ?", (tx.worker,))


def hand_back(tx: Transaction, change: HandBack) -> None:
    """Make one run of this worker due again."""
    tx.execute(
        "UPDATE runs SET owner = NULL, status = 'pending', wake = ? WHERE key = ? AND owner = ?",
        (change.wake, change.key, tx.worker),
    )


def take_over(tx: Transaction, change: TakeOver) -> int | None:
    """Strike off a dead worker, make its runs due, and set aside those that were there too often."""
    if tx.worker is not None and not tx.execute("SELECT 1 FROM workers WHERE id = ?", (tx.worker,)).fetchone():
        raise Fenced(tx.path, "this worker's lease ended; it may not take over others' runs")
    struck = tx.execute("DELETE FROM workers WHERE id = ? AND beat = ?", (change.worker, change.beat))
    if struck.rowcount != 1:
        return None
    sharing.give_back(tx, change.worker, change.now)
    if change.blame:
        _blame(tx, change)
    return tx.execute(_GIVE_BACK, (change.worker,)).rowcount


def _blame(tx: Transaction, change: TakeOver) -> None:
    in_flight, suspects = tx.execute(
        f"SELECT count(*), coalesce(sum(CASE WHEN crashes >= {SUSPECT} THEN 1 ELSE 0 END), 0)"  # noqa: S608 -- a constant
        " FROM runs WHERE owner = ?",
        (change.worker,),
    ).fetchone()
    tx.execute(_BLAME, (suspects, in_flight, in_flight, change.worker))
    error = _poison(change.crash_limit)
    set_aside = tx.execute(
        "UPDATE runs SET owner = NULL, status = 'set_aside', ended = ?, error = ? WHERE owner = ? AND died_alone >= ?"
        " RETURNING key",
        (change.now, error, change.worker, change.crash_limit),
    ).fetchall()
    for (key,) in set_aside:
        outbox.run_failed(tx, key, error, change.now)


def _poison(crashes: int) -> str:
    message = f"its process died {crashes} times while executing nothing else, without any progress between"
    return json.dumps({"type": "SetAside", "message": message})
