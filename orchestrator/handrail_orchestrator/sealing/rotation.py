"""Another key takes over, while workers go on: values are sealed anew, a few in each transaction, by nobody twice."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from handrail_orchestrator.sealing.anew import keys_of, resealed
from handrail_orchestrator.sealing.cipher import Cipher
from handrail_orchestrator.sealing.sealer import Sealer
from handrail_orchestrator.sealing.state import leaving, new_state, sealer_of, with_key, without
from handrail_orchestrator.store.port import Store
from handrail_orchestrator.store.resealing import RawRow, Reseal
from handrail_orchestrator.store.sealing import PutSealing, SealState

ROWS_AT_ONCE = 200
"""Rows that are read and written in one go, so that others can write in between."""
PARTS_AT_ONCE = 4
"""The same for parts of files, of a megabyte each."""
PASSES = 5
"""How often all is looked through, while workers whose first key is another one go on sealing by it."""


class Rotated(NamedTuple):
    """What a rotation came to."""

    values: int
    """How many values were sealed anew."""
    dropped: Sequence[str]
    """The keys by which nothing is sealed any more: they can be taken away."""
    was_plain: bool
    """Whether it held plain values before."""
    is_finished: bool
    """Whether nothing is left: nobody went on sealing by another key meanwhile."""


def held(store: Store) -> Counter[str]:
    """Return how many values each key holds, by its name; plain ones under ``NOT_SEALED``."""
    counts: Counter[str] = Counter()
    for row in _rows(store):
        for column, value in row.values.items():
            counts.update(keys_of(row, column, value))
    return counts


def rotate(
    store: Store, cipher: Cipher, now: Callable[[], float], say: Callable[[int], None] = lambda _: None
) -> Rotated:
    """Seal by the first key all that is plain, or sealed by another one; ended anywhere, it goes on when called again.

    Keys by which nothing is sealed any more are struck off the store's list, unless somebody seals by one meanwhile.

    Raises:
        SealingKeyUnfit: a key is missing, or is another one than it was.
        SealBroken: a value cannot be opened.
        StoreLocked: all is sealed, and the file cannot be rewritten without what it said before, as others write.
    """
    state = _listed(store, cipher, leave=False)
    was_plain = state.was_plain
    sealer, _ = sealer_of(state, cipher, store.path)
    total = 0
    for _ in range(PASSES):
        state = _listed(store, cipher, leave=True)
        done = _pass(store, sealer, now, lambda more, base=total: say(base + more))  # type: ignore[misc]
        total += done
        if done:
            continue
        if state.was_plain:
            store.vacuum()  # what was plain is left in free pages until then
        found = without(state)
        (told,) = store.apply([PutSealing(state.text(), found.text())])
        if told == found.text():  # nobody has sealed by one that leaves since the pass began
            return Rotated(total, tuple(sorted(state.leaving)), was_plain, is_finished=True)
    return Rotated(total, (), was_plain, is_finished=False)


def _listed(store: Store, cipher: Cipher, *, leave: bool) -> SealState:
    """Have the store know the first key, and, if so, that the others leave."""
    while True:
        before = store.sealing()
        state = SealState.read(before)
        if state is None:
            wanted = new_state(cipher)._replace(was_plain=True)
        else:
            _, digests = sealer_of(state, cipher, store.path)
            wanted = state if cipher.key in state.keys else with_key(state, cipher, digests)
        if leave:
            wanted = leaving(wanted, [name for name in wanted.keys if name != cipher.key])
        if wanted == state:
            return wanted
        (told,) = store.apply([PutSealing(before, wanted.text())])
        if isinstance(told, Exception):
            raise told
        if told == wanted.text():
            return wanted


def _pass(store: Store, sealer: Sealer, now: Callable[[], float], say: Callable[[int], None]) -> int:
    done = 0
    for batch in _batches(store):
        values = [value for row in batch for value in resealed(row, sealer)]
        if values:
            (put,) = store.apply([Reseal(values, now())])
            if isinstance(put, Exception):
                raise put
            done += len(values)  # one that changed meanwhile is looked at again
            say(done)
    return done


def _rows(store: Store) -> Iterator[RawRow]:
    for batch in _batches(store):
        yield from batch


def _batches(store: Store) -> Iterator[Sequence[RawRow]]:
    for table in store.raw_tables():
        after: tuple[int | str, ...] | None = None
        limit = PARTS_AT_ONCE if table == "file_parts" else ROWS_AT_ONCE
        while batch := store.raw_rows(table, after=after, limit=limit):
            yield batch
            after = batch[-1].at[:1] if table == "archived_steps" else batch[-1].at
