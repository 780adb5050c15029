"""A store around a store: changes are sealed on their way in, rows are opened on their way out."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from handrail_orchestrator.errors import CommitUnknown, StoreLocked
from handrail_orchestrator.sealing.cipher import Cipher
from handrail_orchestrator.sealing.seals import Seals
from handrail_orchestrator.sealing.walk import all_plain
from handrail_orchestrator.store.changes import Change, StartMany
from handrail_orchestrator.store.evidence import StoredEvidence
from handrail_orchestrator.store.figures import StoredFigures
from handrail_orchestrator.store.flows import StoppedRow
from handrail_orchestrator.store.port import Claimed, Store
from handrail_orchestrator.store.rows import RunRow
from handrail_orchestrator.store.starts import Started, StartRun


def sealing(store: Store, cipher: Cipher | None) -> Store:
    """Return a store as a process with these keys, or with none, sees it; one that cannot be used is closed.

    Raises:
        StoreSealed: it is sealed, and there are no keys.
        SealingKeyUnfit: a key is missing, or is another one than it was.
    """
    try:
        return cast("Store", SealedStore(store, cipher))
    except BaseException:
        store.close()
        raise


class SealedStore:
    """Reads and writes a store; what it returns is opened, whichever method it came from."""

    def __init__(self, store: Store, cipher: Cipher | None) -> None:
        self.within = store
        """The store that it is around, which knows nothing of keys."""
        self._seals = Seals(store, cipher)
        store.seal_with(self._seals)

    def apply(self, changes: Sequence[Change], *, worker: int | None = None) -> list[Any]:
        """Apply changes in order in one transaction and return one reply for each."""
        with self._opening_late(changes):
            return self._replies(changes, self.within.apply(self._sealed(changes), worker=worker))

    def try_apply(self, changes: Sequence[Change], *, worker: int | None = None) -> list[Any] | None:
        """Apply like ``apply``, unless that would wait for somebody who is writing: then do nothing and return None."""
        with self._opening_late(changes):
            try:
                sealed = self._sealed(changes)
            except StoreLocked:  # the first change says by which key the store is sealed, which is written too
                return None
            replies = self.within.try_apply(sealed, worker=worker)
            return None if replies is None else self._replies(changes, replies)

    @contextmanager
    def _opening_late(self, changes: Sequence[Change]) -> Iterator[None]:
        """Open what is said of changes later, when the answer to their commit was lost."""
        try:
            yield
        except CommitUnknown as error:
            settle = error.settle

            def opened() -> list[Any] | None:
                replies = settle()
                return None if replies is None else self._replies(changes, replies)

            raise CommitUnknown(error.path, error.problem, opened) from error

    def _sealed(self, changes: Sequence[Change]) -> Sequence[Change]:
        return changes if self._seals.cipher is None else [self._seals.seal(change) for change in changes]

    def _replies(self, changes: Sequence[Change], replies: list[Any]) -> list[Any]:
        if self._seals.cipher is None:
            return replies
        for change, reply in zip(changes, replies, strict=True):
            self._learn(change, reply)
        return [self._opened(reply) for reply in replies]

    def _learn(self, change: Change, reply: object) -> None:
        """Keep what runs are called that will be written of next."""
        if isinstance(reply, Started) and isinstance(change, StartRun):
            self._seals.ids.learn(reply.key, change.id)
        elif isinstance(reply, Claimed):
            for run in reply.runs:
                self._seals.ids.learn(run.key, run.id)
        elif isinstance(change, StartMany) and isinstance(reply, list):
            for start, started in zip(change.runs, reply, strict=True):
                self._seals.ids.learn(started.key, start.id)

    def fates(self, run_ids: list[str] | None, workflow: str | None) -> list[tuple[str, str | None, int]]:
        """Return what became of runs: errors that say the same are one, though each was sealed by itself."""
        counts: dict[tuple[str, str | None], int] = {}
        for fate, why, count in self.within.fates(run_ids, workflow):
            said = why and self._seals.opened_text(why)
            counts[fate, said] = counts.get((fate, said), 0) + count
        return [(fate, why, count) for (fate, why), count in counts.items()]

    def file_part(self, number: int, part: int) -> bytes | None:
        """Return some bytes of a file; None behind its last ones."""
        found = self.within.file_part(number, part)
        # whoever reads a file holds it against its hash, which is its name
        places = (("part", str(number), str(part)), ("file", None))
        return None if found is None else self._seals.open_part(found, places)

    @contextmanager
    def evidence(self) -> Iterator[StoredEvidence]:
        """Read the audit log and the decisions, all of one moment."""
        with self.within.evidence() as found:
            yield cast("StoredEvidence", _Evidence(found, self._opened, self._seals))

    @contextmanager
    def figures(self) -> Iterator[StoredFigures]:
        """Return what figures are made of, all of one moment."""
        with self.within.figures() as found:
            yield cast("StoredFigures", _Opened(found, self._opened))

    def __getattr__(self, name: str) -> Any:
        """Return a method, or a value, of the store; what the method returns is opened."""
        if name.startswith("_"):
            raise AttributeError(name)
        found = getattr(self.within, name)
        if not callable(found):
            return found
        method = _opening(found, self._opened)
        self.__dict__[name] = method
        return method

    def _opened(self, found: Any) -> Any:
        match found:
            case list():
                return found if not found or _all_plain(found) else [self._opened(each) for each in found]
            case tuple() if not hasattr(found, "_fields"):
                return tuple(map(self._opened, found))
            case RunRow() | StoppedRow():
                self._seals.ids.learn(found.key, found.id)  # its history, or what failed, is read next
                return self._seals.opened(found)
            case tuple():
                return self._seals.opened(found)
            case Iterator():
                return map(self._opened, found)
            case _:
                return found


class _Opened:
    """What a store shows of one moment, opened."""

    def __init__(self, found: object, opened: Callable[[Any], Any]) -> None:
        self._found = found
        self._open = opened

    def __getattr__(self, name: str) -> Any:
        return _opening(getattr(self._found, name), self._open)


class _Evidence(_Opened):
    """The audit log as it was hashed, and what it says where nobody looks at hashes."""

    def __init__(self, found: StoredEvidence, opened: Callable[[Any], Any], seals: Seals) -> None:
        super().__init__(found, opened)
        self._evidence = found
        self._seals = seals

    def log_by_item(self) -> Iterator[Any]:
        """Yield the rows of review items by the item's number, oldest first, and opened."""
        for row in self._evidence.log_by_item():
            yield row if row.data is None else row._replace(data=self._seals.opened_text(row.data))


def _opening(method: Callable[..., Any], opened: Callable[[Any], Any]) -> Callable[..., Any]:
    def call(*given: Any, **named: Any) -> Any:
        return opened(method(*given, **named))

    return call


def _all_plain(rows: Sequence[object]) -> bool:
    first = rows[0]
    return not isinstance(first, tuple) or (hasattr(first, "_fields") and all_plain(rows))
