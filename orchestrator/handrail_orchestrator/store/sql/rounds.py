"""Runs that go on with another input: what they remember of the round before is put behind its number."""

from typing import TYPE_CHECKING

from handrail_orchestrator.store.rows import DUE
from handrail_orchestrator.store.sql import files, keyed, undoing
from handrail_orchestrator.store.sql.transaction import Transaction

if TYPE_CHECKING:
    from handrail_orchestrator.store.running import GoOn

OF_THIS_ROUND = r"(name < '[' OR name >= '\')"
"""Of a step: what an earlier round did has a name that begins with its number, as in ``[1]/route``."""
_TAKEN = """
UPDATE events SET name = ? || name WHERE run = ? AND EXISTS (
    SELECT 1 FROM steps WHERE steps.run = events.run AND kind = 'event' AND status = 'done'
    AND substr(steps.name, 1, ?) = ?
    AND coalesce(json_extract(input, '$.event'), json_extract(input, '$[0]')) = events.name
    AND CAST(coalesce(json_extract(input, '$.number'), json_extract(input, '$[1]')) AS INTEGER) = events.number
)
"""


def go_on(tx: Transaction, change: "GoOn") -> None:
    """Begin another round of a run: events that no wait has taken, tags and child runs stay with it."""
    undoing.must_be_mine(tx, change.key)
    (number,) = tx.execute("SELECT round FROM runs WHERE key = ?", (change.key,)).fetchone()
    before = f"[{number}]/"
    keyed.give_back(tx, change.key)
    tx.execute(
        "UPDATE steps SET name = ? || name, status = CASE status WHEN 'registered' THEN 'withdrawn' ELSE status END"  # noqa: S608 -- a constant
        f" WHERE run = ? AND {OF_THIS_ROUND}",
        (before, change.key),
    )
    tx.execute("UPDATE reviews SET step = ? || step WHERE run = ? AND substr(step, 1, 1) != '['", (before, change.key))
    tx.execute(_TAKEN, (before, change.key, len(before), before))
    tx.execute("DELETE FROM branches WHERE run = ?", (change.key,))
    tx.execute(
        "UPDATE runs SET status = 'pending', owner = NULL, wake = ?, signals = signals + 1, crashes = 0,"
        " died_alone = 0, first_input = coalesce(first_input, input), input = ?, workflow = ?, code = ?, deadline = ?,"
        " round = round + 1, round_began = ?, round_seq = (SELECT coalesce(max(seq), 0) FROM steps WHERE run = ?)"
        " WHERE key = ?",
        (
            DUE, change.input, tx.workflow_ids.get(change.workflow, change.version), change.code, change.deadline,
            change.now, change.key, change.key,
        ),
    )  # fmt: skip
    files.hold(tx, change.key, change.input)
