"""Walking the chain of the audit log: what was edited, removed, inserted or reordered since it was written."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from handrail_orchestrator.audit.blanks import Blanks
from handrail_orchestrator.audit.finding import AuditFinding
from handrail_orchestrator.store.chain import BEGINNING, ChainedRow, LogGap, LogHead, hash_after

AHEAD = 100
"""Rows read ahead, to tell one that was edited from one that stands elsewhere now or that was never written."""


class Walk:
    """Goes over the log once, from its first row to its head, and holds no more than some rows of it."""

    def __init__(
        self,
        gaps: Iterable[LogGap],
        is_signed: Callable[[LogGap], bool],
        anchor: str | None = None,
        blanks: Blanks | None = None,
    ) -> None:
        self.rows = 0
        """How many rows there are."""
        self.gaps = 0
        """How many signed gaps there are."""
        self.pruned = 0
        """How many rows they stand for."""
        self.head = LogHead(0, BEGINNING)
        """Where the walk is: the last row, and the hash that the next one must cover."""
        self._gaps = iter(gaps)
        self._gap = next(self._gaps, None)
        self._is_signed = is_signed
        self._anchor = anchor
        self._blanks = blanks
        self.blanked = 0
        """How many rows are blank, and signed for."""
        self._met = anchor in {None, BEGINNING}
        self._displaced: dict[int, str] = {}
        """Where rows stand that belong elsewhere, and the hash of what was written there."""

    def over(self, rows: Iterable[ChainedRow], kept: LogHead) -> Iterator[AuditFinding]:
        """Yield what is wrong, row by row; ``kept`` is where the store says that the log ends."""
        left = iter(rows)
        ahead = deque(islice(left, AHEAD))
        while ahead:
            row = ahead.popleft()
            ahead.extend(islice(left, 1))
            self.rows += 1
            yield from self._pass_gaps(row.id)
            if row.follows(self.head.hash) and row.id > self.head.row:
                self._go_to(row.id, row.hash or "")
            elif self._blanks is not None and row.id > self.head.row and self._blanks.explains(row, self.head.hash):
                self.blanked += 1
                self._go_to(row.id, row.hash or "")
            else:
                yield self._wrong(row, ahead)
        yield from self._pass_gaps(None)
        yield from self._end(kept)

    def _pass_gaps(self, before: int | None) -> Iterator[AuditFinding]:
        while (gap := self._gap) is not None and (before is None or gap.first <= before):
            self._gap = next(self._gaps, None)
            told = f"the gap over rows {gap.first} to {gap.last}"
            if not self._is_signed(gap):
                yield AuditFinding(
                    gap.first,
                    None,
                    f"{told} is not signed with this store's secret: it was forged or widened, or the secret is another"
                    " one than pruned it (HANDRAIL_SECRET, HANDRAIL_SECRET_OLD, or the key file beside the store)",
                )
                continue
            if gap.before != self.head.hash or gap.first <= self.head.row:
                missing = self._missing_before(gap.first)
                yield missing or AuditFinding(gap.first, None, f"{told} does not begin where the row before it ends")
            self.gaps += 1
            self.pruned += gap.rows
            self._go_to(gap.last, gap.after)

    def _wrong(self, row: ChainedRow, ahead: Iterable[ChainedRow]) -> AuditFinding:
        """Return what is wrong with a row that does not follow the one before it, and go on behind it."""
        upcoming = list(islice(ahead, AHEAD))
        item = row.review or None
        if row.id <= self.head.row:
            return AuditFinding(row.id, item, "it was inserted where rows were pruned")
        if row.id in self._displaced:
            self._go_to(row.id, self._displaced.pop(row.id))
            return AuditFinding(row.id, item, "it was reordered: another row was written here")
        if upcoming and upcoming[0].follows(self.head.hash):
            return AuditFinding(row.id, item, "it was inserted: the row behind it follows the one before it")
        moved = self._moved_to(row, upcoming)
        if moved is not None and moved.hash is not None:
            self._displaced[moved.id] = row.hash or ""
            self._go_to(row.id, moved.hash)
            return AuditFinding(row.id, item, f"it was reordered: what was written here is row {moved.id} now")
        missing = self._missing_before(row.id)
        if missing is not None:
            self._go_to(row.id, row.hash or "")
            return missing
        return self._edited(row, upcoming)

    def _edited(self, row: ChainedRow, upcoming: Sequence[ChainedRow]) -> AuditFinding:
        item = row.review or None
        recomputed = hash_after(self.head.hash, row[:-1])
        is_hash_alone = bool(upcoming) and upcoming[0].follows(recomputed)
        self._go_to(row.id, recomputed if is_hash_alone else row.hash or "")
        if row.hash is None:
            return AuditFinding(row.id, item, "it has no hash: it was inserted, or its hash was taken away")
        return AuditFinding(
            row.id, item, f"it is not as it was written: {'its hash' if is_hash_alone else 'it'} was edited"
        )

    def _missing_before(self, number: int) -> AuditFinding | None:
        missing = range(self.head.row + 1, number)
        if not missing:
            return None
        told = f"row {missing[0]} is" if len(missing) == 1 else f"rows {missing[0]} to {missing[-1]} are"
        return AuditFinding(missing[0], None, f"{told} missing and not pruned by this store: removed")

    def _moved_to(self, row: ChainedRow, upcoming: Sequence[ChainedRow]) -> ChainedRow | None:
        """Return the row near by that was written where this one stands."""
        return next((each for each in upcoming if each._replace(id=row.id).follows(self.head.hash)), None)

    def _go_to(self, row: int, digest: str) -> None:
        self.head = LogHead(row, digest)
        self._met = self._met or digest == self._anchor

    def _end(self, kept: LogHead) -> Iterator[AuditFinding]:
        if self.head.row < kept.row:
            yield AuditFinding(
                self.head.row + 1,
                None,
                f"the log ends with row {self.head.row}, and {kept.row} were written: rows were removed at its end",
            )
        elif self.head != kept:
            yield AuditFinding(
                self.head.row,
                None,
                f"the store says that the log ends with row {kept.row} and another hash: rows were inserted or edited"
                " at its end, or what it says was",
            )
        if not self._met:
            yield AuditFinding(
                None,
                None,
                f"no row has the hash {self._anchor}: the log was rewritten, rows were removed at its end, or that row"
                " was pruned since",
            )
