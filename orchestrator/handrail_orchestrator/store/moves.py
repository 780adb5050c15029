"""The last step of a move between stores: old and new are held, all is copied, and both are marked.

The old store's mark is committed before what the new one got. After a crash at any moment either the old store is as it
was and the new one empty, or the old one refuses and the new one is empty, which a second run mends, or all is done:
never can both be written.
"""

import secrets
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, NamedTuple

from handrail_orchestrator.errors import StoreError, StoreInUse, StoreNotFound
from handrail_orchestrator.store.claiming import TakeOver
from handrail_orchestrator.store.control import Resume
from handrail_orchestrator.store.copy_side import CopySide
from handrail_orchestrator.store.copying import TableContents, copy_all, side_of, without_password
from handrail_orchestrator.store.sql.applying import apply_all
from handrail_orchestrator.store.sql.moved import Move, forget_to, note_from, note_to, where_from, where_to
from handrail_orchestrator.store.sql.transaction import Transaction

if TYPE_CHECKING:
    from handrail_orchestrator.store.changes import Change

RESTING = "(handrail migrate)"
"""How the reason ends why a workflow rests until a move is over."""
_KEPT_IN = "settings"
"""The table of the marks; a store of a much older format, or an empty file, has none."""
_NO_BLAME = 1_000_000
_IN_HAND = "SELECT owner, count(*) FROM runs WHERE owner IS NOT NULL GROUP BY owner"


class Workers(NamedTuple):
    """What is known of the workers that are signed on to the old store."""

    dead: Collection[int]
    """Those that execute nothing any more."""
    may_stay: bool
    """Whether the others may be signed on, as long as they have no run in hand."""


def begun(address: str, now: float) -> Move:
    """Return a new move to an address."""
    return Move(secrets.token_hex(16), address, now)


def left(url: str) -> Move | None:
    """Return the move by which a store was left; None: it was not.

    Raises:
        StoreError: it cannot be read; see its subclasses.
    """
    with side_of(url, "read") as side:
        return where_to(side.connection) if _KEPT_IN in side.tables() else None


def arrived(url: str, move: Move) -> bool:
    """Return whether a move into a store was ended.

    Raises:
        StoreError: the store cannot be reached.
    """
    try:
        with side_of(url, "read") as side:
            found = where_from(side.connection) if _KEPT_IN in side.tables() else None
    except StoreNotFound:
        return False
    return found is not None and found.id == move.id


def in_hand(url: str, workers: Workers) -> int:
    """Return how many runs are in hand of workers that live."""
    with side_of(url, "read") as side:
        return _in_hand(side, workers)


def move_all(
    source: str, target: str, move: Move, workers: Workers, *, now: float, say: Callable[[str], None]
) -> dict[str, TableContents]:
    """Copy all of a store, mark both, and return what each table holds; when it fails the old store is as it was.

    Raises:
        StoreInUse: a worker has runs in hand, or has signed on meanwhile.
        StoreError: a store cannot be read or written, or the new one is not empty.
    """
    lost: StoreError | None = None
    with side_of(source, "hold") as old, side_of(target, "fill") as new:
        old.allow_changes()
        forget_to(old.connection)  # of a move that broke off between the two commits
        _settle(old, workers, now)
        copied = copy_all(old, new, say)
        note_from(new.connection, move._replace(address=without_password(source)))
        note_to(old.connection, move)
        old.refuse_changes(move.refusal)
        old.commit()
        try:
            new.commit()
        except StoreError as error:
            lost = error
    if lost is not None and not _arrived_after_all(source, target, move, lost):
        raise lost
    return copied


def _arrived_after_all(source: str, target: str, move: Move, lost: StoreError) -> bool:
    """Ask the new store about a commit whose answer was lost; if it did not happen, the old one takes its mark back."""
    try:
        done = arrived(target, move)
    except StoreError as error:
        problem = (
            f"whether all of it arrived is not known ({lost.problem}), and it does not answer ({error.problem}): run"
            " the same command again when it does; until then nothing is recorded in either"
        )
        raise StoreError(lost.path, problem) from lost
    if not done:
        with side_of(source, "hold") as old:
            old.allow_changes()
            forget_to(old.connection)
            old.commit()
    return done


def _settle(old: CopySide, workers: Workers, now: float) -> None:
    """Take all runs out of the workers' hands, and let rest what rested for the move only."""
    tx = Transaction(old.connection, old.path)
    signed_on = old.connection.execute("SELECT id, beat FROM workers ORDER BY id").fetchall()
    if not workers.may_stay and any(worker not in workers.dead for worker, _ in signed_on):
        raise StoreInUse(old.path, "a worker signed on meanwhile: end it, or give --drain")
    if busy := _in_hand(old, workers):
        raise StoreInUse(old.path, f"{busy:,} runs are in hand of workers: end those workers")
    resting = old.connection.execute("SELECT kind, name, why FROM pauses").fetchall()
    changes: list[Change] = [TakeOver(worker, beat, now, _NO_BLAME, blame=False) for worker, beat in signed_on]
    changes += [Resume(kind, name, None, now) for kind, name, why in resting if (why or "").endswith(RESTING)]
    for reply in apply_all(tx, changes, None):
        if isinstance(reply, Exception):
            raise reply


def _in_hand(side: CopySide, workers: Workers) -> int:
    return sum(count for owner, count in side.connection.execute(_IN_HAND).fetchall() if owner not in workers.dead)
