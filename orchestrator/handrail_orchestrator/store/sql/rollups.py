"""Rolling up what ended runs came to, by the hour and the day of their start; exact whatever happens to them later.

All runs up to a key are rolled up but those that are listed as not: the open ones, and those that changed after their
end. Whoever changes what belongs to an ended run takes it out first, with ``unfold`` in the same transaction.
"""

import json
from collections.abc import Iterable, Mapping, Sequence

from handrail_orchestrator.store.figures import DAY_HOURS, TALLY_VERSION, RolledUp, RollUp, Tally, TallyPlace, counted
from handrail_orchestrator.store.sql import sealing
from handrail_orchestrator.store.sql.database import NUMBERS
from handrail_orchestrator.store.sql.figures import parts_of, runs_of
from handrail_orchestrator.store.sql.transaction import Transaction

YOUNG_SECONDS = 120.0
"""An open run that is younger may end any moment: rolling up waits for it rather than to list it."""

_ADD = """
INSERT INTO figures (span, place, workflow, measure, label, bucket, times, total) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (span, place, workflow, measure, label, bucket)
DO UPDATE SET times = figures.times + excluded.times, total = figures.total + excluded.total
"""
_EMPTY = """
DELETE FROM figures
WHERE span = ? AND place = ? AND workflow = ? AND measure = ? AND label = ? AND bucket = ? AND times = 0
"""


def roll_up(tx: Transaction, change: RollUp) -> RolledUp:
    """Roll up some more ended runs: first those that were listed, then those after the last key."""
    upto, looked = began = _begin(tx)
    listed = tx.execute(
        "SELECT run, runs.ended FROM not_rolled_up LEFT JOIN runs ON runs.key = run WHERE run > ? ORDER BY run LIMIT ?",
        (looked, change.most),
    ).fetchall()
    keys = [key for key, ended in listed if ended is not None]
    looked = listed[-1][0] if len(listed) == change.most else 0
    following = tx.execute(
        "SELECT key, ended, created FROM runs WHERE key > ? ORDER BY key LIMIT ?", (upto, change.most)
    ).fetchall()
    left: list[int] = []
    for key, ended, created in following:
        if ended is None:
            if change.now - created < YOUNG_SECONDS:
                break
            left.append(key)
        else:
            keys.append(key)
        upto = key
    if keys:
        _put(tx, _tallied(tx, keys), 1)
        tx.execute(
            f"DELETE FROM not_rolled_up WHERE run IN {NUMBERS}",  # noqa: S608 -- a constant
            (json.dumps(keys),),
        )
    tx.executemany("INSERT INTO not_rolled_up (run) VALUES (?) ON CONFLICT DO NOTHING", [(key,) for key in left])
    if (upto, looked) != began:
        tx.execute("UPDATE rolled_up SET upto = ?, looked = ?", (upto, looked))
    return RolledUp(runs=len(keys), more=looked != 0 or (len(following) == change.most and following[-1][0] == upto))


def unfold(tx: Transaction, keys: Iterable[int], *, forever: bool = False) -> None:
    """Take runs out of what was rolled up, before something of theirs changes; ``forever``: they are deleted next.

    What is not rolled up, or has not ended, is left as it is.
    """
    state = tx.execute("SELECT version, upto FROM rolled_up").fetchone()
    if state is None or state[0] != TALLY_VERSION:  # what another version counted is counted again as a whole
        return
    chosen = json.dumps(list(keys))
    found = tx.execute(
        f"SELECT key FROM runs WHERE key IN {NUMBERS} AND key <= ? AND ended IS NOT NULL"  # noqa: S608 -- a constant
        " AND NOT EXISTS (SELECT 1 FROM not_rolled_up WHERE run = key)",
        (chosen, state[1]),
    ).fetchall()
    folded = [key for (key,) in found]
    if folded:
        _put(tx, _tallied(tx, folded), -1)
        tx.executemany("INSERT INTO not_rolled_up (run) VALUES (?) ON CONFLICT DO NOTHING", [(key,) for key in folded])
    if forever:
        tx.execute(f"DELETE FROM not_rolled_up WHERE run IN {NUMBERS}", (chosen,))  # noqa: S608 -- a constant


def unfold_item(tx: Transaction, item: int) -> None:
    """Take the run of a review item out, if it has ended: a question that outlived it is about to change."""
    found = tx.execute(
        "SELECT key FROM reviews JOIN runs ON runs.key = reviews.run WHERE reviews.id = ? AND runs.ended IS NOT NULL",
        (item,),
    ).fetchone()
    if found is not None:
        unfold(tx, found)


def _begin(tx: Transaction) -> tuple[int, int]:
    """Return how far rolling up has come; what another version counted is forgotten first."""
    state = tx.execute("SELECT version, upto, looked FROM rolled_up").fetchone()
    if state is not None and state[0] == TALLY_VERSION:
        return int(state[1]), int(state[2])
    tx.execute("DELETE FROM figures")
    tx.execute("DELETE FROM not_rolled_up")
    tx.execute(
        'INSERT INTO rolled_up ("only", version, upto, looked) VALUES (1, ?, 0, 0)'
        ' ON CONFLICT ("only") DO UPDATE SET version = excluded.version, upto = 0, looked = 0',
        (TALLY_VERSION,),
    )
    return 0, 0


def _tallied(tx: Transaction, keys: Sequence[int]) -> Mapping[TallyPlace, Tally]:
    runs = runs_of(tx.execute, keys)
    return counted(
        runs, sealing.opened(tx, parts_of(tx.execute, [run.key for run in runs]))
    )  # known cases are not among them


def _put(tx: Transaction, tallies: Mapping[TallyPlace, Tally], sign: int) -> None:
    days: dict[TallyPlace, dict[tuple[str, str, int], tuple[int, int]]] = {}
    for place, counts in tallies.items():
        day = days.setdefault(place._replace(hour=place.hour // DAY_HOURS), {})
        for key, (times, total) in counts.items():
            old = day.get(key, (0, 0))
            day[key] = old[0] + times, old[1] + total
    for span, places in ((1, tallies), (DAY_HOURS, days)):
        for place, counts in places.items():
            workflow = tx.workflow_ids.get(place.workflow, place.version)
            at = (span, place.hour, workflow)
            tx.executemany(_ADD, [(*at, *key, sign * times, sign * total) for key, (times, total) in counts.items()])
            if sign < 0:
                tx.executemany(_EMPTY, [(*at, *key) for key in counts])
